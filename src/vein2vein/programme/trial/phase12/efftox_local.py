"""One curve of EffTox for many patients: points around each posterior instead of over the whole prior.

Place    Programme, trial, phase I-II. Read by `efftox_model` above some hundred patients, where even points over the prior would
         be millions: they lie as close as the narrowest posterior.
In       Normal priors of the parameters of a logistic curve, its columns at the doses, rows of counts.
Out      Posterior mean rates and the chances that they are below a limit.
Knows    The posterior has one mode, since it is log-concave: Newton's method finds it. Points are even in its curvature there, as
         far as weight is left, however skewed. A chance is weighted with sine integrals as in `efftox_model`, along the axis
         that moves the logit of the dose most.
Checked  tests/reference/trial_phase12/test_efftox.py
"""

from __future__ import annotations

from itertools import product
from math import log
from typing import Final

import numpy as np
from scipy.special import expit, log_expit, sici

from vein2vein.programme.trial.words import Floats, Ints

_STEP: Final = 0.4
_FIRST: Final = 6.0
_MORE: Final = 4.0
_LEFT: Final = 16.0  # a face of the box with more than exp(-16) of the highest weight is moved outward
_ROUNDS: Final = 12
_NEWTON: Final = 60
_FOUND: Final = 1e-9


def local_summary(
    priors: tuple[tuple[float, float], ...], columns: Floats, counts: tuple[Ints, Ints], limit: float
) -> tuple[Floats, Floats]:
    """Posterior mean rates and the chances that they are below a limit, each of shape (rows, doses).

    Args:
        priors: Mean and standard deviation of each parameter, the intercept first.
        columns: What multiplies each parameter at each dose, shape (parameters, doses).
        counts: Patients and events at each dose, each of shape (rows, doses).
        limit: A rate between 0 and 1.
    """
    means, spreads = np.array(priors).T
    slopes, base = spreads[:, None] * columns, means @ columns
    found = [_row(slopes, base, (n, y), limit) for n, y in zip(*counts, strict=True)]
    mean, below = (np.stack(column) for column in zip(*found, strict=True))
    return mean, below


def _row(slopes: Floats, base: Floats, counts: tuple[Ints, Ints], limit: float) -> tuple[Floats, Floats]:
    """One row of counts; parameters are in prior standard deviations from their mean."""
    mode, shape = _mode(slopes, base, counts)
    reach = np.full((len(mode), 2), _FIRST)
    for _ in range(_ROUNDS):
        axes = [np.arange(-round(low / _STEP), round(high / _STEP) + 1) * _STEP for low, high in reach]
        points = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1) @ shape.T + mode
        logits = base + points @ slopes
        weight = _log_posterior(points, logits, counts)
        box = (weight - weight.max()).reshape([len(axis) for axis in axes])
        open_ = [
            (axis, side)
            for axis, side in product(range(len(axes)), (0, 1))
            if np.take(box, -side, axis=axis).max() > -_LEFT
        ]
        if not open_:
            break
        for axis, side in open_:
            reach[axis, side] += _MORE
    share = np.exp(box.ravel())
    share /= share.sum()
    # of the logit at each dose, along the axis that moves it most: the sum over that axis is then the integral
    step = np.abs(shape.T @ slopes).max(axis=0) * _STEP
    away = np.clip((log(limit / (1 - limit)) - logits) / step, -1e6, 1e6)
    below = 0.5 + sici(np.pi * away)[0] / np.pi
    return share @ expit(logits), share @ below


def _log_posterior(points: Floats, logits: Floats, counts: tuple[Ints, Ints]) -> Floats:
    n, y = counts
    found: Floats = log_expit(logits) @ y + log_expit(-logits) @ (n - y) - (points**2).sum(axis=-1) / 2
    return found


def _mode(slopes: Floats, base: Floats, counts: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
    """The mode, and what turns steps of its curvature into steps of the parameters (lower triangular)."""
    n, y = counts
    at = np.zeros(len(slopes))
    height = float(_log_posterior(at, base + at @ slopes, counts))
    for _ in range(_NEWTON):
        rate = expit(base + at @ slopes)
        curvature = (slopes * (n * rate * (1 - rate))) @ slopes.T + np.eye(len(at))
        move = np.linalg.solve(curvature, slopes @ (y - n * rate) - at)
        size = 1.0
        while size > _FOUND:
            there = float(_log_posterior(at + size * move, base + (at + size * move) @ slopes, counts))
            if there >= height:
                break
            size /= 2
        at, height = at + size * move, there
        if np.abs(size * move).max() < _FOUND:
            break
    rate = expit(base + at @ slopes)
    curvature = (slopes * (n * rate * (1 - rate))) @ slopes.T + np.eye(len(at))
    return at, np.linalg.cholesky(np.linalg.inv(curvature))
