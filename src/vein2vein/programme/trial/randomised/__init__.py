"""Randomised trials that wait for events: looks, hazards that are not proportional, statistics, and the calendar.

Place    Programme, trial. Stands beside the designs for dose finding and knows nothing of them.
Out      `spending`, `boundaries`, `sequential`: group sequential plans. `hazards`, `accrual`, `events`, `planning`: what is
         expected when. `sample`, `curves`, `log_rank`, `cox`, `maxcombo`, `at_time`: what is read from data. `crossover`,
         `rpsft`, `ipcw`: survival without treatment switching. `simulate`: many trials.
Knows    Time is in months, from randomisation for a patient and from the first randomisation for a trial. Arm 0 is control,
         arm 1 experimental; a positive statistic favours the experimental arm.
Checked  tests/unit/programme/trial/randomised, tests/reference/trial_randomised
"""
