"""Check observations, exposures and milestones against each other and against the life of the patient.

Place    Floor 3. A part of `checks`, which says what becomes of each kind of fault.
In       Canonical rows with file and row.
Out      The same rows without copies and impossible ones, the refused rows, and faults.
Checked  tests/unit/intake/test_checks.py
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook, refusals
from vein2vein.intake.tableset import sight
from vein2vein.knowledge import codes

_TIME: Final = {"observations": "observed_at", "exposures": "started_at", "milestones": "at", "lesions": "observed_at"}
_CONTENT: Final = ("value", "comparator", "code")


def belonging(
    frame: pl.DataFrame, courses: pl.DataFrame, name: str, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Rows of known courses; the others are refused."""
    lost = frame.join(courses.select("course_id"), on="course_id", how="anti", maintain_order="left")
    if lost.is_empty():
        return frame
    book.note_rows(sight(lost, "course_id"), [], lambda group: _nowhere(name, group["id"]))
    refused.append(refusals(lost, "INTAKE-031"))
    return frame.join(courses.select("course_id"), on="course_id", how="semi", maintain_order="left")


def _nowhere(name: str, id: str) -> Fault:
    return Fault(
        "INTAKE-031",
        saw=f"{name} of courses that do not exist, first {id!r}",
        expected="the course among the courses of the delivery",
        fix="send the missing courses, or correct the identifiers",
        effect="the rows are refused",
    )


def without_copies(frame: pl.DataFrame, name: str, book: FaultBook, refused: list[pl.DataFrame]) -> pl.DataFrame:
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
    refused.append(refusals(copies, "INTAKE-022"))
    return marked.filter(~pl.col("_copy")).drop("_copy", "_said", strict=False)


def _copies(name: str, kind: str) -> Fault:
    return Fault(
        "INTAKE-022",
        saw=f"identical {name} of {kind}",
        expected="each fact once",
        fix="nothing need be done",
        effect="kept once; the copies stand among the refused rows",
    )


def without_contradictions(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
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
    return set_aside(frame, doubted)


def set_aside(frame: pl.DataFrame, doubted: pl.DataFrame) -> pl.DataFrame:
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


def within_life(
    frame: pl.DataFrame, life: pl.DataFrame, name: str, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Rows between birth and death; others are set aside (observations) or refused."""
    joined = frame.join(life, on="course_id", how="left", maintain_order="left")
    before, after = _outside(life, _TIME[name])
    if name == "observations":
        before, after = before & (pl.col("usability") == "ok"), after & (pl.col("usability") == "ok")
    for id, condition in (("INTAKE-026", before), ("INTAKE-027", after)):
        outside = joined.filter(condition)
        if outside.is_empty():
            continue
        book.note_rows(outside.select("file", "row", "kind"), ["kind"], partial(_outside_life, id, name))
        if name == "observations":
            frame = set_aside(frame, outside.select(frame.columns))
            joined = joined.filter(~condition)
        else:
            refused.append(refusals(outside, id))
            if name == "exposures":
                # The time cannot be true: it may have run at any other.
                book.lose(outside.select("course_id", "kind"))
            joined = joined.filter(~condition)
            frame = joined.select(frame.columns)
    return frame


def _outside(life: pl.DataFrame, time: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether a time lies on a day before the birth, and whether it lies after the death; not where either is unknown."""
    day: pl.Expr = pl.lit(None, dtype=pl.Date)
    for zone in life["zone"].unique().sort():
        day = pl.when(pl.col("zone") == zone).then(pl.col(time).dt.convert_time_zone(zone).dt.date()).otherwise(day)
    before, after = day < pl.col("born_on"), pl.col(time) > pl.col("died_at")
    return before.fill_null(value=False), after.fill_null(value=False)


def note_infusion_outside_life(courses: pl.DataFrame, life: pl.DataFrame, book: FaultBook) -> None:
    """Enter courses whose infusion lies before the birth or after the death; of those made from rows, these are entered."""
    joined = courses.drop_nulls("file").join(life.drop("zone"), on="course_id", how="left", maintain_order="left")
    joined = joined.with_columns(pl.col("zone").fill_null("UTC"))
    for id, condition in zip(("INTAKE-026", "INTAKE-027"), _outside(life, "infused_at"), strict=True):
        book.note_rows(joined.filter(condition).select("file", "row", "course_id"), [], partial(_infused, id))


def _infused(id: str, group: Mapping[str, Any]) -> Fault:
    when = "before the birth" if id == "INTAKE-026" else "after the death"
    return Fault(
        id,
        saw=f"courses with an infusion {when} of the patient, first {group['course_id']!r}",
        expected="an infusion between birth and death",
        fix="correct the time of the infusion, or the date of birth or death",
        effect="all times are kept as sent",
    )


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


def within_follow_up(
    frame: pl.DataFrame, courses: pl.DataFrame, name: str, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Rows up to the end of the follow-up of their course, inclusive; later ones are not needed, for nothing is said of then."""
    when = _TIME[name]
    joined = frame.join(
        courses.select("course_id", "followed_until"), on="course_id", how="left", maintain_order="left"
    )
    is_later = (pl.col(when) > pl.col("followed_until")).fill_null(value=False)
    if name == "observations":  # what is not assessable has a fault of its own, such as a time after the death
        is_later &= pl.col("usability") == "ok"
    later = joined.filter(is_later).drop_nulls("file")
    book.note_rows(later.select("file", "row", "kind"), ["kind"], partial(_after_follow_up, name))
    refused.append(refusals(later, "INTAKE-056"))
    return joined.filter(~is_later).select(frame.columns)


def _after_follow_up(name: str, group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-056",
        saw=f"{name} of {group['kind']} after the end of the follow-up",
        expected="an end of follow-up that is not before the last row",
        fix="correct followed_until where the patient was followed for longer",
        effect="the rows are not needed: nothing is said of the time after the follow-up",
    )


def in_turn(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
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
