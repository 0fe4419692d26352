"""Chromium is installed where that is allowed; elsewhere the set-up says what is missing and does not fail."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = ("sh", "sed", "tail", "grep", "mkdir", "dirname")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands without a browser and without anything to install one with."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None
        (commands / name).symlink_to(found)
    _command(commands, "fc-list", "echo Noto Sans CJK")
    return commands


def _command(machine: Path, name: str, script: str) -> None:
    path = machine / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def _run(repository: Path, machine: Path) -> str:
    run = subprocess.run(
        [machine / "sh", repository / "tools" / "setup_browser.sh"],
        cwd=machine.parent,
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return run.stdout


def test_nothing_is_done_when_chromium_is_there(repository: Path, machine: Path) -> None:
    _command(machine, "chromium", "exit 0")
    assert _run(repository, machine) == ""


def test_root_installs_what_is_missing(repository: Path, machine: Path) -> None:
    _command(machine, "id", "echo 0")
    _command(machine, "apt-get", f'echo "$@" >> {machine}/calls')
    assert "Installing for the browser tests: chromium" in _run(repository, machine)
    calls = (machine / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == ["update", "install -y --no-install-recommends chromium"]


def test_a_failed_installation_is_said_and_does_not_stop(repository: Path, machine: Path) -> None:
    _command(machine, "id", "echo 0")
    _command(machine, "apt-get", "echo no such mirror; exit 100")
    said = _run(repository, machine)
    assert "no such mirror" in said
    assert "apt-get could not install: chromium" in said


def test_somebody_who_may_not_install_is_told_what_is_missing(repository: Path, machine: Path) -> None:
    _command(machine, "id", "echo 1000")
    _command(machine, "fc-list", "echo Some Other Font")
    said = _run(repository, machine)
    assert "missing: chromium fonts-noto-cjk; not root" in said
    assert "fix       install them" in said


def test_a_system_without_apt_is_told_what_is_missing(repository: Path, machine: Path) -> None:
    _command(machine, "id", "echo 0")
    assert "no apt-get on this system" in _run(repository, machine)
