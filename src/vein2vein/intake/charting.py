"""Turn charting habits into exposures: devices charted now and then, and streams that are charted completely.

Place    Floor 3. Used by every adapter; what is declared stands in the mapping file.
In       Charted points (device and flow at an instant); ids of streams that the centre charts completely.
Out      Raw exposures over [t, min(next charting, t + hold)), and exposures of kind "charted".
Knows    After the hold nothing is known until the next charting. Flow charted without a device belongs to the device charted
         last, if that is within the hold; a flow is not carried over to later devices.
Missing  A stream that nobody declared is not charted: its absence stays unknown. So does the time of an exposure that was
         refused: it may have run (`lost`).
Does not Decide the hold: the mapping file names it, and there is no default.
Checked  tests/unit/intake/test_charting.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.record.tables import Instant
from vein2vein.record.timeline import UNSPECIFIED

_OPTIONAL: Final[Mapping[str, Any]] = {"rate": pl.String, "rate_unit": pl.String, "recorded_at": Instant}


def intervals(
    points: pl.DataFrame, book: FaultBook, *, stream: str, hold: timedelta
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Raw exposures from charted points of one stream.

    Args:
        points: Columns file, row, course_id, at (instant), agent (as sent, null for a row of flow only), rate (number or
            text, null for a row of device only), rate_unit; perhaps recorded_at.
        book: INTAKE-048 is entered where one instant has several devices; the device is then unspecified.
        stream: Id of the stream, such as oxygen.
        hold: How long a charting is believed when no other follows.

    Returns:
        Frame for `canonical.exposures`, one row per charted instant, and the rows (file, row) merged into others.
    """
    points = points.with_columns(
        pl.col(name) if name in points.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in _OPTIONAL.items()
    ).filter(pl.col("at").is_not_null() & pl.col("course_id").is_not_null())
    several = pl.col("agent").drop_nulls().n_unique().over("course_id", "at") > 1
    doubled = points.filter(several & pl.col("agent").is_not_null())
    book.note_rows(doubled.select("file", "row"), [], lambda _: _doubled(stream))
    points = points.with_columns(
        pl.when(several & pl.col("agent").is_not_null())
        .then(pl.lit(UNSPECIFIED))
        .otherwise(pl.col("agent"))
        .alias("agent")
    )
    # A row of the device leads its instant, so that the interval points to it.
    led = points.sort("course_id", "at", pl.col("agent").is_null(), maintain_order=True)
    key = ["course_id", "at"]
    merged = led.filter(~pl.struct(key).is_first_distinct()).select("file", "row")
    paired = pl.col("rate").is_not_null()
    once = led.group_by(key, maintain_order=True).agg(
        pl.col("file").first(),
        pl.col("row").first(),
        pl.col("agent").drop_nulls().first(),
        pl.col("rate").filter(paired).first(),
        pl.col("rate_unit").filter(paired).first(),
        pl.col("recorded_at").max(),
    )
    charted_at = pl.when(pl.col("agent").is_not_null()).then(pl.col("at")).forward_fill().over("course_id")
    recent = pl.col("at") - charted_at < hold
    end = pl.min_horizontal(pl.col("at").shift(-1).over("course_id"), pl.col("at") + hold)
    exposures = once.with_columns(
        pl.lit(stream).alias("kind"),
        pl.when(recent).then(pl.col("agent").forward_fill().over("course_id")).alias("agent"),
        pl.col("at").alias("started_at"),
        end.alias("ended_at"),
    ).drop("at")
    return exposures, merged


def _doubled(stream: str) -> Fault:
    return Fault(
        "INTAKE-048",
        saw=f"different devices of {stream} charted in one course at one instant",
        expected="one device at a time",
        fix="correct the rows",
        effect="from that instant on the device counts as unspecified",
    )


def complete(
    streams: Iterable[str], *, observations: pl.DataFrame, exposures: pl.DataFrame, reach: pl.DataFrame, source: str
) -> pl.DataFrame:
    """Exposures of kind "charted" for streams that the centre charts completely.

    Each runs from the first to the last recorded instant of the course (that instant included): outside of it nobody looked.
    It has no end where it comes to the end of what is known of the course.

    Args:
        streams: Ids of streams.
        observations: Rows with course_id and observed_at.
        exposures: Rows with course_id, started_at and ended_at.
        reach: course_id and until: the end of follow-up, else the last row of any kind, else null.
        source: What to name as the source of the rows.
    """
    instants = pl.concat(
        [
            observations.select("course_id", pl.col("observed_at").alias("at")),
            exposures.select("course_id", pl.col("started_at").alias("at")),
            exposures.select("course_id", pl.col("ended_at").alias("at")),
        ]
    ).drop_nulls()
    windows = instants.group_by("course_id").agg(
        pl.col("at").min().alias("started_at"), pl.col("at").max().alias("last")
    )
    behind = pl.when(pl.col("until") > pl.col("last")).then(pl.col("last") + pl.duration(microseconds=1))
    windows = windows.join(reach, on="course_id", how="left").with_columns(behind.alias("ended_at"))
    names = pl.DataFrame({"agent": sorted(set(streams))}, schema={"agent": pl.String})
    return (
        windows.select("course_id", "started_at", "ended_at")
        .join(names, how="cross")
        .with_columns(pl.lit("charted").alias("kind"), pl.lit(source).alias("source"))
        .sort("course_id", "agent")
    )
