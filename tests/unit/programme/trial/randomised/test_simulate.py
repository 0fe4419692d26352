"""Many trials at once agree with one at a time; the seed alone decides; stalls are seen."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.batch import BLOCK, Patients, cut, patients
from vein2vein.programme.trial.randomised.events import CutOff, distribution, month_expected
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, Steps, exponential
from vein2vein.programme.trial.randomised.log_rank import (
    LOG_RANK,
    FlemingHarrington,
    ModestlyWeighted,
    Weight,
    scores,
)
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN, max_combo
from vein2vein.programme.trial.randomised.planning import information_fractions
from vein2vein.programme.trial.randomised.sample import AtEvents
from vein2vein.programme.trial.randomised.sequential import Futility, Plan, classical, spending, with_futility
from vein2vein.programme.trial.randomised.simulate import Analysis, samples, simulate
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike, PocockLike
from vein2vein.programme.trial.words import Floats

LEAVING = Scenario(
    Cure(0.1, exponential(6)),
    Ratio(Cure(0.1, exponential(6)), (0.0, 3.0), (1.2, 0.6)),
    Accrual(90, (5.0, 12.0), (0.0, 4.0)),
    (2, 1),
    (Steps((0.0,), (0.02,)), None),
)
PLAIN = Scenario(exponential(6), Ratio(exponential(6), (0.0,), (0.7,)), Accrual.over(120, 10))
THREE = spending(3, OBrienFlemingLike())


def _count(block: Patients, events: int) -> Floats:
    seen: Floats = np.sort(block.seen, axis=1)[:, events - 1]
    return seen


@pytest.mark.parametrize("weights", [(LOG_RANK,), STRAW_MAN, (ModestlyWeighted(6), FlemingHarrington(0.5, 2))])
@pytest.mark.parametrize("events", [None, 30])
def test_a_batch_agrees_with_one_trial_at_a_time(weights: tuple[Weight, ...], events: int | None) -> None:
    block = patients(LEAVING, 5, 2)
    months = np.linspace(6, 20, BLOCK) if events is None else _count(block, events)
    found = cut(block, months, weights)
    for trial in range(0, BLOCK, 9):
        sample = block.sample(trial, float(months[trial]))
        score, covariance = scores(sample, weights)
        assert found.scores[trial] == pytest.approx(score, abs=1e-9)
        assert found.covariance[trial] == pytest.approx(covariance, abs=1e-9)
        assert found.events[trial] == sample.event.sum()
        assert found.enrolled[trial] == len(sample)


def test_max_combo_decides_as_the_exact_p_does() -> None:
    plan = spending(2, PocockLike(), alpha=0.2)
    trials = simulate(PLAIN, Analysis.at_events(plan, 80, STRAW_MAN), 100, 3)
    block = patients(PLAIN, 3, 0)
    for trial in range(0, 100, 3):
        p = [max_combo(block.sample(trial, float(_count(block, d)[trial]))).p for d in (40, 80)]
        level = plan.nominal_p()
        expected = 1 if p[0] <= level[0] else 2
        assert trials.look[trial] == expected
        assert trials.upper[trial] == (p[expected - 1] <= level[expected - 1])


def test_the_same_seed_gives_the_same_trials_on_any_number_of_processes() -> None:
    analysis = Analysis.at_events(THREE, 80)
    alone = simulate(PLAIN, analysis, 2000, 11)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        shared = simulate(PLAIN, analysis, 2000, 11, executor=pool)
    for name in ("look", "upper", "lower", "z", "month", "events", "enrolled"):
        assert np.array_equal(getattr(alone, name), getattr(shared, name))
    few = simulate(PLAIN, analysis, 50, 11)
    assert np.array_equal(few.z, alone.z[:50])
    assert not np.array_equal(simulate(PLAIN, analysis, 50, 12).z, few.z)


def test_another_scenario_meets_the_same_patients() -> None:
    better = Scenario(PLAIN.control, Ratio(exponential(6), (0.0,), (0.5,)), PLAIN.accrual)
    one, two = patients(PLAIN, 1, 0), patients(better, 1, 0)
    assert np.array_equal(one.entry, two.entry)
    assert np.array_equal(one.followed[:, : one.control], two.followed[:, : two.control])
    assert two.followed[:, two.control :] == pytest.approx(one.followed[:, one.control :] * 0.7 / 0.5)


def test_the_number_of_events_has_the_exact_distribution() -> None:
    month = 9.0
    counts = np.concatenate([(patients(LEAVING, 8, k).seen <= month).sum(axis=1) for k in range(40)])
    chances = distribution(LEAVING, month)
    number = np.arange(len(chances))
    mean = chances @ number
    spread = math.sqrt(chances @ (number - mean) ** 2)
    assert counts.mean() == pytest.approx(mean, abs=4 * spread / math.sqrt(len(counts)))
    assert counts.std() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("weights", [(LOG_RANK,), (ModestlyWeighted(6),), STRAW_MAN])
def test_type_one_error_is_within_its_error(weights: tuple[Weight, ...]) -> None:
    null = Scenario(exponential(6), exponential(6), Accrual.over(300, 12))
    figures = simulate(null, Analysis.at_events(THREE, 200, weights), 10000, 21).figures(3)
    assert figures.power.value == pytest.approx(0.025, abs=3 * figures.power.error)


def test_a_test_that_looks_late_keeps_its_error_with_its_own_information() -> None:
    null = Scenario(exponential(12), exponential(12), Accrual.over(600, 18))
    counts = (110, 221, 331)
    months = tuple(month_expected(null, count) for count in counts)
    late = information_fractions(null, months, 0, 1)
    plain = information_fractions(null, months)
    shares = (110 / 331, 221 / 331, 1.0)
    assert plain == pytest.approx(shares, abs=1e-6)
    assert late[0] < 0.15 < shares[0]
    plan = spending(late, OBrienFlemingLike(), spent_at=shares)
    analysis = Analysis(plan, tuple(CutOff(count) for count in counts), (FlemingHarrington(0, 1),))
    figures = simulate(null, analysis, 20000, 77).figures(3)
    assert plan.error() == pytest.approx(0.025)
    assert figures.power.value == pytest.approx(0.025, abs=3 * figures.power.error)
    by_events = simulate(null, Analysis.at_events(THREE, 331, analysis.weights), 20000, 77).figures(3)
    assert by_events.power.value > figures.power.value


def test_a_two_sided_plan_rejects_on_both_sides() -> None:
    null = Scenario(exponential(6), exponential(6), Accrual.over(200, 12))
    figures = simulate(null, Analysis.at_events(classical(3, 0.5), 150), 6000, 2).figures(3)
    both = figures.power.value + figures.futility.value
    assert both == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / 6000))


@pytest.mark.parametrize("weights", [(LOG_RANK,), STRAW_MAN])
def test_futility_stops_trials_without_effect(weights: tuple[Weight, ...]) -> None:
    plan = with_futility(3, OBrienFlemingLike(), Futility(PocockLike(), 0.1))
    null = Scenario(exponential(6), exponential(6), Accrual.over(300, 12))
    figures = simulate(null, Analysis.at_events(plan, 200, weights), 4000, 4).figures(3)
    expected = plan.crossing(0.0).lower[:2]
    if len(weights) == 1:
        assert [e.value for e in figures.lower[:2]] == pytest.approx(expected.tolist(), abs=0.03)
    assert figures.lower[2].value == 0
    assert figures.futility.value > 0.6


def test_a_trial_whose_events_never_come_stalls_and_a_hybrid_cut_does_not() -> None:
    cured = Scenario(Cure(0.3, exponential(3)), Cure(0.5, exponential(3)), Accrual.over(300, 18))
    plan = spending(2, OBrienFlemingLike())
    stuck = simulate(cured, Analysis.at_events(plan, 200), 500, 1).figures(2)
    assert stuck.stalled.value > 0.5
    assert stuck.power.value + stuck.stalled.value <= 1
    hybrid = simulate(cured, Analysis.at_events(plan, 200, month=36), 500, 1)
    assert hybrid.figures(2).stalled.value == 0
    assert hybrid.month.max() <= 36
    assert hybrid.figures(2).stalled.error > 0


def test_a_last_of_both_waits_for_the_calendar() -> None:
    one = spending(1, PocockLike())
    late = simulate(PLAIN, Analysis(one, (CutOff(60, 30, "last"),)), 100, 1)
    assert np.all(late.month == 30)
    assert np.all(late.events >= 60)


def test_samples_are_those_of_the_trials() -> None:
    one = spending(1, PocockLike())
    trials = simulate(PLAIN, Analysis(one, (CutOff(month=15),)), 140, 6)
    for trial, sample in enumerate(samples(PLAIN, 15, 140, 6)):
        score, covariance = scores(sample, (LOG_RANK,))
        assert trials.z[trial] == pytest.approx(score[0] / math.sqrt(covariance[0, 0]))


def test_refusals() -> None:
    with pytest.raises(TrialError, match="TRIAL-041"):
        simulate(PLAIN, Analysis.at_events(THREE, 121), 10, 1)
    with pytest.raises(TrialError, match="at least one"):
        simulate(PLAIN, Analysis.at_events(THREE, 80), 0, 1)
    with pytest.raises(TrialError, match="one for each look"):
        Analysis(THREE, (CutOff(10),))
    with pytest.raises(TrialError, match="a one-sided plan"):
        Analysis.at_events(classical(2, 0.0), 80, STRAW_MAN)
    with pytest.raises(TrialError, match="no weights"):
        Analysis.at_events(THREE, 80, ())

    class Own:
        def at(self, table: AtEvents) -> Floats:
            return np.ones(len(table.time))

    with pytest.raises(TrialError, match="many at once"):
        simulate(PLAIN, Analysis.at_events(THREE, 80, (LOG_RANK, Own())), 10, 1)


def test_an_empty_cut_decides_nothing() -> None:
    plan = Plan(np.array([0.5, 1.0]), np.array([2.8, 2.0]), np.array([-np.inf, -np.inf]), 0.025)
    trials = simulate(PLAIN, Analysis(plan, (CutOff(month=1e-9), CutOff(80))), 20, 1)
    assert np.all(trials.look == 2)
