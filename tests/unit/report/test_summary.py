"""A cohort in numbers, against hand-made verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from vein2vein.engine.verdict import EPISODES, VERDICTS, Graded
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.report.page_cohort import levels_part
from vein2vein.report.summary import levels_of, summarise, summarise_batches

START = datetime(2026, 3, 1, tzinfo=UTC)
RULE = "astct-2019.crs"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def a_cohort(*names: str, until: float | None = 100) -> Cohort:
    end = None if until is None else at(until)
    courses = pl.DataFrame(
        {
            "course_id": names,
            "patient_id": names,
            "infused_at": [START] * len(names),
            "followed_until": [end] * len(names),
        },
        schema_overrides={"infused_at": pl.Datetime("us", "UTC"), "followed_until": pl.Datetime("us", "UTC")},
    )
    return Cohort.of(patients=pl.DataFrame({"patient_id": names}), courses=courses)


def graded(steps: list[tuple], episodes: list[dict] = ()) -> Graded:
    rows = [
        {
            "course_id": course,
            "rule_set_id": RULE,
            "from_at": None if start is None else at(start),
            "until_at": None if end is None else at(end),
            "low": low,
            "high": high,
            "deciding": [],
            "missing": list(missing),
            "flags": [],
        }
        for course, start, end, low, high, *missing in steps
    ]
    full = [dict.fromkeys(EPISODES) | {"rule_set_id": RULE, "episode": 1} | e for e in episodes]
    return Graded(pl.DataFrame(rows, schema=dict(VERDICTS)), pl.DataFrame(full, schema=dict(EPISODES)), {RULE: {}})


def summary_of(cohort: Cohort, found: Graded):
    return summarise(cohort, found, [default_registry().get(RULE)])


def test_levels_count_certain_and_possible_courses() -> None:
    found = graded(
        [("A", 0, 10, 0, 0), ("A", 10, None, 2, 4, "oxygen"), ("B", 0, None, 3, 3), ("C", None, None, None, None)]
    )
    levels = summary_of(a_cohort("A", "B", "C"), found).levels
    assert levels.select("level", "courses", "reached_certain", "reached_possible", "peak_exactly").rows() == [
        (1, 2, 2, 2, 0),
        (2, 2, 2, 2, 0),
        (3, 2, 1, 2, 1),
        (4, 2, 0, 1, 0),
        (5, 2, 0, 0, 0),
    ]


def test_levels_that_were_only_possible_before_the_first_certain_result_are_told_apart() -> None:
    before = [("A", 0, 6, 0, 4, "lab"), ("A", 6, None, 1, 1)]
    also_later = [("B", 0, 6, 0, 4, "lab"), ("B", 6, 9, 0, 0), ("B", 9, None, 0, 2, "lab")]
    never_certain = [("C", 0, None, 0, 3, "lab")]
    found = graded([*before, *also_later, *never_certain])
    shown = ["level", "reached_certain", "reached_possible", "possible_only_at_first"]
    expected = [(1, 1, 3, 0), (2, 0, 3, 1), (3, 0, 3, 2), (4, 0, 2, 2), (5, 0, 0, 0)]
    cohort = a_cohort("A", "B", "C")
    assert summary_of(cohort, found).levels.select(shown).rows() == expected
    batches = [found.verdicts[:1], found.verdicts[1:4], found.verdicts[4:]]
    rules = [default_registry().get(RULE)]
    summary = summarise_batches(cohort, batches, found.episodes, rules)
    assert summary.levels.select(shown).rows() == expected
    assert "2 of these only before the first certain result" in levels_part(rules, summary, first=1)


def test_open_time_is_counted_in_hours_with_what_was_missing() -> None:
    found = graded([("A", 0, 10, 0, 0), ("A", 10, 30, 0, 4, "oxygen", "vasopressors"), ("A", 30, None, 0, 2, "oxygen")])
    summary = summary_of(a_cohort("A"), found)
    row = summary.rule_sets.row(0, named=True)
    assert (row["hours"], row["hours_not_assessable"]) == (100.0, 90.0)
    assert summary.missing.rows() == [(RULE, "oxygen", 90.0, 1), (RULE, "vasopressors", 20.0, 1)]


def test_a_last_step_without_end_of_follow_up_has_no_length() -> None:
    summary = summary_of(a_cohort("A", until=None), graded([("A", 0, 10, 0, 0), ("A", 10, None, 0, 4, "oxygen")]))
    assert summary.rule_sets["hours"].to_list() == [10.0]


def test_onset_and_length_are_quartiles_of_certain_episodes() -> None:
    steps = [(name, 0, None, 1, 1) for name in "ABCD"]
    episodes = [
        {"course_id": "A", "onset_day": 1, "peak_low": 1, "state": "resolved", "episode_hours": 24.0},
        {"course_id": "B", "onset_day": 2, "peak_low": 2, "state": "resolved", "episode_hours": 72.0},
        {"course_id": "C", "onset_day": 5, "peak_low": 3, "state": "ongoing", "episode_hours": 500.0},
        {"course_id": "D", "onset_day": 0, "peak_low": 0, "state": "resolved", "episode_hours": 1.0},
    ]
    row = summary_of(a_cohort(*"ABCD"), graded(steps, episodes)).rule_sets.row(0, named=True)
    onset = [row[f"onset_day_{q}"] for q in ("quarter", "median", "three_quarters")]
    assert onset == [1.5, 2.0, 3.5], "the merely possible episode of D is left out"
    assert (row["episodes"], row["episodes_resolved"]) == (3, 2)
    assert row["episode_days_median"] == pytest.approx(2.0)


def test_an_empty_cohort_gives_empty_counts() -> None:
    summary = summary_of(a_cohort(), graded([]))
    assert summary.rule_sets["courses"].to_list() == [0]
    assert summary.levels["reached_possible"].to_list() == [0, 0, 0, 0, 0]


def test_levels_of_criteria_and_scores_have_names() -> None:
    registry = default_registry()
    assert levels_of(registry.get("hlh-2004.criteria")) == ((1, "met"),)
    assert [level for level, _ in levels_of(registry.get("fardet-2014.hscore"))] == [169]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_table_in_pieces_comes_to_the_same_even_where_a_course_is_cut(size: int) -> None:
    cohort = a_cohort("A", "B", "C")
    found = graded(
        [
            ("A", 0, 10, 0, 0), ("A", 10, 20, 2, 4, "oxygen"), ("A", 20, None, 1, 4, "oxygen", "fever"),
            ("B", 0, 30, 3, 3), ("B", 30, None, 0, 2, "oxygen"), ("C", None, None, None, None),
        ]
    )  # fmt: skip
    whole = summary_of(cohort, found)
    pieces = [found.verdicts.slice(start, size) for start in range(0, found.verdicts.height, size)]
    parts = summarise_batches(cohort, pieces, found.episodes, [default_registry().get(RULE)])
    for name in ("rule_sets", "levels", "missing", "peaks"):
        assert getattr(parts, name).equals(getattr(whole, name)), name
