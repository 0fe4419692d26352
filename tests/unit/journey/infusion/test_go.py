"""Go or no go: silence never lets an infusion pass, a stop outranks a hold, the record cannot be overruled by word of mouth."""

from __future__ import annotations

from typing import Any

import pytest

from builders import a_patient
from vein2vein.basis.truth import Truth
from vein2vein.errors import JourneyError
from vein2vein.journey.infusion import Go, go
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.library import default_library

LYMPHODEPLETION = default_library().get("universal.lymphodepletion-go", Checklist)
INFUSION = default_library().get("universal.infusion-go", Checklist)
IN_ORDER = {
    "product_on_site": "yes",
    "serious_toxicity": "no",
    "gvhd": "no",
    "pregnancy": "no",
    "dose_policy_chosen": "yes",
    "restaged": "yes",
    "pentostatin": "no",
}


def _go(*, told: dict[str, Any], creatinine_on: float | None = -6, infection: str | None = "no") -> Go:
    patient = a_patient("A", days=2)
    if creatinine_on is not None:
        patient = patient.with_value("creatinine", creatinine_on, 0.9)
    if infection is not None:
        patient = patient.with_statement("infection", -5.5, infection)
    return go(patient.built(), LYMPHODEPLETION, patient.at(-5), told=told)


def test_everything_in_order_is_a_go() -> None:
    found = _go(told=IN_ORDER)
    assert (found.answer, found.reasons, found.open) == ("go", (), ())


def test_silence_is_no_go() -> None:
    found = _go(told={}, creatinine_on=None, infection=None)
    assert found.answer == "settle first"
    assert len(found.open) == len(LYMPHODEPLETION.rows)
    assert {name for verdict in found.open for name in verdict.missing} == set(LYMPHODEPLETION.facts)


@pytest.mark.parametrize(("day", "is_open"), [(-7.9, False), (-8, True), (-8.1, True), (-4.9, True)])
def test_a_creatinine_counts_for_72_hours_and_a_later_one_not_at_all(day: float, is_open: bool) -> None:
    found = _go(told=IN_ORDER, creatinine_on=day)
    assert [verdict.row.name for verdict in found.open] == (["no-recent-creatinine"] if is_open else [])


def test_a_stop_outranks_a_hold() -> None:
    assert _go(told={**IN_ORDER, "serious_toxicity": "yes"}).answer == "hold"
    assert _go(told={**IN_ORDER, "serious_toxicity": "yes", "pregnancy": "yes"}).answer == "stop"


def test_what_only_asks_for_a_decision_says_so() -> None:
    assert _go(told={**IN_ORDER, "restaged": "no"}).answer == "decide"


def test_a_recorded_infection_holds_and_is_shown_with_its_row() -> None:
    found = _go(told=IN_ORDER, infection="yes")
    assert [verdict.row.name for verdict in found.reasons] == ["infection"]
    assert [row.code for row in found.rows["active_infection"]] == ["yes"]


def test_word_of_mouth_cannot_overrule_the_record() -> None:
    with pytest.raises(JourneyError, match="JOURNEY-005"):
        _go(told={**IN_ORDER, "recent_creatinine": "yes"})


@pytest.mark.parametrize(("recorded", "said"), [("yes", "no"), ("no", "yes")])
def test_what_is_told_against_the_record_has_to_be_settled(recorded: str, said: str) -> None:
    found = _go(told={**IN_ORDER, "active_infection": said}, infection=recorded)
    assert (found.answer, [verdict.row.name for verdict in found.open]) == ("settle first", ["infection"])


@pytest.mark.parametrize(
    ("kind", "row", "answer"),
    [("pregnancy", "pregnancy", "stop"), ("active_gvhd", "gvhd", "hold"), ("active_infection", "infection", "hold")],
)
def test_what_is_on_record_needs_nobody_to_say_it(kind: str, row: str, answer: str) -> None:
    patient = a_patient("A", days=2).with_value("creatinine", -5.5, 0.9).with_statement(kind, -6, "yes")
    found = go(patient.built(), LYMPHODEPLETION, patient.at(-5))
    assert found.answer == answer
    assert [verdict.row.name for verdict in found.reasons] == [row]
    assert [shown.kind for fact in found.rows.values() for shown in fact if shown.kind != "creatinine"] == [kind]


@pytest.mark.parametrize(("day", "is_open"), [(-34.9, False), (-35.1, True)])
def test_a_pregnancy_test_counts_for_30_days(day: float, is_open: bool) -> None:
    patient = a_patient("A", days=2).with_statement("pregnancy", day, "no")
    found = go(patient.built(), LYMPHODEPLETION, patient.at(-5))
    assert ("pregnancy" in {verdict.row.name for verdict in found.open}) is is_open


@pytest.mark.parametrize(
    ("stated", "treated", "answer"),
    [("no", None, set()), (None, "no", set()), ("no", "yes", {"infection"}), ("yes", "no", {"infection"})],
)
def test_either_word_for_an_infection_is_read(stated: str | None, treated: str | None, answer: set[str]) -> None:
    patient = a_patient("A", days=2)
    for kind, code in (("active_infection", stated), ("infection", treated)):
        if code is not None:
            patient = patient.with_statement(kind, -5.5, code)
    found = go(patient.built(), LYMPHODEPLETION, patient.at(-5))
    assert {v.row.name for v in found.reasons} == answer
    assert "infection" not in {v.row.name for v in found.open}


@pytest.mark.parametrize(("detail", "is_open"), [("conforming", False), ("out-of-specification", True), (None, True)])
def test_delivery_and_release_are_taken_from_the_milestones(detail: str | None, is_open: bool) -> None:
    patient = a_patient("A", days=2).with_milestone("released", -8, detail).with_milestone("product_delivered", -7)
    before = go(patient.built(), LYMPHODEPLETION, patient.at(-5))
    assert "product-not-there" not in {verdict.row.name for verdict in before.open}
    early = go(patient.built(), LYMPHODEPLETION, patient.at(-7.5))
    assert "product-not-there" in {verdict.row.name for verdict in early.open}
    thaw = go(patient.built(), INFUSION, patient.at(-0.1))
    assert ("not-released" in {verdict.row.name for verdict in thaw.open}) is is_open


def test_a_window_that_another_stage_worked_out_is_taken() -> None:
    patient = a_patient("A", days=2)
    told = {
        "identity_matches": "yes",
        "released": "yes",
        "expired": "no",
        "tocilizumab_doses": 2,
        "premedicated": "yes",
    }
    told |= {"serious_toxicity": "no", "gvhd": "no", "systemic_steroid": "no", "leukodepleting_filter": "no"}
    course = patient.with_statement("infection", -0.5, "no").built()
    asked = {"told": told, "at": patient.at(-0.1), "checklist": INFUSION}
    assert go(course, computed={"gap_after_lymphodepletion": Truth.TRUE}, **asked).answer == "go"
    assert go(course, computed={"gap_after_lymphodepletion": Truth.FALSE}, **asked).answer == "hold"
    assert go(course, **asked).answer == "settle first"
