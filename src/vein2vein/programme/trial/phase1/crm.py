"""CRM: the continual reassessment method with one parameter, empiric or logistic.

Place    Programme, trial, phase I.
Source   O'Quigley J, Pepe M, Fisher L. Biometrics 1990;46:33. Skeleton: Lee SM, Cheung YK. Clin Trials 2009;6:227
         (doi 10.1177/1740774509105076). Restrictions as in the program dfcrm 0.2-2.1.
Knows    Two estimates are in use and give different numbers from the same data: "plug-in" puts the posterior mean of the
         parameter into the curve (dfcrm), "averaged" averages the curve over the posterior (trialr). Both are here by name.
         The posterior is integrated on even points over the whole prior, close enough for the data of the batch: for smooth
         curves that is exact to many digits, and one matrix product serves all states.
Checked  tests/reference/trial_phase1/test_crm.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import exp, log
from typing import Final, Literal, Protocol

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_expit

from vein2vein.programme.trial.phase1.common import check_cutoff, check_target, refuse, told
from vein2vein.programme.trial.phase1.quadrature import distinct, normalised, share_below
from vein2vein.programme.trial.words import (
    NONE,
    AnyStop,
    Bools,
    CohortRule,
    Design,
    EnoughAtDose,
    Floats,
    Ints,
    Parameter,
    States,
)

PAPER: Final = "O'Quigley, Pepe and Fisher 1990"
STOP: Final = "ours, with the cut-off and the three patients of BOIN, doi 10.1111/rssc.12089; published without a stop"
SKELETON: Final = "Lee and Cheung 2009, doi 10.1177/1740774509105076"
Estimate = Literal["plug-in", "averaged"]
_ROWS: Final = 4096
_FAR: Final = 12.0
_ROUNDING: Final = 1e-9
_LISTED: Final = 100  # patients up to which it is listed once which numbers of toxicities could stop a trial at all
# The most that one patient can tell about the parameter of each curve (its Fisher information), so that points lie no wider
# apart than the narrowest posterior: the error of the sum over even points is then below 1e-8.
_INFORMATION: Final = {"empiric": 0.65, "logistic": 3.2}


class Prior(Protocol):
    """A prior density of the one parameter."""

    def points(self, step: float) -> tuple[Floats, Floats]:
        """Even points over the prior and the logarithm of their weights."""


@dataclass(frozen=True)
class NormalPrior:
    """A normal prior with mean 0.

    Raises:
        TrialError: TRIAL-002 for a variance that is not above 0.
    """

    variance: float = 1.34

    def __post_init__(self) -> None:
        if not 0 < self.variance < np.inf:
            refuse(f"prior variance {self.variance:g}", "a number above 0", "write such as 1.34")

    def points(self, step: float) -> tuple[Floats, Floats]:
        """Points to seven standard deviations to either side."""
        reach = 7 * self.variance**0.5
        count = int(2 * reach / step) + 2
        a = np.linspace(-reach, reach, count)
        return a, -(a**2) / (2 * self.variance)


@dataclass(frozen=True)
class ExponentialPrior:
    """The slope exp(a) has an exponential distribution with mean 1; in the logarithm a its density is exp(a - exp(a))."""

    def points(self, step: float) -> tuple[Floats, Floats]:
        """Points of a, from a slope of 1e-16 to one of 40."""
        a = np.linspace(-37.0, 3.7, int(40.7 / step) + 2)
        return a, a - np.exp(a)


@dataclass(frozen=True)
class Curve:
    """The toxicity rate at each dose as a function of the parameter.

    Args:
        skeleton: Prior guesses of the toxicity rates, rising.
        kind: "empiric" for skeleton ** exp(a), "logistic" for expit(intercept + exp(a) x) with x fitted to the skeleton.
        intercept: Intercept of the logistic curve.
    """

    skeleton: tuple[float, ...]
    kind: Literal["empiric", "logistic"] = "empiric"
    intercept: float = 3.0

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in pairwise(self.skeleton))
        if not self.skeleton or not rising or not 0 < self.skeleton[0] <= self.skeleton[-1] < 1:
            refuse(
                f"skeleton {list(self.skeleton)}",
                "rates between 0 and 1 that rise",
                "guess a higher rate for a higher dose",
            )
        if self.kind not in {"empiric", "logistic"}:
            refuse(f"curve {self.kind!r}", '"empiric" or "logistic"', "choose one of the two")

    def rates(self, a: Floats) -> Floats:
        """Rates for parameters of any shape, with a last axis of doses."""
        return np.exp(self.logs(a)[0])

    def logs(self, a: Floats) -> tuple[Floats, Floats]:
        """Logarithms of the rate and of one minus the rate, with a last axis of doses."""
        slope = np.exp(a)[..., None]
        skeleton = np.array(self.skeleton)
        if self.kind == "empiric":
            toxic: Floats = slope * np.log(skeleton)
            return toxic, np.log(-np.expm1(np.minimum(toxic, -1e-300)))
        line = self.intercept + slope * (np.log(skeleton / (1 - skeleton)) - self.intercept)
        return log_expit(line), log_expit(-line)


@dataclass(frozen=True)
class Model:
    """A curve with a prior.

    Args:
        curve: The curve.
        prior: The prior of its parameter.
    """

    curve: Curve
    prior: Prior = NormalPrior()

    def points(self, n: Ints) -> Floats:
        """The points of the parameter at which `posterior` is told for so many patients."""
        return _grid(self, _step_for(self, n))[0]

    def posterior(
        self, n: Ints, y: Ints, *, without: Ints | None = None, terms: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Points of the parameter, and the posterior weight of each for each row of (n, y).

        Args:
            n: Patients at each dose, shape (rows, doses).
            y: Of these, with a toxicity.
            without: Of these, patients whose outcome is open; they do not count as well.
            terms: Logarithm of what open outcomes contribute at each point, shape (rows, points).
        """
        points, toxic, well, prior = _grid(self, _step_for(self, n))
        fine = n - y if without is None else n - y - without
        weight = np.concatenate([y, fine], axis=1) @ np.concatenate([toxic, well], axis=1).T
        weight += prior
        if terms is not None:
            weight += terms
        return points, normalised(weight)

    def estimates(self, n: Ints, y: Ints, kind: Estimate = "plug-in") -> Floats:
        """Estimated toxicity rates, shape (rows, doses)."""
        found = np.empty(np.shape(n))
        for at in range(0, len(n), _ROWS):
            rows = slice(at, at + _ROWS)
            found[rows] = self.summarised(*self.posterior(n[rows], y[rows]), kind)
        return found

    def summarised(self, points: Floats, weight: Floats, kind: Estimate) -> Floats:
        """Estimated rates from posterior weights."""
        if kind == "averaged":
            return np.asarray(weight @ self.curve.rates(points), np.float64)
        return self.curve.rates(weight @ points)

    def quantiles(self, n: Ints, y: Ints, level: float = 0.5) -> Floats:
        """Posterior quantiles of the rate at each dose, shape (rows, doses)."""
        points, toxic, well, prior = _grid(self, _step_for(self, n) / 8)
        weight = normalised(np.concatenate([y, n - y], axis=1) @ np.concatenate([toxic, well], axis=1).T + prior)
        # A rate falls with a, so its quantile is the curve at the opposite quantile of a.
        below = np.cumsum(weight, axis=1) - weight / 2
        a = np.array([np.interp(1 - level, row, points) for row in below])
        return self.curve.rates(a)

    def chance_closest(self, n: Ints, y: Ints, target: float) -> Floats:
        """Posterior chance that each dose has the rate closest to the target, shape (rows, doses)."""
        points, weight = self.posterior(n, y)
        # Both rates of a pair of neighbours fall with a, so the lower one is closest up to where their mean is the target.
        limits = [self._where_mean_is(target, dose) for dose in range(len(self.curve.skeleton) - 1)]
        below = np.stack([weight @ share_below(points, limit) for limit in limits], axis=1)
        ends = np.zeros((len(weight), 1))
        return np.diff(np.concatenate([ends, below, ends + 1], axis=1), axis=1)

    def chance_above(self, n: Ints, y: Ints, target: float, dose: int) -> Floats:
        """Posterior chance that the rate at a dose is above the target, shape (rows,)."""
        points, weight = self.posterior(n, y)
        limit = brentq(lambda a: float(self.curve.rates(np.array(a))[dose]) - target, -_FAR, _FAR)
        return np.asarray(weight @ share_below(points, limit), np.float64)

    def _where_mean_is(self, target: float, dose: int) -> float:
        def away(a: float) -> float:
            return float(self.curve.rates(np.array(a))[dose : dose + 2].mean()) - target

        return float(brentq(away, -_FAR, _FAR)) if away(-_FAR) > 0 > away(_FAR) else -_FAR


