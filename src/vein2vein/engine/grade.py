"""Grade a cohort: the one call that intake, reports, trials and people use.

Place    Engine. Chooses the engine, cuts the cohort into partitions, joins the answers in the order of the courses.
In       A cohort, rule sets (ids or bound), an instant up to which anything is known.
Out      `Graded`: verdict steps and episodes.
Knows    Nothing after `as_of`.
Does not Read files or clocks; distribution is threads of this process, or any `concurrent.futures.Executor`.
Checked  tests/spec (both engines), tests/property, tests/acceptance
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import numpy as np
import polars as pl

from vein2vein.basis.clock import check_aware, from_microseconds
from vein2vein.engine.calendars import NEVER
from vein2vein.engine.episodes import Scales, derive_episodes
from vein2vein.engine.kept import kept
from vein2vein.engine.plain.engine import CourseGrader
from vein2vein.engine.steps import Steps
from vein2vein.engine.verdict import VERDICTS, Graded
from vein2vein.engine.workers import answers, packed, threaded, unpacked, usable_cores
from vein2vein.errors import GradingError
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.record.tables import Instant

Engine = Literal["vector", "plain"]
_ENGINES: Final[tuple[str, ...]] = get_args(Engine)
COURSES_PER_PARTITION: Final = 2_000
COURSES_OF_A_THREAD: Final = 1_000  # several partitions are in memory at once
_SHARES: Final = 16
_FEWEST_COURSES: Final = 25
_FEWEST_COURSES_OF_A_THREAD: Final = 200  # fewer are graded faster on one thread


def grade_cohort(  # noqa: PLR0913  (the options of the main job, all named)
    cohort: Cohort,
    rule_sets: Sequence[str | RuleSet] | str | RuleSet,
    *,
    as_of: datetime | None = None,
    engine: Engine = "vector",
    executor: Executor | None = None,
    threads: int | None = None,
    registry: Registry | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Graded:
    """Grade every course of a cohort under one or more rule sets.

    Args:
        cohort: The five cohort tables.
        rule_sets: Ids (default parameters) or bound rule sets.
        as_of: Aware instant up to which anything is known; rows after it are cut off. None looks at each course to the end
            of its follow-up (or its last row).
        engine: "vector" (fast) or "plain" (the definition); both give the same tables.
        executor: Where partitions of courses are graded: any `concurrent.futures.Executor`, such as
            `vein2vein.engine.workers.WorkerProcesses` or the one of a Dask client. None grades them here, on threads.
        threads: On how many threads of this process partitions are graded when there is no executor. None takes one for
            each core that the process may use, and one in a worker process and for the plain engine, which gains nothing.
            The tables do not depend on it.
        registry: Where ids are looked up; the package's own rule files when None.
        progress: Called with (courses done, courses in all) after each partition.

    Returns:
        Verdict steps and episodes, sorted by course, then in the order of `rule_sets`, then by time.

    Raises:
        KnowledgeError: RULE-003 for an unknown id. GradingError: GRADE-001 when a rule set is named twice, GRADE-002 when
            a worker died and the executor does not ask again, GRADE-004 when no rule set is named.
    """
    rules = resolve(rule_sets, registry or default_registry())
    known = cohort if as_of is None else cut(cohort, check_aware(as_of, what="as_of"))
    n_threads = threads_for(engine, threads)
    size = _part_size(known, executor, n_threads)
    n_threads = min(n_threads, -(-len(known) // size))  # none is started for what one can do at once
    parts = partitions(known, size)
    if executor is None:
        found = threaded(n_threads, lambda part: grade_partition(part, rules, as_of, engine), parts)
    else:
        sent, kinds = packed(rules), kinds_of(rules)
        found = answers(executor, _graded, (_Task(part.of_kinds(kinds), sent, as_of, engine) for part in parts))
    graded: list[Graded] = []
    for answer in found:
        graded.append(answer)
        if progress is not None:
            progress(min(len(graded) * size, len(known)), len(known))
    return join(graded)


def threads_for(engine: Engine, threads: int | None) -> int:
    """How many threads grade partitions here: as many as asked for, or as many as help."""
    if threads is not None:
        return max(threads, 1)
    return 1 if engine == "plain" else usable_cores()


def _part_size(cohort: Cohort, executor: Executor | None, threads: int) -> int:
    """Courses per partition: few enough that each worker or thread has something to do."""
    if executor is not None:
        shares, fewest, most = _SHARES, _FEWEST_COURSES, COURSES_PER_PARTITION
    elif threads > 1:
        shares, fewest, most = threads, _FEWEST_COURSES_OF_A_THREAD, COURSES_OF_A_THREAD
    else:
        return COURSES_PER_PARTITION
    return min(max(-(-len(cohort) // shares), fewest), most)


@dataclass(frozen=True)
class _Task:
    """A partition on its way to a worker."""

    part: Cohort
    rules: bytes
    as_of: datetime | None
    engine: Engine


def _graded(task: _Task) -> Graded:
    return grade_partition(task.part, unpacked(task.rules), task.as_of, task.engine)


def kinds_of(rules: tuple[RuleSet, ...]) -> frozenset[str]:
    """Kinds of observations that some rule sets rest on."""
    return frozenset().union(*(rule.observation_kinds for rule in rules))


def resolve(rule_sets: Sequence[str | RuleSet] | str | RuleSet, registry: Registry) -> tuple[RuleSet, ...]:
    """Bound rule sets of ids and rule sets; GRADE-001 when one id stands twice (with whatever parameters), GRADE-004 for none."""
    listed: Iterable[str | RuleSet] = [rule_sets] if isinstance(rule_sets, str | RuleSet) else rule_sets
    rules = tuple(registry.get(r) if isinstance(r, str) else r for r in listed)
    if not rules:
        raise GradingError(
            "GRADE-004",
            saw="an empty list of rule sets",
            expected="one rule set or more",
            fix="name them by id; `vein2vein knowledge list` shows all",
        )
    ids = [rule.id for rule in rules]
    if len(set(ids)) < len(ids):
        twice = sorted({id for id in ids if ids.count(id) > 1})
        raise GradingError(
            "GRADE-001",
            saw=f"rule set {twice[0]!r} named {ids.count(twice[0])} times",
            expected="each rule set once in a call, so that its rows in the tables are its own",
            fix="grade twice to compare two choices of parameters",
        )
    return rules


def cut(cohort: Cohort, at: datetime) -> Cohort:
    """The cohort as it was known at an instant: later rows gone, later ends not known."""
    from_at = pl.lit(at.astimezone(UTC), dtype=Instant)

    def unless_later(column: str) -> pl.Expr:
        return pl.when(pl.col(column) <= from_at).then(pl.col(column)).alias(column)

    return Cohort(
        patients=cohort.patients,
        courses=cohort.courses.with_columns(unless_later("infused_at"), unless_later("followed_until")),
        observations=cohort.observations.filter(pl.col("observed_at") <= from_at),
        exposures=cohort.exposures.filter(pl.col("started_at") <= from_at).with_columns(unless_later("ended_at")),
        milestones=cohort.milestones.filter(pl.col("at") <= from_at),
    )


def partitions(cohort: Cohort, size: int = COURSES_PER_PARTITION) -> Iterator[Cohort]:
    """The cohort in parts of at most `size` courses, in order; the whole cohort when it is small."""
    for start in range(0, max(len(cohort), 1), size):
        yield cohort.part(start, min(start + size, len(cohort)))


def grade_partition(part: Cohort, rules: tuple[RuleSet, ...], as_of: datetime | None, engine: Engine) -> Graded:
    """Grade some courses here; a pure function that any executor can run."""
    if engine not in _ENGINES:
        msg = f"engine is {engine!r}; expected one of {', '.join(_ENGINES)}"
        raise ValueError(msg)
    if engine == "plain":
        steps = _plain_steps(part, rules, as_of)
    else:
        from vein2vein.engine.vector.batch import TooManyCoursesError  # noqa: PLC0415  (NumPy kernels load only when used)
        from vein2vein.engine.vector.engine import vector_steps  # noqa: PLC0415

        try:
            steps = vector_steps(part, rules, as_of)
        except TooManyCoursesError:  # some course has a row decades from its others; half as many courses find room
            half = len(part) // 2
            halves = (part.part(0, half), part.part(half, len(part)))
            return join([grade_partition(some, rules, as_of, engine) for some in halves])
    episodes = derive_episodes(steps, _scales(rules), part.courses)
    return Graded(steps.verdicts, episodes, {id: chosen.copy() for id, chosen in _parameters(rules).items()})


@kept
def _scales(rules: tuple[RuleSet, ...]) -> Scales:
    return Scales.of(rules)


@kept
def _parameters(rules: tuple[RuleSet, ...]) -> dict[str, dict[str, Any]]:
    return {rule.id: dict(rule.chosen) for rule in rules}


def _plain_steps(part: Cohort, rules: tuple[RuleSet, ...], as_of: datetime | None) -> Steps:
    rows: list[dict[str, object]] = []
    places: list[tuple[int, int]] = []
    looks = np.full((len(part), len(rules)), NEVER)
    for course, timeline in enumerate(part.timelines()):
        for number, rule in enumerate(rules):
            grader = CourseGrader(timeline, rule, as_of)
            if grader.last is not None:
                looks[course, number] = min(end for end in (grader.last, grader.closes) if end is not None)
            found = _plain_rows(grader, {"course_id": timeline.course.course_id, "rule_set_id": rule.id})
            rows += found
            places += [(course, number)] * len(found)
    course_of, rule_set_of = np.array(places, np.int64).reshape(-1, 2).T
    verdicts = pl.DataFrame(rows, schema=dict(VERDICTS))
    return Steps.of(verdicts, course=course_of, rule_set=rule_set_of, looks=looks)


def _plain_rows(grader: CourseGrader, named: dict[str, object]) -> list[dict[str, object]]:
    """Rows of the verdict table for one course and rule set; one without times when there is nothing to say."""
    steps = grader.steps()
    if not steps:
        return [named | {"deciding": [], "missing": [], "flags": []}]
    untils: list[datetime | None] = [from_microseconds(s.since) for s in steps[1:]]
    if grader.closes is not None and grader.last is not None and grader.closes <= grader.last:
        untils.append(from_microseconds(grader.closes))
    untils += [None] * (len(steps) - len(untils))
    return [
        named
        | {
            "from_at": from_microseconds(step.since),
            "until_at": end,
            "low": None if step.bounds is None else step.bounds.low,
            "high": None if step.bounds is None else step.bounds.high,
            "deciding": list(step.deciding),
            "missing": list(step.missing),
            "flags": list(step.flags),
        }
        for step, end in zip(steps, untils, strict=True)
    ]


def join(parts: list[Graded]) -> Graded:
    """Put partitions of one call together, in order."""
    if len(parts) == 1:
        return parts[0]
    verdicts, episodes = (pl.concat([getattr(part, name) for part in parts]) for name in ("verdicts", "episodes"))
    return Graded(verdicts, episodes, parts[0].parameters)
