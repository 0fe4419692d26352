"""Patients, courses and milestones as FHIR.

Place    Floor 4, writers.
In       Parts of a cohort of one centre.
Out      Lines of NDJSON by resource type; what the resources cannot say.
Knows    An infusion carries the identifier of its course and its indication; a course that was not infused is an order. A death
         is a date of the person, its cause a fatal AdverseEvent. The end of the follow-up is the instant of being last seen. An
         Encounter that ends says that the patient was discharged, so that a discharge at that instant is not said twice.
Checked  tests/unit/population/test_writers.py, tests/property/test_round_trips.py
"""

from __future__ import annotations

from typing import Final

import polars as pl

from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.courses import courses_of, with_course
from vein2vein.intake.fhir.options import Options
from vein2vein.population.writers import fhir_codes, fhir_exposures
from vein2vein.population.writers.account import LeftOut
from vein2vein.population.writers.details import UNKNOWN_DETAIL, has_unknown_detail, told_milestone
from vein2vein.population.writers.text import instant, joined, literal, quoted, said, where
from vein2vein.record.cohort import Cohort

Parts = list[pl.Expr | str]


def subjects_of(part: Cohort) -> pl.DataFrame:
    """course_id, and the JSON of a reference to its patient."""
    return part.courses.select(
        "course_id", joined(['{"reference":"Patient/', pl.col("patient_id"), '"}']).alias("subject")
    )


def lines(part: Cohort, subjects: pl.DataFrame, zone: str) -> tuple[dict[str, pl.Series], list[LeftOut]]:
    """NDJSON of courses and milestones, the patients excepted."""
    milestones = part.milestones.join(subjects, on="course_id", how="left", maintain_order="left").with_columns(
        instant("at", zone).alias("time")
    )
    courses = _courses(part, subjects, zone)
    steps, lost = _steps(part, milestones, subjects, zone=zone)
    return {
        "MedicationAdministration": pl.concat([_infusions(courses), _fractions(courses, milestones)]),
        "MedicationRequest": _orders(courses),
        "Procedure": steps,
        "AdverseEvent": _causes(milestones),
    }, lost


def deaths_of(part: Cohort) -> pl.DataFrame:
    """course_id and died_at."""
    deaths = part.milestones.filter(pl.col("kind") == "death")
    return deaths.group_by("course_id", maintain_order=True).agg(pl.col("at").max().alias("died_at"))


def patients(patients: pl.DataFrame, dead: pl.DataFrame, zone: str) -> pl.Series:
    """Patient resources, whole lines; `dead` holds patient_id and died_at."""
    frame = patients.join(dead.select("patient_id", "died_at"), on="patient_id", how="left", maintain_order="left")
    frame = frame.with_columns(instant("died_at", zone).alias("died"))
    sexes = {sex: sex for sex in ("female", "male", "other", "unknown")}
    parts: Parts = [
        '{"resourceType":"Patient","id":"', pl.col("patient_id"), '"',
        where(said("sex", sexes).is_not_null(), [',"gender":"', said("sex", sexes), '"']),
        where(pl.col("born_on").is_not_null(), [',"birthDate":"', pl.col("born_on").dt.strftime("%Y-%m-%d"), '"']),
        where(pl.col("died").is_not_null(), [',"deceasedDateTime":"', pl.col("died"), '"']), "}",
    ]  # fmt: skip
    return frame.select(joined(parts).alias("line"))["line"]


