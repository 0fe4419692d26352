"""What is measured: each function does one job once and says how many rows and courses it handled.

Every measure runs in a process of its own (see `benchmarks.__main__`), so that its peak memory is its own.
"""

# ruff: noqa: PLC0415  (each measure runs in a process of its own and loads what it needs, no more)

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vein2vein.record.cohort import Cohort

Result = dict[str, Any]
CRS = "astct-2019.crs"


def read_only(folder: Path) -> Result:
    """Merely read the columns of the observations that CRS needs."""
    import polars as pl

    begin = time.perf_counter()
    frame = pl.read_parquet(folder / "observations.parquet", columns=["course_id", "kind", "value", "observed_at"])
    return {"seconds": time.perf_counter() - begin, "rows": frame.height}


def read_all(folder: Path) -> Result:
    """Read every column of the observations; its size is that of the table."""
    import polars as pl

    begin = time.perf_counter()
    frame = pl.read_parquet(folder / "observations.parquet")
    return {"seconds": time.perf_counter() - begin, "rows": frame.height, "table_mb": frame.estimated_size() / 1e6}


def vector_crs(folder: Path) -> Result:
    """CRS with the vectorised engine in memory, a thread for each core."""
    return _grade(folder, (CRS,))


def vector_crs_1(folder: Path) -> Result:
    """CRS with the vectorised engine in memory, one core."""
    return _grade(folder, (CRS,))


def vector_standard(folder: Path) -> Result:
    """The standard bundle with the vectorised engine, a thread for each core."""
    from vein2vein.journey.toxicity.scales import bundles

    return _grade(folder, bundles()["standard"])


def vector_all(folder: Path) -> Result:
    """Every rule set with the vectorised engine, a thread for each core."""
    from vein2vein.journey.toxicity.scales import toxicity_ids
    from vein2vein.knowledge.registry import default_registry

    return _grade(folder, toxicity_ids(default_registry()))


def vector_all_1(folder: Path) -> Result:
    """Every rule set with the vectorised engine, one core."""
    return vector_all(folder)


def vector_crs_2(folder: Path) -> Result:
    """CRS in memory, partitions sent to two worker processes."""
    return _grade(folder, (CRS,), workers=2)


def vector_standard_2(folder: Path) -> Result:
    """The standard bundle in memory, partitions sent to two worker processes."""
    from vein2vein.journey.toxicity.scales import bundles

    return _grade(folder, bundles()["standard"], workers=2)


def folder_crs(folder: Path) -> Result:
    """CRS from Parquet to Parquet, 1,000 courses for each thread in memory, a thread for each core."""
    return _grade_folder(folder, (CRS,))


def folder_crs_2(folder: Path) -> Result:
    """CRS from Parquet to Parquet, two worker processes that read their own courses."""
    return _grade_folder(folder, (CRS,), workers=2)


def folder_standard_2(folder: Path) -> Result:
    """The standard bundle from Parquet to Parquet, two worker processes."""
    from vein2vein.journey.toxicity.scales import bundles

    return _grade_folder(folder, bundles()["standard"], workers=2)


def _grade_folder(folder: Path, ids: tuple[str, ...], *, workers: int = 1) -> Result:
    import polars as pl

    from vein2vein.engine.stream import grade_folder
    from vein2vein.engine.workers import WorkerProcesses

    n_rows = _rows(folder)
    with TemporaryDirectory() as scratch, ExitStack() as stack:
        pool = None
        if workers > 1:
            pool = stack.enter_context(WorkerProcesses(workers))
            list(pool.map(_load_libraries, range(2 * workers)))  # processes are up before the clock counts
        begin = time.perf_counter()
        files = grade_folder(folder, ids, Path(scratch), executor=pool)
        seconds = time.perf_counter() - begin
        crs = pl.scan_parquet(files.verdicts).filter(pl.col("rule_set_id") == CRS)
        check = crs.group_by("course_id").agg(pl.col("low").max()).select(pl.col("low").sum()).collect().item()
    return {
        "seconds": seconds,
        "rows": n_rows,
        "courses": files.courses,
        "rule_sets": len(ids),
        "steps": files.steps,
        "check": int(check or 0),
    }


