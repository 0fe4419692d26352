"""Draw the figure model as SVG: the same shapes in the HTML report and in files for papers.

Place    Report. Reads `figure`; read by `html` and `static`.
Out      Bodies of SVG with their height, on a canvas `WIDTH` units wide; the page or `static` puts a frame around them.
Knows    A ribbon is solid up to the lowest possible result and hatched up to the highest; the numbers stand above it.
Does not Choose what is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vein2vein.basis.messages import LANGUAGES
from vein2vein.report import svg
from vein2vein.report.figure import Curve, Lane, Panel, Ribbon, RibbonStep, Shape, Span, TimeAxis, result_text
from vein2vein.report.palette import GRADES, THEMES, Theme, grade_colour
from vein2vein.report.scales import ValueAxis, day_every, runs, short, text_width, thinned, value_axis
from vein2vein.report.words import Words, in_, is_translated, joined, say

WIDTH: Final = 900
LEFT: Final = 136
RIGHT: Final = 10
PLOT: Final = WIDTH - LEFT - RIGHT
_SIZE: Final = 14.0
_LANE: Final = 22.0
_MARKERS_UP_TO: Final = 110
_GRADES_APART: Final = 5
_APART: Final = 12.0  # between two results, so that "1" and "2 to 4" are never read as one


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes and how high they are."""

    body: str
    height: float


def x_of(axis: TimeAxis, at: float) -> float:
    """Horizontal place of an instant."""
    return LEFT + axis.share(at) * PLOT


def definitions() -> str:
    """The hatching of everything that may be but is not certain; it has no colour of a grade, so that it claims none."""
    pattern = svg.tag(
        "pattern",
        svg.tag("rect", width=7, height=7, class_="hatch-ground"),
        svg.tag("path", d="M-1 1L1 -1M0 7L7 0M6 8L8 6", class_="hatch-line"),
        id="hatch-possible",
        width=7,
        height=7,
        patternUnits="userSpaceOnUse",
    )
    return svg.tag("defs", pattern)


def time_axis(axis: TimeAxis) -> Drawing:
    """Flags of the events, and the numbers of the relative days."""
    flags, rows = _flags(axis)
    base = rows * 19.0 + 4
    every = _every(axis)
    labels = [svg.text(say("figure.day"), LEFT - 8, base + 14, class_="tick end")]
    bounds = [start for _, start in axis.days] + [axis.end]
    for (day, start), stop in zip(axis.days, bounds[1:], strict=True):
        if day % every == 0:
            middle = (x_of(axis, start) + x_of(axis, stop)) / 2 if every == 1 else x_of(axis, start) + 2
            anchor = "tick mid" if every == 1 else "tick"
            labels.append(svg.text(short(day), middle, base + 14, class_=anchor))
    ticks = svg.tag("path", d="".join(f"M{svg.number(x)} {svg.number(base)}v6" for x in _day_xs(axis)), class_="rule")
    return Drawing(flags + ticks + "".join(labels), base + 19)


def days_only(axis: TimeAxis) -> Drawing:
    """The numbers of the relative days without the flags of the events."""
    return time_axis(TimeAxis(axis.start, axis.end, axis.days, (), axis.name))


def _flags(axis: TimeAxis) -> tuple[str, int]:
    """Each event as a flag on the first row where it does not cover another."""
    taken: list[float] = []
    tops: list[tuple[float, float]] = []
    parts = []
    for event in axis.events:
        x, width = x_of(axis, event.at), widest(event.label, _SIZE) + 8
        left = x if x + width <= WIDTH else x - width
        row = next((i for i, end in enumerate(taken) if left >= end), len(taken))
        taken[row : row + 1] = [left + width]
        parts.append(
            svg.text(
                event.label,
                x + 4 if left == x else x - 4,
                row * 19.0 + 14,
                class_=f"event {event.kind}" + ("" if left == x else " end"),
            )
        )
        tops.append((x, row * 19.0 + 2))
    bottom = len(taken) * 19.0 + 8
    parts += [
        svg.tag("path", d=f"M{svg.number(x)} {svg.number(top)}V{svg.number(bottom)}", class_="event-line")
        for x, top in tops
    ]
    return "".join(parts), len(taken)


