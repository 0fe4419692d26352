"""BOIN: the Bayesian optimal interval design.

Place    Programme, trial, phase I.
Source   Liu S, Yuan Y. J R Stat Soc C 2015;64:507 (doi 10.1111/rssc.12089); Yuan Y et al. Clin Cancer Res 2016;22:4291
         (doi 10.1158/1078-0432.CCR-16-0592).
Knows    Escalate while the observed rate is at most lambda_e, go down when it is at least lambda_d; a dose is closed when
         Pr(p > target) exceeds a cut-off under a uniform prior. The selection is isotonic regression.
Checked  tests/reference/trial_phase1/test_boin.py
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from scipy.special import betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import (
    NONE,
    AnyStop,
    Bools,
    CohortRule,
    Cohorts,
    Design,
    EnoughAtDose,
    Floats,
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
        low = 0.6 * target if low is None else low
        high = 1.4 * target if high is None else high
        if not 0 < low < target < high < 1:
            raise TrialError(
                "TRIAL-002",
                saw=f"target {target:g} between {low:g} and {high:g}",
                expected="0 < low < target < high < 1",
                fix="choose a target such as 0.3, and rates around it that are too low and too high",
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
        whole = np.abs(edge - np.round(edge)) < _ALMOST
        found: Ints = np.where(whole & (n > 0), np.round(edge) + 1, np.ceil(edge)).astype(np.int64)
        return found


@dataclass(frozen=True)
class TooToxic:
    """Closes a dose and all above it when Pr(p > target) exceeds `cutoff` with at least `least` patients.

    Args:
        target: Target toxicity rate.
        cutoff: Posterior probability above which a dose is closed.
        least: Fewest patients at a dose before it can be closed.
        offset: Taken off the cut-off at the lowest dose ("extra safety"); 0 for none.
    """

    target: float
    cutoff: float = 0.95
    least: int = 3
    offset: float = 0.0

    def closed(self, states: States) -> Bools:
        """Closed doses, shape (states, doses)."""
        over = betaincc(1.0 + states.y, 1.0 + states.n - states.y, self.target)
        cutoffs = np.full(states.doses, self.cutoff)
        cutoffs[0] -= self.offset
        toxic = (states.n >= self.least) & (over > cutoffs)
        found: Bools = np.logical_or.accumulate(toxic, axis=1)
        return found


@dataclass(frozen=True)
class Interval:
    """Goes up, stays or goes down by the bounds; never into a closed dose."""

    bounds: Bounds

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest dose is closed."""
        n, y = states.here(states.n), states.here(states.y)
        here_closed = states.here(closed)
        go_up = (y <= self.bounds.most_to_escalate(n)) & ~here_closed
        go_down = (y >= self.bounds.least_to_go_down(n)) | here_closed
        target = np.clip(states.at + go_up - go_down, 0, states.doses - 1)
        target = np.where(closed[np.arange(len(states)), target] & go_up, states.at, target)
        open_below = (~closed).cumsum(axis=1)[:, -1] - 1  # closing is upward, so this is the highest open dose
        found: Ints = np.where(open_below < 0, NONE, np.minimum(target, open_below))
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The observed rate beside the bounds."""
        words = []
        for n, y, dead in zip(states.here(states.n), states.here(states.y), states.here(closed), strict=True):
            rate = f"{y} of {n} with a toxicity ({y / n:.0%})"
            if dead:
                words.append(f"{rate}: the dose is closed")
            elif y <= self.bounds.most_to_escalate(np.array([n]))[0]:
                words.append(f"{rate} is at most {self.bounds.up:.3f}: go up")
            elif y >= self.bounds.least_to_go_down(np.array([n]))[0]:
                words.append(f"{rate} is at least {self.bounds.down:.3f}: go down")
            else:
                words.append(f"{rate} lies between {self.bounds.up:.3f} and {self.bounds.down:.3f}: stay")
        return words


@dataclass(frozen=True)
class ClosestIsotonic:
    """Selects the tried, open dose whose isotonic estimate is closest to the target.

    Estimates are (y + 0.05) / (n + 0.1), pooled with the inverse of their posterior variance as weight. Of doses that are
    equally close, a lower one is taken above the target and a higher one below it.

    Args:
        target: Target toxicity rate.
        most: Highest estimate that may be selected; None for no such bound.
    """

    target: float
    most: float | None = None

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none can be."""
        tried = (states.n > 0) & ~closed
        estimates = isotonic(*estimates_of(states), tried)
        order = np.cumsum(tried, axis=1)
        distance = np.abs(estimates + 1e-10 * order - self.target)
        able = tried if self.most is None else tried & (estimates + 1e-10 * order <= self.most)
        best = np.where(able, distance, np.inf).argmin(axis=1)
        found: Ints = np.where(able.any(axis=1), best, NONE).astype(np.int64)
        return found


