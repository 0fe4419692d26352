"""The worst truth of a region: never below any truth of it, gradients true, regions that cannot be refused."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.exact import ends_of
from vein2vein.programme.trial.null import Region, overdose, selects, share_treated, worst
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, Cohorts

ENDS = ends_of(boin(3, 0.3, cohorts=Cohorts(3, 4)))


def test_gradients_are_those_of_small_steps() -> None:
    values = selects([1])(ENDS)
    at = np.array([0.1, 0.3, 0.5])
    _, slope = ENDS.expectation(Truth.of(at), values)
    for dose in range(3):
        step = np.eye(3)[dose] * 1e-6
        up, down = (ENDS.expectation(Truth.of(at + sign * step), values)[0] for sign in (1, -1))
        assert slope[dose] == pytest.approx((up - down) / 2e-6, abs=1e-7)


def test_the_worst_is_at_least_as_bad_as_a_grid_of_the_region() -> None:
    region = Region((0.0, 0.4, 0.4), (0.4, 1.0, 1.0))
    found = overdose(ENDS, region, 0.35)
    values = selects([1, 2])(ENDS)
    grid = [Truth.of([a, b, c]) for a in np.linspace(0, 0.4, 9) for b in np.linspace(0.4, 1, 9)
            for c in np.linspace(b, 1, 5)]  # fmt: skip
    rates = ENDS.chances(grid) @ values
    assert found.value >= rates.max() - 1e-9
    assert found.value == pytest.approx(ENDS.chances([found.truth])[0] @ values)
    assert np.diff(found.truth.toxicity).min() >= 0


def test_any_figure_of_the_ends_can_be_maximised() -> None:
    region = Region((0.0, 0.0, 0.4), (0.3, 0.3, 0.6))
    assert 0 < worst(ENDS, share_treated([2]), region).value < 1
    always_toxic = Region((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    assert worst(ENDS, selects([NONE]), always_toxic).value == pytest.approx(1)


def test_regions_that_hold_no_truth_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-001") as told:
        Region((0.5, 0.1), (0.6, 0.2))
    assert "leave a truth" in str(told.value)
    with pytest.raises(TrialError, match="TRIAL-001") as told:
        overdose(ENDS, Region((0.0,) * 3, (1.0,) * 3), 0.3)
    assert "too toxic" in str(told.value)
