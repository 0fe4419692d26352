"""Partial doses on the calendar: the plain design as a limit, the share made as the dose received, losses, stalled trials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trial_designs import FILES
from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import Cells, Lognormal
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1 import partial
from vein2vein.programme.trial.phase1.partial import Brought, PartialDesign
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedule
from vein2vein.programme.trial.staggered_partial import chance_to_be_whole, simulate
from vein2vein.programme.trial.study.partial import PartialStudy
from vein2vein.programme.trial.words import NONE

# Numbers made up for arithmetic, not read from any trial.
FILE: dict[str, Any] = FILES["partial-dose"] | {"design": "partial-dose"}
TRUTH = Truth.of([0.1, 0.3, 0.5])
ENDLESS = (1e12, 0.0)
AT_ONCE = Cells(
    wait=Lognormal(0), response=(1, 1), response_day=0, durable=1, relapse=1, no_response=1, progression=0.0
)
SCHEDULE = Schedule(28, 14, 10, review=7)


def study(**more: Any) -> PartialStudy:
    found = design_of(FILE | more).study
    assert isinstance(found, PartialStudy)
    return found


def design() -> PartialDesign:
    found = study().design
    assert isinstance(found, PartialDesign)
    return found


def test_where_everything_is_made_it_is_the_plain_design_patient_by_patient() -> None:
    for capacity in (ENDLESS, (4.0, 0.5)):
        found, times = simulate(design(), TRUTH, capacity, AT_ONCE, SCHEDULE, trials=60, seed=3)
        plain = partial.simulate(design(), TRUTH, capacity, trials=60, seed=3)
        for name in ("n", "y", "selected", "e"):
            assert np.array_equal(getattr(found.trials, name), getattr(plain.trials, name))
        assert np.array_equal(found.below, plain.below)
        assert np.array_equal(times.consented, plain.trials.n.sum(axis=1))
        cohorts = plain.trials.n.sum(axis=1) / design().cohorts.size_of_each
        assert (times.days >= cohorts * (14 + 28 + 7) - 1e-9).all()
        assert not found.short.any()


def test_a_share_that_is_made_is_the_share_that_is_received() -> None:
    """Half of each dose, always: the amounts are half of the planned ones, and so are the rates."""
    half = replace(AT_ONCE, made=Lognormal(0.5))
    found, _ = simulate(design(), TRUTH, ENDLESS, half, SCHEDULE, trials=60, seed=3)
    assert np.array_equal(found.below, found.trials.n.sum(axis=1))
    plain = partial.simulate(design(), TRUTH, ENDLESS, trials=60, seed=3)
    assert found.trials.y[:, 0].sum() < plain.trials.y[:, 0].sum()
    assert (found.trials.selected == NONE).all()  # no product reaches any dose
    shares = Brought(np.full((60, design().cohorts.most), 0.5), np.full(60, design().cohorts.most))
    told = partial.simulate(design(), TRUTH, ENDLESS, trials=60, seed=3, brought=shares)
    assert np.array_equal(told.trials.n, found.trials.n)
    assert np.array_equal(told.trials.y, found.trials.y)


def test_the_share_of_those_who_get_less_is_that_of_the_way() -> None:
    way = replace(AT_ONCE, made=Lognormal(1.2, 0.5), least_dose=0.6, failure=0.1)
    whole = chance_to_be_whole(way)
    found, times = simulate(design(), Truth.of([0.0, 0.0, 0.0]), ENDLESS, way, SCHEDULE, trials=400, seed=3)
    patients = found.trials.n.sum()
    assert 1 - found.below.sum() / patients == pytest.approx(whole, abs=0.02)
    normal = np.random.default_rng(1).standard_normal(200_000)
    made = way.made.of(normal)
    assert whole == pytest.approx((made >= 1).mean() / (made >= 0.6).mean(), abs=5e-3)
    assert np.array_equal(times.consented - times.lost, found.trials.n.sum(axis=1))
    assert times.lost.sum() / times.consented.sum() == pytest.approx(1 - 0.9 * (made >= 0.6).mean(), abs=0.02)
    assert found.trials.e is not None
    assert found.trials.e.sum() == patients - found.below.sum()


@pytest.mark.parametrize(
    ("made", "least", "chance"), [(1.0, 0.0, 1.0), (0.9, 0.0, 0.0), (0.9, 0.95, 0.0), (2.0, 1.5, 1.0)]
)
def test_a_share_without_spread_is_whole_or_not(made: float, least: float, chance: float) -> None:
    assert chance_to_be_whole(replace(AT_ONCE, made=Lognormal(made), least_dose=least)) == chance
    floor = replace(AT_ONCE, made=Lognormal(made, 0.5, least=made), least_dose=least)
    assert chance_to_be_whole(floor) == chance


def test_trials_that_run_out_of_patients_have_those_infused_and_select_nothing() -> None:
    lossy = replace(AT_ONCE, failure=0.74)
    found, times = simulate(design(), TRUTH, ENDLESS, lossy, SCHEDULE, trials=200, seed=6)
    plain = partial.simulate(design(), TRUTH, ENDLESS, trials=200, seed=6)
    stalled = np.isinf(times.days)
    assert 0.2 < stalled.mean() < 0.95
    assert np.array_equal(stalled, found.short)
    assert np.array_equal(found.trials.n.sum(axis=1), times.consented - times.lost)
    assert (found.trials.selected[stalled] == NONE).all()
    assert (found.trials.n <= plain.trials.n).all()
    assert (found.trials.y <= plain.trials.y).all()
    assert np.array_equal(found.trials.selected[~stalled], plain.trials.selected[~stalled])
    none, times = simulate(design(), TRUTH, ENDLESS, replace(AT_ONCE, failure=1.0), SCHEDULE, trials=5, seed=6)
    assert not none.trials.n.any()
    assert (none.trials.selected == NONE).all()
    assert times.stalled == 1.0


CALENDAR: dict[str, Any] = {"window": 28, "first": 14, "interval": 10, "review": 7}
SCENARIO: dict[str, Any] = {"name": "A", "toxicity": [0.1, 0.2, 0.3]}


def test_a_file_takes_the_calendar_and_its_share_is_the_feasibility() -> None:
    way = {"wait": 30, "made": {"median": 1.2, "log_sd": 0.5}, "least_dose": 0.6}
    one = study(calendar=CALENDAR | {"way": way}, scenarios=[SCENARIO])
    assert one.calendar is not None
    assert one.truths[0].efficacy == pytest.approx([chance_to_be_whole(one.calendar.way)] * 3)
    (found,) = one.results(trials=30, seed=2)
    figures = {key: figure.value for key, figure in found.figures.items()}
    assert figures["consented"] - figures["lost"] == pytest.approx(figures["patients"])
    assert figures["below_planned"] > 0
    assert figures["duration"] > 100
    assert one.parameters["calendar.way.least_dose"].origin == "set"
    capacity = study(calendar=CALENDAR | {"way": {"wait": 30}})
    assert "duration" in capacity.results(trials=5, seed=2)[0].figures


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"calendar": CALENDAR | {"way": {"wait": 30, "made": 0.9}}}, "`capacity` in a scenario and `made`"),
        ({"calendar": CALENDAR, "setting": {"window": 28, "interval": 10}}, "a calendar with `setting`"),
        ({"calendar": CALENDAR | {"late": 0.5}}, "'late' in the calendar"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        study(**change)
    assert saw in told.value.fault.saw
