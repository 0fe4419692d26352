"""Read a delivery of plain tables: in memory, or partition by partition when it is larger than memory.

Place    Floor 3, tables adapter: read, check and convert in one pass over the files.
In       A folder or a file, and a `Mapping`.
Out      `Delivery`, or `SpooledDelivery` when a folder for partitions is given.
Knows    Tables are read in the order patients, courses, milestones, exposures, lesions, observations. Without a table of courses
         every course named in the rows is one (a row that names only its patient: one course per patient); the report says so.
         What every row carries about its person or course (birth date, infusion time, ...) is taken from the rows.
Does not Hold more than one batch and one partition in memory when it writes partitions.
Checked  tests/acceptance/intake/test_tables.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake import canonical, charting, checks, times
from vein2vein.intake.book import KEPT, PLACE, REFUSED, FaultBook, Ledger, refusals
from vein2vein.intake.delivery import Delivery, Report, SpooledDelivery
from vein2vein.intake.quotes import Torn
from vein2vein.intake.tables.files import ENDINGS, Source, sources
from vein2vein.intake.tables.layout import CARRIED, Layout, layout_of
from vein2vein.intake.tables.mapping import TABLE_NAMES, File, Mapping
from vein2vein.intake.tables.rows import Context, Piece, translate
from vein2vein.intake.tables.spool import DiskSpool, MemorySpool, Spool
from vein2vein.intake.unread import unread
from vein2vein.record import tables

# Bytes of source per partition: canonical rows and working columns take several times as much.
_PARTITION_BYTES: Final = 48 << 20
_MOST_PARTITIONS: Final = 256
_IMPLIED: Final = (
    "No table of courses was delivered: every course named in the rows counts as one, and a patient named without a course "
    "as one course."
)


@dataclass
class _Work:
    """A delivery on its way."""

    mapping: Mapping
    spool: Spool
    book: FaultBook
    ledger: Ledger
    people: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: {"patients": [], "courses": []})
    implied: pl.DataFrame | None = None
    has_courses: bool = False
    known: pl.DataFrame | None = None


def convert(path: Path, mapping: Mapping) -> Delivery:
    """The delivery in memory.

    Raises:
        IntakeError: INTAKE-001 or INTAKE-002 when there is nothing to read, INTAKE-045 for an unclosed quote.
    """
    work = _Work(mapping, MemorySpool(), FaultBook(), Ledger())
    _read(path, work)
    cohorts = [cohort for _, cohort in _partitions(work)]
    notes = () if work.has_courses else (_IMPLIED,)
    return Delivery(cohorts[0], Report.of(work.book, work.ledger, notes=notes))


def convert_to_disk(path: Path, mapping: Mapping, folder: Path) -> SpooledDelivery:
    """The delivery as partitions of whole patients, each a cohort folder ``part-0000`` under `folder`.

    Args:
        path: A folder or a file of any size.
        mapping: The mapping file.
        folder: An empty or new folder; it is filled with the partitions and the refused rows.

    Raises:
        IntakeError: As `convert`.
    """
    size = sum(source.path.stat().st_size for source in sources(path))
    scratch, refused = folder / "scratch", folder / "refused"
    for each in (scratch, refused):
        each.mkdir(parents=True, exist_ok=True)
    number = min(max(size // _PARTITION_BYTES + 1, 1), _MOST_PARTITIONS)
    work = _Work(mapping, DiskSpool(scratch, number), FaultBook(), Ledger(spill=refused))
    _read(path, work)
    written = []
    for part, cohort in _partitions(work):
        where = folder / f"part-{part:04d}"
        cohort.write(where)
        written.append(where)
    scratch.rmdir()
    notes = () if work.has_courses else (_IMPLIED,)
    return SpooledDelivery(tuple(written), Report.of(work.book, work.ledger, notes=notes), refused)


def laid_out(path: Path, mapping: Mapping) -> list[tuple[Source, Layout]]:
    """The files of a delivery with what is in them, in the order in which they are read."""

    def declared(name: str) -> tuple[str | None, str | None]:
        file = mapping.files.get(name, File())
        return file.encoding or mapping.encoding, file.separator or mapping.separator

    found = sources(path, declared=declared)
    pairs = [
        (source, layout_of(source.name, source.columns, mapping.files.get(source.name, File()))) for source in found
    ]
    return sorted(pairs, key=lambda pair: (TABLE_NAMES.index(pair[1].table), pair[0].name))


def _read(path: Path, work: _Work) -> None:
    """Read every file once and put its rows into the spool."""
    files = laid_out(path, work.mapping)
    left = unread(
        path,
        [source.path for source, _ in files],
        f"tables in one folder: {', '.join(ENDINGS)}",
        mapping=work.mapping.file,
    )
    if left is not None:
        work.book.note(left)
    for source, layout in files:
        if work.known is None and layout.table not in {"patients", "courses"}:
            _know_courses(work)
        readable = source.fault is None and layout.is_readable
        for batch in source.batches():
            if readable:
                _one_batch(batch, source.name, layout=layout, work=work)
            else:
                _refuse(batch.select("row"), source.name, "INTAKE-006", work)
        _close_file(source, layout, work)
    if work.known is None:
        _know_courses(work)


def _one_batch(batch: pl.DataFrame, name: str, *, layout: Layout, work: _Work) -> None:
    context = Context(work.mapping, work.book, work.known if work.has_courses else None)
    piece = translate(batch, name, layout=layout, context=context)
    if layout.table in work.people:
        work.people[layout.table].append(piece.rows)
        return
    _gather_implied(batch, layout, work)
    _keep(piece, layout.table, work)


def _keep(piece: Piece, table: str, work: _Work) -> None:
    for name, frame in {table: piece.rows, **{f"points:{s}": points for s, points in piece.points.items()}}.items():
        work.spool.add(name, _keyed(frame, work))
    if piece.refused.height:
        work.ledger.settle(pl.DataFrame(schema=KEPT), piece.refused)


def _keyed(frame: pl.DataFrame, work: _Work) -> pl.DataFrame:
    """Rows with the patient of their course as key, so that all courses of a patient come together."""
    owners = work.known if work.has_courses else work.implied
    if owners is None:
        return frame.with_columns(pl.col("course_id").alias("key"))
    first = owners.select("course_id", pl.col("patient_id").alias("key")).unique(
        "course_id", keep="first", maintain_order=True
    )
    joined = frame.join(first, on="course_id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("key", "course_id").alias("key"))


def _gather_implied(batch: pl.DataFrame, layout: Layout, work: _Work) -> None:
    """Remember the courses named in rows, with what the rows carry about them."""
    carried = [name for name in CARRIED if name in layout.columns]
    if work.has_courses and not carried:
        return
    wanted = [name for name in ("course_id", "patient_id", *carried) if name in layout.columns]
    texts = [pl.col(layout.columns[name].strip()).cast(pl.String).str.strip_chars().alias(name) for name in wanted]
    found = batch.select(texts).unique(maintain_order=True)
    for ours, other in (("course_id", "patient_id"), ("patient_id", "course_id")):
        if ours not in found.columns:
            found = found.with_columns(pl.col(other).alias(ours))
    found = found.with_columns(pl.coalesce("course_id", "patient_id").alias("course_id")).drop_nulls("course_id")
    found = found.with_columns(pl.coalesce("patient_id", "course_id").alias("patient_id"))
    if work.implied is None:
        work.implied = found.unique(maintain_order=True)
    else:
        work.implied = pl.concat([work.implied, found], how="diagonal").unique(maintain_order=True)


def _refuse(rows: pl.DataFrame, name: str, reason: str, work: _Work) -> None:
    work.ledger.settle(pl.DataFrame(schema=KEPT), refusals(rows.with_columns(pl.lit(name).alias("file")), reason))


def _close_file(source: Source, layout: Layout, work: _Work) -> None:
    """Enter the faults of the file as a file, and how many rows it had."""
    work.ledger.read(source.name, source.rows)
    _lose_unread(source, layout, work)
    if source.fault is not None:
        work.book.note(source.fault, what=source.name)
        _refuse(
            pl.DataFrame({"row": range(1, source.rows + 1)}, schema={"row": pl.Int64}),
            source.name,
            source.fault.id,
            work,
        )
        return
    for fault in layout.faults:
        work.book.note(fault, what=f"{source.name}|{fault.saw}")
    if source.rows == 0:
        work.book.note(_header_only(source.name), what=source.name)
    for each in source.torn:
        torn = pl.DataFrame({"row": range(each.row, each.row + each.rows)}, schema={"row": pl.Int64})
        _refuse(torn, source.name, "INTAKE-045", work)
        named = torn.select(pl.lit(source.name).alias("file"), "row")
        work.book.note_rows(named, [], partial(_torn, source.name, each))
    if source.ragged:
        ragged = pl.DataFrame(
            {"row": source.ragged, "course_id": _courses_of_ragged(source, layout, work)},
            schema={"row": pl.Int64, "course_id": pl.String},
        )
        _refuse(ragged, source.name, "INTAKE-045", work)
        if layout.table == "exposures" and layout.is_readable:
            kind = pl.lit(layout.kind, dtype=pl.String)
            work.book.lose(ragged.select("course_id", kind.alias("kind")))
        work.book.note_rows(ragged.select(pl.lit(source.name).alias("file"), "row"), [], lambda _: _ragged(source.name))


def _lose_unread(source: Source, layout: Layout, work: _Work) -> None:
    """Nothing is charted where rows of exposures could not be read at all: nobody knows whose or what they were."""
    if (source.fault is not None and source.fault.id == "INTAKE-003") or (source.fault is None and not source.rows):
        return
    unreadable = source.fault is not None or not layout.is_readable or bool(source.torn)
    if unreadable and (layout.table == "exposures" or not layout.is_told):
        work.book.lose_all(layout.kind if layout.table == "exposures" else None)


def _courses_of_ragged(source: Source, layout: Layout, work: _Work) -> list[str | None]:
    """The course that a row with too many or too few cells begins with, where the delivery knows that course."""
    column = layout.columns.get("course_id")
    owners = work.known if work.has_courses else work.implied
    if column not in source.columns or owners is None:
        return [None] * len(source.ragged)
    known, place = set(owners["course_id"]), source.columns.index(column)
    cells = [text.split(source.separator) for text in source.ragged_texts]
    said = [cell[place].strip(' "') if len(cell) > place else "" for cell in cells]
    return [course if course in known else None for course in said]


def _header_only(name: str) -> Fault:
    fix = "check the selection of the export; a table without rows on purpose can stay"
    return Fault("INTAKE-004", name, "rows below the header", fix, "nothing was read from it")


def _torn(name: str, torn: Torn, _: object) -> Fault:
    last = torn.row + torn.rows - 1
    return Fault(
        "INTAKE-045",
        saw=f"a quote is opened and not closed in row {torn.row} of {name}; it swallows all up to row {last}",
        expected="quotes that close in the cell that they open",
        fix=f"remove the quote in row {torn.row}, or close it",
        effect="the rows are refused",
    )


def _ragged(name: str) -> Fault:
    return Fault(
        "INTAKE-045",
        saw=f"rows of {name} with more or fewer cells than the header",
        expected="as many cells as the header has",
        fix="put quotes around cells that hold separators",
        effect="the rows are refused",
    )


def _know_courses(work: _Work) -> None:
    """Courses are complete before the first fact is read."""
    courses = work.people["courses"]
    work.has_courses = any(frame.height for frame in courses)
    if work.has_courses:
        whole = pl.concat(courses, how="diagonal_relaxed")
        work.known = (
            whole.select("course_id", "patient_id", "zone")
            .drop_nulls("course_id")
            .unique("course_id", keep="first", maintain_order=True)
        )
    else:
        work.known = pl.DataFrame(schema={"course_id": pl.String, "patient_id": pl.String, "zone": pl.String})


def _partitions(work: _Work) -> Iterator[tuple[int, Any]]:
    """Check every partition, settle its rows, and give its cohort."""
    patients, courses = _people(work)
    owners = courses["patient_id"].implode()
    alone = pl.col("patient_id").is_in(owners).not_()
    # Patients without a course stand in partition 0, so that they are accounted for.
    place = pl.when(alone).then(pl.lit(0, dtype=pl.UInt64)).otherwise(work.spool.number_of(pl.col("patient_id")))
    patients = patients.with_columns(place.alias("_part"))
    courses = courses.with_columns(work.spool.number_of(pl.coalesce("patient_id", "course_id")).alias("_part"))
    for part, given in work.spool.partitions():
        whole = checks.Tables.of(
            patients=patients.filter(pl.col("_part") == part).drop("_part"),
            courses=courses.filter(pl.col("_part") == part).drop("_part"),
            **{name: given[name] for name in ("observations", "exposures", "milestones", "lesions") if name in given},
        )
        more, merged, refused = _charted(given, work)
        whole = checks.with_rows(_held(whole, work.mapping), exposures=more)
        checked = checks.check(whole, work.book, charted=work.mapping.charted)
        used = merged.with_columns(pl.lit("ok").alias("usability"))
        work.ledger.settle(pl.concat([checked.kept, used], how="diagonal"), pl.concat([checked.refused, refused]))
        yield part, checked.cohort


def _people(work: _Work) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Patients and courses, each once; from their tables, and from what the rows say."""
    frames = {name: list(pieces) for name, pieces in work.people.items()}
    if work.implied is not None:
        for name, frame in _implied_people(work.implied, work).items():
            frames[name].append(frame)
    refused: list[pl.DataFrame] = []
    found = {}
    for name, key in (("patients", "patient_id"), ("courses", "course_id")):
        whole = checks.Tables.of(**{name: pl.concat(frames[name], how="diagonal_relaxed") if frames[name] else None})
        found[name] = checks.one_each(getattr(whole, name), key, work.book, refused)
    gone = pl.concat([pl.DataFrame(schema=REFUSED), *refused]).drop_nulls("file")
    if gone.height:
        work.ledger.settle(pl.DataFrame(schema=KEPT), gone)
    return found["patients"], found["courses"]


