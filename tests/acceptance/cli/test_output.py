"""The folder for the results: never two calls in one, never within the input, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CRS = "astct-2019.crs"


def test_a_second_call_does_not_mix_with_the_first(
    run: Any, hospital: Path, mapping: tuple[str, str], tmp_path: Path
) -> None:
    words = ("grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out", "--format")
    run(*words, "csv,json")
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    said = run(*words, "parquet", exits=7).output
    assert "REPORT-005" in said
    assert "first verdicts.csv" in said
    assert "add --replace" in said
    assert not (tmp_path / "out" / "verdicts.parquet").exists()
    said = run(*words, "parquet", "--replace").output
    assert "Removed 15 files of earlier results" in said
    assert not list((tmp_path / "out").glob("*.csv*[!_rows.csv]"))
    assert sorted(file.name for file in (tmp_path / "out").glob("verdicts.*")) == ["verdicts.parquet"]
    assert (tmp_path / "out" / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("inside", [".", "results"])
def test_the_input_is_no_place_for_the_results(run: Any, hospital: Path, mapping: tuple[str, str], inside: str) -> None:
    said = run("grade", hospital, *mapping, "--scale", CRS, "-o", hospital / inside, exits=7).output
    assert "REPORT-006" in said
    assert not (hospital / "delivery.txt").exists()
    assert not (hospital / "results").exists()


@pytest.mark.parametrize("more", [(), ("--memory", "parts")])
def test_a_place_that_cannot_be_written(
    run: Any, hospital: Path, mapping: tuple[str, str], tmp_path: Path, more: tuple[str, ...]
) -> None:
    (tmp_path / "afile").write_text("x", encoding="utf-8")
    out = tmp_path / "afile" / "x"
    said = run("grade", hospital, *mapping, "--scale", CRS, "-o", out, *more, exits=7).output
    assert "REPORT-001" in said
    assert "afile" in said


def test_the_demo_says_when_it_cannot_write(run: Any, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("x", encoding="utf-8")
    assert "REPORT-001" in run("demo", "-o", tmp_path / "afile" / "x", "--no-open", exits=7).output
    assert "REPORT-001" in run("demo", "--tables", tmp_path / "afile" / "x", exits=7).output


def test_formats_in_parts(run: Any, hospital: Path, mapping: tuple[str, str], tmp_path: Path) -> None:
    words = ("grade", hospital, *mapping, "--scale", CRS, "-o")
    run(*words, tmp_path / "parts", "--memory", "parts", "--format", "csv")
    run(*words, tmp_path / "whole", "--format", "csv")
    for name in ("verdicts.csv", "episodes.csv"):
        assert (tmp_path / "parts" / name).read_text("utf-8") == (tmp_path / "whole" / name).read_text("utf-8")
    assert not (tmp_path / "parts" / "verdicts.parquet").exists()
    said = run(*words, tmp_path / "json", "--memory", "parts", "--format", "json", exits=2).output
    assert "json" in said


def test_courses_that_were_never_assessable_are_counted_apart(
    run: Any, hospital: Path, mapping: tuple[str, str], tmp_path: Path
) -> None:
    said = run("grade", hospital, *mapping, "--scale", f"{CRS},ebmt-2023.icaht-early", "-o", tmp_path / "out").output
    assert "Never assessable" in said


def test_a_slip_in_a_course_or_choice_is_answered_with_what_there_is(
    run: Any, hospital: Path, mapping: tuple[str, str]
) -> None:
    words = ("explain", hospital, *mapping, "--scale", CRS, "--at", "2026-02-13T08:00+01:00", "--course")
    said = run(*words, "18-crs-biphasc", exits=5).output
    assert "such as 18-crs-biphasic" in said
    slip = f"{CRS}.low_blood_pressure=cuonts"
    said = run(*words, "18-crs-biphasic", "--set", slip, exits=4).output
    assert "expected  one of " in said
    assert "counts" in said
