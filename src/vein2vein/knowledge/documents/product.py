"""A cell product: what it is, where it may be given to whom since when, its dose, and the duties around it.

Place    Floor 1. Read by the journey (selection, infusion, follow-up) through the library.
In       Files of kind `product` (knowledge/data/products), one for each product.
Out      Rows of the label that hold on a day in a jurisdiction, three-valued; doses, duties, warnings and gates with their dates.
Knows    A label row is keyed by jurisdiction, indication, line, and a half-open range of days. Labels change: nothing here is
         asked without a day.
Missing  What the facts do not say is null. A date that is known to the year leaves that year open. A condition is asked from
         the record where the file says what answers it (`recorded`); what nothing answers leaves the row open until it is told.
Checked  worked cases of every file; tests/unit/knowledge/test_products.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth, all_of, any_of
from vein2vein.knowledge.codes import holds_for, observations, streams
from vein2vein.knowledge.documents.dates import PartialDate, in_force
from vein2vein.knowledge.documents.dose import DoseRule
from vein2vein.knowledge.edition import Edition, Status, Strict, Text, Wording
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.predicates import names
from vein2vein.knowledge.schema import Condition


class DatedRow(Strict):
    """A row in force in some jurisdictions in [since, to); a null `since` means that the day is not known."""

    row: Text
    jurisdiction: Annotated[tuple[Text, ...], Field(min_length=1)]
    since: PartialDate | None = None
    to: PartialDate | None = None
    status: Status
    note: Text | None = None

    def on(self, day: date, jurisdiction: str) -> Truth:
        """Whether the row is in force on a day in a jurisdiction."""
        return in_force(self.since, self.to, day) if jurisdiction in self.jurisdiction else Truth.FALSE


class Label(DatedRow):
    """One indication of a label.

    Attributes:
        line_from: Least line of therapy that this would be: 1 + lines given before; null when the label does not count lines.
        line_to: Greatest such line; null without one.
        age_from: Least age in completed years, inclusive.
        age_to: Greatest age in completed years, inclusive.
        requires: Conditions (ids under `conditions`) that somebody has to confirm.
        excludes: Subtypes of the disease that the label leaves out.
        dose: Name of a rule under `doses`; null when the dose is not known.
        lymphodepletion: Ids of regimens named on the label, the first one standard; the window after them stands in their files.
        not_noted: Limits that the label has and this file does not know: nobody can say that a patient fits them.
    """

    indication: Text
    line_from: int | None = None
    line_to: int | None = None
    age_from: int | None = None
    age_to: int | None = None
    requires: tuple[Text, ...] = ()
    excludes: tuple[Text, ...] = ()
    dose: Text | None = None
    lymphodepletion: tuple[Text, ...] = ()
    not_noted: tuple[Literal["line", "indication"], ...] = ()

    @model_validator(mode="after")
    def _says_for_which_line(self) -> Label:
        if self.line_from is None and self.line_to is None and not self.requires and "line" not in self.not_noted:
            msg = f"label {self.row!r} names a line, a condition, or says that the line is not noted"
            raise ValueError(msg)
        return self


class Care(DatedRow):
    """What the label asks for after the infusion. Days are counted from the (first) infusion."""

    daily_monitoring_days: int | None = None
    monitoring_days: int | None = None
    proximity_days: int | None = None
    driving_days: int | None = None
    certified_site: bool | None = None


class Handling(DatedRow):
    """Store at or below this temperature; give within these minutes of the thaw."""

    store_at_most_celsius: float | None = None
    minutes_after_thaw: int | None = None


class BoxedWarning(DatedRow):
    """A boxed warning."""

    text: Wording


class Gate(DatedRow):
    """Typing that decides whether the product can work at all: HLA alleles (P groups) and antigens of the tumour."""

    any_allele: tuple[Text, ...] = ()
    no_allele: tuple[Text, ...] = ()
    antigens: tuple[Text, ...] = ()

    def met(self, alleles: tuple[str | None, str | None], antigens: Mapping[str, bool | None]) -> Truth:
        """Whether the gate is met by both alleles of the locus (None = not typed) and the antigens that were looked for.

        An allele that the gate does not name is one of the others.
        """
        carries = any_of(Truth.of(None if a is None else a in self.any_allele) for a in alleles)
        barred = any_of(Truth.of(None if a is None else a in self.no_allele) for a in alleles)
        parts = [carries] if self.any_allele else []
        parts += [~barred] if self.no_allele else []
        return all_of([*parts, *(Truth.of(antigens.get(name)) for name in self.antigens)])


class NextPart(Strict):
    """What a toxicity after one part of a split dose means for the next: grades `grade_from` to `grade_to`, inclusive."""

    row: Text
    subject: Text
    grade_from: int
    grade_to: int
    action: Literal["postpone", "consider-postponing", "discontinue"]
    until_day: int | None = None
    until_grade: int | None = None
    status: Status
    note: Text | None = None


class StartingMaterial(Strict):
    """What is collected and in which state it is sent."""

    state: Literal["cryopreserved", "fresh"] | None = None
    keep_months: int | None = None
    status: Status
    note: Text | None = None


class ProductCase(Strict):
    """One example. `ask` names the question; `given` its arguments; `expect` what must be among the answers."""

    name: Text
    ask: Literal["labels", "row", "dose", "care", "handling", "warnings", "gate", "next-part"]
    given: dict[str, Any]
    expect: dict[str, Any]
    source: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelQuery:
    """For whom and where a label is asked; None = not known.

    Attributes:
        jurisdiction: Such as US or EU.
        indication: Slug of the disease; None asks for every indication.
        line: Line of therapy that this would be: 1 + lines given before.
        age: Completed years.
        subtype: Slug of a subtype of the disease, for labels that leave some out.
        told: Conditions (ids of the file) that somebody confirmed or denied.
        recorded: What the record says of kinds of observations and of drugs (`stream/agent`), as far as it was asked. What it
            contradicts leaves a told condition open.
    """

    jurisdiction: str
    indication: str | None = None
    line: int | None = None
    age: int | None = None
    subtype: str | None = None
    told: Mapping[str, bool] = field(default_factory=dict)
    recorded: Mapping[str, Truth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelVerdict:
    """A label row that holds or may hold.

    Attributes:
        label: The row.
        truth: TRUE where everything asked for is known and fits; UNKNOWN where something is open.
        missing: What would settle it: arguments by name (`indication` where the course names a family of diseases), conditions
            by id, `since` or `to` for a date that is not known, `line-not-noted` and the like for a limit that the file does
            not know.
    """

    label: Label
    truth: Truth
    missing: tuple[str, ...]


class Product(Edition):
    """One product with everything that its labels say, row by row.

    `recorded` says what in a record answers a condition: a condition in the language of rule files over kinds of observations
    (yes/no) and drugs given before, each as `stream/agent`. A drug on record says yes; that none is on record says nothing.
    """

    RULE_PARTS: ClassVar = (
        "recorded", "doses", "labels", "care", "handling", "boxed_warnings", "gates", "next_part", "starting_material",
    )  # fmt: skip

    kind: Literal["product"]
    product: Text
    brand: Text | None = None
    cell: Literal["CAR-T", "TCR-T"]
    targets: Annotated[tuple[Text, ...], Field(min_length=1)]
    binder: Text | None = None
    costimulation: Text | None = None
    vector: Text | None = None
    starting_material: StartingMaterial | None = None
    conditions: dict[str, Wording] = Field(default_factory=dict)
    recorded: dict[str, Condition] = Field(default_factory=dict)
    doses: dict[str, DoseRule] = Field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    care: tuple[Care, ...] = ()
    handling: tuple[Handling, ...] = ()
    boxed_warnings: tuple[BoxedWarning, ...] = ()
    gates: tuple[Gate, ...] = ()
    next_part: tuple[NextPart, ...] = ()
    worked_cases: Annotated[tuple[ProductCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_coherent(self) -> Product:
        problems = [] if self.id == f"{self.product}.product" else [f"id {self.id!r} is not that of {self.product!r}"]
        problems += [f"label {r.row!r} names dose {r.dose!r}" for r in self.labels if r.dose not in {None, *self.doses}]
        asked = {name for label in self.labels for name in label.requires}
        problems += [f"condition {name!r} has no words" for name in sorted(asked - set(self.conditions))]
        problems += [f"condition {name!r} is never asked" for name in sorted(set(self.conditions) - asked)]
        problems += [
            f"recorded answers {n!r}, which is no condition" for n in self.recorded if n not in self.conditions
        ]
        problems += [f"nothing is recorded as {name!r}" for name in sorted(self.asked_of_record) if not _is_known(name)]
        dated: tuple[tuple[DatedRow, ...], ...] = (
            self.labels, self.care, self.handling, self.boxed_warnings, self.gates,
        )  # fmt: skip
        for rows in dated:
            names = [row.row for row in rows]
            problems += [f"row {name!r} stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
        used = {place for rows in dated for row in rows for place in row.jurisdiction}
        problems += [
            f"jurisdiction {place!r} is not named in the head" for place in sorted(used - set(self.jurisdiction))
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def asked_of_record(self) -> frozenset[str]:
        """Kinds of observations and drugs (`stream/agent`) that answer conditions of labels."""
        return frozenset(name for condition in self.recorded.values() for name in names(condition))

    def label(self, row: str) -> Label:
        """One label row by name; KeyError when there is none."""
        return {label.row: label for label in self.labels}[row]

    def label_dose(self, label: Label) -> DoseRule | None:
        """The dose rule of a label row; None when the dose is not known."""
        return None if label.dose is None else self.doses[label.dose]

    def labels_on(self, day: date, query: LabelQuery) -> tuple[LabelVerdict, ...]:
        """Label rows that hold or may hold on a calendar day for a patient."""
        found = []
        for label in self.labels:
            disease = Truth.TRUE if query.indication is None else holds_for(query.indication, label.indication)
            if disease is Truth.FALSE:
                continue
            parts = {"indication": disease, **dict(self._label_parts(label, day, query))}
            truth = all_of(parts.values())
            if truth.is_possible:
                open_parts = sorted({n for n, part in parts.items() if part is Truth.UNKNOWN})
                found.append(LabelVerdict(label, truth, tuple(open_parts)))
        return tuple(found)

    def care_on(self, day: date, jurisdiction: str) -> tuple[tuple[Care, Truth], ...]:
        """Duties after the infusion that hold or may hold on a day: of an infusion of that day."""
        return tuple((row, t) for row in self.care if (t := row.on(day, jurisdiction)).is_possible)

    def warnings_on(self, day: date, jurisdiction: str) -> tuple[tuple[BoxedWarning, Truth], ...]:
        """Boxed warnings that stand or may stand on a label on a day."""
        return tuple((row, t) for row in self.boxed_warnings if (t := row.on(day, jurisdiction)).is_possible)

    def handling_on(self, day: date, jurisdiction: str) -> tuple[tuple[Handling, Truth], ...]:
        """Storage and expiry that hold or may hold on a day."""
        return tuple((row, t) for row in self.handling if (t := row.on(day, jurisdiction)).is_possible)

    def gates_on(self, day: date, jurisdiction: str) -> tuple[tuple[Gate, Truth], ...]:
        """Typing gates that hold or may hold on a day."""
        return tuple((row, t) for row in self.gates if (t := row.on(day, jurisdiction)).is_possible)

    def next_part_after(self, subject: str, grade: int) -> tuple[NextPart, ...]:
        """What a toxicity of a grade after one part of a split dose means for the next; empty when it goes ahead."""
        return tuple(r for r in self.next_part if r.subject == subject and r.grade_from <= grade <= r.grade_to)

    def _label_parts(self, label: Label, day: date, query: LabelQuery) -> Iterator[tuple[str, Truth]]:
        yield "valid", label.on(day, query.jurisdiction)
        if label.line_from is not None or label.line_to is not None:
            yield "line", _between(query.line, label.line_from, label.line_to)
        if label.age_from is not None or label.age_to is not None:
            yield "age", _between(query.age, label.age_from, label.age_to)
        if label.excludes:
            yield "subtype", Truth.of(None if query.subtype is None else query.subtype not in label.excludes)
        yield from ((name, self._condition(name, query)) for name in label.requires)
        yield from ((f"{name}-not-noted", Truth.UNKNOWN) for name in label.not_noted)

    def _condition(self, name: str, query: LabelQuery) -> Truth:
        """Whether a condition holds: by the record, and where it leaves it open by what was told; open where they disagree."""
        told = Truth.of(query.told.get(name))
        if name not in self.recorded:
            return told
        shown = truth_of(self.recorded[name], query.recorded, {})
        if Truth.UNKNOWN in {told, shown}:
            return told if shown is Truth.UNKNOWN else shown
        return told if told is shown else Truth.UNKNOWN

    def case_failure(self, case: ProductCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        got = _ANSWERS[case.ask](self, case.given)
        different = {name: got.get(name) for name, want in case.expect.items() if got.get(name) != want}
        return f"expected {case.expect}, got {different}" if different else None


def _is_known(name: str) -> bool:
    """Whether a record can say yes to this: a yes/no kind of observation, or a drug as `stream/agent`."""
    stream, slash, agent = name.partition("/")
    if slash:
        return stream in streams() and agent in streams()[stream].agents
    return name in observations() and observations()[name].type == "yes_no"


def _between(number: int | None, low: int | None, high: int | None) -> Truth:
    if number is None:
        return Truth.UNKNOWN
    return Truth.of((low is None or number >= low) and (high is None or number <= high))


def _names(rows: Iterator[tuple[str, Truth]]) -> dict[str, Any]:
    listed = list(rows)
    return {
        "applies": [name for name, truth in listed if truth.is_certain],
        "may_apply": [name for name, truth in listed if truth is Truth.UNKNOWN],
    }


def _labels(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    recorded = {name: Truth.of(said) for name, said in given.get("recorded", {}).items()}
    query = LabelQuery(**{**{name: value for name, value in given.items() if name != "on"}, "recorded": recorded})
    verdicts = product.labels_on(_day(given), query)
    open_points = sorted({name for v in verdicts for name in v.missing})
    return {**_names((v.label.row, v.truth) for v in verdicts), "missing": open_points}


def _row(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    if "row" in given:
        return product.label(given["row"]).model_dump(mode="json")
    return {} if product.starting_material is None else product.starting_material.model_dump(mode="json")


def _dose(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    planned = product.doses[given["rule"]].plan(
        weight=given.get("weight"), blasts=given.get("blasts"), sample_days=given.get("sample_days")
    )
    answer: dict[str, Any] = {
        name: getattr(planned, name) for name in ("low", "high", "target", "is_capped", "basis", "split", "problem")
    }
    answer["missing"] = list(planned.missing)
    answer["parts"] = [[p.day, p.days_either_side, p.low, p.high, p.target] for p in planned.parts]
    answer["hours_between_parts"] = product.doses[given["rule"]].hours_between_parts
    deviation = planned.deviation(given["given"]) if "given" in given else None
    if deviation is not None:
        answer |= {"deviation": deviation.percent, "within": deviation.is_within, "above_cap": deviation.is_above_cap}
    return answer


def _care(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    rows = product.care_on(_day(given), given["jurisdiction"])
    fields = next((row.model_dump(mode="json") for row, _ in rows), {})
    return {**fields, **_names((row.row, truth) for row, truth in rows)}


def _handling(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    rows = product.handling_on(_day(given), given["jurisdiction"])
    fields = next((row.model_dump(mode="json") for row, _ in rows), {})
    return {**fields, **_names((row.row, truth) for row, truth in rows)}


def _warnings(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    return _names((row.row, truth) for row, truth in product.warnings_on(_day(given), given["jurisdiction"]))


def _gate(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    first, second = given["alleles"]
    rows = product.gates_on(_day(given), given["jurisdiction"])
    met = all_of(row.met((first, second), given.get("antigens", {})) for row, _ in rows)
    return {"met": met.value, **_names((row.row, truth) for row, truth in rows)}


def _next(product: Product, given: Mapping[str, Any]) -> dict[str, Any]:
    rows = product.next_part_after(given["subject"], given["grade"])
    fields = next((row.model_dump(mode="json") for row in rows), {})
    return {**fields, "rows": [row.row for row in rows]}


def _day(given: Mapping[str, Any]) -> date:
    on = given["on"]
    return on if isinstance(on, date) else date.fromisoformat(on)


_ANSWERS = {
    "labels": _labels,
    "row": _row,
    "dose": _dose,
    "care": _care,
    "handling": _handling,
    "warnings": _warnings,
    "gate": _gate,
    "next-part": _next,
}
