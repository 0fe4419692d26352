"""Read QuestionnaireResponse: the ICE and CAPD forms of this library.

Place    Floor 3, FHIR adapter.
In       One QuestionnaireResponse and its JSON; the forms in data/questionnaires.
Out      Observations: points of every item, the total, and why a test was not done.
Knows    Which item fills which kind, and how many points an answer gives, stands in the form, not here.
         A test is known when it was written down (`authored`).
Missing  An item without an answer is absent; it never gives 0 points. A group of yes/no answers counts only when all are
         answered. A total that is not the sum of its items, all answered, is kept as not assessable.
Does not Add items up to a total: the engine does, because it knows what an absent item means.
Checked  tests/unit/intake/test_fhir_questionnaires.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from vein2vein.intake.fhir import faults, urls
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.model import model_of
from vein2vein.intake.fhir.observations import category_of
from vein2vein.knowledge import codes

FORMS: Final = ("ice", "capd")
_ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


@dataclass(frozen=True)
class Item:
    """One item of a form: the kind that it fills (None for parts of a group), the points of its answers, its parts."""

    kind: str | None
    points: Mapping[tuple[str | None, str | None], float]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A form by its address: its items by linkId, and the item that holds the total."""

    url: str
    items: Mapping[str, Item]
    total: str = "total"


@dataclass
class _Answers:
    values: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


@cache
def form_json(name: str) -> dict[str, Any]:
    """The Questionnaire resource of a form (`FORMS`) as JSON, to be published at a centre."""
    text = (
        resources.files("vein2vein.intake.fhir")
        .joinpath("data", "questionnaires", f"{name}.json")
        .read_text(encoding="utf-8")
    )
    content: dict[str, Any] = json.loads(text)
    return content


@cache
def forms() -> Mapping[str, Form]:
    """The forms of this library by address."""
    found = {}
    for name in FORMS:
        questionnaire = model_of("Questionnaire").model_validate(form_json(name))
        items = {item.linkId: _item(item) for item in _all_items(questionnaire.item)}
        found[str(questionnaire.url)] = Form(str(questionnaire.url), items)
    return found


def read_response(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter the answers of an ICE or CAPD form."""
    if not context.is_usable(resource):
        return
    address = str(resource.questionnaire or "").partition("|")[0]
    form = forms().get(address)
    if form is None:
        context.out.refuse(
            fault(faults.OTHER_FORM, f"answers to the form {address or 'without address'!r}"), what=address
        )
        return
    at = body.get("authored")
    if at is None:
        context.no_time(resource)
        return
    answers = _Answers()
    _collect(resource.item or [], form, answers)
    for link in answers.unknown:
        context.note(
            fault(
                faults.OTHER_FORM, f"item {link!r} that the form {address} does not have", effect="the item is left out"
            ),
            what=f"{address}|{link}",
        )
    entered = _enter(form, answers.values, at, context)
    if not entered:
        context.out.refuse(
            fault(faults.OTHER_FORM, f"answers to the form {address} without any usable answer"),
            what=f"{address}|empty",
        )


def _item(item: Any) -> Item:
    kinds = [c.code for c in item.code or [] if c.system == urls.KINDS]
    points = {}
    for option in item.answerOption or []:
        coding = option.valueCoding
        ordinal = next((e.valueDecimal for e in coding.extension or [] if e.url == _ORDINAL), None)
        if ordinal is not None:
            points[coding.system, coding.code] = float(ordinal)
    return Item(kinds[0] if kinds else None, points, tuple(part.linkId for part in item.item or []))


def _all_items(items: list[Any] | None) -> Iterator[Any]:
    for item in items or []:
        yield item
        yield from _all_items(item.item)


def _collect(items: list[Any], form: Form, answers: _Answers) -> None:
    for item in items:
        if item.linkId not in form.items:
            answers.unknown.append(item.linkId)
        else:
            known = form.items[item.linkId]
            value = _answer(item.answer[0], known) if item.answer else None
            if value is not None:
                answers.values[item.linkId] = value
        _collect(item.item or [], form, answers)


def _answer(answer: Any, item: Item) -> Any:
    """Points as a number, or the CodeableConcept of a category; None when the answer is of no use here."""
    if answer.valueBoolean is not None:
        return 1.0 if answer.valueBoolean else 0.0
    for name in ("valueInteger", "valueDecimal"):
        if getattr(answer, name) is not None:
            return float(getattr(answer, name))
    coding = answer.valueCoding
    if coding is None:
        return None
    return item.points.get((coding.system, coding.code), coding)


def _enter(form: Form, values: Mapping[str, Any], at: str, context: Context) -> int:
    entered = 0
    points: dict[str, float | None] = {}
    for link, item in form.items.items():
        if item.kind is None:
            continue
        if codes.observation_kind(item.kind).type == "category":
            if link in values:
                context.out.observation(item.kind, at, code=_category(values[link], item.kind))
                entered += 1
            continue
        value = _points(item, link, values)
        if link != form.total:
            points[item.kind] = value
        if value is None:
            continue
        text = repr(value)
        if link == form.total and None not in points.values() and value != sum(v or 0.0 for v in points.values()):
            total = sum(v or 0.0 for v in points.values())
            context.note(
                fault(faults.TOTAL_DIFFERS, f"{item.kind} {value:g} whose items add up to {total:g}"), what=item.kind
            )
            text = f"[{value:g}, items add up to {total:g}]"
        context.out.observation(item.kind, at, value=text)
        entered += 1
    return entered


def _points(item: Item, link: str, values: Mapping[str, Any]) -> float | None:
    """Points of an item; of a group only when all its parts are answered."""
    if item.parts and link not in values:
        given = [values.get(part) for part in item.parts]
        return None if any(not isinstance(v, float) for v in given) else sum(v for v in given if isinstance(v, float))
    value = values.get(link)
    return value if isinstance(value, float) else None


def _category(coding: Any, kind: str) -> str:
    concept = model_of("CodeableConcept").model_construct(coding=[coding], text=None)
    return category_of(concept, kind)
