"""`make bench`: run the measures, each in a process of its own, and write the table.

python -m benchmarks                      everything, results to docs/reference/benchmarks.md and benchmarks/results.json
python -m benchmarks --courses 1000       a smaller cohort, results only printed
python -m benchmarks run NAME FOLDER      one measure, as JSON (used by this program itself)
"""

# ruff: noqa: PLC0415  (each measure runs in a process of its own and loads what it needs, no more)

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

from benchmarks import trials, trials_r
from benchmarks.measures import MEASURES
from benchmarks.page import as_markdown, with_simulation

ROOT = Path(__file__).parents[1]
FULL = 20_000
REPEATS = 3
RENEWED = 20  # runs of a call on trials that is measured by itself; the fastest counts
SCALING = (1_000, 10_000, 20_000, 100_000)
SIMULATED = (1_000, 10_000, 100_000)
# These see fewer courses; their rows per second are comparable.
SLOW = {
    "plain_crs": 50,
    "pandas_crs": 1_000,
    "agreement": 50,
    "vector_standard": 2_000,
    "vector_standard_2": 2_000,
    "folder_standard_2": 2_000,
    "vector_all": 2_000,
    "vector_all_1": 2_000,
    "simulate_2": 2_000,
    "assess_hours": 60,
}
ONCE = ("plain_crs", "pandas_crs", "agreement", "assess_hours")


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
def simulation() -> None:
    """Measure only how simulating scales, and write it into the stored results and the page."""
    file = ROOT / "benchmarks" / "results.json"
    results = json.loads(file.read_text(encoding="utf-8"))
    results["simulation"] = simulated()
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page = ROOT / "docs" / "reference" / "benchmarks.md"
    page.write_text(with_simulation(page.read_text(encoding="utf-8"), results["simulation"]), encoding="utf-8")


@bench.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Where cohorts are, or are to be made.")
def renew(names: tuple[str, ...], data: Path) -> None:
    """Measure some measures anew, those of trials among them, and write them into the stored results and the page."""
    from benchmarks.cohorts import make_cohort

    file = ROOT / "benchmarks" / "results.json"
    results = json.loads(file.read_text(encoding="utf-8"))
    for name in names:
        if name in trials.MEASURES:
            busy = os.getloadavg()[0] > (os.cpu_count() or 1)
            results["trials"][name] = trials.measured(name, RENEWED, time.process_time if busy else time.perf_counter)
            continue
        courses = min(FULL, SLOW.get(name, FULL))
        folder = data / str(courses)
        if not (folder / "observations.parquet").exists():
            make_cohort(courses, folder)
        results["measures"][name] = repeated(name, folder, 1 if name in ONCE else REPEATS)
    results["renewed"] = sorted({*names, *results.get("renewed", ())})
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (ROOT / "docs" / "reference" / "benchmarks.md").write_text(as_markdown(results), encoding="utf-8")


def simulated() -> dict[str, Any]:
    """Simulating ever more courses, each number in processes of its own, and how busy the machine was."""
    load = os.getloadavg()[0]
    found: dict[str, Any] = {str(n): repeated("simulate_2", Path(str(n)), 1) for n in SIMULATED}
    return {"sizes": found, "load": [load, os.getloadavg()[0]]}


@bench.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def run(name: str, folder: Path) -> None:
    """Run one measure and print its result as JSON; one whose name ends with _1 on one core."""
    if name.endswith("_1") and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
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
    if scaling:
        results["simulation"] = simulated()
        results["trials"] = trials.measure()
        results["trials_r"] = trials_r.measure()
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
            env=os.environ | ({"POLARS_MAX_THREADS": "1"} if name.endswith("_1") else {}),
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
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {python}, {platform.system()}"


if __name__ == "__main__":
    bench()
