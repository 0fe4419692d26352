"""The words of GLOSSARY.md hold: no name of the library is one that the glossary tells us not to use."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CELL = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def read_forbidden(text: str) -> set[str]:
    """The names in the last column of every table of the glossary."""
    rows = [CELL.split(line.strip("| \n")) for line in text.splitlines() if line.startswith("|")]
    return {name for row in rows if len(row) == 4 for name in CODE.findall(row[3])}


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Every name that `source` introduces, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def is_forbidden(name: str, forbidden: set[str]) -> bool:
    parts = [part.lower() for part in WORD.findall(name)]
    whole = "_".join(parts)
    return name in forbidden or whole in forbidden or any(f"*{part}*" in forbidden for part in parts)


@pytest.fixture(scope="module")
def forbidden(repository: Path) -> set[str]:
    return read_forbidden((repository / "GLOSSARY.md").read_text(encoding="utf-8"))


def test_the_glossary_is_read(forbidden: set[str]) -> None:
    assert {"max_grade", "duration", "*leukapheresis*"} <= forbidden


def test_no_forbidden_name_is_used(repository: Path, forbidden: set[str]) -> None:
    library = repository / "src" / "vein2vein"
    found = [
        f"{path.relative_to(library)}:{line}: {name}"
        for path in sorted(library.rglob("*.py"))
        for line, name in names_in(path.read_text(encoding="utf-8"))
        if is_forbidden(name, forbidden)
    ]
    assert found == [], "GLOSSARY.md names the word to use instead"


@pytest.mark.parametrize(
    "planted",
    ["max_grade = 3", "def f(duration): ...", "class Turnaround: ...", "self.leukapheresis_on = 1", "MAX_GRADE = 4"],
)
def test_a_planted_name_is_found(forbidden: set[str], planted: str) -> None:
    assert any(is_forbidden(name, forbidden) for _, name in names_in(planted))


@pytest.mark.parametrize("lawful", ["peak_grade = 3", "grade_high = 4", "apheresis_started_at = 1", "graph = 2"])
def test_a_lawful_name_is_left_alone(forbidden: set[str], lawful: str) -> None:
    assert not any(is_forbidden(name, forbidden) for _, name in names_in(lawful))
