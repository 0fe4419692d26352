"""Check patients and courses: one row each, their infusions, their births and deaths.

Place    Floor 3. A part of `checks`.
In       The tables of patients, courses and milestones.
Out      One row per patient and per course, with what their rows agree on; refused copies.
Does not Look at observations or exposures.
Checked  tests/unit/intake/test_checks.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook, refusals
from vein2vein.intake.tableset import Tables, completed, sight
from vein2vein.record import tables


def assign_courses(
    frame: pl.DataFrame, courses: pl.DataFrame, book: FaultBook, *, patient: str = "patient_id"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give rows that name only their patient the course of that patient.

    Args:
        frame: Rows with file, row, a patient column and perhaps course_id.
        courses: Columns course_id and patient_id.
        book: Faults are entered here.
        patient: Name of the patient column.

    Returns:
        The frame with course_id filled, and the refused rows: INTAKE-036 where the patient has several courses,
        INTAKE-031 where the patient has none. Rows with neither patient nor course pass through with a null course.
    """
    have = (
        frame if "course_id" in frame.columns else frame.with_columns(pl.lit(None, dtype=pl.String).alias("course_id"))
    )
    single = courses.group_by("patient_id").agg(
        pl.col("course_id").first().alias("_course"), pl.len().alias("_courses")
    )
    joined = have.join(single, left_on=patient, right_on="patient_id", how="left", maintain_order="left")
    asked = pl.col("course_id").is_null() & pl.col(patient).is_not_null()
    reason = (
        pl.when(asked & pl.col("_courses").is_null())
        .then(pl.lit("INTAKE-031"))
        .when(asked & (pl.col("_courses") > 1))
        .then(pl.lit("INTAKE-036"))
    )
    joined = joined.with_columns(reason.alias("reason"), pl.coalesce("course_id", "_course").alias("course_id"))
    lost = joined.filter(pl.col("reason").is_not_null())
    book.note_rows(sight(lost.filter(pl.col("reason") == "INTAKE-031"), patient), [], _no_course_of_patient)
    book.note_rows(sight(lost.filter(pl.col("reason") == "INTAKE-036"), patient), [], _many_courses_of_patient)
    rest = joined.filter(pl.col("reason").is_null()).drop("_course", "_courses", "reason")
    return rest, refusals(lost.drop("course_id"), pl.col("reason"))


def _no_course_of_patient(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-031",
        saw=f"rows of patients without a course, first {group['id']!r}",
        expected="a course for every patient with rows",
        fix="send the courses (patient, time of infusion), or correct the identifiers",
        effect="the rows are refused",
    )


def _many_courses_of_patient(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-036",
        saw=f"rows that name only a patient with several courses, first {group['id']!r}",
        expected="the course in every row of such a patient",
        fix="add a column with the course",
        effect="the rows are refused",
    )


