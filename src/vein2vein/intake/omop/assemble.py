"""Make cohort tables and the report of what was read of an OMOP delivery.

Place    Floor 3, intake.
In       `OmopRows`.
Out      `Delivery`.
Knows    Every needed row is settled once: used, kept as not assessable, or refused with the id of the reason.
Does not Read the delivery again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import polars as pl

from vein2vein.intake import canonical, charting, checks
from vein2vein.intake.book import PLACE, REFUSED, FaultBook, Ledger
from vein2vein.intake.canonical import Canonical
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.omop import facts, findings, persons
from vein2vein.intake.omop.clock import CONTRADICTION
from vein2vein.intake.omop.coverage import Line, coverage, coverage_text, with_not_needed
from vein2vein.intake.omop.reading import OmopRows
from vein2vein.intake.times import note_times
from vein2vein.record import tables

_NOTHING: Final = pl.DataFrame(schema=PLACE)


def delivery(rows: OmopRows) -> Delivery:
    """Cohort and report."""
    book, ledger = FaultBook(), Ledger()
    findings.note_delivery(rows, book)
    frames = [_own_rows(frame.filter(pl.col("course_id").is_not_null()), book) for frame in rows.frames.values()]
    dead = _own_rows(persons.deaths(rows.people), book)
    people = persons.patients(rows.people, book)
    courses = persons.course_rows(rows.courses, rows.people, rows.options)
    told, lost = _infusion_rows(frames)
    exposures, merged = _exposures(rows, frames, book)
    parts = {
        "observations": _observations(rows, frames, book),
        "exposures": exposures,
        "milestones": _milestones(rows, frames, courses.courses, dead=dead, book=book),
    }
    given = checks.Tables.of(
        patients=people, courses=courses.courses, **{name: part.rows for name, part in parts.items()}
    )
    refused = [
        *(part.refused for part in parts.values()),
        lost,
        findings.refused_infusions(rows),
        findings.refused_lines(rows),
    ]
    needed = [*frames, dead, people, courses.periods, *refused[-2:]]
    lines = _count(rows, pl.concat([frame.select(list(PLACE)) for frame in needed]).unique(), ledger)
    spared = coverage(lines)
    made = checks.finish(
        given, book, ledger,
        refused=refused, merged=[told, merged, courses.periods], charted=rows.options.charted,
        notes=(coverage_text(spared), *findings.notes(rows)),
    )  # fmt: skip
    return Delivery(made.cohort, replace(made.report, account=with_not_needed(made.report.account, spared)))


def _own_rows(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Give rows whose number is missing or used twice a negative number of their own, so that each can be accounted for."""
    shared = pl.col("row").is_null() | ~pl.col("row").is_first_distinct()
    frame = frame.with_columns(shared.alias("_shared"))
    book.note_rows(frame.filter(pl.col("_shared")).select("file", "row"), ["file"], findings.shared_number)
    own = -(pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return frame.with_columns(pl.when(pl.col("_shared")).then(own).otherwise(pl.col("row")).alias("row")).drop(
        "_shared"
    )


def _infusion_rows(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that tell of infusions that have a time, and the refused ones that have none."""
    reason = pl.col("at_reason").alias("reason")
    rows = [frame.filter(pl.col("role") == "infusion").select(*PLACE, "at", reason) for frame in frames]
    told = pl.concat([_NOTHING, *(frame.filter(pl.col("at").is_not_null()).select(list(PLACE)) for frame in rows)])
    nothing = pl.DataFrame(schema=REFUSED)
    return told, pl.concat([nothing, *(frame.filter(pl.col("at").is_null()).select(list(REFUSED)) for frame in rows)])


def _note_times(raw: pl.DataFrame, columns: Iterable[str], book: FaultBook) -> None:
    for column in columns:
        contradicts = (pl.col(f"{column}_reason") == CONTRADICTION).fill_null(value=False)
        note_times(raw.filter(~contradicts), column, book)
        book.note_rows(
            raw.filter(contradicts).select("file", "row", pl.col(f"{column}_sent").alias("sent")),
            ["file"],
            findings.contradicting_days,
        )


def _observations(rows: OmopRows, frames: list[pl.DataFrame], book: FaultBook) -> Canonical:
    raw = [part for frame in frames for part in facts.observations(frame, rows.names)]
    for part in raw:
        _note_times(part, ["observed_at"], book)
    return _joined((canonical.observations(part, book) for part in raw), "observations")


def _exposures(rows: OmopRows, frames: list[pl.DataFrame], book: FaultBook) -> tuple[Canonical, pl.DataFrame]:
    """Exposures, and rows of charted points whose content went into another row."""
    raw = [part for frame in frames if (part := facts.exposures(frame)).height]
    for part in raw:
        _note_times(part, ["started_at", "ended_at"], book)
    charted, refused, merged = _charted(rows, frames, book)
    made = _joined((canonical.exposures(part, book) for part in (*raw, *charted)), "exposures")
    return Canonical(made.rows, pl.concat([made.refused, refused])), merged


def _charted(
    rows: OmopRows, frames: list[pl.DataFrame], book: FaultBook
) -> tuple[list[pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    """Raw exposures from devices charted at instants; the refused points; the points merged into others."""
    points = [part for frame in frames if (part := facts.points(frame)).height]
    nothing = pl.DataFrame(schema=REFUSED)
    if not points:
        return [], nothing, _NOTHING
    together = pl.concat(points)
    _note_times(
        together.rename({"at": "started_at", "at_reason": "started_at_reason", "at_sent": "started_at_sent"}),
        ["started_at"],
        book,
    )
    # A day alone is no instant, and an interval has no way to say so.
    placed = pl.col("at").is_not_null() & pl.col("at_reason").is_null()
    has_hold = pl.col("kind").is_in(sorted(rows.options.hold))
    book.note_rows(together.filter(placed & ~has_hold).select("file", "row", "kind"), ["kind"], findings.no_hold)
    reason = pl.when(~placed).then(pl.col("at_reason")).otherwise(pl.lit(findings.NO_HOLD))
    refused = together.filter(~(placed & has_hold)).select(*PLACE, reason.alias("reason"))
    made, merged = [], [_NOTHING]
    for stream, hold in sorted(rows.options.hold.items()):
        here = together.filter(placed & (pl.col("kind") == stream)).drop("kind")
        intervals, gone = charting.intervals(here, book, stream=stream, hold=hold)
        made.append(intervals)
        merged.append(gone.select(list(PLACE)))
    return made, pl.concat([nothing, refused]), pl.concat(merged)


def _milestones(
    rows: OmopRows, frames: list[pl.DataFrame], courses: pl.DataFrame, *, dead: pl.DataFrame, book: FaultBook
) -> Canonical:
    raw = [part for frame in frames if (part := facts.milestones(frame)).height]
    infused = persons.infusion_milestones(rows.courses, rows.infusions)
    last = courses.group_by("patient_id", maintain_order=True).agg(pl.col("course_id").last())
    dead = dead.with_columns(pl.col("person_id").cast(pl.String).alias("patient_id")).join(
        last, on="patient_id", how="left"
    )
    raw += [part for part in (infused, dead) if part.height]
    for part in raw:
        _note_times(part, ["at"], book)
    return _joined((canonical.milestones(part, book) for part in raw), "milestones")


def _joined(parts: Iterable[Canonical], table: str) -> Canonical:
    listed = list(parts)
    empty = pl.DataFrame(schema={**PLACE, **tables.SCHEMAS[table]})
    nothing = pl.DataFrame(schema=REFUSED)
    return Canonical(
        pl.concat([empty, *(part.rows for part in listed)], how="vertical_relaxed"),
        pl.concat([nothing, *(part.refused for part in listed)], how="vertical_relaxed"),
    )


def _count(rows: OmopRows, needed: pl.DataFrame, ledger: Ledger) -> dict[str, Line]:
    """Tell the ledger how many rows of each table are needed; gives the counts of each table with that number."""
    lines = dict(rows.lines)
    for table in lines:
        ledger.read(table, 0)
    for file, count in needed.group_by("file").len().sort("file").iter_rows():
        ledger.read(file, count)
        if file in lines:
            line = lines[file]
            # Rows of an infusion without a time were read although their person has no course.
            read = max(line.read, count)
            lines[file] = Line(line.rows, max(line.of_persons, read), read, count)
    return lines
