"""What the interval designs share: moving by a table, closing toxic doses, selecting by isotonic regression.

Place    Programme, trial, phase I.
In       Batches of states.
Out      The next dose, closed doses, the selected dose.
Knows    A rule that looks at the current dose only is a table of moves: up, stay or down for each (patients, toxicities).
Checked  tests/unit/programme/trial, tests/reference/trial_phase1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from scipy.special import betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import NONE, Bools, Floats, Ints, Parameter, States

UP: Final = 1
STAY: Final = 0
DOWN: Final = -1


class Moves(Protocol):
    """Up, stay or down, from what was seen at the current dose."""

    def move(self, n: Ints, y: Ints) -> Ints:
        """1 for up, 0 for stay, -1 for down, for `y` toxicities among `n` patients."""

    def why(self, n: int, y: int) -> str:
        """The same in words, for one state."""


@dataclass(frozen=True)
class ByMoves:
    """A dose rule that looks at the current dose only; never into a closed dose.

    A move up into a closed dose becomes a stay; from a closed dose one goes down to the highest that is open.
    """

    moves: Moves

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest dose is closed."""
        move = self.moves.move(states.here(states.n), states.here(states.y))
        open_doses = states.doses - closed.sum(axis=1)  # closing is upward, so the open doses are the lowest
        wanted = np.maximum(np.minimum(states.at + move, open_doses - 1), 0)
        found: Ints = np.where(open_doses == 0, NONE, wanted)
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What was seen at the current dose, and what the table says of it."""
        words = []
        here = zip(states.here(states.n), states.here(states.y), closed, states.at, strict=True)
        for n, y, shut, at in here:
            if shut[at]:
                words.append(f"{_rate(n, y)}: dose {at + 1} is closed")
                continue
            text = f"{_rate(n, y)}: {self.moves.why(int(n), int(y))}"
            move = self.moves.move(np.array([n]), np.array([y]))[0]
            if move == DOWN and at == 0:
                text += "; there is no lower dose, so stay"
            if move == UP:
                if at + 1 == len(shut):
                    text += "; there is no higher dose"
                elif shut[at + 1]:
                    text += f"; dose {at + 2} is closed, so stay"
            words.append(text)
        return words


@dataclass(frozen=True)
class TooToxic:
    """Closes a dose and all above it when Pr(p > target) exceeds `cutoff` with at least `least` patients.

    Args:
        target: Target toxicity rate.
        cutoff: Posterior probability above which a dose is closed.
        least: Fewest patients at a dose before it can be closed.
        offset: Taken off the cut-off at the lowest dose ("extra safety"); 0 for none.
        prior: Parameters of the beta prior.

    Raises:
        TrialError: TRIAL-002 for a cut-off, with the offset or without, that is no probability above 0.
    """

    target: float
    cutoff: float = 0.95
    least: int = 3
    offset: float = 0.0
    prior: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)
        if not 0 <= self.offset < self.cutoff:
            refuse(
                f"extra safety {self.offset:g}", f"from 0 to below the cut-off, {self.cutoff:g}", "write such as 0.05"
            )

    def boundary(self, n: int, *, lowest: bool = False) -> int | None:
        """Fewest toxicities among `n` patients that close a dose; None where none do."""
        found = int(self._table(n, self.offset if lowest else 0.0)[n])
        return found if found <= n else None

    def _table(self, most: int, offset: float) -> Ints:
        return _boundaries(self.target, self.cutoff - offset, self.prior, max(64, 1 << most.bit_length()))

    def closed(self, states: States) -> Bools:
        """Closed doses, shape (states, doses)."""
        n, most = states.n, int(states.n.max(initial=0))
        toxic = (n >= self.least) & (states.y >= self._table(most, 0.0)[n])
        if self.offset:
            toxic[:, 0] = (n[:, 0] >= self.least) & (states.y[:, 0] >= self._table(most, self.offset)[n[:, 0]])
        for dose in range(1, states.doses):
            toxic[:, dose] |= toxic[:, dose - 1]
        return toxic


@lru_cache(maxsize=32)
def _boundaries(target: float, cutoff: float, prior: tuple[float, float], most: int) -> Ints:
    """Fewest toxicities among 0..most patients with Pr(p > target) > cutoff; n + 1 where none are enough."""
    n = np.arange(most + 1)
    low, high = np.zeros(most + 1, np.int64), n + 1  # between: the answer
    while (low < high).any():
        middle = (low + high) // 2
        y = np.minimum(middle, n)
        over = betaincc(prior[0] + y, prior[1] + n - y, target) > cutoff
        enough = over | (middle > n)
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return low


@dataclass(frozen=True)
class ClosestIsotonic:
    """Selects the tried, open dose whose isotonic estimate is closest to the target.

    Estimates are posterior means under a weak beta prior, pooled with the inverse of their posterior variance as weight. Of
    doses that are equally close, a lower one is taken above the target and a higher one below it.

    Args:
        target: Target toxicity rate.
        most: Highest estimate that may be selected; None for no such bound.
        prior: Both parameters of the beta prior.
    """

    target: float
    most: float | None = None
    prior: float = 0.05

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none can be."""
        tried = (states.n > 0) & ~closed
        estimates = isotonic(*estimates_of(states, self.prior), tried)
        estimates += 1e-10 * np.cumsum(tried, axis=1)
        able = tried if self.most is None else tried & (estimates <= self.most)
        best = np.where(able, np.abs(estimates - self.target), np.inf).argmin(axis=1)
        found: Ints = np.where(able.any(axis=1), best, NONE)
        return found


