"""The figures of the report for papers and slides: one course, or a cohort as one line per course.

Place    Report. Called by the command line and by people; `static.write_figure` makes a file of what it gives.
In       The cohort, what `grade_cohort` said about it, and the bound rule sets.
Out      `Figure`, the same model that the HTML draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import polars as pl

from vein2vein.basis.ids import CourseId
from vein2vein.engine.grade import cut
from vein2vein.engine.verdict import Graded
from vein2vein.errors import ReportError
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report import page_cohort, rule_words
from vein2vein.report.course_figure import course_figure
from vein2vein.report.figure import Figure, Ribbon
from vein2vein.report.reasons import explained_steps, ribbon_of
from vein2vein.report.ribbons import ribbons_of
from vein2vein.report.shown import CourseClock
from vein2vein.report.summary import steps_with_hours, summarise
from vein2vein.report.words import Words, joined, say

COURSES_IN_A_FIGURE: Final = 60
_NAMED: Final = 4


def figure_of_course(
    cohort: Cohort,
    graded: Graded,
    course_id: str,
    *,
    rule_sets: Sequence[RuleSet],
    whole: bool = False,
    as_of: datetime | None = None,
) -> Figure:
    """Ribbons and charts of one course.

    Args:
        cohort: The cohort that was graded.
        graded: The answer of `grade_cohort`.
        course_id: The course.
        rule_sets: Bound rule sets, in the order of their ribbons.
        whole: Everything that is recorded; otherwise days -7 to 30 at most.
        as_of: Instant up to which anything is known, as passed to `grade_cohort`.

    Raises:
        RecordError: RECORD-003 when the cohort holds no such course.
        ReportError: REPORT-003 when the verdicts do not follow from the record, REPORT-004 when the course holds no time.
    """
    known = cohort if as_of is None else cut(cohort, as_of)
    timeline = known.timeline(CourseId(course_id))
    clock = CourseClock.of(timeline)
    rows = steps_with_hours(known, graded).filter(pl.col("course_id") == course_id)
    ribbons: list[Ribbon] = []
    for rule in rule_sets:
        if clock is None:
            break
        mine = rows.filter(pl.col("rule_set_id") == rule.id).to_dicts()
        ribbons.append(ribbon_of(rule, explained_steps(timeline, rule, mine, as_of=as_of), clock))
    figure = course_figure(timeline, ribbons, rule_sets, first_view=not whole)
    if figure is None:
        raise ReportError(
            "REPORT-004",
            saw=f"course {course_id!r} without an infusion and without any row that has a time",
            expected="a course with at least one of these",
            fix="choose another course",
        )
    return Figure(figure.title, figure.caption, figure.axis, figure.ribbons, figure.panels, _footer(rule_sets))


def figure_of_cohort(
    cohort: Cohort, graded: Graded, rule_set: RuleSet, *, courses: int = COURSES_IN_A_FIGURE
) -> Figure:
    """One line per course for one rule set over days 0 to 30, worst first, at most `courses` lines."""
    summary = summarise(cohort, graded, [rule_set])
    order = [course_id for course_id, _ in page_cohort.worst_first(cohort, summary, [rule_set])]
    found = ribbons_of(cohort, steps_with_hours(cohort, graded), [rule_set])
    ribbons = [found[course_id, rule_set.id] for course_id in order if (course_id, rule_set.id) in found]
    names = {"scale": rule_words.short_name(rule_set), "edition": rule_words.edition_name(rule_set)}
    title = say("figure.cohort_title", n=len(cohort), **names)
    caption = say("figure.cohort_all", n=len(ribbons))
    if len(ribbons) > courses:
        caption = say("figure.cohort_worst", shown=courses, n=len(ribbons))
    axis = page_cohort.overview_axis()
    return Figure(title, caption, axis, tuple(ribbons[:courses]), (), _footer([rule_set]), compact=True)


def _footer(rule_sets: Sequence[RuleSet]) -> tuple[Words, ...]:
    groups: dict[str, list[Words]] = {}
    for rule in rule_sets:
        name = joined([rule_words.short_name(rule), rule_words.edition_name(rule)], " ")
        groups.setdefault(rule.status, []).append(name)
    lines = [say("figure.legend")]
    for status, names in groups.items():
        shown = joined(names[:_NAMED], say("figure.separator"))
        if len(names) > _NAMED:
            shown = say("figure.and_more", scales=shown, n=len(names) - _NAMED)
        lines.append(say("figure.status_line", scales=shown, status=say(f"status.{status}")))
    return (*lines, *(line for rule in rule_sets for line in _choices(rule)))


def _choices(rule: RuleSet) -> Iterator[Words]:
    """The open points that are decided in another way than the rule file does."""
    scale = joined([rule_words.short_name(rule), rule_words.edition_name(rule)], " ")
    for name, point in rule.parameters.items():
        value = rule.chosen[name]
        if value != point.default:
            yield say("figure.choice_line", scale=scale, name=name, value=str(value), default=str(point.default))
