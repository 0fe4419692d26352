"""Trials on the calendar of cells: size of the test, agreement with plain samples, and shares that add up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import After, Cells, Lognormal, Salvage
from vein2vein.programme.trial.cell_trial import CellTrial, attribution
from vein2vein.programme.trial.endpoints import BELINDA, DAYS_PER_MONTH, ZUMA_7
from vein2vein.programme.trial.randomised.accrual import Accrual
from vein2vein.programme.trial.randomised.batch import BLOCK, Patients
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike

# Numbers made up for arithmetic, not read from any trial.
CELLS = Cells(
    wait=Lognormal(29, 0.2),
    response=(0.85, 0.6),
    response_day=28,
    durable=0.5,
    relapse=120,
    no_response=20,
    progression=0.01,
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
TRIAL = CellTrial(SALVAGE, CELLS, (After(200), After(200)), Accrual.over(300, 18), ZUMA_7)
ONE_LOOK = spending(1, OBrienFlemingLike())


class Shuffled:
    """The patients of a trial with arms that mean nothing."""

    size = 300

    def block(self, seed: int, number: int) -> Patients:
        drawn = TRIAL.block(seed, number)
        rng = np.random.default_rng((seed, number))
        followed = rng.permuted(drawn.followed, axis=1)
        return replace(drawn, followed=followed, seen=drawn.entry + followed)


def _log_ratio(trial: CellTrial) -> float:
    return simulate(trial, Analysis(ONE_LOOK, (CutOff(month=30.0),)), 128, 5).figures(1).log_ratio.value


def test_arms_have_their_patients_and_days() -> None:
    two_to_one = replace(TRIAL, ratio=(2, 1))
    block = two_to_one.block(3, 0)
    assert block.entry.shape == (BLOCK, 300)
    assert block.control == 100
    control, cells, entry = two_to_one.histories(3, 0)
    days = np.concatenate([ZUMA_7.day(control), ZUMA_7.day(cells)], axis=1)
    finite = np.isfinite(days)
    assert block.followed[finite] * DAYS_PER_MONTH == pytest.approx(days[finite], abs=1e-4)
    assert np.array_equal(entry, block.entry)


def test_deaths_are_events_without_a_definition() -> None:
    deaths = replace(TRIAL, definition=None).block(3, 0)
    assert np.all(deaths.followed >= TRIAL.block(3, 0).followed - 1e-5)


def test_tied_events_keep_the_size_of_the_test() -> None:
    """Which patient is in which arm is drawn anew, so that there is no effect, and most events stay tied at assessments."""
    figures = simulate(Shuffled(), Analysis(ONE_LOOK, (CutOff(month=30.0),)), 6000, 8).figures(1)
    assert figures.power.value == pytest.approx(0.025, abs=3.5 * figures.power.error)


def test_a_longer_wait_costs_effect_and_the_definition_decides_how_much() -> None:
    late = replace(TRIAL, cells=replace(CELLS, wait=Lognormal(52, 0.3)))
    assert _log_ratio(TRIAL) < _log_ratio(late)
    # a definition that forgives progression before week 12 is kind to an early infusion, and not to one shortly before week 12
    cost = _log_ratio(late) - _log_ratio(TRIAL)
    assert _log_ratio(replace(late, definition=BELINDA)) - _log_ratio(replace(TRIAL, definition=BELINDA)) > cost


def test_shares_add_up_to_the_difference() -> None:
    changes = {
        "wait": lambda t: replace(t, cells=replace(t.cells, wait=Lognormal(52, 0.3))),
        "event definition": lambda t: replace(t, definition=BELINDA),
        "product": lambda t: replace(t, cells=replace(t.cells, durable=0.3)),
    }
    shares = attribution(TRIAL, changes, _log_ratio)
    other = TRIAL
    for change in changes.values():
        other = change(other)
    assert sum(shares.values()) == pytest.approx(_log_ratio(other) - _log_ratio(TRIAL))
    assert shares["wait"] > 0
    assert shares["product"] > 0


def test_shares_of_a_sum_and_of_a_product_by_hand() -> None:
    changes = {"a": lambda x: (2.0, x[1]), "b": lambda x: (x[0], 3.0)}
    assert attribution((1.0, 1.0), changes, lambda x: x[0] + x[1]) == pytest.approx({"a": 1, "b": 2})
    # a first adds 1, last adds 3; b first adds 2, last adds 4
    assert attribution((1.0, 1.0), changes, lambda x: x[0] * x[1]) == pytest.approx({"a": 2, "b": 3})


def test_refusals() -> None:
    with pytest.raises(TrialError, match="1 to 12"):
        attribution(TRIAL, {}, _log_ratio)
    with pytest.raises(TrialError, match="whole numbers from 1"):
        replace(TRIAL, ratio=(0, 1))
    with pytest.raises(TrialError, match="TRIAL-041"):
        simulate(TRIAL, Analysis.at_events(ONE_LOOK, 301), 10, 1)
    assert math.isfinite(_log_ratio(TRIAL))
