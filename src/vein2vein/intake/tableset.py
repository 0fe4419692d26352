"""The tables of a delivery while it is checked, each row with the file and row it came from.

Place    Floor 3. Used by `checks` and its parts.
Out      `Tables`, completed to the schema of record.tables.
Checked  tests/unit/intake/test_checks.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from vein2vein.intake.book import PLACE
from vein2vein.record import tables


@dataclass(frozen=True)
class Tables:
    """The cohort tables of a delivery, each with file and row; all columns of record.tables may be absent."""

    patients: pl.DataFrame
    courses: pl.DataFrame
    observations: pl.DataFrame
    exposures: pl.DataFrame
    milestones: pl.DataFrame
    lesions: pl.DataFrame

    @classmethod
    def of(cls, **frames: pl.DataFrame | None) -> Tables:
        """Complete missing tables and columns with nothing."""
        return cls(**{name: completed(frames.get(name), name) for name in tables.ALL})


def with_rows(given: Tables, **frames: pl.DataFrame) -> Tables:
    """The tables with further rows, each completed with empty columns."""
    more = {name: pl.concat([getattr(given, name), completed(frame, name)]) for name, frame in frames.items()}
    return replace(given, **more)


def completed(frame: pl.DataFrame | None, name: str) -> pl.DataFrame:
    """A frame with all columns of a table, and file and row; nothing stands for what is absent."""
    schema = {**PLACE, **tables.ALL[name]}
    have = pl.DataFrame(schema=schema) if frame is None else frame
    missing = [
        pl.lit(None, dtype=dtype).alias(column) for column, dtype in schema.items() if column not in have.columns
    ]
    completed = have.with_columns(missing).select(list(schema))
    if name in {"observations", "lesions"}:
        completed = completed.with_columns(pl.col("usability").fill_null("ok"))
    return completed.with_columns(pl.col("row").cast(pl.Int64))


def sight(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """What a fault needs to see of rows: file, row, and one identifier as ``id``."""
    return frame.select("file", "row", pl.col(column).alias("id"))
