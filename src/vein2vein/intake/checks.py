"""Find the faults that show only when a whole delivery is looked at, and close its books.

Place    Floor 3. The last step of every adapter.
In       `Tables`: frames in the schema of record.tables, each row with the file and row it came from (null when derived).
Out      `Checked`: the same tables without copies and impossible rows, what became of each row; `finish` makes a Delivery.
Knows    Identical rows are kept once. Of values recorded at different times for one kind and instant the last counts and the
         earlier ones are kept as not assessable. Contradicting values without that order are all kept as not assessable:
         none of them is believed. Observations before birth or after death are kept as not assessable; exposures and
         milestones there are refused. Overlapping exposures are all kept. Of an exclusive stream an interval without end
         ends where the next begins. Patients and courses sent twice keep what their rows agree on.
Does not Repair values or times.
Checked  tests/unit/intake/test_checks.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake import charting
from vein2vein.intake.book import PLACE, REFUSED, FaultBook, Ledger
from vein2vein.intake.delivery import Delivery, Report
from vein2vein.knowledge import codes
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

_LONG: Final = ("observations", "exposures", "milestones")
_TIME: Final = {"observations": "observed_at", "exposures": "started_at", "milestones": "at"}
_CONTENT: Final = ("value", "comparator", "code")


@dataclass(frozen=True)
class Tables:
    """The five cohort tables of a delivery, each with file and row; all columns of record.tables may be absent."""

    patients: pl.DataFrame
    courses: pl.DataFrame
    observations: pl.DataFrame
    exposures: pl.DataFrame
    milestones: pl.DataFrame

    @classmethod
    def of(cls, **frames: pl.DataFrame | None) -> Tables:
        """Complete missing tables and columns with nothing."""
        return cls(**{name: _completed(frames.get(name), name) for name in tables.SCHEMAS})


@dataclass(frozen=True)
class Checked:
    """A checked delivery: the cohort, and the fate of its rows (see `Ledger.settle`)."""

    cohort: Cohort
    kept: pl.DataFrame
    refused: pl.DataFrame


def finish(  # noqa: PLR0913  (one call closes the books; every part has a name)
    given: Tables,
    book: FaultBook,
    ledger: Ledger,
    *,
    refused: Iterable[pl.DataFrame] = (),
    merged: Iterable[pl.DataFrame] = (),
    charted: Iterable[str] = (),
    notes: tuple[str, ...] = (),
) -> Delivery:
    """Check the tables, settle every row, and make the delivery.

    Args:
        given: What the adapter made of the source rows.
        book: Faults found so far; those found here are added.
        ledger: Must already know how many rows each file has (`Ledger.read`).
        refused: Rows refused before (file, row, reason).
        merged: Rows (file, row) whose content went into another row and which count as used.
        charted: Streams that the centre records completely; see `charting.complete`.
        notes: Sentences for the report.
    """
    checked = check(given, book, charted=charted)
    used = [frame.select(list(PLACE)).with_columns(usability=pl.lit("ok")) for frame in merged]
    gone = [frame.select(list(REFUSED)) for frame in refused]
    ledger.settle(pl.concat([checked.kept, *used]), pl.concat([checked.refused, *gone]))
    return Delivery(checked.cohort, Report.of(book, ledger, notes=notes))


def check(given: Tables, book: FaultBook, *, charted: Iterable[str] = ()) -> Checked:
    """All checks over a whole delivery, or over a partition that holds every row of its courses."""
    refused: list[pl.DataFrame] = []
    patients, courses = _people(given, book, refused)
    frames = {name: _belonging(getattr(given, name), courses, name, book=book, refused=refused) for name in _LONG}
    frames = {name: _without_copies(frame, name, book, refused) for name, frame in frames.items()}
    frames["observations"] = _without_contradictions(frames["observations"], book)
    courses = _with_infusions(courses, frames["milestones"], book)
    life = _lives(patients, courses, frames["milestones"])
    frames = {name: _within_life(frame, life, name, book=book, refused=refused) for name, frame in frames.items()}
    frames["exposures"] = _in_turn(frames["exposures"], book)
    usable = frames["observations"].filter(pl.col("usability") == "ok")
    complete = charting.complete(charted, observations=usable, exposures=frames["exposures"], source="mapping:charted")
    frames["exposures"] = pl.concat([frames["exposures"], _completed(complete, "exposures")])
    cohort = Cohort.of(
        patients=patients.select(list(tables.PATIENTS)),
        courses=courses.select(list(tables.COURSES)),
        **{name: frame.select(list(tables.SCHEMAS[name])) for name, frame in frames.items()},
    )
    kept = [
        frame.select(*PLACE, (pl.col("usability") if "usability" in frame.columns else pl.lit("ok")).alias("usability"))
        for frame in (patients, courses, *frames.values())
    ]
    return Checked(
        cohort, pl.concat(kept).drop_nulls("file"), pl.concat([_none_refused(), *refused]).drop_nulls("file")
    )


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
    book.note_rows(_sight(lost.filter(pl.col("reason") == "INTAKE-031"), patient), [], _no_course_of_patient)
    book.note_rows(_sight(lost.filter(pl.col("reason") == "INTAKE-036"), patient), [], _many_courses_of_patient)
    rest = joined.filter(pl.col("reason").is_null()).drop("_course", "_courses", "reason")
    return rest, lost.select(list(REFUSED))


def _sight(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("file", "row", pl.col(column).alias("id"))


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


def _none_refused() -> pl.DataFrame:
    return pl.DataFrame(schema=REFUSED)


def _completed(frame: pl.DataFrame | None, name: str) -> pl.DataFrame:
    schema = {**PLACE, **tables.SCHEMAS[name]}
    have = pl.DataFrame(schema=schema) if frame is None else frame
    missing = [
        pl.lit(None, dtype=dtype).alias(column) for column, dtype in schema.items() if column not in have.columns
    ]
    completed = have.with_columns(missing).select(list(schema))
    if name == "observations":
        completed = completed.with_columns(pl.col("usability").fill_null("ok"))
    return completed.with_columns(pl.col("row").cast(pl.Int64))


def _people(given: Tables, book: FaultBook, refused: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per patient and per course; every course has its patient."""
    patients = one_each(given.patients, "patient_id", book, refused)
    courses = one_each(given.courses, "course_id", book, refused)
    nobody = courses.filter(pl.col("patient_id").is_null())
    book.note_rows(_sight(nobody, "course_id"), [], _course_without_patient)
    refused.append(nobody.select("file", "row", pl.lit("INTAKE-032").alias("reason")))
    courses = courses.filter(pl.col("patient_id").is_not_null())
    strangers = courses.join(patients, on="patient_id", how="anti", maintain_order="left")
    if given.patients.height:
        book.note_rows(_sight(strangers.drop_nulls("file"), "patient_id"), [], _unknown_patient)
    added = strangers.select("patient_id").unique(maintain_order=True)
    patients = pl.concat([patients, _completed(added, "patients")])
    several = courses.filter(pl.col("course_id").len().over("patient_id") > 1)
    book.note_rows(_sight(several.drop_nulls("file"), "patient_id"), [], _several_courses)
    backwards = pl.col("followed_until") < pl.col("infused_at")
    book.note_rows(
        courses.filter(backwards).select("file", "row", "infused_at", "followed_until"), [], _follow_up_backwards
    )
    return patients, courses.with_columns(
        pl.when(~backwards.fill_null(value=False)).then(pl.col("followed_until")).alias("followed_until")
    )


