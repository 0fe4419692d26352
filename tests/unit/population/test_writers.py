"""What the writers write: codes, units, times, and the account of what they leave out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from population_example import demo, simulated
from vein2vein.errors import SimulationError
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import read_resource
from vein2vein.intake.tables.mapping import read_mapping
from vein2vein.knowledge import codes
from vein2vein.population.messy_observations import assumptions
from vein2vein.population.writers.account import Account, LeftOut
from vein2vein.population.writers.deliver import deliver
from vein2vein.population.writers.digits import contradicting, too_fine
from vein2vein.population.writers.fhir_codes import agents, kinds
from vein2vein.population.writers.hospital import house
from vein2vein.population.writers.text import as_sent, in_units
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"


def a_cohort(
    *,
    observations: list[dict[str, Any]] | None = None,
    exposures: list[dict[str, Any]] | None = None,
    milestones: list[dict[str, Any]] | None = None,
    **course: Any,
) -> Cohort:
    """One patient with one course, infused at noon UTC of 1 March 2026."""

    def frame(rows: list[dict[str, Any]] | None, table: str) -> pl.DataFrame:
        schema = {n: t for n, t in tables.SCHEMAS[table].items() if any(n in row for row in rows or [])}
        found = pl.DataFrame(
            [{"course_id": "c", **row} for row in rows or []], schema={"course_id": pl.String, **schema}
        )
        return tables.conform(found, table) if rows else tables.empty(table)

    given = {
        "course_id": "c",
        "patient_id": "p",
        "product": "axicabtagene-ciloleucel",
        "indication": "large-b-cell-lymphoma",
    }
    given |= {
        "zone": ZONE,
        "centre_id": "made-up",
        "infused_at": NOON,
        "followed_until": NOON + timedelta(days=30),
    } | course
    courses = pl.DataFrame([given], schema_overrides={"infused_at": tables.Instant, "followed_until": tables.Instant})
    return Cohort.of(
        patients=pl.DataFrame({"patient_id": ["p"], "born_on": [date(1960, 5, 4)], "sex": ["female"]}),
        courses=tables.conform(courses, "courses"),
        observations=frame(observations, "observations"),
        exposures=frame(exposures, "exposures"),
        milestones=frame(milestones, "milestones"),
    )


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The resources of one type."""
    path = folder / f"{kind}.ndjson"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def codings(concept: dict[str, Any]) -> set[tuple[str, str]]:
    """System and code of every coding."""
    return {(c["system"], c["code"]) for c in concept["coding"]}


def test_every_kind_and_agent_carries_our_own_code_and_no_recalled_one() -> None:
    for kind, text in kinds().items():
        listed = codings(json.loads(text))
        assert (urls.KINDS, kind) in listed
        recalled = {code.code for code in codes.observation_kind(kind).codes if code.status == "recalled"}
        assert not recalled & {code for _, code in listed}, kind
    assert codings(json.loads(kinds()["oxygen_saturation"])) == {
        ("http://loinc.org", "59408-5"),
        ("http://loinc.org", "2708-6"),
        (urls.KINDS, "oxygen_saturation"),
    }
    assert codings(json.loads(kinds()["ice_score"])) == {(urls.KINDS, "ice_score")}
    assert ("http://www.whocc.no/atc", "L04AC07") in codings(json.loads(agents()["anticytokine/tocilizumab"]))


def test_a_blood_pressure_is_one_panel_with_components(tmp_path: Path) -> None:
    rows = [
        {"kind": "systolic_blood_pressure", "value": 118.0, "observed_at": NOON},
        {"kind": "diastolic_blood_pressure", "value": 70.0, "observed_at": NOON},
        {"kind": "heart_rate", "value": 88.0, "observed_at": NOON},
    ]
    deliver(a_cohort(observations=rows), tmp_path, "fhir")
    rate, panel = lines(tmp_path, "Observation")
    assert ("http://loinc.org", "85354-9") in codings(panel["code"])
    assert [c["valueQuantity"]["value"] for c in panel["component"]] == [118, 70]
    assert panel["effectiveDateTime"] == "2026-03-01T13:00:00+01:00"
    assert rate["valueQuantity"] == {
        "value": 88,
        "unit": "/min",
        "system": "http://unitsofmeasure.org",
        "code": "/min",
    }


