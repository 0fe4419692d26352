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

from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Ints
from vein2vein.engine.vector.memory import Growth, Memory, Numbering
from vein2vein.engine.vector.rows import Changes, joined, last_of_each_key, shares

WORD_BITS: Final = 62
FOLD_BITS: Final = 31
_FEWEST_BITS: Final = 3
Opening = int | str | None


def bits_for(numbers: Numbering) -> int:
    """Bits for the numbers that have occurred, with room for as many more."""
    return max(_FEWEST_BITS, (2 * len(numbers) - 1).bit_length())


class Layout:
    """Where the number of each signal stands in a state, and what was worked out of such states.

    Signals that do not fit into one word of 62 bits fill several; then the words are folded into one, 31 bits beside 31 bits: as
    they are where they are so short, else numbered.

    Args:
        widths: Bits of each signal.
        n_tables: How many functions of the state are asked for.
        memory: Where they are remembered.
    """

    def __init__(self, widths: list[int], n_tables: int, memory: Memory) -> None:
        self.widths = tuple(widths)
        places, used = [], [0]
        for width in widths:
            if used[-1] + width > WORD_BITS:
                used.append(0)
            places.append((len(used) - 1, used[-1]))
            used[-1] += width
        self.places = tuple(places)
        self.n_words = len(used)
        self.tables = tuple(memory.table() for _ in range(n_tables))
        alone = Growth()  # no signal grows with a fold
        self._folds = tuple((Numbering(alone), None if bits <= FOLD_BITS else Numbering(alone)) for bits in used[1:])

    def folded(self, words: Ints) -> Ints:
        """The state as one integer, from an array (n_words, n)."""
        state: Ints = words[0]
        for (left, right), word in zip(self._folds, words[1:], strict=True):
            state = (left.of(state) << FOLD_BITS) | (word if right is None else right.of(word))
            if max(len(left), 0 if right is None else len(right)) >> FOLD_BITS:
                message = "too many states of one rule set"
                raise OverflowError(message)
        return state

    def numbers(self, state: Ints) -> list[Ints]:
        """The number of each signal in some states."""
        words = [state]
        for left, right in reversed(self._folds):
            first = words.pop(0)
            behind = first & ((1 << FOLD_BITS) - 1)
            words = [left.values[first >> FOLD_BITS], behind if right is None else right.values[behind], *words]
        return [
            words[word] >> shift & ((1 << width) - 1)
            for (word, shift), width in zip(self.places, self.widths, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Spans:
    """Where windows let something be said about courses: from where to where; arrays with a row for each window.

    Attributes:
        can: Whether anything can be said, array (n_windows, n_courses).
        opens: Keys of the openings where it can, window by window.
        first: For every course and one beyond: the opening key; beyond all keys where nothing can be said.
        last: For every course and one beyond: the last key that something is said of.
        closes_at: For every course and one beyond: the instant at which the window closes, when that was seen; else NEVER.
        look: For every course: how far it was looked at.
    """

    can: Bools
    opens: Ints
    first: Ints
    last: Ints
    closes_at: Ints
    look: Ints

    @classmethod
    def of(cls, batch: Batch, windows: Sequence[tuple[Opening, Opening]]) -> Spans:
        """The spans of windows; see `knowledge.schema.Window`."""
        starts = _starts(batch, windows)
        opens = np.array([_opening(batch, opening, starts) for opening, _ in windows])
        never = np.full(batch.n, FOREVER)
        closes = np.array([never if at is None else _closing(batch, at, starts) for _, at in windows])
        look = batch.last_look
        can = (opens != NEVER) & (look != NEVER) & (look >= opens) & (opens < closes)
        window, course = can.nonzero()
        first, last, closes_at = (np.full((len(windows), batch.n + 1), beyond) for beyond in (FOREVER, NEVER, NEVER))
        keys = batch.key(course, opens[can])
        first[window, course] = keys
        last[window, course] = batch.key(course, look[course])
        closed = closes[can] <= look[course]
        window, course = window[closed], course[closed]
        at = closes[window, course]
        last[window, course] = batch.key(course, at) - 1
        closes_at[window, course] = at
        return cls(can, keys, first, last, closes_at, np.where(look == NEVER, NEVER, np.minimum(look, closes)))


def _starts(batch: Batch, windows: Sequence[tuple[Opening, Opening]]) -> dict[int, Ints]:
    """First instant of the days after the infusion at which windows open or close, per course; NEVER without an infusion."""
    days = sorted({day for window in windows for day in window if isinstance(day, int)})
    known = (batch.infused != NEVER).nonzero()[0]
    starts = np.full((len(days), batch.n), NEVER)
    wanted = batch.day_zero[known] + np.array(days, np.int64)[:, None]
    starts[:, known] = batch.day_starts(np.tile(known, len(days)), wanted.ravel()).reshape(wanted.shape)
    return dict(zip(days, starts, strict=True))


def _closing(batch: Batch, closing: Opening, starts: dict[int, Ints]) -> Ints:
    start = starts[closing] if isinstance(closing, int) else batch.infused
    return np.where(start == NEVER, FOREVER, start)


def _opening(batch: Batch, opening: Opening, starts: dict[int, Ints]) -> Ints:
    if opening is None:
        return np.where(batch.first == FOREVER, NEVER, batch.first)
    if not isinstance(opening, int):  # the infusion
        return batch.infused
    return starts[opening]


class Signals:
    """The changes of signals, and of windows, which change nothing but are looked at where they open; each has a slot.

    Args:
        n: How many slots there are; one that nothing is put into never changes.
    """

    def __init__(self, n: int) -> None:
        self._starts = np.zeros(n, np.int64)
        self.lengths = np.zeros(n, np.int64)
        self._parts: list[tuple[Ints, Ints]] = []
        self._n = 0

    def put(self, slots: Sequence[int] | Ints, found: Changes) -> None:
        """Put changes into slots; into several times as many as there are signals, if both shall have the same."""
        cuts = np.array(found.cuts, np.int64)
        self._starts[slots] = cuts[:-1] + self._n
        self.lengths[slots] = cuts[1:] - cuts[:-1]
        self._parts.append((found.key, found.change))
        self._n += len(found.key)

    def of(self, slots: Ints) -> tuple[Ints, Ints, Ints]:
        """Keys and changes of some slots, one after the other, and how many each has."""
        if len(self._parts) > 1:
            self._parts = [(joined([key for key, _ in self._parts]), joined([change for _, change in self._parts]))]
        key, change = self._parts[0]
        lengths = self.lengths[slots]
        ends = lengths.cumsum()
        place = np.arange(ends[-1])
        place += (self._starts[slots] - ends + lengths).repeat(lengths)
        return key[place], change[place], lengths


@dataclass(frozen=True, eq=False)
class Asked:
    """Grids that are asked for: what each is made of, and where that stands in a state.

    Attributes:
        layouts: Of each grid.
        windows: The window of each grid.
        begins: Where the uses of each grid begin, and where the last end.
        grid: The grid of each use of a slot.
        slot: Which.
        word: In which word of the state it stands.
        shift: How far up there.
    """

    layouts: tuple[Layout, ...]
    windows: Ints
    begins: Ints
    grid: Ints
    slot: Ints
    word: Ints
    shift: Ints

    def part(self, begin: int, end: int) -> Asked:
        """Some of the grids."""
        uses = slice(self.begins[begin], self.begins[end])
        return Asked(
            self.layouts[begin:end],
            self.windows[begin:end],
            self.begins[begin : end + 1] - self.begins[begin],
            self.grid[uses] - begin,
            self.slot[uses],
            self.word[uses],
            self.shift[uses],
        )

    def parts(self, batch: Batch, signals: Signals) -> list[tuple[int, int]]:
        """Grids that are worked out at once, from the first to behind the last."""
        rows = np.add.reduceat(signals.lengths[self.slot], self.begins[:-1])
        return shares(rows.tolist(), most_grids(batch))


@dataclass(frozen=True, eq=False)
class Grids:
    """Grids one after the other: sorted distinct keys within each span, openings included, and the states from each on.

    Attributes:
        key: Keys; those of each grid stand one course behind the last course of the grid before.
        cuts: Where the keys of each grid begin, and where the last ends.
        states: The states of each grid.
        windows: The window of each grid.
    """

    key: Ints
    cuts: list[int]
    states: list[Ints]
    windows: Ints


def most_grids(batch: Batch) -> int:
    """How many grids find room in the keys."""
    return max((1 << WORD_BITS - batch.bits) // (batch.n + 1), 1)


def step_of(batch: Batch) -> int:
    """How far the keys of each grid are behind those of the grid before, where several are worked out at once."""
    return (batch.n + 1) << batch.bits


def merged(batch: Batch, spans: Spans, signals: Signals, asked: Asked) -> Grids:
    """Grids that are worked out at once."""
    step, n_grids = step_of(batch), len(asked.layouts)
    key, change, lengths = signals.of(asked.slot)
    if n_grids > 1:
        key += (asked.grid * step).repeat(lengths)
    change <<= asked.shift.repeat(lengths)
    order = key.argsort(kind="stable")
    key, change = key[order], change[order]
    course = batch.course_of(key)
    first, last = (column[asked.windows].ravel()[course] for column in (spans.first, spans.last))
    within = key if n_grids == 1 else key - course // (batch.n + 1) * step
    keep = last_of_each_key(key) & (within >= first) & (within <= last)
    n_words = max(layout.n_words for layout in asked.layouts)
    if n_words == 1:
        words = change.cumsum()[None, keep]
    else:
        which = asked.word.repeat(lengths)[order]
        words = np.array([np.where(which == number, change, 0).cumsum()[keep] for number in range(n_words)])
    key = key[keep]
    cuts = [0, *key.searchsorted(step * np.arange(1, n_grids)).tolist(), len(key)]
    states = [
        layout.folded(words[: layout.n_words, a:b])
        for layout, (a, b) in zip(asked.layouts, pairwise(cuts), strict=True)
    ]
    return Grids(key, cuts, states, asked.windows)
