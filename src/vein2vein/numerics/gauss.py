"""Points and shares of Gauss-Legendre quadrature, worked out once for each number of points.

Place    Floor 1. Used wherever a posterior is averaged: to find the points takes longer than the average itself.
Checked  tests/unit/numerics/test_gauss.py
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@cache
def legendre(points: int) -> tuple[Floats, Floats]:
    """Points in (-1, 1) and their weights, which sum to 2; nobody can change them.

    Args:
        points: How many, at least 1; exact for polynomials up to degree 2 points - 1.
    """
    x, weights = np.polynomial.legendre.leggauss(points)
    for array in (x, weights):
        array.setflags(write=False)
    return x, weights
