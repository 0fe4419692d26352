"""Clopper-Pearson intervals against published and closed forms."""

from __future__ import annotations

import pytest

from vein2vein.numerics.proportions import clopper_pearson


@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    [(49, 61, 0.682, 0.894), (33, 61, 0.408, 0.669), (19, 52, 0.236, 0.510), (17, 44, 0.244, 0.545)],
)
def test_published_intervals_of_trials(events: int, n: int, low: float, high: float) -> None:
    # PILOT (response 80 %, complete response 54 %) and SPEARHEAD-1 (52 and 44 patients), as printed, computed from counts
    found = clopper_pearson(events, n)
    assert found[0] == pytest.approx(low, abs=6e-4)
    assert found[1] == pytest.approx(high, abs=6e-4)


def test_none_and_all_have_closed_forms() -> None:
    n = 103
    assert clopper_pearson(0, n) == (0.0, pytest.approx(1 - 0.025 ** (1 / n), rel=1e-9))
    assert clopper_pearson(n, n) == (pytest.approx(0.025 ** (1 / n), rel=1e-9), 1.0)


def test_mirror_image() -> None:
    low, high = clopper_pearson(7, 20)
    other_low, other_high = clopper_pearson(13, 20)
    assert (1 - other_high, 1 - other_low) == (pytest.approx(low), pytest.approx(high))


def test_large_counts_do_not_overflow() -> None:
    low, high = clopper_pearson(574, 7604)
    assert 0.069 < low < 574 / 7604 < high < 0.082


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(events: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"{events} of {n} is no proportion"):
        clopper_pearson(events, n)
