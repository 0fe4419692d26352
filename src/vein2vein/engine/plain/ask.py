"""Values of inputs at one instant, outside any rule set: what formulas and decision tables ask a timeline.

Place    Engine, plain. Read by the journey.
In       A timeline, input declarations by name, an instant.
Out      For each name the possible values and the rows behind them.
Knows    Rows at or before the instant only: later ones are cut off here.
Missing  Each input method says what it yields when rows are absent; a missing value is a range, never a default.
Checked  tests/unit/engine/test_ask.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vein2vein.basis.clock import to_microseconds
from vein2vein.engine.plain.engine import Row, value_at
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.values import Value
from vein2vein.record.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Asked:
    """What a timeline says about one input.

    Attributes:
        value: Possible values, in the canonical unit.
        rows: The rows behind it, oldest first; empty when nothing is recorded.
    """

    value: Value
    rows: tuple[Row, ...]


class Questions:
    """A timeline cut off at one instant, indexed once for many questions.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant of the questions.
        index: The timeline looked up, where that was done before: the cut is then made by bisection.
        kept: What was made of rows up to an earlier instant, which no later row can change: shared by the questions to one course
            at many instants. Whoever keeps something names in the key all that it depends on.
    """

    def __init__(
        self,
        timeline: Timeline,
        at: datetime,
        *,
        index: CourseIndex | None = None,
        kept: dict[tuple[object, ...], Any] | None = None,
    ) -> None:
        self.kept: dict[tuple[object, ...], Any] = {} if kept is None else kept
        self._index = CourseIndex(timeline.until(at)) if index is None else index.until(at)
        self._timeline = self._index.timeline
        self._at = to_microseconds(at)

    @property
    def timeline(self) -> Timeline:
        """The timeline, cut off at the instant."""
        return self._timeline

    @property
    def index(self) -> CourseIndex:
        """The timeline, cut off at the instant and looked up by kind."""
        return self._index

    @property
    def at(self) -> int:
        """The instant of the questions in UTC microseconds."""
        return self._at

    def ask(self, take: Input) -> Asked:
        """The value of one input at the instant."""
        return Asked(*value_at(self._index, take, self._at))

    def ask_all(self, inputs: Mapping[str, Input]) -> dict[str, Asked]:
        """The values of several inputs at the instant, by name."""
        return {name: self.ask(take) for name, take in inputs.items()}
