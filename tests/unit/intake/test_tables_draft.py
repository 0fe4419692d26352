"""A drafted mapping file asks what only people know, and keeps what they have said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vein2vein.errors import IntakeError
from vein2vein.intake.tables.convert import convert
from vein2vein.intake.tables.draft import draft_mapping
from vein2vein.intake.tables.mapping import mapping_of, read_mapping

LABS = "fall,art,wert,einheit,zeit\nA,Temp. axillär,38.2,Cel,2026-03-03T00:00+01:00\n"


def _draft(folder: Path, known: Path | None = None) -> tuple[str, dict[str, Any]]:
    text = draft_mapping(folder, known)
    return text, yaml.safe_load(text)


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    (place / "labs.csv").write_text(LABS, encoding="utf-8")
    return place


def test_a_needed_column_that_is_not_known_is_asked_by_name(delivery: Path) -> None:
    text, raw = _draft(delivery)
    columns = raw["files"]["labs.csv"]["columns"]
    assert {name for name, column in columns.items() if column == "ASK"} == {"course_id", "kind", "observed_at"}
    assert "course_id: ASK  # the column for course_id or patient_id" in text
    assert "# columns of the file: fall, art, wert, einheit, zeit" in text


def test_codes_are_drafted_after_the_columns_are_named(delivery: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text(
        "zone: Europe/Berlin\nfiles:\n  labs.csv:\n    table: observations\n"
        "    columns: {course_id: fall, kind: art, value: wert, unit: einheit, observed_at: zeit}\n"
    )
    text, raw = _draft(delivery, known)
    assert raw["zone"] == "Europe/Berlin"
    assert raw["files"]["labs.csv"]["columns"]["observed_at"] == "zeit"
    assert raw["codes"] == {"observations": {"Temp. axillär": "ASK"}}
    assert "1 rows; units Cel; nothing near: what is it?" in text


def test_answers_given_before_are_kept(delivery: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text(
        "files:\n  labs.csv:\n    columns: {course_id: fall, kind: art, observed_at: zeit}\n"
        "codes: {observations: {Temp. axillär: body_temperature}}\ncharted: [oxygen]\n",
        encoding="utf-8",
    )
    _, raw = _draft(delivery, known)
    assert raw["codes"]["observations"] == {"Temp. axillär": "body_temperature"}
    assert raw["charted"] == ["oxygen"]


def test_an_encoding_that_is_not_utf_8_is_asked(delivery: Path) -> None:
    (delivery / "labs.csv").write_bytes(LABS.encode("cp1252"))
    text, raw = _draft(delivery)
    assert raw["files"]["labs.csv"]["encoding"] == "ASK"
    assert "it can be read as cp1252" in text


def test_an_encoding_is_asked_and_kept_for_each_file(delivery: Path, tmp_path: Path) -> None:
    (delivery / "old.csv").write_bytes(LABS.encode("cp1252"))
    known = tmp_path / "known.yaml"
    known.write_text("files: {old.csv: {encoding: cp1252, separator: ','}}\n")
    assert _draft(delivery)[1]["files"]["old.csv"]["encoding"] == "ASK"
    _, raw = _draft(delivery, known)
    assert raw["files"]["old.csv"]["encoding"] == "cp1252"
    assert raw["files"]["old.csv"]["separator"] == ","
    assert {file: "encoding" in said for file, said in raw["files"].items()} == {"labs.csv": False, "old.csv": True}


CHART = """course_id,kind,value,unit,observed_at
A,O2 delivery,nasal cannula,,2026-03-03T00:00+01:00
A,O2-Flow,4,L/min,2026-03-03T00:00+01:00
A,SpO2,97,%,2026-03-03T00:00+01:00
A,Drain flow,4,mL/h,2026-03-03T00:00+01:00
"""


def test_oxygen_devices_and_flows_are_offered_as_charting(delivery: Path, tmp_path: Path) -> None:
    (delivery / "labs.csv").write_text(CHART)
    text, raw = _draft(delivery)
    assert raw["charting"] == {"oxygen": {"device": ["O2 delivery"], "flow": ["O2-Flow"], "hold_hours": "ASK"}}
    answered = tmp_path / "answered.yaml"
    answered.write_text(text.replace("hold_hours: ASK", "hold_hours: 8"))
    assert _draft(delivery, answered)[1]["charting"]["oxygen"]["hold_hours"] == 8
    (row,) = convert(delivery, read_mapping(answered)).cohort.exposures.filter(kind="oxygen").to_dicts()
    assert (row["agent"], row["rate"]) == ("nasal-cannula", 4)


def test_a_file_of_stays_alone_is_no_table_of_courses(delivery: Path) -> None:
    (delivery / "labs.csv").unlink()
    (delivery / "stays.csv").write_text("case_id,place,from,to\nA,ICU,2026-03-03,2026-03-04\n")
    text, raw = _draft(delivery)
    assert raw["files"]["stays.csv"]["table"] == "ASK"
    assert "Neither its name nor its columns tell" in text
    with pytest.raises(IntakeError, match=r"INTAKE-041[\s\S]*most rows: INTAKE-006"):
        convert(delivery, mapping_of(None)).require_courses()


def test_two_files_that_look_like_courses_are_asked(delivery: Path) -> None:
    for name in ("courses.csv", "course_stays.csv"):
        (delivery / name).write_text("course_id,patient_id\nA,P\n")
    text, raw = _draft(delivery)
    assert [raw["files"][name]["table"] for name in ("courses.csv", "course_stays.csv")] == ["ASK", "ASK"]
    assert "courses? 2 files look like it" in text
