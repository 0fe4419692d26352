"""Turn the facts of a delivery into a cohort, and account for every resource.

Place    Floor 3, FHIR adapter; the verb `convert` after `read`.
In       `Delivered`: facts as sent.
Out      `Delivery`.
Knows    The order of work: versions, patients, times, courses, then the shared steps of intake (units, values, charting,
         checks). A death known to its day only stands at the end of that day, so that no row of the day lies behind it.
Missing  What has no patient, no course or an older version is refused under its own id; nothing is dropped.
Checked  tests/unit/intake/test_fhir_assemble.py, tests/acceptance/intake/test_fhir_round_trip.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake import canonical, charting, checks, times
from vein2vein.intake.book import FaultBook, refusals
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.fhir import faults
from vein2vein.intake.fhir.courses import Course, courses_of, patient_id, with_course
from vein2vein.intake.fhir.declared import values_as_shown
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.model import READ
from vein2vein.intake.fhir.options import Options
from vein2vein.intake.fhir.reading import Delivered
from vein2vein.intake.flows import with_flows
from vein2vein.intake.local import Local, respelled, unnamed_products, with_units, with_values
from vein2vein.record import tables as record_tables
from vein2vein.record.timeline import UNSPECIFIED

_WITH_FLOW: Final = ("oxygen",)
FACTS: Final = ("patient", "observation", "exposure", "milestone")
_INSTANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "patient": (),
    "observation": ("observed_at", "recorded_at"),
    "exposure": ("started_at", "ended_at", "recorded_at"),
    "milestone": ("at",),
}
Frames = dict[str, pl.DataFrame]


@dataclass
class Work:
    """The books of one delivery while it is put together.

    Attributes:
        refused: Rows refused, with the id of the reason.
        merged: Rows that say once more what another row says, or that only say how to read others; they count as used.
    """

    delivered: Delivered
    options: Options
    refused: list[pl.DataFrame] = field(default_factory=list)
    merged: list[pl.DataFrame] = field(default_factory=list)

    @property
    def book(self) -> FaultBook:
        """Faults."""
        return self.delivered.book

    @property
    def zone(self) -> str:
        """The zone in which days are counted."""
        return self.options.zone or "UTC"

    def refuse(self, frame: pl.DataFrame, by: list[str], describe: Callable[[Mapping[str, Any]], Fault]) -> None:
        """Refuse rows of a frame with file and row; one fault for each distinct combination of `by`."""
        if frame.height:
            places = frame.select("file", "row", *by).unique(maintain_order=True)
            self.book.note_rows(places, by, describe)
            self.refused.append(refusals(places, describe(places.row(0, named=True)).id))

    def take(self, result: canonical.Canonical) -> pl.DataFrame:
        """The rows of a shared step; what it refused is entered."""
        self.refused.append(result.refused)
        return result.rows


def assemble(delivered: Delivered, options: Options) -> Delivery:
    """The cohort of what was read, and the report on how it came about."""
    # The books go on from what reading found; a second call begins there again.
    work = Work(replace(delivered, book=deepcopy(delivered.book), ledger=deepcopy(delivered.ledger)), options)
    frames = _current(work, {name: delivered.out.frame(name) for name in FACTS})
    frames = _placed(work, _of_known_patients(work, frames))
    _lose(work)
    steps = frames["milestone"]
    courses = courses_of(steps.filter(pl.col("kind") == "infusion"), steps.filter(pl.col("kind") == "ordered"), options)
    frames = _of_patients_with_course(work, frames, courses)
    for name, columns in _INSTANTS.items():
        for column in columns:
            times.note_times(frames[name], column, work.book)
    observations = _in_local_words(_in_course(work, frames["observation"], courses, "observed_at"), options.local)
    given = respelled(frames["exposure"], ("amount_unit", "rate_unit"), options.local.units)
    exposures = _as_intervals(work, _in_course(work, given, courses, "started_at", end="ended_at"))
    milestones = work.take(canonical.milestones(_milestones(work, frames["milestone"], courses), work.book))
    tables = checks.Tables.of(
        patients=_patients(work, frames["patient"]),
        courses=_courses(courses, milestones, options),
        observations=work.take(canonical.observations(observations, work.book, decimal=options.local.decimal)),
        exposures=pl.concat([work.take(canonical.exposures(part, work.book)) for part in exposures]),
        milestones=milestones,
    )
    return checks.finish(
        tables,
        work.book,
        work.delivered.ledger,
        refused=[*work.refused, _with_only_course(work, delivered.out.frame("refusal"), courses)],
        merged=work.merged,
        charted=options.charted,
        notes=_notes(work, courses),
    )


def _in_local_words(frame: pl.DataFrame, local: Local) -> pl.DataFrame:
    """Observations with the units and words of values that the centre declared."""
    shown: dict[str, set[str]] = {}
    wanted = pl.col("kind").is_in(list(local.values)) & pl.col("code").str.starts_with("[")
    for kind, code in frame.filter(wanted).select("kind", "code").unique().iter_rows():
        shown.setdefault(kind, set()).add(code)
    return with_values(with_units(frame, local.units), values_as_shown(local.values, shown))


def _current(work: Work, frames: Frames) -> Frames:
    """Only the last version of each resource; the others are refused."""
    columns = ["resource", "version", "file", "row"]
    every = [frame.select(columns) for frame in (*frames.values(), work.delivered.out.frame("refusal"))]
    spots = pl.concat(every).filter(pl.col("resource") != "").unique(maintain_order=True)
    twice = spots.filter(pl.col("resource").is_duplicated())
    if twice.is_empty():
        return frames
    last = twice.sort("version", maintain_order=True).unique("resource", keep="last", maintain_order=True)
    older = twice.join(last, on=columns, how="anti")
    old = {name: frame.join(older, on=columns, how="semi") for name, frame in frames.items()}
    places = pl.concat([frame.select("file", "row") for frame in old.values()])
    work.refuse(
        places,
        [],
        lambda _: fault(faults.SUPERSEDED, "older versions of resources that are in the delivery more than once"),
    )
    return {name: frame.join(older, on=columns, how="anti", maintain_order="left") for name, frame in frames.items()}


def _of_known_patients(work: Work, frames: Frames) -> Frames:
    """Rows with the key of a Patient of the delivery; the others are refused."""
    aliases = {key: _final(key, work.delivered.aliases) for key in work.delivered.aliases}
    found = {
        name: frame.with_columns(pl.col("patient").replace(list(aliases), list(aliases.values()))) if aliases else frame
        for name, frame in frames.items()
    }
    known = found["patient"].select("patient").unique()
    lost = pl.concat(
        [frame.join(known, on="patient", how="anti").select("file", "row", "patient") for frame in found.values()]
    )
    work.refuse(
        lost,
        ["patient"],
        lambda group: fault(
            faults.NO_PATIENT, f"resources about {group['patient']!r}, which is no Patient of this delivery"
        ),
    )
    return {name: frame.join(known, on="patient", how="semi", maintain_order="left") for name, frame in found.items()}


def _final(key: str, aliases: Mapping[str, str]) -> str:
    seen = {key}
    while (further := aliases.get(key)) is not None and further not in seen:
        seen.add(further)
        key = further
    return key


def _lose(work: Work) -> None:
    """Refused resources that may have been exposures, in the words of `intake.lost`; those of other patients left out."""
    frame = work.delivered.out.frame("lost")
    if frame.is_empty():
        return
    for column in ("started_at", "ended_at"):
        frame = times.place(frame, column, zone=work.options.zone, policy=work.options.times)
    aliases = {key: _final(key, work.delivered.aliases) for key in work.delivered.aliases}
    key = pl.col("patient").replace(list(aliases), list(aliases.values())) if aliases else pl.col("patient")
    late = pl.when(pl.col("ended_at_reason") == times.DATE_ONLY).then(pl.duration(hours=25)).otherwise(pl.duration())
    work.book.lose(
        frame.select(
            key.str.strip_prefix("Patient/").alias("patient_id"),
            "started_at",
            (pl.col("ended_at") + late).alias("ended_at"),
        )
    )


def _with_only_course(work: Work, refused: pl.DataFrame, courses: list[Course]) -> pl.DataFrame:
    """Refused resources with the course of their patient, where the patient has one only."""
    aliases = {key: _final(key, work.delivered.aliases) for key in work.delivered.aliases}
    of_patient: dict[str, str | None] = {}
    for course in courses:
        of_patient[course.patient] = None if course.patient in of_patient else course.course_id
    of_key = {key: of_patient.get(last) for key, last in aliases.items()} | of_patient
    named = {key: course for key, course in of_key.items() if course is not None}
    course_id = pl.col("patient").replace_strict(
        list(named), list(named.values()), default=None, return_dtype=pl.String
    )
    return refused.with_columns(course_id.alias("course_id") if named else pl.lit(None).alias("course_id"))


def _placed(work: Work, frames: Frames) -> Frames:
    """Instants instead of texts."""
    options = work.options
    placed: Frames = {}
    for name, frame in frames.items():
        result = frame
        for column in _INSTANTS[name]:
            result = times.place(result, column, zone=options.zone, policy=options.times)
        placed[name] = result
    # The instant of a death known to its day is the end of that day.
    end_of_day = replace(options.times, date_only="end")
    deaths = times.place(
        frames["milestone"].filter(pl.col("kind") == "death"), "at", zone=options.zone, policy=end_of_day
    )
    others = placed["milestone"].filter(pl.col("kind") != "death")
    placed["milestone"] = pl.concat([others, deaths.select(others.columns)])
    return placed


def _of_patients_with_course(work: Work, frames: Frames, courses: list[Course]) -> Frames:
    have = pl.DataFrame({"patient": [course.patient for course in courses]}, schema={"patient": pl.String}).unique()
    lost = {name: frame.join(have, on="patient", how="anti") for name, frame in frames.items()}
    places = pl.concat([frame.select("file", "row") for frame in lost.values()])
    n = lost["patient"]["patient"].n_unique()
    work.refuse(
        places, [], lambda _: fault(faults.NO_INFUSION, f"{n} patients without infusion or order of a CAR-T product")
    )
    return {name: frame.join(have, on="patient", how="semi", maintain_order="left") for name, frame in frames.items()}


def _in_course(
    work: Work, frame: pl.DataFrame, courses: list[Course], time: str, *, end: str | None = None
) -> pl.DataFrame:
    """Rows with their course; rows outside every course are refused."""
    found = with_course(frame, courses, time=time, end=end)
    work.refuse(found.filter(pl.col("course_id").is_null()), [], lambda _: _outside(work.options))
    return found.filter(pl.col("course_id").is_not_null())


def _as_intervals(work: Work, frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Exposures as sent, and those of streams that are charted now and then as intervals."""
    point = (
        pl.col("charted_once")
        & pl.col("kind").is_in(list(work.options.hold_hours))
        & pl.col("started_at").is_not_null()
    )
    for stream in _WITH_FLOW:
        hours = work.options.hold_hours.get(stream)
        frame, used = with_flows(frame, stream, None if hours is None else timedelta(hours=hours))
        work.merged.append(used)
    parts = [frame.filter(~point)]
    for stream, hold in work.options.hold_hours.items():
        points = frame.filter(point & (pl.col("kind") == stream) & pl.col("started_at_reason").is_null())
        parts.append(frame.filter(point & (pl.col("kind") == stream) & pl.col("started_at_reason").is_not_null()))
        # A flow charted by itself says nothing about the device.
        device = (
            pl.when((pl.col("agent") != UNSPECIFIED) | pl.col("rate").is_null()).then(pl.col("agent")).alias("agent")
        )
        held, merged = charting.intervals(
            points.with_columns(device, pl.col("started_at").alias("at")),
            work.book,
            stream=stream,
            hold=timedelta(hours=hold),
        )
        parts.append(held)
        work.merged.append(merged)
    return parts


