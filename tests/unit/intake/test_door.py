"""Which form a delivery has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import IntakeError
from vein2vein.intake.door import form_of, open_delivery, open_large
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort


def _folder(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x\n", encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("names", "form"),
    [
        (("labs.csv",), "tables"),
        (("labs.parquet", "readme.md"), "tables"),
        (("patients.parquet", "courses.parquet"), "tables"),
        (("Patient.ndjson", "Observation.ndjson"), "fhir"),
        (("Patient.ndjson.gz",), "fhir"),
        (("bundle.json",), "fhir"),
        (("PERSON.csv", "MEASUREMENT.csv"), "omop"),
        (("cdm/person.parquet", "cdm/measurement.parquet"), "omop"),
    ],
)
def test_a_folder_is_recognised(tmp_path: Path, names: tuple[str, ...], form: str) -> None:
    assert form_of(_folder(tmp_path, *names)) == form


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "tables"), ("a.TSV", "tables"), ("a.parquet", "tables"), ("b.json", "fhir"), ("b.ndjson", "fhir"),
        ("cdm.zip", "omop"), ("cdm.duckdb", "omop"),
    ],
)  # fmt: skip
def test_a_file_is_recognised(tmp_path: Path, name: str, form: str) -> None:
    assert form_of(_folder(tmp_path, name) / name) == form


@pytest.mark.parametrize("url", ["postgresql://host/db", "postgres://host/db"])
def test_a_database_url_is_omop(url: str) -> None:
    assert form_of(url) == "omop"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-001[\s\S]*nowhere"):
        open_delivery(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "saw"),
    [(("scan.pdf",), "scan.pdf"), (("labs.csv", "bundle.json"), "with tables and JSON files"), ((), "nothing in it")],
)
def test_what_is_not_recognised_is_refused(tmp_path: Path, names: tuple[str, ...], saw: str) -> None:
    place = tmp_path / "delivery"
    place.mkdir()
    with pytest.raises(IntakeError) as raised:
        form_of(_folder(place, *names))
    assert raised.value.id == "INTAKE-002"
    assert saw in raised.value.fault.saw


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-002[\s\S]*scan\.pdf"):
        form_of(_folder(tmp_path, "scan.pdf") / "scan.pdf")


def test_only_tables_are_read_in_partitions(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="plain tables"):
        open_large(_folder(tmp_path / "in", "bundle.json"), tmp_path / "out")


def test_a_mapping_that_holds_nothing_known_is_refused_before_reading(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("foo: 1\n", encoding="utf-8")
    with pytest.raises(IntakeError, match="INTAKE-008"):
        open_delivery(_folder(tmp_path / "in", "labs.csv"), mapping=tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"zone": "Europe/Berln"}, r"time zone 'Europe/Berln'[\s\S]*nearest: Europe/Berlin"),
        ({"charted": ("vasopresor",)}, r"stream 'vasopresor'[\s\S]*nearest: vasopressor"),
        ({"hold_hours": {"oxigen": 8.0}}, r"stream 'oxigen'[\s\S]*nearest: oxygen"),
        ({"zone": "?"}, r"time zone '\?'[\s\S]*such as Europe/Berlin"),
    ],
)
def test_a_misspelled_name_in_the_call_is_said_without_a_mapping_file(
    tmp_path: Path, declared: dict[str, Any], said: str
) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-055[\s\S]*" + said) as raised:
        open_delivery(tmp_path, **declared)
    assert "mapping" not in str(raised.value)


def test_files_beside_a_cohort_are_named(tmp_path: Path) -> None:
    Cohort.of(**{n: pl.DataFrame(schema=dict(s)) for n, s in tables.SCHEMAS.items()}).write(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    (fault,) = open_delivery(tmp_path).faults
    assert (fault.id, fault.saw) == ("INTAKE-054", "notes.txt")


@pytest.mark.parametrize("form", ["cohort", "tables", "fhir", "omop"])
def test_the_mapping_file_beside_the_data_is_not_called_unread(tmp_path: Path, form: str) -> None:
    if form == "cohort":
        Cohort.of(**{n: pl.DataFrame(schema=dict(s)) for n, s in tables.SCHEMAS.items()}).write(tmp_path)
    elif form == "tables":
        (tmp_path / "courses.csv").write_text("course_id,patient_id,infused_at\nc1,p1,2026-03-01 10:00\n")
    elif form == "fhir":
        (tmp_path / "patients.ndjson").write_text('{"resourceType": "Patient", "id": "p1"}\n')
    else:
        (tmp_path / "person.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1960\n")
        (tmp_path / "concept.csv").write_text("concept_id,concept_name,vocabulary_id,concept_code\n")
    mapping = tmp_path / "centre.yaml"
    mapping.write_text("zone: Europe/Berlin\n")
    (tmp_path / "notes.pdf").write_text("x")
    faults = open_delivery(tmp_path, mapping=mapping).faults
    assert [fault.saw for fault in faults if fault.id == "INTAKE-054"] == ["notes.pdf"]
    assert any(
        "centre.yaml" in fault.saw
        for fault in open_delivery(tmp_path, zone="Europe/Berlin").faults
        if fault.id == "INTAKE-054"
    )
