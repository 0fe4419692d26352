"""Natural courses: shares by the normal law, trapezoids in log severity, neurotoxicity after CRS."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.kinetics import draw_kinetics
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.severity import Natural, draw_crs, draw_icans

CHANGED = {
    "crs.mu": 0.5, "crs.sigma": 0.6, "crs.onset_days_median": 2.0, "crs.duration_days_median": 7.0,
    "icans.mu": 0.2, "icans.sigma": 0.9, "icans.onset_days_median": 5.0, "icans.duration_days_median": 9.0,
}  # fmt: skip


def _courses(blocks: int = 12) -> list[tuple[Block, Natural, Natural]]:
    found = []
    for number in range(blocks):
        block = Block(1, number, setting("axi-cel").with_values(CHANGED))
        patients, kinetics = draw_patients(block), draw_kinetics(block)
        crs = draw_crs(block, patients, kinetics)
        found.append((block, crs, draw_icans(block, patients, kinetics, crs)))
    return found


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Block, Natural, Natural]]:
    return _courses()


@pytest.mark.parametrize(("place", "mu", "sigma"), [(1, 0.5, 0.6), (2, 0.2, 0.9)])
def test_shares_follow_from_mu_and_sigma(
    drawn: list[tuple[Block, Natural, Natural]], place: int, mu: float, sigma: float
) -> None:
    peak = np.concatenate([one[place].peak for one in drawn])
    for grade in (1, 2, 3):
        wanted = 1 - NormalDist(mu, sigma).cdf(np.log(grade))
        assert (peak >= grade).mean() == pytest.approx(wanted, abs=0.03)


def test_burden_brings_both_syndromes_earlier(drawn: list[tuple[Block, Natural, Natural]]) -> None:
    burden = np.concatenate([draw_patients(one[0]).burden for one in drawn])
    for place in (1, 2):
        onset = np.concatenate([one[place].onset for one in drawn])
        assert np.median(onset[burden > 0.7]) < 0.85 * np.median(onset[burden < -0.7])


def test_neurotoxicity_goes_with_crs_and_begins_after_it(drawn: list[tuple[Block, Natural, Natural]]) -> None:
    u, v = (np.concatenate([one[place].u for one in drawn]) for place in (1, 2))
    assert np.corrcoef(u, v)[0, 1] > 0.4
    for _, crs, icans in drawn:
        shows = crs.peak >= 1
        assert (icans.onset[shows] >= crs.onset[shows]).all()


def test_log_severity_is_a_trapezoid() -> None:
    one = np.ones(1)
    natural = Natural(u=one, peak=3 * one, onset=24 * one, top=48 * one, falls=60 * one, ends=120 * one)
    hours = np.array([0, 24, 36, 48, 54, 60, 90, 120, 144], np.float32)
    severity = np.exp(natural.log_severity(hours)[0])
    assert severity[[1, 7]] == pytest.approx([1, 1])
    assert severity[[3, 4, 5]] == pytest.approx([3, 3, 3])
    assert severity[[2, 6]] == pytest.approx([np.sqrt(3), np.sqrt(3)])
    assert (severity[[0, 8]] < 1).all()


def test_what_never_shows_stays_far_below() -> None:
    one = np.ones(1)
    mild = Natural(u=one, peak=0.99 * one, onset=24 * one, top=48 * one, falls=60 * one, ends=120 * one)
    assert (mild.log_severity(np.arange(200)) < -1).all()


def test_onset_and_duration_have_the_medians_of_the_parameters(drawn: list[tuple[Block, Natural, Natural]]) -> None:
    crs = [one[1] for one in drawn]
    onset = np.concatenate([one.onset for one in crs])
    assert np.median(onset) / 24 == pytest.approx(2, rel=0.06)
    mild = np.concatenate([(one.ends - one.onset)[one.peak < 1] for one in crs])
    assert np.median(mild) / 24 == pytest.approx(7, rel=0.1)
