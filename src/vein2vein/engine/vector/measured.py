"""Vector input methods over measured numbers: the latest, the highest and the lowest; several inputs at once.

Place    Engine, vector. The fast twin of `engine.plain.observations`; same names, same meaning.
In       A batch and input declarations.
Out      `Rows` of each: possible values over half-open times.
Knows    Inputs stand in the order of `_turn`, so that those that are divided by a limit, or less a baseline, are neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import NEVER, Batch, Bools, Floats, Ints, Observed
from vein2vein.engine.vector.held import (
    anchor_keys,
    baselines,
    ends_with,
    held_rows,
    reported_of,
    rows_within,
    since_infusion,
    split,
    stacked,
)
from vein2vein.engine.vector.observations import age_at
from vein2vein.engine.vector.rows import (
    UNKNOWN,
    Numbers,
    Rows,
    distinct,
    joined,
    numbers_of,
    numbers_together,
    shares,
    until_next,
)
from vein2vein.engine.vector.states import most_grids, step_of
from vein2vein.knowledge.inputs import Extreme, Latest

Take = TypeVar("Take", Latest, Extreme)
_NONE: Final = np.zeros(1)


def latest(batch: Batch, takes: list[Latest]) -> list[Rows]:
    """The last usable number while it holds, of several inputs at once."""
    return _in_turn(batch, takes, _latest)


def extremes(batch: Batch, takes: list[Extreme]) -> list[Rows]:
    """The highest or lowest value observed in (t - within, t], of several inputs at once."""
    return _in_turn(batch, takes, _extremes)


def _in_turn(batch: Batch, takes: list[Take], work_out: Callable[[Batch, list[Take]], list[Rows]]) -> list[Rows]:
    """What is worked out of inputs in the order of `_turn`, as many at once as are few rows; in the order of `takes`."""
    found: dict[int, Rows] = {}
    ordered = sorted(range(len(takes)), key=lambda place: _turn(takes[place]))
    lengths = [batch.count(takes[place].observation) for place in ordered]
    for begin, end in shares(lengths, most_grids(batch)):
        some = ordered[begin:end]
        found |= zip(some, work_out(batch, [takes[place] for place in some]), strict=True)
    return [found[place] for place in range(len(takes))]


def _latest(batch: Batch, takes: list[Latest]) -> list[Rows]:
    """Of inputs in the order of `_turn`."""
    held = [batch.once(held_rows, take.observation) for take in takes]
    lengths = np.array([len(rows) for rows, _ in held])
    steps = np.arange(len(takes)) * step_of(batch)
    key, end = (stacked([getattr(part, name) for _, part in held], steps) for name in ("key", "end"))
    most = np.array([1 << batch.bits if take.holds_hours is None else hours(take.holds_hours) for take in takes])
    end = np.minimum(end, key + most.repeat(lengths))
    for place, (take, (rows, _)) in enumerate(zip(takes, held, strict=True)):
        if take.ends_with:
            mine = slice(int(lengths[:place].sum()), int(lengths[: place + 1].sum()))
            end[mine] = np.minimum(end[mine] - steps[place], ends_with(batch, take.ends_with, rows)) + steps[place]
    numbers = numbers_together([numbers_of(part.values) for _, part in held])
    limits = joined([_limit(take, rows) for take, (rows, _) in zip(takes, held, strict=True)])
    numbers = _over_limits(takes, lengths, numbers, limits)
    first = next((place for place, take in enumerate(takes) if _is_of_baseline(take)), len(takes))
    if first < len(takes):
        begin = int(lengths[:first].sum())
        anchors = [batch.once(anchor_keys, take.baseline) for take in takes[first:]]
        steps_of = steps[first:].repeat([len(at) for at in anchors])
        keys, ends, source = split(batch, key[begin:], end[begin:], joined(anchors) + steps_of)
        moved = _over_baselines(batch, takes, keys, numbers.take(begin + source))
        numbers = numbers_together([numbers.take(slice(0, begin)), moved])
        key, end = np.concatenate([key[:begin], keys]), np.concatenate([end[:begin], ends])
    absent = [Numbers(_NONE, _NONE) if take.when_absent == "no" else UNKNOWN for take in takes]
    found = _apart(key, end, numbers, steps, absent)
    return [_less_age(batch, take, rows) for take, rows in zip(takes, found, strict=True)]


def _less_age(batch: Batch, take: Latest, rows: Rows) -> Rows:
    """The rows less so much for every year of age; a held value means something else from each birthday on."""
    if take.minus_per_year_of_age is None:
        return rows
    key, end, source = split(batch, rows.key, rows.end, distinct(batch.birthdays[0]))
    numbers = numbers_of(rows.values).take(source)
    return Rows(key, end, numbers.shifted(-take.minus_per_year_of_age * age_at(batch, key)), rows.absent)


def _extremes(batch: Batch, takes: list[Extreme]) -> list[Rows]:
    """Of inputs in the order of `_turn`: points at which a row enters or leaves a window, and what the rows in it say."""
    rows = [_since(batch, take) for take in takes]
    lengths = np.array([len(part) for part in rows])
    steps = np.arange(len(takes)) * step_of(batch)
    item = np.arange(len(takes)).repeat(lengths)
    within = np.array([hours(take.within_hours) for take in takes])
    key = stacked([part.key for part in rows], steps)
    numbers = reported_of(*(joined([getattr(part, name) for part in rows]) for name in ("value", "comparator")))
    limits = joined([_limit(take, part) for take, part in zip(takes, rows, strict=True)])
    numbers = _over_limits(takes, lengths, numbers, limits)
    anchors = [
        batch.once(anchor_keys, take.baseline) + step
        for take, step in zip(takes, steps.tolist(), strict=True)
        if _is_of_baseline(take)
    ]
    points = distinct(key, key + within[item], *anchors)
    ends = until_next(batch, points, None)
    item_of = (points >> batch.bits) // (batch.n + 1)
    left, right = rows_within(batch, key, points, within[item_of])
    filled = right > left  # nothing is known where no row is in the window
    points, ends, item_of, left, right = (column[filled] for column in (points, ends, item_of, left, right))
    since = np.array([take.since_infusion for take in takes])[item_of]
    if since.any():
        later, before = since_infusion(batch, key, points, left, right)
        left, only_rules_out = np.where(since, later, left), since & before
    sign = np.array([1.0 if take.take == "highest" else -1.0 for take in takes])  # lowest: highest of the opposite
    places = np.empty(2 * len(left), np.int64)
    places[0::2], places[1::2] = left, right

    def folded(values: Floats) -> Floats:
        if not len(places):
            return np.zeros(0)
        padded = np.append(values * sign[item], 0.0)  # so that a window may end at the last row
        highest: Floats = np.maximum.reduceat(padded, places)[::2] * sign[item_of]
        return highest

    low = folded(numbers.low)
    numbers = Numbers(low, low if numbers.is_exact else folded(numbers.high))
    first = next((place for place, take in enumerate(takes) if _is_of_baseline(take)), len(takes))
    if first < len(takes):  # what every row in the window means depends on what was known of the baseline at the point
        begin = int(item_of.searchsorted(first))
        moved = _over_baselines(batch, takes, points[begin:], numbers.take(slice(begin, None)))
        numbers = numbers_together([numbers.take(slice(0, begin)), moved])
    if since.any():  # what was seen before the infusion can only rule out
        opens_low, opens_high = only_rules_out & (sign[item_of] > 0), only_rules_out & (sign[item_of] < 0)
        numbers = Numbers(np.where(opens_low, -np.inf, numbers.low), np.where(opens_high, np.inf, numbers.high))
    return _apart(points, ends, numbers, steps, [UNKNOWN] * len(takes))


def _since(batch: Batch, take: Extreme) -> Observed:
    """The rows that count."""
    rows = batch.observed(take.observation)
    if take.since_day is not None:
        starts = batch.once(_day_start, take.since_day)[rows.course]
        rows = rows.take((starts != NEVER) & (rows.at >= starts))
    return rows.take(~_was_during(batch, rows, take.except_during)) if take.except_during else rows


def _was_during(batch: Batch, rows: Observed, named: tuple[str, ...]) -> Bools:
    """Whether each row was observed while one of the exposures named as stream/agent ran."""
    found = np.zeros(len(rows), bool)
    for stream, _, agent in (name.partition("/") for name in named):
        exposed = batch.exposed(stream)
        for place in np.flatnonzero(exposed.agent == agent):
            here = rows.course == exposed.course[place]
            found |= here & (exposed.start[place] <= rows.at) & (rows.at < exposed.end[place])
    return found


def _day_start(batch: Batch, day: int) -> Ints:
    courses = np.flatnonzero(batch.infused != NEVER)
    starts = np.full(batch.n, NEVER, np.int64)
    starts[courses] = batch.day_starts(courses, batch.day_zero[courses] + day)
    return starts


def _apart(key: Ints, end: Ints, numbers: Numbers, steps: Ints, absent: list[Numbers]) -> list[Rows]:  # noqa: PLR0917
    """The rows of each input from those of all."""
    if len(steps) == 1:
        return [Rows(key, end, numbers, absent[0])]
    cuts = [*key.searchsorted(steps).tolist(), len(key)]
    offset = steps.repeat(np.diff(cuts))
    key, end = key - offset, end - offset
    return [
        Rows(key[a:b], end[a:b], numbers.take(slice(a, b)), nothing)
        for (a, b), nothing in zip(pairwise(cuts), absent, strict=True)
    ]


def _turn(take: Latest | Extreme) -> int:
    """Where an input stands among those worked out at once: alone, over a limit, less a limit, over or less a baseline."""
    to = take.relative_to or take.minus
    if to is None:
        return 0
    return 1 + (take.relative_to is None) + 2 * (to == "baseline")


def _is_of_baseline(take: Latest | Extreme) -> bool:
    return "baseline" in (take.relative_to, take.minus)


def _limit(take: Latest | Extreme, rows: Observed) -> Floats:
    """The limits that came with the rows, or the one assumed; those of inputs without are not used."""
    limit = rows.reference_low if "lower_limit" in (take.relative_to, take.minus) else rows.reference_high
    return limit if take.assumed_limit is None else np.where(np.isnan(limit), take.assumed_limit, limit)


def _over_limits(takes: Sequence[Latest | Extreme], lengths: Ints, numbers: Numbers, limits: Floats) -> Numbers:
    """Numbers over or less their limits, of inputs in the order of `_turn`."""
    turns = np.array([_turn(take) for take in takes])
    a, b, c = np.append(0, lengths.cumsum())[turns.searchsorted([1, 2, 3])].tolist()
    if a == c:
        return numbers
    parts = [
        numbers.take(slice(0, a)),
        numbers.take(slice(a, b)),
        numbers.take(slice(b, c)),
        numbers.take(slice(c, None)),
    ]
    parts[1], parts[2] = parts[1].over(limits[a:b]), parts[2].shifted(-limits[b:c])
    return numbers_together(parts)


def _over_baselines(batch: Batch, takes: Sequence[Latest | Extreme], key: Ints, numbers: Numbers) -> Numbers:
    """Numbers over or less their baseline as it was known at stacked keys, all of inputs of a baseline."""
    place, course = np.divmod(key >> batch.bits, batch.n + 1)
    turns = np.array([_turn(take) for take in takes])
    first = int(turns.searchsorted(3))
    found = [batch.once(baselines, take.observation, take.baseline) for take in takes[first:]]
    low, high = (np.array([getattr(numbers, name) for numbers, _ in found]) for name in ("low", "high"))
    since = np.array([since for _, since in found])
    low, high, since = (column[place - first, course] for column in (low, high, since))
    reference = np.where((low == high) & (key - place * step_of(batch) >= since), low, np.nan)
    behind = int(place.searchsorted(turns.searchsorted(4)))
    over, less = numbers.take(slice(0, behind)), numbers.take(slice(behind, None))
    return numbers_together([over.over(reference[:behind]), less.shifted(-reference[behind:])])
