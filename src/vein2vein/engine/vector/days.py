"""Vector input methods over calendar days.

Place    Engine, vector. The fast twin of `engine.plain.days`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: from every instant at which a day begins, a lower value arrives or the follow-up ends.
Knows    One table row per such instant and one column per day; a column is filled only with what was known at the instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Floats, Ints
from vein2vein.engine.vector.held import reported
from vein2vein.engine.vector.rows import UNKNOWN, Facts, Numbers, Rows, Values, distinct, until_next
from vein2vein.knowledge.inputs import CountDays, DayInput, DayRun, NthLowestDay, UnrecoveredRun

POINTS_AT_ONCE = 20_000
_WIDE = 2_000  # columns of a table
Table = npt.NDArray[np.float64]
_NO_DAY = np.int32(-1)
_DayTable = tuple[Table, Table, Ints, Bools]
Filling = tuple[str, int | None, bool, float | None]  # fill, fill_at_most_days, fill_ends, round_to


@dataclass(frozen=True, eq=False)
class _Points:
    """Instants at which the value is worked out, with what is known of the calendar there."""

    key: Ints
    course: Ints
    today: Ints
    last: Ints
    has_ended: Bools

    def take(self, part: slice) -> _Points:
        return _Points(self.key[part], self.course[part], self.today[part], self.last[part], self.has_ended[part])


def day_value(batch: Batch, take: DayInput) -> Rows:
    """The value of a day-based input over time."""
    daily = batch.once(_Daily, take.observation, take.from_day, _reads_to(take))
    holds = take.today_holds_hours if isinstance(take, DayRun) else None
    points = batch.once(_points, take.stops_at, holds, daily)
    filling = (take.fill, take.fill_at_most_days, take.fill_ends, take.round_to)
    if len(points.key) <= POINTS_AT_ONCE:
        tables: Iterable[_DayTable] = [batch.once(_table, filling, holds, daily, points)]
    else:
        starts = range(0, len(points.key), POINTS_AT_ONCE)
        tables = (  # one after the other, so that only one is in memory
            _table(batch, filling, holds, daily, points.take(slice(start, start + POINTS_AT_ONCE))) for start in starts
        )
    values = _concatenated(take, [_values(take, *table) for table in tables])
    return Rows(points.key, until_next(batch, points.key, None), values, _absent(take))


def _absent(take: DayInput) -> Values:
    if isinstance(take, UnrecoveredRun):
        return Facts(np.array([False]), np.array([False]))
    if isinstance(take, NthLowestDay):
        return UNKNOWN
    return Numbers(np.array([0.0]), np.array([0.0]))


def _concatenated(take: DayInput, parts: list[Values]) -> Values:
    if isinstance(take, UnrecoveredRun):
        facts = [p for p in parts if isinstance(p, Facts)]
        return Facts(
            np.concatenate([np.zeros(0, bool), *(p.certain for p in facts)]),
            np.concatenate([np.zeros(0, bool), *(p.possible for p in facts)]),
        )
    numbers = [p for p in parts if isinstance(p, Numbers)]
    return Numbers(
        np.concatenate([np.zeros(0), *(p.low for p in numbers)]),
        np.concatenate([np.zeros(0), *(p.high for p in numbers)]),
    )


def _reads_to(take: DayInput) -> int:
    return take.to_day if take.reads_to_day is None else max(take.to_day, take.reads_to_day)


class _Daily:
    """Values of the window: the lowest of each whole day, and the lowest so far at each row."""

    def __init__(self, batch: Batch, observation: str, from_day: int, reads_to: int) -> None:
        rows = batch.observed(observation)
        infused = batch.infused[rows.course] != NEVER
        day = batch.local_days(rows.course, rows.at) - batch.day_zero[rows.course]
        inside = infused & (day >= from_day) & (day <= reads_to) & ~np.isnan(rows.value)
        self.rows, self.rows_key = rows, rows.key
        self.from_day, self.n_days = from_day, reads_to - from_day + 1
        if not inside.all():
            rows = rows.take(inside)
        numbers = reported(rows)
        self.column = day[inside] - from_day
        self.course = rows.course
        self.key = self.rows_key[inside]
        group = rows.course * self.n_days + self.column
        self.low = _so_far(group, numbers.low)
        self.high = self.low if numbers.is_exact else _so_far(group, numbers.high)
        lower = np.ones(len(group), bool)  # than the lowest of the day so far; the first of a day always
        lower[1:] = (group[1:] != group[:-1]) | (self.low[1:] != self.low[:-1]) | (self.high[1:] != self.high[:-1])
        self.lower_key = self.key[lower]
        self.whole_low = self._whole(batch.n, self.low)
        self.whole_high = self.whole_low if self.high is self.low else self._whole(batch.n, self.high)

    def _whole(self, n: int, so_far: Floats) -> Table:
        """The lowest of each whole day: rows come in order of time, so the last one written for a day holds it."""
        table = np.full((n, self.n_days), np.nan)
        table[self.course, self.column] = so_far
        return table


def _so_far(group: Ints, value: Floats) -> Floats:
    """Running minimum within groups of neighbouring rows."""
    n = len(value)
    order = value.argsort(kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    begins = np.zeros(n, np.int64)
    begins[1:] = group[1:] != group[:-1]
    apart = begins.cumsum() * n  # each group is lower than all those before
    lowest: Floats = value[order[np.minimum.accumulate(rank - apart) + apart]]
    return lowest


def _running(ufunc: np.ufunc, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What `ufunc.accumulate` gives down the rows of a table; quicker, as whole rows are worked out at once."""
    n_rows, n_columns = table.shape
    if n_columns > _WIDE:
        for row in range(1, n_rows):
            ufunc(table[row], table[row - 1], out=table[row])
        return table
    reach = 1
    while reach < n_rows:  # after each round a row has taken in twice as many of those before it
        new = table.copy()
        ufunc(table[reach:], table[:-reach], out=new[reach:])
        table, reach = new, 2 * reach
    return table


