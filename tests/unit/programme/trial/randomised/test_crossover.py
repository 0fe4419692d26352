"""Data with crossover: what is refused, and what the simulated calendar hands over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.endpoints import DAYS_PER_MONTH, survival_with_crossover
from vein2vein.programme.trial.published.files import trial_file
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.ipcw import ipcw
from vein2vein.programme.trial.randomised.rpsft import _crossings, rpsft

GOOD = {"time": [5.0, 4, 6, 3], "event": [1, 1, 0, 1], "arm": [0, 0, 1, 1], "crossover": [2, np.inf, np.inf, np.inf],
        "follow_up": [9, 9, 6, 9]}  # fmt: skip


def _refused(told: str, **changes: object) -> None:
    with pytest.raises(TrialError, match="TRIAL-040") as refused:
        Crossed.of(**{**GOOD, **changes})
    assert told in str(refused.value)


def test_bad_data_are_refused() -> None:
    _refused("crossover in the experimental arm", crossover=[2, np.inf, 1, np.inf])
    _refused("crossover after the end of follow-up", crossover=[7, np.inf, np.inf, np.inf])
    _refused("crossover before a patient could cross over", eligible=[3, 0, 0, 0])
    _refused("beyond the administrative end", follow_up=[4, 9, 9, 9])
    _refused("that are missing", crossover=[np.nan, np.inf, np.inf, np.inf])
    _refused("one per patient", follow_up=[9, 9, 9])
    _refused("covariates that are missing", covariates=[1, 2, np.nan, 4])


def test_follow_up_ends_at_crossover() -> None:
    sample = Crossed.of(**GOOD).ended_at_crossover()
    assert sample.time.tolist() == [2, 4, 6, 3]
    assert sample.event.tolist() == [0, 1, 0, 1]


def test_estimators_refuse_what_they_cannot_estimate() -> None:
    data = Crossed.of(**GOOD)
    with pytest.raises(TrialError, match="a number above 0, at most 10"):
        rpsft(data, reach=0)
    with pytest.raises(TrialError, match="no effect from"):
        rpsft(
            Crossed.of([1.0, 2, 30, 40], [1, 1, 1, 1], [0, 0, 1, 1], np.full(4, np.inf), follow_up=np.full(4, 50)),
            reach=0.5,
        )
    with pytest.raises(TrialError, match="events in one arm only"):
        ipcw(Crossed.of([1.0, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1], np.full(4, np.inf), follow_up=np.full(4, 50)))
    alone = {**GOOD, "event": [0, 0, 0, 0]}
    with pytest.raises(TrialError, match="no event"):
        ipcw(Crossed.of(**alone))
    n = 12
    separated = Crossed.of(
        np.arange(1.0, n + 1), np.ones(n), np.arange(n) % 2, np.where(np.arange(n) % 4 == 0, 0.5, np.inf),
        follow_up=np.full(n, 20), covariates=(np.arange(n) % 4 == 0).astype(float),
    )  # fmt: skip
    with pytest.raises(TrialError, match="covariates that"):
        ipcw(separated)


def test_a_simulated_trial_as_data() -> None:
    file = trial_file("transform")
    control, cells, entry = file.trial().histories(2, 0)
    cut = file.cut(survival=True)
    data = survival_with_crossover((control, cells), entry, cut, trial=3)
    k = len(control.death[3])
    there = entry[3] < cut
    assert len(data.sample) == there.sum()
    crossed = (
        control.crossover[3] / DAYS_PER_MONTH <= np.minimum(control.death[3] / DAYS_PER_MONTH, cut - entry[3, :k])
    )[there[:k]]
    assert np.array_equal(data.crossed[data.sample.arm == 0], crossed)
    assert not data.crossed[data.sample.arm == 1].any()
    assert np.all(data.eligible[data.crossed] <= data.crossover[data.crossed])


def test_steps_and_flat_parts_are_crossed_in_their_middle() -> None:
    grid = np.linspace(-3, 3, 121)

    def found(z: Callable[[float], float], goal: float = 0.0) -> list[float]:
        return _crossings(z, grid, np.array([z(float(psi)) for psi in grid]), goal)

    assert found(lambda psi: 1.0 if psi >= 0.513 else -1.0) == [pytest.approx(0.513, abs=1e-9)]
    assert found(lambda psi: float(np.sign(psi + 1) * (abs(psi + 1) > 0.201))) == [pytest.approx(-1.0)]
    # three crossings, the second and third on flat parts of their own
    three = found(lambda psi: -1.0 if psi < -2.013 else 0.0 if -1.01 < psi < -0.49 or 1.04 < psi < 1.51 else 1.0)
    assert three == [pytest.approx(-2.013, abs=1e-9), pytest.approx(-0.75), pytest.approx(1.275)]
    assert found(lambda psi: 1.0) == []
