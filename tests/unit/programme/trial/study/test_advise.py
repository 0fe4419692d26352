"""Advice of every family: what to do, why, and refusals of what cannot have been seen."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.study.advise import Advice, advise

BOIN = "{design: boin, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}}"
TITE = "{design: tite-boin, doses: 3, target: 0.3, cohorts: {size: 3, number: 4}, setting: {window: 28, interval: 7}}"
SIMON = "{design: two-stage, r1: 3, n1: 17, r: 10, n: 37}"
TOP = "{design: top, looks: [10, 20, 30], 'null': 0.2, alternative: 0.4, alpha: 0.1, window: 90}"
MEM = "{design: mem, patients: [10, 10], 'null': 0.2, claim: 0.9}"
GS = """{design: group-sequential, looks: 3, spending: pocock, events: 90, futility: {rule: {hwang: -4}, beta: 0.1},
         control: {median: 6}, experimental: {ratio: 0.6}, accrual: {patients: 200, months: 12}}"""
TWO = "{design: bop2-two-endpoints, looks: [10, 20], endpoints: {first: 0.3, second: 0.3}, cutoff: {lam: 0.6, gamma: 0.5}}"


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
        (SIMON, "", "", "go on", "look after 17 patients"),
        (SIMON, "3/17", "", "stop for futility", None),
        (SIMON, "4/17", "", "go on", "look after 37 patients"),
        (SIMON, "4/17 11/37", "", "success", None),
        (TOP, "0/7", "80 80 80", "suspend", "9.67 patients"),
        (TOP, "2/8", "10 10", "go", "8.22 patients"),
        (MEM, "6/10 1/10", "", "claim 1 of 2", "claimed"),
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
        (SIMON, "3/18", "", "TRIAL-060", "18 patients"),
        (SIMON, "18/17", "", "TRIAL-003", "'18/17'"),
        (SIMON, "3/17", "5", "TRIAL-004", "pending patients"),
        (TOP, "2/8", "10", "TRIAL-060", "8 known and 1 pending"),
        (MEM, "6/10", "", "TRIAL-003", "1 counts"),
        (MEM, "6/10 1/9", "", "TRIAL-003", "other patients than planned"),
        (GS, "1 2 3 4", "", "TRIAL-003", "4 looks"),
        (GS, "high", "", "TRIAL-003", "'high'"),
        (GS, "nan", "", "TRIAL-003", "'nan'"),
        (TWO, "3/10", "", "TRIAL-004", "advice for the design"),
    ],
)
def test_what_cannot_have_been_seen_is_refused(file: str, outcomes: str, pending: str, id: str, saw: str) -> None:
    with pytest.raises(TrialError, match=id) as told:
        asked(file, outcomes, pending)
    assert saw in told.value.fault.saw
