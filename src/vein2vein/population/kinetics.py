"""Cellular kinetics: growth to a peak and two exponential falls, with variation between patients.

Place    Floor 4. Between `way` and `severity`.
In       A block (parameters kinetics.*).
Out      `Kinetics`; its `level` gives C(t) in the unit of the setting's parameter kinetics.unit.
Knows    Stein 2019 (10.1002/psp4.12388): ln Cmax = ln(median) + sdlog x z with z standard normal; Tmax, foldx, alpha, F_B and
         beta lognormal around the medians of the parameters. z is independent of the burden.
Does not Compare products: assays differ, and a level of one product says nothing about that of another.
Checked  tests/unit/population/test_kinetics.py
"""

from __future__ import annotations

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.states import Floats, Kinetics

_MOST_SHARE = 0.9


def draw_kinetics(block: Block) -> Kinetics:
    """Draw the kinetics of a block; courses that are never infused have them too, and nothing reads them."""
    value = block.parameter
    z = block.stream("kinetics/expansion").standard_normal(block.n)
    return Kinetics(
        cmax=value("kinetics.cmax_median") * np.exp(value("kinetics.cmax_sdlog") * z),
        tmax_hours=24 * _lognormal(block, "tmax_days_median", "tmax"),
        foldx=np.maximum(_lognormal(block, "foldx_median", "foldx"), 2.0),
        alpha=_lognormal(block, "alpha_median", "alpha"),
        f_b=np.minimum(_lognormal(block, "f_b_median", "f_b"), _MOST_SHARE),
        beta=_lognormal(block, "beta_median", "beta"),
        z=z,
    )


def _lognormal(block: Block, median: str, name: str) -> Floats:
    noise = block.stream(f"kinetics/{name}").standard_normal(block.n)
    found: Floats = block.parameter(f"kinetics.{median}") * np.exp(block.parameter(f"kinetics.{name}_sdlog") * noise)
    return found
