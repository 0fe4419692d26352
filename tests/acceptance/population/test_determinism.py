"""The same seed gives the same rows, however the work is shared out and however long the cohort is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date

import numpy as np  # noqa: TC002  (read by the type checker in a signature)
import pytest

from vein2vein.engine.workers import WorkerProcesses
from vein2vein.population.blocks import Block
from vein2vein.population.simulate import simulate
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

N = 300
WAYS = {
    "one process": lambda: WorkerProcesses(1),
    "two processes": lambda: WorkerProcesses(2),
    "three threads": lambda: ThreadPoolExecutor(3),
}


def _digests(cohort: Cohort) -> dict[str, str]:
    """A digest of the values of each table, row by row."""
    return {
        name: hashlib.sha256(getattr(cohort, name).hash_rows(seed=1).to_numpy().tobytes()).hexdigest()
        for name in tables.SCHEMAS
    }


@pytest.fixture(scope="module")
def here() -> Cohort:
    return simulate("liso-cel", n=N, seed=3)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_executor_changes_nothing(here: Cohort, way: str) -> None:
    with WAYS[way]() as executor:
        assert isinstance(executor, Executor)
        elsewhere = simulate("liso-cel", n=N, seed=3, executor=executor)
    assert _digests(elsewhere) == _digests(here)


def test_a_longer_cohort_begins_with_the_shorter_one(here: Cohort) -> None:
    longer = simulate("liso-cel", n=600, seed=3)
    assert _digests(longer.part(0, N)) == _digests(here)
    assert len(longer) == 600


def test_another_seed_and_another_setting_are_other_people(here: Cohort) -> None:
    other = simulate("liso-cel", n=N, seed=4)
    assert _digests(other)["observations"] != _digests(here)["observations"]
    shared = set(other.course_ids) & set(simulate("relma-cel", n=20, seed=3).course_ids)
    assert not shared


@contextmanager
def _one_more_draw(patch: pytest.MonkeyPatch, decision: str) -> Iterator[None]:
    """The stream of one decision starts one draw later, as if its module had been changed."""
    asked = Block.stream

    def stream(self: Block, name: str) -> np.random.Generator:
        generator = asked(self, name)
        if name == decision:
            generator.random()
        return generator

    with patch.context() as within:
        within.setattr(Block, "stream", stream)
        yield


@pytest.mark.parametrize(
    ("decision", "table", "unchanged"),
    [
        ("bedside/noise", "observations", ("patients", "courses", "exposures", "milestones")),
        ("patients/sex", "patients", ("courses", "milestones")),
        ("bedside/flow", "exposures", ("patients", "courses", "observations", "milestones")),
    ],
)
def test_a_changed_module_leaves_the_draws_of_the_others(
    here: Cohort, monkeypatch: pytest.MonkeyPatch, decision: str, table: str, unchanged: tuple[str, ...]
) -> None:
    with _one_more_draw(monkeypatch, decision):
        changed = _digests(simulate("liso-cel", n=N, seed=3))
    before = _digests(here)
    assert changed[table] != before[table]
    assert {name: changed[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_the_calendar_moves_everything_by_the_same_days() -> None:
    early = simulate("liso-cel", n=40, seed=3, calendar_from=date(2025, 1, 1), days=3)
    late = simulate("liso-cel", n=40, seed=3, calendar_from=date(2026, 1, 1), days=3)
    moved = (late.courses["followed_until"] - early.courses["followed_until"]).dt.total_days()
    assert moved.is_between(364, 366).all()
    assert (late.milestones.filter(kind="referred")["at"].dt.year() >= 2026).all()
    assert early.observations["value"].equals(late.observations["value"])
