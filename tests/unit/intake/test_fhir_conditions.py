"""Conditions that explain a sign, facts stated as conditions, and the cause of a death."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import SNOMED, Resource, infusion, own, patient, reasons, told
from vein2vein.intake.fhir import urls

ROW = 3
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
HYPOTENSION, FEVER = own(SNOMED, "45007003"), own(SNOMED, "386661006")
SEPSIS = own(ICD, "A41.9")


def condition(code: Resource, **more: Any) -> Resource:
    given = {"resourceType": "Condition", "code": code, "subject": {"reference": "Patient/p1"}}
    return (
        given | {"onsetDateTime": "2026-03-06T08:00:00+01:00", "abatementDateTime": "2026-03-09T08:00:00+01:00"} | more
    )


def event(**more: Any) -> Resource:
    return {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "subject": {"reference": "Patient/p1"},
        "date": "2026-03-09T20:00:00+01:00",
        **more,
    }


def test_a_condition_explains_the_signs_that_are_its_evidence(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(SEPSIS, evidence=[{"code": [HYPOTENSION]}, {"code": [FEVER, HYPOTENSION]}]))
    rows = delivery.cohort.exposures.select("kind", "agent").rows()
    assert rows == [("other_cause", "hypotension"), ("other_cause", "fever")]
    assert (
        delivery.cohort.exposures["ended_at"] - delivery.cohort.exposures["started_at"]
    ).dt.total_days().to_list() == [3, 3]


def test_the_evidence_of_the_toxicity_itself_explains_nothing_away(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(own(ICD, "D89.833"), evidence=[{"code": [HYPOTENSION]}]))
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: "INTAKE-324"}


def test_a_sign_alone_is_not_its_own_other_cause(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(FEVER))
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: "INTAKE-306"}


def test_a_judgement_in_our_own_code_is_read(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(own(urls.EXPOSURES, "other_cause/consciousness"), abatementDateTime=None))
    (row,) = delivery.cohort.exposures.to_dicts()
    assert (row["kind"], row["agent"], row["ended_at"]) == ("other_cause", "consciousness", None)


def test_a_stated_fact_holds_from_onset_to_abatement(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(own(urls.KINDS, "developmental_delay")))
    assert delivery.cohort.observations.select("kind", "code").rows() == [
        ("developmental_delay", "yes"),
        ("developmental_delay", "no"),
    ]


def test_without_onset_the_recording_counts(tmp_path: Path) -> None:
    given = condition(
        own(urls.KINDS, "developmental_delay"), recordedDate="2026-03-01T08:00:00+01:00", abatementDateTime=None
    )
    del given["onsetDateTime"]
    (row,) = told(tmp_path, given).cohort.observations.to_dicts()
    assert row["observed_at"].isoformat() == "2026-03-01T07:00:00+00:00"


@pytest.mark.parametrize(
    ("status", "id"),
    [
        ("refuted", "INTAKE-310"),
        ("unconfirmed", "INTAKE-310"),
        ("differential", "INTAKE-310"),
        ("entered-in-error", "INTAKE-309"),
    ],
)
def test_what_is_not_stated_as_present_is_not_used(tmp_path: Path, status: str, id: str) -> None:
    verification = own("http://terminology.hl7.org/CodeSystem/condition-ver-status", status)
    delivery = told(tmp_path, condition(SEPSIS, evidence=[{"code": [HYPOTENSION]}], verificationStatus=verification))
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: id}


def test_a_fatal_event_gives_the_cause_of_the_death_that_the_patient_states(tmp_path: Path) -> None:
    fatal = {"outcome": own("http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "fatal")}
    dead = patient(deceasedDateTime="2026-03-09T19:00:00+01:00")
    delivery = told(tmp_path, dead, infusion(), event(event=own(ICD, "D89.835"), **fatal), alone=True)
    (row,) = delivery.cohort.milestones.filter(kind="death").to_dicts()
    assert (row["detail"], row["at"].isoformat()) == ("crs", "2026-03-09T18:00:00+00:00")
    assert delivery.account.row(0) == ("delivery.json", 3, 3, 0, 0, 0)


@pytest.mark.parametrize(("more", "id"), [({}, "INTAKE-324"), ({"actuality": "potential"}, "INTAKE-310")])
def test_other_events_are_judgements(tmp_path: Path, more: Resource, id: str) -> None:
    assert reasons(told(tmp_path, event(**more))) == {ROW: id}


def test_a_bare_diagnosis_of_hypotension_does_not_say_that_it_needed_treatment(tmp_path: Path) -> None:
    delivery = told(tmp_path, condition(HYPOTENSION))
    (row,) = delivery.cohort.observations.to_dicts()
    assert (row["kind"], row["code"], row["usability"]) == ("hypotension", None, "not-assessable")
    assert row["as_sent"] == "diagnosis http://snomed.info/sct|45007003"
    assert delivery.account.row(0) == ("delivery.json", 3, 2, 0, 1, 0)
    (fault,) = delivery.faults
    assert fault.id == "INTAKE-053"
    assert fault.saw.startswith(
        "diagnosis http://snomed.info/sct|45007003 for hypotension (Hypotension that needs treatment"
    )


def test_a_code_that_says_what_the_kind_asks_answers_beside_the_diagnosis(tmp_path: Path) -> None:
    both = {"coding": HYPOTENSION["coding"] + own(urls.KINDS, "hypotension")["coding"]}
    rows = told(tmp_path, condition(both)).cohort.observations.select("kind", "code", "usability").rows()
    assert rows == [("hypotension", "yes", "ok"), ("hypotension", "no", "ok")]
