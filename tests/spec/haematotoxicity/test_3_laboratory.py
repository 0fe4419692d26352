"""Laboratory terms of CTCAE, and fever with neutropenia

A value holds for two days. The editions differ: version 5.0 and version 6.0 are never mixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


@pytest.mark.parametrize(
    ("value", "v5", "v6"),
    [
        ("1.9", "0", "0"),
        ("1.4", "2", "1"),
        ("0.99", "3", "2"),
        ("0.5", "3", "2"),
        ("0.49", "4", "3"),
        ("0.09", "4", "4"),
    ],
)
def test_neutrophils_in_two_editions(spec: Spec, value: str, v5: str, v6: str) -> None:
    """The same count has another grade in version 6.0."""
    course = f"0 h | neutrophils {value} (normal 1.8 to 7.5)"
    spec("ctcae-5.0.neutrophil-count-decreased", course, f"0 h | {v5}")
    spec("ctcae-6.0.neutrophil-count-decreased", course, f"0 h | {v6}")


def test_grade_1_needs_the_lower_limit(spec: Spec) -> None:
    """A count of 1.6 is grade 1 below the limit of the laboratory, which has to come with it."""
    spec("ctcae-5.0.neutrophil-count-decreased", "0 h | neutrophils 1.6 (normal 1.8 to 7.5)", "0 h | 1")
    spec("ctcae-5.0.neutrophil-count-decreased", "0 h | neutrophils 1.6", "0 h | [0, 1]")


def test_a_count_below_what_can_be_measured(spec: Spec) -> None:
    """ "< 0.5" is grade 4, and "< 1" could be 3 or 4."""
    spec("ctcae-5.0.neutrophil-count-decreased", "0 h | neutrophils < 0.5", "0 h | 4")
    spec("ctcae-5.0.neutrophil-count-decreased", "0 h | neutrophils < 1", "0 h | [3, 4]")


def test_a_count_holds_for_two_days(spec: Spec) -> None:
    """After 48 hours without a new value nothing is known."""
    spec(
        "ctcae-5.0.neutrophil-count-decreased",
        "followed 60 h\n0 h | neutrophils 0.3 (normal 1.8 to 7.5)\n6 h | neutrophils 0.7 (normal 1.8 to 7.5)",
        "0 h | 4\n6 h | 3\n54 h | [0, 4]",
    )


def test_two_values_at_one_instant(spec: Spec) -> None:
    """A later row corrects an earlier one of the same instant."""
    spec(
        "ctcae-5.0.neutrophil-count-decreased",
        "0 h | neutrophils 0.3 (normal 1.8 to 7.5)\n0 h | neutrophils 1.2 (normal 1.8 to 7.5)",
        "0 h | 2",
    )


@pytest.mark.parametrize(
    ("value", "grade"), [("40", "0"), ("120", "1"), ("121", "2"), ("200", "2"), ("201", "3"), ("801", "4")]
)
def test_transaminase_with_a_normal_baseline(spec: Spec, value: str, grade: str) -> None:
    """Multiples of the upper limit, when the baseline was normal."""
    spec(
        "ctcae-5.0.alanine-aminotransferase-increased",
        f"day -2 | alt 30 (normal up to 40)\n2 h | alt {value} (normal up to 40)",
        f"...\n2 h | {grade}",
    )


def test_transaminase_with_an_abnormal_baseline(spec: Spec) -> None:
    """Multiples of the baseline, when that was abnormal: 200 over 80 is 2.5, grade 1."""
    spec(
        "ctcae-5.0.alanine-aminotransferase-increased",
        "day -2 | alt 80 (normal up to 40)\n2 h | alt 200 (normal up to 40)",
        "...\n2 h | 1",
    )


def test_a_baseline_from_too_long_ago(spec: Spec) -> None:
    """A baseline of more than 30 days before the infusion is none: five upper limits or a small rise, nobody knows."""
    course = "day -31 | alt 80 (normal up to 40)\n2 h | alt 200 (normal up to 40)"
    spec("ctcae-5.0.alanine-aminotransferase-increased", course, "...\n2 h | [0, 2]")
    spec("ctcae-5.0.alanine-aminotransferase-increased", course, "...\n2 h | 1", baseline_within_days=60)


FEVER = "0 h | neutrophils 0.3\n"


@pytest.mark.parametrize(("temperature", "grade"), [("38.3", "0"), ("38.4", "3")])
def test_one_high_temperature(spec: Spec, temperature: str, grade: str) -> None:
    """One temperature above 38.3 °C with neutrophils below 1.0 is febrile neutropenia; 38.3 is not above."""
    spec("ctcae-5.0.febrile-neutropenia", FEVER + f"0 h | body temperature {temperature}", f"0 h | {grade}")


def test_a_lasting_temperature(spec: Spec) -> None:
    """38.0 °C or more for more than one hour: two readings more than an hour apart, with none below between them."""
    course = FEVER + "0 h | body temperature 38.0\n1 h | body temperature 38.1\n1.5 h | body temperature 38.0"
    spec("ctcae-5.0.febrile-neutropenia", course, "...\n1 h | 0\n1.5 h | 3")
    spec(
        "ctcae-5.0.febrile-neutropenia",
        course.replace("1 h | body temperature 38.1", "1 h | body temperature 37.9"),
        "0 h | 0",
    )


def test_readings_too_far_apart(spec: Spec) -> None:
    """Readings more than six hours apart are no unbroken fever."""
    spec("ctcae-5.0.febrile-neutropenia", FEVER + "0 h | body temperature 38.1\n7 h | body temperature 38.1", "0 h | 0")


@pytest.mark.parametrize(("neutrophils", "ctcae", "idsa"), [("0.99", "3", "0"), ("0.49", "3", "1"), ("1.0", "0", "0")])
def test_two_definitions(spec: Spec, neutrophils: str, ctcae: str, idsa: str) -> None:
    """CTCAE asks for counts below 1.0, the IDSA guideline for counts below 0.5 or expected to fall below."""
    course = f"0 h | neutrophils {neutrophils}\n0 h | body temperature 38.9"
    spec("ctcae-5.0.febrile-neutropenia", course, f"0 h | {ctcae}")
    spec("idsa-2010.febrile-neutropenia", course, f"0 h | {idsa}")


def test_expected_neutropenia(spec: Spec) -> None:
    """A fall below 0.5 that is expected within 48 hours counts for the IDSA definition."""
    spec(
        "idsa-2010.febrile-neutropenia",
        "0 h | neutrophils 0.8\n0 h | body temperature 38.9\n2 h | neutropenia expected yes",
        "0 h | 0\n2 h | 1",
    )
