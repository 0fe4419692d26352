"""Instants, calendar days of the centre, half-open intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from vein2vein.basis.clock import (
    MICROSECONDS_PER_DAY,
    MICROSECONDS_PER_HOUR,
    Interval,
    day_start,
    day_zero_starts,
    from_microseconds,
    hours,
    local_date,
    relative_day,
    to_microseconds,
    zone_of,
)
from vein2vein.errors import RecordError

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_microseconds_are_exact_in_both_directions() -> None:
    at = datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)
    assert from_microseconds(to_microseconds(at)) == at
    assert to_microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == MICROSECONDS_PER_DAY
    assert hours(1.5) == 5_400_000_000


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(RecordError, match=r"RECORD-004[\s\S]*without a time zone"):
        to_microseconds(datetime(2026, 3, 1))  # noqa: DTZ001  (a naive time is what is tested)


@pytest.mark.parametrize("name", ["Europe/Berlln", "", "Europe"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(RecordError, match=r"RECORD-004[\s\S]*expected  an IANA zone"):
        zone_of(name)


def test_day_0_is_the_local_day_of_the_infusion() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already 2 March in Shanghai
    assert local_date(late, "Asia/Shanghai") == date(2026, 3, 2)
    assert relative_day(late, infused_at=T0, zone="UTC") == 0
    assert relative_day(late, infused_at=T0, zone="Asia/Shanghai") == 1
    assert relative_day(T0 - timedelta(hours=9), infused_at=T0, zone="UTC") == -1


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_days_of_a_clock_change_are_shorter_or_longer(day: date, length: int) -> None:
    first, second = (day_start(day + timedelta(days=n), "Europe/Berlin") for n in (0, 1))
    assert (second - first) / MICROSECONDS_PER_HOUR == length


def test_a_day_whose_midnight_was_skipped_starts_at_its_first_instant() -> None:
    start = from_microseconds(day_start(date(2019, 9, 8), "America/Santiago"))
    assert start == datetime(2019, 9, 8, 4, tzinfo=UTC)
    assert local_date(start, "America/Santiago") == date(2019, 9, 8)


def test_starts_of_days_around_day_0() -> None:
    starts = day_zero_starts(T0, "Europe/Berlin", range(-1, 2))
    assert [from_microseconds(start).isoformat() for start in starts] == [
        "2026-02-27T23:00:00+00:00", "2026-02-28T23:00:00+00:00", "2026-03-01T23:00:00+00:00",
    ]  # fmt: skip


def test_intervals_are_half_open() -> None:
    interval = Interval(T0, T0 + timedelta(hours=2))
    assert interval.contains(T0)
    assert not interval.contains(T0 + timedelta(hours=2))
    assert interval.hours == 2
    assert Interval(T0).contains(T0 + timedelta(days=999))
    assert Interval(T0).hours is None


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(RecordError, match=r"RECORD-005[\s\S]*not before the start"):
        Interval(T0, T0 - timedelta(seconds=1))
    assert Interval(T0, T0).hours == 0
