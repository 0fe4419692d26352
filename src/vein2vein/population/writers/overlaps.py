"""Courses in which two uses of a device run at the same time.

Place    Floor 4, writers. A flow that is measured beside the device cannot be told to one of two.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_STAY: Final = "stay"


def overlapping(exposures: pl.DataFrame) -> pl.Expr:
    """Whether two uses of the stream of a row run at the same time in its course; an expression over the same frame."""
    ordered = exposures.select("course_id", "kind", "started_at", "ended_at").sort("course_id", "kind", "started_at")
    following = pl.col("started_at").shift(-1).over("course_id", "kind")
    clash = following.is_not_null() & (pl.col("ended_at").is_null() | (pl.col("ended_at") > following))
    both = pl.concat_str("course_id", pl.lit("\n"), "kind")
    courses = ordered.filter(clash & (pl.col("kind") != _STAY)).select(both).to_series()
    return both.is_in(courses.unique().implode())
