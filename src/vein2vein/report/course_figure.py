"""The chart of one course: vital signs with their support, scores, blood counts, inflammation, drugs, verdicts.

Place    Report. Reads a timeline, its verdict steps and the rule sets; gives the figure model.
Knows    The same time axis for every panel, in days from infusion; lines are cut-offs of the chosen rule sets.
Missing  Curves break where nothing was measured; rows that cannot be used stand in a lane of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vein2vein.knowledge import codes
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import UNSPECIFIED, Exposure, Observation, Timeline
from vein2vein.report import rule_words
from vein2vein.report.figure import Curve, Event, Figure, Lane, Limit, Mark, Panel, Ribbon, Shape, Span, TimeAxis
from vein2vein.report.shown import (
    CourseClock,
    agent_label,
    dose_text,
    exposure_text,
    kind_label,
    milestone_text,
    number_text,
    observation_text,
    reason_text,
    row_start,
    rows_of,
    unit_text,
)
from vein2vein.report.words import Words, joined, say

VITAL_GAP_HOURS: Final = 12.0
LABORATORY_GAP_HOURS: Final = 72.0
FIRST_VIEW_DAYS: Final = 30
_BEFORE_DAYS: Final = 7
_LINES: Final = 3
DRUGS: Final[Mapping[str, Shape]] = {
    "antipyretic": "circle",
    "anticytokine": "triangle",
    "corticosteroid": "diamond",
    "fluid_bolus": "bar",
    "growth_factor": "square",
    "transfusion": "bar",
    "immunoglobulin": "square",
    "sedation": "circle",
    "antimicrobial": "square",
    "seizure_prophylaxis": "circle",
    "renal_replacement": "bar",
    "lymphodepletion": "diamond",
}
_SHOWN_KINDS: Final = (
    "body_temperature",
    "systolic_blood_pressure",
    "mean_arterial_pressure",
    "diastolic_blood_pressure",
    "oxygen_saturation",
    "neutrophils",
    "platelets",
    "crp",
    "ferritin",
)


def course_figure(
    timeline: Timeline,
    ribbons: Sequence[Ribbon],
    rules: Sequence[RuleSet],
    *,
    first_view: bool = True,
    title: str | None = None,
) -> Figure | None:
    """The figure of one course; None when it holds no time at all.

    Args:
        timeline: The course.
        ribbons: Its verdict steps, in the order in which they are to stand.
        rules: The rule sets behind the ribbons; their cut-offs become lines.
        first_view: Days -7 to 30 at most; otherwise everything that is recorded.
        title: Heading of a file; the course identifier when left out.
    """
    clock = CourseClock.of(timeline)
    if clock is None:
        return None
    axis = _axis(timeline, clock, first_view=first_view)
    panels = [panel for panel in _panels(timeline, clock, rules) if _is_seen(panel, axis)]
    course = timeline.course
    facts = [course.product, course.indication, say("figure.times_in", zone=course.zone)]
    return Figure(
        title or say("figure.course", id=course.course_id),
        joined([fact for fact in facts if fact], " · "),
        axis,
        tuple(ribbons),
        tuple(panels),
    )


def is_longer_than_first_view(timeline: Timeline) -> bool:
    """Whether a second view of the whole course shows more than the first."""
    clock = CourseClock.of(timeline)
    if clock is None:
        return False
    first, whole = (_axis(timeline, clock, first_view=flag) for flag in (True, False))
    return (first.start, first.end) != (whole.start, whole.end)


def _axis(timeline: Timeline, clock: CourseClock, *, first_view: bool) -> TimeAxis:
    instants = [row_start(row) for row in rows_of(timeline)]
    instants += [e.ended_at for e in timeline.exposures if e.ended_at is not None and e.kind != "charted"]
    if timeline.course.followed_until is not None:
        instants.append(timeline.course.followed_until)
    days = [clock.day(at) for at in instants] or [0]
    first, last = min(0, *days), max(1, *days)
    if first_view:
        first, last = max(first, -_BEFORE_DAYS), min(last, FIRST_VIEW_DAYS)
    midnights = clock.midnights(first, last + 1)
    start, end = midnights[0][1], midnights[-1][1]
    events = [e for e in _events(timeline, clock) if start <= e.at < end]
    name = say("figure.days_from_infusion" if clock.is_infusion else "figure.days_from_first")
    return TimeAxis(start, end, midnights[:-1], tuple(events), name)


def _events(timeline: Timeline, clock: CourseClock) -> list[Event]:
    events = [Event(0.0, say("figure.infusion"), "infusion")] if clock.is_infusion else []
    rows = (row for row in timeline.milestones if row.kind != "infusion")
    events += [Event(clock.hours(row.at), milestone_text(row), row.kind) for row in rows]
    return sorted(events, key=lambda event: event.at)


def _is_seen(panel: Panel, axis: TimeAxis) -> bool:
    points = any(axis.start <= t < axis.end for curve in panel.curves for t, _ in curve.points)
    marks = any(axis.start <= m.at < axis.end for lane in panel.lanes for m in lane.marks)
    spans = any(
        s.start < axis.end and (s.end is None or s.end > axis.start) for lane in panel.lanes for s in lane.spans
    )
    return points or marks or spans


def _panels(timeline: Timeline, clock: CourseClock, rules: Sequence[RuleSet]) -> list[Panel]:
    by_kind: dict[str, list[Observation]] = {}
    for row in timeline.observations:
        by_kind.setdefault(row.kind, []).append(row)
    made = _Maker(clock, by_kind, timeline.exposures, rules)
    panels = [
        made.values(_TEMPERATURE),
        made.values(_PRESSURE, made.support("vasopressor", "inotrope", "oral_vasopressor")),
        made.values(_OXYGEN, made.device()),
        *made.scores(),
        *(made.values(measured) for measured in _LABORATORY),
        made.drugs(),
        made.care(),
        *made.others(),
    ]
    return [panel for panel in panels if panel is not None]


@dataclass(frozen=True, slots=True)
class _Measured:
    """How a kind of measurement is drawn; the first kind gives the unit and the cut-offs."""

    key: str
    kinds: tuple[str, ...]
    gap: float = LABORATORY_GAP_HOURS
    log: bool = False
    least: tuple[float, float] | None = None
    height: int = 116


_TEMPERATURE: Final = _Measured("temperature", ("body_temperature",), VITAL_GAP_HOURS, least=(36.0, 40.0), height=132)
_PRESSURE: Final = _Measured(
    "pressure",
    ("systolic_blood_pressure", "mean_arterial_pressure"),
    VITAL_GAP_HOURS,
    least=(60.0, 120.0),
    height=132,
)
_OXYGEN: Final = _Measured("oxygen", ("oxygen_saturation",), VITAL_GAP_HOURS, least=(88.0, 100.0), height=104)
_LABORATORY: Final = (
    _Measured("neutrophils", ("neutrophils",), log=True),
    _Measured("platelets", ("platelets",), log=True),
    _Measured("crp", ("crp",)),
    _Measured("ferritin", ("ferritin",), log=True),
)
_TITLED: Final = frozenset(drawn.key for drawn in (_TEMPERATURE, _PRESSURE, _OXYGEN, *_LABORATORY))
_PLACES: Final = {"icu": "icu", "ward": "ward", "home": "home"}
_DEVICES: Final = {
    "room-air": "air",
    "nasal-cannula": "nasal_cannula",
    "high-flow-nasal-cannula": "high_flow",
    "face-mask": "mask",
    "venturi-mask": "venturi",
    "non-rebreather-mask": "non_rebreather",
    "cpap": "cpap",
    "bipap": "bipap",
    "non-invasive-ventilation": "niv",
    "mechanical-ventilation": "ventilation",
    "ecmo": "ecmo",
}


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans that follow each other without a break and say the same, as one: a device charted every few hours."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and last.end == span.start and (last.label, last.certain) == (span.label, span.certain):
            joined[-1] = replace(last, end=span.end)
        else:
            joined.append(span)
    return tuple(joined)


def _brief_device(row: Exposure) -> Words:
    key = _DEVICES.get(row.agent)
    if key is None:
        return Words("")
    name = say(f"figure.{key}")
    return name if row.rate is None else joined([name, number_text(row.rate)], " ")


class _Maker:
    """Makes panels out of the rows of one course."""

    def __init__(
        self,
        clock: CourseClock,
        by_kind: Mapping[str, list[Observation]],
        exposures: Sequence[Exposure],
        rules: Sequence[RuleSet],
    ) -> None:
        self._clock = clock
        self._by_kind = by_kind
        self._exposures = exposures
        self._rules = rules

    def values(self, drawn: _Measured, lanes: tuple[Lane, ...] = ()) -> Panel | None:
        """A panel of measured numbers with lanes below; None when there is nothing to show."""
        curves = []
        for series, kind in enumerate(drawn.kinds, start=1):
            points = self._points(kind)
            if points:
                shape: Shape = "circle" if series == 1 else "square"
                curves.append(Curve(_curve_label(kind), points, drawn.gap, series, shape))
        lanes = (*self._unusable(drawn.kinds), *lanes)
        if not curves and not lanes:
            return None
        return Panel(
            drawn.key,
            say(f"figure.{drawn.key}") if drawn.key in _TITLED else kind_label(drawn.kinds[0]),
            unit_text(codes.observation_kind(drawn.kinds[0]).unit),
            tuple(curves),
            self._limits(drawn.kinds[0]) if curves else (),
            lanes,
            drawn.log,
            drawn.least,
            drawn.height,
        )

    def _points(self, kind: str) -> tuple[tuple[float, float], ...]:
        rows = self._by_kind.get(kind, ())
        return tuple((self._clock.hours(r.observed_at), r.value) for r in rows if r.is_usable and r.value is not None)

    def _unusable(self, kinds: Sequence[str]) -> tuple[Lane, ...]:
        rows = [row for kind in kinds for row in self._by_kind.get(kind, ()) if not row.is_usable]
        marks = tuple(Mark(self._clock.hours(r.observed_at), observation_text(r)) for r in rows)
        return (Lane(say("figure.not_usable"), marks=marks, shape="cross"),) if marks else ()

    def _limits(self, kind: str) -> tuple[Limit, ...]:
        unit = unit_text(codes.observation_kind(kind).unit)
        found = rule_words.cut_offs(self._rules, kind)
        if len(found) > _LINES:
            found = rule_words.cut_offs(self._rules[:1], kind)[:_LINES]
        places = ".1f" if kind == "body_temperature" else "g"
        return tuple(Limit(value, f"{sign} {format(value, places)} {unit}".rstrip()) for sign, value in found)

    def support(self, *kinds: str) -> tuple[Lane, ...]:
        """A lane for each drug that supports the circulation, its dose as height and in words."""
        lanes = []
        charted = self._charted("vasopressor")
        for kind in kinds:
            agents = sorted({e.agent for e in self._exposures if e.kind == kind})
            for agent in agents:
                rows = [e for e in self._exposures if e.kind == kind and e.agent == agent]
                name = (
                    agent_label(kind, agent)
                    if agent != UNSPECIFIED
                    else say("figure.which", what=kind_label(kind).each(_first_word))
                )
                lanes.append(Lane(name, self._dose_spans(rows), charted=charted))
        if charted and not lanes:
            lanes.append(Lane(say("figure.none_charted"), charted=charted))
        return tuple(lanes)

    def _charted(self, kind: str) -> tuple[Span, ...]:
        rows = [e for e in self._exposures if e.kind == "charted" and e.agent == kind]
        return tuple(
            Span(self._clock.hours(e.started_at), None if e.ended_at is None else self._clock.hours(e.ended_at), "")
            for e in rows
        )

    def _dose_spans(self, rows: Sequence[Exposure]) -> tuple[Span, ...]:
        highest = max((r.rate for r in rows if r.rate is not None), default=None)
        return tuple(
            self._span(
                row,
                dose_text(row) or say("figure.dose_not_recorded"),
                share=round(0.3 + 0.7 * row.rate / highest, 3) if row.rate is not None and highest else 0.5,
                brief="?" if row.rate is None else number_text(row.rate),
            )
            for row in rows
        )

    def _span(self, row: Exposure, label: str, *, share: float = 1.0, brief: str = "") -> Span:
        end = None if row.ended_at is None else self._clock.hours(row.ended_at)
        reason = reason_text(row)
        shown = (
            say("figure.because", what=label, reason=reason.each(str.lower)) if reason and row.kind == "stay" else label
        )
        return Span(self._clock.hours(row.started_at), end, shown, row.agent != "unspecified", share, brief)

    def device(self) -> tuple[Lane, ...]:
        """The oxygen device and its flow, as one strip."""
        rows = [e for e in self._exposures if e.kind == "oxygen"]
        if not rows:
            return ()
        spans = tuple(
            self._span(r, say("figure.device_not_recorded"), brief="?")
            if r.agent == UNSPECIFIED
            else self._span(r, exposure_text(r), brief=_brief_device(r))
            for r in rows
        )
        return (Lane(say("figure.oxygen_device"), _joined(spans)),)

    def scores(self) -> list[Panel]:
        """A staircase for each score that the rule sets add up, from its total or from complete sets of items."""
        panels = []
        seen: dict[str, methods.ItemSum] = {}
        for rule in self._rules:
            for declared in rule.inputs.values():
                if isinstance(declared, methods.ItemSum):
                    seen.setdefault(declared.total, declared)
        for total, declared in seen.items():
            points = dict(self._item_sums(declared)) | dict(self._points(total))
            if points:
                label = kind_label(total)
                curve = Curve(label, tuple(sorted(points.items())), declared.holds_hours, stairs=True)
                top = float(sum(high for _, high in declared.items.values()))
                panels.append(Panel(total, label, say("figure.points"), (curve,), least_range=(0.0, top), height=110))
        return panels

    def _item_sums(self, declared: methods.ItemSum) -> list[tuple[float, float]]:
        at: dict[float, dict[str, float]] = {}
        for kind in declared.items:
            for hour, value in self._points(kind):
                at.setdefault(hour, {})[kind] = value
        return [(hour, sum(items.values())) for hour, items in at.items() if len(items) == len(declared.items)]

    def drugs(self) -> Panel | None:
        """A lane for each drug and blood product given."""
        lanes = []
        for kind, shape in DRUGS.items():
            for agent in sorted({e.agent for e in self._exposures if e.kind == kind}):
                rows = [e for e in self._exposures if e.kind == kind and e.agent == agent]
                marks = tuple(
                    Mark(
                        self._clock.hours(r.started_at),
                        joined([exposure_text(r), self._clock.text(r.started_at)], ", "),
                    )
                    for r in rows
                    if r.ended_at == r.started_at
                )
                spans = tuple(
                    self._span(r, dose_text(r) or say("figure.given")) for r in rows if r.ended_at != r.started_at
                )
                name = kind_label(kind) if agent == UNSPECIFIED else agent_label(kind, agent).each(_without_brackets)
                lanes.append(Lane(name, spans, marks, shape))
        return Panel("drugs", say("figure.drugs"), lanes=tuple(lanes)) if lanes else None

    def care(self) -> Panel | None:
        """Place of care, and judgements that a sign has another cause."""
        lanes = []
        stays = [e for e in self._exposures if e.kind == "stay"]
        if stays:
            lanes.append(
                Lane(
                    say("figure.place_of_care"),
                    tuple(self._span(e, agent_label(e.kind, e.agent), brief=_brief_place(e)) for e in stays),
                )
            )
        judged = [e for e in self._exposures if e.kind == "other_cause"]
        for agent in sorted({e.agent for e in judged}):
            spans = tuple(self._span(e, agent_label(e.kind, e.agent)) for e in judged if e.agent == agent)
            lanes.append(Lane(say("figure.other_cause"), spans))
        return Panel("care", say("figure.care"), lanes=tuple(lanes)) if lanes else None

    def others(self) -> list[Panel]:
        """Every other number that a chosen rule set reads and that was measured in this course."""
        shown = set(_SHOWN_KINDS)
        for rule in self._rules:
            for declared in rule.inputs.values():
                if isinstance(declared, methods.ItemSum):
                    shown |= {declared.total, *declared.items}
        used: set[str] = {getattr(i, "observation", "") for rule in self._rules for i in rule.inputs.values()}
        known = codes.observations()
        names = sorted(k for k in used - shown if k in known and known[k].type == "number" and self._by_kind.get(k))
        made = [self.values(_Measured(k, (k,), height=92)) for k in names]
        return [panel for panel in made if panel is not None]


def _curve_label(kind: str) -> Words:
    named = {"systolic_blood_pressure": "figure.systolic", "mean_arterial_pressure": "figure.mean"}
    return say(named[kind]) if kind in named else kind_label(kind)


def _brief_place(row: Exposure) -> Words:
    return say(f"figure.{_PLACES[row.agent]}") if row.agent in _PLACES else Words("")


def _first_word(label: str) -> str:
    return label.split(maxsplit=1)[0]


def _without_brackets(name: str) -> str:
    """A name short enough for a lane: what stands in brackets behind it is left out."""
    return name.split(" (", maxsplit=1)[0].split("（", maxsplit=1)[0]
