"""A published trial opened by a design file is the trial of its own file, and every value keeps its status."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.published.files import trial_file, trial_ids
from vein2vein.programme.trial.study.cells import CellStudy


def study(**more: Any) -> CellStudy:
    found = design_of({"design": "cell-trial", **more}).study
    assert isinstance(found, CellStudy)
    return found


@pytest.mark.parametrize("id", trial_ids())
def test_the_world_is_that_of_the_published_file(id: str) -> None:
    one = study(published=id)
    assert one.worlds[0][1] == trial_file(id).trial()
    assert [cut.month for cut in one.analysis.cut_offs] == [trial_file(id).cut()]
    assert one.events == 0


@pytest.mark.parametrize("id", trial_ids())
def test_every_value_of_the_published_file_keeps_its_status(id: str) -> None:
    parameters = study(published=id).parameters
    told = [p.source or "" for p in parameters.values()]
    for name, given in trial_file(id).parameters.items():
        if name.startswith("trial.follow_up"):
            continue  # the month of the cut rests on it
        assert any(source.startswith(f"{id}: {given.status}, ") for source in told), name
    assert parameters["month"].source == f"{id}: published cut"
    assert {p.origin for p in parameters.values()} == {"default"}


def test_what_the_design_file_sets_is_marked_so_and_scenarios_change_parts() -> None:
    one = study(
        published="zuma-7",
        cells={"wait": {"median": 40}},
        scenarios=[{"name": "as set"}, {"name": "other events", "definition": "belinda"}],
    )
    assert one.parameters["cells.wait.median"].origin == "set"
    assert one.parameters["cells.wait.log_sd"].origin == "default"
    assert one.worlds[0][1].cells.wait.median == 40
    assert one.worlds[1][1].definition == trial_file("belinda").trial().definition
    assert one.worlds[1][1].cells == one.worlds[0][1].cells


def test_a_published_trial_may_get_another_plan() -> None:
    one = study(published="zuma-7", looks=[0.6, 1], spending="pocock", events=250, month=60)
    assert (one.events, len(one.analysis.cut_offs)) == (250, 2)


def test_what_cannot_be_opened_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        study(published="zuma-8")
    assert "zuma-7" in told.value.fault.expected
    with pytest.raises(TrialError, match="TRIAL-005"):
        study(published="zuma-7", looks=2)
