"""The verdict table of a batch, collected rule set by rule set and built once.

Place    Engine, vector. Written by `engine.vector.engine`.
In       Keys and numbers of answers.
Out      `Steps`.
Knows    An answer (bounds and sets of names) is a row of a table that is kept; a step only names it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from vein2vein.engine.calendars import column_of
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector.batch import NEVER, Batch, Ints
from vein2vein.engine.vector.memory import Answers
from vein2vein.engine.vector.rows import joined
from vein2vein.engine.vector.states import Grids, Span


class Table:
    """Steps of a batch of courses under several rule sets."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rule_sets: list[str] = []
        self._looks: list[Ints] = []
        self._parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []  # rule set, course, since, until, answer

    def begin(self, rule_set_id: str, span: Span) -> int:
        """Begin with the next rule set: one row without times for each course for which its window never opens."""
        number = len(self._rule_sets)
        self._rule_sets.append(rule_set_id)
        self._looks.append(span.look)
        if len(span.never):
            nothing = np.full(len(span.never), NEVER)
            self._parts.append((np.full_like(span.never, number), span.never, nothing, nothing, np.zeros_like(nothing)))
        return number

    def add(self, numbers: list[int], spans: list[Span], grids: Grids, answers: list[Ints]) -> None:
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
        until = joined([span.closes_at for span in spans])[course]
        until[:-1] = np.where(course[1:] == course[:-1], since[1:], until[:-1])
        self._parts.append((np.array(numbers, np.int64)[grid], of, since, until, answer))

    def steps(self, answers: Answers) -> Steps:
        """All steps, in order of course, rule set and time."""
        rule_set, course, since, until, answer = (
            np.concatenate([np.zeros(0, np.int64), *(part[place] for part in self._parts)]) for place in range(5)
        )
        rank = course * len(self._rule_sets) + rule_set
        if (rank[1:] < rank[:-1]).any():
            order = rank.argsort(kind="stable")
            course, rule_set, since, until, answer = (a[order] for a in (course, rule_set, since, until, answer))
        said = [
            column[answer] for column in answers.frame().get_columns()
        ]  # one by one: quicker for few rows than together
        verdicts = pl.DataFrame(
            [
                self._batch.ids[course],
                pl.Series("rule_set_id", self._rule_sets, dtype=pl.String)[rule_set],
                column_of(since).alias("from_at"),
                column_of(until).alias("until_at"),
                *said,
            ]
        )
        looks = np.array(self._looks, np.int64).reshape(len(self._rule_sets), self._batch.n).T
        low, high = answers.bounds()[:, answer]
        return Steps(verdicts, course, rule_set, since, until, low, high, looks)
