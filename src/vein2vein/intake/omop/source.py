"""What every place that can hold an OMOP delivery has in common: tables, columns, and questions in SQL.

Place    Floor 3, intake. Implemented by `duckdb_source` (folder, zip, DuckDB file) and `postgres`.
In       SQL that both DuckDB and PostgreSQL understand, with `relation(table)` in place of table names.
Out      Polars frames with the types declared in `cdm`.
Missing  A column that a delivery lacks is null. A text that is not of the declared type gives null, and the text itself in
         the column of the same name with `RAW` appended, so that it can be shown and is not lost.
Does not Write to the delivery: every connection is opened for reading only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Final

import polars as pl
import pyarrow as pa

from vein2vein.intake.omop.cdm import TABLES, Type

RAW: Final = "__raw"
ROWS_IN_A_PIECE: Final = 250_000

SQL_TYPE: Final[Mapping[Type, str]] = MappingProxyType(
    {"integer": "BIGINT", "number": "FLOAT8", "text": "VARCHAR", "date": "DATE", "datetime": "TIMESTAMP"}
)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line of a text file that could not be split into the columns of its header."""

    table: str
    file: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the delivery has it: its exact name and its SQL type in capital letters."""

    name: str
    type: str


class Source(ABC):
    """An open delivery.

    Attributes:
        place: Where the delivery lies, for messages; never with a password.
        counts_cheaply: Whether counting a table costs much less than reading a column of it.
        not_read: Names of files of the delivery that hold no table of the data model.
    """

    place: str
    counts_cheaply: bool = True
    not_read: tuple[str, ...] = ()

    @abstractmethod
    def columns(self, table: str) -> Mapping[str, Column] | None:
        """Columns of a table by lower-case name; None when the delivery has no such table."""

    @abstractmethod
    def from_clause(self, table: str) -> str:
        """SQL that names the rows of a table that is there."""

    @abstractmethod
    def cast(self, column: Column, wanted: Type) -> str:
        """SQL that gives a column in the declared type; the bare column where the type already fits."""

    @abstractmethod
    def frame(self, sql: str) -> pl.DataFrame:
        """Rows that answer a question."""

    @abstractmethod
    def batches(self, sql: str) -> Iterator[pl.DataFrame]:
        """The same rows in pieces, so that not all of them need room at once; at least one piece, which may be empty."""

    @abstractmethod
    def explain(self, sql: str) -> str:
        """The plan with which the database would answer the question."""

    @abstractmethod
    def close(self) -> None:
        """Release files and connections."""

    def has(self, table: str) -> bool:
        """Whether the table is there with the columns without which it cannot be used."""
        found = self.columns(table)
        return found is not None and not self.lacking(table)

    def lacking(self, table: str) -> tuple[str, ...]:
        """Needed columns that a table which is there does not have."""
        found = self.columns(table) or {}
        return tuple(name for name in TABLES[table].needed if name not in found)

    def relation(self, table: str, only: Iterable[str] | None = None) -> str:
        """SQL sub-select of the declared columns of a table, in the declared types.

        Args:
            table: Name of a table that `has` confirms.
            only: Columns wanted; all declared ones when None.
        """
        found = self.columns(table) or {}
        wanted = TABLES[table].columns
        names = tuple(wanted) if only is None else tuple(only)
        parts = [part for name in names for part in self._select(found.get(name), name, wanted[name])]
        return f"(SELECT {', '.join(parts)} FROM {self.from_clause(table)})"  # noqa: S608

    def names(self, table: str) -> tuple[str, ...]:
        """Names of the columns that `relation` gives, those with `RAW` included."""
        found = self.columns(table) or {}
        names: list[str] = []
        for name, wanted in TABLES[table].columns.items():
            names.append(name)
            if name in found and self.raw(found[name], wanted) is not None:
                names.append(f"{name}{RAW}")
        return tuple(names)

    def _select(self, column: Column | None, name: str, wanted: Type) -> list[str]:
        if column is None:
            return [f"CAST(NULL AS {SQL_TYPE[wanted]}) AS {name}"]
        parts = [f"{self.cast(column, wanted)} AS {name}"]
        raw = self.raw(column, wanted)
        if raw is not None:
            parts.append(f"{raw} AS {name}{RAW}")
        return parts

    def raw(self, column: Column, wanted: Type) -> str | None:
        """SQL that gives the text of a column where it is not of the declared type; None where that cannot happen."""
        return None

    def bad_rows(self) -> list[BadRow]:
        """Lines that could not be read at all; complete once every table was counted."""
        return []

    def count(self, table: str) -> int:
        """Number of readable rows of a table."""
        counted = self.frame(f"SELECT count(*) AS n FROM {self.from_clause(table)}")  # noqa: S608
        return int(counted["n"][0])

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def quoted(name: str) -> str:
    """An SQL identifier exactly as it is spelt."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def numbers(ids: Iterable[int]) -> str:
    """A list of numbers for IN (...); a list that matches nothing when there are none."""
    listed = ", ".join(str(int(i)) for i in sorted(set(ids)))
    return listed or "NULL"


def texts(values: Iterable[str]) -> str:
    """A list of texts for IN (...); a list that matches nothing when there are none."""
    listed = ", ".join(literal(v) for v in sorted(set(values)))
    return listed or "NULL"


def pieces(reader: Iterable[pa.RecordBatch], schema: pa.Schema, rows: int) -> Iterator[pl.DataFrame]:
    """Record batches as frames of about so many rows each."""
    held: list[pa.RecordBatch] = []
    for batch in reader:
        held.append(batch)
        if sum(b.num_rows for b in held) >= rows:
            yield _frame(held, schema)
            held = []
    yield _frame(held, schema)


def _frame(batches: list[pa.RecordBatch], schema: pa.Schema) -> pl.DataFrame:
    frame = pl.from_arrow(pa.Table.from_batches(batches, schema))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
