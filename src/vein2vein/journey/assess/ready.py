"""What stands before the next step of a course: the label, typing, the wash-out, go or no go, the next part of a dose.

Place    Journey, assess.
In       A timeline cut off at an instant, the files that the protocol names, what people say.
Out      `Ready`: label rows that hold or may hold, the wash-out before the first apheresis, the list of the step that is next.
Knows    After the infusion only the next part of a split dose is open.
Missing  A list answers "settle first" while anything on it is unknown.
Checked  tests/unit/journey/assess/test_assess.py; tests/unit/report/test_handover_before.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.parts import PartDue, next_part
from vein2vein.journey.assess.plan import Lent, Plan
from vein2vein.journey.assess.stopped import Stops
from vein2vein.journey.bridging import Stopping, stopping
from vein2vein.journey.collection.washout import Readiness, readiness
from vein2vein.journey.guidance.grades import Grades
from vein2vein.journey.infusion.go import Go, go
from vein2vein.journey.lymphodepletion.doses import DrugDose
from vein2vein.journey.selection.products import DoseAnswer, GateAnswer
from vein2vein.journey.stages.scored import began
from vein2vein.knowledge.decisions import FromFormula
from vein2vein.knowledge.documents.bridging import BridgingOption, BridgingOptions
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.documents.product import LabelVerdict, Product
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library

_Depletion = tuple[Regimen, tuple[DrugDose, ...]]


@dataclass(frozen=True, slots=True)
class Ready:
    """What stands before the next step.

    Attributes:
        labels: Label rows of the product that hold or may hold now; empty after the infusion.
        washout: From when cells may be collected; None once they were, and without a document.
        product: The product; None where no file describes it.
        doses: The dose of cells by each of these rows, with the weight basis of the protocol.
        depletion: Daily doses of each regimen of the product, with the renal policy of the protocol; none once it has begun.
        lent: Those of these regimens that no label row in force names, by id, with why they stand in.
        stopping: What of bridging has to stop before lymphodepletion, and until when; None where it has begun.
        bridging: Options that the protocol's list names for the disease, between collection and lymphodepletion.
        gates: Typing gates of the product.
        parts: After the first infusion of a split dose: the next part, by each label row and split that may hold.
        go: The list before lymphodepletion or before thawing, whichever is next; None before collection and after infusion.
    """

    labels: tuple[LabelVerdict, ...] = ()
    washout: Readiness | None = None
    go: Go | None = None
    stopping: Stopping | None = None
    bridging: tuple[BridgingOption, ...] = ()
    product: Product | None = None
    doses: tuple[DoseAnswer, ...] = ()
    depletion: tuple[tuple[Regimen, tuple[DrugDose, ...]], ...] = ()
    gates: tuple[GateAnswer, ...] = ()
    parts: tuple[PartDue, ...] = ()
    lent: Mapping[str, Lent] = field(default_factory=dict)


@dataclass(frozen=True)
class Readying:
    """The files of a protocol that are asked before the infusion."""

    protocol: Protocol
    washout: Washout | None
    checklists: Mapping[str, Checklist]
    formulas: Mapping[str, Formula]
    before_lymphodepletion: Washout | None
    bridging: BridgingOptions | None

    @property
    def stops(self) -> Stops:
        """The files that say what had to stop before a step, and what forbade it."""
        return Stops(self.protocol, self.washout, self.before_lymphodepletion, self.checklists, self.formulas)

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

        def washout(id: str | None) -> Washout | None:
            return None if id is None else books.get(id, Washout, chosen.get(id))

        options = protocol.bridging
        return cls(
            protocol,
            washout(protocol.washout),
            lists,
            {id: books.get(id, Formula, chosen.get(id)) for id in sorted(asked)},
            washout(protocol.before_lymphodepletion),
            None if options is None else books.get(options, BridgingOptions, chosen.get(options)),
        )

    def at(
        self,
        questions: Questions,
        at: datetime,
        plan: Plan,
        *,
        told: Mapping[str, object],
        grades: Grades,
        doses: Sequence[DoseAnswer],
    ) -> Ready:
        """What stands before the next step at the instant of questions.

        `grades` and the `split_doses` of the course decide about the next part of a dose.
        """
        known = questions.timeline
        if known.milestone("death") is not None:
            return Ready()
        if known.course.infused_at is not None:
            return Ready(product=plan.product, parts=next_part(known, at, plan, grades, doses=doses))
        is_collected = known.milestone("apheresis") is not None
        waits = self.washout is not None and not is_collected
        bridges = is_collected and began(known, at) is None
        before = self.before_lymphodepletion
        labels = plan.labels(known, at, questions=questions)
        regimens = plan.sourced(known, at, verdicts=labels) if began(known, at) is None else ()
        depletion = tuple((regimen, plan.doses(questions, regimen)) for regimen, _ in regimens)
        return Ready(
            labels,
            readiness(known, at, self.washout, setting=self.protocol.setting) if waits and self.washout else None,
            self._go(questions, at, plan, told, depletion=depletion) if is_collected else None,
            stopping(known, at, before, at) if bridges and before is not None else None,
            self.bridging.of(known.course.indication) if bridges and self.bridging is not None else (),
            plan.product,
            plan.cells(known, at, labels),
            depletion,
            plan.gates(known, at, questions=questions),
            lent={regimen.id: lent for regimen, lent in regimens if lent is not None},
        )

    def _go(
        self,
        questions: Questions,
        at: datetime,
        plan: Plan,
        told: Mapping[str, object],
        *,
        depletion: Sequence[_Depletion],
    ) -> Go | None:
        known = questions.timeline
        checklist = self.checklists.get("lymphodepletion" if began(known, at) is None else "infusion")
        if checklist is None:
            return None
        mine: dict[str, Any] = {name: value for name, value in told.items() if name in checklist.to_be_told}
        return go(
            known,
            checklist,
            at,
            told=mine,
            computed={
                "gap_after_lymphodepletion": _gap(questions, at, plan),
                "dose_under_policy": _dosed(plan, depletion),
            },
            formulas=self.formulas,
            questions=questions,
        )


def _dosed(plan: Plan, depletion: Sequence[_Depletion]) -> Truth:
    """Whether the drugs that the kidney clears have a dose under the policy of the protocol, in every regimen that may hold."""
    doses = [dose for _, drugs in depletion for dose in drugs if dose.drug.renal]
    if plan.renal is None:
        return Truth.UNKNOWN
    return Truth.TRUE if doses and not any(dose.needs for dose in doses) else Truth.UNKNOWN


def _gap(questions: Questions, at: datetime, plan: Plan) -> Truth:
    """Whether an infusion now would lie in the window; unknown where the regimens that may hold disagree or say nothing."""
    answers = {gap.allowed for _, gap in plan.gaps(questions.timeline, at, questions=questions)}
    return Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNKNOWN
