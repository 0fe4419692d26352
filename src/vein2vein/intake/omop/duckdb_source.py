"""Deliveries that DuckDB reads: a folder of CSV or Parquet files, a zip of such a folder, a DuckDB database file.

Place    Floor 3, intake.
In       A path.
Out      A `Source` whose questions DuckDB answers by scanning only the columns asked for.
Missing  A line with too many or too few fields, or that is not UTF-8, is kept in `bad_rows`, never skipped silently.
Does not Load extensions or reach the network; unpack the tables of a zip that are never read.
Checked  tests/unit/intake/omop, tests/acceptance/intake/omop
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, cast

import duckdb
import polars as pl

from vein2vein.errors import IntakeError
from vein2vein.intake.omop.cdm import NEVER_READ, TABLES, Type
from vein2vein.intake.omop.source import ROWS_IN_A_PIECE, SQL_TYPE, BadRow, Column, Source, literal, pieces, quoted
from vein2vein.intake.quotes import Torn, Without, torn

_NO_NETWORK: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_FITS: Final[Mapping[Type, tuple[str, ...]]] = {
    "integer": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    "number": ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT"),
    "text": (),
    "date": ("DATE",),
    "datetime": ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_MS", "TIMESTAMP_S", "TIMESTAMP_NS"),
}
_OFFSET_AT_END: Final = r"(Z|z|[+-]\d\d(:?\d\d)?)$"
_SUFFIXES: Final = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_BYTES_PER_GIB: Final = 2**30
_CHUNK: Final = 4 << 20


class _DuckDbSource(Source):
    """Shared by files and database files: types, questions, plans."""

    _connection: duckdb.DuckDBPyConnection

    def cast(self, column: Column, wanted: Type) -> str:
        """See `Source`."""
        name = quoted(column.name)
        if wanted == "text":
            return f"nullif(CAST({name} AS VARCHAR), '')"
        if column.type in _FITS[wanted]:
            return name
        if column.type == "VARCHAR" and wanted == "datetime":
            # The cast would drop an offset; such texts are left to `raw`, where the offset is honoured.
            bare = f"NOT regexp_matches({name}, '{_OFFSET_AT_END}') OR length({name}) <= 10"
            return f"CASE WHEN {bare} THEN TRY_CAST({name} AS TIMESTAMP) END"
        return f"TRY_CAST({name} AS {SQL_TYPE[wanted]})"

    def raw(self, column: Column, wanted: Type) -> str | None:
        """See `Source`."""
        if wanted in {"text", "integer"} or column.type in _FITS[wanted]:
            return None
        name = quoted(column.name)
        return f"CASE WHEN {self.cast(column, wanted)} IS NULL THEN nullif(CAST({name} AS VARCHAR), '') END"

    def frame(self, sql: str) -> pl.DataFrame:
        """See `Source`."""
        try:
            answer = pl.from_arrow(self._connection.sql(sql).to_arrow_table())
        except duckdb.Error as error:
            raise _unreadable(self.place, error) from error
        return answer if isinstance(answer, pl.DataFrame) else answer.to_frame()

    def batches(self, sql: str) -> Iterator[pl.DataFrame]:
        """See `Source`."""
        try:
            reader = self._connection.sql(sql).to_arrow_reader(ROWS_IN_A_PIECE)
            yield from pieces(reader, reader.schema, ROWS_IN_A_PIECE)
        except duckdb.Error as error:
            raise _unreadable(self.place, error) from error

    def explain(self, sql: str) -> str:
        """See `Source`."""
        return "\n".join(row[1] for row in self._connection.execute(f"EXPLAIN {sql}").fetchall())

    def close(self) -> None:
        """See `Source`."""
        self._connection.close()


class DuckDbFile(_DuckDbSource):
    """A DuckDB database file, opened for reading only and without access to any other file."""

    def __init__(self, path: Path, *, schema: str | None = None) -> None:
        self.place = str(path)
        try:
            self._connection = duckdb.connect(
                str(path), read_only=True, config={"enable_external_access": "false", **_NO_NETWORK}
            )
        except duckdb.Error as error:
            raise _unreadable(self.place, error) from error
        self._tables = tables_of_schemas(self._catalogue(), schema, place=self.place)

    def _catalogue(self) -> list[tuple[str, str, str, str]]:
        return self._connection.execute(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_catalog = current_database() ORDER BY table_schema, table_name, ordinal_position"
        ).fetchall()

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """See `Source`."""
        return self._tables[table][1] if table in self._tables else None

    def from_clause(self, table: str) -> str:
        """See `Source`."""
        return self._tables[table][0]


class Folder(_DuckDbSource):
    """A folder with one CSV or Parquet file, or one folder of such files, per table."""

    def __init__(self, path: Path, *, place: str | None = None) -> None:
        self.place = place or str(path)
        self._connection = duckdb.connect(config=_NO_NETWORK)
        self._files = find_tables(path)
        listed = [file for files in self._files.values() for file in files]
        self.counts_cheaply = all(file.name.lower().endswith(".parquet") for file in listed)
        if "person" not in self._files:
            raise not_omop(self.place, sorted(self._files))
        self._known: dict[str, tuple[str, Mapping[str, Column]]] = {}
        self._whole: dict[Path, _Mended] = {}
        self._scratch: Path | None = None
        self.not_read = _not_read(path, listed)
        self._counts: dict[str, int] = {}

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """See `Source`."""
        return self._read(table)[1] if table in self._files else None

    def from_clause(self, table: str) -> str:
        """See `Source`."""
        return self._read(table)[0]

    def _read(self, table: str) -> tuple[str, Mapping[str, Column]]:
        if table not in self._known:
            files = self._files[table]
            is_parquet = files[0].name.lower().endswith(".parquet")
            self._known[table] = self._parquet(files) if is_parquet else self._csv(table, files)
        return self._known[table]

    def _parquet(self, files: list[Path]) -> tuple[str, Mapping[str, Column]]:
        listed = ", ".join(literal(str(f)) for f in files)
        clause = f"read_parquet([{listed}], union_by_name=true)"
        try:
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {clause}").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise _unreadable(self.place, error) from error
        return clause, {row[0].lower(): Column(row[0], row[1].upper()) for row in described}

    def _csv(self, table: str, files: list[Path]) -> tuple[str, Mapping[str, Column]]:
        headers = {file: _header(file) for file in files}
        delimiter, names = headers[files[0]]
        odd = [file for file in files if headers[file] != (delimiter, names)]
        if odd:
            raise IntakeError(
                "INTAKE-503",
                saw=f"{odd[0].name} with another header than {files[0].name}, both for table {table!r}",
                expected="the same columns in the same order in every part of a table",
                fix="export the table again in one go",
            )
        columns = {name.lower(): Column(name, "VARCHAR") for name in names}
        # A quotation mark has no meaning in tab-separated exports of vocabularies.
        quote = "" if delimiter == "\t" else '"'
        struct = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        try:
            read = [self._without_torn(file, delimiter, len(names)) if quote else file for file in files]
        except (EOFError, OSError, zlib.error) as error:
            raise _unreadable(self.place, error) from error
        listed = ", ".join(literal(str(f)) for f in read)
        clause = (
            f"read_csv([{listed}], auto_detect=false, header=true, delim={literal(delimiter)}, quote='{quote}',"
            f" escape='{quote}', columns={{{struct}}}, store_rejects=true, rejects_table='bad_rows',"
            f" rejects_scan='bad_scans')"
        )
        return clause, columns

    def _without_torn(self, file: Path, delimiter: str, columns: int) -> Path:
        """The file, or a copy of it without the rows that a stray quote swallows: DuckDB would read them as one cell."""
        with opened(file) as stream:
            if not any(b'"' in chunk for chunk in iter(lambda: stream.read(_CHUNK), b"")):
                return file
        with opened(file) as stream:
            stretches = torn(stream, delimiter, columns)
        if not stretches:
            return file
        self._scratch = self._scratch or Path(tempfile.mkdtemp(prefix="vein2vein-omop-"))
        copy = self._scratch / f"{len(self._whole)}-{file.name.removesuffix('.gz')}"
        with opened(file) as stream, Without(stream, stretches) as left, copy.open("wb") as target:
            shutil.copyfileobj(left, target, _CHUNK)
        self._whole[copy] = _Mended(file, tuple(stretches))
        return copy

    def close(self) -> None:
        """See `Source`."""
        super().close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def count(self, table: str) -> int:
        """See `Source`."""
        if table not in self._counts:
            self._counts[table] = super().count(table)
        return self._counts[table]

    def bad_rows(self) -> list[BadRow]:
        """See `Source`."""
        table_of = {file: table for table, files in self._files.items() for file in files}
        found = [row for mended in self._whole.values() for row in mended.bad_rows(table_of[mended.file])]
        try:
            rows = self._connection.execute(
                "SELECT DISTINCT file_path, line, min(error_message) FROM bad_rows JOIN bad_scans USING (scan_id, file_id)"
                " GROUP BY ALL ORDER BY 1, 2"
            ).fetchall()
        except duckdb.CatalogException:
            return found
        for path, line, message in rows:
            mended = self._whole.get(Path(path))
            file, at = (Path(path), line) if mended is None else (mended.file, mended.line(line))
            found.append(BadRow(table_of[file], file.name, at, message))
        return found


@dataclass(frozen=True)
class _Mended:
    """A file of which a copy without some stretches is read."""

    file: Path
    stretches: tuple[Torn, ...]

    def bad_rows(self, table: str) -> list[BadRow]:
        """The rows of the stretches; a row is called by the line in which it stands when no cell holds a line break."""
        return [
            BadRow(table, self.file.name, row + 1, f"a quote is opened in line {each.row + 1} and not closed")
            for each in self.stretches
            for row in range(each.row, each.row + each.rows)
        ]

    def line(self, line: int) -> int:
        """A line of the copy -> the line of the file."""
        for each in self.stretches:
            line += each.rows if line > each.row else 0
        return line


def _not_read(folder: Path, read: list[Path]) -> tuple[str, ...]:
    """Names of the files of a folder that hold no table of the data model; those that are never opened are left out."""
    others = sorted(file for file in folder.rglob("*") if file.is_file() and file not in set(read))
    names = [file.relative_to(folder) for file in others if not file.name.startswith(".")]
    return tuple(str(name) for name in names if name.name.split(".")[0].casefold() not in NEVER_READ)


class Zip(Folder):
    """A zip of a folder of CSV or Parquet files; only the tables that are read are unpacked, into a temporary folder."""

    def __init__(self, path: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vein2vein-omop-"))
        try:
            _unpack(path, self._folder)
            super().__init__(self._folder, place=str(path))
            self.not_read = _members_left(path)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def close(self) -> None:
        """See `Source`."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


