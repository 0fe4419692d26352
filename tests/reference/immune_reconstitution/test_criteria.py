"""Febrile neutropenia, immunoglobulin replacement and B-cell aplasia, through the whole engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reference.lab_courses import at_day, course_of, final_bounds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.record.timeline import Observation, Timeline

CTCAE = "ctcae-5.0.febrile-neutropenia"
IDSA = "idsa-2010.febrile-neutropenia"


def with_rows(timeline: Timeline, *rows: Observation) -> Timeline:
    return replace(timeline, observations=tuple(sorted((*timeline.observations, *rows), key=lambda r: r.observed_at)))


def febrile(neutrophils: float, temperatures: list[tuple[float, float]]) -> Timeline:
    """Neutrophils at noon of day 5, and temperatures by hours after noon."""
    rows = [
        Observation("body_temperature", at_day(5) + timedelta(hours=hours), value=value)
        for hours, value in temperatures
    ]
    return with_rows(course_of("neutrophils", {5: neutrophils}), *rows)


@pytest.mark.parametrize(
    ("neutrophils", "temperatures", "ctcae", "idsa"),
    [
        (0.4, [(10, 37.5)], 0, 0),
        (0.4, [(10, 38.3)], 0, 1),
        (0.4, [(10, 38.31)], 3, 1),
        (0.999, [(10, 38.5)], 3, 0),
        (1.0, [(10, 38.5)], 0, 0),
        (0.4, [(9, 38.0), (10, 38.0)], 0, 1),
        (0.4, [(8.5, 38.0), (10, 38.0)], 3, 1),
        (0.4, [(8.5, 38.0), (9.5, 37.9), (10, 38.0)], 0, 0),
        (0.4, [(3, 38.0), (10, 38.0)], 0, 0),
    ],
)
def test_fever_counts_once_high_or_sustained(
    neutrophils: float, temperatures: list[tuple[float, float]], ctcae: int, idsa: int, engine: Engine
) -> None:
    timeline = febrile(neutrophils, temperatures)

    assert final_bounds(timeline, CTCAE, 5, engine) == Bounds(ctcae, ctcae)
    assert final_bounds(timeline, IDSA, 5, engine) == Bounds(idsa, idsa)


def test_expected_neutropenia_counts_for_idsa_for_48_hours(engine: Engine) -> None:
    stated = Observation("neutropenia_expected", at_day(5), code="yes")
    timeline = with_rows(febrile(0.9, [(10, 38.5)]), stated)
    later = with_rows(
        febrile(0.9, []), replace(stated, observed_at=at_day(3)), Observation("body_temperature", at_day(5, 22), 38.5)
    )

    assert final_bounds(timeline, IDSA, 5, engine) == Bounds(1, 1)
    assert final_bounds(later, IDSA, 5, engine) == Bounds(0, 0)


def test_without_a_neutrophil_count_fever_leaves_both_open(engine: Engine) -> None:
    timeline = course_of("body_temperature", {5: 39.0})

    assert final_bounds(timeline, CTCAE, 5, engine) == Bounds(0, 3)
    assert final_bounds(timeline, IDSA, 5, engine) == Bounds(0, 1)


@pytest.mark.parametrize(
    ("igg", "infection", "stanford", "ebmt"),
    [(3.99, "yes", 1, 1), (4.0, "yes", 0, 0), (3.99, "no", 0, 0), (8.0, "yes", 0, 0)],
)
def test_replacement_in_adults_needs_low_igg_and_infection(
    igg: float, infection: str, stanford: int, ebmt: int, engine: Engine
) -> None:
    stated = [
        Observation(kind, at_day(30), code=infection)
        for kind in ("sinopulmonary_infection", "serious_or_recurrent_bacterial_infection")
    ]
    timeline = with_rows(course_of("igg", {30: igg}), *stated)

    assert final_bounds(timeline, "stanford.igg-replacement", 31, engine) == Bounds(stanford, stanford)
    assert final_bounds(timeline, "ebmt-2022.igg-replacement", 31, engine) == Bounds(ebmt, ebmt)


def test_nothing_said_about_infection_leaves_replacement_open(engine: Engine) -> None:
    timeline = course_of("igg", {30: 2.0})

    assert final_bounds(timeline, "stanford.igg-replacement", 31, engine) == Bounds(0, 1)


def test_a_child_has_routine_replacement_whatever_the_igg(engine: Engine) -> None:
    adult = course_of("igg", {30: 8.0})
    child = replace(
        adult, course=replace(adult.course, patient=replace(adult.course.patient, born_on=date(2018, 1, 1)))
    )

    assert final_bounds(child, "ebmt-2022.igg-replacement", 31, engine) == Bounds(1, 1)
    assert final_bounds(adult, "ebmt-2022.igg-replacement", 31, engine) == Bounds(0, 0)


@pytest.mark.parametrize(("igg", "expected"), [(6.01, 0), (6.0, 1), (4.01, 1), (4.0, 2)])
def test_classes_of_hypogammaglobulinaemia(igg: float, expected: int, engine: Engine) -> None:
    timeline = course_of("igg", {30: igg})

    assert final_bounds(timeline, "cohort-2024.hypogammaglobulinaemia", 31, engine) == Bounds(expected, expected)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({30: 0.5, 58: 0.5}, 0),
        ({30: 1.0, 58: 1.0}, 0),
        ({30: 1.5}, 0),
        ({30: 1.5, 58: 0.5}, 0),
        ({30: 1.5, 58: 1.1}, 1),
        ({30: 0.2, 58: 1.1, 80: 1.2}, 1),
        ({30: 1.5, 58: 1.1, 80: 0.4}, 0),
    ],
)
def test_loss_of_b_cell_aplasia_needs_two_samples_in_a_row(
    shares: dict[int, float], expected: int, engine: Engine
) -> None:
    counts = course_of("b_cells", dict.fromkeys(shares, 0.01)).observations
    timeline = with_rows(course_of("b_cell_percentage", shares), *counts)

    last_day = max(shares) + 1
    assert final_bounds(timeline, "cincinnati.b-cell-aplasia-loss", last_day, engine) == Bounds(expected, expected)


@pytest.mark.parametrize(("count", "above", "at_least"), [(0.099, 0, 0), (0.1, 0, 1), (0.101, 1, 1)])
def test_whether_exactly_100_cells_count_is_a_choice(count: float, above: int, at_least: int, engine: Engine) -> None:
    shares = course_of("b_cell_percentage", {30: 0.1, 58: 0.1}).observations
    timeline = with_rows(course_of("b_cells", {30: count, 58: count}), *shares)

    assert final_bounds(timeline, "cincinnati.b-cell-aplasia-loss", 58, engine) == Bounds(above, above)
    assert final_bounds(timeline, "cincinnati.b-cell-aplasia-loss", 58, engine, strict_count="false") == Bounds(
        at_least, at_least
    )
