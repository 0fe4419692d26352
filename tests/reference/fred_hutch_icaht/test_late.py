"""Late ICAHT against the public grading program: the two lowest counts, and where the window ends.

Counts are in cells per microlitre, by relative day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reference.lab_courses import Daily, course_of, final_bounds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine


def grade(counts: Mapping[int, Daily], engine: Engine, **parameters: Any) -> Bounds:
    return final_bounds(course_of("neutrophils", counts, per=1000), "ebmt-2023.icaht-late", 100, engine, **parameters)


@pytest.mark.parametrize(
    ("lowest", "second", "expected"),
    [
        (1501, 1600, 0),
        (1500, 1500, 1),
        (1001, 1500, 1),
        (1000, 1500, 2),
        (501, 1500, 2),
        (500, 1500, 3),
        (101, 1500, 3),
        (100, 1500, 4),
        (90, 90, 4),
        (90, 1501, 0),
        (1400, 1501, 0),
    ],
)
def test_grade_follows_the_lowest_count_unless_the_second_shows_it_was_transient(
    lowest: int, second: int, expected: int, engine: Engine
) -> None:
    assert grade({40: 3000, 50: lowest, 60: second, 70: 3000}, engine) == Bounds(expected, expected)


def test_100_5_cells_fall_through_no_gap_between_the_grades(engine: Engine) -> None:
    """A public port tests whole numbers only and grades 100.5 as 0."""
    assert grade({50: 100.5, 60: 900}, engine) == Bounds(3, 3)


def test_a_single_count_is_graded_only_when_that_is_chosen(engine: Engine) -> None:
    assert grade({50: 400}, engine) == Bounds(0, 3)
    assert grade({50: 400}, engine, single_count="counts") == Bounds(3, 3)
    assert grade({50: 3000}, engine) == Bounds(0, 0)


def test_two_counts_of_one_day_are_one_measurement(engine: Engine) -> None:
    assert grade({50: [400, 450]}, engine) == Bounds(0, 3)


def test_no_count_leaves_every_grade_open(engine: Engine) -> None:
    assert grade({10: 100, 20: 100}, engine) == Bounds(0, 4)


def test_the_window_is_day_31_to_day_100(engine: Engine) -> None:
    assert grade({30: 90, 40: 3000, 60: 3000}, engine) == Bounds(0, 0)
    assert grade({31: 90, 40: 900, 60: 3000}, engine) == Bounds(4, 4)
    assert grade({40: 900, 60: 3000, 100: 90}, engine) == Bounds(4, 4)


@pytest.mark.parametrize("stop", ["progression", "subsequent_therapy"])
@pytest.mark.parametrize(("day", "expected"), [(59, 2), (60, 4)])
def test_days_up_to_and_including_progression_or_the_next_therapy_count(
    stop: str, day: int, expected: int, engine: Engine
) -> None:
    timeline = course_of("neutrophils", {40: 900, 50: 900, 60: 90}, per=1000, milestones={stop: day})

    assert final_bounds(timeline, "ebmt-2023.icaht-late", 100, engine) == Bounds(expected, expected)


def test_one_deep_count_is_early_grade_1_and_late_grade_4(engine: Engine) -> None:
    early = {day: 90.0 if day == 10 else 2000.0 for day in range(31)}
    late = {40: 90.0, 50: 90.0}
    timeline = course_of("neutrophils", early | late, per=1000)

    assert final_bounds(timeline, "ebmt-2023.icaht-early", 31, engine) == Bounds(1, 1)
    assert final_bounds(timeline, "ebmt-2023.icaht-late", 100, engine) == Bounds(4, 4)