def _implied_people(implied: pl.DataFrame, work: _Work) -> dict[str, pl.DataFrame]:
    """Patients and courses from the rows of facts; they have no source row of their own."""
    nowhere = [pl.lit(None, dtype=pl.String).alias("file"), pl.lit(None, dtype=pl.Int64).alias("row")]
    people = implied.select("patient_id", *(c for c in ("born_on", "sex") if c in implied.columns)).unique(
        maintain_order=True
    )
    if "born_on" in people.columns:
        people = times.birth_dates(people, "born_on").drop("born_on_reason", "born_on_sent")
    people = people.with_columns(nowhere)
    if work.has_courses:
        return {"patients": people}
    kept = [
        name
        for name in ("course_id", "patient_id", *CARRIED)
        if name in implied.columns and name not in {"born_on", "sex"}
    ]
    rows = times.known_zones(implied.select(kept).unique(maintain_order=True), FaultBook())
    zone = pl.lit(work.mapping.zone, dtype=pl.String)
    zone = pl.coalesce("zone", zone) if "zone" in rows.columns else zone
    rows = rows.with_columns(zone.alias("zone"))
    for column in ("infused_at", "followed_until"):
        if column in rows.columns:
            rows = times.place(rows, column, zone=pl.col("zone"), policy=work.mapping.times.policy())
    return {
        "patients": people,
        "courses": rows.select(c for c in tables.COURSES if c in rows.columns).with_columns(nowhere),
    }