def one_each(frame: pl.DataFrame, key: str, book: FaultBook, refused: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per identifier, with what all its rows agree on."""
    unnamed = frame.filter(pl.col(key).is_null())
    book.note_rows(unnamed.select("file", "row"), [], lambda _: _no_identifier(key))
    refused.append(unnamed.select("file", "row", pl.lit("INTAKE-032").alias("reason")))
    frame = frame.filter(pl.col(key).is_not_null())
    if frame[key].n_unique() == frame.height:
        return frame
    fields = [name for name in frame.columns if name not in {"file", "row", key}]
    differs = pl.any_horizontal([pl.col(name).drop_nulls().n_unique().over(key) > 1 for name in fields])
    frame = frame.with_columns(differs.alias("_differs"), pl.int_range(pl.len()).over(key).alias("_nth"))
    copies = frame.filter(pl.col("_nth") > 0)
    reason = pl.when(pl.col("_differs")).then(pl.lit("INTAKE-033")).otherwise(pl.lit("INTAKE-022"))
    refused.append(copies.select("file", "row", reason.alias("reason")))
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
        saw=f"follow-up until {group['followed_until'].isoformat()} of an infusion at {group['infused_at'].isoformat()}",
        expected="an end of follow-up that is not before the infusion",
        fix="correct the times",
        effect="the courses are used without an end of follow-up",
    )


def _belonging(
    frame: pl.DataFrame, courses: pl.DataFrame, name: str, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Rows of known courses; the others are refused."""
    lost = frame.join(courses.select("course_id"), on="course_id", how="anti", maintain_order="left")
    if lost.is_empty():
        return frame
    book.note_rows(_sight(lost, "course_id"), [], lambda group: _nowhere(name, group["id"]))
    refused.append(lost.select("file", "row", pl.lit("INTAKE-031").alias("reason")))
    return frame.join(courses.select("course_id"), on="course_id", how="semi", maintain_order="left")


def _nowhere(name: str, id: str) -> Fault:
    return Fault(
        "INTAKE-031",
        saw=f"{name} of courses that do not exist, first {id!r}",
        expected="the course among the courses of the delivery",
        fix="send the missing courses, or correct the identifiers",
        effect="the rows are refused",
    )


def _without_copies(frame: pl.DataFrame, name: str, book: FaultBook, refused: list[pl.DataFrame]) -> pl.DataFrame:
    """Identical rows once: the one recorded first, or sent first. Where a row comes from is not part of what it says."""
    ignored = {"file", "row", "source", "recorded_at"}
    if name == "observations":
        frame = frame.with_columns(pl.when(pl.col("usability") != "ok").then(pl.col("as_sent")).alias("_said"))
        ignored |= {"as_sent"}
    content = [column for column in frame.columns if column not in ignored]
    ordered = (
        frame.sort("recorded_at", nulls_last=True, maintain_order=True) if "recorded_at" in frame.columns else frame
    )
    is_copy = ~pl.struct(content).is_first_distinct()
    marked = ordered.with_columns(is_copy.alias("_copy"))
    copies = marked.filter(pl.col("_copy"))
    if copies.is_empty():
        return frame.drop("_said", strict=False)
    book.note_rows(copies.select("file", "row", "kind"), ["kind"], lambda group: _copies(name, group["kind"]))
    refused.append(copies.select("file", "row", pl.lit("INTAKE-022").alias("reason")))
    return marked.filter(~pl.col("_copy")).drop("_copy", "_said", strict=False)


def _copies(name: str, kind: str) -> Fault:
    return Fault(
        "INTAKE-022",
        saw=f"identical {name} of {kind}",
        expected="each fact once",
        fix="nothing need be done",
        effect="kept once; the copies stand among the refused rows",
    )


def _without_contradictions(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Rows of one course, kind and instant with different content: corrected by the last recorded, or none believed."""
    key = ["course_id", "kind", "observed_at"]
    usable = frame.filter(pl.col("usability") == "ok")
    if not usable.select(pl.struct(key).is_duplicated().any()).item():
        return frame
    latest = pl.col("recorded_at").max().over(key)
    ordered = pl.col("recorded_at").is_not_null().all().over(key)
    last_ones = pl.when(pl.col("recorded_at") == latest).then(pl.struct(_CONTENT))
    judged = usable.with_columns(
        (pl.struct(_CONTENT).n_unique().over(key) > 1).alias("_differs"),
        (ordered & (last_ones.drop_nulls().n_unique().over(key) == 1)).alias("_corrected"),
        (pl.col("recorded_at") == latest).fill_null(value=False).alias("_last"),
    ).filter(pl.col("_differs"))
    doubted = judged.filter(~(pl.col("_corrected") & pl.col("_last")))
    book.note_rows(doubted.filter(~pl.col("_corrected")).select("file", "row", "kind"), ["kind"], _contradiction)
    book.note_rows(doubted.filter(pl.col("_corrected")).select("file", "row", "kind"), ["kind"], _correction)
    return _set_aside(frame, doubted)


def _set_aside(frame: pl.DataFrame, doubted: pl.DataFrame) -> pl.DataFrame:
    """Make rows not assessable, with what they said in as_sent."""
    if doubted.is_empty():
        return frame
    said = pl.concat_str(
        pl.col("comparator").fill_null(""), pl.coalesce(pl.col("code"), pl.col("value").cast(pl.String)).fill_null("")
    )
    marks = doubted.select("file", "row", "course_id", "kind", "observed_at", *_CONTENT).with_columns(
        pl.lit(value=True).alias("_aside")
    )
    on = ["file", "row", "course_id", "kind", "observed_at", *_CONTENT]
    joined = frame.join(marks.unique(), on=on, how="left", nulls_equal=True, maintain_order="left")
    aside = pl.col("_aside").fill_null(value=False)
    return joined.with_columns(
        pl.when(aside).then(pl.coalesce(pl.col("as_sent"), said)).otherwise(pl.col("as_sent")).alias("as_sent"),
        pl.when(aside).then(pl.lit("not-assessable")).otherwise(pl.col("usability")).alias("usability"),
        *(pl.when(~aside).then(pl.col(name)).alias(name) for name in (*_CONTENT, "reference_low", "reference_high")),
    ).drop("_aside")


def _contradiction(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-023",
        saw=f"different values of {group['kind']} in one course at one instant",
        expected="one value, or times of recording that say which came last",
        fix="send the time of recording, or correct the rows",
        effect="all of them are kept as not assessable; none is believed",
    )


def _correction(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-024",
        saw=f"values of {group['kind']} that were corrected by a later row",
        expected="nothing else: corrections are usual",
        fix="nothing need be done",
        effect="the value recorded last is used; the earlier ones are kept as not assessable",
    )


def _with_infusions(courses: pl.DataFrame, milestones: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
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


def _lives(patients: pl.DataFrame, courses: pl.DataFrame, milestones: pl.DataFrame) -> pl.DataFrame:
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


def _within_life(
    frame: pl.DataFrame, life: pl.DataFrame, name: str, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Rows between birth and death; others are set aside (observations) or refused."""
    time = _TIME[name]
    joined = frame.join(life, on="course_id", how="left", maintain_order="left")
    day: pl.Expr = pl.lit(None, dtype=pl.Date)
    for zone in life["zone"].unique().sort():
        day = pl.when(pl.col("zone") == zone).then(pl.col(time).dt.convert_time_zone(zone).dt.date()).otherwise(day)
    before = (day < pl.col("born_on")).fill_null(value=False)
    after = (pl.col(time) > pl.col("died_at")).fill_null(value=False)
    if name == "observations":
        before, after = before & (pl.col("usability") == "ok"), after & (pl.col("usability") == "ok")
    for id, condition in (("INTAKE-026", before), ("INTAKE-027", after)):
        outside = joined.filter(condition)
        if outside.is_empty():
            continue
        book.note_rows(outside.select("file", "row", "kind"), ["kind"], partial(_outside_life, id, name))
        if name == "observations":
            frame = _set_aside(frame, outside.select(frame.columns))
            joined = joined.filter(~condition)
        else:
            refused.append(outside.select("file", "row", pl.lit(id).alias("reason")))
            joined = joined.filter(~condition)
            frame = joined.select(frame.columns)
    return frame


def _outside_life(id: str, name: str, group: Mapping[str, Any]) -> Fault:
    when = "before the birth" if id == "INTAKE-026" else "after the death"
    effect = "kept as not assessable" if name == "observations" else "refused"
    return Fault(
        id,
        saw=f"{name} of {group['kind']} {when} of the patient",
        expected="times between birth and death",
        fix="correct the time of the rows, or the date of birth or death",
        effect=f"the rows are {effect}",
    )


def _in_turn(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Exposures in order; open intervals of exclusive streams end where the next begins; overlaps are named."""
    exclusive = [name for name, stream in codes.streams().items() if stream.exclusive]
    is_exclusive = pl.col("kind").is_in(exclusive)
    lane = pl.when(is_exclusive).then(pl.lit("")).otherwise(pl.col("agent")).alias("_lane")
    frame = frame.with_columns(lane).sort("course_id", "started_at", maintain_order=True)
    key = ["course_id", "kind", "_lane"]
    later = pl.when(pl.col("started_at").shift(-1).over(key) > pl.col("started_at")).then(
        pl.col("started_at").shift(-1).over(key)
    )
    frame = frame.with_columns(later.alias("_next"), pl.col("started_at").shift(-1).over(key).alias("_following"))
    ended = is_exclusive & pl.col("ended_at").is_null() & pl.col("_next").is_not_null()
    book.note_rows(frame.filter(ended).select("file", "row", "kind").drop_nulls("file"), ["kind"], _ended_by_next)
    frame = frame.with_columns(pl.when(ended).then(pl.col("_next")).otherwise(pl.col("ended_at")).alias("ended_at"))
    point = pl.col("started_at") == pl.col("ended_at")
    overlaps = (
        pl.col("_following").is_not_null()
        & ~point.fill_null(value=False)
        & (pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col("_following")))
    )
    meaningful = ~pl.col("kind").is_in(["charted", "other_cause"])
    book.note_rows(
        frame.filter(overlaps & meaningful).select("file", "row", "kind").drop_nulls("file"), ["kind"], _overlap
    )
    return frame.drop("_lane", "_next", "_following")


def _ended_by_next(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-047",
        saw=f"intervals of {group['kind']} without an end, followed by another",
        expected="an end for every interval; only one of this stream runs at a time",
        fix="nothing need be done if each was replaced by the next",
        effect="each ends where the next begins",
    )


def _overlap(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-030",
        saw=f"intervals of {group['kind']} that run at the same time as the next of the same agent or exclusive stream",
        expected="intervals that end where the next begins",
        fix="end each interval where the next begins",
        effect="all of them are used as sent",
    )


def with_rows(given: Tables, **frames: pl.DataFrame) -> Tables:
    """The tables with further rows, each completed with empty columns."""
    more = {name: pl.concat([getattr(given, name), _completed(frame, name)]) for name, frame in frames.items()}
    return replace(given, **more)
