"""Hierarchical baskets: limits by one-dimensional integrals, and the whole posterior against weighted draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.hierarchical import HalfNormal, InverseGamma, Priors, shrink

Y, N = [3, 0, 5], [8, 6, 9]


def logistic_normal(y: int, n: int, mean: float, sd: float) -> tuple[float, float]:
    """Posterior mean of the rate and chance to be above 0.2, by adaptive quadrature."""

    def density(x: float) -> float:
        return float(expit(x) ** y * expit(-x) ** (n - y) * norm.pdf(x, mean, sd))

    whole = quad(density, -15, 15, points=[0.0], limit=200)[0]
    cut = float(np.log(0.25))
    rate = quad(lambda x: density(x) * float(expit(x)), -15, 15, points=[0.0], limit=200)[0]
    return rate / whole, quad(density, cut, 15, limit=200)[0] / whole


def test_baskets_alone_are_one_dimensional() -> None:
    found = shrink(Y, N, 0.2, Priors(-1, 1, HalfNormal(1), exchangeable=0.0, alone_mean=-1, alone_sd=2))
    for i, (y, n) in enumerate(zip(Y, N, strict=True)):
        assert (found.mean[i], found.above[i]) == pytest.approx(logistic_normal(y, n, -1, 2), abs=1e-7)


def test_no_heterogeneity_is_pooling() -> None:
    found = shrink(Y, N, 0.2, Priors(-1, 1, HalfNormal(1e-4)))
    mean, above = logistic_normal(sum(Y), sum(N), -1, 1)
    assert found.mean == pytest.approx([mean] * 3, abs=1e-5)
    assert found.above == pytest.approx([above] * 3, abs=1e-4)


@pytest.mark.parametrize("exchangeable", [1.0, 0.5])
def test_the_posterior_agrees_with_weighted_draws(exchangeable: float) -> None:
    """200,000 draws from the prior, weighted with the likelihood; four standard errors of their effective number."""
    priors = Priors(-1, 1, HalfNormal(1), exchangeable, -1, 2)
    draws, number = Streams(7)["trial/test/baskets"], 200_000
    mu, tau = draws.normal(-1, 1, number), np.abs(draws.normal(0, 1, number))
    log, rates, shared = np.zeros(number), [], []
    for y, n in zip(Y, N, strict=True):
        joins = draws.random(number) < exchangeable
        p = expit(np.where(joins, draws.normal(mu, tau), draws.normal(-1, 2, number)))
        log += y * np.log(p) + (n - y) * np.log1p(-p)
        rates.append(p)
        shared.append(joins)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    found = shrink(Y, N, 0.2, priors)
    allowed = 4 * 0.5 * np.sqrt((weight**2).sum())
    assert found.above == pytest.approx([weight @ (p > 0.2) for p in rates], abs=allowed)
    assert found.mean == pytest.approx([weight @ p for p in rates], abs=allowed)
    assert found.exchangeable == pytest.approx([weight @ joins for joins in shared], abs=allowed)
    assert found.tau == pytest.approx(weight @ tau, abs=2 * allowed)


def test_baskets_move_towards_each_other() -> None:
    raw = np.array(Y) / np.array(N)
    found = shrink(Y, N, 0.2, Priors(-1, 10, InverseGamma(0.0005, 0.000005)))
    assert np.ptp(found.mean) < np.ptp(raw)
    assert (np.argsort(found.mean) == np.argsort(raw)).all()


def test_a_basket_without_data_is_drawn_from_the_others() -> None:
    found = shrink([*Y, 0], [*N, 0], 0.2, Priors(-1, 1, HalfNormal(1)))
    assert found.mean[:3] == pytest.approx(shrink(Y, N, 0.2, Priors(-1, 1, HalfNormal(1))).mean, abs=1e-6)
    assert found.sd[3] > found.sd[:3].max()


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match="scale of tau"):
        HalfNormal(0)
    with pytest.raises(TrialError, match="standard deviation of mu"):
        Priors(0, -1, HalfNormal(1))
    with pytest.raises(TrialError, match="chance to be exchangeable"):
        Priors(0, 1, HalfNormal(1), exchangeable=1.5)
    with pytest.raises(TrialError, match="has to be beaten"):
        shrink(Y, N, 0.0, Priors(0, 1, HalfNormal(1)))
