"""Speed of trial designs: exact characteristics and simulation, warm, in one process.

python -m benchmarks.trials               print the table
python -m benchmarks.trials_r             print that of the same calls in R packages

Each measure runs once to warm up and then several times; the fastest counts, because the machine may be shared.
"""

# ruff: noqa: PLC0415  (each measure loads what it needs)

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
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


def boin12() -> Callable[[], object]:
    """10,000 simulated BOIN12 trials of 24 patients, 4 doses."""
    from vein2vein.programme.trial.phase12.boin12 import boin12 as made
    from vein2vein.programme.trial.scenario import Truth
    from vein2vein.programme.trial.simulate import run
    from vein2vein.programme.trial.words import Cohorts

    design = made(4, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 8))
    truth = Truth.of([0.05, 0.10, 0.20, 0.40], [0.20, 0.50, 0.52, 0.54])
    return lambda: run(design, truth, trials=10_000, seed=1)


def simon() -> Callable[[], object]:
    """Simon optimal, minimax and admissible designs, 0.2 against 0.4, errors 0.05 and 0.1."""
    from vein2vein.programme.trial.phase2.simon import find

    return lambda: find(0.2, 0.4, 0.05, 0.1)


def bop2() -> Callable[[], object]:
    """BOP2 with three looks, 2,550 pairs of lambda and gamma, exact."""
    from vein2vein.programme.trial.phase2.bop2 import optimise

    return lambda: optimise((10, 20, 30), 0.2, 0.4, 0.1)


def mem() -> Callable[[], object]:
    """MEM of five baskets, all graphs, one outcome."""
    from vein2vein.programme.trial.phase2.mem import borrow

    return lambda: borrow((3, 5, 1, 8, 2), (15, 15, 15, 15, 15), 0.2)


def group_sequential() -> Callable[[], object]:
    """10,000 group sequential trials of 600 patients, three looks, log-rank, one core."""
    return _randomised()


def maxcombo() -> Callable[[], object]:
    """10,000 of the same with MaxCombo of four weights."""
    from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN

    return _randomised(STRAW_MAN)


def _randomised(weights: Any = None) -> Callable[[], object]:
    from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
    from vein2vein.programme.trial.randomised.hazards import delayed, exponential
    from vein2vein.programme.trial.randomised.log_rank import LOG_RANK
    from vein2vein.programme.trial.randomised.sequential import spending
    from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
    from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike

    control = exponential(8)
    scenario = Scenario(control, delayed(control, 3, 0.65), Accrual.over(600, 24))
    analysis = Analysis.at_events(spending((0.5, 0.75, 1.0), OBrienFlemingLike()), 400, weights or (LOG_RANK,))
    return lambda: simulate(scenario, analysis, 10_000, 1)


def searched() -> Callable[[], object]:
    """Search of 11 sample sizes of BOIN in five scenarios, exact, from the file."""
    import yaml

    from vein2vein.programme.trial.exact import _kept
    from vein2vein.programme.trial.question import question_of
    from vein2vein.programme.trial.search import search

    content = yaml.safe_load((ROOT / "examples" / "trials" / "phase1.yaml").read_text(encoding="utf-8"))

    def call() -> object:
        _kept.cache_clear()  # as if it were the first
        return search(content, question_of(content))

    return call


def _truth() -> Any:
    from vein2vein.programme.trial.scenario import Truth

    return Truth.of(RATES)


# What is measured, and the aim in seconds; None where none was set.
MEASURES: dict[str, tuple[Callable[[], Callable[[], object]], float | None]] = {
    "exact_boin": (exact_boin, 0.010),
    "exact_crm": (exact_crm, 0.100),
    "thousand_truths": (thousand_truths, 1.0),
    "million_boin": (million_boin, 1.0),
    "tite_crm": (tite_crm, 1.0),
    "boin12": (boin12, None),
    "simon": (simon, None),
    "bop2": (bop2, None),
    "mem": (mem, None),
    "group_sequential": (group_sequential, 1.0),
    "maxcombo": (maxcombo, 2.0),
    "search": (searched, None),
}


def measure() -> dict[str, dict[str, Any]]:
    """The fastest seconds of each measure, and those of its first run with all that is loaded and made once."""
    return {name: measured(name) for name in MEASURES}


def measured(name: str, repeats: int = REPEATS, clock: Callable[[], float] = time.perf_counter) -> dict[str, Any]:
    """One measure; with the clock of the processor on a machine that others use at the same time, which the page says."""
    make, aim = MEASURES[name]
    begin = clock()
    call = make()
    call()
    first = clock() - begin
    found = {"seconds": min(seconds_of(call, clock) for _ in range(repeats)), "first": first, "aim": aim}
    return found | ({"clock": "processor"} if clock is not time.perf_counter else {})


def seconds_of(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long one call takes."""
    begin = clock()
    call()
    return clock() - begin


def as_lines(results: dict[str, dict[str, Any]]) -> list[str]:
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
        aim = "-" if r["aim"] is None else f"{r['aim']:g}"
        mark = " *" if "clock" in r else ""
        lines.append(f"| {what} | {aim} | {r['seconds']:.4f}{mark} | {r['first']:.3f}{mark} | {_met(r)} |")
    if any("clock" in r for r in results.values()):
        lines += ["", "\\* Seconds of the processor, one thread, since others used the machine at the same time."]
    return lines


def _met(r: dict[str, Any]) -> str:
    if r["aim"] is None:
        return "-"
    return "yes" if r["seconds"] <= r["aim"] else f"no, {r['seconds'] / r['aim']:.1f} times off"


@click.command()
def main() -> None:
    """Measure and print."""
    click.echo("\n".join(as_lines(measure())))


if __name__ == "__main__":
    main()
