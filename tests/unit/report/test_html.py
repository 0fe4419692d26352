"""The one HTML file: the same bytes every time, nothing from elsewhere, nothing unverified shown as verified."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.errors import Fault, RecordError, ReportError
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.report.html import INTENDED_USE, headline_of, report_html, write_report
from vein2vein.report.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def html(example) -> str:
    return report_html(example.cohort, example.graded, rule_sets=example.rules, options=example.options)


def test_the_same_input_gives_the_same_bytes_also_from_other_workers(example, html: str) -> None:
    with ThreadPoolExecutor(2) as executor:
        options = replace(example.options, executor=executor)
        again = report_html(example.cohort, example.graded, rule_sets=example.rules, options=options)
    assert again == html


def test_nothing_is_fetched_from_elsewhere(html: str) -> None:
    addresses = re.findall(r"""(?:src|href|action)=["']([^"']*)""", html)
    assert all(a.startswith(("#", "data:")) for a in addresses), [
        a for a in addresses if not a.startswith(("#", "data:"))
    ]
    urls = re.findall(r"url\(([^)]{0,40})", html)
    assert all(u.startswith(("#", '"data:')) for u in urls), urls
    assert "default-src 'none'" in html


def test_the_status_of_every_rule_set_is_shown(html: str) -> None:
    assert "None of the 2 rule sets used here is verified." in html
    assert "secondary, not verified" in html
    assert ">verified<" not in html


def test_intended_use_and_time_of_printing_are_stated(html: str) -> None:
    assert INTENDED_USE in html
    assert "printed at 2026-11-22 14:05 UTC" in html


def test_worst_courses_stand_first(html: str) -> None:
    listed = re.findall(r'data-id="([^"]+)"', html)
    assert listed == ["CRS-08", "CRS-07", "CRS-04", "CRS-02", "CRS-01", "CRS-09"]


def test_only_the_worst_courses_have_pages_when_so_many_are_wanted(example) -> None:
    told: list[tuple[int, int]] = []
    few = report_html(
        example.cohort,
        example.graded,
        rule_sets=example.rules,
        options=replace(example.options, pages=2, rows=3),
        progress=lambda done, total: told.append((done, total)),
    )
    assert re.findall(r"<h1[^>]*>Course ([^<]+)", few) == ["CRS-08", "CRS-07"]
    assert "The list holds 3 of the 6 courses" in few
    assert told == [(1, 2), (2, 2)]


def test_a_cohort_that_is_too_large_says_what_is_left_out_and_how_to_see_it(example) -> None:
    options = replace(example.options, pages=1, rows=2, courses=("CRS-01",))
    html = report_html(example.cohort, example.graded, rule_sets=example.rules, options=options)
    assert "The list holds the 3 worst of 6 courses." not in html
    assert "The list holds 3 of the 6 courses: the worst, and those that were asked for." in html
    assert "2 of the 6 courses have a page of their own" in html
    assert "choose it with --course, or more pages with --pages" in html
    assert re.findall(r'data-id="([^"]+)"', html) == ["CRS-08", "CRS-07", "CRS-01"]
    assert re.findall(r"<h1[^>]*>Course ([^<]+)", html) == ["CRS-08", "CRS-01"]


@pytest.mark.parametrize(
    ("adults", "children", "leads"),
    [(28, 29, "astct-2019.icans"), (2, 29, "cartox-2018.cres"), (0, 0, "astct-2019.icans")],
)
def test_the_scale_that_leads_is_the_first_given_that_applies_to_most(
    example, adults: int, children: int, leads: str
) -> None:
    registry = default_registry()
    rules = [registry.get(id) for id in ("astct-2019.icans", "cartox-2018.cres", "astct-2019.crs")]
    counts = pl.DataFrame({"rule_set_id": [r.id for r in rules], "courses_applicable": [adults, children, 29]})
    summary = replace(summarise(example.cohort, example.graded, example.rules), rule_sets=counts)
    assert [rule.id for rule in headline_of(rules, summary)] == ["astct-2019.crs", leads]


def test_a_course_that_is_asked_for_must_be_in_the_cohort(example) -> None:
    options = replace(example.options, courses=("nobody",))
    with pytest.raises(RecordError, match=r"RECORD-003(?s:.*)nobody"):
        report_html(example.cohort, example.graded, rule_sets=example.rules, options=options)


def test_references_stand_in_full_with_locator_and_reading(html: str) -> None:
    assert "doi:10.1016/j.bbmt.2018.12.758" in html
    assert re.search(r"table 1 and footnotes</span> \(<span[^>]*>read in a reproduction</span>\)", html)


def test_choices_for_open_points_are_shown_with_what_the_source_says(html: str) -> None:
    assert "How long a temperature, a blood pressure or a statement holds" in html
    assert "no numeric blood pressure; SBP &lt; 90 mmHg is an addition of secondary copies" in html


def test_another_choice_than_the_default_is_marked(example) -> None:
    rule = default_registry().get("astct-2019.crs", {"vasopressin_alone": "not-counted"})
    graded = grade_cohort(example.cohort, [rule], engine="plain")
    html = report_html(example.cohort, graded, rule_sets=[rule], options=example.options)
    assert "default: grade-3" in html


def test_the_account_of_a_delivery_is_shown(example) -> None:
    account = pl.DataFrame(
        {
            "file": ["labs.csv", "vitals.csv"],
            "rows": [5, 12000],
            "used": [3, 12000],
            "not_needed": [0, 0],
            "not_assessable": [1, 0],
            "refused": [1, 0],
        }
    )
    refused = pl.DataFrame({"file": ["labs.csv"], "row": [3], "reason": ["REPORT-001"]})
    fault = Fault("REPORT-001", "unit <odd>", "mg/L", "map it", "1 value kept as not assessable")
    options = replace(
        example.options, delivery=DeliveryReport((fault,), account, refused, (("REPORT-001", 1),), ("Holds no ICE.",))
    )
    html = report_html(example.cohort, example.graded, rule_sets=example.rules, options=options)
    assert "Account of the delivery" in html
    assert "12\u2009000" in html
    assert "unit &lt;odd&gt;" in html
    assert "Holds no ICE." in html
    assert "Why rows were refused" in html


def test_names_from_the_record_cannot_become_markup(example) -> None:
    bad = '</script><script>alert(1)</script>"'
    cohort = example.cohort
    renamed = Cohort.of(
        patients=cohort.patients,
        courses=cohort.courses.with_columns(product=pl.lit(bad)),
        observations=cohort.observations.with_columns(source=pl.lit(bad)),
        exposures=cohort.exposures.with_columns(source=pl.lit(bad)),
        milestones=cohort.milestones,
    )
    html = report_html(renamed, example.graded, rule_sets=example.rules, options=example.options)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_an_empty_cohort_gives_a_page_that_says_so(example) -> None:
    nobody = example.cohort.select([])
    graded = grade_cohort(nobody, list(example.rules), engine="plain")
    html = report_html(nobody, graded, rule_sets=example.rules, options=example.options)
    assert "No certain episode of any scale." in html
    assert "0 of 0 courses" in html


def test_a_rule_set_with_other_parameters_is_refused(example) -> None:
    other = default_registry().get("astct-2019.crs", {"resolution_hours": 48})
    with pytest.raises(ReportError, match=r"REPORT-003(?s:.*)1 rule sets graded with other parameters"):
        report_html(example.cohort, example.graded, rule_sets=[other, example.rules[1]], options=example.options)


def test_another_cohort_is_refused(example) -> None:
    fewer = example.cohort.select([example.cohort.course_ids[0]])
    with pytest.raises(ReportError, match=r"REPORT-003(?s:.*)5 courses that the cohort does not hold"):
        report_html(fewer, example.graded, rule_sets=example.rules, options=example.options)


def test_the_time_of_printing_needs_a_zone(example) -> None:
    options = replace(example.options, printed_at=datetime(2026, 1, 1))  # noqa: DTZ001  (the fault that is tested)
    with pytest.raises(RecordError, match=r"RECORD-004(?s:.*)printed_at"):
        report_html(example.cohort, example.graded, rule_sets=example.rules, options=options)


def test_a_file_that_cannot_be_written_is_named(example, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ReportError, match=r"REPORT-001(?s:.*)report\.html"):
        write_report(
            tmp_path / "file" / "report.html",
            example.cohort,
            example.graded,
            rule_sets=example.rules,
            options=example.options,
        )


def test_what_was_known_at_an_instant_is_all_that_is_shown(example) -> None:
    as_of = datetime.fromisoformat("2026-03-07T00:00:00+00:00")
    graded = grade_cohort(example.cohort, list(example.rules), as_of=as_of, engine="plain")
    options = replace(example.options, as_of=as_of)
    html = report_html(example.cohort, graded, rule_sets=example.rules, options=options)
    assert "Known up to" in html
    assert "Discharge from hospital" not in html
    assert "Death: Cytokine" not in html