def _outside(options: Options) -> Fault:
    return Fault(
        "INTAKE-050",
        saw="rows before the first course of their patient",
        expected=f"rows from {options.lead_days} days before the infusion",
        fix="nothing to do, or declare more lead_days",
        effect="not needed",
    )


def _milestones(work: Work, frame: pl.DataFrame, courses: list[Course]) -> pl.DataFrame:
    """Raw milestones: one infusion or fraction a day, one death a day; orders only make courses."""
    ordered = frame.filter(pl.col("kind") == "ordered")
    waiting = pl.DataFrame(
        {"patient": [c.patient for c in courses if c.infused_at is None]}, schema={"patient": pl.String}
    )
    work.merged.append(ordered.join(waiting, on="patient", how="semi").select("file", "row"))
    given = ordered.join(waiting, on="patient", how="anti")
    work.refuse(given, [], lambda _: fault(faults.ORDER, "orders of CAR-T products that were given"))
    rows = _in_course(work, frame.filter(pl.col("kind") != "ordered"), courses, "at")
    day = pl.col("at").dt.convert_time_zone(work.zone).dt.date()
    zero = pl.DataFrame(
        [(c.course_id, c.infused_at) for c in courses],
        schema={"course_id": pl.String, "infused_at": record_tables.Instant},
        orient="row",
    )
    rows = rows.join(zero, on="course_id", how="left", maintain_order="left").with_columns(day.alias("day"))
    later = day != pl.col("infused_at").dt.convert_time_zone(work.zone).dt.date()
    rows = rows.with_columns(
        pl.when((pl.col("kind") == "infusion") & later).then(pl.lit("fraction")).otherwise(pl.col("kind")).alias("kind")
    )
    once = pl.col("kind").is_in(["infusion", "fraction", "death"]) & pl.col("at").is_not_null()
    told = rows.filter(once).sort("at_reason", "at", nulls_last=False, maintain_order=True)
    detail = pl.col("detail").drop_nulls().first().over("course_id", "kind", "day")
    one_each = told.with_columns(detail).unique(["course_id", "kind", "day"], keep="first", maintain_order=True)
    work.merged.append(told.select("file", "row"))
    return pl.concat([one_each, rows.filter(~once)])


