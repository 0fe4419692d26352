"""Which products' labels fit a patient on a day and in a jurisdiction, what they dose, and whether typing lets them work.

Place    Journey, selection. Read by collection, infusion, follow-up, assess and the command line.
In       Product files of a library; a timeline where the patient is asked.
Out      Label rows that hold or may hold, doses with the weight that was used and where it came from, verdicts of gates.
Knows    The weight of a dose is chosen by name: the one before the apheresis, with which products are ordered, or the last one.
Missing  Without a weight, a marrow sample or a type the answer says what it needs.
Checked  tests/unit/journey/selection/test_products.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Asked, Questions
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.documents.dose import DoseRule, PlannedDose
from vein2vein.knowledge.documents.product import Gate, Label, LabelQuery, LabelVerdict, Product
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.values import Categories, NumberRange
from vein2vein.record.timeline import Observation, Timeline

WeightBasis = Literal["apheresis", "latest"]
ANTIGENS: Final[Mapping[str, str]] = {
    "MAGE-A4": "mage_a4_positive",
    "NY-ESO-1": "ny_eso_1_positive",
    "Claudin18.2": "claudin_18_2_positive",
}
"""Antigen of a gate -> kind of observation that reports it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product whose label holds or may hold.

    Attributes:
        product: The product file.
        verdict: The label row with its truth and what would settle it.
    """

    product: Product
    verdict: LabelVerdict


def catalogue(library: Library | None = None) -> tuple[Product, ...]:
    """All products, by id."""
    return (library or default_library()).of(Product)


def labels(product: Product, *, on: date, query: LabelQuery) -> tuple[LabelVerdict, ...]:
    """Label rows of one product that hold or may hold on a day."""
    return product.labels_on(on, query)


def offers(*, on: date, query: LabelQuery, library: Library | None = None) -> tuple[Offer, ...]:
    """Every product whose label holds or may hold on a day for a patient, certain ones first."""
    found = [Offer(p, verdict) for p in catalogue(library) for verdict in p.labels_on(on, query)]
    return tuple(sorted(found, key=lambda o: (not o.verdict.truth.is_certain, o.product.id, o.verdict.label.row)))


def query_of(  # noqa: PLR0913  (what may be known of a patient, all named)
    timeline: Timeline,
    at: datetime,
    jurisdiction: str,
    *,
    told: Mapping[str, bool] | None = None,
    subtype: str | None = None,
    questions: Questions | None = None,
    products: Iterable[Product] = (),
) -> LabelQuery:
    """What a timeline says of a patient to whoever reads labels: indication, line, age, and what answers conditions.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant of the question.
        jurisdiction: Whose labels are read.
        told: Conditions that somebody confirmed or denied, by id.
        subtype: Slug of the subtype of the disease, which no table holds.
        questions: Those of the course at that instant, if made before.
        products: Whose conditions are asked from the record.
    """
    questions = questions or Questions(timeline, at)
    lines = questions.ask(Latest(take="latest", observation="prior_lines")).value
    born, day = timeline.course.patient.born_on, local_date(at, timeline.course.zone)
    age = None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    line = int(lines.low) + 1 if isinstance(lines, NumberRange) and lines.is_known else None
    wanted = frozenset(name for product in products for name in product.asked_of_record)
    recorded = dict(_recorded(questions, wanted))
    return LabelQuery(jurisdiction, timeline.course.indication, line, age, subtype, told or {}, recorded)


def _recorded(questions: Questions, wanted: Iterable[str]) -> Iterator[tuple[str, Truth]]:
    """What the record says of kinds, and of drugs as `stream/agent`.

    A kind that is stated, or that a drug on record shows; a drug given before the first collection, or nothing. What is first
    given after a collection bridges to the product, and is no line before it.
    """
    collected = min((m.at for m in questions.timeline.milestones if m.kind == "apheresis"), default=None)

    def given(name: str) -> bool:
        stream, _, agent = name.partition("/")
        rows = (row for row in questions.index.exposures(stream) if row.agent == agent)
        return any(collected is None or row.started_at < collected for row in rows)

    for name in wanted:
        if "/" in name:
            yield name, Truth.TRUE if given(name) else Truth.UNKNOWN
        elif any(given(drug) for drug in observation_kind(name).shown_by):
            yield name, Truth.TRUE
        else:
            value = questions.ask(Latest(take="latest", observation=name)).value
            yield name, value if isinstance(value, Truth) else Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class DoseAnswer:
    """The dose of a label for a patient.

    Attributes:
        product: The product file.
        label: The label row.
        rule: Its dose rule; None where the facts know none.
        planned: The dose, or why there is none.
        weight_basis: Which weight was asked for, by name.
        because: The rows behind it: the weight, and the marrow sample of a split dose.
    """

    product: Product
    label: Label
    rule: DoseRule | None
    planned: PlannedDose
    weight_basis: WeightBasis
    because: tuple[Observation, ...]


def label_dose(
    timeline: Timeline,
    at: datetime,
    product: Product,
    label: Label,
    *,
    weight_basis: WeightBasis,
    lymphodepletion_starts: datetime | None = None,
) -> DoseAnswer:
    """The dose that a label plans for a course.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant of the question.
        product: The product file.
        label: One of its label rows.
        weight_basis: "apheresis" takes the last weight at or before the last apheresis, "latest" the last one before `at`.
        lymphodepletion_starts: Start of lymphodepletion, planned or real, from which a marrow sample is counted back; the
            milestone of the course when None.
    """
    known = timeline.until(at)
    rule = product.label_dose(label)
    weighed = _weight(known, weight_basis)
    marrow = known.latest("marrow_blasts")
    start = lymphodepletion_starts
    if start is None and (milestone := known.milestone("lymphodepletion")) is not None:
        start = milestone.at
    sample_days = None
    if start is not None and marrow is not None:
        zone = timeline.course.zone
        sample_days = (local_date(start, zone) - local_date(marrow.observed_at, zone)).days
    if rule is None:
        planned = PlannedDose("cells", problem="cannot be computed: no dose is known for this label")
        return DoseAnswer(product, label, None, planned, weight_basis, ())
    planned = rule.plan(
        weight=None if weighed is None else weighed.value,
        blasts=None if marrow is None or marrow.comparator else marrow.value,
        sample_days=sample_days,
    )
    used_weight = planned.weight is not None and weighed is not None
    used_marrow = rule.blasts_sampled_within_days is not None and marrow is not None
    because = ([weighed] if used_weight and weighed else []) + ([marrow] if used_marrow and marrow else [])
    return DoseAnswer(product, label, rule, planned, weight_basis, tuple(because))


def _weight(timeline: Timeline, basis: WeightBasis) -> Observation | None:
    rows = [o for o in timeline.observations if o.kind == "weight" and o.is_usable and o.comparator is None]
    if basis == "apheresis":
        collected = [m.at for m in timeline.milestones if m.kind == "apheresis"]
        rows = [row for row in rows if collected and row.observed_at <= max(collected)]
    return max(rows, key=lambda row: row.observed_at, default=None)


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Whether typing lets a product work.

    Attributes:
        gate: The gate of the product file.
        met: TRUE, FALSE, or UNKNOWN where something was not typed or looked for.
        missing: Kinds of observations that would settle it, sorted.
        because: The rows behind it.
    """

    gate: Gate
    met: Truth
    missing: tuple[str, ...]
    because: tuple[Observation, ...]


