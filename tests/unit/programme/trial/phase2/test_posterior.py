"""Posterior and predictive probabilities: closed forms, and boundaries that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.posterior import (
    Beta,
    lee_liu,
    predictive_probability,
    probability_above,
    thall_simon,
)

FLAT = Beta(1, 1)


def test_posterior_probability_by_hand() -> None:
    """A flat prior and 2 of 2: Pr(p > x) = 1 - x^3."""
    assert probability_above(FLAT, 2, 2, 0.5) == pytest.approx(1 - 0.5**3)
    assert probability_above(FLAT, 2, 2, 0.5, delta=0.1) == pytest.approx(1 - 0.6**3)


def test_an_uncertain_standard_that_is_almost_certain_is_the_number() -> None:
    sharp = Beta.worth(1e6, 0.3)
    assert probability_above(FLAT, 7, 15, sharp) == pytest.approx(probability_above(FLAT, 7, 15, 0.3), abs=1e-4)


def test_two_flat_distributions_are_even() -> None:
    assert probability_above(FLAT, 0, 0, FLAT) == pytest.approx(0.5, abs=1e-6)


def test_predictive_probability_by_hand() -> None:
    """One more patient, flat prior, 1 of 1: the end wins (2 of 2: 1 - .4^3 = .936) with Pr(response) = 2/3."""
    assert predictive_probability(FLAT, 1, 1, most=2, null=0.4, target=0.9) == pytest.approx(2 / 3)


def test_boundaries_are_the_last_outcomes_beyond_the_cutoffs() -> None:
    design = thall_simon((10, 20, 30), FLAT, 0.3, futility=0.1, success=0.95)
    for n, low, high in zip(design.looks[:-1], design.futile, design.success, strict=False):
        assert probability_above(FLAT, low, n, 0.3) < 0.1 <= probability_above(FLAT, low + 1, n, 0.3)
        assert probability_above(FLAT, high, n, 0.3) > 0.95 >= probability_above(FLAT, high - 1, n, 0.3)


def test_predictive_boundaries_are_the_last_outcomes_beyond_the_cutoffs() -> None:
    design = lee_liu((10, 20, 30), FLAT, 0.3, target=0.9, futility=0.05, success=0.95)
    for n, low, high in zip(design.looks[:-1], design.futile, design.success, strict=False):
        chance = [predictive_probability(FLAT, y, n, most=30, null=0.3, target=0.9) for y in range(n + 1)]
        assert np.array_equal(np.array(chance) < 0.05, np.arange(n + 1) <= low)
        assert np.array_equal(np.array(chance) > 0.95, np.arange(n + 1) >= high)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match="above 0"):
        Beta(0, 1)
    with pytest.raises(TrialError, match="responses <= patients <= all"):
        predictive_probability(FLAT, 3, 2, most=10, null=0.3, target=0.9)
    with pytest.raises(TrialError, match="target"):
        lee_liu((10, 20), FLAT, 0.3, target=1.0, futility=0.05)
    with pytest.raises(TrialError, match="cut-off of futility"):
        thall_simon((10, 20), FLAT, 0.3, futility=-0.1)
    for standard in (0.0, 1.5, float("nan")):
        with pytest.raises(TrialError, match="response rate of the standard"):
            thall_simon((10, 20), FLAT, standard)
    with pytest.raises(TrialError, match=r"wanted improvement 1\.2"):
        thall_simon((10, 20), FLAT, 0.3, delta=0.9)
    with pytest.raises(TrialError, match=r"an improvement of -0\.5"):
        thall_simon((10, 20), FLAT, Beta(20, 80), delta=-0.5)
    with pytest.raises(TrialError, match="futility below success"):
        thall_simon((10, 20), FLAT, 0.3, futility=0.96)
    with pytest.raises(TrialError, match="futility below success"):
        lee_liu((10, 20), FLAT, 0.3, target=0.9, futility=0.6, success=0.5)
