"""Ask a formula of a course at one instant, and keep what the answer rests on.

Place    Journey, stages: the lowest room. Read by all stages.
In       Questions to a timeline at an instant, and a formula file.
Out      `FormulaAnswer`: the result with the rows behind each input, and why it cannot be computed where it cannot.
Missing  A result that is not known says "cannot be computed: needs ..." and names the inputs.
Checked  tests/unit/journey/risk and lymphodepletion
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vein2vein.engine.plain.ask import Asked, Questions
from vein2vein.knowledge.formulas import Computed, Formula
from vein2vein.knowledge.values import NumberRange


@dataclass(frozen=True, slots=True)
class FormulaAnswer:
    """What a formula gives for a course.

    Attributes:
        formula: The file, with its parameters put in.
        computed: The result.
        asked: What the timeline says about each input, with its rows.
    """

    formula: Formula
    computed: Computed
    asked: Mapping[str, Asked]

    @property
    def value(self) -> float | None:
        """The result in the unit of the formula; None unless it is known."""
        return self.computed.value

    @property
    def range(self) -> NumberRange:
        """Possible results."""
        return self.computed.range

    @property
    def problem(self) -> str | None:
        """Why there is no result; None when there is one."""
        if self.computed.problem is not None:
            return f"cannot be computed: {self.computed.problem}"
        if self.computed.missing:
            return f"cannot be computed: needs {', '.join(self.computed.missing)}"
        return None


def ask_formula(questions: Questions, formula: Formula) -> FormulaAnswer:
    """The result of a formula for a course at the instant of the questions."""
    asked = questions.ask_all(formula.inputs)
    return FormulaAnswer(formula, formula.compute({name: a.value for name, a in asked.items()}), asked)
