"""Importing the library is quick, silent and honest about its names."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import vein2vein

if TYPE_CHECKING:
    from pathlib import Path

# Heavy packages that a bare import and `--help` must not load: each costs more than the whole of the budget.
HEAVY = {
    "polars",
    "pyarrow",
    "duckdb",
    "pandas",
    "numpy",
    "pydantic",
    "fhir",
    "pint",
    "ucumvert",
    "distributed",
}
LOADED = "import sys; {code}; print(*sorted(name for name in sys.modules if '.' not in name))"


def _modules_after(code: str) -> tuple[set[str], str]:
    """Top-level modules loaded by a fresh interpreter that runs `code`, and what it wrote on standard error."""
    command = [sys.executable, "-W", "error", "-c", LOADED.format(code=code)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert run.stdout.count("\n") == 1, f"importing printed something:\n{run.stdout}"
    return set(run.stdout.split()), run.stderr


def test_every_public_name_is_there() -> None:
    missing = [name for name in vein2vein.__all__ if not hasattr(vein2vein, name)]
    assert missing == []


def test_the_list_of_public_names_is_complete_and_sorted() -> None:
    assert sorted(vein2vein.__all__) == list(vein2vein.__all__)
    assert set(vein2vein.__all__) == {*vein2vein._HOMES, "__version__"}
    assert set(vein2vein.__all__) <= set(dir(vein2vein))


def test_an_unknown_name_is_refused_in_the_usual_words() -> None:
    with pytest.raises(AttributeError, match="module 'vein2vein' has no attribute 'grade_everything'"):
        vein2vein.grade_everything  # noqa: B018  # reading it is the test


def test_importing_is_silent_and_loads_nothing_heavy() -> None:
    modules, errors = _modules_after("import vein2vein")
    assert errors == ""
    assert modules & HEAVY == set()


def test_the_command_line_starts_without_anything_heavy() -> None:
    modules, errors = _modules_after("import vein2vein.cli")
    assert errors == ""
    assert modules & HEAVY == set()


def test_no_module_imports_the_package_root(repository: Path) -> None:
    library = repository / "src" / "vein2vein"
    found = []
    for path in sorted(library.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            whole = isinstance(node, ast.Import) and any(alias.name == "vein2vein" for alias in node.names)
            part = isinstance(node, ast.ImportFrom) and node.module == "vein2vein" and _is_public(node)
            if whole or part:
                found.append(f"{path.relative_to(library)}:{node.lineno}")
    assert found == [], "import the module that defines the name, not the package root"


def _is_public(node: ast.ImportFrom) -> bool:
    """Whether a name of the root is taken, rather than one of its sub-packages."""
    return any(alias.name in vein2vein.__all__ for alias in node.names)


def test_rule_files_are_opened_by_the_knowledge_room_only(repository: Path) -> None:
    library = repository / "src" / "vein2vein"
    outside = [path for path in sorted(library.rglob("*.py")) if not path.is_relative_to(library / "knowledge")]
    found = [
        f"{path.relative_to(library)}:{node.lineno}"
        for path in outside
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_rule_files(node.value)
    ]
    assert found == [], "ask vein2vein.knowledge.registry; nothing else opens rule files"


def _names_rule_files(text: str) -> bool:
    return text == "vein2vein.knowledge.data" or text.startswith("knowledge/data")
