"""The stage of a course, from what has happened up to an instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess.stage import stage_of

_STEPS = {"referred": -60, "accepted": -50, "apheresis": -40, "released": -12, "product_delivered": -10}
_STEPS |= {"lymphodepletion": -5, "progression": 90, "death": 200}


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (-61, "not begun"), (-60, "referred"), (-50, "accepted"), (-40, "manufacture"), (-12, "product released"),
        (-10, "product delivered"), (-5, "lymphodepletion"), (0, "after infusion"), (90, "progressed after infusion"),
        (200, "ended by death"),
    ],
)  # fmt: skip
def test_the_last_step_names_the_stage(day: int, stage: str) -> None:
    patient = a_patient("A", days=400)
    for kind, on in _STEPS.items():
        patient.with_milestone(kind, on)
    at = INFUSED_AT + timedelta(days=day)
    assert stage_of(patient.built().until(at), at).name == stage


def test_a_progression_before_the_infusion_does_not_end_anything() -> None:
    patient = a_patient("A").with_milestone("apheresis", -40).with_milestone("progression", -20)
    at = INFUSED_AT - timedelta(days=10)
    assert stage_of(patient.built().until(at), at).name == "manufacture"


def test_a_stage_holds_from_its_step_and_says_the_day() -> None:
    at = INFUSED_AT + timedelta(days=2)
    stage = stage_of(a_patient("A").built().until(at), at)
    assert (stage.name, stage.since, stage.day) == ("after infusion", INFUSED_AT, 2)


def test_who_left_before_the_infusion_is_not_called_collected() -> None:
    patient = a_patient("A").with_course(infused_at=None).with_milestone("apheresis", -40)
    patient = patient.with_milestone("not_infused", -20, "progression")
    at = INFUSED_AT - timedelta(days=10)
    assert stage_of(patient.built().until(at), at).name == "left before infusion"
