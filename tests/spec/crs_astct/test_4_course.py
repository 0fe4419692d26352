"""The whole course

Onset, peak, resolution, recurrence and death; what is not known; what never changes the grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


def test_no_data_at_all(spec: Spec) -> None:
    """A course of which nothing is recorded could be anything but fatal."""
    spec(
        "astct-2019.crs",
        "followed 10 h",
        "0 h | [0, 4]",
    )


def test_no_infusion(spec: Spec) -> None:
    """Without an infusion there is nothing to grade; the course is named all the same."""
    spec(
        "astct-2019.crs",
        """
        infused never
        0 h | body temperature 39.0
        """,
        "never | does not apply",
    )


def test_a_value_that_cannot_be_used(spec: Spec) -> None:
    """A temperature in an unknown unit stays in the record and is not taken as normal."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature ?
        0 h    | hypotension no
        """,
        "0 h | [0, 1]",
        missing="temperature",
    )


def test_organs_never_change_the_grade(spec: Spec) -> None:
    """Creatinine, transaminases, ferritin and neurotoxicity have scales of their own."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        1 h    | creatinine 6.2 mg/dL (normal up to 1.2)
        1 h    | ast 900 U/L (normal up to 40)
        1 h    | ferritin 22000
        1 h    | organ toxicity grade 4
        1 h    | ice score 2
        """,
        "0 h | 1",
    )


def test_death_of_the_syndrome(spec: Spec) -> None:
    """Death due to CRS is grade 5, and the last that is said of the course."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        6 h    | milestone death crs
        """,
        """
        0 h | 1
        6 h | 5
        """,
        episodes="from 0 h (day 0), peak 5, fatal",
    )


def test_death_of_another_cause(spec: Spec) -> None:
    """Death of an infection ends the course and is no grade 5."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        6 h    | milestone death infection
        """,
        "0 h | 1",
        episodes="from 0 h (day 0), peak 1, ongoing",
    )


def test_death_without_a_cause(spec: Spec) -> None:
    """A death whose cause nobody stated leaves grade 5 open."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        6 h    | milestone death
        """,
        """
        0 h | 1
        6 h | [1, 5]
        """,
    )


TWO_FEVERS = """
        followed 56 h
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        6 h    | body temperature 37.0
        12 h   | hypotension no
        18 h   | body temperature 37.0
        24 h   | hypotension no
        29 h   | body temperature 37.0
        36 h   | hypotension no
        40 h   | body temperature 38.2
        46 h   | body temperature 37.0
        48 h   | hypotension no
        """


def test_a_second_episode(spec: Spec) -> None:
    """Twenty-four hours without any sign end an episode; a fever after that begins another."""
    spec(
        "astct-2019.crs",
        TWO_FEVERS,
        """
        0 h  | 1
        6 h  | 0
        40 h | 1
        46 h | 0
        """,
        episodes="""
        | from 0 h (day 0), peak 1, resolved at 6 h
        | from 40 h (day 2), peak 1, censored
        """,
    )


def test_the_same_fevers_as_one_episode(spec: Spec) -> None:
    """With a resolution time of 36 hours the second fever belongs to the first."""
    spec(
        "astct-2019.crs",
        TWO_FEVERS,
        episodes="| from 0 h (day 0), peak 1, censored",
        resolution_hours=36,
    )


def test_exactly_the_resolution_time(spec: Spec) -> None:
    """Absence that lasts exactly as long as asked for is enough."""
    spec(
        "astct-2019.crs",
        TWO_FEVERS,
        episodes="""
        | from 0 h (day 0), peak 1, resolved at 6 h
        | from 40 h (day 2), peak 1, censored
        """,
        resolution_hours=34,
    )


def test_biphasic_course(spec: Spec) -> None:
    """Two peaks within the resolution time are one episode with the higher peak."""
    spec(
        "astct-2019.crs",
        """
        followed 39 h
        always       | recorded completely: everything
        0 h          | body temperature 38.6
        0 h          | hypotension no
        8 h          | body temperature 37.1
        12 h         | hypotension no
        18 h         | body temperature 39.1
        20 h to 26 h | vasopressor: norepinephrine 4 ug/min because hypotension
        24 h         | hypotension no
        28 h         | body temperature 37.0
        36 h         | hypotension no
        """,
        """
        0 h  | 1
        8 h  | 0
        18 h | 1
        20 h | 3
        26 h | 1
        28 h | 0
        """,
        episodes="from 0 h (day 0), peak 3, censored",
    )


def test_ongoing_at_the_last_look(spec: Spec) -> None:
    """A course that is followed no further while fever lasts is ongoing, not resolved."""
    spec(
        "astct-2019.crs",
        """
        followed unknown
        always | recorded completely: everything
        0 h    | hypotension no
        2 h    | body temperature 38.6
        7 h    | body temperature 38.9
        """,
        """
        0 h | [0, 1]
        2 h | 1
        """,
        episodes="from 2 h (day 0), peak 1, ongoing",
    )


@pytest.mark.parametrize(
    ("infused", "zone"),
    [
        ("2026-03-28 23:30", "Europe/Berlin"),  # the night when clocks go forward
        ("2026-10-24 23:30", "Europe/Berlin"),  # and back
        ("2026-03-28 23:30", "Asia/Beirut"),  # where midnight itself is skipped
        ("2026-06-01 23:30", "Asia/Shanghai"),
    ],
)
def test_days_are_calendar_days_of_the_centre(spec: Spec, infused: str, zone: str) -> None:
    """An infusion late in the evening: a fever two hours later is on day 1, also when clocks change that night."""
    spec(
        "astct-2019.crs",
        f"""
        infused {infused}
        zone {zone}
        always | recorded completely: everything
        0 h    | hypotension no
        0 h    | body temperature 37.0
        2 h    | body temperature 38.6
        """,
        """
        0 h | 0
        2 h | 1
        """,
        episodes="from 2 h (day 1), peak 1, ongoing",
    )
