"""MaxCombo: the largest of several weighted log-rank statistics, with the chance of one as large.

Place    Programme, trial, randomised. Read by `simulate`.
In       A sample and weights, or the correlation of several z and a bound.
Out      The largest z, its one-sided p, the bound for an error.
Knows    Roychoudhury et al. 2021 Stat Biopharm Res, arXiv 1908.07112: FH(0,0), (0,1), (1,1), (1,0), jointly normal. The weight of
         (0,0) is the sum of those of (0,1) and (1,0), so the correlation is singular. Hence the integral is taken over directions
         (Deak 1980 Numer Math 35:369): with z = A R u, u even on the sphere and R^2 chi-squared, the tail is the mean over
         u of P(R > bound / max(A u)). It needs no inverse and keeps its relative precision far out.
Does not Draw random numbers: the directions are a fixed lattice, each with its opposite.
Checked  tests/unit/programme/trial/randomised/test_maxcombo.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import erfc, gammaincc, ndtr, ndtri
from scipy.stats import norm

from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, Weight, scores
from vein2vein.programme.trial.randomised.refuse import between_0_and_1, refuse_data, refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Floats

STRAW_MAN: Final = (
    FlemingHarrington(0, 0),
    FlemingHarrington(0, 1),
    FlemingHarrington(1, 1),
    FlemingHarrington(1, 0),
)
DIRECTIONS: Final = 16384
_GOLDEN: Final = (1 + np.sqrt(5)) / 2
_THREE: Final = 3
_ROOT_HALF: Final = float(np.sqrt(0.5))
_SMALLEST: Final = 1e-300
_FAR: Final = 40.0
_AT_ONCE: Final = 64


@dataclass(frozen=True)
class Largest:
    """The MaxCombo test.

    Args:
        z: z of each weight, positive in favour of the experimental arm.
        correlation: Their correlation under no effect.
        p: One-sided chance of a largest z as large.
    """

    z: Floats
    correlation: Floats
    p: float

    @property
    def largest(self) -> float:
        """The largest z."""
        return float(self.z.max())


def max_combo(sample: Sample, weights: tuple[Weight, ...] = STRAW_MAN, strata: npt.ArrayLike | None = None) -> Largest:
    """The largest of several weighted log-rank statistics and its one-sided p.

    Args:
        sample: Times, events and arms.
        weights: The weights; those of the cross-pharma working group when none are given.
        strata: A stratum of each patient; None for one stratum.

    Raises:
        TrialError: TRIAL-002 without weights; TRIAL-040 where a weight is zero at every event.
    """
    if not weights:
        refuse_parameter("no weights", "at least one")
    score, covariance = scores(sample, weights, strata)
    spread = np.sqrt(np.diag(covariance))
    if not spread.all():
        refuse_data("a weight that is zero at every event", "some weight at some event")
    correlation = covariance / np.outer(spread, spread)
    z = score / spread
    return Largest(z, correlation, tail(correlation, float(z.max())))


def tail(correlation: Floats, bound: float, directions: int = DIRECTIONS) -> float:
    """Chance that the largest of correlated standard normal numbers is above a bound."""
    return float(tails(correlation[None], np.array([bound]), directions)[0])


def tails(correlations: Floats, bounds: Floats, directions: int) -> Floats:
    """The same for many correlations and bounds at once, shapes (cases, k, k) and (cases,)."""
    value, vector = np.linalg.eigh(correlations)
    rank = max(int((value > 1e-9).sum(axis=1).max()), 1)  # noqa: PLR2004
    root = (vector * np.sqrt(np.maximum(value, 0))[:, None, :])[:, :, -rank:]
    found: Floats = np.empty(len(bounds))
    if rank == 1:  # all move as one, or some move against the others
        against = root[:, :, 0].max(axis=1) * root[:, :, 0].min(axis=1) < 0
        one: Floats = ndtr(-bounds)
        other: Floats = ndtr(-np.maximum(bounds, 0))
        found[:] = np.where(against, np.minimum(one + other, 1.0), one)
        return found
    reach = root @ sphere(rank, directions)
    for first in range(0, len(bounds), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        high, low = reach[part].max(axis=1), -reach[part].min(axis=1)  # a direction and its opposite
        ways = _beyond(bounds[part], high, rank).mean(axis=1) + _beyond(bounds[part], low, rank).mean(axis=1)
        found[part] = ways / 2
    return found


def bound_for(correlation: Floats, error: float) -> float:
    """The bound that the largest of correlated standard normal numbers passes with this chance."""
    between_0_and_1("error", error)
    high = float(norm.isf(error / len(correlation))) + 1e-9
    low = float(norm.isf(error)) - 1e-6
    if tail(correlation, low) <= error:
        return float(norm.isf(error))
    return float(brentq(lambda bound: tail(correlation, bound) - error, low, high + 0.05, xtol=1e-10))


def _beyond(bounds: Floats, reach: Floats, rank: int) -> Floats:
    """Chance to be above each bound along directions of which one unit reaches `reach`, shape (cases, directions)."""
    bounds = bounds[:, None]
    radius = np.minimum(np.abs(bounds) / np.maximum(np.abs(reach), _SMALLEST), _FAR)
    if rank == _THREE:
        outside = erfc(radius * _ROOT_HALF) + radius * np.exp(-0.5 * radius**2) * (2 * _ROOT_HALF / np.sqrt(np.pi))
    else:
        outside = gammaincc(rank / 2, radius**2 / 2)
    up = reach > 0
    # below zero the way in counts: all of a direction that leads up, and the near part of one that leads down
    found: Floats = np.where(bounds >= 0, np.where(up, outside, 0.0), np.where(up, 1.0, 1.0 - outside))
    return found


@lru_cache(maxsize=8)
def sphere(rank: int, directions: int) -> Floats:
    """Evenly spread directions, shape (rank, directions): a Fibonacci lattice on the sphere, else a Richtmyer lattice.

    Of two and three dimensions it is half of them: each comes with its opposite.
    """
    step = np.arange(directions) + 0.5
    if rank == 2:  # noqa: PLR2004
        angle = np.pi * step / directions  # half a circle: each direction comes with its opposite
        return np.array([np.cos(angle), np.sin(angle)])
    if rank == _THREE:
        height = step / directions  # half a sphere, for the same reason
        angle = 2 * np.pi * step / _GOLDEN
        ring = np.sqrt(1 - height**2)
        return np.array([ring * np.cos(angle), ring * np.sin(angle), height])
    primes = [p for p in range(2, 200) if all(p % q for q in range(2, p))][:rank]
    if len(primes) < rank:
        refuse_parameter(f"{rank} weights", "at most 46")
    normal = ndtri((step[None, :] * np.sqrt(primes)[:, None]) % 1)
    found: Floats = normal / np.sqrt((normal**2).sum(axis=0))
    return found
