"""The model of EffTox, integrated on even points: two logistic curves and their association.

Place    Programme, trial, phase I-II.
Source   Thall PF, Cook JD. Biometrics 2004;60:684 (doi 10.1111/j.0006-341X.2004.00218.x).
In       Doses, normal priors of six parameters; counts per dose, or outcomes patient by patient.
Out      Posterior mean rates and the chances that they are acceptable.
Knows    Given no association the curves of toxicity (two parameters) and response (three) are apart, so each is a sum over even
         points as far as its prior reaches. The association multiplies the likelihood of each patient by one plus a term that
         is bounded, so it is added as a sum over the points that matter of both curves. A chance that a rate lies below a
         limit is weighted with sine integrals, as smooth as the rest.
Checked  tests/reference/trial_phase12/test_efftox.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log
from typing import Final

import numpy as np
from scipy.special import expit, log_expit, sici

from vein2vein.programme.trial.notation import read_outcomes
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.phase1.quadrature import distinct, normalised
from vein2vein.programme.trial.phase12.common import check_rate
from vein2vein.programme.trial.phase12.efftox_local import local_summary
from vein2vein.programme.trial.words import Floats, Ints

Normal = tuple[float, float]
_REACH: Final = 5.5
_CELLS_AT_ONCE: Final = 1 << 17  # one megabyte, so that weights stay in the cache of a core
_WIDER: Final = 1.0  # steps over the narrowest posterior: means are then right to 1e-6, chances to 2e-4 (tested)
_DROPPED: Final = 1e-7
_NODES: Final = 7
_MANY: Final = 256  # patients above which points over the prior take hundreds of MB, and each posterior has its own


@dataclass(frozen=True)
class Priors:
    """Mean and standard deviation of each parameter.

    Args:
        alpha: Toxicity, intercept.
        beta: Toxicity, slope.
        gamma: Response, intercept.
        zeta: Response, slope.
        eta: Response, squared term.
        psi: Association of the two.

    Raises:
        TrialError: TRIAL-002 for a standard deviation that is not positive.
    """

    alpha: Normal
    beta: Normal
    gamma: Normal
    zeta: Normal
    eta: Normal = (0.0, 0.2)
    psi: Normal = (0.0, 1.0)

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma", "zeta", "eta", "psi"):
            mean, spread = getattr(self, name)
            if not (spread > 0 and np.isfinite([mean, spread]).all()):
                refuse(
                    f"prior of {name} ({mean:g}, {spread:g})", "a mean and a positive standard deviation", "correct it"
                )


@dataclass(frozen=True)
class Estimates:
    """Posterior mean rates and chances, each of shape (rows, doses).

    Args:
        toxicity: Posterior mean toxicity rate.
        efficacy: Posterior mean response rate.
        tolerable: Chance that the toxicity rate is below its limit.
        worth_while: Chance that the response rate is above its limit.
    """

    toxicity: Floats
    efficacy: Floats
    tolerable: Floats
    worth_while: Floats


@dataclass(frozen=True, eq=False)
class _Curve:
    """A logistic curve on even points: logits (points, doses), logarithms of the prior weights, and steps of the intercept."""

    logits: Floats
    log_prior: Floats
    step: float
    _averaged: dict[float, Floats] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _logs(self) -> Floats:
        """Logarithms of the chances of an event and of none at each dose, shape (twice the doses, points)."""
        found: Floats = np.concatenate([log_expit(self.logits), log_expit(-self.logits)], axis=1).T.copy()
        return found

    def log_weight(self, n: Ints, count: Ints) -> Floats:
        """Logarithm of the unnormalised posterior for rows of counts."""
        found: Floats = np.concatenate([count, n - count], axis=1).astype(np.float64) @ self._logs
        found += self.log_prior
        return found

    def share_below(self, limit: float) -> Floats:
        """How much of each point counts as having a rate below the limit, shape (points, doses)."""
        away = np.clip((log(limit / (1 - limit)) - self.logits) / self.step, -1e6, 1e6)
        return np.asarray(0.5 + sici(np.pi * away)[0] / np.pi, np.float64)

    def _figures(self, limit: float) -> Floats:
        """What is averaged over the points: rates, chances to be below the limit, and one; kept as long as the curve is."""
        if limit not in self._averaged:
            ones = np.ones((len(self.logits), 1))
            figures = np.concatenate([expit(self.logits), self.share_below(limit), ones], axis=1)
            self._averaged[limit] = figures
        return self._averaged[limit]

    def summary(self, n: Ints, count: Ints, limit: float) -> tuple[Floats, Floats]:
        """Posterior mean rates and the chances that they are below the limit, for rows of counts."""
        first, group = distinct(np.concatenate([n, count], axis=1))
        figures = self._figures(limit)
        found = np.empty((len(first), figures.shape[1]))
        rows = max(1, _CELLS_AT_ONCE // len(figures))
        for at in range(0, len(first), rows):
            some = first[at : at + rows]
            weight = self.log_weight(n[some], count[some])
            weight -= weight.max(axis=1, keepdims=True)
            np.exp(weight, out=weight)
            found[at : at + rows] = weight @ figures
        found /= found[:, -1:]
        mean, below = np.hsplit(found[group, :-1], 2)
        return mean, below


@dataclass(frozen=True)
class Model:
    """The two curves over the centred logarithm of the dose.

    Args:
        doses: Amounts, rising and above zero, in one unit.
        priors: Priors of the parameters.
        toxicity_limit: Highest acceptable toxicity rate.
        efficacy_limit: Lowest acceptable response rate.

    Raises:
        TrialError: TRIAL-002 for doses that do not rise or limits outside (0, 1).
    """

    doses: tuple[float, ...]
    priors: Priors
    toxicity_limit: float
    efficacy_limit: float

    def __post_init__(self) -> None:
        if not self.doses or self.doses[0] <= 0 or any(a >= b for a, b in pairwise(self.doses)):
            refuse(f"doses {list(self.doses)}", "amounts above zero that rise", "list the doses from low to high")
        check_rate("toxicity limit", self.toxicity_limit)
        check_rate("efficacy limit", self.efficacy_limit)

    @property
    def coded(self) -> Floats:
        """Logarithm of the dose less its mean over the doses."""
        logs = np.log(np.array(self.doses))
        return logs - logs.mean()

    def estimates(self, n: Ints, y: Ints, e: Ints) -> Estimates:
        """Estimates from counts per dose, toxicity and response taken as independent within a patient.

        Args:
            n: Patients at each dose, shape (rows, doses).
            y: Of these, with a toxicity.
            e: Of these, with a response.
        """
        patients = int(n.sum(axis=1).max(initial=0))
        if patients > _MANY:
            return self._locally(n, y, e)
        toxic, works = _curves(self, _bucket(patients), _WIDER)
        toxicity, tolerable = toxic.summary(n, y, self.toxicity_limit)
        efficacy, below = works.summary(n, e, self.efficacy_limit)
        return Estimates(toxicity, efficacy, tolerable, 1 - below)

    def _locally(self, n: Ints, y: Ints, e: Ints) -> Estimates:
        """Estimates for many patients, each posterior on points of its own."""
        found = []
        for (priors, columns), count, limit in zip(
            _parts(self), (y, e), (self.toxicity_limit, self.efficacy_limit), strict=True
        ):
            first, group = distinct(np.concatenate([n, count], axis=1))
            mean, below = local_summary(priors, columns, (n[first], count[first]), limit)
            found += [mean[group], below[group]]
        return Estimates(found[0], found[2], found[1], 1 - found[3])

    def joint_estimates(self, outcomes: str) -> Estimates:
        """Estimates from outcomes patient by patient, with the association of toxicity and response; one row.

        Args:
            outcomes: Cohorts such as "1NNE 2EEB".

        Raises:
            TrialError: TRIAL-003 for outcomes that cannot be read.
        """
        cells = joint_counts(outcomes, len(self.doses))
        toxic, works = _curves(self, _bucket(int(cells.sum())), 1.25)
        n = cells.sum(axis=(1, 2))[None]
        e, y = cells[:, 1, :].sum(axis=1)[None], cells[:, :, 1].sum(axis=1)[None]
        sides = [_kept(toxic, n, y), _kept(works, n, e)]
        (logit_t, weight_t, at_t), (logit_e, weight_e, at_e) = sides
        joint = np.zeros((len(weight_e), len(weight_t)))
        for psi, share in _nodes(self.priors.psi):
            joint += share * _association(cells, expit(logit_e), expit(logit_t), float(np.tanh(psi / 2)))
        joint *= weight_e[:, None] * weight_t
        joint /= joint.sum()
        on_t, on_e = joint.sum(axis=0), joint.sum(axis=1)
        below = on_e @ works.share_below(self.efficacy_limit)[at_e]
        return Estimates(
            (on_t @ expit(logit_t))[None],
            (on_e @ expit(logit_e))[None],
            (on_t @ toxic.share_below(self.toxicity_limit)[at_t])[None],
            (1 - below)[None],
        )


def joint_counts(outcomes: str, doses: int) -> Ints:
    """Patients by dose, response (0 or 1) and toxicity (0 or 1), shape (doses, 2, 2).

    Raises:
        TrialError: TRIAL-003 for outcomes that cannot be read.
    """
    found = np.zeros((doses, 2, 2), np.int64)
    for word, cohort in zip(outcomes.upper().split(), read_outcomes(outcomes, doses), strict=True):
        for letter in word.lstrip("0123456789"):
            found[cohort.dose, int(letter in "EB"), int(letter in "TB")] += 1
    return found


def _association(cells: Ints, works: Floats, toxic: Floats, strength: float) -> Floats:
    """The factor by which the association changes the likelihood at each pair of points, shape (points, points)."""
    found = np.ones((len(works), len(toxic)))
    for dose, response, toxicity in zip(*np.nonzero(cells), strict=True):
        other_e = 1 - works[:, dose] if response else works[:, dose]
        other_t = 1 - toxic[:, dose] if toxicity else toxic[:, dose]
        sign = 1.0 if response == toxicity else -1.0
        factor = 1 + sign * strength * other_e[:, None] * other_t
        found *= factor ** int(cells[dose, response, toxicity])
    return found


def _kept(curve: _Curve, n: Ints, count: Ints) -> tuple[Floats, Floats, Ints]:
    """Logits, weights and numbers of the points of a curve that matter."""
    weight = normalised(curve.log_weight(n, count))[0]
    order = np.argsort(weight)
    at = order[np.cumsum(weight[order]) > _DROPPED]
    return curve.logits[at], weight[at], at


def _nodes(prior: Normal) -> list[tuple[float, float]]:
    """Gauss-Hermite points of a normal distribution and their weights."""
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return [(prior[0] + prior[1] * float(z), float(w)) for z, w in zip(points, weights / weights.sum(), strict=True)]


def _bucket(patients: int) -> int:
    """A number of patients not below this one, so that few grids serve all."""
    power = max(8, 1 << max(patients - 1, 0).bit_length())
    return 3 * power // 4 if patients <= 3 * power // 4 and power > 8 else power  # noqa: PLR2004


def _curves(model: Model, patients: int, wider: float) -> tuple[_Curve, _Curve]:
    """The curves of toxicity and response on points no wider apart than the narrowest posterior of so many patients."""
    return (_few if patients <= _MANY else _many)(model, patients, wider)


def _made_curves(model: Model, patients: int, wider: float) -> tuple[_Curve, _Curve]:
    toxic, works = _parts(model)
    return _curve(*toxic, patients, wider), _curve(*works, patients, wider)


def _parts(model: Model) -> tuple[tuple[tuple[Normal, ...], Floats], tuple[tuple[Normal, ...], Floats]]:
    """Priors and columns of the curve of toxicity and of that of response."""
    x, p = model.coded, model.priors
    return ((p.alpha, p.beta), np.stack([x**0, x])), ((p.gamma, p.zeta, p.eta), np.stack([x**0, x, x**2]))


_few = lru_cache(maxsize=16)(_made_curves)
_many = lru_cache(maxsize=1)(_made_curves)


def _curve(priors: tuple[Normal, ...], columns: Floats, patients: int, wider: float) -> _Curve:
    axes, step = [], 0.0
    for (_, spread), column in zip(priors, columns, strict=True):
        most_told = float((column**2).max()) * patients / 4  # Fisher information of a logit, at most
        narrowest = wider / (1 / spread**2 + most_told) ** 0.5
        half = int(np.ceil(_REACH * spread / narrowest))
        axes.append(np.arange(-half, half + 1) * narrowest / spread)
        step = step or narrowest
    standard = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    squares = (standard**2).sum(axis=1)
    near = squares <= _REACH**2
    means, spreads = np.array(priors).T
    logits = (means + standard[near] * spreads) @ columns
    return _Curve(np.ascontiguousarray(logits), -squares[near] / 2, step)
