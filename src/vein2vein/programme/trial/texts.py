"""What the analyses and the advice of this room say, in every language.

Place    Programme, trial. Used by what says something to a person; the report makes its own words of it.
In       A key of programme/messages/trial-*.LANGUAGE.toml, and what stands in its gaps.
Out      `Said`: the English text as a plain string, with the others beside it.
Knows    A plain string, such as a name of the file or a number, is the same in every language.
Checked  tests/unit/programme/trial/test_texts.py
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from vein2vein.basis.messages import LANGUAGES, Language, messages

_FILES: Final = ("analyses",)


class Said(str):
    """English text that knows what it is in the other languages; to everything that does not ask it is a string."""

    __slots__ = ("others",)
    others: Mapping[str, str]

    def __new__(cls, english: str, **others: str) -> Said:
        """Text in English, and by language in the others."""
        made = super().__new__(cls, english)
        made.others = MappingProxyType(dict(others))
        return made

    def __reduce__(self) -> tuple[Callable[..., Said], tuple[str, dict[str, str]]]:
        """Travel to another process with every language."""
        return _again, (str.__str__(self), dict(self.others))


def _again(english: str, others: dict[str, str]) -> Said:
    return Said(english, **others)


def said(key: str, **given: object) -> Said:
    """A message with its gaps filled, in every language.

    Args:
        key: "section.name" of the messages.
        given: What stands in the gaps; a `Said` stands there in each language.

    Raises:
        KeyError: There is no such message, or a gap is not given.
    """
    filled = {language: _filled(language, key, given) for language in LANGUAGES}
    return Said(filled.pop("en"), **{str(language): text for language, text in filled.items()})


def _filled(language: Language, key: str, given: Mapping[str, object]) -> str:
    shown = {name: in_language(value, language) if isinstance(value, str) else value for name, value in given.items()}
    return _texts(language)[key].format_map(shown)


@cache
def _texts(language: Language) -> Mapping[str, str]:
    return {
        f"{section}.{key}": text
        for name in _FILES
        for section, own in messages("vein2vein.programme", name, language).items()
        for key, text in own.items()
    }


def in_language(text: str, language: str) -> str:
    """A text in a language; one that has no text of its own there stays as it is."""
    return text.others.get(language, str.__str__(text)) if isinstance(text, Said) else text


def columns(rows: Iterable[tuple[str, ...]], language: str = "en") -> list[str]:
    """Lines in which the cells of each column begin at one place; Han letters take two places."""
    shown = [tuple(in_language(cell, language) for cell in row) for row in rows]
    widths = [max(_width(row[i]) for row in shown) for i in range(len(shown[0]))]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
