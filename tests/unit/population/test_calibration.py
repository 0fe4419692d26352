"""Calibration reads tables and verdicts: on courses that are charted in full it must find what was intended."""

from __future__ import annotations

import pickle

import numpy as np
import polars as pl
import pytest

from vein2vein.population.calibration import (
    ASTCT,
    Calibration,
    as_record,
    calibrate,
    part_of,
    rules_of,
    shift,
)
from vein2vein.population.parameters import setting_ids
from vein2vein.population.simulate import task_of
from vein2vein.population.targets import targets

ID = "axi-cel/lbcl-3l"


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(ID, 250, seed=8, days=40)


def test_every_target_is_compared_in_order(found: Calibration) -> None:
    assert [one.target for one in found.compared] == list(targets(ID))
    assert all(np.isfinite(one.simulated.value) for one in found.compared)
    assert (found.id, found.n, found.seed) == (ID, 250, 8)


def test_a_figure_under_another_protocol_is_of_other_courses(found: Calibration) -> None:
    by = {one.target.protocol: one for one in found.compared if one.target.quantity == "icans.grade3"}
    assert set(by) == {"reference", "early"}
    assert by["early"].simulated.value < by["reference"].simulated.value


def test_what_became_of_manufacture_is_read_from_the_tables(found: Calibration) -> None:
    (failure,) = [one for one in found.compared if one.target.quantity == "way.manufacture_failure"]
    assert failure.simulated == failure.meant


def test_grading_finds_what_was_intended(found: Calibration) -> None:
    table = found.agreement.filter(pl.col("low") == pl.col("high"))
    assert table["courses"].sum() > 0.98 * found.agreement["courses"].sum()
    same = table.filter(pl.col("meant") == pl.col("low"))
    assert same["courses"].sum() > 0.98 * found.agreement["courses"].sum()
    assert found.timing["median_hours"].max() < 1.0


def test_exact_quantities_are_the_same_in_tables_and_intentions(found: Calibration) -> None:
    exact = {
        "way.infused_of_enrolled",
        "way.vein_to_vein_days",
        "crs.onset_days",
        "icans.any",
        "care.tocilizumab",
        "outcome.os_12",
        "outcome.pfs_12",
    }
    for one in found.compared:
        if one.target.quantity in exact:
            assert one.simulated.value == pytest.approx(one.meant.value, rel=0.02), one.target.quantity


def test_inside_and_outside_follow_the_interval(found: Calibration) -> None:
    for one in found.compared:
        low, high = one.target.bounds
        assert one.is_inside == (low <= one.simulated.value <= high)


def test_shift_is_log_odds_or_log(found: Calibration) -> None:
    by = {(one.target.quantity, one.target.use): one for one in found.compared}
    times = by["icans.onset_days", "fit"]
    assert shift(times) == pytest.approx(np.log(times.simulated.value / times.meant.value))
    severe = by["crs.grade3", "fit"]
    p, q = severe.simulated.value, severe.meant.value
    assert shift(severe) == pytest.approx(np.log(p / (1 - p)) - np.log(q / (1 - q)))


def test_records_are_plain_data(found: Calibration) -> None:
    record = as_record(found)
    assert record["setting"] == ID
    assert len(record["targets"]) == len(found.compared)
    assert {type(value) for one in record["targets"] for value in one.values()} <= {str, float, int, bool, type(None)}


def test_a_part_is_small_and_can_be_sent() -> None:
    part = part_of(task_of(ID, seed=8, days=20), 0)
    assert len(pickle.dumps(part)) < 200_000


@pytest.mark.parametrize("id", setting_ids())
def test_every_setting_is_graded_under_the_scales_of_its_targets(id: str) -> None:
    bound = {rule.id for rule in rules_of(id)}
    assert set(ASTCT) <= bound
    assert {one.scale for one in targets(id) if one.scale} <= bound
