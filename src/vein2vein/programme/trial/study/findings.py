"""What an analysis of patients or trials found, as everybody shows it: tables, choices, who was left out.

Place    Programme, trial, study. Made by `external`, `switching` and `attribution`; the command line prints its lines.
In       Rows of words and numbers.
Out      `Findings`: lines of text in a language, or plain values for JSON.
Knows    A number that there is not is None and is written "-"; numbers in JSON are not rounded, its names are English.
Checked  tests/unit/programme/trial/study/test_external.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from vein2vein.programme.trial.texts import columns, in_language, said
from vein2vein.programme.trial.words import Parameter

Cell = str | int | float | None
Sketch = Literal["ratios", "differences", "shares"]
ORIGINS: Final = ("set", "default", "derived")


CHOICES: Final = tuple(said(f"findings.{key}") for key in ("parameter", "value", "origin"))
LEFT_OUT: Final = said("findings.left_out")
NOTE: Final = said("findings.note")
NOBODY: Final = said("findings.nobody")


@dataclass(frozen=True)
class Grid:
    """Rows under heads.

    Args:
        title: What it is.
        heads: Names of the columns.
        rows: Words and numbers; None where there is none.
        sketch: How it can be drawn: ratios with their intervals, differences before and after, shares with their errors.
        drawn: How many rows from the top that is; None for all.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sketch: Sketch | None = None
    drawn: int | None = None


@dataclass(frozen=True)
class Findings:
    """What an analysis found.

    Args:
        name: What was done.
        parameters: Every choice with its value and origin.
        grids: Tables.
        left_out: Patients that were left out, by reason; None where there are no patients.
        notes: What to know before the numbers are used.
    """

    name: str
    parameters: Mapping[str, Parameter]
    grids: tuple[Grid, ...]
    left_out: Mapping[str, int] | None
    notes: tuple[str, ...] = ()

    def lines(self, language: str = "en") -> list[str]:
        """Everything as text, in columns.

        Args:
            language: "en" or "zh".
        """
        choices = self.choices()
        found = [in_language(self.name, language), "", *columns([CHOICES, *choices], language)]
        for grid in self.grids:
            rows = [grid.heads, *(tuple(map(written, row)) for row in grid.rows)]
            found += ["", in_language(grid.title, language), *columns(rows, language)]
        told = [(LEFT_OUT, one) for one in self.reasons()] + [(NOTE, note) for note in self.notes]
        return [*found, "", *columns(told, language)] if told else [*found, ""]

    def choices(self) -> list[tuple[str, str, str]]:
        """Every choice: key, value, and whether it was set."""
        return [
            (key, _shown(one.value), said(f"findings.{one.origin}") if one.origin in ORIGINS else one.origin)
            for key, one in self.parameters.items()
        ]

    def reasons(self) -> list[str]:
        """Who was left out, with how many; empty where there are no patients."""
        if self.left_out is None:
            return []
        return [said("findings.left_out_why", count=n, why=why) for why, n in self.left_out.items()] or [NOBODY]

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON, numbers unrounded, None for what is not finite."""
        return {
            "name": self.name,
            "parameters": {key: {"value": one.value, "origin": one.origin} for key, one in self.parameters.items()},
            "tables": {
                grid.title: [dict(zip(grid.heads, map(_plain, row), strict=True)) for row in grid.rows]
                for grid in self.grids
            },
            "left_out": None if self.left_out is None else dict(self.left_out),
            "notes": list(self.notes),
        }

    def grid(self, title: str) -> Grid:
        """The table of that title."""
        return next(one for one in self.grids if one.title == title)


def _plain(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def written(cell: Cell) -> str:
    """A cell as text: numbers with three decimals."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, float):
        return f"{cell:.3f}" if math.isfinite(cell) else ("∞" if cell > 0 else "-∞")
    return cell if isinstance(cell, str) else str(cell)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return said("findings.yes" if value else "findings.no")
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
