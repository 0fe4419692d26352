"""Baskets by a hierarchical model (BHM) and by EXNEX, with quadrature in place of a sampler.

Place    Programme, trial, phase II.
In       Responses and patients of each basket, the rate that has to be beaten, priors on the logit scale.
Out      Per basket the chance to be above the rate, mean, standard deviation, and the chance that it is exchangeable.
Knows    Berry, Broglio, Groshen & Berry 2013 Clin Trials 10:720, doi:10.1177/1740774513497539: the logits of the baskets come
         from one normal distribution. Neuenschwander, Wandel, Roychoudhury & Bailey 2016 Pharm Stat 15:123, doi:10.1002/pst.1730:
         each basket is exchangeable (EX) with some chance and stands alone (NEX) otherwise. Given mu and tau the baskets are
         independent, so the posterior is an outer grid over (mu, tau) with one inner integral per basket. Both are cut at the
         rate that has to be beaten, where chances jump as tau gets small. One EX distribution is supported.
Checked  tests/unit/programme/trial/phase2/test_hierarchical.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import expit, log_expit, logit

from vein2vein.numerics.gauss import legendre
from vein2vein.programme.trial.phase2.refuse import between_0_and_1, counts, positive, probability, refuse_parameter
from vein2vein.programme.trial.words import Floats, Ints

_WIDTH: Final = 8.0  # standard deviations of a normal distribution that are looked at
_DROP: Final = 40.0  # of the log likelihood; e^-40 adds nothing
_GAUSS: Final = legendre(32)
_COARSE: Final = 161
_FINE: Final = 16
_PIECES: Final = (-6, -2, 0, 2, 6)  # standard deviations of mu at which the grid is cut
_TAUS: Final = 40
_LOG_TAUS: Final = 90
_MOST_BASKETS: Final = 40


@dataclass(frozen=True)
class HalfNormal:
    """tau is half-normal with this scale; 1 allows substantial, 0.5 moderate heterogeneity on the logit scale.

    Raises:
        TrialError: TRIAL-002 unless the scale is above 0.
    """

    scale: float

    def __post_init__(self) -> None:
        positive("scale of tau", self.scale)

    def nodes(self) -> tuple[Floats, Floats]:
        """Values of tau and the logarithm of their prior weights."""
        x, w = legendre(_TAUS)
        tau = 3 * self.scale * (x + 1)
        return tau, np.log(w) - (tau / self.scale) ** 2 / 2


@dataclass(frozen=True)
class InverseGamma:
    """tau squared is inverse-gamma with this shape and scale, as in Berry et al. 2013 (0.0005, 0.000005).

    Raises:
        TrialError: TRIAL-002 unless both are above 0.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        positive("shape of tau squared", self.shape)
        positive("scale of tau squared", self.scale)

    def nodes(self) -> tuple[Floats, Floats]:
        """Values of tau, even on the logarithmic scale, and the logarithm of their prior weights."""
        low = 0.5 * np.log(self.scale) - 2.5
        log_tau = np.linspace(low, max(np.log(100.0), low + 5), _LOG_TAUS)
        return np.exp(log_tau), -2 * self.shape * log_tau - self.scale * np.exp(-2 * log_tau)


@dataclass(frozen=True)
class Priors:
    """What is thought before the data, on the logit scale.

    Args:
        mean: Mean of mu.
        sd: Standard deviation of mu.
        tau: Prior of the standard deviation between baskets.
        exchangeable: Chance of each basket to be exchangeable; 1 is the hierarchical model.
        alone_mean: Mean of the logit of a basket that stands alone.
        alone_sd: Its standard deviation.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """

    mean: float
    sd: float
    tau: HalfNormal | InverseGamma
    exchangeable: float = 1.0
    alone_mean: float = 0.0
    alone_sd: float = 2.0

    def __post_init__(self) -> None:
        positive("standard deviation of mu", self.sd)
        positive("standard deviation of a basket alone", self.alone_sd)
        probability("chance to be exchangeable", self.exchangeable)
        if not (np.isfinite(self.mean) and np.isfinite(self.alone_mean)):
            refuse_parameter("a prior mean that is not finite", "a finite logit")


