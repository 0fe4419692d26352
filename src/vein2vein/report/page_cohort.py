"""The first page: who reached which grade when, for how long, what could not be assessed and why, and all courses.

Place    Report. Reads the summary tables and the verdict steps; put into the file by `html`.
Knows    Courses stand worst first: by the highest certain grade, then the highest possible one, of the first scales.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from vein2vein.errors import describe
from vein2vein.intake.book import FATES
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report import draw, rule_words, svg
from vein2vein.report.figure import Ribbon, TimeAxis, result_text
from vein2vein.report.markup import element, result_badge, share_bar, status_badge, table, text
from vein2vein.report.ribbons import OVERVIEW_DAYS
from vein2vein.report.scales import number_of_days, short
from vein2vein.report.summary import Summary

_STRIP: Final = 15.0
_IN_THE_OPEN: Final = 6


def levels_part(rules: Sequence[RuleSet], summary: Summary, *, first: int) -> str:
    """Who reached which level: numbers with bars, certain and possible; the `first` rule sets in the open."""
    shown = [r for r in rules if r.result.kind == "grade"]
    highest = max((r.result.highest for r in shown), default=0)
    rows: list[tuple[str, ...]] = []
    others: list[tuple[str, ...]] = []
    quiet: list[tuple[str, ...]] = []
    leading = {rule.id for rule in rules[:first]}
    for rule in shown:
        mine = summary.levels.filter(pl.col("rule_set_id") == rule.id)
        nothing = not mine.height or mine["reached_possible"].max() == 0
        group = rows if rule.id in leading else (quiet if nothing else others)
        group.append(_level_row(rule, mine, highest))
    heads = ("Scale", "Courses", *(f"Grade {g}{' or higher' if g < highest else ''}" for g in range(1, highest + 1)))
    parts = [element("h2", "Who reached which grade", id="levels-heading"), element("p", _BOUNDS_WORDS)]
    if rows:
        parts.append(table(heads, rows, caption="Courses that reached a grade, by scale", class_="levels"))
    if others:
        inner = table(heads, others, caption="Other grading scales", class_="levels")
        parts.append(_folded(f"Other grading scales ({len(others)})", inner, is_open=len(others) <= _IN_THE_OPEN))
    if quiet:
        inner = table(heads, quiet, caption="Scales in which nobody can have reached grade 1", class_="levels")
        parts.append(_folded(f"Scales in which nobody can have reached grade 1 ({len(quiet)})", inner))
    parts.append(_other_levels(rules, summary))
    return element("section", *parts, aria_labelledby="levels-heading")


_BOUNDS_WORDS = (
    "Two numbers mean: certain, and certain or possible. A course is possible where something that is missing from "
    "the record could raise its grade. The percentages refer to the courses to which the scale applied."
)


def _level_row(rule: RuleSet, mine: pl.DataFrame, highest: int) -> tuple[str, ...]:
    cells = {row["level"]: row for row in mine.iter_rows(named=True)}
    courses = int(mine["courses"][0]) if mine.height else 0
    return (
        _scale_name(rule),
        str(courses),
        *(_count_cell(cells.get(grade), rule, courses) for grade in range(1, highest + 1)),
    )


def _count_cell(row: Mapping[str, Any] | None, rule: RuleSet, courses: int) -> str:
    if row is None or not courses:
        return element("span", "–", class_="none", aria_label="no such grade")
    low, high = int(row["reached_certain"]), int(row["reached_possible"])
    words = str(low) if low == high else f"{low} to {high}"
    share = f"{_percent(low, courses)}" if low == high else f"{_percent(low, courses)} to {_percent(high, courses)}"
    label = f"{rule_words.short_name(rule)} {row['name']}: {words} of {courses}"
    return (
        element("span", text(words), class_="count")
        + share_bar(low / courses, high / courses, label)
        + element("small", text(share))
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _other_levels(rules: Sequence[RuleSet], summary: Summary) -> str:
    rows = []
    for rule in rules:
        if rule.result.kind == "grade":
            continue
        for row in summary.levels.filter(pl.col("rule_set_id") == rule.id).iter_rows(named=True):
            courses = int(row["courses"])
            rows.append((_scale_name(rule), text(row["name"]), str(courses), _count_cell(row, rule, courses)))
    if not rows:
        return ""
    heads = ("Criteria or score", "Level", "Courses", "Reached")
    body = table(heads, rows, caption="Criteria and scores", class_="levels")
    return _folded(f"Criteria and scores ({len(rows)} levels)", body, is_open=len(rows) <= _IN_THE_OPEN)


def _scale_name(rule: RuleSet) -> str:
    name = element("strong", text(rule_words.short_name(rule)))
    return f"{name} <span class='edition'>{text(rule_words.edition_name(rule))}</span> {status_badge(rule.status)}"


def onset_part(rules: Sequence[RuleSet], summary: Summary, *, first: int) -> str:
    """Onset and length of certain episodes, medians with quartiles; the `first` rule sets in the open."""
    rows = []
    leading = 0
    ids = {rule.id for rule in rules[:first]}
    for rule, row in _rows(rules, summary.rule_sets):
        if row["episodes"]:
            leading += rule.id in ids
            rows.append(
                (
                    _scale_name(rule),
                    str(row["courses_with_episode"]),
                    _median(row, "onset_day", "day "),
                    str(row["episodes"]),
                    str(row["episodes_resolved"]),
                    _median(row, "episode_days", ""),
                )
            )
    heads = ("Scale", "Courses with an episode", "First onset, relative day", "Episodes", "Resolved", "Length, days")
    caption = "Onset and length of certain episodes: median (quartiles)"
    body = _in_two(heads, rows, leading, caption) if rows else element("p", "No certain episode of any scale.")
    return element(
        "section", element("h2", "Onset and length", id="onset-heading"), body, aria_labelledby="onset-heading"
    )


def _rows(rules: Sequence[RuleSet], frame: pl.DataFrame) -> list[tuple[RuleSet, dict[str, Any]]]:
    by_id = {row["rule_set_id"]: row for row in frame.iter_rows(named=True)}
    return [(rule, by_id[rule.id]) for rule in rules if rule.id in by_id]


def _median(row: Mapping[str, Any], name: str, before: str) -> str:
    middle = row[f"{name}_median"]
    if middle is None:
        return "none resolved"
    quarter, three = row[f"{name}_quarter"], row[f"{name}_three_quarters"]
    return f"{before}{number_of_days(middle)} ({number_of_days(quarter)} to {number_of_days(three)})"


def assessable_part(rules: Sequence[RuleSet], summary: Summary, *, first: int) -> str:
    """How much time could not be assessed, and what was missing; the `first` rule sets in the open."""
    rows = []
    leading = 0
    ids = {rule.id for rule in rules[:first]}
    for rule, row in _rows(rules, summary.rule_sets):
        if not row["courses_applicable"]:
            continue
        leading += rule.id in ids
        hours, open_ = row["hours"], row["hours_not_assessable"]
        share = open_ / hours if hours else 0.0
        label = f"{rule_words.short_name(rule)}: {100 * share:.0f} % of the time not assessable"
        rows.append(
            (
                _scale_name(rule),
                f"{100 * share:.0f} % " + share_bar(0.0, share, label),
                f"{row['courses_fully_assessable']} of {row['courses_applicable']}",
                _top_missing(rule, summary),
            )
        )
    heads = ("Scale", "Time not assessable", "Courses without any gap", "What was missing (share of the open time)")
    body = _in_two(heads, rows, leading, "What could not be assessed, and why")
    return element(
        "section",
        element("h2", "What could not be assessed, and why", id="gaps-heading"),
        element("p", "Time is not assessable while something that is missing could change the result."),
        body,
        aria_labelledby="gaps-heading",
    )


def _top_missing(rule: RuleSet, summary: Summary) -> str:
    mine = summary.missing.filter(pl.col("rule_set_id") == rule.id)
    total = float(summary.rule_sets.filter(pl.col("rule_set_id") == rule.id)["hours_not_assessable"].sum())
    phrases: dict[str, float] = {}
    for row in mine.iter_rows(named=True):
        for phrase in rule_words.lacking(rule, [row["input"]]):
            # inputs read from the same record are missing together: the longest of them stands for all
            phrases[phrase] = max(phrases.get(phrase, 0.0), float(row["hours"]))
    top = sorted(phrases.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    shown = [f"{text(phrase)} ({100 * hours / total:.0f} %)" if total else text(phrase) for phrase, hours in top]
    return "<br>".join(shown) or "nothing"


@dataclass(frozen=True)
class CourseRow:
    """One line of the list of courses."""

    course_id: str
    product: str
    peaks: Mapping[str, tuple[int, int] | None]
    ribbons: Sequence[Ribbon]
    open_share: float
    page: int | None


def worst_first(cohort: Cohort, summary: Summary, rules: Sequence[RuleSet]) -> list[tuple[str, dict[str, Any]]]:
    """Course identifiers with their peaks by rule set, worst first over the given rule sets, then by identifier."""
    ids = [rule.id for rule in rules if rule.result.kind == "grade"] or [rule.id for rule in rules]
    by_course: dict[str, dict[str, Any]] = {course_id: {} for course_id in cohort.course_ids}
    for row in summary.peaks.iter_rows(named=True):
        by_course.setdefault(row["course_id"], {})[row["rule_set_id"]] = row

    def key(pair: tuple[str, dict[str, Any]]) -> tuple[Any, ...]:
        rows = [pair[1].get(id) or {} for id in ids]
        lows = sorted(-(r.get("peak_low") or 0) for r in rows)
        highs = sorted(-(r.get("peak_high") or 0) for r in rows)
        return (lows, highs, pair[0])

    return sorted(by_course.items(), key=key)


def courses_part(
    rows: Sequence[CourseRow], rules: Sequence[RuleSet], headline: Sequence[RuleSet], *, total: int
) -> str:
    """The list of courses with their ribbons, filters and order."""
    body = [_course_line(row, rules, headline) for row in rows]
    names = ", ".join(rule_words.short_name(rule) for rule in headline)
    heads = [("Course", None), *((rule_words.short_name(r), rule_words.edition_name(r)) for r in headline)]
    head_cells = [
        element("th", text(name), "" if small is None else element("small", text(small)), scope="col")
        for name, small in heads
    ]
    head_cells.append(
        element("th", f"Days 0 to {OVERVIEW_DAYS}: {text(names)}", _day_scale(), scope="col", class_="strip-head")
    )
    head_cells.append(element("th", "Not assessable", scope="col"))
    shown = element(
        "table",
        element("caption", f"{len(rows)} of {total} courses, worst first"),
        element("thead", element("tr", *head_cells)),
        element("tbody", *body),
        id="course-table",
    )
    note = ""
    if total > len(rows):
        note = element("p", f"The list holds the {len(rows)} worst of {total} courses; the tables hold all of them.")
    return element(
        "section",
        element("h2", "Courses", id="courses-heading"),
        note,
        _filters(rules),
        element("p", "", id="course-count", role="status", class_="hint"),
        element("div", shown, class_="wide", role="region", aria_label="List of courses", tabindex="0"),
        aria_labelledby="courses-heading",
    )


def _filters(rules: Sequence[RuleSet]) -> str:
    scales = [element("option", "all scales shown here", value="")]
    scales += [
        element("option", text(f"{rule_words.short_name(r)} · {rule_words.edition_name(r)}"), value=str(i))
        for i, r in enumerate(rules)
    ]
    highest = max((r.result.highest for r in rules if r.result.kind == "grade"), default=1)
    grades = [element("option", "any", value="0")]
    grades += [element("option", f"{g} or higher", value=str(g)) for g in range(1, highest + 1)]
    orders = (("worst", "worst first"), ("open", "most time not assessable"), ("id", "course identifier"))
    fields = [
        _field("Scale", element("select", *scales, id="filter-scale")),
        _field("Grade reached", element("select", *grades, id="filter-grade")),
        _field(
            "Count as reached",
            element(
                "select",
                element("option", "certain", value="low"),
                element("option", "certain or possible", value="high"),
                id="filter-bound",
            ),
        ),
        _field("Order", element("select", *(element("option", n, value=v) for v, n in orders), id="filter-order")),
        _field("Course contains", element("input", type="search", id="filter-text", autocomplete="off")),
    ]
    return element("form", *fields, class_="filters no-print", aria_label="Filter and sort courses", id="filters")


def _field(label: str, control: str) -> str:
    return element("label", element("span", label), control)


def _course_line(row: CourseRow, rules: Sequence[RuleSet], headline: Sequence[RuleSet]) -> str:
    name: str = text(row.course_id)
    if row.page is not None:
        name = element("a", name, href=f"#course-{row.page}")
    cells = [element("th", name, element("small", text(row.product)), scope="row")]
    for rule in headline:
        peak = row.peaks.get(rule.id)
        span = (rule.result.lowest, rule.result.highest)
        cells.append(
            element(
                "td",
                "does not apply" if peak is None else result_badge(result_text(*peak, rule.result.kind), peak, span),
            )
        )
    cells.append(element("td", _strips(row), class_="strips"))
    cells.append(element("td", f"{100 * row.open_share:.0f} %", class_="number"))
    peaks = [row.peaks.get(rule.id) for rule in rules]
    return element(
        "tr",
        *cells,
        data_peaks=json.dumps(peaks, separators=(",", ":")),
        data_id=row.course_id,
        data_open=f"{row.open_share:.4f}",
    )


def overview_axis() -> TimeAxis:
    """The axis of the list of courses: days 0 to 30 of 24 hours."""
    days = tuple((day, 24.0 * day) for day in range(OVERVIEW_DAYS + 1))
    return TimeAxis(0.0, 24.0 * (OVERVIEW_DAYS + 1), days)


def strip(ribbon: Ribbon, axis: TimeAxis) -> draw.Drawing:
    """A ribbon without labels, cut to its plot."""
    return draw.ribbon(ribbon, axis, bars=_STRIP, labels=False)


def _strips(row: CourseRow) -> str:
    axis = overview_axis()
    parts, y = [], 0.0
    for ribbon in row.ribbons:
        drawing = strip(ribbon, axis)
        parts.append(svg.tag("g", drawing.body, transform=f"translate({-draw.LEFT} {svg.number(y)})"))
        y += drawing.height + 1
    said = "; ".join(_said(ribbon) for ribbon in row.ribbons) or "none"
    return svg.tag(
        "svg",
        *(parts or [""]),
        viewBox=f"0 0 {draw.PLOT} {svg.number(max(y, 1.0))}",
        preserveAspectRatio="none",
        height=f"{max(y, 1.0):.0f}",
        role="img",
        aria_label=f"Ribbons: {said}",
        class_="strip",
    )


def _said(ribbon: Ribbon) -> str:
    if not ribbon.steps:
        return f"{ribbon.key} does not apply"
    low, high = max(s.low for s in ribbon.steps), max(s.high for s in ribbon.steps)
    return f"{ribbon.key} highest {result_text(low, high, ribbon.kind)}"


def _day_scale() -> str:
    axis = overview_axis()
    labels = "".join(
        svg.text(short(day), axis.share(24.0 * day) * draw.PLOT, 14, class_="tick")
        for day in range(0, OVERVIEW_DAYS + 1, 5)
    )
    return svg.tag("svg", labels, viewBox=f"0 0 {draw.PLOT} 18", class_="strip day-scale", aria_hidden="true")


def account_part(delivery: DeliveryReport) -> str:
    """What became of every delivered row, and the faults that were found."""
    columns = ("rows", *FATES)
    rows = [(text(row["file"]), *(_count(row[name]) for name in columns)) for row in delivery.account.to_dicts()]
    if len(rows) > 1:
        total = delivery.total()
        rows.append((element("strong", "all files"), *(element("strong", _count(total[name])) for name in columns)))
    heads = ("File", "Rows", "Used", "Not needed", "Kept, not assessable", "Refused")
    parts = [table(heads, rows, caption="What became of every delivered row", class_="numbers")]
    parts += [element("p", text(note)) for note in delivery.notes]
    if delivery.reasons:
        why = [(text(id), text(describe(id).get("title", "")), _count(count)) for id, count in delivery.reasons]
        parts.append(table(("Id", "Why rows were refused", "Rows"), why, caption="Refused rows by reason"))
    if delivery.spared_reasons:
        why = [(text(id), text(describe(id).get("title", "")), _count(count)) for id, count in delivery.spared_reasons]
        parts.append(
            table(("Id", "Why rows are not needed", "Rows"), why, caption="Rows that are not needed by reason")
        )
    if delivery.faults:
        faults = [
            (text(f.id), text(describe(f.id).get("title", "")), text(f.saw), _count(f.count), text(f.effect or "none"))
            for f in delivery.faults
        ]
        fault_heads = ("Id", "Fault", "Seen", "Times", "Effect")
        listed = table(fault_heads, faults, caption="Faults of the delivery")
        parts.append(_folded(f"Faults of the delivery ({len(faults)})", listed))
    return element(
        "section",
        element("h2", "Account of the delivery", id="account-heading"),
        *parts,
        aria_labelledby="account-heading",
    )


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def _in_two(heads: Sequence[str], rows: Sequence[tuple[str, ...]], leading: int, caption: str) -> str:
    """The leading rows in the open and the others folded; all in the open when they are few."""
    if len(rows) <= _IN_THE_OPEN:
        return table(heads, rows, caption=caption)
    others = table(heads, rows[leading:], caption=f"{caption}: other scales")
    head = table(heads, rows[:leading], caption=caption) if leading else ""
    return head + _folded(f"Other scales ({len(rows) - leading})", others)


def _folded(summary: str, body: str, *, is_open: bool = False) -> str:
    return element("details", element("summary", text(summary)), body, open=is_open)
