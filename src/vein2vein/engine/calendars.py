"""Instants of whole columns as integers, their local calendar days, and the instants at which local days begin.

Place    Engine. Read by the vectorised engine and by episodes; the one-instant twin is `basis.clock`.
In       UTC microseconds, days since 1970-01-01, and the IANA zone of a centre.
Out      Arrays of the same length.
Knows    Between two changes of its clock a zone is a fixed shift from UTC, so that a day is one binary search and one division.
         The changes are read from the zone day by day, a year at a time, and kept for the life of the process.
Missing  An instant of `NEVER` has no day: `NEVER`.
Checked  tests/unit/engine/test_calendars.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.basis.clock import MICROSECONDS_PER_DAY, zone_of
from vein2vein.record.tables import Instant

Ints = npt.NDArray[np.int64]
NEVER: Final = np.iinfo(np.int64).min
_US: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 2, 9_998  # a day earlier or later is still a date
_MISSING: Final = pl.Series([None], dtype=pl.Int64)
Shifts = tuple[Ints, Ints, Ints]


def local_days(at: Ints, zone: str) -> Ints:
    """Local calendar day of each instant, as days since 1970-01-01; NEVER stays."""
    if zone == "UTC":
        days = at // MICROSECONDS_PER_DAY
    else:
        changes, shifts, _ = _shifts_around(at, zone)
        days = (at + shifts[changes.searchsorted(at, side="right")]) // MICROSECONDS_PER_DAY
    missing = at == NEVER
    if missing.any():
        days[missing] = NEVER
    return days


def in_zones(function: Callable[[Ints, str], Ints], values: Ints, zones: Ints, names: Sequence[str]) -> Ints:
    """`local_days` or `day_starts` of values that each have a zone, given by its place among `names`."""
    if len(names) == 1:
        return function(values, names[0])
    found = np.full(len(values), NEVER, np.int64)
    for number, name in enumerate(names):
        here = (zones == number).nonzero()[0]
        if len(here):
            found[here] = function(values[here], name)
    return found


def zones_of(courses: pl.DataFrame) -> tuple[Ints, tuple[str, ...]]:
    """The zone of each course as its place among the zones that occur, and these zones."""
    zones = courses["zone"].to_list()
    names = tuple(sorted(set(zones)))
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[zone] for zone in zones], np.int64), names


def instants_of(column: pl.Series) -> Ints:
    """A column of instants as UTC microseconds; NEVER where one is missing."""
    return column.to_numpy().view(np.int64)  # no time is the least integer there


def columns_of(*parts: Ints) -> list[pl.Series]:
    """Instants as columns, in one go; missing where one is NEVER."""
    at = np.concatenate(parts)
    all_at = pl.Series(at).zip_with(pl.Series(at != NEVER), _MISSING).cast(Instant)
    ends = accumulate(map(len, parts))
    return [all_at.slice(end - len(part), len(part)) for part, end in zip(parts, ends, strict=True)]


def picked(places: Ints, *columns: pl.Series) -> list[pl.Series]:
    """Some rows of columns, by position."""
    index = pl.Series(places.astype(np.uint32))  # as Polars counts rows: quicker than to let it convert the positions
    return [column[index] for column in columns]


def day_starts(days: Ints, zone: str) -> Ints:
    """First instant (UTC microseconds) of each local calendar day, as `basis.clock.day_start` has it; NEVER stays."""
    midnight = np.where(days == NEVER, 0, days) * MICROSECONDS_PER_DAY
    if zone == "UTC":
        starts = midnight
    else:
        changes, shifts, local_ends = _shifts_around(midnight, zone)
        place = local_ends.searchsorted(midnight, side="right")
        starts = midnight - shifts[place]
        if len(changes):  # a midnight that the clock skips: the day begins when the clock jumps
            starts = np.where(place > 0, np.maximum(starts, changes[np.maximum(place - 1, 0)]), starts)
    missing = days == NEVER
    return np.where(missing, NEVER, starts) if missing.any() else starts


def _shifts_around(at: Ints, zone: str) -> Shifts:
    """Changes, shifts and local ends of a zone over the years of some instants, and a year on either side."""
    known = at if len(at) and at.min() != NEVER else at[at != NEVER]
    if not len(known):
        return _shifts(zone, 1970, 1970)
    first, last = (_year(int(edge)) for edge in (known.min(), known.max()))
    return _shifts(zone, max(first - 1, _FIRST_YEAR), min(last + 1, _LAST_YEAR))


def _year(at: int) -> int:
    return _year_of_day(at // MICROSECONDS_PER_DAY)


@lru_cache(maxsize=65_536)
def _year_of_day(number: int) -> int:
    """The year of a day since 1970-01-01, also where no date of the library reaches."""
    days = np.datetime64(number, "D")
    return int(days.astype("datetime64[Y]").astype(np.int64)) + 1970


@lru_cache(maxsize=1_024)
def _shifts(zone: str, first: int, last: int) -> Shifts:
    """Instants at which the clock changes, the shift before the first and after each, and where each shift ends on the clock."""
    found = [change for year in range(first, last + 1) for change in _changes(zone, year)]
    opening = _shift(_EPOCH.replace(year=first), zone)
    changes = np.array([at for at, _ in found], np.int64)
    shifts = np.array([opening, *(shift for _, shift in found)], np.int64)
    return changes, shifts, changes + shifts[:-1]


@lru_cache(maxsize=8_192)
def _changes(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Changes of the clock within a UTC year: when, and the shift from then on."""
    day = datetime(year, 1, 1, tzinfo=UTC)
    found, before = [], _shift(day, zone)
    while day.year == year:
        following = day + timedelta(days=1)
        after = _shift(following, zone)
        if before != after:
            found.append((_change_between(day, following, zone), after))
        day, before = following, after
    return tuple(found)


def _change_between(low: datetime, high: datetime, zone: str) -> int:
    """The first instant after `low`, in whole seconds, at which the shift is that of `high`."""
    after, second = _shift(high, zone), timedelta(seconds=1)
    while high - low > second:
        middle = low + (high - low) // second // 2 * second
        if _shift(middle, zone) == after:
            high = middle
        else:
            low = middle
    return (high - _EPOCH) // _US


def _shift(at: datetime, zone: str) -> int:
    shift = at.astimezone(zone_of(zone)).utcoffset()
    return 0 if shift is None else shift // _US
