"""Cells against salvage as a design file: the same trials as calls, changes of a scenario key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import Lognormal
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.endpoints import ZUMA_7, counted
from vein2vein.programme.trial.randomised.simulate import simulate
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.results import mean_of

EXAMPLE = Path(__file__).parents[5] / "examples" / "trials" / "cell-trial.yaml"
FILE: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


def study(**more: Any) -> CellStudy:
    found = design_of(FILE | more).study
    assert isinstance(found, CellStudy)
    return found


def test_a_file_plays_the_calendar_that_it_describes() -> None:
    one = study()
    planned, slow = (world for _, world in one.worlds)
    assert planned.definition == ZUMA_7
    assert planned.cells.wait.median == 28
    assert (slow.cells.wait.median, slow.cells.failure) == (50, 0.10)
    assert slow.cells.durable == planned.cells.durable
    run = simulate(planned, one.analysis, 128, 2)
    assert one.results(trials=128, seed=2)[0].figures["power"].value == pytest.approx(run.upper.mean())


def test_tables_hold_dates_and_the_ways_of_counting() -> None:
    looks, ways = study().tables()
    assert looks.rows[0][4].startswith("2028")
    assert [row[1] for row in ways.rows[:4]] == ["enrolled", "apheresed", "infused", "evaluable"]
    patients = [float(row[2].split()[0]) for row in ways.rows[:4]]
    assert patients == sorted(patients, reverse=True)
    assert ways.rows[0][2] == f"{patients[0]:.1f}"  # as many in each trial, without error
    assert all("(± " in cell for row in ways.rows[1:4] for cell in row[2:])
    assert "(± " in ways.rows[4][2]
    assert all("(± " in row[3] for row in looks.rows)
    assert (looks.simulated, ways.simulated) == ((512, 1), (128, 1))


def test_curves_begin_with_everybody() -> None:
    for curves in study().curves():
        for arm in curves.arms:
            assert (arm.survival[0], arm.at_risk[0]) == (1, 120)
            assert arm.errors is not None
            assert [len(one) for one in arm.errors] == [len(curves.months)] * 2
            assert (arm.errors[0][30:] > 0).all()
            assert "(± " in str(arm.at(30)[0])


def test_the_error_beside_a_table_is_that_of_other_trials() -> None:
    """Patients infused in blocks of other trials depart from the table by no more than errors of both allow."""
    world = study().worlds[0][1]
    here, there = (counted(world.histories(seed, 0)[1], 28)["infused"][0] for seed in (1, 2))
    told, other = mean_of(here), mean_of(there)
    assert abs(told.value - other.value) < 4 * ((told.error or 0) ** 2 + (other.error or 0) ** 2) ** 0.5
    assert told.error == pytest.approx(here.std(ddof=1) / 128**0.5)


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"events": 400}, "400 events of 240 patients"),
        ({"events": 150, "power": 0.8}, "events 150 and power 0.8"),
        ({"definition": "zuma"}, "definition 'zuma'"),
        ({"scenarios": [{"name": "x", "cell": {}}]}, "'cell' in scenario 'x'"),
        ({"scenarios": [{"name": "x", "cells": {"failure": 2}}]}, "failure 2"),
        ({"scenarios": [{"name": "x", "cells": {"wait": "long"}}]}, "days, or a dose"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        study(**change)
    assert saw in told.value.fault.saw


def test_what_the_file_leaves_out_of_an_arm_is_a_default() -> None:
    parameters = study().parameters
    assert (parameters["cells.failure"].value, parameters["cells.failure"].origin) == (0.03, "set")
    assert (parameters["cells.slot"].value, parameters["cells.slot"].origin) == (0.0, "default")
    assert parameters["cells.apheresis.least"].origin == "default"
    assert parameters["cells.made"].value == Lognormal(1.0)
    assert parameters["after.control.crossover"].origin == "set"
    assert parameters["after.experimental.crossover"].origin == "default"
