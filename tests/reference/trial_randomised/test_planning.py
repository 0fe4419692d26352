"""Sample sizes against planned and hand-made numbers."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.events import month_expected
from vein2vein.programme.trial.randomised.hazards import Cure, Hazard, Ratio, crossing, delayed, exponential
from vein2vein.programme.trial.randomised.planning import (
    average_hazard_ratio,
    drift,
    freedman_events,
    lachin_foulkes_patients,
    schoenfeld_events,
    schoenfeld_power,
)


def test_events_of_zuma_7_and_transform() -> None:
    """ZUMA-7: HR 2/3, 250 events, 89.2 %; TRANSFORM: HR .552, 90 %, 119 events. Status: recalled protocol numbers with the
    formula worked out in the facts file; tolerance half a unit of the last printed digit.
    """
    assert schoenfeld_power(2 / 3, 250) == pytest.approx(0.892, abs=2e-3)
    assert schoenfeld_power(0.667, 250) == pytest.approx(0.892, abs=1e-3)
    assert schoenfeld_events(0.552) == pytest.approx(119, abs=0.5)


def test_schoenfeld_power_and_events_are_inverse() -> None:
    assert schoenfeld_power(0.7, schoenfeld_events(0.7, 0.02, 0.85, 0.6), 0.02, 0.6) == pytest.approx(0.85)


def test_freedman_by_hand() -> None:
    """Freedman 1982: (1 + HR)^2 / (1 - HR)^2 (z + z)^2 events for equal arms; HR 1/2: nine times (z + z)^2."""
    z = norm.isf(0.05) + norm.isf(0.1)
    assert freedman_events(0.5, 0.05, 0.9) == pytest.approx(9 * z**2)
    assert freedman_events(0.5, 0.05, 0.9, 2 / 3) == pytest.approx((1 + 2 * 0.5) ** 2 / (2 * 0.25) * z**2)


def test_lachin_foulkes_by_hand() -> None:
    """Even accrual over 3 years, 5 in all, hazards .3 and .2: the formula of the paper with its closed form of the chance."""
    scenario = Scenario(exponential(math.log(2) / 0.3), exponential(math.log(2) / 0.2), Accrual.over(100, 3))

    def variance(rate: float) -> float:
        return rate**2 / (1 - (math.exp(-rate * 2) - math.exp(-rate * 5)) / (rate * 3))

    null, effect = 4 * variance(0.25), 2 * (variance(0.3) + variance(0.2))
    by_hand = (norm.isf(0.05) * math.sqrt(null) + norm.isf(0.1) * math.sqrt(effect)) ** 2 / 0.01
    assert lachin_foulkes_patients(scenario, 5, 0.05, 0.9) == pytest.approx(by_hand, rel=1e-9)


def test_lachin_foulkes_wants_constant_hazards() -> None:
    scenario = Scenario(Cure(0.2, exponential(6)), exponential(9), Accrual.over(100, 3))
    with pytest.raises(TrialError, match="exponential times"):
        lachin_foulkes_patients(scenario, 5)


@pytest.mark.parametrize("kind", ["geometric", "concordance"])
def test_a_constant_ratio_is_its_own_average(kind: str) -> None:
    base = Cure(0.2, exponential(5))
    scenario = Scenario(base, Ratio(base, (0.0,), (0.6,)), Accrual.over(300, 12))
    found = average_hazard_ratio(scenario, 30, "geometric" if kind == "geometric" else "concordance")
    assert found == pytest.approx(0.6, rel=1e-9)


def test_the_average_of_a_late_effect_by_hand() -> None:
    """All enter at once, exponential 6, ratio 1 then .5 from month 3: concordance over 0 to infinity in closed form."""
    late = delayed(exponential(6), 3, 0.5)
    rate = math.log(2) / 6
    scenario = Scenario(exponential(6), late, Accrual.over(100, 1e-6))
    both = math.exp(-2 * rate * 3)  # neither has had the event by month 3
    early, after = (1 - both) / 2, both / (rate + rate / 2)
    by_hand = (early + after * rate / 2) / (early + after * rate)
    assert average_hazard_ratio(scenario, 400, "concordance") == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(
    ("effect", "rho_gamma", "power"),
    [
        (Ratio(exponential(6), (0.0,), (0.65,)), (0, 0), 0.939),
        (delayed(exponential(6), 3, 0.55), (0, 0), 0.767),
        (delayed(exponential(6), 3, 0.55), (0, 1), 0.916),
        (delayed(exponential(6), 6, 0.50), (0, 0), 0.345),
        (delayed(exponential(6), 6, 0.50), (0, 1), 0.621),
        (crossing(exponential(6), 3, 1.5, 0.45), (0, 0), 0.315),
        (crossing(exponential(6), 3, 1.5, 0.45), (0, 1), 0.907),
    ],
)
def test_asymptotic_power_is_near_simulated_power(effect: Hazard, rho_gamma: tuple[int, int], power: float) -> None:
    """360 patients, 250 events. Status: measured by simulation in the facts file (1,000 trials, SE <= .016), accrual not told:
    12 months here. Tolerance: two such errors, since the asymptotic formula itself is off by up to one.
    """
    scenario = Scenario(exponential(6), effect, Accrual.over(360, 12))
    mean = drift(scenario, month_expected(scenario, 250), *rho_gamma)
    assert norm.cdf(mean - norm.isf(0.025)) == pytest.approx(power, abs=0.032)


def test_no_effect_has_no_events_to_plan() -> None:
    with pytest.raises(TrialError, match="another number"):
        schoenfeld_events(1.0)
    with pytest.raises(TrialError, match="another number"):
        freedman_events(1.0)
