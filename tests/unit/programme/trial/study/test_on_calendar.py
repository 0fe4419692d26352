"""The calendar of cells in a design file: the days and doses of the call, marked parameters, and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.calendar import Cells, Lognormal
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedule, simulate
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.words import Cohorts

# Numbers made up for arithmetic, not read from any trial.
FILE: dict[str, Any] = {
    "design": "boin", "doses": 3, "target": 0.3, "cohorts": {"size": 3, "number": 4},
    "scenarios": [{"name": "A", "toxicity": [0.1, 0.3, 0.5]}],
    "calendar": {"window": 28, "first": 14, "interval": 10, "review": 7,
                 "way": {"wait": {"median": 30, "log_sd": 0.2}, "failure": 0.1, "progression": 0.003,
                         "given_after_progression": 0.5}},
}  # fmt: skip


def study(**more: Any) -> DoseStudy:
    found = design_of(FILE | more).study
    assert isinstance(found, DoseStudy)
    return found


def test_a_file_and_a_call_say_the_same() -> None:
    (found,) = study().results(trials=200, seed=3)
    design, truth = boin(3, 0.3, cohorts=Cohorts(3, 4)), Truth.of([0.1, 0.3, 0.5])
    way = Cells(wait=Lognormal(30, 0.2), failure=0.1, progression=0.003, given_after_progression=0.5,
                response=(0.5, 0.5), response_day=0, durable=0.5, relapse=1, no_response=1)  # fmt: skip
    called = simulate(design, truth, way, Schedule(28, 14, 10, review=7), trials=200, seed=3)
    assert found.figures["duration"].value == called.mean_days[0]
    assert found.figures["duration"].error == pytest.approx(called.mean_days[1])
    assert found.figures["lost"].value == called.lost.mean() > 0
    plain = known.run(design, truth, trials=200, seed=3)
    assert found.lines[1].figures["selected"].value == (plain.selected == 1).mean()
    assert all(one.error is not None for one in found.figures.values())


def test_parameters_of_the_calendar_are_marked() -> None:
    parameters = study().parameters
    assert parameters["calendar.first"].origin == "set"
    assert parameters["calendar.make_ahead"].origin == "default"
    assert parameters["calendar.way.failure"].value == 0.1
    assert parameters["calendar.way.death"].origin == "default"


def test_a_longer_review_and_staggering_take_longer() -> None:
    usual = study().results(trials=100, seed=3)[0].figures["duration"].value
    for more in ({"review": 30}, {"first": 28}):
        changed = study(calendar=FILE["calendar"] | more).results(trials=100, seed=3)[0].figures["duration"].value
        assert changed > usual + 20


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"calendar": {"window": 28}}, "no keys 'first', 'interval'"),
        ({"calendar": 28}, "calendar 28"),
        ({"calendar": FILE["calendar"] | {"stagger": 3}}, "'stagger'"),
        ({"titration": True}, "a calendar for the design BOIN"),
        ({"figures": "exact"}, "a calendar with `figures: exact`"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        study(**change)
    assert saw in told.value.fault.saw
