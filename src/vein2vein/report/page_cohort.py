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

from vein2vein.intake.book import FATES
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report import draw, rule_words, svg
from vein2vein.report.figure import Ribbon, TimeAxis, result_text
from vein2vein.report.markup import element, english, result_badge, share_bar, status_badge, table, text
from vein2vein.report.ribbons import OVERVIEW_DAYS
from vein2vein.report.scales import number_of_days, short
from vein2vein.report.summary import Summary
from vein2vein.report.unused import fault_title
from vein2vein.report.words import Words, joined, say, words_of

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
    grades = [
        say("cohort.grade_or_higher" if grade < highest else "cohort.grade", grade=grade)
        for grade in range(1, highest + 1)
    ]
    heads = (say("cohort.scale"), say("cohort.courses_n"), *grades)
    parts = [element("h2", say("cohort.levels"), id="levels-heading"), element("p", say("cohort.bounds"))]
    if rows:
        parts.append(table(heads, rows, caption=say("cohort.levels_caption"), class_="levels"))
    if others:
        inner = table(heads, others, caption=say("cohort.other_scales"), class_="levels")
        folded = say("cohort.other_scales_n", count=len(others))
        parts.append(_folded(folded, inner, is_open=len(others) <= _IN_THE_OPEN))
    if quiet:
        inner = table(heads, quiet, caption=say("cohort.quiet"), class_="levels")
        parts.append(_folded(say("cohort.quiet_n", count=len(quiet)), inner))
    parts.append(_other_levels(rules, summary))
    return element("section", *parts, aria_labelledby="levels-heading")


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
        return element("span", "–", class_="none", role="img", aria_label=say("cohort.no_such_grade"))
    low, high = int(row["reached_certain"]), int(row["reached_possible"])
    words = Words(str(low)) if low == high else say("cohort.range", low=low, high=high)
    parts = {"low": _percent(low, courses), "high": _percent(high, courses)}
    share = say("cohort.percent" if low == high else "cohort.percent_range", **parts)
    name = _level_name(rule, row)
    label = say("cohort.of", scale=rule_words.short_name(rule), level=name, shown=words, all=courses)
    at_first = int(row["possible_only_at_first"])
    return (
        element("span", words, class_="count")
        + share_bar(low / courses, high / courses, label)
        + element("small", share)
        + (element("small", say("cohort.only_at_first", count=at_first), class_="at-first") if at_first else "")
    )


def _level_name(rule: RuleSet, row: Mapping[str, Any]) -> Words:
    """Name of a level in words: the grade, "met", or what the rule file calls a band of points."""
    if rule.result.kind == "met":
        return say("cohort.met")
    level = int(row["level"])
    band = next((band for band in rule.bands if band.at_least == level), None)
    if rule.result.kind == "grade" or band is None:
        return Words(str(level))
    return say("cohort.level_from", name=words_of(band.text), points=level)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}"


def _other_levels(rules: Sequence[RuleSet], summary: Summary) -> str:
    rows = []
    for rule in rules:
        if rule.result.kind == "grade":
            continue
        for row in summary.levels.filter(pl.col("rule_set_id") == rule.id).iter_rows(named=True):
            courses = int(row["courses"])
            rows.append(
                (_scale_name(rule), text(_level_name(rule, row)), str(courses), _count_cell(row, rule, courses))
            )
    if not rows:
        return ""
    heads = tuple(say(f"cohort.{key}") for key in ("criteria_or_score", "level", "courses_n", "reached"))
    body = table(heads, rows, caption=say("cohort.criteria_and_scores"), class_="levels")
    return _folded(say("cohort.criteria_and_scores_n", count=len(rows)), body, is_open=len(rows) <= _IN_THE_OPEN)


def _scale_name(rule: RuleSet) -> str:
    name = element("strong", rule_words.short_name(rule))
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
                    text(_median(row, "onset_day", "cohort.median_day")),
                    str(row["episodes"]),
                    str(row["episodes_resolved"]),
                    text(_median(row, "episode_days", "cohort.median")),
                )
            )
    keys = ("scale", "onset_courses", "onset_day", "episodes", "resolved", "length")
    heads = tuple(say(f"cohort.{key}") for key in keys)
    caption = say("cohort.onset_caption")
    body = _in_two(heads, rows, leading, caption) if rows else element("p", say("cohort.no_episode"))
    heading = element("h2", say("cohort.onset"), id="onset-heading")
    return element("section", heading, body, aria_labelledby="onset-heading")


