"""Vector truth of `sustained` and `syndrome`.

Place    Engine, vector. The fast twin of `engine.plain.over_time`; same names, same meaning.
In       Truths of the parts on a sorted grid of keys that begins, for every course, with the opening of the window; microseconds
         that are needed, for each key. Several grids may stand one after the other, each with courses of its own.
Out      Keys from which a world's truth holds; the engine merges them into its grids.
Knows    Both words are monotone, so each is worked out once where every unknown part is false and once where it is true.
"""

from __future__ import annotations

import numpy as np

from vein2vein.engine.vector.batch import Batch, Bools, Ints
from vein2vein.engine.vector.rows import distinct

World = tuple[Ints, Bools]


def sustained(batch: Batch, grid: Ints, needed: Ints, signs: list[Bools]) -> World:
    """Keys and truth of "has held for at least so long"."""
    (holds,) = signs
    starts_course = _first_of_course(batch, grid)
    first = (holds & (starts_course | ~_before(holds, first=False))).nonzero()[0]
    ends = _next(batch, grid, ~holds | starts_course, first)
    due = grid[first] + needed[first]
    lasts = due < ends
    on, off = due[lasts], ends[lasts]
    off = off[off < _end_of_course(batch, on)]  # a run to the end of its course has no end
    openings = grid[starts_course]
    key = np.concatenate([openings, off, on])
    truth = np.zeros(len(key), bool)
    truth[len(key) - len(on) :] = True
    order = key.argsort(kind="stable")
    return key[order], truth[order]


def syndrome(batch: Batch, grid: Ints, needed: Ints, signs: list[Bools]) -> World:
    """Keys and truth of "an episode is recognised"; the signs open it, sustain it and mask it."""
    opens, sustains, masks = signs
    shows = opens | sustains
    starts_course = _first_of_course(batch, grid)
    first = (~shows & (starts_course | _before(shows, first=True))).nonzero()[0]
    closes = grid[first] + needed[first]
    shown_again = _next(batch, grid, shows | starts_course, first)
    closes = closes[(closes <= shown_again) & (closes < _end_of_course(batch, grid[first]))]
    key = distinct(grid, closes)
    source = grid.searchsorted(key, side="right") - 1
    opens, masks = opens[source], masks[source]
    breaks = _first_of_course(batch, key)
    breaks[key.searchsorted(closes)] = True
    place = np.arange(len(key))
    segment = np.maximum.accumulate(np.where(breaks, place, 0))
    is_open = np.maximum.accumulate(np.where(opens, place, -1)) >= segment
    is_masked = np.maximum.accumulate(np.where(masks & is_open, place, -1)) >= segment
    return key, opens | (is_open & is_masked)


def _next(batch: Batch, grid: Ints, marks: Bools, after: Ints) -> Ints:
    """The key of the next mark after some places of the grid, which is in order of course; at most the end of the course."""
    marked = np.append(grid[marks], np.iinfo(np.int64).max)
    following = marks.cumsum()[after]  # so many marks come no later
    ends: Ints = np.minimum(marked[following], _end_of_course(batch, grid[after]))
    return ends


def _end_of_course(batch: Batch, key: Ints) -> Ints:
    """The key behind the last one of the course of each key."""
    end: Ints = batch.course_of(key) + 1 << batch.bits
    return end


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
