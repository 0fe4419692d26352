"""Read CSV and Parquet files in batches, and say what is wrong with a file as a file.

Place    Floor 3, tables adapter.
In       A file, or a folder of files.
Out      `Source` values, and batches of text (CSV) or typed (Parquet) columns with a column `row`.
Knows    `row` counts data rows from 1. Rows with more or fewer cells than the header, and rows that a stray quote would
         swallow, are left out of the batches and named. A CSV file may be compressed (.csv.gz).
         Memory use does not grow with the file: one batch is held at a time.
Does not Guess an encoding: bytes that are not in the declared one make the file unreadable, and all its rows count as refused.
Checked  tests/unit/intake/test_tables_files.py
"""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from vein2vein.errors import Fault, IntakeError
from vein2vein.intake.tables.quotes import Torn, Without, torn
from vein2vein.intake.unread import fix_of

CSV_ENDINGS: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_ENDINGS: Final = (".parquet", ".pq")
ENDINGS: Final = CSV_ENDINGS + PARQUET_ENDINGS
_SEPARATORS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 4 << 20
_BLOCK: Final = 8 << 20
_BATCH_ROWS: Final = 100_000
_TEXT_KEPT: Final = 200
_TRIED: Final = ("cp1252", "gb18030", "utf-16")


@dataclass
class Source:
    """One file: its name in the delivery, columns, and what was wrong with it.

    `ragged` has the numbers of rows with too many or too few cells, `ragged_texts` how each begins.
    """

    path: Path
    name: str
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8"
    separator: str = ","
    fault: Fault | None = None
    refused_rows: int = 0
    ragged: list[int] = field(default_factory=list)
    ragged_texts: list[str] = field(default_factory=list)
    torn: list[Torn] = field(default_factory=list)
    has_quotes: bool = False
    rows: int = 0

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet."""
        return self.path.suffix.lower() in PARQUET_ENDINGS

    def batches(self) -> Iterator[pl.DataFrame]:
        """Batches with column row; `rows`, `ragged` and `torn` are complete when the last one has been given."""
        self.rows = 0
        self.ragged.clear()
        self.ragged_texts.clear()
        if self.fault is not None:
            self.rows = self.refused_rows
            return
        for batch in self._parquet() if self.is_parquet else self._csv():
            if batch.height:
                yield batch

    def _parquet(self) -> Iterator[pl.DataFrame]:
        with pyarrow.parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                frame = _frame(pa.Table.from_batches([batch]))
                yield frame.with_columns(pl.int_range(self.rows + 1, self.rows + frame.height + 1).alias("row"))
                self.rows += frame.height

    def _csv(self) -> Iterator[pl.DataFrame]:
        self.torn = self.torn_rows()
        if not self.torn:
            yield from self._batches(self.path)
            return
        with opened(self.path) as file:
            yield from self._batches(pa.PythonFile(Without(file, self.torn), mode="r"))

    def _batches(self, file: Any) -> Iterator[pl.DataFrame]:
        read = 0
        reader = self.reader(dict.fromkeys(self.columns, pa.string()), file)
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise self._broken(read, str(error)) from error
            frame = _frame(pa.Table.from_batches([batch]))
            numbers = pl.int_range(read + 1, read + frame.height + 1, eager=True)
            read += frame.height
            yield frame.with_columns(self._past_torn(_shifted(numbers, self.ragged)).alias("row"))
        self.rows = read + len(self.ragged) + sum(each.rows for each in self.torn)
        self.ragged[:] = self._past_torn(pl.Series(self.ragged, dtype=pl.Int64)).to_list()

    def torn_rows(self) -> list[Torn]:
        """The stretches of the file that a stray quote would swallow."""
        if not self.has_quotes:
            return []
        with opened(self.path) as file:
            return torn(file, self.separator, len(self.columns))

    def _past_torn(self, numbers: pl.Series) -> pl.Series:
        """Numbers of rows that were read -> numbers of rows in the file, the torn ones counted."""
        for each in self.torn:
            numbers = pl.select(
                pl.when(numbers >= each.row).then(numbers + each.rows).otherwise(numbers).alias("row")
            ).to_series()
        return numbers

    def reader(self, types: dict[str, pa.DataType], file: Any) -> pyarrow.csv.CSVStreamingReader:
        """A reader of a CSV file that notes ragged rows and leaves them out."""

        def note(row: Any) -> str:
            self.ragged.append(row.number - 1)
            self.ragged_texts.append((row.text or "")[:_TEXT_KEPT])
            return "skip"

        return pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK, encoding=self.encoding),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.separator, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""]),
        )

    def _broken(self, read: int, why: str) -> IntakeError:
        return IntakeError(
            "INTAKE-045",
            saw=f"{self.name} after row {read + len(self.ragged)}: {why}",
            expected="rows that end, with quotes that close",
            fix="look for a quote that opens a cell and is never closed",
            effect="the delivery is not read",
        )


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, decompressed where its name ends in .gz."""
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _shifted(numbers: pl.Series, ragged: list[int]) -> pl.Series:
    """Numbers of good rows -> numbers of rows in the file, the left-out ones counted."""
    for place in sorted(ragged):
        numbers = pl.select(pl.when(numbers >= place).then(numbers + 1).otherwise(numbers)).to_series()
    return numbers


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if isinstance(frame, pl.Series):
        frame = frame.to_frame()
    return frame.rename({name: name.strip().lstrip("\ufeff") for name in frame.columns})


