"""Comparisons of doses from files say what the function says."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase12.common import Utilities
from vein2vein.programme.trial.phase12.optimise import Comparison, characteristics
from vein2vein.programme.trial.scenario import Truth

FILE: dict[str, Any] = {
    "design": "dose-comparison", "patients": [15, 15], "margin": 0.05,
    "scenarios": [{"name": "A", "efficacy": [0.4, 0.6]}],
}  # fmt: skip


def test_a_file_and_a_call_say_the_same() -> None:
    study = design_of(FILE).study
    (result,) = study.results(trials=2, seed=1)
    called = characteristics(Comparison((15, 15), margin=0.05), Truth.of([0, 0], [0.4, 0.6]))
    assert result.figures["correct"].value == called.correct
    assert (result.trials, study.most) == (None, 30)
    assert study.parameters["fair"].origin == "default"


def test_utilities_look_at_toxicity_too() -> None:
    more = {
        "utilities": {"neither": 40, "both": 60},
        "scenarios": [{"name": "A", "efficacy": [0.5, 0.6], "toxicity": [0.1, 0.5]}],
    }
    (result,) = design_of(FILE | more).study.results(trials=2, seed=1)
    called = characteristics(Comparison((15, 15), 0.05, Utilities()), Truth.of([0.1, 0.5], [0.5, 0.6]))
    assert [line.figures["selected"].value for line in result.lines] == called.chance.tolist()


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"patients": [15]}, "[15] patients"),
        ({"scenarios": [{"name": "A"}]}, "scenario 1"),
        ({"utilities": {"neither": 40, "both": 60}}, "scenario 1"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        design_of(FILE | change).study.results(trials=2, seed=1)
    assert saw in told.value.fault.saw
