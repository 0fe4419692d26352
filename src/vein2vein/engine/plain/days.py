"""Plain input methods over calendar days: runs of affected days, lowest days, counted days.

Place    Engine, plain. Carries out DayRun, UnrecoveredRun, NthLowestDay and CountDays of knowledge.inputs.
In       The lowest usable value of each local day known at the instant.
Out      Possible values in two worlds: missing days recovered (low) and missing days affected (high).
Knows    Days up to the one that contains the instant; a later value never fills an earlier day before it is known.
Checked  tests/unit/engine/test_plain_methods.py, tests/reference (published examples of ICAHT); the fast twin is held to this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.knowledge.inputs import CountDays, DayInput, DayRun, NthLowestDay, UnrecoveredRun
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange, Value
from vein2vein.record.timeline import Observation


@dataclass(frozen=True, slots=True)
class _Day:
    """The lowest value of a day, as a range; None when no value is known."""

    low: float
    high: float


Run = tuple[int, int]


def day_value(index: CourseIndex, take: DayInput, at: int) -> tuple[Value, tuple[Observation, ...]]:
    """The value of a day-based input at an instant."""
    rows = _rows(index, take, at)
    days = _days(index, take, at, rows)
    filled = [_rounded(day, take.round_to) for day in _fill(days, take, has_ended=_has_ended(index, take, at))]
    if isinstance(take, DayRun) and take.today_holds_hours is not None:
        filled = _with_today(filled, index, take, at)
    counted = filled[: max(0, take.to_day - take.from_day + 1)]
    match take:
        case DayRun():
            low = _length(_runs(_affected(filled, take, missing=False), take), take)
            high = _length(_runs(_affected(filled, take, missing=True), take), take)
            return NumberRange(low, high), rows
        case UnrecoveredRun():
            if not _has_ended(index, take, at):
                return Truth.FALSE, rows
            certain = _reaches_end(_runs(_affected(filled, take, missing=False), take), take, len(counted))
            possible = _reaches_end(_runs(_affected(filled, take, missing=True), take), take, len(counted))
            return Truth.from_pair(certain=certain, possible=possible), rows
        case NthLowestDay():
            return _nth_lowest(counted, take.n), rows
        case CountDays():
            known = float(sum(day is not None for day in counted))
            return NumberRange(known, known), rows


def _with_today(days: list[_Day | None], index: CourseIndex, take: DayRun, at: int) -> list[_Day | None]:
    """The days, with what the last value still says about a today that has no value of its own."""
    today = index.day(at)
    row = index.latest(take.observation, at)
    if today is None or row is None or row.value is None or take.today_holds_hours is None:
        return days
    is_last = today - take.from_day == len(days) - 1
    still_holds = at < to_microseconds(row.observed_at) + hours(take.today_holds_hours)
    if not days or not is_last or days[-1] is not None or not still_holds or _has_ended(index, take, at):
        return days
    low = NumberRange.reported(row.value, row.comparator).low
    held = _rounded(_Day(low, low), take.round_to)
    return [*days[:-1], None if held is None else _Day(held.low, math.inf)]


def _last_day(index: CourseIndex, take: DayInput, at: int) -> int | None:
    """The last day of the series: today, the last day read, the end of the follow-up, or a stopping milestone."""
    today = index.day(at)
    if today is None:
        return None
    ends = [today, _reads_to(take)]
    followed = index.course.followed_until
    stops = [m.at for m in index.milestones((*take.stops_at, "death"))]
    for instant in [*stops, *([] if followed is None else [followed])]:
        end = to_microseconds(instant)
        if end <= at:
            ends.append(index.day(end) or 0)
    return min(ends)


def _reads_to(take: DayInput) -> int:
    return take.to_day if take.reads_to_day is None else max(take.to_day, take.reads_to_day)


def _has_ended(index: CourseIndex, take: DayInput, at: int) -> bool:
    followed = index.course.followed_until
    today = index.day(at)
    stopped = any(to_microseconds(m.at) <= at for m in index.milestones((*take.stops_at, "death")))
    over = today is not None and today > _reads_to(take)
    return over or stopped or (followed is not None and to_microseconds(followed) <= at)


def _rows(index: CourseIndex, take: DayInput, at: int) -> tuple[Observation, ...]:
    last = _last_day(index, take, at)
    if last is None:
        return ()
    rows = index.before(take.observation, at)
    days = ((row, index.day(to_microseconds(row.observed_at))) for row in rows)
    return tuple(row for row, day in days if day is not None and take.from_day <= day <= last and row.value is not None)


def _days(index: CourseIndex, take: DayInput, at: int, rows: tuple[Observation, ...]) -> list[_Day | None]:
    last = _last_day(index, take, at)
    if last is None or last < take.from_day:
        return []
    days: list[_Day | None] = [None] * (last - take.from_day + 1)
    for row in rows:
        day = index.day(to_microseconds(row.observed_at))
        if day is None or row.value is None:
            continue
        number = NumberRange.reported(row.value, row.comparator)
        place = day - take.from_day
        before = days[place]
        days[place] = (
            _Day(number.low, number.high)
            if before is None
            else _Day(min(before.low, number.low), min(before.high, number.high))
        )
    return days


def _fill(days: list[_Day | None], take: DayInput, *, has_ended: bool) -> list[_Day | None]:
    if take.fill == "none":
        return list(days)
    filled = list(days)
    for start, end in _missing_blocks(days):
        if take.fill_at_most_days is not None and end - start > take.fill_at_most_days:
            continue
        before = days[start - 1] if start > 0 else None
        after = days[end] if end < len(days) else None
        if not take.fill_ends and (before is None or after is None):
            continue
        if after is None and not has_ended:  # tomorrow's value may still say otherwise
            continue
        for place in range(start, end):
            filled[place] = _between(before, after, (place - start + 1) / (end - start + 1), take.fill)
    return filled


def _missing_blocks(days: list[_Day | None]) -> list[tuple[int, int]]:
    """Half-open ranges of places without a value."""
    blocks: list[tuple[int, int]] = []
    for place, day in enumerate(days):
        if day is None:
            if blocks and blocks[-1][1] == place:
                blocks[-1] = (blocks[-1][0], place + 1)
            else:
                blocks.append((place, place + 1))
    return blocks


def _between(before: _Day | None, after: _Day | None, share: float, how: str) -> _Day | None:
    if before is None or after is None:
        return before or after
    if not all(map(math.isfinite, (before.low, before.high, after.low, after.high))):
        return _Day(min(before.low, after.low), max(before.high, after.high))  # nothing to draw a line between
    part = share if how == "linear" else 0.5
    return _Day(before.low + (after.low - before.low) * part, before.high + (after.high - before.high) * part)


def _rounded(day: _Day | None, step: float | None) -> _Day | None:
    if day is None or step is None:
        return day
    return _Day(round_to(day.low, step), round_to(day.high, step))


def round_to(value: float, step: float) -> float:
    """`value` rounded to a multiple of `step`, halves to even; infinities stay."""
    if value in (float("inf"), float("-inf")):
        return value
    return round(round(round(value / step, 6)) * step, 9)


def _affected(days: list[_Day | None], take: DayRun | UnrecoveredRun, *, missing: bool) -> list[bool]:
    def is_affected(day: _Day | None) -> bool:
        if day is None:
            return missing
        value = day.low if missing else day.high
        return value < take.at_most if take.strict else value <= take.at_most

    return [is_affected(day) for day in days]


def _runs(affected: list[bool], take: DayRun | UnrecoveredRun) -> list[Run]:
    """Joined runs as inclusive (first, last) places."""
    runs: list[Run] = []
    for place, is_affected in enumerate(affected):
        if not is_affected:
            continue
        if runs and place - runs[-1][1] - 1 <= take.join_days:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    if take.count_trailing and runs and 0 < len(affected) - 1 - runs[-1][1] <= take.join_days:
        runs[-1] = (runs[-1][0], len(affected) - 1)
    return runs


def _length(runs: list[Run], take: DayRun) -> float:
    counted = take.to_day - take.from_day
    lengths = [min(last, counted) - first + 1 for first, last in runs if first <= counted]
    return float((max(lengths, default=0)) if take.method == "longest" else sum(lengths))


def _reaches_end(runs: list[Run], take: UnrecoveredRun, n_days: int) -> bool:
    return any(first + take.from_day <= take.starts_by_day and last >= n_days - 1 for first, last in runs)


def _nth_lowest(days: list[_Day | None], n: int) -> NumberRange:
    known = [day for day in days if day is not None]
    if len(known) < n:
        return ANY_NUMBER
    return NumberRange(sorted(d.low for d in known)[n - 1], sorted(d.high for d in known)[n - 1])
