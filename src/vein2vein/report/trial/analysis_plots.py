"""Drawings of an analysis of patients or trials: ratios with intervals, balance before and after, shares with errors.

Place    Report, trial. Read by `analysis`.
In       A table of findings that says how it can be drawn.
Out      `Drawing`s on the canvas of the report, in its colours.
Knows    Ratios stand on a log scale; an interval without an end runs to the edge. Whiskers of shares are 1.96 Monte Carlo errors.
Checked  tests/unit/report/trial/test_analysis.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vein2vein.programme.trial.study.findings import Cell, Grid, written
from vein2vein.report import svg
from vein2vein.report.draw import WIDTH, Drawing, fitted
from vein2vein.report.scales import value_axis
from vein2vein.report.words import Words, joined, say

_LEFT: Final = 300.0
_RIGHT: Final = 190.0
_TOP: Final = 14.0
_ROW: Final = 32.0
_Z: Final = 1.96
_TIMES: Final = (0.05, 0.1, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0)
_TICKS: Final = 7
_BALANCED: Final = 0.1


@dataclass(frozen=True)
class _Scale:
    """Places of values from left to right, with a line where nothing differs."""

    low: float
    high: float
    nothing: float
    ticks: tuple[float, ...]

    def x(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT)

    def frame(self, rows: int, labels: Sequence[str]) -> list[str]:
        bottom = _TOP + rows * _ROW
        parts = [svg.tag("path", d=f"M{self.x(t):.1f} {_TOP}V{bottom:.1f}", class_="grid") for t in self.ticks]
        parts.append(svg.tag("path", d=f"M{self.x(self.nothing):.1f} {_TOP}V{bottom:.1f}", class_="rule"))
        for tick, label in zip(self.ticks, labels, strict=True):
            parts.append(svg.text(label, self.x(tick), bottom + 18, class_="mid tick small"))
        return parts


def sketch_of(grid: Grid, names: Sequence[str]) -> Drawing | None:
    """The drawing of a table, or None for one that is not drawn or has no number to draw.

    Args:
        grid: The table.
        names: What its rows are called, in every language.
    """
    rows = grid.rows if grid.drawn is None else grid.rows[: grid.drawn]
    names = names[: len(rows)]
    if grid.sketch == "ratios":
        return _ratios(names, rows)
    if grid.sketch == "differences":
        return _differences(names, rows)
    return _shares(names, rows) if grid.sketch == "shares" else None


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) and not math.isnan(cell) else None


def _ratios(names: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Drawing | None:
    values = [tuple(_number(cell) for cell in row[1:4]) for row in rows]
    known = [one for three in values for one in three if one is not None and 0 < one < math.inf]
    if not known:
        return None
    low, high = min(*known, 0.9), max(*known, 1.1)
    ticks = tuple(t for t in _TIMES if low / 1.05 <= t <= high * 1.05)
    every = -(-len(ticks) // _TICKS)
    kept = tuple(t for t in ticks if (ticks.index(t) - ticks.index(1.0)) % every == 0)
    scale = _Scale(math.log(low / 1.1), math.log(high * 1.1), 0.0, tuple(map(math.log, kept)))
    body = scale.frame(len(rows), [f"{t:g}" for t in kept])
    for k, (value, start, end) in enumerate(values):
        y = _TOP + (k + 0.5) * _ROW
        body.append(svg.text(_name(names[k]), _LEFT - 14, y + 5, class_="end strong" if k == 0 else "end"))
        if value is None or not 0 < value < math.inf:
            continue
        if start is not None and end is not None:
            left, right = (scale.x(_log(one)) for one in (start, end))
            body.append(svg.tag("path", d=f"M{left:.1f} {y:.1f}H{right:.1f}", class_="whisker"))
        size = 11.0 if k == 0 else 8.0
        square = svg.box(scale.x(math.log(value)) - size / 2, y - size / 2, size, size)
        body.append(svg.tag("path", d=square, class_="bar-right"))
        body.append(svg.text(_interval(rows[k]), WIDTH - _RIGHT + 14, y + 5, class_="small"))
    return _closed(body, len(rows))


def _log(value: float) -> float:
    return math.log(value) if 0 < value < math.inf else (-math.inf if value <= 0 else math.inf)


def _interval(row: tuple[Cell, ...]) -> Words:
    value, low, high = (written(cell) for cell in row[1:4])
    return say("analysis.interval", value=value, low=low, high=high)


def _differences(names: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Drawing:
    pairs = [tuple(_number(cell) or 0.0 for cell in row[3:5]) for row in rows]
    far = max(*(abs(one) for pair in pairs for one in pair), 0.3)
    axis = value_axis([-far, far], top=0.0, bottom=1.0, least=(-far, far))
    scale = _Scale(-far * 1.05, far * 1.05, 0.0, tuple(t for t in axis.ticks if abs(t) <= far * 1.05))
    body = scale.frame(len(rows), [f"{t:g}" for t in scale.ticks])
    bottom = _TOP + len(rows) * _ROW
    body += [
        svg.tag("path", d=f"M{scale.x(side * _BALANCED):.1f} {_TOP}V{bottom:.1f}", class_="limit") for side in (-1, 1)
    ]
    for k, (before, after) in enumerate(pairs):
        y = _TOP + (k + 0.5) * _ROW
        body.append(svg.text(_name(names[k]), _LEFT - 14, y + 5, class_="end"))
        line = f"M{scale.x(before):.1f} {y:.1f}H{scale.x(after):.1f}"
        body.append(svg.tag("path", d=line, class_="grid"))
        body.append(svg.tag("circle", cx=scale.x(before), cy=y, r=5.0, class_="open"))
        body.append(svg.tag("circle", cx=scale.x(after), cy=y, r=5.5, class_="bar-right"))
    x = WIDTH - _RIGHT + 20
    for row, (key, mark, radius) in enumerate((("before", "open", 5.0), ("after", "bar-right", 5.5))):
        y = _TOP + 12 + 24 * row
        body.append(svg.tag("circle", cx=x, cy=y, r=radius, class_=mark))
        body.append(svg.text(say(f"analysis.{key}"), x + 14, y + 5, class_="small"))
    return _closed(body, len(rows))


def _shares(names: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Drawing:
    pairs = [(_number(row[1]) or 0.0, _number(row[2]) or 0.0) for row in rows]
    ends = [value + side * _Z * error for value, error in pairs for side in (-1, 1)]
    axis = value_axis([min(*ends, 0.0), max(*ends, 0.0)], top=0.0, bottom=1.0)
    scale = _Scale(min(*axis.ticks, *ends), max(*axis.ticks, *ends), 0.0, tuple(axis.ticks))
    body = scale.frame(len(rows), [f"{t:g}" for t in axis.ticks])
    for k, (value, error) in enumerate(pairs):
        y = _TOP + (k + 0.5) * _ROW
        left, right = sorted((scale.x(0.0), scale.x(value)))
        body.append(svg.text(_name(names[k]), _LEFT - 14, y + 5, class_="end"))
        body.append(svg.tag("path", d=svg.box(left, y - 9, right - left, 18), class_="bar-right"))
        if error:
            low, high = (scale.x(value + side * _Z * error) for side in (-1, 1))
            body.append(svg.tag("path", d=f"M{low:.1f} {y:.1f}H{high:.1f}", class_="whisker"))
        number = say("analysis.with_error", value=written(rows[k][1]), error=written(rows[k][2]))
        body.append(svg.text(number, WIDTH - _RIGHT + 14, y + 5, class_="small"))
    return _closed(body, len(rows))


def _name(name: str) -> Words:
    return fitted(joined([name]).each(str.strip), _LEFT - 24)


def _closed(body: list[str], rows: int) -> Drawing:
    return Drawing("".join(body), _TOP + rows * _ROW + 30)
