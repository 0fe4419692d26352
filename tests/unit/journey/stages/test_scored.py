"""A score before lymphodepletion: as of its first dose, with bounds where something is missing, never from later rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.guidance.advise import advise
from vein2vein.journey.stages.scored import began, score_before_lymphodepletion
from vein2vein.knowledge.decisions import DecisionTable, FromScore
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange

HT = default_registry().get("rejeski-2021.car-hematotox")
GOOD = {"platelets": 250, "neutrophils": 3, "haemoglobin": 12, "crp": 5, "ferritin": 300}


def _patient(*, depleted: bool = True, **values: float | None) -> PatientBuilder:
    patient = a_patient("A", days=60)
    for kind, value in {**GOOD, **values}.items():
        if value is not None:
            patient.with_value(kind, -6, value)
    if depleted:
        patient.with_exposure("lymphodepletion", "fludarabine", -5, amount=50.0, amount_unit="mg")
    return patient


def _score(patient: PatientBuilder, day: float) -> NumberRange:
    timeline = patient.built()
    return score_before_lymphodepletion(Questions(timeline, INFUSED_AT + timedelta(days=day)), HT)[0]


def test_it_is_known_after_the_infusion_as_it_was_before_lymphodepletion() -> None:
    patient = _patient(platelets=60).with_value("platelets", -2, 250).with_value("ferritin", 3, 9000)
    assert _score(patient, 20) == NumberRange(2, 2)


def test_before_lymphodepletion_it_is_that_of_the_instant() -> None:
    patient = _patient(depleted=False, platelets=60).with_value("platelets", -3, 250)
    assert _score(patient, -4) == NumberRange(2, 2)
    assert _score(patient, -2) == NumberRange(0, 0)


def test_a_missing_value_widens_it() -> None:
    assert _score(_patient(ferritin=None), 5) == NumberRange(0, 2)


def test_after_an_infusion_without_recorded_lymphodepletion_it_is_not_known() -> None:
    assert _score(_patient(depleted=False), 5) == ANY_NUMBER


def test_lymphodepletion_began_with_its_first_dose_whatever_day_was_named() -> None:
    patient = _patient().with_milestone("lymphodepletion", -5.4)
    assert began(patient.built(), INFUSED_AT) == patient.at(-5)
    assert began(patient.built(), patient.at(-5.2)) == patient.at(-5.4)
    assert began(patient.built(), patient.at(-5.5)) is None


def test_what_is_kept_of_a_course_is_the_answer_of_its_own_start_and_rule_set() -> None:
    patient = _patient(platelets=60).with_milestone("lymphodepletion", -6.5).with_value("platelets", -6.9, 250)
    timeline, kept = patient.built(), {}

    def asked(day: float, rule: RuleSet = HT) -> NumberRange:
        return score_before_lymphodepletion(Questions(timeline, patient.at(day), kept=kept), rule)[0]

    other = HT.model_copy(update={"items": HT.items[:1]})
    for day in (-6.2, -4, 20, -4, -6.2):
        assert asked(day) == _score(patient, day)
        assert asked(day, other) == score_before_lymphodepletion(Questions(timeline, patient.at(day)), other)[0]
    assert asked(-6.2) != asked(-4)
    assert len(kept) == 4  # two starts, as the named one gave way to the first dose, and two rule sets


@pytest.mark.parametrize(
    ("values", "told", "truth", "missing"),
    [
        ({"ferritin": 2500}, {}, Truth.TRUE, ()),
        ({"ferritin": None}, {}, Truth.UNKNOWN, ("car_hematotox",)),
        ({"ferritin": None}, {"car_hematotox": 2}, Truth.TRUE, ()),
        ({"ferritin": None}, {"car_hematotox": 1}, None, ()),
        ({}, {}, None, ()),
    ],
)
def test_guidance_takes_it(
    values: dict[str, float | None], told: dict[str, object], truth: Truth | None, missing: tuple[str, ...]
) -> None:
    timeline = _patient(**values).with_value("neutrophils", 2.9, 2.0).built()
    (found,) = advise(timeline, ["icaht-2023.guidance"], INFUSED_AT + timedelta(days=3), told=told)
    proposals = {proposal.name: proposal for proposal in found.proposals}
    if truth is None:
        assert "g-csf" not in proposals
    else:
        assert (proposals["g-csf"].truth, proposals["g-csf"].missing) == (truth, missing)


def test_every_score_asked_for_is_a_point_score_of_the_package() -> None:
    books = default_library()
    tables: list[DecisionTable] = [*books.of(Guidance), *books.of(Policy), *books.of(Checklist)]
    asked = {f.source.rule_set for table in tables for f in table.facts.values() if isinstance(f.source, FromScore)}
    assert asked == {HT.id}
    assert all(default_registry().get(id).result.kind == "points" for id in asked)
