"""Instants from the date and the date-time columns of OMOP.

Place    Floor 3, intake.
In       A frame with a date column and a date-time column, which may be empty, at midnight, or of a zone of its own.
Out      One instant column with its reason, and the time as sent where it is a day alone or has a reason.
Knows    A date-time of exactly midnight is a date alone unless the options say otherwise; a date alone is never silently an
         instant. A date and a date-time of different days contradict each other: INTAKE-508.
Does not Convert zones itself: `intake.times` does.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.source import RAW
from vein2vein.intake.times import place
from vein2vein.record.tables import Instant

CONTRADICTION: Final = "INTAKE-508"
_DAY_LENGTH: Final = 10


def put(
    frame: pl.DataFrame, *, date: str, datetime: str, into: str, options: Options, end: bool = False
) -> pl.DataFrame:
    """Add the instant `into` of a date and a date-time column, with ``<into>_reason``, ``<into>_sent`` and ``<into>_day``.

    Args:
        frame: Rows of one table.
        date: Date column.
        datetime: Date-time column; may hold nulls only.
        into: Name of the new column.
        options: Zone, policy and what midnight means.
        end: Whether it is an end, which in OMOP includes its day: a date alone then stands at the end of its day when the
            policy places dates at all.
    """
    has_clock = pl.col(datetime).is_not_null()
    if options.midnight == "day":
        has_clock &= pl.col(datetime).dt.time() != pl.time(0, 0, 0)
    text = pl.coalesce(
        *(pl.col(f"{name}{RAW}") for name in (datetime, date) if f"{name}{RAW}" in frame.columns),
        pl.lit(None, dtype=pl.String),
    )
    own_day = pl.col(datetime).dt.date()
    day = pl.coalesce(pl.col(date), own_day)
    zoned = getattr(frame.schema[datetime], "time_zone", None) is not None
    differs = pl.col(date).is_not_null() & has_clock & (own_day != pl.col(date)) & pl.lit(not zoned)
    frame = frame.with_columns(
        pl.when(has_clock).then(pl.col(datetime)).alias("omop_clock"),
        pl.when(~has_clock | has_clock.is_null()).then(text).alias("omop_text"),
        differs.fill_null(value=False).alias("omop_differs"),
        day.alias(f"{into}_day"),
    ).with_columns(pl.when(pl.col("omop_clock").is_null() & pl.col("omop_text").is_null()).then(day).alias("omop_day"))
    policy = options.times
    if end and policy.date_only in {"start", "noon"}:
        policy = type(policy)(gap=policy.gap, fold=policy.fold, date_only="end", formats=policy.formats)
    parts = [part for part in ("omop_clock", "omop_text", "omop_day") if frame[part].null_count() < frame.height]
    for part in parts:
        frame = place(frame, part, zone=options.zone, policy=policy)
    return _joined(frame, parts, into).drop(
        "omop_clock", "omop_text", "omop_day", "omop_differs", *_of(parts), strict=False
    )


def _of(parts: list[str]) -> list[str]:
    return [f"{part}{suffix}" for part in parts for suffix in ("_reason", "_sent")]


def _joined(frame: pl.DataFrame, parts: list[str], into: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    at = pl.coalesce(*(pl.col(part) for part in parts), pl.lit(None, dtype=Instant))
    reason = pl.coalesce(*(pl.col(f"{part}_reason") for part in parts), nothing)
    sent = pl.coalesce(*(pl.col(f"{part}_sent") for part in parts), nothing)
    contradicts = pl.col("omop_differs")
    return frame.with_columns(
        pl.when(~contradicts).then(at).alias(into),
        pl.when(contradicts).then(pl.lit(CONTRADICTION)).otherwise(reason).alias(f"{into}_reason"),
        # Kept only where it will be shown or is a day: of millions of plain times it would double the memory.
        pl.when(contradicts | reason.is_not_null() | (sent.str.len_chars() <= _DAY_LENGTH))
        .then(sent)
        .alias(f"{into}_sent"),
    )
