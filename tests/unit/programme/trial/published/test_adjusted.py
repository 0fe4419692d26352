"""Adjusted ratios of simulated trials: the truth of the model, and what does not cross over."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.published.adjusted import adjusted
from vein2vein.programme.trial.published.files import trial_file


def test_crossover_dilutes_and_the_structural_model_takes_it_out() -> None:
    found = adjusted(trial_file("zuma-7"), 12)
    assert len(found.without) == 12
    diluted, taken_out = (np.abs(column - found.without).mean() for column in (found.randomised, found.rpsft))
    assert found.without.mean() < found.randomised.mean() - 0.3
    assert taken_out < diluted / 2


def test_the_first_trials_are_the_same_however_many_there_are() -> None:
    few, more = (adjusted(trial_file("karmma-3"), count, 5) for count in (2, 4))
    assert np.array_equal(few.ipcw, more.ipcw[:2])
    assert np.array_equal(few.rpsft, more.rpsft[:2])


def test_refusals() -> None:
    with pytest.raises(TrialError, match="a control arm that crosses over"):
        adjusted(trial_file("cartitude-4"), 3)
    with pytest.raises(TrialError, match="at least one trial"):
        adjusted(trial_file("zuma-7"), 0)
