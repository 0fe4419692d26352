"""Devices charted now and then become intervals; completely charted streams become statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake import charting
from vein2vein.intake.book import FaultBook

T0 = datetime(2026, 3, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
Point = tuple[float, str | None, str | None]


def _intervals(*points: Point, hold: float = 8) -> tuple[list[dict[str, Any]], list[int], tuple[Fault, ...]]:
    rows = [
        {
            "file": "v.csv",
            "row": n,
            "course_id": "C1",
            "at": T0 + timedelta(hours=hour),
            "agent": agent,
            "rate": rate,
            "rate_unit": rate and "L/min",
        }
        for n, (hour, agent, rate) in enumerate(points, 1)
    ]
    book = FaultBook()
    frame = pl.DataFrame(rows, schema_overrides={"agent": pl.String, "rate": pl.String, "rate_unit": pl.String})
    found, merged = charting.intervals(frame, book, stream="oxygen", hold=timedelta(hours=hold))
    return found.to_dicts(), merged["row"].to_list(), book.faults()


def _hours(row: dict[str, Any]) -> tuple[float, float]:
    return tuple((row[name] - T0).total_seconds() / 3600 for name in ("started_at", "ended_at"))  # type: ignore[return-value]


def test_a_charting_is_believed_until_the_next_or_for_the_hold() -> None:
    found, merged, faults = _intervals((0, "nasal cannula", None), (4, "room air", None), (20, "room air", None))
    assert [_hours(row) for row in found] == [(0, 4), (4, 12), (20, 28)]
    assert [row["agent"] for row in found] == ["nasal cannula", "room air", "room air"]
    assert (merged, faults) == ([], ())


def test_device_and_flow_of_one_instant_are_one_interval() -> None:
    found, merged, _ = _intervals((0, None, "4"), (0, "nasal cannula", None))
    (row,) = found
    assert (row["agent"], row["rate"], row["rate_unit"], row["row"]) == ("nasal cannula", "4", "L/min", 2)
    assert merged == [1]


def test_a_flow_alone_belongs_to_the_device_charted_last_within_the_hold() -> None:
    found, _, _ = _intervals((0, "nasal cannula", "2"), (6, None, "4"), (7.9, None, "5"), (8, None, "6"))
    assert [(row["agent"], row["rate"]) for row in found] == [
        ("nasal cannula", "2"),
        ("nasal cannula", "4"),
        ("nasal cannula", "5"),
        (None, "6"),
    ]


def test_a_flow_is_not_carried_to_a_later_charting() -> None:
    found, _, _ = _intervals((0, "nasal cannula", "2"), (4, "nasal cannula", None))
    assert [row["rate"] for row in found] == ["2", None]


def test_two_devices_at_one_instant_are_an_unspecified_device() -> None:
    found, merged, (fault,) = _intervals((0, "nasal cannula", None), (4, "room air", None), (4, "cpap", None))
    assert [row["agent"] for row in found] == ["nasal cannula", "unspecified"]
    assert _hours(found[0]) == (0, 4)
    assert merged == [3]
    assert (fault.id, fault.saw) == ("INTAKE-048", "different devices of oxygen charted in one course at one instant")


def test_courses_do_not_end_each_others_intervals() -> None:
    frame = pl.DataFrame(
        {
            "file": ["v"] * 2,
            "row": [1, 2],
            "course_id": ["C1", "C2"],
            "at": [T0, T0 + timedelta(hours=1)],
            "agent": ["cpap", "cpap"],
        }
    )
    found, _ = charting.intervals(frame, FaultBook(), stream="oxygen", hold=timedelta(hours=8))
    assert [_hours(row) for row in found.to_dicts()] == [(0, 8), (1, 9)]


def _reach(*rows: tuple[str, datetime]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"course_id": pl.String, "until": INSTANT}, orient="row")


def test_complete_covers_what_was_observed_and_given() -> None:
    observations = pl.DataFrame({"course_id": ["C1", "C1"], "observed_at": [T0, T0 + timedelta(hours=1)]})
    exposures = pl.DataFrame(
        {"course_id": ["C1", "C2"], "started_at": [T0, T0], "ended_at": [T0 + timedelta(hours=9), None]},
        schema_overrides={"ended_at": pl.Datetime("us", "UTC")},
    )
    found = charting.complete(
        ["vasopressor", "oxygen"], observations=observations, exposures=exposures, reach=_reach(), source="x"
    )
    assert found.select("course_id", "agent").rows() == [
        ("C1", "oxygen"),
        ("C1", "vasopressor"),
        ("C2", "oxygen"),
        ("C2", "vasopressor"),
    ]
    assert found["ended_at"].to_list() == [None] * 4


@pytest.mark.parametrize(("until", "microseconds"), [(8, None), (9, None), (10, 1)])
def test_completeness_has_no_end_where_it_comes_to_the_end_of_what_is_known(
    until: int, microseconds: int | None
) -> None:
    observations = pl.DataFrame({"course_id": ["C1", "C1"], "observed_at": [T0, T0 + timedelta(hours=9)]})
    none = pl.DataFrame(schema={"course_id": pl.String, "started_at": INSTANT, "ended_at": INSTANT})
    reach = _reach(("C1", T0 + timedelta(hours=until)))
    found = charting.complete(["oxygen"], observations=observations, exposures=none, reach=reach, source="x")
    end = T0 + timedelta(hours=9, microseconds=microseconds) if microseconds else None
    assert found["ended_at"].to_list() == [end]


def test_nothing_is_complete_unless_declared() -> None:
    observations = pl.DataFrame({"course_id": ["C1"], "observed_at": [T0]})
    exposures = pl.DataFrame(
        schema={"course_id": pl.String, "started_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC")}
    )
    found = charting.complete([], observations=observations, exposures=exposures, reach=_reach(), source="x")
    assert found.is_empty()
