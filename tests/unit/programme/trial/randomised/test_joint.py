"""Looks of a MaxCombo together: chances against an independent integral and against plain cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vein2vein.programme.trial.randomised.joint import Joint, information
from vein2vein.programme.trial.randomised.maxcombo import bound_for
from vein2vein.programme.trial.randomised.sequential import Plan, classical, spending
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike, PocockLike
from vein2vein.programme.trial.words import Floats

LOG_RANK_LIKE = np.array([0.4, 0.7, 1.0])
LATE = np.array([0.1, 0.4, 1.0])


def covariances(between: float = 0.7) -> Floats:
    """Two weights whose information grows differently, and whose increments go together."""
    found = np.empty((3, 2, 2))
    both = np.cumsum(between * np.sqrt(np.diff(LOG_RANK_LIKE, prepend=0) * np.diff(LATE, prepend=0)))
    found[:, 0, 0], found[:, 1, 1] = LOG_RANK_LIKE, LATE
    found[:, 0, 1] = found[:, 1, 0] = both
    return found


def within(given: Floats, bounds: Floats) -> float:
    """Chance to stay below every bound at every look so far, by the integral of another author."""
    looks, weights, _ = given.shape
    whole = np.block([[given[min(i, j)] for j in range(looks)] for i in range(looks)])
    spread = np.sqrt(np.diag(whole))
    law = multivariate_normal(np.zeros(looks * weights), whole / np.outer(spread, spread), seed=3)
    return float(law.cdf(np.repeat(bounds, weights)))


def test_the_looks_spend_what_is_wanted() -> None:
    given, spent = covariances(), np.array([0.004, 0.009, 0.012])
    p = Joint(given).nominal_p(spent)
    spread = np.sqrt(np.diagonal(given, axis1=1, axis2=2))
    correlations = given / (spread[:, :, None] * spread[:, None, :])
    bounds = np.array([bound_for(one, float(level)) for one, level in zip(correlations, p, strict=True)])
    for k in range(3):
        assert 1 - within(given[: k + 1], bounds[: k + 1]) == pytest.approx(spent[: k + 1].sum(), abs=2e-4)
    assert p[0] == spent[0]
    assert (p[1:] > spent[1:]).all()


def test_weights_that_are_one_are_a_single_z() -> None:
    t = (0.4, 0.7, 1.0)
    given = np.array(t)[:, None, None] * np.ones((1, 2, 2))
    plan = spending(t, PocockLike())
    assert norm.isf(Joint(given).nominal_p(plan.crossing(0.0).upper)) == pytest.approx(plan.upper, abs=2e-3)
    assert information(given, lambda at: spending(at, PocockLike())) == pytest.approx(t, abs=3e-3)


@pytest.mark.parametrize(
    "plan_of", [lambda t: spending(t, OBrienFlemingLike()), lambda t: classical(t, 0.5, alpha=0.05, sides=1)]
)
def test_a_plan_with_the_information_rejects_at_the_joint_p(plan_of: object) -> None:
    assert callable(plan_of)
    given = covariances()
    t = information(given, plan_of)
    plan = plan_of(t)
    assert isinstance(plan, Plan)
    assert Joint(given).nominal_p(plan.crossing(0.0).upper) == pytest.approx(plan.nominal_p(), rel=4e-3, abs=1e-6)
    assert (np.minimum(LATE, LOG_RANK_LIKE)[:2] < t[:2]).all()
    assert (t[:2] < np.maximum(LATE, LOG_RANK_LIKE)[:2]).all()


def test_a_look_that_spends_nothing_rejects_nothing() -> None:
    assert Joint(covariances(), 4096).nominal_p(np.array([0.0, 0.01, 0.01]))[0] == 0
