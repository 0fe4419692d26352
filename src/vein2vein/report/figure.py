"""What a figure shows, before anybody draws it: one model for the HTML report and for files in papers.

Place    Report. Filled by `course_figure` and `figures`; drawn by `draw`.
In       Times in hours from the infusion (negative before it); values in the canonical unit of their kind.
Missing  A curve breaks where nothing was measured for longer than `gap_hours`; a span of an unknown thing is `certain=False`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vein2vein.report.words import Words, say

Shape = Literal["circle", "square", "triangle", "diamond", "cross", "bar"]


@dataclass(frozen=True, slots=True)
class Event:
    """A dated step of the course, drawn as a line through all panels."""

    at: float
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Hours from infusion, half-open [start, end), with the local midnights that begin each relative day."""

    start: float
    end: float
    days: tuple[tuple[int, float], ...]
    events: tuple[Event, ...] = ()
    name: str = field(default_factory=lambda: say("figure.days_from_infusion"))

    def share(self, at: float) -> float:
        """Place of an instant along the axis, 0 at its start and 1 at its end, clipped to that range."""
        return min(1.0, max(0.0, (at - self.start) / (self.end - self.start)))


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over time. `stairs` keeps each value until the next one, at most `gap_hours`."""

    label: str
    points: tuple[tuple[float, float], ...]
    gap_hours: float
    series: int = 1
    shape: Shape = "circle"
    stairs: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A cut-off of a chosen rule set."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasts; an `end` of None is not known and is drawn to the end of the axis, open.

    `share` is the height of the bar as a share of its lane, such as a dose over the highest dose of that drug. `brief` is
    drawn where the label does not fit.
    """

    start: float
    end: float | None
    label: str
    certain: bool = True
    share: float = 1.0
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at an instant."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of spans and marks, such as a drug or a device."""

    label: str
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    shape: Shape = "triangle"
    charted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: curves over an axis, lanes below it, or both."""

    key: str
    title: str
    unit: str = ""
    curves: tuple[Curve, ...] = ()
    limits: tuple[Limit, ...] = ()
    lanes: tuple[Lane, ...] = ()
    log: bool = False
    least_range: tuple[float, float] | None = None
    height: int = 132
    summary: str = ""


@dataclass(frozen=True, slots=True)
class RibbonStep:
    """One step of a verdict: what the result could be from `start` up to `end`."""

    start: float
    end: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Verdicts of one rule set over time. Time without a step is time in which the rule set does not apply."""

    key: str
    title: str
    lowest: int
    highest: int
    kind: Literal["grade", "points", "met"]
    steps: tuple[RibbonStep, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Ribbons and panels over one time axis. A `compact` figure has one low ribbon per line with its title beside it."""

    title: str
    caption: str
    axis: TimeAxis
    ribbons: tuple[Ribbon, ...] = ()
    panels: tuple[Panel, ...] = ()
    footer: tuple[str, ...] = field(default=())
    compact: bool = False


def result_text(low: int, high: int, kind: str = "grade") -> Words:
    """A result for people: "3", "2 to 4", or of a yes-or-no result "met", "not met", "may be met"."""
    if kind == "met":
        return say("result.may_be_met" if low != high else ("result.met" if low else "result.not_met"))
    return Words(str(low)) if low == high else say("result.bounds", low=low, high=high)
