"""The calibration page, its plots and the stored results agree; the results are of the present settings and targets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tool_modules import load_tool
from vein2vein.population.parameters import setting_ids
from vein2vein.population.targets import targets

if TYPE_CHECKING:
    from types import ModuleType

COURSES = 20_000


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return load_tool("calibration_page")


@pytest.fixture(scope="module")
def results(tool: ModuleType) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(tool.RESULTS.read_text(encoding="utf-8"))
    return stored


def test_the_page_is_that_of_the_results(tool: ModuleType, results: dict[str, Any]) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(results)


def test_the_plots_are_those_of_the_results(tool: ModuleType, results: dict[str, Any]) -> None:
    wanted = {tool.plot_name(one): tool.plot(one) + "\n" for one in results["settings"]}
    found = {file.name: file.read_text(encoding="utf-8") for file in tool.PLOTS.glob("*.svg")}
    assert found == wanted


def test_every_setting_and_every_target_is_there(results: dict[str, Any]) -> None:
    assert [one["setting"] for one in results["settings"]] == list(setting_ids())
    for one in results["settings"]:
        stored = [(t["quantity"], t["denominator"], t["published"], t["use"]) for t in one["targets"]]
        known = [(t.quantity, t.denominator, t.value, t.use) for t in targets(one["setting"])]
        assert stored == known, f"run make calibrate: the targets of {one['setting']} have changed"


def test_every_setting_had_twenty_thousand_courses(results: dict[str, Any]) -> None:
    assert {one["setting"] for one in results["settings"] if one["courses"] < COURSES} == set()


def test_inside_means_within_the_interval(results: dict[str, Any]) -> None:
    for one in results["settings"]:
        for target in one["targets"]:
            high = float("inf") if target["high"] is None else target["high"]
            simulated = float("inf") if target["simulated"] is None else target["simulated"]
            assert target["inside"] == (target["low"] <= simulated <= high + 1e-9), target["quantity"]


def test_outside_is_said_on_the_page(tool: ModuleType, results: dict[str, Any]) -> None:
    outside = sum(not target["inside"] for one in results["settings"] for target in one["targets"])
    assert tool.page(results).count("| **outside** |") == outside


def test_a_tolerance_and_a_range_are_marked_where_they_are_met(tool: ModuleType, results: dict[str, Any]) -> None:
    written = tool.page(results)
    for basis, word in (("none", "our tolerance"), ("printed range", "range of patients")):
        met = sum(t["inside"] and t["interval"] == basis for one in results["settings"] for t in one["targets"])
        assert met
        assert written.count(f"| inside ({word}) |") == met


def test_a_changed_figure_changes_page_and_plot(tool: ModuleType, results: dict[str, Any]) -> None:
    other = json.loads(json.dumps(results))
    other["settings"][0]["targets"][0]["simulated"] = 0.123
    assert tool.page(other) != tool.page(results)
    assert tool.plot(other["settings"][0]) != tool.plot(results["settings"][0])
