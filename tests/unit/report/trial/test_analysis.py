"""The report of an analysis: its cells are those of the text and the JSON, in HTML and Word, in two languages."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from docx import Document

from vein2vein.cli import cli
from vein2vein.programme.trial.analyses import analysed, request_of
from vein2vein.programme.trial.study.attribution import attribution
from vein2vein.programme.trial.study.findings import Findings, Grid, written
from vein2vein.programme.trial.texts import in_language
from vein2vein.report.trial.analysis import Analysed, Kind, blocks_of_analysis, name_of
from vein2vein.report.trial.analysis_plots import sketch_of
from vein2vein.report.trial.content import Asked, Block, Code, Heading, Picture
from vein2vein.report.trial.content import Grid as Shown
from vein2vein.report.trial.html import html_of
from vein2vein.report.trial.word import standing_alone, word_of
from vein2vein.report.words import Words, in_

EXAMPLES = Path(__file__).parents[4] / "examples" / "trials"
ASKED = Asked(datetime(2026, 11, 22, 12, tzinfo=UTC), "", 0, 0)
KINDS: tuple[Kind, ...] = ("external", "switching", "attribution")
FILES = {"external": ("external-control", "external-control"), "switching": ("treatment-switching", "switching")}


@cache
def made(kind: Kind) -> tuple[Findings, list[Block]]:
    content: Any = {}
    if kind == "attribution":
        findings = attribution("zuma-7", "belinda", blocks=2)
    else:
        name, file = FILES[kind]
        request = request_of(name, EXAMPLES / f"{file}.yaml")
        findings, content = analysed(request.content, request.patients), request.content
    return findings, blocks_of_analysis(findings, Analysed(kind, "vein2vein trial ...", content, {"patients": "a"}))


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_those_of_the_findings_and_of_word(kind: Kind) -> None:
    findings, blocks = made(kind)
    grids = [block for block in blocks if isinstance(block, Shown)]
    told = {str(block.caption).lower(): block.rows for block in grids}
    for grid in findings.grids:
        assert told[grid.title.lower()] == tuple(tuple(map(written, row)) for row in grid.rows)
    word: Any = Document(io.BytesIO(word_of(name_of(findings), blocks, ASKED)))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    assert cells[-len(grids[-1].rows) * 3 :] == [str(cell) for row in grids[-1].rows for cell in row]
    text = "\n".join(findings.lines())
    for block in grids:
        assert all(str(cell).strip() in text for row in block.rows for cell in row)


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_speaks_chinese(kind: Kind) -> None:
    findings, blocks = made(kind)
    for block in blocks:
        if isinstance(block, Heading):
            assert re.search("[一-鿿]", in_(block.text, "zh")), block.text
        if isinstance(block, Shown):
            assert all(in_(head, "zh") != str(head) for head in block.heads), block.heads
    assert re.search("[一-鿿]", name_of(findings).in_("zh"))
    lines = [re.sub("[A-Za-z0-9_-]+", "", line) for line in findings.lines("zh")]
    assert not any(re.search("[A-Za-z]{3}", line) for line in lines)
    assert len(lines) == len(findings.lines())
    for grid in findings.grids:
        assert all(in_language(head, "zh") != head for head in grid.heads)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_stands_alone_and_is_the_same_for_the_same(kind: Kind) -> None:
    findings, blocks = made(kind)
    page = html_of(name_of(findings), blocks, ASKED)
    assert page == html_of(name_of(findings), blocks, ASKED)
    assert page.count("<h1") == 1
    assert f">Trial analysis: {findings.name}</h1>" in page
    assert "http" not in page.replace("http-equiv", "")
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert len(pictures) == sum(grid.sketch is not None for grid in findings.grids)
    for picture in pictures:
        drawing = standing_alone(picture, "zh")
        assert "var(" not in drawing
        assert "nan" not in drawing.lower()
        assert re.search("[一-鿿]", picture.alternative.in_("zh"))  # type: ignore[attr-defined]
    assert any(isinstance(block, Code) and block.text == "vein2vein trial ..." for block in blocks)


def test_an_interval_without_an_end_runs_to_the_edge_and_a_ratio_that_is_none_has_no_mark() -> None:
    rows = (("one", 0.5, 0.25, float("inf")), ("none", None, None, None))
    drawing = sketch_of(Grid("t", ("a", "b", "c", "d"), rows, "ratios"), [Words("one"), Words("none")])
    assert drawing is not None
    assert drawing.body.count('class="bar-right"') == 1
    assert "H710.0" in drawing.body
    assert sketch_of(Grid("t", ("a", "b", "c", "d"), rows[1:], "ratios"), [Words("none")]) is None
    assert sketch_of(Grid("t", ("a",), (("x",),)), [Words("x")]) is None


def test_marks_stand_where_their_numbers_are() -> None:
    """Ratios of 0.5 and 2 are as far from 1, whose line is between them."""
    rows = (("low", 0.5, 0.4, 0.6), ("high", 2.0, 1.8, 2.5))
    drawing = sketch_of(Grid("t", ("a", "b", "c", "d"), rows, "ratios"), [Words("low"), Words("high")])
    assert drawing is not None
    (line,) = re.findall(r'M([\d.]+) 14\.0V78\.0" class="rule"', drawing.body)
    low, high = (
        float(x) for x in re.findall(r'd="M([\d.]+) [\d.]+h[\d.]+v[\d.]+h-[\d.]+z" class="bar-right"', drawing.body)
    )
    assert float(line) - (low + 5.5) == pytest.approx(high + 4 - float(line), abs=0.2)


def test_the_command_line_writes_both_and_speaks_chinese(tmp_path: Path) -> None:
    design = str(EXAMPLES / "external-control.yaml")
    page, word = tmp_path / "a.html", tmp_path / "a.docx"
    asked = ["trial", "external", "--design", design, "-o", str(page), "-o", str(word)]
    said = CliRunner().invoke(cli, [*asked, "--language", "zh"])
    assert said.exit_code == 0, said.output
    assert "外部对照：加权" in said.stdout
    assert 'data-opens="zh"' in page.read_text(encoding="utf-8")
    assert Document(str(word)).paragraphs[0].text == "试验分析：外部对照：加权"
    plain = CliRunner().invoke(cli, [*asked, "--format", "json", "--language", "zh"])
    assert json.loads(plain.stdout)["name"] == "external control by weighting"
    assert "Report" in plain.stderr
    wrong = CliRunner().invoke(cli, [*asked[:4], "-o", str(tmp_path / "a.txt")])
    assert wrong.exit_code != 0
    assert "REPORT-002" in wrong.stderr
