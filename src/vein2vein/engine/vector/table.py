"""The verdict table of a batch, collected rule set by rule set and built once.

Place    Engine, vector. Written by `engine.vector.engine`.
In       Keys and numbers of answers.
Out      `Steps`.
Knows    An answer (bounds and sets of names) is a row of a table that is kept; a step only names it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from vein2vein.engine.calendars import columns_of, picked
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector.batch import NEVER, Batch, Ints
from vein2vein.engine.vector.memory import Answers
from vein2vein.engine.vector.rows import joined
from vein2vein.engine.vector.states import Grids, Spans


class Table:
    """Steps of a batch of courses under several rule sets."""

    def __init__(self, batch: Batch, ids: pl.Series, windows: Ints, spans: Spans) -> None:
        self._batch, self._ids, self._windows, self._spans = batch, ids, windows, spans
        self._parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []  # rule set, course, since, until, answer
        if not spans.can.all():  # one row without times for each course for which a window never opens
            number, course = (~spans.can[windows]).nonzero()
            nothing = np.full(len(number), NEVER)
            self._parts.append((number, course, nothing, nothing, np.zeros_like(nothing)))

    def add(self, numbers: Ints, grids: Grids, answers: list[Ints]) -> None:
        """Add the steps of some rule sets from what they answer from each key on."""
        batch, key, answer = self._batch, grids.key, joined(answers)
        course = batch.course_of(key)  # counted on from grid to grid
        begins = np.empty(len(key), bool)
        begins[:1] = True
        np.not_equal(answer[1:], answer[:-1], out=begins[1:])
        begins[1:] |= course[1:] != course[:-1]
        key, course, answer = key[begins], course[begins], answer[begins]
        grid, of = np.divmod(course, batch.n + 1)
        since = key - (course << batch.bits) + batch.base[of]
        until = self._spans.closes_at[grids.windows].ravel()[course]
        until[:-1] = np.where(course[1:] == course[:-1], since[1:], until[:-1])
        self._parts.append((numbers[grid], of, since, until, answer))

    def steps(self, answers: Answers) -> Steps:
        """All steps, in order of course, rule set and time."""
        rule_set, course, since, until, answer = (
            np.concatenate([np.zeros(0, np.int64), *(part[place] for part in self._parts)]) for place in range(5)
        )
        rank = course * len(self._ids) + rule_set
        if (rank[1:] < rank[:-1]).any():
            order = rank.argsort(kind="stable")
            course, rule_set, since, until, answer = (a[order] for a in (course, rule_set, since, until, answer))
        from_at, until_at = columns_of(since, until)
        verdicts = pl.DataFrame(
            [
                *picked(course, self._batch.ids),
                *picked(rule_set, self._ids),
                from_at.alias("from_at"),
                until_at.alias("until_at"),
                *picked(answer, *answers.frame().get_columns()),
            ]
        )
        looks = self._spans.look[self._windows].T
        low, high = answers.bounds()[:, answer]
        return Steps(verdicts, course, rule_set, since, until, low, high, looks)
