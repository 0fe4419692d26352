"""Make cohort tables and the report of what was read of an OMOP delivery.

Place    Floor 3, intake.
In       `OmopRows`.
Out      `Delivery`.
Knows    Every needed row is settled once: used, kept as not assessable, or refused with the id of the reason. All others are
         counted under the reason for which they are not needed.
Does not Read the delivery again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from vein2vein.intake import canonical, charting, checks
from vein2vein.intake.book import PLACE, REFUSED, FaultBook, Ledger, refusals
from vein2vein.intake.canonical import Canonical
from vein2vein.intake.delivery import Delivery, Report
from vein2vein.intake.flows import with_flows
from vein2vein.intake.given import lose
from vein2vein.intake.local import respelled, with_units, with_values
from vein2vein.intake.omop import facts, findings, persons, stays
from vein2vein.intake.omop.cdm import EXPOSING
from vein2vein.intake.omop.clock import CONTRADICTION
from vein2vein.intake.omop.coverage import Line, count_unread, never_opened
from vein2vein.intake.omop.reading import OmopRows
from vein2vein.intake.times import note_times
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import UNSPECIFIED

_NOTHING: Final = pl.DataFrame(schema=PLACE)
_ROWS_AT_ONCE: Final = 500_000


@dataclass(frozen=True)
class _Share:
    """Everything of some persons."""

    frames: list[pl.DataFrame]
    dead: pl.DataFrame
    people: pl.DataFrame
    courses: pl.DataFrame
    infused: pl.DataFrame


def delivery(rows: OmopRows, *, at_once: int = _ROWS_AT_ONCE) -> Delivery:
    """Cohort and report.

    Args:
        rows: What was read.
        at_once: About how many rows are converted at a time, always whole persons; bounds the memory, not the result.
    """
    book, ledger = FaultBook(), Ledger()
    findings.note_delivery(rows, book)
    _lose(rows, book)
    frames = [_own_rows(frame.filter(pl.col("course_id").is_not_null()), book) for frame in rows.frames.values()]
    dead = _own_rows(persons.deaths(rows.people), book)
    people = persons.patients(rows.people, book)
    courses = persons.course_rows(rows.courses, rows.people, rows.options)
    infused = persons.infusion_milestones(rows.courses, rows.infusions)
    lost = pl.concat([findings.refused_infusions(rows), findings.refused_lines(rows)])
    needed = [*frames, dead, people, courses.periods, lost]
    _count(rows, needed, ledger)
    ledger.settle(courses.periods.with_columns(usability=pl.lit("ok")), lost)
    cohorts = [
        _converted(share, rows, book, ledger)
        for share in _shares(_Share(frames, dead, people, courses.courses, infused), at_once)
    ]
    cohort = Cohort.of(**{name: pl.concat([getattr(c, name) for c in cohorts]) for name in tables.SCHEMAS})
    return Delivery(cohort, Report.of(book, ledger, notes=(*findings.notes(rows), never_opened())))


def _lose(rows: OmopRows, book: FaultBook) -> None:
    """Rows that may have been exposures and cannot be used: of unknown concepts, or not readable at all."""
    for frame in rows.unknown:
        known = frame.filter(pl.col("course_id").is_not_null()).rename({"at": "started_at"})
        lose(known.with_columns(pl.lit(None, dtype=pl.String).alias("kind"), pl.col("role").alias("agent")), book)
    if {*rows.lacking, *(bad.table for bad in rows.bad_rows)} & set(EXPOSING):
        book.lose_all()


def _shares(whole: _Share, at_once: int) -> Iterator[_Share]:
    """Shares of whole persons, in the order of their courses, each of about so many rows; one when there are few."""
    counted = pl.concat(
        [pl.DataFrame(schema={"person_id": pl.Int64}), *(frame.select("person_id") for frame in whole.frames)]
    )
    if counted.height <= at_once:
        yield replace(whole, frames=[_in_order(frame) for frame in whole.frames])
        return
    sizes = counted.group_by("person_id").len().sort(pl.col("person_id").cast(pl.String))
    shares = sizes.with_columns((pl.col("len").cum_sum() // at_once).alias("share"))
    for _, part in shares.group_by("share", maintain_order=True):
        here = part["person_id"].implode()
        patients = part["person_id"].cast(pl.String).implode()
        yield _Share(
            [_in_order(frame.filter(pl.col("person_id").is_in(here))) for frame in whole.frames],
            whole.dead.filter(pl.col("person_id").is_in(here)),
            whole.people.filter(pl.col("patient_id").is_in(patients)),
            whole.courses.filter(pl.col("patient_id").is_in(patients)),
            whole.infused.filter(pl.col("person_id").is_in(here)),
        )


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows by their number: a database gives them in any order, and the cohort must not depend on it."""
    return frame.sort("row", maintain_order=True)


def _converted(share: _Share, rows: OmopRows, book: FaultBook, ledger: Ledger) -> Cohort:
    """The cohort of a share, whose rows are settled in the ledger."""
    told, lost = _infusion_rows(share.frames)
    exposures, merged = _exposures(rows, share.frames, book)
    parts = {
        "observations": _observations(rows, share.frames, book),
        "exposures": exposures,
        "milestones": _milestones(share, book),
    }
    given = checks.Tables.of(
        patients=share.people, courses=share.courses, **{name: part.rows for name, part in parts.items()}
    )
    refused = [*(part.refused for part in parts.values()), lost]
    del parts, exposures
    checked = checks.check(given, book, charted=rows.options.charted)
    used = pl.concat([told, merged]).with_columns(usability=pl.lit("ok"))
    kept = pl.concat([checked.kept, used], how="diagonal")
    ledger.settle(kept, pl.concat([checked.refused, *refused], how="vertical_relaxed"))
    return checked.cohort


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
    rows = [frame.filter(pl.col("role") == "infusion") for frame in frames]
    told = pl.concat([_NOTHING, *(frame.filter(pl.col("at").is_not_null()).select(list(PLACE)) for frame in rows)])
    nothing = pl.DataFrame(schema=REFUSED)
    lost = [refusals(frame.filter(pl.col("at").is_null()), pl.col("at_reason")) for frame in rows]
    return told, pl.concat([nothing, *lost])


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
    local = rows.options.local
    said = [part for frame in frames for part in facts.observations(frame, rows.names)]
    raw = [with_values(with_units(part, local.units), local.values) for part in said]
    for part in raw:
        _note_times(part, ["observed_at"], book)
    return _joined((canonical.observations(part, book, decimal=local.decimal) for part in raw), "observations")


