"""What was given and could not be held against the files, with what that needs: silence must not read as "as planned".

Place    Journey, assess.
In       A course, its `Plan`, parts of its dose and drugs against toxicity beside the files.
Out      `Unjudged`, each with the instant from which it is known.
Knows    Daily doses of lymphodepletion, drugs and days of its last round, cells, parts of a split dose, the label, and doses of
         drugs against toxicity.
Missing  What is on no record at all is not listed: nothing was given that could be judged. Lists before a step and wash-outs say
         what they lack while the step is still to come.
Checked  tests/unit/journey/assess/test_unjudged.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.depletion import days_given, round_kept
from vein2vein.journey.assess.given import CellsGiven, as_rows_known, cells_given
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.parts import PartKept
from vein2vein.journey.assess.phrases import agent_label, listed, say, words
from vein2vein.journey.assess.plan import LYMPHODEPLETION, Plan
from vein2vein.journey.assess.supportive import DrugKept
from vein2vein.knowledge.documents.product import Product
from vein2vein.record.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Unjudged:
    """One thing that was done and could not be judged.

    Attributes:
        said: What, by language.
        days: Local days on which it was done.
        needs: What judging it needs, by language.
        file: The file that it would be held against.
        at: From when on it is known.
        rows: The rows that show it.
    """

    said: Mapping[str, str]
    days: tuple[date, ...]
    needs: Mapping[str, str]
    file: str
    at: datetime
    rows: tuple[Row, ...]


def unjudged(
    timeline: Timeline, plan: Plan, *, parts: Iterable[PartKept], drugs: Iterable[DrugKept]
) -> tuple[Unjudged, ...]:
    """Everything given that could not be judged, in order of time."""
    product, zone = plan.product, timeline.course.zone
    found = [*_depletion(timeline, plan), *_product(timeline, plan), *_parts(product, parts), *_drugs(zone, drugs)]
    return tuple(sorted(found, key=lambda one: (one.at, one.file, one.said["en"])))


def unjudged_at(found: Sequence[Unjudged], at: datetime) -> tuple[Unjudged, ...]:
    """What is known of it at an instant; the same on several days, for want of the same, is one."""
    same: dict[tuple[str, str, str], Unjudged] = {}
    for one in found:
        if one.at <= at:
            key = one.file, one.said["en"], one.needs["en"]
            first = same.get(key)
            days, rows = ((), ()) if first is None else (first.days, first.rows)
            same[key] = replace(first or one, days=(*days, *one.days), rows=(*rows, *one.rows))
    return tuple(replace(one, rows=as_rows_known(one.rows, at)) for one in same.values())


def _depletion(timeline: Timeline, plan: Plan) -> Iterator[Unjudged]:
    for given in days_given(timeline, plan):
        known = plan.regimens(timeline.until(given.over), given.rows[0].started_at)
        if given.state != "not assessable" or not any(d.drug == given.drug for r in known for d in r.drugs):
            # A drug of no regimen is a departure of its own.
            continue
        drug, mg = agent_label(LYMPHODEPLETION, given.drug), given.milligrams
        said = say("open-day-amount", drug=drug) if mg is None else say("open-day", drug=drug, mg=f"{mg:g}")
        file = next((regimen.id for regimen, _, _ in given.beside), plan.protocol.id)
        yield Unjudged(said, (given.day,), given.needs, file, given.over, given.rows)
    whole, infused = round_kept(timeline, plan), timeline.course.infused_at
    if whole is not None and whole.truth is Truth.UNKNOWN and infused is not None:
        yield Unjudged(say("open-round"), (), words("need", "charting"), whole.regimen, infused, whole.rows)


def _product(timeline: Timeline, plan: Plan) -> Iterator[Unjudged]:
    infused, product = timeline.course.infused_at, plan.product
    if infused is None or product is None:
        return
    labels = plan.labels(timeline.until(infused), infused)
    if labels and all(verdict.truth is Truth.UNKNOWN for verdict in labels):
        needs = listed(label_of(product, name) for verdict in labels for name in verdict.missing)
        yield Unjudged(say("open-label", product=product.title), (), needs, product.id, infused, ())
    for given in cells_given(timeline, plan):
        lacks = lacks_of_cells(given, plan) if given.state == "not assessable" else []
        if lacks:
            day = local_date(given.row.started_at, timeline.course.zone)
            said = say("open-cells", product=product.title)
            yield Unjudged(said, (day,), listed(lacks), product.id, given.row.started_at, (given.row,))


def lacks_of_cells(given: CellsGiven, plan: Plan, *, counted: bool = False) -> list[Mapping[str, str]]:
    """Why cells could not be judged; nothing where parts of the dose are still on their way.

    Where they are `counted` over courses, the same reason has the same words in each.
    """
    weight = words("need", "weight-at-apheresis" if plan.protocol.weight_basis == "apheresis" else "weight")
    if given.total is None:
        return [words("need", "amount") if given.row.amount is None else weight]
    lacks: list[Mapping[str, str]] = []
    for planned, beside in zip(given.planned, given.beside, strict=True):
        if "weight" in planned.missing:
            lacks.append(weight)
        elif planned.problem is not None:
            lacks.append(words("need", "no-dose"))
        elif beside is not None and beside.is_within is None and not planned.parts:
            lacks.append(say("target-only") if counted else say("open-target", percent=f"{beside.percent:+.1f}"))
    return lacks


def _parts(product: Product | None, parts: Iterable[PartKept]) -> Iterator[Unjudged]:
    for part in parts:
        for dose in part.open[:1]:
            rule, planned = dose.rule, dose.planned.parts[part.number - 1]
            if product is None or rule is None:
                continue
            n, cells = str(part.number), f"{part.given.cells:g}"
            said = say("open-part", product=product.title, n=n, cells=cells, planned=f"{planned.target:g}")
            needs = say("marrow-fresh", days=f"{rule.blasts_sampled_within_days or 0:g}")
            yield Unjudged(said, (part.given.on,), needs, product.id, part.given.at, part.given.rows)


def _drugs(zone: str, drugs: Iterable[DrugKept]) -> Iterator[Unjudged]:
    for kept in drugs:
        said = say("open-drug", drug=kept.drug.name)
        for row, needs in kept.open:
            yield Unjudged(said, (local_date(row.started_at, zone),), needs, kept.drug.id, row.started_at, (row,))
