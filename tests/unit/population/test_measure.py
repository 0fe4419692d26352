"""The measuring of quantities against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vein2vein.population.measure import (
    Courses,
    Grades,
    hematotox,
    measure,
    median,
    severe_days,
    share,
    survival,
    survival_median,
)
from vein2vein.population.targets import QUANTITIES

NAN, INF = float("nan"), float("inf")


def _courses(n: int = 10) -> Courses:
    """Ten courses, the last two never infused; CRS grades 0 to 4 in pairs."""
    infused = np.arange(n) < n - 2
    peak = np.where(infused, np.arange(n) // 2, 0)
    crs = Grades(peak, np.where(peak > 0, np.arange(n) * 1.0, NAN), np.where(peak > 0, 4.0, NAN))
    no, yes = np.zeros(n, bool), infused.copy()
    return Courses(
        infused=infused,
        evaluable=np.arange(n) != 0,
        failed=~infused,
        nonconforming=no,
        vein_to_vein_days=np.where(infused, 30.0 + np.arange(n), NAN),
        enrolment_to_infusion_days=np.where(infused, 40.0, NAN),
        tocilizumab=infused & (np.arange(n) >= 4),
        steroids=infused & (np.arange(n) >= 6),
        steroids_for_crs=infused & (np.arange(n) >= 7),
        steroids_for_icans=no,
        anakinra=no,
        vasopressor=no,
        icu=no,
        icu_days=np.full(n, NAN),
        stay_days=np.where(infused, 14.0, NAN),
        score=np.where(infused, np.arange(n) % 4, -1),
        severe_neutropenia_days=np.where(infused, np.arange(n) * 3.0, NAN),
        neutropenia_grade=np.where(infused, 4, 0),
        complete=yes & (np.arange(n) < 4),
        response=yes & (np.arange(n) < 6),
        progressed_months=np.where(np.arange(n) < 4, INF, 6.0),
        died_months=np.where(np.arange(n) < 7, INF, 9.0),
        followed_months=np.full(n, 24.0),
        waited_months=np.where(infused, 2.0, NAN),
        grades={"lee-2014.crs": crs},
    )


def _value(quantity: str, denominator: str = "infused", *, from_enrolment: bool = False) -> float:
    return measure(_courses(), quantity, denominator, "lee-2014.crs", from_enrolment=from_enrolment).value


@pytest.mark.parametrize(
    ("quantity", "denominator", "expected"),
    [
        ("way.infused_of_enrolled", "enrolled", 0.8),
        ("way.manufacture_failure", "enrolled", 0.2),
        ("way.vein_to_vein_days", "infused", 33.5),
        ("crs.any", "infused", 0.75),
        ("crs.grade3", "infused", 0.25),
        ("crs.grade4", "infused", 0.0),
        ("crs.onset_days", "crs cases", 4.5),
        ("crs.duration_days", "crs cases", 4.0),
        ("care.tocilizumab", "infused", 0.5),
        ("care.tocilizumab", "crs cases", 4 / 6),
        ("care.tocilizumab_or_steroids", "infused", 0.5),
        ("care.steroids_for_crs", "infused", 1 / 8),
        ("outcome.response", "infused", 0.75),
        ("outcome.complete_response", "enrolled", 0.4),
        ("counts.severe_neutropenia_14_days", "infused", 3 / 8),
        ("counts.neutropenia_grade3", "infused", 1.0),
        ("outcome.pfs_12", "infused", 0.5),
        ("outcome.os_12", "infused", 7 / 8),
    ],
)
def test_values_by_hand(quantity: str, denominator: str, expected: float) -> None:
    assert _value(quantity, denominator) == pytest.approx(expected)


def test_high_and_low_score_are_apart() -> None:
    courses = _courses(20)
    high = measure(courses, "counts.severe_neutropenia_days", "infused, high score", None, from_enrolment=False)
    low = measure(courses, "counts.severe_neutropenia_days", "infused, low score", None, from_enrolment=False)
    assert (high.n, low.n) == (8, 10)
    assert high.n + low.n == courses.infused.sum()


def test_time_from_enrolment_adds_the_wait() -> None:
    # eight infused progress at 6 + 2 months or never, the two others at 6 after enrolment; four of ten never do
    assert _value("outcome.pfs_12", "enrolled", from_enrolment=True) == pytest.approx(0.4)
    assert _value("outcome.pfs_6", "enrolled", from_enrolment=True) == pytest.approx(0.8)


def test_deaths_without_relapse_leave_out_those_after_it() -> None:
    courses = replace(_courses(), progressed_months=np.full(10, INF), died_months=np.where(np.arange(10) < 2, 3.0, INF))
    found = measure(courses, "outcome.nrm", "infused", None, from_enrolment=False)
    assert found.value == pytest.approx(0.25)
    early = replace(courses, died_months=np.array([0.9, 0.95, *[INF] * 8]))
    assert measure(early, "outcome.nrm_day28", "infused", None, from_enrolment=False).value == pytest.approx(1 / 8)
    later = replace(courses, progressed_months=np.full(10, 1.0))
    assert measure(later, "outcome.nrm", "infused", None, from_enrolment=False).value == 0


def test_kaplan_meier_with_censoring() -> None:
    # 5 patients: deaths at 1 and 3, one censored at 2: (4/5) x (2/3)
    time, happened = np.array([1.0, 2.0, 3.0, 4.0, 4.0]), np.array([True, False, True, False, False])
    found = survival(time, happened, 3.0)
    assert found.value == pytest.approx(0.8 * 2 / 3)
    greenwood = found.value * np.sqrt(1 / (5 * 4) + 1 / (3 * 2))
    assert found.error == pytest.approx(greenwood)
    assert survival(time, happened, 0.5).value == 1.0
    assert np.isnan(survival(time, happened, 5.0).value)
    assert survival_median(time, happened).value == INF
    assert survival_median(time, np.array([True, False, True, True, True])).value == 4.0


def test_medians_and_shares_have_errors_that_shrink_with_n() -> None:
    rng = np.random.default_rng(5)
    few, many = median(rng.standard_normal(400)), median(rng.standard_normal(40_000))
    assert abs(many.value) < 4 * many.error < 4 * few.error
    # the error of a median of n standard normals is sqrt(pi / 2n)
    assert many.error == pytest.approx(np.sqrt(np.pi / 80_000), rel=0.35)
    assert share(np.arange(100) < 20).error == pytest.approx(0.04, abs=2e-3)
    assert share(np.zeros(50, bool)).error > 0
    assert np.isnan(share(np.ones(3, bool)).value)
    assert median(np.array([1.0, NAN, 2.0, 3.0, 4.0, 5.0])).value == 3.0


def test_score_points() -> None:
    found = hematotox(
        platelets=np.array([200.0, 175.0, 74.0, 200.0]),
        neutrophils=np.array([1.2, 1.1, 0.5, 2.0]),
        haemoglobin=np.array([9.0, 8.9, 8.0, 10.0]),
        crp=np.array([30.0, 31.0, 100.0, NAN]),
        ferritin=np.array([649.0, 650.0, 2001.0, 100.0]),
    )
    assert found.tolist() == [0, 5, 7, -1]


def test_days_with_few_neutrophils() -> None:
    days = np.array([0.0, 2.0, 4.0, 60.0])
    counts = np.array([[3.0, 0.1, 0.1, 3.0], [3.0, 3.0, 3.0, 3.0], [0.1, 0.1, 0.1, 0.1]])
    found = severe_days(days, counts)
    assert found[1:].tolist() == [0, 61]
    # log-linear: below 0.5 before day 2, and up to ln(0.5/0.1)/ln(3/0.1) of the way to day 60
    assert found[0] == 1 + 1 + 1 + int(56 * np.log(5) / np.log(30)) + 0


def test_joining_keeps_order_and_scales() -> None:
    both = Courses.join([_courses(), _courses(4)])
    assert len(both) == 14
    assert both.grades["lee-2014.crs"].peak.tolist() == [*_courses().grades["lee-2014.crs"].peak, 0, 0, 0, 0]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_of_the_targets_can_be_measured(quantity: str) -> None:
    courses = _courses()
    courses = replace(courses, grades={"lee-2014.crs": courses.grades["lee-2014.crs"]}, icu_days=np.full(10, 2.0))
    found = measure(courses, quantity, "infused", "lee-2014.crs", from_enrolment=False)
    assert found.n > 0