def _points(batch: Batch, stops_at: tuple[str, ...], today_holds_hours: float | None, daily: _Daily) -> _Points:
    courses = np.flatnonzero(batch.infused != NEVER)
    n = daily.n_days + 1
    course = np.repeat(courses, n)
    starts = batch.day_starts(course, batch.day_zero[course] + np.tile(np.arange(n) + daily.from_day, len(courses)))
    stop = _first(batch.milestones((*stops_at, "death")))
    followed = _first(batch.followed)
    keys = [batch.key(course, starts), daily.lower_key]
    if today_holds_hours is not None:
        ends = daily.rows_key + hours(today_holds_hours)
        unheard = ends < until_next(batch, daily.rows_key, None)  # else the next row speaks instead
        keys.append(ends[unheard & (batch.infused[daily.rows.course] != NEVER)])
    for instant in (stop, followed):
        known = courses[instant[courses] != FOREVER]
        keys.append(batch.key(known, instant[known]))
    key = distinct(*keys)
    course = batch.course_of(key)
    at = batch.at_of(key)
    today = batch.local_days(course, at) - batch.day_zero[course]
    reads_to = daily.from_day + daily.n_days - 1
    last = np.minimum(today, reads_to)
    has_ended = today > reads_to
    for instant in (stop, followed):
        happened = instant[course] <= at
        day = np.full(batch.n, FOREVER, np.int64)
        known = np.flatnonzero((instant != FOREVER) & (batch.infused != NEVER))
        day[known] = batch.local_days(known, instant[known]) - batch.day_zero[known]
        last = np.where(happened, np.minimum(last, day[course]), last)
        has_ended |= happened
    return _Points(key, course, today, last, has_ended)


def _first(instants: Ints) -> Ints:
    return np.where(instants == NEVER, FOREVER, instants)


def _table(  # noqa: PLR0917  (what the tables of several inputs have in common)
    batch: Batch, filling: Filling, today_holds_hours: float | None, daily: _Daily, points: _Points
) -> _DayTable:
    """Daily lowest values known at each point (n_points, n_days), filled and rounded; the last column; whether it ended."""
    column = np.arange(daily.n_days)
    today = (points.today - daily.from_day)[:, None]
    last = points.last - daily.from_day
    known = (column < today) & (column <= last[:, None])
    place = np.searchsorted(daily.key, points.key, side="right") - 1
    safe = np.maximum(place, 0)
    here = np.zeros(0, np.int64)
    if len(daily.key):
        now = daily.column[safe]
        here = np.flatnonzero(
            (place >= 0) & (daily.course[safe] == points.course) & (now == today[:, 0]) & (now <= last)
        )

    def filled(whole: Table, so_far: Floats) -> Table:
        values = np.where(known, whole[points.course], np.nan)
        values[here, daily.column[safe[here]]] = so_far[safe[here]]
        return values

    low = filled(daily.whole_low, daily.low)
    high = low if daily.high is daily.low else filled(daily.whole_high, daily.high)
    low, high = _filled(filling, low, high, last, has_ended=points.has_ended)
    round_to = filling[-1]
    if round_to is not None:
        low, high = _each(lambda values: _rounded(values, round_to), low, high)
    if today_holds_hours is not None:
        low, high = _put_today(round_to, today_holds_hours, daily, points, low, high)
    return low, high, last, points.has_ended


