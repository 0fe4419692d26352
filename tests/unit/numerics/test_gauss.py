"""Quadrature points: exact where they promise it, and the same for everybody."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.numerics.gauss import legendre


@pytest.mark.parametrize("points", [1, 5, 96])
def test_polynomials_are_integrated_exactly_up_to_their_degree(points: int) -> None:
    x, weights = legendre(points)
    degree = 2 * points - 2
    assert weights.sum() == pytest.approx(2)
    assert weights @ x**degree == pytest.approx(2 / (degree + 1))
    assert weights @ x ** (degree + 1) == pytest.approx(0, abs=1e-14)


def test_nobody_can_change_what_others_use() -> None:
    x, _ = legendre(7)
    assert legendre(7)[0] is x
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 0
    assert np.all(np.diff(x) > 0)
