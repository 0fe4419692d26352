"""Design files for partial doses: scenarios, figures, advice with amounts, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from trial_designs import FILES
from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.complete import complete
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1.crm import ClosestEstimate
from vein2vein.programme.trial.phase1.partial import PartialDesign, Treated
from vein2vein.programme.trial.phase1.partial import simulate as simulate_partial
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.study.advice import Advice
from vein2vein.programme.trial.study.advise import advise
from vein2vein.programme.trial.study.partial import PartialStudy

FILE: dict[str, Any] = FILES["partial-dose"] | {"design": "partial-dose"}


def study(**more: Any) -> PartialStudy:
    found = design_of(FILE | more).study
    assert isinstance(found, PartialStudy)
    return found


def asked(outcomes: str, **more: Any) -> Advice:
    return advise(study(**more), outcomes)


def test_feasibility_follows_from_the_capacity_and_the_right_dose_from_both() -> None:
    one = study()
    assert one.truths[0].efficacy == pytest.approx(ndtr(np.log(9 / np.array([1, 3, 9])) / 0.5))
    assert one.scenarios()[0].right == (1,)  # .3 at dose 2 is the target
    short = study(scenarios=[{"name": "A", "toxicity": [0.1, 0.2, 0.3], "capacity": {"median": 2.9, "log_sd": 0.1}}])
    assert short.scenarios()[0].right == (0,)  # 2.9 is below the 3 of dose 2 in most
    endless = study(scenarios=[{"name": "A", "toxicity": [0.1, 0.2, 0.3]}])
    assert endless.truths[0].efficacy == (1.0, 1.0, 1.0)
    assert endless.scenarios()[0].right == (2,)


def test_figures_are_those_of_the_simulator_with_who_got_less() -> None:
    one = study()
    (found,) = one.results(trials=60, seed=4)
    run = simulate_partial(one.design, one.truths[0], (9.0, 0.5), trials=60, seed=4)  # type: ignore[arg-type]
    assert found.figures["below_planned"].value == pytest.approx(run.below.mean())
    assert found.figures["correct"].value == pytest.approx((run.trials.selected == 1).mean())
    assert [line.figures["patients"].value for line in found.lines] == pytest.approx(run.trials.n.mean(axis=0))
    assert not one.is_exact
    assert not one.too_many_states


@pytest.mark.parametrize("way", ["received", "weighted", "bounded", "planned", "excluded"])
def test_while_all_get_their_dose_it_is_the_plain_design(way: str) -> None:
    one = study(way=way, scenarios=[{"name": "A", "toxicity": [0.1, 0.3, 0.5]}])
    design = one.design
    assert isinstance(design, PartialDesign)
    plain = simulate.run(complete(design), one.truths[0], trials=100, seed=3)
    (found,) = one.results(trials=100, seed=3)
    assert [line.figures["patients"].value for line in found.lines] == pytest.approx(plain.n.mean(axis=0))
    assert found.figures["below_planned"].value == 0
    assert exact.chain_of(complete(design)).dose.max() == 2
    assert {table.key for table in one.tables()} == {"pathways", "infeasible"}


def test_amounts_that_were_received_change_the_estimate() -> None:
    full, less = asked("1NNN 2NNN"), asked("1NNN 2NN 2N=1.2")
    design = study().design
    assert isinstance(design, PartialDesign)
    amounts = np.array([[1, 1, 1, 3, 3, 1.2]])
    doses = np.array([[0, 0, 0, 1, 1, 1]])
    rates = design.estimates(Treated(doses, amounts, doses < 0, doses >= 0))[0]
    assert ", ".join(f"{rate:.3f}" for rate in rates) in less.reasons[0]
    assert full.reasons[0] != less.reasons[0]
    assert "products that reached the planned dose: 3 of 3, 2 of 3" in less.reasons
    assert "1 who got less count at the amount received" in less.reasons
    assert "current practice and misleads" in asked("1NNN 2NN 2N=1.2", way="planned").reasons[2]


@pytest.mark.parametrize(
    ("outcomes", "action", "following"),
    [
        ("", "start", "3 at dose 1"),
        ("1NNN", "escalate", "3 at dose 2"),
        ("1NN", "fill the cohort", "1 at dose 1"),
        ("1NN 1N=0.5", "escalate", "3 at dose 2"),
        ("1NNN 2NNT", "stay", "3 at dose 2"),
        ("1NNN 2T=2 2T=2.5", "de-escalate", "3 at dose 1"),
    ],
)
def test_the_advice(outcomes: str, action: str, following: str) -> None:
    found = asked(outcomes)
    assert (found.action, dict(found.facts)["next"]) == (action, following)
    assert not found.departures


def test_the_end_departures_and_products_that_fall_short() -> None:
    assert asked("1TTT").action == "stop"
    ended = asked("1NNN 2NNN 2NNN 2NNN")
    assert ended.action == "stop"
    assert "all 12 planned patients have been treated" in ended.reasons
    assert ended.departures == ("cohort 3: the design asked for 3 at dose 3, 3 at dose 2 were treated",
                                "cohort 4: the design asked for 3 at dose 3, 3 at dose 2 were treated")  # fmt: skip
    assert asked("1TTT 1NNN").departures == ("cohort 2: the design had stopped, dose 1 was given",)
    short = asked("1NNN 2N=2 2N=1.5 2N=2")
    assert "from dose 2 upward too few products reach the dose" in short.reasons
    assert dict(short.facts)["next"] == "3 at dose 1"


@pytest.mark.parametrize(
    ("outcomes", "saw"),
    [
        ("1NE", "'1NE'"),
        ("2N=3", "'2N=3'"),
        ("2NN=1", "'2NN=1'"),
        ("4N", "dose 4"),
        ("1NNN 1NNN 1NNN 1NNN 1N", "13 patients"),
    ],
)
def test_outcomes_that_cannot_be_are_refused(outcomes: str, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-003") as told:
        asked(outcomes)
    assert saw in str(told.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amounts": [3, 1, 9]}, "amounts that rise"),
        ({"way": "guess"}, "'guess'"),
        ({"least": 1.2}, "least feasibility 1.2"),
        ({"patients": 0}, "patients=0"),
        ({"figures": "exact"}, "amounts received cannot be listed"),
        ({"scenarios": [{"toxicity": [0.1, 0.2, 0.3], "feasibility": [1, 1, 1]}]}, "'feasibility' in scenario 1"),
        ({"scenarios": [{"toxicity": [0.1, 0.2, 0.3], "capacity": {"median": 0}}]}, "a capacity of 0"),
        ({"scenarios": [{"toxicity": [0.1, 0.2, 0.3], "capacity": 5}]}, "the capacity of scenario 1"),
    ],
)
def test_files_that_cannot_be_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(TrialError) as told:
        design_of(FILE | change)
    assert said in str(told.value)


def test_the_rule_is_that_of_a_crm() -> None:
    design = study().design
    assert isinstance(design, PartialDesign)
    assert isinstance(design.rule, ClosestEstimate)
    assert (design.doses, design.start, design.name) == (3, 0, "CRM with partial doses")
    flat = simulate_partial(design, Truth.of([1.0, 1.0, 1.0]), (9.0, 0.5), trials=20, seed=1)
    assert (flat.trials.selected == -1).all()
