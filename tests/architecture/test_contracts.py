"""The import contracts hold, and each of them catches what it is there for."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.cli import lint_imports as _configured  # noqa: F401  # importing it configures the use case

# file to plant, its import, the contract that must name it
FAULTS = [
    ("basis/planted.py", "import vein2vein.record", "floors"),
    ("knowledge/planted.py", "import vein2vein.record", "floors"),
    ("knowledge/planted_numbers.py", "import vein2vein.numerics", "floors"),
    ("record/planted.py", "def f():\n    import vein2vein.journey", "floors"),
    (
        "record/planted_types.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import vein2vein.intake",
        "floors",
    ),
    ("record/planted_engine.py", "import vein2vein.engine", "floors"),
    ("engine/planted.py", "import vein2vein.journey", "floors"),
    ("intake/planted.py", "import vein2vein.journey", "floors"),
    ("journey/planted_report.py", "import vein2vein.report", "floors"),
    ("unplaced_room/__init__.py", "", "floors"),
    ("journey/toxicity/planted.py", "import vein2vein.journey.followup", "journey"),
    ("intake/fhir/planted.py", "import vein2vein.intake.omop", "intake"),
    ("journey/toxicity/planted_web.py", "import django", "pure-core"),
    ("record/planted_socket.py", "import socket", "pure-core"),
    ("report/planted_web.py", "import httpx", "no-service"),
]
CYCLE = {
    "numerics/first.py": "import vein2vein.numerics.second",
    "numerics/second.py": "import vein2vein.numerics.first",
}
ROOMS = ["basis", "numerics", "knowledge", "record", "engine", "intake", "journey", "report"]
ROOMS += ["intake/fhir", "intake/omop", "journey/toxicity", "journey/followup"]


@pytest.fixture
def config(repository: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(repository / ".importlinter", encoding="utf-8")
    return parser


def test_all_contracts_are_kept(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = lint_imports(config_filename=str(repository / ".importlinter"), cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


@pytest.fixture(scope="module")
def broken(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says about a copy of the library with all faults planted at once."""
    root = tmp_path_factory.mktemp("planted")
    library = root / "vein2vein"
    python_files = shutil.ignore_patterns("__pycache__", "data", "catalogue", "*.html", "*.js", "*.css")
    shutil.copytree(repository / "src" / "vein2vein", library, ignore=python_files)
    for room in ROOMS:
        (library / room).mkdir(exist_ok=True)
        (library / room / "__init__.py").touch()
    for name, text in [*((name, text) for name, text, _ in FAULTS), *CYCLE.items()]:
        path = library / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    run = subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--no-logo",
            "--no-cache",
            "--config",
            repository / ".importlinter",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize(("name", "contract"), [(name, contract) for name, _, contract in FAULTS])
def test_a_planted_fault_breaks_its_contract(
    broken: str, config: configparser.ConfigParser, name: str, contract: str
) -> None:
    title = config[f"importlinter:contract:{contract}"]["name"]
    module = "vein2vein." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    section = _section(broken, title, config)
    assert module in section, f"{module} is not named under {title!r}:\n{section}"


def test_a_planted_cycle_is_named(broken: str, config: configparser.ConfigParser) -> None:
    section = _section(broken, config["importlinter:contract:acyclic"]["name"], config)
    assert "No cycles are allowed in vein2vein.numerics." in section


def _section(output: str, title: str, config: configparser.ConfigParser) -> str:
    """The part of the output that stands under one broken contract."""
    titles = [config[section]["name"] for section in config.sections() if "name" in config[section]]
    details = output.split("Broken contracts", maxsplit=1)[1]
    starts = {name: details.index(f"{name}\n") for name in titles if f"{name}\n" in details}
    assert title in starts, f"{title!r} is not among the broken contracts: {sorted(starts)}"
    later = [start for start in starts.values() if start > starts[title]]
    return details[starts[title] : min(later, default=len(details))]


def _packages_in(folder: Path) -> set[str]:
    """Names of the modules and packages of one folder."""
    if not folder.exists():
        return set()
    return {
        path.name.removesuffix(".py")
        for path in folder.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__"}


def test_every_floor_below_the_report_is_pure(repository: Path, config: configparser.ConfigParser) -> None:
    above = {"__main__", "cli", "report", "_version"}
    named = config["importlinter:contract:pure-core"]["source_modules"].split()
    pure = {name.removeprefix("vein2vein.").removesuffix(".**") for name in named}
    rooms = _packages_in(repository / "src" / "vein2vein")
    assert rooms - above <= pure, "add the new room to contract pure-core"


def test_every_stage_of_the_journey_has_its_place(repository: Path, config: configparser.ConfigParser) -> None:
    named = set(re.findall(r"journey\.(\w+)", config["importlinter:contract:journey"]["layers"]))
    assert _packages_in(repository / "src" / "vein2vein" / "journey") <= named, "add the new stage to contract journey"


def test_nothing_is_exempt(config: configparser.ConfigParser) -> None:
    for section in config.sections():
        assert "ignore_imports" not in config[section], f"{section}: an exemption needs an ADR"