def _every(axis: TimeAxis) -> int:
    return day_every(len(axis.days), PLOT)


def _day_xs(axis: TimeAxis) -> list[float]:
    every = _every(axis)
    return [x_of(axis, start) for day, start in axis.days if day % every == 0]


def _grid(axis: TimeAxis, top: float, bottom: float) -> str:
    d = "".join(f"M{svg.number(x)} {svg.number(top)}V{svg.number(bottom)}" for x in _day_xs(axis))
    lines = [svg.tag("path", d=d, class_="grid")] if d else []
    for event in axis.events:
        x = svg.number(x_of(axis, event.at))
        lines.append(svg.tag("path", d=f"M{x} {svg.number(top)}V{svg.number(bottom)}", class_="event-line"))
    return "".join(lines)


def ribbon(item: Ribbon, axis: TimeAxis, *, bars: float = 42.0, labels: bool = True) -> Drawing:
    """Verdicts over time: solid to the lowest possible result, hatched to the highest, in numbers above."""
    top = 18.0 if labels else 1.0
    bottom = top + bars
    unit = bars / max(item.highest - item.lowest, 1)
    parts = [_grid(axis, top, bottom)] if labels else []
    parts += [_ribbon_scale(item, top=top, bottom=bottom, unit=unit)] if labels else []
    parts += [_step(step, item, axis, bottom=bottom, unit=unit) for step in item.steps]
    parts.append(svg.tag("path", d=f"M{LEFT} {svg.number(bottom)}H{WIDTH - RIGHT}", class_="rule"))
    if labels:
        parts += _step_labels(item, axis)
    return Drawing("".join(parts), bottom + 3)


def _ribbon_scale(item: Ribbon, *, top: float, bottom: float, unit: float) -> str:
    whole = (
        range(item.lowest, item.highest + 1)
        if item.highest - item.lowest <= _GRADES_APART
        else (item.lowest, item.highest)
    )
    lines = "".join(f"M{LEFT} {svg.number(bottom - (v - item.lowest) * unit)}h{PLOT}" for v in whole)
    ends = {item.lowest: bottom, item.highest: top + 9}
    if item.kind == "met":
        return svg.tag("path", d=lines, class_="grid")
    return svg.tag("path", d=lines, class_="grid") + "".join(
        svg.text(str(v), LEFT - 8, y, class_="tick end") for v, y in ends.items()
    )


def _step(step: RibbonStep, item: Ribbon, axis: TimeAxis, *, bottom: float, unit: float) -> str:
    x, right = x_of(axis, step.start), x_of(axis, step.end)
    width = max(right - x, 0.8)
    floor = 3.0
    solid = max((step.low - item.lowest) * unit, floor)
    low = grade_colour(step.low, item.lowest, item.highest)
    shapes = []
    if step.high > step.low:
        tall = (step.high - item.lowest) * unit
        if step.low == item.lowest:
            solid = 0.0
        shapes.append(_bar(svg.box(x, bottom - tall, width, tall - solid), "unsure"))
    if solid:
        shapes.append(_bar(svg.box(x, bottom - solid, width, solid), low))
    return "".join(shapes)


def _bar(path: str, name: str) -> str:
    return svg.tag("path", d=path, class_=f"step {name}")


def _step_labels(item: Ribbon, axis: TimeAxis) -> list[str]:
    """Numbers above the ribbon, highest results first, each where it covers no other."""
    merged: list[RibbonStep] = []
    for step in item.steps:
        last = merged[-1] if merged else None
        if last and (last.low, last.high, last.end) == (step.low, step.high, step.start):
            merged[-1] = RibbonStep(last.start, step.end, step.low, step.high)
        else:
            merged.append(step)
    placed: list[tuple[float, float]] = []
    labels = []
    for step in sorted(merged, key=lambda s: (-s.low, -s.high, s.start)):
        if step.end <= axis.start or step.start >= axis.end:
            continue
        content = result_text(step.low, step.high, item.kind)
        width = widest(content, _SIZE)
        middle = _free_place(x_of(axis, step.start), x_of(axis, step.end), width, placed)
        if middle is None:
            continue
        placed.append((middle - width / 2, middle + width / 2))
        labels.append(svg.text(content, middle, 13, class_="result mid"))
    return labels