def _load_libraries(number: int) -> int:
    import vein2vein.engine.stream  # noqa: F401
    import vein2vein.engine.vector.engine  # noqa: F401

    time.sleep(0.3)  # so that each process gets one of these
    return number


def _rows(folder: Path) -> int:
    import polars as pl

    return int(pl.scan_parquet(folder / "observations.parquet").select(pl.len()).collect().item())


def plain_crs(folder: Path) -> Result:
    """CRS with the plain engine."""
    return _grade(folder, (CRS,), engine="plain")


def _grade(folder: Path, ids: tuple[str, ...], *, workers: int = 1, engine: str = "vector") -> Result:
    import polars as pl

    from vein2vein.engine.grade import grade_cohort
    from vein2vein.engine.workers import WorkerProcesses
    from vein2vein.knowledge.registry import default_registry
    from vein2vein.record.cohort import Cohort

    rules = [default_registry().get(id) for id in ids]
    kinds = frozenset().union(*(rule.observation_kinds for rule in rules))
    n_rows = _rows(folder)
    begin = time.perf_counter()
    cohort = Cohort.read(folder, kinds=kinds)
    read = time.perf_counter()
    if workers > 1:
        with WorkerProcesses(workers) as pool:
            list(pool.map(_load_libraries, range(2 * workers)))  # processes are up before the clock counts
            read = time.perf_counter()
            graded = grade_cohort(cohort, rules, executor=pool)
    else:
        graded = grade_cohort(cohort, rules, engine=engine)  # type: ignore[arg-type]
    end = time.perf_counter()
    peaks = graded.verdicts.filter(pl.col("rule_set_id") == CRS).group_by("course_id").agg(pl.col("low").max())
    return {
        "seconds": end - read,
        "with_reading": end - begin,
        "rows": n_rows,
        "courses": len(cohort),
        "rule_sets": len(rules),
        "steps": graded.verdicts.height,
        "check": int(peaks["low"].sum() or 0),
    }


def pandas_crs(folder: Path) -> Result:
    """CRS as a pandas groupby-apply."""
    from benchmarks.rivals import pandas_peaks

    return _rival(folder, pandas_peaks)


def duckdb_crs(folder: Path) -> Result:
    """CRS as DuckDB SQL."""
    from benchmarks.rivals import duckdb_peaks

    return _rival(folder, duckdb_peaks)


def _rival(folder: Path, peaks: Callable[[Path], dict[str, int]]) -> Result:
    n_rows = _rows(folder)
    begin = time.perf_counter()
    found = peaks(folder)
    return {"seconds": time.perf_counter() - begin, "rows": n_rows, "courses": len(found), "check": sum(found.values())}


def agreement(folder: Path) -> Result:
    """The sum of the highest certain CRS grades of the same courses, by every way of working them out."""
    from benchmarks.rivals import duckdb_peaks, pandas_peaks

    begin = time.perf_counter()
    sums = {"vectorised": vector_crs(folder)["check"], "plain": plain_crs(folder)["check"]}
    sums |= {"folder": folder_crs(folder)["check"]}
    sums |= {"DuckDB": sum(duckdb_peaks(folder).values()), "pandas": sum(pandas_peaks(folder).values())}
    return {"seconds": time.perf_counter() - begin, "rows": _rows(folder), "sums": sums}


def _dense_course(cohort: Cohort, number: int) -> Cohort:
    """Course `number` of a cohort with 3,000 observations: its own, and those of the next two at other minutes of its time."""
    import polars as pl

    first = cohort.part(number, number + 1)
    begin = first.observations["observed_at"].min()
    moved = []
    for place in range(3):
        other = (number + place) % len(cohort)
        rows = cohort.part(other, other + 1).observations
        at = pl.col("observed_at") - rows["observed_at"].min() + begin + pl.duration(minutes=20 * place)
        moved.append(rows.with_columns(course_id=pl.lit(first.course_ids[0]), observed_at=at))
    observations = pl.concat(moved).sort("observed_at", maintain_order=True).head(3_000)
    return type(cohort).of(
        patients=first.patients,
        courses=first.courses,
        observations=observations,
        exposures=first.exposures,
        milestones=first.milestones,
    )


