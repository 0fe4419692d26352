"""Survival without crossover by the rank-preserving structural failure time model.

Place    Programme, trial, randomised.
In       `Crossed`.
Out      The effect of being treated on time (psi), the hazard ratio with the control arm as it would have been, its interval.
Knows    Robins & Tsiatis 1991 Commun Stat Theory Methods 20:2609 (recalled): time off treatment plus exp(psi) times time on it
         is what a patient would have lived untreated, and has nothing to do with the arm; psi is where a test of that finds no
         difference. Treatment lasts from crossover (from randomisation in the experimental arm) to the end, and acts alike
         whenever it begins. Recensoring: White et al. 1999 Stat Med 18:2617 (recalled). The test of the arms is that as
         randomised, so the interval of the ratio keeps its z: the error is |log ratio / z|.
Does not Hold where cells after progression work otherwise than at first: then it is biased, and nothing in the data says so.
Checked  tests/reference/trial_randomised/test_crossover.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.cox import HazardRatio, cox
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight, log_rank
from vein2vein.programme.trial.randomised.refuse import between_0_and_1, refuse_data, refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Floats

_STEPS: Final = 121
_HALVINGS: Final = 40


@dataclass(frozen=True)
class Untreated:
    """What the model says.

    Args:
        psi: Logarithm of the factor by which a month on treatment counts less than a month off it; below 0 is benefit.
        psi_interval: Its interval, from the test; infinite ends where the test does not exclude the end of the search.
        roots: All values of psi at which the test finds no difference; several say that data and model are at odds.
        ratio: Hazard ratio, experimental as observed to control as untreated, with the error that keeps z as randomised.
        randomised: Hazard ratio as randomised.
        sample: Experimental as observed, control as untreated.
    """

    psi: float
    psi_interval: tuple[float, float]
    roots: tuple[float, ...]
    ratio: HazardRatio
    randomised: HazardRatio
    sample: Sample


def untreated_times(data: Crossed, psi: float, *, recensor: bool = True) -> Sample:
    """All patients as they would have been without treatment.

    Args:
        data: The trial.
        psi: The effect.
        recensor: Whether everybody whose treatment could vary is followed only as long as any treatment would have allowed.
    """
    sample = data.sample
    begins = np.where(sample.arm == 1, 0.0, np.minimum(data.crossover, sample.time))
    time = begins + math.exp(psi) * (sample.time - begins)
    event = sample.event.copy()
    if recensor:
        # an arm in which everybody has the same treatment all the time needs no recensoring
        varies = (sample.arm == 0) & bool(data.crossed.any())
        least = np.where(varies, data.follow_up * min(1.0, math.exp(psi)), np.inf)
        event = np.where(time > least, 0, event)
        time = np.minimum(time, least)
    return Sample.of(time, event, sample.arm)


def rpsft(
    data: Crossed,
    *,
    weight: Weight = LOG_RANK,
    recensor: bool = True,
    reach: float = 3.0,
    level: float = 0.95,
) -> Untreated:
    """The effect on time, and the hazard ratio without crossover.

    Args:
        data: The trial.
        weight: Weight of the log-rank test that finds psi.
        recensor: Whether follow-up is cut where treatment could have shortened it.
        reach: psi is sought from `-reach` to `reach`.
        level: Of the interval of psi.

    Raises:
        TrialError: TRIAL-002 for a reach that is not above 0, TRIAL-040 where no psi within reach makes the arms alike.
    """
    if not 0 < reach <= 10:  # noqa: PLR2004
        refuse_parameter(f"a reach of {reach:g}", "a number above 0, at most 10")
    beyond = float(norm.isf((1 - between_0_and_1("a level of", level)) / 2))
    grid = np.linspace(-reach, reach, _STEPS)

    def z(psi: float) -> float:
        return log_rank(untreated_times(data, psi, recensor=recensor), weight).z

    values = np.array([z(float(psi)) for psi in grid])
    roots = _crossings(z, grid, values, 0.0)
    if not roots:
        refuse_data(
            f"no effect from {-reach:g} to {reach:g} that makes the arms alike", "a wider reach, or more events"
        )
    psi = roots[len(roots) // 2]
    # z rises with psi: the more a treatment is believed to harm, the longer its arm would have lived untreated
    low, high = (_crossings(z, grid, values, end) for end in (-beyond, beyond))
    interval = (low[0] if low else -math.inf, high[-1] if high else math.inf)
    return _estimated(data, psi, (interval, tuple(roots)), recensor=recensor)


def _estimated(
    data: Crossed, psi: float, told: tuple[tuple[float, float], tuple[float, ...]], *, recensor: bool
) -> Untreated:
    control, sample = data.sample.arm == 0, data.sample
    off = untreated_times(data, psi, recensor=recensor)
    joined = Sample.of(np.where(control, off.time, sample.time), np.where(control, off.event, sample.event), sample.arm)
    randomised, ratio = cox(sample), cox(joined)
    z = log_rank(sample).z
    error = abs(ratio.log / z) if z != 0 else math.inf
    return Untreated(psi, told[0], told[1], HazardRatio(ratio.log, error, ratio.ties), randomised, joined)


def _crossings(z: Callable[[float], float], grid: Floats, values: Floats, goal: float) -> list[float]:
    """Where a step function crosses a goal: the middle of the step, or of the flat part that has the goal itself."""
    above = np.sign(values - goal)
    found = [_halved(z, (float(grid[k]), float(grid[k + 1])), goal) for k in np.flatnonzero(above[:-1] * above[1:] < 0)]
    flat = np.flatnonzero(above == 0)
    runs = np.split(flat, np.flatnonzero(np.diff(flat) > 1) + 1) if len(flat) else []
    return sorted([*found, *(float(grid[run].mean()) for run in runs)])


def _halved(z: Callable[[float], float], ends: tuple[float, float], goal: float) -> float:
    low, high = ends
    sign = np.sign(z(low) - goal)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        here = np.sign(z(middle) - goal)
        if here == 0:
            return middle
        low, high = (middle, high) if here == sign else (low, middle)
    return (low + high) / 2
