"""Values over half-open times, and their compression to the few instants at which a rule's answer can change.

Place    Engine, vector. Between the input methods (which make `Rows`) and the logic (which reads signals).
In       Rows of a batch: from `key`, until `end`, with possible values.
Out      Signals: from each key on, the number of a code whose bits are the truths of the leaves of a rule that rest on the input.
Knows    Compression keeps a key only where a code changes, so that millions of rows become a few changes per course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from vein2vein.engine.vector.batch import Batch, Bools, Floats, Ints
from vein2vein.knowledge.predicates import Compare, IsIn, Ref

Leaf = Ref | Compare | IsIn
KNOWN: Final = 1
MOST_ROWS_TOGETHER: Final = 50_000
Item = TypeVar("Item", bound=Sized)
Kind = TypeVar("Kind", bound=np.generic)


class Numbers(NamedTuple):
    """Closed ranges [low, high]; open ends only where a limit was reported."""

    low: Floats
    high: Floats
    low_is_open: Bools | None = None
    high_is_open: Bools | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every range is a point, known by both ends being the same array."""
        return self.high is self.low

    def take(self, where: Ints | Bools | slice) -> Numbers:
        """Some of the ranges."""
        low = self.low[where]
        return Numbers(
            low,
            low if self.is_exact else self.high[where],
            None if self.low_is_open is None else self.low_is_open[where],
            None if self.high_is_open is None else self.high_is_open[where],
        )

    def shifted(self, by: Floats) -> Numbers:
        """The ranges moved; a move that is not known opens them fully."""
        low = (self.low + by).round(9)
        if self.is_exact and not np.isnan(by).any():
            return Numbers(low, low)
        high = (self.high + by).round(9)
        return self._replace(low=np.where(np.isnan(by), -np.inf, low), high=np.where(np.isnan(by), np.inf, high))

    def over(self, limit: Floats) -> Numbers:
        """The ranges divided by a positive limit; without one they open fully."""
        usable = limit > 0  # false for NaN
        divisor = np.where(usable, limit, 1.0)
        low = (self.low / divisor).round(9)
        if self.is_exact and usable.all():
            return Numbers(low, low)
        high = (self.high / divisor).round(9)
        return self._replace(low=np.where(usable, low, -np.inf), high=np.where(usable, high, np.inf))


class Facts(NamedTuple):
    """Yes/no values: certainly so, possibly so."""

    certain: Bools
    possible: Bools

    def take(self, where: Ints | Bools) -> Facts:
        """Some of the facts."""
        return Facts(self.certain[where], self.possible[where])


class Categories(NamedTuple):
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


@dataclass(frozen=True, eq=False)
class Changes:
    """Signals one after the other: a signal is 0 before its first key and from its last on; at each it changes, never by 0.

    Attributes:
        key: The keys of each signal, sorted within it.
        change: By how much it changes there.
        cuts: Where the keys of each signal begin, and where the last ends.
    """

    key: Ints
    change: Ints
    cuts: list[int]


def unknown_numbers(n: int) -> Numbers:
    """Ranges about which nothing is known."""
    return Numbers(np.full(n, -np.inf), np.full(n, np.inf))


UNKNOWN: Final = unknown_numbers(1)


