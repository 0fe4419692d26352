"""The table of lesions: written only where there are any, cut at the instant at which a measurement was reported."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from vein2vein.errors import RecordError
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import ScannedLesion

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def _cohort(*rows: dict[str, object]) -> Cohort:
    return Cohort.of(
        patients=pl.DataFrame({"patient_id": ["P1", "P2"]}),
        courses=pl.DataFrame({"course_id": ["C1", "C2"], "patient_id": ["P1", "P2"]}),
        lesions=pl.DataFrame(list(rows), schema=dict(tables.LESIONS), infer_schema_length=None) if rows else None,
    )


def _row(
    course: str = "C1", *, lesion: str = "A", hours: float = 0, reported: float | None = None
) -> dict[str, object]:
    recorded = None if reported is None else T0 + timedelta(hours=reported)
    return {"course_id": course, "lesion": lesion, "site": "node", "role": "target", "seen": "measured", "long_mm": 30.0,
            "short_mm": 20.0, "observed_at": T0 + timedelta(hours=hours), "recorded_at": recorded}  # fmt: skip


def test_lesions_are_a_part_of_the_timeline() -> None:
    timeline = _cohort(_row(), _row("C2", lesion="B")).timeline("C1")
    [lesion] = timeline.lesions
    assert lesion == ScannedLesion(
        "A", T0, site="node", role="target", seen="measured", long_mm=30.0, short_mm=20.0, usability="ok"
    )
    assert lesion.is_usable
    assert not replace(lesion, usability="not-assessable").is_usable


@pytest.mark.parametrize("as_recorded", [False, True])
def test_a_scan_that_nobody_has_reported_says_nothing(as_recorded: bool) -> None:
    timeline = _cohort(_row(hours=0, reported=48), _row(lesion="B", hours=0)).timeline("C1")
    before = timeline.until(T0 + timedelta(hours=47), as_recorded=as_recorded)
    assert [one.lesion for one in before.lesions] == ["B"]
    at = timeline.until(T0 + timedelta(hours=48), as_recorded=as_recorded)
    assert [one.lesion for one in at.lesions] == ["A", "B"]
    assert timeline.until(T0 - timedelta(microseconds=1)).lesions == ()


def test_a_cohort_with_lesions_is_written_and_read(tmp_path: Path) -> None:
    cohort = _cohort(_row(hours=5), _row(hours=1, lesion="B"), _row("C2"))
    cohort.write(tmp_path)
    assert (tmp_path / "lesions.parquet").exists()
    read = Cohort.read(tmp_path)
    assert read.lesions.equals(cohort.lesions)
    assert read.lesions["lesion"].to_list() == ["B", "A", "A"]  # in order of time within a course
    assert Cohort.read(tmp_path, courses=("C2", None)).lesions["course_id"].to_list() == ["C2"]


def test_grading_reads_no_lesions(tmp_path: Path) -> None:
    cohort = _cohort(_row())
    cohort.write(tmp_path)
    assert Cohort.read(tmp_path, kinds=["temperature"]).lesions.is_empty()
    assert cohort.of_kinds(["temperature"]).lesions.is_empty()


def test_no_file_is_written_where_there_are_none_and_an_old_one_goes(tmp_path: Path) -> None:
    _cohort(_row()).write(tmp_path)
    _cohort().write(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"{name}.parquet" for name in tables.SCHEMAS)
    assert Cohort.read(tmp_path).lesions.is_empty()


def test_parts_and_selections_hold_their_lesions_only() -> None:
    cohort = _cohort(_row(), _row("C2"))
    assert cohort.part(1, 2).lesions["course_id"].to_list() == ["C2"]
    assert cohort.select([cohort.course_ids[0]]).lesions["course_id"].to_list() == ["C1"]
    assert cohort.entered_by(T0).lesions.height == 2
    late = _cohort(_row(reported=48))
    assert late.entered_by(T0 + timedelta(hours=47)).lesions.is_empty()


def test_lesions_travel_to_other_processes_and_back() -> None:
    cohort = _cohort(_row())
    assert pickle.loads(pickle.dumps(cohort)).lesions.equals(cohort.lesions)  # noqa: S301
    assert pickle.loads(pickle.dumps(_cohort())).lesions.equals(tables.empty("lesions"))  # noqa: S301


def test_timelines_make_the_same_table_again() -> None:
    cohort = _cohort(_row(), _row("C2"))
    assert Cohort.of_timelines(tuple(cohort.timelines())).lesions.equals(cohort.lesions)


def test_a_lesion_of_no_course_is_refused() -> None:
    with pytest.raises(RecordError, match=r"RECORD-002[\s\S]*course_id in lesions"):
        _cohort(_row("C9"))
