"""Criteria of guidelines and trials on one course and on a cohort: met, concern, unknown, with the values behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from builders import PatientBuilder, a_patient
from vein2vein.errors import KnowledgeError
from vein2vein.journey.selection.criteria import (
    Eligibility,
    cohort_side_by_side,
    eligibility,
    eligibility_ids,
    side_by_side,
)
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort

REGISTRY = default_registry()
COLLECTED = -35.0


def candidate(name: str = "A", **changes: float | None) -> PatientBuilder:
    """A patient inside every limit of ZUMA-1 on the day of the apheresis; None leaves a value out."""
    values: dict[str, float | None] = {
        "ecog": 1, "neutrophils": 2.5, "platelets": 180, "lymphocytes": 0.9, "creatinine_clearance": 85,
        "bilirubin": 0.7, "left_ventricular_ejection_fraction": 60, "oxygen_saturation": 97,
    }  # fmt: skip
    patient = a_patient(name).with_course(indication="large-b-cell-lymphoma").with_milestone("apheresis", COLLECTED)
    for kind, value in (values | changes).items():
        if value is not None:
            patient.with_value(kind, COLLECTED - 2, value)
    for kind in ("alt", "ast"):
        patient.with_value(kind, COLLECTED - 2, 20, reference_high=40.0)
    for kind in ("active_cns_disease", "pericardial_effusion"):
        patient.with_statement(kind, COLLECTED - 3, "no")
    return patient


def at_collection(patient: PatientBuilder) -> Eligibility:
    return eligibility(patient.built(), REGISTRY.get("zuma-1.eligibility"), patient.at(COLLECTED))


def states(found: Eligibility) -> dict[str, str]:
    return {c.name: c.state for c in found.criteria}


def test_a_patient_inside_every_limit_meets_them() -> None:
    found = at_collection(candidate())
    assert set(states(found).values()) == {"met"}
    assert (found.state, found.concerns, found.unknowns, found.missing) == ("met", (), (), ())


@pytest.mark.parametrize(
    ("kind", "value", "name", "state"),
    [
        ("platelets", 75, "platelets_limit", "met"),
        ("platelets", 74.9, "platelets_limit", "concern"),
        ("neutrophils", 1.0, "neutrophils_limit", "met"),
        ("neutrophils", 0.99, "neutrophils_limit", "concern"),
        ("creatinine_clearance", 60, "kidney_limit", "met"),
        ("creatinine_clearance", 59.9, "kidney_limit", "concern"),
        ("bilirubin", 1.5, "bilirubin_limit", "met"),
        ("bilirubin", 1.51, "bilirubin_limit", "concern"),
        ("ecog", 2, "performance_limit", "concern"),
        ("oxygen_saturation", 92, "oxygen_limit", "met"),
        ("oxygen_saturation", 91, "oxygen_limit", "concern"),
        ("platelets", None, "platelets_limit", "unknown"),
    ],
)
def test_each_limit_decides_its_own_criterion(kind: str, value: float | None, name: str, state: str) -> None:
    found = states(at_collection(candidate(**{kind: value})))
    assert found.pop(name) == state
    assert set(found.values()) == {"met"}


def test_a_concern_names_its_value_its_age_and_its_source() -> None:
    found = at_collection(candidate(platelets=60))
    (concern,) = found.concerns
    (used,) = concern.values
    assert (used.shown, used.age_hours) == ("60 10*9/L", 48)
    assert used.rows[0].source is not None
    assert concern.strength == "gate"
    assert found.state == "concern"


def test_a_value_that_is_too_old_is_unknown_and_named() -> None:
    patient = candidate(platelets=None).with_value("platelets", COLLECTED - 15, 180)
    found = at_collection(patient)
    assert [c.name for c in found.unknowns] == ["platelets_limit"]
    assert found.missing == ("platelets",)
    longer = REGISTRY.get("zuma-1.eligibility", {"laboratory_holds_hours": 361})
    assert eligibility(patient.built(), longer, patient.at(COLLECTED)).state == "met"


def test_an_upper_limit_that_the_laboratory_did_not_send_leaves_transaminases_open() -> None:
    patient = candidate().with_value("alt", COLLECTED - 1, 20)
    assert states(at_collection(patient))["transaminases_limit"] == "unknown"


def test_another_spelling_of_the_disease_is_not_taken_for_another_disease() -> None:
    patient = candidate().with_course(indication="DLBCL, NOS")
    assert states(at_collection(patient))["disease_limit"] == "unknown"
    other = candidate().with_course(indication="multiple-myeloma")
    assert states(at_collection(other))["disease_limit"] == "concern"


def test_nothing_after_the_instant_is_seen() -> None:
    patient = candidate().with_value("platelets", COLLECTED + 0.01, 20).with_value("ecog", COLLECTED + 1, 4)
    assert at_collection(patient).state == "met"


def test_side_by_side_shows_every_rule_set_and_refuses_unknown_ones() -> None:
    patient = candidate()
    found = side_by_side(patient.built(), patient.at(COLLECTED))
    assert tuple(e.rule.id for e in found) == eligibility_ids(REGISTRY)
    by_id = {e.rule.id: e for e in found}
    assert by_id["zuma-1.eligibility"].state == "met"
    assert by_id["karmma.eligibility"].state == "concern"
    assert {c.strength for c in by_id["ebmt-2022.eligibility"].criteria} == {"relative", "deferral"}
    with pytest.raises(KnowledgeError, match="RULE-003"):
        side_by_side(patient.built(), patient.at(COLLECTED), ["zuma-9.eligibility"])


def test_a_cohort_gets_the_same_answers_as_its_courses() -> None:
    patients = {
        "A": candidate("A"), "B": candidate("B", platelets=60), "C": candidate("C", lymphocytes=None),
        "D": candidate("D", bilirubin=1.8).with_statement("active_cns_disease", COLLECTED - 1, "yes"),
    }  # fmt: skip
    cohort = Cohort.of_timelines([p.built() for p in patients.values()])
    instants = pl.DataFrame({"course_id": list(patients), "at": [p.at(COLLECTED) for p in patients.values()]})
    table = cohort_side_by_side(cohort, instants)
    got = {(row["course_id"], row["rule_set_id"]): row["state"] for row in table.iter_rows(named=True)}
    expected = {
        (name, found.rule.id): found.state
        for name, patient in patients.items()
        for found in side_by_side(patient.built(), patient.at(COLLECTED))
    }
    assert got == expected
    assert {s for (_, id), s in got.items() if id == "zuma-1.eligibility"} == {"met", "concern", "unknown"}


def test_a_course_without_rows_before_its_instant_is_unknown() -> None:
    cohort = Cohort.of_timelines([candidate().built()])
    instants = pl.DataFrame({"course_id": ["A"], "at": [datetime(2020, 1, 1, tzinfo=UTC)]})
    (row,) = cohort_side_by_side(cohort, instants, ["zuma-1.eligibility"]).to_dicts()
    assert (row["state"], row["missing"]) == ("unknown", [])


def test_removing_a_row_never_turns_a_concern_into_met_or_back() -> None:
    """Knowing less widens: each criterion stays or becomes unknown."""
    patient = candidate(platelets=60, ecog=2).built()
    at = datetime(2026, 3, 4, 9, 30, tzinfo=UTC) + timedelta(days=COLLECTED)
    rule = REGISTRY.get("zuma-1.eligibility")
    whole = states(eligibility(patient, rule, at))
    for place in range(len(patient.observations)):
        fewer = patient.observations[:place] + patient.observations[place + 1 :]
        less = states(eligibility(replace(patient, observations=fewer), rule, at))
        assert all(less[name] in {state, "unknown"} for name, state in whole.items())
