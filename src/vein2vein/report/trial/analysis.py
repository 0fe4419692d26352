"""What the report of an analysis says, block by block: an external control, treatment switching, what makes two trials differ.

Place    Report, trial. Read by the command line; written by `html` and `word` like the report of a design.
In       `Findings`, and how they were asked for.
Out      `Block`s in order: the figures are those of the text and the JSON, cell by cell.
Knows    The same input gives the same blocks; nothing reads the clock.
Checked  tests/unit/report/trial/test_analysis.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from vein2vein._version import __version__
from vein2vein.programme.trial.study.findings import CHOICES, Findings, written
from vein2vein.programme.trial.study.findings import Grid as Table
from vein2vein.programme.trial.texts import Said
from vein2vein.report.trial.analysis_plots import sketch_of
from vein2vein.report.trial.content import Block, Code, Facts, Grid, Heading, Paragraph, Picture, yaml_of
from vein2vein.report.words import Words, joined, say

Kind = Literal["external", "switching", "attribution"]
_ASSUMED: Final = {"external": 4, "switching": 3, "attribution": 2}


@dataclass(frozen=True)
class Analysed:
    """How an analysis was asked for.

    Args:
        kind: The command.
        command: The call that makes the report again.
        content: Plain values of the design file; empty without one.
        hash: Hash of the design file and of the patients, by what it is of.
    """

    kind: Kind
    command: str
    content: Mapping[str, Any]
    hash: Mapping[str, str]


def name_of(findings: Findings) -> Words:
    """The title of the report."""
    return say("analysis.report", title=words(findings.name))


def words(text: str) -> Words:
    """A text of the programme with all its languages."""
    return Words(str(text), **text.others) if isinstance(text, Said) else Words(str(text))


def blocks_of_analysis(findings: Findings, asked: Analysed) -> list[Block]:
    """All blocks of the report.

    Args:
        findings: What was found.
        asked: How it was asked for.
    """
    parts = (
        _opening(findings, asked),
        _results(findings),
        _left_out(findings),
        _assumed(asked),
        _choices(findings),
        _again(asked),
    )
    return [block for part in parts for block in part]


def _opening(findings: Findings, asked: Analysed) -> Iterator[Block]:
    files = tuple((say(f"analysis.{what}"), text) for what, text in asked.hash.items())
    made = (say("trial.made_with"), f"vein2vein {__version__}")
    yield Facts(((say("analysis.what"), words(findings.name)), *files, made))
    yield Paragraph(say("analysis.intended_use"), note=True)
    for note in findings.notes:
        yield Paragraph(words(note), note=True)


def _results(findings: Findings) -> Iterator[Block]:
    for table in sorted(findings.grids, key=lambda one: _RANK.get(one.sketch or "", len(_RANK))):
        yield Heading(_opened(table.title), key=f"result-{findings.grids.index(table) + 1}")
        drawing = sketch_of(table, [_text(row[0]) for row in table.rows])
        if drawing is not None:
            yield Picture(drawing, say(f"analysis.{table.sketch}"), joined([words(table.title), _told(table)], ": "))
        yield grid_of(table)


_RANK: Final = {"ratios": 0, "shares": 1, "differences": 2}


def _opened(text: str) -> Words:
    """A text that begins with a large letter."""
    return words(text).each(lambda one: one[:1].upper() + one[1:])


def _told(table: Table) -> Words:
    """The numbers of a drawing as text, for those who do not see it."""
    rows = table.rows if table.drawn is None else table.rows[: table.drawn]
    heads = [words(head) for head in table.heads[1:]]
    return joined(
        [
            joined(
                [_text(row[0]), *(joined([h, written(c)], " ") for h, c in zip(heads, row[1:], strict=True))],
                ", ",
            )
            for row in rows
        ],
        "; ",
    )


def _text(cell: Any) -> Words:
    return words(written(cell)).each(str.strip)


def grid_of(table: Table) -> Grid:
    """A table of findings as a block; cells are those of the text."""
    rows = tuple(tuple(words(written(cell)) for cell in row) for row in table.rows)
    return Grid(tuple(map(words, table.heads)), rows, _opened(table.title))


def _left_out(findings: Findings) -> Iterator[Block]:
    if findings.left_out is None:
        return
    yield Heading(say("analysis.left_out"), key="left-out")
    if not findings.left_out:
        yield Paragraph(say("analysis.nobody"))
        return
    rows = tuple((words(reason), str(count)) for reason, count in findings.left_out.items())
    yield Grid((say("analysis.reason"), say("trial_word.patients")), rows, say("analysis.left_out"))


def _assumed(asked: Analysed) -> Iterator[Block]:
    yield Heading(say("trial.assumptions"), key="assumptions")
    for number in range(1, _ASSUMED[asked.kind] + 1):
        yield Paragraph(say(f"analysis.{asked.kind}_{number}"))


def _choices(findings: Findings) -> Iterator[Block]:
    yield Heading(say("trial.parameters"), key="parameters")
    rows = tuple((key, words(value), words(origin)) for key, value, origin in findings.choices())
    yield Grid(tuple(map(words, CHOICES)), rows, say("trial.parameters"), plain=None)


def _again(asked: Analysed) -> Iterator[Block]:
    yield Heading(say("trial.again"), key="again")
    yield Paragraph(say("trial.again_words"))
    yield Code(asked.command, say("trial.again_command"))
    if asked.content:
        yield Code(yaml_of(asked.content), say("trial.again_file"))
