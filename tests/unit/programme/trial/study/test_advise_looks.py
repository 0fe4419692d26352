"""Advice at a look: actual information moves the bounds as the spending function says; without it the advice says so."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import pytest
from click.testing import CliRunner
from scipy.stats import norm

from vein2vein.cli import cli
from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.sequential import classical, spending
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike
from vein2vein.programme.trial.study.advice import Advice
from vein2vein.programme.trial.study.advise import advise

FILE: dict[str, Any] = {
    "design": "group-sequential", "looks": [0.6, 0.8, 1.0], "spending": "obrien-fleming", "events": 200,
    "control": {"median": 6}, "accrual": {"patients": 300, "months": 12},
    "scenarios": [{"name": "planned", "experimental": {"ratio": 0.65}}],
}  # fmt: skip


def told(outcomes: str, information: str = "") -> Advice:
    return advise(design_of(FILE).study, outcomes, "", information)


def test_the_first_bound_spends_what_the_function_says_at_the_actual_fraction() -> None:
    bound = 2 * norm.sf(norm.isf(0.0125) / 0.5**0.5)
    expected = norm.isf(bound)
    assert f"the upper bound is {expected:.4f}" in told("1.5", "0.5").reasons[0]
    assert ("at", "50.0% of the information; bounds spend alpha there") in told("1.5", "0.5").facts
    assert told(f"{expected - 0.001}", "0.5").action == "go on"
    assert told(f"{expected + 0.001}", "0.5").action == "stop for superiority"


def test_later_bounds_and_power_know_when_earlier_looks_came() -> None:
    plan = spending((0.5, 0.7, 1.0), OBrienFlemingLike())
    found = told("1.5 2.0", "0.5 0.7")
    assert f"{plan.upper[1]:.4f}" in found.reasons[0]
    assert dict(found.facts)["power"] == f"{plan.conditional_power(2, 2.0):.1%} if the trend goes on"
    assert f"{plan.upper[2]:.4f}" in told("1.5 2.0 2.1", "0.5 0.7 1").reasons[0]


def test_planned_fractions_say_the_same_and_without_fractions_it_is_said() -> None:
    given, planned = told("1.5", "0.6"), told("1.5")
    assert planned.reasons[:-1] == given.reasons
    assert planned.reasons[-1] == "the planned information is used; where it was another: --information"
    assert "planned information" not in " ".join(told("").reasons)


@pytest.mark.parametrize(
    ("outcomes", "information", "said"),
    [
        ("1.5", "0.5 0.6", "one for each look made"),
        ("", "0.5", "one for each look made"),
        ("1.5", "0.85", "next planned at 80.0%"),
        ("1.5", "55", "rising numbers"),
        ("1.5 1.6", "0.6 0.5", "rising numbers"),
        ("1.5 1.6 1.7", "0.5 0.7 0.9", "1 at the last look"),
        ("1.5", "half", "a number"),
    ],
)
def test_fractions_that_do_not_fit_are_refused(outcomes: str, information: str, said: str) -> None:
    with pytest.raises(TrialError) as caught:
        told(outcomes, information)
    assert said in str(caught.value)


def test_designs_without_looks_take_no_fractions() -> None:
    boin = {"design": "boin", "doses": 3, "target": 0.3, "cohorts": {"size": 3, "number": 4}}
    with pytest.raises(TrialError, match="information fractions for the design BOIN"):
        advise(design_of(boin).study, "1NNN", "", "0.5")


def test_the_command_says_what_the_call_says(tmp_path: Any) -> None:
    import json  # noqa: PLC0415

    file = tmp_path / "design.json"
    file.write_text(json.dumps(FILE), encoding="utf-8")
    done = CliRunner().invoke(cli, ["trial", "recommend", str(file), "1.5", "--information", "0.5"])
    assert done.stdout.splitlines() == told("1.5", "0.5").lines()


def test_classical_boundaries_are_advised_as_planned_and_hold_for_no_other_information() -> None:
    study = design_of({key: value for key, value in FILE.items() if key != "spending"} | {"boundaries": "pocock"}).study
    bound = classical((0.6, 0.8, 1.0), 0.5, alpha=0.025, sides=1).upper[0]
    assert advise(study, f"{bound - 0.001}").action == "go on"
    assert advise(study, f"{bound + 0.001}").action == "stop for superiority"
    with pytest.raises(TrialError, match="TRIAL-003") as told:
        advise(study, "1.5", "", "0.5")
    assert "spending" in told.value.fault.fix


def _of_several(outcomes: str) -> Advice:
    test = {"maxcombo": [{"rho": 0, "gamma": 0}, {"rho": 0, "gamma": 1}]}
    return advise(design_of(FILE | {"test": test, "spending": "pocock"}).study, outcomes, "", "")


@pytest.mark.parametrize("outcomes", ["2.05", "p=0.3 2.4"])
def test_the_largest_z_of_several_weights_is_not_taken_for_a_single_z(outcomes: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-003") as caught:
        _of_several(outcomes)
    assert "a largest z is further out than a single one with the same p" in str(caught.value)


def test_a_maxcombo_is_judged_by_its_p() -> None:
    study = design_of(
        FILE | {"test": {"maxcombo": [{"rho": 0, "gamma": 0}, {"rho": 0, "gamma": 1}]}, "spending": "pocock"}
    ).study
    bound = float(study.analysis.plan.nominal_p()[0])
    assert _of_several(f"p={bound * 0.999}").action == "stop for superiority"
    beyond = _of_several(f"p={bound * 1.001}")
    assert beyond.action == "go on"
    assert f"it has to be {bound:.5f} or less" in beyond.reasons[0]
    assert not {"power", "predicted", "planned"} & {name for name, _ in beyond.facts}


def test_a_p_says_the_same_as_its_z() -> None:
    assert told(f"p={float(norm.sf(1.5))!r}").reasons == told("1.5").reasons
    for wrong in ("p=0", "p=1.5"):
        with pytest.raises(TrialError, match="a one-sided p between 0 and 1"):
            told(wrong)


def test_a_two_sided_plan_is_asked_by_z_and_never_by_a_p_that_has_no_direction() -> None:
    two = design_of(FILE | {"sides": 2, "alpha": 0.05}).study
    with pytest.raises(TrialError, match="TRIAL-003") as caught:
        advise(two, "1.5 p=0.01")
    assert caught.value.fault.saw == "p=0.01 for a two-sided plan"
    assert caught.value.fault.fix == "give z, such as 2.41 or -2.41"
    assert [advise(two, z).action for z in ("3.5", "-3.5")] == ["stop for superiority", "stop for harm"]


@pytest.mark.parametrize("events", [{}, {"events": None, "power": 0.8}])
@pytest.mark.parametrize("ratio", [[1, 1], [2, 1]])
def test_the_chance_if_the_planned_hazard_ratio_holds_is_told_without_futility(
    events: dict[str, Any], ratio: list[int]
) -> None:
    two = design_of(FILE | {"hazard_ratio": 0.65, "looks": [0.6, 1.0], "ratio": ratio} | events).study
    share = ratio[0] / sum(ratio)
    mean = log(1 / 0.65) * sqrt(two.events * share * (1 - share))
    needed = two.analysis.plan.upper[1] - 1.5 * sqrt(0.6) - mean * 0.4
    assert dict(advise(two, "1.5").facts)["planned"] == f"{norm.sf(needed / sqrt(0.4)):.1%} if the planned effect holds"


@pytest.mark.parametrize("more", [{}, {"hazard_ratio": 0.65, "test": {"rho": 0, "gamma": 1}}])
def test_no_chance_is_told_without_a_planned_ratio_or_for_a_weighted_test(more: dict[str, Any]) -> None:
    assert "planned" not in dict(advise(design_of(FILE | more).study, "1.5").facts)
