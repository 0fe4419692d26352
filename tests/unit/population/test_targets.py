"""Published figures: intervals, sources, denominators, and the traps that the sources set."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import SimulationError
from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.registry import rule_set
from vein2vein.population.fit import HELD
from vein2vein.population.parameters import setting, setting_ids
from vein2vein.population.targets import QUANTITIES, Target, read_targets, targets

REST = "source: a, status: read, use: fit"


def _of(id: str, quantity: str) -> list[Target]:
    return [one for one in targets(id) if one.quantity == quantity]


@pytest.mark.parametrize("id", setting_ids())
def test_every_source_and_scale_resolves(id: str) -> None:
    assert {one.source for one in targets(id)} <= set(citations())
    for one in targets(id):
        if one.scale:
            assert rule_set(one.scale).id == one.scale


@pytest.mark.parametrize("id", setting_ids())
def test_every_value_lies_in_its_interval(id: str) -> None:
    for one in targets(id):
        low, high = one.bounds
        assert low <= one.value <= high, one.quantity


@pytest.mark.parametrize("id", setting_ids())
def test_what_a_setting_is_fitted_to_has_a_figure(id: str) -> None:
    aims = {one.quantity for one in targets(id) if one.use == "fit"}
    own = setting(id)
    for name in own.own:
        assert set(own.parameters[name].fitted_to) <= (aims if name not in HELD else {HELD[name]}), name


def test_where_sources_differ_both_stand_and_one_is_used() -> None:
    pairs = {
        ("tisa-cel/lbcl-3l", "way.infused_of_enrolled"): (0.697, {0.673}),
        ("tisa-cel/lbcl-3l", "outcome.response"): (0.52, {0.53}),
        ("afami-cel/synovial-sarcoma", "outcome.response"): (0.386, {0.432}),
        ("liso-cel/lbcl-3l", "way.infused_of_enrolled"): (0.855, {0.782}),
        ("axi-cel/lbcl-3l", "icans.any"): (0.64, {0.87}),
        ("cilta-cel/mm-late", "icans.any"): (0.17, {0.21}),
        ("obe-cel/b-all-adult", "outcome.response"): (0.78, {0.766}),
    }
    for (id, quantity), (used, others) in pairs.items():
        found = _of(id, quantity)
        assert [one.value for one in found if one.use == "fit"] == [used]
        other = [one for one in found if one.use == "compare" and one.protocol == "reference"]
        assert {one.value for one in other} == others


def test_felix_is_not_read_as_grade_3_in_69_percent() -> None:
    assert [one.value for one in _of("obe-cel/b-all-adult", "crs.any")] == [0.69]
    assert [one.value for one in _of("obe-cel/b-all-adult", "crs.grade3")] == [0.024]


def test_the_german_registry_is_not_used_because_its_counts_contradict() -> None:
    assert all(one.source != "bethge2022" for id in setting_ids() for one in targets(id))


def test_intervals() -> None:
    printed = _of("axi-cel/lbcl-3l", "outcome.os_24")[0]
    assert printed.bounds == (0.402, 0.597)
    counted = _of("axi-cel/lbcl-3l", "way.infused_of_enrolled")[0]
    assert counted.bounds == (pytest.approx(0.841, abs=1e-3), pytest.approx(0.956, abs=1e-3))
    assumed = _of("axi-cel/lbcl-3l", "way.vein_to_vein_days")[0]
    assert assumed.bounds == (21.5, 29.5)
    assert "tolerance of ours" in str(assumed.interval.note)


def test_labels_are_words() -> None:
    assert all(label[0].isupper() or label[0].isdigit() for label in QUANTITIES.values())


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            f"{{quantity: crs.colour, value: 1, interval: {{basis: none, tolerance: 1}}, {REST}}}",
            "crs.colour",
        ),
        (
            f"{{quantity: crs.any, value: 2, interval: {{basis: none, tolerance: 1}}, {REST}}}",
            "between 0 and 1",
        ),
        (
            f"{{quantity: crs.any, value: 0.5, interval: {{basis: none}}, {REST}}}",
            "a tolerance is named",
        ),
        (
            f"{{quantity: crs.any, value: 0.5, interval: {{basis: printed interval}}, {REST}}}",
            "has `low` and `high`",
        ),
        (
            f"{{quantity: crs.any, value: 0.5, interval: {{basis: computed from counts}}, n: 4, {REST}}}",
            "events and n",
        ),
        (
            f"{{quantity: crs.any, value: 0.5, events: 1, n: 4, interval: {{basis: computed from counts}}, {REST}}}",
            "1 of 4 is not 0.5",
        ),
    ],
)
def test_mistakes_are_named(tmp_path: Path, entry: str, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"setting: a/b\ntargets:\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(SimulationError, match="SIM-010") as caught:
        read_targets(file, "a/b")
    assert message in str(caught.value)


def test_two_figures_to_fit_are_refused(tmp_path: Path) -> None:
    one = f"  - {{quantity: crs.any, value: 0.5, n: 4, interval: {{basis: computed from percentage}}, {REST}}}\n"
    file = tmp_path / "a.yaml"
    file.write_text("setting: a/b\ntargets:\n" + one + one, encoding="utf-8")
    with pytest.raises(SimulationError, match=r"two figures to fit for crs\.any"):
        read_targets(file, "a/b")


def test_a_file_of_another_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("setting: c/d\ntargets: []\n", encoding="utf-8")
    with pytest.raises(SimulationError, match="setting 'c/d'"):
        read_targets(file, "a/b")
    with pytest.raises(SimulationError, match="no file"):
        read_targets(tmp_path / "b.yaml", "a/b")