def _free_place(start: float, end: float, width: float, placed: Sequence[tuple[float, float]]) -> float | None:
    """Middle of a label over its step that is well apart from the labels beside it: in the middle, else at an end."""
    for wanted in ((start + end) / 2, start + width / 2, end - width / 2):
        middle = min(max(wanted, LEFT + width / 2), WIDTH - width / 2)
        inside = start <= middle <= end or wanted == (start + end) / 2
        if inside and all(
            middle + width / 2 + _APART <= left or middle - width / 2 - _APART >= right for left, right in placed
        ):
            return middle
    return None


def panel(item: Panel, axis: TimeAxis) -> Drawing:
    """One chart: title and legend, curves over their axis, lanes below."""
    parts = [_heading(item)]
    top = 24.0
    if item.curves:
        values = [v for curve in item.curves for t, v in curve.points if axis.start <= t < axis.end]
        limits = [limit.value for limit in item.limits]
        y_axis = value_axis(
            [*values, *limits], top=top + 4, bottom=top + item.height - 24, log=item.log, least=item.least_range
        )
        parts.append(_plot(item, axis, y_axis))
        top = y_axis.bottom + 6
    for lane in item.lanes:
        parts.append(_lane(lane, axis, top))
        top += _LANE
    if item.lanes:
        parts.insert(1, _grid(axis, top - _LANE * len(item.lanes), top))
    return Drawing("".join(parts), top + 4)


def _heading(item: Panel) -> str:
    title = say("figure.with_unit", title=item.title, unit=item.unit) if item.unit else item.title
    parts = [svg.text(title, 0, 15, class_="title")]
    x = float(WIDTH - RIGHT)
    for curve in reversed(item.curves if len(item.curves) > 1 else ()):
        x -= widest(curve.label, _SIZE)
        parts.append(svg.text(curve.label, x, 15, class_="legend"))
        x -= 30
        line = svg.tag("path", d=f"M{svg.number(x)} 10h24", class_=f"curve series-{curve.series}")
        parts.append(line + _marker(curve.shape, x + 12, 10, f"dot series-{curve.series}"))
        x -= 16
    return "".join(parts)


def _plot(item: Panel, axis: TimeAxis, y_axis: ValueAxis) -> str:
    parts = [_grid(axis, y_axis.top, y_axis.bottom)]
    lines = "".join(f"M{LEFT} {svg.number(y_axis.y(v))}h{PLOT}" for v in y_axis.ticks)
    parts.append(svg.tag("path", d=lines, class_="grid"))
    parts += [svg.text(short(v), LEFT - 8, y_axis.y(v) + 5, class_="tick end") for v in y_axis.ticks]
    parts += _gaps(item.curves[0], axis, y_axis, [y_axis.y(limit.value) for limit in item.limits])
    labelled: list[float] = []
    for limit in item.limits:
        y = y_axis.y(limit.value)
        parts.append(svg.tag("path", d=f"M{LEFT} {svg.number(y)}h{PLOT}", class_="limit"))
        if all(abs(y - other) >= _SIZE for other in labelled):
            labelled.append(y)
            parts.append(svg.text(limit.label, WIDTH - RIGHT - 2, y - 4, class_="limit-label end"))
    for curve in item.curves:
        parts += _curve(curve, axis, y_axis)
    return "".join(parts)


def _gaps(curve: Curve, axis: TimeAxis, y_axis: ValueAxis, taken: Sequence[float]) -> list[str]:
    """Grey ground where the first curve was not measured for longer than it may be joined, from infusion on."""
    times = [t for t, _ in curve.points]
    edges = [max(axis.start, 0.0), *[t for t in times if t >= 0], axis.end]
    parts = []
    for left, right in pairwise(edges):
        if right - left <= curve.gap_hours or right <= axis.start or left >= axis.end:
            continue
        x, width = x_of(axis, left), x_of(axis, right) - x_of(axis, left)
        parts.append(svg.tag("path", d=svg.box(x, y_axis.top, width, y_axis.bottom - y_axis.top), class_="gap"))
        words = say("figure.not_measured")
        if width > widest(words, _SIZE) + 6:
            parts.append(svg.text(words, x + width / 2, _clear_of(taken, y_axis), class_="gap-label mid"))
    return parts


