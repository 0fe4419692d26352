"""Grades over time: bounds now, hours at a grade, onset; from the plain engine and from verdict tables alike."""

from __future__ import annotations

import math

from builders import severe
from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import grade_cohort
from vein2vein.journey.guidance.grades import Grades, GradeSteps
from vein2vein.knowledge.registry import rule_set
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.cohort import Cohort

H = hours(1)
STEPS = GradeSteps(
    (0, 10 * H, 20 * H, 30 * H, 40 * H),
    (Bounds(0, 0), Bounds(1, 2), Bounds(2, 2), Bounds(1, 1), None),
)


def test_the_step_that_begins_at_an_instant_holds_from_then_on() -> None:
    assert STEPS.at(-1) is None
    assert STEPS.at(10 * H - 1) == Bounds(0, 0)
    assert STEPS.at(10 * H) == Bounds(1, 2)
    assert STEPS.at(50 * H) is None


def test_hours_at_a_grade_are_certain_from_the_lower_bound_and_possible_from_the_upper() -> None:
    assert STEPS.hours_at(1, 25 * H) == NumberRange(15, 15)
    assert STEPS.hours_at(2, 25 * H) == NumberRange(5, 15)
    assert STEPS.hours_at(2, 15 * H) == NumberRange(0, 5)
    assert STEPS.hours_at(3, 25 * H) == NumberRange(0, 0)


def test_a_lower_grade_breaks_the_hours() -> None:
    assert STEPS.hours_at(2, 35 * H) == NumberRange(0, 0)
    assert STEPS.hours_at(1, 35 * H) == NumberRange(25, 25)


def test_where_nothing_is_said_the_hours_are_anything() -> None:
    assert STEPS.hours_at(1, 45 * H) == NumberRange(0, math.inf)
    assert GradeSteps().hours_at(1, 5) == NumberRange(0, math.inf)


def test_onset_looks_at_no_later_step() -> None:
    assert STEPS.onset(5 * H) == (None, None)
    assert STEPS.onset(10 * H) == (10 * H, 10 * H)
    unsure = GradeSteps((0, 3 * H, 9 * H), (Bounds(0, 1), Bounds(0, 0), Bounds(1, 1)))
    assert unsure.onset(5 * H) == (0, None)
    assert unsure.onset(9 * H) == (0, 9 * H)


def test_of_two_scales_of_a_subject_the_one_that_applies_counts() -> None:
    adult = GradeSteps((0, 10 * H), (Bounds(1, 1), None))
    child = GradeSteps((5 * H,), (Bounds(3, 3),))
    joined = Grades({"adult": adult, "child": child}).of(("adult", "child"))
    assert [joined.at(t * H) for t in (0, 5, 10)] == [Bounds(1, 1), Bounds(1, 3), Bounds(3, 3)]
    assert Grades({}).of(("adult",)).at(0) is None


def test_a_verdict_table_gives_the_same_grades_as_the_plain_engine() -> None:
    timeline = severe()
    rules = [rule_set("astct-2019.crs"), rule_set("ebmt-2023.icaht-early")]
    cohort = Cohort.of_timelines([timeline])
    end = timeline.course.followed_until
    assert end is not None
    table = Grades.of_verdicts(grade_cohort(cohort, rules).verdicts.iter_rows(named=True))
    plain = Grades.of_timeline(timeline, rules, end)
    assert timeline.course.infused_at is not None
    begin = to_microseconds(timeline.course.infused_at)
    for rule in rules:
        seen = {
            (table.of((rule.id,)).at(begin + t * H), plain.of((rule.id,)).at(begin + t * H)) for t in range(0, 480, 3)
        }
        assert all(one == other for one, other in seen)
        assert len(seen) > 1, "the course has more than one grade"
