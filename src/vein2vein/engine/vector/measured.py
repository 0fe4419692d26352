"""Vector input methods over measured numbers: the latest, the highest and the lowest; several inputs at once.

Place    Engine, vector. The fast twin of `engine.plain.observations`; same names, same meaning.
In       A batch and input declarations.
Out      `Rows` of each: possible values over half-open times.
Knows    Inputs stand in the order of `_turn`, so that those that are divided by a limit, or less a baseline, are neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, Generic, Self, TypeVar

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import NEVER, Batch, Bools, Floats, Ints, Observed
from vein2vein.engine.vector.held import (
    Anchor,
    anchored,
    baselines,
    ends_with,
    held_rows,
    highest_within,
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
Asked = TypeVar("Asked", "LatestTogether", "ExtremesTogether")
_NONE: Final = np.zeros(1)
_FOREVER: Final = 1 << 61  # longer than any course; a key and so much more is still an integer
_OVER_LIMIT, _LESS_LIMIT, _OVER_BASELINE, _LESS_BASELINE = range(1, 5)  # turns; 0 is that of a number alone


class Together(Generic[Take]):
    """Inputs of one method in the order of `_turn`, and what is the same of them for every batch.

    Attributes:
        takes: The inputs.
        back: Where to find them here in the order in which they were given.
        cuts: How many come before each turn.
    """

    def __init__(self, takes: Sequence[Take]) -> None:
        turns = [_turn(take) for take in takes]
        order = sorted(range(len(takes)), key=turns.__getitem__)
        self.takes: tuple[Take, ...] = tuple(takes[place] for place in order)
        self.back = np.argsort(order).tolist()
        self.cuts = [sum(turn < bound for turn in turns) for bound in range(_LESS_BASELINE + 1)]
        self.of_baseline: tuple[Take, ...] = self.takes[self.cuts[_OVER_BASELINE] :]

    def part(self, begin: int, end: int) -> Self:
        """Some of them, as they stand here."""
        return self if end - begin == len(self.takes) else type(self)(self.takes[begin:end])


class LatestTogether(Together[Latest]):
    """Inputs that are the last usable number while it holds."""

    def __init__(self, takes: Sequence[Latest]) -> None:
        super().__init__(takes)
        self.holds = np.array(
            [_FOREVER if take.holds_hours is None else hours(take.holds_hours) for take in self.takes]
        )
        self.absent = [Numbers(_NONE, _NONE) if take.when_absent == "no" else UNKNOWN for take in self.takes]
        self.end_with = [place for place, take in enumerate(self.takes) if take.ends_with]
        self.less_age = [place for place, take in enumerate(self.takes) if take.minus_per_year_of_age is not None]


class ExtremesTogether(Together[Extreme]):
    """Inputs that are the highest or lowest value of a window."""

    def __init__(self, takes: Sequence[Extreme]) -> None:
        super().__init__(takes)
        self.rows = [(take.observation, take.since_day, take.except_during) for take in self.takes]
        self.within = np.array([hours(take.within_hours) for take in self.takes])
        self.sign = np.array([1.0 if take.take == "highest" else -1.0 for take in self.takes])
        self.since_infusion = np.array([take.since_infusion for take in self.takes])
        self.absent = [UNKNOWN] * len(self.takes)


def latest(batch: Batch, asked: LatestTogether) -> list[Rows]:
    """The last usable number while it holds, of several inputs at once."""
    return _in_turn(batch, asked, _latest)


def extremes(batch: Batch, asked: ExtremesTogether) -> list[Rows]:
    """The highest or lowest value observed in (t - within, t], of several inputs at once."""
    return _in_turn(batch, asked, _extremes)


def _in_turn(batch: Batch, asked: Asked, work_out: Callable[[Batch, Asked], list[Rows]]) -> list[Rows]:
    """What is worked out of inputs in the order of their turns, as many at once as are few rows; in the order given."""
    lengths = [batch.count(take.observation) for take in asked.takes]
    found = [
        rows for begin, end in shares(lengths, most_grids(batch)) for rows in work_out(batch, asked.part(begin, end))
    ]
    return [found[place] for place in asked.back]


def _latest(batch: Batch, asked: LatestTogether) -> list[Rows]:
    takes = asked.takes
    held = [batch.once(held_rows, take.observation) for take in takes]
    observed = [rows for rows, _ in held]
    starts = list(accumulate(map(len, observed), initial=0))
    steps = np.arange(len(takes)) * step_of(batch)
    key, end = (stacked([getattr(part, name) for _, part in held], steps) for name in ("key", "end"))
    end = np.minimum(end, key + asked.holds.repeat([len(rows) for rows in observed]))
    for place in asked.end_with:
        mine, step = slice(starts[place], starts[place + 1]), steps[place]
        end[mine] = np.minimum(end[mine] - step, ends_with(batch, takes[place].ends_with, observed[place])) + step
    numbers = numbers_together([numbers_of(part.values) for _, part in held])
    numbers = _over_limits(asked, observed, starts, numbers)
    if asked.of_baseline:
        first = asked.cuts[_OVER_BASELINE]
        begin = starts[first]
        anchors = [batch.once(anchored, Anchor.of(take.baseline)).key for take in asked.of_baseline]
        steps_of = steps[first:].repeat([len(at) for at in anchors])
        keys, ends, source = split(batch, key[begin:], end[begin:], joined(anchors) + steps_of)
        moved = _over_baselines(batch, asked, keys, numbers.take(begin + source))
        numbers = numbers_together([numbers.take(slice(0, begin)), moved])
        key, end = np.concatenate([key[:begin], keys]), np.concatenate([end[:begin], ends])
    found = _apart(key, end, numbers, steps, asked.absent)
    for place in asked.less_age:
        found[place] = _less_age(batch, takes[place], found[place])
    return found


def _less_age(batch: Batch, take: Latest, rows: Rows) -> Rows:
    """The rows less so much for every year of age; a held value means something else from each birthday on."""
    key, end, source = split(batch, rows.key, rows.end, distinct(batch.birthdays[0]))
    numbers = numbers_of(rows.values).take(source)
    return Rows(key, end, numbers.shifted(-(take.minus_per_year_of_age or 0.0) * age_at(batch, key)), rows.absent)


def _extremes(batch: Batch, asked: ExtremesTogether) -> list[Rows]:
    """Points at which a row enters or leaves a window, and what the rows in it say."""
    takes = asked.takes
    rows = [batch.once(_since, *of) for of in asked.rows]
    lengths = [len(part) for part in rows]
    steps = np.arange(len(takes)) * step_of(batch)
    item = np.arange(len(takes)).repeat(lengths)
    key = stacked([part.key for part in rows], steps)
    numbers = reported_of(*(joined([getattr(part, name) for part in rows]) for name in ("value", "comparator")))
    numbers = _over_limits(asked, rows, list(accumulate(lengths, initial=0)), numbers)
    first = asked.cuts[_OVER_BASELINE]
    anchors = [
        batch.once(anchored, Anchor.of(take.baseline)).key + step
        for take, step in zip(asked.of_baseline, steps[first:].tolist(), strict=True)
    ]
    points = distinct(key, key + asked.within[item], *anchors)
    ends = until_next(batch, points, None)
    item_of = (points >> batch.bits) // (batch.n + 1)
    left, right = rows_within(batch, key, points, asked.within[item_of])
    filled = right > left  # nothing is known where no row is in the window
    points, ends, item_of, left, right = (column[filled] for column in (points, ends, item_of, left, right))
    since = asked.since_infusion[item_of]
    if since.any():
        later, before = since_infusion(batch, key, points, left, right)
        left, only_rules_out = np.where(since, later, left), since & before
    sign = asked.sign[item_of]
    numbers = _folded(numbers, asked.sign, item, left, right, item_of)
    if asked.of_baseline:  # what every row in the window means depends on what was known of the baseline at the point
        begin = int(item_of.searchsorted(first))
        moved = _over_baselines(batch, asked, points[begin:], numbers.take(slice(begin, None)))
        numbers = numbers_together([numbers.take(slice(0, begin)), moved])
    if since.any():  # what was seen before the infusion can only rule out
        opens_low, opens_high = only_rules_out & (sign > 0), only_rules_out & (sign < 0)
        numbers = Numbers(np.where(opens_low, -np.inf, numbers.low), np.where(opens_high, np.inf, numbers.high))
    return _apart(*_without_repeats(points, ends, numbers, item_of), steps, asked.absent)


def _folded(  # noqa: PLR0917  (rows, then windows)
    numbers: Numbers, signs: Floats, item: Ints, left: Ints, right: Ints, item_of: Ints
) -> Numbers:
    """The highest or lowest end of the ranges of each window of rows, on both sides; no window is empty."""

    def folded(values: Floats, windows: slice) -> Floats:
        highest = highest_within(values * signs[item], left[windows], right[windows])  # lowest: highest of the opposite
        return highest * signs[item_of[windows]]

    low = folded(numbers.low, slice(None))
    differs = (numbers.low != numbers.high).nonzero()[0]
    if not len(differs):
        return Numbers(low, low)
    mine = slice(*item_of.searchsorted([item[differs[0]], item[differs[-1]] + 1]).tolist())  # other inputs are exact
    high = low.copy()
    high[mine] = folded(numbers.high, mine)
    return Numbers(low, high)


def _without_repeats(key: Ints, end: Ints, numbers: Numbers, item_of: Ints) -> tuple[Ints, Ints, Numbers]:
    """Rows that say the same as the one before, which they follow at once, made one: the highest of a window seldom changes."""
    begins = np.ones(len(key), bool)
    begins[1:] = (end[:-1] < key[1:]) | (item_of[1:] != item_of[:-1])
    for side in [numbers.low] if numbers.is_exact else [numbers.low, numbers.high]:
        begins[1:] |= side[1:] != side[:-1]
    first = begins.nonzero()[0]
    return key[first], end[np.append(first, len(key))[1:] - 1], numbers.take(first)


def _since(batch: Batch, kind: str, day: int | None, except_during: tuple[str, ...]) -> Observed:
    """The rows of a kind that count: those since a day, but those observed while something ran."""
    rows = batch.observed(kind)
    if day is not None:
        starts = batch.once(_day_start, day)[rows.course]
        rows = rows.take((starts != NEVER) & (rows.at >= starts))
    return rows.take(~_was_during(batch, rows, except_during)) if except_during else rows


def _was_during(batch: Batch, rows: Observed, named: tuple[str, ...]) -> Bools:
    """Whether each row was observed while one of the exposures named as stream/agent ran."""
    found = np.zeros(len(rows), bool)
    for stream, _, agent in (name.partition("/") for name in named):
        exposed = batch.exposed(stream)
        for place in (exposed.agent == agent).nonzero()[0]:
            here = rows.course == exposed.course[place]
            found |= here & (exposed.start[place] <= rows.at) & (rows.at < exposed.end[place])
    return found


def _day_start(batch: Batch, day: int) -> Ints:
    courses = (batch.infused != NEVER).nonzero()[0]
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
    if to == "baseline":
        return _LESS_BASELINE if take.relative_to is None else _OVER_BASELINE
    return _LESS_LIMIT if take.relative_to is None else _OVER_LIMIT


def _limit(take: Latest | Extreme, rows: Observed) -> Floats:
    """The limits that came with the rows, or the one assumed."""
    limit = rows.reference_low if "lower_limit" in (take.relative_to, take.minus) else rows.reference_high
    return limit if take.assumed_limit is None else np.where(np.isnan(limit), take.assumed_limit, limit)


def _over_limits(asked: Together[Any], rows: list[Observed], starts: list[int], numbers: Numbers) -> Numbers:
    """Numbers over or less their limits, of the inputs whose turn that is; where the rows of each input start."""
    over, less, behind = asked.cuts[_OVER_LIMIT : _OVER_BASELINE + 1]
    if over == behind:
        return numbers
    mine = slice(over, behind)
    limits = joined([_limit(take, part) for take, part in zip(asked.takes[mine], rows[mine], strict=True)])
    a, b, c = starts[over], starts[less], starts[behind]
    return numbers_together(
        [
            numbers.take(slice(0, a)),
            numbers.take(slice(a, b)).over(limits[: b - a]),
            numbers.take(slice(b, c)).shifted(-limits[b - a :]),
            numbers.take(slice(c, None)),
        ]
    )


def _over_baselines(batch: Batch, asked: Together[Any], key: Ints, numbers: Numbers) -> Numbers:
    """Numbers over or less their baseline as it was known at stacked keys, all of inputs of a baseline."""
    place, course = np.divmod(key >> batch.bits, batch.n + 1)
    known = baselines(batch, [(take.observation, Anchor.of(take.baseline)) for take in asked.of_baseline])
    of = place - asked.cuts[_OVER_BASELINE]
    value = known.value[of, course]
    reference = np.where(key - place * step_of(batch) >= known.since[of, course], value, np.nan)
    behind = int(place.searchsorted(asked.cuts[_LESS_BASELINE]))
    over, less = numbers.take(slice(0, behind)), numbers.take(slice(behind, None))
    return numbers_together([over.over(reference[:behind]), less.shifted(-reference[behind:])])
