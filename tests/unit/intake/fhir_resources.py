"""Small FHIR resources for tests, and one call that converts them. Nothing here is a real person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from vein2vein.intake.delivery import Delivery
from vein2vein.intake.fhir import adapter, urls

Resource = dict[str, Any]
DAY_0 = "2026-03-04T10:00:00+01:00"
LOINC, SNOMED, ATC = "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc"
AXI_CEL = {"coding": [{"system": ATC, "code": "L01XL03"}]}
TEMPERATURE = {"coding": [{"system": urls.KINDS, "code": "body_temperature"}]}


def own(system: str, code: str) -> Resource:
    """A concept of one of our code systems."""
    return {"coding": [{"system": system, "code": code}]}


def patient(id: str = "p1", **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": id, "birthDate": "1968-05-17", "gender": "female", **more}


def infusion(subject: str = "p1", at: str = DAY_0, **more: Any) -> Resource:
    return {
        "resourceType": "MedicationAdministration", "id": f"inf-{subject}-{at[:10]}", "status": "completed",
        "medicationCodeableConcept": AXI_CEL, "subject": {"reference": f"Patient/{subject}"}, "effectiveDateTime": at, **more,
    }  # fmt: skip


def observation(code: Resource = TEMPERATURE, at: str | None = "2026-03-05T08:00:00+01:00", **more: Any) -> Resource:
    given: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/p1"},
    }
    return given | ({} if at is None else {"effectiveDateTime": at}) | more


def quantity(value: float, unit: str | None = "Cel", **more: Any) -> Resource:
    return {"value": value, **({} if unit is None else {"system": "http://unitsofmeasure.org", "code": unit}), **more}


def drug(code: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "MedicationAdministration", "status": "completed", "medicationCodeableConcept": code,
        "subject": {"reference": "Patient/p1"}, **more,
    }  # fmt: skip


def bundle(*resources: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def ndjson(folder: Path, name: str, *resources: Resource | str) -> Path:
    """Write lines; a text is written as it is."""
    folder.mkdir(exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r) for r in resources]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def told(folder: Path, *resources: Resource, options: adapter.Options | None = None, alone: bool = False) -> Delivery:
    """Convert the resources, with a patient and an infusion unless `alone`."""
    first = () if alone else (patient(), infusion())
    file = folder / "delivery.json"
    file.write_text(json.dumps(bundle(*first, *resources)), encoding="utf-8")
    return adapter.convert(file, options or adapter.Options(zone="Europe/Berlin"))


def ids(delivery: Delivery) -> dict[str, int]:
    """How often each fault was seen."""
    counted: dict[str, int] = {}
    for fault in delivery.faults:
        counted[fault.id] = counted.get(fault.id, 0) + fault.count
    return counted


def reasons(delivery: Delivery) -> dict[int, str]:
    """Why each row that is refused or not needed is so."""
    return {row: reason for _, row, reason, _ in pl.concat([delivery.refused, delivery.spared]).iter_rows()}
