"""Advice for a running trial: the same as the rule, with reasons; paths; tables; departures told; wrong input refused."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.table import DecisionTable, from_table
from vein2vein.programme.trial.phase1.three_plus_three import three_plus_three
from vein2vein.programme.trial.recommend import decision_table, paths, recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, Design

DESIGN = boin(5, 0.3, cohorts=Cohorts(3, 10))


def test_before_the_first_patient() -> None:
    found = recommend(DESIGN)
    assert (found.action, found.dose, found.size, found.selected) == ("start", 1, 3, None)


def test_advice_names_what_was_seen_and_the_bound() -> None:
    found = recommend(DESIGN, "1NNN 2NNT")
    assert (found.action, found.dose) == ("stay", 2)
    assert found.reasons == ("1 of 3 with a toxicity (33%): between 0.236 and 0.359, so stay",)


def test_closed_doses_are_told_and_not_gone_into() -> None:
    found = recommend(DESIGN, "1NNN 2TTT 1NNN")
    assert found.closed == (2, 3, 4, 5)
    assert (found.action, found.dose) == ("stay", 1)
    assert "dose 2 is closed, so stay" in found.reasons[0]


def test_departures_from_the_design_are_told_and_the_advice_still_given() -> None:
    found = recommend(DESIGN, "1NNN 3NN 3NNT")
    assert found.departures[0] == "cohort 2: the design asked for 3 at dose 2, 2 at dose 3 were treated"
    assert found.dose == 4  # 1 of 5 at dose 3: go up


def test_a_trial_that_has_treated_all_stops_and_says_so() -> None:
    found = recommend(boin(2, 0.3, cohorts=Cohorts(3, 2)), "1NNN 2NNT")
    assert (found.action, found.dose, found.selected) == ("stop", None, 2)
    assert found.reasons == ("all 6 planned patients have been treated",)


def test_more_patients_than_the_design_has_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-003") as told:
        recommend(boin(2, 0.3, cohorts=Cohorts(3, 1)), "1NNN 2NNT")
    assert "6 patients" in str(told.value)


def test_paths_are_the_decisions_of_the_table() -> None:
    found = {path.outcomes: path.dose for path in paths(DESIGN, "1NNN", cohorts=2)}
    assert found[""] == 2
    assert found["2NNN"] == 3
    assert found["2TTT"] == 1
    assert found["2NNT 2NTT"] == recommend(DESIGN, "1NNN 2NNT 2NTT").dose
    assert len(found) == 1 + 4 + 16


CSV = """toxicities,3,6
0,E,E
1,S,E
2,D,S
3,DU,D
4,,DU
5,,DU
6,,DU
"""


def test_a_table_of_ones_own_decides() -> None:
    design = from_table(3, 0.3, DecisionTable.read(CSV), cohorts=Cohorts(3, 2))
    assert recommend(design, "1NNT").dose == 1
    assert recommend(design, "1TTT").dose is None
    assert recommend(design, "1NNT").reasons == ("1 of 3 with a toxicity (33%): the table says S",)
    yaml = "3: [E, S, D, DU]\n6: [E, E, S, D, DU, DU, DU]\n"
    assert DecisionTable.read(yaml) == DecisionTable.read(CSV)


def test_a_table_made_from_a_design_has_its_characteristics() -> None:
    rows: dict[int, list[str]] = {}
    for row in decision_table(DESIGN):
        rows.setdefault(row.patients, []).append(row.decision)
    table = DecisionTable.of({n: letters for n, letters in rows.items() if n % 3 == 0})
    truth = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
    mine = characteristics(from_table(5, 0.3, table, cohorts=Cohorts(3, 10)), truth)[0]
    assert mine.selected == pytest.approx(characteristics(DESIGN, truth)[0].selected)


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        ("3: [E, S, X, D]", "'X'"),
        ("3: [E, S]", "2 letters for 3"),
        ("toxicities,a\n0,E", "the header"),
        ("hello", "hello"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(text: str, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        DecisionTable.read(text)
    assert saw in str(told.value)


def test_cohorts_that_the_table_does_not_have_are_refused() -> None:
    design = from_table(3, 0.3, DecisionTable.read(CSV), cohorts=Cohorts(3, 3))
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        recommend(design, "1NNT 1NTNN")
    assert "7 patients at a dose" in str(told.value)


def test_no_table_of_a_design_that_looks_further() -> None:
    with pytest.raises(TrialError, match="TRIAL-004") as told:
        decision_table(three_plus_three(3))
    assert "3+3" in str(told.value)


TITRATED = boin(4, 0.3, cohorts=Cohorts(3, 4), titration=True)


@pytest.mark.parametrize(
    ("design", "outcomes", "dose", "size"),
    [
        (DESIGN, "1NN", 1, 1),
        (DESIGN, "1NNN 2T", 2, 2),
        (DESIGN, "1NNN 2N 2N", 2, 1),
        (DESIGN, "1TT", 1, 1),  # one more at the lowest dose: BOIN would stay there with two of three
        (three_plus_three(3), "1NN", 1, 1),
        (three_plus_three(3, closing="six"), "1N", 1, 2),
        (three_plus_three(3), "1NNT 1N", 1, 2),
        (TITRATED, "1N 2N 3T 3N", 3, 1),
    ],
)
def test_a_cohort_that_is_not_full_is_filled_before_a_decision(
    design: Design, outcomes: str, dose: int, size: int
) -> None:
    found = recommend(design, outcomes)
    assert (found.action, found.dose, found.size) == ("fill the cohort", dose, size)
    assert "the rule decides when it is full" in found.reasons[0]
    assert not found.departures


@pytest.mark.parametrize(
    ("design", "outcomes", "action", "dose"),
    [
        (three_plus_three(3), "1TT", "stop", None),
        (three_plus_three(3, closing="six"), "1NNN 2TT", "de-escalate", 1),
        (DESIGN, "1NNN 2TT", "de-escalate", 1),
    ],
)
def test_a_dose_is_left_at_once_where_the_missing_patients_cannot_change_it(
    design: Design, outcomes: str, action: str, dose: int | None
) -> None:
    found = recommend(design, outcomes)
    assert (found.action, found.dose) == (action, dose)
    assert found.reasons[-1] == "the cohort is not full; whatever the last patient would show, one leaves the dose"


def test_a_cohort_in_parts_is_one_and_one_that_was_left_is_a_departure() -> None:
    whole, parts = recommend(DESIGN, "1NNN 2NNT"), recommend(DESIGN, "1NN 1N 2N 2NT")
    assert (parts.action, parts.dose, parts.reasons, parts.departures) == (whole.action, whole.dose, whole.reasons, ())
    left = recommend(DESIGN, "1NN 2NNN")
    assert left.departures == ("cohort 1: the design asked for 3 at dose 1, 2 at dose 1 were treated",)
    assert recommend(three_plus_three(3), "1NNNN").action == "escalate"
    assert recommend(three_plus_three(3), "1TNNN").action == "stay"
    assert "there is none below" in recommend(three_plus_three(3), "1TTT").reasons[0]
    assert "there is no lower dose, so stay" in recommend(DESIGN, "1TTN").reasons[0]


def test_paths_fill_the_cohort_first() -> None:
    found = {path.outcomes: path.dose for path in paths(DESIGN, "1NN", cohorts=2)}
    assert found[""] == 1
    assert found["1N"] == recommend(DESIGN, "1NNN").dose == 2
    assert found["1T 1NNN"] == recommend(DESIGN, "1NNT 1NNN").dose
    assert len(found) == 1 + 2 + 8
    assert [path.outcomes for path in paths(DESIGN, "1NN", cohorts=0)] == [""]
