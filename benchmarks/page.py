"""The page of the documentation, written from the results of `make bench`."""

from __future__ import annotations

from typing import Any

from benchmarks import trials, trials_r
from benchmarks.measures import MEASURES

COURSES_PER_SECOND = 1_000
SIMULATING = "## Simulating courses of 60 hourly days to Parquet, two worker processes"
ASSESS_MS = 20
NOT_IN_TABLE = ("one_course", "assess_hours", "agreement")
HEAD = """# Speed and memory

Written by `make bench`; the numbers behind it are in `benchmarks/results.json`.

Machine: {machine}. Average number of waiting processes at the start {before:.1f} and at the end {after:.1f}: above the number of
cores, wall times are longer than on a quiet machine, and CPU seconds say more.

Cohort: {courses:,} made-up courses over 30 days, {rows:,} observations in one Parquet file. Runs of each measure: {repeats} (the
slowest once), each in a process of its own; the median counts. Measures in memory count grading only; from Parquet to Parquet
counts reading, grading and writing. CPU seconds count the whole process with its start. Slower ways saw fewer courses; rows per
second are comparable.

| Measure | Courses | Rule sets | Seconds | CPU seconds | Million rows per second | x reading | Peak memory, MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""
ONE_COURSE = """
One course: {n} different courses, each graded for the first time by a process that has graded others. A second time they take
{again:.1f} ms: what a process remembers is what rule sets say of states, not courses. Nearly all of the time is the fixed cost of
NumPy calls on arrays of a few numbers, not work on the observations; many courses at once do not pay it.

On one core means one thread, Polars with one thread, and affinity to one core; on two cores the same call without these limits.
"""


def as_markdown(results: dict[str, Any]) -> str:
    """The whole page."""
    measures = results["measures"]
    reading = measures["read_only"]
    before, after = results["load"]
    named = {name: results[name] for name in ("machine", "courses", "repeats")}
    lines = [_line(name, r, reading) for name, r in measures.items() if name not in NOT_IN_TABLE]
    lines += ["", "## Against the aims", "", *limits(measures, results["startup"])]
    if results.get("renewed"):
        lines += ["", f"Measured anew since, by themselves: {', '.join(results['renewed'])}."]
    lines += [ONE_COURSE.format(n=10, again=measures["one_course"]["again"] * 1e3).rstrip()]
    if "assess_hours" in measures:
        lines += ["", *_assessing(measures["assess_hours"])]
    if results["scaling"]:
        lines += _scaling(results["scaling"])
    if results.get("simulation"):
        lines += _simulation(results["simulation"])
    if results.get("trials"):
        lines += ["", *trials.as_lines(results["trials"]), *trials_r.as_lines(results.get("trials_r", []))]
    return HEAD.format(before=before, after=after, rows=reading["rows"], **named) + "\n".join(lines) + "\n"


def _assessing(found: dict[str, Any]) -> list[str]:
    """One call of `assess`; the aim is 20 ms."""
    took, cpu = found["seconds"] * 1e3, found["call_cpu_seconds"] * 1e3
    met = "met" if took < ASSESS_MS else f"{took / ASSESS_MS:.1f} times off"
    what = f"A course of {found['rows']:,} observations under the reference protocol, prepared once"
    words = f"{what}, at {found['calls']:,} instants: {took:.1f} ms a call ({cpu:.1f} ms of processor time)."
    return ["## Assessing a course at every hour", "", f"{words} Aim: below {ASSESS_MS} ms. {met.capitalize()}."]


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
        "## Scaling of CRS from Parquet to Parquet, one process, a thread for each core",
        "",
        "| Courses | Rows | Seconds | CPU seconds | Million rows per second | Peak memory, MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {int(n):,} | {r['rows']:,} | {r['seconds']:.2f} | {r['cpu_seconds']:.2f} | {r['rows'] / r['seconds'] / 1e6:.3g} "
            f"| {r['peak_mb']:,.0f} |"
            for n, r in scaling.items()
        ),
    ]


def with_simulation(page: str, found: dict[str, Any]) -> str:
    """The page with its last section, on simulating, made anew; the other results stay as they were."""
    before, _, _ = page.partition("\n" + SIMULATING)
    return before.rstrip("\n") + "\n" + "\n".join(_simulation(found)) + "\n"


def _simulation(found: dict[str, Any]) -> list[str]:
    """How simulating scales; the aim is 1,000 courses per second on two cores, linear, with memory that does not grow."""
    before, after = found["load"]
    rows = [(int(n), r) for n, r in found["sizes"].items()]
    speed = max(n / r["seconds"] for n, r in rows)
    met = "met" if speed >= COURSES_PER_SECOND else f"{COURSES_PER_SECOND / speed:.1f} times off"
    words = (
        f"Waiting processes at the start {before:.1f} and at the end {after:.1f}. Aim: {COURSES_PER_SECOND:,} courses per "
        f"second, in proportion to the courses, with memory that does not grow. Measured: {speed:,.0f}, {met}."
    )
    return [
        "",
        SIMULATING,
        "",
        words,
        "",
        "| Courses | Rows | Seconds | CPU seconds | Courses per second | Peak memory of the largest process, MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {n:,} | {r['rows']:,} | {r['seconds']:.1f} | {r['cpu_seconds']:.1f} | {n / r['seconds']:,.0f} "
            f"| {r['peak_mb']:,.0f} |"
            for n, r in rows
        ),
    ]


def limits(measures: dict[str, Any], startups: dict[str, float]) -> list[str]:
    """Aim, measured value, and whether it was met."""
    crs, one, reading = measures["vector_crs"], measures["one_course"], measures["read_only"]
    best = min(measures[name]["seconds"] for name in ("vector_crs", "vector_crs_2", "folder_crs", "folder_crs_2"))
    one_to_two = {
        name: measures[f"{name}_1"]["seconds"] / measures[name]["seconds"] for name in ("vector_crs", "vector_all")
    }
    rows = [
        ("CRS on two cores, million rows per second", ">=", 10, crs["rows"] / best / 1e6),
        ("CRS, times merely reading the same columns", "<=", 10, best / reading["seconds"]),
        (
            "CRS in memory, peak memory over the size of the table",
            "<=",
            3,
            crs["peak_mb"] / measures["read_all"]["table_mb"],
        ),
        ("CRS in memory, from one core to two, times faster", ">=", 1.8, one_to_two["vector_crs"]),
        ("Every rule set in memory, from one core to two, times faster", ">=", 1.8, one_to_two["vector_all"]),
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
    few, values = measures["plain_crs"]["courses"], ", ".join(str(value) for value in large.values())
    agreed = (
        f"The sums of the highest certain CRS grades of the same {few} courses {same}: {listed}. On the large cohort those of "
        f"the vectorised engine, the same from Parquet to Parquet, and the SQL {also}: {values}."
    )
    return [*lines, "", agreed]