def _held(given: checks.Tables, mapping: Mapping) -> checks.Tables:
    """Exposures without an end, of streams with a declared hold, end at the next of the stream or after the hold."""
    frame = given.exposures.sort("course_id", "started_at", maintain_order=True)
    for stream, declared in mapping.charting.items():
        here = (pl.col("kind") == stream) & pl.col("ended_at").is_null()
        following = pl.col("started_at").shift(-1).over("course_id", "kind")
        end = pl.min_horizontal(following, pl.col("started_at") + timedelta(hours=declared.hold_hours))
        frame = frame.with_columns(pl.when(here).then(end).otherwise(pl.col("ended_at")).alias("ended_at"))
    return replace(given, exposures=frame)


def _charted(given: dict[str, pl.DataFrame], work: _Work) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Exposures from charted points of a partition, the rows merged into others, and the refused ones."""
    rows, merged, refused = [], [pl.DataFrame(schema=PLACE)], [pl.DataFrame(schema=REFUSED)]
    for stream, declared in work.mapping.charting.items():
        points = given.get(f"points:{stream}")
        if points is None:
            continue
        hold = timedelta(hours=declared.hold_hours)
        raw, joined = charting.intervals(points, work.book, stream=stream, hold=hold)
        done = canonical.exposures(raw, work.book, decimal=work.mapping.decimal)
        rows.append(done.rows)
        merged.append(joined)
        refused.append(done.refused)
    schema = {**PLACE, **tables.EXPOSURES}
    return pl.concat([pl.DataFrame(schema=schema), *rows]), pl.concat(merged), pl.concat(refused)
