"""BOIN: the Bayesian optimal interval design.

Place    Programme, trial, phase I.
Source   Liu S, Yuan Y. J R Stat Soc C 2015;64:507 (doi 10.1111/rssc.12089); Yuan Y et al. Clin Cancer Res 2016;22:4291
         (doi 10.1158/1078-0432.CCR-16-0592).
Knows    Escalate while the observed rate is at most lambda_e, go down when it is at least lambda_d; a dose is closed when
         Pr(p > target) exceeds a cut-off under a uniform prior. The selection is isotonic regression. Titration treats
         single patients, one dose higher each time, until the first toxicity or the highest dose, and fills that cohort.
Checked  tests/reference/trial_phase1/test_boin.py
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from vein2vein.programme.trial.phase1.common import (
    ByMoves,
    ClosestIsotonic,
    TooToxic,
    check_target,
    estimates_of,
    isotonic,
    refuse,
    told,
)
from vein2vein.programme.trial.words import (
    AnyStop,
    Bools,
    CohortRule,
    Cohorts,
    Design,
    DoseRule,
    EnoughAtDose,
    Ints,
    Parameter,
    States,
)

PAPER: Final = "Liu and Yuan 2015, doi 10.1111/rssc.12089"
_ALMOST: Final = 1e-12


@dataclass(frozen=True)
class Bounds:
    """Between which observed rates a dose is kept: escalate at or below `up`, de-escalate at or above `down`."""

    up: float
    down: float

    @classmethod
    def of(cls, target: float, low: float | None = None, high: float | None = None) -> Bounds:
        """The published optimal bounds.

        Args:
            target: Target toxicity rate, in (0, 1).
            low: Highest rate that is too low (phi1); 0.6 of the target when None.
            high: Lowest rate that is too high (phi2); 1.4 of the target when None.

        Raises:
            TrialError: TRIAL-002 unless 0 < low < target < high < 1.
        """
        check_target(target)
        usual = high is None
        low = 0.6 * target if low is None else low
        high = 1.4 * target if high is None else high
        if usual and high >= 1:
            refuse(
                f"target {target:g}, whose usual rate that is too high, 1.4 times it, is {high:g}",
                "a rate that is too high below 1",
                f"give `high` between {target:g} and 1, or choose a lower target",
            )
        if not 0 < low < target < high < 1:
            refuse(
                f"target {target:g} between {low:g} (too low) and {high:g} (too high)",
                "0 < low < target < high < 1",
                "choose rates around the target that are too low and too high",
            )
        up = log((1 - low) / (1 - target)) / log(target * (1 - low) / (low * (1 - target)))
        down = log((1 - target) / (1 - high)) / log(high * (1 - target) / (target * (1 - high)))
        return cls(up, down)

    def most_to_escalate(self, n: Ints) -> Ints:
        """The largest number of toxicities among `n` with which one goes up."""
        found: Ints = np.floor(self.up * n).astype(np.int64)
        return found

    def least_to_go_down(self, n: Ints) -> Ints:
        """The smallest number of toxicities among `n` with which one goes down.

        Where `down * n` is a whole number, one more is asked for, as the authors' program does.
        """
        edge = self.down * n
        nearest = np.rint(edge)
        whole = (np.abs(edge - nearest) < _ALMOST) & (n > 0)
        found: Ints = np.where(whole, nearest + 1, np.ceil(edge)).astype(np.int64)
        return found

    def move(self, n: Ints, y: Ints) -> Ints:
        """Up at or below the lower bound, down at or above the upper one."""
        up = y <= self.most_to_escalate(n)
        down = y >= self.least_to_go_down(n)
        return up.astype(np.int64) - (down & ~up)

    def why(self, n: int, y: int) -> str:
        """The observed rate beside the bounds."""
        move = self.move(np.array([n]), np.array([y]))[0]
        if move > 0:
            return f"at most {self.up:.3f}, so go up"
        if move < 0:
            return f"at least {self.down:.3f}, so go down"
        return f"between {self.up:.3f} and {self.down:.3f}, so stay"


class Interval(ByMoves):
    """Goes up, stays or goes down by the bounds; never into a closed dose."""

    @property
    def bounds(self) -> Bounds:
        """The bounds."""
        assert isinstance(self.moves, Bounds)  # noqa: S101  (for the type checker)
        return self.moves


@dataclass(frozen=True)
class TitratedCohorts:
    """Single patients upward until the first toxicity or the highest dose; then that cohort is filled, and full cohorts follow.

    Args:
        size_of_each: Patients of a full cohort, at least two.
        number: Full cohorts, the one that is filled up included.
        doses: How many doses there are.
    """

    size_of_each: int
    number: int
    doses: int

    @property
    def most(self) -> int:
        """The largest number of patients that a trial can have."""
        return self.size_of_each * self.number + self.doses - 1

    def titrating(self, states: States) -> Bools:
        """Whether the next patient is a single one at the next higher dose (or the first of all)."""
        found: Bools = (states.n.max(axis=1) <= 1) & (states.y.sum(axis=1) == 0) & (states.here(states.n) == 0)
        upward = (states.n.max(axis=1) <= 1) & (states.y.sum(axis=1) == 0) & (states.at < self.doses - 1)
        found |= upward
        return found

    def size(self, states: States) -> Ints:
        """One patient while titrating, then what fills the cohort, then full cohorts."""
        single = (states.n % self.size_of_each == 1).sum(axis=1)  # doses passed with a single patient
        filling = states.n.max(axis=1) <= 1
        left = single + self.size_of_each * self.number - states.n.sum(axis=1)
        full = np.where(filling, self.size_of_each - 1, np.minimum(self.size_of_each, left))
        sizes: Ints = np.where(self.titrating(states), 1, full)
        return sizes


@dataclass(frozen=True)
class Titrated:
    """Moves up after each single patient without a toxicity, then hands over to another rule."""

    parent: DoseRule
    cohorts: TitratedCohorts

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """One dose higher while titrating, the same dose while its cohort is filled, then as the other rule says."""
        found = self.parent.next_dose(states, closed)
        filling = states.n.max(axis=1) <= 1
        found = np.where(filling, states.at, found)
        return np.where(self.cohorts.titrating(states), np.minimum(states.at + 1, states.doses - 1), found)

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """Titration in words, or the reason of the other rule."""
        words = self.parent.reasons(states, closed)
        titrating, filling = self.cohorts.titrating(states), states.n.max(axis=1) <= 1
        for row in range(len(states)):
            if titrating[row]:
                words[row] = "titration: no toxicity so far, one patient at the next dose"
            elif filling[row]:
                words[row] = "titration has ended: fill the cohort at this dose"
        return words


def boin(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    low: float | None = None,
    high: float | None = None,
    bounds: Bounds | None = None,
    start: int = 0,
    cutoff: float = 0.95,
    extra_safety: float | None = None,
    stop_at: int | None = None,
    bound_selection: bool = False,
    titration: bool = False,
) -> Design:
    """A BOIN design.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        low: Highest rate that is too low; 0.6 of the target when None.
        high: Lowest rate that is too high; 1.4 of the target when None.
        bounds: Bounds of one's own instead of the optimal ones.
        start: Dose of the first cohort, from 0.
        cutoff: Posterior probability above which a dose is closed.
        extra_safety: Taken off the cut-off at the lowest dose, such as 0.05; None for no extra safety.
        stop_at: End once the next cohort would stay at a dose that has had so many patients; None for never.
        bound_selection: Whether the selected dose must have an estimate of at most the de-escalation bound.
        titration: Whether single patients go first; `cohorts` must then be `Cohorts` of at least two.

    Raises:
        TrialError: TRIAL-002 for a target, bounds or cohorts that cannot be.
    """
    optimal = Bounds.of(target, low, high)
    used = optimal if bounds is None else bounds
    if not 0 <= used.up < used.down <= 1:
        refuse(f"bounds {used.up:g} and {used.down:g}", "0 <= up < down <= 1", "give the lower bound first")
    rule: DoseRule = Interval(used)
    if titration:
        if not isinstance(cohorts, Cohorts) or cohorts.size_of_each < 2:  # noqa: PLR2004
            refuse(
                f"titration with {cohorts}", "cohorts of at least two patients", "give Cohorts(3, 10), or no titration"
            )
        assert isinstance(cohorts, Cohorts)  # noqa: S101  (for the type checker)
        cohorts = TitratedCohorts(cohorts.size_of_each, cohorts.number, doses)
        rule = Titrated(rule, cohorts)
    given = told(
        {"target": target, "cutoff": cutoff, "extra_safety": extra_safety, "stop_at": stop_at,
         "bound_selection": bound_selection, "titration": titration, "start": start + 1},
        {"cutoff": 0.95, "extra_safety": None, "stop_at": None, "bound_selection": False, "titration": False, "start": 1},
        PAPER,
    )  # fmt: skip
    given |= {
        "low": Parameter(0.6 * target if low is None else low, "default" if low is None else "set", PAPER),
        "high": Parameter(1.4 * target if high is None else high, "default" if high is None else "set", PAPER),
        "lambda_e": Parameter(used.up, "derived" if bounds is None else "set", PAPER),
        "lambda_d": Parameter(used.down, "derived" if bounds is None else "set", PAPER),
    }
    return Design(
        name="BOIN",
        doses=doses,
        rule=rule,
        selection=ClosestIsotonic(target, used.down if bound_selection else None),
        cohorts=cohorts,
        safety=TooToxic(target, cutoff, offset=extra_safety or 0.0),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        parameters=given,
    )


__all__ = ["Bounds", "ClosestIsotonic", "Cohorts", "Interval", "TooToxic", "boin", "estimates_of", "isotonic"]
