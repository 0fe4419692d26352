"""Phase II: does it work well enough to go on?

Place    Programme, trial. Stands beside dose finding and randomised trials and knows nothing of them.
Out      `simon`, `attained`: two stages. `monitor`: exact characteristics of any monitoring of responses. `posterior`, `bop2`,
         `pending`: Bayesian boundaries. `two_endpoints`: boundaries on two endpoints at once. `mem`, `hierarchical`: baskets.
         `propensity`, `waiting`, `compare`: an external control. `denominators`: the same responses among enrolled,
         apheresed, infused and evaluable.
Knows    Everything single-arm is enumerated: there is no Monte Carlo error here.
Checked  tests/unit/programme/trial/phase2, tests/reference/trial_phase2
"""
