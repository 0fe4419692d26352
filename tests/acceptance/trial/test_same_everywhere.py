"""Design file, Python calls and command line say the same, for every family of designs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from vein2vein.cli import cli
from vein2vein.programme.trial import exact
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.phase1 import backfill, late
from vein2vein.programme.trial.phase1.backfill import backfill_boin
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.crm import Curve, Model, NormalPrior
from vein2vein.programme.trial.phase1.feasible import feasible_dose
from vein2vein.programme.trial.phase1.late import Setting
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase2 import bop2, hierarchical, mem, simon, top_trials
from vein2vein.programme.trial.phase12.boin12 import boin12
from vein2vein.programme.trial.phase12.efftox import Contour, Priors, efftox
from vein2vein.programme.trial.phase12.efftox import Model as EffToxModel
from vein2vein.programme.trial.published.files import trial_file
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, exponential
from vein2vein.programme.trial.randomised.planning import schoenfeld_events
from vein2vein.programme.trial.randomised.sequential import Futility, spending, with_futility
from vein2vein.programme.trial.randomised.simulate import Analysis
from vein2vein.programme.trial.randomised.simulate import simulate as play
from vein2vein.programme.trial.randomised.spending import HwangShihDeCani, OBrienFlemingLike
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import run
from vein2vein.programme.trial.words import Cohorts

EXAMPLES = Path(__file__).parents[3] / "examples" / "trials"
ANALYSES = {"external-control", "switching"}  # of patients, see test_analyses
NAMES = sorted(
    path.stem
    for path in EXAMPLES.glob("*.yaml")
    if "\ndesign: " in path.read_text(encoding="utf-8") and path.stem not in ANALYSES
)
TRIALS, SEED = 200, 3


def ask(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["trial", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def by_call_boin() -> float:
    truth = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
    return float(exact.characteristics(boin(5, 0.30, cohorts=Cohorts(3, 10)), truth)[0].selected[2])


def by_call_phase1() -> float:
    truth = Truth.of([0.02, 0.05, 0.10, 0.25])
    return float(exact.characteristics(boin(4, 0.25, cohorts=Cohorts(3, 8)), truth)[0].selected[3])


def by_call_tite_boin() -> float:
    design = tite_boin(4, 0.30, cohorts=Cohorts(3, 8))
    trials = late.simulate(design, Truth.of([0.15, 0.30, 0.45, 0.60]), Setting(84, 14), trials=TRIALS, seed=SEED)
    return float((trials.trials.selected == 1).mean())


def by_call_boin12() -> float:
    design = boin12(4, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 8))
    truth = Truth.of([0.05, 0.10, 0.20, 0.40], [0.20, 0.50, 0.52, 0.54])
    return float((run(design, truth, trials=TRIALS, seed=SEED).selected == 1).mean())


def by_call_simon() -> float:
    return simon.find(0.2, 0.4, 0.05, 0.2).optimal.succeeds(0.2)


def by_call_top() -> float:
    plan = bop2.optimise((10, 20, 30), 0.2, 0.4, 0.1)
    played = top_trials.simulate(plan, 0.2, window=90, interval=15, trials=TRIALS, seed=SEED)
    return float(played.success.mean())


def by_call_mem() -> float:
    """Any wrong claim when no basket works, over all outcomes."""
    from itertools import product  # noqa: PLC0415

    from scipy.stats import binom  # noqa: PLC0415

    found = 0.0
    for y in product(range(11), repeat=3):
        if (mem.borrow(y, (10, 10, 10), 0.2).above > 0.9).any():
            found += float(np.prod(binom.pmf(y, 10, 0.2)))
    return found


def by_call_shrinking(priors: hierarchical.Priors, claim: float = 0.8) -> Callable[[], float]:
    """Any wrong claim when no basket works, over all outcomes of three baskets of four; baskets alike may change places."""

    def found() -> float:
        from itertools import combinations_with_replacement, permutations  # noqa: PLC0415

        from scipy.stats import binom  # noqa: PLC0415

        wrong = (
            y
            for y in combinations_with_replacement(range(5), 3)
            if (hierarchical.shrink(y, (4, 4, 4), 0.2, priors).above > claim).any()
        )
        return float(sum(len(set(permutations(y))) * np.prod(binom.pmf(y, 4, 0.2)) for y in wrong))

    return found


def by_call_group_sequential() -> float:
    plan = with_futility((0.6, 0.8, 1.0), OBrienFlemingLike(), Futility(HwangShihDeCani(-4), 0.1))
    events = int(-(-schoenfeld_events(0.65) * plan.inflation(0.9) // 1))
    control = Cure(0.2, exponential(6))
    out = exponential(240)
    accrual = Accrual(360, (8.0, 16.0), (0.0, 6.0))
    world = Scenario(control, Ratio(control, (0.0,), (0.65,)), accrual, dropout=(out, out))
    return float(play(world, Analysis.at_events(plan, events, month=60.0), TRIALS, SEED).upper.mean())


def by_call_milestone() -> float:
    control = Cure(0.2, exponential(6))
    world = Scenario(control, Cure(0.4, exponential(6)), Accrual.over(240, 18), dropout=(exponential(240),) * 2)
    return float(play(world, Analysis.at_month(AtTime("milestone", 24), 42), TRIALS, SEED).upper.mean())


def by_call_cell_trial() -> float:
    study: Any = read_design((EXAMPLES / "cell-trial.yaml").read_text(encoding="utf-8")).study
    return float(play(study.worlds[0][1], study.analysis, TRIALS, SEED).upper.mean())


def by_call_efftox() -> float:
    priors = Priors((-7.9593, 3.5487), (1.5482, 3.5018), (0.7367, 2.5423), (3.4181, 2.4406))
    model = EffToxModel((1, 2, 4), priors, toxicity_limit=0.3, efficacy_limit=0.5)
    design = efftox(model, Contour(0.5, 0.65, (0.7, 0.25)), cohorts=Cohorts(3, 8))
    truth = Truth.of([0.05, 0.15, 0.45], [0.20, 0.60, 0.70])
    return float((run(design, truth, trials=TRIALS, seed=SEED).selected == 1).mean())


def by_call_backfill() -> float:
    design, fill = backfill_boin(4, 0.30, cohorts=Cohorts(3, 8), cap=12)
    truth = Truth.of([0.05, 0.15, 0.30, 0.45], [0.10, 0.30, 0.40, 0.45])
    found = backfill.run(design, fill, truth, waiting=2, trials=TRIALS, seed=SEED)
    return float((found.selected == 2).mean())


def by_call_feasible() -> float:
    model = Model(Curve((0.06, 0.14, 0.25, 0.38)), NormalPrior(1.34))
    design = feasible_dose(model, 0.25, 0.70, cohorts=Cohorts(3, 8))
    truth = Truth.of([0.05, 0.12, 0.25, 0.40], [0.98, 0.90, 0.55, 0.40])
    found = run(design, truth, trials=TRIALS, seed=SEED)
    return float((found.selected == -1).mean())


def by_call_zuma_7() -> float:
    file = trial_file("zuma-7")
    plan = spending(1, OBrienFlemingLike())
    analysis = Analysis(plan, (CutOff(month=file.cut()),))
    return float(play(file.trial(), analysis, TRIALS, SEED).month.mean())


# What one figure of the first scenario is when the functions are called: key of the figure, and the call.
CALLS: dict[str, tuple[str, Callable[[], float]]] = {
    "backfill": ("correct", by_call_backfill),
    "bhm": ("any_wrong", by_call_shrinking(hierarchical.Priors(-1.39, 2, hierarchical.HalfNormal(1.0)))),
    "exnex": (
        "any_wrong",
        by_call_shrinking(hierarchical.Priors(-1.39, 2, hierarchical.HalfNormal(1.0), 0.5, -1.39, 2), 0.84),
    ),
    "boin": ("correct", by_call_boin),
    "boin12": ("correct", by_call_boin12),
    "cell-trial": ("power", by_call_cell_trial),
    "efftox": ("correct", by_call_efftox),
    "feasible": ("none_selected", by_call_feasible),
    "group-sequential": ("power", by_call_group_sequential),
    "mem": ("any_wrong", by_call_mem),
    "milestone": ("power", by_call_milestone),
    "phase1": ("correct", by_call_phase1),
    "simon": ("success", by_call_simon),
    "tite-boin": ("correct", by_call_tite_boin),
    "top": ("success", by_call_top),
    "zuma-7": ("duration_months", by_call_zuma_7),
}


def test_every_example_is_called() -> None:
    assert sorted(CALLS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_file_calls_and_command_line_say_the_same(name: str) -> None:
    file = EXAMPLES / f"{name}.yaml"
    read = read_design(file.read_text(encoding="utf-8"))
    results = read.study.results(trials=TRIALS, seed=SEED)
    printed = json.loads(
        ask("characteristics", str(file), "--trials", str(TRIALS), "--seed", str(SEED), "--format", "json")
    )
    assert printed == {"design": read.hash, "results": json.loads(json.dumps([one.as_data() for one in results]))}
    key, call = CALLS[name]
    assert results[0].figures[key].value == pytest.approx(call(), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_json_is_read_as_yaml_is(name: str, tmp_path: Path) -> None:
    read = read_design((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    file = tmp_path / "design.json"
    file.write_text(json.dumps(dict(read.content), default=str), encoding="utf-8")
    assert read_design(file.read_text(encoding="utf-8")).hash == read.hash


@pytest.mark.parametrize("name", NAMES)
def test_show_prints_parameters_with_their_origin_and_every_scenario(name: str) -> None:
    file = EXAMPLES / f"{name}.yaml"
    read = read_design(file.read_text(encoding="utf-8"))
    told = ask(str(file), "--trials", "50")
    assert read.hash in told
    for result in read.study.results(trials=50, seed=1):
        assert f"\n{result.scenario} (" in told
        assert all(str(figure) in told for figure in result.figures.values())


def test_a_running_trial_from_first_advice_to_a_log_that_holds(tmp_path: Path) -> None:
    file, log = str(EXAMPLES / "boin.yaml"), str(tmp_path / "log.jsonl")
    for outcomes in ("", "1NNN", "1NNN 2NNT"):
        told = ask("recommend", file, outcomes, "--log", log, "--by", "A. Statistician")
    assert "logged    line 3" in told
    assert ask("log", "check", log).startswith("3 lines, the chain holds")
    changed = ask("recommend", file, "1NNT", "--log", log, "--by", "A. Statistician")
    assert "outcomes differ from those of line 3" in changed
    other = str(EXAMPLES / "phase1.yaml")
    assert "the design file differs" in ask("recommend", other, "1NNT", "--log", log, "--by", "B")
    hashes = [read_design(Path(one).read_text(encoding="utf-8")).hash for one in (file, other)]
    note = f"line 5 asks another design file: {hashes[1]}, before {hashes[0]}"
    told = ask("log", "check", log)
    assert (told.count("another design"), note in told) == (1, True)
    text = Path(log).read_text(encoding="utf-8")
    Path(log).write_text(text.replace("1NNN 2NNT", "1NNN 2NNN", 1), encoding="utf-8")
    broken = CliRunner().invoke(cli, ["trial", "log", "check", log])
    assert broken.exit_code != 0
    assert "TRIAL-070" in broken.stderr
    Path(log).write_text("", encoding="utf-8")
    assert "is empty" in CliRunner().invoke(cli, ["trial", "log", "check", log]).stderr
    assert "not there" in CliRunner().invoke(cli, ["trial", "log", "check", log + ".old"]).stderr


def test_z_below_zero_is_an_argument_and_an_unknown_option_stays_refused() -> None:
    file = str(EXAMPLES / "group-sequential.yaml")
    assert ask("recommend", file, "-2.9") == ask("recommend", file, "--", "-2.9")
    assert ask("recommend", file, "1.1 -2.9") != ask("recommend", file, "-2.9")
    refused = CliRunner().invoke(cli, ["trial", "recommend", file, "-x", "-2.9"])
    assert (refused.exit_code, "No such option" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["simon", "mem"])
def test_more_responses_than_patients_are_named(name: str) -> None:
    refused = CliRunner().invoke(cli, ["trial", "recommend", str(EXAMPLES / f"{name}.yaml"), "14/13"])
    assert "14 of 13 patients" in refused.stderr
    assert "no more responses than patients" in refused.stderr


@pytest.mark.slow
def test_a_search_of_the_file_and_of_options_are_the_same_on_two_processes() -> None:
    file = str(EXAMPLES / "phase1.yaml")
    here = ask("search", file)
    assert "smallest that meets: cohorts.number = 7, 21 patients at most" in here
    names = "all doses low, third dose is right, second dose is right"
    options = [
        "--vary",
        "cohorts.number=6:16",
        "--require",
        "correct >= 55%",
        "--require",
        f"overdose <= 0.3 in {names}",
    ]
    assert ask("search", file, *options, "--processes", "2") == here


def test_a_report_is_written_as_html_and_word(tmp_path: Path) -> None:
    paths = [tmp_path / "report.html", tmp_path / "report.docx"]
    ask("report", str(EXAMPLES / "simon.yaml"), "-o", str(paths[0]), "-o", str(paths[1]))
    assert paths[0].read_text(encoding="utf-8").startswith("<!doctype html>")
    assert paths[1].read_bytes().startswith(b"PK")
    refused = CliRunner().invoke(cli, ["trial", "report", str(EXAMPLES / "simon.yaml"), "-o", str(tmp_path / "a.pdf")])
    assert "REPORT-002" in refused.stderr


def test_boundaries_and_paths_are_refused_where_there_are_none() -> None:
    assert "DU" in ask("boundaries", str(EXAMPLES / "boin.yaml"))
    assert "once every outcome is known" in ask("paths", str(EXAMPLES / "tite-boin.yaml"))
    assert "1NET" in ask("paths", str(EXAMPLES / "boin12.yaml"), "--cohorts", "1")
    for command in ("paths", "boundaries"):
        refused = CliRunner().invoke(cli, ["trial", command, str(EXAMPLES / "mem.yaml")])
        assert ("TRIAL-004" in refused.stderr) == (command == "paths")


def test_a_published_trial_is_run_by_its_name() -> None:
    told = ask("run", "zuma-7", "--trials", "50")
    assert told == ask("zuma-7", "--trials", "50")
    assert "ZUMA-7, as published" in told
    assert re.search(r"cells.wait.median +29 +default +zuma-7: read, Comparative tables", told)
    missing = CliRunner().invoke(cli, ["trial", "zuma-8"])
    assert "no published trial of that name (belinda" in missing.stderr


def test_a_published_trial_is_reported_and_searched_by_its_name(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ask("report", "zuma-7", "--trials", "50", "-o", str(page))
    assert "vein2vein trial report zuma-7 --trials 50" in page.read_text(encoding="utf-8")
    options = ["--vary", "power=0.8,0.9", "--require", "infused >= 1%", "--trials", "50"]
    for command in (["report", "zuma-8"], ["search", "zuma-8", *options]):
        missing = CliRunner().invoke(cli, ["trial", *command])
        assert "no published trial of that name (belinda" in missing.stderr
