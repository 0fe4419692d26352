"""When patients come, how they are allocated, and what is true in each arm.

Place    Programme, trial, randomised. Read by `events`, `planning`, `simulate`.
In       Patients, patients per month (rising, falling, in steps), the ratio of the arms.
Out      `Accrual`: the distribution of the month of randomisation. `Scenario`: a whole truth.
Knows    Given their number, the patients of a Poisson process come independently: each month of randomisation has a density
         proportional to the rate. The number per arm is fixed, and who is in which arm says nothing about the month.
Checked  tests/unit/programme/trial/randomised/test_events.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vein2vein.programme.trial.randomised.hazards import Hazard, check_starts
from vein2vein.programme.trial.randomised.refuse import positive, refuse_parameter, whole
from vein2vein.programme.trial.words import Floats


@dataclass(frozen=True)
class Accrual:
    """When patients are randomised.

    Args:
        patients: How many in all.
        rates: Patients per month in each step; the last holds until all have come.
        starts: Month from which each rate holds; the first is 0.
    """

    patients: int
    rates: tuple[float, ...]
    starts: tuple[float, ...] = (0.0,)
    _reached: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.patients < 2:  # noqa: PLR2004
            refuse_parameter(f"{self.patients} patients", "at least one in each arm")
        whole("patients of", self.patients)
        check_starts(self.starts, len(self.rates))
        for rate in self.rates:
            positive("patients per month of", rate)
        reached = np.concatenate([[0.0], np.cumsum(np.diff(self.starts) * np.array(self.rates[:-1]))])
        object.__setattr__(self, "_reached", reached)

    @classmethod
    def over(cls, patients: int, months: float) -> Accrual:
        """An even rate that brings all patients in so many months.

        Args:
            patients: How many are randomised.
            months: Months over which they come, evenly.
        """
        return cls(patients, (patients / positive("accrual months", months),))

    @property
    def end(self) -> float:
        """Month in which the last patient is expected."""
        return float(self.month_at(np.array([1.0]))[0])

    @property
    def knots(self) -> tuple[float, ...]:
        """Months between which patients come evenly, the first and last included."""
        return (*(s for s in self.starts if s < self.end), self.end)

    def share_by(self, months: Floats) -> Floats:
        """Chance that a patient has come by each month."""
        knots = np.array(self.knots)
        reached = np.array([*self._reached[: len(knots) - 1], self.patients])
        found: Floats = np.interp(months, knots, reached / self.patients)
        return found

    def month_at(self, share: Floats) -> Floats:
        """Month by which a share of the patients has come."""
        wanted = share * self.patients
        found: Floats = wanted / self.rates[0]
        for k in range(1, len(self.starts)):
            late = self.starts[k] + (wanted - self._reached[k]) / self.rates[k]
            found = np.where(wanted > self._reached[k], late, found)
        return found


@dataclass(frozen=True)
class Scenario:
    """What is true in a made-up randomised trial.

    Args:
        control: Time to event of the control arm.
        experimental: Time to event of the experimental arm.
        accrual: When patients come.
        ratio: Patients of the experimental to those of the control arm, such as (1, 1) or (2, 1).
        dropout: Time to drop-out of the (control, experimental) arm; None for nobody.
        name: What people call it.
    """

    control: Hazard
    experimental: Hazard
    accrual: Accrual
    ratio: tuple[int, int] = (1, 1)
    dropout: tuple[Hazard | None, Hazard | None] = (None, None)
    name: str = ""

    def __post_init__(self) -> None:
        if min(self.ratio) < 1 or sum(self.ratio) > 10:  # noqa: PLR2004
            refuse_parameter(
                f"an allocation of {self.ratio[0]}:{self.ratio[1]}", "whole numbers from 1, ten in all at most"
            )
        for part in self.ratio:
            whole("an allocation of", part)

    @property
    def share(self) -> float:
        """Part of the patients that is allocated to the experimental arm."""
        return self.ratio[0] / sum(self.ratio)

    def patients(self, arm: Literal[0, 1]) -> int:
        """Patients of the control (0) or experimental (1) arm, rounded to whole patients."""
        experimental = round(self.accrual.patients * self.share)
        return experimental if arm == 1 else self.accrual.patients - experimental

    def hazard(self, arm: Literal[0, 1]) -> Hazard:
        """Time to event of the control (0) or experimental (1) arm."""
        return self.experimental if arm == 1 else self.control
