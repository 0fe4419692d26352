"""Go/no-go lists: what must hold on the day, as reasons to hold, each with what follows.

Place    Floor 1. Read by `journey.lymphodepletion`, `journey.infusion` and assess.
In       Files of kind `checklist` (data/checklists): decision tables whose rows are reasons not to go on.
Out      `Checklist`. A row that applies holds; a row that may apply has to be settled first; no row means go.
Missing  What nobody recorded or said keeps its row open: silence is never a go.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/infusion
"""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from vein2vein.knowledge.decisions import DecisionTable

CONSEQUENCES = ("hold", "stop", "decide")


class Checklist(DecisionTable):
    """One list. Each row says what follows: `hold` until settled, `stop` for good, or `decide` by a named person."""

    kind: Literal["checklist"]

    @model_validator(mode="after")
    def _rows_say_what_follows(self) -> Checklist:
        silent = [row.name for row in self.rows if len(row.then) != 1 or row.then[0] not in CONSEQUENCES]
        if silent:
            msg = f"rows without exactly one of {', '.join(CONSEQUENCES)}: {', '.join(silent)}"
            raise ValueError(msg)
        return self
