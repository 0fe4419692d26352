"""A small hospital for the command line: four made-up courses of the demonstration cohort."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from vein2vein.cli import cli

COURSES = (
    "05-oxygen-device-not-recorded",
    "06-crs-3-afebrile-on-norepinephrine",
    "18-crs-biphasic",
    "30-oxygen-entered-late",
)
DEMO = Path(str(resources.files("vein2vein.cli").joinpath("demo_cohort")))
Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Call the command line in this process; the exit code must be the expected one."""

    def call(*words: str | Path, exits: int = 0) -> Result:
        result = CliRunner().invoke(cli, [str(word) for word in words], prog_name="vein2vein")
        unexpected = result.exception if not isinstance(result.exception, SystemExit) else None
        assert unexpected is None, f"{unexpected!r}\n{result.output}"
        assert result.exit_code == exits, result.output
        return result

    return call


@pytest.fixture(scope="session")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "hospital"
    folder.mkdir()
    for file in sorted(DEMO.glob("*.csv")):
        rows = pl.read_csv(file, infer_schema=False)
        if "case_id" in rows.columns:
            rows = rows.filter(pl.col("case_id").is_in(COURSES))
        else:
            rows = rows.filter(pl.col("patient_id").is_in([f"MADE-UP-{name[:2]}" for name in COURSES]))
        rows.write_csv(folder / file.name)
    shutil.copy(DEMO / "mapping.yaml", folder)
    return folder


@pytest.fixture
def hospital(_small: Path, tmp_path: Path) -> Path:
    """A folder of tables that a test may spoil, with its mapping file in it."""
    return Path(shutil.copytree(_small, tmp_path / "hospital"))


@pytest.fixture
def mapping(hospital: Path) -> tuple[str, str]:
    """The words that name the mapping file."""
    return "--mapping", str(hospital / "mapping.yaml")