def gates(
    timeline: Timeline, at: datetime, product: Product, jurisdiction: str, *, questions: Questions | None = None
) -> tuple[GateAnswer, ...]:
    """The typing gates of a product for a course: HLA alleles and antigens of the tumour.

    Alleles of products are written with and without the P of their group; they are compared without it. `questions` are
    those of the course at the instant, if made before.
    """
    questions = questions or Questions(timeline, at)
    day = local_date(at, timeline.course.zone)
    return tuple(_gate(questions, gate) for gate, _ in product.gates_on(day, jurisdiction))


def _gate(questions: Questions, gate: Gate) -> GateAnswer:
    kinds = ["hla_a_first", "hla_a_second"] if gate.any_allele or gate.no_allele else []
    typed = {kind: questions.ask(Latest(take="latest", observation=kind)) for kind in kinds}
    looked = {name: questions.ask(Latest(take="latest", observation=ANTIGENS[name])) for name in gate.antigens}
    first, second = (_allele(typed[kind]) if kind in typed else None for kind in ("hla_a_first", "hla_a_second"))
    antigens = {name: _yes(answer.value) for name, answer in looked.items()}
    met = _plain(gate).met((first, second), antigens)
    missing = [kind for kind, answer in typed.items() if _allele(answer) is None]
    missing += [ANTIGENS[name] for name, answer in antigens.items() if answer is None]
    rows = [row for answer in (*typed.values(), *looked.values()) for row in answer.rows]
    because = tuple(row for row in rows if isinstance(row, Observation))
    return GateAnswer(gate, met, tuple(sorted(missing)) if met is Truth.UNKNOWN else (), because)


def _plain(gate: Gate) -> Gate:
    update = {name: _without_group(getattr(gate, name)) for name in ("any_allele", "no_allele")}
    return gate.model_copy(update=update)


def _without_group(alleles: Iterable[str]) -> tuple[str, ...]:
    return tuple(allele.removesuffix("P") for allele in alleles)


def _allele(answer: Asked) -> str | None:
    """The allele of a category such as a-02-01p, as A*02:01; None while several are possible."""
    if not isinstance(answer.value, Categories) or not answer.value.is_known:
        return None
    (code,) = answer.value.possible
    return code if code == "other" else "{}*{}:{}".format(*code.upper().removesuffix("P").split("-"))


def _yes(value: object) -> bool | None:
    return {Truth.TRUE: True, Truth.FALSE: False}.get(value) if isinstance(value, Truth) else None
