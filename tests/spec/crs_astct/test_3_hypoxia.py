"""Hypoxia

The device and its flow give the grade: low flow 2, high flow or mask 3, positive pressure 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


@pytest.mark.parametrize(
    ("device", "grade"),
    [
        ("room-air", "1"),
        ("nasal-cannula 0 L/min because hypoxia", "1"),
        ("nasal-cannula 6 L/min because hypoxia", "2"),
        ("nasal-cannula 6.5 L/min because hypoxia", "3"),
        ("nasal-cannula because hypoxia", "[2, 3]"),
        ("blow-by because hypoxia", "2"),
        ("high-flow-nasal-cannula 40 L/min because hypoxia", "3"),
        ("face-mask 5 L/min because hypoxia", "3"),
        ("venturi-mask because hypoxia", "3"),
        ("non-rebreather-mask because hypoxia", "3"),
        ("cpap because hypoxia", "4"),
        ("bipap because hypoxia", "4"),
        ("mechanical-ventilation because hypoxia", "4"),
    ],
)
def test_each_device(spec: Spec, device: str, grade: str) -> None:
    """Six litres are low flow, more is high flow; a mask is grade 3 at any flow; without the flow it stays open."""
    spec(
        "astct-2019.crs",
        f"""
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | oxygen: {device}
        """,
        f"0 h | {grade}",
    )


def test_oxygen_by_a_device_that_nobody_wrote_down(spec: Spec) -> None:
    """Oxygen is sure, the device is not: at least 2, at most 4."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        1 h to 3 h | oxygen: unspecified because hypoxia
        """,
        """
        0 h | 1
        1 h | [2, 4]
        3 h | 1
        """,
    )


def test_the_worse_of_pressure_and_oxygen(spec: Spec) -> None:
    """Fever with one vasopressor and a low-flow cannula is grade 3."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h to     | oxygen: nasal-cannula 2 L/min because hypoxia
        2 h to 4 h | vasopressor: norepinephrine 4 ug/min because hypotension
        """,
        """
        0 h | 2
        2 h | 3
        4 h | 2
        """,
    )


@pytest.mark.parametrize("reason", ["airway-protection", "seizure", "procedure"])
def test_intubation_for_another_reason(spec: Spec, reason: str) -> None:
    """A ventilator without hypoxia is not grade 4."""
    spec(
        "astct-2019.crs",
        f"""
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h to 4 h | oxygen: mechanical-ventilation because {reason}
        4 h to     | oxygen: mechanical-ventilation because hypoxia
        """,
        """
        0 h | 1
        4 h | 4
        """,
    )


def test_hypoxia_with_another_cause(spec: Spec) -> None:
    """Hypoxia that the team puts down to pneumonia does not count."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | oxygen: bipap because hypoxia
        4 h to | other cause: hypoxia
        """,
        """
        0 h | 4
        4 h | 1
        """,
    )


@pytest.mark.parametrize(("baseline_support", "grade"), [("not-counted", "1"), ("counts", "2")])
def test_home_oxygen(spec: Spec, baseline_support: str, grade: str) -> None:
    """Oxygen from before the infusion is the baseline of this patient; whether it counts is a choice."""
    spec(
        "astct-2019.crs",
        """
        always | recorded completely: everything
        always | oxygen: nasal-cannula 2 L/min because home-oxygen
        0 h    | body temperature 38.6
        0 h    | hypotension no
        """,
        f"0 h | {grade}",
        baseline_support=baseline_support,
    )


@pytest.mark.parametrize(("baseline_support", "grade"), [("not-counted", "1"), ("counts", "4")])
def test_cpap_for_sleep_apnoea(spec: Spec, baseline_support: str, grade: str) -> None:
    """The same for the CPAP of a patient with sleep apnoea, which would be grade 4."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h to     | oxygen: cpap because sleep-apnoea
        """,
        f"0 h | {grade}",
        baseline_support=baseline_support,
    )


@pytest.mark.parametrize(("fast_cannula", "flow", "grade"), [
    ("high-flow", "6", "2"), ("high-flow", "6.1", "3"), ("low-flow", "6.1", "2"), ("low-flow", "15", "2"),
])  # fmt: skip
def test_a_nasal_cannula_above_6_litres(spec: Spec, fast_cannula: str, flow: str, grade: str) -> None:
    """A simple cannula above 6 L/min is graded by its flow; a centre can choose to grade it by its device."""
    spec(
        "astct-2019.crs",
        f"""
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | oxygen: nasal-cannula {flow} L/min because hypoxia
        """,
        f"0 h | {grade}",
        fast_cannula=fast_cannula,
    )


@pytest.mark.parametrize(("slow_mask", "flow", "grade"), [
    ("mask", "5", "3"), ("low-flow", "5", "2"), ("low-flow", "6", "2"), ("low-flow", "6.1", "3"),
])  # fmt: skip
def test_a_mask_at_low_flow(spec: Spec, slow_mask: str, flow: str, grade: str) -> None:
    """A face mask at 5 L/min is graded by its device; a centre can choose to grade it by its flow."""
    spec(
        "astct-2019.crs",
        f"""
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | oxygen: face-mask {flow} L/min because hypoxia
        """,
        f"0 h | {grade}",
        slow_mask=slow_mask,
    )


def test_both_choices_of_flow(spec: Spec) -> None:
    """Where cannulas go by their device and masks by their flow, a fast cannula is low flow and a fast mask is not."""
    spec(
        "astct-2019.crs",
        """
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h to 2 h | oxygen: nasal-cannula 8 L/min because hypoxia
        2 h to     | oxygen: face-mask 8 L/min because hypoxia
        """,
        """
        0 h | 2
        2 h | 3
        """,
        fast_cannula="low-flow",
        slow_mask="low-flow",
    )


@pytest.mark.parametrize(
    ("device", "fast_cannula", "grade"),
    [
        ("nasal-cannula 6", "high-flow", "2"),
        ("nasal-cannula 6.5", "high-flow", "3"),
        ("face-mask 6", "high-flow", "2"),
        ("face-mask 6.5", "high-flow", "3"),
        ("face-mask 6", "low-flow", "2"),
        ("face-mask 6.5", "low-flow", "3"),
    ],
)
def test_six_litres_where_a_mask_counts_by_its_flow(spec: Spec, device: str, fast_cannula: str, grade: str) -> None:
    """Low flow is at most 6 L/min, for a mask as for a cannula where a mask counts by its flow."""
    spec(
        "astct-2019.crs",
        f"""
        always | recorded completely: everything
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h to | oxygen: {device} L/min because hypoxia
        """,
        f"0 h | {grade}",
        fast_cannula=fast_cannula,
        slow_mask="low-flow",
    )
