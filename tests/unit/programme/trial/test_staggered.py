"""Dose finding on the calendar: days by hand, the late-onset simulator as its limit, losses, slots, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.calendar import Cells, Lognormal
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.late import Setting
from vein2vein.programme.trial.phase1.late import simulate as late
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import TOLERANCE
from vein2vein.programme.trial.staggered import Schedule, Schedules, simulate
from vein2vein.programme.trial.words import NONE, Cohorts

# Numbers made up for arithmetic, not read from any trial.
DESIGN = boin(3, 0.3, cohorts=Cohorts(3, 4))
CLEAN = Truth.of([0.0, 0.0, 0.0])
AT_ONCE = Cells(
    wait=Lognormal(0), response=(1, 1), response_day=0, durable=1, relapse=1, no_response=1, progression=0.0
)
WAY = replace(AT_ONCE, wait=Lognormal(30))
EVEN = Schedule(window=28, first=14, interval=1, arrivals="even")


def _days(way: Cells, schedule: Schedule, truth: Truth = CLEAN, trials: int = 20) -> Schedules:
    return simulate(DESIGN, truth, way, schedule, trials=trials, seed=3)


def test_days_by_hand() -> None:
    """Four cohorts: first on its day 0, the next two on day 14 at the earliest, window 28: 42 days each."""
    assert _days(AT_ONCE, EVEN).days == pytest.approx(4 * 42)
    # cells take 30 days: the second cohort consents as the first one is infused, 12 days before its end
    with_cells = _days(WAY, EVEN).days
    assert with_cells == pytest.approx(30 + 42 + 3 * (42 + 30 - 28))
    not_ahead = _days(WAY, replace(EVEN, make_ahead=False)).days
    assert not_ahead == pytest.approx(4 * (30 + 42))
    assert _days(AT_ONCE, replace(EVEN, review=7)).days == pytest.approx(4 * 49)
    assert _days(AT_ONCE, replace(EVEN, each=5)).days == pytest.approx(4 * 47)


def test_without_a_way_it_is_the_late_onset_simulator_that_waits_for_every_outcome() -> None:
    patient = tite_boin(3, 0.3, cohorts=Cohorts(3, 4), most_pending=0.0)
    for window, interval in ((28, 10), (28, 60), (0, 10)):
        found = simulate(DESIGN, CLEAN, AT_ONCE, Schedule(window, 0, interval, make_ahead=False), trials=200, seed=9)
        other = late(patient, CLEAN, Setting(window, interval), trials=200, seed=9)
        assert found.days == pytest.approx(other.days)


def test_doses_and_outcomes_are_those_of_the_design() -> None:
    truth = Truth.of([0.5, 0.6, 0.7])
    found = simulate(DESIGN, truth, WAY, EVEN, trials=100, seed=4)
    parent = known.run(DESIGN, truth, trials=100, seed=4)
    assert np.array_equal(found.trials.n, parent.n)
    assert np.array_equal(found.trials.selected, parent.selected)
    assert np.array_equal(found.consented - found.lost, parent.n.sum(axis=1))
    stopped = parent.n.sum(axis=1) < 12
    assert 0 < stopped.sum() < 100
    assert found.days[stopped].max() < found.days[~stopped].max()


def test_losses_are_replaced_and_cost_time() -> None:
    lossy = replace(WAY, failure=0.25)
    plain, with_losses = _days(WAY, EVEN, trials=400), _days(lossy, EVEN, trials=400)
    assert plain.lost.sum() == 0
    assert with_losses.lost.sum() / with_losses.consented.sum() == pytest.approx(0.25, abs=0.02)
    assert with_losses.mean_days[0] > plain.mean_days[0] + 20
    assert np.array_equal(with_losses.consented - with_losses.lost, np.full(400, 12))


def test_waiting_for_the_turn_has_its_risk() -> None:
    """Cells are at hand at once; the second and third patient wait 14 days for the first, the next cohort up to 28 days."""
    sick = replace(AT_ONCE, progression=0.02, given_after_progression=0.0)
    found = _days(sick, EVEN, trials=400)
    assert found.lost.sum() > 0
    none = _days(sick, replace(EVEN, window=0, first=0), trials=50)
    assert none.lost.sum() == 0
    assert none.waited.sum() == 0
    # the second and third wait 13 and 12 days; each later cohort consents 28 days before it opens: 28, 41 and 40 days
    assert _days(AT_ONCE, EVEN).waited == pytest.approx(13 + 12 + 3 * (28 + 41 + 40))


def test_slots_space_the_starts_of_manufacture() -> None:
    slow = _days(replace(WAY, slot=20.0), replace(EVEN, first=0))
    # three starts 20 days apart: the third patient is infused on day 70, and each cohort's first start follows the last by 20
    assert np.all(slow.days > _days(WAY, replace(EVEN, first=0)).days)
    one = simulate(
        boin(3, 0.3, cohorts=Cohorts(3, 1)), CLEAN, replace(WAY, slot=20.0), replace(EVEN, first=0), trials=2, seed=1
    )
    assert one.days == pytest.approx(0 + 2 * 20 + 30 + 28)


def test_a_trial_without_patients_stalls() -> None:
    found = _days(replace(WAY, failure=1.0), EVEN, trials=5)
    assert found.stalled == 1.0
    assert np.isinf(found.days).all()
    assert not found.trials.n.any()
    assert (found.trials.selected == NONE).all()


def test_a_trial_that_runs_out_of_patients_has_the_first_of_them_and_selects_nothing() -> None:
    """Patient by patient: the infused are the first of the same trial without losses, also within a cohort."""
    truth = Truth.of([0.3, 0.45, 0.6])
    found = simulate(DESIGN, truth, replace(WAY, failure=0.72), EVEN, trials=300, seed=6)
    infused = found.consented - found.lost
    stalled = np.isinf(found.days)
    assert np.array_equal(found.trials.n.sum(axis=1), infused)
    assert (found.trials.selected[stalled] == NONE).all()
    plain = known.run(DESIGN, truth, trials=300, seed=6)
    assert np.array_equal(found.trials.n[~stalled], plain.n[~stalled])
    assert np.array_equal(found.trials.selected[~stalled], plain.selected[~stalled])
    assert (found.trials.n <= plain.n).all()
    assert (found.trials.y <= plain.y).all()
    assert {0, 1, 2} == set((infused[stalled] % 3).tolist())  # cohorts that were never full are there
    tolerances = Streams(6).replication(TOLERANCE, 0).random((12, 8192))[:, :300]
    for trial in np.flatnonzero(stalled)[:40]:
        state, used = DESIGN.first(), 0
        while used < infused[trial]:
            dose = int(DESIGN.next_dose(state)[0])
            seats = min(3, int(infused[trial]) - used)
            toxic = int((tolerances[used : used + seats, trial] < truth.toxicity[dose]).sum())
            state = state.with_cohort(np.array([dose]), np.array([seats]), np.array([toxic]))
            used += seats
        assert np.array_equal(found.trials.n[trial], state.n[0])
        assert np.array_equal(found.trials.y[trial], state.y[0])


def test_more_candidates_stall_fewer_trials() -> None:
    lossy = replace(WAY, failure=0.7)
    usual, more = _days(lossy, EVEN, trials=200), _days(lossy, replace(EVEN, candidates=12), trials=200)
    assert usual.stalled > 0.2
    assert more.stalled < 0.02


def test_staggering_makes_trials_longer_and_more_trials_leave_the_first_as_they_were() -> None:
    truth, schedule = Truth.of([0.1, 0.3, 0.5]), Schedule(28, 14, 12)
    few = simulate(DESIGN, truth, WAY, schedule, trials=30, seed=5)
    together = simulate(DESIGN, truth, WAY, replace(schedule, first=0), trials=30, seed=5)
    assert few.mean_days[0] > together.mean_days[0]
    again = simulate(DESIGN, truth, WAY, schedule, trials=30, seed=5)
    assert np.array_equal(few.days, again.days)


def test_refusals() -> None:
    with pytest.raises(TrialError, match="window days of -1"):
        Schedule(-1, 14, 10)
    with pytest.raises(TrialError, match="an interval of 0"):
        Schedule(28, 14, 0)
    with pytest.raises(TrialError, match="0 candidates for each place"):
        Schedule(28, 14, 10, candidates=0)
    with pytest.raises(TrialError, match='"poisson" or "even"'):
        Schedule(28, 14, 10, arrivals="often")
    odd = boin(3, 0.3, cohorts=Cohorts(3, 4))
    with pytest.raises(TrialError, match="cohorts of one size"):
        simulate(replace(odd, cohorts=object()), CLEAN, WAY, EVEN, trials=5, seed=1)
    with pytest.raises(TrialError, match="TRIAL-001"):
        simulate(odd, Truth.of([0.1]), WAY, EVEN, trials=5, seed=1)
