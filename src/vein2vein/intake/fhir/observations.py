"""Read Observation: single values, components (blood pressure) and panels, with status, limits and absent values.

Place    Floor 3, FHIR adapter.
In       One Observation and its JSON.
Out      Observations (or exposures, for what is charted as an observation: an oxygen device, a flow, an interval).
Knows    Members of a panel are resources of their own and are read as such; the panel itself then holds nothing.
         A value over a period is known at its end. A preliminary result is used and named; a later version replaces it.
Missing  `dataAbsentReason` and values of a type that the kind does not have are kept as not assessable, never as normal.
Does not Use `interpretation`, `bodySite`, `method`: no scale asks for them.
Checked  tests/unit/intake/test_fhir_observations.py
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from vein2vein.intake.fhir import faults, urls
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import Amount, When, amount, key_of, ratio, when
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.terminology import Meaning, meanings, show

_VALUES: Final = (
    "Quantity",
    "CodeableConcept",
    "Boolean",
    "Integer",
    "String",
    "Range",
    "Ratio",
    "SampledData",
    "Time",
    "DateTime",
    "Period",
)
# A focus on one of these still says something about the patient.
_OF_THE_PATIENT: Final = ("Condition", "Procedure", "Encounter", "MedicationAdministration", "AdverseEvent")


def read_observation(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter what an Observation says, or why it cannot be used."""
    if not context.is_usable(resource):
        return
    if any(_is_other(focus) for focus in resource.focus or []):
        context.out.refuse(fault(faults.NOT_ABOUT_PATIENT, "Observation with a focus other than its subject"))
        return
    for member in resource.hasMember or []:
        context.panels.add(short_hash(key_of(member, wanted="Observation")))
    components = resource.component or []
    has_value = _value_of(resource) is not None or resource.dataAbsentReason is not None
    if resource.hasMember and not has_value and not components:
        context.out.refuse(fault(faults.PANEL, "panels without values of their own"))
        return
    if _is_grade(resource):
        # What the parts of a grade say is part of the judgement.
        context.out.refuse(fault(faults.CLINICIANS_GRADE, "Observations that hold a grade"))
        return
    at = when(body, "effective")
    if not at:
        context.no_time(resource)
        return
    if resource.status == "preliminary":
        context.note(fault(faults.PRELIMINARY, "preliminary results"))
    # A panel's own code (blood pressure) means nothing by itself when its components hold the values.
    if has_value or not components:
        _read_part(resource, resource, at, context)
    for component in components:
        _read_part(component, resource, at, context)


def _is_other(focus: Any) -> bool:
    """Whether a focus is something else than the patient; a disease or treatment of the patient is not."""
    return key_of(focus, wanted="Patient").partition("/")[0] not in _OF_THE_PATIENT


def _is_grade(part: Any) -> bool:
    return any(coding.system == urls.RULE_SETS for coding in part.code.coding or [])


