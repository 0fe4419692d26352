"""Runs of equal levels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from vein2vein.population.runs import Runs, every, runs_of


@given(arrays(np.int8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2)))
def test_runs_cover_the_grid_and_neighbours_differ(levels: np.ndarray) -> None:
    runs = runs_of(levels)
    again = np.full(levels.shape, -1)
    for course, start, stop, level in zip(runs.course, runs.start, runs.stop, runs.level, strict=True):
        assert stop > start
        assert (again[course, start:stop] == -1).all()
        again[course, start:stop] = level
    assert (again == levels).all()
    same = runs.course[1:] == runs.course[:-1]
    assert (runs.level[1:][same] != runs.level[:-1][same]).all()


def test_moments_recur_before_the_stop() -> None:
    runs = Runs(np.array([4, 5, 6]), np.array([0, 10, 20]), np.array([13, 10, 21]), np.array([1, 1, 1]))
    run, hour = every(runs, 6)
    assert run.tolist() == [0, 0, 0, 2]
    assert hour.tolist() == [0, 6, 12, 20]
    run, hour = every(runs, 6, 0.5)
    assert hour.tolist() == [0.5, 6.5, 12.5, 20.5]
