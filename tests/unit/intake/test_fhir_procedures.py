"""Procedures and devices: ventilation, dialysis, oxygen, apheresis, and infusions told as procedures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import DAY_0, Resource, ids, infusion, own, patient, reasons, told
from vein2vein.intake.fhir import urls

ROW = 3
SPAN = {"start": "2026-03-06T08:00:00+01:00", "end": "2026-03-06T20:00:00+01:00"}
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"


def procedure(code: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": code,
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def use(**more: Any) -> Resource:
    return {
        "resourceType": "DeviceUseStatement",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "device": {"reference": "Device/d"},
        **more,
    }


@pytest.mark.parametrize(
    ("code", "kind", "agent"),
    [
        ("oxygen/mechanical-ventilation", "oxygen", "mechanical-ventilation"),
        ("renal_replacement/haemodialysis", "renal_replacement", "haemodialysis"),
    ],
)
def test_a_procedure_over_time_is_an_exposure(tmp_path: Path, code: str, kind: str, agent: str) -> None:
    reason = [own(urls.REASONS, "oxygen/airway-protection")]
    delivery = told(tmp_path, procedure(own(urls.EXPOSURES, code), performedPeriod=SPAN, reasonCode=reason))
    (row,) = delivery.cohort.exposures.to_dicts()
    assert (row["kind"], row["agent"], row["reason"]) == (
        kind,
        agent,
        "airway-protection" if kind == "oxygen" else None,
    )
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 12 * 3600


def test_a_procedure_can_be_a_milestone(tmp_path: Path) -> None:
    delivery = told(
        tmp_path, procedure(own(urls.MILESTONES, "apheresis"), performedDateTime="2026-02-04T09:00:00+01:00")
    )
    assert ("apheresis", None) in delivery.cohort.milestones.select("kind", "detail").rows()


@pytest.mark.parametrize("code", [own(urls.MILESTONES, "infusion"), own(ICD10PCS, "XW033C3")])
def test_an_infusion_told_as_a_procedure_makes_a_course(tmp_path: Path, code: Resource) -> None:
    delivery = told(
        tmp_path,
        patient(),
        procedure(code, performedPeriod={"start": DAY_0, "end": "2026-03-04T10:40:00+01:00"}),
        alone=True,
    )
    (course,) = delivery.cohort.courses.to_dicts()
    assert course["infused_at"].isoformat() == "2026-03-04T09:00:00+00:00"
    assert course["product"] is None


def test_an_infusion_told_twice_is_one(tmp_path: Path) -> None:
    delivery = told(
        tmp_path,
        patient(),
        infusion(at="2026-03-04T10:05:00+01:00"),
        procedure(own(urls.MILESTONES, "infusion"), performedDateTime="2026-03-04"),
        alone=True,
    )
    (course,) = delivery.cohort.courses.to_dicts()
    assert (course["product"], course["infused_at"].isoformat()) == (
        "axicabtagene-ciloleucel",
        "2026-03-04T09:05:00+00:00",
    )
    assert delivery.cohort.milestones["kind"].to_list() == ["infusion"]
    assert delivery.account.row(0) == ("delivery.json", 3, 3, 0, 0, 0)


@pytest.mark.parametrize(
    ("resource", "id"),
    [
        (procedure(own(urls.EXPOSURES, "oxygen/cpap"), performedString="last spring"), "INTAKE-311"),
        (procedure({"text": "intubation"}, performedPeriod=SPAN), "INTAKE-306"),
        (procedure(own(urls.EXPOSURES, "oxygen/cpap"), performedPeriod=SPAN, status="not-done"), "INTAKE-310"),
        (
            {
                "resourceType": "Procedure",
                "status": "completed",
                "subject": {"reference": "Patient/p1"},
                "performedPeriod": SPAN,
            },
            "INTAKE-306",
        ),
        (use(timingPeriod=SPAN), "INTAKE-317"),
        (use(timingPeriod=SPAN, device={"display": "mask"}), "INTAKE-317"),
        (use(timingPeriod=SPAN, status="intended"), "INTAKE-310"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path, resource: Resource, id: str) -> None:
    delivery = told(tmp_path, resource)
    assert reasons(delivery) == {ROW: id}
    assert delivery.cohort.exposures.is_empty()


def test_the_use_of_a_device_is_an_exposure(tmp_path: Path) -> None:
    device = {"resourceType": "Device", "id": "d", "type": own(urls.EXPOSURES, "oxygen/high-flow-nasal-cannula")}
    delivery = told(tmp_path, use(timingPeriod=SPAN, reasonCode=[own(urls.REASONS, "oxygen/hypoxia")]), device)
    (row,) = delivery.cohort.exposures.to_dicts()
    assert (row["kind"], row["agent"], row["reason"]) == ("oxygen", "high-flow-nasal-cannula", "hypoxia")


def test_a_device_without_a_known_type_is_refused(tmp_path: Path) -> None:
    device = {"resourceType": "Device", "id": "d", "type": {"text": "mask"}}
    delivery = told(tmp_path, use(timingPeriod=SPAN), device)
    assert reasons(delivery)[ROW] == "INTAKE-306"
    assert ids(delivery)["INTAKE-326"] == 1
