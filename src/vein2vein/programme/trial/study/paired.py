"""Two dose-finding designs on the same simulated patients: differences of their figures, trial by trial.

Place    Programme, trial, study. Read by the command line.
In       Two studies with the same scenarios.
Out      For each scenario the difference of each figure, its error, and the error that unpaired patients would have.
Does not Compare designs with pending outcomes, backfill or a calendar; what they see depends on time.
Checked  tests/unit/programme/trial/study/test_paired.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.simulate import Difference, Trials
from vein2vein.programme.trial.study.dose import DoseStudy, Scenario
from vein2vein.programme.trial.words import NONE, Design, Floats


def paired(one: object, other: object, *, trials: int, seed: int) -> Mapping[str, Mapping[str, Difference]]:
    """Differences, the first design less the second, by scenario and figure.

    Args:
        one: Study of a dose-finding design; its file says which doses are right and which are overdoses.
        other: Another with the same scenarios.
        trials: Simulated trials of each, at least two.
        seed: Root seed of both, so that patient k of trial j is the same in both.

    Raises:
        TrialError: TRIAL-004 for other families, pending outcomes, backfill or a calendar, and for scenarios that differ.
    """
    if not isinstance(one, DoseStudy) or not isinstance(other, DoseStudy):
        _refuse("a design of another family", "two dose-finding designs", "compare `trial characteristics` of both")
    a, b = _plain(one), _plain(other)
    if not one.truths or one.truths != other.truths:
        _refuse("scenarios that differ, or none", "the same scenarios in both files", "copy them from one to the other")
    return MappingProxyType(
        {
            scenario.truth.name: _differences(
                scenario,
                simulate.run(a, scenario.truth, trials=trials, seed=seed),
                simulate.run(b, scenario.truth, trials=trials, seed=seed),
            )
            for scenario in one.scenarios()
        }
    )


def _plain(study: DoseStudy) -> Design:
    if not isinstance(study.design, Design) or study.fill is not None or study.calendar is not None:
        _refuse(f"the design {study.name}", "no pending outcomes, backfill or calendar", "compare designs without")
    return study.design


def _differences(scenario: Scenario, one: Trials, other: Trials) -> Mapping[str, Difference]:
    return MappingProxyType(
        {key: simulate.difference(figure, one, other) for key, figure in _figures(scenario).items()}
    )


def _figures(scenario: Scenario) -> dict[str, Callable[[Trials], Floats]]:
    """A number per trial, by the name of the figure."""
    found: dict[str, Callable[[Trials], Floats]] = {}
    right, over = scenario.right, scenario.over
    if right is not None:
        found["correct"] = lambda run: np.isin(run.selected, right or (NONE,)).astype(float)
    if over is not None:
        found["overdose_selected"] = lambda run: np.isin(run.selected, np.flatnonzero(over)).astype(float)
    found["none_selected"] = lambda run: (run.selected == NONE).astype(float)
    found["patients"] = lambda run: run.n.sum(axis=1).astype(float)
    found["toxicities"] = lambda run: run.y.sum(axis=1).astype(float)
    return found


def _refuse(saw: str, expected: str, fix: str) -> NoReturn:
    raise TrialError("TRIAL-004", saw=saw, expected=expected, fix=fix)
