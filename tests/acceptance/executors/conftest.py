"""A cohort of steered courses, what the serial run says about it, and executors with processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from steered import steered_timelines
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.engine.workers import WorkerProcesses
from vein2vein.knowledge.registry import default_registry
from vein2vein.numerics.streams import Streams
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Timeline

SCALES = ("astct-2019.crs", "ebmt-2023.icaht-early", "iec-hs-2023.grade")
COURSES = 60


@pytest.fixture(scope="session")
def cohort() -> Cohort:
    """Steered courses, more than one partition of them."""
    registry, streams = default_registry(), Streams(11)
    lines = [
        line
        for scale in SCALES
        for line in steered_timelines(registry.get(scale), streams[f"executors/{scale}"], COURSES // len(SCALES))
    ]
    return _renumbered(lines)


def _renumbered(lines: list[Timeline]) -> Cohort:
    renamed = []
    for number, line in enumerate(lines):
        patient = replace(line.course.patient, patient_id=PatientId(f"p{number:03d}"))
        course = replace(line.course, course_id=CourseId(f"c{number:03d}"), patient=patient)
        renamed.append(replace(line, course=course))
    return Cohort.of_timelines(renamed)


@pytest.fixture(scope="session")
def serial(cohort: Cohort) -> Graded:
    """What one process says."""
    return grade_cohort(cohort, SCALES)


@pytest.fixture(scope="session")
def folder(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cohort on disk."""
    path = tmp_path_factory.mktemp("cohort")
    cohort.write(path)
    return path


@pytest.fixture
def pool() -> Iterator[Executor]:
    """The standard library's pool, spawned."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.fixture
def workers() -> Iterator[WorkerProcesses]:
    """Our pool, which replaces the dead."""
    with WorkerProcesses(2) as executor:
        yield executor
