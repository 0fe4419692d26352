"""The benchmark runs on a small cohort, and the ways of working out CRS agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.cohorts import make_cohort


@pytest.mark.slow
def test_a_small_bench_runs_and_agrees(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--courses", "8", "--repeats", "1", "--data", str(tmp_path)]
    page = repository / "docs" / "reference" / "benchmarks.md"
    before = page.read_bytes()
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "CRS with the plain engine | 8 | 1 |" in done.stdout
    assert "grades of the same 8 courses agree: vectorised" in done.stdout
    assert "DISAGREE" not in done.stdout
    assert page.read_bytes() == before  # small runs are only printed


def test_a_measure_says_what_it_did(repository: Path, tmp_path: Path) -> None:
    make_cohort(5, tmp_path)
    command = [sys.executable, "-m", "benchmarks", "run", "read_only", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository, check=True)
    assert json.loads(done.stdout)["rows"] == 5 * (720 + 180 + 12 * 30)
