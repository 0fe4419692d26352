"""The label, the regimens and the choices of a protocol that a course is held against.

Place    Journey, assess. Read by every part that compares what was given with what was planned.
In       A course, a protocol, a library.
Out      `Plan`: label rows that hold or may hold, regimens, doses of cells and of lymphodepletion, the gap before the infusion.
Knows    Regimens are those that the label rows name. Where a row names none, those of the product's rows for the same disease
         elsewhere stand in, and where there are none either, all of the product's; `Lent` says so beside every one of them.
Missing  A dose that lacks an input is not computed; a disease that no label names leaves every row of the product open.
Checked  tests/unit/journey/assess/test_given.py, test_depletion.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from vein2vein.basis.clock import local_date
from vein2vein.basis.messages import LANGUAGES
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.phrases import place_name, say
from vein2vein.journey.lymphodepletion.calendar import GapAnswer, gap_of
from vein2vein.journey.lymphodepletion.doses import DrugDose, regimen_doses
from vein2vein.journey.selection.products import DoseAnswer, GateAnswer, gates, label_dose, query_of
from vein2vein.knowledge.documents.product import Label, LabelVerdict, Product
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import Library
from vein2vein.record.timeline import Exposure, Timeline

LYMPHODEPLETION: Final = "lymphodepletion"
CELLS: Final = "cell_product"


@dataclass(frozen=True, slots=True)
class Lent:
    """Why a regimen that no label row in force names stands in.

    Attributes:
        label: Jurisdictions of the regimen's own label.
        here: Jurisdiction whose label rows were asked.
        silent: The row that holds or may hold here and names no regimen; None where no row fits at all.
    """

    label: tuple[str, ...]
    here: str
    silent: str | None

    @property
    def said(self) -> dict[str, str]:
        """Whose regimen stands in, and why, by language."""
        names = [place_name(place) for place in self.label]
        label: dict[str, str] = {
            language: "/".join(name.get(language, name["en"]) for name in names) for language in LANGUAGES
        }
        if self.silent is None:
            return say("lent", label=label, here=place_name(self.here))
        return say("lent-row", label=label, here=place_name(self.here), row=self.silent)


@dataclass(frozen=True)
class Plan:
    """The label and the regimens that a course is held against.

    Attributes:
        protocol: The protocol.
        product: The product of the course; None where no file describes it.
        known: Every regimen of the library, by id.
        surface: Formula of body surface.
        renal: Renal policy; None where the protocol names none.
        formulas: Formulas of kidney function, by id.
        indications: Indications that any label names; another word for the disease is not looked for on labels.
    """

    protocol: Protocol
    product: Product | None
    known: dict[str, Regimen]
    surface: Formula
    renal: RenalPolicy | None
    formulas: dict[str, Formula]
    indications: frozenset[str]

    @classmethod
    def of(cls, timeline: Timeline, protocol: Protocol, books: Library) -> Plan:
        """Find the files for a course under a protocol."""
        chosen, id = protocol.choices, timeline.course.product
        policy = protocol.renal_policy
        return cls(
            protocol,
            next((p for p in books.of(Product) if p.id in {id, f"{id}.product"}), None),
            {regimen.id: regimen for regimen in books.of(Regimen)},
            books.get(protocol.surface, Formula, chosen.get(protocol.surface)),
            None if policy is None else books.get(policy, RenalPolicy, chosen.get(policy)),
            {id: books.get(id, Formula, chosen.get(id)) for id in protocol.clearances},
            frozenset(label.indication for p in books.of(Product) for label in p.labels),
        )

    def under(self, policy: RenalPolicy, books: Library) -> Plan:
        """The same plan under another renal policy, with the formula that it asks for."""
        id = policy.clearance
        return replace(self, renal=policy, formulas={id: books.get(id, Formula, self.protocol.choices.get(id))})

    def labels(self, known: Timeline, at: datetime, *, questions: Questions | None = None) -> tuple[LabelVerdict, ...]:
        """Label rows of the product that hold or may hold at an instant; `questions` are those of the instant, if made."""
        if self.product is None:
            return ()
        where = self.protocol.jurisdiction_of_labels
        query = query_of(known, at, where, questions=questions, products=(self.product,))
        if query.indication not in self.indications:
            query = replace(query, indication=None)
        return self.product.labels_on(local_date(at, known.course.zone), query)

    def gates(self, known: Timeline, at: datetime, *, questions: Questions | None = None) -> tuple[GateAnswer, ...]:
        """Typing gates of the product at an instant; `questions` are those of the instant, if made."""
        if self.product is None or not self.product.gates:
            return ()
        return gates(known, at, self.product, self.protocol.jurisdiction_of_labels, questions=questions)

    def cells(self, known: Timeline, at: datetime, labels: Sequence[LabelVerdict]) -> tuple[DoseAnswer, ...]:
        """The dose of cells that each of some label rows plans."""
        if self.product is None:
            return ()
        basis = self.protocol.weight_basis
        return tuple(label_dose(known, at, self.product, v.label, weight_basis=basis) for v in labels)

    def regimens(self, known: Timeline, at: datetime, *, questions: Questions | None = None) -> tuple[Regimen, ...]:
        """Regimens that the label rows of an instant name, and those of a centre for the product that no label names."""
        return tuple(regimen for regimen, _ in self.sourced(known, at, questions=questions))

    def lent(self, known: Timeline, at: datetime) -> dict[str, Lent]:
        """Regimens of an instant that no label row in force names, by id, with why they stand in."""
        return {regimen.id: lent for regimen, lent in self.sourced(known, at) if lent is not None}

    def sourced(
        self,
        known: Timeline,
        at: datetime,
        *,
        questions: Questions | None = None,
        verdicts: Sequence[LabelVerdict] | None = None,
    ) -> tuple[tuple[Regimen, Lent | None], ...]:
        """Regimens of an instant, each with why it stands in; None where a label row in force names it, or a centre.

        `verdicts` are the label rows of the instant, if asked before.
        """
        product, here = known.course.product, self.protocol.jurisdiction_of_labels
        mine = tuple(r for r in self.known.values() if product is not None and product in r.products)
        rows = self.product.labels if self.product is not None else ()
        named = {id for row in rows for id in row.lymphodepletion}
        verdicts = self.labels(known, at, questions=questions) if verdicts is None else verdicts
        whole = tuple((r, Lent(r.jurisdiction, here, None) if r.id in named else None) for r in mine)
        if not verdicts:
            return whole
        stated = {id for verdict in verdicts for id in verdict.label.lymphodepletion}
        silent = {id: v.label.row for v in verdicts if not v.label.lymphodepletion for id in _named(v.label, rows)}
        ids = dict.fromkeys(id for verdict in verdicts for id in _named(verdict.label, rows))
        found = tuple(
            (r, None if r.id in stated else Lent(r.jurisdiction, here, silent[r.id]))
            for r in (self.known[id] for id in ids if id in self.known)
        )
        own = tuple((r, None) for r in mine if r.id not in named and here in r.jurisdiction)
        return (*own, *found) or whole

    def depletion(self, known: Timeline, at: datetime) -> tuple[tuple[Regimen, tuple[DrugDose, ...]], ...]:
        """Computed daily doses of each regimen at an instant."""
        asked = Questions(known, at)
        return tuple((r, self.doses(asked, r)) for r in self.regimens(known, at, questions=asked))

    def doses(self, questions: Questions, regimen: Regimen) -> tuple[DrugDose, ...]:
        """Computed daily doses of a regimen at the instant of the questions."""
        return regimen_doses(
            questions,
            regimen,
            self.surface,
            policy=self.renal,
            formulas=self.formulas,
            weight=Latest(take="latest", observation="weight"),
        )

    def gaps(
        self, known: Timeline, infusion: datetime, *, questions: Questions | None = None
    ) -> tuple[tuple[Regimen, GapAnswer], ...]:
        """The gap between the last dose of lymphodepletion and an infusion, by each regimen that gives the same drugs."""
        rows = [row for row in rows_of(known, LYMPHODEPLETION) if row.started_at <= infusion]
        if not rows:
            return ()
        last, drugs = max(row.started_at for row in rows), {row.agent for row in rows}
        regimens = self.regimens(known, infusion, questions=questions)
        same = (r for r in regimens if {drug.drug for drug in r.drugs} == drugs)
        return tuple((r, gap_of(r, last, infusion, known.course.zone)) for r in same)


def _named(label: Label, rows: Sequence[Label]) -> tuple[str, ...]:
    """Regimens of a label row; where it names none, those of rows for the same disease elsewhere, or of any row."""
    if label.lymphodepletion:
        return label.lymphodepletion
    same = tuple(id for row in rows if row.indication == label.indication for id in row.lymphodepletion)
    return same or tuple(id for row in rows for id in row.lymphodepletion)


def rows_of(timeline: Timeline, stream: str) -> list[Exposure]:
    """Exposures of one stream, in their order."""
    return [row for row in timeline.exposures if row.kind == stream]


def million(row: Exposure, weight: float | None) -> float | None:
    """Cells of an infusion in 10^6; `weight` in kg is for amounts per kg. None without an amount, or a weight it needs."""
    if row.amount is None:
        return None
    if row.amount_unit == "10*6/kg":
        return None if weight is None else row.amount * weight
    return row.amount if row.amount_unit == "10*6" else None
