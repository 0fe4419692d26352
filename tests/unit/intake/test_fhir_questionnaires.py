"""The ICE and CAPD forms: points come from the form, and an item without an answer gives none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import Resource, ids, reasons, told
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.intake.fhir.questionnaires import FORMS, form_json, forms
from vein2vein.knowledge import codes

ROW = 3
ORIENTATION = ("orientation-year", "orientation-month", "orientation-city", "orientation-hospital")
CAPD = ("eye-contact", "purposeful", "aware", "communicates", "restless", "inconsolable", "underactive", "slow")


def response(form: str, *items: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": f"{urls.QUESTIONNAIRES}/{form}",
        "subject": {"reference": "Patient/p1"}, "authored": "2026-03-06T08:00:00+01:00", "item": list(items) or None, **more,
    }  # fmt: skip


def answer(link: str, **value: Any) -> Resource:
    return {"linkId": link, "answer": [value]}


def orientation(*right: bool) -> Resource:
    return {
        "linkId": "orientation",
        "item": [answer(link, valueBoolean=yes) for link, yes in zip(ORIENTATION, right, strict=False)],
    }


def frequency(link: str, code: str) -> Resource:
    return answer(link, valueCoding={"system": f"{urls.BASE}/CodeSystem/frequency", "code": code})


def rows(folder: Path, *resources: Resource) -> dict[str, Any]:
    table = told(folder, *resources).cohort.observations
    return {row["kind"]: row["code"] or row["value"] for row in table.iter_rows(named=True) if row["usability"] == "ok"}


@pytest.mark.parametrize("name", FORMS)
def test_the_forms_follow_the_model_and_fill_known_kinds(name: str) -> None:
    questionnaire = model_of("Questionnaire").model_validate(form_json(name))
    assert questionnaire.url == f"{urls.QUESTIONNAIRES}/{name}"
    kinds = [item.kind for item in forms()[questionnaire.url].items.values() if item.kind]
    assert set(kinds) <= set(codes.observations())
    expected = {kind for kind in codes.observations() if kind.startswith(f"{name}_")}
    assert set(kinds) == expected


@pytest.mark.parametrize(("name", "total"), [("ice", "ice_score"), ("capd", "capd_score")])
def test_the_most_points_of_a_form_are_the_highest_total(name: str, total: str) -> None:
    form = forms()[f"{urls.QUESTIONNAIRES}/{name}"]
    items = [
        i.kind
        for i in form.items.values()
        if i.kind and i.kind != total and codes.observation_kind(i.kind).type == "number"
    ]
    assert (
        sum((codes.observation_kind(kind).plausible or (0, 0))[1] for kind in items)
        == (codes.observation_kind(total).plausible or (0, 0))[1]
    )


def test_every_item_of_ice_gives_its_points(tmp_path: Path) -> None:
    items = [
        orientation(True, True, False, True),
        answer("naming", valueInteger=2),
        answer("command", valueBoolean=True),
        answer("writing", valueBoolean=False),
        answer("attention", valueBoolean=True),
        answer("total", valueInteger=7),
    ]
    assert rows(tmp_path, response("ice", *items)) == {
        "ice_orientation": 3.0, "ice_naming": 2.0, "ice_command": 1.0, "ice_writing": 0.0, "ice_attention": 1.0, "ice_score": 7.0,
    }  # fmt: skip


def test_a_group_with_an_open_question_gives_no_points(tmp_path: Path) -> None:
    assert rows(tmp_path, response("ice", orientation(True, True, True), answer("naming", valueInteger=3))) == {
        "ice_naming": 3.0
    }


def test_capd_reverses_its_first_four_items(tmp_path: Path) -> None:
    always = rows(tmp_path, response("capd", *(frequency(link, "always") for link in CAPD)))
    assert list(always.values()) == [0.0] * 4 + [4.0] * 4
    never = rows(tmp_path, response("capd", *(frequency(link, "never") for link in CAPD)))
    assert list(never.values()) == [4.0] * 4 + [0.0] * 4


def test_points_can_be_sent_as_numbers(tmp_path: Path) -> None:
    assert rows(tmp_path, response("capd", answer("restless", valueInteger=3), answer("total", valueInteger=12))) == {
        "capd_restless": 3.0,
        "capd_score": 12.0,
    }


def test_a_total_that_is_not_the_sum_is_set_aside_and_the_items_are_used(tmp_path: Path) -> None:
    items = [*(frequency(link, "always") for link in CAPD), answer("total", valueInteger=9)]
    delivery = told(tmp_path, response("capd", *items))
    total = delivery.cohort.observations.filter(kind="capd_score").row(0, named=True)
    assert (total["usability"], total["as_sent"]) == ("not-assessable", "[9, items add up to 16]")
    (fault,) = [f for f in delivery.faults if f.id == "INTAKE-323"]
    assert fault.saw == "capd_score 9 whose items add up to 16"
    assert delivery.cohort.observations.filter(usability="ok").height == 8


def test_why_a_test_was_not_done_is_a_category(tmp_path: Path) -> None:
    why = answer("not-done", valueCoding={"system": urls.CATEGORIES, "code": "ice_not_done_reason/unarousable"})
    assert rows(tmp_path, response("ice", why)) == {"ice_not_done_reason": "unarousable", "arousal": "unarousable"}


@pytest.mark.parametrize(
    ("given", "id"),
    [
        (response("ice"), "INTAKE-322"),
        (response("ice", answer("naming", valueString="three")), "INTAKE-322"),
        (response("ice", answer("total", valueInteger=10), questionnaire="https://hospital.example/ice"), "INTAKE-322"),
        (response("ice", answer("total", valueInteger=10), questionnaire=None), "INTAKE-322"),
        (response("ice", answer("total", valueInteger=10), authored=None), "INTAKE-311"),
        (response("ice", answer("total", valueInteger=10), status="in-progress"), "INTAKE-310"),
        (response("ice", answer("total", valueInteger=10), status="entered-in-error"), "INTAKE-309"),
    ],
)
def test_what_is_no_answer_of_ours_is_refused_with_its_reason(tmp_path: Path, given: Resource, id: str) -> None:
    delivery = told(tmp_path, given)
    assert delivery.cohort.observations.is_empty()
    assert reasons(delivery) == {ROW: id}


def test_a_version_of_the_form_and_an_item_that_it_does_not_have(tmp_path: Path) -> None:
    given = response(
        "ice",
        answer("total", valueInteger=10),
        answer("mood", valueString="good"),
        questionnaire=f"{urls.QUESTIONNAIRES}/ice|1",
    )
    delivery = told(tmp_path, given)
    assert delivery.cohort.observations["value"].to_list() == [10.0]
    assert ids(delivery) == {"INTAKE-322": 1}
    assert "item 'mood'" in delivery.faults[0].saw
