"""What people get of a trial design: a study that is read from a file, looked at, searched, advised and logged.

Place    Programme, trial. Stands on every kind of design and makes them look alike to command line, reports and search.
Out      `reading`: values of a file as the arguments of a function. `results`: figures with their error. `dose`, `single`,
         `baskets`, `randomised`, `cells`: a study of each family. `advise`: what a running trial does next.
         `log`: the audit log of a running trial. `protocol`: estimand, assumptions, references.
Checked  tests/unit/programme/trial/study
"""
