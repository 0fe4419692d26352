"""Hypotension

What the pressure needs gives the grade: fluids 2, one vasopressor 3, several 4. The dose plays no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


def test_fluids_only(spec: Spec) -> None:
    """A bolus given for hypotension is grade 2 for twelve hours."""
    spec(
        "astct-2019.crs",
        """
        followed 14 h
        always | recorded completely: everything
        0 h    | body temperature 38.6
        1 h    | fluid bolus: crystalloid because hypotension
        4 h    | hypotension no
        8 h    | body temperature 38.4
        """,
        """
        0 h  | [1, 2]
        1 h  | 2
        13 h | 1
        """,
    )


def test_a_bolus_holds_for_as_long_as_chosen(spec: Spec) -> None:
    """Two hours instead of twelve."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h    | fluid bolus: crystalloid because hypotension
        """,
        """
        0 h | 1
        1 h | 2
        3 h | 1
        """,
        fluid_bolus_hours=2,
    )


def test_a_bolus_without_a_reason(spec: Spec) -> None:
    """Fluids are given for much; without a reason the grade stays open."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h    | fluid bolus: crystalloid
        """,
        """
        0 h | 1
        1 h | [1, 2]
        """,
    )


def test_one_vasopressor(spec: Spec) -> None:
    """One vasopressor is grade 3 at any dose, from its start until it is stopped."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        1 h to 4 h | vasopressor: norepinephrine 40 ug/min because hypotension
        """,
        """
        0 h | 1
        1 h | 3
        4 h | 1
        """,
    )


def test_vasopressin_is_not_counted(spec: Spec) -> None:
    """Norepinephrine with vasopressin is one vasopressor; norepinephrine with epinephrine is several."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        1 h to     | vasopressor: norepinephrine 4 ug/min because hypotension
        2 h to     | vasopressor: vasopressin 0.03 U/min because hypotension
        3 h to 5 h | vasopressor: epinephrine 2 ug/min because hypotension
        """,
        """
        0 h | 1
        1 h | 3
        3 h | 4
        5 h | 3
        """,
    )


@pytest.mark.parametrize(("vasopressin_alone", "grade"), [("grade-3", "3"), ("not-counted", "2")])
def test_vasopressin_alone(spec: Spec, vasopressin_alone: str, grade: str) -> None:
    """The scale says "one vasopressor with or without vasopressin": whether vasopressin alone is one, is a choice."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension yes
        0 h to | vasopressor: vasopressin 0.03 U/min because hypotension
        """,
        f"0 h | {grade}",
        vasopressin_alone=vasopressin_alone,
    )


@pytest.mark.parametrize(
    ("inotropes_and_midodrine", "alone", "added"),
    [("possible", "[2, 3]", "[3, 4]"), ("counts", "3", "4"), ("not-counted", "2", "3")],
)
def test_an_inotrope(spec: Spec, inotropes_and_midodrine: str, alone: str, added: str) -> None:
    """Dobutamine is no vasopressor by name; it may count, count, or not count."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension yes
        0 h to | inotrope: dobutamine 5 ug/kg/min
        5 h to | vasopressor: norepinephrine 4 ug/min because hypotension
        """,
        f"""
        0 h | {alone}
        5 h | {added}
        """,
        inotropes_and_midodrine=inotropes_and_midodrine,
    )


@pytest.mark.parametrize(
    ("inotropes_and_midodrine", "grade"), [("possible", "[2, 3]"), ("counts", "3"), ("not-counted", "2")]
)
def test_midodrine(spec: Spec, inotropes_and_midodrine: str, grade: str) -> None:
    """Midodrine by mouth is treated like an inotrope."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension yes
        0 h to | oral vasopressor: midodrine
        """,
        f"0 h | {grade}",
        inotropes_and_midodrine=inotropes_and_midodrine,
    )


@pytest.mark.parametrize(("low_blood_pressure", "grade"), [("possible", "[1, 2]"), ("counts", "2"), ("ignored", "1")])
def test_a_low_reading(spec: Spec, low_blood_pressure: str, grade: str) -> None:
    """The scale gives no blood pressure. A low reading alone opens the question, counts, or is ignored."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | systolic blood pressure 89
        """,
        f"0 h | {grade}",
        low_blood_pressure=low_blood_pressure,
    )


def test_a_low_reading_that_the_team_explains(spec: Spec) -> None:
    """A statement that there is no hypotension is stronger than a reading."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | systolic blood pressure 84
        3 h    | hypotension no
        """,
        """
        0 h | [1, 2]
        3 h | 1
        """,
    )


def test_a_low_reading_in_a_child(spec: Spec) -> None:
    """From one to ten years the limit is 70 plus twice the age: 82 mmHg at six years."""
    spec(
        "astct-2019.crs",
        """
        born 2020-01-15
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | systolic blood pressure 82
        3 h    | systolic blood pressure 81
        """,
        """
        0 h | 1
        3 h | 2
        """,
        low_blood_pressure="counts",
    )


def test_hypotension_with_another_cause(spec: Spec) -> None:
    """A vasopressor given for sepsis, or a hypotension judged to be septic, does not count."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h to     | vasopressor: norepinephrine 4 ug/min because sepsis
        2 h to     | vasopressor: epinephrine 4 ug/min because hypotension
        4 h to 6 h | other cause: hypotension
        """,
        """
        0 h | 1
        2 h | 3
        4 h | 1
        6 h | 3
        """,
    )


@pytest.mark.parametrize("reason", ["sedation", "procedure", "sepsis"])
def test_a_vasopressor_given_for_something_else(spec: Spec, reason: str) -> None:
    """Low pressure from sedatives, a procedure or sepsis is not the syndrome."""
    spec(
        "astct-2019.crs",
        f"""
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | vasopressor: norepinephrine 4 ug/min because {reason}
        """,
        "0 h | 1",
    )


@pytest.mark.parametrize(("unstated_reason", "grade"), [("counts", "3"), ("possible", "[1, 3]")])
def test_a_vasopressor_without_a_reason(spec: Spec, unstated_reason: str, grade: str) -> None:
    """An unstated reason is taken as the syndrome, or leaves the grade open."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | vasopressor: norepinephrine 4 ug/min
        """,
        f"0 h | {grade}",
        unstated_reason=unstated_reason,
    )


def test_vasopressors_that_nobody_charts(spec: Spec) -> None:
    """No row of a vasopressor is no proof that none ran: only charting makes absence a fact."""
    spec(
        "astct-2019.crs",
        """
        0 h to     | oxygen: room-air
        0 h        | body temperature 38.6
        0 h        | hypotension no
        2 h to 5 h | recorded completely: vasopressor
        """,
        """
        0 h | [1, 4]
        2 h | 1
        5 h | [1, 4]
        """,
    )


def test_what_keeps_the_grade_open_is_named(spec: Spec) -> None:
    """An open grade always names its reason: here nothing is missing, but the scale does not say what the reading means."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | systolic blood pressure 84
        """,
        "0 h | [1, 2]",
        missing="hypotension_by_pressure",
    )


def test_a_drug_that_the_scale_does_not_name_is_named(spec: Spec) -> None:
    """Dobutamine leaves grade 3 open until somebody chooses; the choice is named, not a missing row."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h    | systolic blood pressure 110
        0 h to | inotrope: dobutamine
        """,
        "0 h | [1, 3]",
        missing="other_support",
    )


def test_an_infusion_that_is_paused(spec: Spec) -> None:
    """A rate of 0 is a pump that stands still: nothing runs until the rate is raised again."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        1 h to 3 h | vasopressor: norepinephrine 4 ug/min because hypotension
        3 h to 5 h | vasopressor: norepinephrine 0 ug/min because hypotension
        5 h to 6 h | vasopressor: norepinephrine 2 ug/min because hypotension
        """,
        """
        0 h | 1
        1 h | 3
        3 h | 1
        5 h | 3
        6 h | 1
        """,
    )


@pytest.mark.parametrize(
    ("rule_set", "grade"), [("astct-2019.crs", "3"), ("ctcae-5.0.crs", "[3, 4]"), ("china-bnhl-2023.crs", "3")]
)
def test_a_vasopressor_that_nobody_named(spec: Spec, rule_set: str, grade: str) -> None:
    """Be it vasopressin or another, one vasopressor runs: grade 3 at least."""
    spec(
        rule_set,
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h        | systolic blood pressure 110
        0 h        | local enlargement no
        0 h        | local compression no
        0 h        | local complication no
        1 h to 4 h | vasopressor: unspecified because hypotension
        """,
        f"""
        0 h | 1
        1 h | {grade}
        4 h | 1
        """,
    )
