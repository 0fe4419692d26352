"""Phrases that must not be committed are found, and none is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tool_modules import load_tool

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    return load_tool("check_words")


def test_no_banned_phrase_and_no_overlong_file(checker: ModuleType, repository: Path) -> None:
    assert checker.find_in_files(repository) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("value = ev" + "al(text)", "runs text as code"),
        ("ex" + "ec(text)", "runs text as code"),
        ("x = 1  # type: igno" + "re", "name the error code"),
        ("x = 1  # no" + "qa", "name the rule"),
        ("doses: T" + "BC", "say what is missing"),
        ("# TO" + "DO later", "number of its issue"),
        ("index-url = https://py" + "pi.org/simple", "names a package index"),
        ("open('/ho" + "me/me/data.csv')", "absolute path"),
        ("open('/wo" + "rk/data.csv')", "absolute path"),
    ],
)
def test_a_planted_phrase_is_found(checker: ModuleType, line: str, reason: str) -> None:
    (found,) = checker.find_in_text(f"first line\n{line}\n", "src/planted.py")
    assert found.startswith("src/planted.py:2: ")
    assert reason in found


@pytest.mark.parametrize(
    "line",
    [
        "frame.list.ev" + "al(expression)",
        "x = 1  # type: igno" + "re[arg-type]  # published without types",
        "# TO" + "DO(#12) later",
        "see https://example.org/wo" + "rk/paper",
        "#!/usr/bin/env bash",
    ],
)
def test_a_lawful_line_is_left_alone(checker: ModuleType, line: str) -> None:
    assert checker.find_in_text(line, "src/lawful.py") == []
