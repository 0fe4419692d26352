"""What the library imports is what it declares, and nothing is declared that it does not import."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# needed at run time without being imported by name
INDIRECT = {
    "adbc-driver-manager": "the ADBC driver for PostgreSQL is loaded by it",
    "fhir-resources": "intake.fhir imports its models by the name of the resource",
    "tzdata": "zoneinfo reads it where the system has no zones",
}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(library: Path) -> set[str]:
    """Top-level modules of others that the library imports anywhere."""
    found = set()
    for path in library.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"vein2vein"}


def test_imports_and_declared_dependencies_agree(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_normal(re.split(r"[\[<>=!~; ]", name)[0]) for name in project["dependencies"]}
    extras = {
        _normal(re.split(r"[\[<>=!~; ]", n)[0]) for names in project["optional-dependencies"].values() for n in names
    }
    distributions = packages_distributions()
    needed = {_normal(distributions[module][0]) for module in _imported(repository / "src" / "vein2vein")}
    assert needed - declared - extras == set(), "declare it in pyproject.toml, then: make lock"
    assert declared - needed - set(INDIRECT) == set(), "declared, but never imported"
