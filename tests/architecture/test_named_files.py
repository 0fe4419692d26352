"""Files that a docstring or a page names are there: a module says by what it is checked, and that must be true."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"(?<![\w/.-])(?:tests|docs|tools|examples)/[\w/.*-]*\w")


def _named() -> set[tuple[str, str]]:
    """Each file with what it names."""
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tools/**/*.py")]
    return {(str(f.relative_to(ROOT)), name) for f in files for name in NAMED.findall(f.read_text(encoding="utf-8"))}


def test_every_file_that_is_named_is_there() -> None:
    named = _named()
    assert len(named) > 200
    assert sorted((file, name) for file, name in named if not any(ROOT.glob(name))) == []