def _step_for(model: Model, n: Ints) -> float:
    """Distance of points that is no wider than the narrowest posterior of so many patients."""
    people = float(np.asarray(n).sum(axis=1).max(initial=0))
    steps = np.ceil(4 * np.log2(max(people, 8.0)))  # few different distances, so that grids are found again
    return float(0.8 / (_INFORMATION[model.curve.kind] * 2 ** (steps / 4)) ** 0.5)


@lru_cache(maxsize=32)
def _grid(model: Model, step: float) -> tuple[Floats, Floats, Floats, Floats]:
    points, prior = model.prior.points(step)
    toxic, well = model.curve.logs(points)
    return points, toxic, well, prior


def skeleton(doses: int, target: float, *, halfwidth: float = 0.05, prior_mtd: int | None = None) -> tuple[float, ...]:
    """The skeleton whose indifference interval around the target is `halfwidth` to either side (Lee and Cheung 2009).

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        halfwidth: Half the width of the indifference interval.
        prior_mtd: Dose, counted from 1, that is guessed to have the target rate; the middle one when None.

    Raises:
        TrialError: TRIAL-002 for an interval that leaves (0, 1) or a dose that is not there.
    """
    check_target(target)
    if not 0 < target - halfwidth < target + halfwidth < 1:
        refuse(f"halfwidth {halfwidth:g} around {target:g}", "an interval within (0, 1)", "choose a smaller halfwidth")
    at = middle_dose(doses) if prior_mtd is None else prior_mtd
    if not 1 <= at <= doses:
        refuse(f"prior guess at dose {at} of {doses}", f"a dose from 1 to {doses}", "choose one of the doses")
    found = {at: target}
    for k in range(at, 1, -1):
        found[k - 1] = exp(log(target - halfwidth) * log(found[k]) / log(target + halfwidth))
    for k in range(at, doses):
        found[k + 1] = exp(log(target + halfwidth) * log(found[k]) / log(target - halfwidth))
    return tuple(found[k] for k in range(1, doses + 1))


