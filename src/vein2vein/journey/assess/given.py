"""Whether what was given is what the label, the regimen and the protocol say: product, its dose, lymphodepletion, the gap.

Place    Journey, assess.
In       A course with all its rows, the products and regimens of a library, the choices of the protocol.
Out      `Deviation`s, each with the instant from which it is known.
Knows    Each is worked out from rows up to its own instant: a dose of a day when that day is over, a product when it is given.
Missing  Only what is certain is named: where several labels or regimens may hold, all of them have to say so. A dose that
         cannot be computed is no deviation.
Does not Say whether a deviation was wrong: labels are left for good reasons, and the file shows that it happened.
Checked  tests/unit/journey/assess/test_given.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from vein2vein.basis.clock import local_date
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.phrases import agent_label, say
from vein2vein.journey.lymphodepletion.calendar import GapAnswer, gap_of
from vein2vein.journey.lymphodepletion.doses import Deviation as DoseDeviation
from vein2vein.journey.lymphodepletion.doses import DrugDose, deviation, regimen_doses
from vein2vein.journey.selection.products import DoseAnswer, label_dose, query_of
from vein2vein.knowledge.documents.dose import Deviation as CellDeviation
from vein2vein.knowledge.documents.product import LabelQuery, LabelVerdict, Product
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import Library
from vein2vein.record.timeline import Exposure, Timeline

_STREAM = "lymphodepletion"
_CELLS = "cell_product"


@dataclass(frozen=True)
class Plan:
    """The label and the regimens that a course is held against.

    Attributes:
        protocol: The protocol.
        product: The product of the course; None where no file describes it.
        regimens: Regimens for the product where the labels of the protocol count; all of the product's where none is.
        surface: Formula of body surface.
        renal: Renal policy; None where the protocol names none.
        formulas: Formulas of kidney function, by id.
        indications: Indications that any label names; another word for the disease is not looked for on labels.
    """

    protocol: Protocol
    product: Product | None
    regimens: tuple[Regimen, ...]
    surface: Formula
    renal: RenalPolicy | None
    formulas: dict[str, Formula]
    indications: frozenset[str]

    @classmethod
    def of(cls, timeline: Timeline, protocol: Protocol, books: Library) -> Plan:
        """Find the files for a course under a protocol."""
        chosen, id = protocol.choices, timeline.course.product
        product = next((p for p in books.of(Product) if p.id in {id, f"{id}.product"}), None)
        mine = [r for r in books.of(Regimen) if id is not None and id in r.products]
        here = [r for r in mine if protocol.jurisdiction_of_labels in r.jurisdiction]
        policy = protocol.renal_policy
        return cls(
            protocol,
            product,
            tuple(here or mine),
            books.get(protocol.surface, Formula, chosen.get(protocol.surface)),
            None if policy is None else books.get(policy, RenalPolicy, chosen.get(policy)),
            {id: books.get(id, Formula, chosen.get(id)) for id in protocol.clearances},
            frozenset(label.indication for p in books.of(Product) for label in p.labels),
        )

    def labels(self, known: Timeline, at: datetime) -> tuple[LabelVerdict, ...]:
        """Label rows of the product that hold or may hold at an instant."""
        if self.product is None:
            return ()
        query = query_of(known, at, self.protocol.jurisdiction_of_labels)
        if query.indication not in self.indications:
            query = replace(query, indication=None)
        return self.product.labels_on(local_date(at, known.course.zone), query)

    def cells(self, known: Timeline, at: datetime, labels: Sequence[LabelVerdict]) -> tuple[DoseAnswer, ...]:
        """The dose of cells that each of some label rows plans."""
        if self.product is None:
            return ()
        basis = self.protocol.weight_basis
        return tuple(label_dose(known, at, self.product, v.label, weight_basis=basis) for v in labels)

    def depletion(self, known: Timeline, at: datetime) -> tuple[tuple[Regimen, tuple[DrugDose, ...]], ...]:
        """Computed daily doses of each regimen at an instant."""
        questions = Questions(known, at)
        return tuple((regimen, self.doses(questions, regimen)) for regimen in self.regimens)

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

    def gaps(self, known: Timeline, infusion: datetime) -> tuple[tuple[Regimen, GapAnswer], ...]:
        """The gap between the last dose of lymphodepletion and an infusion, by each regimen that gives the same drugs."""
        rows = [row for row in _rows(known, _STREAM) if row.started_at <= infusion]
        if not rows:
            return ()
        last = max(row.started_at for row in rows)
        return tuple((r, gap_of(r, last, infusion, known.course.zone)) for r in self.like(rows))

    def like(self, rows: Sequence[Exposure]) -> tuple[Regimen, ...]:
        """Regimens of exactly the drugs that were given."""
        drugs = {row.agent for row in rows}
        return tuple(r for r in self.regimens if {drug.drug for drug in r.drugs} == drugs)


def given_otherwise(timeline: Timeline, plan: Plan) -> tuple[Deviation, ...]:
    """Everything given otherwise than label, regimen and protocol say, in order of time."""
    found = [*_lymphodepletion(timeline, plan), *_window(timeline, plan), *_product(timeline, plan)]
    return tuple(sorted(found, key=lambda d: (d.at, d.file, d.what)))


def as_known(found: Sequence[Deviation], at: datetime) -> tuple[Deviation, ...]:
    """Those known at an instant, with rows as they were known: what still ran had no end."""
    return tuple(replace(d, rows=tuple(_cut(row, at) for row in d.rows)) for d in found if d.at <= at)


def _cut(row: Row, at: datetime) -> Row:
    is_open = isinstance(row, Exposure) and row.ended_at is not None and row.ended_at > at
    return replace(row, ended_at=None) if is_open and isinstance(row, Exposure) else row


def _rows(timeline: Timeline, stream: str) -> list[Exposure]:
    return [row for row in timeline.exposures if row.kind == stream]


@dataclass(frozen=True, slots=True)
class DayGiven:
    """One drug of lymphodepletion on one day beside what was computed.

    Attributes:
        day: Local calendar day.
        drug: The drug.
        milligrams: Total of the day; None where a row has no amount in mg.
        rows: Its rows.
        over: When the day was over, from which instant on the answer is known.
        beside: For each regimen of the same drugs the computed dose and how far the given one is from it.
    """

    day: date
    drug: str
    milligrams: float | None
    rows: tuple[Exposure, ...]
    over: datetime
    beside: tuple[tuple[Regimen, DrugDose, DoseDeviation], ...]

    @property
    def state(self) -> Literal["met", "not met", "not assessable"]:
        """Met where some regimen is kept, not met where none is; not assessable without an amount, a regimen or a dose."""
        levels = {found.level for _, _, found in self.beside}
        if "none" in levels:
            return "met"
        return "not met" if levels and levels <= {"flag", "stop"} else "not assessable"


def days_given(timeline: Timeline, plan: Plan) -> Iterator[DayGiven]:
    """Every drug and day of lymphodepletion."""
    zone, limits = timeline.course.zone, plan.protocol.dose_limits
    days: dict[tuple[date, str], list[Exposure]] = {}
    for row in _rows(timeline, _STREAM):
        days.setdefault((local_date(row.started_at, zone), row.agent), []).append(row)
    for (day, drug), rows in days.items():
        over = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
        total: float | None = None
        beside: list[tuple[Regimen, DrugDose, DoseDeviation]] = []
        if all(row.amount is not None and row.amount_unit == "mg" for row in rows):
            total = sum(row.amount or 0.0 for row in rows)
            same = plan.like([row for row in _rows(timeline, _STREAM) if row.started_at < over])
            questions = Questions(timeline, rows[0].started_at)
            for regimen, dose in ((r, d) for r in same for d in plan.doses(questions, r) if d.drug.drug == drug):
                found = deviation(dose, total, flag_percent=limits.flag_percent, stop_percent=limits.stop_percent)
                beside.append((regimen, dose, found))
        yield DayGiven(day, drug, total, tuple(rows), over, tuple(beside))


def _lymphodepletion(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """Daily doses that differ from the computed one by more than the protocol allows."""
    for given in days_given(timeline, plan):
        if given.state == "not met" and given.milligrams is not None:
            regimen, dose, least = min(given.beside, key=lambda one: abs(one[2].percent or 0.0))
            said = say(
                "withheld-dose" if least.percent is None else "daily-dose",
                level=say(least.level),
                drug=agent_label(_STREAM, given.drug),
                mg=f"{given.milligrams:g}",
                day=str(given.day),
                percent="" if least.percent is None else f"{least.percent:+.1f}",
                computed="" if dose.value is None else f"{dose.value:.1f}",
            )
            yield Deviation("dose", said, regimen.id, given.over, given.rows)


def _window(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """An infusion outside the window after lymphodepletion, by every regimen that gives the same drugs."""
    infused = timeline.course.infused_at
    if infused is None:
        return
    gaps = plan.gaps(timeline, infused)
    if gaps and all(gap.allowed is False for _, gap in gaps):
        rows = tuple(row for row in _rows(timeline, _STREAM) if row.started_at <= infused)
        regimen, gap = gaps[0]
        yield Deviation("outside-window", say("window", days=str(gap.days)), regimen.id, infused, rows[-1:])


def _product(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    infused, product = timeline.course.infused_at, plan.product
    if infused is None or product is None:
        return
    known = timeline.until(infused)
    where = plan.protocol.jurisdiction_of_labels
    labels = plan.labels(known, infused)
    if not labels:
        day = local_date(infused, timeline.course.zone)
        any_row = product.labels_on(day, LabelQuery(where))
        said = say("no-label", product=product.title, where=where, why=say("no-row" if any_row else "no-market"))
        rows = tuple(row for row in _rows(timeline, _CELLS) if row.started_at <= infused)
        yield Deviation("outside-label", said, product.id, infused, rows)
        return
    yield from _cells(timeline, plan, product)


@dataclass(frozen=True, slots=True)
class CellsGiven:
    """One infusion of cells, with those before it, beside the range of each label row that may hold.

    Attributes:
        row: The infusion.
        total: Cells so far in 10^6; None without an amount (or the weight that it needs).
        beside: How far the total is from each label; None where a label has no computed range.
        is_split: Whether a label plans the dose in parts, so that less than the whole may still be on its way.
    """

    row: Exposure
    total: float | None
    beside: tuple[CellDeviation | None, ...]
    is_split: bool

    @property
    def state(self) -> Literal["met", "not met", "not assessable"]:
        """Met where the total lies in some range; not met where it certainly lies in none."""
        if any(found is not None and found.is_within for found in self.beside):
            return "met"
        sure = [found for found in self.beside if found is not None and found.is_within is False]
        if not sure or len(sure) < len(self.beside) or (self.is_split and any(found.percent < 0 for found in sure)):
            return "not assessable"
        return "not met"


def cells_given(timeline: Timeline, plan: Plan) -> Iterator[CellsGiven]:
    """Every infusion of the product."""
    infused, product, basis = timeline.course.infused_at, plan.product, plan.protocol.weight_basis
    if infused is None or product is None:
        return
    labels, total = plan.labels(timeline.until(infused), infused), 0.0
    for row in (r for r in _rows(timeline, _CELLS) if r.agent == timeline.course.product):
        planned = [label_dose(timeline, row.started_at, product, v.label, weight_basis=basis).planned for v in labels]
        amount = _million(row, next((p.weight for p in planned if p.weight is not None), None))
        if amount is None:
            yield CellsGiven(row, None, (), is_split=False)
            return
        total += amount
        is_split = any(p.parts for p in planned)
        yield CellsGiven(row, total, tuple(p.deviation(total) for p in planned), is_split=is_split)


def _cells(timeline: Timeline, plan: Plan, product: Product) -> Iterator[Deviation]:
    for given in cells_given(timeline, plan):
        if given.state == "not met":
            least = min((found for found in given.beside if found is not None), key=lambda found: abs(found.percent))
            said = say("cells", product=product.title, cells=f"{given.total:g}", percent=f"{least.percent:+.1f}")
            yield Deviation("dose", said, product.id, given.row.started_at, (given.row,))


def _million(row: Exposure, weight: float | None) -> float | None:
    if row.amount is None:
        return None
    if row.amount_unit == "10*6/kg":
        return None if weight is None else row.amount * weight
    return row.amount if row.amount_unit == "10*6" else None
