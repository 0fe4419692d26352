"""Interval designs: i3+3, mTPI, mTPI-2 and Keyboard.

Place    Programme, trial, phase I.
Source   i3+3: Liu M, Wang S-J, Ji Y. Stat Methods Med Res 2020;29 (arXiv 1901.01303). mTPI: Ji Y et al. Clin Trials 2010;7:653
         (doi 10.1177/1740774510382799). mTPI-2: Guo W et al. Contemp Clin Trials 2017;58:23 (doi 10.1016/j.cct.2017.04.006).
         Keyboard: Yan F, Mandrekar SJ, Yuan Y. Clin Cancer Res 2017;23:3994 (doi 10.1158/1078-0432.CCR-17-0220). Rules recalled.
Knows    All look at the current dose only and differ in the table of moves. mTPI-2 and Keyboard cut [0, 1] into pieces as wide
         as the target interval; the pieces that are cut off at 0 and 1 count by mass per width, and of equals the highest counts.
Checked  tests/reference/trial_phase1/test_interval.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import betainc

from vein2vein.programme.trial.phase1.common import (
    DOWN,
    STAY,
    UP,
    ByMoves,
    ClosestIsotonic,
    Moves,
    TooToxic,
    check_target,
    refuse,
    told,
)
from vein2vein.programme.trial.words import CohortRule, Design, Floats, Ints

_ALMOST: Final = 1e-12
_TABLE: Final = 128
I3: Final = "Liu, Wang and Ji 2020, arXiv 1901.01303"
MTPI: Final = "Ji et al. 2010, doi 10.1177/1740774510382799"
MTPI2: Final = "Guo et al. 2017, doi 10.1016/j.cct.2017.04.006"
KEYBOARD: Final = "Yan, Mandrekar and Yuan 2017, doi 10.1158/1078-0432.CCR-17-0220"


@dataclass(frozen=True)
class RateMoves:
    """i3+3: the observed rate against the interval; above it, once more with one toxicity less.

    Args:
        low: Lower end of the equivalence interval, included.
        high: Upper end, included.
    """

    low: float
    high: float

    def move(self, n: Ints, y: Ints) -> Ints:
        """Up below the interval, stay in it; above it stay if one toxicity less lies below it, else down."""
        people = np.maximum(n, 1)
        rate, less = y / people, (y - 1) / people
        above = np.where(less < self.low - _ALMOST, STAY, DOWN)
        found: Ints = np.where(rate < self.low - _ALMOST, UP, np.where(rate <= self.high + _ALMOST, STAY, above))
        return found

    def why(self, n: int, y: int) -> str:
        """The observed rate beside the interval."""
        interval = f"the interval from {self.low:g} to {self.high:g}"
        if y / n < self.low - _ALMOST:
            return f"below {interval}, so go up"
        if y / n <= self.high + _ALMOST:
            return f"in {interval}, so stay"
        if (y - 1) / n < self.low - _ALMOST:
            return f"above {interval}, but with one toxicity less below it, so stay"
        return f"above {interval}, with one toxicity less too, so go down"


@dataclass(frozen=True)
class MassMoves:
    """Where the posterior has most mass per width: below, in or above the target interval.

    Args:
        edges: Ends of all pieces, from 0 to 1, rising.
        at: Which piece is the target interval.
        prior: Parameters of the beta prior.
    """

    edges: tuple[float, ...]
    at: int
    prior: tuple[float, float] = (1.0, 1.0)

    def move(self, n: Ints, y: Ints) -> Ints:
        """Up, stay or down."""
        if len(n) and n.max() < _TABLE:
            found: Ints = _mass_table(self, _TABLE)[n, y]
            return found
        return np.sign(self.at - self.strongest(n, y))

    def strongest(self, n: Ints, y: Ints) -> Ints:
        """The piece with most mass per width; the highest of equals."""
        edges = np.array(self.edges)
        a, b = self.prior[0] + y, self.prior[1] + n - y
        best: Floats = np.full(y.shape, -np.inf)
        found: Ints = np.zeros(y.shape, np.int64)
        below: Floats = np.zeros(y.shape)
        for piece, width in enumerate(np.diff(edges)):
            upto: Floats = np.asarray(betainc(a, b, edges[piece + 1]), np.float64)
            mass: Floats = (upto - below) / width
            better = mass >= best * (1 - _ALMOST)
            best, found = np.where(better, mass, best), np.where(better, piece, found)
            below = upto
        return found

    def why(self, n: int, y: int) -> str:
        """The piece with most mass."""
        piece = int(self.strongest(np.array([n]), np.array([y]))[0])
        text = f"most mass per width lies from {self.edges[piece]:.3g} to {self.edges[piece + 1]:.3g}"
        where = "the target interval, so stay" if piece == self.at else "below the target, so go up"
        return f"{text}, {where if piece <= self.at else 'above the target, so go down'}"


@lru_cache(maxsize=16)
def _mass_table(moves: MassMoves, most: int) -> Ints:
    n, y = np.meshgrid(np.arange(most), np.arange(most), indexing="ij")
    found: Ints = np.sign(moves.at - moves.strongest(np.maximum(n, y), y))
    return found


def i3_plus_3(
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    interval: tuple[float, float] | None = None,
    cutoff: float = 0.95,
    start: int = 0,
) -> Design:
    """An i3+3 design.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        interval: Equivalence interval; 0.05 to either side of the target when None.
        cutoff: Posterior probability of Pr(p > target) above which a dose is closed.
        start: Dose of the first cohort, from 0.
    """
    low, high = _interval(target, interval)
    return _design("i3+3", doses, target, RateMoves(low, high), cohorts, cutoff, start, (low, high), I3, 0.05)


def mtpi(
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    interval: tuple[float, float] | None = None,
    cutoff: float = 0.95,
    start: int = 0,
) -> Design:
    """An mTPI design: three pieces, below, in and above the equivalence interval.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        interval: Equivalence interval; 0.05 to either side of the target when None.
        cutoff: Posterior probability of Pr(p > target) above which a dose is closed.
        start: Dose of the first cohort, from 0.
    """
    low, high = _interval(target, interval)
    moves = MassMoves((0.0, low, high, 1.0), 1)
    return _design("mTPI", doses, target, moves, cohorts, cutoff, start, (low, high), MTPI, 0.005)


def mtpi2(
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    interval: tuple[float, float] | None = None,
    cutoff: float = 0.95,
    start: int = 0,
) -> Design:
    """An mTPI-2 design: pieces as wide as the equivalence interval.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        interval: Equivalence interval; 0.05 to either side of the target when None.
        cutoff: Posterior probability of Pr(p > target) above which a dose is closed.
        start: Dose of the first cohort, from 0.
    """
    low, high = _interval(target, interval)
    return _design("mTPI-2", doses, target, _keys(low, high), cohorts, cutoff, start, (low, high), MTPI2, 0.005)


def keyboard(
    doses: int,
    target: float,
    *,
    cohorts: CohortRule,
    interval: tuple[float, float] | None = None,
    cutoff: float = 0.95,
    start: int = 0,
) -> Design:
    """A Keyboard design.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        interval: Target key; 0.05 to either side of the target when None.
        cutoff: Posterior probability of Pr(p > target) above which a dose is closed.
        start: Dose of the first cohort, from 0.
    """
    low, high = _interval(target, interval)
    return _design("Keyboard", doses, target, _keys(low, high), cohorts, cutoff, start, (low, high), KEYBOARD, 0.05)


def _keys(low: float, high: float) -> MassMoves:
    """Pieces as wide as the interval, to either side of it, with what is left at 0 and 1."""
    width = high - low
    below = [low - k * width for k in range(1, int(low / width + _ALMOST) + 1)][::-1]
    above = [high + k * width for k in range(1, int((1 - high) / width + _ALMOST) + 1)]
    edges = [*below, low, high, *above]
    edges = ([0.0] if edges[0] > _ALMOST else []) + edges + ([1.0] if edges[-1] < 1 - _ALMOST else [])
    edges[0], edges[-1] = 0.0, 1.0
    return MassMoves(tuple(edges), edges.index(low))


def _interval(target: float, interval: tuple[float, float] | None) -> tuple[float, float]:
    check_target(target)
    low, high = (target - 0.05, target + 0.05) if interval is None else interval
    if not 0 < low <= target <= high < 1 or low == high:
        refuse(f"an interval from {low:g} to {high:g}", f"one within (0, 1) that holds {target:g}", "name its two ends")
    return low, high


def _design(  # noqa: PLR0913, PLR0917  (one place for the four)
    name: str,
    doses: int,
    target: float,
    moves: Moves,
    cohorts: CohortRule,
    cutoff: float,
    start: int,
    interval: tuple[float, float],
    source: str,
    prior: float,
) -> Design:
    given = {"target": target, "interval": interval, "cutoff": cutoff, "start": start + 1}
    defaults = {"interval": (target - 0.05, target + 0.05), "cutoff": 0.95, "start": 1}
    return Design(
        name=name,
        doses=doses,
        rule=ByMoves(moves),
        selection=ClosestIsotonic(target, prior=prior),
        cohorts=cohorts,
        safety=TooToxic(target, cutoff),
        start=start,
        parameters=told(given, defaults, source),
    )
