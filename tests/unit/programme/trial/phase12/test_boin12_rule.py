"""Where BOIN12 sends the next cohort, case by case, and what it refuses."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase12.boin12 import boin12, rank_table
from vein2vein.programme.trial.phase12.common import Futility, Utilities
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.words import Cohorts

DESIGN = boin12(4, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 10))


@pytest.mark.parametrize(
    ("outcomes", "dose", "reason"),
    [
        ("1NNN", 2, "dose 2 is best"),  # untried has rank 60, none of 3 responding has 35
        ("1EEN", 1, "dose 1 is best"),  # rank 76 beats the untried dose
        ("1NNN 2TTN", 1, "at least 0.419"),
        ("1TTN", 1, "one dose lower where there is one"),
        ("1TTT", None, "at least 0.419"),
        ("1EEE 1EEN 1EEN", 2, "dose 2 was not tried yet"),  # nine at dose 1, so explore
        ("1ENN 2ENN 3BNN 3BNN", 2, "dose 2 0."),  # 2 of 6 within the interval: dose 4 is not considered
    ],
)
def test_next_dose(outcomes: str, dose: int | None, reason: str) -> None:
    advice = recommend(DESIGN, outcomes)
    assert advice.dose == dose
    assert reason in " ".join(advice.reasons)


def test_within_the_interval_with_enough_patients_the_next_dose_is_not_compared() -> None:
    advice = recommend(DESIGN, "1ENN 2ENN 3BNN 3BNN")
    assert "dose 4" not in advice.reasons[0]


def test_without_exploration_a_good_dose_is_kept() -> None:
    design = boin12(4, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 10), explore=None)
    assert recommend(design, "1EEE 1EEN 1EEN").dose == 1


def test_the_last_choice_is_the_highest_utility_up_to_the_tolerated_dose() -> None:
    assert recommend(DESIGN, "1NNN 2EEN 2EEN 3BTN 3BTT").selected == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"toxicity": 1.2}, "target 1.2"),
        ({"efficacy": 0.0}, "response rate 0"),
        ({"cutoff_efficacy": 1.0}, "cut-off 1"),
        ({"start": 4}, "the first cohort at dose 5"),
        ({"enough": 0}, "enough=0"),
    ],
)
def test_refuses_what_cannot_be(change: dict[str, float], said: str) -> None:
    with pytest.raises(TrialError, match=said) as caught:
        boin12(4, **{"toxicity": 0.35, "efficacy": 0.25, "cohorts": Cohorts(3, 10)} | change)
    assert caught.value.id == "TRIAL-002"


@pytest.mark.parametrize(("neither", "both"), [(-1, 50), (40, 101), (120, -20)])
def test_refuses_utilities_outside_their_scale(neither: float, both: float) -> None:
    with pytest.raises(TrialError, match="both from 0 to 100"):
        Utilities(neither, both)


def test_refuses_states_without_responses_and_tables_of_other_designs() -> None:
    with pytest.raises(TrialError, match="trial states without responses"):
        DESIGN.rule.next_dose(state_after(read_outcomes("1NNN", 4), 4), DESIGN.safety.closed(DESIGN.first()))
    with pytest.raises(TrialError, match="BOIN with"):
        rank_table(boin(3, 0.3, cohorts=Cohorts(3, 4)), (0, 3))


def test_futility_needs_enough_patients() -> None:
    rule = Futility(0.5, 0.9, least=3)
    assert [bool(rule.futile(n, n * 0)) for n in map(__import__("numpy").int64, (2, 3))] == [False, True]