@dataclass(frozen=True)
class Shrunk:
    """What baskets say after shrinking; arrays by basket.

    Attributes:
        above: Chance that the rate is above the null.
        mean: Posterior mean of the rate.
        sd: Posterior standard deviation of the rate.
        exchangeable: Posterior chance to be exchangeable.
        mu: Posterior mean of mu, on the logit scale.
        tau: Posterior mean of tau.
    """

    above: Floats
    mean: Floats
    sd: Floats
    exchangeable: Floats
    mu: float
    tau: float


def shrink(responses: Sequence[int], patients: Sequence[int], null: float | Sequence[float], priors: Priors) -> Shrunk:
    """The posterior of baskets that are drawn from one distribution, wholly or with some chance.

    Args:
        responses: Responses of each basket.
        patients: Patients of each basket; 0 is a basket without data.
        null: Rate that has to be beaten, one for all or one for each.
        priors: What is thought before the data.

    Raises:
        TrialError: TRIAL-060 for impossible counts, TRIAL-002 for impossible rates.
    """
    y, n = counts(responses, patients)
    if len(y) > _MOST_BASKETS:
        refuse_parameter(f"{len(y)} baskets", f"up to {_MOST_BASKETS}")
    nulls = np.broadcast_to(np.array(null, dtype=np.float64), y.shape).tolist()
    cuts = [float(logit(between_0_and_1("rate that has to be beaten", one))) for one in nulls]
    baskets = [_Basket(int(a), int(b), c) for a, b, c in zip(y, n, cuts, strict=True)]
    tau, log_tau_weight = priors.tau.nodes()
    mu, log_mu_weight = _where_mu_lies(baskets, priors, tau, log_tau_weight)
    return _posterior(baskets, priors, (mu, log_mu_weight), (tau, log_tau_weight))


@dataclass(frozen=True)
class _Basket:
    y: int
    n: int
    cut: float

    def log_likelihood(self, logits: Floats) -> Floats:
        """The log likelihood, 0 at its maximum."""
        best = self.y * np.log(max(self.y, 1) / max(self.n, 1)) if self.y else 0.0
        best += (self.n - self.y) * np.log(max(self.n - self.y, 1) / max(self.n, 1)) if self.n > self.y else 0.0
        found: Floats = self.y * log_expit(logits) + (self.n - self.y) * log_expit(-logits) - best
        return found

    def support(self) -> tuple[float, float]:
        """The logits outside which the likelihood adds nothing."""
        grid = np.linspace(-60, 60, 2401)
        inside = grid[self.log_likelihood(grid) > -_DROP]
        low = -np.inf if self.y == 0 else float(inside[0]) - 0.05
        high = np.inf if self.y == self.n else float(inside[-1]) + 0.05
        return low, high

    def moments(self, mean: Floats, sd: Floats) -> Floats:
        """The marginal likelihood, the part of it above the cut, and it weighted with the rate and the squared rate."""
        low, high = self.support()
        start = np.clip(mean - _WIDTH * sd, low, high)
        end = np.clip(mean + _WIDTH * sd, low, high)
        middle = np.clip(self.cut, start, end)
        below = self._integrals(start, middle, mean, sd)
        above = self._integrals(middle, end, mean, sd)
        both = below + above
        return np.stack([both[0], above[0], both[1], both[2]])

    def _integrals(self, start: Floats, end: Floats, mean: Floats, sd: Floats) -> Floats:
        x, w = _GAUSS
        half = (end - start) / 2
        logits = start[..., None] + half[..., None] * (x + 1)
        z = (logits - mean[..., None]) / sd[..., None]
        density = np.exp(self.log_likelihood(logits) - z**2 / 2) * (half / (sd * np.sqrt(2 * np.pi)))[..., None] * w
        rate = expit(logits)
        found: Floats = np.stack([density.sum(-1), (density * rate).sum(-1), (density * rate**2).sum(-1)])
        return found


