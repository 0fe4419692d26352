"""The reasons on the page are those of the plain engine, and never of another record."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.plain.engine import verdict_at
from vein2vein.errors import ReportError
from vein2vein.record.cohort import Cohort
from vein2vein.report.reasons import Reasons, explained_steps
from vein2vein.report.shown import CourseClock


def rows_of(example, course_id: str, rule_id: str) -> list[dict]:
    mine = (pl.col("course_id") == course_id) & (pl.col("rule_set_id") == rule_id)
    return example.graded.verdicts.filter(mine).to_dicts()


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("course_id", ["CRS-02", "CRS-04", "CRS-08"])
def test_every_step_has_the_verdict_of_its_start(example, course_id: str, place: int) -> None:
    rule = example.rules[place]
    timeline = example.cohort.timeline(course_id)
    steps = explained_steps(timeline, rule, rows_of(example, course_id, rule.id))
    assert len(steps) == len(rows_of(example, course_id, rule.id)) >= 1
    for step in steps:
        expected = verdict_at(timeline, rule, step.verdict.at)
        assert step.verdict.bounds == expected.bounds
        assert step.verdict.criteria == expected.criteria
        assert step.verdict.missing == expected.missing
        shown = [(used.name, used.shown, used.assumption) for used in step.verdict.inputs]
        assert shown == [(used.name, used.shown, used.assumption) for used in expected.inputs]


def test_the_step_of_the_unrecorded_device_says_so(example) -> None:
    rule, timeline = example.rules[0], example.cohort.timeline("CRS-04")
    clock = CourseClock.of(timeline)
    assert clock is not None
    reasons = Reasons(clock)
    reasons.add(rule, 0, explained_steps(timeline, rule, rows_of(example, "CRS-04", rule.id)))
    data = reasons.data()
    said = [
        f"{data['texts'][s['t']][0]}: {'; '.join(data['texts'][k][0] for k in s['k'])}"
        for s in data["scales"][0]["s"]
        if (s["l"], s["h"]) == (2, 4)
    ]
    assert "CRS 2 to 4: oxygen device not recorded" in said


def test_a_course_without_infusion_has_no_steps(example) -> None:
    rule = example.rules[0]
    assert explained_steps(example.cohort.timeline("CRS-09"), rule, rows_of(example, "CRS-09", rule.id)) == []


def test_another_record_is_refused(example) -> None:
    rule, timeline = example.rules[0], example.cohort.timeline("CRS-04")
    cooler = replace(
        timeline,
        observations=tuple(replace(o, value=36.5) for o in timeline.observations if o.kind == "body_temperature"),
    )
    with pytest.raises(ReportError, match=r"REPORT-003(?s:.*)does not follow from this record"):
        explained_steps(cooler, rule, rows_of(example, "CRS-04", rule.id))


def said_of_inotropes(timeline, rule) -> set[str]:
    cohort = Cohort.of_timelines([timeline])
    graded = grade_cohort(cohort, [rule], engine="plain")
    rows = graded.verdicts.filter(pl.col("low").is_not_null()).to_dicts()
    place = list(rule.inputs).index("inotrope")
    return {str(step.said[place]) for step in explained_steps(timeline, rule, rows)}


def test_what_is_charted_as_absent_is_not_called_unrecorded(example) -> None:
    rule, timeline = example.rules[0], example.cohort.timeline("CRS-04")
    assert "inotrope" in {row.agent for row in timeline.exposures if row.kind == "charted"}
    assert said_of_inotropes(timeline, rule) == {"no (charted: none)"}
    uncharted = tuple(row for row in timeline.exposures if row.agent != "inotrope")
    assert said_of_inotropes(replace(timeline, exposures=uncharted), rule) == {"not recorded, taken as no"}
