"""A patient before collection: what fits, what binds, what is missing; nothing later than the instant, no silent choice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess.candidate import Candidate, candidate
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)


def _patient() -> PatientBuilder:
    patient = a_patient("A").with_course(
        product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma", infused_at=None
    )
    for kind, value in {
        "weight": 70,
        "height": 172.4,
        "creatinine": 0.9,
        "lymphocytes": 0.25,
        "cd3_cells": 0.8,
    }.items():
        patient.with_value(kind, -36.1, value)
    patient.with_value("prior_lines", -60, 2).with_statement("hbv_positive", -70, "no").with_statement(
        "hcv_positive", -40, "no"
    )
    patient.with_exposure("corticosteroid", "dexamethasone", -37, reason=None)
    return patient.with_exposure("antineoplastic", "cytotoxic-other", -45)


def _at(patient: PatientBuilder, day: float = -36, **more: object) -> Candidate:
    chosen = {"target_cd3": 2.0, "efficiencies": (0.4, 0.6), **more}
    return candidate(patient.built(), US, INFUSED_AT + timedelta(days=day), **chosen)  # type: ignore[arg-type]


def test_products_of_other_diseases_are_not_offered() -> None:
    found = {offer.product.id for offer in _at(_patient()).offers}
    assert "lisocabtagene-maraleucel.product" in found
    assert "idecabtagene-vicleucel.product" not in found


def test_limits_of_the_protocol_and_of_trials_stand_apart() -> None:
    found = _at(_patient())
    assert [one.rule.id for one in found.selection] == list(US.selection)
    trials = {one.rule.id: {c.name: c.state for c in one.criteria} for one in found.trials}
    assert not set(US.selection) & set(trials)
    states = [trials[id]["lymphocytes_limit"] for id in ("zuma-1.eligibility", "juliet.eligibility")]
    assert states == ["met", "concern"]


def test_the_drug_that_decides_is_the_one_waited_for_longest() -> None:
    washout = _at(_patient()).washout
    assert washout is not None
    assert {stop.agent for stop in washout.stops} == {"dexamethasone", "cytotoxic-other"}
    assert washout.binding is not None
    assert washout.binding.agent == "cytotoxic-other"
    earliest = {stop.agent: stop.earliest for stop in washout.stops}
    assert earliest["dexamethasone"] == INFUSED_AT + timedelta(days=-34), "hours stay hours"
    assert washout.earliest == earliest["cytotoxic-other"]


def test_markers_are_aged_on_the_planned_day() -> None:
    fresh = {one.marker.observation: one.state for one in _at(_patient()).markers}
    assert (fresh["hbv_positive"], fresh["hcv_positive"], fresh["hiv_positive"]) == ("expired", "fresh", "absent")
    late = _at(_patient(), planned=INFUSED_AT + timedelta(days=-5)).markers
    assert {one.marker.observation: one.state for one in late}["hcv_positive"] == "expired"


def test_volumes_by_efficiency() -> None:
    values = [one.answer.value for one in _at(_patient()).volumes]
    assert values == [pytest.approx(6.25), pytest.approx(2 / (0.8 * 0.6))]
    assert next(one.answer.value for one in _at(_patient(), target_cd3=1.0).volumes) == pytest.approx(3.125)


def test_every_formula_and_every_policy_stands_beside_the_others() -> None:
    found = _at(_patient())
    surfaces = {a.formula.id: a.value for a in found.sizes if a.formula.about == "body-size"}
    assert len(surfaces) == 4
    assert surfaces["mosteller-1987.bsa"] == pytest.approx((172.4 * 70 / 3600) ** 0.5)
    assert set(found.doses) == {policy.id for policy in default_library().of(RenalPolicy)}
    doses = {policy: regimens[0][1][0].value for policy, regimens in found.doses.items()}
    assert doses["fludara-pi.fludarabine-renal"] != doses["dfci-practice.fludarabine-renal"]


def test_rows_after_the_instant_are_not_seen() -> None:
    early = _at(_patient(), day=-37.5)
    assert all(one.answer.value is None for one in early.volumes)
    assert early.washout is not None
    assert {stop.agent for stop in early.washout.stops} == {"cytotoxic-other"}


def test_typing_is_asked_of_products_that_have_a_gate() -> None:
    patient = a_patient("T").with_course(indication="synovial-sarcoma", product=None, infused_at=None)
    patient.with_statement("hla_a_first", -40, "a-02-05p").with_statement("hla_a_second", -40, "a-02-01p")
    patient.with_statement("mage_a4_positive", -40, "yes")
    gates = _at(patient).gates["afamitresgene-autoleucel.product"]
    assert [str(gate.met.value) for gate in gates] == ["false"], "A*02:05 excludes, whatever the other allele is"
