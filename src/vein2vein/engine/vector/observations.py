"""Vector input methods over observations and over what is known of the course itself.

Place    Engine, vector. The fast twin of `engine.plain.observations`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: possible values over half-open times.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vein2vein.basis.clock import MICROSECONDS_PER_HOUR, hours
from vein2vein.engine.vector.batch import NEVER, Batch, Bools, Floats, Ints, Observed
from vein2vein.engine.vector.held import ends_with, held_rows, highest_within, reported, rows_within, since_infusion
from vein2vein.engine.vector.rows import (
    UNKNOWN,
    Categories,
    Facts,
    Numbers,
    Rows,
    Values,
    distinct,
    last_of_each_key,
    numbers_of,
    unknown_numbers,
    until_next,
)
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.inputs import CourseField, Death, ItemSum, Latest, MeasuredSpan, SteepestRise


def stated(batch: Batch, take: Latest) -> Rows:
    """The last usable statement while it holds: yes or no, or a category."""
    kind = observation_kind(take.observation)
    rows, held = batch.once(held_rows, take.observation)
    key, end = held.key, held.end
    if take.holds_hours is not None:
        end = np.minimum(end, key + hours(take.holds_hours))
    if take.ends_with:
        end = np.minimum(end, ends_with(batch, take.ends_with, rows))
    if kind.type == "category":
        return Rows(key, end, *_categories(rows, tuple(sorted(kind.categories))))
    says = np.zeros(len(rows), bool) if rows.code is None else rows.code == take.says
    may_say, is_open = says, take.when_absent == "unknown"
    if take.since_infusion and rows.code is not None:
        void = (rows.code == "yes") & _is_before_infusion(batch, rows)
        says, may_say = says & ~void, np.where(void, is_open, says)
    return Rows(key, end, Facts(says, may_say), Facts(np.array([False]), np.array([is_open])))


def _is_before_infusion(batch: Batch, rows: Observed) -> Bools:
    """Whether each row was observed before the infusion; also where there is none."""
    infused = batch.infused[rows.course]
    before: Bools = (infused == NEVER) | (rows.at < infused)
    return before


def _categories(rows: Observed, names: tuple[str, ...]) -> tuple[Categories, Categories]:
    everything = (1 << len(names)) - 1
    mask = np.full(len(rows), everything, np.int64)
    if rows.code is not None:
        for number, name in enumerate(names):
            mask[rows.code == name] = 1 << number
    return Categories(mask, names), Categories(np.array([everything]), names)


def steepest_rise(batch: Batch, take: SteepestRise) -> Rows:
    """The steepest rise per hour between consecutive exact values."""
    rows = batch.observed(take.observation)
    rows = rows.take((rows.comparator == 0) & ~np.isnan(rows.value))
    within, apart = hours(take.within_hours), hours(take.apart_hours)
    gap = rows.at[1:] - rows.at[:-1]
    usable = (rows.course[1:] == rows.course[:-1]) & (gap > 0) & (gap >= apart) & (gap <= within)
    later = usable.nonzero()[0] + 1
    slope = np.round((rows.value[later] - rows.value[later - 1]) / (gap[later - 1] / MICROSECONDS_PER_HOUR), 9)
    key = rows.key[later]
    points = distinct(key, key + within)
    left, right = rows_within(batch, key, points, within)
    filled = right > left
    before = np.zeros(len(points), bool)
    if take.since_infusion:
        left, before = since_infusion(batch, key, points, left, right)
    values = unknown_numbers(len(points))
    if filled.any():
        values.low[filled] = values.high[filled] = highest_within(slope, left[filled], right[filled])
        values.low[before] = -np.inf
    return Rows(points, until_next(batch, points, None), values, UNKNOWN)


def measured_span(batch: Batch, take: MeasuredSpan) -> Rows:
    """Hours from the first to the last of the unbroken run of qualifying measurements that ends now."""
    rows = batch.observed(take.observation)
    numbers = reported(rows)
    low_end = numbers.low > take.at_least if take.strict else numbers.low >= take.at_least
    high_end = numbers.high > take.at_least if take.strict else numbers.high >= take.at_least
    if numbers.low_is_open is not None and numbers.high_is_open is not None:
        if take.strict:
            low_end |= (numbers.low == take.at_least) & numbers.low_is_open
        else:
            high_end &= (numbers.high > take.at_least) | ~numbers.high_is_open
    low = _span(rows, low_end, hours(take.gap_hours))
    high = _span(rows, high_end, hours(take.gap_hours))
    keep = last_of_each_key(rows.key)
    key, low, high = rows.key[keep], low[keep], high[keep]
    end = until_next(batch, key, hours(take.holds_hours))
    return Rows(key, end, Numbers(low, high), Numbers(np.array([0.0]), np.array([np.inf])))


def _span(rows: Observed, qualifies: Bools, gap: int) -> Floats:
    if not len(rows):
        return np.zeros(0)
    breaks = np.ones(len(rows), bool)
    breaks[1:] = (rows.course[1:] != rows.course[:-1]) | (rows.at[1:] - rows.at[:-1] > gap) | ~qualifies[:-1]
    first = np.maximum.accumulate(np.where(breaks, np.arange(len(rows)), 0))
    return np.where(qualifies, (rows.at - rows.at[first]) / MICROSECONDS_PER_HOUR, 0.0)


def item_sum(batch: Batch, take: ItemSum) -> Rows:
    """A recorded total while it holds and is not older than the newest item; else the sum of the items."""
    parts = {kind: _held_for(batch, kind, take.holds_hours) for kind in (*take.items, take.total)}
    points = distinct(batch.starts, *(edge for p in parts.values() for edge in (p.key, p.end)))
    points = points[batch.course_of(points) < batch.n]
    low, high = np.zeros(len(points)), np.zeros(len(points))
    newest = np.full(len(points), NEVER, np.int64)
    for kind, (lowest, highest) in take.items.items():
        if not len(parts[kind]):
            low, high = low + lowest, high + highest
            continue
        here, numbers, since = _at(parts[kind], points)
        low += np.where(here, numbers.low, lowest)
        high += np.where(here, numbers.high, highest)
        newest = np.where(here, np.maximum(newest, since), newest)
    here, numbers, since = _at(parts[take.total], points)
    use_total = here & (since >= newest)
    low, high = np.where(use_total, numbers.low, low), np.where(use_total, numbers.high, high)
    sums = Numbers(low, high, _where_open(use_total, numbers.low_is_open), _where_open(use_total, numbers.high_is_open))
    lowest = float(sum(low for low, _ in take.items.values()))
    highest = float(sum(high for _, high in take.items.values()))
    return Rows(points, until_next(batch, points, None), sums, Numbers(np.array([lowest]), np.array([highest])))


def _where_open(use_total: Bools, is_open: Bools | None) -> Bools | None:
    return None if is_open is None else use_total & is_open


def _held_for(batch: Batch, kind: str, holds_hours: float) -> Rows:
    _, held = batch.once(held_rows, kind)
    return replace(held, end=np.minimum(held.end, held.key + hours(holds_hours)))


def _at(rows: Rows, points: Ints) -> tuple[Bools, Numbers, Ints]:
    """Whether a row holds at each point, its value, and its key."""
    if not len(rows):
        return np.zeros(len(points), bool), unknown_numbers(len(points)), np.full(len(points), NEVER, np.int64)
    place = rows.key.searchsorted(points, side="right") - 1
    safe = np.maximum(place, 0)
    here = (place >= 0) & (points < rows.end[safe])
    values: Values = rows.values.take(safe)
    return here, numbers_of(values), rows.key[safe]


def age_rows(batch: Batch) -> Rows:
    """Completed years of age over time."""
    key, age = batch.birthdays
    order = key.argsort(kind="stable")
    key, age = key[order], age[order]
    last = last_of_each_key(key)
    key, age = key[last], age[last]
    return Rows(key, until_next(batch, key, None), Numbers(age, age), UNKNOWN)


def age_at(batch: Batch, key: Ints) -> Floats:
    """Completed years at each key; NaN without a birth date."""
    rows = batch.once(age_rows)
    here, numbers, _ = _at(rows, key)
    return np.where(here, numbers.low, np.nan)


def relative_day(batch: Batch) -> Rows:
    """Relative day over time, from the infusion on."""
    courses = (batch.infused != NEVER).nonzero()[0]
    last = np.maximum(batch.last_row[courses], batch.last_look[courses])
    last_day = batch.local_days(courses, np.maximum(last, batch.infused[courses])) - batch.day_zero[courses]
    lengths = np.maximum(last_day, 0) + 2
    course = courses.repeat(lengths)
    day = np.concatenate([np.arange(n) for n in lengths]) if len(lengths) else np.zeros(0, np.int64)
    start = batch.day_starts(course, batch.day_zero[course] + day)
    key = batch.key(course, np.maximum(start, batch.infused[course]))
    number = day.astype(np.float64)
    return Rows(key, until_next(batch, key, None), Numbers(number, number), UNKNOWN)


def course_field(batch: Batch, take: CourseField) -> Rows:
    """A category of the course itself."""
    names = (*take.categories, "other")
    column = batch.of_patient("sex") if take.field == "sex" else batch.cohort.courses[take.field]
    everything = (1 << len(names)) - 1
    place = {name: 1 << number for number, name in enumerate(names)}
    mask = np.array([everything if v is None else place.get(v, place["other"]) for v in column], np.int64)
    return Rows(batch.starts, batch.ends + 1, Categories(mask, names), Categories(np.array([everything]), names))


def death(batch: Batch, take: Death) -> Rows:
    """Whether the patient has died of one of the causes."""
    courses = (batch.death_at != NEVER).nonzero()[0]
    key = batch.key(courses, batch.death_at[courses])
    cause = batch.death_detail[courses]
    certain = np.array([c in take.causes for c in cause], bool)
    possible = certain | np.array([c is None for c in cause], bool)
    return Rows(
        key, until_next(batch, key, None), Facts(certain, possible), Facts(np.array([False]), np.array([False]))
    )
