"""TITE-BOIN12: with both windows at zero it is BOIN12, patient by patient; pending outcomes by hand.

No printed table of the design was at hand, so nothing here is compared with one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.phase1.late import SUSPEND, Setting
from vein2vein.programme.trial.phase12.boin12 import boin12
from vein2vein.programme.trial.phase12.late import TwoSeen, simulate
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility, tite_boin12
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, States

COHORTS = Cohorts(3, 12)
OPTIONS = {"toxicity": 0.35, "efficacy": 0.25, "cohorts": COHORTS}
TRUTH = Truth.of([0.05, 0.1, 0.2, 0.35, 0.5], [0.1, 0.3, 0.5, 0.55, 0.55])


def _rule(estimator: str) -> PendingUtility:
    rule = tite_boin12(5, estimator=estimator, **OPTIONS).rule
    assert isinstance(rule, PendingUtility)
    return rule


def _seen(n: list[int], y: list[int], e: list[int], at: int) -> TwoSeen:
    rows = [np.array([column]) for column in (n, y, e)]
    return TwoSeen.complete(States(rows[0], rows[1], np.array([at]), np.array([3]), np.array([0]), rows[2]))


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_with_both_windows_at_zero_it_is_boin12(estimator: str) -> None:
    design = tite_boin12(5, estimator=estimator, **OPTIONS)
    late = simulate(design, TRUTH, Setting(0, 10), Setting(0, 10), trials=400, seed=5).trials
    parent = known.run(boin12(5, **OPTIONS), TRUTH, trials=400, seed=5)
    for name in ("n", "y", "e", "selected"):
        assert np.array_equal(getattr(late, name), getattr(parent, name)), name


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_complete_outcomes_have_the_desirability_of_boin12(estimator: str) -> None:
    seen = _seen([3, 6, 9, 0, 0], [0, 1, 4, 0, 0], [1, 3, 6, 0, 0], 2)
    rule = _rule(estimator)
    states = seen.states
    assert states.e is not None
    assert rule.desirability(seen) == pytest.approx(rule.parent.desirability.of(states.n, states.y, states.e))
    assert np.array_equal(rule.futile(seen), rule.parent.futility.futile(states.n, states.e))


def test_pending_outcomes_by_hand() -> None:
    """Six at dose 1: 1 toxicity, 2 responses; 2 pending toxicities followed 1.2 windows, 3 pending responses followed 0.9."""
    whole = _seen([6, 0, 0, 0, 0], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0], 0)
    one = np.array([[1, 0, 0, 0, 0]])
    seen = replace(whole, pending=2 * one, followed=1.2 * one, waiting=3 * one, watched=0.9 * one)
    y, e, n_toxic, n_works = (column[0, 0] for column in _rule("effective").events(seen))
    assert (y, e, n_toxic, n_works) == pytest.approx((1, 2, 5.2, 3.9))
    # utilities 40 for neither and 60 for both: mean is 0.4 (1 - toxicity) + 0.6 response
    x = 3.9 * (0.4 * (1 - 1 / 5.2) + 0.6 * 2 / 3.9)
    benchmark = _rule("effective").parent.desirability.benchmark
    assert _rule("effective").desirability(seen)[0, 0] == pytest.approx(betaincc(1 + x, 1 + 3.9 - x, benchmark))
    toxic, works = (1 + 0.175) / 5, (2 + 0.125) / 4
    y, e, n_toxic, n_works = (column[0, 0] for column in _rule("imputed").events(seen))
    assert (n_toxic, n_works) == (6, 6)
    assert y == pytest.approx(1 + toxic / (1 - toxic) * 0.8)
    assert e == pytest.approx(2 + works / (1 - works) * 2.1)


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_too_many_pending_suspend_unless_toxicity_asks_to_go_down(estimator: str) -> None:
    rule, none = _rule(estimator), np.zeros((1, 5), bool)
    second = np.array([[0, 1, 0, 0, 0]])
    waits = replace(
        _seen([3, 3, 0, 0, 0], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0], 1), waiting=2 * second, watched=1.0 * second
    )
    assert rule.next_dose(waits, none)[0] == SUSPEND
    toxic = replace(
        _seen([3, 3, 0, 0, 0], [0, 2, 0, 0, 0], [1, 1, 0, 0, 0], 1), waiting=2 * second, watched=1.0 * second
    )
    assert rule.next_dose(toxic, none)[0] == 0


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_a_response_that_may_still_come_is_no_failure(estimator: str) -> None:
    rule, first = _rule(estimator), np.array([[1, 0, 0, 0, 0]])
    late = _seen([9, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], 0)
    assert rule.futile(late)[0, 0]
    assert not rule.futile(replace(late, waiting=6 * first, watched=1.0 * first))[0, 0]


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_late_trials_are_shorter_than_waiting_for_each_cohort(estimator: str) -> None:
    toxicity, response = Setting(28, 7), Setting(56, 7)
    late = simulate(tite_boin12(5, estimator=estimator, **OPTIONS), TRUTH, toxicity, response, trials=300, seed=2)
    cautious = simulate(
        tite_boin12(5, estimator=estimator, most_pending=0.0, **OPTIONS), TRUTH, toxicity, response, trials=300, seed=2
    )
    assert late.mean_days[0] < cautious.mean_days[0] - 5 * cautious.mean_days[1]
    # nobody pending at a decision is BOIN12 again
    parent = known.run(boin12(5, **OPTIONS), TRUTH, trials=300, seed=2)
    same = (cautious.trials.n == parent.n).all(axis=1).mean()
    assert same > 0.8  # patients who are pending at another dose may still count
    assert late.trials.e is not None
    assert (late.trials.e <= late.trials.n).all()


def test_certain_toxicity_stops_and_more_trials_leave_the_first_as_they_were() -> None:
    design, settings = tite_boin12(5, **OPTIONS), (Setting(28, 7), Setting(56, 7))
    toxic = simulate(design, Truth.of([1.0] * 5, [0.5] * 5), *settings, trials=20, seed=1).trials
    assert (toxic.selected == -1).all()
    assert (toxic.n[:, 1:] == 0).all()
    few, many = (simulate(design, TRUTH, *settings, trials=count, seed=1) for count in (10, 40))
    assert np.array_equal(few.trials.n, many.trials.n[:10])
    assert np.array_equal(few.days, many.days[:10])


def test_refusals() -> None:
    with pytest.raises(TrialError, match='"imputed" or "effective"'):
        tite_boin12(5, estimator="guess", **OPTIONS)
    with pytest.raises(TrialError, match="a share from 0 to 1"):
        tite_boin12(5, most_pending=1.5, **OPTIONS)
    with pytest.raises(TrialError, match="no efficacy"):
        simulate(tite_boin12(5, **OPTIONS), Truth.of([0.1] * 5), Setting(28, 7), Setting(56, 7), trials=5, seed=1)
