"""Advice of every family: what to do, why, and refusals of what cannot have been seen."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.late import SUSPEND
from vein2vein.programme.trial.phase12.late import TwoSeen
from vein2vein.programme.trial.study.advice import Advice
from vein2vein.programme.trial.study.advise import advise
from vein2vein.programme.trial.words import NONE

BOIN = "{design: boin, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}}"
TITE = "{design: tite-boin, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}, setting: {window: 28, interval: 7}}"
SIMON = "{design: two-stage, r1: 3, n1: 17, r: 10, n: 37}"
TOP = "{design: top, looks: [10, 20, 30], 'null': 0.2, alternative: 0.4, alpha: 0.1, window: 90}"
MEM = "{design: mem, patients: [10, 10], 'null': 0.2, claim: 0.9}"
GS = """{design: group-sequential, looks: 3, spending: pocock, events: 90, futility: {rule: {hwang: -4}, beta: 0.1},
         control: {median: 6}, experimental: {ratio: 0.6}, accrual: {patients: 200, months: 12}}"""
TWO = "{design: bop2-two-endpoints, looks: [10, 20], endpoints: {first: 0.3, second: 0.3}, cutoff: {lam: 0.6, gamma: 0.5}}"
TITE12 = """{design: tite-boin12, doses: 3, toxicity: 0.35, efficacy: 0.25, cohorts: {size: 3, number: 4},
             setting: {window: 28, interval: 7}, response: {window: 90}}"""
ROLLING = "{design: rolling-six, doses: 3, setting: {window: 28, interval: 7}}"
TITE_CRM = """{design: tite-crm, target: 0.3, skeleton: [0.1, 0.2, 0.4], cohorts: {size: 3, number: 4},
               setting: {window: 28, interval: 7}}"""
POD = "{design: pod-tpi, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}, setting: {window: 28, interval: 7}}"
FILL = "{design: backfill-boin, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}, waiting: 2}"
FEASIBLE = """{design: feasible-dose, target: 0.3, least: 0.7, cohorts: {size: 3, number: 4},
               model: {curve: {skeleton: [0.1, 0.2, 0.4]}, prior: 1.34}}"""
BOIN12 = "{design: boin12, doses: 3, toxicity: 0.35, efficacy: 0.25, cohorts: {size: 3, number: 4}}"
ET = "{design: boin-et, doses: 3, toxicity: 0.3, efficacy: 0.6, cohorts: {size: 3, number: 4}}"
U = "{design: u-boin, doses: 3, toxicity: 0.35, efficacy: 0.25, cohorts: {size: 3, number: 8}, first_stage: 6, stop_at: 9}"
TEPI = """{design: tepi, doses: 3, toxicity: 0.35, cohorts: {size: 3, number: 4}, selection: {toxicity: [0.2, 0.4],
           efficacy: [0.2, 0.6]}, table: {toxicity: [0, 0.15, 0.35, 1], efficacy: [0, 0.3, 1], moves: [EE, ES, DD]}}"""
EFFTOX = """{design: efftox, cohorts: {size: 3, number: 4}, model: {doses: [1, 2, 4], toxicity_limit: 0.3,
             efficacy_limit: 0.5, priors: {alpha: [-7.9, 3.5], beta: [1.5, 3.5], gamma: [0.7, 2.5], zeta: [3.4, 2.5]}},
             contour: {efficacy_alone: 0.5, toxicity_alone: 0.65, middle: [0.7, 0.25]}}"""
DOSES = "{design: dose-comparison, patients: [30, 30], margin: 0.1}"
DESIRED = "{design: dose-comparison, patients: [10, 10], utilities: {neither: 40, both: 60}}"
HARM = """{design: bop2-two-endpoints, looks: [10, 20], endpoints: {first: 0.3, second: 0.3, need: both,
           second_is_harm: true}, cutoff: {lam: 0.6, gamma: 0.5}}"""


def asked(file: str, outcomes: str = "", pending: str = "") -> Advice:
    content: dict[str, Any] = yaml.safe_load(file)
    return advise(design_of(content).study, outcomes, pending)


@pytest.mark.parametrize(
    ("file", "outcomes", "pending", "action", "fact"),
    [
        (BOIN, "", "", "start", "3 at dose 1"),
        (BOIN, "1NNN 2NTT", "", "de-escalate", "3 at dose 1"),
        (TITE, "", "", "start", "dose 1"),
        (TITE, "1NN", "1@20", "escalate", "dose 2"),
        (TITE, "1N", "1@20 1@3", "wait", None),
        (TITE, "1NNN 2TT", "2@5", "de-escalate", "dose 1"),
        (TITE, "1TTT", "", "stop", None),
        (TITE, "1N", "", "fill the cohort", "2 at dose 1"),
        (TITE, "1TT", "1@3", "stay", "dose 1"),
        (TITE, "1NNN 2NNP 2T", "2@20", "fill the cohort", "2 at dose 2"),
        (TITE, "1NNP 2NTT", "1@20", "de-escalate", "dose 1"),
        (TITE12, "", "", "start", "dose 1"),
        (TITE12, "1N", "1@40 1@40", "wait", None),
        (TITE12, "1NE", "1E@10", "stay", "dose 1"),
        (TITE12, "1NEE 2T", "2T@30 2@29", "de-escalate", "dose 1"),
        (TITE12, "1TT", "1T@3", "stop", None),
        (ROLLING, "1NN", "1@10", "stay", "dose 1"),
        (ROLLING, "1NNNT", "1@10 1@4", "wait", None),
        (ROLLING, "1NNNNT", "1@10", "wait", None),
        (ROLLING, "1NNNNN", "1@10", "escalate", "dose 2"),
        (ROLLING, "1TT", "1@3", "stop", None),
        (TITE_CRM, "1NN", "1@20", "escalate", "dose 2"),
        (TITE_CRM, "1NNN 2TT", "2@20", "de-escalate", "dose 1"),
        (POD, "1NN", "1@27", "wait", None),
        (POD, "1NNN", "", "escalate", "dose 2"),
        (FILL, "", "", "start", "3 at dose 1"),
        (FILL, "1NNE", "", "escalate", "dose 1"),
        (FILL, "1NNE 2NNN +1NE", "", "escalate", "3 at dose 3"),
        (FILL, "1NNE 2NNT +1BB +1B", "", "de-escalate", "3 at dose 1"),
        (FILL, "1NNE 2NNN 3NNN 3NNN", "", "stop", "3, if"),
        (FEASIBLE, "1NNE", "", "stop", "none"),
        (FEASIBLE, "1EEE", "", "escalate", "3 at dose 2"),
        (BOIN12, "1NNE", "", "escalate", "3 at dose 2"),
        (BOIN12, "1BBB", "", "stop", "none"),
        (ET, "1EEE", "", "stay", "3 at dose 1"),
        (U, "1EEE 2NTT", "", "de-escalate", "3 at dose 1"),
        (TEPI, "1NEE 2TTN", "", "de-escalate", "3 at dose 1"),
        (EFFTOX, "1NNE 2EEB", "", "stay", "with the association"),
        (DOSES, "", "", "go on", "30 at dose 1, 30 at dose 2"),
        (DOSES, "5/10 8/12", "", "go on", "22 of 60"),
        (DOSES, "13/30 15/30", "", "choose dose 1", None),
        (DOSES, "10/30 15/30", "", "choose dose 2", None),
        (DESIRED, "1,5/10 9,6/10", "", "choose dose 1", None),
        (HARM, "", "", "go on", "look after 10 patients"),
        (HARM, "5,1/8", "", "go on", "look after 10 patients"),
        (HARM, "7,0/10", "", "go on", "look after 20 patients"),
        (HARM, "7,8/10", "", "stop for futility", None),
        (HARM, "14,1/20", "", "success", None),
        (SIMON, "", "", "go on", "look after 17 patients"),
        (SIMON, "3/18", "", "go on", "look after 37 patients"),
        (SIMON, "0/16", "", "go on", "look after 17 patients"),
        (SIMON, "3/17", "", "stop for futility", None),
        (SIMON, "4/17", "", "go on", "look after 37 patients"),
        (SIMON, "4/17 11/37", "", "success", None),
        (TOP, "0/7", "80 80 80", "suspend", "9.67 patients"),
        (TOP, "2/8", "10 10", "go", "8.22 patients"),
        (MEM, "6/10 1/10", "", "claim 1 of 2", "claimed"),
        (MEM, "", "", "go on", "10 in "),
        (GS, "", "", "go on", "look 1 at 33% of the information"),
        (GS, "1.5", "", "go on", "look 2 at 67% of the information"),
        (GS, "3.2", "", "stop for superiority", None),
        (GS, "-1", "", "stop for futility", "if the trend goes on"),
        (GS, "1.5 1.6 1.7", "", "end without superiority", None),
    ],
)
def test_what_a_design_says(file: str, outcomes: str, pending: str, action: str, fact: str | None) -> None:
    found = asked(file, outcomes, pending)
    assert found.action == action
    assert found.reasons
    assert fact is None or any(fact in text for _, text in found.facts)


def test_a_look_that_was_crossed_before_is_a_departure() -> None:
    assert asked(GS, "3.2 1.0").departures == ("look 1: the trial could have ended, it went on",)


def test_backfill_that_was_not_open_and_cohorts_not_asked_for_are_departures() -> None:
    found = asked(FILL, "1NNN +1N 3NNN")
    assert found.departures == (
        "backfill +1N: no dose was open, dose 1 was given",
        "cohort 2: the design asked for 3 at dose 2, 3 at dose 3 were treated",
    )


def test_a_look_whose_answer_is_certain_is_told_before_it() -> None:
    assert "futile even if all the next patients respond" in asked(SIMON, "2/17 7/36").reasons[-1]
    assert "success even if none" in asked(SIMON, "12/36").reasons[-1]


def test_pending_patients_are_put_in_their_order_by_a_letter() -> None:
    """Without it the pending patient would be taken for the last one, and dose 1 for the current dose."""
    assert asked(TITE, "1NNP 2NTT", "1@20").reasons[0].startswith("2 of 3 with a toxicity at dose 2")
    assert asked(TITE, "1NN 2NTT", "1@20").reasons[0].startswith("0 of 3 with a toxicity at dose 1, 1 pending")


@pytest.mark.parametrize("file", [TITE, TITE12, ROLLING, TITE_CRM, POD])
def test_advice_without_pending_patients_is_that_of_the_rule(file: str) -> None:
    """What a running trial is told is what the simulator would do in the same state."""
    study: Any = design_of(yaml.safe_load(file)).study
    design = study.design
    for word in ("1NNN", "1NNN 2NNT", "1NNN 2NTT", "1TTT"):
        states = state_after(read_outcomes(word, 3), 3, with_efficacy=True)
        seen = TwoSeen.complete(states)
        goes = int(design.rule.next_dose(seen, design.safety.closed(states))[0])
        found = advise(study, word)
        said = dict(found.facts).get("next", found.action)
        assert said == {NONE: "stop", SUSPEND: "wait"}.get(goes, f"dose {goes + 1}")


def test_advice_is_printed_line_by_line() -> None:
    assert asked(SIMON, "4/17").lines() == [
        "action    go on",
        "next      look after 37 patients",
        "reason    4 of 17 respond; futile with 3 or fewer",
    ]


@pytest.mark.parametrize(
    ("file", "outcomes", "pending", "id", "saw"),
    [
        (BOIN, "1NNN", "1@3", "TRIAL-004", "pending patients for the design BOIN"),
        (TITE, "1NNN", "1@28", "TRIAL-003", "'1@28'"),
        (TITE, "1NNN", "4@2", "TRIAL-003", "'4@2'"),
        (TITE, "1NNN 1NNN 1NNN 1NNN", "1@2", "TRIAL-003", "13 patients"),
        (SIMON, "3/38", "", "TRIAL-060", "38 patients"),
        (TITE, "1NN", "1E@3", "TRIAL-003", "'1E@3'"),
        (TITE, "1NP 2N", "2@3", "TRIAL-003", "a P at dose 1"),
        (TITE, "1NP", "1@3 1@2", "TRIAL-003", "a pending patient at dose 1"),
        (TITE12, "1NN", "1T@90", "TRIAL-003", "'1T@90'"),
        (FILL, "1NNE 2NNN 3NNN 3NNN 3NNN", "", "TRIAL-003", "5 cohorts"),
        (DOSES, "5/10", "", "TRIAL-003", "1 counts"),
        (DOSES, "5/10 8/31", "", "TRIAL-003", "31 patients at dose 2"),
        (HARM, "5,3/21", "", "TRIAL-060", "21 patients"),
        (HARM, "5,9/8", "", "TRIAL-003", "5,9/8"),
        (SIMON, "18/17", "", "TRIAL-003", "'18/17'"),
        (SIMON, "3/17", "5", "TRIAL-004", "pending patients"),
        (TOP, "2/8", "10", "TRIAL-060", "8 known and 1 pending"),
        (MEM, "6/10", "", "TRIAL-003", "1 counts"),
        (MEM, "6/10 1/9", "", "TRIAL-003", "other patients than planned"),
        (GS, "1 2 3 4", "", "TRIAL-003", "4 looks"),
        (GS, "high", "", "TRIAL-003", "'high'"),
        (GS, "nan", "", "TRIAL-003", "'nan'"),
        (TWO, "3/10", "", "TRIAL-003", "'3/10'"),
    ],
)
def test_what_cannot_have_been_seen_is_refused(file: str, outcomes: str, pending: str, id: str, saw: str) -> None:
    with pytest.raises(TrialError, match=id) as told:
        asked(file, outcomes, pending)
    assert saw in told.value.fault.saw


TWO_DOSES = "cohort 2: the design asked for 3 at one dose, 2 at dose 1 and 1 at dose 2 were treated"


@pytest.mark.parametrize(
    ("file", "outcomes", "pending", "departures"),
    [
        (TITE, "1NNN", "1@3 1@2 2@1", (TWO_DOSES,)),
        (TITE, "1NNN 2NN", "2@3", ()),
        (TITE, "2NNN", "", ("cohort 1: the design asked for dose 1, dose 2 was given",)),
        (TITE, "1NNN 3N", "3@1", ("cohort 2: no dose is skipped by the design, dose 3 was given before dose 2",)),
        (TITE_CRM.replace("cohorts", "no_skipping: false, cohorts"), "1NNN 3N", "3@1", ()),
    ],
)  # fmt: skip
def test_departures_of_a_design_with_pending_outcomes(
    file: str, outcomes: str, pending: str, departures: tuple[str, ...]
) -> None:
    assert asked(file, outcomes, pending).departures == departures


def test_a_tite_crm_says_when_it_goes_up_on_nothing_and_can_be_told_to_wait() -> None:
    plain = asked(TITE_CRM, "", "1@0 1@0 1@0")
    assert plain.action == "escalate"
    assert "goes up while 3 of 3 are pending, followed for 0.00 windows in all" in plain.reasons[1]
    careful = TITE_CRM.replace("cohorts", "most_pending: 0.5, cohorts")
    waiting = asked(careful, "", "1@0 1@0 1@0")
    assert waiting.action == "wait"
    assert "3 of 3 pending is more than 50%, so wait" in waiting.reasons[1]
    assert asked(careful, "1NN", "1@0").action == "escalate"
    with pytest.raises(TrialError, match="most_pending 2"):
        asked(TITE_CRM.replace("cohorts", "most_pending: 2, cohorts"))


def test_a_feasible_design_says_which_dose_it_would_not_select_and_how_less_is_counted() -> None:
    (reason,) = asked(FEASIBLE, "1EEE 2EEN").reasons
    assert "1 who got less count for toxicity as if they had got the planned dose" in reason
    assert "dose 2 is not selected while its estimated feasibility, 0.67, is below 0.70" in reason
    assert "is not selected while" not in asked(FEASIBLE, "1EEE 2EEE").reasons[0]


@pytest.mark.parametrize(
    ("outcomes", "action", "following"),
    [
        ("1NN", "fill the cohort", "1 at dose 1"),
        ("1NNE 2N", "fill the cohort", "2 at dose 2"),
        ("1NNE 2N 2NN", "escalate", "3 at dose 3"),
        ("1NNE 2N +1NN 2NN", "escalate", "3 at dose 3"),
    ],
)
def test_backfill_fills_its_cohorts_too(outcomes: str, action: str, following: str) -> None:
    found = asked(FILL, outcomes)
    assert (found.action, dict(found.facts)["next"]) == (action, following)


@pytest.mark.parametrize(
    ("pending", "said", "fix"),
    [
        ("1E@40", "the response came already, so only toxicity is", '"1E"'),
        ("1T@95", "the toxicity came already, so only the response is open", '"1T"'),
        ("1@95", "of whom nothing is open", '"1N"'),
    ],
)
def test_a_pending_patient_of_whom_nothing_is_open_is_told_as_what_is_known(pending: str, said: str, fix: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-003") as told:
        asked(TITE12, "1NN", pending)
    assert said in str(told.value)
    assert fix in str(told.value)


def test_compared_doses_with_own_utilities_take_patients_with_both() -> None:
    own = DESIRED.replace("both: 60", "both: 50")
    found = asked(own, "2,5,1/10 4,7,4/10")
    # 40 for neither, 50 for both: (4 * 40 + 4 * 100 + 50) / 10 and (3 * 40 + 3 * 100 + 4 * 50) / 10
    assert found.reasons[0] == "mean utility: dose 1 0.610, dose 2 0.620"
    assert found.action == "choose dose 2"
    for word in ("2,5/10", "2,5,3/10", "8,7,4/10", "2,5,1"):
        with pytest.raises(TrialError, match="TRIAL-003"):
            asked(own, f"{word} 4,7,4/10")
