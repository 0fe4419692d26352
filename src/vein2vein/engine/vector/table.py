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
from vein2vein.engine.vector.states import Span


class Table:
    """Steps of a batch of courses under several rule sets."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rule_sets: list[str] = []
        self._looks: list[Ints] = []
        self._parts: list[tuple[int, Ints, Ints, Ints, Ints]] = []  # rule set, course, since, until, answer

    def begin(self, rule_set_id: str, span: Span) -> None:
        """Begin with the next rule set: one row without times for each course for which its window never opens."""
        self._rule_sets.append(rule_set_id)
        self._looks.append(span.look)
        if len(span.never):
            nothing = np.full(len(span.never), NEVER)
            self._parts.append((len(self._rule_sets) - 1, span.never, nothing, nothing, np.zeros_like(span.never)))

    def add(self, key: Ints, answer: Ints, span: Span) -> None:
        """Add the steps of a rule set from what it answers from each key on; one answer for all where all keys are openings."""
        number = len(self._rule_sets) - 1
        if key is span.opens:
            answer = answer.repeat(len(key)) if len(answer) != len(key) else answer
            self._parts.append((number, span.courses, span.since, span.closes_at[span.courses], answer))
            return
        course = self._batch.course_of(key)
        begins = np.empty(len(key), bool)
        begins[:1] = True
        begins[1:] = (answer[1:] != answer[:-1]) | (course[1:] != course[:-1])
        if not begins.all():
            key, course, answer = key[begins], course[begins], answer[begins]
        since = self._batch.at_of(key)
        until = span.closes_at[course]
        until[:-1] = np.where(course[1:] == course[:-1], since[1:], until[:-1])
        self._parts.append((number, course, since, until, answer))

    def steps(self, answers: Answers) -> Steps:
        """All steps, in order of course, rule set and time."""
        numbers = np.array([part[0] for part in self._parts], np.int64)
        rule_set = numbers.repeat([len(part[1]) for part in self._parts])
        course, since, until, answer = (
            np.concatenate([np.zeros(0, np.int64), *(part[place] for part in self._parts)]) for place in range(1, 5)
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
