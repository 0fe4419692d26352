"""Looks of a MaxCombo: bounds from the joint law of all weights at all looks, and the information that they stand for.

Place    Programme, trial, randomised. Read by `study.randomised`.
In       The covariance of the scores of all weights at each look, without an effect.
Out      The p of the largest z at which each look rejects; information fractions that give a plan these p.
Knows    Scores at the looks have independent increments without an effect (Tsiatis 1982 J Am Stat Assoc 77:855), so that the
         covariance of two weights at two looks is that at the earlier one, and everything is jointly normal (Wang, Luo and Zheng
         2021, arXiv 1911.05684). The chance to be beyond any of several bounds is integrated over directions, as in `maxcombo`.
         Neither the share of the events nor the information of one weight says how the largest z of two looks go together. The
         information here is that of a single z which, with the same p at each look, spends the same.
Checked  tests/unit/programme/trial/randomised/test_joint.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaincc
from scipy.stats import norm

from vein2vein.programme.trial.randomised.boundaries import Running
from vein2vein.programme.trial.randomised.maxcombo import sphere, tail
from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.words import Floats

DIRECTIONS: Final = 1 << 16
_NODES: Final = 8192
_STEPS: Final = 20
_NONE: Final = 1e-12
_NEAR: Final = 2e-4  # of an information fraction
_LEAST: Final = 0.05  # a bound on the largest z below it spends more than anybody does
_EDGE: Final = 1e-4
_TOLD: Final = 1e-5  # looks that spend less so far do not tell how they go together with the next


class Joint:
    """All weights of a MaxCombo at all looks, without an effect.

    Args:
        covariances: Covariance of the scores at each look, shape (looks, weights, weights), growing.
        directions: Directions over which is integrated.
    """

    def __init__(self, covariances: Floats, directions: int = DIRECTIONS) -> None:
        spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
        self.correlations: Floats = covariances / (spread[:, :, None] * spread[:, None, :])
        root = _root(covariances, spread)
        rank = root.shape[2]
        mine = root @ sphere(rank, directions)
        self._up, self._down = mine.max(axis=1), -mine.min(axis=1)  # shape (looks, directions)
        self._reach = np.linspace(0.0, max(float(self._up.max()), float(self._down.max())) / _LEAST, _NODES)
        far = np.full(_NODES, np.inf)
        far[1:] = 0.5 / self._reach[1:] ** 2
        self._outside = gammaincc(rank / 2, far)

    def nominal_p(self, spent: Floats) -> Floats:
        """The one-sided p of the largest z at which each look rejects, so that the looks spend what is wanted.

        Args:
            spent: Chance to reject first at each look.
        """
        weights = self.correlations.shape[1]
        high, low = np.zeros(self._up.shape[1]), np.zeros(self._up.shape[1])
        found, whole = np.zeros(len(spent)), np.cumsum(spent)
        for k in range(len(spent)):
            if spent[k] <= _NONE:
                continue
            far = float(norm.isf(spent[k] / weights)) + 0.5

            def more(bound: float, k: int = k, high: Floats = high, low: Floats = low) -> float:
                reaches = np.maximum(high, self._up[k] / bound), np.maximum(low, self._down[k] / bound)
                return float(np.mean([self._beyond(one) for one in reaches]) - whole[k])

            bound = float(brentq(more, _LEAST, far, xtol=1e-9))
            high, low = np.maximum(high, self._up[k] / bound), np.maximum(low, self._down[k] / bound)
            found[k] = spent[k] if k == 0 else tail(self.correlations[k], bound)
        return found

    def _beyond(self, reach: Floats) -> float:
        """Mean chance to be beyond a bound of 1 along directions of which one unit reaches so far."""
        return float(np.interp(reach, self._reach, self._outside).mean())


def _root(covariances: Floats, spread: Floats) -> Floats:
    """How far each z of each look goes along independent axes, shape (looks, weights, axes)."""
    looks, weights = spread.shape
    earlier = np.minimum.outer(np.arange(looks), np.arange(looks))
    whole = covariances[earlier].transpose(0, 2, 1, 3).reshape(looks * weights, looks * weights)
    whole /= np.outer(spread.ravel(), spread.ravel())
    value, vector = np.linalg.eigh(whole)
    rank = max(int((value > 1e-9).sum()), 2)  # noqa: PLR2004
    root: Floats = (vector * np.sqrt(np.maximum(value, 0)))[:, -rank:].reshape(looks, weights, rank)
    return root


def information(covariances: Floats, plan_of: Callable[[tuple[float, ...]], Plan]) -> tuple[float, ...]:
    """Information fractions with which a plan rejects at the p that the joint law asks for.

    Args:
        covariances: Covariance of the scores at each look, without an effect.
        plan_of: The plan for information fractions, such as a spending function; what it spends at each look is kept.
    """
    joint = Joint(covariances)
    own = np.diagonal(covariances, axis1=1, axis2=2)
    t: Floats = (own / own[-1]).mean(axis=1)
    usual = (own[:-1] / own[1:]).mean(axis=1)
    for _ in range(_STEPS):
        upper = plan_of(tuple(t)).upper
        spent = _spent(t, upper)
        better = _fractions(norm.isf(np.maximum(joint.nominal_p(spent), _NONE)), spent, usual)
        done = float(np.abs(better - t).max()) < _NEAR
        t = better
        if done:
            break
    return tuple(float(one) for one in t)


def _spent(t: Floats, upper: Floats) -> Floats:
    """What a single z spends at each look."""
    running, found = Running.before_the_first(), np.zeros(len(t))
    for k, at in enumerate(t):
        found[k] = running.above(at, upper[k], 0.0)
        running = running.after(at, (-np.inf, upper[k]), 0.0)
    return found


def _fractions(upper: Floats, spent: Floats, usual: Floats) -> Floats:
    """The information at which a single z with these bounds spends so much at each look; that of the last is 1.

    Where the looks so far spend next to nothing, any would: then the usual ratio of a look to the next is taken.
    """
    t = [1.0]
    running = Running.before_the_first().after(1.0, (-np.inf, float(upper[0])), 0.0)
    for k in range(1, len(upper)):
        before = t[-1]

        def less(ratio: float, k: int = k, before: float = before, running: Running = running) -> float:
            return running.above(before / ratio, float(upper[k]), 0.0) - float(spent[k])

        low, high = _EDGE, 1 - _EDGE
        if spent[:k].sum() < _TOLD:
            ratio = usual[k - 1]
        elif less(low) * less(high) < 0:
            ratio = brentq(less, low, high, xtol=1e-9)
        else:
            ratio = low if less(low) < 0 else high
        t.append(before / float(ratio))
        running = running.after(t[-1], (-np.inf, float(upper[k])), 0.0)
    return np.array(t) / t[-1]
