"""Late-onset designs on the calendar: their setting and the staggered parent as limits, losses, queues, days by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.calendar import Cells, Lognormal
from vein2vein.programme.trial.clock import Clock
from vein2vein.programme.trial.phase1 import late
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen, Setting
from vein2vein.programme.trial.phase1.pod_tpi import pod_tpi
from vein2vein.programme.trial.phase1.rolling_six import rolling_six
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase1.tite_crm import tite_crm
from vein2vein.programme.trial.phase12 import late as late_two
from vein2vein.programme.trial.phase12.tite_boin12 import tite_boin12
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import TOLERANCE
from vein2vein.programme.trial.staggered import Schedule, Schedules
from vein2vein.programme.trial.staggered import simulate as every_outcome
from vein2vein.programme.trial.staggered_late import simulate
from vein2vein.programme.trial.words import NONE, Cohorts, Floats, States

# Numbers made up for arithmetic, not read from any trial.
TRUTH = Truth.of([0.1, 0.3, 0.5])
CLEAN = Truth.of([0.0, 0.0, 0.0])
AT_ONCE = Cells(
    wait=Lognormal(0), response=(1, 1), response_day=0, durable=1, relapse=1, no_response=1, progression=0.0
)
WAY = replace(
    AT_ONCE, wait=Lognormal(25, 0.3), failure=0.15, progression=0.004, given_after_progression=0.3, death=0.001
)
THREES = Cohorts(3, 4)
DESIGNS: dict[str, Callable[[], LateDesign]] = {
    "tite-boin": lambda: tite_boin(3, 0.3, cohorts=THREES),
    "pod-tpi": lambda: pod_tpi(3, 0.3, cohorts=THREES),
    "rolling-six": lambda: rolling_six(3),
    "tite-crm": lambda: tite_crm(0.3, [0.1, 0.3, 0.5], cohorts=Cohorts(1, 12), most_pending=0.5),
}


def _same(found: Schedules, under: late.LateTrials) -> None:
    for name in ("n", "y", "selected", "e"):
        assert np.array_equal(getattr(found.trials, name), getattr(under.trials, name)), name
    assert np.array_equal(found.days, under.days)
    assert found.suspended is not None
    assert np.array_equal(found.suspended, under.suspended)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_an_ideal_calendar_is_the_setting_patient_by_patient(name: str, arrivals: str) -> None:
    design = DESIGNS[name]()
    ideal = Schedule(28, 0, 10, arrivals=arrivals, make_ahead=False, late=0.7)  # type: ignore[arg-type]
    found = simulate(design, TRUTH, AT_ONCE, ideal, trials=60, seed=4)
    _same(found, late.simulate(design, TRUTH, Setting(28, 10, arrivals, 0.7), trials=60, seed=4))  # type: ignore[arg-type]
    assert found.lost.sum() == 0
    assert np.array_equal(found.consented, found.trials.n.sum(axis=1))
    assert found.waited.sum() == 0


def test_an_ideal_calendar_is_the_setting_with_two_outcomes() -> None:
    truth = Truth.of([0.1, 0.3, 0.5], [0.2, 0.4, 0.5])
    design, response = tite_boin12(3, toxicity=0.35, efficacy=0.2, cohorts=THREES), Setting(60, 1)
    ideal = Schedule(28, 0, 10, make_ahead=False)
    found = simulate(design, truth, AT_ONCE, ideal, response=response, trials=40, seed=4)
    _same(found, late_two.simulate(design, truth, Setting(28, 10), response, trials=40, seed=4))


@pytest.mark.parametrize("ahead", [True, False])
def test_a_design_that_waits_for_every_outcome_has_the_days_of_its_parent(ahead: bool) -> None:
    """Days, consents, losses and waiting, with every part of the calendar in use; no trial stops early."""
    design = tite_boin(3, 0.3, cohorts=THREES, most_pending=0.0)
    schedule = Schedule(28, 14, 10, each=3, review=7, make_ahead=ahead)
    way = replace(WAY, slot=6.0, out_of_specification=0.1, released=0.5)
    found = simulate(design, CLEAN, way, schedule, trials=80, seed=9)
    parent = every_outcome(boin(3, 0.3, cohorts=THREES), CLEAN, way, schedule, trials=80, seed=9)
    assert found.days == pytest.approx(parent.days)
    assert np.array_equal(found.consented, parent.consented)
    assert np.array_equal(found.lost, parent.lost)
    assert found.lost.sum() > 0
    assert found.waited == pytest.approx(parent.waited)


def test_with_no_window_it_is_the_parent_patient_by_patient() -> None:
    schedule = Schedule(0, 0, 10)
    found = simulate(DESIGNS["tite-boin"](), TRUTH, WAY, schedule, trials=80, seed=9)
    parent = every_outcome(boin(3, 0.3, cohorts=THREES), TRUTH, WAY, schedule, trials=80, seed=9)
    assert np.array_equal(found.trials.n, parent.trials.n)
    assert np.array_equal(found.trials.selected, parent.trials.selected)


def _asked(
    design: LateDesign, schedule: Schedule, trial: tuple[list[int], list[float], list[float], list[bool]], now: float
) -> tuple[int, float]:
    """What the rule says now, and now, or the day of the next outcome where it waits."""
    doses, entries, ends, toxic = trial
    counts, size = np.zeros((2, 1, design.doses), np.int64), design.cohorts.size_of_each
    known = [end + schedule.review <= now for end in ends]
    ill = [seen and one for seen, one in zip(known, toxic, strict=True)]
    for dose, one in zip(doses, ill, strict=True):
        counts[:, 0, dose] += 1, one
    states = States(counts[0], counts[1], *(np.array([k]) for k in (doses[-1], size, sum(ill[-size:]))))
    open_ = [i for i, seen in enumerate(known) if not seen]
    weights = [max(now - schedule.review - entries[i], 0.0) / schedule.window for i in open_]
    seen_now = Seen.of(states, np.array([doses[i] for i in open_], np.int64), np.array(weights))
    goes = int(design.rule.next_dose(seen_now, design.safety.closed(states))[0])
    return goes, min(ends[i] + schedule.review for i in open_) if goes == SUSPEND else now


def _in_a_loop(
    design: LateDesign, clock: Clock, latent: tuple[Floats, Floats], row: int
) -> tuple[list[int], float, int]:
    """One trial patient by patient: doses of its patients, day of the last outcome, consents until the last infusion."""
    schedule, history, size = clock.schedule, clock.history, design.cohorts.size_of_each
    doses, entries, ends, toxic = list[int](), list[float](), list[float](), list[bool]()
    next_, asked, coming, made, turn, watched, at = 0, 0, 0.0, -np.inf, 0.0, 0.0, design.start
    for place in range(design.cohorts.most):
        day = max(coming, entries[place // size * size - 1] if place >= size else 0.0)
        coming = day + clock.gaps[row, place]
        while True:
            if next_ == clock.candidates:
                return doses, np.inf, next_
            k, next_ = next_, next_ + 1
            apheresis, infusion = history.apheresis[row, k], history.infusion[row, k]
            if np.isfinite(apheresis):
                made = max(day + apheresis, made + clock.slot)
            now, until = np.inf, day + clock.given_up[row, k]
            if np.isfinite(infusion):
                now, until = max(made + infusion - apheresis, turn), made + infusion - apheresis + clock.holds[row, k]
            goes = SUSPEND if place and place % size == 0 else at
            while goes == SUSPEND and now <= until:
                goes, now = _asked(design, schedule, (doses, entries, ends, toxic), now)
            if now <= until:
                break
            day = until + clock.more[row, k]
            coming = max(coming, day)
        if goes == NONE:
            return doses, max(ends) + schedule.review, asked
        at, asked = goes, next_
        ill = bool(latent[0][row, place] < TRUTH.toxicity[at])
        doses.append(at)
        entries.append(now)
        toxic.append(ill)
        ends.append(now + (latent[1][row, place] if ill else schedule.window))
        watched = now + schedule.first if place % size == 0 else watched
        turn = max(now if place % size == 0 else now + schedule.each, watched)
    return doses, max(ends) + schedule.review, asked


@pytest.mark.parametrize("name", ["tite-boin", "pod-tpi"])
def test_each_trial_is_that_of_a_loop_over_its_patients(name: str) -> None:
    design, trials = DESIGNS[name](), 40
    schedule = Schedule(50, 10, 8, each=3, review=5, late=0.6)
    way = replace(WAY, slot=5.0)
    found = simulate(design, TRUTH, way, schedule, trials=trials, seed=8)
    clock = Clock(design.cohorts, way, schedule, (8, 0, trials))
    drawn = [Streams(8).replication(one, 0).random((12, 8192))[:, :trials].T for one in (TOLERANCE, late.ONSET)]
    latent = drawn[0], schedule.setting.onset(drawn[1])
    for row in range(trials):
        doses, days, consented = _in_a_loop(design, clock, latent, row)
        assert np.array_equal(found.trials.n[row], np.bincount(doses, minlength=3))
        assert found.days[row] == pytest.approx(days)
        assert found.consented[row] == consented
    assert found.suspended is not None
    assert found.suspended.sum() > 20
    assert found.lost.sum() > 100


@pytest.mark.parametrize("name", DESIGNS)
def test_denominators_add_up(name: str) -> None:
    schedule = Schedule(28, 7, 10, each=2, review=3)
    found = simulate(DESIGNS[name](), TRUTH, WAY, schedule, trials=80, seed=2)
    assert np.array_equal(found.consented - found.lost, found.trials.n.sum(axis=1))
    assert (found.counted.apheresed <= found.consented).all()
    assert (found.counted.apheresed >= found.trials.n.sum(axis=1)).all()
    assert found.lost.sum() > 0
    assert (found.trials.y <= found.trials.n).all()


@pytest.mark.parametrize("name", DESIGNS)
def test_nobody_infused_selects_nothing(name: str) -> None:
    found = simulate(DESIGNS[name](), TRUTH, replace(WAY, failure=1.0), Schedule(28, 7, 10), trials=10, seed=2)
    assert not found.trials.n.any()
    assert (found.trials.selected == NONE).all()
    assert np.isinf(found.days).all()
    assert np.array_equal(found.lost, found.consented)


def test_a_trial_that_runs_out_of_patients_selects_nothing_unless_it_would_have_ended() -> None:
    design = DESIGNS["tite-boin"]()
    found = simulate(design, TRUTH, replace(WAY, failure=0.72), Schedule(28, 7, 10), trials=300, seed=2)
    stalled = np.isinf(found.days)
    assert 0.1 < stalled.mean() < 0.9
    assert (found.trials.selected[stalled] == NONE).all()
    assert (found.trials.n.sum(axis=1)[stalled] < 12).all()
    assert (found.trials.n.sum(axis=1)[~stalled] == 12).mean() > 0.5
    toxic = simulate(design, Truth.of([1.0] * 3), replace(WAY, failure=0.72), Schedule(28, 7, 10), trials=300, seed=2)
    ended = np.isfinite(toxic.days)
    assert (toxic.trials.n.sum(axis=1)[ended] == 3).any()


def test_days_by_hand_while_the_design_waits() -> None:
    """One toxicity-free cohort of three, nobody pending allowed: cells of the next wait at hand from day 1 on."""
    design = tite_boin(2, 0.3, cohorts=Cohorts(3, 2), most_pending=0.0)
    schedule = Schedule(28, 14, 1, arrivals="even", review=7)
    found = simulate(design, Truth.of([0.0, 0.0]), AT_ONCE, schedule, trials=5, seed=1)
    assert found.days == pytest.approx(2 * (14 + 28 + 7))
    assert found.waited == pytest.approx(13 + 12 + 35 + 48 + 47)
    assert found.suspended is not None
    assert (found.suspended >= 2).all()  # the first outcomes of the cohort came, the last was still open


def test_patients_who_wait_for_the_decision_are_lost_as_the_calendar_says() -> None:
    design, schedule = tite_boin(3, 0.3, cohorts=THREES, most_pending=0.0), Schedule(60, 0, 5)
    sick = replace(AT_ONCE, progression=0.02, given_after_progression=0.0)
    found = simulate(design, CLEAN, sick, schedule, trials=200, seed=5)
    assert found.lost.mean() > 3
    open_ = simulate(tite_boin(3, 0.3, cohorts=THREES, most_pending=1.0), CLEAN, sick, schedule, trials=200, seed=5)
    assert open_.lost.sum() < found.lost.sum() / 4  # it hardly waits
    called = simulate(design, CLEAN, sick, replace(schedule, make_ahead=False), trials=200, seed=5)
    assert called.lost.sum() == 0  # they consent once the cohort is open, and their cells are there at once


def test_first_watches_a_change_of_dose_and_more_under_way_is_quicker() -> None:
    """Rolling six up three doses without a toxicity: every third patient is the first of a dose, and is watched."""
    schedule = Schedule(28, 0, 1, arrivals="even", under_way=6)
    way = replace(AT_ONCE, wait=Lognormal(30))
    plain, watched, one = (
        simulate(rolling_six(3), CLEAN, way, changed, trials=3, seed=1).days.mean()
        for changed in (schedule, replace(schedule, first=20), replace(schedule, under_way=1))
    )
    assert plain < watched < plain + 3 * 20 + 1
    assert one > plain + 60


def test_staggering_and_review_give_the_rule_more_follow_up_and_take_longer() -> None:
    design = DESIGNS["tite-boin"]()
    usual = Schedule(84, 0, 7)
    quick, slow, late_known = (
        simulate(design, TRUTH, WAY, one, trials=200, seed=3)
        for one in (usual, replace(usual, first=21), replace(usual, review=14))
    )
    assert slow.mean_days[0] > quick.mean_days[0] + 20
    assert late_known.mean_days[0] > quick.mean_days[0] + 14
    again = simulate(design, TRUTH, WAY, usual, trials=20, seed=3)
    assert np.array_equal(again.days, quick.days[:20])
    assert np.array_equal(again.trials.n, quick.trials.n[:20])
