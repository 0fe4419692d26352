"""MEM against the R package basket.

Source: printed summaries in the tests of basket (kaneplusplus/basket, tests/testthat/_snaps/exact.md): three baskets of the
vemurafenib study (Hyman et al. 2015 NEJM 373:726: 8/19, 0/10, 1/26) and two made-up sets, null rate .25, prior Beta(.5, .5).
Status: read. Tolerance: chances half a unit of the last digit; means .0015, for the package draws them.
"""

from __future__ import annotations

import pytest

from vein2vein.programme.trial.phase2.mem import borrow


@pytest.mark.parametrize(
    ("responses", "patients", "above", "mean"),
    [
        ([8, 0, 1], [19, 10, 26], [0.951, 0.002, 0.000], [0.425, 0.041, 0.042]),
        ([4, 3, 0], [10, 3, 0], [0.873, 0.997, 0.855], [0.420, 0.848, 0.590]),
        ([4, 3], [10, 3], [0.873, 0.997], [0.419, 0.847]),
    ],
)
def test_basket_mem_exact(responses: list[int], patients: list[int], above: list[float], mean: list[float]) -> None:
    found = borrow(responses, patients, 0.25)
    assert found.above == pytest.approx(above, abs=5.1e-4)
    assert found.mean == pytest.approx(mean, abs=1.5e-3)
