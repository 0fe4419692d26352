"""The state of a rule set over time: what all its signals say at an instant, as one integer.

Place    Engine, vector. Between the signals of a batch and what a rule set says of each state.
In       Signals: numbers that change at keys.
Out      A grid: the keys within the window at which a state may change, and the state from each on.
Knows    A signal changes the state by a difference, so that the states of all courses are one running sum over the changes of all
         signals in order of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Ints
from vein2vein.engine.vector.memory import Memory, Numbering
from vein2vein.engine.vector.rows import Signal, joined, last_of_each_key

WORD_BITS: Final = 62
FOLD_BITS: Final = 31
_FEWEST_BITS: Final = 3


def bits_for(numbers: Numbering) -> int:
    """Bits for the numbers that have occurred, with room for as many more."""
    return max(_FEWEST_BITS, (2 * len(numbers) - 1).bit_length())


class Layout:
    """Where the number of each signal stands in a state, and what was worked out of such states.

    Signals that do not fit into one word of 62 bits fill several; then the words are numbered and folded into one.

    Args:
        widths: Bits of each signal.
        n_tables: How many functions of the state are asked for.
        memory: Where they are remembered.
    """

    def __init__(self, widths: list[int], n_tables: int, memory: Memory) -> None:
        self.widths = tuple(widths)
        places, word, used = [], 0, 0
        for width in widths:
            if used + width > WORD_BITS:
                word, used = word + 1, 0
            places.append((word, used))
            used += width
        self.places = tuple(places)
        self.n_words = word + 1
        self.tables = tuple(memory.table() for _ in range(n_tables))
        self._folds = tuple((Numbering(memory.growth), Numbering(memory.growth)) for _ in range(word))

    def folded(self, words: Ints) -> Ints:
        """The state as one integer, from an array (n_words, n)."""
        state: Ints = words[0]
        for (left, right), word in zip(self._folds, words[1:], strict=True):
            state = (left.of(state) << FOLD_BITS) | right.of(word)
            if max(len(left), len(right)) >> FOLD_BITS:
                message = "too many states of one rule set"
                raise OverflowError(message)
        return state

    def numbers(self, state: Ints) -> list[Ints]:
        """The number of each signal in some states."""
        words = [state]
        for left, right in reversed(self._folds):
            first = words.pop(0)
            words = [left.values[first >> FOLD_BITS], right.values[first & ((1 << FOLD_BITS) - 1)], *words]
        return [
            words[word] >> shift & ((1 << width) - 1)
            for (word, shift), width in zip(self.places, self.widths, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Span:
    """Courses that a window lets something be said about, and from where to where.

    Attributes:
        courses: Positions of these courses.
        never: Positions of the others.
        opens: Keys of the openings, one for each of `courses`.
        first: For every course and one beyond: the opening key; beyond all keys where nothing can be said.
        last: For every course and one beyond: the last key that something is said of.
        closes_at: For every course and one beyond: the instant at which the window closes, when that was seen; else NEVER.
        look: For every course: how far it was looked at.
    """

    courses: Ints
    never: Ints
    opens: Ints
    first: Ints
    last: Ints
    closes_at: Ints
    look: Ints


def span_of(batch: Batch, opening: object, closing: int | None) -> Span:
    """The span of a window; see `knowledge.schema.Window`."""
    opens, closes = _opening(batch, opening), _closing(batch, closing)
    look = batch.last_look
    can = (opens != NEVER) & (look != NEVER) & (look >= opens) & (opens < closes)
    courses = np.flatnonzero(can)
    open_keys = batch.key(courses, opens[courses])
    first, last = np.full(batch.n + 1, FOREVER), np.full(batch.n + 1, NEVER)
    first[courses] = open_keys
    closed = courses[closes[courses] <= look[courses]]
    last[courses] = batch.key(courses, look[courses])
    last[closed] = batch.key(closed, closes[closed]) - 1
    closes_at = np.full(batch.n + 1, NEVER)
    closes_at[closed] = closes[closed]
    return Span(
        courses,
        np.flatnonzero(~can),
        open_keys,
        first,
        last,
        closes_at,
        np.where(look == NEVER, NEVER, np.minimum(look, closes)),
    )


def _closing(batch: Batch, closing: int | None) -> Ints:
    closes = np.full(batch.n, FOREVER, np.int64)
    if closing is not None:
        known = np.flatnonzero(batch.infused != NEVER)
        closes[known] = batch.day_starts(known, batch.day_zero[known] + closing)
    return closes


def _opening(batch: Batch, opening: object) -> Ints:
    if opening is None:
        return np.where(batch.first == FOREVER, NEVER, batch.first)
    if not isinstance(opening, int):  # the infusion
        return batch.infused
    starts = np.full(batch.n, NEVER, np.int64)
    known = np.flatnonzero(batch.infused != NEVER)
    starts[known] = batch.day_starts(known, batch.day_zero[known] + opening)
    return starts


@dataclass(eq=False)
class Asked:
    """A grid that is asked for: a span, and the signals that move, each with its place in a layout."""

    span: Span
    layout: Layout
    signals: list[tuple[int, Signal]]

    def __len__(self) -> int:
        return len(self.span.opens) + sum(len(signal.key) for _, signal in self.signals)


@dataclass(frozen=True, eq=False)
class Grids:
    """Grids one after the other: sorted distinct keys within each span, openings included, and the states from each on.

    Attributes:
        key: Keys; those of each grid stand one course behind the last course of the grid before.
        cuts: Where the keys of each grid begin, and where the last ends.
        states: The states of each grid.
        step: How far the keys of each grid are behind those of the grid before.
    """

    key: Ints
    cuts: list[int]
    states: list[Ints]
    step: int

    def key_of(self, number: int) -> Ints:
        """The keys of one grid as they are in the batch."""
        return self.key[self.cuts[number] : self.cuts[number + 1]] - number * self.step


def most_grids(batch: Batch) -> int:
    """How many grids find room in the keys."""
    return max((1 << WORD_BITS - batch.bits) // (batch.n + 1), 1)


def step_of(batch: Batch) -> int:
    """How far the keys of each grid are behind those of the grid before, where several are worked out at once."""
    return (batch.n + 1) << batch.bits


def merged(batch: Batch, asked: Sequence[Asked]) -> Grids:
    """Some grids, worked out at once."""
    step = step_of(batch)
    keys, changes, places = [], [], []
    for number, one in enumerate(asked):
        keys.append(one.span.opens)
        changes.append(np.zeros_like(one.span.opens))
        places.append((number, 0, 0))
        for place, signal in one.signals:
            keys.append(signal.key)
            changes.append(signal.change)
            places.append((number, *one.layout.places[place]))
    lengths = [len(part) for part in keys]
    grid, word, shift = np.array(places).T
    key, change = np.concatenate(keys), np.concatenate(changes)
    if len(asked) > 1:
        key += (grid * step).repeat(lengths)
    change <<= shift.repeat(lengths)
    order = key.argsort(kind="stable")
    key, change = key[order], change[order]
    course = batch.course_of(key)
    first, last = (joined([getattr(one.span, name) for one in asked]) for name in ("first", "last"))
    within = key if len(asked) == 1 else key - course // (batch.n + 1) * step
    keep = last_of_each_key(key) & (within >= first[course]) & (within <= last[course])
    n_words = max(one.layout.n_words for one in asked)
    if n_words == 1:
        words = change.cumsum()[None, keep]
    else:
        which = word.repeat(lengths)[order]
        words = np.array([np.where(which == number, change, 0).cumsum()[keep] for number in range(n_words)])
    key = key[keep]
    cuts = [0, *key.searchsorted(step * np.arange(1, len(asked))).tolist(), len(key)]
    states = [
        one.layout.folded(words[: one.layout.n_words, a:b]) for one, (a, b) in zip(asked, pairwise(cuts), strict=True)
    ]
    return Grids(key, cuts, states, step)