def test_ice_is_a_form_where_the_form_can_hold_it(tmp_path: Path) -> None:
    later = NOON + timedelta(hours=12)
    rows = [
        {"kind": "ice_score", "value": 7.0, "observed_at": NOON},
        {"kind": "ice_not_done_reason", "code": "sedation", "observed_at": later},
        {
            "kind": "ice_score",
            "value": 9.0,
            "observed_at": NOON + timedelta(days=1),
            "recorded_at": NOON + timedelta(days=2),
        },
    ]
    deliver(a_cohort(observations=rows), tmp_path, "fhir")
    first, second = lines(tmp_path, "QuestionnaireResponse")
    assert first["item"] == [{"linkId": "total", "answer": [{"valueInteger": 7}]}]
    assert second["item"][0]["linkId"] == "not-done"
    # A form does not say when it was entered: this one is an Observation.
    (entered,) = lines(tmp_path, "Observation")
    assert entered["issued"] == "2026-03-03T13:00:00+01:00"


def test_oxygen_is_the_use_of_a_device_with_its_flow_beside_it(tmp_path: Path) -> None:
    end = NOON + timedelta(hours=5)
    use = {
        "kind": "oxygen",
        "agent": "nasal-cannula",
        "rate": 2.0,
        "rate_unit": "L/min",
        "started_at": NOON,
        "ended_at": end,
    }
    deliver(a_cohort(exposures=[use]), tmp_path, "fhir")
    (statement,) = lines(tmp_path, "DeviceUseStatement")
    assert statement["device"]["reference"] == "Device/oxygen-nasal-cannula"
    assert statement["timingPeriod"]["end"] == "2026-03-01T18:00:00+01:00"
    (device,) = lines(tmp_path, "Device")
    assert ("http://snomed.info/sct", "371907003") in codings(device["type"])
    (flow,) = lines(tmp_path, "Observation")
    assert codings(flow["code"]) == {("http://loinc.org", "3151-8")}
    assert flow["valueQuantity"]["value"] == 2


def test_an_unusable_row_says_why_it_has_no_value(tmp_path: Path) -> None:
    row = {"kind": "crp", "usability": "not-assessable", "as_sent": '5 "mg"', "observed_at": NOON}
    deliver(a_cohort(observations=[row]), tmp_path, "fhir")
    (found,) = lines(tmp_path, "Observation")
    assert found["dataAbsentReason"]["text"] == '5 "mg"'
    assert "valueQuantity" not in found


def test_every_written_resource_is_read_by_the_models(tmp_path: Path) -> None:
    for name, cohort in (("demo", demo()), ("simulated", simulated(n=2, days=2))):
        deliver(cohort, tmp_path / name, "fhir")
        kinds_seen = set()
        for file in (tmp_path / name).rglob("*.ndjson"):
            for line in file.read_text(encoding="utf-8").splitlines():
                body = json.loads(line)
                kinds_seen.add(body["resourceType"])
                read = read_resource(body)
                assert read.resource is not None, (read.problems, line)
                assert not read.completed, line
        assert {"Patient", "Observation", "MedicationAdministration", "Encounter", "Procedure"} <= kinds_seen


def test_identifiers_that_fhir_cannot_carry_are_refused(tmp_path: Path) -> None:
    cohort = demo().select(["02-crs-1"])
    odd = Cohort.of(
        patients=cohort.patients.with_columns(pl.lit("A 17/3").alias("patient_id")),
        courses=cohort.courses.with_columns(pl.lit("A 17/3").alias("patient_id")),
    )
    with pytest.raises(SimulationError, match="'A 17/3'") as error:
        deliver(odd, tmp_path, "fhir")
    assert error.value.id == "SIM-020"


