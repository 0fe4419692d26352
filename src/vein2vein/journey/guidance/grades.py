"""Grades of a course over time, as decision tables ask for them: now, for how long, since when.

Place    Journey, guidance. Made once for a course, from verdict steps of either engine; asked at many instants.
In       Verdict steps by rule set.
Out      Bounds at an instant, hours at a grade, the onset: each as what is certain and what is possible.
Knows    Steps that begin after the instant of a question are never looked at.
Missing  A subject for which no rule set says anything has no bounds; hours at its grades are then anything from 0 on.
Checked  tests/unit/journey/guidance/test_grades.py
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.plain.engine import CourseGrader
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import Timeline

HOUR: Final = hours(1)


@dataclass(frozen=True, slots=True)
class GradeSteps:
    """Bounds from each instant on (UTC microseconds, rising), until the next; None where the rule set does not apply."""

    since: tuple[int, ...] = ()
    bounds: tuple[Bounds | None, ...] = ()

    def place(self, at: int) -> int:
        """Position of the step that holds at an instant; -1 before the first."""
        return bisect_right(self.since, at) - 1

    def at(self, at: int) -> Bounds | None:
        """The bounds at an instant; None where nothing is said."""
        place = self.place(at)
        return None if place < 0 else self.bounds[place]

    def hours_at(self, least: int, at: int) -> NumberRange:
        """Hours for which the grade has been at least `least` without a break up to the instant; 0 while it is lower."""
        place = self.place(at)
        if place < 0 or self.bounds[place] is None:
            return NumberRange(0, math.inf)

        def unbroken(side: str) -> float:
            first = place + 1
            while first > 0 and (b := self.bounds[first - 1]) is not None and getattr(b, side) >= least:
                first -= 1
            return 0.0 if first > place else (at - self.since[first]) / HOUR

        return NumberRange(unbroken("low"), unbroken("high"))

    def onset(self, at: int) -> tuple[int | None, int | None]:
        """First instants at which a grade of at least 1 was possible, and certain, up to an instant; None while it was not."""
        seen = list(zip(self.since, self.bounds, strict=True))[: self.place(at) + 1]
        possible = next((since for since, b in seen if b is not None and b.high >= 1), None)
        certain = next((since for since, b in seen if b is not None and b.low >= 1), None)
        return possible, certain


class Grades:
    """Grade steps of one course by rule set, and of subjects that several rule sets share.

    Args:
        steps: Steps by id of the rule set.
    """

    def __init__(self, steps: Mapping[str, GradeSteps]) -> None:
        self._steps = dict(steps)
        self._joined: dict[tuple[str, ...], GradeSteps] = {}

    @classmethod
    def of_timeline(cls, timeline: Timeline, rules: Iterable[RuleSet], at: datetime) -> Grades:
        """Grades up to an instant by the plain engine, which knows nothing later."""
        known = timeline.until(at)
        return cls({rule.id: _graded(known, rule, at) for rule in rules})

    @classmethod
    def of_verdicts(cls, rows: Iterable[Mapping[str, Any]]) -> Grades:
        """Grades of one course from rows of a verdict table (`engine.verdict.VERDICTS`), in their order."""
        found: dict[str, list[tuple[int, Bounds | None]]] = {}
        for row in rows:
            steps = found.setdefault(row["rule_set_id"], [])
            if row["from_at"] is None:
                continue
            bounds = None if row["low"] is None else Bounds(row["low"], row["high"])
            since = to_microseconds(row["from_at"])
            if steps and steps[-1][1] is None and steps[-1][0] == since:
                steps.pop()
            steps.append((since, bounds))
            if row["until_at"] is not None:
                steps.append((to_microseconds(row["until_at"]), None))
        return cls({id: _of_pairs(steps) for id, steps in found.items()})

    @property
    def rule_sets(self) -> frozenset[str]:
        """Ids of the rule sets whose steps are known."""
        return frozenset(self._steps)

    def of(self, rule_sets: tuple[str, ...]) -> GradeSteps:
        """Steps of a subject: the hull of the bounds of those rule sets that apply at an instant."""
        if rule_sets not in self._joined:
            lines = [self._steps[id] for id in rule_sets if id in self._steps]
            self._joined[rule_sets] = lines[0] if len(lines) == 1 else _hull(lines)
        return self._joined[rule_sets]


def _graded(known: Timeline, rule: RuleSet, at: datetime) -> GradeSteps:
    grader = CourseGrader(known, rule, as_of=at)
    steps: list[tuple[int, Bounds | None]] = [(step.since, step.bounds) for step in grader.steps()]
    if steps and grader.closes is not None and grader.closes <= to_microseconds(at):
        steps.append((grader.closes, None))
    return _of_pairs(steps)


def _of_pairs(steps: list[tuple[int, Bounds | None]]) -> GradeSteps:
    return GradeSteps(tuple(since for since, _ in steps), tuple(bounds for _, bounds in steps))


def _hull(lines: list[GradeSteps]) -> GradeSteps:
    since = sorted({instant for line in lines for instant in line.since})
    bounds: list[Bounds | None] = []
    for instant in since:
        known = [b for line in lines if (b := line.at(instant)) is not None]
        bounds.append(Bounds(min(b.low for b in known), max(b.high for b in known)) if known else None)
    return GradeSteps(tuple(since), tuple(bounds))