def _clear_of(taken: Sequence[float], y_axis: ValueAxis) -> float:
    """Baseline for a label in a gap: at the bottom, else where it is farthest from the lines with a label of their own."""
    places = [y_axis.bottom - 5, y_axis.top + 14, (y_axis.top + y_axis.bottom) / 2 + 5]
    free = [y for y in places if all(abs(y - 5 - line) > _SIZE + 4 for line in taken)]
    return free[0] if free else max(places, key=lambda y: min(abs(y - 5 - line) for line in taken))


def _curve(curve: Curve, axis: TimeAxis, y_axis: ValueAxis) -> list[str]:
    inside = [p for p in curve.points if axis.start <= p[0] < axis.end]
    name = f"series-{curve.series}"
    parts, dots = [], []
    for run in runs(inside, curve.gap_hours):
        places = thinned([(x_of(axis, t), y_axis.y(v)) for t, v in run], 1.0)
        if curve.stairs:
            end = x_of(axis, min(run[-1][0] + curve.gap_hours, axis.end))
            parts.append(svg.tag("path", d=svg.staircase(places, end), class_=f"curve {name}"))
        elif len(places) > 1:
            parts.append(svg.tag("path", d=svg.polyline(places), class_=f"curve {name}"))
        if len(inside) <= _MARKERS_UP_TO or len(places) == 1:
            dots += [_marker(curve.shape, x, y, f"dot {name}") for x, y in places]
    return [*parts, *dots]


def _marker(shape: Shape, x: float, y: float, name: str) -> str:
    sizes = {
        "circle": lambda: svg.tag("circle", cx=x, cy=y, r=2.6, class_=name),
        "square": lambda: svg.tag("path", d=svg.box(x - 2.4, y - 2.4, 4.8, 4.8), class_=name),
        "triangle": lambda: svg.tag("path", d=_poly(x, y, ((0, -5), (5, 4), (-5, 4))), class_=name),
        "diamond": lambda: svg.tag("path", d=_poly(x, y, ((0, -5), (4.5, 0), (0, 5), (-4.5, 0))), class_=name),
        "cross": lambda: svg.tag("path", d=_cross(x, y), class_=f"{name} open"),
        "bar": lambda: svg.tag("path", d=svg.box(x - 1.5, y - 7, 3, 14), class_=name),
    }
    return sizes[shape]()


def _poly(x: float, y: float, corners: tuple[tuple[float, float], ...]) -> str:
    return svg.polyline([(x + dx, y + dy) for dx, dy in corners]) + "z"


def _cross(x: float, y: float) -> str:
    left, right, up, down = (svg.number(v) for v in (x - 4, x + 4, y - 4, y + 4))
    return f"M{left} {up}L{right} {down}M{left} {down}L{right} {up}"


def _lane(lane: Lane, axis: TimeAxis, top: float) -> str:
    middle = top + _LANE / 2
    name = fitted(lane.label, LEFT - 10)
    parts = [svg.text(name, LEFT - 8, middle + 5, class_="lane end")]
    parts.append(svg.tag("path", d=f"M{LEFT} {svg.number(top + _LANE - 1.5)}h{PLOT}", class_="grid"))
    thin = [_x_range(axis, span) for span in lane.charted]
    parts += [svg.tag("path", d=svg.box(x, top + _LANE - 2.5, w, 1.5), class_="charted") for x, w in thin if w > 0]
    parts += [_span(span, axis, top) for span in lane.spans]
    marks = [m for m in lane.marks if axis.start <= m.at < axis.end]
    parts += [svg.tag("g", svg.title(m.label), _marker(lane.shape, x_of(axis, m.at), middle, "mark")) for m in marks]
    return "".join(parts)


def _x_range(axis: TimeAxis, span: Span) -> tuple[float, float]:
    end = axis.end if span.end is None else span.end
    if end < axis.start or span.start >= axis.end:
        return 0.0, 0.0
    x = x_of(axis, span.start)
    return x, max(x_of(axis, end) - x, 1.5)


