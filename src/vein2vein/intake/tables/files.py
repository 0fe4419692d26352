"""Read CSV and Parquet files in batches, and say what is wrong with a file as a file.

Place    Floor 3, tables adapter.
In       A file, or a folder of files.
Out      `Source` values, and batches of text (CSV) or typed (Parquet) columns with a column `row`.
Knows    `row` counts data rows from 1. Rows with more or fewer cells than the header, and rows that a stray quote would
         swallow, are left out of the batches and named. A CSV file may be compressed (.csv.gz).
         Memory use does not grow with the file: one batch is held at a time. A byte order mark says that a file is UTF-16.
Does not Guess an encoding: bytes that are not in the declared one make the file unreadable, and all its rows count as refused.
Checked  tests/unit/intake/test_tables_files.py
"""

from __future__ import annotations

import codecs
import gzip
import io
import shutil
import tempfile
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from vein2vein.errors import Fault, IntakeError
from vein2vein.intake.quotes import Torn, Without, torn
from vein2vein.intake.unread import fix_of

CSV_ENDINGS: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_ENDINGS: Final = (".parquet", ".pq")
ENDINGS: Final = CSV_ENDINGS + PARQUET_ENDINGS
_SEPARATORS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 4 << 20
_BLOCK: Final = 8 << 20
_BATCH_ROWS: Final = 100_000
_TEXT_KEPT: Final = 200
_TRIED: Final = ("cp1252", "gb18030")
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_GZIP: Final = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass
class Source:
    """One file: its name in the delivery, columns, and what was wrong with it.

    `columns` has the names of the columns, each once, `names` the same as they stand in the header. `ragged` has the numbers of
    rows with too many or too few cells, `ragged_texts` how each begins.
    """

    path: Path
    name: str
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    separator: str = ","
    fault: Fault | None = None
    refused_rows: int = 0
    ragged: list[int] = field(default_factory=list)
    ragged_texts: list[str] = field(default_factory=list)
    torn: list[Torn] = field(default_factory=list)
    has_quotes: bool = False
    rows: int = 0
    plain: Path | None = None

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
                frame = self._frame(pa.Table.from_batches([batch]))
                yield frame.with_columns(pl.int_range(self.rows + 1, self.rows + frame.height + 1).alias("row"))
                self.rows += frame.height

    def _csv(self) -> Iterator[pl.DataFrame]:
        self.torn = self.torn_rows()
        if not self.torn:
            yield from self._batches(self.plain or self.path)
            return
        with self.open() as file:
            yield from self._batches(pa.PythonFile(Without(file, self.torn), mode="r"))

    def _batches(self, file: Any) -> Iterator[pl.DataFrame]:
        read = 0
        reader = self.reader(dict.fromkeys(self.names, pa.string()), file)
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise self._broken(read, str(error)) from error
            frame = self._frame(pa.Table.from_batches([batch]))
            numbers = pl.int_range(read + 1, read + frame.height + 1, eager=True)
            read += frame.height
            yield frame.with_columns(self._past_torn(_shifted(numbers, self.ragged)).alias("row"))
        self.rows = read + len(self.ragged) + sum(each.rows for each in self.torn)
        self.ragged[:] = self._past_torn(pl.Series(self.ragged, dtype=pl.Int64)).to_list()

    def torn_rows(self) -> list[Torn]:
        """The stretches of the file that a stray quote would swallow."""
        if not self.has_quotes:
            return []
        with self.open() as file:
            return torn(file, self.separator, len(self.columns))

    def open(self) -> BinaryIO:
        """The bytes of the file, decompressed, and as UTF-8 where its encoding has more than one byte for a separator."""
        return opened(self.plain or self.path)

    def recode(self) -> None:
        """Put a copy in UTF-8 into a temporary folder that goes with this value; its text is read from there.

        Raises:
            UnicodeError: The file is not in its encoding.
        """
        folder = tempfile.mkdtemp(prefix="vein2vein-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = Path(folder) / "table.csv"
        decoder = codecs.getincrementaldecoder(self.encoding)()
        with opened(self.path) as file, copy.open("wb") as target:
            while chunk := file.read(_CHUNK):
                target.write(decoder.decode(chunk).encode())
            target.write(decoder.decode(b"", final=True).encode())
        self.plain, self.encoding = copy, "utf-8"

    def named(self, names: tuple[str, ...]) -> None:
        """Take the names of the header; a column without a name is called by its place, one name twice is INTAKE-006."""
        clean = [name.strip().lstrip("\ufeff") for name in names]
        self.names, self.columns = names, tuple(name or f"column {n}" for n, name in enumerate(clean, 1))
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            self.fault = Fault(
                "INTAKE-006",
                saw=f"{self.name}: columns of the same name: {', '.join(map(repr, twice[:5]))}",
                expected="every name of a column once",
                fix="rename or remove one of them",
                effect="nobody knows which is meant: no row of the file is read; all are refused",
            )

    def _frame(self, table: pa.Table) -> pl.DataFrame:
        frame = pl.from_arrow(table.rename_columns(list(self.columns)))
        return frame.to_frame() if isinstance(frame, pl.Series) else frame

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
        too_long = "straddl" in why
        why = f"a row of more than {_BLOCK >> 20} MiB" if too_long else why
        return IntakeError(
            "INTAKE-045",
            saw=f"{self.name} after row {read + len(self.ragged)}: {why}",
            expected="rows that end, with quotes that close"
            + (f", of at most {_BLOCK >> 20} MiB each" if too_long else ""),
            fix="look for a line without an end, or a quote that opens a cell and is never closed",
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


def sources(
    path: Path, *, declared: Callable[[str], tuple[str | None, str | None]] = lambda _: (None, None)
) -> list[Source]:
    """The readable tables at a path, by name.

    Args:
        path: A file or folder.
        declared: Name of a file -> its encoding and separator, each None where nothing is declared: then UTF-8, unless the
            file begins with another byte order mark, and the separator that the header has most of.

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
    return [_opened(file, *declared(file.name)) for file in tables]


def _opened(path: Path, encoding: str | None, separator: str | None) -> Source:
    source = Source(path, path.name, encoding=encoding or "utf-8")
    if source.is_parquet:
        _read_schema(source)
        return source
    try:
        source.encoding = encoding or _marked(path) or "utf-8"
        source.fault = _empty(path) or _wrong_bytes(source)
    except _NOT_GZIP as error:
        source.fault = Fault(
            "INTAKE-005",
            saw=f"{path.name}: {error}",
            expected="a complete file that gzip has compressed",
            fix="copy the file again, or send it as it is, without compression",
            effect="no row of the file is read, and how many it has is not known",
        )
    if source.fault is None:
        _read_header(source, separator)
    return source


def _read_schema(source: Source) -> None:
    try:
        with pyarrow.parquet.ParquetFile(source.path) as file:
            source.named(tuple(file.schema_arrow.names))
            source.refused_rows = file.metadata.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        source.fault = Fault(
            "INTAKE-005",
            f"{source.name}: {error}",
            "a Parquet file",
            "write the file again",
            "no row of the file is read, and how many it has is not known",
        )


def _marked(path: Path) -> str | None:
    """The encoding that the byte order mark of a file declares; None without one, and for UTF-8."""
    with opened(path) as file:
        head = file.read(4)
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def _empty(path: Path) -> Fault | None:
    with opened(path) as file:
        if file.read(_CHUNK).strip():
            return None
    return Fault("INTAKE-003", path.name, "a header and rows", "ask for the file again", "nothing was read from it")


def _wrong_bytes(source: Source) -> Fault | None:
    """INTAKE-005 when the file is not in its encoding; its rows are then counted by line breaks."""
    try:
        if _is_wide(source.encoding):
            source.recode()
        decoder = codecs.getincrementaldecoder(source.encoding)()
    except LookupError:
        return Fault(
            "INTAKE-005",
            f"encoding {source.encoding!r}",
            "an encoding that Python knows",
            "correct encoding in the mapping file",
        )
    except UnicodeError as error:
        source.refused_rows = max(_lines_of(source.path) - 1, 0)
        return _undecodable(source, str(error))
    lines, wrong, last = 0, None, b"\n"
    with source.open() as file:
        while chunk := file.read(_CHUNK):
            if lines == 0 and b"\x00" in chunk.partition(b"\n")[0]:
                wrong = "byte 0x00 in line 1, as UTF-16 without a byte order mark has them"
            if wrong is None:
                wrong = _first_wrong(decoder, chunk, lines)
            lines += chunk.count(b"\n")
            source.has_quotes |= b'"' in chunk
            last = chunk[-1:]
    if wrong is None:
        return None
    source.refused_rows = max(lines + (last.strip(b"\x00\n") != b"") - 1, 0)
    reads_as = [name for name in _TRIED if name != source.encoding and _decodes(source.path, name)]
    if "0x00" in wrong:
        reads_as = ["utf-16-le", "utf-16-be"]
    hint = f"; it can be read as {' or '.join(reads_as)}: look at the letters before you decide" if reads_as else ""
    return _undecodable(source, wrong, hint)


def _undecodable(source: Source, wrong: str, hint: str = "") -> Fault:
    return Fault(
        "INTAKE-005",
        saw=f"{source.name}: {wrong}",
        expected=f"text in {source.encoding}",
        fix=f"declare encoding for the file in the mapping file, or write the file as UTF-8{hint}",
        effect="no row of the file is read; all are refused",
    )


def _is_wide(encoding: str) -> bool:
    """Whether a separator is more than one byte in an encoding."""
    return len(codecs.encode(",", encoding)) > 1


def _lines_of(path: Path) -> int:
    with opened(path) as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))


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
    with source.open() as raw, io.TextIOWrapper(raw, encoding=source.encoding, newline="") as file:
        line = file.readline()
    source.separator = separator or max(_SEPARATORS, key=line.count)
    source.columns = source.names = tuple(line.split(source.separator))
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
        names = tuple(source.reader({}, source.plain or source.path).schema.names)
    except pa.ArrowInvalid as error:
        source.fault = Fault("INTAKE-045", f"{source.name}: {error}", "a header and rows", "write the file again")
        source.refused_rows = max(_lines_of(source.path) - 1, 0)
        return
    source.named(names)
    if source.fault is not None:
        with source.open() as file:
            source.refused_rows = max(sum(1 for each in file if each.strip()) - 1, 0)
