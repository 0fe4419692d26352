"""A refused row that may have been an exposure never leaves its time charted, in whatever form it was delivered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acceptance.intake.omop.delivery import ZONE, OmopDelivery, as_folder, hours
from unit.intake.fhir_resources import drug, infusion, patient
from unit.intake.fhir_resources import own as coding
from vein2vein.intake.door import open_delivery, open_large
from vein2vein.record.cohort import Cohort

CHARTED = ("vasopressor", "oxygen")
COURSES = "course_id,patient_id,infused_at,zone\nA,P,2026-03-02T10:00Z,UTC\nB,Q,2026-03-02T10:00Z,UTC\n"
SEEN = "\n".join(f"{c},body_temperature,36.8,Cel,2026-03-{d:02}T00:00Z" for c in "AB" for d in (3, 9))
HEADER = "course_id,patient_id,kind,agent,started_at,ended_at"
THEN = datetime(2026, 3, 4, 12, tzinfo=UTC)
OTHER_DAY = datetime(2026, 3, 6, 12, tzinfo=UTC)
SPAN = "2026-03-04T10:00Z,2026-03-04T14:00Z"


def is_charted(cohort: Cohort, course: str, stream: str, at: datetime) -> bool:
    rows = cohort.exposures.filter(kind="charted", course_id=course, agent=stream)
    until = pl.col("ended_at").is_null() | (pl.col("ended_at") > at)
    return rows.filter((pl.col("started_at") <= at) & until).height > 0


def open_at(cohort: Cohort, at: datetime) -> set[tuple[str, str]]:
    """Courses and streams that are not charted at an instant."""
    return {(c, s) for c in cohort.courses["course_id"] for s in CHARTED if not is_charted(cohort, c, s, at)}


def tables(folder: Path, *rows: str, header: str = HEADER, form: str = "memory", **files: str) -> Cohort:
    place = folder / "in"
    place.mkdir()
    named = {"courses": COURSES, "observations": f"course_id,kind,value,unit,observed_at\n{SEEN}\n"} | files
    named["exposures"] = "\n".join([header, *rows, ""])
    for name, text in named.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    if form == "memory":
        return open_delivery(place, charted=CHARTED).cohort
    parts = list(open_large(place, folder / "out", charted=CHARTED).cohorts())
    return Cohort.of(**{n: pl.concat(getattr(c, n) for c in parts) for n in ("patients", "courses", "exposures")})


@pytest.mark.parametrize(
    ("row", "then", "other_day"),
    [
        (f"A,P,vasopressor,norepinephrine,{SPAN}", set(), set()),
        (f"A,P,,Strangepressin,{SPAN}", {("A", "vasopressor"), ("A", "oxygen")}, set()),
        (f"A,P,Unheard of,Strangepressin,{SPAN}", {("A", "vasopressor"), ("A", "oxygen")}, set()),
        (f",,vasopressor,norepinephrine,{SPAN}", {("A", "vasopressor"), ("B", "vasopressor")}, set()),
        (f"Z,,vasopressor,norepinephrine,{SPAN}", set(), set()),
        ("A,P,vasopressor,norepinephrine,?,?", {("A", "vasopressor")}, {("A", "vasopressor")}),
        (
            "A,P,vasopressor,norepinephrine,1026-03-04T10:00Z,1026-03-04T14:00Z",
            {("A", "vasopressor")},
            {("A", "vasopressor")},
        ),
        ("A,P,vasopressor,norepinephrine", {("A", "vasopressor"), ("A", "oxygen")}, {("A", "vasopressor"), ("A", "oxygen")}),
        (",,,,,", set(), set()),
    ],
    ids=[
        "used", "unknown drug", "unknown kind", "no course", "another course", "no time", "before birth", "ragged", "empty",
    ],
)  # fmt: skip
def test_a_row_of_a_table(
    tmp_path: Path, row: str, then: set[tuple[str, str]], other_day: set[tuple[str, str]]
) -> None:
    cohort = tables(tmp_path, row, patients="patient_id,born_on\nP,1960-01-01\nQ,1960-01-01\n")
    assert (open_at(cohort, THEN), open_at(cohort, OTHER_DAY)) == (then, other_day)


@pytest.mark.parametrize("form", ["memory", "partitions"])
def test_a_row_of_a_patient_with_several_courses_may_be_of_each(tmp_path: Path, form: str) -> None:
    courses = COURSES.replace("B,Q", "B,P") + "C,R,2026-03-02T10:00Z,UTC\n"
    seen = SEEN + "\n" + SEEN.replace("A,", "C,")
    rows = (
        f"P,vasopressor,norepinephrine,{SPAN}",
        f"P,,Strangepressin,{SPAN}".replace("T10", "T20").replace("T14", "T23"),
    )
    observations = f"course_id,kind,value,unit,observed_at\n{seen}\n"
    header = HEADER.removeprefix("course_id,")
    cohort = tables(tmp_path, *rows, header=header, form=form, courses=courses, observations=observations)
    assert open_at(cohort, THEN) == {("A", "vasopressor"), ("B", "vasopressor")}
    later = datetime(2026, 3, 4, 22, tzinfo=UTC)
    assert open_at(cohort, later) == {(c, s) for c in "AB" for s in CHARTED}
    assert open_at(cohort, OTHER_DAY) == set()


@pytest.mark.parametrize(
    "rows",
    [[f'A,P,vasopressor,"norepinephrine,{SPAN}', f"A,P,vasopressor,norepinephrine,{SPAN}"], []],
    ids=["a quote that never closes", "no column of times"],
)
def test_rows_that_could_not_be_read_may_have_been_anything(tmp_path: Path, rows: list[str]) -> None:
    given = {} if rows else {"header": "course_id,agent,when it was"}
    cohort = tables(tmp_path, *(rows or ["A,norepinephrine,2026-03-04T10:00Z"]), **given)  # type: ignore[arg-type]
    assert open_at(cohort, OTHER_DAY) == {(c, s) for c in "AB" for s in CHARTED}


def test_a_drug_among_the_observations_may_have_run_from_then_on(tmp_path: Path) -> None:
    rows = f"{SEEN}\nA,Norepinephrine,4,ug/min,2026-03-04T10:00Z\nA,Glucosamine,4,ug,2026-03-04T10:00Z\n"
    cohort = tables(tmp_path, observations=f"course_id,kind,value,unit,observed_at\n{rows}")
    assert open_at(cohort, datetime(2026, 3, 3, 12, tzinfo=UTC)) == set()
    assert open_at(cohort, OTHER_DAY) == {("A", "vasopressor")}


STRANGE = coding("http://example.org/drugs", "strange")
VITALS = [
    {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p1"},
        "code": coding("http://loinc.org", "8310-5"), "effectiveDateTime": f"2026-03-{day:02}T00:00:00Z",
        "valueQuantity": {"value": 36.8, "system": "http://unitsofmeasure.org", "code": "Cel"},
    } for day in (3, 9)
]  # fmt: skip
PERIOD = {"start": "2026-03-04T10:00:00Z", "end": "2026-03-04T14:00:00Z"}
ALL = {("p1-1", s) for s in CHARTED}


@pytest.mark.parametrize(
    ("line", "then", "other_day"),
    [
        (drug(STRANGE, effectivePeriod=PERIOD), ALL, set()),
        (drug(coding("http://www.whocc.no/atc", "A02BC01"), effectivePeriod=PERIOD), set(), set()),
        (drug(coding("http://www.whocc.no/atc", "C01CA99"), effectivePeriod=PERIOD), ALL, set()),
        (drug(STRANGE, effectiveDateTime="2026-03-04T10:00:00Z"), set(), set()),
        (drug(STRANGE), ALL, ALL),
        (drug(STRANGE, effectivePeriod=PERIOD, status="unknown"), ALL, set()),
        (drug(STRANGE, effectivePeriod=PERIOD, status="not-done"), set(), set()),
        (drug(STRANGE, effectivePeriod=PERIOD, subject={"reference": "Patient/another"}), set(), set()),
        (drug(STRANGE, effectivePeriod=PERIOD, category="wrong"), ALL, set()),
        ('{"resourceType": "MedicationAdministration", "status": ', ALL, ALL),
    ],
    ids=[
        "unknown drug", "a drug for the stomach", "an unknown drug for the circulation", "at one instant", "no time",
        "unknown whether", "not done", "another patient", "not FHIR", "not JSON",
    ],
)  # fmt: skip
def test_a_resource(tmp_path: Path, line: Any, then: set[tuple[str, str]], other_day: set[tuple[str, str]]) -> None:
    lines = [*map(json.dumps, [patient(), infusion(), *VITALS]), line if isinstance(line, str) else json.dumps(line)]
    (tmp_path / "all.ndjson").write_text("\n".join(lines), encoding="utf-8")
    cohort = open_delivery(tmp_path, zone="UTC", charted=CHARTED).cohort
    assert (open_at(cohort, THEN), open_at(cohort, OTHER_DAY)) == (then, other_day)


def test_a_broken_line_among_observations_alone_is_no_drug(tmp_path: Path) -> None:
    (tmp_path / "all.ndjson").write_text("\n".join(map(json.dumps, [patient(), infusion()])), encoding="utf-8")
    lines = [*map(json.dumps, VITALS), '{"resourceType": "Obs']
    (tmp_path / "Observation.ndjson").write_text("\n".join(lines), encoding="utf-8")
    cohort = open_delivery(tmp_path, zone="UTC", charted=CHARTED).cohort
    assert open_at(cohort, THEN) == set()


def omop() -> OmopDelivery:
    ward = OmopDelivery().with_vocabulary().person(7).person(8)
    ward.drug(7, ("RxNorm", "made-up axicabtagene bag"), hours(0))
    ward.measured(7, "8310-5", hours(1), 36.8, "Cel")
    return ward.measured(7, "8310-5", hours(200), 36.8, "Cel")


@pytest.mark.parametrize(
    ("person", "more", "then", "other_day"),
    [
        (7, {"drug_concept_id": 0, "drug_source_value": "STRANGE 5 mg"}, True, False),
        (7, {"drug_concept_id": 0}, True, False),
        (7, {"drug_concept_id": 2_000_999_999}, True, False),
        (7, {}, False, False),
        (8, {"drug_concept_id": 0}, False, False),
    ],
    ids=["unmapped", "unmapped without a text", "not in the vocabulary", "another drug", "another person"],
)
def test_a_row_of_omop(tmp_path: Path, person: int, more: dict[str, Any], then: bool, other_day: bool) -> None:
    ward = omop().drug(person, ("RxNorm", "made-up aspirin"), hours(45), hours(55), **more)
    cohort = open_delivery(as_folder(ward, tmp_path / "omop"), zone=ZONE, charted=CHARTED).cohort
    assert open_at(cohort, THEN) == ({("7-1", s) for s in CHARTED} if then else set())
    assert bool(open_at(cohort, OTHER_DAY)) is other_day


@pytest.mark.parametrize("fault", ["line", "column"])
def test_a_table_of_omop_that_could_not_be_read(tmp_path: Path, fault: str) -> None:
    folder = as_folder(omop(), tmp_path / "omop")
    file = folder / ("DEVICE_EXPOSURE.csv" if fault == "column" else "DRUG_EXPOSURE.csv")
    text = file.read_text()
    file.write_text(text.replace("device_concept_id", "concept") if fault == "column" else text + "9,7\n")
    cohort = open_delivery(folder, zone=ZONE, charted=CHARTED).cohort
    assert open_at(cohort, THEN) == {("7-1", s) for s in CHARTED}


def test_without_a_vocabulary_every_other_drug_may_be_one(tmp_path: Path) -> None:
    ward = omop().drug(7, ("RxNorm", "made-up aspirin"), hours(45), hours(55))
    ward.rows["concept_ancestor"] = []
    ward.rows["drug_exposure"][0]["drug_concept_id"] = ward.rows["drug_exposure"][0]["drug_concept_id"] - 1
    ward.drug(7, ("ATC", "L01XL03"), hours(0))
    cohort = open_delivery(as_folder(ward, tmp_path / "omop"), zone=ZONE, charted=CHARTED).cohort
    assert open_at(cohort, THEN) == {("7-1", s) for s in CHARTED}
