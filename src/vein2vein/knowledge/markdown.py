"""Tables and lists in Markdown, which is also readable as plain text.

Place    Floor 1. Read by everything that renders a file of the knowledge.
In       Rows of texts.
Out      Markdown; a cell never breaks its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; an empty text without rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell(part) for part in line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list with one line for each text."""
    return "\n".join(f"- {line}" for line in lines)


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
