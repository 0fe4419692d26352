"""Joined runs of affected days.

Place    Engine, vector. Read by `vector.days`.
In       Tables of the lowest values of days at some points, (n_points, n_days), their lower and upper ends; cut-offs.
Out      Runs: how long they are, how far they reach.
Knows    Inputs that join runs in the same way are worked out at once, their points one after the other: for each input those
         where days are affected for certain, then those where they may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from vein2vein.engine.vector.batch import Bools, Floats, Ints
from vein2vein.knowledge.inputs import DayRun, UnrecoveredRun

_WIDE: Final = 2_000  # columns of a table
_NO_DAY: Final = np.int32(-1)
Table = npt.NDArray[np.float64]
Days = npt.NDArray[np.int32]


def running(ufunc: np.ufunc, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What `ufunc.accumulate` gives down the rows of a table; quicker, as whole rows are worked out at once."""
    n_rows, n_columns = table.shape
    if n_columns > _WIDE:
        for row in range(1, n_rows):
            ufunc(table[row], table[row - 1], out=table[row])
        return table
    reach = 1
    while reach < n_rows:  # after each round a row has taken in twice as many of those before it
        new = table.copy()
        ufunc(table[reach:], table[:-reach], out=new[reach:])
        table, reach = new, 2 * reach
    return table


class Joining(NamedTuple):
    """How affected days make runs; the words of `knowledge.inputs`."""

    from_day: int
    to_day: int
    join_days: int
    count_trailing: bool

    @classmethod
    def of(cls, take: DayRun | UnrecoveredRun) -> Joining:
        """What an input says of it."""
        return cls(take.from_day, take.to_day, take.join_days, take.count_trailing)


@dataclass(frozen=True, eq=False)
class Threshold:
    """An input that asks for runs, where it stands, and the table that it is read from; its length is that of its worlds."""

    place: int
    take: DayRun | UnrecoveredRun
    low: Table
    high: Table

    def __len__(self) -> int:
        return 2 * self.low.size


def worlds(joining: Joining, thresholds: list[Threshold], last: Ints) -> Runs:
    """Runs of each input where days are affected for certain, and beside these where they may be."""
    n, n_days = thresholds[0].low.shape
    worlds = np.empty((n_days, len(thresholds), 2, n), bool)
    counts = np.arange(n_days)[:, None] <= last
    for number, one in enumerate(thresholds):
        below = np.less if one.take.strict else np.less_equal
        certain, possible = worlds[:, number, 0], worlds[:, number, 1]
        below(one.high.T, one.take.at_most, out=certain)
        below(one.low.T, one.take.at_most, out=possible)
        possible |= np.isnan(one.low.T) & counts
    return Runs.of(joining, worlds.reshape(n_days, -1), np.tile(last, 2 * len(thresholds)))


@dataclass(frozen=True, eq=False)
class Runs:
    """Joined runs of affected days, at every day (row) and point (column).

    A run begins where an affected day is more than `join_days` after the affected day before it, and ends with an affected day,
    so that what a run has come to can be read at each of its affected days. Days after `counted` help to join only.

    Attributes:
        affected: Which days are.
        before: The last affected day before each day; -1 without one.
        opens: Where a run begins.
        start: Where the last run so far began.
        end: The last day that counts.
        last_until: The last affected day of all.
        reaches_to: The same, or the last day where days behind a run count.
    """

    from_day: int
    counted: int
    affected: Bools
    before: Days
    opens: Bools
    start: Days
    end: Ints
    last_until: Days
    reaches_to: Days | Ints

    @classmethod
    def of(cls, joining: Joining, affected: Bools, last: Ints) -> Runs:
        """The runs of affected days, array (n_days, n_points); the last day of each point."""
        column = np.arange(len(affected), dtype=np.int32)[:, None]
        counted = joining.to_day - joining.from_day
        until = running(np.maximum, np.where(affected, column, _NO_DAY))
        before = np.full(until.shape, -1, np.int32)
        before[1:] = until[:-1]
        opens = affected & ((before < 0) | (column - before - 1 > joining.join_days))
        start = running(np.maximum, np.where(opens, column, _NO_DAY))
        last_until = reaches_to = until[-1]
        if joining.count_trailing:
            tail = last - last_until
            reaches_to = np.where((start[-1] >= 0) & (tail > 0) & (tail <= joining.join_days), last, last_until)
        end = np.minimum(last, counted)
        return cls(joining.from_day, counted, affected, before, opens, start, end, last_until, reaches_to)

    def part(self, begin: int, end: int) -> Runs:
        """Those of some points."""
        some = slice(begin, end)
        return Runs(
            self.from_day,
            self.counted,
            self.affected[:, some],
            self.before[:, some],
            self.opens[:, some],
            self.start[:, some],
            self.end[some],
            self.last_until[some],
            self.reaches_to[some],
        )

    @property
    def _column(self) -> Days:
        return np.arange(len(self.affected), dtype=np.int32)[:, None]

    def longest(self) -> Floats:
        """Days of the longest run."""
        until = np.minimum(self._column, self.counted)
        lengths = np.where(self.affected & (self.start <= self.counted), until - self.start + 1, 0)
        last_start = self.start[-1]
        last = np.minimum(self.reaches_to, self.counted) - last_start + 1
        has_run = (last_start >= 0) & (last_start <= self.counted)
        longest: Floats = np.maximum(lengths.max(axis=0), np.where(has_run, last, 0)).astype(np.float64)
        return longest

    def total(self) -> Floats:
        """Days of all runs."""
        column = self._column
        before = np.where(self.opens, column - 1, np.minimum(self.before, self.counted))
        added = np.maximum(np.minimum(column, self.counted) - before, 0)
        trailing = np.minimum(self.reaches_to, self.counted) - np.minimum(self.last_until, self.counted)
        total: Floats = (np.where(self.affected, added, 0).sum(axis=0) + trailing).astype(np.float64)
        return total

    def reach(self, starts_by_day: int) -> Bools:
        """Whether a run that began by a day comes to the last day that counts."""
        by, last_start = starts_by_day - self.from_day, self.start[-1]
        within = self.affected & (self.start <= by) & (self._column >= self.end)
        last = (last_start >= 0) & (last_start <= by) & (self.reaches_to >= self.end)
        found: Bools = within.any(axis=0) | last
        return found
