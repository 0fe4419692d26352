"""A centre sends plain tables: what comes out, what is said, and that no row is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from vein2vein.errors import Fault, IntakeError
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import form_of, open_delivery, open_large
from vein2vein.intake.tables.convert import convert, convert_to_disk
from vein2vein.intake.tables.draft import draft_mapping
from vein2vein.intake.tables.mapping import mapping_of

PATIENTS = """\
patient_id,date_of_birth,sex
P1,1960-05-01,F
P2,1975,m
P3,1980-01-01,x
"""
COURSES = """\
course_id,patient_id,product,infused_at,zone
C1,P1,axi-cel,2026-03-01T10:00,
C2,P2,axi-cel,2026-03-02T10:00+01:00,
C3,P2,tisa-cel,,Asia/Shanghai
"""
LABS = """\
patient_id,course_id,test,result,units,collected_at,colour
P1,,CRP,12,mg/dL,2026-03-01T12:00,a
P1,C1,Body temperature,100.4,°F,2026-03-01T12:00,a
P1,C1,Tmp,38.5,C,2026-03-01T13:00,a
P1,C1,Tmp,38.5,C,2026-03-01T13:00,a
P1,C1,XYZ,38.5,C,2026-03-01T13:00,a
P1,C1,JUNK,38.5,C,2026-03-01T13:00,a
P1,C1,LATER,38.5,C,2026-03-01T13:00,a
P2,,CRP,12,mg/L,2026-03-03T12:00,a
P2,C2,O2DEV,nasal cannula,,2026-03-03T12:00,a
P2,C2,O2FLOW,4,L/min,2026-03-03T12:00,a
P2,C2,O2FLOW,4,L/min,2026-03,a
P2,C2,crp,1
P9,,CRP,12,mg/L,2026-03-03T12:00,a
P2,C3,CRP,12,mg/L,2026-03-03T12:00,a
P2,C2,Ferritin,12,,2026-03-03T12:00,a
"""
DRUGS = """\
course_id,drug,start,end,dose,dose_unit,rate,rate_unit
C1,Norepinephrine,2026-03-02T10:00,2026-03-02T20:00,,,0.1,mcg/kg/min
C1,tocilizumab,2026-03-02T10:00,2026-03-02T10:00,600,mg,,
C1,unobtainium,2026-03-02T10:00,2026-03-02T10:00,600,mg,,
"""
EVENTS = "course_id,event,date,detail\nC1,death,2026-05-01,CRS\nC2,dancing,2026-05-01,\n"
MAPPING = """\
zone: Europe/Berlin
codes:
  observations: {Tmp: body_temperature, JUNK: ignore, LATER: ASK}
