"""Boundaries from posterior and predictive probabilities.

Place    Programme, trial, phase II. Makes a `Monitoring`.
In       A Beta prior for the response rate, the rate (or the Beta distribution of it) that has to be beaten, and cut-offs.
Out      The boundaries at each look, and with them exact characteristics.
Knows    Thall & Simon 1994 Biometrics 50:337: stop for success when Pr(p > p_S) is high, for futility when Pr(p > p_S + delta)
         is low; the standard rate p_S is a number or has a Beta distribution. Lee & Liu 2008 Clin Trials 5:93,
         doi:10.1177/1740774508089279: stop when the predictive probability that the end will show
         Pr(p > p0) > theta_t is low (or high).
Checked  tests/unit/programme/trial/phase2/test_posterior.py, tests/reference/trial_phase2/test_posterior.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincc, betaln
from scipy.stats import beta as beta_distribution
from scipy.stats import betabinom

from vein2vein.numerics.gauss import legendre
from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.refuse import (
    between_0_and_1,
    positive,
    probability,
    refuse_parameter,
    rising_looks,
)
from vein2vein.programme.trial.words import Floats

_GAUSS: Final = legendre(128)  # chances to 2e-7, even for a standard that is flat


@dataclass(frozen=True)
class Beta:
    """A Beta distribution of a response rate; `a + b` is worth that many patients.

    Raises:
        TrialError: TRIAL-002 unless both are above 0.
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        positive("first number of a Beta distribution", self.a)
        positive("second number of a Beta distribution", self.b)

    @classmethod
    def worth(cls, patients: float, mean: float) -> Beta:
        """The Beta distribution with this mean that is worth so many patients."""
        return cls(patients * between_0_and_1("mean", mean), patients * (1 - mean))

    def after(self, responses: Floats, patients: Floats | float) -> tuple[Floats, Floats]:
        """Both numbers of the posterior."""
        return self.a + responses, self.b + patients - responses


def probability_above(
    prior: Beta, responses: int, patients: int, standard: float | Beta, *, delta: float = 0.0
) -> float:
    """Pr(p > p_S + delta | responses of patients)."""
    return float(_above(prior, np.array([float(responses)]), patients, _Rival(standard, delta))[0])


def predictive_probability(
    prior: Beta, responses: int, patients: int, *, most: int, null: float, target: float
) -> float:
    """The chance that after `most` patients Pr(p > null) will be above `target`.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """
    if not 0 <= responses <= patients <= most:
        refuse_parameter(f"{responses} responses of {patients} patients of {most}", "responses <= patients <= all")
    wins = _above(prior, np.arange(most + 1.0), most, _Rival(null)) > target
    more = np.arange(most - patients + 1)
    chance = betabinom.pmf(more, most - patients, prior.a + responses, prior.b + patients - responses)
    return float(chance[wins[responses + more]].sum())


def thall_simon(
    looks: Sequence[int],
    prior: Beta,
    standard: float | Beta,
    *,
    futility: float = 0.05,
    success: float = 0.95,
    delta: float = 0.0,
) -> Monitoring:
    """Boundaries of Thall & Simon 1994.

    Args:
        looks: Patients at each look; the last is the end, where everything that is not a success is futile.
        prior: Prior of the response rate.
        standard: Response rate of the standard, a number or a distribution.
        futility: Stop for futility when Pr(p > p_S + delta) is below; 0 for never.
        success: Stop for success when Pr(p > p_S) is above; it also decides the end.
        delta: Improvement that is wanted for futility.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """
    probability("cut-off of futility", futility)
    between_0_and_1("cut-off of success", success)
    if not isinstance(standard, Beta):
        between_0_and_1("response rate of the standard", standard)
        between_0_and_1("response rate of the standard with the wanted improvement", standard + delta)
    if not 0 <= delta < 1:
        refuse_parameter(f"an improvement of {delta:g}", "a number from 0 to below 1")
    _apart(futility, success)
    lows, highs = [], []
    for n in rising_looks(looks).tolist():
        x = np.arange(n + 1.0)
        lows.append(int((_above(prior, x, n, _Rival(standard, delta)) < futility).sum()) - 1)
        highs.append(n + 1 - int((_above(prior, x, n, _Rival(standard)) > success).sum()))
    return _decided(looks, lows, highs)


