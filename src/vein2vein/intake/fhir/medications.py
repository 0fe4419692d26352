"""Read MedicationAdministration and MedicationRequest.

Place    Floor 3, FHIR adapter.
In       One resource, its JSON, and the Medication it refers to.
Out      Exposures of drugs and blood products; infusions of CAR-T products, with their dose as an exposure where it is stated.
Knows    An order is not an administration. Of MedicationRequest only the order of a CAR-T product is used: it says that the
         patient has a course, even when no infusion is in the delivery. All other requests are counted and left out.
         An administration at one instant starts and ends there. A finished one whose end is not stated is known at its start
         only; one that still runs has no end.
Missing  A dose or rate without unit is named and left empty.
Checked  tests/unit/intake/test_fhir_medications.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.intake.fhir import faults, urls
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import Amount, When, amount, ratio, when
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.terminology import Meaning, meanings
from vein2vein.knowledge import codes

CELLS = "cell_product"
RUNNING = frozenset({"in-progress", "on-hold", "active"})


def read_administration(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter a drug, a blood product or the infusion of a CAR-T product."""
    if not context.is_usable(resource):
        return
    concepts = _concepts(resource, context)
    if concepts is None:
        return
    at = when(body, "effective")
    if not at:
        context.no_time(resource)
        return
    if read_infusion(resource, concepts, at, context):
        _enter_cells(resource, concepts, at, context)
        return
    found = _exposures(concepts)
    if not found:
        context.unknown(concepts[0], where="MedicationAdministration")
        return
    dosage = resource.dosage
    dose = amount(dosage.dose) if dosage is not None else Amount(None, None)
    rate = Amount(None, None)
    if dosage is not None:
        rate = amount(dosage.rateQuantity) if dosage.rateQuantity is not None else ratio(dosage.rateRatio)
    given = {"amount": dose.value, "amount_unit": dose.unit, "rate": rate.value, "rate_unit": rate.unit}
    for meaning in found:
        reason = reason_of(resource.reasonCode, meaning.kind)
        enter_exposure(resource, meaning, at, context, reason=reason, **given)


def read_request(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter the order of a CAR-T product; count every other order."""
    if not context.is_usable(resource):
        return
    concepts = _concepts(resource, context)
    if concepts is None:
        return
    products = [m.what for concept in concepts for m in meanings(concept, "product")]
    if not products:
        context.out.refuse(fault(faults.ORDER, "orders of medicines"))
        return
    context.out.milestone("ordered", body.get("authoredOn"), product=products[0], **_named(resource))


def read_infusion(resource: Any, concepts: list[Any], at: When, context: Context) -> bool:
    """Enter an infusion when one of the concepts is a CAR-T product or the giving of one; say whether it was.

    A centre that numbers its courses says so with an identifier of the system `urls.COURSES`; the reason with a code of
    `urls.INDICATIONS` is the indication of the course.
    """
    products = [m.what for concept in concepts for m in meanings(concept, "product")]
    is_infusion = any(m.kind == "infusion" for concept in concepts for m in meanings(concept, "milestone")) or any(
        meanings(concept, "infusion") for concept in concepts
    )
    if not products and not is_infusion:
        return False
    product = products[0] if products else None
    context.out.milestone("infusion", at.start or at.end, product=product, **_named(resource))
    return True


def _enter_cells(resource: Any, concepts: list[Any], at: When, context: Context) -> None:
    """The dose of an infusion that states one, as an exposure of its own."""
    dose = amount(resource.dosage.dose) if resource.dosage is not None else Amount(None, None)
    products = [m.what for concept in concepts for m in meanings(concept, "product")]
    if dose.value is None or not products or products[0] not in codes.stream(CELLS).agents:
        return
    meaning = Meaning("exposure", CELLS, products[0])
    enter_exposure(resource, meaning, at, context, amount=dose.value, amount_unit=dose.unit)


def _named(resource: Any) -> dict[str, str | None]:
    """What the resource of an infusion or order says about its course."""
    course = next((i.value for i in resource.identifier or [] if i.system == urls.COURSES), None)
    reasons = (coding for concept in resource.reasonCode or [] for coding in concept.coding or [])
    return {"course": course, "indication": next((c.code for c in reasons if c.system == urls.INDICATIONS), None)}


def enter_exposure(
    resource: Any, meaning: Meaning, at: When, context: Context, *, reason: str | None = None, **given: Any
) -> None:
    """Enter an exposure over a period or at an instant; an end that is not stated is named."""
    ended_at = at.end
    if not at.is_period:
        ended_at = at.start
    elif at.end is None and resource.status not in RUNNING:
        context.note(
            fault(
                faults.NO_END, f"{meaning.kind}/{meaning.what} with status {resource.status!r} and no end of its period"
            ),
            what=f"{meaning.kind}/{meaning.what}",
        )
        ended_at = at.start
    context.out.exposure(
        meaning.kind,
        meaning.what,
        at.start or at.end,
        ended_at=ended_at,
        reason=reason,
        charted_once=not at.is_period,
        **given,
    )


def reason_of(concepts: list[Any] | None, stream: str) -> str | None:
    """The reason that one of the concepts names for a stream; None when none of them does."""
    for concept in concepts or []:
        for meaning in meanings(concept, "reason"):
            if meaning.kind == stream:
                return meaning.what
    return None


def _concepts(resource: Any, context: Context) -> list[Any] | None:
    """What the medicine is: its own code and those of its ingredients; None when it cannot be found (refused)."""
    if resource.medicationCodeableConcept is not None:
        return [resource.medicationCodeableConcept]
    medication = context.resolve(resource, resource.medicationReference, "Medication")
    if medication is None:
        return None
    concepts = [medication.code] if medication.code is not None else []
    concepts += [i.itemCodeableConcept for i in medication.ingredient or [] if i.itemCodeableConcept is not None]
    if not concepts:
        context.unknown(None, where=f"{resource.get_resource_type()}, a Medication")
        return None
    return concepts


def _exposures(concepts: list[Any]) -> list[Meaning]:
    """Streams and agents that the medicine is; the agent is named where one of the concepts names it."""
    found = list(dict.fromkeys(m for concept in concepts for m in meanings(concept, "exposure")))
    named = {m.kind for m in found if m.what != "unspecified"}
    return [m for m in found if m.what != "unspecified" or m.kind not in named]
