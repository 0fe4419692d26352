"""One OMOP delivery, four forms, one cohort: what a data manager gets from whichever form the hospital sends."""

# ruff: noqa: DTZ001  (times of OMOP carry no zone)
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from acceptance.intake.omop.delivery import (
    DAY_0,
    ZONE,
    OmopDelivery,
    as_duckdb,
    as_folder,
    as_parquet,
    as_zip,
    concept,
    hours,
    in_postgres,
)
from vein2vein.intake.omop import adapter
from vein2vein.intake.omop.assemble import delivery
from vein2vein.intake.times import TimePolicy
from vein2vein.record import tables

if TYPE_CHECKING:
    from pathlib import Path

    from vein2vein.intake.delivery import Delivery

OPTIONS = adapter.Options(zone=ZONE)
TREATED, UNTREATED = 7, 8


def a_ward() -> OmopDelivery:
    """One treated patient with fever in Fahrenheit, pressor, oxygen, ICU, laboratory values and death; one untreated."""
    omop = OmopDelivery().with_vocabulary().person(TREATED, sex="F").person(UNTREATED, sex="M")
    omop.drug(TREATED, ("RxNorm", "made-up axicabtagene bag"), DAY_0)
    omop.measured(TREATED, "8310-5", hours(20), 101.3, "[degF]", unit_source_value="[degF]")
    omop.measured(TREATED, "8310-5", hours(24), 38.9, "Cel", unit_source_value="C")
    omop.measured(TREATED, "8480-6", hours(24), 82, "mm[Hg]")
    omop.measured(TREATED, "59408-5", hours(24), 88, "%")
    omop.measured(TREATED, "1988-5", hours(25), 12, "mg/dL", range_high=0.5)
    omop.measured(TREATED, "751-8", hours(26), 0.1, "10*3/uL", operator_concept_id=concept("SNOMED", "276139006"))
    omop.measured(TREATED, "777-3", hours(26), None, "10*3/uL", value_source_value="<5")
    omop.measured(TREATED, "2276-4", hours(26), 4000, None)
    omop.measured(TREATED, "30522-7", hours(26), 3, "mg/L")
    omop.measured(UNTREATED, "8310-5", hours(24), 39.9, "Cel")
    omop.drug(TREATED, ("RxNorm", "made-up norepinephrine ampoule"), hours(24), hours(40))
    omop.drug(
        TREATED, ("RxNorm", "made-up tocilizumab vial"), hours(25),
        drug_exposure_end_datetime=datetime(2026, 3, 3), quantity=560, dose_unit_source_value="mg",
    )  # fmt: skip
    omop.drug(TREATED, ("RxNorm", "made-up aspirin"), hours(30))
    start, end = hours(24), hours(60)
    omop.add(
        "device_exposure", person_id=TREATED, device_concept_id=concept("SNOMED", "371907003"),
        device_exposure_start_date=start.date(), device_exposure_start_datetime=start,
        device_exposure_end_date=end.date(), device_exposure_end_datetime=end,
    )  # fmt: skip
    omop.add(
        "visit_detail", person_id=TREATED, visit_detail_concept_id=concept("Visit", "OMOP4822460"),
        visit_detail_start_date=start.date(), visit_detail_start_datetime=start,
        visit_detail_end_date=end.date(), visit_detail_end_datetime=end,
    )  # fmt: skip
    omop.add(
        "visit_occurrence", person_id=TREATED, visit_concept_id=concept("Visit", "IP"),
        visit_start_date=hours(-6).date(), visit_start_datetime=hours(-6),
        visit_end_date=hours(100).date(), visit_end_datetime=hours(100),
    )  # fmt: skip
    omop.add("note", person_id=TREATED, note_text="never to be read")
    return omop.add(
        "death", person_id=TREATED, death_date=date(2026, 3, 30), death_datetime=datetime(2026, 3, 30, 4, 5)
    )


def observed(delivery: Delivery, kind: str) -> list[tuple[object, ...]]:
    """Value, comparator, usability and instant of all observations of a kind."""
    rows = delivery.cohort.observations.filter(pl.col("kind") == kind)
    return rows.select("value", "comparator", "usability", "observed_at").rows()


def exposed(delivery: Delivery, kind: str) -> list[tuple[object, ...]]:
    """Agent, start and end of all exposures of a kind."""
    return delivery.cohort.exposures.filter(pl.col("kind") == kind).select("agent", "started_at", "ended_at").rows()