def middle_dose(doses: int) -> int:
    """The dose, counted from 1, that a calibrated skeleton takes for the tolerated one where nobody guesses; the lower of two."""
    return (doses + 1) // 2


@dataclass(frozen=True)
class ClosestEstimate:
    """The dose whose estimated rate is closest to the target, with the usual restrictions.

    Args:
        model: Curve and prior.
        target: Target toxicity rate.
        estimate: Which estimate.
        no_skipping: Whether one goes up by one dose at most, counted from the highest dose tried.
        coherent: Whether one does not go up when the rate in the last cohort was at least the target.
    """

    model: Model
    target: float
    estimate: Estimate = "plug-in"
    no_skipping: bool = True
    coherent: bool = True

    def best(self, states: States) -> Ints:
        """The dose with the estimate closest to the target, the lowest of equals."""
        first, group = distinct(np.concatenate([states.n, states.y], axis=1))
        rates = self.model.estimates(states.n[first], states.y[first], self.estimate)
        found: Ints = np.abs(rates - self.target).argmin(axis=1)
        return found[group]

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest is closed."""
        return self.restricted(self.best(states), states, closed)

    def restricted(self, dose: Ints, states: States, closed: Bools) -> Ints:
        """The dose after the restrictions on going up."""
        if self.no_skipping:
            dose = np.minimum(dose, _highest_tried(states) + 1)
        if self.coherent:
            toxic = states.last_y >= self.target * states.last_n - 1e-12
            dose = np.where(toxic, np.minimum(dose, states.at), dose)
        open_doses = states.doses - closed.sum(axis=1)
        found: Ints = np.where(open_doses == 0, NONE, np.minimum(dose, np.maximum(open_doses - 1, 0)))
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The estimates, and each restriction that holds."""
        rates = self.model.estimates(states.n, states.y, self.estimate)
        best, goes = self.best(states), self.next_dose(states, closed)
        return [self.told(*row) for row in zip(rates, best, goes, strict=True)]

    def told(self, rates: Floats, best: int, goes: int) -> str:
        """Estimates of one state in words, the dose closest to the target, and the dose after the restrictions."""
        shown = ", ".join(f"{rate:.3f}" for rate in rates)
        text = f"{self.estimate} estimates {shown}; dose {best + 1} is closest to {self.target:g}"
        if goes not in {best, NONE}:
            text += f"; doses are not skipped, closed or gone up to after toxicity, so dose {goes + 1}"
        return text

    def selected(self, states: States, closed: Bools) -> Ints:
        """The open dose with the estimate closest to the target; untried doses above the highest tried one are left out."""
        dose = np.minimum(self.best(states), _highest_tried(states) + (0 if self.no_skipping else states.doses))
        open_doses = states.doses - closed.sum(axis=1)
        found: Ints = np.where(open_doses == 0, NONE, np.minimum(dose, open_doses - 1))
        return found


