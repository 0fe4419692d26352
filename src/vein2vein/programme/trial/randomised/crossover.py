"""The data of a trial whose control patients may cross over, and the analysis as randomised.

Place    Programme, trial, randomised. Read by `rpsft` and `ipcw`.
In       Time, event, arm, time of crossover, administrative follow-up, time of eligibility, covariates; `endpoints` makes them of
         simulated histories.
Out      `Crossed`, checked; its `Sample` as randomised, or with follow-up that ends at crossover.
Knows    As randomised is the treatment-policy estimand. Ending follow-up at crossover without weights is biased wherever those
         who cross over would have lived longer or shorter than the others.
Checked  tests/unit/programme/trial/randomised/test_crossover.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vein2vein.programme.trial.randomised.refuse import refuse_data
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Bools, Floats


@dataclass(frozen=True)
class Crossed:
    """A trial with crossover, one row per patient.

    Args:
        sample: Times, events and arms as randomised.
        crossover: Time of crossover; infinite for none.
        follow_up: Time to the administrative end of follow-up, known for those with an event as well.
        eligible: Time from which a patient may cross over, such as progression; infinite for never.
        covariates: Baseline covariates, one row per patient.

    Raises:
        TrialError: TRIAL-040 for crossover in the experimental arm, after the end, or before eligibility; for times beyond
            follow-up; for covariates that are missing.
    """

    sample: Sample
    crossover: Floats
    follow_up: Floats
    eligible: Floats
    covariates: Floats

    def __post_init__(self) -> None:
        n = len(self.sample)
        columns = (self.crossover, self.follow_up, self.eligible)
        if any(column.shape != (n,) or np.isnan(column).any() for column in columns):
            refuse_data(
                "times of crossover, follow-up or eligibility that are missing", "one per patient, infinite for never"
            )
        if self.covariates.shape[:1] != (n,) or not np.isfinite(self.covariates).all():
            refuse_data("covariates that are missing", "one row of numbers per patient")
        crossed = self.crossed
        if (crossed & (self.sample.arm == 1)).any():
            refuse_data("crossover in the experimental arm", "crossover of control patients only")
        if (crossed & (self.crossover > self.sample.time)).any() or (self.crossover < 0).any():
            refuse_data("crossover after the end of follow-up or before randomisation", "a time within follow-up")
        if (crossed & (self.crossover < self.eligible)).any():
            refuse_data("crossover before a patient could cross over", "eligibility first")
        if (self.sample.time > self.follow_up + 1e-9).any():
            refuse_data("a time beyond the administrative end of follow-up", "times up to it")

    @classmethod
    def of(  # noqa: PLR0913  (one for each column)
        cls,
        time: npt.ArrayLike,
        event: npt.ArrayLike,
        arm: npt.ArrayLike,
        crossover: npt.ArrayLike,
        *,
        follow_up: npt.ArrayLike,
        eligible: npt.ArrayLike | None = None,
        covariates: npt.ArrayLike | None = None,
    ) -> Crossed:
        """Checked data from any sequences of numbers; without `eligible`, patients may cross over from the start."""
        sample = Sample.of(time, event, arm)
        n = len(sample)
        start = np.zeros(n) if eligible is None else np.asarray(eligible, dtype=float)
        beside = np.zeros((n, 0)) if covariates is None else np.asarray(covariates, dtype=float).reshape(n, -1)
        return cls(sample, np.asarray(crossover, dtype=float), np.asarray(follow_up, dtype=float), start, beside)

    @cached_property
    def crossed(self) -> Bools:
        """Patients who crossed over."""
        found: Bools = np.isfinite(self.crossover)
        return found

    def ended_at_crossover(self) -> Sample:
        """Follow-up ends at crossover."""
        time = np.minimum(self.sample.time, self.crossover)
        return Sample.of(time, np.where(self.crossed, 0, self.sample.event), self.sample.arm)
