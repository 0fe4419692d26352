"""BLRM: Bayesian logistic regression with two parameters and overdose control.

Place    Programme, trial, phase I.
Source   Neuenschwander B, Branson M, Gsponer T. Stat Med 2008;27:2420 (doi 10.1002/sim.3230).
Knows    logit p(d) = log a + b log(d / reference), (log a, log b) bivariate normal. The next dose has the greatest chance of a
         rate in the target interval among those whose chance of an overdose is below a limit. The posterior is a sum over
         an even grid, fine enough for the largest number of patients; there is no sampler and no sampling error.
Checked  tests/reference/trial_phase1/test_blrm.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_expit

from vein2vein.programme.trial.phase1.common import refuse, told
from vein2vein.programme.trial.phase1.quadrature import distinct, normalised, share_below
from vein2vein.programme.trial.words import NONE, Bools, CohortRule, Design, Floats, Ints, States

PAPER: Final = "Neuenschwander, Branson and Gsponer 2008, doi 10.1002/sim.3230"
_REACH: Final = 5.5
_ROWS: Final = 512


@dataclass(frozen=True)
class NormalPriors:
    """Means, standard deviations and correlation of (log a, log b)."""

    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0


@dataclass(frozen=True)
class LogisticModel:
    """Two-parameter logistic regression.

    Args:
        doses: Doses in their own unit, rising.
        reference: Reference dose, at which log a is the log odds of a toxicity.
        prior: Prior of (log a, log b).
        people: Largest number of patients, which sets how fine the grid is.
    """

    doses: tuple[float, ...]
    reference: float
    prior: NormalPriors
    people: int = 60

    def posterior(self, n: Ints, y: Ints) -> Floats:
        """Posterior weight of each point of the grid, shape (rows, points)."""
        grid = _grid(self)
        return normalised(np.concatenate([y, n - y], axis=1) @ grid.log_rates + grid.prior)

    def means(self, n: Ints, y: Ints) -> Floats:
        """Posterior mean of the rate at each dose, shape (rows, doses)."""
        return np.asarray(self.posterior(n, y) @ _grid(self).rates, np.float64)

    def chance_below(self, n: Ints, y: Ints, limits: Sequence[float]) -> Floats:
        """Posterior chance that the rate lies below each limit, shape (rows, limits, doses)."""
        counted = _shares(self, tuple(limits))
        found = np.empty((len(n), len(limits), len(self.doses)))
        for at in range(0, len(n), _ROWS):
            rows = slice(at, at + _ROWS)
            found[rows] = (self.posterior(n[rows], y[rows]) @ counted).reshape(-1, len(limits), len(self.doses))
        return found

    def quantiles(self, n: Ints, y: Ints, level: float = 0.5) -> Floats:
        """Posterior quantile of the rate at each dose, shape (rows, doses)."""
        found = np.empty((len(n), len(self.doses)))
        for row, weight in enumerate(self.posterior(n, y)):
            for dose in range(len(self.doses)):

                def away(log_odds: float, weight: Floats = weight, dose: int = dose) -> float:
                    return float(weight @ _share(self, log_odds, dose)) - level

                found[row, dose] = brentq(away, -40.0, 40.0, xtol=1e-6)
        return np.asarray(1 / (1 + np.exp(-found)), np.float64)


@dataclass(frozen=True)
class _Grid:
    inner: Floats
    outer: Floats
    log_rates: Floats
    rates: Floats
    prior: Floats


@lru_cache(maxsize=8)
def _grid(model: LogisticModel) -> _Grid:
    """Points of log b (outer) and of log a given log b (inner), both in standard deviations of the prior."""
    information = 0.25 * model.prior.sd[0] ** 2 + 3.2 * model.prior.sd[1] ** 2  # of one patient, at most
    step = 1.1 / sqrt(1 + information * max(model.people, 1))
    z = np.linspace(-_REACH, _REACH, int(2 * _REACH / step) + 2)
    log_a, b = _parameters(model, z[:, None], z[None, :])
    line = log_a.reshape(-1, 1) + np.broadcast_to(b, log_a.shape).reshape(-1, 1) * _stretch(model)
    toxic, well = log_expit(line), log_expit(-line)
    prior = -(z[:, None] ** 2 + z[None, :] ** 2).ravel() / 2
    return _Grid(z, z, np.ascontiguousarray(np.concatenate([toxic, well], axis=1).T), np.exp(toxic), prior)


@lru_cache(maxsize=8)
def _shares(model: LogisticModel, limits: tuple[float, ...]) -> Floats:
    """How much of each point counts as below each limit at each dose, shape (points, limits * doses)."""
    odds = [np.log(limit / (1 - limit)) for limit in limits]
    columns = [_share(model, each, dose) for each in odds for dose in range(len(model.doses))]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def _share(model: LogisticModel, log_odds: float, dose: int) -> Floats:
    """How much of each point counts as below a rate at a dose: where log a lies below a line in b."""
    grid, prior = _grid(model), model.prior
    _, b = _parameters(model, np.zeros(1), grid.outer)
    line = log_odds - b * np.log(model.doses[dose] / model.reference)
    z = ((line - prior.mean[0]) / prior.sd[0] - prior.correlation * grid.outer) / sqrt(1 - prior.correlation**2)
    return share_below(grid.inner, z[:, None]).T.ravel()


def _parameters(model: LogisticModel, inner: Floats, outer: Floats) -> tuple[Floats, Floats]:
    mean, sd, r = model.prior.mean, model.prior.sd, model.prior.correlation
    log_a = mean[0] + sd[0] * (r * outer + sqrt(1 - r**2) * inner)
    return np.asarray(log_a, np.float64), np.asarray(np.exp(mean[1] + sd[1] * outer), np.float64)


def _stretch(model: LogisticModel) -> Floats:
    return np.asarray(np.log(np.array(model.doses) / model.reference), np.float64)


@dataclass(frozen=True)
class OverdoseControl:
    """The dose most likely in the target interval, among those unlikely to be overdoses.

    Args:
        model: The regression.
        interval: Target interval of the rate; above it is an overdose.
        limit: The chance of an overdose must be below this.
        no_skipping: Whether one goes up by one dose at most, counted from the highest dose tried.
    """

    model: LogisticModel
    interval: tuple[float, float]
    limit: float = 0.25
    no_skipping: bool = True

    def chances(self, states: States) -> tuple[Floats, Floats]:
        """Posterior chances of the target interval and of an overdose at each dose."""
        first, group = distinct(np.concatenate([states.n, states.y], axis=1))
        below = self.model.chance_below(states.n[first], states.y[first], self.interval)[group]
        return below[:, 1] - below[:, 0], 1 - below[:, 1]

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where every dose is too likely an overdose."""
        target, over = self.chances(states)
        able = (over < self.limit) & ~closed
        if self.no_skipping:
            able &= np.arange(states.doses) <= _highest_tried(states)[:, None] + 1
        return _best(target, able)

    def selected(self, states: States, closed: Bools) -> Ints:
        """The tried dose most likely in the target interval, among those unlikely to be overdoses."""
        target, over = self.chances(states)
        return _best(target, (over < self.limit) & ~closed & (states.n > 0))

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The chances at each dose."""
        words = []
        for target, over in zip(*self.chances(states), strict=True):
            shown = "; ".join(
                f"dose {dose + 1} target {a:.1%}, overdose {b:.1%}"
                for dose, (a, b) in enumerate(zip(target, over, strict=True))
            )
            words.append(f"chances of {shown}; an overdose must stay below {self.limit:.0%}")
        return words


def _best(value: Floats, able: Bools) -> Ints:
    best = np.where(able, value, -np.inf).argmax(axis=1)
    found: Ints = np.where(able.any(axis=1), best, NONE)
    return found


def _highest_tried(states: States) -> Ints:
    found: Ints = states.doses - 1 - (states.n > 0)[:, ::-1].argmax(axis=1)
    return found


def blrm(  # noqa: PLR0913  (the published options, all named)
    doses: Sequence[float],
    *,
    cohorts: CohortRule,
    reference: float,
    mean: tuple[float, float],
    sd: tuple[float, float],
    correlation: float = 0.0,
    interval: tuple[float, float] = (0.16, 0.33),
    limit: float = 0.25,
    no_skipping: bool = True,
    start: int = 0,
) -> Design:
    """A BLRM design with overdose control.

    Args:
        doses: Doses in their own unit, rising and positive.
        cohorts: Cohort sizes and their number.
        reference: Reference dose.
        mean: Prior means of log a and log b.
        sd: Prior standard deviations of log a and log b.
        correlation: Prior correlation of log a and log b.
        interval: Target interval of the toxicity rate.
        limit: The chance of a rate above the interval must be below this.
        no_skipping: Whether no untried dose is skipped on the way up.
        start: Dose of the first cohort, from 0.

    Raises:
        TrialError: TRIAL-002 for doses, a prior or an interval that cannot be.
    """
    rising = all(a < b for a, b in pairwise(doses))
    if not doses or not rising or min(*doses, reference) <= 0:
        refuse(f"doses {list(doses)}, reference {reference:g}", "positive doses that rise", "order the doses")
    if min(sd) <= 0 or not -1 < correlation < 1:
        refuse(
            f"standard deviations {sd}, correlation {correlation:g}",
            "positive, and within (-1, 1)",
            "correct the prior",
        )
    if not 0 < interval[0] < interval[1] < 1 or not 0 < limit <= 1:
        refuse(
            f"interval {interval}, limit {limit:g}", "0 < low < high < 1, and a chance", "correct the interval or limit"
        )
    model = LogisticModel(tuple(doses), reference, NormalPriors(mean, sd, correlation), cohorts.most)
    rule = OverdoseControl(model, interval, limit, no_skipping)
    given = {"doses": tuple(doses), "reference": reference, "mean": mean, "sd": sd, "correlation": correlation,
             "interval": interval, "limit": limit, "no_skipping": no_skipping, "start": start + 1}  # fmt: skip
    defaults = {"correlation": 0.0, "interval": (0.16, 0.33), "limit": 0.25, "no_skipping": True, "start": 1}
    return Design(
        name="BLRM",
        doses=len(doses),
        rule=rule,
        selection=rule,
        cohorts=cohorts,
        start=start,
        parameters=told(given, defaults, PAPER),
    )