def _highest_tried(states: States) -> Ints:
    found: Ints = states.doses - 1 - (states.n > 0)[:, ::-1].argmax(axis=1)
    return found


@dataclass(frozen=True)
class FirstDoseTooToxic:
    """Closes all doses when the posterior chance that the lowest has a rate above the target exceeds a cut-off.

    Args:
        model: Curve and prior.
        target: Target toxicity rate.
        cutoff: Posterior probability.
        least: Fewest patients in all before doses can be closed.

    Raises:
        TrialError: TRIAL-002 for a cut-off that is no probability above 0.
    """

    model: Model
    target: float
    cutoff: float
    least: int = 3

    def __post_init__(self) -> None:
        check_cutoff(self.cutoff)

    def closed(self, states: States) -> Bools:
        """All doses, or none."""
        people, toxic = states.n.sum(axis=1), states.y.sum(axis=1)
        able = people >= self.least
        if people.max(initial=0) <= _LISTED:
            able &= _may_close(self, _LISTED)[people, toxic]
        rows = np.flatnonzero(able)
        shut = np.zeros(len(states), bool)
        if len(rows):
            first, group = distinct(np.concatenate([states.n[rows], states.y[rows]], axis=1))
            over = self.model.chance_above(states.n[rows][first], states.y[rows][first], self.target, 0)
            shut[rows] = (over > self.cutoff)[group]
        return np.repeat(shut[:, None], states.doses, axis=1)


