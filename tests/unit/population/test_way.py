"""The way: steps in order, shares met, causes named."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.states import Patients, Way
from vein2vein.population.way import REFERRED_CLOCK, draw_way, observe_way, surface_m2

BLOCKS = 16


def _blocks(name: str) -> list[tuple[Block, Patients, Way]]:
    found = []
    for number in range(BLOCKS):
        block = Block(1, number, setting(name))
        patients = draw_patients(block)
        found.append((block, patients, draw_way(block, patients)))
    return found


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Block, Patients, Way]]:
    return _blocks("tisa-cel/lbcl-3l")


def _all(drawn: list[tuple[Block, Patients, Way]], name: str) -> np.ndarray:
    return np.concatenate([getattr(way, name) for _, _, way in drawn])


def test_steps_follow_each_other(drawn: list[tuple[Block, Patients, Way]]) -> None:
    names = ("referred", "accepted", "apheresed", "released", "delivered", "lymphodepletion", "infused")
    steps = np.stack([_all(drawn, name) for name in names])
    infused = steps[:, ~np.isnan(steps[-1])]
    assert not np.isnan(infused).any()
    assert (np.diff(infused, axis=0) > 0).all()


def test_who_is_not_infused_left_for_a_cause_and_before_the_infusion(
    drawn: list[tuple[Block, Patients, Way]],
) -> None:
    infused, left = _all(drawn, "infused"), _all(drawn, "left")
    cause = _all(drawn, "left_cause")
    gone = np.isnan(infused)
    assert (np.isnan(left) == ~gone).all()
    assert all(word is None for word in cause[~gone])
    assert set(cause[gone]) <= {"progression", "death", "unfit", "declined", "manufacturing"}
    assert (_all(drawn, "manufacture_failed") == (cause == "manufacturing")).all()


def test_the_record_says_why_somebody_is_not_infused(drawn: list[tuple[Block, Patients, Way]]) -> None:
    for block, patients, way in drawn[:4]:
        _, _, events = observe_way(block, patients, way)
        said = events.kind == "not_infused"
        gone = np.flatnonzero(np.isnan(way.infused))
        assert np.array_equal(np.sort(events.course[said]), gone)
        assert (events.detail[said] == way.left_cause[events.course[said]]).all()


def test_shares_are_those_of_the_setting(drawn: list[tuple[Block, Patients, Way]]) -> None:
    value = setting("tisa-cel/lbcl-3l").value
    failed = value("way.manufacture_failure")
    assert _all(drawn, "manufacture_failed").mean() == pytest.approx(failed, abs=0.015)
    left = np.isnan(_all(drawn, "infused")).mean()
    assert left == pytest.approx(failed + (1 - failed) * value("way.made_not_given"), abs=0.02)
    assert _all(drawn, "bridging").mean() == pytest.approx(value("way.bridging"), abs=0.02)


def test_dropout_falls_on_high_burden_and_failure_on_few_lymphocytes(
    drawn: list[tuple[Block, Patients, Way]],
) -> None:
    burden = np.concatenate([patients.burden for _, patients, _ in drawn])
    lymphocytes = np.concatenate([patients.lymphocytes for _, patients, _ in drawn])
    gone, failed = np.isnan(_all(drawn, "infused")), _all(drawn, "manufacture_failed")
    assert burden[gone & ~failed].mean() > burden[~gone].mean() + 0.3
    assert np.median(lymphocytes[failed]) < np.median(lymphocytes[~failed])


def test_infusions_take_place_by_day(drawn: list[tuple[Block, Patients, Way]]) -> None:
    clock = (REFERRED_CLOCK + _all(drawn, "infused")) % 24
    clock = clock[~np.isnan(clock)]
    assert clock.min() >= 10
    assert clock.max() < 14


def test_lymphodepletion_is_given_on_the_days_and_in_the_doses_of_the_label() -> None:
    block, patients, way = _blocks("axi-cel")[0]
    _, spans, events = observe_way(block, patients, way)
    one = int(np.flatnonzero(way.is_infused)[0])
    own = (spans.course == one) & (spans.agent == "fludarabine")
    assert own.sum() == 3
    assert np.round(spans.start[own] / 24).tolist() == [-5, -4, -3]
    assert spans.amount[own][0] == pytest.approx(30 * surface_m2(patients)[one], abs=0.5)
    infusions = events.course[events.kind == "infusion"]
    assert sorted(infusions.tolist()) == np.flatnonzero(way.is_infused).tolist()


def test_doses_by_weight_stop_at_the_cap() -> None:
    _, patients, way = _blocks("axi-cel")[0]
    assert way.cells.max() <= 200
    light = patients.weight_kg < 80
    assert np.median(way.cells[light] / patients.weight_kg[light]) == pytest.approx(2, rel=0.05)
