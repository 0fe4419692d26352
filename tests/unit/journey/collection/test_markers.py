"""Markers at a planned collection, and the days on which blood products are irradiated."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from builders import a_patient
from vein2vein.journey.collection.markers import irradiated_blood, markers
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library

DOCUMENT = default_library().get("compiled-2026.wash-out", Washout)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("day", "state", "age"), [(-64, "fresh", 29), (-65, "fresh", 30), (-66, "expired", 31)])
def test_a_marker_is_fresh_for_thirty_calendar_days(day: float, state: str, age: int) -> None:
    patient = a_patient().with_statement("hbv_positive", day, "no")
    found = {m.marker.observation: m for m in markers(patient.built(), patient.at(-40), DOCUMENT, patient.at(-35))}
    hbv = found["hbv_positive"]
    assert (hbv.state, hbv.age_days, hbv.is_positive) == (state, age, False)
    assert hbv.fresh_until is not None
    assert hbv.row is not None


def test_a_marker_that_nobody_recorded_is_absent_and_not_negative() -> None:
    patient = a_patient().with_statement("hiv_positive", -50, "yes").with_statement("hcv_positive", -39, "no")
    found = {m.marker.observation: m for m in markers(patient.built(), patient.at(-40), DOCUMENT, patient.at(-35))}
    assert (found["hcv_positive"].state, found["hcv_positive"].is_positive) == ("absent", None)
    assert found["hiv_positive"].is_positive is True
    assert [name for name, m in found.items() if not m.marker.everywhere] == ["htlv_positive"]


def test_the_days_of_a_marker_are_those_of_the_centre() -> None:
    """23:30 UTC of one day is the next day in Berlin."""
    patient = a_patient().with_statement("hbv_positive", -60, "no")
    line = patient.built()
    late = datetime(2026, 1, 1, 23, 30, tzinfo=ZoneInfo("UTC"))
    row = line.observations[0].__class__("hbv_positive", late, code="no")
    line = line.__class__(line.course, (row,), line.exposures, line.milestones)
    planned = datetime(2026, 2, 1, 8, tzinfo=BERLIN)
    (hbv, *_) = markers(line, planned, DOCUMENT, planned)
    assert (hbv.age_days, hbv.state, hbv.fresh_until) == (30, "fresh", date(2026, 2, 1))


def test_irradiated_blood_runs_from_seven_days_before_to_ninety_after() -> None:
    collection, infused = datetime(2026, 1, 20, 8, tzinfo=BERLIN), datetime(2026, 3, 4, 10, tzinfo=BERLIN)
    window = irradiated_blood(DOCUMENT, collection, infused, "Europe/Berlin")
    assert window is not None
    assert (window.first_day, window.last_day) == (date(2026, 1, 13), date(2026, 6, 2))
    still = irradiated_blood(DOCUMENT, collection, None, "Europe/Berlin")
    assert still is not None
    assert still.last_day is None
