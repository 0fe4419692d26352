"""Group sequential plans: bounds, power, expected size, and what to expect at a look.

Place    Programme, trial, randomised. Read by `simulate` and by reports.
In       Looks, errors, a spending function (or a classical family), futility or none.
Out      `Plan`, with bounds on the z scale, the drift that gives the wanted power, and conditional and predictive power.
Knows    The drift is the mean of z at full information: for a log-rank test log(1 / HR) sqrt(events p (1 - p)).
         Binding futility lowers the upper bounds and is valid only if it is obeyed; non-binding leaves them alone.
         Wang & Tsiatis 1987 Biometrics 43:193 (0 is O'Brien-Fleming 1979, 0.5 is Pocock 1977); beta spending as in Pampallona,
         Tsiatis & Kim 2001 Drug Inf J 35:1113; conditional power Lan, Simon & Halperin 1982; predictive power Spiegelhalter,
         Freedman & Blackburn 1986 Control Clin Trials 7:8.
Checked  tests/reference/trial_randomised/test_group_sequential.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from vein2vein.programme.trial.randomised.boundaries import Crossing, Running, crossing, lower_for, upper_for
from vein2vein.programme.trial.randomised.refuse import between_0_and_1, refuse_parameter
from vein2vein.programme.trial.randomised.spending import Spending, fractions
from vein2vein.programme.trial.words import Floats

Sides = Literal[1, 2]
_LARGEST_DRIFT: Final = 20.0
_HALF: Final = 0.5
_BOTH: Final = 2


@dataclass(frozen=True)
class Plan:
    """Bounds of a group sequential test.

    Args:
        t: Information fractions of the looks; the last is 1.
        upper: Upper bounds on the z scale; crossed when z is at the bound or above.
        lower: Lower bounds: futility of a one-sided test (crossed when z is below), or minus the upper of a two-sided one.
        alpha: The error that is spent under no effect, both sides together for a two-sided test.
        sides: 1 or 2.
        drift: Mean of z at information 1 for which the plan has its power; None where no power was asked for.
        binding: Whether the upper bounds count on futility being obeyed.
    """

    t: Floats
    upper: Floats
    lower: Floats
    alpha: float
    sides: Sides = 1
    drift: float | None = None
    binding: bool = False

    def crossing(self, drift: float) -> Crossing:
        """Chance to cross each bound first at each look."""
        return crossing(self.t, self.upper, self.lower, drift)

    def power(self, drift: float) -> float:
        """Chance to cross the upper bound at some look (the right side of a two-sided test)."""
        return float(self.crossing(drift).upper.sum())

    def error(self) -> float:
        """Chance to reject under no effect; without the lower bounds where futility is not binding."""
        if self.sides == _BOTH:
            return float(self.crossing(0.0).stops.sum())
        lower = self.lower if self.binding else np.full(len(self.t), -np.inf)
        return float(crossing(self.t, self.upper, lower, 0.0).upper.sum())

    def expected_information(self, drift: float) -> float:
        """Information fraction at which the trial ends, on average."""
        stops = self.crossing(drift).stops
        stops[-1] = 1 - stops[:-1].sum()
        return float(stops @ self.t)

    def inflation(self, power: float) -> float:
        """Largest information in relation to a test with one look, for the same power."""
        single = norm.isf(self.alpha / self.sides) + norm.ppf(between_0_and_1("power", power))
        return float((self.drift_for(power) / single) ** 2)

    def drift_for(self, power: float) -> float:
        """The drift for which the plan rejects with this chance."""
        between_0_and_1("power", power)
        return float(brentq(lambda drift: self.power(drift) - power, -_LARGEST_DRIFT / 4, _LARGEST_DRIFT, xtol=1e-12))

    def nominal_p(self) -> Floats:
        """One-sided p value at each upper bound."""
        found: Floats = norm.sf(self.upper)
        return found

    def hazard_ratio_at_bounds(self, events: int, share: float = 0.5) -> tuple[Floats, Floats]:
        """Hazard ratio at the upper and at the lower bounds, for a log-rank test with so many events at the end.

        Args:
            events: Events at information 1.
            share: Part of the patients in the experimental arm.
        """
        root = np.sqrt(events * self.t * between_0_and_1("share", share) * (1 - share))
        return np.exp(-self.upper / root), np.exp(-self.lower / root)

    def conditional_power(self, look: int, z: float, drift: float | None = None) -> float:
        """Chance to cross the upper bound later, given z at a look.

        Args:
            look: The look that has been made, from 1.
            z: What it showed.
            drift: Assumed mean of z at information 1; None takes the current trend, z / sqrt(t).
        """
        k = self._look(look)
        trend = z / float(np.sqrt(self.t[k])) if drift is None else drift
        return self._later(k, np.array([z]), np.array([trend]))

    def predictive_power(
        self, look: int, z: float, prior: tuple[float, float] | None = None, points: int = 64
    ) -> float:
        """Conditional power averaged over what z at a look leaves open about the drift.

        Args:
            look: The look that has been made, from 1.
            z: What it showed.
            prior: Mean and standard deviation of a normal prior for the drift; None is flat.
            points: Points of Gauss-Hermite quadrature.

        Raises:
            TrialError: TRIAL-002 for the last look or none, and for a standard deviation that is not above 0.
        """
        k = self._look(look)
        precision, mean = float(self.t[k]), z / float(np.sqrt(self.t[k]))
        if prior is not None:
            if prior[1] <= 0:
                refuse_parameter(f"a prior standard deviation of {prior[1]:g}", "a number above 0")
            weight = 1 / prior[1] ** 2
            mean = (mean * precision + prior[0] * weight) / (precision + weight)
            precision += weight
        node, weights = np.polynomial.hermite_e.hermegauss(points)
        drifts = mean + node / np.sqrt(precision)
        chances = [self._later(k, np.array([z]), np.array([d])) for d in drifts]
        return float(np.array(chances) @ weights / weights.sum())

    def _look(self, look: int) -> int:
        if not 1 <= look < len(self.t):
            refuse_parameter(f"look {look}", f"a look from 1 to {len(self.t) - 1}, before the last")
        return look - 1

    def _later(self, k: int, z: Floats, drift: Floats) -> float:
        running = Running(float(self.t[k]), z, np.ones(1))
        found, theta = 0.0, float(drift[0])
        for j in range(k + 1, len(self.t)):
            found += running.above(self.t[j], self.upper[j], theta)
            running = running.after(self.t[j], (self.lower[j], self.upper[j]), theta)
        return found


@dataclass(frozen=True)
class WangTsiatis:
    """The family of bounds C t^(delta - 1/2): delta 0 is O'Brien-Fleming 1979, 0.5 is Pocock 1977.

    Args:
        delta: Shape of the bounds, from -0.5 to 1.

    Raises:
        TrialError: TRIAL-002 for another shape.
    """

    delta: float

    def __post_init__(self) -> None:
        if not -_HALF <= self.delta <= 1:
            refuse_parameter(f"a shape of {self.delta:g}", "a number from -0.5 to 1; 0 is O'Brien-Fleming, 0.5 Pocock")


def classical(looks: int | tuple[float, ...], delta: float, *, alpha: float = 0.05, sides: Sides = 2) -> Plan:
    """Bounds C t^(delta - 1/2) of Wang & Tsiatis; they hold for looks that come as planned.

    Args:
        looks: Number of equally spaced looks, or the information fractions.
        delta: Shape of the bounds, as of `WangTsiatis`.
        alpha: Error to be spent, both sides together for two sides.
        sides: 1 or 2.
    """
    t = fractions(looks)
    between_0_and_1("alpha", alpha)
    shape = t ** (WangTsiatis(delta).delta - _HALF)
    none = np.full(len(t), -np.inf)

    def spent(c: float) -> float:
        both = sides == _BOTH
        found = crossing(t, c * shape, -c * shape if both else none, 0.0)
        return float(found.stops.sum() if both else found.upper.sum()) - alpha

    c = float(brentq(spent, 0.01, 20.0, xtol=1e-12))
    return Plan(t, c * shape, -c * shape if sides == _BOTH else none, alpha, sides)


def spending(
    looks: int | tuple[float, ...],
    rule: Spending,
    *,
    alpha: float = 0.025,
    sides: Sides = 1,
    power: float | None = None,
    spent_at: tuple[float, ...] | None = None,
) -> Plan:
    """Bounds that spend alpha by a spending function, without futility.

    Args:
        looks: Number of equally spaced looks, or the information fractions.
        rule: The spending function, applied to each side.
        alpha: Error to be spent, both sides together for two sides.
        sides: 1 or 2.
        power: Chance to reject that the drift of the plan gives; None for no drift.
        spent_at: Fractions that decide what is spent, such as fractions of events, where they are not those of the information.

    Raises:
        TrialError: TRIAL-002 for looks that do not rise to 1, an alpha outside (0, 1), or `spent_at` of another number.
    """
    t = fractions(looks)
    side = between_0_and_1("alpha", alpha) / sides
    clock = t if spent_at is None else fractions(spent_at)
    if len(clock) != len(t):
        refuse_parameter(f"{len(clock)} fractions to spend at for {len(t)} looks", "one for each look")
    increments = np.diff(rule.spent(clock, side), prepend=0.0)
    running, upper = Running.before_the_first(), np.zeros(len(t))
    for k, at in enumerate(t):
        upper[k] = upper_for(running, at, increments[k])
        running = running.after(at, (-upper[k] if sides == _BOTH else -np.inf, upper[k]), 0.0)
    plan = Plan(t, upper, -upper if sides == _BOTH else np.full(len(t), -np.inf), alpha, sides)
    return plan if power is None else Plan(t, upper, plan.lower, alpha, sides, plan.drift_for(power))


@dataclass(frozen=True)
class Futility:
    """Futility by beta spending: how the chance to miss the planned effect is spent, and whether the bounds bind."""

    rule: Spending
    beta: float = 0.1
    binding: bool = False


def with_futility(
    looks: int | tuple[float, ...], rule: Spending | WangTsiatis, futility: Futility, *, alpha: float = 0.025
) -> Plan:
    """A one-sided plan with upper bounds for efficacy and lower bounds for futility that meet at the last look.

    Args:
        looks: Number of equally spaced looks, or the information fractions.
        rule: Spending function of alpha, or classical bounds, which leave no room for binding futility.
        futility: Spending of beta under the drift of the plan, binding or not.
        alpha: One-sided error to be spent.

    Raises:
        TrialError: TRIAL-002 for classical bounds with binding futility, or errors whose sum is not below 1.
    """
    t = fractions(looks)
    between_0_and_1("alpha", alpha)
    beta = between_0_and_1("beta", futility.beta)
    if alpha + beta >= 1:
        refuse_parameter(f"alpha {alpha:g} and beta {beta:g}", "a sum below 1")
    spend = np.zeros(len(t)), np.diff(futility.rule.spent(t, beta), prepend=0.0)
    fixed = None
    if isinstance(rule, WangTsiatis):
        if futility.binding:
            refuse_parameter(
                "binding futility with classical boundaries", "a spending function, or futility that does not bind"
            )
        fixed = classical(tuple(t), rule.delta, alpha=alpha, sides=1).upper
    elif futility.binding:
        spend = np.diff(rule.spent(t, alpha), prepend=0.0), spend[1]
    else:
        fixed = spending(tuple(t), rule, alpha=alpha).upper

    def gap(drift: float) -> float:
        upper, lower = _meeting(t, spend, drift, fixed)
        return float(upper[-1] - lower[-1])

    single = float(norm.isf(alpha) + norm.isf(beta))
    drift = float(brentq(gap, single * 0.9, single * 3, xtol=1e-10))
    upper, lower = _meeting(t, spend, drift, fixed)
    lower[-1] = upper[-1]
    return Plan(t, upper, lower, alpha, 1, drift, futility.binding)


def _meeting(t: Floats, spend: tuple[Floats, Floats], drift: float, fixed: Floats | None) -> tuple[Floats, Floats]:
    """Upper and lower bounds for one drift; at the right drift they meet at the last look."""
    upper, lower = np.zeros(len(t)), np.zeros(len(t))
    null = effect = Running.before_the_first()
    for k, at in enumerate(t):
        upper[k] = upper_for(null, at, spend[0][k]) if fixed is None else fixed[k]
        lower[k] = lower_for(effect, at, spend[1][k], drift)
        if k + 1 < len(t):
            if lower[k] >= upper[k]:  # no room left between the bounds: the drift is too large
                upper[k:], lower[k:] = upper[k], lower[k]
                break
            null = null.after(at, (lower[k], upper[k]), 0.0)
            effect = effect.after(at, (lower[k], upper[k]), drift)
    return upper, lower
