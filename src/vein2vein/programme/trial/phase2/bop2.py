"""BOP2: posterior boundaries that tighten with the information, tuned for power.

Place    Programme, trial, phase II. Makes a `Monitoring`; `pending` reads the same design while responses are awaited.
In       Looks, the response rate that is not of interest and the one that is, and the type I error.
Out      The cut-off lambda (n / N)^gamma, its boundaries and exact characteristics.
Knows    Zhou, Lee & Yuan 2017 Stat Med 36:3302, doi:10.1002/sim.7338: stop when Pr(p > p0 | data) is below the cut-off; the prior
         is worth one patient and has the mean p0. Of all lambda and gamma on the grid with the type I error kept, those with
         the largest power are taken; of these, the one with the fewest patients expected under the null; of cut-offs with the
         same boundaries, the one with the largest gamma.
Checked  tests/unit/programme/trial/phase2/test_bop2.py, tests/reference/trial_phase2/test_top.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincc

from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.posterior import Beta
from vein2vein.programme.trial.phase2.refuse import (
    between_0_and_1,
    no_design,
    refuse_parameter,
    rising_looks,
    worse_and_better,
)
from vein2vein.programme.trial.words import Floats, Ints

LAMBDAS: Final = tuple(round(0.01 * i, 2) for i in range(50, 100))
GAMMAS: Final = tuple(round(0.02 * i, 2) for i in range(51))
_TIE: Final = 1e-9


@dataclass(frozen=True)
class Cutoff:
    """The probability that a look demands: lambda (n / N)^gamma.

    Raises:
        TrialError: TRIAL-002 unless lambda is between 0 and 1 and gamma is 0 or more.
    """

    lam: float
    gamma: float

    def __post_init__(self) -> None:
        between_0_and_1("lambda", self.lam)
        if not (np.isfinite(self.gamma) and self.gamma >= 0):
            refuse_parameter(f"gamma {self.gamma:g}", "a number from 0")

    def at(self, patients: Ints, most: int) -> Floats:
        """The cut-off after so many patients of `most`."""
        found: Floats = self.lam * (patients / most) ** self.gamma
        return found


@dataclass(frozen=True)
class Grid:
    """The values of lambda and gamma that a search tries."""

    lambdas: tuple[float, ...] = LAMBDAS
    gammas: tuple[float, ...] = GAMMAS

    def cutoffs(self) -> list[Cutoff]:
        """All pairs, the largest gamma first."""
        return [Cutoff(lam, gamma) for gamma in sorted(self.gammas, reverse=True) for lam in self.lambdas]


DEFAULT_GRID: Final = Grid()


@dataclass(frozen=True)
class Bop2:
    """A BOP2 design for one binary endpoint.

    Attributes:
        looks: Patients at each look.
        null: Response rate that is not of interest.
        cutoff: lambda and gamma.
        prior: Prior of the response rate.
        boundaries: The design as numbers of responses.
    """

    looks: tuple[int, ...]
    null: float
    cutoff: Cutoff
    prior: Beta
    boundaries: Monitoring

    def power(self, alternative: float) -> float:
        """The chance of success at a response rate."""
        return self.boundaries.characteristics(alternative).success

    def type_1_error(self) -> float:
        """The largest chance of success at response rates up to the null."""
        return self.boundaries.type_1_error(self.null)[0]


def design(looks: Sequence[int], null: float, cutoff: Cutoff, prior: Beta | None = None) -> Bop2:
    """The BOP2 design with a given lambda and gamma.

    Args:
        looks: Patients at each look, the last is the end.
        null: Response rate that is not of interest.
        cutoff: lambda and gamma.
        prior: Prior of the response rate; by default worth one patient, with the mean `null`.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """
    between_0_and_1("response rate of the null", null)
    sizes = rising_looks(looks)
    used = Beta.worth(1, null) if prior is None else prior
    futile = highest_futile(used, null, sizes, [cutoff])[0]
    return Bop2(tuple(sizes.tolist()), null, cutoff, used, stopping_only_for_futility(sizes, futile))


def optimise(
    looks: Sequence[int],
    null: float,
    alternative: float,
    alpha: float,
    *,
    grid: Grid = DEFAULT_GRID,
) -> Bop2:
    """The BOP2 design with the largest power at `alternative` whose type I error is at most `alpha`.

    Raises:
        TrialError: TRIAL-002 for impossible numbers, TRIAL-061 where no lambda and gamma of the grid keep the type I error.
    """
    worse_and_better(null, alternative)
    between_0_and_1("type I error", alpha)
    sizes = rising_looks(looks)
    used = Beta.worth(1, null)
    cutoffs = grid.cutoffs()
    best, best_key = None, (-1.0, 0.0)
    for cutoff, futile in distinct(cutoffs, highest_futile(used, null, sizes, cutoffs)):
        boundaries = stopping_only_for_futility(sizes, futile)
        under_null = boundaries.characteristics(null)
        if under_null.success > alpha:
            continue
        key = (boundaries.characteristics(alternative).success, -under_null.expected_patients)
        if key[0] > best_key[0] + _TIE or (key[0] > best_key[0] - _TIE and key[1] > best_key[1]):
            best, best_key = Bop2(tuple(sizes.tolist()), null, cutoff, used, boundaries), key
    if best is None:
        no_design(
            f"type I error {alpha:g} with {sizes[-1]} patients", "it kept somewhere on the grid", "try a larger lambda"
        )
    return best


def highest_futile(prior: Beta, null: float, looks: Ints, grid: Sequence[Cutoff], *, low: bool = False) -> Ints:
    """The largest futile number of responses for each cut-off (rows) and look; -1 where none is futile.

    Args:
        prior: Prior of the rate.
        null: The rate that has to be beaten.
        looks: Patients at each look.
        grid: Cut-offs.
        low: For events that ought to be rare: the fewest events that are too many, n + 1 where none are.
    """
    found = np.empty((len(grid), len(looks)), np.int64)
    for j, n in enumerate(looks.tolist()):
        demanded = np.array([float(cutoff.at(np.array(n), int(looks[-1]))) for cutoff in grid])
        x = np.arange(n + 1.0)
        above = betaincc(prior.a + x, prior.b + n - x, null)
        if low:
            found[:, j] = n + 1 - (1 - above[None, :] < demanded[:, None]).sum(axis=1)
        else:
            found[:, j] = (above[None, :] < demanded[:, None]).sum(axis=1) - 1
    return found


def distinct(grid: Sequence[Cutoff], *boundaries: Ints) -> list[tuple[Cutoff, Ints]]:
    """Each different set of boundaries once, with the first cut-off that makes it."""
    whole = np.concatenate(boundaries, axis=1)
    rows = np.unique(whole, axis=0, return_index=True)[1]
    return [(grid[row], whole[row]) for row in np.sort(rows)]


def stopping_only_for_futility(looks: Ints, futile: Ints) -> Monitoring:
    """Boundaries without early success."""
    success = [*(int(n) + 1 for n in looks[:-1]), int(futile[-1]) + 1]
    return Monitoring(tuple(looks.tolist()), tuple(futile.tolist()), tuple(success))
