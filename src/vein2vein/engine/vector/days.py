"""Vector input methods over calendar days.

Place    Engine, vector. The fast twin of `engine.plain.days`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: from every instant at which a day begins, a lower value arrives or the follow-up ends.
Knows    One table row per such instant and one column per day; a column is filled only with what was known at the instant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Floats, Ints
from vein2vein.engine.vector.held import reported
from vein2vein.engine.vector.rows import (
    UNKNOWN,
    Facts,
    Numbers,
    Rows,
    Values,
    distinct,
    joined,
    numbers_of,
    numbers_together,
    together,
    until_next,
)
from vein2vein.engine.vector.runs import Joining, Runs, Table, Threshold, running, worlds
from vein2vein.knowledge.inputs import CountDays, DayInput, DayRun, NthLowestDay, UnrecoveredRun

POINTS_AT_ONCE = 20_000


class Filling(NamedTuple):
    """How days without a value are filled, and values rounded; the words of `knowledge.inputs`."""

    fill: str
    at_most_days: int | None
    fill_ends: bool
    round_to: float | None


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


class _Sheet(NamedTuple):
    """What inputs have in common that are read from the same table of days."""

    observation: str
    from_day: int
    reads_to: int
    stops_at: tuple[str, ...]
    filling: Filling

    @classmethod
    def of(cls, take: DayInput) -> _Sheet:
        reads_to = take.to_day if take.reads_to_day is None else max(take.to_day, take.reads_to_day)
        filling = Filling(take.fill, take.fill_at_most_days, take.fill_ends, take.round_to)
        return cls(take.observation, take.from_day, reads_to, take.stops_at, filling)


class DaysTogether:
    """Inputs over calendar days, by the table that they are read from."""

    def __init__(self, takes: Sequence[DayInput]) -> None:
        self.takes = takes
        self.sheets: dict[_Sheet, list[int]] = {}
        for place, take in enumerate(takes):
            self.sheets.setdefault(_Sheet.of(take), []).append(place)


def day_values(batch: Batch, asked: DaysTogether) -> list[Rows]:
    """The values of day-based inputs over time."""
    found: dict[int, Rows] = {}
    for sheet, places in asked.sheets.items():
        takes = [asked.takes[place] for place in places]
        daily = batch.once(_Daily, sheet.observation, sheet.from_day, sheet.reads_to)
        points = _points(batch, sheet.stops_at, {holds for take in takes if (holds := _holds(take)) is not None}, daily)
        starts = range(
            0, max(len(points.key), 1), POINTS_AT_ONCE
        )  # one after the other, so that one table is in memory
        parts = [
            _values(batch, sheet, takes, daily, points.take(slice(start, start + POINTS_AT_ONCE))) for start in starts
        ]
        end = until_next(batch, points.key, None)
        for place, take, *values in zip(places, takes, *parts, strict=True):
            found[place] = Rows(points.key, end, _concatenated(values), _absent(take))
    return [found[place] for place in range(len(asked.takes))]


def _holds(take: DayInput) -> float | None:
    return take.today_holds_hours if isinstance(take, DayRun) else None


def _absent(take: DayInput) -> Values:
    if isinstance(take, UnrecoveredRun):
        return Facts(np.array([False]), np.array([False]))
    if isinstance(take, NthLowestDay):
        return UNKNOWN
    return Numbers(np.array([0.0]), np.array([0.0]))


def _concatenated(parts: list[Values]) -> Values:
    """Values of one input one after the other."""
    facts = [part for part in parts if isinstance(part, Facts)]
    if facts:
        return Facts(joined([part.certain for part in facts]), joined([part.possible for part in facts]))
    return numbers_together([numbers_of(part) for part in parts])


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


def _points(batch: Batch, stops_at: tuple[str, ...], holds: set[float], daily: _Daily) -> _Points:
    courses = (batch.infused != NEVER).nonzero()[0]
    n = daily.n_days + 1
    course = courses.repeat(n)
    starts = batch.day_starts(course, batch.day_zero[course] + np.tile(np.arange(n) + daily.from_day, len(courses)))
    stop = _first(batch.milestones((*stops_at, "death")))
    followed = _first(batch.followed)
    keys = [batch.key(course, starts), daily.lower_key]
    for today_holds_hours in holds:
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
        known = ((instant != FOREVER) & (batch.infused != NEVER)).nonzero()[0]
        day[known] = batch.local_days(known, instant[known]) - batch.day_zero[known]
        last = np.where(happened, np.minimum(last, day[course]), last)
        has_ended |= happened
    return _Points(key, course, today, last, has_ended)


def _first(instants: Ints) -> Ints:
    return np.where(instants == NEVER, FOREVER, instants)


def _table(batch: Batch, filling: Filling, daily: _Daily, points: _Points) -> tuple[Table, Table]:
    """Daily lowest values known at each point (n_points, n_days), filled and rounded: the lower and the upper ends."""
    column = np.arange(daily.n_days)
    today = (points.today - daily.from_day)[:, None]
    last = points.last - daily.from_day
    known = (column < today) & (column <= last[:, None])
    place = daily.key.searchsorted(points.key, side="right") - 1
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
    round_to = filling.round_to
    if round_to is not None:
        low, high = _each(lambda values: _rounded(values, round_to), low, high)
    return low, high


def _each(function: Callable[[Table], Table], low: Table, high: Table) -> tuple[Table, Table]:
    """A function of both tables, worked out once where both are the same one."""
    result = function(low)
    return result, (result if high is low else function(high))


def _put_today(  # noqa: PLR0917  (the pieces of `_table`)
    round_to: float | None, holds_hours: float, daily: _Daily, points: _Points, low: Table, high: Table
) -> tuple[Table, Table]:
    """The table with what the last value still says about a today that has no value of its own."""
    rows, key, from_day = daily.rows, daily.rows_key, daily.from_day
    if not len(rows) or not len(points.key):
        return low, high
    place = key.searchsorted(points.key, side="right") - 1
    safe = np.maximum(place, 0)
    held = (place >= 0) & (rows.course[safe] == points.course) & ~np.isnan(rows.value[safe])
    held &= points.key < key[safe] + hours(holds_hours)
    here = np.flatnonzero(held & (points.last == points.today) & ~points.has_ended & (points.today >= from_day))
    column = points.today[here] - from_day
    empty = np.isnan(low[here, column])
    here, column = here[empty], column[empty]
    value = reported(rows).low[safe[here]]
    if not len(here):
        return low, high
    low, high = low.copy(), high.copy()
    low[here, column] = value if round_to is None else _rounded(value, round_to)
    high[here, column] = np.inf
    return low, high


def _rounded(values: Table, step: float) -> Table:
    return ((values / step).round(6).round() * step).round(9)


def _filled(filling: Filling, low: Table, high: Table, last: Ints, *, has_ended: Bools) -> tuple[Table, Table]:
    fill, at_most_days, fill_ends, _ = filling
    if fill == "none" or not low.shape[1]:
        return low, high
    n_days = low.shape[1]
    column = np.arange(n_days)
    known = ~np.isnan(low)
    before = running(np.maximum, np.where(known.T, column[:, None], -1)).T
    after = running(np.minimum, np.where(known.T, column[:, None], n_days)[::-1])[::-1].T
    has_before, has_after = before >= 0, after < n_days
    fills = ~known & (column <= last[:, None]) & (has_before | has_after)
    fills &= has_after | has_ended[:, None]  # while the series runs, tomorrow's value may still say otherwise
    if at_most_days is not None:
        block = np.where(has_after, after, last[:, None] + 1) - before - 1
        fills &= block <= at_most_days
    if not fill_ends:
        fills &= has_before & has_after
    row, day = fills.nonzero()
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


def _values(  # noqa: PLR0917  (the pieces of a sheet)
    batch: Batch, sheet: _Sheet, takes: list[DayInput], daily: _Daily, points: _Points
) -> list[Values]:
    """The value of each input of a sheet at some points."""
    table = _table(batch, sheet.filling, daily, points)
    tables = {
        holds: table if holds is None else _put_today(sheet.filling.round_to, holds, daily, points, *table)
        for holds in {_holds(take) for take in takes}
    }
    last = points.last - daily.from_day
    found: dict[int, Values] = {}
    alike: dict[Joining, list[Threshold]] = {}
    for place, take in enumerate(takes):
        low, high = tables[_holds(take)]
        if isinstance(take, DayRun | UnrecoveredRun):
            alike.setdefault(Joining.of(take), []).append(Threshold(place, take, low, high))
        else:
            found[place] = _of_days(take, low, high)
    for joining, thresholds in alike.items():
        for some in together(thresholds):
            runs = worlds(joining, some, last)
            for number, one in enumerate(some):
                mine = runs if len(some) == 1 else runs.part(2 * len(last) * number, 2 * len(last) * (number + 1))
                found[one.place] = _of_runs(one.take, mine, points.has_ended)
    return [found[place] for place in range(len(takes))]


def _of_days(take: NthLowestDay | CountDays, low: Table, high: Table) -> Numbers:
    counted = max(0, take.to_day - take.from_day + 1)
    if isinstance(take, NthLowestDay):
        return Numbers(_nth(low[:, :counted], take.n, -np.inf), _nth(high[:, :counted], take.n, np.inf))
    known = (~np.isnan(low[:, :counted])).sum(axis=1).astype(np.float64)
    return Numbers(known, known)


def _of_runs(take: DayRun | UnrecoveredRun, runs: Runs, has_ended: Bools) -> Values:
    n = len(has_ended)
    if isinstance(take, UnrecoveredRun):
        reaches = runs.reach(take.starts_by_day)
        return Facts(reaches[:n] & has_ended, reaches[n:] & has_ended)
    n_days = runs.longest() if take.method == "longest" else runs.total()
    return Numbers(n_days[:n], n_days[n:])


def _nth(values: Table, n: int, unknown: float) -> Floats:
    if values.shape[1] < n:
        return np.full(len(values), unknown)
    found = np.sort(values, axis=1)[:, n - 1]
    return np.where(np.isnan(found), unknown, found)
