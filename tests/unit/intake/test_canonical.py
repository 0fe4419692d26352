"""Raw facts become canonical rows: units, plausibility, words, comparators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake import canonical, times
from vein2vein.intake.book import FaultBook
from vein2vein.intake.numbers import DecimalSign
from vein2vein.knowledge import codes
from vein2vein.record import tables

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _one(
    kind: str | None, value: Any, unit: str | None = None, *, decimal: DecimalSign = "auto", **more: Any
) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    row = {
        "file": "labs.csv",
        "row": 1,
        "course_id": "C1",
        "kind": kind,
        "value": value,
        "unit": unit,
        "observed_at": T0,
    }
    book = FaultBook()
    frame = pl.DataFrame([row | more], schema_overrides={"kind": pl.String, "unit": pl.String})
    found = canonical.observations(frame, book, decimal=decimal)
    assert found.rows.height + found.refused.height == 1
    return (found.rows.row(0, named=True) if found.rows.height else found.refused.row(0, named=True)), book.faults()


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        ("crp", "12", "mg/dL", 120.0),
        ("crp", "12", "mg/L", 12.0),
        ("ferritin", "3.5", "ug/mL", 3500.0),
        ("ferritin", "350", "ng/mL", 350.0),
        ("fibrinogen", "150", "mg/dL", 1.5),
        ("fibrinogen", "1.5", "g/L", 1.5),
        ("neutrophils", "500", "/uL", 0.5),
        ("neutrophils", "0.5", "G/L", 0.5),
        ("neutrophils", "0.5", "K/uL", 0.5),
        ("body_temperature", "100.4", "°F", 38.0),
        ("body_temperature", "38,0", "°C", 38.0),
        ("creatinine", "88.4", "umol/L", 1.0),
        ("bilirubin", "17.1", "umol/L", 1.0),
        ("haemoglobin", "5", "mmol/L", 8.06),
        ("ldh", "300", "IU/L", 300.0),
        ("systolic_blood_pressure", "12", "kPa", 90.0),
        ("fraction_inspired_oxygen", "0.4", "1", 40.0),
        ("organ_toxicity_grade", "3", None, 3.0),
        ("crp", 12.0, "mg/dL", 120.0),
        ("crp", "12 mg/dL", None, 120.0),
    ],
)
def test_a_value_stands_in_the_unit_of_its_kind(kind: str, value: Any, unit: str | None, expected: float) -> None:
    row, faults = _one(kind, value, unit)
    assert (row["value"], row["usability"]) == (expected, "ok")
    assert faults == ()


def test_the_value_as_sent_is_kept_when_it_was_converted() -> None:
    assert _one("crp", "12", "mg/dL")[0]["as_sent"] == "12 mg/dL"
    assert _one("crp", "12", "mg/L")[0]["as_sent"] is None


def test_every_row_names_its_source() -> None:
    assert _one("crp", "12", "mg/L")[0]["source"] == "labs.csv:1"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "id", "saw"),
    [
        ("crp", "12", None, "INTAKE-013", "no unit for crp (C-reactive protein)"),
        ("crp", "12", "furlong", "INTAKE-012", "'furlong' for crp (C-reactive protein)"),
        ("platelets", "9", "m/uL", "INTAKE-014",
         "'m/uL' for platelets (Platelet count): written for million and for thousand per microlitre"),
        ("crp", "12", "U/L", "INTAKE-012", "'U/L' for crp (C-reactive protein)"),
        ("ferritin", "12", "", "INTAKE-013", "no unit for ferritin (Ferritin)"),
        ("fibrinogen", "3", None, "INTAKE-013", "no unit for fibrinogen (Fibrinogen)"),
        ("neutrophils", "500", None, "INTAKE-013", "no unit for neutrophils (Absolute neutrophil count)"),
        ("body_temperature", "38", None, "INTAKE-013", "no unit for body_temperature (Body temperature)"),
        ("creatinine", "1", None, "INTAKE-013", "no unit for creatinine (Creatinine)"),
        ("neutrophils", "500", "%", "INTAKE-012", "'%' for neutrophils (Absolute neutrophil count)"),
        ("body_temperature", "100.4", "Cel", "INTAKE-015", "100.4 Cel for body_temperature (Body temperature)"),
        ("heart_rate", "abc", "/min", "INTAKE-016", "'abc' for heart_rate"),
        ("platelets", "1,234", "G/L", "INTAKE-016", "'1,234' for platelets"),
        ("hypotension", "perhaps", None, "INTAKE-017", "'perhaps' for hypotension (Hypotension that needs treatment, as stated)"),
        ("heart_rate", "n/a", "/min", "INTAKE-025", "rows of heart_rate without a value"),
        ("hypotension", None, None, "INTAKE-025", "rows of hypotension without a value"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_kept_and_named(kind: str, value: Any, unit: str | None, id: str, saw: str) -> None:
    row, (fault,) = _one(kind, value, unit)
    assert (row["value"], row["code"], row["usability"]) == (None, None, "not-assessable")
    assert (fault.id, fault.saw, fault.rows) == (id, saw, ("labs.csv:1",))
    assert "not assessable" in fault.effect
    if value not in {None, ""}:
        assert str(value) in row["as_sent"]


def test_d_dimer_needs_the_kind_of_its_unit() -> None:
    kind = codes.observation_kind("d_dimer")
    assert "FEU" in str(kind.unit)
    assert _one("d_dimer", "500", "ng/mL FEU")[0]["usability"] == "ok"
    for unit in ("ng/mL", "mg/L", "ng/mL DDU"):
        row, (fault,) = _one("d_dimer", "500", unit)
        assert row["usability"] == "not-assessable"
        assert fault.id in {"INTAKE-012", "INTAKE-014"}


@pytest.mark.parametrize(
    ("kind", "value", "unit", "hint"),
    [
        ("body_temperature", "100.4", "Cel", "read as degrees Fahrenheit the value would be plausible"),
        ("neutrophils", "1500", "10*9/L", "1/10 of or 1/1000 of the value would be plausible"),
        ("haemoglobin", "120", "g/dL", "1/10 of the value would be plausible"),
    ],
)
def test_a_slip_of_the_unit_is_named_and_never_mended(kind: str, value: str, unit: str, hint: str) -> None:
    row, (fault,) = _one(kind, value, unit)
    assert fault.id == "INTAKE-015"
    assert fault.fix == f"look for a slip of the unit: {hint}; nothing was changed"
    assert row["value"] is None


def test_a_value_at_the_end_of_the_plausible_range_is_used() -> None:
    assert _one("body_temperature", "45", "Cel")[0]["value"] == 45.0
    assert _one("body_temperature", "45.01", "Cel")[0]["usability"] == "not-assessable"
    assert _one("body_temperature", "25", "Cel")[0]["value"] == 25.0


def test_a_comparator_comes_from_its_column_or_from_the_value() -> None:
    row, _ = _one("crp", "<0.1", "mg/dL")
    assert (row["comparator"], row["value"]) == ("<", 1.0)
    assert _one("crp", "5", "mg/L", comparator="≥")[0]["comparator"] == ">="
    row, (fault,) = _one("crp", "5", "mg/L", comparator="approx")
    assert (row["usability"], fault.id) == ("not-assessable", "INTAKE-016")


@pytest.mark.parametrize(("word", "code"), [("Yes", "yes"), ("ja", "yes"), ("1", "yes"), ("否", "no"), ("FALSE", "no")])
def test_yes_and_no_are_understood_in_several_words(word: str, code: str) -> None:
    row, faults = _one("hypotension", word)
    assert (row["code"], faults) == (code, ())


def test_a_category_is_found_by_id_label_or_code_column() -> None:
    kind = next(id for id, k in codes.observations().items() if k.type == "category" and len(k.categories) > 1)
    category, body = next(iter(codes.observation_kind(kind).categories.items()))
    assert _one(kind, None, code=category)[0]["code"] == category
    assert _one(kind, body.label["en"].upper())[0]["code"] == category


def test_reference_limits_are_converted_with_the_value() -> None:
    row, faults = _one("crp", "12", "mg/dL", reference_low="0", reference_high="0.5")
    assert (row["reference_low"], row["reference_high"], faults) == (0.0, 5.0, ())
    row, (fault,) = _one("crp", "12", "mg/dL", reference_low="0-5", reference_high=None)
    assert (row["value"], row["reference_low"], fault.id) == (120.0, None, "INTAKE-042")
    assert "'0-5'" in fault.saw


@pytest.mark.parametrize(
    ("changes", "id", "saw"),
    [
        ({"kind": "crpp"}, "INTAKE-021", "kind 'crpp'"),
        ({"kind": None}, "INTAKE-032", "rows without kind"),
        ({"course_id": None}, "INTAKE-032", "rows without course"),
        ({"observed_at": None}, "INTAKE-032", "rows without observed_at"),
    ],
)
def test_a_row_that_cannot_be_placed_is_refused(changes: dict[str, Any], id: str, saw: str) -> None:
    kind = changes.get("kind", "crp")
    row, (fault,) = _one(kind, "12", "mg/L", **{k: v for k, v in changes.items() if k != "kind"})
    course = changes.get("course_id", "C1")
    assert row == {"file": "labs.csv", "row": 1, "reason": id, "course_id": course}
    assert fault.saw == saw
    if id == "INTAKE-021":
        assert "nearest: crp" in fault.expected


def test_a_date_alone_is_kept_and_not_assessed() -> None:
    frame = pl.DataFrame(
        {
            "file": ["a"],
            "row": [1],
            "course_id": ["C1"],
            "kind": ["crp"],
            "value": ["5"],
            "unit": ["mg/L"],
            "observed_at": ["2026-03-01"],
        }
    )
    found = canonical.observations(times.place(frame, "observed_at", zone="UTC"), FaultBook())
    row = found.rows.row(0, named=True)
    assert (row["usability"], row["value"], row["as_sent"]) == ("not-assessable", None, "5 mg/L")


def test_a_declared_decimal_sign_is_used() -> None:
    assert _one("platelets", "1,234", "G/L", decimal="comma")[0]["value"] == 1.234


def test_columns_follow_the_schema_of_the_cohort_tables() -> None:
    frame = pl.DataFrame(
        [{"file": "a", "row": 1, "course_id": "C1", "kind": "crp", "value": "1", "unit": "mg/L", "observed_at": T0}]
    )
    rows = canonical.observations(frame, FaultBook()).rows
    assert tables.conform(rows.drop("file", "row"), "observations").height == 1


def _exposure(**changes: Any) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    row = {
        "file": "d.csv",
        "row": 1,
        "course_id": "C1",
        "kind": "vasopressor",
        "agent": "norepinephrine",
        "started_at": T0,
        "ended_at": T0 + timedelta(hours=2),
    }
    book = FaultBook()
    found = canonical.exposures(pl.DataFrame([row | changes], schema_overrides={"agent": pl.String}), book)
    assert found.rows.height + found.refused.height == 1
    return (found.rows.row(0, named=True) if found.rows.height else found.refused.row(0, named=True)), book.faults()


def test_rates_stand_in_a_unit_of_the_stream() -> None:
    row, faults = _exposure(rate="0.1", rate_unit="mcg/kg/min")
    assert (row["rate"], row["rate_unit"], faults) == (0.1, "ug/kg/min", ())
    row, faults = _exposure(agent="Vasopressin", rate="1.8", rate_unit="IU/h")
    assert (row["agent"], row["rate"], row["rate_unit"], faults) == ("vasopressin", 0.03, "U/min", ())


def test_a_rate_that_does_not_fit_is_left_out_and_named() -> None:
    for rate, unit in (("5", "mL/h"), ("5", None), ("-1", "ug/min"), ("<5", "ug/min")):
        row, (fault,) = _exposure(rate=rate, rate_unit=unit)
        assert (row["rate"], row["rate_unit"], row["agent"]) == (None, None, "norepinephrine")
        assert fault.id == "INTAKE-037"
        assert fault.saw == f"rate {rate!r} in {unit or 'no unit'} for vasopressor"
        assert fault.effect == "the rows are used without their rate"


def test_agents_are_found_by_other_names_and_strange_ones_become_unspecified() -> None:
    assert _exposure(agent="Noradrenalin")[0]["agent"] == "norepinephrine"
    assert _exposure(agent=None)[0]["agent"] == "unspecified"
    row, (fault,) = _exposure(agent="terlipressin")
    assert (row["agent"], fault.id) == ("unspecified", "INTAKE-038")
    assert fault.saw == "'terlipressin' as agent of vasopressor"


def test_a_charted_stream_or_an_other_cause_must_be_known() -> None:
    row, (fault,) = _exposure(kind="charted", agent="foo")
    assert (row["reason"], fault.id, fault.effect) == ("INTAKE-038", "INTAKE-038", "the rows are refused")
    assert _exposure(kind="charted", agent="oxygen")[0]["agent"] == "oxygen"


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    row, (fault,) = _exposure(ended_at=T0 - timedelta(hours=1))
    assert row["reason"] == "INTAKE-029"
    assert fault.saw == "vasopressor from 2026-03-01T08:00:00+00:00 to 2026-03-01T07:00:00+00:00"


def test_an_end_that_cannot_be_read_refuses_the_row() -> None:
    row, _ = _exposure(ended_at=None, ended_at_reason="INTAKE-010")
    assert row["reason"] == "INTAKE-010"
    assert _exposure(ended_at=None)[0]["ended_at"] is None


def test_reasons_are_known_or_named() -> None:
    assert _exposure(reason="Hypotension")[0]["reason"] == "hypotension"
    row, (fault,) = _exposure(reason="why not")
    assert (row["reason"], fault.id, fault.saw) == (None, "INTAKE-043", "'why not' as reason of vasopressor")


def _milestone(**changes: Any) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    row = {"file": "m.csv", "row": 1, "course_id": "C1", "kind": "death", "at": "2026-03-01T10:00Z", "detail": None}
    book = FaultBook()
    frame = times.place(
        pl.DataFrame([row | changes], schema_overrides={"detail": pl.String}), "at", zone="Europe/Berlin"
    )
    found = canonical.milestones(frame, book)
    return (found.rows.row(0, named=True) if found.rows.height else found.refused.row(0, named=True)), book.faults()


def test_the_cause_of_a_death_is_known_or_named() -> None:
    assert _milestone(detail="Cytokine release syndrome")[0]["detail"] == "crs"
    row, (fault,) = _milestone(detail="unlucky")
    assert (row["detail"], fault.id, fault.saw) == (None, "INTAKE-044", "'unlucky' as detail of death")


def test_a_death_with_a_date_alone_comes_after_what_was_charted_that_day() -> None:
    assert _milestone(at="2026-03-01")[0]["at"] == datetime(2026, 3, 1, 21, 59, 59, tzinfo=UTC)
    assert _milestone(at="2026-03-01", kind="discharge")[0]["at"] == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert _milestone(at="2026-03")[0]["reason"] == "INTAKE-019"


@pytest.mark.parametrize(
    ("kind", "value", "unit", "more", "ids", "reason"),
    [
        (None, "12", "mg/L", {"course_id": None}, ["INTAKE-032", "INTAKE-032"], "INTAKE-032"),
        ("cpr", "12", "mg/L", {"course_id": None}, ["INTAKE-021", "INTAKE-032"], "INTAKE-032"),
        ("cpr", "12", "mg/L", {"observed_at": None}, ["INTAKE-021", "INTAKE-032"], "INTAKE-021"),
        ("crp", "a lot", "barrels", {"course_id": None}, ["INTAKE-012", "INTAKE-016", "INTAKE-032"], "INTAKE-032"),
        ("crp", "12", "barrels", {"observed_at": None}, ["INTAKE-012", "INTAKE-032"], "INTAKE-032"),
    ],
)
def test_every_fault_of_a_refused_row_is_named(
    kind: str | None, value: str, unit: str, more: dict[str, Any], ids: list[str], reason: str
) -> None:
    frame = {"observed_at": T0} | more
    row, faults = _one(kind, value, unit, **frame)
    assert [fault.id for fault in faults] == ids
    assert all(fault.rows == ("labs.csv:1",) for fault in faults)
    assert row["reason"] == reason
    beside = [fault for fault in faults if fault.id not in {"INTAKE-021", "INTAKE-032"}]
    assert all(fault.effect == "the rows are refused for another fault as well" for fault in beside)


def test_every_fault_of_a_row_that_is_kept_is_named() -> None:
    row, faults = _one("crp", "a lot", "barrels")
    assert [(fault.id, fault.rows) for fault in faults] == [
        ("INTAKE-012", ("labs.csv:1",)),
        ("INTAKE-016", ("labs.csv:1",)),
    ]
    assert row["usability"] == "not-assessable"


def test_the_agent_of_a_refused_exposure_is_looked_at_too() -> None:
    raw = pl.DataFrame(
        {
            "file": ["drugs.csv"],
            "row": [1],
            "course_id": ["C1"],
            "kind": ["vasopressor"],
            "agent": ["norepinefrine"],
            "started_at": [None],
        },
        schema_overrides={"started_at": tables.Instant},
    )
    book = FaultBook()
    found = canonical.exposures(raw, book)
    assert found.rows.is_empty()
    assert [(fault.id, fault.effect) for fault in book.faults()] == [
        ("INTAKE-032", "the rows cannot be placed and are refused"),
        ("INTAKE-038", "the rows are refused for another fault as well"),
    ]