def find_tables(folder: Path) -> dict[str, list[Path]]:
    """Files of each known table in a folder, whatever the case of their names.

    A table is a file ``measurement.csv`` (also .csv.gz, .tsv, .parquet) or a folder ``measurement`` of such files.

    Raises:
        IntakeError: INTAKE-503 when a table is there twice.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for entry in sorted(folder.iterdir()):
        table = _table_of(entry.name)
        if table is None:
            continue
        parts = [entry] if entry.is_file() else sorted(p for p in entry.iterdir() if p.name.lower().endswith(_SUFFIXES))
        if parts and table in found:
            raise IntakeError(
                "INTAKE-503",
                saw=f"table {table!r} as {found[table][0].name} and as {parts[0].name}",
                expected="each table once",
                fix="remove the copy that is not meant",
            )
        found[table].extend(parts)
    return {table: parts for table, parts in found.items() if parts}


def tables_of_schemas(
    catalogue: list[tuple[str, str, str, str]], schema: str | None, *, place: str, vocabulary_schema: str | None = None
) -> dict[str, tuple[str, Mapping[str, Column]]]:
    """Known tables of a database: SQL name and columns, from the one schema that holds persons.

    Args:
        catalogue: Rows of schema, table, column, type.
        schema: Schema of the clinical tables; None to take the only one that has a table of persons.
        place: For messages.
        vocabulary_schema: Schema of tables that the first lacks; None to look in all others.

    Raises:
        IntakeError: INTAKE-502 when no schema, or more than one, holds persons.
    """
    grouped: dict[tuple[str, str], dict[str, Column]] = defaultdict(dict)
    for in_schema, table, column, kind in catalogue:
        if table.lower() in TABLES:
            grouped[in_schema, table][column.lower()] = Column(column, kind.upper())
    with_persons = sorted({s for s, table in grouped if table.lower() == "person"})
    if schema is None and len(with_persons) == 1:
        schema = with_persons[0]
    if schema not in with_persons:
        if not with_persons:
            raise not_omop(place, sorted({table.lower() for _, table in grouped}))
        raise IntakeError(
            "INTAKE-502",
            saw=f"schemas with persons in {place}: {', '.join(with_persons)}"
            + (f"; asked for {schema!r}" if schema else ""),
            expected="one of them named",
            fix=f"say which, such as schema={with_persons[0]!r}",
        )
    others = sorted({s for s, _ in grouped} - {schema}) if vocabulary_schema is None else [vocabulary_schema]
    tables: dict[str, tuple[str, Mapping[str, Column]]] = {}
    for wanted in (schema, *others):
        for (in_schema, table), columns in grouped.items():
            is_vocabulary = table.lower().startswith("concept")
            if in_schema == wanted and table.lower() not in tables and (in_schema == schema or is_vocabulary):
                tables[table.lower()] = (f"{quoted(in_schema)}.{quoted(table)}", columns)
    return tables


def not_omop(place: str, tables: list[str]) -> IntakeError:
    """The error for a place that holds no table of persons."""
    return IntakeError(
        "INTAKE-501",
        saw=f"{place} with " + (f"the tables {', '.join(tables)}" if tables else "no table of the OMOP model"),
        expected="at least PERSON, and the tables of events, as CSV or Parquet files or as database tables",
        fix="give the folder, zip, DuckDB file or PostgreSQL database that holds PERSON",
    )


def _table_of(name: str) -> str | None:
    lowered = name.lower()
    stem = next(
        (lowered.removesuffix(s) for s in sorted(_SUFFIXES, key=len, reverse=True) if lowered.endswith(s)), lowered
    )
    return stem if stem in TABLES else None


def opened(file: Path) -> BinaryIO:
    """The bytes of a file, decompressed where its name ends in .gz."""
    return cast("BinaryIO", gzip.open(file, "rb")) if file.name.lower().endswith(".gz") else file.open("rb")


def _header(file: Path) -> tuple[str, tuple[str, ...]]:
    try:
        with opened(file) as stream:
            first = stream.readline(1_000_000)
    except (EOFError, OSError, zlib.error) as error:
        raise _unreadable(file.name, error) from error
    try:
        line = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise IntakeError(
            "INTAKE-504",
            saw=f"{file.name}: the header is not UTF-8 (byte {error.start})",
            expected="UTF-8 text",
            fix="export the table as UTF-8",
        ) from error
    delimiter = max(",\t;|", key=line.count)
    names = tuple(name.strip().strip('"') or f"column_{n}" for n, name in enumerate(line.split(delimiter)))
    if len({name.lower() for name in names}) < len(names) or names == ("column_0",):
        raise IntakeError(
            "INTAKE-504",
            saw=f"{file.name}: header {line[:200]!r}",
            expected="a first line with the names of the columns, each once",
            fix="export the table with its header",
        )
    return delimiter, names


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                (member, _member_target(member.filename)) for member in archive.infolist() if not member.is_dir()
            ]
            wanted = [(member, target) for member, target in members if target is not None]
            _check_room(path, folder, sum(member.file_size for member, _ in wanted))
            for member, target in wanted:
                _unpack_one(archive, member, folder / target)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _unreadable(str(path), error) from error


def _check_room(path: Path, folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise IntakeError(
            "INTAKE-505",
            saw=f"{path.name} needs {size / _BYTES_PER_GIB:.1f} GiB unpacked; {free / _BYTES_PER_GIB:.1f} GiB are free",
            expected="room for the tables that are read",
            fix="unpack it on a larger disk and give the folder, or point TMPDIR at a larger disk",
        )


def _members_left(path: Path) -> tuple[str, ...]:
    """Names of the files of a zip that hold no table of the data model."""
    with zipfile.ZipFile(path) as archive:
        names = [PurePosixPath(member.filename) for member in archive.infolist() if not member.is_dir()]
    left = [name for name in names if _member_target(str(name)) is None and "__MACOSX" not in name.parts]
    return tuple(sorted(str(n) for n in left if n.name.split(".")[0].casefold() not in NEVER_READ and n.name[0] != "."))


def _unpack_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    if target.exists():
        raise IntakeError(
            "INTAKE-503",
            saw=f"{target.name} in several folders of the zip, among them {member.filename}",
            expected="each table once",
            fix="make a zip of one delivery only",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1024 * 1024)


def _member_target(name: str) -> str | None:
    """Where a member of a zip goes: only known tables, by their own names, never by the path that the zip states."""
    parts = PurePosixPath(name).parts
    if "__MACOSX" in parts or not name.lower().endswith(_SUFFIXES):
        return None
    own = parts[-1]
    if _table_of(own) is not None:
        return own
    if len(parts) > 1 and _table_of(parts[-2]) is not None and own not in {".", ".."}:
        return f"{parts[-2]}/{own}"
    return None


def _unreadable(place: str, error: Exception) -> IntakeError:
    return IntakeError(
        "INTAKE-506",
        saw=f"{place}: {str(error).splitlines()[0]}",
        expected="a complete file that its own program can read",
        fix="check that the file was copied completely and is not being written",
    )
