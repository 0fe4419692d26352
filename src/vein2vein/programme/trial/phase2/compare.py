"""Treated against weighted controls: responses, survival at a time, and the hazard ratio.

Place    Programme, trial, phase II. Stands after `propensity` and `waiting`.
In       Outcomes of both groups with weights; rows of one patient share a number.
Out      Differences and a hazard ratio with standard errors that know that weighted rows of one patient are one patient.
Knows    Weighted Kaplan-Meier: Xie & Liu 2005 Stat Med 24:3089. Weighted Cox regression with the robust variance of Lin & Wei
         1989 JASA 84:1074; ties as in Breslow 1974. Weights are taken as known, which for propensity weights is a little too wide
         (Lunceford & Davidian 2004 Stat Med 23:2937).
Checked  tests/unit/programme/trial/phase2/test_compare.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from vein2vein.programme.trial.phase2.refuse import not_empty, numbers, refuse_control
from vein2vein.programme.trial.words import Bools, Floats, Ints

_STEPS: Final = 50
_FAR: Final = 20.0  # a log hazard ratio beyond it has no end


@dataclass(frozen=True)
class Estimate:
    """An estimate, its standard error, and an interval at 95 %.

    Attributes:
        value: A difference of proportions, or a hazard ratio.
        error: Standard error; of the logarithm for a ratio.
        low: Lower end.
        high: Upper end.
    """

    value: float
    error: float
    low: float
    high: float


def response_difference(response: npt.ArrayLike, treated: npt.ArrayLike, weight: npt.ArrayLike) -> Estimate:
    """Responses of the treated minus those of the controls, weighted within each group.

    Raises:
        TrialError: TRIAL-062 for lengths that differ, values other than 0 and 1, or a group without weight.
    """
    y, group, w = _columns(response, treated, weight)
    value, variance = 0.0, 0.0
    for sign, mine in ((1, group), (-1, ~group)):
        share = w[mine] / w[mine].sum()
        mean = float(share @ y[mine])
        value += sign * mean
        variance += float((share**2) @ (y[mine] - mean) ** 2)
    error = math.sqrt(variance)
    z = float(norm.isf(0.025))
    return Estimate(value, error, value - z * error, value + z * error)


def survival(time: npt.ArrayLike, event: npt.ArrayLike, weight: npt.ArrayLike, at: float) -> float:
    """The weighted Kaplan-Meier estimate at a time (events at that time included); nan after the last follow-up without event.

    Raises:
        TrialError: TRIAL-062 for impossible data.
    """
    t, d, w = numbers("survival times", time), np.asarray(event).astype(bool), numbers("weights", weight)
    not_empty("survival times", t, d, w)
    if not (w >= 0).all() or w.sum() <= 0 or not at >= 0:
        refuse_control("weights that are missing, negative or all 0, or a time below 0", "weights and a time from 0")
    times, place = np.unique(t, return_inverse=True)
    risk = np.bincount(place, weights=w)[::-1].cumsum()[::-1]
    ends = np.bincount(place, weights=w * d)
    steps = 1 - ends / np.where(risk > 0, risk, 1.0)
    left = float(np.prod(steps[times <= at]))
    return left if at <= float(t.max()) or left == 0.0 else math.nan


def hazard_ratio(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    patient: npt.ArrayLike | None = None,
) -> Estimate:
    """The hazard of the treated over that of the controls, by weighted Cox regression.

    Args:
        time: Follow-up of each row.
        event: 1 for the event, 0 for censored.
        treated: 1 for treated, 0 for control.
        weight: Weight of each row; 1 by default.
        patient: Number of the patient of each row; a row is a patient by default.

    Raises:
        TrialError: TRIAL-062 for impossible data, or where a group without events has no finite ratio.
    """
    t, d = numbers("survival times", time), np.asarray(event)
    w = np.ones(len(t)) if weight is None else np.asarray(weight, np.float64)
    ended, group, w = _columns(d, treated, w)
    not_empty("survival times", t, ended, w)
    if min(float((w * ended)[group].sum()), float((w * ended)[~group].sum())) <= 0:
        refuse_control("a group without an event", "events in both groups", "compare survival at a time instead")
    who = np.arange(len(t)) if patient is None else np.asarray(patient)
    if who.shape != t.shape:
        refuse_control(f"{who.size} numbers of patients for {len(t)} rows", "one for each row")
    data = _Rows(t, ended > 0, group.astype(np.float64), w)
    beta = 0.0
    for _ in range(_STEPS):
        slope, curve = data.slope(beta) if abs(beta) <= _FAR else (0.0, 0.0)
        if curve <= 1e-12 * float(w @ ended):
            refuse_control(
                "events in one group only while both were at risk",
                "events of both groups while both are at risk",
                "compare survival at a time instead",
            )
        beta += slope / curve
        if abs(slope / curve) < 1e-10:  # noqa: PLR2004  (of a log hazard ratio)
            break
    influence = data.influence(beta) / data.slope(beta)[1]
    number = np.unique(who, return_inverse=True)[1]
    error = math.sqrt(float((np.bincount(number, weights=influence) ** 2).sum()))
    z = float(norm.isf(0.025))
    return Estimate(math.exp(beta), error, math.exp(beta - z * error), math.exp(beta + z * error))


@dataclass(frozen=True)
class _Rows:
    time: Floats
    event: Bools
    x: Floats
    w: Floats

    def _at_risk(self, beta: float) -> tuple[Ints, Floats, Floats]:
        """At each row's time, the weighted hazard at risk, and the part of it that is treated."""
        hazard = self.w * np.exp(beta * self.x)
        order = np.argsort(-self.time, kind="stable")
        last = np.searchsorted(-self.time[order], -self.time, side="right") - 1
        return order, np.cumsum(hazard[order])[last], np.cumsum((hazard * self.x)[order])[last]

    def slope(self, beta: float) -> tuple[float, float]:
        """Slope of the log partial likelihood, and its curvature with the sign changed."""
        _, risk, treated = self._at_risk(beta)
        share = np.divide(treated, risk, out=np.zeros_like(risk), where=risk > 0)  # nobody at risk has any weight
        d = self.w * self.event
        return float(d @ (self.x - share)), float(d @ (share * (1 - share)))

    def influence(self, beta: float) -> Floats:
        """The weighted score residual of each row."""
        _, risk, treated = self._at_risk(beta)
        share = np.divide(treated, risk, out=np.zeros_like(risk), where=risk > 0)
        order = np.argsort(self.time, kind="stable")
        until = np.searchsorted(self.time[order], self.time, side="right") - 1
        jump = np.divide(self.w, risk, out=np.zeros_like(risk), where=self.event & (risk > 0))
        total, with_share = np.cumsum(jump[order])[until], np.cumsum((jump * share)[order])[until]
        own = np.where(self.event, self.x - share, 0.0)
        found: Floats = self.w * (own - np.exp(beta * self.x) * (self.x * total - with_share))
        return found


def _columns(value: npt.ArrayLike, treated: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Floats, Bools, Floats]:
    y, group, w = np.asarray(value), np.asarray(treated), np.asarray(weight, np.float64)
    if not len(y) == len(group) == len(w):
        refuse_control(f"{len(y)} outcomes, {len(group)} groups and {len(w)} weights", "one of each per row")
    if not (np.isin(y, [0, 1]).all() and np.isin(group, [0, 1]).all()):
        refuse_control("an outcome or a group other than 0 and 1", "0 or 1")
    if not np.isfinite(w).all() or (w < 0).any():
        refuse_control("a weight that is missing or negative", "weights from 0")
    mine = group.astype(bool)
    if w[mine].sum() <= 0 or w[~mine].sum() <= 0:
        refuse_control("a group without weight", "weight in both groups")
    return y.astype(np.float64), mine, w
