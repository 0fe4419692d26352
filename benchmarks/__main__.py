"""`make bench`: run the measures, each in a process of its own, and write the table.

python -m benchmarks                      everything, results to docs/reference/benchmarks.md and benchmarks/results.json
python -m benchmarks --courses 1000       a smaller cohort, results only printed
python -m benchmarks run NAME FOLDER      one measure, as JSON (used by this program itself)
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.measures import MEASURES

ROOT = Path(__file__).parents[1]
FULL = 20_000
REPEATS = 3
SCALING = (1_000, 10_000, 20_000, 100_000)
# These see fewer courses; their rows per second are comparable.
SLOW = {
    "plain_crs": 50,
    "pandas_crs": 1_000,
    "agreement": 50,
    "vector_standard": 2_000,
    "vector_standard_2": 2_000,
    "folder_standard_2": 2_000,
    "vector_all": 1_000,
}
ONCE = ("plain_crs", "pandas_crs", "agreement", "vector_all")
NOT_IN_TABLE = ("one_course", "agreement")


@click.group(invoke_without_command=True)
@click.option("--courses", type=int, default=FULL, show_default=True, help="Courses of the large cohort.")
@click.option(
    "--repeats", type=int, default=REPEATS, show_default=True, help="Runs of each measure; the median counts."
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep the cohorts here, and take those that are there.")
@click.option(
    "--write/--no-write", default=None, help="Write docs and results.json; by default with the full cohort only."
)
@click.pass_context
def bench(ctx: click.Context, courses: int, repeats: int, data: Path | None, *, write: bool | None) -> None:
    """Measure speed and memory."""
    if ctx.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        results = measure_all(data or Path(scratch), courses, repeats)
    text = as_markdown(results)
    click.echo(text)
    if write if write is not None else courses == FULL:
        (ROOT / "docs" / "reference" / "benchmarks.md").write_text(text, encoding="utf-8")
        (ROOT / "benchmarks" / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


@bench.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def run(name: str, folder: Path) -> None:
    """Run one measure and print its result as JSON."""
    result = MEASURES[name](folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    result["peak_mb"] = max(usage.ru_maxrss, children.ru_maxrss) / 1e3
    result["cpu_seconds"] = usage.ru_utime + usage.ru_stime + children.ru_utime + children.ru_stime
    click.echo(json.dumps(result))


def measure_all(scratch: Path, courses: int, repeats: int = REPEATS) -> dict[str, Any]:
    """All measures, with the cohorts made in `scratch`."""
    from benchmarks.cohorts import make_cohort

    wanted = {name: min(courses, SLOW.get(name, courses)) for name in MEASURES}
    scaling = SCALING if courses == FULL else ()
    folders = {n: scratch / str(n) for n in sorted({*wanted.values(), *scaling})}
    for n, folder in folders.items():
        if not (folder / "observations.parquet").exists():
            click.echo(f"making {n:,} courses", err=True)
            make_cohort(n, folder)
    load = os.getloadavg()[0]
    results: dict[str, Any] = {
        "machine": machine(),
        "courses": courses,
        "repeats": repeats,
        "measures": {},
        "scaling": {},
    }
    for name, n in wanted.items():
        results["measures"][name] = repeated(name, folders[n], 1 if name in ONCE else repeats)
    for n in scaling:
        results["scaling"][n] = repeated("folder_crs", folders[n], 1)
    results["load"] = [load, os.getloadavg()[0]]
    results["startup"] = {
        "import vein2vein": startup([sys.executable, "-c", "import vein2vein"]),
        "vein2vein --help": startup([str(Path(sys.executable).with_name("vein2vein")), "--help"]),
    }
    return results


def repeated(name: str, folder: Path, repeats: int) -> dict[str, Any]:
    """The run with the median time of several."""
    click.echo(f"measuring {name} on {folder.name} courses", err=True)
    runs = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "run", name, str(folder)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        runs.append(json.loads(done.stdout))
    return sorted(runs, key=lambda r: r["seconds"])[len(runs) // 2]


def startup(command: list[str]) -> float:
    """Median wall seconds of a command, five runs after one."""
    seconds = []
    for _ in range(6):
        begin = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:])


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


def as_markdown(results: dict[str, Any]) -> str:
    """The page for the documentation."""
    measures = results["measures"]
    before, after = results["load"]
    lines = [
        "# Speed and memory",
        "",
        "Written by `make bench`; the numbers behind it are in `benchmarks/results.json`.",
        "",
        f"Machine: {results['machine']}. Average number of waiting processes at the start {before:.1f} and at the end {after:.1f}; "
        "above the number of cores, wall times are longer than on a quiet machine, and CPU seconds say more.",
        "",
        f"Cohort: {results['courses']:,} made-up courses over 30 days, {measures['read_only']['rows']:,} observations in one Parquet "
        f"file. Runs of each measure: {results['repeats']} (the slowest once), each in a process of its own; the median counts. "
        "Measures in memory count grading only; from Parquet to Parquet counts reading, grading and writing. CPU seconds count the "
        "whole process with its start. Slower ways saw fewer courses; rows per second are comparable.",
        "",
        "| Measure | Courses | Rule sets | Seconds | CPU seconds | Million rows per second | x merely reading | Peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_line(name, r, measures["read_only"]) for name, r in measures.items() if name not in NOT_IN_TABLE),
        "",
        "## Against the aims",
        "",
        *limits(measures, results["startup"]),
    ]
    if results["scaling"]:
        lines += _scaling(results["scaling"])
    return "\n".join(lines) + "\n"


def _line(name: str, r: dict[str, Any], reading: dict[str, Any]) -> str:
    what = (MEASURES[name].__doc__ or name).rstrip(".")
    speed = r["rows"] / r["seconds"] / 1e6
    factor = (r["seconds"] / r["rows"]) / (reading["seconds"] / reading["rows"])
    courses = f"{r['courses']:,}" if "courses" in r else ""
    return (
        f"| {what} | {courses} | {r.get('rule_sets', '')} | {r['seconds']:.2f} | {r['cpu_seconds']:.2f} "
        f"| {speed:.3g} | {factor:.1f} | {r['peak_mb']:,.0f} |"
    )


def _scaling(scaling: dict[Any, dict[str, Any]]) -> list[str]:
    return [
        "",
        "## Scaling of CRS from Parquet to Parquet, one process",
        "",
        "| Courses | Rows | Seconds | CPU seconds | Million rows per second | Peak memory, MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {int(n):,} | {r['rows']:,} | {r['seconds']:.2f} | {r['cpu_seconds']:.2f} | {r['rows'] / r['seconds'] / 1e6:.3g} "
            f"| {r['peak_mb']:,.0f} |"
            for n, r in scaling.items()
        ),
    ]


def limits(measures: dict[str, Any], startups: dict[str, float]) -> list[str]:
    """Aim, measured value, and whether it was met."""
    crs, one, reading = measures["vector_crs"], measures["one_course"], measures["read_only"]
    best = min(measures[name]["seconds"] for name in ("vector_crs", "vector_crs_2", "folder_crs", "folder_crs_2"))
    one_to_two = measures["folder_crs"]["seconds"] / measures["folder_crs_2"]["seconds"]
    rows = [
        ("CRS on two cores, million rows per second", ">=", 10, crs["rows"] / best / 1e6),
        ("CRS, times merely reading the same columns", "<=", 10, best / reading["seconds"]),
        (
            "CRS in memory, peak memory over the size of the table",
            "<=",
            3,
            crs["peak_mb"] / measures["read_all"]["table_mb"],
        ),
        ("CRS from Parquet to Parquet, from 1 to 2 worker processes, times faster", ">=", 2, one_to_two),
        (
            f"One course of {one['rows']:,} observations, {one['rule_sets']} rule sets, ms",
            "<=",
            10,
            one["seconds"] * 1e3,
        ),
        ("import vein2vein, s", "<=", 0.3, startups["import vein2vein"]),
        ("vein2vein --help, s", "<=", 0.5, startups["vein2vein --help"]),
    ]
    lines = ["| What | Aim | Measured | Met |", "| --- | ---: | ---: | --- |"]
    for what, sign, aim, measured in rows:
        met = measured >= aim if sign == ">=" else measured <= aim
        far = max(measured / aim, aim / measured)
        lines.append(f"| {what} | {sign} {aim} | {measured:.3g} | {'yes' if met else f'no, {far:.1f} times off'} |")
    sums = measures["agreement"]["sums"]
    same = "agree" if len(set(sums.values())) == 1 else "DISAGREE"
    listed = ", ".join(f"{name} {value}" for name, value in sums.items())
    large = {name: measures[name]["check"] for name in ("vector_crs", "folder_crs_2", "duckdb_crs")}
    also = "agree" if len(set(large.values())) == 1 else "DISAGREE"
    lines += [
        "",
        f"The sums of the highest certain CRS grades of the same {min(100, crs['courses'])} courses {same}: {listed}. On the large cohort the vectorised "
        f"engine, the same from Parquet to Parquet, and the SQL {also}: {', '.join(str(v) for v in large.values())}.",
        "",
        "One course under all rule sets is far from its aim: nearly all of the time is the fixed cost of some thousand calls of NumPy "
        "and Polars on arrays of a few numbers, not work on the observations. Grading one rule set, or many courses at once, does "
        "not pay it.",
    ]
    return lines


if __name__ == "__main__":
    bench()
