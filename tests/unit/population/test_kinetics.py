"""Kinetics: the closed form of Stein 2019 and its variation."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.kinetics import draw_kinetics
from vein2vein.population.parameters import setting
from vein2vein.population.states import Kinetics


def _published() -> Kinetics:
    """The typical patient of the paper."""
    ones = np.ones(1)
    return Kinetics(
        cmax=24_000 * ones, tmax_hours=9.3 * 24 * ones, foldx=3_900 * ones, alpha=0.16 * ones, f_b=0.0079 * ones,
        beta=0.0032 * ones, z=0 * ones,
    )  # fmt: skip


def test_the_published_half_lives_and_doubling_time() -> None:
    typical = _published()
    hours = np.array([-1.0, 0.0, 24 * 9.3, 24 * (9.3 + np.log(2) / 0.16)])
    before, start, top, half = typical.level(hours)[0]
    assert before == 0
    assert start == pytest.approx(24_000 / 3_900)
    assert top == pytest.approx(24_000)
    assert half == pytest.approx(12_000, rel=0.02)
    doubling = 9.3 * np.log(2) / np.log(3_900)
    two = typical.level(np.array([48.0, 48.0 + 24 * doubling]))[0]
    assert doubling == pytest.approx(0.78, abs=0.005)
    assert two[1] / two[0] == pytest.approx(2)


def test_the_variation_is_that_of_the_parameters() -> None:
    blocks = [draw_kinetics(Block(1, number, setting("tisa-cel"))) for number in range(12)]
    cmax = np.concatenate([one.cmax for one in blocks])
    z = np.concatenate([one.z for one in blocks])
    value = setting("tisa-cel").value
    assert np.median(cmax) == pytest.approx(value("kinetics.cmax_median"), rel=0.08)
    assert np.log(cmax).std() == pytest.approx(value("kinetics.cmax_sdlog"), rel=0.06)
    assert np.corrcoef(np.log(cmax), z)[0, 1] == pytest.approx(1)
