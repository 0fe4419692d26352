"""Take gaps of the charting out of exposures, together with the statement that the stream was charted.

Place    Floor 4. A part of `mess`.
In       Exposures; gaps by course and stream.
Out      Exposures cut around the gaps.
Knows    An exposure that runs through a gap is recorded before it and again after it; its amount stays with the first
         piece, because it was entered once. A single administration within a gap is not recorded at all.
Checked  tests/unit/population/test_mess.py
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import polars as pl

from vein2vein.record.tables import Instant
from vein2vein.record.timeline import CHARTED

GAPS: Final[dict[str, Any]] = {"course_id": pl.String, "kind": pl.String, "from_at": Instant, "until_at": Instant}
_Span = tuple[datetime, datetime | None]


def without(exposures: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The exposures outside the gaps.

    Args:
        exposures: Table of exposures.
        found: Columns of `GAPS`; half-open.
    """
    stream = pl.when(pl.col("kind") == CHARTED).then(pl.col("agent")).otherwise(pl.col("kind")).alias("_stream")
    numbered = exposures.with_row_index("_row").with_columns(stream)
    pairs = numbered.select("_row", "course_id", "_stream", "started_at", "ended_at").join(
        found.rename({"kind": "_stream"}), on=["course_id", "_stream"], how="inner"
    )
    point = pl.col("started_at") == pl.col("ended_at")
    meets = (pl.col("started_at") < pl.col("until_at")) & (
        pl.col("ended_at").is_null()
        | (pl.col("ended_at") > pl.col("from_at"))
        | (point & (pl.col("started_at") >= pl.col("from_at")))
    )
    pairs = pairs.filter(meets).sort("_row", "from_at")
    if pairs.is_empty():
        return exposures
    listed: dict[int, list[tuple[datetime, datetime]]] = {}
    for row, start, end in pairs.select("_row", "from_at", "until_at").iter_rows():
        listed.setdefault(row, []).append((start, end))
    touched = numbered.filter(pl.col("_row").is_in(list(listed)))
    pieces: list[dict[str, Any]] = []
    for row in touched.iter_rows(named=True):
        spans = _around((row["started_at"], row["ended_at"]), listed[row["_row"]])
        for number, (start, end) in enumerate(spans):
            piece = row | {"started_at": start, "ended_at": end}
            if number or start != row["started_at"]:
                piece |= {"amount": None, "amount_unit": None}
            pieces.append(piece)
    rest = numbered.filter(~pl.col("_row").is_in(list(listed)))
    made = pl.DataFrame(pieces, schema=numbered.schema)
    return (
        pl.concat([rest, made]).sort("course_id", "started_at", "_row", maintain_order=True).select(exposures.columns)
    )


def _around(span: _Span, cuts: list[tuple[datetime, datetime]]) -> list[_Span]:
    """What is left of a half-open interval; an end of None is open, and an interval of no length is one instant."""
    left = [span]
    for from_at, until_at in cuts:
        pieces: list[_Span] = []
        for start, end in left:
            if start == end:
                pieces += [] if from_at <= start < until_at else [(start, end)]
                continue
            if start < from_at:
                pieces.append((start, from_at if end is None else min(end, from_at)))
            if end is None or end > until_at:
                pieces.append((max(start, until_at), end))
        left = pieces
    return left
