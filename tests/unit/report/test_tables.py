"""Tables on disk: three formats with the same content, every column described."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.errors import ReportError
from vein2vein.knowledge.registry import rule_set
from vein2vein.report.summary import summarise
from vein2vein.report.tables import COLUMNS, frames_of, write_tables

if TYPE_CHECKING:
    from pathlib import Path


def test_three_formats_hold_the_same_rows(example, tmp_path: Path) -> None:
    write_tables(tmp_path, example.cohort, example.graded, rule_sets=example.rules)
    for name in COLUMNS:
        parquet = pl.read_parquet(tmp_path / f"{name}.parquet")
        csv = pl.read_csv(tmp_path / f"{name}.csv")
        rows = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert parquet.columns == csv.columns == list(COLUMNS[name])
        assert parquet.height == csv.height == len(rows)
    first = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))[0]
    assert first["from_at"] == "2026-03-04T09:30:00Z"


def test_lists_are_joined_in_csv(example, tmp_path: Path) -> None:
    write_tables(tmp_path, example.cohort, example.graded, rule_sets=example.rules, formats=["csv"])
    lines = pl.read_csv(tmp_path / "verdicts.csv")
    assert "high_flow;positive_pressure" in lines["missing"].to_list()


def test_every_column_is_described_and_every_description_has_a_column(example, tmp_path: Path) -> None:
    frames = frames_of(example.graded, summarise(example.cohort, example.graded, example.rules), example.rules)
    write_tables(tmp_path, example.cohort, example.graded, rule_sets=example.rules, formats=["json"])
    described = json.loads((tmp_path / "columns.json").read_text(encoding="utf-8"))
    assert {name: list(columns) for name, columns in described.items()} == {n: f.columns for n, f in frames.items()}
    assert set(example.graded.verdicts.columns) == set(COLUMNS["verdicts"])
    assert set(example.graded.episodes.columns) == set(COLUMNS["episodes"])


def test_every_open_point_stands_in_the_tables_with_its_choice_and_the_status(example, tmp_path: Path) -> None:
    rules = (rule_set("astct-2019.crs", vasopressin_alone="not-counted"), rule_set("astct-2019.icans"))
    graded = grade_cohort(example.cohort, rules)
    write_tables(tmp_path, example.cohort, graded, rule_sets=rules, formats=["csv"])
    choices = pl.read_csv(tmp_path / "choices.csv")
    wanted = [(rule.id, name, str(value)) for rule in rules for name, value in rule.chosen.items()]
    assert choices.select("rule_set_id", "parameter", "chosen").rows() == wanted
    changed = choices.filter(pl.col("chosen") != pl.col("default"))
    assert changed.select("parameter", "chosen", "default").rows() == [("vasopressin_alone", "not-counted", "grade-3")]
    used = pl.read_csv(tmp_path / "rule_sets.csv", schema_overrides={"encoding": pl.String})
    assert used.select("rule_set_id", "encoding", "status").rows() == [(r.id, r.encoding, r.status) for r in rules]
    assert used["sources"][0].split(";")[0] == "pmc8021214"


def test_an_unknown_format_is_refused_before_anything_is_written(example, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"REPORT-002(?s:.*)saw +table format 'xlsx'"):
        write_tables(tmp_path / "new", example.cohort, example.graded, rule_sets=example.rules, formats=["csv", "xlsx"])
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_a_file_is_named(example, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(ReportError, match=r"REPORT-001(?s:.*)taken"):
        write_tables(tmp_path / "taken", example.cohort, example.graded, rule_sets=example.rules)
