"""Statistics by hand on a few patients, with ties and without; impossible data are refused."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.curves import Curve, milestone_difference, restricted_mean_difference
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, FlemingHarrington, ModestlyWeighted, log_rank
from vein2vein.programme.trial.randomised.maxcombo import max_combo
from vein2vein.programme.trial.randomised.sample import Sample

#                        control 1, 3, 5+        experimental 2, 4, 6+
SIX = Sample.of([1, 3, 5, 2, 4, 6], [1, 1, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1])
TIED = Sample.of([2, 2, 2, 3], [1, 1, 1, 0], [0, 0, 1, 1])


def test_log_rank_by_hand() -> None:
    score = 3 / 6 + 3 / 5 + 2 / 4 + 2 / 3 - 2
    variance = 1 / 4 + 6 / 25 + 1 / 4 + 2 / 9
    found = log_rank(SIX)
    assert (found.score, found.variance) == pytest.approx((score, variance))
    assert found.z == pytest.approx(score / math.sqrt(variance))
    assert found.two_sided == pytest.approx(2 * found.one_sided)


def test_ties_have_the_hypergeometric_variance() -> None:
    # three of four die, two in each arm: expected 1.5, variance 3 * 1/2 * 1/2 * (4 - 3) / (4 - 1) = 1/4
    found = log_rank(TIED)
    assert (found.score, found.variance) == pytest.approx((0.5, 0.25))


def test_the_variance_is_that_of_all_allocations() -> None:
    """One event time with three of seven: over all allocations of four patients the variance of the score is the formula's."""
    time, event = [1, 1, 1, 2, 2, 2, 2], [1, 1, 1, 0, 0, 0, 0]
    found = [log_rank(Sample.of(time, event, [int(k in c) for k in range(7)])) for c in combinations(range(7), 4)]
    assert np.mean([test.score for test in found]) == pytest.approx(0)
    assert np.var([test.score for test in found]) == pytest.approx(found[0].variance)


def test_weights_by_hand() -> None:
    table = SIX.at_events
    before = np.array([1, 5 / 6, 4 / 6, 3 / 6])
    assert table.survival_before == pytest.approx(before)
    assert FlemingHarrington(1, 2).at(table) == pytest.approx(before * (1 - before) ** 2)
    assert ModestlyWeighted(2.5).at(table) == pytest.approx(1 / np.maximum(before, 4 / 6))
    assert ModestlyWeighted(0).at(table) == pytest.approx([1] * 4)
    weights = 1 - before
    score = weights @ np.array([3 / 6, 3 / 5 - 1, 2 / 4, 2 / 3 - 1])
    variance = weights**2 @ np.array([1 / 4, 6 / 25, 1 / 4, 2 / 9])
    assert log_rank(SIX, FlemingHarrington(0, 1)).z == pytest.approx(score / math.sqrt(variance))


def test_cox_at_its_maximum_by_hand() -> None:
    # Efron: theta / ((2 + 2 theta) (2 + 2 theta - (2 + theta)/3) (2 + 2 theta - 2 (2 + theta)/3)); Breslow: (2 + 2 theta)^3
    theta = np.exp(np.linspace(-3, 1, 400001))
    dying, risk = 2 + theta, 2 + 2 * theta
    efron = np.log(theta) - np.log(risk) - np.log(risk - dying / 3) - np.log(risk - 2 * dying / 3)
    assert cox(TIED, "efron").ratio == pytest.approx(theta[efron.argmax()], rel=1e-4)
    assert cox(TIED, "breslow").ratio == pytest.approx(theta[(np.log(theta) - 3 * np.log(risk)).argmax()], rel=1e-4)


def test_the_score_of_cox_is_the_log_rank_score() -> None:
    # without ties the slope of the likelihood at no effect is the log-rank score with its sign turned
    rng = np.random.default_rng(3)
    sample = Sample.of(rng.exponential(1, 80), rng.random(80) < 0.8, np.arange(80) % 2)
    turned = Sample.of(sample.time, sample.event, 1 - sample.arm)
    assert cox(sample).log == pytest.approx(-cox(turned).log)
    assert cox(sample, "efron").log == pytest.approx(cox(sample, "breslow").log)
    assert np.sign(cox(sample).log) == -np.sign(log_rank(sample).z)
    low, high = cox(sample).interval()
    assert low < cox(sample).ratio < high


def test_restricted_mean_by_hand() -> None:
    curve = Curve.of(*SIX.of_arm(0))  # 1 until 1, 2/3 until 3, then 1/3
    mean, error = curve.restricted_mean(4)
    assert mean == pytest.approx(1 + 2 * 2 / 3 + 1 / 3)
    # areas after 1 and 3: 5/3 and 1/3, with d / (n (n - d)) of 1/6 and 1/2
    assert error == pytest.approx(math.sqrt((5 / 3) ** 2 / 6 + (1 / 3) ** 2 / 2))
    found = restricted_mean_difference(SIX, 4)
    assert found.control == pytest.approx(mean)
    assert found.experimental == pytest.approx(2 + 2 * 2 / 3)
    assert found.value == pytest.approx(found.experimental - found.control)
    assert found.interval()[0] < found.value < found.interval()[1]
    assert 0 < found.one_sided < 0.5


