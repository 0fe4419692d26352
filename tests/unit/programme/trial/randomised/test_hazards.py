"""Times come back from cumulative hazards; densities are derivatives; the cured wait for ever."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.hazards import (
    Cure,
    Hazard,
    Ratio,
    Steps,
    crossing,
    delayed,
    density,
    exponential,
    median,
    survival,
)

STEPS = Steps((0.0, 3.0, 9.0), (0.1, 0.02, 0.3))
HAZARDS: list[Hazard] = [
    exponential(6),
    STEPS,
    Cure(0.4, exponential(3)),
    Cure(0.0, STEPS),
    delayed(STEPS, 4, 0.5),
    crossing(Cure(0.2, exponential(5)), 3, 1.5, 0.45),
    Ratio(Ratio(STEPS, (0.0, 5.0), (0.5, 2.0)), (0.0, 1.0), (3.0, 0.2)),
]


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_cumulative_hazard_leads_back_to_its_month(hazard: Hazard) -> None:
    months = np.array([0.0, 0.5, 2.9, 3.1, 4.5, 8.0, 9.5, 14.0])
    assert hazard.time_at(hazard.cumulative(months)) == pytest.approx(months, abs=1e-9)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_density_is_the_slope_of_survival(hazard: Hazard) -> None:
    months, step = np.array([0.5, 2.0, 4.5, 8.0, 14.0]), 1e-5
    slope = (survival(hazard, months - step) - survival(hazard, months + step)) / (2 * step)
    assert density(hazard, months) == pytest.approx(slope, rel=1e-6)


def test_the_median_is_the_median() -> None:
    assert median(exponential(6)) == pytest.approx(6)
    assert median(Cure(0.6, exponential(6))) == np.inf


def test_the_cured_never_have_the_event() -> None:
    cure = Cure(0.3, exponential(3))
    assert survival(cure, np.inf) == pytest.approx(0.3)
    assert np.isinf(cure.time_at(np.array([5.0]))[0])


def test_a_delay_leaves_the_beginning_alone() -> None:
    late = delayed(exponential(6), 3, 0.5)
    assert survival(late, 3.0) == pytest.approx(survival(exponential(6), 3.0))
    assert late.hazard(np.array([2.99, 3.0])) == pytest.approx(np.log(2) / 6 * np.array([1.0, 0.5]))


def test_a_hazard_of_zero_stops_time() -> None:
    steps = Steps((0.0, 2.0, 4.0), (0.5, 0.0, 0.0))
    assert survival(steps, np.inf) == pytest.approx(np.exp(-1))
    assert np.isinf(steps.time_at(np.array([1.01]))[0])
    gap = Steps((0.0, 2.0, 4.0), (0.5, 0.0, 0.5))
    assert gap.time_at(np.array([1.5])) == pytest.approx([5.0])


@pytest.mark.parametrize(
    ("starts", "rates", "expected"),
    [((1.0,), (0.1,), "rising months"), ((0.0, 0.0), (1, 1), "rising months"), ((0.0,), (1, 1), "rising months"),
     ((), (), "rising months"), ((0.0,), (-0.1,), "a number from 0"), ((0.0,), (float("nan"),), "a number from 0")],
)  # fmt: skip
def test_impossible_steps_are_refused(starts: tuple[float, ...], rates: tuple[float, ...], expected: str) -> None:
    with pytest.raises(TrialError, match=expected):
        Steps(starts, rates)


def test_other_refusals() -> None:
    with pytest.raises(TrialError, match="below 1"):
        Cure(1.0, exponential(3))
    with pytest.raises(TrialError, match="above 0"):
        exponential(0)
    with pytest.raises(TrialError, match="hazard ratio"):
        Ratio(exponential(3), (0.0,), (0.0,))
    with pytest.raises(TrialError, match="a delay of -1"):
        delayed(exponential(3), -1, 0.5)