def lee_liu(
    looks: Sequence[int],
    prior: Beta,
    null: float,
    *,
    target: float,
    futility: float,
    success: float = 1.0,
) -> Monitoring:
    """Boundaries of Lee & Liu 2008 on the predictive probability.

    Args:
        looks: Patients at each look; the last is the end.
        prior: Prior of the response rate.
        null: Response rate that is not of interest.
        target: theta_T: the end is a success when Pr(p > null) is above it.
        futility: theta_L: stop for futility when the predictive probability is below it.
        success: theta_U: stop for success when it is above; 1 for never.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """
    between_0_and_1("response rate of the null", null)
    between_0_and_1("target", target)
    probability("cut-off of futility", futility)
    probability("cut-off of success", success)
    _apart(futility, success)
    most = int(rising_looks(looks)[-1])
    wins = np.flatnonzero(_above(prior, np.arange(most + 1.0), most, _Rival(null)) > target)
    first_win = int(wins[0]) if len(wins) else most + 1
    lows, highs = [], []
    for n in looks:
        x = np.arange(n + 1)
        needed = first_win - x - 1
        chance = betabinom.sf(needed, most - n, prior.a + x, prior.b + n - x) if n < most else (x >= first_win) * 1.0
        lows.append(int(np.sum(chance < futility)) - 1)
        highs.append(n + 1 - int(np.sum(np.minimum(chance, 1.0) > success)))
    return _decided(looks, lows, [*highs[:-1], first_win])


def _apart(futility: float, success: float) -> None:
    """Refuse cut-offs that would stop one outcome for both reasons."""
    if futility >= success:
        refuse_parameter(
            f"a cut-off of futility of {futility:g} and of success of {success:g}", "futility below success"
        )


def _decided(looks: Sequence[int], lows: Sequence[int], highs: Sequence[int]) -> Monitoring:
    """Boundaries whose end decides everything; where both apply, futility goes first."""
    apart = [max(high, low + 1) for low, high in zip(lows, highs, strict=True)]
    return Monitoring(tuple(int(n) for n in looks), (*lows[:-1], apart[-1] - 1), tuple(apart))


@dataclass(frozen=True)
class _Rival:
    """What has to be beaten: a rate or its distribution, plus an improvement."""

    standard: float | Beta
    delta: float = 0.0


def _above(prior: Beta, responses: Floats, patients: int, rival: _Rival) -> Floats:
    a, b = prior.after(responses, patients)
    if isinstance(rival.standard, Beta):
        return _above_uncertain(a, b, rival.standard, rival.delta)
    return np.asarray(betaincc(a, b, min(max(rival.standard + rival.delta, 0.0), 1.0)), dtype=np.float64)


def _above_uncertain(a: Floats, b: Floats, standard: Beta, delta: float) -> Floats:
    """Pr(p > p_S + delta) for two Beta distributions, integrated over the quantiles of the standard."""
    x, w = _GAUSS
    rate = beta_distribution.ppf((x + 1) / 2, standard.a, standard.b) + delta
    above = betaincc(a[:, None], b[:, None], np.clip(rate, 0, 1)[None, :])
    found: Floats = (above @ (w / 2)).astype(np.float64)
    return found


def log_marginal(prior: Beta, responses: Floats, patients: Floats) -> Floats:
    """The logarithm of the chance of one sequence with so many responses among so many patients."""
    a, b = prior.after(responses, patients)
    found: Floats = betaln(a, b) - betaln(prior.a, prior.b)
    return found
