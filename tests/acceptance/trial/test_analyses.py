"""Analyses of patients and of published trials: command line, Python, YAML and JSON say the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from vein2vein.cli import cli
from vein2vein.errors import TrialError
from vein2vein.programme.trial.analyses import analyse, analysed
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.phase2.compare import hazard_ratio
from vein2vein.programme.trial.phase2.propensity import scores
from vein2vein.programme.trial.phase2.waiting import expected_dates
from vein2vein.programme.trial.published.contrast import Mixtures, Table, contrast
from vein2vein.programme.trial.published.figures import SEED
from vein2vein.programme.trial.published.files import TrialFile, trial_file
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.ipcw import ipcw
from vein2vein.programme.trial.randomised.rpsft import rpsft
from vein2vein.programme.trial.study.attribution import attribution
from vein2vein.programme.trial.study.patients import Patients, read_patients

EXAMPLES = Path(__file__).parents[3] / "examples" / "trials"
FAMILIES = {"external": ("external-control", "external-control"), "switching": ("treatment-switching", "switching")}


def ask(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["trial", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def patients(name: str) -> Patients:
    return read_patients((EXAMPLES / f"{name}.csv").read_text(encoding="utf-8"))


def external_by_calls() -> float:
    """The hazard ratio of the example by the functions that the file stands for."""
    known = patients("external-control")
    treated = np.array([word == "treated" for word in known.words("group")])
    x = np.column_stack([known.numbers(name) for name in ("age", "ldh", "lines")])
    wait, time, event = known.numbers("wait"), known.numbers("time"), known.numbers("event")
    keep = np.isfinite(x).all(axis=1) & (~treated | np.isfinite(wait))
    ours, theirs = np.flatnonzero(keep & treated), np.flatnonzero(keep & ~treated)
    dated = expected_dates(wait[ours], time[theirs], event[theirs])
    who = np.concatenate([ours, theirs[dated.control]])
    living = dated.weight * dated.infused.sum() / dated.weight.sum()  # as many as live until their dates
    counts = np.concatenate([np.ones(len(ours)), living])
    p = scores(x[who], treated[who], counts)
    weight = counts * np.where(treated[who], 1, p / (1 - p))
    follow = np.concatenate([time[ours] - wait[ours], dated.time])
    ends = np.concatenate([event[ours], dated.event])
    return hazard_ratio(follow, ends, treated[who], weight=weight, patient=who).value


def switching_data() -> Crossed:
    known = patients("switching")
    never = [np.nan_to_num(known.numbers(name), nan=np.inf) for name in ("crossover", "eligible")]
    arm = [int(word == "experimental") for word in known.words("arm")]
    return Crossed.of(known.numbers("time"), known.numbers("event"), arm, never[0], follow_up=known.numbers("follow_up"),
                      eligible=never[1], covariates=known.numbers("ecog_1"))  # fmt: skip


CALLS: dict[str, tuple[str, int, Callable[[], float]]] = {
    "external": ("effect, treated to control", 0, external_by_calls),
    "switching": ("effect, experimental to control", 2, lambda: np.exp(ipcw(switching_data()).ratio.log)),
}


@pytest.mark.parametrize("command", FAMILIES)
def test_yaml_json_python_and_command_line_say_the_same(command: str, tmp_path: Path) -> None:
    name, file = FAMILIES[command]
    design = EXAMPLES / f"{file}.yaml"
    found = analyse(name, design)
    data = json.loads(json.dumps(found.as_data()))
    assert json.loads(ask(command, "--design", str(design), "--format", "json")) == data
    assert ask(command, "--design", str(design)) == "\n".join(found.lines()) + "\n"
    content = yaml.safe_load(design.read_text(encoding="utf-8"))
    as_json = tmp_path / "design.json"
    as_json.write_text(json.dumps(content), encoding="utf-8")
    assert json.loads(ask(command, str(EXAMPLES / f"{file}.csv"), "--design", str(as_json), "--format", "json")) == data
    shutil.copy(EXAMPLES / f"{file}.csv", tmp_path)
    assert ask(command, "--design", str(as_json)) == "\n".join(found.lines()) + "\n"
    title, row, call = CALLS[command]
    assert found.grid(title).rows[row][1] == pytest.approx(call(), rel=1e-9)


def test_the_structural_model_of_the_file_is_that_of_the_call() -> None:
    found = analyse("treatment-switching", EXAMPLES / "switching.yaml")
    model = rpsft(switching_data())
    assert found.grid("RPSFT: effect on time").rows[0][0] == pytest.approx(model.psi)
    assert found.grid("effect, experimental to control").rows[1][1] == pytest.approx(np.exp(model.ratio.log))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Table]:
    """The mixtures of a block by its number, played once: who asks for the same block again gets the same table."""
    kept: dict[tuple[object, ...], Table] = {}

    class Once(Mixtures):
        def __init__(self, first: TrialFile, second: TrialFile, number: int, seed: int = SEED) -> None:
            self.key = (first.id, second.id, number, seed)
            super().__init__(first, second, number, seed)

        def table(self) -> Table:
            if self.key not in kept:
                kept[self.key] = super().table()
            return kept[self.key]

    monkeypatch.setattr("vein2vein.programme.trial.study.attribution.Mixtures", Once)
    return lambda number: Once(trial_file("zuma-7"), trial_file("belinda"), number).table()


def test_an_attribution_is_that_of_the_calls_and_adds_up(played: Callable[[int], Table]) -> None:
    found = attribution("zuma-7", "belinda", blocks=2)
    told = json.loads(ask("attribution", "zuma-7", "belinda", "--blocks", "2", "--format", "json"))
    assert told == json.loads(json.dumps(found.as_data()))
    by_calls = contrast([played(number) for number in range(2)])
    rows = found.grid("shares").rows
    assert {row[0]: row[1] for row in rows[:-1]} == {key: part.share for key, part in by_calls.parts.items()}
    assert sum(float(row[1] or 0) for row in rows[:-1]) == pytest.approx(float(rows[-1][1] or 0))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("external",), "no file of patients"),
        (("external", "nobody.csv"), "no file 'nobody.csv'"),
        (("switching", "--design", str(EXAMPLES / "external-control.yaml")), "`design: treatment-switching`"),
        (("show", str(EXAMPLES / "switching.yaml")), "vein2vein trial switching --design FILE"),
        (("attribution", "zuma-7", "zuma-7"), "zuma-7 twice"),
        (("attribution", "zuma-7", "karmma-3"), "the same kind"),
        (("attribution", "zuma-7", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(cli, ["trial", *arguments])
    assert result.exit_code != 0
    assert said in result.stderr


def test_a_design_that_plans_a_trial_analyses_nobody() -> None:
    with pytest.raises(TrialError, match="one of external-control, treatment-switching"):
        analysed({"design": "boin"}, "a\n1\n")
    with pytest.raises(TrialError, match="which analyses patients"):
        read_design("design: external-control")
