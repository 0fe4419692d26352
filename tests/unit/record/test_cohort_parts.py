"""Courses, kinds and pickles of a cohort: less is read or sent, and nothing that counts is lost."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import vein2vein.record.cohort as module
from vein2vein.record.cohort import Cohort, run_starts

START = datetime(2026, 3, 1, tzinfo=UTC)


def _cohort(courses: int = 6, rows: int = 40) -> Cohort:
    ids = [f"a course with a long name {n:02d}" for n in range(courses)]
    kinds = ("crp", "body_temperature", "ferritin")
    return Cohort.of(
        patients=pl.DataFrame({"patient_id": ids}),
        courses=pl.DataFrame({"course_id": ids, "patient_id": ids}),
        observations=pl.DataFrame(
            [
                {"course_id": id, "kind": kinds[n % 3], "value": float(n), "observed_at": START + timedelta(hours=n)}
                for id in ids
                for n in range(rows)
            ]
        ),
    )


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)


def test_kinds_keep_the_first_and_last_row_of_each_course(tmp_path: Path) -> None:
    cohort = _cohort()
    cohort.write(tmp_path)
    read = Cohort.read(tmp_path, kinds={"ferritin"})
    first_or_last = pl.col("observed_at").is_in([START, START + timedelta(hours=39)])
    needed = cohort.observations.filter((pl.col("kind") == "ferritin") | first_or_last)
    assert needed.join(read.observations, on=["course_id", "observed_at", "kind", "value"], how="anti").is_empty()
    assert set(read.observations["kind"]) == {"ferritin", "crp", "body_temperature"}
    exact = cohort.of_kinds({"ferritin"}).observations
    assert_frame_equal(exact, needed)
    assert Cohort.read(tmp_path, kinds=set()).first_and_last == cohort.first_and_last


def test_rows_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    cohort = _cohort()
    cohort.write(tmp_path)
    cohort.observations.reverse().write_parquet(tmp_path / "observations.parquet")
    assert_frame_equal(Cohort.read(tmp_path).observations, cohort.observations)
    read = Cohort.read(tmp_path, kinds={"crp"})
    assert read.first_and_last == cohort.first_and_last
    assert (
        read.observations.filter(kind="crp")["value"].to_list()
        == cohort.observations.filter(kind="crp")["value"].to_list()
    )


def test_some_courses(tmp_path: Path) -> None:
    cohort = _cohort()
    cohort.write(tmp_path)
    ids = cohort.course_ids
    some = Cohort.read(tmp_path, courses=(ids[1], ids[3]))
    assert some.course_ids == ids[1:3]
    for name in ("patients", "courses", "observations"):
        assert_frame_equal(getattr(some, name), getattr(cohort.part(1, 3), name))


def test_runs_are_found_across_pieces() -> None:
    values = ["a"] * 7 + ["b"] * 7 + ["c"] + [None] * 9 + ["a"] * 2
    assert run_starts(pl.Series(values, dtype=pl.String)).tolist() == [0, 7, 14, 15, 24]
    assert run_starts(pl.Series([], dtype=pl.String)).tolist() == []


@pytest.mark.parametrize(("courses", "rows"), [(2, 3), (40, 60)])
def test_pickles_are_small_and_whole(courses: int, rows: int) -> None:
    cohort = _cohort(courses, rows)
    sent = pickle.dumps(cohort.part(0, courses // 2))
    assert len(sent) < 40 * cohort.observations.height // 2 + 10_000
    again = pickle.loads(sent)  # noqa: S301  (packed one line above)
    for name in ("patients", "courses", "observations", "exposures", "milestones"):
        assert_frame_equal(getattr(again, name), getattr(cohort.part(0, courses // 2), name))
