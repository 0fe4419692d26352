"""Speed of trial designs: exact characteristics and simulation, warm, in one process.

python -m benchmarks.trials               print the table

Each measure runs once to warm up and then several times; the fastest counts, because the machine may be shared.
"""

# ruff: noqa: PLC0415  (each measure loads what it needs)

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

REPEATS = 7
RATES = (0.05, 0.15, 0.30, 0.45, 0.60)


def exact_boin() -> Callable[[], object]:
    """Exact BOIN from nothing: 5 doses, 10 cohorts of 3 (listing the chain, one truth)."""
    from vein2vein.programme.trial.exact import _chain
    from vein2vein.programme.trial.phase1.boin import boin
    from vein2vein.programme.trial.words import Cohorts

    design = boin(5, 0.3, cohorts=Cohorts(3, 10))
    return lambda: _chain(design).ends.characteristics([_truth()])


def exact_crm() -> Callable[[], object]:
    """Exact CRM from nothing: 5 doses, 10 cohorts of 3, empiric, plug-in, coherent (listing the chain, one truth)."""
    from vein2vein.programme.trial.exact import _chain
    from vein2vein.programme.trial.phase1.crm import crm, skeleton
    from vein2vein.programme.trial.words import Cohorts

    design = crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(3, 10))
    return lambda: _chain(design).ends.characteristics([_truth()])


def thousand_truths() -> Callable[[], object]:
    """1,000 truths of the same BOIN design, its chain listed."""
    from vein2vein.programme.trial.exact import ends_of
    from vein2vein.programme.trial.phase1.boin import boin
    from vein2vein.programme.trial.words import Cohorts

    ends, truths = ends_of(boin(5, 0.3, cohorts=Cohorts(3, 10))), [_truth()] * 1000
    return lambda: ends.characteristics(truths)


def million_boin() -> Callable[[], object]:
    """1,000,000 simulated trials of the same BOIN design, two threads."""
    from vein2vein.programme.trial.phase1.boin import boin
    from vein2vein.programme.trial.simulate import ends_reached
    from vein2vein.programme.trial.words import Cohorts

    design = boin(5, 0.3, cohorts=Cohorts(3, 10))
    return lambda: ends_reached(design, _truth(), trials=1_000_000, seed=1)


def tite_crm() -> Callable[[], object]:
    """1,000 simulated TITE-CRM trials of 30 patients, one at a time, window 28 days, one patient in 14 days."""
    from vein2vein.programme.trial.phase1.crm import skeleton
    from vein2vein.programme.trial.phase1.late import Setting, simulate
    from vein2vein.programme.trial.phase1.tite_crm import tite_crm as made
    from vein2vein.programme.trial.words import Cohorts

    design = made(0.3, skeleton(5, 0.3), cohorts=Cohorts(1, 30))
    return lambda: simulate(design, _truth(), Setting(28, 14), trials=1000, seed=1)


def _truth() -> Any:
    from vein2vein.programme.trial.scenario import Truth

    return Truth.of(RATES)


# What is measured, and the aim in seconds.
MEASURES: dict[str, tuple[Callable[[], Callable[[], object]], float]] = {
    "exact_boin": (exact_boin, 0.010),
    "exact_crm": (exact_crm, 0.100),
    "thousand_truths": (thousand_truths, 1.0),
    "million_boin": (million_boin, 1.0),
    "tite_crm": (tite_crm, 1.0),
}


def measure() -> dict[str, dict[str, float]]:
    """The fastest seconds of each measure, and those of its first run with all that is loaded and made once."""
    found = {}
    for name, (make, aim) in MEASURES.items():
        begin = time.perf_counter()
        call = make()
        call()
        first = time.perf_counter() - begin
        seconds = []
        for _ in range(REPEATS):
            begin = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begin)
        found[name] = {"seconds": min(seconds), "first": first, "aim": aim}
    return found


def as_lines(results: dict[str, dict[str, float]]) -> list[str]:
    """The section of the page."""
    lines = [
        "## Trial designs",
        "",
        "Warm, the fastest of seven runs; the first run loads modules and makes what is kept.",
        "",
    ]
    lines += ["| What | Aim, s | Measured, s | First run, s | Met |", "| --- | ---: | ---: | ---: | --- |"]
    for name, r in results.items():
        what = (MEASURES[name][0].__doc__ or name).rstrip(".")
        met = "yes" if r["seconds"] <= r["aim"] else f"no, {r['seconds'] / r['aim']:.1f} times off"
        lines.append(f"| {what} | {r['aim']:g} | {r['seconds']:.4f} | {r['first']:.3f} | {met} |")
    return lines


@click.command()
def main() -> None:
    """Measure and print."""
    click.echo("\n".join(as_lines(measure())))


if __name__ == "__main__":
    main()
