"""The five tables: what they refuse, in which words, and how a cohort is taken apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from builders import a_small_cohort, mild, severe
from vein2vein.basis.ids import CourseId
from vein2vein.errors import RecordError
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

if TYPE_CHECKING:
    from pathlib import Path

ZERO = datetime(2026, 6, 1, 8, tzinfo=UTC)


def frames(**changes: pl.DataFrame) -> dict[str, Any]:
    """A cohort of one course without rows, with some frames put in place of others."""
    return {
        "patients": pl.DataFrame({"patient_id": ["p"]}),
        "courses": pl.DataFrame({"course_id": ["c"], "patient_id": ["p"]}),
    } | changes


def refused(**changes: pl.DataFrame) -> str:
    with pytest.raises(RecordError) as caught:
        Cohort.of(**frames(**changes))
    return str(caught.value)


def test_missing_columns_become_null_and_the_defaults_are_set() -> None:
    rows = pl.DataFrame({"course_id": ["c"], "kind": ["crp"], "observed_at": [ZERO], "value": [12]})
    cohort = Cohort.of(**frames(observations=rows))
    assert cohort.courses["zone"].to_list() == ["UTC"]
    assert cohort.observations["usability"].to_list() == ["ok"]
    assert cohort.observations["value"].to_list() == [12.0]
    assert cohort.observations.schema == pl.Schema(tables.OBSERVATIONS)
    assert cohort.exposures.height == 0


def test_columns_that_are_unknown_or_lacking_are_named() -> None:
    message = refused(observations=pl.DataFrame({"course_id": ["c"], "kind": ["crp"], "when": [ZERO]}))
    assert "RECORD-001" in message
    assert "unknown columns ['when'] and without columns ['observed_at']" in message


@pytest.mark.parametrize("column", [pl.Series(["2026-06-01"]), pl.Series([datetime(2026, 6, 1)])])  # noqa: DTZ001
def test_a_time_that_is_not_aware_is_refused(column: pl.Series) -> None:
    rows = pl.DataFrame({"course_id": ["c"], "kind": ["crp"], "observed_at": column})
    message = refused(observations=rows)
    assert "RECORD-001" in message
    assert "aware date-times" in message


def test_rows_that_point_nowhere() -> None:
    rows = pl.DataFrame({"course_id": ["c", "x"], "kind": ["crp"] * 2, "observed_at": [ZERO] * 2})
    message = refused(observations=rows)
    assert "RECORD-002" in message
    assert "1 values of course_id in observations that do not exist, first 'x'" in message
    assert "patient_id in courses" in refused(courses=pl.DataFrame({"course_id": ["c"], "patient_id": ["q"]}))


def test_identifiers_used_twice() -> None:
    message = refused(patients=pl.DataFrame({"patient_id": ["p", "p"]}))
    assert "RECORD-006" in message
    assert "2 rows of patients share or lack a patient_id, first 'p'" in message


def test_an_exposure_that_ends_before_it_starts() -> None:
    rows = pl.DataFrame(
        {
            "course_id": ["c"],
            "kind": ["oxygen"],
            "agent": ["cpap"],
            "started_at": [ZERO],
            "ended_at": [ZERO - timedelta(microseconds=1)],
        }
    )
    message = refused(exposures=rows)
    assert "RECORD-005" in message
    assert "1 exposures end before they start, first of course 'c'" in message


def test_rows_are_put_in_order_and_those_of_one_instant_stay() -> None:
    rows = pl.DataFrame(
        {
            "course_id": ["c"] * 3,
            "kind": ["crp"] * 3,
            "observed_at": [ZERO + timedelta(hours=1), ZERO, ZERO],
            "value": [3.0, 1.0, 2.0],
        }
    )
    assert Cohort.of(**frames(observations=rows)).observations["value"].to_list() == [1.0, 2.0, 3.0]


def test_a_course_that_is_not_there() -> None:
    cohort = Cohort.of_timelines(a_small_cohort())
    with pytest.raises(RecordError, match=r"RECORD-003(.|\n)*course 'nobody' and 1 more"):
        cohort.select([CourseId("nobody"), CourseId("no one"), cohort.course_ids[0]])
    with pytest.raises(RecordError, match="RECORD-003"):
        cohort.timeline("nobody")


def test_a_cohort_is_the_timelines_it_was_made_of() -> None:
    timelines = a_small_cohort()
    cohort = Cohort.of_timelines(timelines)
    assert {t.course.course_id: t for t in cohort.timelines()} == {t.course.course_id: t for t in timelines}


def test_select_keeps_only_what_belongs() -> None:
    cohort = Cohort.of_timelines([mild(), severe()])
    one = cohort.select([CourseId("CRS-07")])
    assert one.course_ids == ("CRS-07",)
    assert one.patients["patient_id"].to_list() == ["P-CRS-07"]
    assert set(one.observations["course_id"]) == {"CRS-07"}
    assert one.timeline("CRS-07") == cohort.timeline("CRS-07")


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (1, 3), (4, 6), (0, 6), (6, 6)])
def test_a_part_is_what_selecting_its_courses_gives(start: int, stop: int) -> None:
    cohort = Cohort.of_timelines(a_small_cohort())
    part, chosen = cohort.part(start, stop), cohort.select(cohort.course_ids[start:stop])
    for name in tables.SCHEMAS:
        assert getattr(part, name).equals(getattr(chosen, name)), name


def test_written_and_read_again(tmp_path: Path) -> None:
    cohort = Cohort.of_timelines(a_small_cohort())
    cohort.write(tmp_path / "cohort")
    again = Cohort.read(tmp_path / "cohort")
    for name in tables.SCHEMAS:
        assert getattr(again, name).equals(getattr(cohort, name)), name
    only = Cohort.read(tmp_path / "cohort", kinds=["crp"])
    crp = cohort.observations.filter(kind="crp")
    assert only.observations.filter(kind="crp")["value"].equals(crp["value"])
    assert only.observations.height <= crp.height + 2 * len(cohort)  # and the first and last row of each course
    assert only.course_ids == cohort.course_ids


def test_the_first_and_last_instant() -> None:
    cohort = Cohort.of_timelines([mild()])
    first, last = cohort.first_and_last or (None, None)
    assert first == mild().exposures[0].started_at
    assert last == mild().observations[-1].observed_at
    assert Cohort.of(**frames()).first_and_last is None


def test_rows_that_were_entered_later_are_left_out_and_rows_without_that_time_stay() -> None:
    entered = [ZERO, ZERO + timedelta(hours=1), None]
    facts = pl.DataFrame(
        {
            "course_id": ["c"] * 3, "kind": ["body_temperature"] * 3, "value": [38.0, 39.0, 40.0],
            "observed_at": [ZERO + timedelta(minutes=n) for n in range(3)], "recorded_at": entered, "source": ["x"] * 3,
        }
    )  # fmt: skip
    drugs = pl.DataFrame(
        {
            "course_id": ["c"] * 3, "kind": ["vasopressor"] * 3, "agent": ["unspecified"] * 3,
            "started_at": [ZERO + timedelta(minutes=n) for n in range(3)], "recorded_at": entered, "source": ["x"] * 3,
        }
    )  # fmt: skip
    cohort = Cohort.of(**frames(observations=facts, exposures=drugs)).entered_by(ZERO)
    assert cohort.observations["value"].to_list() == [38.0, 40.0]
    assert cohort.exposures["recorded_at"].to_list() == [ZERO, None]
    with pytest.raises(RecordError, match="RECORD-004"):
        cohort.entered_by(ZERO.replace(tzinfo=None))
