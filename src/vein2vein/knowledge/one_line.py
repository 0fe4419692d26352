"""A part of a file in one line of fixed words, so that a worked case can hold every value of it.

Place    Floor 1. Read by formulas and by kinds of decision tables.
In       A part of a file; what a worked case says it is.
Out      One line; how lines differ.
Knows    Parameters are put in, so that a changed default changes the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def spelled(node: Mapping[str, Any]) -> str:
    """Names and values of a part of a file, in its order, in one line."""
    return ", ".join(_plain(node))


def asked(take: BaseModel) -> str:
    """What an input asks, in one line of fixed words, as worked cases spell it out."""
    return spelled(take.model_dump(exclude_defaults=True, exclude={"label", "note"}))


def differences(got: Mapping[str, str], wanted: Mapping[str, str], verb: str) -> str | None:
    """Lines that differ from what a case spells out; None where none does."""
    wrong = [f"{n} {verb} {got.get(n)!r}, expected {words!r}" for n, words in wanted.items() if got.get(n) != words]
    return "; ".join(wrong) or None


def _plain(node: Mapping[str, Any]) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _plain(value)
        else:
            shown = " ".join(map(_word, value)) if isinstance(value, tuple | list) else value
            yield f"{key} {shown:g}" if isinstance(shown, float) else f"{key} {shown}"


def _word(part: object) -> str:
    return f"({', '.join(_plain(part))})" if isinstance(part, Mapping) else str(part)