def test_a_resource_that_the_models_refuse_stops_the_writing(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="indication") as error:
        deliver(a_cohort(indication="lymphoma ", exposures=[]), tmp_path, "fhir")
    assert error.value.id == "SIM-021"


def test_a_delivery_is_not_mixed_with_anything_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"notes\.txt") as error:
        deliver(demo(), tmp_path, "hospital")
    assert error.value.id == "SIM-022"


def test_hospital_tables_have_local_codes_units_and_clock(tmp_path: Path) -> None:
    rows = [
        {"kind": "crp", "value": 123.4, "observed_at": NOON, "reference_low": 0.0, "reference_high": 5.0},
        {"kind": "arousal", "code": "unarousable", "observed_at": NOON},
    ]
    deliver(a_cohort(observations=rows), tmp_path, "hospital")
    assert (tmp_path / "labs.csv").read_text(encoding="utf-8").splitlines() == [
        "case_id,item,comparator,value,unit,ref_low,ref_high,charted_at,entered_at",
        "c,LAB-CRP,,12.34,mg/dL,0.0,0.5,2026-03-01 13:00:00,",
    ]
    assert "c,NX-AROUSAL,,not arousable," in (tmp_path / "neuro.csv").read_text(encoding="utf-8")
    mapping = read_mapping(tmp_path / "mapping.yaml")
    assert mapping.codes.observations["LAB-CRP"] == "crp"
    assert mapping.zone == ZONE


