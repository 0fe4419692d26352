"""Spending sums to alpha; futility does what it says; conditional power by hand; bad plans are refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.boundaries import crossing
from vein2vein.programme.trial.randomised.sequential import Futility, Sides, classical, spending, with_futility
from vein2vein.programme.trial.randomised.spending import (
    HwangShihDeCani,
    OBrienFlemingLike,
    PocockLike,
    PowerFamily,
    Spending,
    fractions,
)

RULES: list[Spending] = [OBrienFlemingLike(), PocockLike(), PowerFamily(1.5), HwangShihDeCani(-4), HwangShihDeCani(0)]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("looks", [1, 2, 7, (0.4, 0.45, 1.0)])
def test_spending_sums_to_alpha(rule: Spending, sides: Sides, looks: int | tuple[float, ...]) -> None:
    plan = spending(looks, rule, alpha=0.05, sides=sides)
    assert plan.error() == pytest.approx(0.05, abs=1e-8)
    spent = np.cumsum(plan.crossing(0.0).upper)
    assert spent == pytest.approx(rule.spent(fractions(looks), 0.05 / sides), abs=1e-8)


@pytest.mark.parametrize("rule", RULES)
def test_a_spending_function_spends_nothing_at_first_and_all_at_last(rule: Spending) -> None:
    t = np.array([1e-12, 0.25, 0.5, 1.0])
    spent = rule.spent(t, 0.025)
    assert spent[0] == pytest.approx(0, abs=1e-9)
    assert spent[-1] == pytest.approx(0.025)
    assert np.all(np.diff(spent) > 0)


def test_one_look_is_a_z_test() -> None:
    plan = spending(1, PocockLike(), alpha=0.025, power=0.9)
    assert plan.upper[0] == pytest.approx(norm.isf(0.025))
    assert plan.drift == pytest.approx(norm.isf(0.025) + norm.isf(0.1))
    assert plan.inflation(0.9) == pytest.approx(1)


def test_two_looks_agree_with_the_bivariate_normal() -> None:
    t, upper = np.array([0.3, 1.0]), np.array([2.2, 2.0])
    found = crossing(t, upper, np.array([-np.inf, -np.inf]), 1.5)
    mean = 1.5 * np.sqrt(t)
    stays = multivariate_normal.cdf(upper, mean=mean, cov=[[1, np.sqrt(0.3)], [np.sqrt(0.3), 1]])
    assert found.upper.sum() == pytest.approx(1 - float(stays), abs=1e-7)


@pytest.mark.parametrize("binding", [False, True])
@pytest.mark.parametrize("rule", [PowerFamily(2), PocockLike()])
def test_futility_spends_beta_and_meets_efficacy(rule: Spending, *, binding: bool) -> None:
    plan = with_futility(4, OBrienFlemingLike(), Futility(rule, 0.2, binding))
    assert plan.drift is not None
    at_effect = plan.crossing(plan.drift)
    assert np.cumsum(at_effect.lower)[:3] == pytest.approx(rule.spent(plan.t, 0.2)[:3], abs=1e-8)
    assert plan.power(plan.drift) == pytest.approx(0.8, abs=1e-6)
    assert plan.error() == pytest.approx(0.025, abs=1e-8)
    assert plan.lower[-1] == plan.upper[-1]


def test_binding_futility_lowers_the_last_bound() -> None:
    free, bound = (with_futility(3, OBrienFlemingLike(), Futility(PocockLike(), 0.1, b)) for b in (False, True))
    assert bound.upper[-1] < free.upper[-1]


def test_conditional_power_before_the_last_look_is_one_normal_tail() -> None:
    plan = spending((0.5, 1.0), OBrienFlemingLike())
    z, drift = 1.2, 2.5
    # z at the end is sqrt(.5) z + drift/2 + sqrt(.5) N(0, 1)
    expected = norm.sf((plan.upper[1] - np.sqrt(0.5) * z - drift / 2) / np.sqrt(0.5))
    assert plan.conditional_power(1, z, drift) == pytest.approx(expected)
    # a flat prior leaves the drift with mean z / sqrt(t) and variance 1 / t
    spread = np.sqrt(0.5 + 0.25 / 0.5)
    predictive = norm.sf((plan.upper[1] - np.sqrt(0.5) * z - z / np.sqrt(0.5) / 2) / spread)
    assert plan.predictive_power(1, z) == pytest.approx(predictive, abs=1e-8)


def test_a_certain_prior_gives_conditional_power() -> None:
    plan = spending(4, OBrienFlemingLike())
    assert plan.predictive_power(2, 1.0, prior=(3.0, 1e-6)) == pytest.approx(
        plan.conditional_power(2, 1.0, 3.0), abs=1e-5
    )


def test_hazard_ratio_at_the_bound() -> None:
    plan = spending(1, PocockLike(), alpha=0.025)
    upper, lower = plan.hazard_ratio_at_bounds(100)
    assert upper[0] == pytest.approx(np.exp(-norm.isf(0.025) / 5))
    assert np.isinf(lower[0])


def test_expected_information_falls_with_the_effect() -> None:
    plan = classical(5, 0.5)
    sizes = [plan.expected_information(drift) for drift in (0.0, 2.0, 4.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < 1


@pytest.mark.parametrize(
    ("looks", "alpha"),
    [(0, 0.025), ((0.5, 0.4, 1.0), 0.025), ((0.5, 0.9), 0.025), ((), 0.025), (3, 0.0), (3, 1.0), (3, float("nan"))],
)
def test_an_impossible_plan_is_refused(looks: int | tuple[float, ...], alpha: float) -> None:
    with pytest.raises(TrialError, match="TRIAL-002"):
        spending(looks, OBrienFlemingLike(), alpha=alpha)


def test_other_refusals_say_what_was_expected() -> None:
    with pytest.raises(TrialError, match="above 0"):
        PowerFamily(0)
    with pytest.raises(TrialError, match="-50 to 50"):
        HwangShihDeCani(90)
    with pytest.raises(TrialError, match="before the last"):
        spending(3, PocockLike()).conditional_power(3, 1.0)
    with pytest.raises(TrialError, match="one for each look"):
        spending(3, PocockLike(), spent_at=(0.5, 1.0))
    with pytest.raises(TrialError, match="sum below 1"):
        with_futility(3, PocockLike(), Futility(PocockLike(), 0.99))
