"""Flows charted by themselves are put to the device that was in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from vein2vein.intake.flows import with_flows
from vein2vein.record.tables import Instant

ZERO = datetime(2026, 3, 5, tzinfo=UTC)
SCHEMA = {
    "file": pl.String, "row": pl.Int64, "course_id": pl.String, "kind": pl.String, "agent": pl.String, "rate": pl.Float64,
    "rate_unit": pl.String, "started_at": Instant, "ended_at": Instant, "charted_once": pl.Boolean,
}  # fmt: skip


def hour(number: float) -> datetime:
    return ZERO + timedelta(hours=number)


def device(row: int, agent: str, start: float, end: float | None, course: str = "c") -> tuple[Any, ...]:
    return ("f", row, course, "oxygen", agent, None, None, hour(start), None if end is None else hour(end), False)


def flow(row: int, rate: float, at: float, course: str = "c") -> tuple[Any, ...]:
    return ("f", row, course, "oxygen", "unspecified", rate, "L/min", hour(at), hour(at), True)


def put(*rows: tuple[Any, ...], hold: timedelta | None = None) -> tuple[list[tuple[Any, ...]], list[int]]:
    frame, used = with_flows(pl.DataFrame(list(rows), schema=SCHEMA, orient="row"), "oxygen", hold)
    hours = [
        (agent, rate, (start - ZERO) / timedelta(hours=1), None if end is None else (end - ZERO) / timedelta(hours=1))
        for agent, rate, start, end in frame.select("agent", "rate", "started_at", "ended_at").rows()
    ]
    return sorted(hours, key=lambda h: h[2]), used["row"].to_list()


def test_a_flow_holds_until_the_next_of_the_same_use() -> None:
    pieces, used = put(device(1, "nasal-cannula", 0, 10), flow(2, 2.0, 3), flow(3, 5.0, 7))
    assert pieces == [("nasal-cannula", None, 0, 3), ("nasal-cannula", 2.0, 3, 7), ("nasal-cannula", 5.0, 7, 10)]
    assert used == [2, 3]


def test_a_flow_is_not_believed_longer_than_its_hold() -> None:
    pieces, _ = put(device(1, "nasal-cannula", 0, 10), flow(2, 2.0, 0), flow(3, 5.0, 8), hold=timedelta(hours=4))
    assert pieces == [("nasal-cannula", 2.0, 0, 4), ("nasal-cannula", None, 4, 8), ("nasal-cannula", 5.0, 8, 10)]


def test_a_use_without_end_keeps_its_last_flow_open() -> None:
    assert put(device(1, "nasal-cannula", 0, None), flow(2, 2.0, 0))[0] == [("nasal-cannula", 2.0, 0, None)]


def test_a_flow_at_the_end_of_a_use_or_of_another_course_does_not_belong_to_it() -> None:
    pieces, used = put(device(1, "nasal-cannula", 0, 10), flow(2, 2.0, 10), flow(3, 3.0, 5, course="d"))
    assert ("nasal-cannula", None, 0, 10) in pieces
    assert used == []


def test_at_the_change_of_devices_a_flow_belongs_to_the_new_one() -> None:
    pieces, _ = put(device(1, "nasal-cannula", 0, 5), device(2, "face-mask", 5, 9), flow(3, 8.0, 5))
    assert pieces == [("nasal-cannula", None, 0, 5), ("face-mask", 8.0, 5, 9)]
