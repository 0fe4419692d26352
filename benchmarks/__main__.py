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
SLOW = {"plain_crs": 100, "pandas_crs": 2_000}  # these see fewer courses; their rows per second are comparable


@click.group(invoke_without_command=True)
@click.option("--courses", type=int, default=FULL, show_default=True, help="Courses of the large cohort.")
@click.pass_context
def bench(ctx: click.Context, courses: int) -> None:
    """Measure speed and memory."""
    if ctx.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        results = measure_all(Path(scratch), courses)
    text = as_markdown(results)
    click.echo(text)
    if courses == FULL:
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


def measure_all(scratch: Path, courses: int) -> dict[str, Any]:
    """All measures, with the cohorts made in `scratch`."""
    from benchmarks.cohorts import make_cohort

    folders = {}
    for n in sorted({courses, *SLOW.values(), *(SCALING if courses == FULL else ())}):
        if n > max(SCALING):
            continue
        click.echo(f"making {n:,} courses", err=True)
        folders[n] = scratch / str(n)
        make_cohort(n, folders[n])
    results: dict[str, Any] = {"machine": machine(), "courses": courses, "measures": {}, "scaling": {}}
    for name in MEASURES:
        folder = folders[SLOW.get(name, courses)]
        results["measures"][name] = repeated(name, folder, 1 if name in SLOW else REPEATS)
    if courses == FULL:
        results["scaling"] = {n: repeated("vector_crs", folders[n], 1) for n in SCALING}
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
            [sys.executable, "-m", "benchmarks", "run", name, str(folder)], capture_output=True, text=True, cwd=ROOT, check=True
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
    """The table for the documentation."""
    measures, startups = results["measures"], results["startup"]
    reading = measures["read_only"]["seconds"]
    lines = [
        "# Speed and memory",
        "",
        f"Written by `make bench`. Machine: {results['machine']}. Cohort: {results['courses']:,} made-up courses over 30 days, "
        f"{measures['read_only']['rows']:,} rows of observations in one Parquet file. Median of {REPEATS} runs, each in a process "
        "of its own; grading only, reading apart. Slower peers saw fewer courses; rows per second are comparable.",
        "",
        "| Measure | Courses | Rule sets | Seconds | Million rows per second | x merely reading | Peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, r in measures.items():
        if name == "one_course":
            continue
        speed = r["rows"] / r["seconds"] / 1e6
        factor = (r["seconds"] / r["rows"]) / (reading / measures["read_only"]["rows"])
        lines.append(
            f"| {MEASURES[name].__doc__.rstrip('.')} | {r.get('courses', ''):,} | {r.get('rule_sets', '')} | {r['seconds']:.2f} "
            f"| {speed:.3g} | {factor:.1f} | {r['peak_mb']:,.0f} |".replace("| , ", "| ")
            if "courses" in r
            else f"| {MEASURES[name].__doc__.rstrip('.')} | | | {r['seconds']:.2f} | {speed:.3g} | {factor:.1f} | {r['peak_mb']:,.0f} |"
        )
    lines += ["", "## Against the limits", "", *limits(measures, startups)]
    if results["scaling"]:
        lines += ["", "## Scaling of CRS, one process", "", "| Courses | Rows | Seconds | Million rows per second | Peak memory, MB |"]
        lines.append("| ---: | ---: | ---: | ---: | ---: |")
        lines += [
            f"| {int(n):,} | {r['rows']:,} | {r['seconds']:.2f} | {r['rows'] / r['seconds'] / 1e6:.3g} | {r['peak_mb']:,.0f} |"
            for n, r in results["scaling"].items()
        ]
    return "\n".join(lines) + "\n"


def limits(measures: dict[str, Any], startups: dict[str, float]) -> list[str]:
    """Aim, measured value, and how far from it."""
    crs, two, one = measures["vector_crs"], measures["vector_crs_2"], measures["one_course"]
    best = min(crs["seconds"], two["seconds"])
    rows = [
        ("CRS on two cores, million rows per second", ">= 10", crs["rows"] / best / 1e6),
        ("CRS, times merely reading the same columns", "<= 10", best / measures["read_only"]["seconds"]),
        ("CRS, peak memory over the size of the table", "<= 3", crs["peak_mb"] / crs["table_mb"]),
        ("CRS, from 1 to 2 worker processes, times faster", "2", crs["seconds"] / two["seconds"]),
        (f"one course of {one['rows']:,} observations, {one['rule_sets']} rule sets, ms", "<= 10", one["seconds"] * 1e3),
        ("import vein2vein, s", "<= 0.3", startups["import vein2vein"]),
        ("vein2vein --help, s", "<= 0.5", startups["vein2vein --help"]),
    ]
    lines = ["| What | Aim | Measured |", "| --- | ---: | ---: |", *(f"| {w} | {a} | {m:.3g} |" for w, a, m in rows)]
    checks = {name: measures[name]["check"] for name in ("vector_crs", "duckdb_crs") if "check" in measures[name]}
    same = "agree" if len(set(checks.values())) == 1 else "DISAGREE"
    lines += ["", f"The highest certain grades of the vectorised engine and the SQL {same} (sum over courses: {checks})."]
    return lines


if __name__ == "__main__":
    bench()
