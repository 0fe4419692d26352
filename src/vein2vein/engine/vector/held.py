"""What vector input methods over observations have in common: rows that are held, reported ranges, baselines, windows.

Place    Engine, vector. Read by `vector.measured`, `vector.observations` and `vector.days`.
In       A batch, kinds of observations, what counts as baseline.
Out      Rows, ranges and keys, of several kinds at once where that is asked.
Knows    Keys of several inputs stand one behind the other, `states.step_of` apart, so that one search answers for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vein2vein.basis.clock import MICROSECONDS_PER_DAY
from vein2vein.engine.vector.batch import (
    AT_LEAST,
    AT_MOST,
    FOREVER,
    LESS,
    MORE,
    NEVER,
    Batch,
    Bools,
    Floats,
    Ints,
    Observed,
)
from vein2vein.engine.vector.rows import (
    UNKNOWN,
    Numbers,
    Rows,
    joined,
    last_of_each_key,
    shares,
    until_next,
)
from vein2vein.engine.vector.states import most_grids, step_of
from vein2vein.knowledge.inputs import Baseline, BaselineValue, Input, ItemSum, Latest


def held_rows(batch: Batch, kind: str) -> tuple[Observed, Rows]:
    """Usable observations of a kind, the last of each instant; each holds until the next, or until one that cannot be used."""
    return _held_of(batch, [kind])[0]


def hold(batch: Batch, kinds: Iterable[str]) -> None:
    """Work out what is held of some kinds at once, so that it need not be asked kind by kind."""
    asked = [kind for kind in dict.fromkeys(kinds) if not batch.has_once(held_rows, kind)]
    for begin, end in shares([batch.count(kind) for kind in asked], most_grids(batch)):
        for kind, found in zip(asked[begin:end], _held_of(batch, asked[begin:end]), strict=True):
            batch.put_once(found, held_rows, kind)


def held_kinds(takes: Iterable[Input]) -> list[str]:
    """Kinds whose rows some inputs hold."""
    found: list[str] = []
    for take in takes:
        if isinstance(take, Latest):
            found.append(take.observation)
        elif isinstance(take, ItemSum):
            found += (*take.items, take.total)
    return found


def _held_of(batch: Batch, kinds: list[str]) -> list[tuple[Observed, Rows]]:
    rows = [batch.observed(kind) for kind in kinds]
    steps = np.arange(len(kinds)) * step_of(batch)
    key = stacked([part.key for part in rows], steps)
    numbers = reported_of(*(joined([getattr(part, name) for part in rows]) for name in ("value", "comparator")))
    unusable = stacked([batch.unusable(kind) for kind in kinds], steps)
    keep = last_of_each_key(key)
    if not keep.all():
        cuts = [0, *accumulate(map(len, rows))]
        rows = [part.take(keep[a:b]) for part, (a, b) in zip(rows, pairwise(cuts), strict=True)]
        key, numbers = key[keep], numbers.take(keep)
    end = until_next(batch, key, None)
    if len(unusable):
        place = unusable.searchsorted(key, side="right")
        end = np.minimum(end, np.append(unusable, FOREVER)[place])
    if len(kinds) == 1:
        return [(rows[0], Rows(key, end, numbers, UNKNOWN))]
    end -= steps.repeat([len(part) for part in rows])
    cuts = [0, *accumulate(map(len, rows))]
    return [
        (part, Rows(part.key, end[a:b], numbers.take(slice(a, b)), UNKNOWN))
        for part, (a, b) in zip(rows, pairwise(cuts), strict=True)
    ]


def ends_with(batch: Batch, streams: tuple[str, ...], rows: Observed) -> Ints:
    """The key at which everything that ran when a row was observed has ended; FOREVER where nothing ran."""
    latest_end = np.full(len(rows), NEVER, np.int64)
    for stream in streams:
        exposed = batch.exposed(stream)
        first = exposed.course.searchsorted(rows.course, side="left")
        count = exposed.course.searchsorted(rows.course, side="right") - first
        for number in range(int(count.max(initial=0))):
            place = np.minimum(first + number, len(exposed) - 1)
            runs = (number < count) & (exposed.start[place] <= rows.at) & (rows.at < exposed.end[place])
            latest_end = np.where(runs, np.maximum(latest_end, exposed.end[place]), latest_end)
    bounded = (latest_end != NEVER) & (latest_end != FOREVER)
    return np.where(bounded, batch.key(rows.course, np.where(bounded, latest_end, 0)), FOREVER)


def stacked(parts: list[Ints], steps: Ints) -> Ints:
    """Keys of several inputs, each behind those before; a copy, unless there is only one."""
    return parts[0] if len(parts) == 1 else joined(parts) + steps.repeat([len(part) for part in parts])


def reported(rows: Observed) -> Numbers:
    """Ranges behind reported values; a comparator opens one side."""
    return reported_of(rows.value, rows.comparator)


def reported_of(values: Floats, sign: npt.NDArray[np.int8]) -> Numbers:
    """Ranges behind values and the numbers of their comparators."""
    unknown = np.isnan(values)
    is_unknown = bool(unknown.any())
    value = np.where(unknown, 0.0, values) if is_unknown else values
    if not sign.any():
        if not is_unknown:
            return Numbers(value, value)
        return Numbers(np.where(unknown, -np.inf, value), np.where(unknown, np.inf, value))
    upper, lower = (sign == LESS) | (sign == AT_MOST), (sign == MORE) | (sign == AT_LEAST)
    return Numbers(
        np.where(unknown | upper, -np.inf, value),
        np.where(unknown | lower, np.inf, value),
        sign == MORE,
        sign == LESS,
    )


class Anchor(NamedTuple):
    """What counts as baseline; as `knowledge.inputs.Baseline`, and quick to look up."""

    before: str
    within_days: float

    @classmethod
    def of(cls, spec: Baseline) -> Anchor:
        """The anchor of a declaration."""
        return cls(spec.before, spec.within_days)


class Anchored(NamedTuple):
    """Courses that have an anchor, its keys, and the first keys at which a row counts as baseline."""

    course: Ints
    key: Ints
    earliest: Ints


def anchored(batch: Batch, anchor: Anchor) -> Anchored:
    """Where baselines are known from, and since when rows count."""
    at = batch.infused if anchor.before == "infusion" else batch.milestones(("lymphodepletion",))
    course = (at != NEVER).nonzero()[0]
    at = at[course]
    earliest = batch.key(course, at - round(anchor.within_days * MICROSECONDS_PER_DAY))
    return Anchored(course, batch.key(course, at), earliest)


def baseline_rows(batch: Batch, kind: str, anchor: Anchor) -> tuple[Ints, Ints, Observed]:
    """Courses with a baseline, the keys of their anchors, and the rows that are the baselines."""
    at, rows = batch.once(anchored, anchor), batch.observed(kind)
    if not len(rows) or not len(at.course):
        return at.course[:0], at.key[:0], rows.take(slice(0, 0))
    place = rows.key.searchsorted(at.key, side="right") - 1
    found = (rows.key[place] >= at.earliest) & (place >= 0)
    return at.course[found], at.key[found], rows.take(place[found])


class Baselines(NamedTuple):
    """Baselines, arrays with a row for each that was asked for and a column for each course.

    Attributes:
        value: The value; not a number where there is none or it was given as a range.
        since: The key from which it is known.
    """

    value: Floats
    since: Ints


def baselines(batch: Batch, asked: list[tuple[str, Anchor]]) -> Baselines:
    """Exact baselines of some kinds."""
    found = [batch.once(baseline_rows, kind, anchor) for kind, anchor in asked]
    course, since = joined([course for course, _, _ in found]), joined([key for _, key, _ in found])
    value = joined([rows.value for _, _, rows in found])
    comparator = joined([rows.comparator for _, _, rows in found])
    of = np.arange(len(asked)).repeat([len(rows) for _, _, rows in found])
    table = Baselines(np.full((len(asked), batch.n), np.nan), np.full((len(asked), batch.n), FOREVER))
    table.value[of, course] = np.where(comparator == 0, value, np.nan)
    table.since[of, course] = since
    return table


def baseline_value(batch: Batch, take: BaselineValue) -> Rows:
    """The baseline itself, from its anchor on."""
    if take.items:
        return _baseline_of_items(batch, take)
    _, key, rows = batch.once(baseline_rows, take.observation, Anchor.of(take.baseline))
    numbers = reported(rows)
    if take.relative_to is not None:
        numbers = numbers.over(rows.reference_high if take.relative_to == "upper_limit" else rows.reference_low)
    return Rows(key, until_next(batch, key, None), numbers, UNKNOWN)


def _baseline_of_items(batch: Batch, take: BaselineValue) -> Rows:
    """The recorded total of each course that has a baseline, or the sum of the items where one is newer or there is no total."""
    anchor = Anchor.of(take.baseline)
    found = {kind: batch.once(baseline_rows, kind, anchor) for kind in (take.observation, *take.items)}
    key, newest = np.full(batch.n, FOREVER, np.int64), np.full(batch.n, NEVER, np.int64)
    low, high = np.zeros(batch.n), np.zeros(batch.n)
    for kind, (lowest, highest) in take.items.items():
        courses, anchor_key, rows = found[kind]
        if not len(rows):
            low, high = low + lowest, high + highest
            continue
        numbers, low_of, high_of = reported(rows), np.full(batch.n, float(lowest)), np.full(batch.n, float(highest))
        low_of[courses], high_of[courses] = numbers.low, numbers.high
        low, high, key[courses] = low + low_of, high + high_of, anchor_key
        newest[courses] = np.maximum(newest[courses], rows.at)
    courses, anchor_key, rows = found[take.observation]
    is_total = rows.at >= newest[courses]
    courses, numbers = courses[is_total], reported(rows.take(is_total))
    low[courses], high[courses], key[courses] = numbers.low, numbers.high, anchor_key[is_total]
    opened = np.zeros((2, batch.n), bool)
    for side, is_open in enumerate((numbers.low_is_open, numbers.high_is_open)):
        opened[side, courses] = False if is_open is None else is_open
    known = (key != FOREVER).nonzero()[0]
    sums = Numbers(low[known], high[known], opened[0, known], opened[1, known])
    return Rows(key[known], until_next(batch, key[known], None), sums, UNKNOWN)


def split(batch: Batch, key: Ints, end: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut rows at some keys; returns new keys, ends and the position of the row each piece came from."""
    place = key.searchsorted(at, side="right") - 1
    inside = (
        (place >= 0) & (at > key[np.maximum(place, 0)]) & (at < end[np.maximum(place, 0)])
        if len(key)
        else np.zeros(len(at), bool)
    )
    all_keys = np.concatenate([key, at[inside]])
    source = np.concatenate([np.arange(len(key)), place[inside]])
    order = all_keys.argsort(kind="stable")
    all_keys, source = all_keys[order], source[order]
    new_end = end[source]
    if len(all_keys) > 1:
        new_end[:-1] = np.minimum(new_end[:-1], all_keys[1:])
    return all_keys, new_end, source