def short_hash(key: str) -> int:
    """64 bits of a key: keys of millions of resources are compared without being kept."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def _read_part(part: Any, resource: Any, at: When, context: Context) -> None:
    kinds = meanings(part.code, "observation")
    if len(kinds) > 1:
        context.contradiction(part.code, kinds, where="Observation")
        return
    if not kinds:
        _read_exposure(part, resource, at, context)
        return
    kind = kinds[0].kind
    given = _value(part, kind, context)
    context.out.observation(kind, at.known_at, recorded_at=_text(resource.issued), **given, **_limits(part, context))


def _value_of(part: Any) -> tuple[str, Any] | None:
    for name in _VALUES:
        value = getattr(part, f"value{name}", None)
        if value is not None:
            return name, value
    return None


def _value(part: Any, kind: str, context: Context) -> dict[str, Any]:
    """Fields value, unit, comparator and code of a part, as sent."""
    found = _value_of(part)
    if found is None:
        if part.dataAbsentReason is not None:
            why = show(part.dataAbsentReason.coding or [])
            context.note(fault(faults.NO_VALUE, f"{kind} without a value: {why}"), what=f"{kind}|{why}")
        return {}
    name, value = found
    match name:
        case "Quantity":
            sent = amount(value)
            # As written, not as a float: 12 stays 12.
            number = None if value.value is None else str(value.value)
            given = {"value": number, "unit": sent.unit, "comparator": sent.comparator}
        case "Integer" | "String":
            given = {"value": str(value)}
        case "Boolean":
            given = {"code": "yes" if value else "no"}
        case "CodeableConcept":
            given = {"code": category_of(value, kind)}
        case _:
            given = {"value": f"[value{name}]"}
    return given


def category_of(concept: Any, kind: str) -> str:
    """The category, or yes or no, that a concept means for a kind; its codes as text when they mean none of them."""
    found = [m.what for m in meanings(concept, "category") if m.kind in {"", kind}]
    distinct = tuple(dict.fromkeys(found))
    if len(distinct) == 1:
        return distinct[0]
    text = show(concept.coding or []) if concept.coding else str(concept.text or "")
    return f"[{text}]"


def _limits(part: Any, context: Context) -> dict[str, Any]:
    """The reference range of healthy people, when it is in the unit of the value."""
    ranges = [r for r in part.referenceRange or [] if _is_normal(r) and (r.low is not None or r.high is not None)]
    if not ranges:
        return {}
    low, high = amount(ranges[0].low), amount(ranges[0].high)
    unit = amount(part.valueQuantity).unit
    if any(limit.unit not in {None, unit} for limit in (low, high)):
        context.note(
            fault(faults.OTHER_UNIT, f"limits in {low.unit or high.unit!r} of a value in {unit!r}"),
            what=f"{unit}|{low.unit}",
        )
        return {}
    return {"reference_low": low.value, "reference_high": high.value}


def _is_normal(limits: Any) -> bool:
    return limits.type is None or any(c.code in {"normal", "recommended"} for c in limits.type.coding or [])


def _read_exposure(part: Any, resource: Any, at: When, context: Context) -> None:
    """What is charted as an observation but is a device, a place or an interval."""
    found = meanings(part.code, "exposure")
    if not found:
        if _is_grade(part):
            context.out.refuse(fault(faults.CLINICIANS_GRADE, "Observations that hold a grade"))
        else:
            context.unknown(part.code, where="Observation")
        return
    if len({m.kind for m in found}) > 1:
        context.contradiction(part.code, found, where="Observation")
        return
    stream, agent = found[0].kind, found[0].what
    value = _value_of(part)
    answer = _answer(value, stream)
    if answer == "no":
        context.out.refuse(
            fault(faults.NOT_DONE, f"Observation that {stream}/{agent} was not there"), what=f"{stream}|no"
        )
        return
    if answer not in {None, "yes"}:
        agent = str(answer)
    rate = _rate(value)
    context.out.exposure(
        stream,
        agent,
        at.start or at.end,
        ended_at=at.end,
        rate=rate.value,
        rate_unit=rate.unit,
        recorded_at=_text(resource.issued),
        charted_once=not at.is_period,
    )


def _rate(value: tuple[str, Any] | None) -> Amount:
    if value is not None and value[0] == "Quantity":
        return amount(value[1])
    return ratio(value[1]) if value is not None and value[0] == "Ratio" else Amount(None, None)


def _answer(value: tuple[str, Any] | None, stream: str) -> str | None:
    """The agent, yes or no that a value names; None when it names none of them."""
    if value is None:
        return None
    if value[0] == "Boolean":
        return "yes" if value[1] else "no"
    if value[0] != "CodeableConcept":
        return None
    agents: list[Meaning] = [m for m in meanings(value[1], "exposure") if m.kind == stream]
    if len(agents) == 1:
        return agents[0].what
    answers = {m.what for m in meanings(value[1], "category") if not m.kind}
    return answers.pop() if len(answers) == 1 else None


def _text(instant: Any) -> str | None:
    return None if instant is None else instant.isoformat()
