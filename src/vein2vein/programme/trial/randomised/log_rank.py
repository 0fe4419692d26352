"""Log-rank tests, weighted or not, stratified or not.

Place    Programme, trial, randomised. Read by `maxcombo`.
In       A sample, a weight for each time, a stratum for each patient or none.
Out      z (positive favours the experimental arm), its parts, one-sided and two-sided p.
Knows    Mantel 1966; Fleming & Harrington 1981 Commun Stat 10:763 (weights S^rho (1 - S)^gamma, S pooled and just before);
         Magirr & Burman 2019 Stat Med 38:3782 (modest weights 1 / max(S, S at t*)). Variance is hypergeometric, so ties are exact
         under random allocation. Stratified: scores and variances are summed over strata (Mantel 1966); the survival that weighs
         a time is that of the stratum.
Checked  tests/unit/programme/trial/randomised/test_statistics.py, tests/reference/trial_randomised/test_reconstructed_trials.py,
         tests/reference/trial_r/test_statistics.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from vein2vein.programme.trial.randomised.refuse import not_negative, refuse_data
from vein2vein.programme.trial.randomised.sample import AtEvents, Sample
from vein2vein.programme.trial.words import Floats


class Weight(Protocol):
    """How much each time counts."""

    def at(self, table: AtEvents) -> Floats:
        """One weight for each time with an event."""


@dataclass(frozen=True)
class FlemingHarrington:
    """S^rho (1 - S)^gamma: (0, 0) is the log-rank test, (0, 1) looks late, (1, 0) early, (1, 1) in the middle."""

    rho: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        not_negative("rho", self.rho)
        not_negative("gamma", self.gamma)

    def at(self, table: AtEvents) -> Floats:
        """One weight for each time with an event."""
        found: Floats = table.survival_before**self.rho * (1 - table.survival_before) ** self.gamma
        return found


@dataclass(frozen=True)
class ModestlyWeighted:
    """1 / max(S(t-), S(t*)): grows until t* and then stays, so that no later harm can count as benefit (Magirr & Burman)."""

    t_star: float

    def __post_init__(self) -> None:
        not_negative("t*", self.t_star)

    def at(self, table: AtEvents) -> Floats:
        """One weight for each time with an event."""
        last = np.searchsorted(table.time, self.t_star, side="right")
        steps = np.cumprod(1 - table.all_events / table.all_at_risk)
        floor = steps[last - 1] if last else 1.0
        found: Floats = 1 / np.maximum(table.survival_before, floor)
        return found


LOG_RANK = FlemingHarrington()


@dataclass(frozen=True)
class Comparison:
    """A test that compares two arms.

    Args:
        z: Standard normal under no effect; positive favours the experimental arm.
        score: Weighted sum of expected less observed events of the experimental arm.
        variance: Variance of the score under no effect.
    """

    z: float
    score: float
    variance: float

    @property
    def one_sided(self) -> float:
        """Chance of a z as large, under no effect."""
        return float(norm.sf(self.z))

    @property
    def two_sided(self) -> float:
        """Chance of a z as far from zero, under no effect."""
        return float(2 * norm.sf(abs(self.z)))


def scores(sample: Sample, weights: tuple[Weight, ...], strata: npt.ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Scores of several weighted log-rank tests, and their covariance under no effect.

    Args:
        sample: Times, events and arms.
        weights: The weight of each time, for each test.
        strata: A stratum of each patient; None for one stratum. A stratum in which one arm has nobody adds nothing.

    Raises:
        TrialError: TRIAL-040 when there is no event while both arms of a stratum are at risk, since nothing can be compared
            then, or for strata that are not as many as patients.
    """
    parts = [_scores(table, weights) for table in sample.tables(strata)]
    if not any(compared for _, _, compared in parts):
        refuse_data("no event while both arms were at risk", "at least one")
    return np.sum([part[0] for part in parts], axis=0), np.sum([part[1] for part in parts], axis=0)


def _scores(table: AtEvents, weights: tuple[Weight, ...]) -> tuple[Floats, Floats, bool]:
    """Scores, covariance, and whether anything can be compared."""
    n, d = table.all_at_risk, table.all_events
    risk = table.at_risk / np.maximum(n, 1)[:, None]
    variance = d * risk[:, 0] * risk[:, 1] * (n - d) / np.maximum(n - 1, 1)
    w = np.array([weight.at(table) for weight in weights])
    return w @ (d * risk[:, 1] - table.events[:, 1]), (w * variance) @ w.T, bool(variance.sum() > 0)


def log_rank(sample: Sample, weight: Weight = LOG_RANK, strata: npt.ArrayLike | None = None) -> Comparison:
    """The weighted log-rank test.

    Args:
        sample: Times, events and arms.
        weight: The weight of each time; equal weights when none is given.
        strata: A stratum of each patient, such as those of the randomisation; None for one stratum.
    """
    score, variance = scores(sample, (weight,), strata)
    if not variance[0, 0] > 0:
        refuse_data("no event that has a weight", "at least one")
    return Comparison(float(score[0]) / math.sqrt(variance[0, 0]), float(score[0]), float(variance[0, 0]))
