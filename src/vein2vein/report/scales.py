"""From values to places on paper: ticks, linear and logarithmic axes, text widths, thinning of dense curves.

Place    Report. Read by `draw`.
Does not Know what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_WIDE_FROM: Final = 0x2E80  # Chinese, Japanese and Korean letters are as wide as they are high
_DECADES: Final = 4
_KEPT: Final = 4
_MILLION: Final = 1e6


def text_width(content: str, size: float) -> float:
    """Estimated width of a text in the fonts used here, in the unit of `size`; on the generous side."""
    return sum(1.0 if ord(c) >= _WIDE_FROM else 0.53 for c in content) * size


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """A vertical axis from `low` (at y = bottom) to `high` (at y = top)."""

    low: float
    high: float
    top: float
    bottom: float
    ticks: tuple[float, ...]
    log: bool = False

    def y(self, value: float) -> float:
        """Place of a value, clipped to the axis."""
        low, high, at = (_log(self.low), _log(self.high), _log(value)) if self.log else (self.low, self.high, value)
        share = min(1.0, max(0.0, (at - low) / (high - low)))
        return self.bottom - share * (self.bottom - self.top)


def _log(value: float) -> float:
    return math.log10(max(value, 1e-6))


def value_axis(
    values: Sequence[float], *, top: float, bottom: float, log: bool = False, least: tuple[float, float] | None = None
) -> ValueAxis:
    """An axis that holds all values and the range `least`; with about four ticks, or decades when `log`."""
    held = [*values, *(least or ())] or [0.0, 1.0]
    if log:
        positive = [v for v in held if v > 0] or [1.0]
        low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        high = max(high, low + 1)
        every = 1 if high - low <= _DECADES else 2
        ticks = tuple(10.0**k for k in range(low, high + 1, every))
        return ValueAxis(10.0**low, 10.0**high, top, bottom, ticks, log=True)
    low_value, high_value = min(held), max(held)
    step = _nice_step((high_value - low_value) or 1.0)
    first, last = math.floor(low_value / step + 1e-9), math.ceil(high_value / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(round(k * step, 6) for k in range(first, last + 1))
    return ValueAxis(first * step, last * step, top, bottom, ticks)


def _nice_step(span: float) -> float:
    rough = span / 4
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= rough * 0.999)


def day_every(days: int, width: float, *, least: float = 24.0) -> int:
    """Every how many days a label fits, out of 1, 2, 5, 7, 14, 28, 56, 112."""
    return next((n for n in (1, 2, 5, 7, 14, 28, 56) if n * width / max(days, 1) >= least), 112)


def runs(points: Sequence[tuple[float, float]], gap: float) -> list[list[tuple[float, float]]]:
    """The points cut wherever two neighbours are more than `gap` apart."""
    found: list[list[tuple[float, float]]] = []
    for point in points:
        if found and point[0] - found[-1][-1][0] <= gap:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def thinned(points: list[tuple[float, float]], bucket: float) -> list[tuple[float, float]]:
    """At most four points for each `bucket` of x: first, lowest, highest, last. Extremes are never lost."""
    kept: list[tuple[float, float]] = []
    start = 0
    while start < len(points):
        stop = start
        while stop < len(points) and points[stop][0] < points[start][0] + bucket:
            stop += 1
        group = points[start:stop]
        if len(group) <= _KEPT:
            kept += group
        else:
            places = {0, len(group) - 1}
            places.add(min(range(len(group)), key=lambda i: group[i][1]))
            places.add(max(range(len(group)), key=lambda i: group[i][1]))
            kept += [group[i] for i in sorted(places)]
        start = stop
    return kept


def short(value: float) -> str:
    """A number for an axis: no trailing zero, the true minus sign, thin spaces between thousands."""
    text = f"{value:,.6g}" if abs(value) < _MILLION else f"{value:,.0f}"
    return text.replace(",", "\u2009").replace("-", "−")


def number_of_days(value: float) -> str:
    """Days with at most one decimal."""
    return short(round(value, 1))