def people(given: Tables, book: FaultBook, refused: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per patient and per course; every course has its patient."""
    patients = one_each(given.patients, "patient_id", book, refused)
    courses = one_each(given.courses, "course_id", book, refused)
    nobody = courses.filter(pl.col("patient_id").is_null())
    book.note_rows(sight(nobody, "course_id"), [], _course_without_patient)
    refused.append(refusals(nobody, "INTAKE-032"))
    courses = courses.filter(pl.col("patient_id").is_not_null())
    strangers = courses.join(patients, on="patient_id", how="anti", maintain_order="left")
    if given.patients.height:
        book.note_rows(sight(strangers.drop_nulls("file"), "patient_id"), [], _unknown_patient)
    added = strangers.select("patient_id").unique(maintain_order=True)
    patients = pl.concat([patients, completed(added, "patients")])
    together = pl.col("infused_at").is_not_null() & (pl.col("course_id").len().over("patient_id", "infused_at") > 1)
    several = courses.filter((pl.col("course_id").len().over("patient_id") > 1) & ~together)
    book.note_rows(sight(several.drop_nulls("file"), "patient_id"), [], _several_courses)
    at_once = courses.filter(together).drop_nulls("file")
    told = pl.format("{} of {} at {}", "course_id", "patient_id", _iso("infused_at"))
    book.note_rows(_with_examples(at_once, told), [], _courses_at_once)
    backwards = pl.col("followed_until") < pl.col("infused_at")
    told = pl.format("{} until {}, infused at {}", "course_id", _iso("followed_until"), _iso("infused_at"))
    book.note_rows(_with_examples(courses.filter(backwards).drop_nulls("file"), told), [], _follow_up_backwards)
    return patients, courses.with_columns(
        pl.when(~backwards.fill_null(value=False)).then(pl.col("followed_until")).alias("followed_until")
    )


def one_each(frame: pl.DataFrame, key: str, book: FaultBook, refused: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per identifier, with what all its rows agree on."""
    unnamed = frame.filter(pl.col(key).is_null())
    book.note_rows(unnamed.select("file", "row"), [], lambda _: _no_identifier(key))
    refused.append(refusals(unnamed, "INTAKE-032"))
    frame = frame.filter(pl.col(key).is_not_null())
    if frame[key].n_unique() == frame.height:
        return frame
    fields = [name for name in frame.columns if name not in {"file", "row", key}]
    differs = pl.any_horizontal([pl.col(name).drop_nulls().n_unique().over(key) > 1 for name in fields])
    frame = frame.with_columns(differs.alias("_differs"), pl.int_range(pl.len()).over(key).alias("_nth"))
    copies = frame.filter(pl.col("_nth") > 0)
    reason = pl.when(pl.col("_differs")).then(pl.lit("INTAKE-033")).otherwise(pl.lit("INTAKE-022"))
    refused.append(refusals(copies, reason))
    named = copies.select("file", "row", pl.col(key).alias("id"), "_differs")
    book.note_rows(named.filter(pl.col("_differs")), [], lambda group: _twice(key, group["id"]))
    book.note_rows(named.filter(~pl.col("_differs")), [], lambda group: _copied(key, group["id"]))
    agreed = [
        pl.when(pl.col(name).drop_nulls().n_unique() <= 1).then(pl.col(name).drop_nulls().first()).alias(name)
        for name in fields
    ]
    first = [pl.col(name).first() for name in ("file", "row")]
    return frame.group_by(key, maintain_order=True).agg(*first, *agreed).select(frame.drop("_differs", "_nth").columns)


def _no_identifier(key: str) -> Fault:
    return Fault("INTAKE-032", f"rows without {key}", f"a {key} in every row", "fill the cells", "the rows are refused")


def _twice(key: str, id: str) -> Fault:
    return Fault(
        "INTAKE-033",
        saw=f"further rows that say something else of the same {key}, first {id!r}",
        expected=f"one row per {key}",
        fix="correct the rows, or give each its own identifier",
        effect="what the rows agree on is used; what they do not agree on is left empty; the further rows are refused",
    )


def _copied(key: str, id: str) -> Fault:
    return Fault(
        "INTAKE-022",
        saw=f"further rows of the same {key} that say the same, first {id!r}",
        expected=f"one row per {key}",
        fix="nothing need be done",
        effect="kept once; the copies stand among the refused rows",
    )


def _course_without_patient(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-032",
        saw=f"courses without a patient, first {group['id']!r}",
        expected="a patient for every course",
        fix="fill the cells",
        effect="the courses and all their rows are refused",
    )


def _unknown_patient(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-031",
        saw=f"courses of patients that are not among the patients, first {group['id']!r}",
        expected="every patient of a course in the table of patients",
        fix="send the missing patients, or correct the identifiers",
        effect="the courses are used without birth date and sex",
    )


_EXAMPLES: Final = 3


def _iso(column: str) -> pl.Expr:
    return pl.col(column).cast(tables.Instant).dt.to_string("%Y-%m-%dT%H:%M:%S%:z")


def _with_examples(frame: pl.DataFrame, told: pl.Expr) -> pl.DataFrame:
    """The places of the rows, each with the same text that tells of the first few of them."""
    first = frame.head(_EXAMPLES).select(told.alias("told"))["told"].to_list()
    more = f"; and {frame.height - _EXAMPLES} more" if frame.height > _EXAMPLES else ""
    return frame.select("file", "row", pl.lit("; ".join(map(str, first)) + more).alias("examples"))


def _courses_at_once(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-035",
        saw=f"courses of one patient infused at the same instant, first {group['examples']}",
        expected="one course for each infusion",
        fix="keep one of them when it is one infusion sent twice; correct the time when they are two",
        effect="every course is used by itself, and every row that names only the patient could be of each",
    )


def _several_courses(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-035",
        saw=f"patients with several courses, first {group['id']!r}",
        expected="one course for each product given",
        fix="check that the courses are different; nothing need be done if they are",
        effect="every course is used by itself",
    )


def _follow_up_backwards(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-029",
        saw=f"follow-up that ends before the infusion, first {group['examples']}",
        expected="an end of follow-up that is not before the infusion",
        fix="correct the times",
        effect="the courses are used without an end of follow-up",
    )


def with_infusions(courses: pl.DataFrame, milestones: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Courses with their time of infusion, from the course or else from its milestone."""
    stated = milestones.filter(pl.col("kind") == "infusion")
    firsts = stated.group_by("course_id").agg(pl.col("at").min().alias("_at"), pl.col("at").n_unique().alias("_times"))
    joined = courses.join(firsts, on="course_id", how="left", maintain_order="left")
    differs = (pl.col("_at") != pl.col("infused_at")) | (pl.col("_times") > 1)
    for condition, describe in ((differs, _two_infusions), (pl.coalesce("infused_at", "_at").is_null(), _no_infusion)):
        here = joined.filter(condition.fill_null(value=False)).select(
            pl.col("file").fill_null("course"), pl.col("row"), pl.col("course_id").alias("id")
        )
        book.note_rows(
            here.with_columns(pl.coalesce(pl.col("row").cast(pl.String), pl.col("id")).alias("row")), [], describe
        )
    return joined.with_columns(pl.coalesce("infused_at", "_at").alias("infused_at")).drop("_at", "_times")


def _two_infusions(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-034",
        saw=f"courses with different times of the first infusion, first {group['id']!r}",
        expected="one first infusion per course",
        fix="correct the times; send further fractions as milestone fraction, a second product as its own course",
        effect="the time in the table of courses is used, otherwise the earliest milestone",
    )


def _no_infusion(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-028",
        saw=f"courses without a time of infusion, first {group['id']!r}",
        expected="infused_at of the course, or a milestone infusion",
        fix="send the time of infusion",
        effect="the courses are kept, but have no day 0: most rule sets say nothing about them",
    )


def note_follow_up_after_death(courses: pl.DataFrame, life: pl.DataFrame, book: FaultBook) -> None:
    """Enter courses that are followed for more than a day after the death; within a day either may be a date alone."""
    joined = courses.join(life.select("course_id", "died_at"), on="course_id", how="left", maintain_order="left")
    late = joined.filter(pl.col("followed_until") > pl.col("died_at").dt.offset_by("24h"))
    told = pl.format("{} until {}, died at {}", "course_id", _iso("followed_until"), _iso("died_at"))
    book.note_rows(_with_examples(late, told), [], _followed_after_death)


def _followed_after_death(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-057",
        saw=f"follow-up after the death, first {group['examples']}",
        expected="a follow-up that ends with the death",
        fix="correct followed_until or the time of death",
        effect="nothing is said of the time after the death; both times are kept as sent",
    )


def lives(patients: pl.DataFrame, courses: pl.DataFrame, milestones: pl.DataFrame) -> pl.DataFrame:
    """course_id, zone, born_on and died_at; a death counts for all courses of the patient."""
    deaths = (
        milestones.filter(pl.col("kind") == "death")
        .join(courses.select("course_id", "patient_id"), on="course_id")
        .group_by("patient_id")
        .agg(pl.col("at").max().alias("died_at"))
    )
    return (
        courses.select("course_id", "patient_id", pl.col("zone").fill_null("UTC"))
        .join(patients.select("patient_id", "born_on"), on="patient_id", how="left")
        .join(deaths, on="patient_id", how="left")
        .drop("patient_id")
    )
