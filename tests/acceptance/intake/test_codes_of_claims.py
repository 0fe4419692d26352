"""An infusion that only codes of claims tell: a product where the code names one, else none, said in the notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acceptance.intake.omop.delivery import DAY_0, OmopDelivery, as_folder
from unit.intake.fhir_resources import ndjson, patient
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery

SYSTEMS = {
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "CPT4": "http://www.ama-assn.org/go/cpt",
    "ICD10PCS": "http://hl7.org/fhir/sid/icd-10-pcs",
}
CASES: list[tuple[list[tuple[str, str]], str | None]] = [
    ([("CPT4", "38228")], None),
    ([("ICD10PCS", "XW033C7")], None),
    ([("HCPCS", "Q2055")], "idecabtagene-vicleucel"),
    ([("ICD10PCS", "XW043A7")], "ciltacabtagene-autoleucel"),
    ([("CPT4", "38228"), ("HCPCS", "Q2041")], "axicabtagene-ciloleucel"),
]


def _fhir(codes: list[tuple[str, str]], folder: Path) -> Path:
    def given(number: int, vocabulary: str, code: str) -> dict[str, Any]:
        return {
            "resourceType": "Procedure", "id": f"c{number}", "status": "completed", "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": SYSTEMS[vocabulary], "code": code}]}, "performedDateTime": "2026-03-02T10:00:00+01:00",
        }  # fmt: skip

    return ndjson(folder / "fhir", "all.ndjson", patient(), *(given(n, *code) for n, code in enumerate(codes)))


def _omop(codes: list[tuple[str, str]], folder: Path) -> Path:
    """Without a vocabulary: the codes stand as written, a number behind the name of its vocabulary."""
    delivery = OmopDelivery().person(1)
    for vocabulary, code in codes:
        delivery.add(
            "procedure_occurrence", person_id=1, procedure_concept_id=0, procedure_date=DAY_0.date(),
            procedure_datetime=DAY_0, procedure_source_value=f"{vocabulary}:{code}" if code.isdecimal() else code,
        )  # fmt: skip
    return as_folder(delivery, folder / "omop")


def _read(place: Path) -> Delivery:
    return open_delivery(place, zone="Europe/Berlin")


@pytest.mark.parametrize("form", ["fhir", "omop"])
@pytest.mark.parametrize(("codes", "product"), CASES)
def test_codes_of_claims_make_the_course(
    tmp_path: Path, form: str, codes: list[tuple[str, str]], product: str | None
) -> None:
    delivery = _read((_fhir if form == "fhir" else _omop)(codes, tmp_path))
    assert delivery.cohort.courses["product"].to_list() == [product]
    said = [note for note in delivery.report.notes if "have no product" in note]
    assert len(said) == (product is None)


@pytest.mark.parametrize("form", ["fhir", "omop"])
def test_collecting_the_cells_is_an_apheresis_and_makes_no_course_alone(tmp_path: Path, form: str) -> None:
    place = (_fhir if form == "fhir" else _omop)([("CPT4", "38225")], tmp_path)
    assert _read(place).cohort.courses.is_empty()
