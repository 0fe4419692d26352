"""Early ICAHT against the public grading program: its rules, its trailing-gap defect, and where we differ by choice.

The expected grades were obtained by running the public program, or a re-implementation of it that reproduces its published
results, on the series printed here. Counts are in cells per microlitre, by relative day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reference.lab_courses import Daily, at_day, course_of, final_bounds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.engine.plain.days import round_to
from vein2vein.engine.plain.engine import verdict_at
from vein2vein.knowledge.registry import default_registry

AS_PUBLISHED = {"round_to": "0.01", "count_trailing": "true", "method": "longest", "fill": "linear"}
DAYS = range(31)


def grade(
    counts: Mapping[int, Daily], engine: Engine, *, followed_to_day: int | None = None, **parameters: Any
) -> Bounds:
    timeline = course_of("neutrophils", counts, per=1000, followed_to_day=followed_to_day)
    return final_bounds(timeline, "ebmt-2023.icaht-early", 31, engine, **parameters)


def series(low: Mapping[range, float], high: float = 2000, days: range = DAYS) -> dict[int, Daily]:
    """A count for every day: `high`, or the count of the range the day lies in."""
    return {day: next((v for span, v in low.items() if day in span), high) for day in days}


@pytest.mark.parametrize(
    ("days_low", "days_profound", "expected"),
    [
        (0, 0, 0),
        (1, 0, 1),
        (6, 0, 1),
        (7, 0, 2),
        (13, 0, 2),
        (14, 0, 3),
        (26, 0, 3),
        (6, 6, 1),
        (10, 6, 2),
        (10, 7, 3),
        (13, 13, 3),
        (14, 14, 4),
        (20, 13, 3),
        (20, 14, 4),
    ],
)
@pytest.mark.parametrize("parameters", [{}, AS_PUBLISHED], ids=["default", "as-published"])
def test_grade_follows_the_length_of_the_longest_run(
    days_low: int, days_profound: int, expected: int, parameters: dict[str, str], engine: Engine
) -> None:
    counts = series({range(4, 4 + days_low): 300}) | dict.fromkeys(range(4, 4 + days_profound), 90.0)

    assert grade(counts, engine, **parameters) == Bounds(expected, expected)


@pytest.mark.parametrize("parameters", [{}, AS_PUBLISHED], ids=["default", "as-published"])
def test_never_above_500_is_grade_4(parameters: dict[str, str], engine: Engine) -> None:
    always = series({DAYS: 400})

    assert grade(always, engine, **parameters, unrecovered_run="not-counted") == Bounds(4, 4)
    assert grade({**always, 30: 700}, engine, **parameters | {"count_trailing": "false"}) == Bounds(3, 3)


@pytest.mark.parametrize(("count", "expected"), [(499, 1), (500, 1), (501, 0)])
def test_a_count_of_exactly_500_is_neutropenic(count: int, expected: int, engine: Engine) -> None:
    assert grade(series({range(10, 11): count}), engine) == Bounds(expected, expected)


def test_the_lowest_of_several_counts_of_a_day_is_taken(engine: Engine) -> None:
    counts: dict[int, Daily] = {**series({}), 10: [2000, 450, 1200]}

    assert grade(counts, engine) == Bounds(1, 1)


def test_days_before_the_infusion_and_after_day_30_do_not_count(engine: Engine) -> None:
    counts: dict[int, Daily] = {**series({}), -2: 100, -1: 100, 31: 100}

    assert grade(counts, engine) == Bounds(0, 0)


def test_seven_missing_days_are_filled_and_eight_are_not(engine: Engine) -> None:
    seven = {d: 300.0 if 5 <= d <= 13 else 2000.0 for d in DAYS if not 6 <= d <= 12}
    eight = {d: 300.0 if 5 <= d <= 14 else 2000.0 for d in DAYS if not 6 <= d <= 13}

    # eight days nobody knows could also all be at or below 100
    assert grade(seven, engine) == Bounds(2, 2)
    assert grade(eight, engine) == Bounds(1, 3)


def test_without_filling_missing_days_open_the_bounds(engine: Engine) -> None:
    seven = {d: 300.0 if 5 <= d <= 13 else 2000.0 for d in DAYS if not 6 <= d <= 12}

    assert grade(seven, engine, fill="none") == Bounds(1, 3)


def test_missing_days_are_filled_on_a_straight_line(engine: Engine) -> None:
    # 300 on day 5 and 700 on day 9: 400 and 500 on days 6 and 7 are neutropenic, 600 on day 8 is not
    fell = {d: 2000.0 for d in DAYS if not 5 <= d <= 9} | {5: 300.0, 9: 700.0}
    seven_days = fell | {1: 300.0, 2: 300.0, 3: 300.0, 4: 300.0}

    assert grade(fell, engine) == Bounds(1, 1)
    assert grade(seven_days, engine, unrecovered_run="not-counted") == Bounds(2, 2)
    assert grade({**seven_days, 9: 690.0}, engine) == Bounds(2, 2)
    assert grade({**seven_days, 9: 720.0}, engine) == Bounds(1, 1)


def test_a_tail_of_seven_days_is_carried_and_one_of_eight_is_not(engine: Engine) -> None:
    up_to_23 = series({range(20, 24): 300}, days=range(24))
    up_to_22 = series({range(20, 23): 300}, days=range(23))

    assert grade(up_to_23, engine) == Bounds(2, 2)
    assert grade(up_to_22, engine) == Bounds(1, 3)


def test_two_missing_days_inside_a_run_are_bridged_and_three_are_not(engine: Engine) -> None:
    two = {d: c for d, c in series({range(5, 13): 300}).items() if d not in {8, 9}}
    three = {d: c for d, c in series({range(5, 13): 300}).items() if d not in {7, 8, 9}}

    assert grade(two, engine, fill="none") == Bounds(2, 2)
    assert grade(three, engine, fill="none") == Bounds(1, 2)


@pytest.mark.parametrize(("count", "rounded"), [(445, 440), (455, 460), (501, 500), (505, 500), (506, 510), (105, 100)])
def test_rounding_goes_to_the_nearest_ten_and_halves_to_even(count: int, rounded: int) -> None:
    assert round_to(count / 1000, 0.01) == rounded / 1000


@pytest.mark.parametrize(("count", "measured", "as_published"), [(500, 1, 1), (501, 0, 1), (505, 0, 1), (506, 0, 0)])
def test_rounding_an_observed_501_to_505_makes_it_neutropenic(
    count: int, measured: int, as_published: int, engine: Engine
) -> None:
    counts = series({range(10, 11): count})

    assert grade(counts, engine) == Bounds(measured, measured)
    assert grade(counts, engine, round_to="0.01") == Bounds(as_published, as_published)


@pytest.mark.parametrize(("gap", "expected"), [(1, 3), (2, 3), (3, 2)])
def test_two_runs_of_seven_days_are_joined_over_at_most_two_recovered_days(
    gap: int, expected: int, engine: Engine
) -> None:
    counts = series({range(4, 11): 300, range(11 + gap, 18 + gap): 300})

    assert grade(counts, engine) == Bounds(expected, expected)


def test_recovered_days_inside_a_joined_run_count(engine: Engine) -> None:
    # 6 days, 1 recovered, 6 days: 13 joined days; with 2 recovered days 14
    assert grade(series({range(4, 10): 300, range(11, 17): 300}), engine) == Bounds(2, 2)
    assert grade(series({range(4, 10): 300, range(12, 18): 300}), engine) == Bounds(3, 3)


def test_longest_and_cumulative_runs_differ(engine: Engine) -> None:
    counts = series({range(2, 7): 300, range(12, 17): 300})

    assert grade(counts, engine) == Bounds(1, 1)
    assert grade(counts, engine, method="cumulative") == Bounds(2, 2)


@pytest.mark.parametrize(("starts", "expected"), [(0, 4), (3, 4), (4, 2)])
def test_a_short_run_up_to_death_is_grade_4_when_it_started_by_day_3(
    starts: int, expected: int, engine: Engine
) -> None:
    counts = series({range(starts, 13): 300}, days=range(13))

    assert grade(counts, engine, followed_to_day=12) == Bounds(expected, expected)
    assert grade(counts, engine, followed_to_day=12, **AS_PUBLISHED) == Bounds(expected, expected)


def test_death_on_day_16_without_recovery_is_grade_3_only_by_length(engine: Engine) -> None:
    counts = series({range(2, 17): 300}, days=range(17))

    assert grade(counts, engine, followed_to_day=16) == Bounds(4, 4)
    assert grade(counts, engine, followed_to_day=16, unrecovered_run="not-counted") == Bounds(3, 3)


def test_a_delayed_nadir_that_never_recovers_by_day_30_is_grade_4(engine: Engine) -> None:
    counts = series({range(3, 31): 300})

    assert grade(counts, engine) == Bounds(4, 4)
    assert grade(counts, engine, unrecovered_run="not-counted") == Bounds(3, 3)


def test_while_the_course_goes_on_an_unrecovered_run_is_graded_by_its_length(engine: Engine) -> None:
    timeline = course_of("neutrophils", series({range(2, 13): 300}, days=range(13)), per=1000)

    assert final_bounds(timeline, "ebmt-2023.icaht-early", 12, engine) == Bounds(2, 2)


TRAILING = [
    # counts, end of follow-up, grade without the defect, grade by the defective length, grade with the rule on unrecovered runs
    pytest.param(series({range(2, 8): 300}, days=range(9)) | {9: 3000}, 9, 1, 2, 4, id="six-days-then-two-recovered"),
    pytest.param(series({range(7): 160}, days=range(8)) | {8: 3000}, 8, 2, 2, 4, id="seven-days-then-two-recovered"),
    pytest.param(series({range(25, 29): 300}) | {29: 1500}, None, 1, 1, 1, id="four-days-then-two-recovered-by-day-30"),
    pytest.param(
        series({range(2, 8): 300}, days=range(9)) | {9: 3000, 10: 3000}, 10, 1, 1, 1, id="six-days-then-three-recovered"
    ),
]


@pytest.mark.parametrize(("counts", "followed_to_day", "without", "by_length", "with_rule"), TRAILING)
def test_trailing_recovered_days_count_only_as_the_public_helper_counts_them(
    counts: dict[int, Daily], followed_to_day: int | None, without: int, by_length: int, with_rule: int, engine: Engine
) -> None:
    def graded(**parameters: str) -> Bounds:
        return grade(counts, engine, followed_to_day=followed_to_day, **parameters)

    assert graded() == Bounds(without, without)
    assert graded(count_trailing="true", unrecovered_run="not-counted") == Bounds(by_length, by_length)
    assert graded(count_trailing="true") == Bounds(with_rule, with_rule)


def test_days_after_progression_count_unless_chosen_otherwise(engine: Engine) -> None:
    timeline = course_of(
        "neutrophils", series({range(4, 18): 300}), per=1000, milestones={"progression": 9, "subsequent_therapy": 14}
    )

    def with_stops(**parameters: str) -> Bounds:
        return final_bounds(timeline, "ebmt-2023.icaht-early", 31, engine, **parameters, unrecovered_run="not-counted")

    assert with_stops() == Bounds(3, 3)
    assert with_stops(stop_at_progression="progression") == Bounds(1, 1)
    assert with_stops(stop_at_next_therapy="subsequent_therapy") == Bounds(2, 2)


def test_no_count_at_all_leaves_every_grade_open(engine: Engine) -> None:
    timeline = course_of("platelets", dict.fromkeys(DAYS, 200))

    assert final_bounds(timeline, "ebmt-2023.icaht-early", 31, engine) == Bounds(0, 4)


def test_the_verdict_names_the_run_the_counts_and_every_open_point() -> None:
    timeline = course_of("neutrophils", series({range(4, 12): 300}), per=1000)
    rule = default_registry().get("ebmt-2023.icaht-early")

    verdict = verdict_at(timeline, rule, at_day(31))

    assert verdict.bounds == Bounds(2, 2)
    assert verdict.deciding == ("one_week_at_most_500",)
    used = {given.name: given for given in verdict.inputs}
    assert "8" in used["days_at_most_500"].shown
    assert len(used["days_at_most_500"].rows) == 31
    assert set(verdict.parameters) == set(rule.parameters)
    assert verdict.parameters["method"] == "longest"
