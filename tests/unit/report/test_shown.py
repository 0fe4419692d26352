"""Rows of the record in words: units for people, days of the centre's calendar, nothing made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from vein2vein.record.timeline import Exposure, Milestone, Observation
from vein2vein.report.shown import CourseClock, observation_text, row_text, unit_text

INFUSED = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
CLOCK = CourseClock(INFUSED, "Europe/Berlin", is_infusion=True)


def after(hours: float) -> datetime:
    return INFUSED + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("Cel", "°C"),
        ("mm[Hg]", "mmHg"),
        ("10*9/L", "×10⁹/L"),
        ("ug/L", "microg/L"),
        ("{score}", ""),
        (None, ""),
        ("g/L", "g/L"),
    ],
)
def test_units_are_printed_for_people(unit: str | None, shown: str) -> None:
    assert unit_text(unit) == shown


def test_days_are_calendar_days_of_the_centre() -> None:
    # 22:30 UTC is 23:30 in Berlin: one hour later it is day 1 there, and the spring change comes on day 2
    assert [CLOCK.text(after(h)) for h in (0, 1, 26, 28)] == [
        "day 0, 23:30",
        "day 1, 00:30",
        "day 2, 01:30",
        "day 2, 04:30",
    ]
    assert CLOCK.text(after(-24)) == "day −1, 23:30"
    assert CLOCK.date(after(1)) == "2026-03-28"


def test_midnights_know_the_day_of_23_hours() -> None:
    hours = [hour for _, hour in CLOCK.midnights(0, 4)]
    assert [later - earlier for earlier, later in pairwise(hours)] == [24.0, 24.0, 23.0, 24.0]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (Observation("body_temperature", INFUSED, 38.0), "38 °C"),
        (Observation("ferritin", INFUSED, 10000.0, ">"), ">10\u2009000 microg/L"),
        (Observation("hypotension", INFUSED, code="yes"), "yes"),
        (
            Observation("crp", INFUSED, 4.0, usability="not-assessable", as_sent="4 mg/100ml"),
            "cannot be used (as sent: 4 mg/100ml)",
        ),
    ],
)
def test_observations_say_value_comparator_and_unit(row: Observation, shown: str) -> None:
    assert observation_text(row) == shown


def test_exposures_say_agent_dose_reason_and_end() -> None:
    running = Exposure(
        "vasopressor", "norepinephrine", after(1), None, rate=0.1, rate_unit="ug/kg/min", reason="hypotension"
    )
    assert row_text(running, CLOCK) == (
        "Vasopressor infusion",
        "Norepinephrine 0.1 microg/kg/min; reason: Hypotension",
        "day 1, 00:30, end not recorded",
    )
    once = Exposure("anticytokine", "tocilizumab", after(1), after(1), amount=560.0, amount_unit="mg")
    assert row_text(once, CLOCK)[1:] == ("Tocilizumab 560 mg", "day 1, 00:30")
    unknown = Exposure("oxygen", "unspecified", after(1), after(2))
    assert row_text(unknown, CLOCK)[1:] == ("not recorded which", "day 1, 00:30 to day 1, 01:30")


def test_milestones_say_their_detail() -> None:
    row = Milestone("death", after(1), "crs")
    assert row_text(row, CLOCK) == ("Milestone", "Death: Cytokine release syndrome", "day 1, 00:30")