def test_milestone_by_hand() -> None:
    found = milestone_difference(SIX, 3)
    assert (found.control, found.experimental) == pytest.approx((1 / 3, 2 / 3))
    assert found.error == pytest.approx(math.sqrt((1 / 9) * (1 / 6 + 1 / 2) + (4 / 9) * (1 / 6)))


def test_a_curve_is_unknown_beyond_follow_up() -> None:
    curve = Curve.of(*SIX.of_arm(0))
    assert np.isnan(curve.survival_at(5.1))
    assert curve.survival_at([0, 1, 2.9, 5]) == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3])
    assert curve.number_at_risk([0, 1, 1.1, 5, 5.1]).tolist() == [3, 3, 2, 1, 0]
    all_died = Curve.of(np.array([1.0, 2.0]), np.array([1, 1]))
    assert all_died.survival_at(9) == 0
    assert all_died.restricted_mean(9)[0] == pytest.approx(1.5)
    with pytest.raises(TrialError, match="beyond the last follow-up"):
        curve.restricted_mean(6)
    with pytest.raises(TrialError, match="beyond the last follow-up"):
        milestone_difference(SIX, 5.5)


def test_a_median_that_is_not_reached_is_infinite() -> None:
    curve = Curve.of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 0, 0]))
    assert curve.median() == (math.inf, 1.0, math.inf)


@pytest.mark.parametrize(
    ("time", "event", "arm", "expected"),
    [
        ([1, -2], [1, 1], [0, 1], "negative"),
        ([1, float("nan")], [1, 1], [0, 1], "missing"),
        ([1, 2], [1], [0, 1], "as many as times"),
        ([1, 2], [1, 2], [0, 1], "0 or 1"),
        ([1, 2], [1, 1], [0, 3], "0 or 1"),
        ([1, 2], [1, 1], [1, 1], "at least one in each arm"),
    ],
)
def test_impossible_data_are_refused(time: list[float], event: list[int], arm: list[int], expected: str) -> None:
    with pytest.raises(TrialError, match=rf"TRIAL-040[\s\S]*{expected}"):
        Sample.of(time, event, arm)


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(TrialError, match="both arms were at risk"):
        log_rank(Sample.of([1, 2], [0, 0], [0, 1]))
    with pytest.raises(TrialError, match="events in both"):
        cox(Sample.of([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1]))
    with pytest.raises(TrialError, match="that has a weight"):
        log_rank(Sample.of([1, 2], [1, 0], [0, 1]), FlemingHarrington(0, 1))
    assert FlemingHarrington(0, 0) == LOG_RANK


def test_strata_add_scores_and_variances() -> None:
    """Two copies of a set in two strata double both; a stratum in which one arm has nobody adds nothing."""
    twice = Sample.of([*SIX.time, *SIX.time, 1], [*SIX.event, *SIX.event, 1], [*SIX.arm, *SIX.arm, 0])
    strata = ["a"] * 6 + ["b"] * 6 + ["c"]
    one, two = log_rank(SIX), log_rank(twice, strata=strata)
    assert (two.score, two.variance) == pytest.approx((2 * one.score, 2 * one.variance))
    assert max_combo(twice, strata=strata).z == pytest.approx(math.sqrt(2) * max_combo(SIX).z)
    assert cox(twice, strata=strata).log == pytest.approx(cox(SIX).log)
    assert cox(twice, strata=strata).error == pytest.approx(cox(SIX).error / math.sqrt(2))
    assert log_rank(SIX, strata=[0] * 6).z == one.z


def test_impossible_strata_are_refused() -> None:
    with pytest.raises(TrialError, match=r"TRIAL-040[\s\S]*5 strata for 6 patients"):
        log_rank(SIX, strata=[1] * 5)
    with pytest.raises(TrialError, match="a stratum that is missing"):
        cox(SIX, strata=[1, 2, 1, 2, 1, math.nan])
    with pytest.raises(TrialError, match="both arms were at risk"):
        log_rank(SIX, strata=list(range(6)))


@pytest.mark.parametrize(("seed", "control", "experimental"), [(0, 3, 134), (1, 112, 2), (11, 43, 1)])
def test_the_hazard_ratio_of_very_unequal_arms_is_at_the_maximum(seed: int, control: int, experimental: int) -> None:
    """From a ratio of 1 a full step of Newton goes too far here, and has to be halved."""
    rng = np.random.default_rng(seed)
    time, arm = rng.exponential(1, control + experimental), np.repeat([0, 1], [control, experimental])
    time = np.where(arm == 1, time * (8 if experimental > control else 0.05), time)
    found = cox(Sample.of(time, np.ones(len(time)), arm))
    ratios = np.exp(found.log + np.array([-0.01, 0, 0.01]))
    order = np.argsort(time)

    def likelihood(ratio: float) -> float:
        risk = np.where(arm[order] == 1, ratio, 1.0)
        return float(np.sum(np.log(risk) - np.log(np.cumsum(risk[::-1])[::-1])))

    values = [likelihood(float(ratio)) for ratio in ratios]
    assert values[1] > max(values[0], values[2])
