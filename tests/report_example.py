"""A small made-up cohort, graded once for all tests of the report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from builders import a_small_cohort
from vein2vein.engine.grade import grade_cohort
from vein2vein.errors import Fault
from vein2vein.intake.book import PER_COURSE, REFUSED
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.report.html import ReportOptions

if TYPE_CHECKING:
    from vein2vein.engine.verdict import Graded
    from vein2vein.knowledge.schema import RuleSet


def a_delivery() -> DeliveryReport:
    """An account with rows of every fate; CRS-04 lost two rows, and one refused row names no course."""
    account = pl.DataFrame(
        {
            "file": ["labs.csv", "vitals.csv"],
            "rows": [9, 12000],
            "used": [4, 12000],
            "not_needed": [1, 0],
            "not_assessable": [1, 0],
            "refused": [3, 0],
        }
    )
    refused = pl.DataFrame(
        [
            ("labs.csv", 3, "INTAKE-016", "CRS-04"),
            ("labs.csv", 5, "INTAKE-016", "CRS-04"),
            ("labs.csv", 6, "INTAKE-031", None),
        ],
        schema=REFUSED,
        orient="row",
    )
    by_course = pl.DataFrame(
        [
            ("CRS-04", "refused", "INTAKE-016", 2),
            ("CRS-04", "not_assessable", None, 1),
            (None, "refused", "INTAKE-031", 1),
        ],
        schema=PER_COURSE,
        orient="row",
    )
    fault = Fault("INTAKE-016", "unit <odd>", "mg/L", "map it", "1 value kept as not assessable")
    reasons = (("INTAKE-016", 2), ("INTAKE-031", 1))
    return DeliveryReport(
        (fault,),
        account,
        refused,
        reasons,
        ("Holds no ICE.",),
        spared_reasons=(("INTAKE-040", 1),),
        by_course=by_course,
    )


class Example(NamedTuple):
    """Everything a report is made from."""

    cohort: Cohort
    graded: Graded
    rules: tuple[RuleSet, ...]
    options: ReportOptions


@pytest.fixture(scope="session")
def example() -> Example:
    cohort = Cohort.of_timelines(a_small_cohort())
    rules = tuple(default_registry().get(id) for id in ("astct-2019.crs", "ebmt-2023.icaht-early"))
    graded = grade_cohort(cohort, rules, engine="plain")
    return Example(cohort, graded, rules, ReportOptions(printed_at=datetime(2026, 11, 22, 14, 5, tzinfo=UTC)))
