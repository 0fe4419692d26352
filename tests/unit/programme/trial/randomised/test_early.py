"""Early deaths by hand: crossing in closed form, chances by counting, months lost and gained."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.early import early_deaths
from vein2vein.programme.trial.randomised.hazards import Ratio, Steps, crossing, exponential

CONTROL = exponential(24)
#            twice the hazard for 4 months, then half of it: the cumulative hazards meet when 8 + (t - 4) / 2 = t, at month 12
EARLY = crossing(CONTROL, 4, 2.0, 0.5)


def test_curves_cross_where_cumulative_hazards_meet() -> None:
    found = early_deaths(CONTROL, EARLY, (200, 200), (3.0, 12.0, 24.0))
    assert found.crossing == pytest.approx(12, abs=1e-6)
    assert found.control[0] == pytest.approx(1 - 2 ** (-3 / 24))
    assert found.experimental[0] == pytest.approx(1 - 2 ** (-6 / 24))
    assert found.expected_excess[1] == pytest.approx(0, abs=1e-9)
    assert found.worst[0] == pytest.approx(4)
    assert found.worst[1] == pytest.approx(2 ** (-4 / 24) - 2 ** (-8 / 24))
    assert found.more_deaths[0] > 0.9 > found.more_deaths[1] > 0.4 > found.more_deaths[2]
    assert np.all(found.significant < found.more_deaths)


def test_months_lost_and_gained_add_up_to_the_restricted_mean() -> None:
    found = early_deaths(CONTROL, EARLY, (10, 10), (3.0,), horizon=36)
    rate = math.log(2) / 24
    control = (1 - math.exp(-36 * rate)) / rate
    early = (1 - math.exp(-8 * rate)) / (2 * rate)
    late = math.exp(-8 * rate) * (1 - math.exp(-16 * rate)) / (rate / 2)
    assert found.gained - found.lost == pytest.approx(early + late - control, abs=1e-9)
    assert found.lost > 0


def test_chances_of_one_patient_each() -> None:
    one = Steps((0.0,), (math.log(2) / 5,))  # half are dead by month 5
    found = early_deaths(one, one, (1, 1), (5.0,))
    assert found.more_deaths[0] == pytest.approx(0.25)
    assert found.significant[0] == 0
    assert found.crossing is None
    assert found.worst == (0.0, 0.0)


def test_equal_arms_have_the_size_of_the_test() -> None:
    found = early_deaths(CONTROL, CONTROL, (250, 250), (12.0,))
    assert found.significant[0] == pytest.approx(0.025, abs=0.006)


def test_an_arm_that_stays_below_never_crosses() -> None:
    found = early_deaths(CONTROL, Ratio(CONTROL, (0.0,), (1.5,)), (100, 50), (6.0,))
    assert found.crossing == math.inf
    assert found.gained == 0


def test_refusals() -> None:
    with pytest.raises(TrialError, match="at least one in each arm"):
        early_deaths(CONTROL, EARLY, (0, 5), (3.0,))
    with pytest.raises(TrialError, match="above 0"):
        early_deaths(CONTROL, EARLY, (5, 5), (0.0,))