def one_course(folder: Path) -> Result:
    """One course of 3,000 observations under all toxicity rule sets, warm: the median over 10 courses, none seen before.

    The process has graded 40 other courses, so that what it remembers of rule sets is what a running service would remember.
    Each of the ten is graded once, and once more; the second times are given beside.
    """
    from statistics import median

    from vein2vein.engine.grade import grade_cohort
    from vein2vein.journey.toxicity.scales import toxicity_ids
    from vein2vein.knowledge.registry import default_registry
    from vein2vein.record.cohort import Cohort

    rules = [default_registry().get(id) for id in toxicity_ids(default_registry())]
    cohort = Cohort.read(folder)
    courses = [_dense_course(cohort, number % len(cohort)) for number in range(50)]
    for course in courses[:40]:
        grade_cohort(course, rules)
    rounds: list[list[float]] = []
    for _ in range(2):
        seconds = []
        for course in courses[40:]:
            begin = time.perf_counter()
            grade_cohort(course, rules)
            seconds.append(time.perf_counter() - begin)
        rounds.append(seconds)
    return {
        "seconds": median(rounds[0]),
        "again": median(rounds[1]),
        "rows": courses[0].observations.height,
        "courses": 1,
        "rule_sets": len(rules),
    }


def assess_hours(folder: Path) -> Result:
    """A simulated course of 10,000 rows under the reference protocol at every hour of 60 days, warm: mean of one call.

    A bench of fewer courses than 60 plays as many days.
    """
    from datetime import timedelta

    from vein2vein.journey.assess import Assessor
    from vein2vein.knowledge.documents.protocol import Protocol
    from vein2vein.knowledge.library import default_library
    from vein2vein.population.simulate import simulate

    protocol = default_library().get("reference.protocol", Protocol)
    days = min(60, int(folder.name))
    cohort = simulate("axi-cel", n=3, seed=1, days=days)
    seconds = cpu = calls = 0.0
    for place, id in enumerate(cohort.courses["course_id"]):
        timeline = cohort.timeline(id)
        assessor, first = Assessor(timeline, protocol), timeline.course.infused_at or timeline.milestones[0].at
        hours = [first + timedelta(hours=hour) for hour in range(24 * days)]
        begin, begin_cpu = time.perf_counter(), time.process_time()
        for at in hours:
            assessor.at(at)
        if place:  # the first course warms what the process remembers
            seconds, cpu = seconds + time.perf_counter() - begin, cpu + time.process_time() - begin_cpu
            calls += len(hours)
    rows = cohort.observations.height // len(cohort)
    return {
        "seconds": seconds / calls,
        "call_cpu_seconds": cpu / calls,
        "rows": rows,
        "courses": 1,
        "calls": int(calls),
    }


def simulate_2(folder: Path) -> Result:
    """Simulated axi-cel courses of 60 hourly days to Parquet, two worker processes."""
    from vein2vein.engine.workers import WorkerProcesses
    from vein2vein.population.folder import simulate_to

    n = int(folder.name)
    with TemporaryDirectory() as scratch, WorkerProcesses(2) as pool:
        list(pool.map(_load_generator, range(4)))  # processes are up before the clock counts
        begin = time.perf_counter()
        written = simulate_to(Path(scratch) / "courses", "axi-cel", n=n, seed=1, executor=pool)
        seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rows": written.rows["observations"], "courses": written.courses}


def _load_generator(number: int) -> int:
    import vein2vein.population.simulate  # noqa: F401

    time.sleep(0.3)  # so that each process gets one of these
    return number


MEASURES: dict[str, Callable[[Path], Result]] = {
    measure.__name__: measure
    for measure in (
        read_only,
        read_all,
        vector_crs,
        vector_crs_1,
        vector_crs_2,
        folder_crs,
        folder_crs_2,
        vector_standard,
        vector_standard_2,
        folder_standard_2,
        vector_all,
        vector_all_1,
        duckdb_crs,
        pandas_crs,
        plain_crs,
        agreement,
        one_course,
        assess_hours,
        simulate_2,
    )
}
