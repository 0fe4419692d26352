"""A drafted mapping file asks what only people know, and keeps what they have said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vein2vein.intake.tables.draft import draft_mapping

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
    assert raw["encoding"] == "ASK"
    assert "it can be read as cp1252" in text


def test_two_files_that_look_like_courses_are_asked(delivery: Path) -> None:
    for name in ("courses.csv", "course_stays.csv"):
        (delivery / name).write_text("course_id,patient_id\nA,P\n")
    text, raw = _draft(delivery)
    assert [raw["files"][name]["table"] for name in ("courses.csv", "course_stays.csv")] == ["ASK", "ASK"]
    assert "courses? 2 files look like it" in text
