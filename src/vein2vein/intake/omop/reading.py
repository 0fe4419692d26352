"""Open an OMOP delivery and read what is needed of it.

Place    Floor 3, intake.
In       A folder or zip of CSV or Parquet files, a DuckDB file, or the URL of a PostgreSQL database.
Out      `OmopRows`: needed rows with their meaning, counts of all others, infusions and courses. Nothing is judged yet.
Knows    First the infusions, then the persons who had one, then only their rows of wanted concepts. Everything else is
         counted where it lies.
Missing  A delivery without infusions has no courses and no rows.
Does not Open NOTE, NOTE_NLP or tables about staff, places and money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from vein2vein.errors import IntakeError
from vein2vein.intake.omop.cdm import CLINICAL, EVENTS, EXPOSING, TABLES
from vein2vein.intake.omop.concepts import Lexicon, Opened, look_up
from vein2vein.intake.omop.coverage import Line
from vein2vein.intake.omop.duckdb_source import DuckDbFile, Folder, Zip
from vein2vein.intake.omop.facts import Names, names_of, unmapped
from vein2vein.intake.omop.infusions import Course, courses_of, find_infusions
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.persons import PeopleRows, read_people
from vein2vein.intake.omop.postgres import SCHEMES, Postgres
from vein2vein.intake.omop.profile import Stock, take_stock
from vein2vein.intake.omop.rows import read_rows, read_unknown
from vein2vein.intake.omop.source import BadRow, Source
from vein2vein.intake.unread import is_same

_DUCKDB: Final = (".duckdb", ".db", ".ddb")


@dataclass(frozen=True)
class OmopRows:
    """What was read of a delivery, before anything is judged.

    Attributes:
        place: Where the delivery lies, without a password.
        options: What was declared for it.
        lexicon: What its concepts mean.
        infusions: Rows that say that CAR-T cells were given.
        courses: Courses that have an infusion which can be placed in time.
        frames: Needed rows by table.
        stocks: Counts and concepts by table of events.
        lines: Counts by table about persons.
        lacking: Tables that are there without columns that they need.
        bad_rows: Lines of text files that could not be split into columns.
        not_read: Names of files that hold no table of the data model.
        unknown: Rows that may be exposures although nobody knows of what; read when a stream is declared charted.
    """

    place: str
    options: Options
    lexicon: Lexicon
    infusions: pl.DataFrame
    courses: tuple[Course, ...]
    frames: dict[str, pl.DataFrame]
    stocks: dict[str, Stock]
    lines: dict[str, Line]
    names: Names
    people: PeopleRows
    lacking: dict[str, tuple[str, ...]]
    bad_rows: tuple[BadRow, ...]
    unknown: tuple[pl.DataFrame, ...] = ()
    not_read: tuple[str, ...] = ()


def open_source(place: str | Path, options: Options) -> Source:
    """Open a delivery for reading.

    Args:
        place: Folder, zip file, DuckDB file, or a URL that begins with postgresql://.
        options: Its schema fields say where in a database to look.

    Raises:
        IntakeError: INTAKE-501 no table of persons, INTAKE-502 which schema is meant, INTAKE-503 to 507 what cannot be read.
    """
    text = str(place)
    if text.startswith(SCHEMES):
        return Postgres(text, schema=options.schema, vocabulary_schema=options.vocabulary_schema)
    path = Path(place)
    if path.is_dir():
        return Folder(path)
    if path.is_file() and path.suffix.lower() == ".zip":
        return Zip(path)
    if path.is_file() and path.suffix.lower() in _DUCKDB:
        return DuckDbFile(path, schema=options.schema)
    raise IntakeError(
        "INTAKE-501",
        saw=f"{text}, which is " + ("a file of another kind" if path.is_file() else "not there"),
        expected=f"a folder, a .zip, a DuckDB file ({', '.join(_DUCKDB)}) or a URL that begins with {SCHEMES[0]}",
        fix="give the place of the OMOP tables",
    )


def read(place: str | Path, options: Options | None = None) -> OmopRows:
    """Read what is needed of a delivery: rows of wanted concepts of persons who had a CAR-T infusion.

    Raises:
        IntakeError: See `open_source`.
    """
    options = options or Options()
    with open_source(place, options) as source:
        opened = Opened(source, look_up(source, options.local.codes), options)
        infusions = find_infusions(opened)
        courses = courses_of(infusions, options)
        persons = sorted({course.person_id for course in courses})
        tables = [table for table in EVENTS if source.has(table)]
        stocks = {table: take_stock(opened, table, persons) for table in tables}
        opened = _knowing_ties(opened, stocks)
        frames = {table: read_rows(opened, stock, courses) for table, stock in stocks.items() if stock.needed.height}
        people = read_people(source, courses, options)
        lines = {table: _line(stock, frames.get(table), opened.lexicon) for table, stock in stocks.items()}
        lines |= {
            table: _line_of_people(source.count(table), people.counts()[table])
            for table in CLINICAL
            if table not in EVENTS and source.has(table)
        }
        return OmopRows(
            place=source.place,
            options=options,
            lexicon=opened.lexicon,
            infusions=infusions,
            courses=tuple(courses),
            frames=frames,
            stocks=stocks,
            lines=lines,
            names=names_of(source, list(frames.values())),
            people=people,
            lacking={
                table: source.lacking(table) for table in TABLES if source.columns(table) and source.lacking(table)
            },
            bad_rows=tuple(source.bad_rows()),
            not_read=tuple(name for name in source.not_read if not is_same(Path(place) / name, options.mapping_file)),
            unknown=tuple(
                read_unknown(opened, stocks[table], courses)
                for table in EXPOSING
                if options.charted and courses and table in stocks
            ),
        )


def _knowing_ties(opened: Opened, stocks: Mapping[str, Stock]) -> Opened:
    """The delivery with the concepts of its rows that lie equally far below different wanted ones."""
    ties = {concept: said for stock in stocks.values() for concept, said in stock.ambiguous.items()}
    return replace(opened, lexicon=replace(opened.lexicon, ambiguous={**ties, **opened.lexicon.ambiguous}))


def _line_of_people(rows: int, read: int) -> Line:
    return Line(rows, read, read, read)


def _line(stock: Stock, frame: pl.DataFrame | None, lexicon: Lexicon) -> Line:
    # Visits are told by their own concept; a visit without one is no code that somebody could map.
    strange = 0 if stock.table.startswith("visit") else int(unmapped(stock.concepts, lexicon)["n"].sum())
    if frame is None:
        return Line(stock.rows, stock.of_persons, 0, 0, strange)
    needed = frame.filter(pl.col("course_id").is_not_null()).height
    return Line(stock.rows, stock.of_persons, frame.height, needed, strange)
