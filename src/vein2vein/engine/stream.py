"""Grade cohorts that are larger than memory: partition by partition, from Parquet to Parquet.

Place    Engine. Beside `engine.grade`, which grades a cohort in memory.
In       Folders as written by `Cohort.write` (or the partitions that intake writes for large deliveries).
Out      ``verdicts.parquet`` and ``episodes.parquet``, the same rows as `grade_cohort` gives.
Knows    A partition is named by its first and its following course, so that a worker reads its own rows: the task is a path
         and two identifiers. Row groups of other courses, other kinds of observations and columns that grading does not
         need are not read. Files appear when they are complete, never half written.
Missing  As `engine.verdict`.
Does not Sort across folders: rows come folder by folder, within a folder by course.
Checked  tests/acceptance/executors, tests/unit/engine/test_stream.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow.parquet

from vein2vein.basis.clock import check_aware
from vein2vein.engine.grade import Engine, cut, grade_partition, kinds_of, resolve, threads_for
from vein2vein.engine.verdict import EPISODES, VERDICTS, Graded
from vein2vein.engine.workers import answers, packed, threaded, unpacked
from vein2vein.errors import GradingError
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort

COURSES_PER_PART: Final = 1_000


@dataclass(frozen=True)
class GradedFiles:
    """What was written.

    Attributes:
        verdicts: Parquet file with the columns of `engine.verdict.VERDICTS`.
        episodes: Parquet file with the columns of `engine.verdict.EPISODES`.
        courses: How many courses were graded.
        steps: How many rows the verdict table has.
        parameters: Chosen parameters by rule set.
    """

    verdicts: Path
    episodes: Path
    courses: int
    steps: int
    parameters: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class FolderPart:
    """Some courses of a cohort folder: from `first` (None: from the start) to before `following` (None: to the end)."""

    folder: Path
    first: str | None
    following: str | None
    size: int

    def load(self, kinds: frozenset[str]) -> Cohort:
        """Read the courses and what grading needs of these kinds of observations."""
        return Cohort.read(self.folder, kinds=kinds, courses=(self.first, self.following))


@dataclass(frozen=True)
class _Task:
    part: FolderPart
    rules: bytes
    as_of: datetime | None
    engine: Engine


def grade_folder(  # noqa: PLR0913  (the options of the main job, all named)
    folders: Path | Sequence[Path],
    rule_sets: Sequence[str | RuleSet] | str | RuleSet,
    output: Path,
    *,
    as_of: datetime | None = None,
    engine: Engine = "vector",
    executor: Executor | None = None,
    threads: int | None = None,
    registry: Registry | None = None,
    progress: Callable[[int, int], None] | None = None,
    courses_per_part: int = COURSES_PER_PART,
) -> GradedFiles:
    """Grade every course of cohort folders of any size, with memory for a few partitions only.

    Args:
        folders: One or more folders as written by `Cohort.write`; no course may be in two of them.
        rule_sets: Ids (default parameters) or bound rule sets.
        output: Folder for the two files, which is made when needed; files of these names are replaced.
        as_of: Aware instant up to which anything is known; None looks at each course to the end of its follow-up.
        engine: "vector" (fast) or "plain" (the definition).
        executor: Where partitions are read and graded; workers need to see `folders` under the same path. None grades
            here, on threads.
        threads: As for `grade_cohort`; each thread holds a partition, and one more may wait to be written.
        registry: Where ids are looked up; the package's own rule files when None.
        progress: Called with (courses done, courses in all) after each partition.
        courses_per_part: How many courses are in memory at once, in each worker or thread.

    Raises:
        KnowledgeError: RULE-003. GradingError: GRADE-001 a rule set named twice, GRADE-002 a worker died, GRADE-003 a course
            in two folders. RecordError: as `Cohort.of`, at the partition that holds the fault; no file is left then.
    """
    rules = resolve(rule_sets, registry or default_registry())
    at = None if as_of is None else check_aware(as_of, what="as_of")
    listed = [folders] if isinstance(folders, Path) else list(folders)
    parts = parts_of(listed, courses_per_part)
    total, done, steps = sum(part.size for part in parts), 0, 0
    output.mkdir(parents=True, exist_ok=True)
    names = {"verdicts": VERDICTS, "episodes": EPISODES}
    sent = packed(rules)
    with ExitStack() as stack:
        files = {name: stack.enter_context(_File(output / f"{name}.parquet", names[name])) for name in names}
        tasks = (_Task(part, sent, at, engine) for part in parts)
        n = min(threads_for(engine, threads), len(parts))
        found = threaded(n, _graded, tasks) if executor is None else answers(executor, _graded, tasks)
        for part, graded in zip(parts, found, strict=True):
            for name, file in files.items():
                file.write(getattr(graded, name))
            steps += graded.verdicts.height
            done += part.size
            if progress is not None:
                progress(done, total)
    chosen = {rule.id: dict(rule.chosen) for rule in rules}
    return GradedFiles(output / "verdicts.parquet", output / "episodes.parquet", total, steps, chosen)


def parts_of(folders: Sequence[Path], courses_per_part: int = COURSES_PER_PART) -> list[FolderPart]:
    """The partitions of cohort folders, in order; only the identifiers of the courses are read.

    Raises:
        GradingError: GRADE-003 when a course is in two folders.
    """
    found: list[FolderPart] = []
    seen = pl.Series("course_id", [], dtype=pl.String)
    for folder in folders:
        ids = pl.read_parquet(folder / "courses.parquet", columns=["course_id"])["course_id"].sort()
        both = ids.filter(ids.is_in(seen.implode()))
        if len(both):
            raise GradingError(
                "GRADE-003",
                saw=f"{len(both)} courses in two of the folders, first {both[0]!r}, again in {folder.name}",
                expected="each course in one folder",
                fix="leave out the folder that repeats them, or write all rows of a course into one folder",
            )
        seen = pl.concat([seen, ids])
        found += _parts(folder, ids, courses_per_part)
    return found


def _parts(folder: Path, ids: pl.Series, courses_per_part: int) -> Iterator[FolderPart]:
    starts = list(range(0, max(len(ids), 1), courses_per_part))
    edges = [None, *(str(ids[start]) for start in starts[1:]), None]
    for start, (first, following) in zip(starts, pairwise(edges), strict=True):
        yield FolderPart(folder, first, following, min(courses_per_part, len(ids) - start))


def _graded(task: _Task) -> Graded:
    rules = unpacked(task.rules)
    cohort = task.part.load(kinds_of(rules))
    if task.as_of is not None:
        cohort = cut(cohort, task.as_of)
    return grade_partition(cohort, rules, task.as_of, task.engine)


class _File:
    """A Parquet file that grows by frames and appears when it is complete."""

    def __init__(self, path: Path, schema: Mapping[str, Any]) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._schema = pl.DataFrame(schema=dict(schema)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema

    def __enter__(self) -> _File:
        self._writer = pyarrow.parquet.ParquetWriter(self._partial, self._schema, compression="zstd")
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows."""
        if frame.height:
            self._writer.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._schema))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._writer.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink()
