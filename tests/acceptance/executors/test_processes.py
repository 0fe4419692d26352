"""The same tables from worker processes, also when one of them is killed on the way."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acceptance.executors.conftest import COURSES, SCALES
from acceptance.executors.killing import Killing
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.stream import grade_folder
from vein2vein.engine.verdict import Graded
from vein2vein.engine.workers import WorkerProcesses
from vein2vein.errors import GradingError
from vein2vein.record.cohort import Cohort


def test_a_process_pool_gives_the_same_tables(pool: Executor, cohort: Cohort, serial: Graded) -> None:
    seen: list[tuple[int, int]] = []
    graded = grade_cohort(cohort, SCALES, executor=pool, progress=lambda done, total: seen.append((done, total)))
    assert_frame_equal(graded.verdicts, serial.verdicts)
    assert_frame_equal(graded.episodes, serial.episodes)
    assert seen == [(25, COURSES), (50, COURSES), (COURSES, COURSES)]


def test_a_killed_worker_of_a_plain_pool_is_said_and_nothing_is_handed_back(
    pool: Executor, cohort: Cohort, tmp_path: Path
) -> None:
    killing = Killing(pool, tmp_path / "deaths")
    with pytest.raises(GradingError) as caught:
        grade_cohort(cohort, SCALES, executor=killing)
    assert killing.deaths == 1
    assert caught.value.id == "GRADE-002"
    assert "a worker process ended before it answered (BrokenProcessPool), after" in str(caught.value)
    assert "`WorkerProcesses` and a Dask cluster grade lost partitions again" in str(caught.value)


def test_a_killed_worker_is_replaced(workers: WorkerProcesses, cohort: Cohort, serial: Graded, tmp_path: Path) -> None:
    killing = Killing(workers, tmp_path / "deaths")
    graded = grade_cohort(cohort, SCALES, executor=killing)
    assert killing.deaths == 1
    assert_frame_equal(graded.verdicts, serial.verdicts)
    assert_frame_equal(graded.episodes, serial.episodes)


def test_a_partition_that_kills_every_worker_ends_the_work(
    workers: WorkerProcesses, folder: Path, tmp_path: Path
) -> None:
    killing = Killing(workers, tmp_path / "deaths", deaths=99)
    with pytest.raises(GradingError, match="GRADE-002"):
        grade_folder(folder, SCALES, tmp_path / "out", executor=killing, courses_per_part=10)
    assert killing.deaths == 3
    assert list((tmp_path / "out").iterdir()) == []  # neither whole nor half files


def test_workers_read_their_own_partitions(
    workers: WorkerProcesses, folder: Path, serial: Graded, tmp_path: Path
) -> None:
    killing = Killing(workers, tmp_path / "deaths", which=3)
    files = grade_folder(folder, SCALES, tmp_path / "out", executor=killing, courses_per_part=10)
    assert (killing.calls, killing.deaths) == (6, 1)
    assert_frame_equal(pl.read_parquet(files.verdicts), serial.verdicts)
    assert_frame_equal(pl.read_parquet(files.episodes), serial.episodes)
    assert (files.courses, files.steps) == (COURSES, serial.verdicts.height)


def test_an_error_of_the_work_itself_is_not_taken_for_a_dead_worker(workers: WorkerProcesses) -> None:
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 1, 0).result()
    assert workers.submit(divmod, 7, 2).result() == (3, 1)
