"""Integration on even points: sums, and the part of an integral that lies below a point.

Place    Programme, trial, phase I.
Source   Stenger F. Numerical Methods Based on Sinc and Analytic Functions. Springer 1993 (recalled).
Knows    For a smooth function that falls off to both sides, the sum over even points is the integral with an error that
         vanishes exponentially in the number of points; so is the integral up to a point, with sine-integral weights.
Checked  tests/reference/trial_phase1/test_crm.py, test_blrm.py
"""

from __future__ import annotations

import numpy as np
from scipy.special import sici

from vein2vein.programme.trial.words import Floats, Ints

_MIXING = np.int64(0x1E3779B97F4A7C15)


def share_below(points: Floats, limit: Floats | float) -> Floats:
    """How much of the weight at each of some even points counts as below a limit; 0 far above it, 1 far below.

    Args:
        points: Even points, shape (points,).
        limit: A limit, or several in a last axis or broadcast against the points.
    """
    step = points[1] - points[0]
    away = np.clip((np.asarray(limit) - points) / step, -1e6, 1e6)
    return np.asarray(0.5 + sici(np.pi * away)[0] / np.pi, np.float64)


def normalised(log_weight: Floats) -> Floats:
    """Weights that sum to one in each row; works in place."""
    log_weight -= log_weight.max(axis=1, keepdims=True)
    np.exp(log_weight, out=log_weight)
    log_weight /= log_weight.sum(axis=1, keepdims=True)
    return log_weight


def distinct(rows: Ints) -> tuple[Ints, Ints]:
    """The first of each group of equal rows, and the group of each row."""
    keys = rows @ np.cumprod(np.full(rows.shape[1], _MIXING))  # wraps around, which mixes
    order = np.argsort(keys)
    new = np.concatenate([[True], np.diff(keys[order]) != 0])
    group = np.empty(len(keys), np.int64)
    group[order] = np.cumsum(new) - 1
    first = order[new]
    if (rows[first][group] != rows).any():  # two different rows met in one number: tell them apart in full
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, group.ravel()
