"""Tails of correlated normal numbers against independent integrals; MaxCombo of one weight is that test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, log_rank
from vein2vein.programme.trial.randomised.maxcombo import bound_for, max_combo, tail
from vein2vein.programme.trial.randomised.sample import Sample

BOUNDS = [-0.5, 0.5, 2.0, 3.5]


def _sample() -> Sample:
    rng = np.random.default_rng(1)
    event, censored = rng.exponential(1, 400), rng.exponential(2, 400)
    return Sample.of(np.minimum(event, censored), event <= censored, np.arange(400) % 2)


@pytest.mark.parametrize("bound", BOUNDS)
def test_independent_numbers(bound: float) -> None:
    for k in (1, 2, 3):
        assert tail(np.eye(k), bound) == pytest.approx(1 - norm.cdf(bound) ** k, rel=2e-4)


@pytest.mark.parametrize("bound", BOUNDS)
def test_two_and_three_correlated_numbers(bound: float) -> None:
    two = np.array([[1, 0.7], [0.7, 1]])
    assert tail(two, bound) == pytest.approx(1 - float(multivariate_normal(cov=two).cdf([bound] * 2)), rel=1e-5)
    three = np.array([[1, 0.88, 0.56], [0.88, 1, 0.78], [0.56, 0.78, 1]])
    # given the numbers that they share, and by one-dimensional integration where that is exact: equal correlations of a half
    equal = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    x, w = np.polynomial.hermite_e.hermegauss(80)
    exact = 1 - (norm.cdf((bound - np.sqrt(0.5) * x) / np.sqrt(0.5)) ** 3) @ w / w.sum()
    assert tail(equal, bound) == pytest.approx(exact, rel=2e-4)
    assert tail(three, bound) < min(1.0, 3 * norm.sf(bound))
    assert tail(three, bound) > norm.sf(bound)


def test_four_equal_correlations() -> None:
    equal = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    x, w = np.polynomial.hermite_e.hermegauss(80)
    exact = 1 - (norm.cdf((2 - np.sqrt(0.5) * x) / np.sqrt(0.5)) ** 4) @ w / w.sum()
    assert tail(equal, 2.0) == pytest.approx(exact, rel=2e-3)


def test_numbers_that_move_as_one_and_against_each_other() -> None:
    assert tail(np.ones((3, 3)), 1.5) == pytest.approx(norm.sf(1.5))
    against = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert tail(against, 1.5) == pytest.approx(2 * norm.sf(1.5))
    assert tail(against, -0.1) == pytest.approx(1)


def test_the_straw_man_is_singular_and_still_has_a_p() -> None:
    found = max_combo(_sample())
    assert np.linalg.matrix_rank(found.correlation, tol=1e-8) == 3
    without = max_combo(_sample(), (FlemingHarrington(0, 1), FlemingHarrington(1, 1), FlemingHarrington(1, 0)))
    assert tail(found.correlation, 2.0) > tail(without.correlation, 2.0)
    assert norm.sf(found.largest) < found.p < 4 * norm.sf(found.largest)


def test_one_weight_is_that_test() -> None:
    weight = FlemingHarrington(0, 1)
    assert max_combo(_sample(), (weight,)).p == pytest.approx(log_rank(_sample(), weight).one_sided)


@pytest.mark.parametrize("error", [0.5, 0.025, 1e-4])
def test_the_bound_spends_the_error(error: float) -> None:
    correlation = max_combo(_sample()).correlation
    assert tail(correlation, bound_for(correlation, error)) == pytest.approx(error, rel=1e-6)


def test_refusals() -> None:
    with pytest.raises(TrialError, match="no weights"):
        max_combo(_sample(), ())
    with pytest.raises(TrialError, match="some weight"):
        max_combo(Sample.of([1, 2], [1, 0], [0, 1]))
