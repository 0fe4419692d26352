"""The same tables from a Dask cluster of several worker processes, also when one of them is killed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import polars as pl
import pytest
from distributed import Client, LocalCluster
from polars.testing import assert_frame_equal

from acceptance.executors.conftest import SCALES
from acceptance.executors.killing import Killing
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.stream import grade_folder
from vein2vein.engine.verdict import Graded
from vein2vein.errors import GradingError
from vein2vein.record.cohort import Cohort

pytestmark = [pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a cluster of two worker processes on this machine."""
    with (
        dask.config.set({"temporary-directory": str(tmp_path_factory.mktemp("dask"))}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_a_cluster_gives_the_same_tables(client: Any, cohort: Cohort, serial: Graded) -> None:
    with client.get_executor() as executor:
        graded = grade_cohort(cohort, SCALES, executor=executor)
    assert_frame_equal(graded.verdicts, serial.verdicts)
    assert_frame_equal(graded.episodes, serial.episodes)


def test_a_killed_worker_costs_nothing(
    client: Any, cohort: Cohort, folder: Path, serial: Graded, tmp_path: Path
) -> None:
    with client.get_executor() as executor:
        killing = Killing(executor, tmp_path / "in-memory")
        graded = grade_cohort(cohort, SCALES, executor=killing)
        assert killing.deaths == 1
        killing = Killing(executor, tmp_path / "on-disk")
        files = grade_folder(folder, SCALES, tmp_path / "out", executor=killing, courses_per_part=10)
        assert killing.deaths == 1
    assert_frame_equal(graded.verdicts, serial.verdicts)
    assert_frame_equal(graded.episodes, serial.episodes)
    assert_frame_equal(pl.read_parquet(files.verdicts), serial.verdicts)
    assert_frame_equal(pl.read_parquet(files.episodes), serial.episodes)


def test_a_partition_that_kills_workers_ends_the_work(
    client: Any, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)  # how often Dask tries again
    with client.get_executor() as executor:
        killing = Killing(executor, tmp_path / "deaths", deaths=99)
        with pytest.raises(GradingError, match=r"GRADE-002(.|\n)*KilledWorker"):
            grade_cohort(cohort, SCALES, executor=killing)
    assert killing.deaths == 1
