"""Drugs against toxicity: doses above the most of the files, and tocilizumab in ICANS without CRS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.audit import audit
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)


def _course(
    milligrams: float | None, *, weight: float | None = 80, crs: bool = True, icans: bool = False
) -> PatientBuilder:
    """Tocilizumab on day 3.1: with CRS of grade 1, or with ICE of 5 (ICANS 2) and no fever."""
    patient = a_patient("A", days=14)
    if weight is not None:
        patient.with_value("weight", 1, weight)
    if crs:
        patient.with_fever(2, until=6)
    patient.with_vitals().with_charting()
    for day in (2.9, 3.05):
        patient.with_value("ice_score", day, 5.0 if icans else 10.0)
        patient.with_statement("arousal", day, "awake")
    patient.with_exposure("oxygen", "room-air", -2, until=14)
    return patient.with_exposure("anticytokine", "tocilizumab", 3.1, amount=milligrams, amount_unit="mg")


def _found(patient: PatientBuilder) -> list[Deviation]:
    found = Assessor(patient.built(), US).at(INFUSED_AT + timedelta(days=7)).deviations
    return [d for d in found if d.kind in {"dose", "no-go"} and any("tocilizumab" in str(row) for row in d.rows)]


@pytest.mark.parametrize(
    ("milligrams", "weight", "level"),
    [
        (640.0, 80, None),
        (672.0, 80, None),
        (680.0, 80, "flag"),
        (720.0, 80, "stop"),
        (6400.0, 80, "stop"),
        (800.0, 130, None),
        (1040.0, 130, "stop"),
        (300.0, 80, None),
        (6400.0, None, None),
        (None, 80, None),
    ],
)
def test_a_dose_above_the_most_of_the_files_is_named(
    milligrams: float | None, weight: float | None, level: str | None
) -> None:
    found = _found(_course(milligrams, weight=weight))
    assert [d.what.split(":")[0] for d in found] == ([level] if level else [])
    assert all(d.file == "drug.tocilizumab" and "mg at once, the most that the files state is" in d.what for d in found)


def test_tocilizumab_in_icans_without_crs_is_named() -> None:
    (found,) = _found(_course(640.0, crs=False, icans=True))
    assert (found.kind, found.file, found.at) == ("no-go", "asco-2021.guidance", INFUSED_AT + timedelta(days=3.1))
    assert found.what.startswith("Tocilizumab although a source says not to give it here")
    assert "此情况不应给予" in found.said["zh"]


def test_tocilizumab_in_icans_with_crs_is_not() -> None:
    assert _found(_course(640.0, crs=True, icans=True)) == []


def test_an_audit_counts_doses_and_what_stood_against_them() -> None:
    courses = [
        _course(640.0).built(),
        _course(6400.0).built(),
        _course(None).built(),
        _course(640.0, crs=False, icans=True).built(),
    ]
    table = {row.rule: row for row in audit(courses, US)}
    amount = table["Tocilizumab: no dose above the most that the files state"]
    against = table["Tocilizumab: never where a source says not to give it"]
    assert (len(amount.met), len(amount.not_met), len(amount.not_assessable)) == (2, 1, 1)
    assert (len(against.met), len(against.not_met), against.applicable) == (3, 1, 4)
