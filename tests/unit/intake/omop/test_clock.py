"""A date and a date-time column become one instant, or a reason why not."""

# ruff: noqa: DTZ001  (times of OMOP carry no zone)
from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from vein2vein.intake.omop.clock import put
from vein2vein.intake.omop.options import Options
from vein2vein.intake.times import TimePolicy

MIDNIGHT, MORNING = datetime(2026, 3, 2), datetime(2026, 3, 2, 8, 30)
DAY = date(2026, 3, 2)


def put_one(
    day: date | None, time: datetime | None, *, end: bool = False, raw: str | None = None, **options: object
) -> tuple[object, ...]:
    """Instant, reason and day of a single row."""
    frame = pl.DataFrame(
        {"d": [day], "t": [time], "t__raw": [raw]},
        schema={"d": pl.Date, "t": pl.Datetime("us"), "t__raw": pl.String},
    )
    declared = Options(**{"zone": "Europe/Berlin", **options})  # type: ignore[arg-type]
    return (
        put(frame, date="d", datetime="t", into="at", options=declared, end=end)
        .select("at", "at_reason", "at_day")
        .row(0)
    )


def test_a_time_of_day_is_an_instant_in_the_zone_of_the_centre() -> None:
    assert put_one(DAY, MORNING) == (datetime(2026, 3, 2, 7, 30, tzinfo=UTC), None, DAY)


@pytest.mark.parametrize("time", [MIDNIGHT, None])
def test_midnight_and_nothing_are_a_date_alone(time: datetime | None) -> None:
    assert put_one(DAY, time) == (datetime(2026, 3, 1, 23, tzinfo=UTC), "INTAKE-020", DAY)


def test_midnight_can_be_declared_to_be_midnight() -> None:
    assert put_one(DAY, MIDNIGHT, midnight="time") == (datetime(2026, 3, 1, 23, tzinfo=UTC), None, DAY)


def test_a_declared_policy_places_days_and_an_end_includes_its_day() -> None:
    noon = TimePolicy(date_only="noon")
    assert put_one(DAY, None, times=noon) == (datetime(2026, 3, 2, 11, tzinfo=UTC), None, DAY)
    assert put_one(DAY, None, times=noon, end=True) == (datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC), None, DAY)


def test_a_date_and_a_time_of_different_days_contradict_each_other() -> None:
    assert put_one(date(2026, 3, 3), MORNING)[:2] == (None, "INTAKE-508")


def test_a_text_with_an_offset_is_an_instant_whatever_the_zone() -> None:
    assert put_one(DAY, None, raw="2026-03-02T08:30:00-05:00")[:2] == (datetime(2026, 3, 2, 13, 30, tzinfo=UTC), None)


def test_an_hour_that_the_clock_skipped_is_refused() -> None:
    assert put_one(date(2026, 3, 29), datetime(2026, 3, 29, 2, 30))[:2] == (None, "INTAKE-011")


def test_without_a_zone_there_is_no_instant() -> None:
    assert put_one(DAY, MORNING, zone=None)[:2] == (None, "INTAKE-009")


def test_nothing_at_all_stays_empty() -> None:
    assert put_one(None, None) == (None, None, None)
