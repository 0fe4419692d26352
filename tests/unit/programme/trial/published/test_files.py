"""The files of the published trials pass their schema, each fault in one is refused, and they build trials."""

from __future__ import annotations

from importlib import resources

import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.continued import Continued
from vein2vein.programme.trial.endpoints import DEFINITIONS
from vein2vein.programme.trial.published.files import read, trial_file, trial_ids

TEXT = (resources.files("vein2vein.programme.trial") / "data/trials/zuma-7.yaml").read_text(encoding="utf-8")


def _changed(path: list[str | int], value: object) -> str:
    data = yaml.safe_load(TEXT)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return yaml.safe_dump(data)


def test_five_trials_are_at_hand() -> None:
    assert trial_ids() == ("belinda", "cartitude-4", "karmma-3", "transform", "zuma-7")
    assert {trial_file(id).name for id in trial_ids()} == set(DEFINITIONS)


@pytest.mark.parametrize("id", trial_ids())
def test_every_trial_builds_and_every_value_is_told(id: str) -> None:
    file = trial_file(id)
    trial = file.trial()
    assert trial.size == file.number("trial.patients")
    assert trial.definition is DEFINITIONS[file.name]
    assert isinstance(trial.control, Continued) == (file.kind == "continued")
    for one in file.parameters.values():
        assert one.source or one.note or one.fitted_to


@pytest.mark.parametrize("id", trial_ids())
def test_printed_figures_that_were_shared_are_those_of_the_source_list(id: str) -> None:
    """The numbers that the field quotes most, written here once more by hand."""
    expected = {
        "zuma-7": {"efs.ratio": 0.40, "efs.median.cells": 8.3, "efs.at.24.cells": 0.405, "share.transplanted": 0.36},
        "transform": {"efs.ratio": 0.356, "efs.at.18.control": 0.208, "share.infused": 0.97, "os.ratio": 0.724},
        "belinda": {"efs.ratio": 1.07, "efs.median.control": 3.0, "share.progressed_by.42.cells": 0.259},
        "cartitude-4": {"efs.ratio": 0.26, "efs.median.control": 11.8, "share.infused": 0.85},
        "karmma-3": {"efs.ratio": 0.49, "efs.median.cells": 13.8, "os.ratio": 1.01, "share.crossed_over": 0.56},
    }[id]
    printed = {one.figure: one.value for one in trial_file(id).printed}
    assert {name: printed[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            ["parameters", "cells.bridging", "status"],
            "verified",
            "Input should be 'read', 'recalled', 'assumed' or 'fitted'",
        ),
        (["parameters", "cells.bridging", "source"], None, "a value that is read needs a source"),
        (["parameters", "cells.failure", "note"], None, "a value that is assumed needs a note"),
        (["parameters", "cells.durable", "fitted_to"], [], "a value that is fitted needs fitted_to"),
        (["parameters", "cells.bridging", "fitted_to"], ["efs.ratio"], "fitted_to of a value that is read"),
        (["parameters", "cells.bridging", "source"], "nobody", "is not listed"),
        (["parameters", "cells.durable", "fitted_to"], ["pfs.median.cells"], "which no fitted figure is"),
        (["parameters", "cells.durable", "colour"], "red", "Extra inputs are not permitted"),
        (
            ["parameters", "dogs.durable"],
            {"value": 1, "unit": "d", "status": "assumed", "note": "nothing"},
            "no such group",
        ),
        (["printed", 0, "interval"], [0.5, 0.6], "an interval around the value"),
        (["printed", 0, "interval_status"], None, "an interval and its status go together"),
        (["printed", 0, "figure"], "efs.mean", "String should match pattern"),
        (["printed", 0, "source"], "nobody", "is not listed"),
        (["printed", 5, "role"], "fitted", "no parameter is fitted to them"),
        (["printed", 1, "figure"], "efs.ratio", "printed twice"),
        (["id"], "belinda", "of the file name"),
        (["kind"], "crossover", "Input should be 'salvage' or 'continued'"),
    ],
)
def test_faults_of_a_file_are_refused(path: list[str | int], value: object, told: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-050") as refused:
        read("zuma-7", _changed(path, value))
    assert told in str(refused.value)


def test_a_file_may_be_no_yaml_and_a_trial_unknown() -> None:
    with pytest.raises(TrialError, match="TRIAL-050"):
        read("zuma-7", "a: [")
    with pytest.raises(TrialError, match="one of belinda"):
        trial_file("zuma-8")


def test_parameters_that_an_arm_does_not_have_are_refused() -> None:
    text = _changed(["parameters", "cells.colour"], {"value": 1, "unit": "d", "status": "assumed", "note": "nothing"})
    with pytest.raises(TrialError, match="colour"):
        read("zuma-7", text).trial()
    with pytest.raises(TrialError, match="a share from 0 to 1"):
        trial_file("zuma-7").trial({"cells.failure": 2.0})
