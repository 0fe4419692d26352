"""What raw rows of every table need before they become canonical: a course, a known kind, an instant.

Place    Floor 3. Used by `canonical`, `given` and the adapters that find infusions.
Out      `Canonical`: rows and refused rows; every row given comes out exactly once, in one of the two.
Does not Look at values.
Checked  tests/unit/intake/test_canonical.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from vein2vein.basis.clock import local_date
from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook, refusals
from vein2vein.knowledge import codes


@dataclass(frozen=True)
class Canonical:
    """Rows in the schema of a cohort table plus file and row, and the refused rows (file, row, reason)."""

    rows: pl.DataFrame
    refused: pl.DataFrame


def by_local_day(rows: pl.DataFrame, zone: str) -> Iterator[tuple[date, datetime, list[dict[str, Any]]]]:
    """Rows of infusions by the local day of `at`, in order: the day, its first instant, its rows.

    A real time of day comes before a date alone (`at_reason` says why an instant is none).
    """
    grouped: dict[date, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        grouped.setdefault(local_date(row["at"], zone), []).append(row)
    for day, listed in sorted(grouped.items()):
        exact = [row for row in listed if row["at_reason"] is None] or listed
        yield day, min(row["at"] for row in exact), listed


def complete(raw: pl.DataFrame, columns: Mapping[str, Any]) -> pl.DataFrame:
    """The frame with every column of the list; text columns as text."""
    return raw.with_columns(
        *(
            pl.lit(None, dtype=dtype or pl.String).alias(name)
            for name, dtype in columns.items()
            if name not in raw.columns
        ),
        *(
            pl.col(name).cast(dtype)
            for name, dtype in columns.items()
            if name in raw.columns and dtype is not None and raw.schema[name] != dtype
        ),
    )


def source() -> pl.Expr:
    """The place of a row as ``file:row``."""
    return pl.format("{}:{}", pl.col("file"), pl.col("row")).alias("source")


def placed(
    frame: pl.DataFrame, time: str, *, known: Mapping[str, Any], book: FaultBook
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with a course, a known kind and an instant; and the refused others."""
    sent = pl.col(f"{time}_reason") if f"{time}_reason" in frame.columns else pl.lit(None, dtype=pl.String)
    # A date alone gives an instant; observations keep such a row aside, exposures have no way to do so.
    held = pl.when(pl.col(time).is_not_null()).then(sent)
    unknown = pl.col("kind").is_not_null() & ~pl.col("kind").is_in(list(known))
    reason = (
        pl.when(pl.col("course_id").is_null() | pl.col("kind").is_null())
        .then(pl.lit("INTAKE-032"))
        .when(unknown)
        .then(pl.lit("INTAKE-021"))
        .when(pl.col(time).is_null())
        .then(pl.coalesce(sent, pl.lit("INTAKE-032")))
    )
    if time == "started_at":
        reason = reason.when(held.is_not_null()).then(held)
    frame = frame.with_columns(reason.alias("refusal"), held.alias("held"))
    refused = frame.filter(pl.col("refusal").is_not_null())
    # A row is refused once, and every fault of it is named.
    book.note_rows(refused.filter(unknown), ["kind"], lambda g: unknown_kind(g["kind"], known))
    empty = {"course": pl.col("course_id"), "kind": pl.col("kind"), time: pl.coalesce(pl.col(time), sent)}
    for name, column in empty.items():
        lacking = refused.filter(column.is_null()).with_columns(pl.lit(name).alias("lacking"))
        book.note_rows(lacking, ["lacking"], lambda g: _lacking(g["lacking"]))
    gone = refusals(refused, pl.col("refusal"))
    return frame.filter(pl.col("refusal").is_null()).drop("refusal"), gone


def refused_anyway(describe: Callable[[Mapping[str, Any]], Fault], group: Mapping[str, Any]) -> Fault:
    """A fault of rows that are refused for another one."""
    return replace(describe(group), effect="the rows are refused for another fault as well")


def _lacking(what: str) -> Fault:
    return Fault(
        "INTAKE-032",
        saw=f"rows without {what}",
        expected="a course, a kind and a time in every row",
        fix="fill the cells, or name the column that holds them in the mapping file",
        effect="the rows cannot be placed and are refused",
    )


def unknown_kind(code: str, known: Mapping[str, Any], *, what: str = "kind") -> Fault:
    """INTAKE-021 for one unknown code, with the nearest known ones."""
    near = codes.nearest(code, known)
    return Fault(
        "INTAKE-021",
        saw=f"{what} {code!r}",
        expected="a code that the mapping file or the code files know"
        + (f"; nearest: {', '.join(near)}" if near else ""),
        fix="map the code, or set it to ignore, in the mapping file",
        effect="the rows are refused",
    )
