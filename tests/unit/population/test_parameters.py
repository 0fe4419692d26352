"""Settings: every number has a source and a status, and mistakes in a file are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import SimulationError
from vein2vein.knowledge.citations import citations
from vein2vein.population.parameters import (
    GROUPS,
    common_parameters,
    read_setting,
    setting,
    setting_ids,
)

HEAD = """\
id: any-cel/any
product: any
name: Any
indication: any
line: any
imitates: ANY-1
source: stein2019
parameters:
"""


def _read(folder: Path, lines: str):  # type: ignore[no-untyped-def]
    file = folder / "any-cel.any.yaml"
    file.write_text(HEAD + lines, encoding="utf-8")
    return read_setting(file, common_parameters())


def test_there_are_fourteen_settings_of_eleven_products() -> None:
    assert len(setting_ids()) == 14
    assert len({id.partition("/")[0] for id in setting_ids()}) == 11


def test_a_product_alone_means_its_default_setting() -> None:
    assert setting("axi-cel").id == "axi-cel/lbcl-3l"
    assert setting("tisa-cel").id == "tisa-cel/b-all-young"
    assert setting("brexu-cel").id == "brexu-cel/mcl"
    assert setting("axi-cel/lbcl-2l").imitates == "ZUMA-7"


@pytest.mark.parametrize("id", setting_ids())
def test_every_source_resolves(id: str) -> None:
    found = setting(id)
    cited = {one.source for one in found.parameters.values() if one.source} | {found.source}
    assert cited <= set(citations())


@pytest.mark.parametrize("id", setting_ids())
def test_every_setting_has_the_same_names(id: str) -> None:
    assert set(setting(id).parameters) == set(setting("axi-cel").parameters)


@pytest.mark.parametrize("id", setting_ids())
def test_groups_and_statuses(id: str) -> None:
    for name, one in setting(id).parameters.items():
        assert name.partition(".")[0] in GROUPS
        assert (one.status == "fitted") == bool(one.fitted_to), name
        assert (one.source is None) == (one.status in {"assumption", "fitted"}), name


def test_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(SimulationError, match=r"SIM-002[\s\S]*'crs.muu' of axi-cel/lbcl-3l[\s\S]*nearest: crs.mu"):
        setting("axi-cel").value("crs.muu")


def test_unknown_setting_lists_the_known() -> None:
    with pytest.raises(SimulationError, match=r"SIM-001[\s\S]*setting 'axicel'[\s\S]*axi-cel/lbcl-3l"):
        setting("axicel")


def test_a_list_is_not_a_number() -> None:
    with pytest.raises(SimulationError, match=r"SIM-011[\s\S]*way.fludarabine_days[\s\S]*one number"):
        setting("axi-cel").value("way.fludarabine_days")
    with pytest.raises(SimulationError, match=r"SIM-011[\s\S]*crs.mu[\s\S]*a list of numbers"):
        setting("axi-cel").values("crs.mu")
    with pytest.raises(SimulationError, match=r"SIM-011[\s\S]*crs.mu[\s\S]*a text"):
        setting("axi-cel").text("crs.mu")
    assert setting("axi-cel").values("way.fludarabine_days") == (-5.0, -4.0, -3.0)


def test_changed_values_leave_the_setting_as_it_was() -> None:
    before = setting("axi-cel").value("crs.mu")
    changed = setting("axi-cel").with_values({"crs.mu": 0.1})
    assert changed.value("crs.mu") == 0.1
    assert setting("axi-cel").value("crs.mu") == before
    with pytest.raises(SimulationError, match="SIM-002"):
        setting("axi-cel").with_values({"crs.none": 1.0})


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("  crs.mu: {value: 1, status: recalled}", "a published value names its source"),
        ("  crs.mu: {value: 1, status: assumption}", "an assumption has a note"),
        ("  crs.mu: {value: 1, status: fitted}", "a fitted parameter names the targets"),
        ("  crs.mu: {value: 1, status: guessed}", "crs.mu"),
        ("  crs.mu: {value: 1, status: assumption, note: a, colour: red}", "colour"),
        ("  cows.mu: {value: 1, status: assumption, note: a}", "a name that starts with one of"),
        (
            "  crs.mu: {value: 1, status: assumption, note: a}\n  crs.mu: {value: 2, status: assumption, note: a}",
            "'crs.mu' twice",
        ),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(SimulationError, match="SIM-010") as caught:
        _read(tmp_path, lines + "\n")
    assert message in str(caught.value)
    assert "any-cel.any.yaml" in str(caught.value)


def test_an_own_value_takes_the_place_of_the_common_one(tmp_path: Path) -> None:
    found = _read(tmp_path, "  crs.rise_hours: {value: 7, unit: h, status: assumption, note: a}\n")
    assert found.value("crs.rise_hours") == 7
    assert found.own == {"crs.rise_hours"}
    assert common_parameters()["crs.rise_hours"].value != 7
