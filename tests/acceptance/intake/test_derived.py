"""A test not done because the patient could not be roused, from each form of delivery to the grade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unit.intake.fhir_resources import infusion, ndjson, observation, patient, quantity
from unit.intake.test_fhir_questionnaires import answer, response
from vein2vein.engine.grade import grade_cohort
from vein2vein.intake.door import open_delivery, open_large
from vein2vein.intake.fhir import urls
from vein2vein.record.cohort import Cohort

# Who is sedated is recorded completely, so that nobody else was; the temperature says how long somebody looked.
DECLARED: dict[str, Any] = {"zone": "Europe/Berlin", "charted": ("sedation",)}
ADULT, CHILD = "1968-05-17", "2020-05-17"


def as_tables(folder: Path, form: str, born: str) -> Cohort:
    (folder / "patients.csv").write_text(f"patient_id,born_on\nP1,{born}\n", encoding="utf-8")
    (folder / "courses.csv").write_text(
        "course_id,patient_id,infused_at,followed_until\nC1,P1,2026-03-04T10:00+01:00,2026-03-20T10:00+01:00\n",
        encoding="utf-8",
    )
    (folder / "labs.csv").write_text(
        f"course_id,kind,value,observed_at\nC1,{form}_not_done_reason,unarousable,2026-03-06T08:00+01:00\n"
        "C1,body_temperature,37.2,2026-03-06T16:00+01:00\n",
        encoding="utf-8",
    )
    return open_delivery(folder, **DECLARED).cohort


def as_large_tables(folder: Path, form: str, born: str) -> Cohort:
    as_tables(folder, form, born)
    (cohort,) = open_large(folder, folder / "parts", **DECLARED).cohorts()
    return cohort


def as_fhir(folder: Path, form: str, born: str) -> Cohort:
    why = answer("not-done", valueCoding={"system": urls.CATEGORIES, "code": f"{form}_not_done_reason/unarousable"})
    fever = observation(at="2026-03-06T16:00:00+01:00", valueQuantity=quantity(37.2))
    place = ndjson(folder / "fhir", "all.ndjson", patient(birthDate=born), infusion(), response(form, why), fever)
    return open_delivery(place, **DECLARED).cohort


@pytest.mark.parametrize("delivered", [as_tables, as_large_tables, as_fhir])
@pytest.mark.parametrize(
    ("form", "born", "rule_set"),
    [("ice", ADULT, "astct-2019.icans"), ("capd", CHILD, "astct-2019.icans-children")],
)
def test_it_gives_a_certain_grade_four_that_names_its_row(
    tmp_path: Path, delivered: object, form: str, born: str, rule_set: str
) -> None:
    assert callable(delivered)
    cohort: Cohort = delivered(tmp_path, form, born)
    row = cohort.observations.filter(kind="arousal").row(0, named=True)
    told = cohort.observations.filter(kind=f"{form}_not_done_reason").row(0, named=True)
    assert row["code"] == "unarousable"
    assert row["source"] == f"derived from {told['source']}"
    assert row["observed_at"] == told["observed_at"]
    graded = grade_cohort(cohort, [rule_set], engine="plain")
    certain = graded.verdicts.filter(pl.col("low") == 4, pl.col("high") == 4)
    assert certain["from_at"].min() == told["observed_at"]
    assert graded.episodes.filter(rule_set_id=rule_set)["peak_low"].to_list() == [4]
