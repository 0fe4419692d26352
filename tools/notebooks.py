"""The tutorial pages as Jupyter notebooks, to be downloaded beside the page and run.

A page is written once, in Markdown. Its Python blocks become code cells, its `vein2vein` command lines cells that call
the command, a `text` block right after one becomes what the cell printed, and everything else stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

FENCE = re.compile(r"^```(\w*)\s*$")
CODE = {"python", "bash"}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@dataclass
class _Piece:
    """A fenced block (`language` is its language) or the text between two of them (`language` is None)."""

    language: str | None
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def as_notebook(page: str) -> nbformat.NotebookNode:
    """A page as a notebook; it can be run from the top in an empty folder."""
    cells: list[nbformat.NotebookNode] = []
    for piece in _pieces(page):
        if piece.language in CODE:
            source = piece.text if piece.language == "python" else _called(piece.text)
            cells.append(new_code_cell(source))
        elif piece.language == "text" and cells and cells[-1].cell_type == "code":
            cells[-1].outputs = [new_output("stream", name="stdout", text=piece.text + "\n")]
        elif piece.language is not None:
            cells.append(new_markdown_cell(f"```{piece.language}\n{piece.text}\n```"))
        elif piece.text.strip():
            cells.append(new_markdown_cell(piece.text.strip()))
    for number, cell in enumerate(cells):  # so that the same page always gives the same file
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells, metadata=KERNEL)


def written(page: str) -> str:
    """The notebook of a page as the text of an `.ipynb` file; raises when it is not a valid notebook."""
    notebook = as_notebook(page)
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return text + "\n"


def _called(commands: str) -> str:
    """Each command as a call of the shell, on one line however many lines the page gives it."""
    return "\n".join(f"!{' '.join(line.split())}" for line in commands.replace("\\\n", " ").splitlines())


def _pieces(page: str) -> list[_Piece]:
    pieces = [_Piece(None)]
    for line in page.splitlines():
        fence = FENCE.match(line)
        if fence is None:
            pieces[-1].lines.append(line)
        elif pieces[-1].language is None:
            pieces.append(_Piece(fence[1]))
        else:
            pieces.append(_Piece(None))
    return [piece for piece in pieces if piece.language is not None or piece.text.strip()]
