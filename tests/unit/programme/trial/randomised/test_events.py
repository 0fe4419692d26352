"""Events over calendar time against closed forms; plateaus are seen; cut-offs do what they say."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.early import early_deaths
from vein2vein.programme.trial.randomised.events import (
    CutOff,
    chance_of_event,
    chance_reached,
    distribution,
    expected_events,
    month_expected,
    stall,
)
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, Steps, exponential
from vein2vein.programme.trial.randomised.planning import (
    average_hazard_ratio,
    drift,
    information_fractions,
    schoenfeld_power,
)

PLAIN = Scenario(exponential(6), exponential(9), Accrual.over(200, 12))
NEVER = Scenario(Steps((0.0,), (0.0,)), Steps((0.0,), (0.0,)), Accrual.over(20, 6))
CURED = Scenario(Cure(0.3, exponential(3)), Cure(0.5, exponential(3)), Accrual.over(300, 18))


@pytest.mark.parametrize("month", [0.0, 3.0, 12.0, 40.0])
def test_even_accrual_of_exponential_times_has_a_closed_form(month: float) -> None:
    rate = math.log(2) / 6
    entered = min(month, 12)
    # integral over months of randomisation s of (1 - exp(-rate (month - s))) / 12
    closed = (entered - (math.exp(-rate * (month - entered)) - math.exp(-rate * month)) / rate) / 12
    assert chance_of_event(PLAIN, 0, month) == pytest.approx(closed, abs=1e-12)


def test_drop_out_competes() -> None:
    rate, out = math.log(2) / 6, 0.05
    leaving = Scenario(exponential(6), exponential(9), PLAIN.accrual, dropout=(Steps((0.0,), (out,)), None))
    assert chance_of_event(leaving, 0, math.inf) == pytest.approx(rate / (rate + out), rel=1e-9)
    late = leaving.accrual.end + 500
    assert chance_of_event(leaving, 0, late) == pytest.approx(rate / (rate + out), rel=1e-9)


def test_accrual_in_steps() -> None:
    accrual = Accrual(100, (5.0, 10.0), (0.0, 4.0))
    assert accrual.end == pytest.approx(12)
    assert accrual.share_by(np.array([0, 4, 8, 12, 20])) == pytest.approx([0, 0.2, 0.6, 1, 1])
    share = np.linspace(0, 1, 11)
    assert accrual.share_by(accrual.month_at(share)) == pytest.approx(share)
    assert Accrual(10, (5.0, 99.0), (0.0, 4.0)).share_by(np.array([1.0])) == pytest.approx([0.5])


def test_the_distribution_has_the_expected_mean() -> None:
    chances = distribution(PLAIN, 15)
    assert chances.sum() == pytest.approx(1)
    assert chances @ np.arange(201) == pytest.approx(sum(expected_events(PLAIN, 15)))


def test_the_month_of_expected_events_leads_back() -> None:
    month = month_expected(PLAIN, 150)
    assert sum(expected_events(PLAIN, month)) == pytest.approx(150)


def test_cure_puts_a_ceiling_on_events() -> None:
    found = stall(CURED, 190, (24.0, 36.0, 120.0))
    assert found.ceiling == pytest.approx(150 * 0.7 + 150 * 0.5)
    assert found.stalls
    assert np.all(np.diff(found.reached) > 0)
    assert found.reached[-1] < 0.2
    assert found.ever == pytest.approx(chance_reached(CURED, 190, math.inf))
    assert found.low[0] < found.expected[0] < found.high[0]
    assert not stall(CURED, 150, (36.0,)).stalls
    with pytest.raises(TrialError, match=r"TRIAL-041[\s\S]*180\.0 expected for ever"):
        month_expected(CURED, 180)


def test_a_cut_off_by_events_by_calendar_and_by_both() -> None:
    events = CutOff(events=150)
    month = events.month_at(PLAIN, 0.5)
    assert events.chance_by(PLAIN, month) == pytest.approx(0.5, abs=1e-4)
    assert CutOff(month=20).month_at(PLAIN, 0.9) == pytest.approx(20, abs=1e-5)
    assert CutOff(150, month - 2, "first").month_at(PLAIN, 0.9) == pytest.approx(month - 2, abs=1e-5)
    assert CutOff(150, month + 9, "last").month_at(PLAIN, 0.1) == pytest.approx(month + 9, abs=1e-5)
    assert CutOff(190).month_at(CURED, 0.9) == math.inf
    assert CutOff(190, 60, "first").month_at(CURED, 0.9) == pytest.approx(60, abs=1e-5)


def test_more_events_than_patients_are_refused() -> None:
    with pytest.raises(TrialError, match=r"TRIAL-041[\s\S]*201 events of 200 patients"):
        chance_reached(PLAIN, 201, 10)
    with pytest.raises(TrialError, match="at least one of them"):
        CutOff()
    with pytest.raises(TrialError, match="at least one"):
        CutOff(0)
    with pytest.raises(TrialError, match="from 0"):
        chance_of_event(PLAIN, 0, -1)
    with pytest.raises(TrialError, match="1:0"):
        Scenario(exponential(6), exponential(6), PLAIN.accrual, (1, 0))
    with pytest.raises(TrialError, match="1 patients"):
        Accrual(1, (1.0,))


@pytest.mark.parametrize(
    ("ask", "saw"),
    [
        (lambda: CutOff(2.5), "a cut-off at events of 2.5"),  # type: ignore[arg-type]
        (lambda: CutOff(5, 3, "either"), "the 'either' of both"),  # type: ignore[arg-type]
        (lambda: chance_reached(PLAIN, 1.5, 12), "events of 1.5"),  # type: ignore[arg-type]
        (lambda: Accrual(10.5, (1.0,)), "patients of 10.5"),  # type: ignore[arg-type]
        (lambda: Accrual(math.nan, (1.0,)), "patients of nan"),  # type: ignore[arg-type]
        (lambda: Scenario(exponential(6), exponential(6), PLAIN.accrual, (1.5, 1)), "an allocation of 1.5"),  # type: ignore[arg-type]
        (lambda: early_deaths(exponential(6), exponential(6), (10.5, 10), (3.0,)), "patients of 10.5"),  # type: ignore[arg-type]
        (lambda: average_hazard_ratio(PLAIN, 12, "mean"), "the kind 'mean'"),  # type: ignore[arg-type]
        (lambda: average_hazard_ratio(NEVER, 12), "hazards without events"),
        (lambda: average_hazard_ratio(NEVER, 12, "concordance"), "hazards without events"),
        (lambda: drift(NEVER, 12), "hazards without events"),
        (lambda: information_fractions(NEVER, (6, 12)), "hazards without events"),
        (lambda: information_fractions(PLAIN, (12, 6)), "analyses at the months [12, 6]"),
        (lambda: information_fractions(PLAIN, ()), "analyses at the months []"),
        (lambda: schoenfeld_power(0.7, 100, share=1.5), "share 1.5"),
    ],
)
def test_what_cannot_be_is_refused(ask: Callable[[], object], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        ask()
    assert told.value.fault.id == "TRIAL-002"
    assert told.value.fault.saw.startswith(saw)


def test_allocation_counts() -> None:
    two_to_one = Scenario(exponential(6), Ratio(exponential(6), (0.0,), (0.5,)), Accrual.over(386, 20), (2, 1))
    assert (two_to_one.patients(0), two_to_one.patients(1)) == (129, 257)
