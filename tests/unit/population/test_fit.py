"""The fit moves what it may move, towards the published figures, the same way every time."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from vein2vein.population.fit import HELD, KNOBS, fit, gaps, share_of_grade4, shown, write
from vein2vein.population.intended import intended
from vein2vein.population.parameters import setting, setting_ids
from vein2vein.population.targets import QUANTITIES, targets

ID = "axi-cel/lbcl-3l"


def test_knobs_turn_known_parameters_by_known_quantities() -> None:
    for name, (quantities, _) in KNOBS.items():
        assert name in setting(ID).parameters
        assert set(quantities) <= set(QUANTITIES)


@pytest.mark.parametrize("id", setting_ids())
def test_every_fitted_parameter_of_a_setting_is_a_knob_on_one_of_its_targets(id: str) -> None:
    own = setting(id)
    aims = {one.quantity for one in targets(id) if one.use == "fit"}
    for name in own.own:
        one = own.parameters[name]
        if name in HELD:
            assert one.fitted_to == (HELD[name],), name
        elif one.status == "fitted":
            assert set(one.fitted_to) <= set(KNOBS[name][0]) & aims, name


@pytest.mark.parametrize("id", setting_ids())
def test_shifts_are_of_fitted_quantities(id: str) -> None:
    assert set(shown(id)) <= {one.quantity for one in targets(id) if one.use == "fit"}
    assert all(abs(size) < 3 for size in shown(id).values())


def test_a_wrong_start_is_pulled_back() -> None:
    wrong = setting(ID).with_values({"crs.mu": 0.1, "crs.onset_days_median": 6.0, "outcome.response": 0.4})
    quantities = ("crs.any", "crs.onset_days", "outcome.response")

    def off(one):  # type: ignore[no-untyped-def]
        found = {gap.target.quantity: gap for gap in gaps(one, intended(one, 3, 3))}
        return [abs(np.log(found[name].simulated.value / found[name].aim)) for name in quantities]

    before = off(wrong)
    after = off(fit(wrong, seed=3, rounds=4, blocks=3))
    assert all(new < 0.4 * old for old, new in zip(before, after, strict=True)), (before, after)


def test_the_same_seed_gives_the_same_values() -> None:
    one, other = (fit(setting(ID), seed=4, rounds=1, blocks=1) for _ in range(2))
    assert one == other
    assert {name for name in one.parameters if one.parameters[name] != setting(ID).parameters[name]} <= {*KNOBS, *HELD}


def test_the_assumed_share_of_grade_4_is_that_of_the_treated_courses() -> None:
    for name, wanted in (("crs", 0.3), ("icans", 0.2)):
        assert setting(ID).value(f"{name}.grade4_of_severe") == wanted
    wrong = setting(ID).with_values({"crs.grade4_severity": 6.0, "icans.grade4_severity": 3.1})
    found = fit(wrong, seed=3, rounds=4, blocks=3)
    courses = intended(found, 3, 6)
    assert share_of_grade4(courses, "crs").value == pytest.approx(0.3, abs=0.06)
    assert share_of_grade4(courses, "icans").value == pytest.approx(0.2, abs=0.06)


def test_writing_changes_the_values_of_fitted_lines_only(tmp_path: Path) -> None:
    folder = resources.files("vein2vein.population").joinpath("data", "settings")
    source = Path(str(folder.joinpath("axi-cel.lbcl-3l.yaml")))
    shutil.copy(source, tmp_path)
    before = source.read_text(encoding="utf-8").splitlines()
    changed = write(setting(ID).with_values({"crs.mu": 0.1234567, "outcome.progression_months": 99.0}), tmp_path)
    after = (tmp_path / source.name).read_text(encoding="utf-8").splitlines()
    different = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["crs.mu"], "progression_months is an assumption of this setting"
    assert len(different) == 1
    assert re.search(r"crs\.mu: \{value: 0\.1235, status: fitted", different[0][1])
