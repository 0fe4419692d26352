"""What an analysis of patients or trials found, as everybody shows it: tables, choices, who was left out.

Place    Programme, trial, study. Made by `external`, `switching` and `attribution`; the command line prints its lines.
In       Rows of words and numbers.
Out      `Findings`: lines of text, or plain values for JSON.
Knows    A number that there is not is None and is written "-"; numbers in JSON are not rounded.
Checked  tests/unit/programme/trial/study/test_external.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vein2vein.programme.trial.words import Parameter

Cell = str | int | float | None


@dataclass(frozen=True)
class Grid:
    """Rows under heads.

    Args:
        title: What it is.
        heads: Names of the columns.
        rows: Words and numbers; None where there is none.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


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

    def lines(self) -> list[str]:
        """Everything as text, in columns."""
        choices = tuple((key, _shown(one.value), one.origin) for key, one in self.parameters.items())
        found = [self.name, "", *_columns([("parameter", "value", "origin"), *choices])]
        for grid in self.grids:
            found += ["", grid.title, *_columns([grid.heads, *(tuple(map(_written, row)) for row in grid.rows)])]
        found.append("")
        if self.left_out is not None:
            reasons = [f"{count}: {reason}" for reason, count in self.left_out.items()]
            found += [f"left out  {one}" for one in reasons or ["nobody"]]
        return [*found, *(f"note      {note}" for note in self.notes)]

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


def _written(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, float):
        return f"{cell:.3f}" if math.isfinite(cell) else ("∞" if cell > 0 else "-∞")
    return str(cell)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
