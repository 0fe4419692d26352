"""What vector input methods over observations have in common: rows that are held, reported ranges, baselines, windows.

Place    Engine, vector. Read by `vector.measured`, `vector.observations` and `vector.days`.
In       A batch, kinds of observations, what counts as baseline.
Out      Rows, ranges and keys, of several kinds at once where that is asked.
Knows    Keys of several inputs stand one behind the other, `states.step_of` apart, so that one search answers for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

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
    unknown_numbers,
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
        first = np.searchsorted(exposed.course, rows.course, side="left")
        count = np.searchsorted(exposed.course, rows.course, side="right") - first
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


def _anchor(batch: Batch, spec: Baseline) -> Ints:
    return batch.infused if spec.before == "infusion" else batch.milestones(("lymphodepletion",))


def anchor_keys(batch: Batch, spec: Baseline) -> Ints:
    """Keys from which baselines are known."""
    anchor = batch.once(_anchor, spec)
    known = np.flatnonzero(anchor != NEVER)
    return batch.key(known, anchor[known])


def baseline_rows(batch: Batch, kind: str, spec: Baseline) -> tuple[Ints, Ints, Observed]:
    """Courses with a baseline, the keys of their anchors, and the rows that are the baselines."""
    anchor = batch.once(_anchor, spec)
    rows = batch.observed(kind)
    courses = np.flatnonzero(anchor != NEVER)
    if not len(rows) or not len(courses):
        return courses[:0], courses[:0], rows.take(np.zeros(0, np.intp))
    anchor_key = batch.key(courses, anchor[courses])
    place = np.searchsorted(rows.key, anchor_key, side="right") - 1
    earliest = anchor[courses] - round(spec.within_days * MICROSECONDS_PER_DAY)
    safe = np.maximum(place, 0)
    found = (place >= 0) & (rows.course[safe] == courses) & (rows.at[safe] >= earliest)
    return courses[found], anchor_key[found], rows.take(safe[found])


def baselines(batch: Batch, kind: str, spec: Baseline) -> tuple[Numbers, Ints]:
    """Baseline range per course (fully open where there is none) and the key from which it is known."""
    courses, anchor_key, rows = batch.once(baseline_rows, kind, spec)
    numbers = unknown_numbers(batch.n)
    exact = reported(rows)
    numbers.low[courses], numbers.high[courses] = exact.low, exact.high
    keys = np.full(batch.n, FOREVER, np.int64)
    keys[courses] = anchor_key
    return numbers, keys


def baseline_value(batch: Batch, take: BaselineValue) -> Rows:
    """The baseline itself, from its anchor on."""
    if take.items:
        return _baseline_of_items(batch, take)
    _, key, rows = batch.once(baseline_rows, take.observation, take.baseline)
    numbers = reported(rows)
    if take.relative_to is not None:
        numbers = numbers.over(rows.reference_high if take.relative_to == "upper_limit" else rows.reference_low)
    return Rows(key, until_next(batch, key, None), numbers, UNKNOWN)


def _baseline_of_items(batch: Batch, take: BaselineValue) -> Rows:
    """The recorded total of each course that has a baseline, or the sum of the items where one is newer or there is no total."""
    found = {kind: batch.once(baseline_rows, kind, take.baseline) for kind in (take.observation, *take.items)}
    key, newest = np.full(batch.n, FOREVER, np.int64), np.full(batch.n, NEVER, np.int64)
    low, high = np.zeros(batch.n), np.zeros(batch.n)
    for kind, (lowest, highest) in take.items.items():
        courses, anchor_key, rows = found[kind]
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
    known = np.flatnonzero(key != FOREVER)
    sums = Numbers(low[known], high[known], opened[0, known], opened[1, known])
    return Rows(key[known], until_next(batch, key[known], None), sums, UNKNOWN)


def split(batch: Batch, key: Ints, end: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut rows at some keys; returns new keys, ends and the position of the row each piece came from."""
    place = np.searchsorted(key, at, side="right") - 1
    inside = (
        (place >= 0) & (at > key[np.maximum(place, 0)]) & (at < end[np.maximum(place, 0)])
        if len(key)
        else np.zeros(len(at), bool)
    )
    all_keys = np.concatenate([key, at[inside]])
    source = np.concatenate([np.arange(len(key)), place[inside]])
    order = np.argsort(all_keys, kind="stable")
    all_keys, source = all_keys[order], source[order]
    new_end = end[source]
    if len(all_keys) > 1:
        new_end[:-1] = np.minimum(new_end[:-1], all_keys[1:])
    return all_keys, new_end, source


def rows_within(batch: Batch, key: Ints, points: Ints, within: Ints | int) -> tuple[Ints, Ints]:
    """Half-open ranges of rows in (point - within, point], never reaching into another course."""
    start_of_course = (batch.course_of(points) << batch.bits) - 1
    left = np.searchsorted(key, np.maximum(points - within, start_of_course), side="right")
    return left, np.searchsorted(key, points, side="right")


def since_infusion(batch: Batch, key: Ints, points: Ints, left: Ints, right: Ints) -> tuple[Ints, Bools]:  # noqa: PLR0917
    """Windows without their rows before the infusion where any later one is in them, and which of them hold no later one."""
    place, course = np.divmod(
        batch.course_of(points), batch.n + 1
    )  # keys of several inputs may stand one behind the other
    infused = batch.infused[course]
    never = infused == NEVER
    at = batch.key(course, np.where(never, 0, infused)) + place * step_of(batch)
    first = np.searchsorted(key, at, side="left")
    before = never | (right <= first)
    return np.where(before, left, np.maximum(left, first)), before
