"""The set-up does nothing when nothing is to do, and says clearly what is wrong when something is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

import vein2vein

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"^[A-Za-z0-9._-]+")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """A folder that holds just what the set-up reads."""
    (tmp_path / "tools").mkdir()
    for name in ("tools/setup.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(repository / name, tmp_path / name)
    return tmp_path


def _fake_uv(folder: Path, *, says: str = "", fails: bool = False) -> Path:
    """A stand-in for uv that makes a folder with an interpreter, writes down how it was called, and may fail."""
    uv = folder / "fake-uv"
    uv.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {folder}/calls\n'
        'if [ "$1" = venv ]; then mkdir -p .venv/bin\n'
        f"  ln -sf {sys.executable} .venv/bin/python; exit 0; fi\n"
        f"echo '{says}' >&2\nexit {int(fails)}\n",
        encoding="utf-8",
    )
    uv.chmod(0o755)
    return uv


def _run(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "tools/setup.sh"],
        cwd=checkout,
        env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_second_run_does_nothing(checkout: Path) -> None:
    uv = _fake_uv(checkout)
    first = _run(checkout, UV=str(uv))
    assert first.returncode == 0, first.stderr
    calls = (checkout / "calls").read_text(encoding="utf-8")
    assert "--require-hashes" in calls
    second = _run(checkout, UV=str(uv))
    assert (second.returncode, second.stdout) == (0, "")
    assert (checkout / "calls").read_text(encoding="utf-8") == calls


def test_another_lock_file_makes_it_work_again(checkout: Path) -> None:
    uv = _fake_uv(checkout)
    _run(checkout, UV=str(uv))
    with (checkout / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert "Set-up done." in _run(checkout, UV=str(uv)).stdout


def test_a_missing_python_is_said(checkout: Path) -> None:
    run = _run(checkout, PYTHON="python-that-is-not-there")
    assert run.returncode == 1
    assert "SETUP FAILED  No usable Python was found." in run.stderr
    assert "expected  Python 3.11 or newer" in run.stderr


def test_an_old_python_is_said(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    assert "which is missing or older than 3.11" in _run(checkout, PYTHON=str(old)).stderr


@pytest.mark.parametrize(
    ("says", "title"),
    [
        ("error sending request for url: dns error", "The package index could not be reached."),
        ("Max retries exceeded: NewConnectionError", "The package index could not be reached."),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "A downloaded package is not the one that was locked."),
        ("No matching distribution found for polars", "A locked package has no file for this machine."),
        ("something nobody thought of", "The environment could not be built."),
    ],
)
def test_a_failed_installation_is_explained(checkout: Path, says: str, title: str) -> None:
    run = _run(checkout, UV=str(_fake_uv(checkout, says=says, fails=True)))
    assert run.returncode == 1
    assert f"SETUP FAILED  {title}" in run.stderr
    assert says in run.stderr
    assert not (checkout / ".venv" / ".setup-stamp").exists()


def test_the_lock_holds_every_dependency_with_hashes_and_no_address(repository: Path) -> None:
    lock = (repository / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += [name for extra in project["project"]["optional-dependencies"].values() for name in extra]
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    locked = {_normal(NAME.match(entry)[0]) for entry in entries}
    assert {_normal(NAME.match(name)[0]) for name in wanted} - locked == set(), "run: make lock"
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"\w+://|^-", lock, re.MULTILINE) == []


def test_the_citation_names_the_version(repository: Path) -> None:
    citation = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == vein2vein.__version__
