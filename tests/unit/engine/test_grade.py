"""The one call: what it refuses, how it cuts, how it reports progress, how it divides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import polars as pl
import pytest

from builders import a_patient, a_small_cohort, severe
from vein2vein.engine.grade import grade_cohort, partitions
from vein2vein.errors import GradingError, KnowledgeError, RecordError
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort
from vein2vein.record.tables import SCHEMAS
from vein2vein.record.timeline import Timeline

CRS = "astct-2019.crs"


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort.of_timelines(a_small_cohort())


def test_a_rule_set_named_twice_is_refused(cohort: Cohort) -> None:
    with pytest.raises(GradingError, match=r"GRADE-001(.|\n)*astct-2019\.crs' named 2 times"):
        grade_cohort(cohort, [CRS, CRS])


def test_no_rule_set_is_refused(cohort: Cohort) -> None:
    with pytest.raises(GradingError, match=r"GRADE-004(.|\n)*an empty list of rule sets(.|\n)*one rule set or more"):
        grade_cohort(cohort, [])


def test_an_unknown_rule_set_is_refused(cohort: Cohort) -> None:
    with pytest.raises(KnowledgeError, match="RULE-003"):
        grade_cohort(cohort, "astct-2091.crs")


def test_an_unknown_engine_is_refused(cohort: Cohort) -> None:
    with pytest.raises(ValueError, match="engine is 'fast'; expected one of vector, plain"):
        grade_cohort(cohort, CRS, engine="fast")  # type: ignore[arg-type]


def test_a_naive_instant_is_refused(cohort: Cohort) -> None:
    with pytest.raises(RecordError, match=r"RECORD-004(.|\n)*as_of 2026-03-06T00:00:00 without a time zone"):
        grade_cohort(cohort, CRS, as_of=datetime(2026, 3, 6))  # noqa: DTZ001


def test_as_of_is_what_was_known_then() -> None:
    patient = severe()
    noon = datetime(2026, 3, 7, 12, tzinfo=UTC)
    then = grade_cohort(Cohort.of_timelines([patient]), CRS, as_of=noon)
    cut = grade_cohort(Cohort.of_timelines([patient.until(noon)]), CRS, as_of=noon)
    assert then.verdicts.equals(cut.verdicts)
    assert then.episodes.equals(cut.episodes)
    assert then.episodes["state"].to_list() == ["ongoing"]


def test_progress_ends_with_all_courses(cohort: Cohort) -> None:
    seen: list[tuple[int, int]] = []
    grade_cohort(cohort, CRS, progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (len(cohort), len(cohort))


def test_an_executor_changes_nothing(cohort: Cohort) -> None:
    here = grade_cohort(cohort, [CRS, "ebmt-2023.icaht-early"])
    with ThreadPoolExecutor(2) as pool:
        there = grade_cohort(cohort, [CRS, "ebmt-2023.icaht-early"], executor=pool)
    assert here.verdicts.equals(there.verdicts)
    assert here.episodes.equals(there.episodes)


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_partitions_hold_every_course_once(cohort: Cohort, size: int) -> None:
    parts = list(partitions(cohort, size))
    assert [id for part in parts for id in part.course_ids] == list(cohort.course_ids)
    assert sum(part.observations.height for part in parts) == cohort.observations.height


def test_every_course_is_accounted_for(cohort: Cohort) -> None:
    """One that was never infused has one row without times."""
    rows = grade_cohort(cohort, CRS).verdicts.filter(course_id="CRS-09")
    assert rows.height == 1
    assert rows.row(0)[2:6] == (None, None, None, None)


def test_an_empty_cohort_gives_empty_tables() -> None:
    nothing = Cohort.of_timelines([])
    for engine in ("plain", "vector"):
        graded = grade_cohort(nothing, CRS, engine=engine)  # type: ignore[arg-type]
        assert graded.verdicts.height == 0
        assert graded.episodes.height == 0


def test_a_course_without_rows() -> None:
    empty = Timeline(a_patient(days=1).built().course)
    graded = grade_cohort(Cohort.of_timelines([empty]), CRS)
    assert graded.verdicts.select("low", "high").rows() == [(0, 4)]


def test_a_row_a_century_before_the_others_does_not_stop_a_large_cohort() -> None:
    timelines = a_small_cohort()
    alone = grade_cohort(Cohort.of_timelines(timelines), CRS)
    some = Cohort.of_timelines(timelines)
    copies = [
        {
            name: getattr(some, name).with_columns(
                (pl.col(column) + f"-{number:03d}").alias(column)
                for column in ("patient_id", "course_id")
                if column in getattr(some, name).columns
            )
            for name in SCHEMAS
        }
        for number in range(-(-2_000 // len(some)))
    ]
    frames = {name: pl.concat([copy[name] for copy in copies]) for name in SCHEMAS}
    course = frames["courses"]["course_id"][0]
    early = pl.DataFrame(
        {"course_id": [course], "kind": ["height"], "value": [1.7], "observed_at": [datetime(1918, 2, 12, tzinfo=UTC)]}
    )
    frames["observations"] = pl.concat([tables.conform(early, "observations"), frames["observations"]])
    graded = grade_cohort(Cohort.of(**frames), CRS)
    assert graded.verdicts.height == alone.verdicts.height * len(copies)
