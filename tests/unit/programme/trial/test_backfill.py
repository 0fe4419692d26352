"""Backfill: which doses are open or suspended, decisions on pooled data, and trials with nobody waiting, which are BOIN."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.backfill import backfill_boin, run
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, States

DESIGN, BACKFILL = backfill_boin(4, 0.3, cohorts=Cohorts(3, 10))
TRUTH = Truth.of([0.05, 0.15, 0.30, 0.50], [0.2, 0.4, 0.5, 0.5])


def after(outcomes: str) -> States:
    return state_after(read_outcomes(outcomes, 4), 4, with_efficacy=True)


@pytest.mark.parametrize(
    ("outcomes", "dose"),
    [
        ("1NNN 2NNN", -1),  # nobody responded below
        ("1ENN 2NNN", 0),
        ("1ENN 2ENN 3NNN", 1),  # the highest of two
        ("1ENN", -1),  # only below the current dose
        ("1EEEEEE 1EEEEEE 2NNN", -1),  # twelve are enough
        ("1BTE 2NNN", 0),  # 2 of 3 alone is too high, 2 of 6 pooled (0.333 < 0.358) is not
        ("1BTE 2TNN", -1),  # 3 of 6 pooled is too high as well: suspended
        ("1BTE 2TEN 3EEE", -1),  # and so is all above
    ],
)
def test_which_dose_takes_patients(outcomes: str, dose: int) -> None:
    assert BACKFILL.dose(after(outcomes))[0] == dose


@pytest.mark.parametrize(
    ("outcomes", "dose"),
    [
        ("1ENN 2NNN", 3),  # nothing contradicts
        ("1ENN 1TTNNNN 2NNN", 3),  # 2 of 9 (0.222) still says up: no contradiction
        ("1ENN 1TTTNNN 2NNN", 2),  # 3 of 9 says stay, pooled 3 of 12 (0.25): stay
        ("1TENNNN 1TTTNNN 2NNN", 2),  # 4 of 12 says stay, pooled 4 of 15 (0.267): stay
        ("1TENNNN 1TTTNNN 2NNNNNNNNN", 3),  # pooled 4 of 21 (0.19): up
        ("1TTTTNNNNN 1NNN 2TNNNNN 2TTN", 2),  # 3 of 9 says stay, which 4 of 13 below (stay) does not contradict
    ],
)
def test_decisions_on_pooled_data(outcomes: str, dose: int) -> None:
    found = int(DESIGN.rule.next_dose(after(outcomes), DESIGN.safety.closed(after(outcomes)))[0]) + 1
    assert found == dose


def test_goes_down_to_the_highest_dose_that_is_safe_with_those_below() -> None:
    state = after("1EEEEEENNN 2TTTTENNNN 3TTNN")  # 4 of 9 at dose 2 contradicts 2 of 4 at dose 3: pooled 6 of 13
    assert int(DESIGN.rule.next_dose(state, np.zeros((1, 4), bool))[0]) == 0


def test_reasons_name_the_contradiction() -> None:
    (reason,) = DESIGN.rule.reasons(after("1ENN 1TTTNNN 2NNN"), np.zeros((1, 4), bool))
    assert "dose 1 contradicts (3 of 9), pooled 3 of 12; dose 2" in reason


def test_with_nobody_waiting_every_trial_is_boin() -> None:
    mine = run(DESIGN, BACKFILL, TRUTH, waiting=0, trials=3000, seed=9)
    parent = simulate.run(boin(4, 0.3, cohorts=Cohorts(3, 10)), TRUTH, trials=3000, seed=9)
    assert (mine.n == parent.n).all()
    assert (mine.y == parent.y).all()
    assert (mine.selected == parent.selected).all()


def test_backfill_adds_patients_below_within_the_cap_and_helps_the_selection() -> None:
    none, some = (run(DESIGN, BACKFILL, TRUTH, waiting=k, trials=4000, seed=9) for k in (0, 3))
    assert some.n[:, 0].mean() > none.n[:, 0].mean() + 0.5
    assert some.e is not None
    assert (some.e <= some.n).all()
    gained = simulate.difference(lambda trials: (trials.selected == 2).astype(float), some, none)
    assert gained.value > 2 * gained.error
    assert recommend(DESIGN, "1ENN").dose == 2


@pytest.mark.parametrize(
    ("truth", "change", "said"),
    [
        (Truth.of([0.1] * 4), {}, "response rates None"),
        (Truth.of([0.1] * 3, [0.1] * 3), {}, "3 toxicity rates"),
        (TRUTH, {"waiting": -1}, "-1 waiting"),
        (TRUTH, {"trials": 1}, "1 trials"),
    ],
)
def test_refuses_what_cannot_be_simulated(truth: Truth, change: dict[str, int], said: str) -> None:
    with pytest.raises(TrialError, match=said):
        run(DESIGN, BACKFILL, truth, **{"waiting": 2, "trials": 100, "seed": 1} | change)


def test_refuses_a_cap_below_one_and_states_without_responses() -> None:
    with pytest.raises(TrialError, match="cap 0"):
        backfill_boin(4, 0.3, cohorts=Cohorts(3, 10), cap=0)
    with pytest.raises(TrialError, match="without responses"):
        BACKFILL.dose(state_after(read_outcomes("1NNN", 4), 4))
