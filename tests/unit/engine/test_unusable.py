"""A row that cannot be used ends what an earlier row said; it never leaves a false certainty behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.engine.grade import grade_cohort
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Course, Exposure, Observation, Patient, Timeline

INFUSED = datetime(2026, 3, 2, 10, tzinfo=UTC)
STREAMS = ("vasopressor", "oxygen", "antipyretic", "anticytokine", "corticosteroid")


def bounds(*observations: Observation, engine: Literal["plain", "vector"]) -> list[tuple[float, int, int]]:
    """Hours from infusion, lower and upper bound of each step of ASTCT CRS."""
    course = Course(
        CourseId("c"), Patient(PatientId("p")), infused_at=INFUSED, followed_until=INFUSED + timedelta(hours=20)
    )
    charted = tuple(Exposure("charted", stream, INFUSED - timedelta(hours=48)) for stream in STREAMS)
    cohort = Cohort.of_timelines([Timeline(course, observations, charted)])
    verdicts = grade_cohort(cohort, "astct-2019.crs", engine=engine).verdicts
    hour = timedelta(hours=1)
    return [((r["from_at"] - INFUSED) / hour, r["low"], r["high"]) for r in verdicts.iter_rows(named=True)]


def reading(hour: float, value: float | None, *, usability: str = "ok", kind: str = "body_temperature") -> Observation:
    return Observation(kind, INFUSED + timedelta(hours=hour), value=value, usability=usability)


PRESSURE = reading(0, 120, kind="systolic_blood_pressure")


@pytest.mark.parametrize("engine", ["plain", "vector"])
def test_a_later_row_that_cannot_be_used_makes_the_value_unknown(engine: Literal["plain", "vector"]) -> None:
    found = bounds(
        PRESSURE, reading(0, 36.8), reading(4, None, usability="not-assessable"), reading(6, 36.9), engine=engine
    )
    assert [(hour, low, high) for hour, low, high in found if hour <= 6] == [(0.0, 0, 0), (4.0, 0, 1), (6.0, 0, 0)]


@pytest.mark.parametrize("engine", ["plain", "vector"])
def test_a_usable_row_at_the_same_instant_still_counts(engine: Literal["plain", "vector"]) -> None:
    found = bounds(PRESSURE, reading(0, None, usability="not-assessable"), reading(0, 38.6), engine=engine)
    assert found[0] == (0.0, 1, 1)
