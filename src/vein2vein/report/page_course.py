"""The page of one course: ribbons with their reasons beside the charts, on one time axis, each with a table twin.

Place    Report. Reads a timeline and bound rule sets; put into the file by `html`.
Knows    Ribbons are shown for every rule set with a finding; the others are listed in a table, with the same reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vein2vein.knowledge.inputs import ItemSum
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import Timeline
from vein2vein.report import course_figure, draw, rule_words
from vein2vein.report.figure import Figure, Panel, Ribbon, RibbonStep, TimeAxis, result_text
from vein2vein.report.markup import element, embedded, facts, picture, result_badge, status_badge, table, text
from vein2vein.report.reasons import ExplainedStep, Reasons, StepRow, explained_steps, ribbon_of
from vein2vein.report.scales import short
from vein2vein.report.shown import CourseClock, Row, date_text
from vein2vein.report.unused import RefusedRows, unused_note
from vein2vein.report.words import Words, joined, say

_PANEL_KINDS = {
    "temperature": ("body_temperature",),
    "pressure": (
        "systolic_blood_pressure",
        "mean_arterial_pressure",
        "vasopressor",
        "inotrope",
        "oral_vasopressor",
    ),
    "oxygen": ("oxygen_saturation", "oxygen"),
    "care": ("stay", "other_cause"),
}


@dataclass(frozen=True)
class CoursePage:
    """Markup of one course, and what the list of courses says about it."""

    markup: str
    course_id: str


@dataclass(frozen=True)
class _Scale:
    """One rule set on this page: its place in the list of all, its steps and its ribbon."""

    place: int
    rule: RuleSet
    steps: list[ExplainedStep]
    ribbon: Ribbon

    @property
    def peak(self) -> tuple[int, int] | None:
        """Highest certain and highest possible result; None where the rule set never applies.

        Of a cumulative result the last verdict is the answer, and so is what it leaves possible.
        """
        steps = self.ribbon.steps
        if not steps:
            return None
        low = max(s.low for s in steps)
        return low, max(low, steps[-1].high) if self.rule.result.cumulative else max(s.high for s in steps)

    @property
    def has_finding(self) -> bool:
        """Whether a result above the lowest was reached, or may have been at some but not all times."""
        peak = self.peak
        if peak is None:
            return False
        lowest = self.rule.result.lowest
        some_known = any(s.low == s.high for s in self.ribbon.steps)
        return peak[0] > lowest or (peak[1] > lowest and some_known)


@dataclass(frozen=True)
class PageJob:
    """What is the same for every course page.

    Attributes:
        rules: Bound rule sets in the order of the report.
        as_of: Instant up to which anything is known; None for the whole record.
        headline: How many of the first rule sets have a ribbon even when they found nothing.
    """

    rules: tuple[RuleSet, ...]
    as_of: datetime | None
    headline: int


@dataclass(frozen=True, slots=True)
class PagePlace:
    """What is known about a course besides its record.

    Attributes:
        number: Place of the course in the report, from 0; part of its address within the file.
        refused: Rows of the course that were refused; None when the delivery is not known.
    """

    number: int
    refused: RefusedRows | None


def course_page(
    timeline: Timeline,
    steps: Mapping[str, Sequence[StepRow]],
    place: PagePlace,
    job: PageJob,
) -> CoursePage:
    """Make the page of one course.

    Args:
        timeline: The course.
        steps: Its rows of the verdict table by rule set.
        place: Where the course stands, and which of its rows never reached the record.
        job: What is the same for every page.
    """
    course_id, number = timeline.course.course_id, place.number
    head = element("h1", say("course.heading", id=course_id), tabindex="-1", id=f"course-{number}-heading")
    clock = CourseClock.of(timeline)
    if clock is None:
        return CoursePage(_section(number, _back() + head + element("p", say("course.nothing"))), course_id)
    rules = job.rules
    reasons = Reasons(clock)
    scales = []
    for i, rule in enumerate(rules):
        found = explained_steps(timeline, rule, steps.get(rule.id, ()), as_of=job.as_of)
        reasons.add(rule, i, found)
        scales.append(_Scale(i, rule, found, ribbon_of(rule, found, clock)))
    shown = [s for s in scales if s.peak is not None and (s.has_finding or s.place < job.headline)]
    places = {s.place for s in shown}
    rest = [s for s in scales if s.place not in places]
    figure = course_figure.course_figure(timeline, [s.ribbon for s in shown], rules)
    assert figure is not None  # noqa: S101  (a course with a clock has a time axis)
    views = _views(timeline, rules, shown, figure)
    parts = [
        _back(),
        head,
        _facts(timeline, clock),
        _peaks(shown, clock, number),
        unused_note(timeline, place.refused),
        element("div", _left(number, views, shown), _aside(number), class_="bedside"),
        _steps_table(shown, clock, number),
        _rest_table(rest, number),
        embedded(f"course-{number}-data", _data(timeline, reasons, shown)),
    ]
    return CoursePage(_section(number, "".join(parts)), course_id)


def _section(number: int, body: str) -> str:
    return element(
        "section", body, class_="page course", id=f"course-{number}", aria_labelledby=f"course-{number}-heading"
    )


def _back() -> str:
    return element("p", element("a", say("course.back"), href="#cohort", class_="back"), class_="no-print")


def _facts(timeline: Timeline, clock: CourseClock) -> str:
    course = timeline.course
    unknown = say("course.not_recorded")
    infused: str = unknown
    age: str = unknown
    if course.infused_at is not None:
        infused = f"{clock.date(course.infused_at)} {clock.time(course.infused_at)}"
        if course.patient.born_on is not None:
            age = say("course.years", n=_years(course.patient.born_on, clock.zero))
    followed = unknown if course.followed_until is None else clock.text(course.followed_until)
    return facts(
        [
            (say("course.product"), course.product or unknown),
            (say("course.indication"), course.indication or unknown),
            (say("course.age"), age),
            (say("course.infusion"), infused),
            (say("course.followed"), followed),
            (say("course.zone"), course.zone),
            (say("course.centre"), course.centre_id or ""),
        ]
    )


def _peaks(shown: Sequence[_Scale], clock: CourseClock, number: int) -> str:
    """The worst step of each ribbon in one line, each a button that leads to its reasons."""
    entries = []
    for scale in shown:
        if scale.has_finding:
            worst = _worst(scale.ribbon.steps)
            step = scale.steps[worst]
            entries.append(element("li", _peak_button(scale, worst, clock.text(step.verdict.at), number)))
    if not entries:
        return element("p", say("course.no_finding"))
    return element("ul", *entries, class_="peaks no-print", aria_label=say("course.peaks"))


def _peak_button(scale: _Scale, worst: int, since: Words, number: int) -> str:
    rule, step = scale.rule, scale.ribbon.steps[worst]
    shown = result_text(step.low, step.high, rule.result.kind)
    badge = result_badge(shown, (step.low, step.high), (scale.ribbon.lowest, scale.ribbon.highest))
    return element(
        "button",
        element("strong", rule_words.short_name(rule)),
        " ",
        badge,
        " ",
        element("span", say("course.since", at=since), class_="since"),
        type="button",
        class_="why",
        data_course=str(number),
        data_scale=str(scale.place),
        data_step=str(worst),
    )


def _years(born: Any, at: datetime) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def _views(
    timeline: Timeline, rules: Sequence[RuleSet], shown: Sequence[_Scale], first: Figure
) -> list[tuple[Words, Figure]]:
    views: list[tuple[Words, Figure]] = [(say("course.days", **_span_of(first.axis)), first)]
    if course_figure.is_longer_than_first_view(timeline):
        whole = course_figure.course_figure(timeline, [s.ribbon for s in shown], rules, first_view=False)
        if whole is not None:
            views.append((say("course.whole"), whole))
    return views


def _span_of(axis: TimeAxis) -> dict[str, str]:
    return {"first": short(axis.days[0][0]), "last": short(axis.days[-1][0])}


def _left(number: int, views: Sequence[tuple[Words, Figure]], shown: Sequence[_Scale]) -> str:
    switch = ""
    if len(views) > 1:
        buttons = [
            element("button", name, type="button", data_view=str(i), aria_pressed=str(i == 0).lower())
            for i, (name, _) in enumerate(views)
        ]
        switch = element("div", *buttons, class_="switch no-print", role="group", aria_label=say("course.time_shown"))
    parts = [switch, *(_view(number, i, figure, shown) for i, (_, figure) in enumerate(views))]
    return element("div", *parts, class_="charts")


def _view(number: int, view: int, figure: Figure, shown: Sequence[_Scale]) -> str:
    axis = figure.axis
    top = picture(draw.time_axis(axis), _axis_label(axis))
    ribbons = [_ribbon(scale, axis) for scale in shown]
    panels = [_panel(number, panel, axis) for panel in figure.panels]
    return element(
        "div",
        element("h2", say("course.ribbons")),
        element("p", say("course.how_to_read"), class_="hint no-print"),
        top,
        *ribbons,
        picture(draw.days_only(axis), axis.name),
        element("p", axis.name, class_="axis-name"),
        element("h2", say("course.recorded")),
        *panels,
        picture(draw.days_only(axis), axis.name),
        element("p", axis.name, class_="axis-name"),
        element("div", class_="cursor", aria_hidden="true"),
        class_="lanes",
        role="region",
        tabindex="0",
        aria_label=say("course.charts", axis=axis.name, **_span_of(axis)),
        data_view=str(view),
        data_start=f"{axis.start:.3f}",
        data_end=f"{axis.end:.3f}",
        hidden=view > 0,
    )


def _axis_label(axis: TimeAxis) -> Words:
    events = joined([event.label for event in axis.events])
    return say("course.axis_label", axis=axis.name, events=events).each(str.strip)


def _ribbon(scale: _Scale, axis: TimeAxis) -> str:
    rule, ribbon = scale.rule, scale.ribbon
    peak = scale.peak or (0, 0)
    shown = result_text(*peak, rule.result.kind)
    first = _worst(ribbon.steps)
    badge = shown if rule.result.kind == "met" else say("result.highest", shown=shown)
    head = element(
        "p",
        element("strong", rule_words.short_name(rule)),
        f" · {text(rule_words.edition_name(rule))} ",
        result_badge(badge, peak, (ribbon.lowest, ribbon.highest)),
        " ",
        status_badge(rule.status),
        class_="ribbon-head",
    )
    return element(
        "div",
        head,
        element(
            "div",
            picture(draw.ribbon(ribbon, axis), say("course.ribbon_label", title=ribbon.title, shown=shown)),
            class_="ribbon",
            role="slider",
            tabindex="0",
            aria_label=say("course.steps_of", title=ribbon.title),
            aria_valuemin="1",
            aria_valuemax=str(max(1, len(ribbon.steps))),
            aria_valuenow=str(first + 1),
            aria_valuetext=say("course.step_of", step=first + 1, steps=len(ribbon.steps)),
            data_scale=str(scale.place),
            data_worst=str(first),
        ),
        class_="ribbon-block",
    )


def _worst(steps: Sequence[RibbonStep]) -> int:
    return max(range(len(steps)), key=lambda i: (steps[i].low, steps[i].high, -i), default=0)


def _panel(number: int, panel: Panel, axis: TimeAxis) -> str:
    over = joined([axis.name]).each(str.lower)
    key = "course.panel_label_unit" if panel.unit else "course.panel_label"
    label = say(key, title=panel.title, unit=panel.unit, axis=over)
    twin = element(
        "details",
        element("summary", say("course.table_of", title=panel.title)),
        class_="twin no-print",
        data_panel=panel.key,
        data_course=str(number),
    )
    return element("figure", picture(draw.panel(panel, axis), label), twin)


def _aside(number: int) -> str:
    return element(
        "aside",
        element("p", say("course.choose_step")),
        class_="reasons",
        id=f"course-{number}-reasons",
        aria_label=say("course.reasons_label"),
        tabindex="-1",
    )


def _steps_table(shown: Sequence[_Scale], clock: CourseClock, number: int) -> str:
    rows = [row for scale in shown for row in _step_rows(scale, clock, number)]
    heads = tuple(say(f"course.{key}") for key in ("scale", "from", "to", "result", "decided", "missing", "reasons"))
    body = table(heads, rows, caption=say("course.all_steps"), class_="steps")
    return element(
        "details", element("summary", say("course.table_of_steps", count=len(rows))), body, class_="all-steps"
    )


def _step_rows(scale: _Scale, clock: CourseClock, number: int) -> list[tuple[str, ...]]:
    rule = scale.rule
    rows: list[tuple[str, ...]] = []
    for i, step in enumerate(scale.steps):
        verdict = step.verdict
        assert verdict.bounds is not None  # noqa: S101  (chosen above)
        lacking = rule_words.lacking(rule, verdict.missing, {u.name: u.rows for u in verdict.inputs})
        shown = rule_words.result_sentence(rule, verdict.bounds.low, verdict.bounds.high)
        rows.append(
            (
                text(scale.ribbon.title),
                text(clock.text(verdict.at)),
                text("" if step.until is None else clock.text(step.until)),
                text(shown),
                text(joined([rule_words.name_words(rule, name) for name in verdict.deciding])),
                text(joined(lacking)),
                _why_button(number, scale, i, say("course.step_from", what=shown, at=clock.text(verdict.at))),
            )
        )
    return rows


def _why_button(number: int, scale: _Scale, step: int, what: Words) -> str:
    return element(
        "button",
        say("course.reasons"),
        type="button",
        class_="why no-print",
        data_course=str(number),
        data_scale=str(scale.place),
        data_step=str(step),
        aria_label=say("course.reasons_for", what=what),
    )


def _rest_table(rest: Sequence[_Scale], number: int) -> str:
    if not rest:
        return ""
    rows = []
    for scale in rest:
        peak = scale.peak
        name = text(scale.ribbon.title)
        if peak is None:
            rows.append((name, text(say("result.does_not_apply")), text(say("course.never")), ""))
            continue
        shown = rule_words.result_sentence(scale.rule, *peak)
        known = "nothing_found" if peak[1] == scale.rule.result.lowest else "not_assessed"
        worst = _worst(scale.ribbon.steps)
        rows.append(
            (
                name,
                text(say(f"course.{known}", shown=shown)),
                text(joined(_all_lacking(scale))),
                _why_button(number, scale, worst, shown),
            )
        )
    heads = tuple(say(f"course.{key}") for key in ("scale", "result", "why", "reasons"))
    body = table(heads, rows, caption=say("course.rest_caption"))
    return element("details", element("summary", say("course.rest", count=len(rows))), body, class_="rest")


def _all_lacking(scale: _Scale) -> tuple[Words, ...]:
    found: dict[Words, None] = {}
    for step in scale.steps:
        rows = {used.name: used.rows for used in step.verdict.inputs}
        found |= dict.fromkeys(rule_words.lacking(scale.rule, step.verdict.missing, rows))
    return tuple(found)


def _data(timeline: Timeline, reasons: Reasons, shown: Sequence[_Scale]) -> dict[str, Any]:
    """Data of the page: reasons, and which rows stand in the table of which panel."""
    rows: dict[str, list[int]] = {}
    figure_rows: list[Row] = [*timeline.observations, *timeline.exposures]
    for row in figure_rows:
        rows.setdefault(row.kind, []).extend(reasons.places([row]))
    return reasons.data() | {"panels": rows, "groups": _groups(shown)}


def _groups(shown: Sequence[_Scale]) -> dict[str, list[str]]:
    """Kinds of rows behind a panel, where these are more than the one whose name it bears."""
    groups = {panel: list(kinds) for panel, kinds in _PANEL_KINDS.items()}
    groups["drugs"] = [*course_figure.DRUGS, "charted"]
    for scale in shown:
        for declared in scale.rule.inputs.values():
            if isinstance(declared, ItemSum):
                groups[declared.total] = [declared.total, *declared.items]
    return groups


def printed(at: datetime) -> str:
    """An instant as it is printed: "2026-11-22 14:05 UTC"."""
    return f"{date_text(at)} {at:%H:%M} {at.tzname() or ''}".rstrip()
