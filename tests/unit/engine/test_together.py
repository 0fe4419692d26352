"""Rule sets that are worked out at once say what each says alone, however many are worked out at once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from property.properties import IDS, courses
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.vector import rows as vector_rows
from vein2vein.engine.vector.rows import UNKNOWN, Numbers, Rows, signals_of, together
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort

RULES = default_registry().all()


@pytest.mark.parametrize("most_rows", [0, 60, vector_rows.MOST_ROWS_TOGETHER])
@pytest.mark.parametrize("id", IDS[::12])
def test_all_rule_sets_at_once_say_what_each_says_alone(
    id: str, most_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = Cohort.of_timelines(courses(id, 4, what="together")[1])
    alone = {rule.id: grade_cohort(cohort, rule) for rule in RULES}
    monkeypatch.setattr(vector_rows, "MOST_ROWS_TOGETHER", most_rows)
    at_once = grade_cohort(cohort, RULES)
    for rule in RULES:
        mine = pl.col("rule_set_id") == rule.id
        assert_frame_equal(at_once.verdicts.filter(mine), alone[rule.id].verdicts)
        assert_frame_equal(at_once.episodes.filter(mine), alone[rule.id].episodes)


def test_items_stay_together_while_they_are_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_rows, "MOST_ROWS_TOGETHER", 5)
    items = ["abc", "de", "f", "ghijklm", "", "n"]
    assert list(together(items)) == [["abc", "de"], ["f"], ["ghijklm"], ["", "n"]]
    assert list(together(items, 1)) == [[item] for item in items]
    assert list(together([])) == []


def _rows(key: list[int], end: list[int]) -> Rows:
    value = np.zeros(len(key))
    return Rows(np.array(key), np.array(end), Numbers(value, value), UNKNOWN)


def test_signals_worked_out_at_once_do_not_touch() -> None:
    """The first signal ends at the key at which the second begins; the third says what no row says."""
    rows = [_rows([1, 3, 6], [3, 5, 9]), _rows([9, 10], [10, 12]), _rows([2], [4])]
    numbers = {10: 1, 11: 2, 20: 1, 30: 0}
    code = np.array([10, 11, 11, 20, 20, 30])
    found = signals_of(rows, code, lambda codes: np.array([numbers[code] for code in codes.tolist()]))
    assert [(found.key[a:b].tolist(), found.change[a:b].tolist()) for a, b in pairwise(found.cuts)] == [
        ([1, 3, 5, 6, 9], [1, 1, -2, 2, -2]),
        ([9, 12], [1, -1]),
        ([], []),
    ]
