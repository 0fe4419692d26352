"""Encounters: ward, intensive care, home, and what is not known about the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import Resource, ids, own, reasons, told
from vein2vein.intake.fhir import urls

ROW = 3
ACT, ROLE = "http://terminology.hl7.org/CodeSystem/v3-ActCode", "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
STAY = {"start": "2026-03-01T08:00:00+01:00", "end": "2026-03-20T12:00:00+01:00"}
WARD = {"resourceType": "Location", "id": "w", "type": [own(ROLE, "HU")]}
ICU = {"resourceType": "Location", "id": "i", "type": [own(ROLE, "ICU")]}


def encounter(code: str = "IMP", **more: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": ACT, "code": code},
        "subject": {"reference": "Patient/p1"},
        "period": STAY,
        **more,
    }


def at(place: str, start: str | None = None, end: str | None = None) -> Resource:
    period = {name: f"2026-03-{day}T08:00:00+01:00" for name, day in (("start", start), ("end", end)) if day}
    return {"location": {"reference": f"Location/{place}"}, **({"period": period} if period else {})}


def test_locations_say_ward_or_intensive_care(tmp_path: Path) -> None:
    places = [at("w", end="06"), at("i", "06", "09"), at("w", "09")]
    delivery = told(tmp_path, encounter(location=places, reasonCode=[own(urls.REASONS, "stay/crs")]), WARD, ICU)
    rows = delivery.cohort.exposures.select("kind", "agent", "reason").rows()
    assert rows == [("stay", "ward", "crs"), ("stay", "icu", "crs"), ("stay", "ward", "crs")]
    days = delivery.cohort.exposures.select("started_at", "ended_at").rows()
    assert [start.day for start, _ in days] == [1, 6, 9]
    assert [end.day for _, end in days] == [6, 9, 20]
    assert delivery.cohort.milestones.filter(kind="discharge")["at"][0].isoformat() == "2026-03-20T11:00:00+00:00"


@pytest.mark.parametrize("location", [None, [at("x")], [at("w"), at("i")]])
def test_a_stay_of_unknown_place_may_have_been_anywhere(tmp_path: Path, location: list[Resource] | None) -> None:
    given = encounter() if location is None else encounter(location=location)
    delivery = told(tmp_path, given, WARD, ICU)
    assert delivery.cohort.exposures.select("kind", "agent").rows() == [("stay", "unspecified")]
    assert ("INTAKE-317" in ids(delivery)) == (location == [at("x")])
    assert ROW not in reasons(delivery)


def test_a_stay_that_lasts_has_no_end_and_no_discharge(tmp_path: Path) -> None:
    delivery = told(tmp_path, encounter(status="in-progress", period={"start": STAY["start"]}, location=[at("i")]), ICU)
    assert delivery.cohort.exposures.select("agent", "ended_at").rows() == [("icu", None)]
    assert delivery.cohort.milestones.filter(kind="discharge").is_empty()


def test_who_died_in_hospital_was_not_discharged(tmp_path: Path) -> None:
    died = {"dischargeDisposition": own("http://terminology.hl7.org/CodeSystem/discharge-disposition", "exp")}
    delivery = told(tmp_path, encounter(hospitalization=died))
    assert delivery.cohort.milestones.filter(kind="discharge").is_empty()


def test_care_at_home_is_home(tmp_path: Path) -> None:
    assert told(tmp_path, encounter("HH")).cohort.exposures["agent"].to_list() == ["home"]


@pytest.mark.parametrize(
    ("given", "id"),
    [
        (encounter("AMB"), "INTAKE-329"),
        (encounter("EMER"), "INTAKE-329"),
        (encounter(status="planned"), "INTAKE-310"),
        (encounter(period={"end": STAY["end"]}), "INTAKE-311"),
    ],
)
def test_what_is_no_stay_is_accounted_for(tmp_path: Path, given: Resource, id: str) -> None:
    delivery = told(tmp_path, given)
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: id}
