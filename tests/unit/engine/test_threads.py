"""Partitions graded on several threads: the same tables, in order, few at a time, errors raised."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, current_thread

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from steered import steered_timelines
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.engine import grade
from vein2vein.engine.grade import grade_cohort, threads_for
from vein2vein.engine.stream import grade_folder
from vein2vein.engine.workers import threaded, usable_cores
from vein2vein.errors import GradingError
from vein2vein.knowledge.registry import default_registry
from vein2vein.numerics.streams import Streams
from vein2vein.record.cohort import Cohort

SCALES = ("astct-2019.crs", "ebmt-2023.icaht-early", "fardet-2014.hscore", "howard-2011.tls-clinical")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Steered courses of several rule sets."""
    lines = []
    for scale in SCALES:
        for line in steered_timelines(default_registry().get(scale), Streams(17)[f"threads/{scale}"], 15):
            number = f"c{len(lines):03d}"
            patient = replace(line.course.patient, patient_id=PatientId(number))
            lines.append(replace(line, course=replace(line.course, course_id=CourseId(number), patient=patient)))
    return Cohort.of_timelines(lines)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions of seven courses."""
    monkeypatch.setattr(grade, "COURSES_PER_PARTITION", 7)
    monkeypatch.setattr(grade, "COURSES_OF_A_THREAD", 7)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_nothing(cohort: Cohort, threads: int) -> None:
    seen: list[int] = []
    several = grade_cohort(cohort, SCALES, threads=threads, progress=lambda done, _: seen.append(done))
    one = grade_cohort(cohort, SCALES, threads=1)
    assert_frame_equal(several.verdicts, one.verdicts)
    assert_frame_equal(several.episodes, one.episodes)
    assert seen == [*range(7, 60, 7), 60]


def test_a_folder_is_graded_on_threads_too(cohort: Cohort, tmp_path: Path) -> None:
    cohort.write(tmp_path / "cohort")
    files = [
        grade_folder(tmp_path / "cohort", SCALES, tmp_path / str(n), threads=n, courses_per_part=7) for n in (1, 3)
    ]
    for name in ("verdicts", "episodes"):
        one, several = (pl.read_parquet(getattr(file, name)) for file in files)
        assert_frame_equal(one, several)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_partition_is_raised(cohort: Cohort, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graded: list[str] = []
    whole = grade.grade_partition

    def failing(part: Cohort, *rest: object) -> object:
        if "c021" in part.course_ids:
            raise GradingError("GRADE-003", saw="a planted fault", expected="none", fix="none")
        graded.append(part.course_ids[0])
        return whole(part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(grade, "grade_partition", failing)
    with pytest.raises(GradingError, match="a planted fault"):
        grade_cohort(cohort, SCALES[0], threads=threads)
    assert len(graded) < 8  # what had not begun was left alone


def test_no_more_questions_are_taken_than_threads_and_one() -> None:
    taken: list[int] = []

    def questions() -> object:
        for number in range(12):
            taken.append(number)
            yield number

    for number, answer in enumerate(threaded(3, lambda q: q * q, questions())):  # type: ignore[arg-type]
        assert answer == number * number
        assert len(taken) <= number + 1 + 3


def test_questions_are_answered_at_the_same_time() -> None:
    both = Barrier(2)  # neither passes before the other has come

    def meet(_: int) -> str:
        both.wait(timeout=30)
        return current_thread().name

    assert len(set(threaded(2, meet, range(2)))) == 2


def test_how_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grade, "usable_cores", lambda: 6)
    assert (threads_for("vector", None), threads_for("plain", None), threads_for("vector", 3)) == (6, 1, 3)
    assert grade.threads_for("vector", 0) == 1


def test_affinity_counts_and_a_worker_process_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert usable_cores() == 3
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(usable_cores).result() == 1


def test_engines_agree_on_several_rule_sets_and_courses_at_once(cohort: Cohort) -> None:
    """Rows of several rule sets stand in the order of the call, episodes in the order of the ids."""
    scales = SCALES[::-1]
    plain, vector = (grade_cohort(cohort, scales, engine=engine) for engine in ("plain", "vector"))  # type: ignore[arg-type]
    assert_frame_equal(plain.verdicts, vector.verdicts)
    assert_frame_equal(plain.episodes, vector.episodes)
    of_one = vector.verdicts.filter(course_id="c000")["rule_set_id"].unique(maintain_order=True)
    assert tuple(of_one) == scales
    assert vector.episodes.equals(vector.episodes.sort("course_id", "rule_set_id", "onset_at"))
