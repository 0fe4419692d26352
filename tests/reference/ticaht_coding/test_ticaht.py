"""T-ICAHT: the published table, the public coding, and where the two differ.

The coding was read, not run: expected grades follow from its rules on the series printed here. Platelets x10^9/L by relative day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reference.lab_courses import Daily, course_of, final_bounds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine

AS_CODED_EARLY = {"strict": "false", "method": "longest", "join_days": 6}
AS_CODED_LATE = {"at_the_cut_off": "counts", "strict": "false"}


def early(counts: Mapping[int, Daily], engine: Engine, **parameters: Any) -> Bounds:
    return final_bounds(course_of("platelets", counts), "t-icaht-2025.early", 38, engine, **parameters)


def late(counts: Mapping[int, Daily], engine: Engine, **parameters: Any) -> Bounds:
    return final_bounds(course_of("platelets", counts), "t-icaht-2025.late", 100, engine, **parameters)


def series(low: Mapping[range, float], days: range = range(38)) -> dict[int, Daily]:
    """A count for every day: 150, or the count of the range the day lies in."""
    return {day: next((v for span, v in low.items() if day in span), 150) for day in days}


@pytest.mark.parametrize(
    ("below_50", "below_20", "expected"),
    [(0, 0, 0), (1, 0, 1), (6, 0, 1), (7, 0, 2), (25, 0, 2), (3, 1, 3), (20, 13, 3), (20, 14, 4)],
)
@pytest.mark.parametrize("parameters", [{}, AS_CODED_EARLY], ids=["table", "coding"])
def test_early_grades_follow_the_days(
    below_50: int, below_20: int, expected: int, parameters: dict[str, Any], engine: Engine
) -> None:
    counts = series({range(4, 4 + below_50): 40}) | dict.fromkeys(range(4, 4 + below_20), 15.0)

    assert early(counts, engine, **parameters) == Bounds(expected, expected)


@pytest.mark.parametrize(
    ("count", "table", "coding"), [(50.5, 0, 0), (50, 0, 1), (49.5, 1, 1), (20.5, 1, 1), (20, 1, 3), (19.5, 3, 3)]
)
def test_table_and_coding_differ_at_the_cut_off(count: float, table: int, coding: int, engine: Engine) -> None:
    counts = series({range(10, 11): count})

    assert early(counts, engine) == Bounds(table, table)
    assert early(counts, engine, **AS_CODED_EARLY) == Bounds(coding, coding)


def test_short_recoveries_are_counted_up_to_two_days_by_the_table_and_six_by_the_coding(engine: Engine) -> None:
    two_days = series({range(4, 7): 40, range(9, 11): 40})
    six_days = series({range(4, 7): 40, range(13, 15): 40})
    seven_days = series({range(4, 7): 40, range(14, 16): 40})

    assert early(two_days, engine) == Bounds(2, 2)
    assert early(six_days, engine) == Bounds(1, 1)
    assert early(six_days, engine, **AS_CODED_EARLY) == Bounds(2, 2)
    assert early(seven_days, engine, **AS_CODED_EARLY) == Bounds(1, 1)


def test_separate_runs_add_up_by_the_table_and_not_by_the_coding(engine: Engine) -> None:
    counts = series({range(2, 6): 40, range(16, 20): 40})

    assert early(counts, engine) == Bounds(2, 2)
    assert early(counts, engine, **AS_CODED_EARLY) == Bounds(1, 1)


def test_missing_days_have_the_mean_of_their_neighbours_however_many_they_are(engine: Engine) -> None:
    low_mean = {0: 150.0, 1: 150.0, 4: 30.0, 16: 60.0, 20: 150.0, 37: 150.0}
    high_mean = {**low_mean, 16: 90.0}

    # days 5 to 15 are 45, day 4 is 30, days 2 and 3 are 90: 12 days; else day 4 alone
    assert early(low_mean, engine) == Bounds(2, 2)
    assert early(high_mean, engine) == Bounds(1, 1)


def test_a_count_after_day_30_fills_the_days_before_it_and_never_counts_itself(engine: Engine) -> None:
    # days 27 to 33: mean of 40 and 140 is 90, so only day 26 is low; without day 34 the 40 would be carried to day 30
    counts = {**series({}, days=range(26)), 26: 40.0, 34: 140.0}

    assert early(counts, engine) == Bounds(1, 1)
    assert early({**counts, 34: 40.0}, engine) == Bounds(1, 1)
    assert early({**series({}, days=range(24)), 24: 40.0, 34: 40.0}, engine) == Bounds(2, 2)
    assert early({**series({}, days=range(31)), 31: 10.0, 32: 10.0}, engine) == Bounds(0, 0)


@pytest.mark.parametrize("stop", ["progression", "subsequent_therapy"])
def test_early_days_end_with_progression_or_the_next_therapy(stop: str, engine: Engine) -> None:
    timeline = course_of("platelets", series({range(4, 12): 40}), milestones={stop: 9})

    assert final_bounds(timeline, "t-icaht-2025.early", 38, engine) == Bounds(1, 1)


@pytest.mark.parametrize(
    ("second", "table", "coding"),
    [(100.5, 0, 0), (100, 0, 1), (99.5, 1, 1), (50, 1, 2), (49.5, 2, 2), (20, 2, 3), (19.5, 3, 3)],
)
def test_late_grades_1_to_3_need_two_counts_below(second: float, table: int, coding: int, engine: Engine) -> None:
    counts = {31: 150.0, 50: 10.0, 51: second, 52: 150.0, 100: 150.0}

    assert late(counts, engine) == Bounds(table, table)
    assert late(counts, engine, **AS_CODED_LATE) == Bounds(coding, coding)


@pytest.mark.parametrize(("days", "expected"), [(13, 3), (14, 4)])
def test_late_grade_4_needs_fourteen_days_below_20(days: int, expected: int, engine: Engine) -> None:
    counts = {31: 150.0, 39: 150.0, 40: 10.0, 40 + days - 1: 10.0, 40 + days: 150.0, 100: 150.0}

    assert late(counts, engine) == Bounds(expected, expected)


def test_late_days_before_the_first_and_after_the_last_count_are_never_filled(engine: Engine) -> None:
    assert late({31: 150.0, 45: 15.0, 47: 15.0}, engine) == Bounds(3, 4)
    assert late({31: 150.0, 45: 15.0, 47: 15.0, 48: 150.0, 100: 150.0}, engine) == Bounds(3, 3)


def test_fewer_than_two_late_counts_are_not_graded(engine: Engine) -> None:
    assert late({45: 15.0}, engine).low == 0
    assert late({10: 15.0}, engine) == Bounds(0, 4)