def utc(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """The delivery as a folder of CSV files."""
    return adapter.convert(as_folder(a_ward(), tmp_path_factory.mktemp("ward") / "csv"), OPTIONS)


def test_the_course_is_that_of_the_infused_patient_only(ward: Delivery) -> None:
    course = ward.cohort.courses.row(0, named=True)
    assert len(ward.cohort) == 1
    assert course["patient_id"] == "7"
    assert course["product"] == "axicabtagene-ciloleucel"
    assert course["infused_at"] == utc(2026, 3, 2, 9)
    assert course["followed_until"] == utc(2026, 3, 30, 2, 5)
    assert ward.cohort.patients.row(0) == ("7", date(1960, 5, 4), "female")
    milestones = ward.cohort.milestones.select("kind", "at", "source").rows()
    assert milestones == [
        ("infusion", utc(2026, 3, 2, 9), "drug_exposure:1"),
        ("death", utc(2026, 3, 30, 2, 5), "death:7"),
    ]


def test_values_are_in_canonical_units_whatever_the_unit_concept(ward: Delivery) -> None:
    assert [row[0] for row in observed(ward, "body_temperature")] == [38.5, 38.9]
    assert observed(ward, "crp") == [(120.0, None, "ok", utc(2026, 3, 3, 10))]
    crp = ward.cohort.observations.filter(pl.col("kind") == "crp").row(0, named=True)
    assert crp["reference_high"] == 5.0
    assert crp["as_sent"] == "12.0 mg/dL"
    assert crp["source"] == "measurement:5"


def test_an_operator_concept_and_a_written_operator_both_keep_their_meaning(ward: Delivery) -> None:
    assert observed(ward, "neutrophils") == [(0.1, "<", "ok", utc(2026, 3, 3, 11))]
    assert observed(ward, "platelets") == [(5.0, "<", "ok", utc(2026, 3, 3, 11))]


def test_a_value_without_a_unit_is_kept_as_not_assessable_and_named(ward: Delivery) -> None:
    assert observed(ward, "ferritin") == [(None, None, "not-assessable", utc(2026, 3, 3, 11))]
    assert "INTAKE-013" in {fault.id for fault in ward.faults}


def test_drugs_are_found_below_their_ingredient_and_devices_by_code(ward: Delivery) -> None:
    assert exposed(ward, "vasopressor") == [("norepinephrine", utc(2026, 3, 3, 9), utc(2026, 3, 4, 1))]
    assert exposed(ward, "oxygen") == [("nasal-cannula", utc(2026, 3, 3, 9), utc(2026, 3, 4, 21))]


def test_intensive_care_is_taken_out_of_the_stay_that_it_lies_within(ward: Delivery) -> None:
    assert exposed(ward, "stay") == [
        ("ward", utc(2026, 3, 2, 3), utc(2026, 3, 3, 9)),
        ("icu", utc(2026, 3, 3, 9), utc(2026, 3, 4, 21)),
        ("ward", utc(2026, 3, 4, 21), utc(2026, 3, 6, 13)),
    ]


def test_a_dose_whose_end_is_a_date_alone_is_a_single_administration(ward: Delivery) -> None:
    dose = ward.cohort.exposures.filter(pl.col("kind") == "anticytokine").row(0, named=True)
    assert (dose["agent"], dose["amount"], dose["amount_unit"]) == ("tocilizumab", 560.0, "mg")
    assert dose["started_at"] == dose["ended_at"] == utc(2026, 3, 3, 10)


def test_every_row_of_every_table_is_accounted_for(ward: Delivery) -> None:
    omop = a_ward()
    account = {row["file"]: row for row in ward.account.iter_rows(named=True)}
    for table in (
        "person",
        "death",
        "observation_period",
        "measurement",
        "drug_exposure",
        "device_exposure",
        "visit_detail",
    ):
        row = account[table]
        assert row["rows"] == len(omop.rows[table]), table
        assert row["used"] + row["not_needed"] + row["not_assessable"] + row["refused"] == row["rows"], table
    assert (account["measurement"]["used"], account["measurement"]["not_assessable"]) == (7, 1)
    # the high-sensitivity test is another test, and the other patient had no infusion
    assert account["measurement"]["not_needed"] == 2
    assert "note" not in account
    assert "never to be read" not in ward.render()


@pytest.mark.postgres
def test_all_four_forms_give_the_same_cohort_and_account(ward: Delivery, tmp_path: Path, postgres: str) -> None:
    omop = a_ward()
    csv = as_folder(omop, tmp_path / "csv")
    forms = {
        "zip": as_zip(csv, tmp_path / "ward.zip"),
        "parquet": as_parquet(omop, tmp_path / "parquet"),
        "duckdb": as_duckdb(omop.frames(), tmp_path / "ward.duckdb"),
        "postgresql": in_postgres(omop, postgres, schema="ward"),
    }
    for form, place in forms.items():
        options = adapter.Options(zone=ZONE, schema="ward" if form == "postgresql" else None)
        made = adapter.convert(place, options)
        for table in tables.SCHEMAS:
            assert getattr(made.cohort, table).equals(getattr(ward.cohort, table)), f"{form}: {table}"
        assert made.account.equals(ward.account), form
        assert [fault.id for fault in made.faults] == [fault.id for fault in ward.faults], form


def test_check_reports_without_a_cohort(tmp_path: Path) -> None:
    report = adapter.check(as_folder(a_ward(), tmp_path / "csv"), OPTIONS)
    assert report.render() == adapter.convert(tmp_path / "csv", OPTIONS).render()


def test_read_gives_rows_with_their_meaning_and_nothing_of_others(tmp_path: Path) -> None:
    rows = adapter.read(as_folder(a_ward(), tmp_path / "csv"), OPTIONS)
    assert set(rows.frames["measurement"]["person_id"]) == {TREATED}
    assert rows.lines["measurement"].of_persons == 9
    assert rows.lines["measurement"].read == 8


def test_without_a_zone_no_time_is_believed_and_the_infusion_is_refused(tmp_path: Path) -> None:
    made = adapter.convert(as_folder(a_ward(), tmp_path / "csv"))
    assert len(made.cohort) == 0
    assert made.refused.rows() == [("drug_exposure", 1, "INTAKE-009", None)]


def test_dates_alone_are_kept_as_not_assessable_unless_the_centre_says_where_they_stand(tmp_path: Path) -> None:
    omop = a_ward()
    omop.measured(TREATED, "8310-5", datetime(2026, 3, 6), 38.4, "Cel")
    omop.measured(TREATED, "8310-5", datetime(2026, 3, 7), 38.6, "Cel", measurement_datetime=None)
    folder = as_folder(omop, tmp_path / "csv")
    kept = observed(adapter.convert(folder, OPTIONS), "body_temperature")[-2:]
    assert kept == [
        (None, None, "not-assessable", utc(2026, 3, 5, 23)),
        (None, None, "not-assessable", utc(2026, 3, 6, 23)),
    ]
    noon = adapter.Options(zone=ZONE, times=TimePolicy(date_only="noon"))
    placed = observed(adapter.convert(folder, noon), "body_temperature")[-2:]
    assert placed == [(38.4, None, "ok", utc(2026, 3, 6, 11)), (38.6, None, "ok", utc(2026, 3, 7, 11))]
    midnight = adapter.Options(zone=ZONE, midnight="time")
    assert observed(adapter.convert(folder, midnight), "body_temperature")[-2] == (
        38.4,
        None,
        "ok",
        utc(2026, 3, 5, 23),
    )


def test_a_death_known_to_its_day_does_not_make_the_day_impossible(tmp_path: Path) -> None:
    omop = a_ward()
    omop.rows["death"][0]["death_datetime"] = None
    omop.measured(TREATED, "8310-5", datetime(2026, 3, 30, 11), 36.0, "Cel")
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    assert observed(made, "body_temperature")[-1] == (36.0, None, "ok", utc(2026, 3, 30, 9))


def test_a_unit_concept_that_the_unit_text_contradicts_is_not_believed(tmp_path: Path) -> None:
    omop = a_ward()
    omop.measured(TREATED, "1988-5", hours(50), 12, "mg/L", unit_source_value="mg/dL", value_source_value="12")
    omop.measured(TREATED, "1988-5", hours(51), 120, "mg/L", unit_source_value="mg/dL", value_source_value="12")
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    assert [row[:3] for row in observed(made, "crp")[1:]] == [(None, None, "not-assessable"), (120.0, None, "ok")]
    assert any("mg/L as concept, mg/dL as text" in fault.saw for fault in made.faults)


def test_devices_charted_at_instants_need_a_declared_hold(tmp_path: Path) -> None:
    omop = a_ward()
    for hour, device in ((70, "371907003"), (74, "426854004")):
        at = hours(hour)
        omop.add(
            "observation", person_id=TREATED, observation_concept_id=0, observation_date=at.date(),
            observation_datetime=at, value_as_concept_id=concept("SNOMED", device),
            observation_source_value="oxygen device",
        )  # fmt: skip
    folder = as_folder(omop, tmp_path / "csv")
    made = adapter.convert(folder, OPTIONS)
    assert len(exposed(made, "oxygen")) == 1
    assert made.refused["reason"].to_list() == ["INTAKE-509", "INTAKE-509"]
    held = adapter.Options(zone=ZONE, hold={"oxygen": timedelta(hours=8)})
    assert exposed(adapter.convert(folder, held), "oxygen")[1:] == [
        ("nasal-cannula", utc(2026, 3, 5, 7), utc(2026, 3, 5, 11)),
        ("high-flow-nasal-cannula", utc(2026, 3, 5, 11), utc(2026, 3, 5, 19)),
    ]


def test_without_a_vocabulary_only_codes_that_cannot_be_mistaken_are_understood(tmp_path: Path) -> None:
    omop = a_ward()
    omop.rows["concept"], omop.rows["concept_ancestor"] = [], []
    for row in omop.rows["measurement"]:
        row["unit_source_value"] = row.get("unit_source_value") or "Cel"
    omop.rows["drug_exposure"][0]["drug_source_value"] = "L01XL03"
    omop.rows["drug_exposure"][1]["drug_source_value"] = "7512"
    omop.rows["drug_exposure"][2]["drug_source_value"] = "RxNorm:612865"
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    assert made.cohort.courses["product"].to_list() == ["axicabtagene-ciloleucel"]
    assert observed(made, "body_temperature")[-1][0] == 38.9
    assert exposed(made, "vasopressor") == []
    assert len(exposed(made, "anticytokine")) == 1
    said = [(fault.id, fault.saw) for fault in made.faults]
    assert ("INTAKE-513", "no CONCEPT table, or an empty one") in said
    # a bare number could be a local code, so it needs its prefix
    assert any(id == "INTAKE-514" and "drug_exposure" in saw and "'7512' (1)" in saw for id, saw in said)


def test_a_second_infusion_is_a_fraction_or_a_course_of_its_own(tmp_path: Path) -> None:
    omop = a_ward()
    omop.rows["death"] = []
    omop.drug(TREATED, ("RxNorm", "made-up axicabtagene bag"), hours(24 * 10))
    omop.drug(TREATED, ("RxNorm", "made-up axicabtagene bag"), hours(24 * 100))
    omop.measured(TREATED, "8310-5", hours(24 * 95), 37.1, "Cel")
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    assert made.cohort.course_ids == ("7-1", "7-2")
    kinds = made.cohort.milestones.select("course_id", "kind").rows()
    assert kinds == [("7-1", "infusion"), ("7-1", "fraction"), ("7-2", "infusion")]
    temperatures = made.cohort.observations.filter(pl.col("kind") == "body_temperature")
    assert temperatures["course_id"].to_list() == ["7-1", "7-1", "7-2"]
    assert made.cohort.courses["followed_until"].to_list() == [utc(2026, 5, 11, 8), utc(2026, 9, 1, 22)]


def test_converting_in_shares_of_whole_persons_gives_the_same(tmp_path: Path) -> None:
    omop = a_ward()
    for person in (70, 9, 700):
        omop.person(person)
        omop.drug(person, ("RxNorm", "made-up axicabtagene bag"), hours(person))
        omop.measured(person, "8310-5", hours(person + 5), 38.5, "Cel")
        omop.measured(person, "2276-4", hours(person + 5), 1, None)
    rows = adapter.read(as_folder(omop, tmp_path / "csv"), OPTIONS)
    whole, shared = delivery(rows), delivery(rows, at_once=1)
    assert whole.cohort.course_ids == ("7-1", "70-1", "700-1", "9-1")
    for table in tables.SCHEMAS:
        assert getattr(whole.cohort, table).equals(getattr(shared.cohort, table)), table
    assert whole.account.equals(shared.account)
    assert [(f.id, f.count) for f in whole.faults] == [(f.id, f.count) for f in shared.faults]


def test_a_bare_diagnosis_of_hypotension_is_kept_and_answers_nothing(tmp_path: Path) -> None:
    omop = a_ward()
    at = hours(30)
    omop.add(
        "condition_occurrence", person_id=TREATED, condition_concept_id=0, condition_start_date=at.date(),
        condition_start_datetime=at, condition_source_value="45007003",
    )  # fmt: skip
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    (row,) = made.cohort.observations.filter(kind="hypotension").to_dicts()
    assert (row["code"], row["usability"], row["as_sent"]) == (None, "not-assessable", "diagnosis condition_occurrence")
    (line,) = made.account.filter(file="condition_occurrence").to_dicts()
    assert (line["rows"], line["not_assessable"]) == (1, 1)
    assert "INTAKE-053" in {fault.id for fault in made.faults}


def test_a_row_without_a_concept_is_refused_and_not_called_unneeded(tmp_path: Path) -> None:
    omop = a_ward()
    omop.measured(
        TREATED, "8310-5", hours(30), 38.0, "Cel", measurement_concept_id=0, measurement_source_value="TEMP_X"
    )
    made = adapter.convert(as_folder(omop, tmp_path / "csv"), OPTIONS)
    (line,) = made.account.filter(file="measurement").to_dicts()
    assert (line["refused"], line["not_needed"]) == (1, 2)
    assert dict(made.report.reasons)["INTAKE-514"] == 1
    assert dict(made.report.spared_reasons) == {
        "INTAKE-051": 3,
        "INTAKE-052": 2,
    }  # of the other patient also the person and the period
