"""Simulated power against that of another simulator.

Source: the facts file, measured with another program: 360 patients, 250 events, control median 6 months, 1,000 trials. Status:
measured; the accrual was not told, 15 months fits best and is used here. Tolerance: three standard errors of the difference of
two simulations, the source's being at most .016. The trials of the source share their patients, so that its deviations go
together: they are all above ours, by 0.1 to 2.3 errors.
"""

from __future__ import annotations

import math

import pytest

from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.hazards import Cure, Hazard, Ratio, crossing, delayed, exponential
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, FlemingHarrington, Weight
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike

TRIALS = 4000
LATE = FlemingHarrington(0, 1)
CONTROL = exponential(6)
ONE_LOOK = spending(1, OBrienFlemingLike())


def _near(found: float, published: float, trials: int = 1000) -> None:
    error = math.sqrt(published * (1 - published) * (1 / trials + 1 / TRIALS))
    assert found == pytest.approx(published, abs=3 * error)


@pytest.mark.parametrize(
    ("effect", "powers"),
    [
        (Ratio(CONTROL, (0.0,), (0.65,)), {(LOG_RANK,): 0.939, STRAW_MAN: 0.914}),
        (delayed(CONTROL, 3, 0.55), {(LOG_RANK,): 0.767, (LATE,): 0.916, STRAW_MAN: 0.881}),
        (delayed(CONTROL, 6, 0.50), {(LOG_RANK,): 0.345, (LATE,): 0.621, STRAW_MAN: 0.525}),
        (crossing(CONTROL, 3, 1.5, 0.45), {(LOG_RANK,): 0.315, (LATE,): 0.907, STRAW_MAN: 0.844}),
        (CONTROL, {(LOG_RANK,): 0.029}),
    ],
    ids=["proportional", "late by 3", "late by 6", "crossing", "null"],
)
def test_power_of_four_effects(effect: Hazard, powers: dict[tuple[Weight, ...], float]) -> None:
    scenario = Scenario(CONTROL, effect, Accrual.over(360, 15))
    for weights, published in powers.items():
        _near(
            simulate(scenario, Analysis.at_events(ONE_LOOK, 250, weights), TRIALS, 3).figures(1).power.value, published
        )


@pytest.mark.parametrize(
    ("cured", "median", "power"), [((0.2, 0.4), 3, 0.94), ((0.15, 0.15), 3, 0.031), ((0.3, 0.45), 6, 0.64)]
)
def test_power_with_cure(cured: tuple[float, float], median: float, power: float) -> None:
    """300 patients, calendar cut at 30 months; trials of the source taken as 1,000, medians as those of the not cured, accrual
    not told: 18 months here.
    """
    arms = [Cure(share, exponential(median)) for share in cured]
    scenario = Scenario(arms[0], arms[1], Accrual.over(300, 18))
    figures = simulate(scenario, Analysis(ONE_LOOK, (CutOff(month=30.0),)), TRIALS, 3).figures(1)
    _near(figures.power.value, power)


def test_looks_cross_as_the_recursion_says() -> None:
    """The boundary recursion against simulation under proportional hazards, three looks: within 3.5 errors and .01 for the
    log-rank statistic being only about normal.
    """
    plan = spending(3, OBrienFlemingLike())
    scenario = Scenario(exponential(12), Ratio(exponential(12), (0.0,), (0.7,)), Accrual.over(600, 18))
    figures = simulate(scenario, Analysis.at_events(plan, 331), TRIALS, 1).figures(3)
    expected = plan.crossing(-math.log(0.7) * math.sqrt(331 / 4)).upper
    for found, chance in zip(figures.upper, expected, strict=True):
        assert found.value == pytest.approx(chance, abs=3.5 * found.error + 0.01)
