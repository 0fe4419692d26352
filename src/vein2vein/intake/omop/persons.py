"""Persons, deaths and observation periods of the patients with a course.

Place    Floor 3, intake.
In       An open source, the courses.
Out      Patients and courses as cohort tables, milestones of infusion, fraction and death, and the fate of each row read.
Knows    A birth date without day or month is taken at its first day (INTAKE-019). The end of an observation period includes
         its day. A death known to its day only stands near the end of that day (intake.canonical).
Missing  Without an observation period around the infusion the end of the follow-up stays empty.
Does not Guess a cause of death from a diagnosis code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from vein2vein.basis.clock import day_start, from_microseconds
from vein2vein.intake import words
from vein2vein.intake.book import FaultBook
from vein2vein.intake.given import late_in_its_day
from vein2vein.intake.omop import clock
from vein2vein.intake.omop.concepts import convention_concepts
from vein2vein.intake.omop.infusions import Course
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.source import Source, numbers
from vein2vein.intake.omop.wanted import conventions
from vein2vein.intake.times import birth_dates, note_times
from vein2vein.record import tables


@dataclass(frozen=True)
class PeopleRows:
    """Rows of persons, deaths and observation periods of the patients with a course, as read."""

    persons: pl.DataFrame
    deaths: pl.DataFrame
    periods: pl.DataFrame

    def counts(self) -> dict[str, int]:
        """Rows read, by table."""
        return {"person": self.persons.height, "death": self.deaths.height, "observation_period": self.periods.height}


_PERSONS: Final[Mapping[str, Any]] = {"person_id": pl.Int64, "sex": pl.String, "born_on": pl.String}
_DEATHS: Final[Mapping[str, Any]] = {
    "person_id": pl.Int64, "at": tables.Instant, "at_reason": pl.String, "at_sent": pl.String, "cause": pl.String,
}  # fmt: skip
_PERIODS: Final[Mapping[str, Any]] = {"row": pl.Int64, "person_id": pl.Int64, "begins": pl.Date, "ends": pl.Date}


def read_people(source: Source, courses: list[Course], options: Options) -> PeopleRows:
    """Read who the persons of the courses are, when they died and how long they were observed."""
    ids = sorted({course.person_id for course in courses})
    return PeopleRows(
        _persons(source, ids),
        _deaths(source, ids, options) if source.has("death") else pl.DataFrame(schema=_DEATHS),
        _periods(source, ids) if source.has("observation_period") else pl.DataFrame(schema=_PERIODS),
    )


def _persons(source: Source, ids: list[int]) -> pl.DataFrame:
    frame = source.frame(
        f"SELECT p.person_id, p.gender_concept_id, p.gender_source_value, p.year_of_birth, p.month_of_birth,"  # noqa: S608
        f" p.day_of_birth FROM {source.relation('person')} p WHERE p.person_id IN ({numbers(ids)}) ORDER BY 1"
    )
    sexes = convention_concepts(source, conventions().sex)
    written = {c.code.casefold(): name for name, c in conventions().sex.items()} | {n: n for n in conventions().sex}
    sex = [
        sexes.get(concept or 0) or written.get((text or "").strip().casefold())
        for concept, text in frame.select("gender_concept_id", "gender_source_value").iter_rows()
    ]
    year, month, day = (
        pl.col(f"{part}_of_birth").cast(pl.String).str.zfill(width)
        for part, width in (("year", 4), ("month", 2), ("day", 2))
    )
    # A part that is missing ends the text, so that a year or a month alone is seen for what it is.
    born = pl.concat_str(
        year,
        pl.when(month.is_not_null()).then(pl.format("-{}", month)).otherwise(pl.lit("")),
        pl.when(month.is_not_null() & day.is_not_null()).then(pl.format("-{}", day)).otherwise(pl.lit("")),
    )
    return frame.with_columns(pl.Series("sex", sex, dtype=pl.String), born.alias("born_on")).select(
        pl.col(name).cast(dtype) for name, dtype in _PERSONS.items()
    )


def _deaths(source: Source, ids: list[int], options: Options) -> pl.DataFrame:
    frame = source.frame(
        f"SELECT d.* FROM {source.relation('death')} d WHERE d.person_id IN ({numbers(ids)}) ORDER BY 1"  # noqa: S608
    )
    frame = clock.put(frame, date="death_date", datetime="death_datetime", into="at", options=options)
    return frame.rename({"cause_source_value": "cause"}).select(
        pl.col(name).cast(dtype) for name, dtype in _DEATHS.items()
    )


def _periods(source: Source, ids: list[int]) -> pl.DataFrame:
    frame = source.frame(
        f"SELECT o.observation_period_id AS number, o.person_id, o.observation_period_start_date AS begins,"  # noqa: S608
        f" o.observation_period_end_date AS ends FROM {source.relation('observation_period')} o"
        f" WHERE o.person_id IN ({numbers(ids)}) ORDER BY 1"
    )
    return frame.rename({"number": "row"}).select(pl.col(name).cast(dtype) for name, dtype in _PERIODS.items())


def patients(rows: PeopleRows, book: FaultBook) -> pl.DataFrame:
    """The cohort table of patients; partial birth dates are named in the book."""
    frame = rows.persons.with_columns(
        pl.lit("person").alias("file"),
        pl.col("person_id").alias("row"),
        pl.col("person_id").cast(pl.String).alias("patient_id"),
    )
    frame = birth_dates(frame, "born_on")
    note_times(frame, "born_on", book)
    return frame.select("file", "row", *tables.PATIENTS)


def deaths(rows: PeopleRows) -> pl.DataFrame:
    """Raw milestones of death, with person_id in place of the course."""
    known = words.details("death")
    detail = [known.get(words.plain(text)) if text else None for text in rows.deaths["cause"].to_list()]
    frame = rows.deaths.with_columns(
        pl.lit("death").alias("file"),
        pl.col("person_id").alias("row"),
        pl.lit("death").alias("kind"),
        pl.Series("detail", detail, dtype=pl.String),
    )
    return frame.drop("cause")


@dataclass(frozen=True)
class CourseRows:
    """The cohort table of courses, and the rows of observation_period that say how long they were followed."""

    courses: pl.DataFrame
    periods: pl.DataFrame


def course_rows(courses: tuple[Course, ...], rows: PeopleRows, options: Options) -> CourseRows:
    """Courses of known persons, each followed until its observation period ends, the person dies or the next begins."""
    deaths = rows.deaths.filter(pl.col("at").is_not_null())
    died = dict(deaths.select("person_id", late_in_its_day("at", "at_reason")).iter_rows())
    known = set(rows.persons["person_id"].to_list())
    zone = options.zone or "UTC"
    by_person = rows.periods.drop_nulls().partition_by("person_id", as_dict=True)
    table, used = [], []
    for course in courses:
        if course.person_id not in known:
            continue
        until, row = _followed_until(course, by_person.get((course.person_id,)), zone)
        if row is not None:
            used.append(("observation_period", row))
        ends = [at for at in (until, died.get(course.person_id), course.until_at) if at is not None]
        followed = max(min(ends), course.infused_at) if until is not None or course.person_id in died else None
        patient = str(course.person_id)
        table.append(
            (course.course_id, patient, course.product, None, options.centre_id, zone, course.infused_at, followed)
        )
    places = pl.DataFrame(used, schema={"file": pl.String, "row": pl.Int64}, orient="row").unique(maintain_order=True)
    return CourseRows(pl.DataFrame(table, schema=dict(tables.COURSES), orient="row"), places)


def _followed_until(course: Course, periods: pl.DataFrame | None, zone: str) -> tuple[datetime | None, int | None]:
    """First instant after the observation period that holds the infusion."""
    for row, _, begins, ends in () if periods is None else periods.iter_rows():
        from_at, until_at = (from_microseconds(day_start(day, zone)) for day in (begins, ends + timedelta(days=1)))
        if from_at <= course.infused_at < until_at:
            return until_at, int(row)
    return None, None


def infusion_milestones(courses: tuple[Course, ...], infusions: pl.DataFrame) -> pl.DataFrame:
    """Raw milestones of infusion and fraction, with person_id: one per instant, told by the row that gave the instant."""
    wanted = [
        (course.person_id, course.course_id, "infusion" if at == course.infused_at else "fraction", at)
        for course in courses
        for at in (course.infused_at, *course.fractions)
    ]
    schema: Mapping[str, Any] = {
        "person_id": pl.Int64, "course_id": pl.String, "kind": pl.String, "at": tables.Instant,
    }  # fmt: skip
    frame = pl.DataFrame(wanted, schema=schema, orient="row")
    told = infusions.sort("file", "row").unique(["person_id", "at"], keep="first", maintain_order=True)
    return frame.join(told.drop("product"), on=["person_id", "at"], how="left", maintain_order="left")