@lru_cache(maxsize=32)
def _may_close(rule: FirstDoseTooToxic, most: int) -> Bools:
    """Whether so many patients (rows) with so many toxicities (columns) can close, whatever their doses.

    With the empiric curve neither a toxicity nor its absence says more for a toxic lowest dose than at that dose itself: the
    slope of its log likelihood in the parameter rises with the dose. So the chance is largest with everybody there.
    """
    found = np.ones((most + 1, most + 1), bool)
    if rule.model.curve.kind != "empiric":
        return found
    n, y = (grid.ravel() for grid in np.meshgrid(np.arange(most + 1), np.arange(most + 1), indexing="ij"))
    able = y <= n
    counts = np.zeros((2, int(able.sum()), len(rule.model.curve.skeleton)), np.int64)
    counts[0, :, 0], counts[1, :, 0] = n[able], y[able]
    over = rule.model.chance_above(counts[0], counts[1], rule.target, 0)
    found[n[able], y[able]] = over > rule.cutoff - _ROUNDING
    return found


def stop_told(too_toxic: float | None) -> Parameter:
    """The stop for a toxic lowest dose with its origin; the default is ours, not that of the papers."""
    usual = too_toxic == 0.95  # noqa: PLR2004
    return Parameter(too_toxic, "default" if usual else "set", STOP if usual else None)


def crm(  # noqa: PLR0913  (the published options, all named)
    target: float,
    skeleton: Sequence[float],
    *,
    cohorts: CohortRule,
    curve: Literal["empiric", "logistic"] = "empiric",
    intercept: float = 3.0,
    prior: Prior | float = 1.34,
    estimate: Estimate = "plug-in",
    no_skipping: bool = True,
    coherent: bool = True,
    start: int = 0,
    stop_at: int | None = None,
    too_toxic: float | None = 0.95,
) -> Design:
    """A CRM design.

    Args:
        target: Target toxicity rate.
        skeleton: Prior guess of the toxicity rate at each dose.
        cohorts: Cohort sizes and their number.
        curve: "empiric" or "logistic".
        intercept: Intercept of the logistic curve.
        prior: Variance of the normal prior, or another prior.
        estimate: "plug-in" or "averaged".
        no_skipping: Whether no untried dose is skipped on the way up.
        coherent: Whether one does not go up after a last cohort with a rate of at least the target.
        start: Dose of the first cohort, from 0.
        stop_at: End once the next cohort would stay at a dose that has had so many patients; None for never.
        too_toxic: End without a dose once the lowest is above the target with more than this posterior probability, from three
            patients on; None for never, as in the published method and in dfcrm. The default is ours.

    Raises:
        TrialError: TRIAL-002 for a target, skeleton, curve or estimate that cannot be.
    """
    check_target(target)
    if estimate not in {"plug-in", "averaged"}:
        refuse(f"estimate {estimate!r}", '"plug-in" or "averaged"', "choose one of the two")
    model = Model(
        Curve(tuple(skeleton), curve, intercept),
        NormalPrior(float(prior)) if isinstance(prior, (int, float)) else prior,
    )
    rule = ClosestEstimate(model, target, estimate, no_skipping, coherent)
    given = {"target": target, "skeleton": tuple(skeleton), "curve": curve, "intercept": intercept, "prior": prior,
             "estimate": estimate, "no_skipping": no_skipping, "coherent": coherent, "start": start + 1,
             "stop_at": stop_at, "too_toxic": too_toxic}  # fmt: skip
    defaults = {"curve": "empiric", "intercept": 3.0, "prior": 1.34, "estimate": "plug-in", "no_skipping": True,
                "coherent": True, "start": 1, "stop_at": None}  # fmt: skip
    parameters: dict[str, Parameter] = {**told(given, defaults, PAPER), "too_toxic": stop_told(too_toxic)}
    design = Design(
        name="CRM",
        doses=len(skeleton),
        rule=rule,
        selection=rule,
        cohorts=cohorts,
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        looks_at_last_cohort=coherent,
        parameters=parameters,
    )
    if too_toxic is None:
        return design
    return replace(design, safety=FirstDoseTooToxic(model, target, too_toxic))


__all__ = [
    "ClosestEstimate",
    "Curve",
    "ExponentialPrior",
    "FirstDoseTooToxic",
    "Model",
    "NormalPrior",
    "crm",
    "skeleton",
    "stop_told",
]