def _rows(rules: Sequence[RuleSet], frame: pl.DataFrame) -> list[tuple[RuleSet, dict[str, Any]]]:
    by_id = {row["rule_set_id"]: row for row in frame.iter_rows(named=True)}
    return [(rule, by_id[rule.id]) for rule in rules if rule.id in by_id]


def _median(row: Mapping[str, Any], name: str, key: str) -> Words:
    shown = {part: row[f"{name}_{column}"] for part, column in _QUARTILES}
    if shown["middle"] is None:
        return say("cohort.none_resolved")
    return say(key, **{part: number_of_days(value) for part, value in shown.items()})


_QUARTILES: Final = (("middle", "median"), ("low", "quarter"), ("high", "three_quarters"))


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
        label = say("cohort.gap_label", scale=rule_words.short_name(rule), share=f"{100 * share:.0f}")
        rows.append(
            (
                _scale_name(rule),
                f"{100 * share:.0f}\u00a0% " + share_bar(0.0, share, label),
                text(say("cohort.n_of_all", part=row["courses_fully_assessable"], all=row["courses_applicable"])),
                _top_missing(rule, summary),
            )
        )
    heads = tuple(say(f"cohort.{key}") for key in ("scale", "gap_share", "no_gap", "what_missing"))
    body = _in_two(heads, rows, leading, say("cohort.gaps"))
    return element(
        "section",
        element("h2", say("cohort.gaps"), id="gaps-heading"),
        element("p", say("cohort.gaps_words")),
        body,
        aria_labelledby="gaps-heading",
    )


def _top_missing(rule: RuleSet, summary: Summary) -> str:
    mine = summary.missing.filter(pl.col("rule_set_id") == rule.id)
    total = float(summary.rule_sets.filter(pl.col("rule_set_id") == rule.id)["hours_not_assessable"].sum())
    phrases: dict[Words, float] = {}
    for row in mine.iter_rows(named=True):
        for phrase in rule_words.lacking(rule, [row["input"]]):
            # inputs read from the same record are missing together: the longest of them stands for all
            phrases[phrase] = max(phrases.get(phrase, 0.0), float(row["hours"]))
    top = sorted(phrases.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    shown = [
        text(say("cohort.missing_share", what=phrase, share=f"{100 * hours / total:.0f}") if total else phrase)
        for phrase, hours in top
    ]
    return "<br>".join(shown) or text(say("cohort.nothing"))


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
    names = joined([rule_words.short_name(rule) for rule in headline], ", ")
    head_cells = [element("th", say("cohort.course"), scope="col")]
    for rule in headline:
        edition = element("small", text(rule_words.edition_name(rule)))
        head_cells.append(element("th", rule_words.short_name(rule), edition, scope="col"))
    strip_head = say("cohort.days_0_to", last=OVERVIEW_DAYS, scales=names)
    head_cells.append(element("th", strip_head, _day_scale(), scope="col", class_="strip-head"))
    head_cells.append(element("th", say("cohort.not_assessable"), scope="col"))
    shown = element(
        "table",
        element("caption", say("cohort.list_caption", shown=len(rows), all=total)),
        element("thead", element("tr", *head_cells)),
        element("tbody", *body),
        id="course-table",
    )
    note = ""
    if total > len(rows):
        note += element("p", say("cohort.list_cut", shown=len(rows), all=total), class_="note")
    with_page = sum(row.page is not None for row in rows)
    if total > with_page:
        note += element("p", say("cohort.pages_cut", pages=with_page, all=total), class_="hint")
    return element(
        "section",
        element("h2", say("cohort.list"), id="courses-heading"),
        note,
        _filters(rules),
        element("p", "", id="course-count", role="status", class_="hint"),
        element("div", shown, class_="wide", role="region", aria_label=say("cohort.list_label"), tabindex="0"),
        aria_labelledby="courses-heading",
    )


def _filters(rules: Sequence[RuleSet]) -> str:
    scales = [element("option", say("cohort.all_scales"), value="")]
    scales += [element("option", rule_words.full_name(r), value=str(i)) for i, r in enumerate(rules)]
    highest = max((r.result.highest for r in rules if r.result.kind == "grade"), default=1)
    grades = [element("option", say("cohort.any"), value="0")]
    grades += [element("option", say("cohort.or_higher", grade=g), value=str(g)) for g in range(1, highest + 1)]
    bounds = (("low", "cohort.certain"), ("high", "cohort.certain_or_possible"))
    orders = (("worst", "cohort.worst_first"), ("open", "cohort.most_open"), ("id", "cohort.by_id"))
    fields = [
        _field("cohort.filter_scale", element("select", *scales, id="filter-scale")),
        _field("cohort.filter_grade", element("select", *grades, id="filter-grade")),
        _field("cohort.filter_bound", element("select", *_options(bounds), id="filter-bound")),
        _field("cohort.filter_order", element("select", *_options(orders), id="filter-order")),
        _field("cohort.filter_text", element("input", type="search", id="filter-text", autocomplete="off")),
    ]
    return element("form", *fields, class_="filters no-print", aria_label=say("cohort.filter"), id="filters")


def _options(choices: Sequence[tuple[str, str]]) -> list[str]:
    return [element("option", say(key), value=value) for value, key in choices]


def _field(label: str, control: str) -> str:
    return element("label", element("span", say(label)), control)


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
                say("result.does_not_apply")
                if peak is None
                else result_badge(result_text(*peak, rule.result.kind), peak, span),
            )
        )
    cells.append(element("td", _strips(row, headline), class_="strips"))
    cells.append(element("td", f"{100 * row.open_share:.0f}\u00a0%", class_="number"))
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


