"""Where BOIN-ET sends the next cohort, case by case, and what it refuses."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase12.boin_et import boin_et
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.words import Cohorts

DESIGN = boin_et(3, toxicity=0.3, efficacy=0.6, cohorts=Cohorts(3, 10))


@pytest.mark.parametrize(
    ("outcomes", "dose"),
    [
        ("1NNN", 2),  # few of both: up
        ("1EEN", 1),  # it works: stay
        ("1NNN 2TTN", 1),  # too toxic: down
        ("1NNN 2NNN 2TTN", 3),  # 2 of 6 lies between, none responded: the next dose is untried
        ("1ENN 2NNN 3TEE 2TTE", 3),  # between the bounds with few responses: dose 3 has the highest rate of the three
        ("1ENN 2NNN 3TNN 2TTN", 1),  # the same, and dose 1 has it
        ("1TTT", None),
        ("1NNN 1NNN 1NNN", 2),  # 0 of 9 responding: futile here (0.994), the next dose is open
    ],
)
def test_next_dose(outcomes: str, dose: int | None) -> None:
    assert recommend(DESIGN, outcomes).dose == dose


def test_reasons_name_rates_and_bounds() -> None:
    (reason,) = recommend(DESIGN, "1NNN").reasons
    assert reason == "0 of 3 with a toxicity (at most 0.14), 0 with a response (at most 0.48): so dose 2"


def test_selection_is_the_highest_response_rate_up_to_the_tolerated_dose() -> None:
    assert recommend(DESIGN, "1ENN 2EEN 3TTE 2EEN").selected == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"toxicity": 0.8}, "toxicity 0.8"),
        ({"poor": 0.7}, "efficacy 0.6 above 0.7"),
        ({"low": 0.0}, "toxicity 0.3 between 0 and"),
        ({"start": -1}, "dose 0"),
    ],
)
def test_refuses_what_cannot_be(change: dict[str, float], said: str) -> None:
    with pytest.raises(TrialError, match=said) as caught:
        boin_et(3, **{"toxicity": 0.3, "efficacy": 0.6, "cohorts": Cohorts(3, 5)} | change)
    assert caught.value.id == "TRIAL-002"
