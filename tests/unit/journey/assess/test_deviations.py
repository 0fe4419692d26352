"""Departures from the protocol: named when they are certain, from the instant at which they are known, and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import assess
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)
AXI = "axicabtagene-ciloleucel"


def _found(patient: PatientBuilder, day: float, *kinds: str) -> list[Deviation]:
    found = assess(patient.built(), US, INFUSED_AT + timedelta(days=day)).deviations
    return [d for d in found if not kinds or d.kind in kinds]


def _with_tocilizumab(*days: float) -> PatientBuilder:
    patient = a_patient("A", days=30)
    for day in days:
        patient.with_exposure("anticytokine", "tocilizumab", day, until=day + 0.04)
    return patient


def test_doses_8_hours_apart_keep_the_limit() -> None:
    assert _found(_with_tocilizumab(2, 2 + 8 / 24), 10, "over-limit") == []


def test_a_dose_sooner_than_the_lock_is_named_with_its_row() -> None:
    (found,) = _found(_with_tocilizumab(2, 2 + 7 / 24), 10, "over-limit")
    assert found.what.startswith("Tocilizumab: dose 2 although")
    assert found.rows[0].started_at == found.at
    assert _found(_with_tocilizumab(2, 2 + 7 / 24), 2.1, "over-limit") == []


def test_a_fifth_dose_is_over_the_limit() -> None:
    days = (2, 3, 5, 7, 9)
    assert _found(_with_tocilizumab(*days[:4]), 20, "over-limit") == []
    (found,) = _found(_with_tocilizumab(*days), 20, "over-limit")
    assert found.what.startswith("Tocilizumab: dose 5 although")


@pytest.mark.parametrize(("day", "is_late"), [(31, False), (32, True)])
def test_an_item_is_late_after_its_window(day: int, is_late: bool) -> None:
    late = [d for d in _found(a_patient("A", days=60), day, "late") if "Day 28" in d.what]
    assert bool(late) is is_late


def test_accepted_outside_a_criterion_is_named_from_the_acceptance() -> None:
    patient = a_patient("A").with_value("ecog", -55, 4).with_milestone("accepted", -50)
    found = _found(patient, -49, "outside-criteria")
    assert found
    assert all(d.what.startswith("accepted although not met: ") for d in found)
    assert any(row.kind == "ecog" for d in found for row in d.rows)
    assert _found(patient, -51, "outside-criteria") == []


def test_a_value_after_the_acceptance_is_no_departure() -> None:
    patient = a_patient("A").with_value("ecog", -45, 4).with_milestone("accepted", -50)
    assert not any(row.kind == "ecog" for d in _found(patient, 5, "outside-criteria") for row in d.rows)


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (1, None),
        (2, "Daily look: not on record for 2026-03-05"),
        (200, "Daily look: not on record on 7 days from 2026-03-05 to 2026-03-11"),
    ],
)
def test_looks_whose_days_are_over_are_one_departure_and_no_longer_due(day: int, says: str | None) -> None:
    patient = a_patient("A", days=400)
    found = [d.what for d in _found(patient, day, "late") if "Daily look" in d.what]
    assert found == ([] if says is None else [says])
    due = assess(patient.built(), US, INFUSED_AT + timedelta(days=day)).due
    assert [d.on for d in due if d.item.name == "daily" and d.state == "due"] == (
        [] if day > 7 else [(INFUSED_AT + timedelta(days=day)).date()]
    )
