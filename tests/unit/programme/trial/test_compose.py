"""Designs composed of parts of others: the same as whole designs of their own parts, any rule with any selection, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trial_designs import FILES
from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.compose import compose
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.crm import crm
from vein2vein.programme.trial.phase1.interval import keyboard
from vein2vein.programme.trial.phase1.late import LateDesign
from vein2vein.programme.trial.phase1.three_plus_three import three_plus_three
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase12.boin12 import boin12
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.study.advise import advise
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.words import Cohorts, Design

SHARED: dict[str, Any] = {"design": "composed", "doses": 3, "target": 0.3, "cohorts": {"size": 3, "number": 4}}
RATES: dict[str, Any] = {"name": "A", "toxicity": [0.1, 0.3, 0.5]}
BOTH: dict[str, Any] = RATES | {"efficacy": [0.2, 0.5, 0.6]}
WHOLE = [name for name in FILES if name not in {"backfill-boin", "partial-dose", "composed"}]


def study(**parts: Any) -> DoseStudy:
    found = design_of(SHARED | parts).study
    assert isinstance(found, DoseStudy)
    return found


def refusal(**parts: Any) -> str:
    with pytest.raises(TrialError) as told:
        study(**parts)
    return str(told.value)


@pytest.mark.parametrize("name", WHOLE)
def test_a_design_of_its_own_parts_is_that_design(name: str) -> None:
    """Every design that a file can name, cut into its parts and put together again."""
    file = FILES[name]
    around = {
        key: value for key, value in file.items() if key in {"scenarios", "setting", "response", "cohorts", "start"}
    }
    own = {key: value for key, value in file.items() if key not in around}
    part = {"of": name, **own}
    takes = {"design": "composed", **around}
    once = design_of(takes | {"rule": part}).study.design  # type: ignore[attr-defined]
    whole = design_of(file | {"design": name}).study.design  # type: ignore[attr-defined]
    assert replace(once, name=whole.name) == whole
    if name == "decision-table" or (name == "boin" and own.get("titration")):
        return
    stripped = {k: v for k, v in own.items() if k not in {"titration", "stop_at", "interval", "first_stage", "closing"}}
    if name == "3+3":
        return
    apart = compose(whole, safety=[whole], selection=whole)
    assert replace(apart, name=whole.name) == whole
    assert stripped


def test_composed_of_the_parts_of_boin_is_boin() -> None:
    whole = boin(3, 0.3, cohorts=Cohorts(3, 4), cutoff=0.9, stop_at=9, bound_selection=True)
    parts = study(rule={"of": "boin"}, safety={"of": "boin", "cutoff": 0.9}, stopping={"stop_at": 9},
                  selection={"of": "boin", "bound_selection": True}, scenarios=[RATES])  # fmt: skip
    assert isinstance(parts.design, Design)
    assert replace(parts.design, name="BOIN") == whole
    truth = Truth.of(RATES["toxicity"])
    (a,), (b,) = exact.characteristics(whole, truth), exact.characteristics(parts.design, truth)
    assert np.array_equal(a.selected, b.selected)
    assert a.expected_patients == b.expected_patients
    assert recommend(parts.design, "1NNT 1NNN").reasons == recommend(whole, "1NNT 1NNN").reasons
    assert parts.design.name == "composed: rule of BOIN, safety of BOIN, selection of BOIN"


RULES: dict[str, dict[str, Any]] = {
    "keyboard": {},
    "mtpi": {},
    "i3+3": {},
    "3+3": {},
    "crm": {"skeleton": [0.1, 0.2, 0.4]},
    "blrm": {"doses": [1.0, 2.0, 4.0], "reference": 4.0, "mean": [-1.0, 0.0], "sd": [1.0, 0.7]},
    "boin12": {"toxicity": 0.35, "efficacy": 0.25},
    "efftox": {key: FILES["efftox"][key] for key in ("model", "contour")},
}
SAFETY: dict[str, dict[str, Any]] = {
    "boin": {"cutoff": 0.9},
    "crm": {"skeleton": [0.1, 0.2, 0.4], "too_toxic": 0.9},
    "3+3": {},
}
SELECTION: dict[str, dict[str, Any]] = {
    "boin": {},
    "crm": {"skeleton": [0.1, 0.2, 0.4]},
    "boin12": {"toxicity": 0.35, "efficacy": 0.25},
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("safety", SAFETY)
@pytest.mark.parametrize("selection", SELECTION)
def test_any_rule_goes_with_any_safety_and_selection(rule: str, safety: str, selection: str) -> None:
    """Enumeration against simulation, advice and tables for each of them."""
    one = study(rule={"of": rule, **RULES[rule]}, safety={"of": safety, **SAFETY[safety]},
                selection={"of": selection, **SELECTION[selection]}, scenarios=[BOTH])  # fmt: skip
    design = one.design
    assert isinstance(design, Design)
    truth = one.truths[0]
    (listed,) = exact.characteristics(design, truth)
    drawn = simulate.characteristics(design, truth, trials=4_000, seed=3)
    assert drawn.errors is not None
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4.5 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4.5 * drawn.errors.patients + 1e-9).all()
    assert advise(one, "1NNN").action in {"escalate", "stay", "stop"}
    assert all(table.rows for table in one.tables())
    assert one.scenarios()[0].right in {(1,), (2,)}


def test_parameters_tell_of_each_part_what_was_set() -> None:
    told = study(rule={"of": "keyboard", "interval": [0.25, 0.35]}, safety={"of": "boin", "cutoff": 0.9},
                 stopping={"stop_at": 9}, selection={"of": "crm", "skeleton": {"doses": 3}}).parameters  # fmt: skip
    found = {key: (one.value, one.origin) for key, one in told.items()}
    assert found["rule.of"] == ("keyboard", "set")
    assert found["rule.interval"] == ((0.25, 0.35), "set")
    assert found["safety.cutoff"] == (0.9, "set")
    assert found["selection.estimate"] == ("plug-in", "default")
    assert found["stopping.stop_at"] == (9, "set")
    assert found["target"] == (0.3, "set")
    assert found["doses"] == (3, "set")
    assert "rule.cutoff" not in found
    assert "selection.too_toxic" not in found
    whole = study(rule={"of": "boin"}).parameters
    assert (whole["rule.cutoff"].origin, whole["rule.stop_at"].origin, whole["start"].value) == (
        "default",
        "default",
        1,
    )
    blrm = study(rule={"of": "blrm", **RULES["blrm"]}, target=None, doses=None)
    assert blrm.limit == pytest.approx(0.33)


def test_pending_outcomes_go_with_other_selections_and_safety_rules() -> None:
    setting = {"setting": {"window": 28, "interval": 10}, "scenarios": [RATES]}
    one = study(rule={"of": "tite-boin"}, safety={"of": "boin", "cutoff": 0.8},
                selection={"of": "crm", "skeleton": [0.1, 0.2, 0.4]}, **setting)  # fmt: skip
    assert isinstance(one.design, LateDesign)
    (found,) = one.results(trials=50, seed=2)
    assert found.figures["duration"].value > 0
    assert advise(one, "1NN", "1@20").action in {"escalate", "stay", "wait"}
    assert [table.key for table in one.tables()] == ["pending"]
    modelled = study(rule={"of": "tite-boin"}, safety={"of": "crm", "skeleton": [0.1, 0.2, 0.4]}, **setting)
    assert [table.key for table in modelled.tables()] == ["next_pending"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"rule": {"of": "crm", "skeleton": [0.1, 0.2]}}, "3 doses, and a rule of 2"),
        ({"rule": {"of": "boin"}, "selection": {"of": "crm", "skeleton": [0.1, 0.2]}}, "3 doses of BOIN and 2 of CRM"),
        ({"rule": {"of": "boin"}, "selection": {"of": "3+3"}}, "the selection of 3+3 without the safety rule of 3+3"),
        (
            {"rule": {"of": "3+3", "closing": "six"}, "safety": {"of": "boin"}},
            "the rule of 3+3 without the safety rule",
        ),
        ({"rule": {"of": "3+3"}, "cohorts": {"size": 2, "number": 6}}, "cohorts of 3"),
        ({"rule": {"of": "tite-boin"}, "stopping": {"stop_at": 9}}, "no early stop while outcomes are pending"),
        (
            {"rule": {"of": "tite-boin"}, "selection": {"of": "boin12", "toxicity": 0.3, "efficacy": 0.2}},
            "does not wait for them",
        ),
        (
            {"rule": {"of": "decision-table", "table": {3: ["E", "S", "D", "DU"]}}, "safety": {"of": "boin"}},
            "DU without its own",
        ),
        ({"rule": {"of": "backfill-boin"}}, "rule of 'backfill-boin'"),
        (
            {"rule": {"of": "boin", "cutoff": 0.9}, "safety": {"of": "boin"}},
            "'cutoff' in `rule`, which changes nothing of it",
        ),
        (
            {"rule": {"of": "boin"}, "safety": {"of": "boin", "stop_at": 9}},
            "'stop_at' in `safety`, which changes nothing",
        ),
        ({"rule": {"of": "boin", "start": 2}}, "'start' in `rule`"),
        ({"rule": {"of": "boin"}, "efficacy": 0.3}, "'efficacy', which no part takes"),
        ({"rule": {"of": "ewoc", "doses": [1.0, 2.0, 4.0]}, "start": 2}, "start 2 with the rule of EWOC"),
        ({"rule": "boin"}, "rule 'boin'"),
        ({"rule": {"of": "boin"}, "safety": "some"}, "safety 'some'"),
        ({"rule": {"of": "boin"}, "stopping": {"at": 9}}, "stopping {'at': 9}"),
        ({"rule": {"of": "boin", "targett": 0.2}}, "'targett' in `rule`"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts: dict[str, Any], said: str) -> None:
    assert said in refusal(**parts)


def test_two_meanings_of_one_letter_are_refused_and_several_safety_rules_add_up() -> None:
    feasible = {"of": "feasible-dose", **{key: FILES["feasible-dose"][key] for key in ("model", "least")}}
    two = {"rule": {"of": "boin12", "toxicity": 0.35, "efficacy": 0.25}, "safety": feasible}
    assert "parts that count responses and products that reached the dose" in refusal(**two)
    made = study(rule={"of": "boin"}, safety=[{"of": "boin"}, feasible],
                 scenarios=[RATES | {"feasibility": [0.9, 0.8, 0.2]}])  # fmt: skip
    assert isinstance(made.design, Design)
    assert made.design.with_efficacy
    assert recommend(made.design, "1EEE 2EEE 3NNN").dose == 2
    assert (
        made.design.name
        == "composed: rule of BOIN, safety of BOIN and maximum tolerated and feasible dose, selection of BOIN"
    )
    none = study(rule={"of": "boin"}, safety="none")
    assert recommend(none.design, "1TTT").dose == 1  # type: ignore[arg-type]
    assert none.parameters["safety"].value == "none"


def test_the_same_in_python() -> None:
    one = compose(keyboard(3, 0.3, cohorts=Cohorts(3, 4)), safety=[boin(3, 0.3, cohorts=Cohorts(3, 4), cutoff=0.9)],
                  selection=crm(0.3, (0.1, 0.2, 0.4), cohorts=Cohorts(3, 4)))  # fmt: skip
    file = study(rule={"of": "keyboard"}, safety={"of": "boin", "cutoff": 0.9},
                 selection={"of": "crm", "skeleton": [0.1, 0.2, 0.4]}).design  # fmt: skip
    assert one == file
    late = tite_boin(3, 0.3, cohorts=Cohorts(3, 4))
    with pytest.raises(TrialError, match="does not wait for them"):
        compose(late, selection=boin12(3, toxicity=0.3, efficacy=0.2, cohorts=Cohorts(3, 4)))
    isotonic = compose(three_plus_three(3), selection=boin(3, 0.3, cohorts=Cohorts(3, 4)))
    assert isinstance(isotonic, Design)
    assert recommend(isotonic, "1NNN 2NTT").action == "stop"