def _each(function: Callable[[Table], Table], low: Table, high: Table) -> tuple[Table, Table]:
    """A function of both tables, worked out once where both are the same one."""
    result = function(low)
    return result, (result if high is low else function(high))


def _put_today(  # noqa: PLR0917  (the pieces of `_table`)
    round_to: float | None, holds_hours: float, daily: _Daily, points: _Points, low: Table, high: Table
) -> tuple[Table, Table]:
    """Put in what the last value still says about a today that has no value of its own."""
    rows, key, from_day = daily.rows, daily.rows_key, daily.from_day
    if not len(rows) or not len(points.key):
        return low, high
    place = np.searchsorted(key, points.key, side="right") - 1
    safe = np.maximum(place, 0)
    held = (place >= 0) & (rows.course[safe] == points.course) & ~np.isnan(rows.value[safe])
    held &= points.key < key[safe] + hours(holds_hours)
    here = np.flatnonzero(held & (points.last == points.today) & ~points.has_ended & (points.today >= from_day))
    column = points.today[here] - from_day
    empty = np.isnan(low[here, column])
    here, column = here[empty], column[empty]
    value = reported(rows).low[safe[here]]
    high = high.copy() if high is low else high
    low[here, column] = value if round_to is None else _rounded(value, round_to)
    high[here, column] = np.inf
    return low, high


def _rounded(values: Table, step: float) -> Table:
    return np.round(np.round(np.round(values / step, 6)) * step, 9)


def _filled(filling: Filling, low: Table, high: Table, last: Ints, *, has_ended: Bools) -> tuple[Table, Table]:
    fill, at_most_days, fill_ends, _ = filling
    if fill == "none" or not low.shape[1]:
        return low, high
    n_days = low.shape[1]
    column = np.arange(n_days)
    known = ~np.isnan(low)
    before = _running(np.maximum, np.where(known.T, column[:, None], -1)).T
    after = _running(np.minimum, np.where(known.T, column[:, None], n_days)[::-1])[::-1].T
    has_before, has_after = before >= 0, after < n_days
    fills = ~known & (column <= last[:, None]) & (has_before | has_after)
    fills &= has_after | has_ended[:, None]  # while the series runs, tomorrow's value may still say otherwise
    if at_most_days is not None:
        block = np.where(has_after, after, last[:, None] + 1) - before - 1
        fills &= block <= at_most_days
    if not fill_ends:
        fills &= has_before & has_after
    row, day = np.nonzero(fills)
    if not len(row):
        return low, high
    before, after = before[row, day], after[row, day]
    share = (day - before) / np.maximum(after - before, 1) if fill == "linear" else np.full(len(day), 0.5)
    from_before, from_after = (row, np.maximum(before, 0)), (row, np.minimum(after, n_days - 1))
    finite = np.ones(len(row), bool)
    for edge in (from_before, from_after):
        finite &= np.isfinite(low[edge]) & np.isfinite(high[edge])
    both, only_before = (before >= 0) & (after < n_days), before >= 0

    def worked_out(values: Table, farther: np.ufunc) -> Table:
        at_before, at_after = values[from_before], values[from_after]
        with np.errstate(invalid="ignore"):
            between = np.where(finite, at_before + (at_after - at_before) * share, farther(at_before, at_after))
        result = values.copy()
        result[row, day] = np.where(both, between, np.where(only_before, at_before, at_after))
        return result

    new_low = worked_out(low, np.minimum)
    return new_low, (new_low if high is low and finite[both].all() else worked_out(high, np.maximum))