def sources(path: Path, *, encoding: str = "utf-8", separator: str | None = None) -> list[Source]:
    """The readable tables at a path, by name.

    Raises:
        IntakeError: INTAKE-001 when there is nothing, INTAKE-002 when there are no tables.
    """
    if not path.exists():
        raise IntakeError("INTAKE-001", saw=str(path.name), expected="a file or a folder", fix="correct the path")
    found = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.is_file())
    tables = [file for file in found if file.name.lower().endswith(ENDINGS)]
    if not tables:
        raise IntakeError(
            "INTAKE-002",
            saw=f"{path.name}: {', '.join(file.name for file in found[:5]) or 'an empty folder'}",
            expected=f"tables with names ending in {', '.join(ENDINGS)}",
            fix=fix_of([file.name for file in found]),
        )
    return [_opened(file, encoding, separator) for file in tables]


def _opened(path: Path, encoding: str, separator: str | None) -> Source:
    source = Source(path, path.name, encoding=encoding)
    if source.is_parquet:
        try:
            source.columns = tuple(pyarrow.parquet.read_schema(path).names)
        except (pa.ArrowInvalid, OSError) as error:
            source.fault = Fault(
                "INTAKE-005", f"{path.name}: {error}", "a Parquet file", "write the file again", "the file is not read"
            )
        return source
    source.fault = _empty(path) or _wrong_bytes(source)
    if source.fault is None:
        _read_header(source, separator)
    return source


def _empty(path: Path) -> Fault | None:
    with opened(path) as file:
        if file.read(_CHUNK).strip():
            return None
    return Fault("INTAKE-003", path.name, "a header and rows", "ask for the file again", "nothing was read from it")


def _wrong_bytes(source: Source) -> Fault | None:
    """INTAKE-005 when the file is not in its encoding; its rows are then counted by line breaks."""
    try:
        decoder = codecs.getincrementaldecoder(source.encoding)()
    except LookupError:
        return Fault(
            "INTAKE-005",
            f"encoding {source.encoding!r}",
            "an encoding that Python knows",
            "correct encoding in the mapping file",
        )
    lines, wrong, last = 0, None, b"\n"
    with opened(source.path) as file:
        while chunk := file.read(_CHUNK):
            if wrong is None:
                wrong = _first_wrong(decoder, chunk, lines)
            lines += chunk.count(b"\n")
            source.has_quotes |= b'"' in chunk
            last = chunk[-1:]
    if wrong is None:
        return None
    source.refused_rows = max(lines + (last != b"\n") - 1, 0)
    reads_as = [name for name in _TRIED if name != source.encoding and _decodes(source.path, name)]
    hint = f"; it can be read as {' or '.join(reads_as)}: look at the letters before you decide" if reads_as else ""
    return Fault(
        "INTAKE-005",
        saw=f"{source.name}: {wrong}",
        expected=f"text in {source.encoding}",
        fix=f"declare encoding in the mapping file, or write the file as UTF-8{hint}",
        effect="no row of the file is read; all are refused",
    )


def _first_wrong(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int) -> str | None:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError as error:
        line = lines + chunk[: error.start].count(b"\n") + 1
        return f"byte 0x{error.object[error.start]:02X} in line {line}"
    return None


def _decodes(path: Path, encoding: str) -> bool:
    with opened(path) as file:
        try:
            codecs.getincrementaldecoder(encoding)().decode(file.read(_CHUNK))
        except UnicodeError:
            return False
    return True


def _read_header(source: Source, separator: str | None) -> None:
    with opened(source.path) as raw, io.TextIOWrapper(raw, encoding=source.encoding, newline="") as file:
        line = file.readline()
    source.separator = separator or max(_SEPARATORS, key=line.count)
    source.columns = tuple(line.split(source.separator))
    if '"' in line and (found := [each for each in source.torn_rows() if each.row == 0]):
        source.refused_rows = found[0].rows - 1
        source.fault = Fault(
            "INTAKE-045",
            saw=f"{source.name}: a quote is opened and not closed in the header",
            expected="quotes that close in the cell that they open",
            fix="remove the quote, or close it",
            effect="no row of the file is read; all are refused",
        )
        return
    try:
        source.columns = tuple(source.reader({}, source.path).schema.names)
    except pa.ArrowInvalid as error:
        source.fault = Fault("INTAKE-045", f"{source.name}: {error}", "a header and rows", "write the file again")
