"""Which rows are not behind the grades of a course: said for every course, and never guessed."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from report_example import a_delivery
from vein2vein.intake.book import PER_COURSE
from vein2vein.report.html import report_html
from vein2vein.report.unused import RefusedRows, fault_title, refused_rows, unused_note
from vein2vein.report.words import spoken


def said(markup: str, language: str = "en") -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", spoken(markup, language))).strip()


@pytest.fixture
def timeline(example):
    return example.cohort.timeline("CRS-04")


def test_refused_rows_stand_with_the_course_that_they_name() -> None:
    found = refused_rows(a_delivery(), ["CRS-04", "CRS-07"])
    assert found == [RefusedRows((("INTAKE-016", 2),), 1), RefusedRows((), 1)]


def test_without_a_delivery_refused_rows_are_not_known(timeline) -> None:
    assert refused_rows(None, ["CRS-04"]) == [None]
    assert "is not known to this report" in said(unused_note(timeline, None))


def test_refused_rows_of_an_account_without_courses_may_belong_to_any() -> None:
    older = replace(a_delivery(), by_course=pl.DataFrame(schema=PER_COURSE))
    assert refused_rows(older, ["CRS-04"]) == [RefusedRows((), 3)]


def test_a_course_with_refused_rows_says_how_many_and_why(timeline) -> None:
    note = unused_note(timeline, RefusedRows((("INTAKE-016", 2),), 1))
    words = said(note)
    assert "2 delivered rows of this course were refused and are not in the record." in words
    assert "1 refused row of the delivery names no course: it may be of this one." in words
    assert "refused A value is not a number. (INTAKE-016) 2" in words
    assert 'class="note unused"' in note


def test_rows_kept_as_not_assessable_are_counted_by_kind(timeline) -> None:
    first, second = [row for row in timeline.observations if row.kind == "body_temperature"][:2]
    others = [row for row in timeline.observations if row not in (first, second)]
    bad = tuple(replace(row, value=None, usability="not-assessable", as_sent="x") for row in (first, second))
    words = said(unused_note(replace(timeline, observations=(*bad, *others)), RefusedRows()))
    rows = len(timeline.observations) + len(timeline.exposures)
    assert words.startswith(f"2 of the {rows} rows recorded for this course are kept but not assessable")
    assert "kept, not assessable Body temperature 2" in words
    assert "No row that names this course was refused." in words


def test_where_every_row_counts_that_is_said_quietly(timeline) -> None:
    note = unused_note(timeline, RefusedRows())
    assert 'class="hint unused"' in note
    assert "<details>" not in note
    assert re.match(r"All \d+ rows recorded for this course can be used. No row", said(note))


def test_the_note_can_be_read_in_chinese(timeline) -> None:
    words = said(unused_note(timeline, RefusedRows((("INTAKE-016", 2),), 1)), "zh")
    assert "交付数据中属于本疗程的 2 行被拒收，不在记录中。" in words
    assert "拒收 数值不是数字。 (INTAKE-016) 2" in words
    assert fault_title("INTAKE-016").in_("zh") == "数值不是数字。"


def test_the_note_stands_on_the_page_of_each_course(example) -> None:
    html = report_html(
        example.cohort,
        example.graded,
        rule_sets=example.rules,
        options=replace(example.options, delivery=a_delivery()),
    )
    pages = {
        course: said(page)
        for course, page in re.findall(
            r'data-zh="疗程 ([\w-]+)">Course(.*?)(?=<section class="page|$)', html, re.DOTALL
        )
    }
    assert "2 delivered rows of this course were refused" in pages["CRS-04"]
    assert "No row that names this course was refused." in pages["CRS-07"]
    assert "INTAKE-016" not in pages["CRS-07"].split("Grades over time")[0]