def _strips(row: CourseRow, headline: Sequence[RuleSet]) -> str:
    names = {rule.id: rule_words.short_name(rule) for rule in headline}
    axis = overview_axis()
    parts, y = [], 0.0
    for ribbon in row.ribbons:
        drawing = strip(ribbon, axis)
        parts.append(svg.tag("g", drawing.body, transform=f"translate({-draw.LEFT} {svg.number(y)})"))
        y += drawing.height + 1
    said = joined([_said(ribbon, names[ribbon.key]) for ribbon in row.ribbons]) or say("cohort.none")
    return svg.tag(
        "svg",
        *(parts or [""]),
        viewBox=f"0 0 {draw.PLOT} {svg.number(max(y, 1.0))}",
        preserveAspectRatio="none",
        height=f"{max(y, 1.0):.0f}",
        role="img",
        aria_label=say("cohort.ribbons", said=said),
        class_="strip",
    )


def _said(ribbon: Ribbon, name: Words) -> Words:
    if not ribbon.steps:
        return say("cohort.said_never", scale=name)
    low, high = max(s.low for s in ribbon.steps), max(s.high for s in ribbon.steps)
    return say("cohort.said", scale=name, shown=result_text(low, high, ribbon.kind))


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
        every = element("strong", say("cohort.all_files"))
        rows.append((every, *(element("strong", _count(total[name])) for name in columns)))
    keys = ("file", "rows", "used", "not_needed", "kept", "refused")
    heads = tuple(say(f"cohort.{key}") for key in keys)
    parts = [table(heads, rows, caption=say("cohort.account_caption"), class_="numbers")]
    parts += [english(note, "p") for note in delivery.notes]
    parts.append(_reasons(delivery.reasons, "cohort.why_refused", "cohort.refused_caption"))
    parts.append(_reasons(delivery.spared_reasons, "cohort.why_spared", "cohort.spared_caption"))
    if delivery.faults:
        faults = [
            (
                text(fault.id),
                text(fault_title(fault.id)),
                english(fault.saw),
                _count(fault.count),
                english(fault.effect) if fault.effect else text(say("cohort.no_effect")),
            )
            for fault in delivery.faults
        ]
        fault_heads = tuple(say(f"cohort.{key}") for key in ("id", "fault", "seen", "times", "effect"))
        listed = table(fault_heads, faults, caption=say("cohort.faults"))
        parts.append(_folded(say("cohort.faults_n", count=len(faults)), listed))
    heading = element("h2", say("cohort.account"), id="account-heading")
    return element("section", heading, *parts, aria_labelledby="account-heading")


def _reasons(reasons: Sequence[tuple[str, int]], head: str, caption: str) -> str:
    if not reasons:
        return ""
    rows = [(text(id), text(fault_title(id)), _count(count)) for id, count in reasons]
    return table((say("cohort.id"), say(head), say("cohort.rows")), rows, caption=say(caption), class_="by-reason")


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")


def _in_two(heads: Sequence[str], rows: Sequence[tuple[str, ...]], leading: int, caption: Words) -> str:
    """The leading rows in the open and the others folded; all in the open when they are few."""
    if len(rows) <= _IN_THE_OPEN:
        return table(heads, rows, caption=caption)
    others = table(heads, rows[leading:], caption=say("cohort.caption_others", caption=caption))
    head = table(heads, rows[:leading], caption=caption) if leading else ""
    return head + _folded(say("cohort.other_scales_folded", count=len(rows) - leading), others)


def _folded(summary: Words, body: str, *, is_open: bool = False) -> str:
    return element("details", element("summary", summary), body, open=is_open)
