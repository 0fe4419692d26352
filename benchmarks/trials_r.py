"""The same calls in R packages, where R and the package are installed; said to be skipped otherwise.

python -m benchmarks.trials_r             print the table

R is no dependency: without it every row says so. Times are those inside R, without its start; the fastest of three runs, each of
as many calls as take a tenth of a second, since the clock of R counts milliseconds.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import click
import numpy as np

from benchmarks import trials
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.log_rank import log_rank
from vein2vein.programme.trial.randomised.sample import Sample

REPEATS = 3
SECONDS = 300


@dataclass(frozen=True)
class Side:
    """One comparison.

    Args:
        what: What both do.
        package: R package.
        call: What R is asked.
        ours: Makes our call that does the same.
        before: What R does once before, untimed.
    """

    what: str
    package: str
    call: str
    ours: Callable[[], Callable[[], object]]
    before: str = ""


def _boin_1000() -> Callable[[], object]:
    from vein2vein.programme.trial.phase1.boin import boin  # noqa: PLC0415  (each measure loads what it needs)
    from vein2vein.programme.trial.scenario import Truth  # noqa: PLC0415
    from vein2vein.programme.trial.simulate import ends_reached  # noqa: PLC0415
    from vein2vein.programme.trial.words import Cohorts  # noqa: PLC0415

    design, truth = boin(5, 0.3, cohorts=Cohorts(3, 10)), Truth.of(trials.RATES)
    return lambda: ends_reached(design, truth, trials=1000, seed=1)


def _one_control() -> Callable[[], object]:
    """Group sequential log-rank trials, 1,000 of 600 patients with three looks."""
    from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario  # noqa: PLC0415
    from vein2vein.programme.trial.randomised.hazards import Ratio, exponential  # noqa: PLC0415
    from vein2vein.programme.trial.randomised.sequential import spending  # noqa: PLC0415
    from vein2vein.programme.trial.randomised.simulate import Analysis, simulate  # noqa: PLC0415
    from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike  # noqa: PLC0415

    world = Scenario(exponential(12), Ratio(exponential(12), (0.0,), (0.7,)), Accrual.over(600, 18))
    analysis = Analysis.at_events(spending(3, OBrienFlemingLike()), 331)
    return lambda: simulate(world, analysis, 1000, 1)


def _sample() -> Sample:
    """400 patients with ties, the same numbers as in `_R_SAMPLE`."""
    k = np.arange(400)
    return Sample.of((k * 37 % 101) / 4 + 0.25, k % 4 != 0, k % 2)


def _log_rank() -> Callable[[], object]:
    sample = _sample()
    return lambda: log_rank(Sample.of(sample.time, sample.event, sample.arm))


def _cox() -> Callable[[], object]:
    sample = _sample()
    return lambda: cox(Sample.of(sample.time, sample.event, sample.arm))


def _bounds() -> Callable[[], object]:
    from vein2vein.programme.trial.randomised.sequential import spending  # noqa: PLC0415
    from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike  # noqa: PLC0415

    return lambda: spending(3, OBrienFlemingLike(), power=0.9)


def _crm_advice() -> Callable[[], object]:
    from vein2vein.programme.trial.phase1.crm import crm, skeleton  # noqa: PLC0415
    from vein2vein.programme.trial.recommend import recommend  # noqa: PLC0415
    from vein2vein.programme.trial.words import Cohorts  # noqa: PLC0415

    design = crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(3, 10))
    return lambda: recommend(design, "1NNN 2NNN 3NNT")


_R_SAMPLE = "k <- 0:399; d <- data.frame(time=(k * 37) %% 101 / 4 + 0.25, event=as.integer(k %% 4 != 0), arm=k %% 2)"
_PRIOR = "dfcrm::getprior(0.05, 0.3, 3, 5)"
SIDES = (
    Side(
        "1,000 simulated BOIN trials, 5 doses, 10 cohorts of 3", "BOIN",
        "BOIN::get.oc(target=0.3, p.true=c(.05,.15,.3,.45,.6), ncohort=10, cohortsize=3, ntrial=1000)", _boin_1000,
    ),
    Side(
        "One CRM recommendation after three cohorts", "dfcrm",
        f"dfcrm::crm({_PRIOR}, 0.3, tox=c(0,0,0,0,0,0,0,0,1), level=c(1,1,1,2,2,2,3,3,3))", _crm_advice,
    ),
    Side(
        "1,000 simulated TITE-CRM trials of 30 patients", "dfcrm",
        f"dfcrm::titesim(PI=c(.05,.15,.3,.45,.6), prior={_PRIOR}, target=0.3, n=30, x0=1, nsim=1000, obswin=28, rate=2)",
        trials.tite_crm,
    ),
    Side(
        "O'Brien-Fleming-like bounds of three looks, power 0.9", "gsDesign",
        "gsDesign::gsDesign(k=3, test.type=1, alpha=0.025, beta=0.1, sfu=gsDesign::sfLDOF)", _bounds,
    ),
    Side(
        "O'Brien-Fleming-like bounds of three looks, with their size for power 0.9", "rpact",
        "rpact::getDesignCharacteristics("
        "rpact::getDesignGroupSequential(kMax=3, alpha=0.025, beta=0.1, sided=1, typeOfDesign='asOF'))", _bounds,
    ),
    Side(
        "1,000 simulated trials of 600 patients, three looks at 110, 221 and 331 events", "rpact",
        "rpact::getSimulationSurvival(rpact::getDesignGroupSequential(kMax=3, alpha=0.025, sided=1, typeOfDesign='asOF'), "
        "directionUpper=FALSE, lambda2=log(2)/12, hazardRatio=0.7, accrualTime=c(0,18), maxNumberOfSubjects=600, "
        "plannedEvents=c(110,221,331), maxNumberOfIterations=1000, seed=1)", _one_control,
    ),
    Side(
        "Log-rank test of 400 patients with ties", "survival",
        "survival::survdiff(survival::Surv(time, event) ~ arm, d)", _log_rank, _R_SAMPLE,
    ),
    Side(
        "Cox hazard ratio of 400 patients with ties, Efron", "survival",
        "survival::coxph(survival::Surv(time, event) ~ arm, d)", _cox, _R_SAMPLE,
    ),
    Side(
        "Simon designs, 0.2 against 0.4, errors 0.05 and 0.1", "clinfun",
        "clinfun::ph2simon(0.2, 0.4, 0.05, 0.1)", trials.simon,
    ),
    Side(
        "MEM of five baskets, one outcome", "basket",
        "basket::mem_exact(responses=c(3,5,1,8,2), size=rep(15,5), name=letters[1:5], p0=0.2)", trials.mem,
    ),
)  # fmt: skip


def measure(rscript: str | None = None) -> list[dict[str, object]]:
    """Seconds of ours and of R for each comparison; `why` says why R has none.

    Args:
        rscript: The program; looked for on the path when left out.
    """
    program = shutil.which("Rscript") if rscript is None else rscript
    found: list[dict[str, object]] = []
    for side in SIDES:
        seconds, why = (None, "R is not installed") if program is None else _in_r(program, side)
        found.append({"what": side.what, "package": side.package, "r": seconds, "why": why, "ours": _ours(side)})
    return found


def _ours(side: Side) -> float:
    call = side.ours()
    call()
    times = max(1, math.ceil(0.05 / max(trials.seconds_of(call), 1e-6)))
    return min(trials.seconds_of(lambda: [call() for _ in range(times)]) / times for _ in range(REPEATS))


def _in_r(program: str, side: Side) -> tuple[float | None, str]:
    """The fastest of some runs in one R process."""
    script = (
        f"if (!requireNamespace('{side.package}', quietly=TRUE)) {{ cat('missing'); quit(status=0) }}; "
        f"{side.before or 'invisible()'}; call <- function() invisible(capture.output({side.call})); call(); "
        "taken <- function(n) system.time(for (i in seq_len(n)) call())[['elapsed']]; "
        "n <- 1; while (taken(n) < 0.1) n <- n * 2; "
        f"t <- replicate({REPEATS}, taken(n) / n); "
        f'cat(sprintf(\'{{"version": "%s", "seconds": %f}}\', packageVersion(\'{side.package}\'), min(t)))'
    )
    try:
        run = subprocess.run([program, "-e", script], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, type(error).__name__
    if run.stdout.strip().endswith("missing"):
        return None, f"{side.package} is not installed"
    if run.returncode:
        said = [line for line in run.stderr.strip().splitlines() if line.strip() and line != "Execution halted"]
        return None, (said or ["R failed"])[-1].strip()
    told = json.loads(run.stdout.strip().splitlines()[-1])
    return float(told["seconds"]), f"{side.package} {told['version']}"


def as_lines(results: list[dict[str, object]]) -> list[str]:
    """The section of the page; nothing where nothing was measured."""
    if not results:
        return []
    lines = [
        "",
        "### Beside R packages",
        "",
        "The same calls, the fastest of three runs, without the start of either program.",
        "",
    ]
    lines += ["| What | R package | R, s | Ours, s |", "| --- | --- | ---: | ---: |"]
    for row in results:
        seconds = "skipped" if row["r"] is None else f"{row['r']:.5f}"
        package = row["why"] if row["r"] is not None else f"{row['package']}: {row['why']}"
        lines.append(f"| {row['what']} | {package} | {seconds} | {row['ours']:.5f} |")
    return lines


@click.command()
def main() -> None:
    """Measure and print."""
    click.echo("\n".join(as_lines(measure())))


if __name__ == "__main__":
    main()
