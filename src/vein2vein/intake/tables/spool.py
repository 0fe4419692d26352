"""Keep the pieces of a delivery until it is complete: in memory, or in partitions on disk.

Place    Floor 3, tables adapter.
In       Frames of one table with a column `key` (the patient); frames of any size.
Out      Per partition the frames of every table; all rows of one key are in one partition.
Knows    A partition on disk is read back alone, so that memory is bounded by the largest one.
Checked  tests/unit/intake/test_tables_spool.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow.parquet


class Spool(Protocol):
    """Where pieces wait."""

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Keep rows of a table; the frame has a column key."""

    def partitions(self) -> Iterator[tuple[int, dict[str, pl.DataFrame]]]:
        """Number and tables of each partition, without the column key."""

    def number_of(self, keys: pl.Expr) -> pl.Expr:
        """The partition of each key."""


class MemorySpool:
    """One partition, in memory."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[pl.DataFrame]] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Keep rows of a table."""
        self._pieces.setdefault(table, []).append(frame.drop("key"))

    def partitions(self) -> Iterator[tuple[int, dict[str, pl.DataFrame]]]:
        """The one partition."""
        yield 0, {table: pl.concat(pieces) for table, pieces in self._pieces.items()}

    def number_of(self, keys: pl.Expr) -> pl.Expr:
        """Always partition 0."""
        return pl.lit(0, dtype=pl.UInt64) + keys.is_null().cast(pl.UInt64) * 0


class DiskSpool:
    """Partitions in a folder, one Parquet file per table and partition.

    Args:
        folder: An existing folder of its own.
        number: How many partitions.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._writers: dict[tuple[str, int], pyarrow.parquet.ParquetWriter] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Append rows of a table to the partitions of their keys."""
        numbered = frame.with_columns(self.number_of(pl.col("key")).alias("_part"))
        for (part,), rows in numbered.partition_by("_part", as_dict=True, include_key=False).items():
            data = rows.drop("key").to_arrow(compat_level=pl.CompatLevel.oldest())
            where = (table, int(part))
            if where not in self._writers:
                file = self._folder / f"{table.replace(':', '-')}-{part:04d}.parquet"
                self._writers[where] = pyarrow.parquet.ParquetWriter(file, data.schema, compression="zstd")
            self._writers[where].write_table(data)

    def partitions(self) -> Iterator[tuple[int, dict[str, pl.DataFrame]]]:
        """Each partition in turn; its files are removed after use."""
        for writer in self._writers.values():
            writer.close()
        for part in range(self._number):
            tables = sorted(table for table, number in self._writers if number == part)
            files = {table: self._folder / f"{table.replace(':', '-')}-{part:04d}.parquet" for table in tables}
            yield part, {table: pl.read_parquet(file) for table, file in files.items()}
            for file in files.values():
                file.unlink()
        self._writers.clear()

    def number_of(self, keys: pl.Expr) -> pl.Expr:
        """A partition from a hash of the key that is the same in every process."""
        return keys.fill_null("").hash(seed=0) % self._number
