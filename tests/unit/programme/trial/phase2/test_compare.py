"""Comparisons with weights: unweighted ones are the textbook's, and copies of a patient are one patient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.compare import hazard_ratio, response_difference, survival

TIME = np.array([1.0, 2, 2, 3, 4, 5, 6, 7])
EVENT = np.array([1, 1, 0, 1, 0, 1, 1, 0])
GROUP = np.array([0, 0, 1, 0, 1, 1, 0, 1])
ONES = np.ones(8)


def test_a_difference_of_proportions_by_hand() -> None:
    found = response_difference([1, 1, 1, 0, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0], ONES)
    assert found.value == 0.5
    assert found.error == pytest.approx(math.sqrt(2 * 0.75 * 0.25 / 4))


def test_kaplan_meier_by_hand() -> None:
    assert survival(TIME, EVENT, ONES, 2) == pytest.approx(7 / 8 * 6 / 7)
    assert survival(TIME, EVENT, ONES, 3) == pytest.approx(7 / 8 * 6 / 7 * 4 / 5)
    assert survival(TIME, EVENT, ONES, 0.5) == 1.0
    assert math.isnan(survival(TIME, EVENT, ONES, 8))


def test_the_hazard_ratio_is_where_the_partial_likelihood_is_largest() -> None:
    def log_likelihood(beta: float) -> float:
        hazard = np.exp(beta * GROUP)
        return float(sum(beta * GROUP[i] - np.log(hazard[TIME[i] <= TIME].sum()) for i in range(8) if EVENT[i]))

    beta = math.log(hazard_ratio(TIME, EVENT, GROUP).value)
    assert log_likelihood(beta) >= max(log_likelihood(beta + step) for step in (-0.01, 0.01))


def test_a_weight_of_two_is_two_rows_of_one_patient() -> None:
    twice = np.append(np.arange(8), 0)
    heavy = hazard_ratio(TIME, EVENT, GROUP, weight=np.array([2.0, 1, 1, 1, 1, 1, 1, 1]))
    copied = hazard_ratio(TIME[twice], EVENT[twice], GROUP[twice], patient=twice)
    assert heavy.value == pytest.approx(copied.value)
    assert heavy.error == pytest.approx(copied.error)
    assert copied.error != pytest.approx(hazard_ratio(TIME[twice], EVENT[twice], GROUP[twice]).error)


def test_scale_of_weights_and_swap_of_groups_do_not_matter() -> None:
    plain, scaled = hazard_ratio(TIME, EVENT, GROUP), hazard_ratio(TIME, EVENT, GROUP, weight=5 * ONES)
    swapped = hazard_ratio(TIME, EVENT, 1 - GROUP)
    assert (scaled.value, scaled.error) == pytest.approx((plain.value, plain.error))
    assert (1 / swapped.value, swapped.error) == pytest.approx((plain.value, plain.error))


def test_the_robust_error_is_that_of_leaving_each_patient_out() -> None:
    """The influence of a patient is about what leaving the patient out changes."""
    rng = np.arange(200)
    time, event, group = (rng * 37 % 200) + 1.0, (rng % 3 > 0).astype(int), rng % 2
    found = hazard_ratio(time, event, group)
    without = [
        math.log(hazard_ratio(np.delete(time, i), np.delete(event, i), np.delete(group, i)).value) for i in range(200)
    ]
    jackknife = math.sqrt(sum((one - math.log(found.value)) ** 2 for one in without))
    assert found.error == pytest.approx(jackknife, rel=0.05)


def test_groups_that_the_events_tell_apart_have_no_ratio() -> None:
    """All treated have the event before any control: the ratio has no end, whatever the scale of the weights."""
    time, treated = [1, 2, 3, 11, 12, 13], [1, 1, 1, 0, 0, 0]
    for scale in (1.0, 1e-9):
        with pytest.raises(TrialError, match="while both were at risk"):
            hazard_ratio(time, [1] * 6, treated, weight=[scale] * 6)
    fine = hazard_ratio([1, 4, 3, 2, 12, 13], [1] * 6, treated, weight=[1e-9] * 6)
    assert fine.value == pytest.approx(hazard_ratio([1, 4, 3, 2, 12, 13], [1] * 6, treated).value)


def test_impossible_columns_are_refused() -> None:
    with pytest.raises(TrialError, match="one for each row"):
        hazard_ratio([1, 2], [1, 1], [0, 1], patient=[1])
    for weight, at in (([-1, 1], 1.0), ([0, 0], 1.0), ([1, 1], -1.0), ([1, 1], float("nan"))):
        with pytest.raises(TrialError, match="weights and a time from 0"):
            survival([1, 2], [1, 1], weight, at)
    with pytest.raises(TrialError, match="a list of numbers"):
        survival([[1, 2]], [1, 1], [1, 1], 1)


def test_impossible_data_are_refused() -> None:
    with pytest.raises(TrialError, match="a group without an event"):
        hazard_ratio(TIME, EVENT * GROUP, GROUP)
    with pytest.raises(TrialError, match="other than 0 and 1"):
        response_difference([2, 0], [1, 0], [1, 1])
    with pytest.raises(TrialError, match="missing or negative"):
        response_difference([1, 0], [1, 0], [1, -1])
    with pytest.raises(TrialError, match="one of each per row"):
        response_difference([1, 0], [1, 0], [1])
    with pytest.raises(TrialError, match="missing or negative"):
        survival([-1.0], [1], [1], 2)
