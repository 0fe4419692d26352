"""Single-arm studies: each name makes its design, figures are those of the boundaries, and wrong files are refused."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase2 import pending
from vein2vein.programme.trial.phase2.simon import find
from vein2vein.programme.trial.study.single import SINGLE, SingleArm

RATES = [{"name": "null", "rate": 0.2}, {"name": "good", "rate": 0.4}]
PRIOR = {"a": 0.4, "b": 1.6}
FILES: dict[str, dict[str, Any]] = {
    "simon": {"null": 0.2, "alternative": 0.4, "alpha": 0.1, "beta": 0.1, "scenarios": RATES},
    "two-stage": {"r1": 3, "n1": 17, "r": 10, "n": 37, "scenarios": RATES},
    "bop2": {"looks": [10, 20], "null": 0.2, "alternative": 0.4, "alpha": 0.1, "scenarios": RATES},
    "top": {"looks": [10, 20], "null": 0.2, "window": 90, "cutoff": {"lam": 0.9, "gamma": 0.8}, "scenarios": RATES},
    "thall-simon": {"looks": [10, 20], "prior": PRIOR, "standard": {"a": 20, "b": 80}, "scenarios": RATES},
    "predictive": {"looks": [10, 20], "prior": PRIOR, "null": 0.2, "target": 0.9, "futility": 0.05, "scenarios": RATES},
    "bop2-two-endpoints": {
        "looks": [10, 20], "endpoints": {"first": 0.3, "second": 0.4, "need": "both", "second_is_harm": True},
        "cutoff": {"lam": 0.6, "gamma": 0.5},
        "scenarios": [{"name": "good", "first": 0.5, "second": 0.2}, {"name": "joint", "first": 0.5, "second": 0.2, "both": 0.2}],
    },
}  # fmt: skip


def test_every_design_has_an_example_here() -> None:
    assert set(FILES) == set(SINGLE)


@pytest.mark.parametrize("name", FILES)
def test_every_design_can_be_made_from_a_file_and_looked_at(name: str) -> None:
    study = design_of(FILES[name] | {"design": name}).study
    results = study.results(trials=2, seed=1)
    assert [result.scenario for result in results] == [entry["name"] for entry in FILES[name]["scenarios"]]
    assert all(0 < result.figures["success"].value < 1 and result.trials is None for result in results)
    assert study.tables()[0].key == "boundaries"
    assert {p.origin for p in study.parameters.values()} <= {"set", "default", "derived"}


def test_the_searched_design_is_derived_and_its_inputs_are_set() -> None:
    parameters = design_of(FILES["simon"] | {"design": "simon"}).study.parameters
    assert parameters["r1/n1 r/n"].value == str(find(0.2, 0.4, 0.1, 0.1).optimal) == "3/17 10/37"
    assert parameters["r1/n1 r/n"].origin == "derived"
    assert (parameters["null"].origin, parameters["choice"].origin) == ("set", "default")


def test_without_scenarios_null_and_alternative_are_looked_at() -> None:
    file = {key: value for key, value in FILES["simon"].items() if key != "scenarios"}
    error, power = design_of(file | {"design": "simon"}).study.results(trials=2, seed=1)
    assert error.figures["success"].value <= 0.1
    assert power.figures["success"].value >= 0.9


def test_denominators_stand_side_by_side() -> None:
    file = FILES["simon"] | {"design": "simon", "reach": {"apheresed": 0.9, "infused": 0.8, "evaluable": 0.95}}
    good = design_of(file).study.results(trials=2, seed=1)[1]
    assert [line.label for line in good.lines] == ["enrolled", "apheresed", "infused", "evaluable"]
    rates = [line.figures["true_rate"].value for line in good.lines]
    assert rates == pytest.approx([0.4 * 0.9 * 0.8 * 0.95, 0.4 * 0.8 * 0.95, 0.4 * 0.95, 0.4])
    assert good.lines[-1].figures["success"].value == pytest.approx(good.figures["success"].value)


def test_the_pending_table_is_that_of_the_design() -> None:
    study = design_of(FILES["top"] | {"design": "top"}).study
    assert isinstance(study, SingleArm)
    assert study.arm.tuned is not None
    table = study.tables()[1]
    assert table.key == "pending_responses"
    assert len(table.rows) == len(pending.table(study.arm.tuned))


@pytest.mark.parametrize(
    ("change", "id", "saw"),
    [
        ({"design": "simon", "alpha": 0}, "TRIAL-002", "type I error 0"),
        ({"design": "simon", "most": 10}, "TRIAL-061", "type I error 0.1 and power 0.9"),
        ({"design": "simon", "choice": "best"}, "TRIAL-005", "'best' as choice"),
        ({"design": "simon", "scenarios": [{"name": "A", "rate": 1.2}]}, "TRIAL-005", "'rate': 1.2"),
        (
            {"design": "simon", "reach": {"apheresed": 2, "infused": 1, "evaluable": 1}},
            "TRIAL-002",
            "chance of apheresed 2",
        ),
        ({"design": "simon", "reach": 0.9}, "TRIAL-005", "'reach' in reach"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], id: str, saw: str) -> None:
    with pytest.raises(TrialError, match=id) as told:
        design_of(FILES["simon"] | change)
    assert saw in told.value.fault.saw


def test_bop2_needs_a_cut_off_or_what_it_is_tuned_for() -> None:
    with pytest.raises(TrialError, match="neither `cutoff` nor `alternative` and `alpha`"):
        design_of({"design": "bop2", "looks": [10, 20], "null": 0.2})


@pytest.mark.parametrize("weight", [0, 0.2, 0.5, 0.6, 1])
def test_an_admissible_design_has_the_least_weighted_sum(weight: float) -> None:
    goal = {"null": 0.1, "alternative": 0.3, "alpha": 0.05, "beta": 0.2}
    file = goal | {"design": "simon", "choice": "admissible", "weight": weight}
    study = design_of(file | {"scenarios": [{"name": "null", "rate": 0.1}]}).study
    (found,) = study.results(trials=2, seed=1)
    sums = [
        weight * one.design.n + (1 - weight) * one.design.expected(0.1) for one in find(0.1, 0.3, 0.05, 0.2).admissible
    ]
    assert weight * study.most + (1 - weight) * found.figures["patients"].value == pytest.approx(min(sums))


def test_a_weight_outside_0_to_1_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        design_of(FILES["simon"] | {"design": "simon", "choice": "admissible", "weight": 2})
    assert "weight 2" in told.value.fault.saw
