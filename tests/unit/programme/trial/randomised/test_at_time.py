"""Tests at a fixed time: many trials at once agree with one sample, keep their error, and have the power that theory gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime, Statistic, cut_at
from vein2vein.programme.trial.randomised.batch import BLOCK, Patients, patients
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, Steps, exponential
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.randomised.spending import PocockLike

LEAVING = Scenario(
    Cure(0.1, exponential(6)),
    Ratio(Cure(0.1, exponential(6)), (0.0, 3.0), (1.2, 0.6)),
    Accrual(90, (5.0, 12.0), (0.0, 4.0)),
    (2, 1),
    (Steps((0.0,), (0.02,)), None),
)
BOTH: tuple[Statistic, Statistic] = ("rmst", "milestone")


@pytest.mark.parametrize("statistic", BOTH)
def test_a_batch_agrees_with_one_sample(statistic: Statistic) -> None:
    block, test = patients(LEAVING, 5, 2), AtTime(statistic, 9)
    months = np.linspace(7, 24, BLOCK)
    found = cut_at(block, months, test)
    missing = 0
    for trial in range(0, BLOCK, 5):
        sample = block.sample(trial, float(months[trial]))
        assert (found.events[trial], found.enrolled[trial]) == (sample.event.sum(), len(sample))
        if np.isnan(found.scores[trial, 0]):
            missing += 1
            with pytest.raises(TrialError, match="beyond the last follow-up"):
                test.of(sample)
            continue
        one = test.of(sample)
        assert found.scores[trial, 0] == pytest.approx(one.value, abs=1e-12)
        assert math.sqrt(found.covariance[trial, 0, 0]) == pytest.approx(one.error, abs=1e-12)
    assert 0 < missing < 12


@pytest.mark.parametrize("statistic", BOTH)
def test_ties_are_kept_and_all_against_none_is_beyond_every_bound(statistic: Statistic) -> None:
    test = AtTime(statistic, 4)
    tied = np.array([[1, 1, 2, 5, 1, 3, 3, 5]], dtype=float)
    seen = np.array([[1, 1, np.inf, np.inf, 1, 3, 3, np.inf]])
    block = Patients(np.zeros((1, 8)), tied, seen, 4)
    found, one = cut_at(block, np.array([6.0]), test), test.of(block.sample(0, 6.0))
    assert found.scores[0, 0] == pytest.approx(one.value)
    assert math.sqrt(found.covariance[0, 0, 0]) == pytest.approx(one.error)
    alone = Patients(np.zeros((1, 4)), np.array([[1, 1, 5, 5.0]]), np.array([[1, 1, np.inf, np.inf]]), 2)
    sure = cut_at(alone, np.array([6.0]), AtTime("milestone", 4))
    assert sure.scores[0, 0] == 1
    assert sure.scores[0, 0] / math.sqrt(sure.covariance[0, 0, 0]) > 1e100


@pytest.mark.parametrize("statistic", BOTH)
@pytest.mark.parametrize("sides", [1, 2])
def test_type_one_error_is_within_its_error(statistic: Statistic, sides: Any) -> None:
    null = Scenario(Cure(0.2, exponential(6)), Cure(0.2, exponential(6)), Accrual.over(200, 12))
    run = simulate(null, Analysis.at_month(AtTime(statistic, 18), 24, alpha=0.05, sides=sides), 2560, 21)
    rejected = (run.upper | run.lower).mean()
    assert (run.look == 1).all()
    assert rejected == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 2560))
    assert run.difference.mean() == pytest.approx(0, abs=3 * run.difference.std() / math.sqrt(2560))


def test_the_milestone_has_the_power_of_two_proportions_when_all_are_followed() -> None:
    control, experimental = Cure(0.2, exponential(6)), Cure(0.4, exponential(6))
    world = Scenario(control, experimental, Accrual.over(240, 12))
    test = AtTime("milestone", 18)
    p, q = test.true(control), test.true(experimental)
    power = norm.sf(norm.isf(0.025) - (q - p) / math.sqrt((p * (1 - p) + q * (1 - q)) / 120))
    run = simulate(world, Analysis.at_month(test, 30), 1280, 4)
    assert 0.5 < power < 0.99
    assert run.upper.mean() == pytest.approx(power, abs=3 * math.sqrt(power * (1 - power) / 1280) + 0.01)


def test_what_is_true_of_an_arm() -> None:
    rate = math.log(2) / 6
    assert AtTime("rmst", 12).true(exponential(6)) == pytest.approx((1 - math.exp(-12 * rate)) / rate)
    assert AtTime("milestone", 12).true(Cure(0.2, exponential(6))) == pytest.approx(0.2 + 0.8 / 4)


def test_an_effect_on_restricted_means_is_estimated_without_bias() -> None:
    world = Scenario(exponential(6), exponential(9), Accrual.over(200, 12), dropout=(exponential(60), exponential(60)))
    test = AtTime("rmst", 12)
    run = simulate(world, Analysis.at_month(test, 20), 1280, 9)
    true = test.true(world.experimental) - test.true(world.control)
    assert run.difference.mean() == pytest.approx(true, abs=3 * run.difference.std() / math.sqrt(1280))
    assert np.isnan(run.log_ratio).all()


def test_a_trial_that_is_followed_too_briefly_has_no_result() -> None:
    gone = exponential(2)
    world = Scenario(Cure(0.5, exponential(6)), Cure(0.5, exponential(6)), Accrual.over(20, 10), dropout=(gone, gone))
    run = simulate(world, Analysis.at_month(AtTime("milestone", 9), 12), 128, 2)
    none = run.look == 0
    assert none.sum() > 0
    assert not (run.upper[none]).any()
    assert np.isnan(run.difference[none]).all()
    assert np.isnan(run.z[none]).all()


def test_refusals() -> None:
    with pytest.raises(TrialError, match="tau -1"):
        AtTime("rmst", -1)
    with pytest.raises(TrialError, match="rmst or milestone"):
        AtTime("median", 3)  # type: ignore[arg-type]
    with pytest.raises(TrialError, match="before the end of follow-up"):
        Analysis.at_month(AtTime("milestone", 24), 24)
    two, one = spending(2, PocockLike()), spending(1, PocockLike())
    with pytest.raises(TrialError, match="one look"):
        Analysis(two, (CutOff(month=12), CutOff(month=24)), at_time=AtTime("rmst", 6))
    with pytest.raises(TrialError, match="a cut-off at a calendar month"):
        Analysis(one, (CutOff(60, 24),), at_time=AtTime("rmst", 6))
