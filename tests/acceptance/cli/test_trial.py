"""`vein2vein trial`: design files, advice, paths, and messages of what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from vein2vein.cli import cli

BOIN = """design: boin
doses: 3
target: 0.3
cohorts: {size: 3, number: 4}
scenarios:
  - {name: second dose, toxicity: [0.1, 0.3, 0.5]}
"""
TITE = BOIN.replace("boin", "tite-boin") + "setting: {window: 28, interval: 10}\n"


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    def call(text: str, *arguments: str) -> tuple[int, str]:
        file = tmp_path / "design.yaml"
        file.write_text(text, encoding="utf-8")
        done = CliRunner().invoke(cli, ["trial", *(str(file) if a == "FILE" else a for a in arguments)])
        return done.exit_code, done.output

    return call


def test_a_design_file_shows_parameters_table_and_exact_characteristics(run) -> None:  # type: ignore[no-untyped-def]
    code, output = run(BOIN, "FILE")
    assert code == 0
    assert "lambda_e" in output
    assert "derived" in output
    assert "3 DU D S S" in " ".join(output.split())
    assert "second dose (exact)" in output


def test_a_late_onset_design_is_simulated_and_says_its_error(run) -> None:  # type: ignore[no-untyped-def]
    code, output = run(TITE, "FILE", "--trials", "500", "--seed", "3")
    assert code == 0
    assert "500 simulated trials, seed 3" in output
    assert re.search(r"^days +\d+ \(± \d+\)$", output, re.MULTILINE)
    assert output == run(TITE, "FILE", "--trials", "500", "--seed", "3")[1]


def test_advice_and_paths(run) -> None:  # type: ignore[no-untyped-def]
    code, output = run(BOIN, "recommend", "FILE", "1NNN 2NNT")
    assert code == 0
    assert "next      3 at dose 2" in output
    assert "between 0.236 and 0.359" in output
    code, output = run(BOIN, "paths", "FILE", "1NNN", "--cohorts", "1")
    assert code == 0
    assert output.splitlines()[1:] == ["now       2", "2NNN      3", "2NNT      2", "2NTT      1", "2TTT      1"]


@pytest.mark.parametrize(
    ("text", "arguments", "id"),
    [
        ("design: boim", ["FILE"], "TRIAL-005"),
        (BOIN.replace("0.3\n", "1.3\n"), ["FILE"], "TRIAL-002"),
        (BOIN.replace("0.1, 0.3, 0.5", "0.1, 0.3"), ["FILE"], "TRIAL-001"),
        (BOIN, ["recommend", "FILE", "9NNN"], "TRIAL-003"),
        (
            "design: simon\n'null': 0.2\nalternative: 0.4\nalpha: 0.05\nbeta: 0.2",
            ["paths", "FILE", "1NNN"],
            "TRIAL-004",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_id(run, text: str, arguments: list[str], id: str) -> None:  # type: ignore[no-untyped-def]
    code, output = run(text, *arguments)
    assert code == 9
    assert id in output
    assert "fix" in output
    assert "Traceback" not in output
