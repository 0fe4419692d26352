"""Simon's two stages: optimal, minimax and admissible designs by exact search.

Place    Programme, trial, phase II.
In       The response rate that is not of interest, the one that is, and both error rates.
Out      Designs with exact characteristics at any response rate.
Knows    Simon 1989 Control Clin Trials 10:1, doi:10.1016/0197-2456(89)90015-9: the treatment is given up when at most `r1` of
         `n1` respond, or at most `r` of `n`. Jung, Lee, Kim & George 2004 Stat Med 23:561: admissible designs minimise
         q n + (1 - q) EN for some weight q. No test of n patients is more powerful than the randomised Neyman-Pearson test, so
         the search begins at the smallest n where that one has the power; a first stage as large as the best expected number
         is never optimal, so it ends by itself.
Checked  tests/unit/programme/trial/phase2/test_simon.py, tests/reference/trial_phase2/test_simon.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.stats import binom

from vein2vein.programme.trial.phase2.refuse import (
    between_0_and_1,
    no_design,
    probability,
    refuse_parameter,
    worse_and_better,
)
from vein2vein.programme.trial.words import Floats, Ints

_MOST: Final = 1000


@dataclass(frozen=True)
class TwoStage:
    """A two-stage design: go on when more than `r1` of `n1` respond, succeed when more than `r` of `n` do.

    Raises:
        TrialError: TRIAL-002 unless 0 <= r1 < n1 < n and r1 <= r < n.
    """

    r1: int
    n1: int
    r: int
    n: int

    def __post_init__(self) -> None:
        if not (0 <= self.r1 < self.n1 < self.n and self.r1 <= self.r < self.n):
            refuse_parameter(
                f"{self.r1}/{self.n1} {self.r}/{self.n}", "0 <= r1 < n1 < n patients and r1 <= r < n responses"
            )

    def __str__(self) -> str:
        return f"{self.r1}/{self.n1} {self.r}/{self.n}"

    def stops_early(self, p: float) -> float:
        """The chance to end after the first stage (PET) at the response rate `p`."""
        return float(binom.cdf(self.r1, self.n1, probability("response rate", p)))

    def expected(self, p: float) -> float:
        """The expected number of patients (EN) at the response rate `p`."""
        return self.n1 + (1 - self.stops_early(p)) * (self.n - self.n1)

    def succeeds(self, p: float) -> float:
        """The chance to call the treatment of interest at the response rate `p`: type I error at the null, else power."""
        x = np.arange(self.r1 + 1, self.n1 + 1)
        second = binom.sf(self.r - x, self.n - self.n1, probability("response rate", p))
        return float((binom.pmf(x, self.n1, p) * second).sum())

    def type_1_error(self, null: float) -> float:
        """The largest chance of success at response rates up to `null`; it is reached at `null`, for success gets no rarer."""
        return self.succeeds(null)


@dataclass(frozen=True)
class Admissible:
    """A design that is best for weights from `low` to `high` on the largest number of patients (0 optimal, 1 minimax)."""

    design: TwoStage
    low: float
    high: float


@dataclass(frozen=True)
class Found:
    """The designs of one search.

    Attributes:
        optimal: Smallest expected number of patients under the null.
        minimax: Smallest largest number of patients and, of those, the smallest expected number.
        admissible: From minimax to optimal, with the weights for which each is best.
    """

    null: float
    alternative: float
    alpha: float
    beta: float
    optimal: TwoStage
    minimax: TwoStage
    admissible: tuple[Admissible, ...]


def find(null: float, alternative: float, alpha: float, beta: float, *, most: int = 300) -> Found:
    """Optimal, minimax and admissible two-stage designs.

    Args:
        null: Response rate that is not of interest.
        alternative: Response rate that is.
        alpha: Largest type I error, one-sided.
        beta: Largest type II error.
        most: Largest number of patients that is tried.

    Raises:
        TrialError: TRIAL-002 for impossible numbers, TRIAL-061 where no design of up to `most` patients will do.
    """
    worse_and_better(null, alternative)
    between_0_and_1("type I error", alpha)
    between_0_and_1("type II error", beta)
    if not 1 < most <= _MOST:
        refuse_parameter(f"up to {most} patients", f"2 to {_MOST} patients")
    better = list(_better_and_better(_Goal(null, alternative, alpha, beta), most))
    if not better:
        no_design(
            f"type I error {alpha:g} and power {1 - beta:g} for {null:g} against {alternative:g}",
            f"both within {most} patients",
            "allow more patients or larger errors",
        )
    return Found(null, alternative, alpha, beta, better[-1], better[0], _hull(better, null))


@dataclass(frozen=True)
class _Goal:
    null: float
    alternative: float
    alpha: float
    beta: float


def _better_and_better(goal: _Goal, most: int) -> Iterator[TwoStage]:
    """The best design of each n that has a smaller expected number than all with fewer patients."""
    best = np.inf
    for n in range(_smallest(goal, most), most + 1):
        found, goes_on = None, False
        for n1 in range(1, min(n, int(np.ceil(min(best, n))))):
            r1 = _first_stages(n, n1, goal, best)
            if not len(r1):
                continue
            goes_on = True
            design = _best_of_first_stage(n, n1, r1, goal)
            if design is not None and design.expected(goal.null) < best:
                found, best = design, design.expected(goal.null)
        if found is not None:
            yield found
        elif not goes_on and np.isfinite(best):
            return  # each pair of first stage and cut-off only grows dearer with n


@lru_cache(maxsize=2048)
def _table(n: int, p: float) -> tuple[Floats, Floats]:
    """The chances of 0 to n responses, and of so many or fewer; a search asks for the same ones again and again."""
    x = np.arange(n + 1)
    return np.asarray(binom.pmf(x, n, p), np.float64), np.asarray(binom.cdf(x, n, p), np.float64)


def _smallest(goal: _Goal, most: int) -> int:
    """The first n at which the randomised Neyman-Pearson test has the power; 2 at least."""
    n = np.arange(2, most + 1)
    r = binom.ppf(1 - goal.alpha, n, goal.null)  # the smallest r with P(X > r) <= alpha
    spare = (goal.alpha - binom.sf(r, n, goal.null)) / binom.pmf(r, n, goal.null)
    power = binom.sf(r, n, goal.alternative) + spare * binom.pmf(r, n, goal.alternative)
    enough = np.flatnonzero(power >= 1 - goal.beta - 1e-9)
    return int(n[enough[0]]) if len(enough) else most + 1


def _first_stages(n: int, n1: int, goal: _Goal, best: float) -> Ints:
    """Cut-offs of a first stage that can keep the power and beat the best expected number so far."""
    highest = int(np.searchsorted(_table(n1, goal.alternative)[1], goal.beta))  # P(X1 <= r1) <= beta holds below it
    r1 = np.arange(0, min(highest, n1 - 1) + 1)
    stops = _table(n1, goal.null)[1][r1]
    keeps = _table(n1, goal.alternative)[1][r1] <= goal.beta
    found: Ints = r1[keeps & (n1 + (1 - stops) * (n - n1) < best)]
    return found


def _best_of_first_stage(n: int, n1: int, r1: Ints, goal: _Goal) -> TwoStage | None:
    """The design with the highest workable first cut-off, which has the smallest expected number."""
    r = np.arange(int(r1[0]), int(np.searchsorted(_table(n, goal.alternative)[1], goal.beta)) + 1)
    r = r[r < n]
    if not len(r):
        return None
    wrong = _success(n, n1, r, goal.null)[r1]
    right = _success(n, n1, r, goal.alternative)[r1]
    works = (wrong <= goal.alpha) & (right >= 1 - goal.beta) & (r[None, :] >= r1[:, None])
    rows = np.flatnonzero(works.any(axis=1))
    if not len(rows):
        return None
    row = rows[-1]
    return TwoStage(int(r1[row]), n1, int(r[np.argmax(works[row])]), n)


def _success(n: int, n1: int, r: Ints, p: float) -> Floats:
    """The chance of success for each first cut-off (rows, from 0) and second cut-off."""
    x = np.arange(n1 + 1)
    beyond = np.append(1.0, 1 - _table(n - n1, p)[1])  # P(X2 > k) for k = -1, 0, ..
    second = beyond[np.clip(r[None, :] - x[:, None], -1, n - n1) + 1]
    each = _table(n1, p)[0][:, None] * second
    above: Floats = each[::-1].cumsum(axis=0)[::-1]
    return np.concatenate([above[1:], np.zeros((1, len(r)))])


def _hull(better: list[TwoStage], null: float) -> tuple[Admissible, ...]:
    """The designs on the lower convex hull of (n, EN), minimax first, and the weights between their neighbours."""
    points = [(design.n, design.expected(null)) for design in better]
    kept: list[int] = []
    for i, (n, en) in enumerate(points):
        while len(kept) > 1:
            (n_a, en_a), (n_b, en_b) = points[kept[-2]], points[kept[-1]]
            if (en_b - en_a) * (n - n_b) < (en - en_b) * (n_b - n_a):
                break
            kept.pop()
        kept.append(i)
    weights = [1.0]
    for a, b in pairwise(kept):
        slope = (points[a][1] - points[b][1]) / (points[b][0] - points[a][0])
        weights.append(slope / (1 + slope))
    weights.append(0.0)
    return tuple(Admissible(better[k], weights[i + 1], weights[i]) for i, k in enumerate(kept))
