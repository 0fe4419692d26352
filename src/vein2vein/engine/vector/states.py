"""The state of a rule set over time: what all its signals say at an instant, as one integer.

Place    Engine, vector. Between the signals of a batch and what a rule set says of each state.
In       Signals: numbers that change at keys.
Out      A grid: the keys within the window at which a state may change, and the state from each on.
Knows    A signal changes the state by a difference, so that the states of all courses are one running sum over the changes of all
         signals in order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Ints
from vein2vein.engine.vector.memory import Memory, Numbering
from vein2vein.engine.vector.rows import Signal, last_of_each_key
from vein2vein.knowledge.schema import Window

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
        closes_at: For every course: the instant at which the window closes, when that was seen; else NEVER.
        look: For every course: how far it was looked at.
        since: Instants of the openings, one for each of `courses`.
    """

    courses: Ints
    never: Ints
    opens: Ints
    first: Ints
    last: Ints
    closes_at: Ints
    look: Ints
    since: Ints


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
    closes_at = np.full(batch.n, NEVER)
    closes_at[closed] = closes[closed]
    return Span(
        courses,
        np.flatnonzero(~can),
        open_keys,
        first,
        last,
        closes_at,
        np.where(look == NEVER, NEVER, np.minimum(look, closes)),
        batch.at_of(open_keys),
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


@dataclass(frozen=True, eq=False)
class Grid:
    """Sorted distinct keys within the span, openings included, and the state of a rule set from each on.

    Where nothing changes after the openings, the keys are the very array `Span.opens`, and there is one state for all.
    """

    key: Ints
    state: Ints


def merged(batch: Batch, window: Window, layout: Layout, signals: list[Signal]) -> Grid:
    """The grid of some signals, which take the first places of a layout."""
    span = batch.once(span_of, window.opens, window.closes)
    resting = [0] * layout.n_words
    moving = []
    for signal, (word, shift) in zip(signals, layout.places, strict=False):
        resting[word] += signal.resting << shift
        if len(signal.key):
            moving.append((signal, word, shift))
    if not moving:
        return Grid(span.opens, layout.folded(np.array(resting)[:, None]))
    key = np.concatenate([span.opens, *(signal.key for signal, _, _ in moving)])
    change = np.zeros((layout.n_words, len(key)), np.int64)
    at = len(span.opens)
    for signal, word, shift in moving:
        change[word, at : at + len(signal.key)] = signal.change << shift
        at += len(signal.key)
    order = key.argsort(kind="stable")
    key = key[order]
    course = batch.course_of(key)
    keep = last_of_each_key(key) & (key >= span.first[course]) & (key <= span.last[course])
    words = np.cumsum(change[:, order], axis=1)[:, keep] + np.array(resting)[:, None]
    return Grid(key[keep], layout.folded(words))
