"""BOP2: boundaries mean what they say, the search keeps the error, and nothing on the grid has more power."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.bop2 import GAMMAS, LAMBDAS, Cutoff, Grid, design, optimise
from vein2vein.programme.trial.phase2.posterior import Beta, probability_above


def test_the_default_prior_is_worth_one_patient_with_the_mean_of_the_null() -> None:
    assert design((10, 20), 0.2, Cutoff(0.9, 0.5)).prior == Beta(0.2, 0.8)


def test_boundaries_are_the_last_outcomes_below_the_cutoff() -> None:
    found = design((10, 20, 40), 0.3, Cutoff(0.9, 0.6))
    for n, low in zip(found.looks, found.boundaries.futile, strict=True):
        demanded = 0.9 * (n / 40) ** 0.6
        assert probability_above(found.prior, low, n, 0.3) < demanded <= probability_above(found.prior, low + 1, n, 0.3)


def test_nothing_on_the_grid_has_more_power() -> None:
    looks = (8, 16)
    best = optimise(looks, 0.2, 0.5, 0.1)
    assert best.type_1_error() <= 0.1
    for lam in LAMBDAS[::7]:
        for gamma in GAMMAS[::10]:
            other = design(looks, 0.2, Cutoff(lam, gamma))
            assert other.type_1_error() > 0.1 or other.power(0.5) <= best.power(0.5) + 1e-9


def test_a_higher_type_1_error_never_costs_power() -> None:
    powers = [optimise((10, 20, 30), 0.2, 0.4, alpha).power(0.4) for alpha in (0.02, 0.05, 0.1, 0.2)]
    assert np.all(np.diff(powers) >= 0)


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match="gamma -1"):
        Cutoff(0.9, -1)
    with pytest.raises(TrialError, match="lambda 1"):
        Cutoff(1.0, 0.5)
    with pytest.raises(TrialError, match=r"TRIAL-061[\s\S]*try a larger lambda"):
        optimise((5,), 0.2, 0.4, 0.001, grid=Grid((0.5,)))
    with pytest.raises(TrialError, match="not above the null"):
        optimise((5,), 0.4, 0.2, 0.1)
