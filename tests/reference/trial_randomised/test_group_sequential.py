"""Bounds against printed tables and two other programs.

Source: Jennison & Turnbull 2000, tables 2.1 and 2.3; Lan & DeMets 1983. Status: recalled, verified with gsDesign 3.10.1 and
rpact 4.3.0 by the author of the facts file. Tolerance: half a unit of the last of three printed decimals.
"""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.programme.trial.randomised.sequential import Futility, classical, spending, with_futility
from vein2vein.programme.trial.randomised.spending import HwangShihDeCani, OBrienFlemingLike, PocockLike

PRINTED = 5.01e-4


@pytest.mark.parametrize(("looks", "c"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040)])
def test_obrien_fleming_constants(looks: int, c: float) -> None:
    plan = classical(looks, 0.0)
    assert plan.upper[-1] == pytest.approx(c, abs=PRINTED)
    assert plan.upper == pytest.approx(plan.upper[-1] / np.sqrt(plan.t))


@pytest.mark.parametrize(("looks", "c"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413)])
def test_pocock_constants(looks: int, c: float) -> None:
    assert classical(looks, 0.5).upper == pytest.approx([c] * looks, abs=PRINTED)


@pytest.mark.parametrize(
    ("delta", "looks", "bounds"),
    [(0.0, 3, [3.471, 2.454, 2.004]), (0.0, 5, [4.562, 3.226, 2.634, 2.281, 2.040])],
)
def test_obrien_fleming_bounds(delta: float, looks: int, bounds: list[float]) -> None:
    assert classical(looks, delta).upper == pytest.approx(bounds, abs=PRINTED)


@pytest.mark.parametrize(
    ("rule", "bounds"),
    [
        (OBrienFlemingLike(), [3.710, 2.511, 1.993]),
        (OBrienFlemingLike(), [4.877, 3.357, 2.680, 2.290, 2.031]),
        (PocockLike(), [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_lan_demets_bounds(rule: OBrienFlemingLike | PocockLike, bounds: list[float]) -> None:
    assert spending(len(bounds), rule).upper == pytest.approx(bounds, abs=PRINTED)


def test_beta_spending_that_does_not_bind() -> None:
    """The default of gsDesign (3 looks, alpha .025, beta .1, HSD -4 and -2); recalled from its documentation, +-0.005."""
    plan = with_futility(3, HwangShihDeCani(-4), Futility(HwangShihDeCani(-2), beta=0.1))
    assert plan.upper == pytest.approx([3.01, 2.55, 2.00], abs=0.005)
    assert plan.lower == pytest.approx([-0.24, 0.94, 2.00], abs=0.005)
    assert plan.inflation(0.9) == pytest.approx(1.07, abs=0.005)
