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
from vein2vein.knowledge.wording import name_text
from vein2vein.record.timeline import Timeline
from vein2vein.report import course_figure, draw, rule_words
from vein2vein.report.figure import Figure, Panel, Ribbon, RibbonStep, TimeAxis, result_text
from vein2vein.report.markup import element, embedded, facts, picture, result_badge, status_badge, table, text
from vein2vein.report.reasons import ExplainedStep, Reasons, StepRow, explained_steps, ribbon_of
from vein2vein.report.shown import CourseClock, Row, date_text

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
        high = steps[-1].high if self.rule.result.cumulative else max(s.high for s in steps)
        return max(s.low for s in steps), high

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
        refused: Rows of the whole delivery that were refused; None when the delivery is not known.
    """

    rules: tuple[RuleSet, ...]
    as_of: datetime | None
    headline: int
    refused: int | None = None


def course_page(timeline: Timeline, steps: Mapping[str, Sequence[StepRow]], number: int, job: PageJob) -> CoursePage:
    """Make the page of one course.

    Args:
        timeline: The course.
        steps: Its rows of the verdict table by rule set.
        number: Place of the course in the report, from 0; part of its address within the file.
        job: What is the same for every page.
    """
    course_id = timeline.course.course_id
    head = element("h1", text(f"Course {course_id}"), tabindex="-1", id=f"course-{number}-heading")
    clock = CourseClock.of(timeline)
    if clock is None:
        body = element("p", "No infusion and no usable row is recorded for this course: there is nothing to show.")
        return CoursePage(_section(number, head + body), course_id)
    rules = job.rules
    reasons = Reasons(clock)
    scales = []
    for place, rule in enumerate(rules):
        found = explained_steps(timeline, rule, steps.get(rule.id, ()), as_of=job.as_of)
        reasons.add(rule, place, found)
        scales.append(_Scale(place, rule, found, ribbon_of(rule, found, clock)))
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
        _unused(timeline, job.refused),
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
    return element("p", element("a", "← All courses", href="#cohort", class_="back"), class_="no-print")


def _facts(timeline: Timeline, clock: CourseClock) -> str:
    course = timeline.course
    infused = "not recorded"
    age = ""
    if course.infused_at is not None:
        infused = f"{clock.date(course.infused_at)}, {clock.text(course.infused_at).split(', ')[1]}"
        if course.patient.born_on is not None:
            age = f"{_years(course.patient.born_on, clock.zero)} years"
    until = "" if course.followed_until is None else clock.text(course.followed_until)
    return facts(
        [
            ("Product", course.product or "not recorded"),
            ("Indication", course.indication or "not recorded"),
            ("Age at infusion", age or "not recorded"),
            ("Infusion (day 0)", infused),
            ("Followed until", until or "not recorded"),
            ("Local time", course.zone),
            ("Centre", course.centre_id or ""),
        ]
    )


def _unused(timeline: Timeline, refused: int | None) -> str:
    """What is not behind the grades: rows of the course that no rule may use, and rows that never reached a course."""
    recorded: list[Row] = [*timeline.observations, *timeline.exposures]
    kept = sum(getattr(row, "usability", "ok") != "ok" for row in recorded)
    said = [f"{kept} of {len(recorded)} rows of this course are kept but not assessable; no grade rests on them."]
    if refused is None:
        said.append("How many rows were refused when the data were read is not known to this report.")
    elif refused:
        said.append(
            f"{refused} rows of the whole delivery were refused; which course they belonged to is not kept, so some may be "
            "of this one. The account of the delivery names them."
        )
    else:
        said.append("No row of the delivery was refused.")
    noted = "note unused" if kept or refused else "hint unused"
    return element("p", text(" ".join(said)), class_=noted)


def _years(born: Any, at: datetime) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def _views(
    timeline: Timeline, rules: Sequence[RuleSet], shown: Sequence[_Scale], first: Figure
) -> list[tuple[str, Figure]]:
    name = f"Days {first.axis.days[0][0]} to {first.axis.days[-1][0]}".replace("-", "−")
    views = [(name, first)]
    if course_figure.is_longer_than_first_view(timeline):
        whole = course_figure.course_figure(timeline, [s.ribbon for s in shown], rules, first_view=False)
        if whole is not None:
            views.append(("Whole follow-up", whole))
    return views


def _left(number: int, views: Sequence[tuple[str, Figure]], shown: Sequence[_Scale]) -> str:
    switch = ""
    if len(views) > 1:
        buttons = [
            element("button", text(name), type="button", data_view=str(i), aria_pressed=str(i == 0).lower())
            for i, (name, _) in enumerate(views)
        ]
        switch = element("div", *buttons, class_="switch no-print", role="group", aria_label="Time shown")
    parts = [switch, *(_view(number, i, figure, shown) for i, (_, figure) in enumerate(views))]
    return element("div", *parts, class_="charts")


def _view(number: int, view: int, figure: Figure, shown: Sequence[_Scale]) -> str:
    axis = figure.axis
    top = picture(draw.time_axis(axis), _axis_label(axis))
    ribbons = [_ribbon(scale, axis) for scale in shown]
    panels = [_panel(number, panel, axis) for panel in figure.panels]
    name = f"{axis.name}, day {axis.days[0][0]} to day {axis.days[-1][0]}"
    return element(
        "div",
        element("h2", "Grades over time"),
        element("p", _HOW_TO_READ, class_="hint no-print"),
        top,
        *ribbons,
        picture(draw.days_only(axis), axis.name),
        element("p", text(axis.name), class_="axis-name"),
        element("h2", "What was recorded"),
        *panels,
        picture(draw.days_only(axis), axis.name),
        element("p", text(axis.name), class_="axis-name"),
        element("div", class_="cursor", aria_hidden="true"),
        class_="lanes",
        role="region",
        tabindex="0",
        aria_label=f"Charts, {name}",
        data_view=str(view),
        data_start=f"{axis.start:.3f}",
        data_end=f"{axis.end:.3f}",
        hidden=view > 0,
    )


_HOW_TO_READ = (
    "Solid: certain. Hatched: possible, because something is missing. Where the charts are wider than the window, scroll "
    "them sideways. Click a ribbon, or focus it and use the arrow keys, to see the reasons of a step."
)


def _axis_label(axis: TimeAxis) -> str:
    events = "; ".join(event.label for event in axis.events)
    return f"{axis.name}. {events}".strip()


def _ribbon(scale: _Scale, axis: TimeAxis) -> str:
    rule, ribbon = scale.rule, scale.ribbon
    peak = scale.peak or (0, 0)
    shown = result_text(*peak, rule.result.kind)
    first = _worst(ribbon.steps)
    head = element(
        "p",
        element("strong", text(rule_words.short_name(rule))),
        f" · {text(rule_words.edition_name(rule))} ",
        result_badge(shown if rule.result.kind == "met" else f"highest {shown}", peak, (ribbon.lowest, ribbon.highest)),
        " ",
        status_badge(rule.status),
        class_="ribbon-head",
    )
    return element(
        "div",
        head,
        element(
            "div",
            picture(draw.ribbon(ribbon, axis), f"{ribbon.title}: highest result {shown}"),
            class_="ribbon",
            role="slider",
            tabindex="0",
            aria_label=f"Steps of {ribbon.title}",
            aria_valuemin="1",
            aria_valuemax=str(max(1, len(ribbon.steps))),
            aria_valuenow=str(first + 1),
            aria_valuetext=f"step {first + 1} of {len(ribbon.steps)}",
            data_scale=str(scale.place),
            data_worst=str(first),
        ),
        class_="ribbon-block",
    )


def _worst(steps: Sequence[RibbonStep]) -> int:
    return max(range(len(steps)), key=lambda i: (steps[i].low, steps[i].high, -i), default=0)


def _panel(number: int, panel: Panel, axis: TimeAxis) -> str:
    label = f"{panel.title}{', ' + panel.unit if panel.unit else ''}, over {axis.name.lower()}"
    twin = element(
        "details",
        element("summary", f"Table: {text(panel.title)}"),
        class_="twin no-print",
        data_panel=panel.key,
        data_course=str(number),
    )
    return element("figure", picture(draw.panel(panel, axis), label), twin)


def _aside(number: int) -> str:
    return element(
        "aside",
        element("p", "Choose a step of a ribbon to see the reasons for it."),
        class_="reasons",
        id=f"course-{number}-reasons",
        aria_label="Reasons of the chosen step",
        tabindex="-1",
    )


def _steps_table(shown: Sequence[_Scale], clock: CourseClock, number: int) -> str:
    rows = [row for scale in shown for row in _step_rows(scale, clock, number)]
    body = table(
        ("Scale", "From", "To", "Result", "Decided by", "Missing", "Reasons"),
        rows,
        caption="All steps of the ribbons",
        class_="steps",
    )
    return element("details", element("summary", f"Table of all steps ({len(rows)})"), body, class_="all-steps")


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
                text("; ".join(name_text(rule, name) for name in verdict.deciding)),
                text("; ".join(lacking)),
                _why_button(number, scale, i, f"{shown}, from {clock.text(verdict.at)}"),
            )
        )
    return rows


def _why_button(number: int, scale: _Scale, step: int, what: str) -> str:
    return element(
        "button",
        "Reasons",
        type="button",
        class_="why no-print",
        data_course=str(number),
        data_scale=str(scale.place),
        data_step=str(step),
        aria_label=f"Reasons for {what}",
    )


def _rest_table(rest: Sequence[_Scale], number: int) -> str:
    if not rest:
        return ""
    rows = []
    for scale in rest:
        peak = scale.peak
        if peak is None:
            rows.append((text(scale.ribbon.title), "does not apply", _NEVER, ""))
            continue
        shown = rule_words.result_sentence(scale.rule, *peak)
        lacking = _all_lacking(scale)
        known = "nothing found" if peak[1] == scale.rule.result.lowest else "could not be assessed"
        worst = _worst(scale.ribbon.steps)
        rows.append(
            (
                text(scale.ribbon.title),
                text(f"{shown}: {known}"),
                text("; ".join(lacking)),
                _why_button(number, scale, worst, shown),
            )
        )
    body = table(("Scale", "Result", "Why", "Reasons"), rows, caption="Scales without a ribbon")
    return element("details", element("summary", f"Scales without a finding ({len(rows)})"), body, class_="rest")


_NEVER = "no infusion, outside the population, or no time within the window of the scale"


def _all_lacking(scale: _Scale) -> tuple[str, ...]:
    found: dict[str, None] = {}
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
    """An instant as it is printed: "22 Nov 2026, 14:05 UTC"."""
    return f"{date_text(at)}, {at:%H:%M} {at.tzname() or ''}".rstrip()
