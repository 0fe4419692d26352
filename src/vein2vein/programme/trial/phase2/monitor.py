"""Exact characteristics of any single-arm trial that is monitored by its number of responses.

Place    Programme, trial, phase II. Every binary design with looks is one `Monitoring`.
In       Patients at the looks; at each, the responses at or below which the trial stops for futility, and those from which it
         stops for success.
Out      The chance of success, of stopping at each look, and expected patients at any response rate; an outcome's decision.
Knows    The number of responses is a Markov chain over the looks: one forward pass gives every figure without Monte Carlo error.
Checked  tests/unit/programme/trial/phase2/test_monitor.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from vein2vein.programme.trial.phase2.refuse import (
    between_0_and_1,
    probability,
    refuse_counts,
    refuse_parameter,
    rising_looks,
)
from vein2vein.programme.trial.words import Floats

Decision = Literal["futile", "go on", "success"]


@dataclass(frozen=True)
class Characteristics:
    """What a design does at one response rate; exact.

    Attributes:
        p: Response rate.
        success: Chance that the treatment is called of interest, at any look.
        early_futility: Chance to stop for futility before the last look.
        early_success: Chance to stop for success before the last look.
        expected_patients: Expected number of patients.
        ends_at: Chance to end at each look.
    """

    p: float
    success: float
    early_futility: float
    early_success: float
    expected_patients: float
    ends_at: tuple[float, ...]


@dataclass(frozen=True)
class Monitoring:
    """A design that looks at its responses.

    Args:
        looks: Patients with a known outcome at each look, rising; the last is the end.
        futile: Stop for futility with so many responses or fewer; -1 where a look cannot stop.
        success: Stop for success with so many responses or more; more than the patients where a look cannot stop.

    Raises:
        TrialError: TRIAL-002 unless there is one of each per look, and the last look decides every outcome.
    """

    looks: tuple[int, ...]
    futile: tuple[int, ...]
    success: tuple[int, ...]

    def __post_init__(self) -> None:
        rising_looks(self.looks)
        if not len(self.looks) == len(self.futile) == len(self.success):
            refuse_parameter(
                f"{len(self.looks)} looks, {len(self.futile)} and {len(self.success)} boundaries",
                "one of each per look",
            )
        crossed = [n for n, a, b in zip(self.looks, self.futile, self.success, strict=True) if a >= b]
        if crossed:
            refuse_parameter(f"boundaries that overlap after {crossed[0]} patients", "futility below success")
        if self.futile[-1] + 1 != self.success[-1]:
            refuse_parameter(
                f"an end that leaves {self.futile[-1] + 1} to {self.success[-1] - 1} responses undecided",
                "futile or success for every outcome of the last look",
            )

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.looks[-1]

    def decide(self, patients: int, responses: int) -> Decision:
        """What to do at a look.

        Raises:
            TrialError: TRIAL-060 where there is no look after so many patients, or more responses than patients.
        """
        if patients not in self.looks:
            refuse_counts(f"a look after {patients} patients", f"one of the planned looks: {list(self.looks)}")
        if not 0 <= responses <= patients:
            refuse_counts(f"{responses} responses of {patients} patients", "0 to as many as patients")
        look = self.looks.index(patients)
        if responses <= self.futile[look]:
            return "futile"
        return "success" if responses >= self.success[look] else "go on"

    def characteristics(self, p: float) -> Characteristics:
        """What the design does at the response rate `p`.

        Raises:
            TrialError: TRIAL-002 unless `p` is from 0 to 1.
        """
        futile, success = self._ends(probability("response rate", p))
        ends = futile + success
        return Characteristics(
            p=p,
            success=float(success.sum()),
            early_futility=float(futile[:-1].sum()),
            early_success=float(success[:-1].sum()),
            expected_patients=float(ends @ np.array(self.looks)),
            ends_at=tuple(ends.tolist()),
        )

    def type_1_error(self, null: float) -> tuple[float, float]:
        """The largest chance of success at response rates up to `null`, and the rate where it is reached.

        It is searched, not assumed to be at `null`, so that boundaries of one's own that are not monotone are caught.
        """
        between_0_and_1("response rate of the null", null)
        grid = np.linspace(0, null, 101)
        values = [self._success(float(p)) for p in grid]
        i = int(np.argmax(values))
        low, high = float(grid[max(i - 1, 0)]), float(grid[min(i + 1, 100)])
        found = minimize_scalar(lambda p: -self._success(float(p)), bounds=(low, high), method="bounded")
        return max((values[i], float(grid[i])), (-float(found.fun), float(found.x)))

    def _success(self, p: float) -> float:
        return float(self._ends(p)[1].sum())

    def _ends(self, p: float) -> tuple[Floats, Floats]:
        """The chances to end at each look, futile and with success."""
        going, before = np.ones(1), 0
        futile, success = np.zeros(len(self.looks)), np.zeros(len(self.looks))
        for look, patients in enumerate(self.looks):
            more = patients - before
            going = np.convolve(going, binom.pmf(np.arange(more + 1), more, p))
            x = np.arange(patients + 1)
            fails, wins = x <= self.futile[look], x >= self.success[look]
            futile[look], success[look] = going[fails].sum(), going[wins].sum()
            going = np.where(fails | wins, 0.0, going)
            before = patients
        return futile, success
