"""The late-onset simulator: the same patients however many trials, onsets where they were asked for, wrong settings refused."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.late import Setting, simulate
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

DESIGN = tite_boin(3, 0.3, cohorts=Cohorts(3, 5))
TRUTH = Truth.of([0.1, 0.3, 0.5])


def test_more_trials_leave_the_first_ones_as_they_were() -> None:
    few, many = (simulate(DESIGN, TRUTH, Setting(28, 10), trials=n, seed=2) for n in (50, 9000))
    assert (few.trials.n == many.trials.n[:50]).all()
    assert few.days == pytest.approx(many.days[:50])


@pytest.mark.parametrize("late", [0.0, 0.3, 1.0])
def test_onsets_lie_in_the_half_that_was_asked_for(late: float) -> None:
    onset = Setting(28, 10, late=late).onset(np.linspace(0, 1, 10_001)[:-1])
    assert onset.min() >= 0
    assert onset.max() <= 28
    assert (onset >= 14).mean() == pytest.approx(late, abs=1e-3)


def test_even_arrivals_without_waiting_take_the_patients_times_the_interval() -> None:
    found = simulate(DESIGN, Truth.of([0.0] * 3), Setting(0, 10, arrivals="even"), trials=10, seed=1)
    assert found.days == pytest.approx(14 * 10)
    assert found.mean_days == (pytest.approx(140), pytest.approx(0))


def test_wrong_settings_and_scenarios_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        Setting(-1, 10)
    assert "window -1" in str(told.value)
    with pytest.raises(TrialError, match="TRIAL-001"):
        simulate(DESIGN, Truth.of([0.1]), Setting(28, 10), trials=10, seed=1)
    with pytest.raises(TrialError, match="TRIAL-004"):
        simulate(DESIGN, TRUTH, Setting(28, 10), trials=1, seed=1)
