"""Values over half-open times, and their compression to the few instants at which a rule's answer can change.

Place    Engine, vector. Between the input methods (which make `Rows`) and the logic (which reads `Signal`s).
In       Rows of a batch: from `key`, until `end`, with possible values.
Out      Signals: from each key on, one integer code whose bits are the truths of the leaves of a rule that rest on the input.
Knows    Compression keeps a key only where a code changes, so that millions of rows become a few changes per course.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vein2vein.engine.vector.batch import Batch, Bools, Floats, Ints
from vein2vein.knowledge.predicates import Compare, IsIn, Ref

Leaf = Ref | Compare | IsIn
KNOWN: Final = 1


@dataclass(frozen=True)
class Numbers:
    """Closed ranges [low, high]; open ends only where a limit was reported."""

    low: Floats
    high: Floats
    low_is_open: Bools | None = None
    high_is_open: Bools | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every range is a point, known by both ends being the same array."""
        return self.high is self.low

    def take(self, where: Ints | Bools) -> Numbers:
        """Some of the ranges."""
        return Numbers(
            self.low[where],
            self.high[where],
            None if self.low_is_open is None else self.low_is_open[where],
            None if self.high_is_open is None else self.high_is_open[where],
        )

    def shifted(self, by: Floats) -> Numbers:
        """The ranges moved; a move that is not known opens them fully."""
        low, high = np.round(self.low + by, 9), np.round(self.high + by, 9)
        return replace(self, low=np.where(np.isnan(by), -np.inf, low), high=np.where(np.isnan(by), np.inf, high))

    def over(self, limit: Floats) -> Numbers:
        """The ranges divided by a positive limit; without one they open fully."""
        usable = limit > 0  # false for NaN
        divisor = np.where(usable, limit, 1.0)
        low, high = np.round(self.low / divisor, 9), np.round(self.high / divisor, 9)
        return replace(self, low=np.where(usable, low, -np.inf), high=np.where(usable, high, np.inf))


@dataclass(frozen=True)
class Facts:
    """Yes/no values: certainly so, possibly so."""

    certain: Bools
    possible: Bools

    def take(self, where: Ints | Bools) -> Facts:
        """Some of the facts."""
        return Facts(self.certain[where], self.possible[where])


@dataclass(frozen=True)
class Categories:
    """Possible categories as bits of a fixed list."""

    mask: Ints
    names: tuple[str, ...]

    def take(self, where: Ints | Bools) -> Categories:
        """Some of the values."""
        return Categories(self.mask[where], self.names)


Values = Numbers | Facts | Categories


@dataclass(frozen=True)
class Rows:
    """Values over [key, end), sorted by key, at most one row per key; `absent` holds where no row does."""

    key: Ints
    end: Ints
    values: Values
    absent: Values

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class Signal:
    """From each key on, a code; every course has an entry at its start."""

    key: Ints
    code: Ints
    is_constant: bool


def unknown_numbers(n: int = 1) -> Numbers:
    """Ranges about which nothing is known."""
    return Numbers(np.full(n, -np.inf), np.full(n, np.inf))


def last_of_each_key(key: Ints) -> Bools:
    """Marks the last row of each run of equal keys: a later row corrects an earlier one."""
    keep = np.ones(len(key), bool)
    keep[:-1] = key[1:] != key[:-1]
    return keep


def distinct(*parts: Ints) -> Ints:
    """Sorted distinct keys of some arrays; quick where these are sorted already."""
    key = np.concatenate(parts)
    key.sort(kind="stable")
    return key if len(key) <= 1 else key[last_of_each_key(key)]


def until_next(batch: Batch, key: Ints, longest: Ints | int | None) -> Ints:
    """Ends of rows that hold until the next row of their course, or for `longest` microseconds if that is sooner."""
    end = batch.ends[batch.course_of(key)] + 1 if len(key) else key.copy()
    if len(key) > 1:
        same = batch.course_of(key[1:]) == batch.course_of(key[:-1])
        end[:-1] = np.where(same, key[1:], end[:-1])
    return end if longest is None else np.minimum(end, key + longest)


