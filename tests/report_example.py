"""A small made-up cohort, graded once for all tests of the report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest

from builders import a_small_cohort
from vein2vein.engine.grade import grade_cohort
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.report.html import ReportOptions

if TYPE_CHECKING:
    from vein2vein.engine.verdict import Graded
    from vein2vein.knowledge.schema import RuleSet


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
