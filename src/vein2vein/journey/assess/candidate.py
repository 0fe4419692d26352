"""Everything that is asked before cells are collected: labels, limits, typing, wash-out, markers, counts, volume, sizes, doses.

Place    Journey, assess. Read by the command line.
In       A timeline, a protocol, the planned collection, an instant.
Out      `Candidate`.
Knows    Nothing after the instant. Limits of trials are columns to compare with, not gates of care. Nothing is chosen in silence:
         body surface by every formula and fludarabine under every policy of the library stand side by side.
Missing  What a value needs is named with it.
Does not Choose a product, a policy or a day.
Checked  tests/unit/journey/assess/test_candidate.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from vein2vein.basis.clock import local_date
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.plan import Lent, Plan
from vein2vein.journey.assess.ready import Readying
from vein2vein.journey.collection.markers import MarkerAnswer, markers
from vein2vein.journey.collection.plan import VolumeAnswer, start_counts, volumes
from vein2vein.journey.collection.washout import Readiness, readiness
from vein2vein.journey.lymphodepletion.doses import DrugDose
from vein2vein.journey.selection.criteria import Eligibility, State, eligibility_ids, side_by_side
from vein2vein.journey.selection.products import GateAnswer, Offer, gates, offers, query_of
from vein2vein.journey.stages.asking import FormulaAnswer, ask_formula
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.record.timeline import Observation, Timeline

SIZES = ("body-size", "kidney-function")
CLEARANCE: Final = "creatinine_clearance"


@dataclass(frozen=True, slots=True)
class ByFormula:
    """What a criterion would say of a clearance that a formula gives; no recorded value, and shown as what it is."""

    answer: FormulaAnswer
    state: State


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient before collection, at an instant.

    Attributes:
        timeline: The course, cut off at the instant.
        at: The instant.
        planned: The planned collection.
        protocol: The protocol whose labels, wash-out and limits count.
        offers: Products whose label holds or may hold here, certain ones first.
        selection: The limits that the protocol names.
        trials: All other limits that are known, to compare with.
        gates: Typing gates of the products offered, by product id; none where a product has none.
        washout: The wash-out of the protocol; None where it names none.
        markers: Markers of infection for the planned collection.
        counts: Whether the counts allow a collection to start.
        volumes: Litres to process for the target, by collection efficiency.
        sizes: Body surface and kidney function by every formula.
        doses: Policy id -> regimen -> daily doses, for the regimens of the course's product.
        lent: Those of these regimens that no label row in force names, by id, with why they stand in.
        kidney: Rule set and criterion that need a clearance nobody recorded -> what each formula of the protocol makes of it.
    """

    timeline: Timeline
    at: datetime
    planned: datetime
    protocol: Protocol
    offers: tuple[Offer, ...]
    selection: tuple[Eligibility, ...]
    trials: tuple[Eligibility, ...]
    gates: dict[str, tuple[GateAnswer, ...]]
    washout: Readiness | None
    markers: tuple[MarkerAnswer, ...]
    counts: Eligibility
    volumes: tuple[VolumeAnswer, ...]
    sizes: tuple[FormulaAnswer, ...]
    doses: dict[str, tuple[tuple[Regimen, tuple[DrugDose, ...]], ...]]
    lent: dict[str, Lent]
    kidney: dict[tuple[str, str], tuple[ByFormula, ...]]


def candidate(  # noqa: PLR0913  (the options of the one question, all named)
    timeline: Timeline,
    protocol: Protocol,
    at: datetime,
    *,
    planned: datetime | None = None,
    target_cd3: float,
    efficiencies: Sequence[float],
    told: Mapping[str, bool] | None = None,
    subtype: str | None = None,
    registry: Registry | None = None,
    library: Library | None = None,
) -> Candidate:
    """What is known of a patient before collection.

    Args:
        timeline: The course; rows after `at` are cut off.
        protocol: The protocol.
        at: Aware instant of the question.
        planned: Planned collection; the instant when None.
        target_cd3: Target of the collection, 10^9 CD3 cells.
        efficiencies: Collection efficiencies to show, each from 0 to 1.
        told: Conditions of labels that somebody confirmed or denied, by id; what the record contradicts stays open.
        subtype: Slug of the subtype of the disease, for labels that leave some out; None where nobody said.
        registry: Where rule sets are looked up; those of the package when None.
        library: Where documents are looked up; those of the package when None.

    Raises:
        KnowledgeError: RULE-003 or RULE-004.
    """
    rules, books = registry or default_registry(), library or default_library()
    known, when = timeline.until(at), planned or at
    plan, documents = Plan.of(known, protocol, books), Readying.of(protocol, books)
    where, day = protocol.jurisdiction_of_labels, local_date(when, timeline.course.zone)
    query = query_of(known, at, where, told=told, subtype=subtype, products=books.of(Product))
    offered = offers(on=day, query=query, library=books)
    products: dict[str, Product] = {offer.product.id: offer.product for offer in offered}
    found = {id: gates(known, at, product, where) for id, product in products.items()}
    others = [id for id in eligibility_ids(rules) if id not in protocol.selection]
    washout = documents.washout
    mine = side_by_side(known, at, protocol.selection, registry=rules)
    trials = side_by_side(known, at, others, registry=rules)
    formulas = (books.get(id, Formula, protocol.choices.get(id)) for id in protocol.clearances)
    asked = (ask_formula(Questions(known, at), formula) for formula in formulas)
    unit = observation_kind(CLEARANCE).unit
    clearances = tuple(one for one in asked if one.value is not None and one.formula.result.unit == unit)
    return Candidate(
        known,
        at,
        when,
        protocol,
        offered,
        mine,
        trials,
        {id: answers for id, answers in found.items() if answers},
        None if washout is None else readiness(known, at, washout, setting=protocol.setting),
        () if washout is None else markers(known, at, washout, when),
        start_counts(known, at, registry=rules),
        volumes(known, at, target_cd3=target_cd3, efficiencies=efficiencies, library=books),
        tuple(ask_formula(Questions(known, at), formula) for formula in books.of(Formula) if formula.about in SIZES),
        {policy.id: plan.under(policy, books).depletion(known, at) for policy in books.of(RenalPolicy)},
        plan.lent(known, at),
        _by_formula(known, (*mine, *trials), clearances, rules=rules),
    )


def _by_formula(
    known: Timeline, judged: Sequence[Eligibility], answers: Sequence[FormulaAnswer], *, rules: Registry
) -> dict[tuple[str, str], tuple[ByFormula, ...]]:
    """Criteria about a clearance once more, with that of a formula in its place."""
    lacking = {
        (one.rule.id, criterion.name)
        for one in judged
        for criterion in one.criteria
        if any(getattr(one.rule.inputs[name], "observation", None) == CLEARANCE for name in criterion.missing)
    }
    ids = sorted({id for id, _ in lacking})
    found: dict[tuple[str, str], tuple[ByFormula, ...]] = dict.fromkeys(lacking, ())
    for answer in answers if ids else ():
        row = Observation(CLEARANCE, judged[0].at, answer.value, source=answer.formula.id)
        measured = replace(known, observations=(*known.observations, row))
        again = side_by_side(measured, judged[0].at, ids, registry=rules)
        states = {(one.rule.id, criterion.name): criterion.state for one in again for criterion in one.criteria}
        found |= {key: (*found[key], ByFormula(answer, states[key])) for key in lacking}
    return found
