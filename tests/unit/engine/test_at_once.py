"""What is worked out for many inputs, days or columns at once is what each says alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from vein2vein.engine.calendars import NEVER, columns_of, picked
from vein2vein.engine.kept import kept
from vein2vein.engine.vector import days, held, runs
from vein2vein.engine.vector.rows import Changes, Numbers, numbers_together
from vein2vein.engine.vector.states import Signals
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.tables import Instant


@pytest.mark.parametrize("n_columns", [1, 7, runs._WIDE + 1])
@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum])
def test_a_running_extreme_down_a_table_is_that_of_numpy(ufunc: np.ufunc, n_columns: int) -> None:
    table = np.random.default_rng(3).integers(-1, 40, (11, n_columns))  # a fixed draw
    expected = ufunc.accumulate(table, axis=0)
    assert np.array_equal(runs.running(ufunc, table), expected)


@pytest.mark.parametrize("longest", [1, 2, 3, 8, 40])
def test_the_highest_of_overlapping_windows_is_that_of_their_rows(longest: int) -> None:
    draw = np.random.default_rng(4)  # a fixed draw
    values = np.append(draw.normal(size=38), [-np.inf, np.inf])
    left = draw.integers(0, len(values), 200)
    right = np.minimum(left + draw.integers(1, longest + 1, 200), len(values))
    expected = [values[a:b].max() for a, b in zip(left, right, strict=True)]
    assert held.highest_within(values, left, right).tolist() == expected
    assert held.highest_within(values, left[:0], right[:0]).tolist() == []


def test_the_lowest_so_far_begins_anew_in_each_group() -> None:
    group = np.array([0, 0, 0, 1, 1, 4, 4])
    value = np.array([3.0, 5.0, -np.inf, 2.0, 1.5, 9.0, 9.0])
    assert days._so_far(group, value).tolist() == [3.0, 3.0, -np.inf, 2.0, 1.5, 9.0, 9.0]
    assert days._so_far(group[:0], value[:0]).tolist() == []


def test_instants_become_columns_together_and_keep_what_is_missing() -> None:
    first, second = columns_of(np.array([0, NEVER, 1_000_000]), np.array([NEVER]))
    assert first.dtype == second.dtype == Instant
    assert first.is_null().to_list() == [False, True, False]
    assert first[2].isoformat() == "1970-01-01T00:00:01+00:00"
    assert second.to_list() == [None]
    assert columns_of(np.zeros(0, np.int64))[0].to_list() == []


def test_rows_of_columns_are_picked_by_position() -> None:
    names, lists = picked(
        np.array([2, 0, 2]), pl.Series("name", ["a", "b", "c"]), pl.Series("lists", [[1], [], [2, 3]])
    )
    assert (names.to_list(), lists.to_list()) == (["c", "a", "c"], [[2, 3], [1], [2, 3]])


def test_signals_give_back_the_changes_of_slots_in_any_order() -> None:
    signals = Signals(4)
    signals.put([1, 3], Changes(np.array([5, 8, 2]), np.array([1, -1, 7]), [0, 2, 3]))
    signals.put([0], Changes(np.array([4]), np.array([9]), [0, 1]))
    key, change, lengths = signals.of(np.array([3, 0, 2, 1, 3]))
    assert key.tolist() == [2, 4, 5, 8, 2]
    assert change.tolist() == [7, 9, 1, -1, 7]
    assert lengths.tolist() == [1, 1, 0, 2, 1]


def test_ranges_together_stay_points_only_where_all_are() -> None:
    points = Numbers(*[np.array([1.0, 2.0])] * 2)
    ends = Numbers(np.array([-np.inf]), np.array([3.0]), np.array([False]), np.array([True]))
    assert numbers_together([points, points]).is_exact
    found = numbers_together([points, ends, Numbers(np.zeros(0), np.zeros(0))])
    assert not found.is_exact
    assert found.high.tolist() == [1.0, 2.0, 3.0]
    assert found.high_is_open is not None
    assert found.high_is_open.tolist() == [False, False, True]


def test_what_is_made_of_rule_sets_is_made_once_of_the_same_objects() -> None:
    asked: list[tuple[RuleSet, ...]] = []

    @kept
    def first_id(rules: tuple[RuleSet, ...]) -> str:
        asked.append(rules)
        return rules[0].id

    crs, other = default_registry().get("astct-2019.crs"), default_registry().get("astct-2019.crs").model_copy()
    assert first_id((crs,)) == first_id((crs,)) == first_id((other,)) == "astct-2019.crs"
    assert len(asked) == 2
