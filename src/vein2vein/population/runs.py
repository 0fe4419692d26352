"""Runs of equal levels on the hourly grid.

Place    Floor 4. Used by `bedside`, `neurology` and `stay`.
Out      Intervals [start, stop) in hours, one for each maximal run, in the order of course and time.
Checked  tests/unit/population/test_runs.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vein2vein.population.states import Flags, Integers, Numbers


@dataclass(frozen=True)
class Runs:
    """Maximal runs of equal levels: flat arrays of equal length; `stop` is exclusive."""

    course: Integers
    start: Integers
    stop: Integers
    level: Numbers

    def where(self, some: Flags) -> Runs:
        """Some of the runs."""
        return Runs(self.course[some], self.start[some], self.stop[some], self.level[some])


def runs_of(levels: Integers | Flags) -> Runs:
    """Runs of every row of (courses, hours); together they cover the grid."""
    n, width = levels.shape
    changes = np.ones((n, width), bool)
    np.not_equal(levels[:, 1:], levels[:, :-1], out=changes[:, 1:])
    flat = np.flatnonzero(changes)
    course = flat // width
    start = flat - course * width
    stop = np.append(flat[1:], n * width) - course * width
    return Runs(course, start, stop, levels.reshape(-1)[flat])


def every(runs: Runs, hours: int, offset: float = 0.0) -> tuple[Integers, Numbers]:
    """Index of the run and hour of moments that recur within runs: start + offset, then every `hours`, before the stop."""
    length = runs.stop - runs.start - offset
    times = np.where(length > 0, np.ceil(length / hours), 0).astype(np.int64)
    run = np.repeat(np.arange(len(times)), times)
    order = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return run, runs.start[run] + offset + hours * order
