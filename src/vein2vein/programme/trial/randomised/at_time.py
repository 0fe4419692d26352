"""Tests at a fixed time of follow-up for many trials at once: restricted means and milestones.

Place    Programme, trial, randomised. Read by `simulate`.
In       The patients of a block of trials, the month of a cut per trial, the statistic and its time.
Out      `Cut` with the difference of the arms as score and its squared error as variance.
Knows    The same numbers as `restricted_mean_difference` and `milestone_difference` of `curves`, which work on one sample:
         Kaplan-Meier estimates, Greenwood errors, arms independent. Where follow-up of an arm ends before the time, and its
         curve has not reached 0, there is no estimate: NaN.
         These tests have one look. The share of the events is not their share of the information, which only patients followed
         long enough bring: Murray & Tsiatis 1999 Biometrics 55:1085. Bounds spent at shares of events would be wrong.
Checked  tests/unit/programme/trial/randomised/test_at_time.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vein2vein.programme.trial.randomised.batch import Cut, Patients
from vein2vein.programme.trial.randomised.curves import Difference, milestone_difference, restricted_mean_difference
from vein2vein.programme.trial.randomised.events import nodes
from vein2vein.programme.trial.randomised.hazards import Hazard, survival
from vein2vein.programme.trial.randomised.refuse import positive, refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Bools, Floats

Statistic = Literal["rmst", "milestone"]


@dataclass(frozen=True)
class AtTime:
    """A comparison of the arms at a fixed time after randomisation, in one look.

    Args:
        statistic: "rmst" for the restricted mean time without event, "milestone" for survival without event.
        tau: Months from randomisation: the restriction time, or the milestone; above 0.

    Raises:
        TrialError: TRIAL-002 for another statistic, or a time that is not above 0.
    """

    statistic: Statistic
    tau: float

    def __post_init__(self) -> None:
        if self.statistic not in ("rmst", "milestone"):
            refuse_parameter(f"the statistic {self.statistic!r}", "rmst or milestone")
        positive("tau", self.tau)

    def of(self, sample: Sample) -> Difference:
        """Experimental less control in one sample.

        Raises:
            TrialError: TRIAL-040 when follow-up of an arm ends before the time.
        """
        one = restricted_mean_difference if self.statistic == "rmst" else milestone_difference
        return one(sample, self.tau)

    def true(self, hazard: Hazard) -> float:
        """What is true of an arm: mean months without event up to tau, or share without event at tau."""
        if self.statistic == "milestone":
            return float(survival(hazard, self.tau))
        at, weight = nodes(hazard, None, self.tau)
        return float(survival(hazard, at) @ weight)


def cut_at(block: Patients, months: Floats, test: AtTime) -> Cut:
    """Cut the data of each trial at its calendar month, and compare the arms; NaN where follow-up is too short."""
    follow = np.subtract(months[:, None], block.entry)
    event = block.seen <= months[:, None]
    time = np.maximum(np.minimum(follow, block.followed), 0.0)  # those not yet randomised leave at 0, before any event
    k = block.control
    control, c = _arm(time[:, :k], event[:, :k], test)
    experimental, e = _arm(time[:, k:], event[:, k:], test)
    difference, variance = experimental - control, c + e
    # a difference without any error, such as all against none, is beyond every bound, as its infinite z is
    variance[(variance == 0) & (difference != 0)] = np.finfo(float).tiny
    return Cut(
        difference[:, None],
        variance[:, None, None],
        np.count_nonzero(event, axis=1),
        np.count_nonzero(follow > 0, axis=1),
    )


def _arm(time: Floats, event: Bools, test: AtTime) -> tuple[Floats, Floats]:
    """Estimate and squared error of one arm of each trial, from arrays of shape (trials, patients)."""
    order = np.lexsort((~event, time), axis=-1)  # an event comes before those censored at its time
    time, event = np.take_along_axis(time, order, -1), np.take_along_axis(event, order, -1)
    died = (event & (time <= test.tau)).astype(np.float64)
    at_risk = np.arange(time.shape[1], 0, -1, dtype=np.float64)
    alive = np.cumprod(1 - died / at_risk, axis=1, dtype=np.float64)
    spread = died / np.maximum(at_risk * (at_risk - 1), 1.0)
    spread[:, -1] = 0.0  # after the last at risk the curve is 0, without error
    if test.statistic == "milestone":
        value, variance = alive[:, -1].copy(), alive[:, -1] ** 2 * spread.sum(axis=1)
    else:
        at = np.minimum(time, test.tau)
        later = np.append(at[:, 1:], np.full((len(at), 1), test.tau), axis=1)
        after = np.cumsum((alive * (later - at))[:, ::-1], axis=1)[:, ::-1]  # area from each time to tau
        value, variance = at[:, 0] + after[:, 0], (after**2 * spread).sum(axis=1)
    value[(time[:, -1] < test.tau) & (alive[:, -1] > 0)] = np.nan
    return value.astype(np.float64), np.asarray(variance, dtype=np.float64)