def _exposures(rows: OmopRows, frames: list[pl.DataFrame], book: FaultBook) -> tuple[Canonical, pl.DataFrame]:
    """Exposures, and rows of charted points whose content went into another row."""
    local = rows.options.local
    said = (facts.exposures(frame) for frame in frames)
    raw = [respelled(part, ("amount_unit", "rate_unit"), local.units) for part in said if part.height]
    for part in raw:
        _note_times(part, ["started_at", "ended_at"], book)
    raw, points, joined = _with_flows(raw, _points(rows, frames), rows)
    charted, refused, merged = _charted(rows, points, book)
    made = _joined((canonical.exposures(part, book, decimal=local.decimal) for part in (*raw, *charted)), "exposures")
    placed, swallowed = stays.in_one_place(made.rows)
    return Canonical(placed, pl.concat([made.refused, refused])), pl.concat([merged, joined, swallowed])


def _points(rows: OmopRows, frames: list[pl.DataFrame]) -> pl.DataFrame | None:
    """Devices and flows charted at instants; None when there are none."""
    points = [part for frame in frames if (part := facts.points(frame, rows.names)).height]
    return respelled(pl.concat(points), ("rate_unit",), rows.options.local.units) if points else None


def _with_flows(
    raw: list[pl.DataFrame], points: pl.DataFrame | None, rows: OmopRows
) -> tuple[list[pl.DataFrame], pl.DataFrame | None, pl.DataFrame]:
    """Raw exposures with the flows that were measured while a device was in use; other points; the flows put to devices."""
    if points is None or points["rate"].null_count() == points.height or not raw:
        return raw, points, _NOTHING
    is_flow = pl.col("rate").is_not_null() & pl.col("agent").is_null() & pl.col("at_reason").is_null()
    flows = points.filter(is_flow).select(
        "file", "row", "course_id", "kind", "rate", "rate_unit",
        pl.col("at").alias("started_at"), pl.col("at").alias("ended_at"),
        pl.lit(UNSPECIFIED).alias("agent"), pl.lit(value=True).alias("charted_once"),
    )  # fmt: skip
    uses = pl.concat(raw, how="diagonal_relaxed").with_columns(charted_once=pl.lit(value=False))
    frame, joined = pl.concat([uses, flows], how="diagonal_relaxed"), [_NOTHING]
    for stream in flows["kind"].unique().sort():
        frame, used = with_flows(frame, stream, rows.options.hold.get(stream))
        joined.append(used.select(list(PLACE)))
    gone = pl.concat(joined)
    rest = points.join(gone, on=list(PLACE), how="anti", maintain_order="left")
    return [frame.filter(~pl.col("charted_once")).drop("charted_once")], rest if rest.height else None, gone


def _charted(
    rows: OmopRows, together: pl.DataFrame | None, book: FaultBook
) -> tuple[list[pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    """Raw exposures from devices charted at instants; the refused points; the points merged into others."""
    nothing = pl.DataFrame(schema=REFUSED)
    if together is None:
        return [], nothing, _NOTHING
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
    gone = together.filter(~(placed & has_hold))
    lose(gone.with_columns(pl.when(placed).then(pl.col("at")).alias("started_at")), book)
    refused = refusals(gone, reason)
    made, merged = [], [_NOTHING]
    for stream, hold in sorted(rows.options.hold.items()):
        here = together.filter(placed & (pl.col("kind") == stream)).drop("kind")
        intervals, gone = charting.intervals(here, book, stream=stream, hold=hold)
        made.append(intervals)
        merged.append(gone.select(list(PLACE)))
    return made, pl.concat([nothing, refused]), pl.concat(merged)


def _milestones(share: _Share, book: FaultBook) -> Canonical:
    raw = [part for frame in share.frames if (part := facts.milestones(frame)).height]
    last = share.courses.group_by("patient_id", maintain_order=True).agg(pl.col("course_id").last())
    dead = share.dead.with_columns(pl.col("person_id").cast(pl.String).alias("patient_id"))
    raw += [part for part in (share.infused, dead.join(last, on="patient_id", how="left")) if part.height]
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


def _count(rows: OmopRows, needed: list[pl.DataFrame], ledger: Ledger) -> None:
    """Tell the ledger how many rows each table has, and what became of those that are not needed."""
    places = pl.concat([frame.select(list(PLACE)) for frame in needed]).unique()
    here = dict(places.group_by("file").len().sort("file").iter_rows())
    for table, line in rows.lines.items():
        count = here.pop(table, 0)
        # Rows of an infusion without a time were read although their person has no course.
        read = max(line.read, count)
        counted = Line(max(line.rows, read), max(line.of_persons, read), read, count, line.unmapped)
        ledger.read(table, counted.rows)
        count_unread(table, counted, ledger)
    for file, count in here.items():
        ledger.read(file, count)
