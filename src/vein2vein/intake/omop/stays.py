"""Take the time in intensive care out of the stay on the ward that it is recorded within.

Place    Floor 3, intake.
In       Exposures of all streams, in canonical form.
Out      The same, in which a patient is in one place at a time; and the rows of which nothing was left.
Knows    OMOP records a whole hospital stay as one visit and the intensive care within it as a further visit or a detail of it.
Missing  An intensive care without end takes the rest of the stay.
Checked  tests/unit/intake/omop/test_stays.py
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import polars as pl

from vein2vein.intake.book import PLACE

_Span = tuple[datetime, datetime | None]


def in_one_place(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Exposures with ward stays cut where an intensive care runs, and the places (file, row) of stays cut away whole.

    Args:
        rows: Columns of the cohort table of exposures, with file and row.
    """
    is_ward = (pl.col("kind") == "stay") & (pl.col("agent") == "ward")
    icu: dict[str, list[_Span]] = defaultdict(list)
    inner = rows.filter((pl.col("kind") == "stay") & (pl.col("agent") == "icu"))
    for course, start, end in inner.select("course_id", "started_at", "ended_at").iter_rows():
        icu[course].append((start, end))
    wards = rows.filter(is_ward)
    if not icu or wards.is_empty():
        return rows, pl.DataFrame(schema=PLACE)
    cut: list[dict[str, Any]] = []
    gone: list[tuple[str, int]] = []
    for ward in wards.iter_rows(named=True):
        left = _without((ward["started_at"], ward["ended_at"]), icu[ward["course_id"]])
        cut += [ward | {"started_at": start, "ended_at": end} for start, end in left]
        if not left:
            gone.append((ward["file"], ward["row"]))
    others = rows.filter(~is_ward)
    return pl.concat([others, pl.DataFrame(cut, schema=rows.schema)]), pl.DataFrame(gone, schema=PLACE, orient="row")


def _without(span: _Span, taken: list[_Span]) -> list[_Span]:
    """What is left of a half-open interval when others are taken out; an end of None is open."""
    left = [span]
    for start, end in taken:
        pieces: list[_Span] = []
        for from_at, until_at in left:
            before = start if until_at is None else min(start, until_at)
            if from_at < before:
                pieces.append((from_at, before))
            after = None if end is None else max(end, from_at)
            if after is not None and (until_at is None or after < until_at):
                pieces.append((after, until_at))
        left = pieces
    return left
