"""What is measured: each function does one job once and says how many rows and courses it handled.

Every measure runs in a process of its own (see `benchmarks.__main__`), so that its peak memory is its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

Result = dict[str, Any]
CRS = "astct-2019.crs"


def read_only(folder: Path) -> Result:
    """Merely read the columns of the observations that CRS needs."""
    import polars as pl

    begin = time.perf_counter()
    frame = pl.read_parquet(folder / "observations.parquet", columns=["course_id", "kind", "value", "observed_at"])
    return {"seconds": time.perf_counter() - begin, "rows": frame.height}


def vector_crs(folder: Path) -> Result:
    """CRS with the vectorised engine, one process, file to episodes."""
    return _grade(folder, (CRS,))


def vector_standard(folder: Path) -> Result:
    """The standard bundle with the vectorised engine."""
    from vein2vein.journey.toxicity.scales import bundles

    return _grade(folder, bundles()["standard"])


def vector_all(folder: Path) -> Result:
    """Every rule set with the vectorised engine."""
    from vein2vein.knowledge.registry import default_registry

    return _grade(folder, default_registry().ids)


def vector_crs_2(folder: Path) -> Result:
    """CRS with two worker processes."""
    return _grade(folder, (CRS,), workers=2)


def vector_standard_2(folder: Path) -> Result:
    """The standard bundle with two worker processes."""
    from vein2vein.journey.toxicity.scales import bundles

    return _grade(folder, bundles()["standard"], workers=2)


def plain_crs(folder: Path) -> Result:
    """CRS with the plain engine."""
    return _grade(folder, (CRS,), engine="plain")


def _grade(folder: Path, ids: tuple[str, ...], *, workers: int = 1, engine: str = "vector") -> Result:
    import polars as pl

    from vein2vein.engine.grade import grade_cohort
    from vein2vein.knowledge.registry import default_registry
    from vein2vein.record.cohort import Cohort

    rules = [default_registry().get(id) for id in ids]
    kinds = frozenset().union(*(rule.observation_kinds for rule in rules))
    n_rows = pl.scan_parquet(folder / "observations.parquet").select(pl.len()).collect().item()
    begin = time.perf_counter()
    cohort = Cohort.read(folder, kinds=kinds)
    read = time.perf_counter()
    if workers > 1:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            list(pool.map(abs, range(workers)))  # processes are up before the clock counts
            read = time.perf_counter()
            graded = grade_cohort(cohort, rules, executor=pool)
    else:
        graded = grade_cohort(cohort, rules, engine=engine)  # type: ignore[arg-type]
    end = time.perf_counter()
    table = pl.scan_parquet(folder / "observations.parquet").collect().estimated_size() if len(cohort) <= 20_000 else None
    peaks = graded.verdicts.filter(pl.col("rule_set_id") == CRS).group_by("course_id").agg(pl.col("low").max())
    return {
        "seconds": end - read,
        "with_reading": end - begin,
        "rows": n_rows,
        "courses": len(cohort),
        "rule_sets": len(rules),
        "steps": graded.verdicts.height,
        "table_mb": None if table is None else table / 1e6,
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
    import polars as pl

    n_rows = pl.scan_parquet(folder / "observations.parquet").select(pl.len()).collect().item()
    begin = time.perf_counter()
    found = peaks(folder)
    return {"seconds": time.perf_counter() - begin, "rows": n_rows, "courses": len(found), "check": sum(found.values())}


def one_course(folder: Path) -> Result:
    """One course of about 3,000 observations under every rule set, warm: the median of 30 calls."""
    from statistics import median

    from vein2vein.engine.grade import grade_cohort
    from vein2vein.knowledge.registry import default_registry
    from vein2vein.record.cohort import Cohort

    everything = Cohort.read(folder)
    rules = default_registry().all()
    course = everything.part(0, 1)
    small = Cohort(**{**course.__dict__, "observations": course.observations.head(3_000)})
    grade_cohort(small, rules)
    seconds = []
    for _ in range(30):
        begin = time.perf_counter()
        grade_cohort(small, rules)
        seconds.append(time.perf_counter() - begin)
    return {"seconds": median(seconds), "rows": small.observations.height, "courses": 1, "rule_sets": len(rules)}


MEASURES: dict[str, Callable[[Path], Result]] = {
    measure.__name__: measure
    for measure in (
        read_only,
        vector_crs,
        vector_crs_2,
        vector_standard,
        vector_standard_2,
        vector_all,
        duckdb_crs,
        pandas_crs,
        plain_crs,
        one_course,
    )
}
