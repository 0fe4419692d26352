"""What holds for every test: nothing but this machine is reachable, and only where a test says so."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ["127.0.0.1", "::1"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Steered examples only: the same ones in every run, so that a red test is red for everybody. `nightly` looks wider.
settings.register_profile(
    "default",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", settings.get_profile("default"), derandomize=False, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# Thousands of tests and the libraries stay until the end. Unless they are set aside, Python's search for garbage goes over
# all of them again and again: about a quarter of the time of the tests of the engines.
gc.disable()


def pytest_collection_finish() -> None:
    """Set aside what the collection made, and look for garbage from here on, in larger portions than usual."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_unconfigure() -> None:
    """Give what was set aside back, so that it is cleared at the end as ever."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test marked `loopback` or `browser` reach this machine; pytest-socket refuses everything else."""
    for item in items:
        if item.get_closest_marker("loopback") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.fixture(scope="session", autouse=True)
def _own_runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give servers that tests start a private folder for their sockets, also where the system names none."""
    folder = tmp_path_factory.mktemp("runtime")
    folder.chmod(0o700)
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, and in CI it fails."""
    wanted = [os.environ.get("CHROMIUM", ""), *BROWSERS]
    found = next((path for name in wanted if name and (path := shutil.which(name))), None)
    if found is None:
        message = "no Chromium on PATH: run tools/setup_browser.sh, or set CHROMIUM=/path/to/chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found
