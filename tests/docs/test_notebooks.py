"""The tutorial pages that can be downloaded as notebooks: a real kernel runs them, and they print what the page says."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import nbformat
import pytest

from tool_modules import load_tool

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PAGES = [p for p in sorted((ROOT / "docs").rglob("*.md")) if f"({p.stem}.ipynb)" in p.read_text(encoding="utf-8")]
PRINTED = ("stream", "stdout")


@pytest.fixture(scope="module")
def notebooks() -> ModuleType:
    return load_tool("notebooks")


def _printed(cell: nbformat.NotebookNode) -> str:
    text = "".join(o.text for o in cell.outputs if (o.output_type, o.get("name")) == PRINTED)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def test_the_tutorial_has_notebooks() -> None:
    assert [page.stem for page in PAGES] == ["a-cohort", "one-patient"]


def test_blocks_become_cells_and_outputs_what_they_printed(notebooks: ModuleType) -> None:
    page = "# Title\n\n```bash\nvein2vein demo --tables x\n```\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\nEnd.\n"
    cells = notebooks.as_notebook(page).cells
    assert [(c.cell_type, c.source) for c in cells] == [
        ("markdown", "# Title"),
        ("code", "!vein2vein demo --tables x"),
        ("code", "print(1)"),
        ("markdown", "End."),
    ]
    assert _printed(cells[2]) == "1\n"
    assert notebooks.written(page) == notebooks.written(page)


RUNNER = """
import sys
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

given, work, sockets = sys.argv[1:]
notebook = nbformat.read(given, as_version=4)
kernel = AsyncKernelManager(
    kernel_name="python3", transport="ipc", connection_file=f"{sockets}/k.json", ip=f"{sockets}/s"
)
NotebookClient(notebook, km=kernel, timeout=120, resources={"metadata": {"path": work}}).execute()
nbformat.write(notebook, given)
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_kernel_runs_the_notebook(page: Path, notebooks: ModuleType, tmp_path: Path) -> None:
    work, file = tmp_path / "work", tmp_path / "page.ipynb"
    work.mkdir()
    file.write_text(notebooks.written(page.read_text(encoding="utf-8")), encoding="utf-8")
    told = _cells(file)
    names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, **{name: str(tmp_path / name) for name in names}, "PATH": path}
    with TemporaryDirectory(prefix="nb") as sockets:  # a short name, as sockets need; no port is opened
        run = subprocess.run(
            [sys.executable, "-c", RUNNER, file, work, sockets],
            env=environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    seen = _cells(file)
    assert len(seen) > 3
    for expected, printed in zip(told, seen, strict=True):
        if expected != "\n":
            assert doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS), (expected, printed)


def _cells(file: Path) -> list[str]:
    return [_printed(cell) for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
