"""A patient is in one place at a time: intensive care is taken out of the stay that it lies within."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from vein2vein.intake.book import PLACE
from vein2vein.intake.omop.stays import in_one_place
from vein2vein.record import tables

T0 = datetime(2026, 3, 2, tzinfo=UTC)


def stays(*rows: tuple[str, float, float | None]) -> pl.DataFrame:
    """Stays of one course: place, first and last hour."""
    listed = [
        {
            "file": "visit", "row": n + 1, "course_id": "7-1", "kind": "stay", "agent": agent,
            "started_at": T0 + timedelta(hours=start), "ended_at": None if end is None else T0 + timedelta(hours=end),
        }
        for n, (agent, start, end) in enumerate(rows)
    ]  # fmt: skip
    return pl.DataFrame(listed, schema={**PLACE, **tables.SCHEMAS["exposures"]})


def hours_of(frame: pl.DataFrame) -> list[tuple[str, float, float | None]]:
    """Place, first and last hour, in time order."""
    rows = frame.sort("started_at").select("agent", "started_at", "ended_at").rows()
    return [
        (a, (s - T0) / timedelta(hours=1), None if e is None else (e - T0) / timedelta(hours=1)) for a, s, e in rows
    ]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([("ward", 0, 10), ("icu", 3, 5)], [("ward", 0, 3), ("icu", 3, 5), ("ward", 5, 10)]),
        ([("ward", 0, 10), ("icu", 0, 5)], [("icu", 0, 5), ("ward", 5, 10)]),
        ([("ward", 0, 10), ("icu", 5, 10)], [("ward", 0, 5), ("icu", 5, 10)]),
        ([("ward", 0, 10), ("icu", 5, None)], [("ward", 0, 5), ("icu", 5, None)]),
        ([("ward", 0, None), ("icu", 3, 5)], [("ward", 0, 3), ("icu", 3, 5), ("ward", 5, None)]),
        ([("ward", 0, 10), ("icu", 10, 12)], [("ward", 0, 10), ("icu", 10, 12)]),
        ([("ward", 5, 10), ("icu", 1, 2)], [("icu", 1, 2), ("ward", 5, 10)]),
        (
            [("ward", 0, 10), ("icu", 2, 4), ("icu", 3, 6)],
            [("ward", 0, 2), ("icu", 2, 4), ("icu", 3, 6), ("ward", 6, 10)],
        ),
    ],
)
def test_the_ward_is_what_intensive_care_leaves(
    sent: list[tuple[str, float, float | None]], expected: list[tuple[str, float, float | None]]
) -> None:
    left, gone = in_one_place(stays(*sent))
    assert hours_of(left) == expected
    assert gone.is_empty()


def test_a_stay_that_is_all_intensive_care_is_told_of() -> None:
    left, gone = in_one_place(stays(("ward", 2, 5), ("icu", 2, 5)))
    assert hours_of(left) == [("icu", 2, 5)]
    assert gone.rows() == [("visit", 1)]
