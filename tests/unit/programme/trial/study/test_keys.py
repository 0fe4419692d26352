"""Keys of a design are those that its file may have, each with a meaning; every design has an example file that works."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import NAMES, design_of
from vein2vein.programme.trial.study.keys import REQUIRED, calendar_keys, keys_of

EXAMPLES = Path(__file__).parents[5] / "examples" / "trials"
FILES = {
    str(content["design"]): content
    for path in sorted(EXAMPLES.rglob("*.yaml"))
    if "design" in (content := yaml.safe_load(path.read_text(encoding="utf-8")))
}
ARMS = {"control", "experimental", "accrual", "dropout", "ratio", "published"}
AROUND = {"design", "title", "scenarios", "search", "protocol", "setting", "response", "figures", "calendar",
          "judged_by", "reach", "waiting"}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_key_has_a_meaning_and_a_kind(name: str) -> None:
    keys = keys_of(name)
    assert [key.name for key in keys if not key.meaning or key.kind == "value"] == []
    assert all(key.default for key in keys)


@pytest.mark.parametrize("name", NAMES)
def test_every_design_has_an_example_that_works_with_keys_that_are_listed(name: str) -> None:
    content = FILES[name]
    listed = {key.name.partition(".")[0] for key in keys_of(name)}
    assert set(content) <= listed | AROUND | ARMS
    results = design_of(content).study.results(trials=4, seed=1)
    assert len(results) == len(content.get("scenarios", [1]))
    assert all(result.figures for result in results)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"group-sequential", "cell-trial"}))
def test_what_is_required_is_refused_when_it_is_missing(name: str) -> None:
    content = FILES[name]
    needed = [key.name for key in keys_of(name) if key.default == REQUIRED and "." not in key.name]
    assert needed or name == "3+3"
    for key in needed:
        with pytest.raises(TrialError, match="TRIAL-005"):
            design_of({one: value for one, value in content.items() if one != key})


def test_the_keys_of_the_calendar_are_those_of_its_section() -> None:
    keys = {key.name: key for key in calendar_keys()}
    assert [name for name, key in keys.items() if not key.meaning or key.kind == "value"] == []
    assert [name for name, key in keys.items() if key.default == REQUIRED and name.count(".") < 3] == [
        "calendar.window", "calendar.first", "calendar.interval", "calendar.way.wait"
    ]  # fmt: skip
    assert {"calendar.under_way", "calendar.way.made.log_sd", "calendar.way.least_dose"} < set(keys)
    file = yaml.safe_load((EXAMPLES / "designs" / "tite-boin-cells.yaml").read_text(encoding="utf-8"))
    assert {f"calendar.{key}" for key in file["calendar"]} - {"calendar.way"} < set(keys)
    assert {f"calendar.way.{key}" for key in file["calendar"]["way"]} < set(keys)
    (result, _) = design_of(file).study.results(trials=10, seed=1)
    assert result.figures["consented"].value > result.figures["apheresed"].value > result.figures["patients"].value


def test_kinds_and_defaults_are_those_of_the_file() -> None:
    keys = {key.name: key for key in keys_of("boin12")}
    assert (keys["utilities.both"].kind, keys["utilities.both"].default) == ("number", "60.0")
    assert (keys["start"].kind, keys["start"].default) == ("dose, from 1", "1")
    assert keys["start"].meaning == "Dose of the first cohort, counted from 1."
    assert keys["efficacy"].default == REQUIRED
