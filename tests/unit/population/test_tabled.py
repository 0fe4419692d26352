"""Reading quantities from cohort tables and verdicts, on a cohort written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.knowledge import codes
from vein2vein.population.measure import Courses
from vein2vein.population.tabled import ICANS, ICANS_CHILDREN, NEUTROPENIA, courses_of
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

STREAMS = [name for name in codes.streams() if name not in {"charted", "other_cause", "oxygen", "stay"}]
ACCEPTED = datetime(2025, 3, 1, 9, tzinfo=UTC)
INFUSED = ACCEPTED + timedelta(days=30)


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = tables.SCHEMAS[name]
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def _observed(
    course: str, kind: str, day: float, value: float | None = None, code: str | None = None
) -> dict[str, Any]:
    at = INFUSED + timedelta(days=day)
    return {
        "course_id": course, "kind": kind, "value": value, "code": code, "observed_at": at, "usability": "ok",
        "source": "hand",
    }  # fmt: skip


def _given(course: str, kind: str, agent: str, day: float, until: float, reason: str | None = None) -> dict[str, Any]:
    return {
        "course_id": course, "kind": kind, "agent": agent, "reason": reason, "source": "hand",
        "started_at": INFUSED + timedelta(days=day), "ended_at": INFUSED + timedelta(days=until),
    }  # fmt: skip


def _step(course: str, kind: str, at: datetime) -> dict[str, Any]:
    return {"course_id": course, "kind": kind, "at": at, "source": "hand"}


@pytest.fixture(scope="module")
def read() -> Courses:
    """a: infused, fever days 1 to 3, treated, responded, progressed; b: never infused, died before."""
    fever = [_observed("a", "body_temperature", 1 + h / 24, 38.6 if h < 48 else 36.8) for h in range(0, 96, 6)]
    fever += [_observed("a", "systolic_blood_pressure", 1 + h / 24, 120.0) for h in range(0, 96, 6)]
    counts = [
        _observed("a", "neutrophils", d, v) for d, v in ((-6, 1.0), (0, 2.0), (4, 0.1), (12, 0.1), (16, 3.0), (60, 3.0))
    ]
    before = [
        _observed("a", kind, -6, value)
        for kind, value in (("platelets", 70.0), ("haemoglobin", 10.0), ("crp", 50.0), ("ferritin", 700.0))
    ]
    cohort = Cohort.of(
        patients=_frame(
            "patients", [{"patient_id": p, "sex": "female", "born_on": date(1970, 1, 1)} for p in ("a", "b")]
        ),
        courses=_frame(
            "courses",
            [
                {
                    "course_id": "a",
                    "patient_id": "a",
                    "zone": "UTC",
                    "infused_at": INFUSED,
                    "followed_until": INFUSED + timedelta(days=400),
                },
                {"course_id": "b", "patient_id": "b", "zone": "UTC", "followed_until": ACCEPTED + timedelta(days=20)},
            ],
        ),
        observations=_frame(
            "observations",
            [*before, *counts, *fever, _observed("a", "response_assessment", 28, code="partial-response")],
        ),
        exposures=_frame(
            "exposures",
            [
                _given("a", "lymphodepletion", "fludarabine", -5, -5),
                _given("a", "anticytokine", "tocilizumab", 2, 2, "crs"),
                _given("a", "corticosteroid", "dexamethasone", 20, 20, "iec-hs"),
                _given("a", "corticosteroid", "methylprednisolone", 6, 6, "icans"),
                _given("a", "stay", "icu", 2, 4.5),
                _given("a", "oxygen", "room-air", -7, 400),
                *(
                    _given("a", "charted", stream, -7, 400)
                    for stream in ("vasopressor", "inotrope", "oral_vasopressor")
                ),
            ],
        ),
        milestones=_frame(
            "milestones",
            [
                _step("a", "accepted", ACCEPTED),
                _step("a", "apheresis", ACCEPTED + timedelta(days=4)),
                _step("a", "discharge", INFUSED + timedelta(days=14)),
                _step("a", "progression", INFUSED + timedelta(days=200)),
                _step("b", "accepted", ACCEPTED),
                _step("b", "death", ACCEPTED + timedelta(days=20)),
            ],
        ),
    )
    return courses_of(cohort, grade_cohort(cohort, ["astct-2019.crs", NEUTROPENIA, ICANS, ICANS_CHILDREN]))


def test_the_way(read: Courses) -> None:
    assert read.infused.tolist() == [True, False]
    assert read.vein_to_vein_days[0] == 26
    assert read.enrolment_to_infusion_days[0] == 30
    assert np.isnan(read.vein_to_vein_days[1])
    assert read.waited_months[0] == pytest.approx(30 / 30.4375)


def test_treatment_counts_for_its_reason(read: Courses) -> None:
    assert read.tocilizumab.tolist() == [True, False]
    assert read.steroids.tolist() == [True, False]
    assert read.steroids_for_crs.tolist() == [False, False]
    assert read.steroids_for_icans.tolist() == [True, False], "those for IEC-HS count nowhere"
    assert (read.icu.tolist(), read.icu_days[0], read.stay_days[0]) == ([True, False], 2.5, 14)


def test_score_and_days_with_few_neutrophils(read: Courses) -> None:
    # platelets 2, neutrophils 1, haemoglobin 0, CRP 1, ferritin 1
    assert read.score.tolist() == [5, -1]
    # log-linear: below 0.5 from day 2 (2.0 -> 0.1 in 4 days) to day 13 (0.1 -> 3.0 in 4 days)
    assert read.severe_neutropenia_days[0] == 13 - 2 + 1
    assert read.neutropenia_grade[0] == 4


def test_outcome_in_months(read: Courses) -> None:
    assert read.response.tolist() == [True, False]
    assert read.complete.tolist() == [False, False]
    assert read.progressed_months[0] == pytest.approx(200 / 30.4375)
    assert read.died_months[0] == np.inf
    # who is never infused counts from enrolment
    assert read.died_months[1] == pytest.approx(20 / 30.4375)
    assert read.followed_months.tolist() == pytest.approx([400 / 30.4375, 20 / 30.4375])


def test_grades_onset_and_duration(read: Courses) -> None:
    crs = read.grades["astct-2019.crs"]
    assert crs.peak.tolist() == [1, 0]
    assert crs.onset_days[0] == 1
    assert crs.duration_days[0] == 2
    assert np.isnan(crs.onset_days[1])


def test_both_editions_of_icans_count_as_one(read: Courses) -> None:
    assert ICANS in read.grades
    assert ICANS_CHILDREN not in read.grades
