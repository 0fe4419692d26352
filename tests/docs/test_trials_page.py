"""The page of the published trials is what the stored blocks make, and the stored blocks are what the code makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tool_modules import load_tool
from vein2vein.programme.trial.cell_trial import all_sets
from vein2vein.programme.trial.published.adjusted import adjusted
from vein2vein.programme.trial.published.contrast import PARTS, Mixtures
from vein2vein.programme.trial.published.figures import block_figures
from vein2vein.programme.trial.published.files import trial_file, trial_ids

if TYPE_CHECKING:
    from types import ModuleType

MAKE = "run python tools/trials_page.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return load_tool("trials_page")


@pytest.fixture(scope="module")
def stored(tool: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tool.RESULTS.read_text(encoding="utf-8"))
    return found


def test_the_page_is_that_of_the_results(tool: ModuleType, stored: dict[str, Any]) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(stored), MAKE


@pytest.mark.parametrize("id", trial_ids())
def test_the_first_block_is_what_the_code_makes(id: str, stored: dict[str, Any]) -> None:
    names = [one.figure for one in trial_file(id).printed]
    assert list(stored["figures"][id]) == names, MAKE
    found = block_figures(trial_file(id), names, 0, stored["seed"])
    kept = {name: float("inf") if values[0] is None else values[0] for name, values in stored["figures"][id].items()}
    assert found == pytest.approx(kept, rel=1e-6), MAKE


def test_the_mixtures_are_what_the_code_makes(tool: ModuleType, stored: dict[str, Any]) -> None:
    sets = all_sets(tuple(PARTS))
    assert list(stored["mixtures"]) == [tool.key(chosen) for chosen in sets]
    mixtures = Mixtures(*map(trial_file, tool.PAIR), 0, stored["seed"])
    for chosen in sets[:: len(sets) // 5]:
        assert mixtures.ratio(chosen) == pytest.approx(stored["mixtures"][tool.key(chosen)][0], rel=1e-6), MAKE


def test_the_first_adjusted_trials_are_what_the_code_makes(tool: ModuleType, stored: dict[str, Any]) -> None:
    assert list(stored["adjusted"]) == tool.crossing()
    for id, columns in stored["adjusted"].items():
        found = tool.as_lists(adjusted(trial_file(id), 2, stored["seed"]))
        assert found == {name: pytest.approx(values[:2], rel=1e-5) for name, values in columns.items()}, MAKE


def test_enough_blocks_were_played(tool: ModuleType, stored: dict[str, Any]) -> None:
    assert all(len(v) >= tool.BLOCKS for figures in stored["figures"].values() for v in figures.values())
    assert all(len(v) >= tool.CONTRAST_BLOCKS for v in stored["mixtures"].values())


def test_the_page_names_what_is_outside(tool: ModuleType, stored: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(stored))
    changed["figures"]["zuma-7"]["efs.ratio"] = [0.0] * len(stored["figures"]["zuma-7"]["efs.ratio"])
    assert "ZUMA-7, primary endpoint, hazard ratio (fitted): published 0.40, simulated 1.00." in tool.page(changed)
