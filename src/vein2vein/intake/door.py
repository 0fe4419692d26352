"""Open a delivery of any known form.

Place    Floor 3. The only module of intake that knows all adapters; each is loaded when it is needed.
In       A path or a database URL, and what the centre declares.
Out      `Delivery`, or `SpooledDelivery` for tables larger than memory.
Knows    How each form is recognised: own cohort (the five Parquet tables of `Cohort.write`), OMOP (PostgreSQL URL, DuckDB
         file, zip, a folder with a table PERSON), FHIR (JSON, NDJSON), plain tables (CSV, Parquet).
Does not Guess between two forms in one folder: that is INTAKE-002.
Checked  tests/unit/intake/test_door.py, tests/acceptance/intake
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from vein2vein.basis.clock import zone_of
from vein2vein.errors import IntakeError, RecordError
from vein2vein.intake import applies
from vein2vein.intake.applies import Form
from vein2vein.intake.book import PLACE, REFUSED, FaultBook, Ledger
from vein2vein.intake.delivery import Delivery, Report, SpooledDelivery
from vein2vein.intake.tables.files import ENDINGS
from vein2vein.intake.tables.mapping import Mapping as MappingFile
from vein2vein.intake.tables.mapping import mapping_of, read_mapping
from vein2vein.intake.unread import unread
from vein2vein.knowledge import codes
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

_URLS: Final = ("postgresql://", "postgres://")
_FHIR: Final = (".json", ".ndjson", ".jsonl")
_OMOP: Final = (".zip", ".duckdb", ".ddb", ".db")
_TABLES: Final = ENDINGS


def open_delivery(
    place: str | Path,
    *,
    mapping: Path | None = None,
    zone: str | None = None,
    charted: tuple[str, ...] = (),
    hold_hours: Mapping[str, float] | None = None,
) -> Delivery:
    """Read, check and convert a delivery.

    Args:
        place: A file, a folder, or a PostgreSQL URL.
        mapping: Mapping file of the centre. What a form has no use for, such as columns for FHIR, is refused (`applies`).
        zone: IANA zone of the centre for times without an offset; overrides the one in the mapping file.
        charted: Streams that the centre records completely, beside those in the mapping file.
        hold_hours: Stream -> hours for which a device charted at an instant is believed; overrides the mapping file.

    Raises:
        IntakeError: INTAKE-001 nothing there, INTAKE-002 not recognised, INTAKE-008, INTAKE-039 and INTAKE-058 mapping file,
            and what each adapter raises when nothing can be read. Faults of rows are in the report and raise nothing.
    """
    declared = _declared(mapping, zone=zone, charted=charted, hold_hours=hold_hours or {})
    form = form_of(place)
    applies.require(declared, form)
    match form:
        case "cohort":
            return _own(Path(place), declared)
        case "omop":
            return _omop(place, declared)
        case "fhir":
            return _fhir(place, declared)
        case _:
            from vein2vein.intake.tables.convert import convert  # noqa: PLC0415  (each adapter only when needed)

            return convert(Path(place), declared)


def open_large(
    place: str | Path,
    folder: Path,
    *,
    mapping: Path | None = None,
    zone: str | None = None,
    charted: tuple[str, ...] = (),
    hold_hours: Mapping[str, float] | None = None,
) -> SpooledDelivery:
    """Read plain tables of any size into partitions of whole patients on disk.

    Args:
        place: A file or folder of tables.
        folder: New or empty folder for the partitions (cohort folders) and the refused rows.
        mapping: Mapping file of the centre.
        zone: IANA zone of the centre; overrides the mapping file.
        charted: As `open_delivery`.
        hold_hours: As `open_delivery`.

    Raises:
        IntakeError: As `open_delivery`; INTAKE-002 for forms other than tables.
    """
    if form_of(place) != "tables":
        raise _unrecognised(str(place), "plain tables; the other forms are read into memory")
    from vein2vein.intake.tables.convert import convert_to_disk  # noqa: PLC0415  (each adapter only when needed)

    declared = _declared(mapping, zone=zone, charted=charted, hold_hours=hold_hours or {})
    applies.require(declared, "tables")
    return convert_to_disk(Path(place), declared, folder)


def form_of(place: str | Path) -> Form:
    """Which form a delivery has.

    Raises:
        IntakeError: INTAKE-001 when nothing is there, INTAKE-002 when it is not recognised or mixed.
    """
    if str(place).startswith(_URLS):
        return "omop"
    path = Path(place)
    if not path.exists():
        raise IntakeError(
            "INTAKE-001", saw=path.name, expected="a file, a folder or a database URL", fix="correct the path"
        )
    if path.is_file():
        return _form_of_file(path)
    return _form_of_folder(path)


def _form_of_file(path: Path) -> Form:
    name = path.name.lower().removesuffix(".gz")
    for form, endings in (("fhir", _FHIR), ("omop", _OMOP), ("tables", _TABLES)):
        if name.endswith(endings) and (form != "omop" or not path.name.lower().endswith(".gz")):
            return form  # type: ignore[return-value]
    raise _unrecognised(path.name, f"a file ending in {', '.join(_FHIR + _OMOP + _TABLES)}")


def _form_of_folder(path: Path) -> Form:
    names = sorted(file.name.lower() for file in path.rglob("*") if file.is_file())
    top = {file.name.lower() for file in path.iterdir()}
    if {f"{table}.parquet" for table in tables.SCHEMAS} <= top and _is_own(path):
        return "cohort"
    has_tables = any(name.endswith(_TABLES) for name in names)
    has_fhir = any(name.removesuffix(".gz").endswith(_FHIR) for name in names)
    if has_tables and has_fhir:
        saw = f"{path.name} with tables and JSON files"
        raise _unrecognised(saw, "one form in one folder")
    if has_fhir:
        return "fhir"
    if any(name.split(".")[0] == "person" for name in names if name.endswith(_TABLES)):
        return "omop"
    if has_tables:
        return "tables"
    saw = f"{path.name} with {', '.join(names[:5]) or 'nothing in it'}"
    raise _unrecognised(saw, "tables, JSON or OMOP files")


def _is_own(path: Path) -> bool:
    return all(
        set(pl.read_parquet_schema(path / f"{table}.parquet")) == set(schema)
        for table, schema in tables.SCHEMAS.items()
    )


def _unrecognised(saw: str, expected: str) -> IntakeError:
    is_book = any(word.rstrip(",").endswith((".xlsx", ".xls", ".ods")) for word in saw.lower().split())
    fix = (
        "save each sheet of the workbook as CSV" if is_book else "see the page on intake for the forms that can be read"
    )
    return IntakeError("INTAKE-002", saw=saw, expected=expected, fix=fix)


def _declared(
    mapping: Path | None, *, zone: str | None, charted: tuple[str, ...], hold_hours: Mapping[str, float]
) -> MappingFile:
    """The mapping file with what was declared beside it.

    Raises:
        IntakeError: INTAKE-055 when a zone or stream declared beside it is unknown.
    """
    if zone is not None:
        try:
            zone_of(zone)
        except RecordError as error:
            known = tuple(available_timezones())
            saw = f"time zone {zone!r}"
            raise _unknown(saw, zone, known=known, expected="an IANA zone name") from error
    for stream in (*charted, *hold_hours):
        if stream not in codes.streams():
            saw = f"stream {stream!r}"
            raise _unknown(saw, stream, known=tuple(codes.streams()), expected="a stream")
    base = mapping_of({"zone": zone} if zone else None) if mapping is None else read_mapping(mapping, zone=zone)
    holds = {
        stream: base.charting[stream].model_dump() if stream in base.charting else {}
        for stream in {*base.charting, *hold_hours}
    }
    for stream, hours in hold_hours.items():
        holds[stream]["hold_hours"] = hours
    raw = base.model_dump() | {"charted": tuple(dict.fromkeys((*base.charted, *charted))), "charting": holds}
    return mapping_of(raw).read_from(mapping)


def _unknown(saw: str, name: str, *, known: tuple[str, ...], expected: str) -> IntakeError:
    near = codes.nearest(name, tuple(sorted(known)), likeness=0.6)
    hint = f"; nearest: {', '.join(near)}" if near else f" such as {', '.join(_EXAMPLES[expected])}"
    return IntakeError("INTAKE-055", saw=saw, expected=f"{expected}{hint}", fix="correct the name", effect=_UNREAD)


_UNREAD: Final = "nothing was read"
_EXAMPLES: Final = {"an IANA zone name": ("Europe/Berlin", "UTC"), "a stream": ("vasopressor", "oxygen")}


def _own(path: Path, declared: MappingFile) -> Delivery:
    """A cohort written by this library; its rows were accounted for when it was made."""
    cohort = Cohort.read(path)
    ledger, book = Ledger(), FaultBook()
    names = [name for name in tables.ALL if name in tables.SCHEMAS or (path / f"{name}.parquet").exists()]
    known = [path / f"{name}.parquet" for name in names]
    left = unread(path, known, "the tables of a cohort as this library writes them", mapping=declared.file)
    if left is not None:
        book.note(left)
    for name in names:
        frame: pl.DataFrame = getattr(cohort, name)
        file = f"{name}.parquet"
        usability = pl.col("usability") if "usability" in frame.columns else pl.lit("ok").alias("usability")
        kept = frame.select(pl.lit(file).alias("file"), pl.int_range(1, pl.len() + 1).alias("row"), usability)
        ledger.read(file, frame.height)
        ledger.settle(kept.select(*PLACE, "usability"), pl.DataFrame(schema=REFUSED))
    return Delivery(cohort, Report.of(book, ledger))


def _omop(place: str | Path, declared: MappingFile) -> Delivery:
    from vein2vein.intake.omop import adapter  # noqa: PLC0415  (each adapter only when needed)

    holds = {stream: timedelta(hours=charting.hold_hours) for stream, charting in declared.charting.items()}
    options = adapter.Options(
        zone=declared.zone,
        times=declared.times.policy(),
        midnight=declared.times.midnight,
        hold=holds,
        charted=declared.charted,
        local=declared.local,
        mapping_file=declared.file,
    )
    return adapter.convert(place, options)


def _fhir(place: str | Path, declared: MappingFile) -> Delivery:
    from vein2vein.intake.fhir import adapter  # noqa: PLC0415  (each adapter only when needed)

    holds = {stream: charting.hold_hours for stream, charting in declared.charting.items()}
    options = adapter.Options(
        zone=declared.zone,
        times=declared.times.policy(),
        hold_hours=holds,
        charted=declared.charted,
        local=declared.local,
        mapping_file=declared.file,
    )
    return adapter.convert(place, options)
