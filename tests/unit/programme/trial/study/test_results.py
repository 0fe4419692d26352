"""Figures are written the same everywhere; no figure with an error claims to be exact."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vein2vein.programme.trial.study.results import Figure, Line, Result, chance, mean_of, median_of, ratio_of, share_of


@pytest.mark.parametrize(
    ("figure", "shown"),
    [
        (chance(0.54634), "54.63%"),
        (chance(0.5, 0.005), "50.00% (± 0.50%)"),
        (chance(0.0, 1e-9), "0.00% (± 0.01%)"),
        (Figure(12.345), "12.35"),
        (Figure(35.0, 0.1, "days"), "35 (± 1)"),
        (Figure(1234.5, None, "days"), "1,234"),
        (Figure(math.inf, None, "months"), "never"),
        (Figure(0.6512, 0.0031, "ratio"), "0.651 (± 0.003)"),
        (Figure(math.nan), "-"),
    ],
)
def test_a_figure_is_written_with_its_error(figure: Figure, shown: str) -> None:
    assert str(figure) == shown


def test_a_share_of_none_has_the_error_of_half_a_trial() -> None:
    found = share_of(np.zeros(100))
    assert found.value == 0
    assert found.error == pytest.approx(math.sqrt(0.005 * 0.995 / 100))


def test_the_error_of_a_mean_and_of_a_ratio_is_that_of_repeated_trials() -> None:
    rng = np.random.default_rng(3)
    whole = rng.integers(10, 20, (400, 500)).astype(float)
    part = rng.binomial(whole.astype(int), 0.3).astype(float)
    means = [mean_of(row) for row in whole]
    ratios = [ratio_of(a, b) for a, b in zip(part, whole, strict=True)]
    for found in (means, ratios):
        spread = float(np.std([one.value for one in found], ddof=1))
        assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.1)


def test_a_result_as_data_holds_values_and_errors() -> None:
    result = Result("A", {"power": chance(0.9, 0.01)}, (Line("1", {"x": Figure(math.inf)}),), "look", 1000, 7)
    assert result.as_data() == {
        "scenario": "A",
        "how": "1,000 simulated trials, seed 7",
        "figures": {"power": {"value": 0.9, "error": 0.01}},
        "by": "look",
        "lines": [{"label": "1", "x": {"value": None, "error": None}}],
    }


def test_the_error_of_a_median_is_about_that_of_theory() -> None:
    """For a normal distribution 1.2533 standard deviations over the root of the number."""
    drawn = np.random.default_rng(2).normal(10, 2, size=(200, 400))
    errors = [median_of(one).error or 0 for one in drawn]
    assert np.mean(errors) == pytest.approx(1.2533 * 2 / 20, rel=0.1)
    assert median_of(np.full(9, np.inf), "months").error is None
    assert str(median_of(np.full(9, np.inf), "months")) == "never"
