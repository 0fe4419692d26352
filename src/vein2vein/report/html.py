"""One self-contained HTML file: the cohort, and a page for each of the worst courses (or for all of them).

Place    Report. The door of the room; called by the command line.
In       A cohort, what `grade_cohort` said about it, the bound rule sets, and the instant of printing.
Out      HTML that opens without a network: styles, fonts, data and a small script of our own stand inside; a content
         security policy forbids everything else.
Knows    The same input gives the same bytes. Nothing reads the clock.
Limits   About 0.3 MB and half a second for each course page (3,000 observations, 8 rule sets), growing with both; therefore
         `pages` (50) worst courses have a page, and the list holds `rows` (500) worst courses. Both can be raised.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat, starmap
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein._version import __version__
from vein2vein.basis.clock import check_aware
from vein2vein.basis.ids import CourseId
from vein2vein.basis.messages import Language
from vein2vein.engine.grade import cut
from vein2vein.engine.verdict import Graded
from vein2vein.errors import ReportError
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report import draw, page_cohort, svg
from vein2vein.report.files import write_file
from vein2vein.report.markup import element, embedded, facts
from vein2vein.report.page_cohort import CourseRow
from vein2vein.report.page_course import CoursePage, PageJob, PagePlace, course_page, printed
from vein2vein.report.page_scales import rule_data, scales_section
from vein2vein.report.ribbons import ribbons_of
from vein2vein.report.shell import banner, html_file
from vein2vein.report.static import asset
from vein2vein.report.summary import Summary, steps_with_hours, summarise
from vein2vein.report.unused import refused_rows
from vein2vein.report.words import Words, page_messages, say

Progress = Callable[[int, int], None]
HEADLINE: Final = 4
INTENDED_USE: Final = say("document.intended_use")


@dataclass(frozen=True)
class ReportOptions:
    """What a report says about itself, and how large it may become.

    Attributes:
        printed_at: Aware instant shown as the time of printing; passed in, never read from the clock.
        title: Heading of the report.
        pages: How many of the worst courses have a page of their own; None for all.
        rows: How many of the worst courses stand in the list of courses; None for all.
        courses: Courses that have a page and stand in the list besides the worst.
        as_of: Instant up to which anything is known, as passed to `grade_cohort`; None for the whole record.
        delivery: Account and faults of the delivery that the cohort came from; None when there was none.
        source: Where the data came from, in words.
        executor: Where the course pages are made; None makes them here, one after the other. The bytes are the same.
        language: The language in which the report opens; the reader can switch to any other.
    """

    printed_at: datetime
    title: str = field(default_factory=lambda: say("document.title"))
    pages: int | None = 50
    rows: int | None = 500
    courses: tuple[str, ...] = ()
    as_of: datetime | None = None
    delivery: DeliveryReport | None = None
    source: str = ""
    executor: Executor | None = None
    language: Language = "en"


def write_report(
    path: Path,
    cohort: Cohort,
    graded: Graded,
    *,
    rule_sets: Sequence[RuleSet],
    options: ReportOptions,
    progress: Progress | None = None,
) -> Path:
    """Write the report.

    Args:
        path: The HTML file; its folder is made when needed.
        cohort: The cohort that was graded.
        graded: The answer of `grade_cohort`.
        rule_sets: The bound rule sets that were used, in the order in which they are to stand.
        options: What the report says about itself and how large it may become.
        progress: Called with (pages done, pages in all).

    Raises:
        RecordError: RECORD-003 when a course that was asked for is not in the cohort.
        ReportError: REPORT-001 when the file cannot be written, REPORT-003 when graded table, cohort and rule sets do not
            belong together.
    """
    content = report_html(cohort, graded, rule_sets=rule_sets, options=options, progress=progress)
    return write_file(path, content)


def report_html(
    cohort: Cohort,
    graded: Graded,
    *,
    rule_sets: Sequence[RuleSet],
    options: ReportOptions,
    progress: Progress | None = None,
) -> str:
    """The report as text; see `write_report`."""
    check_aware(options.printed_at, what="printed_at")
    _check_together(cohort, graded, rule_sets)
    known = cohort if options.as_of is None else cut(cohort, options.as_of)
    summary = summarise(known, graded, rule_sets)
    headline = headline_of(rule_sets, summary)
    first = {rule.id for rule in headline}
    rules = (*headline, *(rule for rule in rule_sets if rule.id not in first))
    view = _View(known, steps_with_hours(known, graded), rules, headline, summary, options)
    order = page_cohort.worst_first(known, summary, headline)
    asked = {known.timeline(CourseId(course_id)).course.course_id for course_id in options.courses}
    chosen = [course_id for course_id, _ in _first_and_asked(order, options.pages, asked)]
    pages = list(_pages(view, chosen, progress))
    rows = _course_rows(view, _first_and_asked(order, options.rows, asked), chosen)
    return _document("".join([_cohort_section(view, rows), *(page.markup for page in pages)]), rules, options)


Listed = tuple[str, dict[str, Any]]


def _first_and_asked(order: Sequence[Listed], first: int | None, asked: Container[str]) -> list[Listed]:
    """The first courses, and those that were asked for, in their order."""
    limit = len(order) if first is None else first
    return [entry for place, entry in enumerate(order) if place < limit or entry[0] in asked]


def headline_of(rules: Sequence[RuleSet], summary: Summary) -> tuple[RuleSet, ...]:
    """The rule sets that stand first and have a ribbon in the list of courses.

    Of each of the main subjects the first grading scale given that applies to at least half as many courses as any other of
    that subject, so that one child does not hide the scale of the adults; without any of these subjects the first rule sets
    given.
    """
    applies = dict(summary.rule_sets.select("rule_set_id", "courses_applicable").iter_rows())
    found: list[RuleSet] = []
    for about in _SUBJECTS:
        scales = [rule for rule in rules if rule.kind == "grading-scale" and rule.about == about]
        most = max((applies.get(rule.id, 0) for rule in scales), default=0)
        found += [rule for rule in scales if 2 * applies.get(rule.id, 0) >= most][:1]
    return tuple(found) or tuple(rules[:HEADLINE])


_SUBJECTS: Final = ("crs", "icans", "haematotoxicity", "hyperinflammation")


@dataclass(frozen=True)
class _View:
    """What every part of the report looks at."""

    cohort: Cohort
    steps: pl.DataFrame
    rules: tuple[RuleSet, ...]
    headline: tuple[RuleSet, ...]
    summary: Summary
    options: ReportOptions


def _check_together(cohort: Cohort, graded: Graded, rule_sets: Sequence[RuleSet]) -> None:
    strangers = set(graded.verdicts["course_id"].unique()) - set(cohort.course_ids)
    absent = set(graded.verdicts["rule_set_id"].unique()) - {rule.id for rule in rule_sets}
    other = [r.id for r in rule_sets if r.id in graded.parameters and dict(graded.parameters[r.id]) != dict(r.chosen)]
    unseen = [r.id for r in rule_sets if r.id not in graded.parameters]
    for what, names in (
        ("courses that the cohort does not hold", strangers),
        ("rule sets that were not passed", absent),
        ("rule sets graded with other parameters", other),
        ("rule sets that were not graded", unseen),
    ):
        if names:
            raise ReportError(
                "REPORT-003",
                saw=f"{len(names)} {what}, first {min(names)!r}",
                expected="the cohort that was graded, and each rule set with the parameters it was graded with",
                fix="pass the same cohort and rule sets to the report as to grade_cohort",
            )


def _pages(view: _View, chosen: Sequence[str], progress: Progress | None) -> Iterator[CoursePage]:
    by_course = _rows_by_course(view.steps.filter(pl.col("course_id").is_in(list(chosen))))
    timelines = (view.cohort.timeline(course_id) for course_id in chosen)
    rows = (by_course.get(course_id, {}) for course_id in chosen)
    places = starmap(PagePlace, enumerate(refused_rows(view.options.delivery, chosen)))
    job = PageJob(view.rules, view.options.as_of, len(view.headline))
    make = map if view.options.executor is None else view.options.executor.map
    made = make(course_page, timelines, rows, places, repeat(job, len(chosen)))
    for done, page in enumerate(made, start=1):
        if progress is not None:
            progress(done, len(chosen))
        yield page


def _rows_by_course(steps: pl.DataFrame) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in steps.iter_rows(named=True):
        found.setdefault(row["course_id"], {}).setdefault(row["rule_set_id"], []).append(row)
    return found


def _course_rows(view: _View, listed: Sequence[tuple[str, dict[str, Any]]], chosen: Sequence[str]) -> list[CourseRow]:
    ribbons = ribbons_of(view.cohort, view.steps, view.headline)
    courses = view.cohort.courses
    products = dict(zip(courses["course_id"], courses["product"], strict=True))
    places = {course_id: number for number, course_id in enumerate(chosen)}
    return [
        CourseRow(
            course_id,
            products.get(course_id) or "",
            {rule.id: _peak(peaks.get(rule.id)) for rule in view.rules},
            [ribbons[course_id, rule.id] for rule in view.headline if (course_id, rule.id) in ribbons],
            _open_share(peaks, view.headline),
            places.get(course_id),
        )
        for course_id, peaks in listed
    ]


def _open_share(peaks: Mapping[str, Any], headline: Sequence[RuleSet]) -> float:
    """Share of the time under the first rule sets in which the bounds differ."""
    rows = [peaks[rule.id] for rule in headline if rule.id in peaks]
    hours = sum(row["hours"] for row in rows)
    return sum(row["hours_not_assessable"] for row in rows) / hours if hours else 0.0


def _peak(row: dict[str, Any] | None) -> tuple[int, int] | None:
    if row is None or row["peak_low"] is None:
        return None
    return int(row["peak_low"]), int(row["peak_high"])


def _cohort_section(view: _View, rows: Sequence[CourseRow]) -> str:
    cohort, rules, summary, options = view.cohort, view.rules, view.summary, view.options
    first = len(view.headline)
    infused = cohort.courses["infused_at"]
    parts = [
        element("h1", _title(options), tabindex="-1", id="cohort-heading"),
        facts(
            [
                (say("document.courses"), str(len(cohort))),
                (say("document.infused"), str(infused.count())),
                (say("document.patients"), str(cohort.patients.height)),
                (say("document.scales"), str(len(rules))),
                (say("document.data"), options.source),
                (say("document.known_up_to"), "" if options.as_of is None else printed(options.as_of)),
                (say("document.printed_at"), printed(options.printed_at)),
                (say("document.made_with"), f"vein2vein {__version__}"),
            ]
        ),
        _status_note(rules),
        page_cohort.levels_part(rules, summary, first=first),
        page_cohort.courses_part(rows, rules, view.headline, total=len(cohort)),
        page_cohort.onset_part(rules, summary, first=first),
        page_cohort.assessable_part(rules, summary, first=first),
        page_cohort.account_part(options.delivery) if options.delivery else "",
        scales_section(rules),
    ]
    return element("section", *parts, class_="page", id="cohort", aria_labelledby="cohort-heading")


def _status_note(rules: Sequence[RuleSet]) -> str:
    verified = sum(rule.status == "verified" for rule in rules)
    if verified == len(rules):
        return ""
    key = {0: "none_verified", 1: "one_verified"}.get(verified, "some_verified")
    return element(
        "p",
        element("strong", say(f"document.{key}", n=len(rules), verified=verified)),
        " ",
        say("document.verified_means"),
        " ",
        element("a", say("scales.heading"), href="#scales"),
        class_="note",
    )


def _title(options: ReportOptions) -> Words:
    """The title in every language that it has."""
    return options.title if isinstance(options.title, Words) else Words(options.title)


def _document(body: str, rules: Sequence[RuleSet], options: ReportOptions) -> str:
    title = _title(options)
    return html_file(
        banner(element("a", title, href="#cohort")),
        svg.tag("svg", draw.definitions(), width=0, height=0, aria_hidden="true", class_="defs"),
        element("main", body, id="main"),
        _footer(options),
        embedded("rules", rule_data(rules)),
        embedded("messages", page_messages()),
        title=title,
        script=asset("report.js"),
        language=options.language,
    )


def _footer(options: ReportOptions) -> str:
    use = element("p", element("strong", say("document.intended_use_is")), element("span", INTENDED_USE))
    made = say("document.made", version=__version__, at=printed(options.printed_at))
    return element("footer", use, element("p", made))
