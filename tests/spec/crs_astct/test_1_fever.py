"""Fever

Fever opens the syndrome. Without it nothing else counts; treatment may hide it afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


def test_fever_from_38_0(spec: Spec) -> None:
    """A temperature of 38.0 °C is fever; the limit is part of it."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | hypotension no
        0 h    | body temperature 37.9
        3 h    | body temperature 38.0 Cel
        """,
        """
        0 h | 0
        3 h | 1
        """,
    )


def test_fever_with_another_cause(spec: Spec) -> None:
    """A reading taken while the team puts the fever down to another cause stays attributed; the next one is judged anew."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | hypotension no
        0 h        | body temperature 38.6
        0 h to 4 h | other cause: fever
        6 h        | body temperature 38.4
        """,
        """
        0 h | 0
        6 h | 1
        """,
    )


def test_a_reading_from_before_the_judgement(spec: Spec) -> None:
    """A judgement also covers the reading that stands when it is made, but only for as long as it is upheld."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | hypotension no
        0 h        | body temperature 38.6
        2 h to 4 h | other cause: fever
        """,
        """
        0 h | 1
        2 h | 0
        4 h | 1
        """,
    )


def test_an_attributed_reading_that_no_longer_holds(spec: Spec) -> None:
    """Once the attributed reading is too old, whether there is fever is not known, as for any other reading."""
    spec(
        "astct-2019.crs",
        """
        followed 16 h
        always     | recorded completely: everything
        0 h        | hypotension no
        6 h        | hypotension no
        0 h        | body temperature 38.6
        0 h to 4 h | other cause: fever
        """,
        """
        0 h  | 0
        12 h | [0, 1]
        """,
    )


def test_a_temperature_holds_for_twelve_hours(spec: Spec) -> None:
    """After that nothing is known, and the bounds widen to what the charted treatment still allows."""
    spec(
        "astct-2019.crs",
        """
        followed 20 h
        always | recorded completely: everything
        0 h    | body temperature 38.6
        6 h    | hypotension no
        0 h    | hypotension no
        """,
        """
        0 h  | 1
        12 h | [0, 1]
        18 h | [0, 2]
        """,
    )


def test_how_long_a_temperature_holds_is_a_choice(spec: Spec) -> None:
    """The scale does not say how long a reading holds; four hours instead of twelve."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        3 h    | hypotension no
        """,
        """
        0 h | [1, 2]
        3 h | 1
        4 h | [0, 1]
        7 h | [0, 2]
        """,
        observation_holds_hours=4,
    )


def test_no_fever_no_syndrome(spec: Spec) -> None:
    """A vasopressor in a patient who never had fever is no cytokine release syndrome by this scale."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 37.1
        1 h to 8 h | vasopressor: norepinephrine 4 ug/min because hypotension
        """,
        "0 h | 0",
    )


def test_fever_hidden_by_tocilizumab(spec: Spec) -> None:
    """After tocilizumab the grade follows pressure and oxygen alone, until they too have recovered."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        1 h to 8 h | vasopressor: norepinephrine 4 ug/min because hypotension
        2 h        | anticytokine: tocilizumab
        4 h        | body temperature 37.2
        """,
        """
        0 h | 1
        1 h | 3
        8 h | 0
        """,
        episodes="from 0 h (day 0), peak 3, censored",
    )


def test_fever_gone_without_treatment(spec: Spec) -> None:
    """Nothing hid the fever; whether it is then still asked for is not said, so the bounds open."""
    spec(
        "astct-2019.crs",
        """
        always  | recorded completely: everything
        0 h     | body temperature 38.6
        0 h     | hypotension no
        1 h to  | vasopressor: norepinephrine 4 ug/min because hypotension
        4 h     | body temperature 37.2
        """,
        """
        0 h | 1
        1 h | 3
        4 h | [0, 3]
        """,
    )


@pytest.mark.parametrize(("choice", "later"), [("counts", "1 h | 3"), ("not-counted", "1 h | 3\n4 h | 0")])
def test_fever_gone_without_treatment_is_a_choice(spec: Spec, choice: str, later: str) -> None:
    """A centre can say that fever is asked for at onset only, or at every moment that nothing hides it."""
    spec(
        "astct-2019.crs",
        """
        always  | recorded completely: everything
        0 h     | body temperature 38.6
        0 h     | hypotension no
        1 h to  | vasopressor: norepinephrine 4 ug/min because hypotension
        4 h     | body temperature 37.2
        """,
        f"0 h | 1\n{later}",
        fever_gone_untreated=choice,
    )


def test_an_antipyretic_shortly_before_the_fever(spec: Spec) -> None:
    """Paracetamol five hours before the fever may still hide it later on."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        -5 h   | antipyretic: paracetamol
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h to | vasopressor: norepinephrine 4 ug/min because hypotension
        4 h    | body temperature 37.2
        """,
        """
        0 h | 1
        1 h | 3
        """,
    )


def test_an_antipyretic_exactly_six_hours_before(spec: Spec) -> None:
    """The six hours do not include their end: this dose hides nothing."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        -6 h   | antipyretic: paracetamol
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h to | vasopressor: norepinephrine 4 ug/min because hypotension
        4 h    | body temperature 37.2
        """,
        """
        0 h | 1
        1 h | 3
        4 h | [0, 3]
        """,
    )


def test_a_longer_masking_time(spec: Spec) -> None:
    """With a masking time of eight hours the same dose counts."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        -6 h   | antipyretic: paracetamol
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h to | vasopressor: norepinephrine 4 ug/min because hypotension
        4 h    | body temperature 37.2
        """,
        """
        0 h | 1
        1 h | 3
        """,
        masking_hours=8,
    )


def test_an_antipyretic_a_quarter_of_an_hour_inside_the_six_hours(spec: Spec) -> None:
    """A dose counts for the whole of the six hours before the fever."""
    spec(
        "astct-2019.crs",
        """
        always  | recorded completely: everything
        0 h     | hypotension no
        -5.75 h | antipyretic: paracetamol
        0 h     | body temperature 38.6
        2 h     | body temperature 37.0
        2 h to  | oxygen: nasal-cannula 2 L/min because hypoxia
        """,
        """
        0 h | 1
        2 h | 2
        """,
    )