def _courses(part: Cohort, subjects: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Courses with the JSON of what an infusion or order says about them."""
    frame = part.courses.join(subjects, on="course_id", how="left", maintain_order="left")
    products = {name: fhir_codes.product(name) for name in frame["product"].drop_nulls().unique()}
    words = frame["indication"].drop_nulls().unique().to_list()
    why = {name: literal([{"coding": [fhir_codes.coding(urls.INDICATIONS, name)]}]) for name in words}
    firsts = part.milestones.group_by("course_id").agg(pl.col("at").min().alias("first"))
    unnamed = {True: fhir_codes.milestones()["infusion"], False: fhir_codes.product("unspecified")}
    nameless = pl.when(pl.col("infused_at").is_not_null()).then(pl.lit(unnamed[True])).otherwise(pl.lit(unnamed[False]))
    frame = frame.with_columns(
        said("product", products).fill_null(nameless).alias("medicine"),
        joined([f'"identifier":[{{"system":{literal(urls.COURSES)},"value":', quoted(frame, "course_id"), "}],"]).alias(
            "id"
        ),
        where(pl.col("indication").is_not_null(), [',"reasonCode":', said("indication", why)]).alias("because"),
        instant("infused_at", zone).alias("infused"),
    )
    frame = frame.join(firsts, on="course_id", how="left", maintain_order="left")
    return frame.with_columns(instant("first", zone).alias("ordered"))


def _infusions(courses: pl.DataFrame) -> pl.Series:
    given = courses.filter(pl.col("infused_at").is_not_null()).with_columns(pl.col("infused").alias("time"))
    return _given(given)


def _fractions(courses: pl.DataFrame, milestones: pl.DataFrame) -> pl.Series:
    later = milestones.filter(pl.col("kind") == "fraction").select("course_id", "time")
    return _given(later.join(courses, on="course_id", how="inner", maintain_order="left"))


def _given(frame: pl.DataFrame) -> pl.Series:
    parts: Parts = [
        pl.col("id"), '"status":"completed","medicationCodeableConcept":', pl.col("medicine"), ',"subject":', pl.col("subject"),
        ',"effectiveDateTime":"', pl.col("time"), '"', pl.col("because"),
    ]  # fmt: skip
    return frame.select(joined(parts).alias("line"))["line"]


def _orders(courses: pl.DataFrame) -> pl.Series:
    waiting = courses.filter(pl.col("infused_at").is_null())
    parts: Parts = [
        pl.col("id"), '"status":"active","intent":"order","medicationCodeableConcept":', pl.col("medicine"), ',"subject":',
        pl.col("subject"), where(pl.col("ordered").is_not_null(), [',"authoredOn":"', pl.col("ordered"), '"']), pl.col("because"),
    ]  # fmt: skip
    return waiting.select(joined(parts).alias("line"))["line"]


def _causes(milestones: pl.DataFrame) -> pl.Series:
    known = {key: text for key, text in fhir_codes.milestones().items() if "/" in key}
    event = said(pl.concat_str("kind", pl.lit("/"), "detail"), known)
    outcome = literal({"coding": [fhir_codes.coding(fhir_codes.system("outcome"), "fatal")]})
    here = milestones.with_columns(event.alias("event")).filter(
        (pl.col("kind") == "death") & pl.col("event").is_not_null()
    )
    parts: Parts = [
        '"actuality":"actual","event":', pl.col("event"), ',"subject":', pl.col("subject"), ',"date":"', pl.col("time"),
        f'","outcome":{outcome}',
    ]  # fmt: skip
    return here.select(joined(parts).alias("line"))["line"]


def _steps(
    part: Cohort, milestones: pl.DataFrame, subjects: pl.DataFrame, *, zone: str
) -> tuple[pl.Series, list[LeftOut]]:
    """Other milestones as procedures, and the end of the follow-up as the day on which the patient was last seen."""
    told = fhir_exposures.discharges(part.exposures).with_columns(kind=pl.lit("discharge")).unique()
    others = milestones.filter(~pl.col("kind").is_in(["infusion", "fraction", "death"]))
    others = others.join(told, on=["course_id", "kind", "at"], how="anti", maintain_order="left")
    seen = others.filter(pl.col("kind") == "last_seen").group_by("course_id").agg(pl.col("at").max().alias("seen_at"))
    ends = (
        part.courses.join(deaths_of(part), on="course_id", how="left", maintain_order="left")
        .join(seen, on="course_id", how="left", maintain_order="left")
        .filter(pl.col("followed_until").is_not_null())
    )
    after = (pl.col("followed_until") > pl.col("died_at")).fill_null(value=False)
    until = pl.when(after).then(pl.col("died_at")).otherwise(pl.col("followed_until"))
    known = said(told_milestone(), fhir_codes.milestones())
    last = ends.select("course_id", until.alias("at"), kind=pl.lit("last_seen")).join(
        subjects, on="course_id", how="left", maintain_order="left"
    )
    last = last.with_columns(instant("at", zone).alias("time"), pl.lit(None, dtype=pl.String).alias("detail"))
    wanted = ["course_id", "kind", "detail", "at", "time", "subject"]
    frame = pl.concat([others.select(wanted), last.select(wanted)]).unique(
        ["course_id", "kind", "at"], keep="first", maintain_order=True
    )
    strange = frame.filter(known.is_null())
    parts: Parts = [
        '"status":"completed","code":', known, ',"subject":', pl.col("subject"), ',"performedDateTime":"', pl.col("time"), '"',
    ]  # fmt: skip
    lines = frame.filter(known.is_not_null()).select(joined(parts).alias("line"))["line"]
    late = ends.filter(after).height
    details = others.filter(has_unknown_detail()).height
    later = ends.filter(pl.col("seen_at") > until).height
    same_day = _same_day(part, zone)
    return lines, [
        LeftOut("milestones", "kind", "the code files do not know it", strange.height, graded=False),
        LeftOut("milestones", UNKNOWN_DETAIL, "the code files do not know it", details, graded=False),
        LeftOut("milestones", "fraction on the day of the infusion", "one day holds one infusion", same_day, graded=False),
        LeftOut("courses", "followed_until after death", "nothing is recorded after a death", late, graded=False),
        LeftOut("courses", "followed_until before last_seen", "the follow-up ends when last seen", later, graded=True),
        LeftOut("courses", "product of a course that was not infused", "an order must name one; it is called unspecified",
                part.courses.filter(pl.col("product").is_null() & pl.col("infused_at").is_null()).height, graded=False),
        LeftOut("courses", "centre_id", "FHIR does not say it of a course; one folder holds one centre",
                part.courses.height - part.courses["centre_id"].null_count(), graded=False),
    ]  # fmt: skip


def _same_day(part: Cohort, zone: str) -> int:
    both = part.milestones.filter(pl.col("kind") == "fraction").join(part.courses, on="course_id")
    days = [pl.col(name).dt.convert_time_zone(zone).dt.date() for name in ("at", "infused_at")]
    return both.filter(days[0] == days[1]).height


def misplaced(part: Cohort) -> list[LeftOut]:
    """Rows that would be read as of another course or of none, because FHIR tells the course of a row by its time alone."""
    known = part.courses.select("patient_id", "course_id", "infused_at")
    infusions = known.filter(pl.col("infused_at").is_not_null()).select(
        pl.col("patient_id").alias("patient"), pl.col("infused_at").alias("at"), pl.lit(None, dtype=pl.String).alias("at_reason"),
        pl.lit(None, dtype=pl.String).alias("product"),
        pl.col("course_id").alias("course"), pl.lit(None, dtype=pl.String).alias("indication"),
    )  # fmt: skip
    courses = courses_of(infusions, infusions.clear(), Options())
    why = "a row belongs to the course that is open at its time"
    found = []
    for table, time, end in _TIMES:
        rows: pl.DataFrame = getattr(part, table)
        here = rows.join(known.drop_nulls("infused_at"), on="course_id", maintain_order="left")
        asked = here.rename({"course_id": "own", "patient_id": "patient"})
        read = with_course(asked, courses, time=time, end=end)
        strange = read.filter(pl.col("course_id").ne_missing(pl.col("own"))).height
        found.append(LeftOut(table, "rows in the time of another course, or of none", why, strange, graded=True))
    return found


_TIMES: Final = (
    ("observations", "observed_at", None),
    ("exposures", "started_at", "ended_at"),
    ("milestones", "at", None),
)