def leaf_truth(leaf: Leaf, values: Values) -> tuple[Bools, Bools]:
    """Certain and possible truth of a leaf for each value."""
    if isinstance(leaf, Ref) and isinstance(values, Facts):
        return values.certain, values.possible
    if isinstance(leaf, IsIn) and isinstance(values, Categories):
        wanted = sum(1 << i for i, name in enumerate(values.names) if name in leaf.categories)
        certain: Bools = (values.mask & ~np.int64(wanted)) == 0
        possible: Bools = (values.mask & wanted) != 0
        return certain, possible
    if isinstance(leaf, Compare):
        return _compare(leaf, numbers_of(values))
    message = f"{leaf} cannot be asked of {type(values).__name__}"
    raise TypeError(message)


def numbers_of(values: Values) -> Numbers:
    """The values, which must be numbers."""
    if not isinstance(values, Numbers):
        message = f"numbers expected, not {type(values).__name__}"
        raise TypeError(message)
    return values


def _compare(leaf: Compare, values: Numbers) -> tuple[Bools, Bools]:
    if leaf.op in ("at_most", "below"):
        opposite = Compare("above" if leaf.op == "at_most" else "at_least", leaf.input, leaf.cut_off)
        certain, possible = _compare(opposite, values)
        return ~possible, ~certain
    cut_off = leaf.cut_off
    if leaf.op == "at_least":
        possible = values.high >= cut_off
        if values.high_is_open is not None:
            possible &= (values.high > cut_off) | ~values.high_is_open
        return values.low >= cut_off, possible
    certain = values.low > cut_off
    if values.low_is_open is not None:
        certain |= (values.low == cut_off) & values.low_is_open
    return certain, values.high > cut_off


def codes_of(leaves: tuple[Leaf, ...], values: Values, n: int) -> Ints:
    """Truths of all leaves packed into one integer: bit 0 known, then certain and possible of each leaf."""
    code = _known(values).astype(np.int64) if n else np.zeros(0, np.int64)
    for number, leaf in enumerate(leaves):
        certain, possible = leaf_truth(leaf, values)
        code |= certain.astype(np.int64) << (1 + 2 * number)
        code |= possible.astype(np.int64) << (2 + 2 * number)
    return code


def _known(values: Values) -> Bools:
    match values:
        case Numbers():
            known: Bools = values.low == values.high
        case Facts():
            known = values.certain == values.possible
        case Categories():
            known = (values.mask & (values.mask - 1)) == 0
    return known


def absent_code(rows: Rows, leaves: tuple[Leaf, ...]) -> int:
    """The code that holds where there is no row."""
    return int(codes_of(leaves, rows.absent, 1)[0])


def signal_of(batch: Batch, rows: Rows, leaves: tuple[Leaf, ...]) -> Signal:
    """Compress rows to the keys at which one of the leaves changes."""
    absent = absent_code(rows, leaves)
    if not len(rows):
        return Signal(batch.starts, np.full(batch.n, absent, np.int64), is_constant=True)
    code = codes_of(leaves, rows.values, len(rows))
    course = batch.course_of(rows.key)
    following = batch.ends[course] + 1
    following[:-1] = np.minimum(following[:-1], rows.key[1:])
    has_gap = rows.end < following
    keep = np.ones(len(rows), bool)
    keep[1:] = (code[1:] != code[:-1]) | (course[1:] != course[:-1]) | has_gap[:-1]
    gap_keys = rows.end[has_gap]
    key = np.concatenate([batch.starts, gap_keys, rows.key[keep]])
    codes = np.concatenate([np.full(batch.n + len(gap_keys), absent, np.int64), code[keep]])
    order = np.argsort(key, kind="stable")
    return compressed(batch, key[order], codes[order])


def compressed(batch: Batch, key: Ints, code: Ints) -> Signal:
    """Drop overwritten keys and changes that change nothing."""
    last = last_of_each_key(key)
    key, code = key[last], code[last]
    keep = np.ones(len(key), bool)
    course = batch.course_of(key)
    keep[1:] = (code[1:] != code[:-1]) | (course[1:] != course[:-1])
    key, code = key[keep], code[keep]
    return Signal(key, code, is_constant=bool(len(key) == batch.n and (code == code[0]).all()) if batch.n else True)


def gather(signal: Signal, grid: Ints) -> Ints:
    """The code that holds at each key of a sorted grid."""
    at = np.searchsorted(grid, signal.key, side="left")
    entry = np.flatnonzero(at < len(grid))
    at = at[entry]
    place = np.zeros(len(grid), np.int64)
    place[at] = entry  # entries come in order, so that of several before the same grid key the last one stays
    return signal.code[np.maximum.accumulate(place)]
