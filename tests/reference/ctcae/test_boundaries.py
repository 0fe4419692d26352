"""Values at which CTCAE 5.0, CTCAE 6.0 and early ICAHT disagree, through the whole engine."""

from __future__ import annotations

import pytest

from reference.lab_courses import course_of, final_bounds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine

NEUTROPHILS_5 = "ctcae-5.0.neutrophil-count-decreased"
NEUTROPHILS_6 = "ctcae-6.0.neutrophil-count-decreased"
PLATELETS_5 = "ctcae-5.0.platelet-count-decreased"
PLATELETS_6 = "ctcae-6.0.thrombocytopenia"


@pytest.mark.parametrize(
    ("cells", "edition_5", "edition_6", "early_icaht"),
    [
        (1800, 0, 0, 0),
        (1500, 1, 0, 0),
        (1499, 2, 1, 0),
        (1000, 2, 1, 0),
        (999, 3, 2, 0),
        (501, 3, 2, 0),
        (500, 3, 2, 1),
        (499, 4, 3, 1),
        (400, 4, 3, 1),
        (100, 4, 3, 1),
        (99, 4, 4, 1),
    ],
)
def test_neutrophils_of_one_day(cells: int, edition_5: int, edition_6: int, early_icaht: int, engine: Engine) -> None:
    timeline = course_of("neutrophils", {0: cells, 1: 5000}, per=1000, limits=(1.8, 7.5))

    assert final_bounds(timeline, NEUTROPHILS_5, 0, engine) == Bounds(edition_5, edition_5)
    assert final_bounds(timeline, NEUTROPHILS_6, 0, engine) == Bounds(edition_6, edition_6)
    assert final_bounds(timeline, "ebmt-2023.icaht-early", 1, engine) == Bounds(early_icaht, early_icaht)


@pytest.mark.parametrize(
    ("platelets", "edition_5", "edition_6"),
    [
        (150, 0, 0),
        (149.5, 1, 1),
        (75, 1, 1),
        (74.5, 2, 2),
        (50, 2, 2),
        (49.5, 3, 3),
        (25, 3, 3),
        (20, 4, 3),
        (10, 4, 3),
        (9.5, 4, 4),
    ],
)
def test_platelets_of_one_day(platelets: float, edition_5: int, edition_6: int, engine: Engine) -> None:
    timeline = course_of("platelets", {1: platelets}, limits=(150, 400))

    assert final_bounds(timeline, PLATELETS_5, 1, engine) == Bounds(edition_5, edition_5)
    assert final_bounds(timeline, PLATELETS_6, 1, engine) == Bounds(edition_6, edition_6)


def test_a_missing_reference_limit_leaves_grade_1_open_and_nothing_else(engine: Engine) -> None:
    above = course_of("neutrophils", {1: 1.6})
    below = course_of("neutrophils", {1: 1.4})

    assert final_bounds(above, NEUTROPHILS_5, 1, engine) == Bounds(0, 1)
    assert final_bounds(above, NEUTROPHILS_6, 1, engine) == Bounds(0, 0)
    assert final_bounds(below, NEUTROPHILS_5, 1, engine) == Bounds(2, 2)


def test_a_value_stops_speaking_after_it_no_longer_holds(engine: Engine) -> None:
    timeline = course_of("neutrophils", {1: 0.3}, limits=(1.8, 7.5))

    assert final_bounds(timeline, NEUTROPHILS_5, 2, engine) == Bounds(4, 4)
    assert final_bounds(timeline, NEUTROPHILS_5, 4, engine) == Bounds(0, 4)


@pytest.mark.parametrize(
    ("baseline", "value", "edition_5", "edition_6"),
    [
        (30, 40, 0, 0),
        (30, 41, 1, 1),
        (30, 120, 1, 1),
        (30, 121, 2, 2),
        (30, 801, 4, 4),
        (100, 99, 0, 0),
        (100, 100, 0, 1),
        (100, 149, 0, 1),
        (100, 150, 1, 1),
        (100, 151, 1, 2),
        (100, 201, 1, 3),
        (100, 301, 2, 3),
        (100, 401, 2, 4),
        (100, 501, 3, 4),
    ],
)
def test_alanine_aminotransferase_by_limit_or_by_baseline(
    baseline: float, value: float, edition_5: int, edition_6: int, engine: Engine
) -> None:
    timeline = course_of("alt", {-5: baseline, 3: value}, limits=(5, 40))

    for edition, expected in (("5.0", edition_5), ("6.0", edition_6)):
        assert final_bounds(timeline, f"ctcae-{edition}.alanine-aminotransferase-increased", 3, engine) == Bounds(
            expected, expected
        )


@pytest.mark.parametrize(("value", "low", "high"), [(30, 0, 0), (41, 0, 1), (130, 0, 2), (900, 0, 4)])
def test_without_a_baseline_a_raised_transaminase_stays_open_and_a_normal_one_does_not(
    value: float, low: int, high: int, engine: Engine
) -> None:
    timeline = course_of("alt", {3: value}, limits=(5, 40))

    assert final_bounds(timeline, "ctcae-5.0.alanine-aminotransferase-increased", 3, engine) == Bounds(low, high)


@pytest.mark.parametrize(
    ("baseline", "value", "edition_5", "edition_6"),
    [(0.8, 1.2, 0, 0), (0.8, 1.21, 2, 1), (0.4, 0.7, 2, 2), (0.4, 1.21, 3, 3), (0.9, 2.71, 3, 2), (1.0, 7.21, 4, 4)],
)
def test_creatinine_by_limit_or_by_baseline(
    baseline: float, value: float, edition_5: int, edition_6: int, engine: Engine
) -> None:
    timeline = course_of("creatinine", {-5: baseline, 3: value}, limits=(0.6, 1.2))

    for edition, expected in (("5.0", edition_5), ("6.0", edition_6)):
        assert final_bounds(timeline, f"ctcae-{edition}.creatinine-increased", 3, engine) == Bounds(expected, expected)


@pytest.mark.parametrize(
    ("baseline", "value", "expected"),
    [
        (3.0, 2.0, 0),
        (3.0, 1.99, 1),
        (3.0, 1.49, 2),
        (3.0, 0.99, 3),
        (3.0, 0.49, 4),
        (1.6, 1.6, 0),
        (1.6, 1.5, 1),
        (1.6, 1.2, 2),
        (1.6, 0.8, 3),
        (1.6, 0.5, 3),
        (1.6, 0.49, 4),
    ],
)
@pytest.mark.parametrize("edition", ["5.0", "6.0"])
def test_fibrinogen_by_limit_or_by_fall(
    baseline: float, value: float, expected: int, edition: str, engine: Engine
) -> None:
    """An unchanged low baseline is grade 0 here; a public macro grades it 1."""
    timeline = course_of("fibrinogen", {-5: baseline, 3: value}, limits=(2.0, 4.0))

    assert final_bounds(timeline, f"ctcae-{edition}.fibrinogen-decreased", 3, engine) == Bounds(expected, expected)
