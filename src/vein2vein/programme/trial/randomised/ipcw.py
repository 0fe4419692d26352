"""Survival without crossover by weights: those who did not cross over stand for those who did.

Place    Programme, trial, randomised.
In       `Crossed`, with the covariates that crossover depends on.
Out      A weighted hazard ratio with a robust error, the largest weight, the model of crossover.
Knows    Robins & Finkelstein 2000 Biometrics 56:779 (recalled). Follow-up of a control patient ends at crossover; until then it
         counts with one over the chance of not having crossed over so far, from a Cox model (Breslow) of the time from
         eligibility to crossover. Right where nothing else than eligibility, the time since and the covariates tells both
         crossover and survival, and where everybody could have stayed. The error is that of Lin & Wei 1989 J Am Stat Assoc
         84:1074 (recalled), with the weights taken as known. Covariates do not change over time here, apart from eligibility.
Checked  tests/reference/trial_randomised/test_crossover.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.randomised.cox import HazardRatio
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.refuse import refuse_data
from vein2vein.programme.trial.words import Bools, Floats

_STEPS: Final = 60
_SMALL: Final = 1e-10


@dataclass(frozen=True)
class Weighted:
    """What the weights say.

    Args:
        ratio: Weighted hazard ratio, experimental to control, with the robust error.
        coefficients: Log hazard ratios of crossover, one for each covariate.
        largest: Largest weight at a death or at crossover; many times the usual says that hardly anybody stayed.
    """

    ratio: HazardRatio
    coefficients: tuple[float, ...]
    largest: float


def ipcw(data: Crossed) -> Weighted:
    """The hazard ratio without crossover.

    Raises:
        TrialError: TRIAL-040 where all who could have crossed over did so at some time while others still lived, where covariates
            tell crossover completely, or where one arm has no event.
    """
    model = _Crossing.of(data)
    end = data.ended_at_crossover()
    deaths = np.unique(end.time[end.event == 1])
    if not len(deaths):
        refuse_data("no event", "at least one in each arm")
    weight = model.weights(data, deaths)
    at_risk = end.time[:, None] >= deaths
    weight = np.where(at_risk, weight, 0.0)
    died = (end.event == 1)[:, None] & (end.time[:, None] == deaths)
    log = _maximum(weight, died, end.arm == 1)
    error = _robust(weight, died, end.arm == 1, log)
    return Weighted(HazardRatio(log, error, "breslow"), tuple(model.coefficients), float(weight.max()))


@dataclass(frozen=True)
class _Crossing:
    """The hazard of crossover since eligibility.

    Args:
        coefficients: One for each covariate.
        times: Times since eligibility at which somebody crossed over.
        steps: Steps of the cumulative hazard at covariates of 0.
    """

    coefficients: Floats
    times: Floats
    steps: Floats

    @classmethod
    def of(cls, data: Crossed) -> _Crossing:
        """The model, fitted to the control patients who became eligible."""
        control = (data.sample.arm == 0) & (data.eligible <= data.sample.time)
        since = (np.minimum(data.sample.time, data.crossover) - data.eligible)[control]
        crossed, z = data.crossed[control], data.covariates[control]
        times = np.unique(since[crossed])
        count = z.shape[1]
        if not len(times):
            return cls(np.zeros(count), times, np.zeros(0))
        at_risk = since[:, None] >= times
        events = (crossed[:, None] & (since[:, None] == times)).sum(axis=0)
        found = _cox_of(z, at_risk, (crossed, events)) if count else np.zeros(0)
        risk = at_risk * np.exp(z @ found)[:, None]
        return cls(found, times, events / risk.sum(axis=0))

    def weights(self, data: Crossed, at: Floats) -> Floats:
        """One over the chance of not having crossed over just before each time, shape (patients, times)."""
        control = data.sample.arm == 0
        since = np.where(control[:, None], at - data.eligible[:, None], -1.0)
        reached = np.concatenate([[0.0], np.cumsum(self.steps)])
        hazard = reached[np.searchsorted(self.times, since, side="left")]
        risk = np.exp(data.covariates @ self.coefficients)
        found: Floats = np.exp(hazard * risk[:, None])
        return found


def _cox_of(z: Floats, at_risk: Bools, told: tuple[Bools, Floats]) -> Floats:
    """Coefficients by Newton's method on the partial likelihood (Breslow)."""
    crossed, events = told
    found = np.zeros(z.shape[1])
    for _ in range(_STEPS):
        risk = at_risk * np.exp(z @ found)[:, None]
        total = risk.sum(axis=0)
        mean = risk.T @ z / total[:, None]
        score = z[crossed].sum(axis=0) - events @ mean
        square = np.einsum("it,ij,ik->tjk", risk, z, z) / total[:, None, None]
        curve = np.einsum("t,tjk->jk", events, square - mean[:, :, None] * mean[:, None, :])
        if np.linalg.cond(curve) > 1 / _SMALL or np.abs(found).max() > 50:  # noqa: PLR2004
            refuse_data("covariates that tell crossover completely, or each other", "covariates that overlap")
        step = np.linalg.solve(curve, score)
        found = found + step * min(1.0, 2.0 / max(np.abs(step).max(), _SMALL))
        if np.abs(step).max() < _SMALL:
            break
    return found


def _sums(weight: Floats, died: Bools, experimental: Bools, log: float) -> tuple[Floats, Floats, Floats]:
    """Weighted events, weighted risk, and share of the experimental arm in it, at each time."""
    risk = weight * np.where(experimental, math.exp(log), 1.0)[:, None]
    total = risk.sum(axis=0)
    return (weight * died).sum(axis=0), total, risk[experimental].sum(axis=0) / total


def _maximum(weight: Floats, died: Bools, experimental: Bools) -> float:
    log = 0.0
    of_experimental = float((weight * died)[experimental].sum())
    for _ in range(_STEPS):
        events, _total, share = _sums(weight, died, experimental, log)
        curve = float((events * share * (1 - share)).sum())
        if curve <= _SMALL or abs(log) > 20:  # noqa: PLR2004
            refuse_data("events in one arm only while both were at risk", "events in both")
        step = (of_experimental - float((events * share).sum())) / curve
        log += min(max(step, -2.0), 2.0)
        if abs(step) < _SMALL:
            break
    return log


def _robust(weight: Floats, died: Bools, experimental: Bools, log: float) -> float:
    """Error from the influence of each patient."""
    events, total, share = _sums(weight, died, experimental, log)
    curve = float((events * share * (1 - share)).sum())
    away = experimental[:, None] - share
    risk = weight * np.where(experimental, math.exp(log), 1.0)[:, None]
    influence = (away * (weight * died - risk * events / total)).sum(axis=1)
    return math.sqrt(float((influence**2).sum())) / curve
