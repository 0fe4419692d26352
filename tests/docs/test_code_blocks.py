"""Every code block of the README and the documentation runs, and prints what the page says it prints."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import (
    MARK,
    OUTPUT,
    RUN,
    check_command,
    is_executed,
    make_script,
    make_targets,
    read_as_data,
    read_blocks,
    read_commands,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = {"yaml", "yml", "json", "toml", "ini", "csv", "sql", "html", "make", "bibtex"}
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SECONDS = 300


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _run(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder that holds the examples, with this environment's commands on PATH."""
    (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=SECONDS,
    )


def _is_same(expected: str, seen: str) -> bool:
    clean = ["\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n" for text in (expected, seen)]
    return doctest.OutputChecker().check_output(clean[0], clean[1], doctest.ELLIPSIS)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(map(is_executed, read_blocks(p.read_text("utf-8"))))], ids=_name
)
def test_blocks_run_and_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    blocks = [block for block in read_blocks(page.read_text(encoding="utf-8")) if is_executed(block)]
    # Python looks for modules beside the script: a page must not bear the name of a package.
    script = tmp_path / f"page_{page.stem}.py"
    script.write_text(make_script(blocks), encoding="utf-8")
    folder = tmp_path / "work"
    folder.mkdir()
    run = _run(script, folder)
    assert run.returncode == 0, f"{_name(page)} (lines are those of the page)\n{run.stdout}\n{run.stderr}"
    outputs = run.stdout.split(f"{MARK}\n")
    for block, seen in zip(blocks, outputs, strict=False):
        where = f"{_name(page)}, block on line {block.line}"
        if block.output is not None:
            assert _is_same(block.output, seen), f"{where}\nthe page says:\n{block.output}\nit printed:\n{seen}"
    assert len(outputs) == len(blocks) + 1


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_can_be_checked(page: Path) -> None:
    targets = make_targets(ROOT / "Makefile")
    for block in read_blocks(page.read_text(encoding="utf-8")):
        where = f"{_name(page)}, block on line {block.line}"
        assert block.language in RUN | OUTPUT | DATA, f"{where}: unknown language {block.language!r}"
        if block.language in RUN - {"python"}:
            faults = [fault for line in read_commands(block) if (fault := check_command(line, targets))]
            assert faults == [], where
        elif block.language in DATA:
            read_as_data(block)
