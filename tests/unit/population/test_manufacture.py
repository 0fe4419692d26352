"""Manufacture: the published share of failures whatever the weight, low yields fail more, failures are tried again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.centres import centres
from vein2vein.population.manufacture import cut, pace, shipping_hours
from vein2vein.population.parameters import Setting, setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.states import Patients, Way
from vein2vein.population.way import draw_way

BLOCKS = 40


def _ways(found: Setting) -> list[tuple[Patients, Way]]:
    drawn = []
    for number in range(BLOCKS):
        block = Block(5, number, found)
        patients = draw_patients(block)
        drawn.append((patients, draw_way(block, patients)))
    return drawn


@pytest.fixture(scope="module")
def often() -> tuple[Setting, list[tuple[Patients, Way]]]:
    """A setting in which manufacture fails often."""
    found = setting("tisa-cel/lbcl-3l").with_values({"way.manufacture_failure": 0.15, "way.out_of_specification": 0.2})
    return found, _ways(found)


def _all(drawn: list[tuple[Patients, Way]], name: str) -> np.ndarray:
    return np.concatenate([getattr(way, name) for _, way in drawn])


def test_shares_are_met_and_fall_on_low_yields(often: tuple[Setting, list[tuple[Patients, Way]]]) -> None:
    _, drawn = often
    failed, out = _all(drawn, "manufacture_failed"), _all(drawn, "out_of_specification")
    assert failed.mean() == pytest.approx(0.15, abs=0.012)
    assert out[~failed].mean() == pytest.approx(0.2, abs=0.02)
    cells = np.nansum(_all(drawn, "cd3_collected")[:, :2], axis=1)
    low = cells < np.quantile(cells, 0.25)
    assert failed[low].mean() > 1.5 * failed[~low].mean()
    assert out[low & ~failed].mean() > 1.3 * out[~low & ~failed].mean()


def test_a_failure_is_followed_by_a_further_apheresis_in_some_and_a_later_infusion(
    often: tuple[Setting, list[tuple[Patients, Way]]],
) -> None:
    found, drawn = often
    hours, ends = _all(drawn, "collected"), _all(drawn, "failed_at")
    first = ~np.isnan(ends[:, 0])
    again = ~np.isnan(hours[:, 2])
    assert (first | ~again).all()
    assert again[first].mean() == pytest.approx(found.value("way.again_after_failure"), abs=0.04)
    assert (hours[again, 2] > ends[again, 0]).all()
    saved = again & ~_all(drawn, "manufacture_failed")
    assert saved[again].mean() == pytest.approx(found.value("way.again_succeeds"), abs=0.05)
    twice = again & ~saved
    assert (~np.isnan(ends[twice, 1])).all()
    assert (_all(drawn, "left")[twice] == ends[twice, 1]).all()
    wait = _all(drawn, "infused") - _all(drawn, "apheresed")
    assert np.nanmedian(wait[saved]) > np.nanmedian(wait[~first]) + 24 * 14
    assert (_all(drawn, "released")[saved] > hours[saved, 2])[~np.isnan(_all(drawn, "released")[saved])].all()


def test_a_low_yield_is_topped_up_on_the_next_day(often: tuple[Setting, list[tuple[Patients, Way]]]) -> None:
    found, drawn = often
    hours, cells = _all(drawn, "collected"), _all(drawn, "cd3_collected")
    there = ~np.isnan(hours[:, 1])
    assert 0.01 < there.mean() < 0.5
    assert (hours[there, 1] == hours[there, 0] + 24).all()
    assert (cells[there, 0] < found.value("way.cd3_enough")).all()
    assert np.isnan(cells[~there, 1]).all()


def test_times_go_with_the_region_and_the_trial_keeps_its_median() -> None:
    found = setting("axi-cel/lbcl-3l")
    drawn = _ways(found)
    region = np.array([c.region for c in centres()])[np.concatenate([p.centre for p, _ in drawn])]
    days = (_all(drawn, "infused") - _all(drawn, "apheresed")) / 24
    west, east = (np.nanmedian(days[region == name]) for name in ("north-america", "europe"))
    names = found.texts("way.regions")
    wanted = found.values("way.region_pace")[names.index("europe")]
    assert east / west == pytest.approx(wanted, rel=0.06)
    assert np.sqrt(east * west) == pytest.approx(found.value("way.apheresis_to_infusion_days_median"), rel=0.06)
    ship = (_all(drawn, "delivered") - _all(drawn, "released")) / 24
    assert np.nanmin(ship[region == "europe"]) == pytest.approx(2)
    assert np.nanmin(ship[region == "north-america"]) == pytest.approx(1)


def test_a_trial_in_one_region_has_the_pace_of_that_region() -> None:
    block = Block(1, 0, setting("relma-cel"))
    patients = draw_patients(block)
    assert pace(block, patients) == pytest.approx(1)
    assert set(shipping_hours(block, patients)) == {24.0}


@pytest.mark.parametrize("share", [0.005, 0.08, 0.5])
@pytest.mark.parametrize("weight", [0.0, 0.4, 0.8])
def test_the_cut_meets_the_share_by_simulation(share: float, weight: float) -> None:
    rng = np.random.default_rng(3)
    latent, noise = rng.standard_normal((2, 400_000))
    shortage = -np.where(latent < -1.2, latent + 0.9, latent)
    above = weight * shortage + np.sqrt(1 - weight**2) * noise > cut(share, weight, -1.2, 0.9)
    assert above.mean() == pytest.approx(share, abs=4 * np.sqrt(share / 400_000) + 0.001)


def test_other_modules_keep_their_draws_when_manufacture_changes() -> None:
    found = setting("tisa-cel/lbcl-3l")
    changed = found.with_values({"way.manufacture_failure": 0.3})
    ours, theirs = (draw_way(block, draw_patients(block)) for block in (Block(1, 0, found), Block(1, 0, changed)))
    both = ours.is_infused & theirs.is_infused & (np.isnan(theirs.failed_at[:, 0])) & np.isnan(ours.failed_at[:, 0])
    assert both.sum() > 50
    for name in ("accepted", "apheresed", "infused", "cells"):
        assert (getattr(ours, name)[both] == getattr(theirs, name)[both]).all(), name
    assert replace(ours, cells=theirs.cells).bridging.tolist() == theirs.bridging.tolist()
