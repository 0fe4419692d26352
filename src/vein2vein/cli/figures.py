"""Figures for papers, as `vein2vein grade --figures` writes them.

Place    Command line. Chooses what is drawn; `report.figures` makes the figures, `report.static` the files.
Out      cohort.RULE_SET.svg and .png for each leading scale, course.NUMBER.svg and .png for each named course.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from vein2vein.engine.verdict import Graded
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort

ENDINGS = ("svg", "png")


def write_figures(
    folder: Path,
    cohort: Cohort,
    graded: Graded,
    rules: Sequence[RuleSet],
    *,
    courses: Sequence[str] = (),
    language: Literal["en", "zh"] = "en",
    as_of: datetime | None = None,
) -> None:
    """Write the figures and say where they are.

    Raises:
        RecordError: RECORD-003 for a course that the cohort does not hold.
        ReportError: REPORT-001, REPORT-004 or REPORT-007: see `report.static.write_figure` and `figure_of_course`.
    """
    from vein2vein.report.figures import figure_of_cohort, figure_of_course
    from vein2vein.report.html import headline_of
    from vein2vein.report.static import write_figure
    from vein2vein.report.summary import summarise

    leading = headline_of(rules, summarise(cohort, graded, rules))
    figures = {f"cohort.{rule.id}": figure_of_cohort(cohort, graded, rule) for rule in leading}
    for number, course_id in enumerate(courses, start=1):
        # a course is named by its number: its identifier may hold what no file name may
        figures[f"course.{number}"] = figure_of_course(cohort, graded, course_id, rule_sets=leading, as_of=as_of)
    for ending in ENDINGS:
        for name, figure in figures.items():
            write_figure(figure, folder / f"{name}.{ending}", language=language)
    click.echo(f"Figures  {folder} ({len(figures)} as {' and '.join(ENDINGS)})")
