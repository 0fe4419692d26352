"""Texts for people in every language, kept as data beside the code that says them.

Place    Floor 0. Used by every room that says something to a person.
In       PACKAGE/messages/NAME.LANGUAGE.toml: sections of keys with their texts, the same keys in every language.
Out      Texts by section and key.
Missing  A key that one language lacks is a fault of the package: tests/unit/basis/test_messages.py.
Does not Fill gaps, or hold words of rule files and code files: those stand in the files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


def spoken(language: str) -> Language:
    """The language of these that is meant: Chinese for every tag that begins with zh, English otherwise."""
    return "zh" if language.startswith("zh") else "en"


@cache
def messages(package: str, name: str, language: Language) -> Mapping[str, Mapping[str, str]]:
    """All texts of one file, by section and key.

    Args:
        package: Dotted name of the package that holds the folder `messages`.
        name: Name of the file, before its language.
        language: One of `LANGUAGES`.
    """
    file = resources.files(package).joinpath("messages", f"{name}.{language}.toml")
    found: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return MappingProxyType({section: MappingProxyType(texts) for section, texts in found.items()})
