"""Kaplan-Meier curves with numbers at risk; restricted means and milestones.

Place    Programme, trial, randomised. Read by reports.
In       Times and events of an arm; a sample.
Out      Survival, Greenwood errors, medians with intervals, numbers at risk; differences of restricted means and milestones.
Knows    Kaplan & Meier 1958; Greenwood 1926; intervals on the log-log scale, medians by Brookmeyer & Crowley 1982 Biometrics
         38:29; restricted mean Royston & Parmar 2013 BMC Med Res Methodol 13:152, variance Klein & Moeschberger 2003.
Does not Extrapolate: a restricted mean beyond the last follow-up of an arm is refused.
Checked  tests/unit/programme/trial/randomised/test_statistics.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from vein2vein.programme.trial.randomised.refuse import between_0_and_1, positive, refuse_data
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Floats, Ints


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve.

    Args:
        time: Distinct times with an event.
        survival: Share without event from each time on.
        greenwood: Sum of d / (n (n - d)) up to each time; infinite once all have had the event.
        events: Events at each time.
        at_risk: Patients at risk just before each time.
        observed: All times of the arm, in order.
    """

    time: Floats
    survival: Floats
    greenwood: Floats
    events: Ints
    at_risk: Ints
    observed: Floats

    @classmethod
    def of(cls, time: Floats, event: Ints) -> Curve:
        """The curve of one arm."""
        if not len(time):
            refuse_data("no patients", "at least one")
        ordered, died = np.sort(time), np.sort(time[event == 1])
        at = np.unique(died)
        n = len(time) - np.searchsorted(ordered, at, side="left")
        d = np.searchsorted(died, at, side="right") - np.searchsorted(died, at, side="left")
        with np.errstate(divide="ignore"):
            greenwood: Floats = np.cumsum(d / (n * (n - d)), dtype=np.float64)
        survival: Floats = np.cumprod(1 - d / n, dtype=np.float64)
        return cls(at, survival, greenwood, d, n, ordered)

    def number_at_risk(self, months: npt.ArrayLike) -> Ints:
        """Patients still followed without event just before each month."""
        found: Ints = len(self.observed) - np.searchsorted(self.observed, np.asarray(months, dtype=float), side="left")
        return found

    def survival_at(self, months: npt.ArrayLike) -> Floats:
        """Share without event at each month, the events of that month counted; NaN beyond the last follow-up, unless 0."""
        months = np.asarray(months, dtype=float)
        found = self._step(np.concatenate([[1.0], self.survival]), months)
        return np.where((months > self.observed[-1]) & (found > 0), np.nan, found)

    def error_at(self, months: npt.ArrayLike) -> Floats:
        """Greenwood standard error of `survival_at`; 0 before the first event and once all have had it."""
        months = np.asarray(months, dtype=float)
        survival = self.survival_at(months)
        spread = self._step(np.concatenate([[0.0], self.greenwood]), months)
        found: Floats = survival * np.sqrt(np.where(survival > 0, spread, 0.0))
        return found

    def interval_at(self, months: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
        """Confidence interval of survival on the log-log scale; NaN where survival is 0 or 1."""
        months = np.asarray(months, dtype=float)
        survival = self.survival_at(months)
        inside = (survival > 0) & (survival < 1)
        log = np.log(np.where(inside, survival, 0.5))
        spread = np.where(inside, self._step(np.concatenate([[0.0], self.greenwood]), months), 0.0)
        reach = float(norm.isf((1 - between_0_and_1("a level of", level)) / 2)) * np.sqrt(spread) / np.abs(log)
        low, high = np.exp(log * np.exp(reach)), np.exp(log * np.exp(-reach))
        return np.where(inside, low, np.nan), np.where(inside, high, np.nan)

    def median(self, level: float = 0.95) -> tuple[float, float, float]:
        """Median with the lower and upper end of its interval; infinite where it is not reached."""
        low, high = self.interval_at(self.time, level)
        gone = self.survival <= 0
        low, high = np.where(gone, 0.0, low), np.where(gone & np.isnan(high), 0.0, high)
        return self._first(self.survival), self._first(low), self._first(high)

    def _first(self, values: Floats) -> float:
        below = np.flatnonzero(values <= 0.5 + 1e-12)
        return float(self.time[below[0]]) if len(below) else math.inf

    def _step(self, values: Floats, months: Floats) -> Floats:
        found: Floats = values[np.searchsorted(self.time, months, side="right")]
        return found

    def restricted_mean(self, tau: float) -> tuple[float, float]:
        """Mean time without event up to tau, and its standard error.

        Raises:
            TrialError: TRIAL-040 when tau is beyond the last follow-up and the curve has not reached 0.
        """
        positive("tau", tau)
        if np.isnan(self.survival_at(tau)):
            refuse_data(f"tau {tau:g} beyond the last follow-up at {self.observed[-1]:g}", "a tau within follow-up")
        inside = self.time < tau
        edges = np.concatenate([[0.0], self.time[inside], [tau]])
        steps = np.concatenate([[1.0], self.survival[inside]])
        areas = np.diff(edges) * steps
        after = np.cumsum(areas[::-1])[::-1][1:]  # area from each event time to tau
        n, d = self.at_risk[inside], self.events[inside]
        some = n > d
        variance = float(np.sum((after**2 * d)[some] / (n * (n - d))[some]))
        return float(areas.sum()), math.sqrt(variance)


@dataclass(frozen=True)
class Difference:
    """Experimental less control.

    Args:
        value: The difference; above 0 favours the experimental arm.
        error: Its standard error.
        control: Value of the control arm.
        experimental: Value of the experimental arm.
    """

    value: float
    error: float
    control: float
    experimental: float

    @property
    def z(self) -> float:
        """The difference in standard errors; 0 when there is no difference, however small the error."""
        if self.error == 0:
            return 0.0 if self.value == 0 else math.copysign(math.inf, self.value)
        return self.value / self.error

    @property
    def one_sided(self) -> float:
        """Chance of a z as large, under no effect."""
        return float(norm.sf(self.z))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the difference (Wald)."""
        reach = float(norm.isf((1 - between_0_and_1("a level of", level)) / 2)) * self.error
        return self.value - reach, self.value + reach


def restricted_mean_difference(sample: Sample, tau: float) -> Difference:
    """Difference of the restricted mean times up to tau."""
    (control, e0), (experimental, e1) = (Curve.of(*sample.of_arm(arm)).restricted_mean(tau) for arm in (0, 1))
    return Difference(experimental - control, math.hypot(e0, e1), control, experimental)


def milestone_difference(sample: Sample, month: float) -> Difference:
    """Difference of survival at a month.

    Raises:
        TrialError: TRIAL-040 when the month is beyond the last follow-up of an arm.
    """
    positive("a milestone at month", month)
    curves = [Curve.of(*sample.of_arm(arm)) for arm in (0, 1)]
    control, experimental = (float(curve.survival_at(month)) for curve in curves)
    if math.isnan(control + experimental):
        refuse_data(
            f"a milestone at month {month:g} beyond the last follow-up of an arm", "a month within follow-up of both"
        )
    errors = [float(curve.error_at(month)) for curve in curves]
    return Difference(experimental - control, math.hypot(*errors), control, experimental)
