"""Patients of a cell-therapy trial by hand: waiting, slots, failures, event definitions, crossover, denominators."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import (
    After,
    Cells,
    Chances,
    History,
    Lognormal,
    Salvage,
    play_cells,
    play_salvage,
)
from vein2vein.programme.trial.endpoints import (
    BELINDA,
    DAYS_PER_MONTH,
    TRANSFORM,
    ZUMA_7,
    EventDefinition,
    denominators,
    sample,
)
from vein2vein.programme.trial.randomised.cox import cox

# Numbers made up for arithmetic, not read from any trial.
CELLS = Cells(
    wait=Lognormal(30), response=(0.8, 0.4), response_day=28, durable=0.5, relapse=100, no_response=30, progression=0.01
)
SALVAGE = Salvage(
    assessed=50,
    response=0.5,
    progressive=0.6,
    no_response=60,
    transplant=0.7,
    transplant_day=30,
    durable=(0.1, 0.5),
    relapse=120,
)
AFTER = After(survival=200)
MANY = Chances(7, 0, (50, 400), "cells")
N = 50 * 400


def _near(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, abs=4 * math.sqrt(max(expected * (1 - expected), 0.01) / N))


def _one(**days: float) -> History:
    columns = dict.fromkeys(History.__dataclass_fields__, np.inf) | {"dose": np.nan} | days
    return History(**{name: np.array([[day]]) for name, day in columns.items()})


def test_progression_while_waiting_has_its_chance() -> None:
    found = play_cells(CELLS, AFTER, MANY)
    progressed = 1 - math.exp(-0.01 * 30)
    _near(float((found.early < 30).mean()), progressed)
    _near(float(np.isfinite(found.response).mean()), progressed * 0.4 + (1 - progressed) * 0.8)
    assert np.all(found.infusion == 30)


def test_some_are_not_infused() -> None:
    arm = replace(CELLS, failure=0.1, out_of_specification=0.2, released=0.5, given_after_progression=0.0, death=0.002)
    found = play_cells(arm, AFTER, MANY)
    _near(float(np.isfinite(found.infusion).mean()), 0.9 * 0.9 * math.exp(-0.01 * 30) * math.exp(-0.002 * 30))
    second = play_cells(replace(arm, second_wait=Lognormal(20)), AFTER, MANY)
    assert np.isfinite(second.infusion).sum() > np.isfinite(found.infusion).sum()
    assert set(np.unique(second.infusion)) == {30.0, 50.0, np.inf}


def test_a_small_dose_is_given_or_not() -> None:
    arm = replace(CELLS, made=Lognormal(1.2, 0.4), least_dose=0.8)
    found = play_cells(arm, AFTER, MANY)
    too_small = norm.cdf(math.log(0.8 / 1.2) / 0.4)
    below = norm.cdf(math.log(1 / 1.2) / 0.4)
    _near(float(np.isnan(found.dose).mean()), float(too_small))
    _near(denominators(found, 28).below_dose, float((below - too_small) / (1 - too_small)))


def test_bridging_slows_progression_and_changes_nothing_else() -> None:
    plain = play_cells(CELLS, AFTER, MANY)
    bridged = play_cells(replace(CELLS, bridging=1.0, bridging_ratio=0.5), AFTER, MANY)
    _near(float((bridged.early < 30).mean()), 1 - math.exp(-0.005 * 30))
    same = (plain.early == np.inf) & (bridged.early == np.inf)
    assert np.array_equal(plain.response[same], bridged.response[same])


def test_slots_make_patients_wait_their_turn() -> None:
    consent = np.array([[0.0, 1.0, 2.0, 40.0]])
    found = play_cells(replace(CELLS, slot=10, progression=0.0), AFTER, Chances(1, 0, (1, 4), "cells"), consent)
    assert (found.infusion + consent)[0].tolist() == [30, 40, 50, 70]


def test_salvage_by_hand() -> None:
    found = play_salvage(replace(SALVAGE, second=0.5, second_assessed=40, second_response=0.4), AFTER, MANY)
    responded = 0.5 + 0.5 * 0.5 * 0.4
    alive = np.isfinite(found.response)
    _near(float(alive.mean()), responded)
    assert set(np.unique(found.response[alive])) == {50.0, 90.0}
    assert abs(float(np.isfinite(found.transplant).mean()) - responded * 0.7) < 0.02
    _near(float(np.isfinite(found.switch).mean()), 0.25)


def test_crossover_stretches_survival() -> None:
    without = play_salvage(SALVAGE, AFTER, MANY)
    crossed = play_salvage(SALVAGE, After(200, crossover=1.0, crossover_wait=Lognormal(30), crossover_ratio=0.5), MANY)
    changed = np.isfinite(crossed.crossover)
    progressed = crossed.crossover[changed] - 30
    before = without.death[changed] - progressed - 30
    assert crossed.death[changed] - progressed - 30 == pytest.approx(2 * before)
    assert np.array_equal(
        crossed.death[~changed & np.isinf(without.death)], without.death[~changed & np.isinf(without.death)]
    )


def test_nothing_happens_after_death() -> None:
    found = play_cells(replace(CELLS, death=0.01), After(20, background=0.005), MANY)
    for name in ("apheresis", "infusion", "response", "late", "early", "crossover"):
        day = getattr(found, name)
        assert np.all((day <= found.death) | np.isinf(day))


@pytest.mark.parametrize(
    ("history", "zuma", "belinda"),
    [
        # progression on day 20, infused, response on day 80: an event in one trial, forgiven in the other
        (_one(early=20.0, infusion=52.0, response=80.0), 50.0, math.inf),
        # the same with a response on day 90: too late for week 12
        (_one(early=20.0, infusion=62.0, response=90.0), 50.0, 84.0),
        # a second regimen on day 45 that works by day 80
        (_one(switch=45.0, response=80.0), 45.0, math.inf),
        # stable, never a response
        (_one(), 150.0, 84.0),
        # response, relapse on day 120 and on day 400
        (_one(response=60.0, late=120.0), 150.0, 120.0),
        (_one(response=60.0, late=400.0), 400.0, 400.0),
        # response, relapse before week 12
        (_one(response=42.0, late=70.0), 100.0, 84.0),
        # death before week 12 is an event in both
        (_one(early=20.0, death=30.0), 30.0, 30.0),
    ],
)
def test_the_same_patient_under_two_event_definitions(history: History, zuma: float, belinda: float) -> None:
    assert ZUMA_7.day(history)[0, 0] == zuma
    assert BELINDA.day(history)[0, 0] == belinda


def test_transform_wants_a_response_by_week_9() -> None:
    assert TRANSFORM.day(_one(response=70.0))[0, 0] == 63
    assert np.isinf(TRANSFORM.day(_one(response=60.0))[0, 0])


def test_late_infusion_costs_more_under_one_definition_than_under_the_other() -> None:
    """Longer waits make more events by week 12 where a response is due then."""
    events = {}
    for wait in (29, 52):
        history = play_cells(replace(CELLS, wait=Lognormal(wait, 0.3)), AFTER, MANY)
        events[wait] = [(d.day(history) <= 90).mean() for d in (BELINDA, ZUMA_7)]
    assert events[52][0] - events[29][0] > events[52][1] - events[29][1] > 0


def test_a_trial_has_a_hazard_ratio() -> None:
    control = play_salvage(SALVAGE, AFTER, Chances(7, 0, (5, 300), "control"))
    cells = play_cells(CELLS, AFTER, Chances(7, 0, (5, 300), "cells"))
    entry = tuple(Chances(7, 0, (5, 300), arm).uniform("consent") * 400 for arm in ("control", "cells"))
    days = (ZUMA_7.day(control), ZUMA_7.day(cells))
    found = sample(days, (entry[0], entry[1]), 700, trial=3)
    assert len(found) == 600
    assert found.time.max() <= 700 / DAYS_PER_MONTH
    assert cox(found).ratio < 1
    assert len(sample(days, (entry[0], entry[1]), 200, trial=3)) < 600


def test_denominators_side_by_side() -> None:
    found = denominators(play_cells(replace(CELLS, failure=0.2, death=0.003), AFTER, MANY), 28)
    patients = found.patients
    assert patients["enrolled"] == 400 > patients["apheresed"] - 1e-9
    assert patients["apheresed"] > patients["infused"] > patients["evaluable"]
    assert found.rates["enrolled"] < found.rates["infused"] < found.rates["evaluable"]
    assert found.infusion == 30


def test_the_same_seed_gives_the_same_patients() -> None:
    again = play_cells(CELLS, AFTER, Chances(7, 0, (50, 400), "cells"))
    assert np.array_equal(again.death, play_cells(CELLS, AFTER, MANY).death)
    assert not np.array_equal(again.death, play_cells(CELLS, AFTER, replace(MANY, block=1)).death)


def test_refusals() -> None:
    with pytest.raises(TrialError, match="a share from 0 to 1"):
        replace(CELLS, failure=1.2)
    with pytest.raises(TrialError, match="a share from 0 to 1"):
        replace(CELLS, response=(0.5, -0.1))
    with pytest.raises(TrialError, match="least <= median"):
        Lognormal(10, 0.2, 20)
    with pytest.raises(TrialError, match="above 0"):
        replace(SALVAGE, relapse=0.0)
    with pytest.raises(TrialError, match="rising days"):
        EventDefinition("own", assessments=(50, 20))


def test_who_dies_of_a_progression_while_waiting_is_not_infused() -> None:
    """Wait 30 days, progression at rate a, then death at rate b: no progression, or one that is lived through until day 30."""
    a, b = CELLS.progression, 0.05
    found = play_cells(replace(CELLS, death_after_progression=b), AFTER, MANY)
    lived = math.exp(-30 * a) + a * (math.exp(-30 * b) - math.exp(-30 * a)) / (a - b)
    _near(float(np.isfinite(found.infusion).mean()), lived)
    usual = play_cells(CELLS, AFTER, MANY)
    assert np.isfinite(usual.infusion).all()
    died = ~np.isfinite(found.infusion)
    assert (found.death[died] <= 30).all()
    assert (found.early[died] < found.death[died]).all()
    assert np.array_equal(found.infusion[~died], usual.infusion[~died])
    assert np.array_equal(found.death[~died], usual.death[~died])