def _patients(work: Work, frame: pl.DataFrame) -> pl.DataFrame:
    dated = times.birth_dates(frame, "born_on")
    times.note_times(dated, "born_on", work.book)
    return dated.select(
        "file", "row", pl.col("patient").str.strip_prefix("Patient/").alias("patient_id"), "born_on", "sex"
    )


def _courses(courses: list[Course], milestones: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Courses; the follow-up ends when the patient was last seen, where a milestone says so."""
    seen = milestones.filter(pl.col("kind") == "last_seen").group_by("course_id").agg(pl.col("at").max())
    until = dict(seen.iter_rows())
    return pl.DataFrame(
        [
            {
                "course_id": course.course_id,
                "patient_id": patient_id(course.patient),
                "product": course.product,
                "indication": course.indication,
                "centre_id": options.centre_id,
                "zone": options.zone,
                "infused_at": course.infused_at,
                "followed_until": until.get(course.course_id),
            }
            for course in courses
        ],
        schema=dict(record_tables.COURSES),
    )


def _notes(work: Work, courses: list[Course]) -> tuple[str, ...]:
    read = {kind: number for kind, number in work.delivered.n_resources.items() if kind in READ}
    others = sum(work.delivered.n_resources.values()) - sum(read.values())
    counted = ", ".join(f"{number:,} {kind}" for kind, number in read.items()) or "none that grading reads"
    notes = [f"Resources: {counted}; {others:,} of other types."]
    notes.append(f"{len(courses):,} courses of {len({c.patient for c in courses}):,} patients.")
    notes += unnamed_products([c.product for c in courses])
    if work.options.zone is None:
        notes.append("No zone of the centre is declared: days are counted in UTC.")
    if work.delivered.n_panel_members_missing:
        notes.append(
            f"Panels name {work.delivered.n_panel_members_missing:,} observations that the delivery does not hold."
        )
    return tuple(notes)
