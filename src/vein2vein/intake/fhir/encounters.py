"""Read Encounter: where the patient was cared for, and the discharge.

Place    Floor 3, FHIR adapter.
In       One Encounter, its JSON, and the Locations it refers to.
Out      Exposures of the stream `stay`; milestone `discharge`.
Knows    The class says whether it was a stay in hospital; the types of the locations say whether ward or intensive care.
Missing  A stay whose locations have no known type is a stay "unspecified": it may have been intensive care.
Checked  tests/unit/intake/test_fhir_encounters.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.intake.fhir import faults
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import When, period
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.medications import reason_of
from vein2vein.intake.fhir.terminology import meanings, meanings_of

_UNSPECIFIED = "unspecified"


def read_encounter(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter the places of a stay, one interval each."""
    if not context.is_usable(resource):
        return
    inside = {m.what for m in meanings_of(resource.class_fhir.system, resource.class_fhir.code, "hospital")}
    if not inside:
        shown = f"{resource.class_fhir.system}|{resource.class_fhir.code}"
        context.out.refuse(fault(faults.NOT_HOSPITAL, f"encounters of class {shown}"), what=shown)
        return
    at = period(body.get("period"))
    if at.start is None:
        context.no_time(resource)
        return
    places = [("home", at)] if inside == {"home"} else _places(resource, body, at, context)
    for agent, span in places:
        context.out.exposure(
            "stay", agent, span.start, ended_at=span.end, reason=reason_of(resource.reasonCode, "stay")
        )
    if inside == {"inside"} and at.end is not None and resource.status == "finished" and not _has_died(resource):
        context.out.milestone("discharge", at.end)


def _places(resource: Any, body: dict[str, Any], at: When, context: Context) -> list[tuple[str, When]]:
    """Place of care and its interval; a location that the delivery does not hold is named and is a place unspecified."""
    stated = [m.what for concept in resource.type or [] for m in meanings(concept, "exposure") if m.kind == "stay"]
    if stated:
        return [(stated[0], at)]
    listed = list(zip(resource.location or [], body.get("location") or [], strict=True))
    found: list[tuple[str, When]] = []
    for item, raw in listed:
        location = context.resolve(resource, item.location, "Location")
        span = period(raw.get("period"))
        if not span and len(listed) > 1:
            # Several places without their times: the stay is known, where in it is not.
            return [(_UNSPECIFIED, at)]
        found.append((_place(location), When(span.start or at.start, span.end or at.end, is_period=True)))
    return found or [(_UNSPECIFIED, at)]


def _place(location: Any | None) -> str:
    for concept in (location.type or []) if location is not None else []:
        known = [m.what for m in meanings(concept, "location")] + [
            m.what for m in meanings(concept, "exposure") if m.kind == "stay"
        ]
        if known:
            return known[0]
    return _UNSPECIFIED


def _has_died(resource: Any) -> bool:
    disposition = resource.hospitalization.dischargeDisposition if resource.hospitalization is not None else None
    return any(m.what == "died" for m in meanings(disposition, "disposition"))