charted: [vasopressor]
charting: {oxygen: {device: [O2DEV], flow: [O2FLOW], hold_hours: 12}}
"""
FILES = {"patients.csv": PATIENTS, "courses.csv": COURSES, "labs.csv": LABS, "drugs.csv": DRUGS, "events.csv": EVENTS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "delivery"
    place.mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return place


@pytest.fixture
def delivery(folder: Path) -> Delivery:
    return open_delivery(folder, mapping=folder.parent / "mapping.yaml")


def _faults(delivery: Delivery, id: str) -> list[Fault]:
    return [fault for fault in delivery.faults if fault.id == id]


def test_every_row_of_every_file_is_accounted_for(delivery: Delivery) -> None:
    assert delivery.account.rows() == [
        ("courses.csv", 3, 3, 0, 0, 0),
        ("drugs.csv", 3, 2, 0, 0, 1),
        ("events.csv", 2, 1, 0, 0, 1),
        ("labs.csv", 15, 6, 1, 1, 7),
        ("patients.csv", 3, 3, 0, 0, 0),
    ]
    labs = delivery.refused.filter(pl.col("file") == "labs.csv").sort("row")
    assert labs.select("row", "reason").rows() == [
        (4, "INTAKE-022"), (5, "INTAKE-021"), (7, "INTAKE-039"), (8, "INTAKE-036"), (11, "INTAKE-019"),
        (12, "INTAKE-045"), (13, "INTAKE-031"),
    ]  # fmt: skip


def test_values_stand_in_canonical_units_with_the_value_as_sent(delivery: Delivery) -> None:
    rows = delivery.cohort.observations.filter(pl.col("usability") == "ok").select(
        "course_id", "kind", "value", "as_sent"
    )
    assert rows.rows() == [
        ("C1", "crp", 120.0, "12 mg/dL"),
        ("C1", "body_temperature", 38.0, "100.4 °F"),
        ("C1", "body_temperature", 38.5, None),
        ("C3", "crp", 12.0, None),
    ]


def test_times_are_read_in_the_zone_of_the_course_and_else_of_the_centre(delivery: Delivery) -> None:
    at = {
        row["course_id"]: row["observed_at"].hour
        for row in delivery.cohort.observations.iter_rows(named=True)
        if row["kind"] == "crp"
    }
    assert at == {"C1": 11, "C3": 4}
    assert delivery.cohort.courses["zone"].to_list() == ["Europe/Berlin", "Europe/Berlin", "Asia/Shanghai"]


def test_a_charted_device_becomes_an_interval(delivery: Delivery) -> None:
    (row,) = delivery.cohort.exposures.filter(pl.col("kind") == "oxygen").to_dicts()
    assert (row["agent"], row["rate"], row["rate_unit"], row["source"]) == ("nasal-cannula", 4.0, "L/min", "labs.csv:9")
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 12 * 3600


def test_drugs_find_their_stream_and_completeness_is_stated(delivery: Delivery) -> None:
    rows = delivery.cohort.exposures.filter(pl.col("course_id") == "C1").select(
        "kind", "agent", "amount", "rate", "rate_unit"
    )
    assert set(rows.rows()) == {
        ("charted", "vasopressor", None, None, None),
        ("vasopressor", "norepinephrine", None, 0.1, "ug/kg/min"),
        ("anticytokine", "tocilizumab", 600.0, None, None),
    }


def test_the_report_names_each_fault_once_with_what_to_do(delivery: Delivery) -> None:
    assert [f.saw for f in _faults(delivery, "INTAKE-021")] == [
        "code 'XYZ' in observations", "code 'dancing' in milestones", "code 'unobtainium' in exposures",
    ]  # fmt: skip
    assert [f.saw for f in _faults(delivery, "INTAKE-040")] == ["code 'JUNK' in observations, set to ignore"]
    assert [f.saw for f in _faults(delivery, "INTAKE-039")] == ["code 'LATER' in observations: ASK"]
    assert [f.saw for f in _faults(delivery, "INTAKE-007")] == ["column 'colour' of labs.csv"]
    assert [f.saw for f in _faults(delivery, "INTAKE-046")] == ["'x' as sex"]
    assert [f.saw for f in _faults(delivery, "INTAKE-013")] == ["no unit for ferritin (Ferritin)"]
    (ragged,) = _faults(delivery, "INTAKE-045")
    assert (ragged.saw, ragged.rows) == ("rows of labs.csv with more or fewer cells than the header", ("labs.csv:12",))
    assert "INTAKE-036  A row could belong to several courses." in delivery.render()


def test_a_birth_year_is_used_and_named(delivery: Delivery) -> None:
    assert [str(day) for day in delivery.cohort.patients["born_on"]] == ["1960-05-01", "1975-01-01", "1980-01-01"]
    assert _faults(delivery, "INTAKE-019")[0].effect == (
        "the first day of the month or year is used, the oldest that the person can be"
    )


def test_partitions_on_disk_say_and_hold_the_same(folder: Path, delivery: Delivery, tmp_path: Path) -> None:
    spooled = open_large(folder, tmp_path / "out", mapping=folder.parent / "mapping.yaml")
    assert spooled.render() == delivery.render()
    (cohort,) = spooled.cohorts()
    for name in ("patients", "courses", "observations", "exposures", "milestones"):
        assert_frame_equal(getattr(cohort, name), getattr(delivery.cohort, name))
    refused = pl.read_parquet(spooled.refused_folder / "*.parquet").sort("file", "row")
    assert_frame_equal(refused, pl.concat([delivery.refused, delivery.spared]).sort("file", "row"))


def test_many_partitions_give_the_same_as_memory(
    folder: Path, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vein2vein.intake.tables.convert._PARTITION_BYTES", 100)
    spooled = convert_to_disk(folder, mapping_of(yaml.safe_load(MAPPING)), tmp_path / "out")
    assert len(spooled.partitions) > 5
    assert spooled.report.account.rows() == delivery.account.rows()
    assert spooled.report.total()["rows"] == 26
    assert sum(f.count for f in spooled.report.faults) == sum(f.count for f in delivery.faults)
    whole = pl.concat([cohort.observations for cohort in spooled.cohorts()]).sort("course_id", "observed_at", "kind")
    assert_frame_equal(whole, delivery.cohort.observations.sort("course_id", "observed_at", "kind"))


def test_parquet_files_are_read_like_csv(folder: Path, delivery: Delivery) -> None:
    frame = pl.read_csv(folder / "drugs.csv", infer_schema=False)
    (folder / "drugs.csv").unlink()
    frame.write_parquet(folder / "drugs.parquet")
    again = open_delivery(folder, mapping=folder.parent / "mapping.yaml")
    assert_frame_equal(again.cohort.exposures.drop("source"), delivery.cohort.exposures.drop("source"))


def test_one_file_with_everything_in_its_rows(tmp_path: Path) -> None:
    text = "patient_id,birth_date,infusion_time,test,value,unit,time\n"
    text += "".join(f"P1,1960-01-01,2026-03-01T09:00Z,CRP,{n},mg/L,2026-03-01T1{n}:00Z\n" for n in range(3))
    (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    delivery = open_delivery(tmp_path / "export.csv")
    assert delivery.cohort.course_ids == ("P1",)
    assert delivery.cohort.courses["infused_at"].to_list()[0].hour == 9
    assert delivery.cohort.patients["born_on"].to_list()[0].year == 1960
    assert "No table of courses was delivered" in delivery.render()
    assert delivery.account.rows() == [("export.csv", 3, 3, 0, 0, 0)]


def test_what_the_rows_say_of_a_course_may_not_contradict(tmp_path: Path) -> None:
    text = "patient_id,infusion_time,test,value,unit,time\n"
    text += "".join(f"P1,2026-03-0{n}T09:00Z,CRP,{n},mg/L,2026-03-01T1{n}:00Z\n" for n in (1, 2))
    (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    delivery = open_delivery(tmp_path / "export.csv")
    assert delivery.cohort.courses["infused_at"].to_list() == [None]
    (fault,) = _faults(delivery, "INTAKE-033")
    assert fault.saw == "further rows that say something else of the same course_id, first 'P1'"
    assert _faults(delivery, "INTAKE-028")


@pytest.mark.parametrize(
    ("name", "content", "id", "saw"),
    [
        ("labs.csv", b"", "INTAKE-003", "labs.csv"),
        ("labs.csv", b"patient_id,test,value,unit,time\n", "INTAKE-004", "labs.csv"),
        ("labs.csv", "patient_id,test,value,unit,time\nP1,Müll,1,x,y\n".encode("latin-1"), "INTAKE-005", "byte 0xFC in line 2"),
        ("labs.csv", b"patient_id,test,value,unit\nP1,CRP,1,mg/L\n", "INTAKE-006", "labs.csv (table observations)"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_use_is_named_and_its_rows_counted(
    tmp_path: Path, name: str, content: bytes, id: str, saw: str
) -> None:
    (tmp_path / name).write_bytes(content)
    delivery = open_delivery(tmp_path)
    assert saw in _faults(delivery, id)[0].saw
    assert delivery.account["refused"].to_list() == delivery.account["rows"].to_list()
    assert delivery.account["rows"].to_list() == [max(content.count(b"\n") - 1, 0)]
    with pytest.raises(IntakeError, match="INTAKE-041"):
        delivery.require_courses()


def test_a_million_rows_of_an_unknown_code_are_one_fault(tmp_path: Path) -> None:
    count = 1_000_000
    frame = pl.DataFrame({"patient_id": ["P1"] * count, "test": ["WAT"] * count, "value": ["1"] * count})
    frame = frame.with_columns(unit=pl.lit("mg/L"), time=pl.lit("2026-03-01T09:00Z"))
    frame.write_csv(tmp_path / "labs.csv")
    delivery = open_delivery(tmp_path)
    (fault,) = _faults(delivery, "INTAKE-021")
    assert (fault.saw, fault.count, len(fault.rows)) == ("code 'WAT' in observations", count, 5)
    assert delivery.account.rows() == [("labs.csv", count, 0, 0, 0, count)]
    assert len(delivery.render()) < 2000


def test_the_json_report_is_json(delivery: Delivery) -> None:
    content = json.loads(delivery.to_json())
    assert content["total"] == {"rows": 26, "used": 15, "not_needed": 1, "not_assessable": 1, "refused": 9}


def test_an_own_cohort_is_read_back(delivery: Delivery, tmp_path: Path) -> None:
    delivery.cohort.write(tmp_path / "own")
    again = open_delivery(tmp_path / "own")
    assert form_of(tmp_path / "own") == "cohort"
    assert_frame_equal(again.cohort.observations, delivery.cohort.observations)
    assert again.report.total()["not_assessable"] == 1
    assert again.render().endswith("No faults found.\n")


def test_what_is_declared_on_the_command_line_counts(folder: Path) -> None:
    delivery = open_delivery(
        folder, mapping=folder.parent / "mapping.yaml", zone="UTC", charted=("oxygen",), hold_hours={"oxygen": 2}
    )
    assert delivery.cohort.observations["observed_at"][0].hour == 12
    oxygen = delivery.cohort.exposures.filter(pl.col("kind") == "oxygen").to_dicts()[0]
    assert (oxygen["ended_at"] - oxygen["started_at"]).total_seconds() == 2 * 3600
    charted = delivery.cohort.exposures.filter(pl.col("kind") == "charted")["agent"].unique().sort().to_list()
    assert charted == ["oxygen", "vasopressor"]


def test_open_exposures_of_a_held_stream_end_after_the_hold(tmp_path: Path) -> None:
    (tmp_path / "courses.csv").write_text("course_id,infused_at\nC1,2026-03-01T09:00Z\n", encoding="utf-8")
    text = "course_id,device,start\nC1,nasal cannula,2026-03-01T10:00Z\nC1,room air,2026-03-01T12:00Z\n"
    (tmp_path / "oxygen_devices.csv").write_text(text, encoding="utf-8")
    delivery = open_delivery(tmp_path, hold_hours={"oxygen": 8})
    assert [at.hour for at in delivery.cohort.exposures["ended_at"]] == [12, 20]
    assert delivery.faults == ()


class TestDraft:
    """The drafted mapping file."""

    def test_what_is_understood_is_answered_and_the_rest_asks(self, folder: Path) -> None:
        text = draft_mapping(folder)
        raw = yaml.safe_load(text)
        assert raw["zone"] == "ASK"
        assert raw["codes"]["observations"]["CRP"] == "crp"
        assert raw["codes"]["observations"]["Tmp"] == "ASK"
        assert raw["codes"]["exposures"]["Norepinephrine"] == "vasopressor/norepinephrine"
        assert raw["codes"]["milestones"] == {"dancing": "ASK", "death": "death"}
        assert raw["units"] == {"missing": {"ferritin": "ASK"}}
        assert raw["files"]["labs.csv"]["columns"]["observed_at"] == "collected_at"
        assert "CRP: crp  # 4 rows; units mg/L, mg/dL" in text

    def test_an_unanswered_draft_is_refused(self, folder: Path) -> None:
        file = folder.parent / "draft.yaml"
        file.write_text(draft_mapping(folder), encoding="utf-8")
        with pytest.raises(IntakeError, match=r"INTAKE-039[\s\S]*zone"):
            open_delivery(folder, mapping=file)

    def test_an_answered_draft_is_used(self, folder: Path) -> None:
        file = folder.parent / "draft.yaml"
        text = draft_mapping(folder)
        answers = {
            "zone: ASK": "zone: Europe/Berlin",
            "date_only: ASK": "date_only: keep",
            "Tmp: ASK": "Tmp: body_temperature",
            "ferritin: ASK": "ferritin: ng/mL",
            "hold_hours: ASK": "hold_hours: 8",
        }
        for ask, answer in answers.items():
            assert ask in text
            text = text.replace(ask, answer)
        file.write_text(text, encoding="utf-8")
        delivery = open_delivery(folder, mapping=file)
        ferritin = delivery.cohort.observations.filter(pl.col("kind") == "ferritin")
        assert ferritin.select("value", "usability").rows() == [(12.0, "ok")]
        assert "code 'XYZ' in observations: ASK" in [fault.saw for fault in _faults(delivery, "INTAKE-039")]

    def test_decimal_signs_and_formats_are_asked(self, tmp_path: Path) -> None:
        text = "patient_id;test;value;unit;time\nP1;CRP;1,5;mg/L;01.03.2026 10:00\nP1;CRP;1,234;mg/L;01.03.2026 11:00\n"
        (tmp_path / "labs.csv").write_text(text, encoding="utf-8")
        draft = draft_mapping(tmp_path)
        raw: dict[str, Any] = yaml.safe_load(draft)
        assert (raw["decimal"], raw["times"]["formats"]) == ("ASK", ["ASK"])
        assert "'99.99.9999 99:99' (2)" in draft

    def test_no_value_of_a_patient_is_written(self, folder: Path) -> None:
        assert "100.4" not in draft_mapping(folder)
        assert "1960" not in draft_mapping(folder)


def test_german_tables_with_declared_formats(tmp_path: Path) -> None:
    text = "patient_id;test;wert;einheit;zeitpunkt\nP1;CRP;1,5;mg/dl;01.03.2026 10:00\n"
    text += "P1;Thrombozyten;45;Gpt/l;01.03.2026 10:00\n"
    (tmp_path / "labor.csv").write_text(text, encoding="utf-8")
    mapping = mapping_of({"zone": "Europe/Berlin", "decimal": "comma", "times": {"formats": ["%d.%m.%Y %H:%M"]}})
    delivery = convert(tmp_path, mapping)
    assert delivery.cohort.observations.select("kind", "value").rows() == [("crp", 15.0), ("platelets", 45.0)]
