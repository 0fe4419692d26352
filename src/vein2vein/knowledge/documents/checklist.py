"""Go/no-go lists: what must hold on the day, as reasons to hold, each with what follows.

Place    Floor 1. Read by `journey.lymphodepletion`, `journey.infusion` and assess.
In       Files of kind `checklist` (data/checklists): decision tables whose rows are reasons not to go on.
Out      `Checklist`. A row that applies holds; a row that may apply has to be settled first; no row means go.
Missing  What nobody recorded or said keeps its row open: silence is never a go.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/infusion
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.decisions import DecisionTable, TableCase
from vein2vein.knowledge.documents.questions import AskingCase, other_question

CONSEQUENCES = ("hold", "stop", "decide")


class Checklist(DecisionTable):
    """One list. Each row says what follows: `hold` until settled, `stop` for good, or `decide` by a named person."""

    RULE_PARTS: ClassVar[tuple[str, ...]] = ("conditions", "rows", "applies", "facts", "parameters")

    kind: Literal["checklist"]
    worked_cases: Annotated[tuple[AskingCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_say_what_follows(self) -> Checklist:
        silent = [row.name for row in self.rows if len(row.then) != 1 or row.then[0] not in CONSEQUENCES]
        if silent:
            msg = f"rows without exactly one of {', '.join(CONSEQUENCES)}: {', '.join(silent)}"
            raise ValueError(msg)
        return self

    def case_failure(self, case: TableCase) -> str | None:
        """How a worked case comes out otherwise than it says, in rows or questions; None when it holds."""
        return super().case_failure(case) or other_question(self.facts, getattr(case, "asks", {}))
