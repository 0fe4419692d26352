"""Cohort folders are graded partition by partition, with the rows of `grade_cohort`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from steered import steered_timelines
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.stream import grade_folder, parts_of
from vein2vein.errors import GradingError, RecordError
from vein2vein.knowledge.registry import default_registry
from vein2vein.numerics.streams import Streams
from vein2vein.record.cohort import Cohort

SCALES = ("astct-2019.crs", "ebmt-2023.icaht-early")


def _cohort(prefix: str = "c") -> Cohort:
    lines = []
    for scale in SCALES:
        drawn = steered_timelines(default_registry().get(scale), Streams(3)[f"stream/{scale}"], 12)
        for line in drawn:
            number = f"{prefix}{len(lines):03d}"
            patient = replace(line.course.patient, patient_id=PatientId(number))
            lines.append(replace(line, course=replace(line.course, course_id=CourseId(number), patient=patient)))
    return Cohort.of_timelines(lines)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return _cohort()


@pytest.mark.parametrize("size", [1, 5, 24, 100])
def test_the_rows_are_those_of_the_whole_cohort(cohort: Cohort, size: int, tmp_path: Path) -> None:
    cohort.write(tmp_path / "cohort")
    seen: list[tuple[int, int]] = []
    files = grade_folder(
        tmp_path / "cohort",
        SCALES,
        tmp_path / "out",
        courses_per_part=size,
        progress=lambda done, total: seen.append((done, total)),
    )
    whole = grade_cohort(cohort, SCALES)
    assert_frame_equal(pl.read_parquet(files.verdicts), whole.verdicts)
    assert_frame_equal(pl.read_parquet(files.episodes), whole.episodes)
    assert files.parameters == whole.parameters
    assert seen[-1] == (24, 24)
    assert len(seen) == -(-24 // size)


@pytest.mark.parametrize("engine", ["vector", "plain"])
def test_as_of_and_engine_mean_the_same(cohort: Cohort, engine: str, tmp_path: Path) -> None:
    cohort.write(tmp_path / "cohort")
    at = datetime(2026, 6, 3, tzinfo=UTC)
    files = grade_folder(tmp_path / "cohort", SCALES, tmp_path, as_of=at, engine=engine, courses_per_part=7)
    assert_frame_equal(pl.read_parquet(files.verdicts), grade_cohort(cohort, SCALES, as_of=at).verdicts)


def test_follow_up_rests_on_rows_of_every_kind(cohort: Cohort, tmp_path: Path) -> None:
    """Without an end of follow-up the last row counts, also one of a kind that no rule set asks for."""
    last = cohort.observations["observed_at"].max()
    assert isinstance(last, datetime)
    later = {"course_id": "c000", "kind": "ldh", "value": 200.0, "observed_at": last + timedelta(days=3)}
    unended = Cohort.of(
        patients=cohort.patients,
        courses=cohort.courses.with_columns(followed_until=pl.lit(None, cohort.courses.schema["followed_until"])),
        observations=pl.concat([cohort.observations, pl.DataFrame([later])], how="diagonal_relaxed"),
        exposures=cohort.exposures,
        milestones=cohort.milestones,
    )
    assert "ldh" not in default_registry().get(SCALES[0]).observation_kinds
    unended.write(tmp_path / "cohort")
    files = grade_folder(tmp_path / "cohort", SCALES[0], tmp_path, courses_per_part=4)
    whole = grade_cohort(unended, SCALES[0])
    assert_frame_equal(pl.read_parquet(files.verdicts), whole.verdicts)
    assert_frame_equal(pl.read_parquet(files.episodes), whole.episodes)


def test_several_folders_come_one_after_the_other(tmp_path: Path) -> None:
    folders = []
    for prefix in ("b", "a"):
        _cohort(prefix).write(tmp_path / prefix)
        folders.append(tmp_path / prefix)
    files = grade_folder(folders, SCALES[0], tmp_path / "out", courses_per_part=10)
    ids = pl.read_parquet(files.verdicts)["course_id"].unique(maintain_order=True).to_list()
    assert ids == [f"{prefix}{n:03d}" for prefix in ("b", "a") for n in range(24)]
    assert files.courses == 48


def test_a_course_in_two_folders_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    for name in ("one", "two"):
        cohort.write(tmp_path / name)
    with pytest.raises(
        GradingError, match=r"GRADE-003(.|\n)*24 courses in two of the folders, first 'c000', again in two"
    ):
        parts_of([tmp_path / "one", tmp_path / "two"])


def test_a_fault_leaves_no_file(cohort: Cohort, tmp_path: Path) -> None:
    cohort.write(tmp_path / "cohort")
    lost = cohort.observations.head(1).with_columns(course_id=pl.lit("nobody"))
    pl.concat([cohort.observations, lost]).write_parquet(tmp_path / "cohort" / "observations.parquet")
    with pytest.raises(RecordError, match=r"RECORD-002(.|\n)*'nobody'"):
        grade_folder(tmp_path / "cohort", SCALES, tmp_path / "out", courses_per_part=10)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_empty_cohort_gives_empty_tables(tmp_path: Path) -> None:
    empty = Cohort.of_timelines([])
    empty.write(tmp_path / "cohort")
    files = grade_folder(tmp_path / "cohort", SCALES, tmp_path / "out")
    assert (files.courses, files.steps) == (0, 0)
    assert_frame_equal(pl.read_parquet(files.verdicts), grade_cohort(empty, SCALES).verdicts)
