"""What stands before the next step of a course that is not infused: the label, the wash-out, go or no go.

Place    Journey, assess.
In       A timeline cut off at an instant, the files that the protocol names, what people say.
Out      `Ready`: label rows that hold or may hold, the wash-out before the first apheresis, the list of the step that is next.
Knows    After the infusion none of these questions is open any more.
Missing  A list answers "settle first" while anything on it is unknown.
Checked  tests/unit/journey/assess/test_ready.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vein2vein.basis.truth import Truth
from vein2vein.journey.assess.given import Plan
from vein2vein.journey.collection.washout import Readiness, readiness
from vein2vein.journey.infusion.go import Go, go
from vein2vein.knowledge.decisions import FromFormula
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.documents.product import LabelVerdict
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library
from vein2vein.record.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Ready:
    """What stands before the next step.

    Attributes:
        labels: Label rows of the product that hold or may hold now; empty after the infusion.
        washout: From when cells may be collected; None once they were, and without a document.
        go: The list before lymphodepletion or before thawing, whichever is next; None before collection and after infusion.
    """

    labels: tuple[LabelVerdict, ...] = ()
    washout: Readiness | None = None
    go: Go | None = None


@dataclass(frozen=True)
class Readying:
    """The files of a protocol that are asked before the infusion."""

    protocol: Protocol
    washout: Washout | None
    checklists: Mapping[str, Checklist]
    formulas: Mapping[str, Formula]

    @classmethod
    def of(cls, protocol: Protocol, books: Library) -> Readying:
        """Find the files."""
        chosen = protocol.choices
        lists: dict[str, Checklist] = {
            step: books.get(id, Checklist, chosen.get(id)) for step, id in protocol.checklists.items()
        }
        asked = {
            f.source.formula for c in lists.values() for f in c.facts.values() if isinstance(f.source, FromFormula)
        }
        washout = (
            None if protocol.washout is None else books.get(protocol.washout, Washout, chosen.get(protocol.washout))
        )
        return cls(protocol, washout, lists, {id: books.get(id, Formula, chosen.get(id)) for id in sorted(asked)})

    def at(self, known: Timeline, at: datetime, plan: Plan, *, told: Mapping[str, object]) -> Ready:
        """What stands before the next step at an instant."""
        if known.course.infused_at is not None or known.milestone("death") is not None:
            return Ready()
        is_collected = known.milestone("apheresis") is not None
        waits = self.washout is not None and not is_collected
        return Ready(
            plan.labels(known, at),
            readiness(known, at, self.washout, setting=self.protocol.setting) if waits and self.washout else None,
            self._go(known, at, plan, told) if is_collected else None,
        )

    def _go(self, known: Timeline, at: datetime, plan: Plan, told: Mapping[str, object]) -> Go | None:
        has_begun = any(row.kind == "lymphodepletion" for row in known.exposures)
        has_begun = has_begun or known.milestone("lymphodepletion") is not None
        checklist = self.checklists.get("infusion" if has_begun else "lymphodepletion")
        if checklist is None:
            return None
        asked = {name for name, fact in checklist.facts.items() if fact.may_be_told}
        mine: dict[str, Any] = {name: value for name, value in told.items() if name in asked}
        return go(
            known,
            checklist,
            at,
            told=mine,
            computed={"gap_after_lymphodepletion": _gap(known, at, plan)},
            formulas=self.formulas,
        )


def _gap(known: Timeline, at: datetime, plan: Plan) -> Truth:
    """Whether an infusion now would lie in the window; unknown where the regimens that may hold disagree or say nothing."""
    answers = {gap.allowed for _, gap in plan.gaps(known, at)}
    return Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNKNOWN
