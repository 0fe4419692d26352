"""Guidance as FHIR R4: a PlanDefinition for a source, an ActivityDefinition for each of its actions.

Place    Floor 6.
In       A bound guidance file and the drug files that it names.
Out      Resources made by the models of the FHIR library (a resource that breaks the model cannot be made), and a Bundle.
Knows    Everything is a draft and experimental: a person must confirm it. The address is an example that a centre replaces.
         Conditions are given in words, which FHIR servers do not evaluate. Every weight band is a dosage of its own. The limits
         of the drug file and of the source hold together: the number of doses stands in the timing, the most
         of one dose and of a period beside it, and all of them in words. Alternatives stand in a group of which exactly one is
         chosen. A dose of adults says from which age on it is one.
Missing  A drug without an agreed code has text and our own code. A limit of the whole course has no element of its own (the
         nearest one speaks of a lifetime): it is the greatest count of the timing, and stands in words.
Does not Say anything about a patient: a dose is the rule, not an amount.
Checked  tests/unit/report/test_fhir_guidance.py
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from vein2vein.errors import ReportError
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.journey.guidance.words import action_words, dose_rule, place_taken
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.drug import DoseRule, Drug, Limits
from vein2vein.knowledge.documents.guidance import Act, Give, Guidance, Often, Stage, Withhold, often
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
_CONTEXT: Final = "http://terminology.hl7.org/CodeSystem/usage-context-type"
_LONGEST_ID: Final = 64
_LONGEST_NAME: Final = 255
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_]+")
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
                "action": _steps(guidance, row.then, drugs),
            }
            for row in guidance.rows
        ],
    }
    if guidance.applies is not None:
        content["description"] += f"\nOnly where: {condition_in_words(guidance, guidance.applies)}."
    return model_of("PlanDefinition")(**_given(content))


def _steps(guidance: Guidance, names: Sequence[str], drugs: Mapping[str, Drug]) -> list[dict[str, Any]]:
    """The actions of a row; a drug and its alternatives are a group of which exactly one is chosen."""
    instead: dict[str, list[str]] = {}
    for name in names:
        first = getattr(guidance.actions[name], "instead_of", None)
        if first is not None:
            instead.setdefault(first, []).append(name)
    steps = []
    for name in names:
        if getattr(guidance.actions[name], "instead_of", None) is not None:
            continue
        group = [_step(guidance, one, drugs) for one in (name, *instead.get(name, ()))]
        one_of = {"groupingBehavior": "logical-group", "selectionBehavior": "exactly-one", "action": group}
        steps.append(group[0] if len(group) == 1 else {"title": "one of these", **one_of})
    return steps


def _step(guidance: Guidance, name: str, drugs: Mapping[str, Drug]) -> dict[str, Any]:
    action = guidance.actions[name]
    return {
        "title": action_words(action, drugs) + place_taken(guidance, action, drugs),
        "definitionCanonical": _url("ActivityDefinition", f"{guidance.id}.{name}"),
    }


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
        content["dosage"] = _dosages(action, drugs)
        content["useContext"] = _ages(action, drugs)
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


def _dosages(action: Give, drugs: Mapping[str, Drug]) -> list[dict[str, Any]]:
    """One dosage, or one for each weight band of the dose."""
    rule, drug = dose_rule(action, drugs), drugs[action.drug]
    limits = drug.spacing.and_also(action.spacing)
    common = {
        "text": action_words(action, drugs) + (f"; {limits.words}" if limits.words else ""),
        "timing": _timing(action, limits),
        "route": None if action.route is None else {"text": action.route},
        **(_as_needed(limits) if _is_repeated_if_needed(action, limits) else {}),
    }
    words = [{"text": line} for line in limits.lines()] + [{"text": _stage(stage)} for stage in action.then]
    if rule is None:
        return [_given({**common, "additionalInstruction": words or None})]
    return [
        _given(
            {
                **common,
                "additionalInstruction": [*([] if band is None else [{"text": band}]), *words] or None,
                "doseAndRate": [_amount(one)],
                "maxDosePerAdministration": None if one.cap is None else _quantity(one.cap, one.unit),
                "maxDosePerPeriod": _most_in_period(one, limits),
            }
        )
        for band, one in _by_band(rule)
    ]


def _by_band(rule: DoseRule) -> list[tuple[str | None, DoseRule]]:
    """The rule of each weight band, with words that say which weights it is for."""
    if not rule.bands:
        return [(None, rule)]
    first = rule.bands[0].at_least_kg
    found: list[tuple[str | None, DoseRule]] = [
        (f"body weight below {first:g} kg", rule.model_copy(update={"bands": ()}))
    ]
    ends = [*(band.at_least_kg for band in rule.bands[1:]), None]
    for band, end in zip(rule.bands, ends, strict=True):
        words = f"body weight of {band.at_least_kg:g} kg or more" + ("" if end is None else f" and below {end:g} kg")
        update = {"bands": (), "amount": band.amount, "up_to": None, "cap": band.cap}
        found.append((words, rule.model_copy(update=update)))
    return found


def _timing(action: Give, limits: Limits) -> dict[str, Any] | None:
    """How often; a drug that is given again only if needed has the most doses in all and no period, which would be an order."""
    repeat: dict[str, Any] = {} if action.every_hours is None else _repeat(action.every_hours)
    if action.times is not None:
        repeat["count"] = action.times
    if action.days is not None:
        repeat |= _bounds(action.days)
    in_all = min((limit.count for limit in limits.at_most if limit.within_hours is None), default=None)
    if in_all is not None and action.times is None:
        repeat |= {"count": 1} if in_all == 1 else {"count": 1, "countMax": in_all}
    return {"repeat": repeat} if repeat else None


def _is_repeated_if_needed(action: Give, limits: Limits) -> bool:
    return action.every_hours is None and action.times is None and limits.hours_apart is not None


def _as_needed(limits: Limits) -> dict[str, Any]:
    """That another dose needs its reason, and how far apart doses lie at the least."""
    return {"asNeededCodeableConcept": {"text": f"another dose only if needed; {limits.words}"}}


def _most_in_period(rule: DoseRule, limits: Limits) -> dict[str, Any] | None:
    """The most in the shortest period for which there is a limit: its doses, each at its cap where it has one."""
    timed = [(limit.within_hours, limit.count) for limit in limits.at_most if limit.within_hours is not None]
    if not timed:
        return None
    hours, count = min(timed)
    amount, unit = (rule.cap, rule.unit) if rule.cap is not None else (rule.up_to or rule.amount, _unit(rule))
    return {"numerator": _quantity(count * amount, unit), "denominator": _quantity(hours, "h")}


def _ages(action: Give, drugs: Mapping[str, Drug]) -> list[dict[str, Any]] | None:
    rule, drug = dose_rule(action, drugs), drugs[action.drug]
    if rule is None or not rule.adults or drug.adult_age is None:
        return None
    code = {"system": _CONTEXT, "code": "age"}
    return [{"code": code, "valueRange": {"low": _quantity(drug.adult_age, "a")}}]


def _stage(stage: Stage) -> str:
    every = "" if stage.every_hours is None else f" every {often(stage.every_hours)} h"
    return f"then {stage.amount:g} {stage.unit}{every}" + ("" if stage.days is None else f" for {stage.days:g} days")


def _unit(rule: DoseRule) -> str:
    return rule.unit if rule.per is None else f"{rule.unit}/{rule.per}"


def _amount(rule: DoseRule) -> dict[str, Any]:
    if rule.up_to is None:
        return {"doseQuantity": _quantity(rule.amount, _unit(rule))}
    return {"doseRange": {"low": _quantity(rule.amount, _unit(rule)), "high": _quantity(rule.up_to, _unit(rule))}}


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
        "name": _computer_name(name),
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


def _computer_name(name: str) -> str:
    """A name that FHIR allows: it begins with a capital letter and has only letters, digits and low lines."""
    text = _NO_NAME.sub("_", name)
    return (text[0].upper() + text[1:] if text[:1].isalpha() else f"V_{text}")[:_LONGEST_NAME]


def _id(name: str) -> str:
    """An id that FHIR allows; a long one ends in a digest, so that two never become one."""
    id = _ID.sub("-", name)
    return id if len(id) <= _LONGEST_ID else f"{id[: _LONGEST_ID - 9]}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"


def _url(resource: str, name: str) -> str:
    return f"{urls.BASE}/{resource}/{_id(name)}"


def _given(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
