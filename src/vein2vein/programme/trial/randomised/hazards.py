"""True survival: piecewise constant hazards, cure, effects that come late, fade or cross.

Place    Programme, trial, randomised. Read by `events`, `planning`, `early`, `simulate`.
In       Hazards per month, medians in months, hazard ratios from a month on, a cured share.
Out      Hazard, cumulative hazard, survival and density at any month, and the month at which a cumulative hazard is reached:
         a unit exponential number becomes a survival time, infinite for the cured.
Knows    Any word can stand on any other: a late effect on a control with cure is `Ratio(Cure(...))`.
Does not Fit anything.
Checked  tests/unit/programme/trial/randomised/test_hazards.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from vein2vein.programme.trial.randomised.refuse import not_negative, positive, refuse_parameter
from vein2vein.programme.trial.words import Floats


class Hazard(Protocol):
    """How long until the event."""

    @property
    def breaks(self) -> tuple[float, ...]:
        """Months, above 0, at which the hazard jumps."""

    def hazard(self, months: Floats) -> Floats:
        """Events per month of those still at risk; at a jump, the later one."""

    def cumulative(self, months: Floats) -> Floats:
        """Cumulative hazard up to each month; months may be infinite."""

    def time_at(self, cumulative: Floats) -> Floats:
        """First month at which the cumulative hazard is above a number; infinite where it never is."""


def survival(hazard: Hazard, months: Floats | float) -> Floats:
    """Share without event at each month."""
    found: Floats = np.exp(-hazard.cumulative(np.asarray(months, dtype=float)))
    return found


def density(hazard: Hazard, months: Floats) -> Floats:
    """Events per month and patient."""
    return hazard.hazard(months) * survival(hazard, months)


def median(hazard: Hazard) -> float:
    """Month at which half have had the event; infinite when it is never reached."""
    return float(hazard.time_at(np.array([math.log(2)]))[0])


@dataclass(frozen=True)
class Steps:
    """Hazards that are constant between months.

    Args:
        starts: Month from which each hazard holds; the first is 0.
        rates: Events per month, from 0.

    Raises:
        TrialError: TRIAL-002 for months that do not rise from 0, or a rate below 0.
    """

    starts: tuple[float, ...]
    rates: tuple[float, ...]
    _at: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_starts(self.starts, len(self.rates))
        for rate in self.rates:
            not_negative("a hazard of", rate)
        widths = np.diff(np.array(self.starts))
        before = np.concatenate([[0.0], np.cumsum(widths * np.array(self.rates[:-1]))])
        object.__setattr__(self, "_at", before)

    @property
    def breaks(self) -> tuple[float, ...]:
        """Months at which the hazard jumps."""
        return self.starts[1:]

    def hazard(self, months: Floats) -> Floats:
        """Events per month of those still at risk."""
        found: Floats = np.array(self.rates)[np.searchsorted(self.starts, months, side="right") - 1]
        return found

    def cumulative(self, months: Floats) -> Floats:
        """Cumulative hazard up to each month."""
        months = np.asarray(months, dtype=float)
        k = np.searchsorted(self.starts, months, side="right") - 1
        rate = np.array(self.rates)[k]
        # a hazard of zero adds nothing, even for ever
        found: Floats = self._at[k] + np.where(rate > 0, rate, 0) * np.where(
            rate > 0, months - np.array(self.starts)[k], 0
        )
        return found

    def time_at(self, cumulative: Floats) -> Floats:
        """First month at which the cumulative hazard is above a number."""
        found: Floats | None = None
        for start, rate, before in zip(self.starts, self.rates, self._at, strict=True):
            here = np.full(cumulative.shape, np.inf) if rate == 0 else (cumulative - before) / rate + start
            found = here if found is None else np.where(cumulative >= before, here, found)
        if found is None:
            refuse_parameter("no hazard", "at least one")
        return found


def exponential(months: float) -> Steps:
    """A constant hazard with this median."""
    return Steps((0.0,), (math.log(2) / positive("a median of", months),))


@dataclass(frozen=True)
class Cure:
    """Some never have the event, the others follow a base: S(t) = cured + (1 - cured) S_base(t).

    Args:
        cured: Share that never has the event, from 0 to below 1.
        base: Survival of the others.
    """

    cured: float
    base: Hazard

    def __post_init__(self) -> None:
        if not 0 <= self.cured < 1:
            refuse_parameter(f"a cured share of {self.cured:g}", "a number from 0 to below 1")

    @property
    def breaks(self) -> tuple[float, ...]:
        """Months at which the hazard jumps."""
        return self.base.breaks

    def hazard(self, months: Floats) -> Floats:
        """Events per month of those still at risk, cured included."""
        alive = survival(self.base, months)
        found: Floats = self.base.hazard(months) * (1 - self.cured) * alive / (self.cured + (1 - self.cured) * alive)
        return found

    def cumulative(self, months: Floats) -> Floats:
        """Cumulative hazard up to each month."""
        with np.errstate(divide="ignore"):
            found: Floats = -np.log(self.cured + (1 - self.cured) * survival(self.base, months))
        return found

    def time_at(self, cumulative: Floats) -> Floats:
        """First month at which the cumulative hazard is above a number; infinite for the cured."""
        uncured = (np.exp(-cumulative) - self.cured) / (1 - self.cured)
        cured = uncured <= 0
        months = self.base.time_at(-np.log(np.where(cured, 1.0, uncured)))
        return np.where(cured, np.inf, months)


@dataclass(frozen=True)
class Ratio:
    """A hazard times a ratio that may change: proportional, delayed, fading or crossing.

    Args:
        base: The hazard that is multiplied.
        starts: Month from which each ratio holds; the first is 0.
        ratios: Hazard ratios, above 0.
    """

    base: Hazard
    starts: tuple[float, ...]
    ratios: tuple[float, ...]
    _at: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_starts(self.starts, len(self.ratios))
        for ratio in self.ratios:
            positive("a hazard ratio of", ratio)
        steps = np.diff(self.base.cumulative(np.array(self.starts)))
        before = np.concatenate([[0.0], np.cumsum(steps * np.array(self.ratios[:-1]))])
        object.__setattr__(self, "_at", before)

    @property
    def breaks(self) -> tuple[float, ...]:
        """Months at which the hazard jumps."""
        return tuple(sorted({*self.base.breaks, *self.starts[1:]}))

    def _piece(self, months: Floats) -> tuple[Floats, Floats, Floats]:
        k = np.searchsorted(self.starts, months, side="right") - 1
        first = self.base.cumulative(np.array(self.starts))
        return np.array(self.ratios)[k], first[k], self._at[k]

    def hazard(self, months: Floats) -> Floats:
        """Events per month of those still at risk."""
        return self._piece(months)[0] * self.base.hazard(months)

    def cumulative(self, months: Floats) -> Floats:
        """Cumulative hazard up to each month."""
        ratio, first, before = self._piece(np.asarray(months, dtype=float))
        found: Floats = before + ratio * (self.base.cumulative(months) - first)
        return found

    def time_at(self, cumulative: Floats) -> Floats:
        """First month at which the cumulative hazard is above a number."""
        first = self.base.cumulative(np.array(self.starts))
        inner = cumulative / self.ratios[0]
        for k in range(1, len(self.starts)):
            late = first[k] + (cumulative - self._at[k]) / self.ratios[k]
            inner = np.where(cumulative >= self._at[k], late, inner)
        return self.base.time_at(inner)


def delayed(base: Hazard, months: float, ratio: float) -> Ratio:
    """No effect until a month, then a constant ratio."""
    return Ratio(base, (0.0, positive("a delay of", months)), (1.0, ratio))


def crossing(base: Hazard, months: float, early: float, late: float) -> Ratio:
    """One ratio until a month, another after it."""
    return Ratio(base, (0.0, positive("a change at", months)), (early, late))


def check_starts(starts: tuple[float, ...], values: int) -> None:
    """Refuse months that do not rise from 0, or are not as many as the values."""
    rises = len(starts) > 0 and starts[0] == 0 and all(a < b < math.inf for a, b in pairwise(starts))
    if not rises or len(starts) != values:
        refuse_parameter(f"{values} values from the months {list(starts)}", "rising months from 0, one for each value")