def _span(span: Span, axis: TimeAxis, top: float) -> str:
    x, width = _x_range(axis, span)
    if width <= 0:
        return ""
    tall = max(4.0, (_LANE - 4) * span.share)
    y = top + _LANE - 2 - tall
    name = "span" if span.certain else "span unsure"
    shapes = [svg.title(span.label), svg.tag("path", d=svg.box(x, y, width, tall), class_=name)]
    fitting = _fitting(span, width)
    if fitting or is_translated(fitting):
        halo = "span-label" if span.certain and span.share >= 1 else "span-label on-hatch"
        shapes.append(svg.text(fitting, x + 4, top + _LANE - 7, class_=halo))
    return svg.tag("g", *shapes)


def _fitting(span: Span, width: float) -> Words:
    """The label of a span where it fits, else its brief form, else nothing; in each language for itself."""
    chosen = {
        language: next((c for c in forms if c and text_width(c, 13) + 6 <= width), "")
        for language in LANGUAGES
        for forms in [(in_(span.label, language), in_(span.brief, language))]
    }
    return Words(chosen.pop("en"), **chosen)


def widest(content: str, size: float) -> float:
    """Width of a text in the language that needs most room, so that nothing overlaps in any."""
    return max(text_width(in_(content, language), size) for language in LANGUAGES)


def fitted(content: str, width: float) -> Words:
    """A lane label, cut with an ellipsis where it is wider than `width`."""
    return joined([content]).each(lambda text: _cut(text, width))


def _cut(content: str, width: float) -> str:
    if text_width(content, 13) <= width:
        return content
    kept = ""
    for letter in content:
        if text_width(kept + letter + "…", 13) > width:
            break
        kept += letter
    return kept.rstrip() + "…"


_CSS: Final = """
svg text{font-family:Roboto,"Noto Sans CJK SC","Noto Sans SC",system-ui,sans-serif;font-size:14px;fill:var(--ink);\
font-variant-numeric:tabular-nums}
svg .mid{text-anchor:middle}svg .end{text-anchor:end}
svg .title,svg .result{font-weight:700}
svg .tick,svg .legend,svg .gap-label{fill:var(--soft)}
svg .grid{stroke:var(--grid);fill:none}svg .rule{stroke:var(--line);fill:none}
svg .event-line{stroke:var(--soft);stroke-dasharray:2 3;fill:none}
svg .event{font-weight:700}
svg .curve{fill:none;stroke-width:1.8;stroke-linejoin:round}
svg .curve.series-1{stroke:var(--series-1)}svg .curve.series-2{stroke:var(--series-2);stroke-dasharray:6 3}
svg .curve.series-3{stroke:var(--series-3);stroke-dasharray:2 3}
svg .dot.series-1{fill:var(--series-1)}svg .dot.series-2{fill:var(--series-2)}svg .dot.series-3{fill:var(--series-3)}
svg .mark{fill:var(--accent)}svg .open{fill:none;stroke:var(--limit);stroke-width:2}
svg .limit{stroke:var(--limit);stroke-width:1.4;stroke-dasharray:8 4;fill:none}
svg .limit-label{fill:var(--limit);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
svg .gap{fill:var(--grid);fill-opacity:.55}
svg .gap-label{font-style:normal}
svg .span{fill:var(--device);stroke:var(--grade-edge)}svg .unsure{fill:url(#hatch-possible)}
svg .span-label,svg .lane{font-size:13px}svg .on-hatch{paint-order:stroke;stroke:var(--paper);stroke-width:4px;font-weight:700}
svg .charted{fill:var(--soft)}
svg .step{stroke:var(--grade-edge);stroke-width:.7}
svg .hatch-ground{fill:var(--paper)}svg .hatch-line{fill:none;stroke:var(--possible);stroke-width:1.3}
svg .heading{font-size:19px;font-weight:700}svg .caption{fill:var(--soft)}
"""
_GRADE_CSS: Final = "".join(f"svg .{name}{{fill:var(--{name})}}" for name in GRADES)


def style_sheet(theme: Theme | None = None) -> str:
    """Style of all drawings: with CSS variables for a page, or with the literal colours of one theme for a file."""
    css = (_CSS + _GRADE_CSS).strip().replace("\n", "")
    if theme is None:
        return css
    colours = THEMES[theme]
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: colours[found.group(1)], css)
