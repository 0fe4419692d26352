"""`vein2vein simulate`: a folder that `vein2vein grade` takes as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
from click.testing import Result

Run = Callable[..., Result]


def test_simulate_and_grade(run: Run, tmp_path: Path) -> None:
    said = run(
        "simulate", "--product", "axi-cel", "--n", "60", "--seed", "7", "--days", "20",
        "--calendar-from", "2026-01-01", "-o", tmp_path / "cohort",
    )  # fmt: skip
    assert "60 simulated courses, no real person" in said.output
    run("grade", tmp_path / "cohort", "--scale", "standard", "-o", tmp_path / "graded")
    episodes = pl.read_parquet(tmp_path / "graded" / "episodes.parquet")
    crs = episodes.filter(pl.col("rule_set_id") == "astct-2019.crs")
    assert crs["course_id"].n_unique() > 40
    assert (crs["peak_low"] == crs["peak_high"]).mean() > 0.9
    assert crs["onset_at"].dt.year().min() >= 2026


def test_two_workers_write_the_same_bytes_as_one(run: Run, tmp_path: Path) -> None:
    words = ("simulate", "--product", "liso-cel", "--n", "1100", "--seed", "2", "--days", "1")
    run(*words, "-o", tmp_path / "one")
    run(*words, "--workers", "2", "-o", tmp_path / "two")
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) == 11
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_list_names_settings_and_protocols(run: Run) -> None:
    said = run("simulate", "--list").output
    assert "axi-cel/lbcl-2l" in said
    assert "after ZUMA-7" in said
    assert "protocol early" in said


def test_what_is_missing_or_unknown_is_said(run: Run, tmp_path: Path) -> None:
    assert "--list shows the products" in run("simulate", "--product", "axi-cel", exits=2).output
    said = run("simulate", "--product", "axi-sel", "-o", tmp_path / "none", exits=8).output
    assert "SIM-001" in said
    assert "axi-cel/lbcl-3l" in said
    said = run("simulate", "--product", "axi-cel", "--protocol", "x", "-o", tmp_path / "none", exits=8).output
    assert "SIM-003" in said
