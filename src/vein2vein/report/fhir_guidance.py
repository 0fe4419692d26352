"""Guidance as FHIR R4: a PlanDefinition for a source, an ActivityDefinition for each of its actions.

Place    Floor 6.
In       A bound guidance file and the drug files that it names.
Out      Resources made by the models of the FHIR library (a resource that breaks the model cannot be made), and a Bundle.
Knows    Everything is a draft and experimental: a person must confirm it. The address is an example that a centre replaces.
         Conditions are given in words, which FHIR servers do not evaluate.
Missing  A drug without an agreed code has text and our own code. A dose by weight band has its bands in the text alone.
Does not Say anything about a patient: a dose is the rule, not an amount.
Checked  tests/unit/report/test_fhir_guidance.py
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vein2vein.errors import ReportError
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.journey.guidance.words import action_words, dose_rule
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.drug import DoseRule, Drug
from vein2vein.knowledge.documents.guidance import Act, Give, Guidance, Often, Withhold
from vein2vein.knowledge.documents.table_words import condition_in_words
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.edition import Edition

_UCUM: Final = "http://unitsofmeasure.org"
_DRUG_SYSTEMS: Final = {"rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm", "atc": "http://www.whocc.no/atc"}
_PLAN_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_TOPICS: Final = f"{urls.BASE}/CodeSystem/care-topic"
_DRUGS: Final = f"{urls.BASE}/CodeSystem/drug"
_LANGUAGE: Final = "text/x.vein2vein-words"
_KINDS: Final = {
    "give": "MedicationRequest",
    "monitor": "ServiceRequest",
    "test": "ServiceRequest",
    "consult": "ServiceRequest",
    "place": "ServiceRequest",
    "support": "ServiceRequest",
    "inform": "CommunicationRequest",
}
_LONGEST_ID: Final = 64
_ID: Final = re.compile(r"[^A-Za-z0-9\-.]+")


def guidance_resources(guidance: Guidance, drugs: Mapping[str, Drug]) -> tuple[Any, ...]:
    """The PlanDefinition of a source, and after it the ActivityDefinitions of its actions in the order of the file."""
    activities = tuple(_activity(guidance, name, drugs) for name in guidance.actions)
    return (_plan(guidance, drugs), *activities)


def guidance_bundle(guidance: Guidance, drugs: Mapping[str, Drug]) -> Any:
    """The resources of a source as one Bundle of type collection."""
    entries = [{"fullUrl": r.url, "resource": r} for r in guidance_resources(guidance, drugs)]
    return model_of("Bundle")(type="collection", entry=entries)


def write_guidance(file: Path, guidance: Guidance, drugs: Mapping[str, Drug]) -> Path:
    """Write the Bundle of a source as JSON.

    Raises:
        ReportError: REPORT-001 when the file cannot be written.
    """
    try:
        file.write_text(guidance_bundle(guidance, drugs).model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ReportError(
            "REPORT-001",
            saw=f"{file}: {error.strerror or error}",
            expected="a file that can be written to",
            fix="choose another file, or free the place",
        ) from error
    return file


def _plan(guidance: Guidance, drugs: Mapping[str, Drug]) -> Any:
    content = {
        **_head(guidance, "PlanDefinition", guidance.id),
        "title": guidance.title["en"],
        "type": {"coding": [{"system": _PLAN_TYPE, "code": "eca-rule"}]},
        "purpose": guidance.population["en"],
        "usage": "Scales presumed: " + "; ".join(f"{s}: {', '.join(ids)}" for s, ids in guidance.presumes.items()),
        "action": [
            {
                "id": _id(row.name),
                "title": row.name,
                "description": row.text["en"],
                "documentation": [{"type": "documentation", "label": row.source}] if row.source else None,
                "condition": [_applicability(condition_in_words(guidance, row.when))],
                "groupingBehavior": "logical-group",
                "selectionBehavior": "any",
                "action": [
                    {
                        "title": action_words(guidance.actions[name], drugs),
                        "definitionCanonical": _url("ActivityDefinition", f"{guidance.id}.{name}"),
                    }
                    for name in row.then
                ],
            }
            for row in guidance.rows
        ],
    }
    if guidance.applies is not None:
        content["description"] += f"\nOnly where: {condition_in_words(guidance, guidance.applies)}."
    return model_of("PlanDefinition")(**_given(content))


def _applicability(words: str) -> dict[str, Any]:
    return {"kind": "applicability", "expression": {"description": words, "language": _LANGUAGE, "expression": words}}


def _activity(guidance: Guidance, name: str, drugs: Mapping[str, Drug]) -> Any:
    action = guidance.actions[name]
    withheld = isinstance(action, Withhold)
    drug = getattr(action, "drug", None)
    content = {
        **_head(guidance, "ActivityDefinition", f"{guidance.id}.{name}"),
        "title": action_words(action, drugs),
        "kind": "MedicationRequest" if drug is not None else _KINDS.get(action.do, "ServiceRequest"),
        "intent": "proposal",
        "doNotPerform": True if withheld else None,
        "usage": action.note["en"] if action.note else None,
    }
    if drug is not None:
        content["productCodeableConcept"] = _drug_code(drugs[drug])
    else:
        content["code"] = _topic_code(action)
    if isinstance(action, Give):
        content["dosage"] = [_dosage(action, drugs)]
    elif isinstance(action, Act) and action.every_hours is not None:
        content["timingTiming"] = {"repeat": _repeat(action.every_hours)}
    return model_of("ActivityDefinition")(**_given(content))


def _topic_code(action: Act | Withhold | Give) -> dict[str, Any]:
    label = topics()[action.about].label["en"]
    return {"coding": [{"system": _TOPICS, "code": action.about, "display": label}], "text": label}


def _drug_code(drug: Drug) -> dict[str, Any]:
    codings = [{"system": _DRUGS, "code": drug.id, "display": drug.name["en"]}]
    if drug.exposure is not None and drug.agent is not None:
        codes = streams()[drug.exposure].agents[drug.agent].codes
        codings += [{"system": _DRUG_SYSTEMS[c.system], "code": c.code} for c in codes if c.system in _DRUG_SYSTEMS]
    return {"coding": codings, "text": drug.name["en"]}


def _dosage(action: Give, drugs: Mapping[str, Drug]) -> dict[str, Any]:
    rule = dose_rule(action, drugs)
    repeat: dict[str, Any] = {} if action.every_hours is None else _repeat(action.every_hours)
    if action.times is not None:
        repeat["count"] = action.times
    if action.days is not None:
        repeat |= _bounds(action.days)
    content = {
        "text": action_words(action, drugs),
        "timing": {"repeat": repeat} if repeat else None,
        "route": {"text": action.route} if action.route is not None else None,
        "doseAndRate": [_amount(rule)] if rule is not None and not rule.bands else None,
        "maxDosePerAdministration": None if rule is None or rule.cap is None else _quantity(rule.cap, rule.unit),
    }
    return _given(content)


def _amount(rule: DoseRule) -> dict[str, Any]:
    unit = rule.unit if rule.per is None else f"{rule.unit}/{rule.per}"
    if rule.up_to is None:
        return {"doseQuantity": _quantity(rule.amount, unit)}
    return {"doseRange": {"low": _quantity(rule.amount, unit), "high": _quantity(rule.up_to, unit)}}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _repeat(every: Often) -> dict[str, Any]:
    low, high = every if isinstance(every, tuple) else (every, None)
    return _given({"frequency": 1, "period": low, "periodMax": high, "periodUnit": "h"})


def _bounds(days: Often) -> dict[str, Any]:
    if isinstance(days, tuple):
        return {"boundsRange": {"low": _quantity(days[0], "d"), "high": _quantity(days[1], "d")}}
    return {"boundsDuration": _quantity(days, "d")}


def _head(document: Edition, resource: str, name: str) -> dict[str, Any]:
    valid = document.valid
    period = {"start": valid.since.isoformat()} | ({} if valid.to is None else {"end": valid.to.isoformat()})
    return {
        "id": _id(name),
        "url": _url(resource, name),
        "version": document.encoding,
        "name": _id(name).replace("-", "_").replace(".", "_"),
        "status": "draft",
        "experimental": True,
        "description": f"Status: {document.status}.\n" + "\n".join(document.limits),
        "jurisdiction": [{"text": place} for place in document.jurisdiction],
        "effectivePeriod": period,
        "relatedArtifact": [
            {"type": "citation", "citation": f"{citation(s.key).reference()} {s.locator} (read: {s.read})"}
            for s in document.sources
        ],
    }


def _id(name: str) -> str:
    """An id that FHIR allows; a long one ends in a digest, so that two never become one."""
    id = _ID.sub("-", name)
    return id if len(id) <= _LONGEST_ID else f"{id[: _LONGEST_ID - 9]}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"


def _url(resource: str, name: str) -> str:
    return f"{urls.BASE}/{resource}/{_id(name)}"


def _given(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
