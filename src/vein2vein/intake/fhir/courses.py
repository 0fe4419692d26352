"""Make courses of infusions and orders, and say to which course a row belongs.

Place    Floor 3, FHIR adapter.
In       Infusions and orders with patient and instant; the options.
Out      `Course` values; frames of rows with their course.
Knows    Infusions of one patient on one local day are one infusion, told by several resources (a Procedure and a
         MedicationAdministration). A later infusion of the same or an unnamed product within `same_course_days` of the first
         is a fraction; any other opens a course of its own. An order without any infusion is a course without day 0.
         A row belongs to the course that is open at its time; an interval also to the courses that begin while it lasts.
Missing  A patient without infusion or order has no course, and the rows have none.
Checked  tests/unit/intake/test_fhir_assemble.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from vein2vein.intake.fhir.options import Options
from vein2vein.intake.placing import by_local_day
from vein2vein.record.tables import Instant

_WINDOW: Any = {"course_id": pl.String, "patient": pl.String, "from_at": Instant, "until_at": Instant}


@dataclass(frozen=True, slots=True)
class Course:
    """One course of one patient.

    Attributes:
        infused_at: Day 0; None for a product that was ordered and not given.
        from_at: First instant of rows that belong to it, inclusive; None for a course without infusion: all rows.
        until_at: First instant of rows that belong to the next course of the patient; None for the last.
        fractions: Instants of further infusions of the same course.
    """

    course_id: str
    patient: str
    product: str | None
    indication: str | None
    infused_at: datetime | None
    from_at: datetime | None
    until_at: datetime | None
    fractions: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    at: datetime
    product: str | None
    course: str | None
    indication: str | None


def courses_of(infusions: pl.DataFrame, orders: pl.DataFrame, options: Options) -> list[Course]:
    """Courses by patient and time.

    Args:
        infusions: Columns patient, at, at_reason, product, course, indication; rows without an instant are left out.
        orders: Columns patient, product, course, indication.
        options: How infusions are joined into courses.
    """
    courses: list[Course] = []
    placed = infusions.filter(pl.col("at").is_not_null()).sort("patient", "at", maintain_order=True)
    for (patient,), rows in placed.group_by("patient", maintain_order=True):
        courses += _of_patient(str(patient), list(_days(rows, options.zone or "UTC")), options)
    infused = {course.patient for course in courses}
    for (patient,), rows in orders.group_by("patient", maintain_order=True):
        if patient not in infused:
            said = {name: next(iter(rows[name].drop_nulls()), None) for name in ("product", "course", "indication")}
            id = said["course"] or f"{patient_id(str(patient))}-1"
            courses.append(Course(id, str(patient), said["product"], said["indication"], None, None, None))
    return sorted(courses, key=lambda course: course.course_id)


def with_course(frame: pl.DataFrame, courses: list[Course], *, time: str, end: str | None = None) -> pl.DataFrame:
    """The rows with a column course_id: null where no course is open at the time; rows without a time go to the first.

    Args:
        frame: Columns patient and `time`.
        courses: All courses.
        time: Column of instants.
        end: Column with the end of an interval, for rows that reach into further courses (they occur once for each).
    """
    windows = pl.DataFrame(
        [(c.course_id, c.patient, c.from_at, c.until_at) for c in courses], schema=_WINDOW, orient="row"
    )
    first = (
        windows.sort("patient", "from_at")
        .group_by("patient", maintain_order=True)
        .agg(pl.col("course_id").first().alias("first"))
    )
    numbered = frame.with_row_index("_row").join(first, on="patient", how="left", maintain_order="left")
    at = pl.col(time)
    begins = pl.col("from_at").is_null() | (at >= pl.col("from_at"))
    if end is not None:
        # A row without an end lasts; one that is still on when a later course begins belongs to that course too.
        begins = begins | pl.col(end).is_null() | (pl.col(end) > pl.col("from_at"))
    inside = begins & (pl.col("until_at").is_null() | (at < pl.col("until_at")))
    pairs = (
        numbered.lazy()
        .select("_row", "patient", time, *([] if end is None else [end]))
        .join(windows.lazy(), on="patient")
        .filter(inside)
        .select("_row", "course_id")
        .collect()
    )
    joined = numbered.join(pairs, on="_row", how="left", maintain_order="left")
    found = pl.when(at.is_null()).then(pl.col("first")).otherwise(pl.col("course_id"))
    return joined.with_columns(found.alias("course_id")).drop("_row", "first")


def patient_id(key: str) -> str:
    """The patient id of the record: the id of the resource, or its whole key when it has none."""
    return key.removeprefix("Patient/")


def _days(rows: pl.DataFrame, zone: str) -> Iterator[_Day]:
    """Infusions by local day, with the named product."""
    for day, at, listed in by_local_day(rows, zone):
        products = sorted({row["product"] for row in listed if row["product"]})
        said = [next((row[name] for row in listed if row[name]), None) for name in ("course", "indication")]
        yield _Day(day, at, " + ".join(products) or None, *said)


def _of_patient(patient: str, days: list[_Day], options: Options) -> list[Course]:
    groups: list[list[_Day]] = []
    for day in days:
        if groups and _is_fraction(groups[-1][0], day, options):
            groups[-1].append(day)
        else:
            groups.append([day])
    starts = [_start(groups, i, options) for i in range(len(groups))]
    return [
        Course(
            course_id=next((d.course for d in group if d.course), None) or f"{patient_id(patient)}-{i + 1}",
            patient=patient,
            product=next((d.product for d in group if d.product), None),
            indication=next((d.indication for d in group if d.indication), None),
            infused_at=group[0].at,
            from_at=starts[i],
            until_at=starts[i + 1] if i + 1 < len(groups) else None,
            fractions=tuple(d.at for d in group[1:]),
        )
        for i, group in enumerate(groups)
    ]


def _is_fraction(first: _Day, day: _Day, options: Options) -> bool:
    if first.course or day.course:
        return first.course == day.course
    same = day.product is None or first.product is None or day.product == first.product
    return same and (day.day - first.day).days <= options.same_course_days


def _start(groups: list[list[_Day]], i: int, options: Options) -> datetime:
    infused = groups[i][0].at
    if i == 0:
        return infused - timedelta(days=options.lead_days)
    # A later course never reaches back over the last infusion of the one before.
    return max(infused - timedelta(days=options.next_lead_days), groups[i - 1][-1].at + timedelta(seconds=1))