def numbers_together(parts: list[Numbers]) -> Numbers:
    """Ranges one after the other; those of no rows do not count."""
    parts = [part for part in parts if len(part.low)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    low = np.concatenate([part.low for part in parts])
    if all(part.is_exact for part in parts):
        return Numbers(low, low)
    high = np.concatenate([part.high for part in parts])
    if all(part.low_is_open is None for part in parts):
        return Numbers(low, high)
    low_is_open, high_is_open = (
        np.concatenate([np.zeros(len(part.low), bool) if is_open is None else is_open for part, is_open in found])
        for found in (
            [(part, part.low_is_open) for part in parts],
            [(part, part.high_is_open) for part in parts],
        )
    )
    return Numbers(low, high, low_is_open, high_is_open)


def joined(parts: list[npt.NDArray[Kind]]) -> npt.NDArray[Kind]:
    """Arrays one after the other; an only one as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def together(items: Iterable[Item], most: int | None = None) -> Iterator[list[Item]]:
    """Items that are worked out at once: as long as they are few rows, where calls cost most; at most so many, if given."""
    listed = list(items)
    return (listed[begin:end] for begin, end in shares([len(item) for item in listed], most))


def shares(n_rows: list[int], most: int | None = None) -> list[tuple[int, int]]:
    """From which item to behind which is worked out at once, from how many rows each has; see `together`."""
    n = len(n_rows)
    if n and (most is None or n <= most) and sum(n_rows) <= MOST_ROWS_TOGETHER:
        return [(0, n)]
    found, begin, n_so_far = [], 0, 0
    for place, n_more in enumerate(n_rows):
        if place > begin and (place - begin == most or n_so_far + n_more > MOST_ROWS_TOGETHER):
            found.append((begin, place))
            begin, n_so_far = place, 0
        n_so_far += n_more
    return [*found, (begin, n)] if n else []


def last_of_each_key(key: Ints) -> Bools:
    """Marks the last row of each run of equal keys: a later row corrects an earlier one."""
    keep = np.empty(len(key), bool)
    keep[-1:] = True
    np.not_equal(key[1:], key[:-1], out=keep[:-1])
    return keep


def distinct(*parts: Ints) -> Ints:
    """Sorted distinct keys of some arrays; quick where these are sorted already."""
    key = np.concatenate(parts)
    key.sort(kind="stable")
    return key if len(key) <= 1 else key[last_of_each_key(key)]


def until_next(batch: Batch, key: Ints, longest: Ints | int | None) -> Ints:
    """Ends of rows that hold until the next row of their course, or for `longest` microseconds if that is sooner."""
    end = batch.course_of(key) + 1 << batch.bits
    np.minimum(end[:-1], key[1:], out=end[:-1])
    return end if longest is None else np.minimum(end, key + longest)


def numbers_of(values: Values) -> Numbers:
    """The values, which must be numbers."""
    if not isinstance(values, Numbers):
        message = f"numbers expected, not {type(values).__name__}"
        raise TypeError(message)
    return values


class LeafCoder:
    """What the truths of some leaves rest on, packed into one integer, a code; its lowest bit says that nothing is missing.

    The cut-offs of all leaves stand on one ladder; how far up the two ends of a range have come says all their truths.

    Args:
        leaves: The leaves.
        mark: Is added to each code.
    """

    def __init__(self, leaves: tuple[Leaf, ...], mark: int = 0) -> None:
        self.leaves = leaves
        self._mark = mark
        self._ladder = np.unique(np.array([_rung(leaf) for leaf in leaves if isinstance(leaf, Compare)]))
        self._rungs = {
            leaf: int(self._ladder.searchsorted(_rung(leaf))) for leaf in leaves if isinstance(leaf, Compare)
        }
        self._base = len(self._ladder) + 1
        rungs = np.arange(self._base)
        self._of_high = rungs << 1
        self._of_low = (rungs * self._base << 1) + mark
        self._of_exact = self._of_low + self._of_high + KNOWN
        self._of_fact = np.array([KNOWN, 4, 6 + KNOWN]) + mark  # certainly not, possibly, certainly
        self._names: tuple[str, ...] = ()

    def codes(self, values: Values) -> Ints:
        """The code of each value."""
        if isinstance(values, Numbers):
            return self._of_numbers(values)
        if isinstance(values, Facts):  # what is certain is possible
            return _looked_up(self._of_fact, np.add(values.certain, values.possible, dtype=np.intp))
        self._names = values.names  # those of the input, always the same
        code = values.mask << 1
        code |= (values.mask & (values.mask - 1)) == 0
        code += self._mark
        return code

    def _of_numbers(self, values: Numbers) -> Ints:
        low, high = values.low, values.high
        if low is high:
            return _looked_up(self._of_exact, self._ladder.searchsorted(low, "right"))
        if values.low_is_open is not None and values.high_is_open is not None:
            low = np.where(values.low_is_open, np.nextafter(low, np.inf), low)
            high = np.where(values.high_is_open, np.nextafter(high, -np.inf), high)
        code = _looked_up(self._of_low, self._ladder.searchsorted(low, "right"))
        code += _looked_up(self._of_high, self._ladder.searchsorted(high, "right"))
        code += values.low == values.high
        return code

    def truth(self, leaf: Leaf, codes: Any) -> tuple[Any, Any]:
        """Certain and possible truth of a leaf for each code; of one code, given as a number, as plain truths."""
        if isinstance(leaf, Ref):
            return (codes & 2) != 0, (codes & 4) != 0
        if isinstance(leaf, IsIn):
            wanted = sum(1 << i for i, name in enumerate(self._names) if name in leaf.categories)
            return (codes >> 1 & ~wanted) == 0, (codes >> 1 & wanted) != 0
        low, high = divmod(codes >> 1, self._base)
        rung = self._rungs[leaf]
        if leaf.op in ("at_least", "above"):
            return low > rung, high > rung
        return high <= rung, low <= rung  # certain where even the highest value has not come so far


def _looked_up(table: Ints, places: npt.NDArray[np.intp]) -> Ints:
    """Entries of a table, put where their places stood: to ask for memory takes longer where rows are many."""
    return table.take(places, out=places, mode="clip")  # no place is outside; otherwise NumPy copies to be sure


def _rung(leaf: Compare) -> float:
    """The lowest number that has come up to a cut-off, or above it where the comparison is strict from below."""
    return float(np.nextafter(leaf.cut_off, np.inf)) if leaf.op in ("above", "at_most") else leaf.cut_off


def signals_of(rows: list[Rows], code: Ints, number: Callable[[Ints], Ints]) -> Changes:
    """The numbers of the codes of rows over time, at the keys where they change; 0 where no row holds.

    Every course begins and ends without a row, so that no key is needed where a course begins.

    Args:
        rows: Rows of different sources; none is empty.
        code: The codes of all these rows; no two sources have one in common.
        number: The number of each code.
    """
    key, end = joined([part.key for part in rows]), joined([part.end for part in rows])
    begins = np.empty(len(key), bool)
    begins[0] = True
    np.not_equal(code[1:], code[:-1], out=begins[1:])
    begins[1:] |= end[:-1] < key[1:]
    first = begins.nonzero()[0]
    edges = np.empty(2 * len(first), np.int64)
    edges[0::2], edges[1:-1:2], edges[-1] = key[first], end[first[1:] - 1], end[-1]
    numbers = np.zeros(2 * len(first), np.int64)
    numbers[0::2] = number(code[first])
    behind = first.searchsorted(list(accumulate(map(len, rows)))) * 2
    return changes_of(edges, numbers, behind)


def changes_of(key: Ints, numbers: Ints, behind: Ints) -> Changes:
    """Signals from keys and the number from each on, 0 at the last of each signal; of equal keys the last counts.

    Args:
        key: Keys of one signal after the other, sorted within each.
        numbers: The number of a signal from each of its keys on.
        behind: Where the keys of each signal end.
    """
    last = last_of_each_key(key)
    last[behind - 1] = True  # the next key is of another signal
    key, numbers = key[last], numbers[last]
    change = numbers.copy()
    change[1:] -= numbers[:-1]
    moves = change.nonzero()[0]
    key, change = key[moves], change[moves]
    return Changes(key, change, [0, *moves.searchsorted(last.cumsum()[behind - 1]).tolist()])
