"""What lymphodepletion refuses, in full: what was seen, what would have been right, and what to do."""

from __future__ import annotations

from datetime import date

import pytest

from builders import a_patient
from vein2vein.engine.plain.ask import Questions
from vein2vein.errors import Fault, JourneyError
from vein2vein.journey.lymphodepletion.calendar import calendar
from vein2vein.journey.lymphodepletion.doses import renal_answer
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()


@pytest.mark.parametrize(
    ("given", "named"),
    [((), "none"), (("cockcroft-gault-1976.clearance",), "cockcroft-gault-1976.clearance")],
)
def test_a_policy_without_the_formula_that_it_asks_for(given: tuple[str, ...], named: str) -> None:
    policy = LIBRARY.get("us-generic.fludarabine-renal", RenalPolicy)
    patient = a_patient("A")
    with pytest.raises(JourneyError) as caught:
        renal_answer(Questions(patient.built(), patient.at(0)), policy, {id: LIBRARY.get(id, Formula) for id in given})
    assert caught.value.fault == Fault(
        "JOURNEY-001",
        saw=f"policy us-generic.fludarabine-renal without the formula {policy.clearance}",
        expected=f"one of the formulas given: {named}",
        fix="give the formula that the policy names, with its weight basis chosen",
    )


@pytest.mark.parametrize(
    ("regimen", "gap", "expected"),
    [
        ("us-label.tisa-all", 15, "2 to 14 full days after the last dose"),
        ("us-label.obe", 1, "at least 48 hours after the last dose"),
    ],
)
def test_a_gap_outside_the_window_of_its_source(regimen: str, gap: int, expected: str) -> None:
    with pytest.raises(JourneyError) as caught:
        calendar(LIBRARY.get(regimen, Regimen), date(2026, 5, 20), gap=gap)
    assert caught.value.fault == Fault(
        "JOURNEY-003",
        saw=f"a gap of {gap} days for {regimen}",
        expected=expected,
        fix="choose a gap inside the window, or another regimen",
    )
