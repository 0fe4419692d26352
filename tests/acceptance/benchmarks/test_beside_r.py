"""R packages stand beside ours where they are installed, and every other row says why it was skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import trials_r
from benchmarks.trials_r import Side, as_lines, measure

SIDE = Side("nothing", "BOIN", "BOIN::nothing()", lambda: lambda: None)


def _program(folder: Path, script: str) -> str:
    """A stand-in for Rscript that says what it is told to."""
    program = folder / "Rscript"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("script", "seconds", "why"),
    [
        ("printf missing", None, "BOIN is not installed"),
        (
            'echo "Error in nothing() : wrong" >&2; echo "Execution halted" >&2; exit 1',
            None,
            "Error in nothing() : wrong",
        ),
        ("exit 1", None, "R failed"),
        ("""echo warmed; echo '{"version": "2.7.2", "seconds": 0.25}'""", 0.25, "BOIN 2.7.2"),
    ],
)
def test_what_r_says_stands_in_the_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, seconds: float | None, why: str
) -> None:
    monkeypatch.setattr(trials_r, "SIDES", (SIDE,))
    (row,) = measure(_program(tmp_path, script))
    assert (row["r"], row["why"]) == (seconds, why)
    line = as_lines([row])[-1]
    assert ("skipped" in line) is (seconds is None)
    assert why in line


def test_without_r_every_row_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials_r, "SIDES", (SIDE,))
    monkeypatch.setattr(trials_r.shutil, "which", lambda _: None)
    (row,) = measure()
    assert (row["r"], row["why"]) == (None, "R is not installed")


def test_every_call_names_its_package() -> None:
    assert all(f"{side.package}::" in side.call for side in trials_r.SIDES)
