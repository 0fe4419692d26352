"""Instants, half-open intervals, day 0 and calendar days of a course.

Place    Floor 0. The only place that knows what a day is.
In       Aware date-times; the IANA zone of the treating centre.
Out      UTC microseconds for the engines; relative days (0 = local calendar day of the first infusion, -1 the day before).
Knows    Daylight-saving changes: a local calendar day can last 23 or 25 hours, so days are counted on the calendar and
         hours on the clock.
Does not Read the clock. Time is passed in.
Checked  tests/unit/basis/test_clock.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vein2vein.errors import RecordError

MICROSECONDS_PER_HOUR = 3_600_000_000
MICROSECONDS_PER_DAY = 24 * MICROSECONDS_PER_HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_aware(at: datetime, *, what: str = "time") -> datetime:
    """Return `at` unchanged, or raise RECORD-004 when it has no time zone."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise RecordError(
            "RECORD-004",
            saw=f"{what} {at.isoformat()} without a time zone",
            expected="an aware date-time, such as 2026-03-01T08:00+01:00",
            fix="attach the zone of the centre where it was written down",
        )
    return at


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z of an aware instant (exact integer arithmetic)."""
    delta = check_aware(at) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Aware UTC instant of microseconds since 1970-01-01T00:00Z."""
    return _EPOCH + timedelta(microseconds=microseconds)


def hours(number: float) -> int:
    """A length of time in whole microseconds, from hours."""
    return round(number * MICROSECONDS_PER_HOUR)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """IANA zone by name; RECORD-004 with the name when it does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise RecordError(
            "RECORD-004",
            saw=f"time zone {name!r}",
            expected="an IANA zone name such as Europe/Berlin, Asia/Shanghai or UTC",
            fix="correct the zone of the centre",
        ) from error


def local_date(at: datetime, zone: str) -> date:
    """Calendar day of an instant at the treating centre."""
    return check_aware(at).astimezone(zone_of(zone)).date()


def relative_day(at: datetime, *, infused_at: datetime, zone: str) -> int:
    """Days from day 0: 0 on the local calendar day of the first infusion, -1 on the day before."""
    return (local_date(at, zone) - local_date(infused_at, zone)).days


@lru_cache(maxsize=65_536)
def day_start(day: date, zone: str) -> int:
    """First instant of a local calendar day, in UTC microseconds.

    Where local midnight does not exist (a spring change at 00:00) the day starts at the first instant that does.
    """
    local = datetime(day.year, day.month, day.day, tzinfo=zone_of(zone))
    # A gap at midnight maps to an instant of the day before when read back; fold=0 uses the offset before the gap,
    # so that conversion to UTC already names the instant at which the clock jumps.
    return to_microseconds(local.astimezone(UTC))


def day_zero_starts(infused_at: datetime, zone: str, days: range) -> list[int]:
    """Starts (UTC microseconds) of the relative days in `days`, on the centre's calendar."""
    zero = local_date(infused_at, zone)
    return [day_start(zero + timedelta(days=day), zone) for day in days]


@dataclass(frozen=True, slots=True)
class Interval:
    """Half-open interval [start, end) of aware instants; an end of None means not known to have ended."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        check_aware(self.start, what="start")
        if self.end is not None and check_aware(self.end, what="end") < self.start:
            raise RecordError(
                "RECORD-005",
                saw=f"an interval from {self.start.isoformat()} to {self.end.isoformat()}",
                expected="an end that is not before the start",
                fix="correct the times, or leave the end empty when it is not known",
            )

    def contains(self, at: datetime) -> bool:
        """Whether start <= at < end."""
        return self.start <= at and (self.end is None or at < self.end)

    @property
    def hours(self) -> float | None:
        """Length in hours; None while the end is not known."""
        return None if self.end is None else (self.end - self.start).total_seconds() / 3600
