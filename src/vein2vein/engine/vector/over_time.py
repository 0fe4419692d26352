"""Vector truth of `sustained` and `syndrome`.

Place    Engine, vector. The fast twin of `engine.plain.over_time`; same names, same meaning.
In       Truths of the parts on a sorted grid of keys that begins, for every course, with the opening of the window.
Out      Keys from which a world's truth holds; the engine merges them into its grid.
Knows    Both words are monotone, so each is worked out once where every unknown part is false and once where it is true.
"""

from __future__ import annotations

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.vector.batch import Batch, Bools, Ints
from vein2vein.engine.vector.rows import distinct
from vein2vein.knowledge.predicates import Sustained, Syndrome

World = tuple[Ints, Bools]


def sustained(batch: Batch, grid: Ints, when: Sustained, holds: Bools) -> World:
    """Keys and truth of "has held for at least so long"."""
    starts_course = _first_of_course(batch, grid)
    begins = holds & (starts_course | ~_before(holds, first=False))
    first = np.flatnonzero(begins)
    ends = np.flatnonzero(~holds | starts_course)
    # The end of a run is the next grid key at which it no longer holds, or the end of its course.
    following = np.searchsorted(ends, first, side="right")
    end_key = np.where(
        following < len(ends),
        grid[ends[np.minimum(following, len(ends) - 1)]] if len(ends) else 0,
        np.iinfo(np.int64).max,
    )
    course_end = batch.ends[batch.course_of(grid[first])] + 1
    end_key = np.minimum(end_key, course_end)
    due = grid[first] + hours(when.hours)
    lasts = due < end_key
    return _changes(batch, grid, due[lasts], end_key[lasts])


def _changes(batch: Batch, grid: Ints, on: Ints, off: Ints) -> World:
    openings = grid[_first_of_course(batch, grid)]
    off = off[off <= batch.ends[batch.course_of(on)]]  # a run to the end of its course has no end
    key = np.concatenate([openings, off, on])
    truth = np.concatenate([np.zeros(len(openings) + len(off), bool), np.ones(len(on), bool)])
    order = np.argsort(key, kind="stable")
    return key[order], truth[order]


def syndrome(batch: Batch, grid: Ints, when: Syndrome, signs: tuple[Bools, Bools, Bools]) -> World:
    """Keys and truth of "an episode is recognised"; the signs open it, sustain it and mask it."""
    opens, sustains, masks = signs
    needed = hours(when.clear_hours)
    shows = opens | sustains
    starts_course = _first_of_course(batch, grid)
    clears = ~shows & (starts_course | _before(shows, first=True))
    first = np.flatnonzero(clears)
    ends = np.flatnonzero(shows | starts_course)
    following = np.searchsorted(ends, first, side="right")
    shown_again = np.where(
        following < len(ends),
        grid[ends[np.minimum(following, len(ends) - 1)]] if len(ends) else 0,
        np.iinfo(np.int64).max,
    )
    closing = grid[first] + needed
    course_end = batch.ends[batch.course_of(grid[first])] + 1
    closes = closing[closing <= np.minimum(shown_again, course_end - 1)]
    key = distinct(grid, closes)
    source = np.searchsorted(grid, key, side="right") - 1
    opens, masks = opens[source], masks[source]
    breaks = _first_of_course(batch, key)
    breaks[np.searchsorted(key, closes)] = True
    place = np.arange(len(key))
    segment = np.maximum.accumulate(np.where(breaks, place, 0))
    is_open = np.maximum.accumulate(np.where(opens, place, -1)) >= segment
    is_masked = np.maximum.accumulate(np.where(masks & is_open, place, -1)) >= segment
    return key, opens | (is_open & is_masked)


def _before(truth: Bools, *, first: bool) -> Bools:
    """The truth one key before."""
    before = np.full(len(truth), first, bool)
    before[1:] = truth[:-1]
    return before


def _first_of_course(batch: Batch, key: Ints) -> Bools:
    course = batch.course_of(key)
    first = np.ones(len(key), bool)
    first[1:] = course[1:] != course[:-1]
    return first
