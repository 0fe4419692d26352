"""Observations: values of every type, components, panels, statuses, limits, and what is charted as an observation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unit.intake.fhir_resources import LOINC, SNOMED, Resource, ids, observation, own, quantity, reasons, told
from vein2vein.intake.fhir import adapter, urls

ROW = 3  # of the resource under test: behind patient and infusion


def kind(name: str) -> Resource:
    return own(urls.KINDS, name)


def rows(folder: Path, *resources: Resource, **more: Any) -> list[dict[str, Any]]:
    return told(folder, *resources, **more).cohort.observations.to_dicts()


def test_a_quantity_comes_out_in_the_canonical_unit_with_the_value_as_sent(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(valueQuantity=quantity(101.3, "[degF]"), issued="2026-03-05T08:05:00+01:00"))
    assert (row["kind"], row["value"], row["as_sent"], row["usability"]) == (
        "body_temperature",
        38.5,
        "101.3 [degF]",
        "ok",
    )
    assert row["observed_at"].isoformat() == "2026-03-05T07:00:00+00:00"
    assert row["recorded_at"].isoformat() == "2026-03-05T07:05:00+00:00"
    assert row["source"] == f"delivery.json:{ROW}"


def test_a_comparator_is_kept(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(kind("neutrophils"), valueQuantity=quantity(0.1, "10*9/L", comparator="<")))
    assert (row["comparator"], row["value"]) == ("<", 0.1)


def test_a_unit_for_people_is_read_where_there_is_no_ucum_code(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(kind("crp"), valueQuantity={"value": 1.2, "unit": "mg/dL"}))
    assert row["value"] == 12.0


@pytest.mark.parametrize(
    ("code", "value", "id"),
    [
        ("crp", {"valueQuantity": {"value": 5}}, "INTAKE-013"),
        ("crp", {"valueQuantity": quantity(5, "furlong")}, "INTAKE-012"),
        ("d_dimer", {"valueQuantity": quantity(1, "mg/L")}, "INTAKE-014"),
        ("body_temperature", {"valueQuantity": quantity(98.6)}, "INTAKE-015"),
        ("crp", {"valueString": "not enough material"}, "INTAKE-016"),
        ("crp", {"valueRange": {"low": quantity(1, "mg/L")}}, "INTAKE-016"),
        ("arousal", {"valueCodeableConcept": {"text": "sleepy"}}, "INTAKE-017"),
        ("crp", {}, "INTAKE-025"),
        ("crp", {"valueQuantity": {"unit": "mg/L"}}, "INTAKE-025"),
    ],
)
def test_what_cannot_be_used_is_kept_as_not_assessable(tmp_path: Path, code: str, value: Resource, id: str) -> None:
    delivery = told(tmp_path, observation(kind(code), **value))
    (row,) = delivery.cohort.observations.to_dicts()
    assert (row["usability"], row["value"], row["code"]) == ("not-assessable", None, None)
    assert id in ids(delivery)
    assert delivery.account.row(0) == ("delivery.json", 3, 2, 0, 1, 0)


def test_an_absent_value_says_why_and_never_counts_as_normal(tmp_path: Path) -> None:
    absent = own("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed")
    delivery = told(tmp_path, observation(dataAbsentReason=absent))
    (row,) = delivery.cohort.observations.to_dicts()
    assert (row["usability"], row["value"]) == ("not-assessable", None)
    (fault,) = [f for f in delivery.faults if f.id == "INTAKE-313"]
    assert (
        fault.saw
        == "body_temperature without a value: http://terminology.hl7.org/CodeSystem/data-absent-reason|not-performed"
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({"valueCodeableConcept": own("http://terminology.hl7.org/CodeSystem/v2-0136", "N")}, "no"),
        ({"valueCodeableConcept": own(SNOMED, "52101004")}, "yes"),
        ({"valueCodeableConcept": own(urls.CATEGORIES, "seizure/yes")}, "yes"),
        ({"valueString": "yes"}, "yes"),
    ],
)
def test_a_stated_fact_is_yes_or_no(tmp_path: Path, value: Resource, code: str) -> None:
    (row,) = rows(tmp_path, observation(kind("seizure"), **value))
    assert (row["kind"], row["code"], row["usability"]) == ("seizure", code, "ok")


def test_a_category_is_read_from_its_code(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(kind("arousal"), valueCodeableConcept=own(urls.CATEGORIES, "arousal/voice")))
    assert row["code"] == "voice"


def test_an_answer_of_another_kind_is_no_answer(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(kind("arousal"), valueCodeableConcept=own(urls.CATEGORIES, "seizure/yes")))
    assert row["usability"] == "not-assessable"


def test_an_integer_is_a_number_of_points(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, observation(kind("ice_score"), valueInteger=7))
    assert (row["value"], row["usability"]) == (7.0, "ok")


def test_components_are_observations_of_their_own(tmp_path: Path) -> None:
    panel = own(LOINC, "85354-9")
    parts = [
        {"code": kind("systolic_blood_pressure"), "valueQuantity": quantity(84, "mm[Hg]")},
        {"code": kind("diastolic_blood_pressure"), "valueQuantity": quantity(51, "mm[Hg]")},
        {"code": {"text": "position"}, "valueString": "lying"},
    ]
    delivery = told(tmp_path, observation(panel, component=parts))
    found = delivery.cohort.observations.select("kind", "value").rows()
    assert found == [("systolic_blood_pressure", 84.0), ("diastolic_blood_pressure", 51.0)]
    assert delivery.account["used"].sum() == 3, "a resource of which a part is used is used"
    assert any(f.saw == "Observation only the text 'position'" for f in delivery.faults)


def test_a_component_can_be_absent_by_itself(tmp_path: Path) -> None:
    absent = own("http://terminology.hl7.org/CodeSystem/data-absent-reason", "error")
    parts = [
        {"code": kind("systolic_blood_pressure"), "valueQuantity": quantity(84, "mm[Hg]")},
        {"code": kind("diastolic_blood_pressure"), "dataAbsentReason": absent},
    ]
    found = {
        row["kind"]: row["usability"] for row in rows(tmp_path, observation(own(LOINC, "85354-9"), component=parts))
    }
    assert found == {"systolic_blood_pressure": "ok", "diastolic_blood_pressure": "not-assessable"}


def test_a_panel_of_members_holds_nothing_itself_and_missing_members_are_counted(tmp_path: Path) -> None:
    member = observation(kind("leukocytes"), valueQuantity=quantity(1.2, "10*9/L"), id="m1")
    panel = observation(
        own(LOINC, "58410-2"), hasMember=[{"reference": "Observation/m1"}, {"reference": "Observation/m2"}], id="panel"
    )
    delivery = told(tmp_path, panel, member)
    assert reasons(delivery) == {ROW: "INTAKE-315"}
    assert delivery.cohort.observations["value"].to_list() == [1.2]
    assert "Panels name 1 observations that the delivery does not hold." in delivery.report.notes


@pytest.mark.parametrize(
    ("status", "id"),
    [
        ("entered-in-error", "INTAKE-309"),
        ("cancelled", "INTAKE-310"),
        ("registered", "INTAKE-310"),
        ("unknown", "INTAKE-310"),
        ("done", "INTAKE-310"),
    ],
)
def test_statuses_without_a_result_are_accounted_for_and_not_used(tmp_path: Path, status: str, id: str) -> None:
    delivery = told(tmp_path, observation(valueQuantity=quantity(39.5), status=status))
    assert delivery.cohort.observations.is_empty()
    assert reasons(delivery) == {ROW: id}
    (fault,) = [f for f in delivery.faults if f.id == id]
    assert f"Observation with status '{status}'" in fault.saw


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary"])
def test_statuses_with_a_result_are_used(tmp_path: Path, status: str) -> None:
    delivery = told(tmp_path, observation(valueQuantity=quantity(39.5), status=status))
    assert delivery.cohort.observations["value"].to_list() == [39.5]
    assert ("INTAKE-328" in ids(delivery)) == (status == "preliminary")


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ({"effectiveInstant": "2026-03-05T08:00:00.5+01:00"}, "2026-03-05T07:00:00.500000+00:00"),
        (
            {"effectivePeriod": {"start": "2026-03-05T08:00:00+01:00", "end": "2026-03-05T10:00:00+01:00"}},
            "2026-03-05T09:00:00+00:00",
        ),
        ({"effectivePeriod": {"start": "2026-03-05T08:00:00+01:00"}}, "2026-03-05T07:00:00+00:00"),
        ({"effectiveTiming": {"event": ["2026-03-05T08:00:00+01:00"]}}, "2026-03-05T07:00:00+00:00"),
    ],
)
def test_every_form_of_time_is_read_and_a_period_is_known_at_its_end(tmp_path: Path, time: Resource, at: str) -> None:
    (row,) = rows(tmp_path, observation(at=None, valueQuantity=quantity(38), **time))
    assert row["observed_at"].isoformat() == at


@pytest.mark.parametrize(
    "time",
    [
        {},
        {"effectiveTiming": {"event": ["2026-03-05T08:00:00Z", "2026-03-06T08:00:00Z"]}},
        {"issued": "2026-03-05T08:00:00Z"},
    ],
)
def test_without_one_time_an_observation_is_refused(tmp_path: Path, time: Resource) -> None:
    delivery = told(tmp_path, observation(at=None, valueQuantity=quantity(38), **time))
    assert reasons(delivery) == {ROW: "INTAKE-311"}


def test_limits_are_converted_with_the_value(tmp_path: Path) -> None:
    limits = [{"low": quantity(0, "mg/dL"), "high": quantity(0.5, "mg/dL")}]
    (row,) = rows(tmp_path, observation(kind("crp"), valueQuantity=quantity(1.2, "mg/dL"), referenceRange=limits))
    assert (row["value"], row["reference_low"], row["reference_high"]) == (12.0, 0.0, 5.0)


def test_limits_in_another_unit_or_of_sick_people_are_left_out(tmp_path: Path) -> None:
    other = observation(
        kind("crp"), valueQuantity=quantity(12, "mg/L"), referenceRange=[{"high": quantity(0.5, "mg/dL")}]
    )
    therapeutic = own("http://terminology.hl7.org/CodeSystem/referencerange-meaning", "therapeutic")
    sick = observation(
        kind("ferritin"),
        valueQuantity=quantity(12, "ug/L"),
        referenceRange=[{"high": quantity(5, "ug/L"), "type": therapeutic}],
    )
    delivery = told(tmp_path, other, sick)
    assert delivery.cohort.observations["reference_high"].to_list() == [None, None]
    assert ids(delivery)["INTAKE-312"] == 1


@pytest.mark.parametrize(("focus", "used"), [("Condition/c", 1), ("Device/pump", 0), ("Patient/donor", 0)])
def test_a_focus_outside_the_patient_is_not_about_the_patient(tmp_path: Path, focus: str, used: int) -> None:
    delivery = told(tmp_path, observation(valueQuantity=quantity(38), focus=[{"reference": focus}]))
    assert delivery.cohort.observations.height == used
    assert ("INTAKE-327" in ids(delivery)) == (used == 0)


def test_codes_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    both = {"coding": [*kind("crp")["coding"], *kind("ferritin")["coding"]]}
    delivery = told(tmp_path, observation(both, valueQuantity=quantity(12, "mg/L")))
    assert reasons(delivery) == {ROW: "INTAKE-307"}
    (fault,) = [f for f in delivery.faults if f.id == "INTAKE-307"]
    assert "which means crp or ferritin" in fault.saw


def test_a_local_code_beside_a_known_one_does_not_matter(tmp_path: Path) -> None:
    both = {"coding": [{"system": "https://hospital.example/lab", "code": "4711"}, *kind("crp")["coding"]]}
    assert rows(tmp_path, observation(both, valueQuantity=quantity(12, "mg/L")))[0]["kind"] == "crp"


def test_unknown_codes_are_one_fault_each_with_their_number(tmp_path: Path) -> None:
    local = [
        observation(own("https://hospital.example/lab", code), valueQuantity=quantity(1))
        for code in ("A", "B", "A", "A")
    ]
    delivery = told(tmp_path, *local)
    found = {f.saw: f.count for f in delivery.faults if f.id == "INTAKE-306"}
    assert found == {"Observation https://hospital.example/lab|A": 3, "Observation https://hospital.example/lab|B": 1}
    assert set(reasons(delivery).values()) == {"INTAKE-306"}


def test_a_grade_that_was_written_down_is_not_an_input(tmp_path: Path) -> None:
    delivery = told(tmp_path, observation(own(urls.RULE_SETS, "astct-2019.crs"), valueInteger=3))
    assert reasons(delivery) == {ROW: "INTAKE-324"}


def test_a_stream_charted_over_an_interval_is_an_exposure(tmp_path: Path) -> None:
    span = {"start": "2026-03-04T08:00:00Z", "end": "2026-03-10T08:00:00Z"}
    delivery = told(
        tmp_path,
        observation(own(urls.EXPOSURES, "charted/vasopressor"), at=None, effectivePeriod=span, valueBoolean=True),
    )
    (row,) = delivery.cohort.exposures.select("kind", "agent", "started_at", "ended_at").rows()
    assert row[:2] == ("charted", "vasopressor")
    assert (row[3] - row[2]).days == 6


def test_a_thing_stated_as_absent_is_no_exposure(tmp_path: Path) -> None:
    delivery = told(tmp_path, observation(own(urls.EXPOSURES, "oxygen/cpap"), valueBoolean=False))
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: "INTAKE-310"}


def test_a_device_charted_now_and_then_holds_for_the_declared_time(tmp_path: Path) -> None:
    def device(agent: str, at: str) -> Resource:
        return observation(
            own(urls.EXPOSURES, "oxygen/unspecified"),
            at=at,
            valueCodeableConcept=own(urls.EXPOSURES, f"oxygen/{agent}"),
        )

    flow = observation(own(LOINC, "3151-8"), at="2026-03-05T08:00:00Z", valueQuantity=quantity(4, "L/min"))
    options = adapter.Options(zone="Europe/Berlin", hold_hours={"oxygen": 8})
    delivery = told(
        tmp_path,
        device("nasal-cannula", "2026-03-05T08:00:00Z"),
        flow,
        device("room-air", "2026-03-05T12:00:00Z"),
        options=options,
    )
    found = delivery.cohort.exposures.select(
        "agent",
        "rate",
        "rate_unit",
        pl.col("started_at").dt.hour(),
        (pl.col("ended_at") - pl.col("started_at")).dt.total_hours(),
    ).rows()
    assert found == [("nasal-cannula", 4.0, "L/min", 8, 4), ("room-air", None, None, 12, 8)]
    assert delivery.account.row(0) == ("delivery.json", 5, 5, 0, 0, 0)
