"""What a mapping file says about local tables is done, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import IntakeError
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery
from vein2vein.intake.tables.convert import convert
from vein2vein.intake.tables.mapping import mapping_of

COURSES = "course_id,infused_at\nC1,2026-03-01T09:00Z\n"
AT = "2026-03-01T10:00Z"


def _read(folder: Path, mapping: dict[str, Any] | None = None, **files: str) -> Delivery:
    for name, text in {"courses": COURSES, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return convert(folder, mapping_of(mapping))


def _kinds(delivery: Delivery) -> list[tuple[Any, ...]]:
    return delivery.cohort.observations.select("kind", "value", "code", "usability").rows()


def test_a_file_of_one_kind_and_unit(tmp_path: Path) -> None:
    mapping = {"files": {"chart.csv": {"table": "observations", "kind": "body_temperature", "unit": "°F"}}}
    delivery = _read(tmp_path, mapping, chart=f"course_id,value,time\nC1,100.4,{AT}\n")
    assert _kinds(delivery) == [("body_temperature", 38.0, None, "ok")]


def test_units_by_kind_by_spelling_and_for_rows_without_one(tmp_path: Path) -> None:
    rows = "course_id,test,value,unit,time\n"
    rows += f"C1,CRP,1,mg/100ml,{AT}\nC1,Ferritin,2,mgl,{AT}\nC1,Fibrinogen,3,,{AT}\nC1,Platelets,4,odd,{AT}\n"
    units = {
        "by_kind": {"crp": {"mg/100ml": "mg/dL"}},
        "spellings": {"mgl": "mg/L", "odd": "ASK"},
        "missing": {"fibrinogen": "g/L"},
    }
    delivery = _read(tmp_path, {"units": units}, labs=rows)
    assert {kind: value for kind, value, _, _ in _kinds(delivery)} == {
        "crp": 10.0,
        "ferritin": 2000.0,
        "fibrinogen": 3.0,
        "platelets": None,
    }
    assert [(f.id, f.saw) for f in delivery.faults] == [("INTAKE-012", "'odd' for platelets (Platelet count)")]


def test_words_for_values(tmp_path: Path) -> None:
    rows = f"course_id,test,value,time\nC1,hypotension,treated,{AT}\n"
    delivery = _read(tmp_path, {"values": {"hypotension": {"treated": "yes", "other": "ASK"}}}, labs=rows)
    assert _kinds(delivery) == [("hypotension", None, "yes", "ok")]


def test_local_codes_agents_reasons_and_details(tmp_path: Path) -> None:
    drugs = "course_id,drug,start,reason,rate,rate_unit\n"
    drugs += f"C1,PRESSOR,{AT},low,5,gamma\nC1,ARTERENOL,{AT},,,\nC1,SKIP,{AT},,,\nC1,LATER,{AT},,,\n"
    events = f"course_id,event,time,detail\nC1,EXITUS,2026-04-01T10:00Z,storm\nC1,SKIP,{AT},\n"
    mapping = {
        "codes": {
            "exposures": {"PRESSOR": "vasopressor", "SKIP": "ignore", "LATER": "ASK"},
            "milestones": {"EXITUS": "death", "SKIP": "ignore"},
        },
        "agents": {"ARTERENOL": "norepinephrine"},
        "reasons": {"low": "hypotension"},
        "details": {"storm": "crs"},
        "units": {"spellings": {"gamma": "ug/kg/min"}},
    }
    delivery = _read(tmp_path, mapping, drugs=drugs, events=events)
    assert delivery.cohort.exposures.select("kind", "agent", "reason", "rate", "rate_unit").rows() == [
        ("vasopressor", "unspecified", "hypotension", 5.0, "ug/kg/min"),
        ("vasopressor", "norepinephrine", None, None, None),
    ]
    assert delivery.cohort.milestones.select("kind", "detail").rows() == [("death", "crs")]
    assert sorted(delivery.refused["reason"]) == ["INTAKE-039"]
    assert sorted(delivery.spared["reason"]) == ["INTAKE-040", "INTAKE-040"]


def test_streams_by_name_and_files_of_one_stream(tmp_path: Path) -> None:
    stream = f"course_id,stream,agent,start,end\nC1,Oxygen,nasal cannula,{AT},2026-03-01T12:00Z\n"
    mapping = {"files": {"bolus.csv": {"table": "exposures", "kind": "fluid_bolus"}}}
    delivery = _read(tmp_path, mapping, exposures=stream, bolus=f"course_id,start,end\nC1,{AT},{AT}\n")
    assert set(delivery.cohort.exposures.select("kind", "agent").rows()) == {
        ("oxygen", "nasal-cannula"),
        ("fluid_bolus", "unspecified"),
    }


def test_milestones_of_one_kind(tmp_path: Path) -> None:
    mapping = {"files": {"gone.csv": {"table": "milestones", "kind": "discharge"}}}
    delivery = _read(tmp_path, mapping, gone=f"course_id,time\nC1,{AT}\n")
    assert delivery.cohort.milestones["kind"].to_list() == ["discharge"]


def test_charted_points_that_cannot_be_placed_are_refused(tmp_path: Path) -> None:
    rows = (
        f"course_id,test,value,time\nC1,O2DEV,cpap,\nC1,O2DEV,cpap,2026-03-01\nC1,O2DEV,cpap,{AT}\n,O2DEV,cpap,{AT}\n"
    )
    charting = {"oxygen": {"device": ["O2DEV"], "hold_hours": 4}}
    delivery = _read(tmp_path, {"zone": "UTC", "charting": charting}, labs=rows)
    assert delivery.refused.select("row", "reason").rows() == [(1, "INTAKE-032"), (2, "INTAKE-020"), (4, "INTAKE-032")]
    assert delivery.cohort.exposures["agent"].to_list() == ["cpap"]
    assert [(f.id, f.count) for f in delivery.faults] == [("INTAKE-020", 1), ("INTAKE-032", 2)]


def test_rows_of_patients_with_their_birth_dates_beside_a_table_of_courses(tmp_path: Path) -> None:
    (tmp_path / "courses.csv").write_text(
        "course_id,patient_id,infused_at\nC1,P1,2026-03-01T09:00Z\n", encoding="utf-8"
    )
    (tmp_path / "labs.csv").write_text(
        f"patient_id,birth_date,test,value,unit,time\nP1,1960-01-01,CRP,1,mg/L,{AT}\n", encoding="utf-8"
    )
    delivery = open_delivery(tmp_path)
    assert delivery.cohort.patients["born_on"][0].year == 1960
    assert delivery.cohort.observations["course_id"].to_list() == ["C1"]


def test_a_declared_encoding_and_separator(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_bytes(f"course_id|test|value|unit|time\nC1|体温|38|℃|{AT}\n".encode("gb18030"))
    delivery = convert(tmp_path, mapping_of({"encoding": "gb18030", "separator": "|"}))
    assert _kinds(delivery) == [("body_temperature", 38.0, None, "ok")]


def test_a_broken_mapping_reads_nothing(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"codes\.exposures: 'vasopresor' is unknown"):
        _read(tmp_path, {"codes": {"exposures": {"X": "vasopresor"}}})


def test_the_account_of_a_file_with_only_trouble_adds_up(tmp_path: Path) -> None:
    rows = "course_id,test,value,unit,time\n" + "".join(f"C1,CRP,{n},,x\n" for n in range(7))
    delivery = _read(tmp_path, {}, labs=rows)
    assert delivery.account.filter(pl.col("file") == "labs.csv").rows() == [("labs.csv", 7, 0, 0, 0, 7)]