def estimates_of(states: States, prior: float = 0.05) -> tuple[Floats, Floats]:
    """Estimates of the toxicity rate at each dose and their weights, the inverse of the variance of the posterior."""
    a, b = states.y + prior, states.n - states.y + prior
    total = a + b
    return a / total, total**2 * (total + 1) / (a * b)


def isotonic(values: Floats, weights: Floats, use: Bools) -> Floats:
    """Weighted isotonic (non-decreasing) regression over the doses in use, for a batch of rows.

    By the max-min formula: the largest, over where a block begins, of the smallest mean, over where it ends.
    Doses that are not in use have NaN.
    """
    doses = values.shape[1]
    weight = np.ascontiguousarray(np.where(use, weights, 0.0).T)
    part = weight * np.ascontiguousarray(np.where(use, values, 0.0).T)
    found = np.full(weight.shape, np.nan)
    with np.errstate(invalid="ignore"):  # a block without a dose in use has no mean: 0 / 0
        for begin in range(doses):
            total, total_weight = np.zeros(len(values)), np.zeros(len(values))
            means = []
            for end in range(begin, doses):
                total += part[end]
                total_weight += weight[end]
                means.append(total / total_weight)
            lowest = means[-1]
            for end in range(
                doses - 1, begin - 1, -1
            ):  # the smallest mean over where the block ends, for each dose in it
                lowest = np.fmin(lowest, means[end - begin])
                np.fmax(found[end], lowest, out=found[end])
    found[~use.T] = np.nan
    return np.ascontiguousarray(found.T)


def check_target(target: float) -> None:
    """Refuse a target toxicity rate outside (0, 1).

    Raises:
        TrialError: TRIAL-002.
    """
    if not 0 < target < 1:
        refuse(f"target {target:g}", "a rate between 0 and 1, both excluded", "choose a target such as 0.3")


def check_cutoff(cutoff: float) -> None:
    """Refuse a cut-off that no posterior probability can be held against.

    Raises:
        TrialError: TRIAL-002.
    """
    if not 0 < cutoff <= 1:
        refuse(f"cut-off {cutoff:g}", "a probability above 0, at most 1", "write such as 0.95")


def refuse(saw: str, expected: str, fix: str) -> None:
    """Refuse a parameter of a design.

    Raises:
        TrialError: TRIAL-002, always.
    """
    raise TrialError("TRIAL-002", saw=saw, expected=expected, fix=fix)


def told(given: Mapping[str, object], defaults: Mapping[str, object], source: str) -> dict[str, Parameter]:
    """Parameters with their origin: "default" where the value is that of `defaults`, "set" otherwise."""
    return {
        name: Parameter(value, "default", source)
        if name in defaults and defaults[name] == value
        else Parameter(value, "set")
        for name, value in given.items()
    }


def _rate(n: int, y: int) -> str:
    return f"{y} of {n} with a toxicity" + (f" ({y / n:.0%})" if n else "")