def test_times_in_the_hour_that_comes_twice_carry_their_offset(tmp_path: Path) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    rows = [{"kind": "crp", "value": 1.0, "observed_at": first + timedelta(hours=n)} for n in (-1, 0, 1, 2)]
    deliver(a_cohort(observations=rows, followed_until=None), tmp_path, "hospital")
    times = [line.split(",")[7] for line in (tmp_path / "labs.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert times == [
        "2026-10-25 01:30:00",
        "2026-10-25 02:30:00+02:00",
        "2026-10-25 02:30:00+01:00",
        "2026-10-25 03:30:00",
    ]


def test_omop_uses_only_concept_numbers_that_the_code_files_hold(tmp_path: Path) -> None:
    given = {"kind": "anticytokine", "agent": "tocilizumab", "amount": 560.0, "amount_unit": "mg"}
    exposure = {**given, "started_at": NOON, "ended_at": NOON}
    rows = [
        {"kind": "ice_score", "value": 7.0, "observed_at": NOON},
        {"kind": "body_temperature", "value": 38.5, "observed_at": NOON},
    ]
    account = deliver(a_cohort(observations=rows, exposures=[exposure]), tmp_path, "omop")[""]
    drug = pl.read_parquet(tmp_path / "drug_exposure.parquet")
    assert drug["drug_concept_id"].to_list() == [40171288, 0]
    assert drug["drug_source_value"].to_list() == ["RxNorm:612865", "L01XL03"]
    measured = pl.read_parquet(tmp_path / "measurement.parquet")
    assert measured["measurement_source_value"].to_list() == ["own:ice_score", "LOINC:8310-5"]
    assert measured["measurement_concept_id"].to_list() == [0, 0]
    assert measured["measurement_datetime"].to_list() == [datetime(2026, 3, 1, 13)] * 2  # noqa: DTZ001  (OMOP has no zone)
    assert {(e.what, e.rows) for e in account.left_out if e.graded} == {
        ("clock time of followed_until", 1),
        ("indication", 1),
    }


def test_centres_get_folders_of_their_own(tmp_path: Path) -> None:
    accounts = deliver(demo(), tmp_path, "hospital")
    assert sorted(accounts) == ["made-up-centre-Lake", "made-up-centre-North"]
    for name, account in accounts.items():
        assert (
            yaml.safe_load((tmp_path / name / "account.yaml").read_text(encoding="utf-8"))["written"] == account.written
        )


def test_parts_give_the_same_files_as_the_whole(tmp_path: Path) -> None:
    cohort = demo()
    deliver(cohort, tmp_path / "whole", "fhir")
    deliver((cohort.part(n, n + 7) for n in range(0, len(cohort), 7)), tmp_path / "parts", "fhir")
    for file in (tmp_path / "whole").rglob("Observation.ndjson"):
        other = tmp_path / "parts" / file.relative_to(tmp_path / "whole")
        both = [path.read_text(encoding="utf-8").splitlines() for path in (other, file)]
        assert sorted(map(_nameless, both[0])) == sorted(map(_nameless, both[1]))


def _nameless(line: str) -> str:
    return json.dumps({name: value for name, value in json.loads(line).items() if name != "id"})


def test_the_account_adds_up_and_says_whether_rules_are_concerned() -> None:
    account = Account("fhir", {"zone": "UTC"})
    account.wrote("Patient.ndjson", 2)
    account.wrote("Patient.ndjson", 3)
    account.leave_out([LeftOut("courses", "centre_id", "no place", 5, graded=False)])
    account.leave_out(
        [LeftOut("courses", "centre_id", "no place", 2, graded=False), LeftOut("x", "y", "z", 0, graded=True)]
    )
    assert account.written == {"Patient.ndjson": 5}
    assert account.left_out == (LeftOut("courses", "centre_id", "no place", 7, graded=False),)
    assert account.is_whole
    assert yaml.safe_load(account.to_yaml())["left_out"][0]["rows"] == 7


def test_values_that_cannot_come_back_are_counted() -> None:
    rows = [
        {"kind": "body_temperature", "value": 38.123, "observed_at": NOON},
        {"kind": "heart_rate", "value": 90.0, "observed_at": NOON},
        {"kind": "heart_rate", "value": 95.0, "observed_at": NOON},
        {"kind": "crp", "value": 1.0, "observed_at": NOON, "recorded_at": NOON},
        {"kind": "crp", "value": 2.0, "observed_at": NOON, "recorded_at": NOON + timedelta(hours=1)},
    ]
    observations = a_cohort(observations=rows).observations
    assert too_fine(observations) == 1
    assert contradicting(observations, entered=True) == 2
    assert contradicting(observations, entered=False) == 4


def test_only_a_text_that_means_the_value_is_taken_as_sent() -> None:
    rows = [
        {"kind": "body_temperature", "value": 38.5, "as_sent": "101.3 [degF]", "observed_at": NOON},
        {"kind": "body_temperature", "value": 38.5, "as_sent": "99 [degF]", "observed_at": NOON + timedelta(hours=1)},
        {
            "kind": "crp",
            "value": 12.0,
            "as_sent": "1.2 mg/dL",
            "reference_high": 5.0,
            "observed_at": NOON + timedelta(hours=2),
        },
    ]
    sent = as_sent(a_cohort(observations=rows).observations)
    assert sent.select("sent_value", "sent_unit", "sent_high").rows() == [
        ("101.3", "[degF]", None),
        ("38.5", "Cel", None),
        ("1.2", "mg/dL", 0.5),
    ]


UNITS = {**assumptions()["other_units"], **{f"{kind} ": unit for kind, unit in house()["units"].items()}}


@pytest.mark.parametrize("place", sorted(UNITS))
def test_every_other_unit_brings_every_value_back(place: str) -> None:
    kind, unit = place.strip(), UNITS[place]
    (row,) = in_units({kind: unit}).iter_rows(named=True)
    entry = codes.observation_kind(kind)
    low, high = entry.plausible or (0.0, 0.0)
    step = 10.0**-entry.decimals
    values = [round(low + (high - low) * n / 997 // step * step, entry.decimals) for n in range(998)]
    for value in values:
        sent = round((value - row["_offset"]) / row["_scale"], row["_digits"])
        assert round(sent * row["_scale"] + row["_offset"], entry.decimals) == value
