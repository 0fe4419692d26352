"""Local codes and units of a mapping file count in every form of delivery, and what cannot count is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.intake.omop.delivery import DAY_0, OmopDelivery, as_folder, hours
from unit.intake.fhir_resources import infusion, ndjson, observation, patient
from vein2vein.errors import IntakeError
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery

LAB = "https://hospital.example/lab"
# The same statements about the same local words, each form with its own way to write a code.
UNITS = {
    "by_kind": {"crp": {"mg/100ml": "mg/dL"}},
    "spellings": {"mgl": "mg/L"},
    "missing": {"platelets": "10*9/L"},
}
WRITTEN = {
    "tables": {"CRPX": "CRPX", "FERRX": "FERRX", "PLTX": "PLTX", "NOISE": "NOISE", "OPEN": "OPEN"},
    "fhir": {"CRPX": f"{LAB}|CRPX", "FERRX": "FERRX", "PLTX": f"{LAB}|PLTX", "NOISE": "NOISE", "OPEN": f"{LAB}|OPEN"},
    "omop": {"CRPX": "CRPX", "FERRX": "concept_id|2100000001", "PLTX": "Lab|PLTX", "NOISE": "NOISE", "OPEN": "OPEN"},
}
MEANT = {"CRPX": "crp", "FERRX": "ferritin", "PLTX": "platelets", "NOISE": "ignore", "OPEN": "ASK"}
MEASURED = [("CRPX", 1.5, "mg/100ml"), ("FERRX", 2, "mgl"), ("PLTX", 40, None), ("NOISE", 1, None), ("OPEN", 1, None)]
WANTED = [("crp", 15.0, "ok"), ("ferritin", 2000.0, "ok"), ("platelets", 40.0, "ok")]


def _mapping(form: str, **more: Any) -> dict[str, Any]:
    codes = {WRITTEN[form][local]: kind for local, kind in MEANT.items()}
    return {"zone": "Europe/Berlin", "codes": {"observations": codes}, "units": UNITS, **more}


def _read(place: Path, folder: Path, mapping: dict[str, Any]) -> Delivery:
    file = folder / "mapping.yaml"
    file.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return open_delivery(place, mapping=file)


def _tables(folder: Path) -> Path:
    place = folder / "tables"
    place.mkdir()
    (place / "courses.csv").write_text("course_id,infused_at\nC1,2026-03-02T10:00\n", encoding="utf-8")
    with (place / "labs.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["course_id", "test", "value", "unit", "time"])
        rows.writerows(["C1", test, value, unit or "", "2026-03-03T08:00"] for test, value, unit in MEASURED)
    return place


def _fhir(folder: Path) -> Path:
    def measured(code: str, value: float, unit: str | None) -> dict[str, Any]:
        coding = {"coding": [{"system": LAB, "code": code}]}
        return observation(coding, valueQuantity={"value": value} | ({} if unit is None else {"unit": unit}))

    return ndjson(folder / "fhir", "all.ndjson", patient(), infusion(), *(measured(*row) for row in MEASURED))


def _omop(folder: Path) -> Path:
    delivery = OmopDelivery().with_vocabulary().person(1).drug(1, ("ATC", "L01XL03"), DAY_0)
    delivery.add("concept", concept_id=2_100_000_002, vocabulary_id="Lab", concept_code="PLTX", concept_name="made up")
    numbers = {"FERRX": 2_100_000_001, "PLTX": 2_100_000_002}
    for number, (code, value, unit) in enumerate(MEASURED):
        delivery.add(
            "measurement", person_id=1, measurement_concept_id=numbers.get(code, 0), value_as_number=value,
            unit_source_value=unit, unit_concept_id=0, measurement_source_value=code,
            measurement_date=hours(22).date(), measurement_datetime=hours(22) + timedelta(minutes=number),
        )  # fmt: skip
    return as_folder(delivery, folder / "omop")


FORMS: dict[str, Callable[[Path], Path]] = {"tables": _tables, "fhir": _fhir, "omop": _omop}


@pytest.mark.parametrize("form", FORMS)
def test_local_codes_and_units_count_in_every_form(tmp_path: Path, form: str) -> None:
    delivery = _read(FORMS[form](tmp_path), tmp_path, _mapping(form))
    found = delivery.cohort.observations.select("kind", "value", "usability").sort("kind").rows()
    assert found == WANTED
    assert delivery.report.total()["refused"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_codes_set_to_ignore_are_not_needed_and_open_ones_are_named(tmp_path: Path, form: str) -> None:
    delivery = _read(FORMS[form](tmp_path), tmp_path, _mapping(form))
    said = {fault.id: fault for fault in delivery.faults if fault.id in {"INTAKE-039", "INTAKE-040"}}
    assert WRITTEN[form]["NOISE"] in said["INTAKE-040"].saw
    assert "set to ignore" in said["INTAKE-040"].saw
    assert WRITTEN[form]["OPEN"] in said["INTAKE-039"].saw
    assert "ASK" in said["INTAKE-039"].saw


@pytest.mark.parametrize("form", FORMS)
def test_without_the_mapping_nothing_of_it_is_understood(tmp_path: Path, form: str) -> None:
    delivery = _read(FORMS[form](tmp_path), tmp_path, {"zone": "Europe/Berlin"})
    assert delivery.cohort.observations.is_empty()
    assert delivery.report.total()["refused"] + delivery.report.total()["not_needed"] >= len(MEASURED)


@pytest.mark.parametrize("form", ["fhir", "omop"])
def test_what_is_declared_wins_over_a_known_code(tmp_path: Path, form: str) -> None:
    if form == "fhir":
        coded = {"coding": [{"system": "http://loinc.org", "code": "1988-5"}, {"system": LAB, "code": "CRPX"}]}
        resource = observation(coded, valueQuantity={"value": 3, "unit": "mg/L"})
        place = ndjson(tmp_path / "fhir", "all.ndjson", patient(), infusion(), resource)
    else:
        delivery = OmopDelivery().with_vocabulary().person(1).drug(1, ("ATC", "L01XL03"), DAY_0)
        delivery.measured(1, "1988-5", hours(22), 3, "mg/L", measurement_source_value="CRPX")
        place = as_folder(delivery, tmp_path / "omop")
    mapping = {"zone": "Europe/Berlin", "codes": {"observations": {"CRPX": "ferritin"}}}
    assert _read(place, tmp_path, mapping).cohort.observations["kind"].to_list() == ["ferritin"]


@pytest.mark.parametrize("form", ["fhir", "omop"])
def test_a_local_code_of_the_infusion_makes_the_course(tmp_path: Path, form: str) -> None:
    if form == "fhir":
        own = {"coding": [{"system": LAB, "code": "CELLS"}]}
        given = infusion(medicationCodeableConcept=own)
        place = ndjson(tmp_path / "fhir", "all.ndjson", patient(), given)
    else:
        delivery = OmopDelivery().with_vocabulary().person(1)
        delivery.add(
            "procedure_occurrence", person_id=1, procedure_concept_id=0, procedure_source_value="CELLS",
            procedure_date=DAY_0.date(), procedure_datetime=DAY_0,
        )  # fmt: skip
        place = as_folder(delivery, tmp_path / "omop")
    mapping = {"zone": "Europe/Berlin", "codes": {"milestones": {"CELLS": "infusion"}}}
    courses = _read(place, tmp_path, mapping).cohort.courses
    assert courses.select("product").rows() == [(None,)]
    assert courses["infused_at"].null_count() == 0


@pytest.mark.parametrize("form", ["fhir", "omop"])
def test_local_words_of_drugs_and_of_values_count(tmp_path: Path, form: str) -> None:
    if form == "fhir":
        own = {"coding": [{"system": LAB, "code": "NORADR"}]}
        start, end = "2026-03-05T08:00:00+01:00", "2026-03-05T09:00:00+01:00"
        drug = infusion(id="d", medicationCodeableConcept=own)
        drug = {k: v for k, v in drug.items() if k != "effectiveDateTime"} | {
            "effectivePeriod": {"start": start, "end": end}
        }
        seen = observation(
            {"coding": [{"system": LAB, "code": "CONS"}]},
            valueCodeableConcept={"coding": [{"system": LAB, "code": "V"}]},
        )
        place = ndjson(tmp_path / "fhir", "all.ndjson", patient(), infusion(), drug, seen)
    else:
        delivery = OmopDelivery().with_vocabulary().person(1).drug(1, ("ATC", "L01XL03"), DAY_0)
        delivery.drug(1, ("ATC", "L01XL03"), hours(22), hours(23), drug_concept_id=0, drug_source_value="NORADR")
        delivery.add(
            "observation", person_id=1, observation_concept_id=0, observation_source_value="CONS", value_as_string="V",
            observation_date=hours(22).date(), observation_datetime=hours(22),
        )  # fmt: skip
        place = as_folder(delivery, tmp_path / "omop")
    mapping = {
        "zone": "Europe/Berlin",
        "codes": {"observations": {"CONS": "arousal"}, "exposures": {"NORADR": "vasopressor/norepinephrine"}},
        "values": {"arousal": {"V": "voice"}},
    }
    cohort = _read(place, tmp_path, mapping).cohort
    assert cohort.exposures.select("kind", "agent").rows() == [("vasopressor", "norepinephrine")]
    assert cohort.observations.select("kind", "code", "usability").rows() == [("arousal", "voice", "ok")]


SPARE = {
    "fhir": (
        {"files": {"labs.csv": {"columns": {"value": "wert"}}}, "encoding": "latin-1"},
        "encoding, files.labs.csv.columns",
    ),
    "omop": ({"agents": {"NA": "norepinephrine"}, "separator": ";"}, "separator, agents"),
    "cohort": ({"codes": {"observations": {"CRPX": "crp"}}}, "codes"),
    "tables": ({"times": {"midnight": "time"}}, "times.midnight"),
}


@pytest.mark.parametrize("form", SPARE)
def test_a_key_that_cannot_apply_is_refused_and_never_passed_over(tmp_path: Path, form: str) -> None:
    if form == "cohort":
        _read(_tables(tmp_path), tmp_path, _mapping("tables")).cohort.write(tmp_path / "cohort")
        place = tmp_path / "cohort"
    else:
        place = FORMS[form](tmp_path)
    extra, named = SPARE[form]
    with pytest.raises(IntakeError, match="INTAKE-058") as caught:
        _read(place, tmp_path, {"zone": "Europe/Berlin", **extra})
    assert named in caught.value.fault.saw
    assert caught.value.fault.effect == "nothing was read"


def test_a_contradiction_between_two_declared_codes_is_refused(tmp_path: Path) -> None:
    both = {"coding": [{"system": LAB, "code": "CRPX"}, {"system": LAB, "code": "FERRX"}]}
    resource = observation(both, valueQuantity={"value": 3, "unit": "mg/L"})
    place = ndjson(tmp_path / "fhir", "all.ndjson", patient(), infusion(), resource)
    mapping = {"zone": "Europe/Berlin", "codes": {"observations": {"CRPX": "crp", "FERRX": "ferritin"}}}
    assert [fault.id for fault in _read(place, tmp_path, mapping).faults] == ["INTAKE-307"]


def test_omop_says_which_declared_codes_its_vocabulary_does_not_hold(tmp_path: Path) -> None:
    mapping = {"zone": "Europe/Berlin", "codes": {"observations": {"Lab|NOWHERE": "crp"}}}
    notes = _read(_omop(tmp_path), tmp_path, mapping).report.notes
    assert any("Lab|NOWHERE" in note for note in notes)