def rows_within(batch: Batch, key: Ints, points: Ints, within: Ints | int) -> tuple[Ints, Ints]:
    """Half-open ranges of rows in (point - within, point], never reaching into another course."""
    start_of_course = (batch.course_of(points) << batch.bits) - 1
    left = key.searchsorted(np.maximum(points - within, start_of_course), side="right")
    return left, key.searchsorted(points, side="right")


def highest_within(values: Floats, left: Ints, right: Ints) -> Floats:
    """The highest of values[left:right] of each window, of which none is empty.

    Windows overlap, so that looking at every row of each takes long. Two stretches of a power of two of rows cover a window: one
    from its first row on, one to its last.
    """
    found = np.empty(len(left))
    doublings = np.frexp(right - left)[1] - 1
    highest, reach = values, 1  # of `reach` rows from each on
    for doubling in range(int(doublings.max(initial=-1)) + 1):
        if doubling:
            highest, reach = np.maximum(highest[:-reach], highest[reach:]), 2 * reach
        here = (doublings == doubling).nonzero()[0]
        found[here] = np.maximum(highest[left[here]], highest[right[here] - reach])
    return found


def since_infusion(batch: Batch, key: Ints, points: Ints, left: Ints, right: Ints) -> tuple[Ints, Bools]:  # noqa: PLR0917
    """Windows without their rows before the infusion where any later one is in them, and which of them hold no later one."""
    # keys of several inputs may stand one behind the other, each with a course more than there are
    n_items = int(batch.course_of(points[-1:]).max(initial=0)) // (batch.n + 1) + 1
    never = np.append(batch.infused == NEVER, True)
    at = np.append(batch.key(np.arange(batch.n), np.where(never[:-1], 0, batch.infused)), batch.n << batch.bits)
    first_of = key.searchsorted((np.arange(n_items) * step_of(batch))[:, None] + at)
    course = batch.course_of(points)
    first = first_of.ravel()[course]
    before = np.tile(never, n_items)[course] | (right <= first)
    return np.where(before, left, np.maximum(left, first)), before
