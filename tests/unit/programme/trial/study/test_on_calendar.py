"""The calendar of cells in a design file: the days and doses of the call, late-onset designs, marked parameters, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from trial_designs import FILES
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.calendar import Cells, Lognormal
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedule, simulate
from vein2vein.programme.trial.staggered_late import simulate as simulate_late
from vein2vein.programme.trial.study.advise import advise
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


LATE: dict[str, Any] = {"design": "tite-boin", "calendar": FILE["calendar"] | {"late": 0.8}}


def test_a_late_onset_file_and_a_call_say_the_same() -> None:
    (found,) = study(**LATE).results(trials=100, seed=3)
    way = Cells(wait=Lognormal(30, 0.2), failure=0.1, progression=0.003, given_after_progression=0.5,
                response=(0.5, 0.5), response_day=0, durable=0.5, relapse=1, no_response=1)  # fmt: skip
    design, schedule = tite_boin(3, 0.3, cohorts=Cohorts(3, 4)), Schedule(28, 14, 10, review=7, late=0.8)
    called = simulate_late(design, Truth.of([0.1, 0.3, 0.5]), way, schedule, trials=100, seed=3)
    assert called.suspended is not None
    figures = {key: one.value for key, one in found.figures.items()}
    assert figures["duration"] == called.mean_days[0]
    assert figures["suspended"] == called.suspended.mean() > 0
    assert figures["consented"] >= figures["apheresed"] >= figures["patients"]
    assert figures["consented"] - figures["lost"] == pytest.approx(figures["patients"])


def test_an_ideal_calendar_has_the_figures_of_the_setting() -> None:
    ideal = {"window": 28, "first": 0, "interval": 10, "make_ahead": False}
    setting = {"window": 28, "interval": 10}
    late = {key: one for key, one in FILE.items() if key != "calendar"} | {"design": "tite-boin"}
    under = design_of(late | {"setting": setting}).study.results(trials=50, seed=3)[0].figures
    on = design_of(late | {"calendar": ideal}).study.results(trials=50, seed=3)[0].figures
    assert set(on) - set(under) == {"stalled", "consented", "apheresed", "lost", "waited"}
    assert {key: one.value for key, one in on.items() if key in under} == {key: one.value for key, one in under.items()}


def test_two_outcomes_and_single_patients_have_a_calendar_and_an_advice_knows_its_window() -> None:
    two = FILES["tite-boin12"] | {"design": "tite-boin12", "calendar": FILE["calendar"]}
    rolling = FILES["rolling-six"] | {"design": "rolling-six", "calendar": FILE["calendar"] | {"under_way": 6}}
    for file in (two, rolling):
        one = design_of({key: value for key, value in file.items() if key != "setting"}).study
        assert isinstance(one, DoseStudy)
        (found,) = one.results(trials=10, seed=3)
        assert found.figures["duration"].value > 28
        assert ("calendar.under_way" in one.parameters) is (file is rolling)
    assert advise(study(**LATE), "1NN", "1@20").reasons
    with pytest.raises(TrialError, match="28"):
        advise(study(**LATE), "1NN", "1@28")


def test_products_that_are_too_small_lose_patients() -> None:
    """A share with median 1 is below 0.5 in a chance of 1 in 6 with a log_sd of 0.7165."""
    way = {"wait": 30, "made": {"median": 1, "log_sd": 0.7165}, "least_dose": 0.5}
    changed = {"calendar": FILE["calendar"] | {"way": way}}
    (found,) = study(**changed).results(trials=300, seed=3)
    share = found.figures["lost"].value / found.figures["consented"].value
    assert share == pytest.approx(1 / 6, abs=0.02)


def test_the_sum_of_a_calendar_that_infuses_nobody() -> None:
    (found,) = study(**LATE | {"calendar": FILE["calendar"] | {"way": {"wait": 30, "failure": 1.0}}}).results(
        trials=5, seed=3
    )
    figures = {key: one.value for key, one in found.figures.items()}
    assert (figures["patients"], figures["toxicities"], figures["correct"], figures["stalled"]) == (0, 0, 0, 1)
    assert figures["none_selected"] == 1
    assert figures["lost"] == figures["consented"] == 12 * 4
    assert "duration" not in figures


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"calendar": {"window": 28}}, "no keys 'first', 'interval'"),
        ({"calendar": 28}, "calendar 28"),
        ({"calendar": FILE["calendar"] | {"stagger": 3}}, "'stagger'"),
        ({"titration": True}, "a calendar for the design BOIN"),
        ({"figures": "exact"}, "a calendar with `figures: exact`"),
        ({"calendar": FILE["calendar"] | {"late": 0.5}}, "'late' in the calendar of BOIN"),
        (
            {"design": "tite-boin", "calendar": FILE["calendar"] | {"under_way": 2}},
            "'under_way' in the calendar of TITE-BOIN",
        ),
        ({"design": "backfill-boin", "waiting": 2}, "a calendar for the design BF-BOIN"),
        (
            {"design": "tite-boin", "setting": {"window": 28, "interval": 10}},
            "a calendar with `figures: exact` or `setting`",
        ),
        ({"calendar": FILE["calendar"] | {"way": {"wait": 30, "made": 0.9}}}, "'made' in the way of BOIN"),
        ({"calendar": FILE["calendar"] | {"way": {"wait": 30, "least_dose": 0.9}}}, "'least_dose' and no 'made'"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        study(**change)
    assert saw in told.value.fault.saw
