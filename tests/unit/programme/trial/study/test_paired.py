"""Two designs on the same patients: what is paired is the same difference with a smaller error."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from vein2vein.cli import cli
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.study.paired import paired

FILE = "{{design: {}, doses: 3, target: 0.3, cohorts: {{size: 3, number: 6}}, scenarios: [{{name: A, toxicity: {}}}]}}"
BOIN = FILE.format("boin", "[0.1, 0.3, 0.5]")
KEYBOARD = FILE.format("mtpi", "[0.1, 0.3, 0.5]")


def test_differences_are_those_of_the_characteristics_with_a_smaller_error() -> None:
    one, other = read_design(BOIN), read_design(KEYBOARD)
    found = paired(one.study, other.study, trials=800, seed=3)["A"]
    means = [
        simulate.characteristics(read.design, one.study.truths[0], trials=800, seed=3)  # type: ignore[attr-defined]
        for read in (one, other)
    ]
    assert found["correct"].value == pytest.approx(means[0].selected[1] - means[1].selected[1])
    assert found["toxicities"].value == pytest.approx((means[0].toxicities - means[1].toxicities).sum())
    assert 0 < found["correct"].error < found["correct"].unpaired_error
    assert set(found) == {"correct", "overdose_selected", "none_selected", "patients", "toxicities"}


def test_a_design_does_not_differ_from_itself() -> None:
    study = read_design(BOIN).study
    assert {(one.value, one.error) for one in paired(study, study, trials=50, seed=1)["A"].values()} == {(0, 0)}


@pytest.mark.parametrize(
    ("other", "saw"),
    [
        (FILE.format("boin", "[0.1, 0.2, 0.5]"), "scenarios that differ"),
        ("{design: two-stage, r1: 3, n1: 13, r: 12, n: 43}", "another family"),
        (FILE.format("tite-boin", "[0.1, 0.3, 0.5]")[:-1] + ", setting: {window: 28, interval: 10}}", "TITE-BOIN"),
    ],
)
def test_what_cannot_be_compared_is_refused(other: str, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-004") as told:
        paired(read_design(BOIN).study, read_design(other).study, trials=10, seed=1)
    assert saw in told.value.fault.saw


def test_the_command_prints_both_errors(tmp_path: Path) -> None:
    for name, text in (("a", BOIN), ("b", KEYBOARD)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    told = CliRunner().invoke(
        cli, ["trial", "compare", *(str(tmp_path / f"{n}.yaml") for n in "ab"), "--trials", "200"]
    )
    assert told.exit_code == 0
    found = paired(read_design(BOIN).study, read_design(KEYBOARD).study, trials=200, seed=1)["A"]["correct"]
    assert "A (200 simulated trials of each, seed 1)" in told.output
    line = next(line for line in told.output.splitlines() if line.startswith("correct"))
    assert line.split() == ["correct", f"{found.value:.4f}", f"{found.error:.4f}", f"{found.unpaired_error:.4f}"]
