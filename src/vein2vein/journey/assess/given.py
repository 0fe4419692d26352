"""Whether what was given is what the label and the protocol say: product, typing, cells.

Place    Journey, assess.
In       A course with all its rows, its `Plan`.
Out      `Deviation`s, each with the instant from which it is known; those of lymphodepletion among them.
Knows    Each is worked out from rows up to its own instant: a product when it is given.
Missing  Only what is certain is named: where several labels may hold, all of them have to say so. A dose that cannot be
         computed is no deviation; a type that nobody looked for is none either.
Does not Say whether a deviation was wrong: labels are left for good reasons, and the file shows that it happened.
Checked  tests/unit/journey/assess/test_given.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth, all_of
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.depletion import lymphodepleted_otherwise
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.phrases import gate_words, say
from vein2vein.journey.assess.plan import CELLS, Plan, million, rows_of
from vein2vein.journey.selection.products import label_dose
from vein2vein.knowledge.documents.dose import Deviation as CellDeviation
from vein2vein.knowledge.documents.dose import PlannedDose
from vein2vein.knowledge.documents.product import LabelQuery, Product
from vein2vein.record.timeline import Exposure, Timeline


def given_otherwise(timeline: Timeline, plan: Plan) -> tuple[Deviation, ...]:
    """Everything given otherwise than label, regimen and protocol say, in order of time."""
    found = [*lymphodepleted_otherwise(timeline, plan), *_product(timeline, plan)]
    return tuple(sorted(found, key=lambda d: (d.at, d.file, d.what)))


def as_known(found: Sequence[Deviation], at: datetime) -> tuple[Deviation, ...]:
    """Those known at an instant, with rows as they were known: what still ran had no end."""
    return tuple(replace(d, rows=as_rows_known(d.rows, at)) for d in found if d.at <= at)


def as_rows_known(rows: Sequence[Row], at: datetime) -> tuple[Row, ...]:
    """Rows as they were known at an instant: what still ran had no end."""
    return tuple(_cut(row, at) for row in rows)


def _cut(row: Row, at: datetime) -> Row:
    is_open = isinstance(row, Exposure) and row.ended_at is not None and row.ended_at > at
    return replace(row, ended_at=None) if is_open and isinstance(row, Exposure) else row


def _product(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    infused, product = timeline.course.infused_at, plan.product
    if infused is None or product is None:
        return
    known = timeline.until(infused)
    yield from _typing(known, infused, plan, product)
    where = plan.protocol.jurisdiction_of_labels
    labels = plan.labels(known, infused)
    if not labels:
        day = local_date(infused, timeline.course.zone)
        any_row = product.labels_on(day, LabelQuery(where))
        said = say("no-label", product=product.title, where=where, why=say("no-row" if any_row else "no-market"))
        rows = tuple(row for row in rows_of(timeline, CELLS) if row.started_at <= infused)
        yield Deviation("outside-label", said, product.id, infused, rows)
        return
    yield from _cells(timeline, plan, product)


def _typing(known: Timeline, infused: datetime, plan: Plan, product: Product) -> Iterator[Deviation]:
    """Typing that certainly does not let the product work."""
    for answer in plan.gates(known, infused):
        if answer.met is Truth.FALSE:
            said = say("typing", product=product.title, gate=gate_words(answer.gate))
            yield Deviation("outside-label", said, product.id, infused, answer.because)


def typed(known: Timeline, infused: datetime, plan: Plan) -> Truth | None:
    """Whether every typing gate of the product was met at the infusion; None for a product without gates."""
    answers = plan.gates(known, infused)
    return all_of(answer.met for answer in answers) if answers else None


@dataclass(frozen=True, slots=True)
class CellsGiven:
    """One infusion of cells, with those before it, beside the range of each label row that may hold.

    Attributes:
        row: The infusion.
        total: Cells so far in 10^6; None without an amount (or the weight that it needs).
        beside: How far the total is from each label; None where a label has no computed range.
        is_split: Whether a label plans the dose in parts, so that less than the whole may still be on its way.
        planned: The dose of each of these label rows.
    """

    row: Exposure
    total: float | None
    beside: tuple[CellDeviation | None, ...]
    is_split: bool
    planned: tuple[PlannedDose, ...]

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
    for row in (r for r in rows_of(timeline, CELLS) if r.agent == timeline.course.product):
        planned = [label_dose(timeline, row.started_at, product, v.label, weight_basis=basis).planned for v in labels]
        amount = million(row, next((p.weight for p in planned if p.weight is not None), None))
        if amount is None:
            yield CellsGiven(row, None, (), is_split=False, planned=tuple(planned))
            return
        total += amount
        is_split = any(p.parts for p in planned)
        yield CellsGiven(
            row, total, tuple(p.deviation(total) for p in planned), is_split=is_split, planned=tuple(planned)
        )


def _cells(timeline: Timeline, plan: Plan, product: Product) -> Iterator[Deviation]:
    for given in cells_given(timeline, plan):
        if given.state == "not met":
            least = min((found for found in given.beside if found is not None), key=lambda found: abs(found.percent))
            said = say("cells", product=product.title, cells=f"{given.total:g}", percent=f"{least.percent:+.1f}")
            yield Deviation("dose", said, product.id, given.row.started_at, (given.row,))