def _values(  # noqa: PLR0917  (the pieces of `_table`, in its order)
    take: DayInput, low: Table, high: Table, last: Ints, has_ended: Bools
) -> Values:
    counted = max(0, take.to_day - take.from_day + 1)
    match take:
        case DayRun():
            runs = _worlds(take, low, high, last)
            n_days = runs.longest() if take.method == "longest" else runs.total()
            return Numbers(n_days[: len(last)], n_days[len(last) :])
        case UnrecoveredRun():
            reaches = _worlds(take, low, high, last).reach(take.starts_by_day)
            return Facts(reaches[: len(last)] & has_ended, reaches[len(last) :] & has_ended)
        case NthLowestDay():
            return Numbers(_nth(low[:, :counted], take.n, -np.inf), _nth(high[:, :counted], take.n, np.inf))
        case CountDays():
            known = (~np.isnan(low[:, :counted])).sum(axis=1).astype(np.float64)
            return Numbers(known, known)


def _nth(values: Table, n: int, unknown: float) -> Floats:
    if values.shape[1] < n:
        return np.full(len(values), unknown)
    found = np.sort(values, axis=1)[:, n - 1]
    return np.where(np.isnan(found), unknown, found)


def _worlds(take: DayRun | UnrecoveredRun, low: Table, high: Table, last: Ints) -> _Runs:
    """Runs where days are affected for certain, and beside these where they may be."""
    n, n_days = low.shape
    affected = np.empty((n_days, 2 * n), bool)
    below = np.less if take.strict else np.less_equal
    below(high.T, take.at_most, out=affected[:, :n])
    below(low.T, take.at_most, out=affected[:, n:])
    affected[:, n:] |= np.isnan(low.T) & (np.arange(n_days)[:, None] <= last)
    return _Runs(take, affected, np.concatenate([last, last]))


class _Runs:
    """Joined runs of affected days, at every day (row) and point (column).

    A run begins where an affected day is more than `join_days` after the affected day before it, and ends with an affected day,
    so that what a run has come to can be read at each of its affected days. Days after `counted` help to join only.
    """

    def __init__(self, take: DayRun | UnrecoveredRun, affected: npt.NDArray[np.bool_], last: Ints) -> None:
        column = np.arange(len(affected), dtype=np.int32)[:, None]
        self._affected, self._column = affected, column
        self._counted = take.to_day - take.from_day
        self._from_day = take.from_day
        until = _running(np.maximum, np.where(affected, column, _NO_DAY))
        self._before = np.full(until.shape, -1, np.int32)
        self._before[1:] = until[:-1]
        self._opens = affected & ((self._before < 0) | (column - self._before - 1 > take.join_days))
        self._start = _running(np.maximum, np.where(self._opens, column, _NO_DAY))
        self._end = np.minimum(last, self._counted)
        self._last_start, self._last_until = self._start[-1], until[-1]
        self._reaches_to = self._last_until
        if take.count_trailing:
            tail = last - self._last_until
            extends = (self._last_start >= 0) & (tail > 0) & (tail <= take.join_days)
            self._reaches_to = np.where(extends, last, self._last_until)

    def longest(self) -> Floats:
        """Days of the longest run."""
        until = np.minimum(self._column, self._counted)
        lengths = np.where(self._affected & (self._start <= self._counted), until - self._start + 1, 0)
        last = np.minimum(self._reaches_to, self._counted) - self._last_start + 1
        has_run = (self._last_start >= 0) & (self._last_start <= self._counted)
        longest: Floats = np.maximum(lengths.max(axis=0), np.where(has_run, last, 0)).astype(np.float64)
        return longest

    def total(self) -> Floats:
        """Days of all runs."""
        before = np.where(self._opens, self._column - 1, np.minimum(self._before, self._counted))
        added = np.maximum(np.minimum(self._column, self._counted) - before, 0)
        trailing = np.minimum(self._reaches_to, self._counted) - np.minimum(self._last_until, self._counted)
        total: Floats = (np.where(self._affected, added, 0).sum(axis=0) + trailing).astype(np.float64)
        return total

    def reach(self, starts_by_day: int) -> Bools:
        """Whether a run that began by a day comes to the last day that counts."""
        by = starts_by_day - self._from_day
        within = self._affected & (self._start <= by) & (self._column >= self._end)
        last = (self._last_start >= 0) & (self._last_start <= by) & (self._reaches_to >= self._end)
        found: Bools = within.any(axis=0) | last
        return found