def _where_mu_lies(baskets: list[_Basket], priors: Priors, tau: Floats, log_weight: Floats) -> tuple[Floats, Floats]:
    """Nodes over the values of mu that the data leave, in pieces that end at the cuts, and their log weights."""
    mu, some = _coarse_mu(priors), _some(tau)
    moments = np.stack([_coarse_moments(basket, priors) for basket in baskets])
    log = _log_posterior(moments, priors, mu, log_weight[some]).max(axis=1)
    inside = np.flatnonzero(log > log.max() - _DROP / 2)
    step = mu[1] - mu[0]
    low, high = float(mu[inside[0]] - step), float(mu[inside[-1]] + step)
    weight = np.exp(log - log.max())
    centre = float(weight @ mu / weight.sum())
    spread = max(float(np.sqrt(weight @ (mu - centre) ** 2 / weight.sum())), float(step) / 2)
    inner = {basket.cut for basket in baskets} | {centre + k * spread for k in _PIECES}
    ends = [low, *sorted(end for end in inner if low < end < high), high]
    x, w = legendre(_FINE)
    pieces = [(a + (b - a) / 2 * (x + 1), np.log(w * (b - a) / 2)) for a, b in pairwise(ends)]
    return np.concatenate([nodes for nodes, _ in pieces]), np.concatenate([weights for _, weights in pieces])


def _coarse_mu(priors: Priors) -> Floats:
    return priors.mean + priors.sd * np.linspace(-6, 6, _COARSE)


def _some(tau: Floats) -> Ints:
    return np.linspace(0, len(tau) - 1, 12).astype(np.int64)


@lru_cache(maxsize=512)
def _coarse_moments(basket: _Basket, priors: Priors) -> Floats:
    """Moments of one basket on the coarse grid, which is the same whatever the other baskets say."""
    tau, _ = priors.tau.nodes()
    return _all_moments([basket], priors, _coarse_mu(priors), tau[_some(tau)])[0]


def _all_moments(baskets: list[_Basket], priors: Priors, mu: Floats, tau: Floats) -> Floats:
    """Moments of each basket at each (mu, tau), shape (baskets, exchangeable or alone, moments, mu, tau)."""
    mean, sd = np.meshgrid(mu, tau, indexing="ij")
    alone_mean, alone_sd = np.array([priors.alone_mean]), np.array([priors.alone_sd])
    found = np.zeros((len(baskets), 2, 4, len(mu), len(tau)))
    for i, basket in enumerate(baskets):
        if priors.exchangeable > 0:
            found[i, 0] = priors.exchangeable * basket.moments(mean, sd)
        if priors.exchangeable < 1:
            found[i, 1] = (1 - priors.exchangeable) * basket.moments(alone_mean, alone_sd)[:, :, None]
    return found


def _log_posterior(moments: Floats, priors: Priors, mu: Floats, log_tau_weight: Floats) -> Floats:
    with np.errstate(divide="ignore"):  # a marginal likelihood of 0 is a weight of 0
        data = np.log(moments[:, :, 0].sum(axis=1)).sum(axis=0)
    found: Floats = data - ((mu - priors.mean) / priors.sd)[:, None] ** 2 / 2 + log_tau_weight[None, :]
    return found


def _posterior(
    baskets: list[_Basket], priors: Priors, mus: tuple[Floats, Floats], taus: tuple[Floats, Floats]
) -> Shrunk:
    (mu, log_mu_weight), (tau, log_tau_weight) = mus, taus
    moments = _all_moments(baskets, priors, mu, tau)
    log = _log_posterior(moments, priors, mu, log_tau_weight) + log_mu_weight[:, None]
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    whole = moments[:, :, 0].sum(axis=1)
    share = weight / np.where(whole > 0, whole, np.inf)
    above, mean, square = (np.einsum("kmt,kmt->k", share, moments[:, :, i].sum(axis=1)) for i in (1, 2, 3))
    return Shrunk(
        above=above,
        mean=mean,
        sd=np.sqrt(np.maximum(square - mean**2, 0)),
        exchangeable=np.einsum("kmt,kmt->k", share, moments[:, 0, 0]),
        mu=float(weight.sum(axis=1) @ mu),
        tau=float(weight.sum(axis=0) @ tau),
    )
