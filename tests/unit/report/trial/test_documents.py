"""HTML and Word say the same numbers, hold what a protocol needs, and are the same bytes for the same input."""

from __future__ import annotations

import io
import re
import runpy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from vein2vein.errors import ReportError
from vein2vein.programme.trial.analyses import COMMANDS
from vein2vein.programme.trial.designs import DesignFile, read_design
from vein2vein.programme.trial.question import question_of
from vein2vein.programme.trial.search import search
from vein2vein.programme.trial.study.results import Result
from vein2vein.report.trial.content import Asked, Block, Code, Grid, Heading, Picture, blocks_of, command_of
from vein2vein.report.trial.html import html_of, write_html
from vein2vein.report.trial.word import standing_alone, word_of, write_word
from vein2vein.report.words import spoken

EXAMPLES = Path(__file__).parents[4] / "examples" / "trials"
DESIGN = re.compile(
    rf"^design: (?!{'|'.join(COMMANDS)})", re.MULTILINE
)  # files that plan a trial, not those that analyse
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml") if DESIGN.search(path.read_text(encoding="utf-8")))
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Tables(HTMLParser):
    """Cells of all tables and terms of all lists of facts, in order."""

    cells: list[str] = field(default_factory=list)
    open_: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"td", "th", "dt", "dd"}:
            self.open_ = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "dt", "dd"}:
            self.open_ = False

    def handle_data(self, data: str) -> None:
        if self.open_:
            self.cells[-1] += data


@cache
def made(name: str) -> tuple[DesignFile, tuple[Result, ...], list[Block], Asked]:
    read = read_design((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    asked = Asked(AT, f"{name}.yaml", 100, 1)
    results = read.study.results(trials=100, seed=1)
    found = None
    if "search" in read.content:
        found = search(read.content, question_of(read.content))
    return read, results, blocks_of(read, results, asked, found), asked


@cache
def document(name: str) -> bytes:
    read, _, blocks, asked = made(name)
    return word_of(read.title, blocks, asked)


@pytest.mark.parametrize("name", NAMES)
def test_html_and_word_hold_the_same_cells_in_the_same_order(name: str) -> None:
    read, _, blocks, asked = made(name)
    page = Tables()
    page.feed(html_of(read.title, blocks, asked))
    word: Any = Document(io.BytesIO(document(name)))
    told = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    assert page.cells == told
    assert len(told) > 50


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_the_results_stands_in_the_report(name: str) -> None:
    _, results, blocks, _ = made(name)
    cells = {cell for block in blocks if isinstance(block, Grid) for row in block.rows for cell in row}
    for result in results:
        assert {str(figure) for figure in result.figures.values()} <= cells
        for line in result.lines:
            assert {str(figure) for figure in line.figures.values()} <= cells


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_finds_what_it_needs(name: str) -> None:
    read, _, blocks, asked = made(name)
    keys = {block.key for block in blocks if isinstance(block, Heading)}
    assert {"summary", "parameters", "flow", "plots", "estimand", "assumptions", "references", "again"} <= keys
    code = [block.text for block in blocks if isinstance(block, Code)]
    assert command_of(asked) in code
    assert read_design(code[-1]).hash == read.hash
    page = html_of(read.title, blocks, asked)
    assert read.hash in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


@pytest.mark.parametrize("name", ["phase1", "group-sequential"])
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    read, _, blocks, asked = made(name)
    assert html_of(read.title, blocks, asked) == html_of(read.title, blocks, asked)
    assert word_of(read.title, blocks, asked) == document(name)


@pytest.mark.parametrize("name", ["phase1", "group-sequential", "simon"])
def test_word_has_headings_pictures_with_texts_and_heads_that_repeat(name: str) -> None:
    _, _, blocks, _ = made(name)
    word: Any = Document(io.BytesIO(document(name)))
    pictures = [block for block in blocks if isinstance(block, Picture)]
    texts = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert texts == [str(block.alternative) for block in pictures]
    headings = [p.text for p in word.paragraphs if p.style.name.startswith("Heading")]
    assert headings == [str(block.text) for block in blocks if isinstance(block, Heading)]
    grids = sum(isinstance(block, Grid) for block in blocks)
    assert word.element.xml.count("w:tblHeader") == grids


def test_python_of_the_report_gives_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, results, blocks, _ = made("tite-boin")
    python = next(block.text for block in blocks if isinstance(block, Code) and "read_design" in block.text)
    (tmp_path / "tite-boin.yaml").write_bytes((EXAMPLES / "tite-boin.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "again.py").write_text(python, encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "again.py"))
    assert names["results"] == results


def test_what_is_not_decided_says_so() -> None:
    _, _, blocks, _ = made("boin")
    cells = [cell for block in blocks if isinstance(block, Grid) for row in block.rows for cell in row]
    assert cells.count("not decided") == 14


def test_every_heading_speaks_chinese() -> None:
    _, _, blocks, _ = made("phase1")
    for block in blocks:
        if isinstance(block, Heading):
            assert block.text.in_("zh") != str(block.text)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_drawings_stand_alone_in_literal_colours(name: str) -> None:
    for block in made(name)[2]:
        if isinstance(block, Picture):
            drawing = standing_alone(block)
            assert "var(" not in drawing
            assert "data-zh" not in drawing
            assert "NaN" not in drawing
            assert "data-zh" not in spoken(drawing, "zh")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    read, _, blocks, asked = made("simon")
    (tmp_path / "file").write_text("", encoding="utf-8")
    for write, name in ((write_html, "a.html"), (write_word, "a.docx")):
        with pytest.raises(ReportError, match="REPORT-001"):
            write(tmp_path / "file" / name, read.title, blocks, asked)