def estimates_of(states: States) -> tuple[Floats, Floats]:
    """Estimates of the toxicity rate at each dose and their weights, the inverse of the variance of the posterior."""
    a, b = states.y + 0.05, states.n - states.y + 0.05
    total = a + b
    return a / total, total**2 * (total + 1) / (a * b)


def isotonic(values: Floats, weights: Floats, use: Bools) -> Floats:
    """Weighted isotonic (non-decreasing) regression over the doses in use, for a batch of rows.

    By the max-min formula: the largest, over where a block begins, of the smallest mean, over where it ends.
    Doses that are not in use have NaN.
    """
    rows, doses = values.shape
    weight = np.where(use, weights, 0.0)
    total_weight = np.concatenate([np.zeros((rows, 1)), np.cumsum(weight, axis=1)], axis=1)
    total = np.concatenate([np.zeros((rows, 1)), np.cumsum(weight * np.where(use, values, 0.0), axis=1)], axis=1)
    found = np.full((rows, doses), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        for dose in range(doses):
            best = np.full(rows, -np.inf)
            for begin in range(dose + 1):
                ends = slice(dose + 1, doses + 1)
                means = (total[:, ends] - total[:, begin, None]) / (
                    total_weight[:, ends] - total_weight[:, begin, None]
                )
                best = np.fmax(best, np.fmin.reduce(means, axis=1))
            found[:, dose] = np.where(use[:, dose], best, np.nan)
    return found


def boin(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    low: float | None = None,
    high: float | None = None,
    start: int = 0,
    cutoff: float = 0.95,
    extra_safety: float | None = None,
    stop_at: int | None = None,
    bound_selection: bool = False,
) -> Design:
    """A BOIN design.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        low: Highest rate that is too low; 0.6 of the target when None.
        high: Lowest rate that is too high; 1.4 of the target when None.
        start: Dose of the first cohort, from 0.
        cutoff: Posterior probability above which a dose is closed.
        extra_safety: Taken off the cut-off at the lowest dose, such as 0.05; None for no extra safety.
        stop_at: End once so many were treated where the next cohort would go; None for never.
        bound_selection: Whether the selected dose must have an estimate of at most the de-escalation bound.

    Raises:
        TrialError: TRIAL-002 for a target or bounds that cannot be.
    """
    bounds = Bounds.of(target, low, high)
    given = {
        "target": Parameter(target, "set"),
        "low": Parameter(0.6 * target if low is None else low, "default" if low is None else "set", PAPER),
        "high": Parameter(1.4 * target if high is None else high, "default" if high is None else "set", PAPER),
        "lambda_e": Parameter(bounds.up, "derived", PAPER),
        "lambda_d": Parameter(bounds.down, "derived", PAPER),
        "cutoff": Parameter(cutoff, "default" if cutoff == 0.95 else "set", PAPER),  # noqa: PLR2004
    }
    return Design(
        name="BOIN",
        doses=doses,
        rule=Interval(bounds),
        selection=ClosestIsotonic(target, bounds.down if bound_selection else None),
        cohorts=cohorts,
        safety=TooToxic(target, cutoff, offset=extra_safety or 0.0),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        parameters=given,
    )


__all__ = ["Bounds", "ClosestIsotonic", "Cohorts", "Interval", "TooToxic", "boin", "estimates_of", "isotonic"]
