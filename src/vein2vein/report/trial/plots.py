"""Drawings of a trial report: bars by dose and by scenario with their errors, expected survival with numbers at risk.

Place    Report, trial. Read by `content`.
In       Results and curves.
Out      `Drawing`s on the canvas of the report, in its colours.
Knows    Whiskers are 1.96 Monte Carlo errors; exact figures have none. Numbers stand above bars where there is room.
Checked  tests/unit/report/trial/test_plots.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vein2vein.programme.trial.study.results import Curve, Curves, Figure, Result
from vein2vein.report import svg
from vein2vein.report.draw import WIDTH, Drawing, fitted
from vein2vein.report.scales import ValueAxis, short, value_axis
from vein2vein.report.words import say

_LEFT: Final = 56.0
_RIGHT: Final = 12.0
_HEIGHT: Final = 190.0
_TOP: Final = 22.0
_Z: Final = 1.96
_ROOM: Final = 36.0
_PER_ROW: Final = 3
_RISKS: Final = 7
_STEPS: Final = (1, 2, 3, 4, 6, 12, 24, 36, 60)
STYLE: Final = (
    "svg .bar-plain{fill:var(--grade-2)}svg .bar-right{fill:var(--series-1)}"
    "svg .whisker{stroke:var(--ink);stroke-width:1.4;fill:none}svg .small{font-size:12px}"
    "svg .strong{font-weight:700}svg .frame{fill:var(--paper);stroke:var(--line);stroke-width:1.4}"
    "svg .frame.last{stroke:var(--series-1);stroke-width:2.2}svg .frame.out{stroke:var(--limit)}"
    "svg .arrow{stroke:var(--soft);stroke-width:1.6;fill:none}svg .head{fill:var(--soft)}"
)


def by_line(results: Sequence[Result], key: str, right: Sequence[tuple[int, ...] | None]) -> Drawing:
    """One panel per scenario with a bar per dose or basket; the right ones are darker and bold.

    Args:
        results: Results whose lines have the figure.
        key: The figure.
        right: Right lines of each scenario; empty where there are none.
    """
    shown = [line.figures[key] for result in results for line in result.lines]
    if key == "selected":
        shown += [result.figures["none_selected"] for result in results if "none_selected" in result.figures]
    top = max(map(_high, shown))
    body, y = [], 0.0
    for row in range(0, len(results), _PER_ROW):
        part = results[row : row + _PER_ROW]
        width = (WIDTH - 10.0) / min(_PER_ROW, len(results))
        for k, result in enumerate(part):
            chosen = right[row + k] if right else None
            figures = [line.figures[key] for line in result.lines]
            labels = [line.label for line in result.lines]
            if key == "selected" and "none_selected" in result.figures:  # to select none may be right
                figures.append(result.figures["none_selected"])
                labels.append(say("trial.no_dose"))
                chosen = (len(labels) - 1,) if chosen == () else chosen
            body.append(_panel((k * width, y, width - 14), (result.scenario, labels), figures, (top, chosen)))
        y += _HEIGHT + 66
    return Drawing("".join(body), y)


def _panel(
    place: tuple[float, float, float],
    names: tuple[str, list[str]],
    figures: Sequence[Figure],
    scale: tuple[float, tuple[int, ...] | None],
) -> str:
    x, y, width = place
    title, labels = names
    top, right = scale
    axis = _axis(figures[0], top, y)
    left = x + _LEFT
    wide = (width - _LEFT) / len(figures)
    parts = [
        svg.text(fitted(title, width - 6), x + 4, y + 14, class_="strong"),
        _ticks(axis, (left, x + width), figures[0]),
    ]
    for k, figure in enumerate(figures):
        is_right = right is not None and k in right
        parts.append(_bar((left + k * wide, wide), figure, axis, "bar-right" if is_right else "bar-plain"))
        style = "mid strong" if is_right else "mid"
        parts.append(svg.text(_brief(labels[k], wide), left + (k + 0.5) * wide, axis.bottom + 18, class_=style))
    return "".join(parts)


def _brief(label: str, width: float) -> str:
    return fitted(label, max(width - 4, 14))


def by_scenario(results: Sequence[Result], key: str) -> Drawing:
    """A bar per scenario, lying, with its number at the end."""
    figures = [result.figures[key] for result in results]
    top = max(*(_high(one) for one in figures), 1e-9)
    left, right = 250.0, WIDTH - 150.0
    body, y = [], 6.0
    for result, figure in zip(results, figures, strict=True):
        wide = max((right - left) * figure.value / top, 0.0) if np.isfinite(figure.value) else 0.0
        body.append(svg.text(fitted(result.scenario, left - 14), left - 10, y + 15, class_="end"))
        body.append(svg.tag("path", d=svg.box(left, y + 2, wide, 17), class_="bar-right"))
        end = left + wide
        if figure.error:
            low, high = (left + (right - left) * max(figure.value + s * _Z * figure.error, 0) / top for s in (-1, 1))
            body.append(svg.tag("path", d=f"M{low:.1f} {y + 10.5:.1f}H{high:.1f}", class_="whisker"))
            end = max(end, high)
        body.append(svg.text(str(figure), end + 8, y + 15))
        y += 27
    body.append(svg.tag("path", d=f"M{left:.1f} 2V{y:.1f}", class_="rule"))
    return Drawing("".join(body), y + 6)


def _high(figure: Figure) -> float:
    high = figure.value + _Z * (figure.error or 0.0)
    return high if np.isfinite(high) else 0.0


def _axis(figure: Figure, top: float, y: float) -> ValueAxis:
    least = (0.0, min(1.0, top * 1.02)) if figure.kind == "chance" else (0.0, top)
    return value_axis([0.0, top], top=y + _TOP + 18, bottom=y + _TOP + _HEIGHT, least=least)


def _ticks(axis: ValueAxis, ends: tuple[float, float], figure: Figure) -> str:
    parts = []
    for tick in axis.ticks:
        at = axis.y(tick)
        parts.append(svg.tag("path", d=f"M{ends[0]:.1f} {at:.1f}H{ends[1]:.1f}", class_="grid"))
        shown = f"{tick:.0%}" if figure.kind == "chance" else short(tick)
        parts.append(svg.text(shown, ends[0] - 7, at + 5, class_="tick end small"))
    return "".join(parts)


def _bar(place: tuple[float, float], figure: Figure, axis: ValueAxis, class_: str) -> str:
    left, wide = place
    thick = min(wide * 0.7, 46.0)
    x, y = left + (wide - thick) / 2, axis.y(figure.value)
    parts = [svg.tag("path", d=svg.box(x, y, thick, axis.bottom - y), class_=class_)]
    top = y
    if figure.error:
        low, top = (axis.y(max(figure.value + s * _Z * figure.error, 0)) for s in (-1, 1))
        parts.append(svg.tag("path", d=f"M{left + wide / 2:.1f} {low:.1f}V{top:.1f}", class_="whisker"))
    if wide >= _ROOM:
        number = f"{figure.value:.0%}" if figure.kind == "chance" else f"{figure.value:.1f}"
        parts.append(svg.text(number, left + wide / 2, min(top, y) - 5, class_="mid small"))
    return "".join(parts)


def risk_months(curves: Curves) -> list[int]:
    """The places of the whole months at which numbers at risk are named: every first, second, third, ... at most eight."""
    last = float(curves.months[-1])
    step = next((one for one in _STEPS if last < one * (_RISKS + 1)), _STEPS[-1])
    return [k for k, month in enumerate(curves.months) if month % step == 0]


def survival(curves: Curves) -> Drawing:
    """Expected share without event of both arms, with the numbers at risk beneath."""
    left, right = 150.0, WIDTH - 24.0
    axis = value_axis([0.0, 1.0], top=12.0, bottom=272.0, least=(0.0, 1.0))
    last = max(float(curves.months[-1]), 1e-9)
    figure = Figure(1.0, None, "chance")
    body = [_ticks(axis, (left, right), figure)]

    def x_of(month: float) -> float:
        return left + (right - left) * month / last

    for arm, style in zip(curves.arms, ("series-2", "series-1"), strict=False):
        points = [(x_of(float(m)), axis.y(float(s))) for m, s in zip(curves.months, arm.survival, strict=True)]
        body.append(svg.tag("path", d=svg.polyline(points), class_=f"curve {style}"))
    body.append(_legend(curves.arms, right))
    at = risk_months(curves)
    body += [
        svg.text(f"{curves.months[k]:.0f}", x_of(float(curves.months[k])), 292.0, class_="mid tick small") for k in at
    ]
    body.append(svg.text(say("trial.months"), (left + right) / 2, 312.0, class_="mid caption"))
    body.append(svg.text(say("trial.at_risk"), 4, 338.0, class_="caption"))
    for row, arm in enumerate(curves.arms):
        y = 360.0 + 22 * row
        body.append(svg.text(say(f"trial_cell.{arm.name}"), left - 34, y, class_="end"))
        body += [svg.text(f"{arm.at_risk[k]:.0f}", x_of(float(curves.months[k])), y, class_="mid small") for k in at]
    return Drawing("".join(body), 362.0 + 22 * len(curves.arms))


def _legend(arms: Sequence[Curve], right: float) -> str:
    parts = []
    for row, (arm, style) in enumerate(zip(arms, ("series-2", "series-1"), strict=False)):
        y = 26.0 + 20 * row
        parts.append(svg.tag("path", d=f"M{right - 150:.1f} {y - 5:.1f}h34", class_=f"curve {style}"))
        parts.append(svg.text(say(f"trial_cell.{arm.name}"), right - 106, y))
    return "".join(parts)
