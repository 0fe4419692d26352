"""The CRM with partial doses on the calendar of cells: the dose made on the way is the dose received.

Place    Programme, trial. Joins `phase1.partial` with the way to infusion of `clock`.
In       A design, a truth, what can be made of a patient's cells, the way to infusion, a schedule.
Out      The trials with who got less, and `Schedules`.
Knows    `made` of the way is a share of the planned dose, the same at every dose; a product below `least_dose` is not given, and
         the patient is lost and replaced. A patient receives the amount that can be made (`capacity`) times that share. The
         design waits for every outcome, so that patients are those of the same seed without a calendar, and days are those of
         `staggered`. A trial that finds too few patients has those whom it infused, and selects nothing.
Checked  tests/unit/programme/trial/test_staggered_partial.py
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from vein2vein.programme.trial.calendar import Cells
from vein2vein.programme.trial.clock import BLOCK, Counted, Schedule
from vein2vein.programme.trial.phase1 import partial
from vein2vein.programme.trial.phase1.partial import FULL, Brought, PartialDesign, PartialTrials
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedules, clocks_of


def simulate(  # noqa: PLR0913, PLR0917  (what is simulated, and how much of it)
    design: PartialDesign,
    truth: Truth,
    capacity: tuple[float, float],
    way: Cells,
    schedule: Schedule,
    *,
    trials: int,
    seed: int,
) -> tuple[PartialTrials, Schedules]:
    """Simulate the design on the calendar.

    Args:
        design: The design.
        truth: As for `phase1.partial.simulate`.
        capacity: The same.
        way: The way to infusion; what comes after it is not used.
        schedule: Staggering, window, review, arrivals.
        trials: How many trials, at least two.
        seed: Root seed.

    Raises:
        TrialError: As `phase1.partial.simulate`.
    """
    shares, infused = [], []
    for clock in clocks_of(design.cohorts, way, schedule, trials=trials, seed=seed):
        counted = clock.run(np.full(clock.count, clock.places))
        shares.append(clock.share)
        infused.append(counted.consented - counted.lost)
    brought = Brought(np.concatenate(shares), np.concatenate(infused))
    found = partial.simulate(design, truth, capacity, trials=trials, seed=seed, brought=brought)
    # now it is known how many patients each trial asks for
    asked = found.trials.n.sum(axis=1) + found.short
    clocks = clocks_of(design.cohorts, way, schedule, trials=trials, seed=seed)
    parts = [clock.run(asked[k * BLOCK : (k + 1) * BLOCK]) for k, clock in enumerate(clocks)]
    return found, Schedules(found.trials, Counted.joined(parts))


def chance_to_be_whole(way: Cells) -> float:
    """The chance that an infused patient gets all of what was planned, as far as the way goes."""
    made = way.made

    def reached(share: float) -> float:
        if share <= made.least:
            return 1.0
        if made.log_sd == 0 or made.median == made.least:
            return float(made.median >= share)
        return float(ndtr(np.log((made.median - made.least) / (share - made.least)) / made.log_sd))

    given = reached(way.least_dose)
    return reached(max(FULL, way.least_dose)) / given if given else 0.0
