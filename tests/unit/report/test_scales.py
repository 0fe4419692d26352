"""Places on paper: axes hold all values, dense curves keep their extremes, gaps stay gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vein2vein.report.scales import day_every, runs, short, thinned, value_axis

NUMBERS = st.floats(-1e5, 1e5, allow_nan=False)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_an_axis_holds_every_value_and_has_round_ticks(values: list[float]) -> None:
    axis = value_axis(values, top=0.0, bottom=100.0)
    assert axis.low <= min(values) + 1e-6
    assert axis.high >= max(values) - 1e-6
    assert 2 <= len(axis.ticks) <= 7
    assert all(0.0 <= axis.y(v) <= 100.0 for v in values)


@given(st.lists(st.floats(0.001, 1e5), min_size=1, max_size=30))
def test_a_logarithmic_axis_has_decades(values: list[float]) -> None:
    axis = value_axis(values, top=0.0, bottom=100.0, log=True)
    assert axis.low <= min(values) * 1.0001
    assert axis.high >= max(values) * 0.9999
    assert axis.y(axis.high) == 0.0


def test_a_zero_stands_at_the_foot_of_a_logarithmic_axis() -> None:
    axis = value_axis([0.0, 5.0], top=0.0, bottom=100.0, log=True)
    assert axis.y(0.0) == 100.0


@given(st.lists(st.tuples(st.integers(0, 500), NUMBERS), max_size=300))
def test_thinning_never_loses_the_highest_or_lowest_value(points: list[tuple[int, float]]) -> None:
    ordered = sorted((float(x) / 10, y) for x, y in points)
    kept = thinned(ordered, 1.0)
    assert set(kept) <= set(ordered)
    if ordered:
        assert max(y for _, y in kept) == max(y for _, y in ordered)
        assert min(y for _, y in kept) == min(y for _, y in ordered)
        assert (kept[0], kept[-1]) == (ordered[0], ordered[-1])


def test_a_curve_is_cut_where_nothing_was_measured() -> None:
    assert runs([(0, 1), (12, 1), (24.5, 1)], 12) == [[(0, 1), (12, 1)], [(24.5, 1)]]


def test_day_labels_become_rarer_on_long_axes() -> None:
    assert [day_every(days, 760) for days in (10, 30, 60, 120, 365, 5000)] == [1, 1, 2, 5, 14, 112]


def test_numbers_have_no_trailing_zero_and_a_true_minus() -> None:
    assert [short(5.0), short(0.5), short(-3.0), short(10000.0)] == ["5", "0.5", "−3", "10\u2009000"]
