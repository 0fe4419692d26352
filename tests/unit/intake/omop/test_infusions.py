"""Infusions become courses, and rows find theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from vein2vein.intake.omop.infusions import COLUMNS, courses_of
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.rows import in_courses
from vein2vein.record.tables import Instant

DAY_0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPTIONS = Options(zone="Europe/Berlin")


def told(*rows: tuple[str, float, str, str | None]) -> pl.DataFrame:
    """Infusion rows of person 7: table, days after the first, product, reason of a doubtful time."""
    listed = [
        (table, n + 1, 7, product, DAY_0 + timedelta(days=days), reason, "")
        for n, (table, days, product, reason) in enumerate(rows)
    ]
    return pl.DataFrame(listed, schema=dict(COLUMNS), orient="row")


def test_a_drug_and_a_procedure_of_one_day_are_one_infusion_at_the_exact_time() -> None:
    rows = told(
        ("procedure_occurrence", -0.4, "unspecified", "INTAKE-020"), ("drug_exposure", 0, "tisagenlecleucel", None)
    )
    (course,) = courses_of(rows, OPTIONS)
    assert (course.product, course.infused_at, course.fractions) == ("tisagenlecleucel", DAY_0, ())


def test_the_day_is_that_of_the_centre_not_of_utc() -> None:
    late = told(
        ("drug_exposure", 14.5 / 24, "tisagenlecleucel", None), ("drug_exposure", 13.5 / 24, "tisagenlecleucel", None)
    )
    (course,) = courses_of(late, OPTIONS)
    assert len(course.fractions) == 1


def test_a_fraction_within_the_days_declared_belongs_to_the_course() -> None:
    at_limit = told(("drug_exposure", 0, "a", None), ("drug_exposure", 30, "a", None))
    beyond = told(("drug_exposure", 0, "a", None), ("drug_exposure", 31, "a", None))
    assert len(courses_of(at_limit, OPTIONS)) == 1
    assert len(courses_of(beyond, OPTIONS)) == 2


def test_another_product_opens_another_course_however_soon() -> None:
    courses = courses_of(told(("drug_exposure", 0, "a", None), ("drug_exposure", 5, "b", None)), OPTIONS)
    assert [course.product for course in courses] == ["a", "b"]
    # it never reaches back over the infusion before it
    assert courses[1].from_at == DAY_0 + timedelta(seconds=1)
    assert courses[0].until_at == courses[1].from_at


def test_an_infusion_without_an_instant_makes_no_course() -> None:
    rows = told(("drug_exposure", 0, "a", "INTAKE-009")).with_columns(pl.lit(None, dtype=Instant).alias("at"))
    assert courses_of(rows, OPTIONS) == []


def test_rows_belong_to_the_course_whose_interval_holds_them() -> None:
    courses = courses_of(told(("drug_exposure", 0, "a", None), ("drug_exposure", 100, "a", None)), OPTIONS)
    days = [-366, -365, 0, 69, 70, 150]
    rows = pl.DataFrame(
        {
            "person_id": [7] * len(days),
            "at": [DAY_0 + timedelta(days=day) for day in days],
            "ended_at": pl.Series([None] * len(days), dtype=Instant),
        },
        schema_overrides={"at": Instant},
    )
    assert in_courses(rows, courses)["course_id"].to_list() == [None, "7-1", "7-1", "7-1", "7-2", "7-2"]


def test_an_interval_that_still_runs_when_the_course_begins_belongs_to_it() -> None:
    courses = courses_of(told(("drug_exposure", 0, "a", None)), OPTIONS)
    began = DAY_0 - timedelta(days=400)
    rows = pl.DataFrame(
        {"person_id": [7, 7], "at": [began, began], "ended_at": [DAY_0, began]},
        schema_overrides={"at": Instant, "ended_at": Instant},
    )
    assert in_courses(rows, courses)["course_id"].to_list() == ["7-1", None]
