"""Vector input methods over calendar days.

Place    Engine, vector. The fast twin of `engine.plain.days`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: from every instant at which a day begins, a lower value arrives or the follow-up ends.
Knows    One table row per such instant and one column per day; a column is filled only with what was known at the instant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Floats, Ints
from vein2vein.engine.vector.observations import reported
from vein2vein.engine.vector.rows import Facts, Numbers, Rows, Values, unknown_numbers, until_next
from vein2vein.knowledge.inputs import CountDays, DayInput, DayRun, NthLowestDay, UnrecoveredRun

POINTS_AT_ONCE = 20_000
Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
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
    daily = _Daily(batch, take)
    points = _points(batch, take, daily)
    parts = [
        _values(take, *_table(batch, take, daily, points.take(slice(start, start + POINTS_AT_ONCE))))
        for start in range(0, len(points.key), POINTS_AT_ONCE)
    ]
    return Rows(points.key, until_next(batch, points.key, None), _concatenated(take, parts), _absent(take))


def _absent(take: DayInput) -> Values:
    if isinstance(take, UnrecoveredRun):
        return Facts(np.array([False]), np.array([False]))
    if isinstance(take, NthLowestDay):
        return unknown_numbers()
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

    def __init__(self, batch: Batch, take: DayInput) -> None:
        rows = batch.observed(take.observation)
        infused = batch.infused[rows.course] != NEVER
        day = np.full(len(rows), NEVER, np.int64)
        day[infused] = (batch.local_days(rows.course, rows.at) - batch.day_zero[rows.course])[infused]
        inside = infused & (day >= take.from_day) & (day <= _reads_to(take)) & ~np.isnan(rows.value)
        rows, day = rows.take(inside), day[inside]
        numbers = reported(rows)
        self.n_days = _reads_to(take) - take.from_day + 1
        self.column = day - take.from_day
        self.course = rows.course
        self.key = batch.key(rows.course, rows.at)
        self.low = _so_far(rows.course * self.n_days + self.column, numbers.low)
        self.high = _so_far(rows.course * self.n_days + self.column, numbers.high)
        self.whole_low = np.full((batch.n, self.n_days), np.nan)
        self.whole_high = np.full((batch.n, self.n_days), np.nan)
        # Rows come in order of time, so the last one written for a day holds the lowest of the whole day.
        self.whole_low[self.course, self.column] = self.low
        self.whole_high[self.course, self.column] = self.high


def _so_far(group: Ints, value: Floats) -> Floats:
    """Running minimum within groups of neighbouring rows."""
    lowest = value.copy()
    if not len(group):
        return lowest
    first = np.r_[True, group[1:] != group[:-1]]
    rank = np.arange(len(group)) - np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    for step in range(1, int(rank.max(initial=0)) + 1):
        here = np.flatnonzero(rank == step)
        lowest[here] = np.minimum(lowest[here], lowest[here - 1])
    return lowest


def _points(batch: Batch, take: DayInput, daily: _Daily) -> _Points:
    courses = np.flatnonzero(batch.infused != NEVER)
    n = daily.n_days + 1
    course = np.repeat(courses, n)
    starts = batch.day_starts(course, batch.day_zero[course] + np.tile(np.arange(n) + take.from_day, len(courses)))
    stop = _first(batch.milestones((*take.stops_at, "death")))
    followed = _first(batch.followed)
    keys = [batch.key(course, starts), daily.key]
    if isinstance(take, DayRun) and take.today_holds_hours is not None:
        rows = batch.observed(take.observation)
        ends = batch.key(rows.course, rows.at) + hours(take.today_holds_hours)
        keys.append(ends[batch.infused[rows.course] != NEVER])
    for instant in (stop, followed):
        known = courses[instant[courses] != FOREVER]
        keys.append(batch.key(known, instant[known]))
    key = np.unique(np.concatenate(keys))
    course = batch.course_of(key)
    at = batch.at_of(key)
    today = batch.local_days(course, at) - batch.day_zero[course]
    last = np.minimum(today, _reads_to(take))
    has_ended = today > _reads_to(take)
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


def _table(batch: Batch, take: DayInput, daily: _Daily, points: _Points) -> tuple[Table, Table, Ints, Bools]:
    """Daily lowest values known at each point (n_points, n_days), filled and rounded; the last column; whether it ended."""
    column = np.arange(daily.n_days)
    today = (points.today - take.from_day)[:, None]
    last = points.last - take.from_day
    known = (column < today) & (column <= last[:, None])
    low = np.where(known, daily.whole_low[points.course], np.nan)
    high = np.where(known, daily.whole_high[points.course], np.nan)
    place = np.searchsorted(daily.key, points.key, side="right") - 1
    safe = np.maximum(place, 0)
    if len(daily.key):
        is_today = (
            (place >= 0) & (daily.course[safe] == points.course) & (daily.column[safe] == points.today - take.from_day)
        )
        is_today &= daily.column[safe] <= last
        here = np.flatnonzero(is_today)
        low[here, daily.column[safe[here]]] = daily.low[safe[here]]
        high[here, daily.column[safe[here]]] = daily.high[safe[here]]
    low, high = _filled(take, low, high, last, has_ended=points.has_ended)
    if take.round_to is not None:
        low, high = _rounded(low, take.round_to), _rounded(high, take.round_to)
    if isinstance(take, DayRun) and take.today_holds_hours is not None:
        _put_today(batch, take, points, low=low, high=high)
    return low, high, last, points.has_ended


def _put_today(batch: Batch, take: DayRun, points: _Points, *, low: Table, high: Table) -> None:
    """Put in what the last value still says about a today that has no value of its own."""
    rows = batch.observed(take.observation)
    if not len(rows) or not len(points.key):
        return
    key = batch.key(rows.course, rows.at)
    place = np.searchsorted(key, points.key, side="right") - 1
    safe = np.maximum(place, 0)
    held = (place >= 0) & (rows.course[safe] == points.course) & ~np.isnan(rows.value[safe])
    held &= points.key < key[safe] + hours(take.today_holds_hours or 0)
    here = np.flatnonzero(held & (points.last == points.today) & ~points.has_ended & (points.today >= take.from_day))
    column = points.today[here] - take.from_day
    empty = np.isnan(low[here, column])
    here, column = here[empty], column[empty]
    value = reported(rows).low[safe[here]]
    low[here, column] = value if take.round_to is None else _rounded(value, take.round_to)
    high[here, column] = np.inf


def _rounded(values: Table, step: float) -> Table:
    return np.round(np.round(np.round(values / step, 6)) * step, 9)


def _filled(take: DayInput, low: Table, high: Table, last: Ints, *, has_ended: Bools) -> tuple[Table, Table]:
    if take.fill == "none" or not low.shape[1]:
        return low, high
    n_days = low.shape[1]
    column = np.arange(n_days)
    known = ~np.isnan(low)
    before = np.maximum.accumulate(np.where(known, column, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, column, n_days)[:, ::-1], axis=1)[:, ::-1]
    has_before, has_after = before >= 0, after < n_days
    block = np.where(has_after, after, last[:, None] + 1) - before - 1
    fills = ~known & (column <= last[:, None]) & (has_before | has_after)
    fills &= has_after | has_ended[:, None]  # while the series runs, tomorrow's value may still say otherwise
    if take.fill_at_most_days is not None:
        fills &= block <= take.fill_at_most_days
    if not take.fill_ends:
        fills &= has_before & has_after
    row = np.arange(len(low))[:, None]
    at_before, at_after = np.maximum(before, 0), np.minimum(after, n_days - 1)
    share = (column - before) / np.maximum(after - before, 1) if take.fill == "linear" else np.full(low.shape, 0.5)
    low_before, low_after = low[row, at_before], low[row, at_after]
    high_before, high_after = high[row, at_before], high[row, at_after]
    finite = np.isfinite(low_before) & np.isfinite(low_after) & np.isfinite(high_before) & np.isfinite(high_after)
    with np.errstate(invalid="ignore"):
        between_low = np.where(finite, low_before + (low_after - low_before) * share, np.minimum(low_before, low_after))
        between_high = np.where(
            finite, high_before + (high_after - high_before) * share, np.maximum(high_before, high_after)
        )
    both = has_before & has_after
    new_low = np.where(both, between_low, np.where(has_before, low_before, low_after))
    new_high = np.where(both, between_high, np.where(has_before, high_before, high_after))
    return np.where(fills, new_low, low), np.where(fills, new_high, high)


def _values(  # noqa: PLR0917  (the pieces of `_table`, in its order)
    take: DayInput, low: Table, high: Table, last: Ints, has_ended: Bools
) -> Values:
    counted = max(0, take.to_day - take.from_day + 1)
    match take:
        case DayRun():
            shortest = _Runs(take, _affected(take, high, last, missing=False), last)
            longest = _Runs(take, _affected(take, low, last, missing=True), last)
            return Numbers(shortest.length(take.method), longest.length(take.method))
        case UnrecoveredRun():
            certain = _Runs(take, _affected(take, high, last, missing=False), last).reaches
            possible = _Runs(take, _affected(take, low, last, missing=True), last).reaches
            return Facts(certain & has_ended, possible & has_ended)
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


def _affected(take: DayRun | UnrecoveredRun, values: Table, last: Ints, *, missing: bool) -> npt.NDArray[np.bool_]:
    low = values < take.at_most if take.strict else values <= take.at_most
    unknown = np.isnan(values) & (np.arange(values.shape[1]) <= last[:, None])
    return low | unknown if missing else low


class _Runs:
    """Joined runs of affected days, followed column by column for all points at once."""

    def __init__(self, take: DayRun | UnrecoveredRun, affected: npt.NDArray[np.bool_], last: Ints) -> None:
        n = len(affected)
        self._counted = take.to_day - take.from_day
        self._starts_by = (
            take.starts_by_day if isinstance(take, UnrecoveredRun) else take.from_day - 1
        ) - take.from_day
        self._end = np.minimum(last, self._counted)
        self._start = np.full(n, -1, np.int64)
        self._until = np.full(n, -1, np.int64)
        self._longest = np.zeros(n, np.int64)
        self._total = np.zeros(n, np.int64)
        self.reaches = np.zeros(n, bool)
        for column in range(affected.shape[1]):
            here = affected[:, column]
            joins = here & (self._start >= 0) & (column - self._until - 1 <= take.join_days)
            opens = here & ~joins
            self._close(opens)
            self._start = np.where(opens, column, self._start)
            self._until = np.where(here, column, self._until)
        if take.count_trailing:
            tail = last - self._until
            extends = (self._start >= 0) & (tail > 0) & (tail <= take.join_days)
            self._until = np.where(extends, last, self._until)
        self._close(np.ones(n, bool))

    def _close(self, which: Bools) -> None:
        ends = which & (self._start >= 0)
        length = np.minimum(self._until, self._counted) - self._start + 1
        length = np.where(ends & (self._start <= self._counted), length, 0)
        self._longest = np.maximum(self._longest, length)
        self._total += length
        self.reaches |= ends & (self._start <= self._starts_by) & (self._until >= self._end)

    def length(self, method: str) -> Floats:
        """Days of the longest run, or of all."""
        return (self._longest if method == "longest" else self._total).astype(np.float64)
