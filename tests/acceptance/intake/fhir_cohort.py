"""Writes a cohort as a FHIR delivery, the way a hospital might send it: agreed codes where there are some, ours elsewhere."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vein2vein.intake.fhir import urls
from vein2vein.knowledge import codes
from vein2vein.record.timeline import Exposure, Milestone, Observation, Timeline

SYSTEMS = {"loinc": "http://loinc.org", "snomed": "http://snomed.info/sct", "atc": "http://www.whocc.no/atc"}
PANEL = {"systolic_blood_pressure", "diastolic_blood_pressure"}
_STAYS = {"ward": "HU", "icu": "ICU", "home": "PTRES"}
Resource = dict[str, Any]


def resources(timelines: list[Timeline]) -> Iterator[Resource]:
    """All resources of the courses; ids are counted, so that every run gives the same."""
    counter = _Counter()
    yield from _definitions()
    for timeline in timelines:
        yield from _of_course(timeline, counter)


def write_ndjson(timelines: list[Timeline], folder: Path) -> Path:
    """One NDJSON file for each resource type, as a bulk export does."""
    folder.mkdir(parents=True, exist_ok=True)
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources(timelines):
        by_type[resource["resourceType"]].append(resource)
    for kind, listed in by_type.items():
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in listed)
        (folder / f"{kind}.ndjson").write_text(lines, encoding="utf-8")
    return folder


def write_bundle(timelines: list[Timeline], file: Path, *, kind: str = "collection") -> Path:
    """One Bundle, last resources first, so that references point forwards too."""
    entries: list[Resource] = []
    for resource in reversed(list(resources(timelines))):
        entry: Resource = {
            "fullUrl": f"https://hospital.example/fhir/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
        }
        if kind == "transaction":
            entry["request"] = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
        elif kind == "searchset":
            entry["search"] = {"mode": "match"}
        entries.append(entry)
    file.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}), encoding="utf-8")
    return file


class _Counter:
    def __init__(self) -> None:
        self._next = 0

    def id(self) -> str:
        self._next += 1
        return f"r{self._next}"


def _definitions() -> Iterator[Resource]:
    for agent, named in codes.stream("oxygen").agents.items():
        yield {
            "resourceType": "Device",
            "id": f"device-{agent}",
            "type": _concept(named.codes, urls.EXPOSURES, f"oxygen/{agent}"),
        }
    yield {
        "resourceType": "Device",
        "id": "device-unspecified",
        "type": _concept((), urls.EXPOSURES, "oxygen/unspecified"),
    }
    for place, code in _STAYS.items():
        role = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}
        yield {"resourceType": "Location", "id": f"place-{place}", "type": [{"coding": [role]}]}


def _of_course(timeline: Timeline, counter: _Counter) -> Iterator[Resource]:
    course = timeline.course
    yield _patient(timeline)
    subject = {"reference": f"Patient/{course.patient.patient_id}"}
    product = {"coding": [{"system": urls.PRODUCTS, "code": course.product}]}
    identifier = [{"system": urls.COURSES, "value": course.course_id}]
    reason = [{"coding": [{"system": urls.INDICATIONS, "code": course.indication}]}]
    if course.infused_at is None:
        yield {
            "resourceType": "MedicationRequest", "id": counter.id(), "status": "active", "intent": "order",
            "subject": subject, "identifier": identifier,
            "reasonCode": reason, "medicationCodeableConcept": product,
        }  # fmt: skip
    else:
        yield {
            "resourceType": "MedicationAdministration", "id": counter.id(), "status": "completed", "subject": subject,
            "identifier": identifier,
            "reasonCode": reason, "medicationCodeableConcept": product, "effectiveDateTime": _text(course.infused_at),
        }  # fmt: skip
    if course.followed_until is not None:
        yield _step(Milestone("last_seen", course.followed_until), subject, counter.id())
    for milestone in timeline.milestones:
        if milestone.kind == "death":
            yield _death(milestone, subject, counter.id())
        elif milestone.kind != "infusion":
            yield _step(milestone, subject, counter.id())
    yield from _observations(timeline, subject, counter)
    for exposure in timeline.exposures:
        yield _exposure(exposure, subject, counter.id())
        if exposure.kind == "oxygen" and exposure.rate is not None:
            yield _flow(exposure, subject, counter.id())


def _patient(timeline: Timeline) -> Resource:
    patient = timeline.course.patient
    resource: Resource = {"resourceType": "Patient", "id": patient.patient_id, "gender": patient.sex}
    if patient.born_on is not None:
        resource["birthDate"] = patient.born_on.isoformat()
    death = timeline.milestone("death")
    if death is not None:
        resource["deceasedDateTime"] = _text(death.at)
    return resource


def _death(milestone: Milestone, subject: Resource, id: str) -> Resource:
    return {
        "resourceType": "AdverseEvent", "id": id, "actuality": "actual", "subject": subject, "date": _text(milestone.at),
        "event": {"coding": [{"system": urls.MILESTONES, "code": f"death/{milestone.detail}"}]},
        "outcome": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "code": "fatal"}]},
    }  # fmt: skip


def _step(milestone: Milestone, subject: Resource, id: str) -> Resource:
    code = milestone.kind if milestone.detail is None else f"{milestone.kind}/{milestone.detail}"
    return {
        "resourceType": "Procedure", "id": id, "status": "completed", "subject": subject,
        "code": {"coding": [{"system": urls.MILESTONES, "code": code}]}, "performedDateTime": _text(milestone.at),
    }  # fmt: skip


def _observations(timeline: Timeline, subject: Resource, counter: _Counter) -> Iterator[Resource]:
    panels: dict[datetime, list[Observation]] = defaultdict(list)
    for row in timeline.observations:
        if row.kind in PANEL:
            panels[row.observed_at].append(row)
        else:
            base = {"resourceType": "Observation", "id": counter.id(), "status": "final", "subject": subject}
            yield {**base, "effectiveDateTime": _text(row.observed_at), **_measured(row)}
    for at, rows in panels.items():
        code = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
        yield {
            "resourceType": "Observation", "id": counter.id(), "status": "final", "subject": subject, "code": code,
            "effectiveDateTime": _text(at), "component": [_measured(row) for row in rows],
        }  # fmt: skip


def _measured(row: Observation) -> Resource:
    kind = codes.observation_kind(row.kind)
    part: Resource = {"code": _concept(kind.codes, urls.KINDS, row.kind)}
    if row.usability != "ok":
        part["valueString"] = row.as_sent
    elif kind.type == "number":
        quantity = {"value": row.value, "system": "http://unitsofmeasure.org", "code": kind.unit, "unit": kind.unit}
        part["valueQuantity"] = quantity if row.comparator is None else quantity | {"comparator": row.comparator}
    elif kind.type == "yes_no":
        part["valueBoolean"] = row.code == "yes"
    else:
        part["valueCodeableConcept"] = {"coding": [{"system": urls.CATEGORIES, "code": f"{row.kind}/{row.code}"}]}
    return part


def _exposure(row: Exposure, subject: Resource, id: str) -> Resource:
    own = {"coding": [{"system": urls.EXPOSURES, "code": f"{row.kind}/{row.agent}"}]}
    reason = [{"coding": [{"system": urls.REASONS, "code": f"{row.kind}/{row.reason}"}]}] if row.reason else None
    base: Resource = {"id": id, "subject": subject}
    if row.kind == "oxygen":
        status = "completed" if row.ended_at is not None else "active"
        device = {
            "resourceType": "DeviceUseStatement",
            "status": status,
            "device": {"reference": f"Device/device-{row.agent}"},
        }
        return _given(base | device | {"timingPeriod": _period(row), "reasonCode": reason})
    if row.kind == "stay":
        stay = {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": _class("HH" if row.agent == "home" else "IMP"),
        }
        place = [{"location": {"reference": f"Location/place-{row.agent}"}}]
        return _given(base | stay | {"period": _period(row), "location": place, "reasonCode": reason})
    if row.kind == "charted":
        return base | {
            "resourceType": "Observation",
            "status": "final",
            "code": own,
            "effectivePeriod": _period(row),
            "valueBoolean": True,
        }
    if row.kind == "other_cause":
        condition = base | {"resourceType": "Condition", "code": own, "onsetDateTime": _text(row.started_at)}
        return condition if row.ended_at is None else condition | {"abatementDateTime": _text(row.ended_at)}
    if row.kind in {"renal_replacement", "transfusion"}:
        return base | {"resourceType": "Procedure", "status": "completed", "code": own} | _when(row, "performed")
    agents = codes.stream(row.kind).agents
    named = agents[row.agent].codes if row.agent in agents else ()
    drug = {"resourceType": "MedicationAdministration", "status": "completed" if row.ended_at else "in-progress"}
    medicine = {
        "medicationCodeableConcept": _concept(named, urls.EXPOSURES, f"{row.kind}/{row.agent}"),
        "dosage": _dosage(row),
    }
    return _given(base | drug | medicine | {"reasonCode": reason} | _when(row, "effective"))


def _flow(row: Exposure, subject: Resource, id: str) -> Resource:
    """R4's DeviceUseStatement has no flow."""
    code = {"coding": [{"system": "http://loinc.org", "code": "3151-8"}]}
    flow = {"value": row.rate, "system": "http://unitsofmeasure.org", "code": row.rate_unit}
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": subject, "code": code,
        "effectiveDateTime": _text(row.started_at), "valueQuantity": flow,
    }  # fmt: skip


def _dosage(row: Exposure) -> Resource | None:
    dosage: Resource = {}
    if row.amount is not None:
        dosage["dose"] = {"value": row.amount, "system": "http://unitsofmeasure.org", "code": row.amount_unit}
    if row.rate is not None:
        dosage["rateQuantity"] = {"value": row.rate, "system": "http://unitsofmeasure.org", "code": row.rate_unit}
    return dosage or None


def _when(row: Exposure, stem: str) -> Resource:
    if row.started_at == row.ended_at:
        return {f"{stem}DateTime": _text(row.started_at)}
    return {f"{stem}Period": _period(row)}


def _period(row: Exposure) -> Resource:
    period = {"start": _text(row.started_at)}
    return period if row.ended_at is None else period | {"end": _text(row.ended_at)}


def _class(code: str) -> Resource:
    return {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}


def _concept(known: Any, own_system: str, own_code: str) -> Resource:
    agreed = [{"system": SYSTEMS[c.system], "code": c.code} for c in known if c.system in SYSTEMS]
    return {"coding": agreed[:1] or [{"system": own_system, "code": own_code}]}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _given(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if value is not None}
