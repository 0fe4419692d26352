"""Find the kind, category, agent or yes/no behind a word of a delivery.

Place    Floor 3. Used by every adapter, once per distinct word.
In       Words as sent; the code files of knowledge.
Out      Ids of the code files.
Knows    A word is compared with id, labels in every language, further names and codes of an entry, without case, blanks
         and punctuation. Two entries with the same name make the name useless: it then finds nothing.
Missing  An unknown word gives None; the nearest entries are offered to people and never taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from vein2vein.basis.data_files import package_yaml
from vein2vein.knowledge import codes

_SEPARATORS: Final = re.compile(r"[\s_\-./,;:()\[\]']+")


def plain(word: str) -> str:
    """The word without case, blanks and punctuation."""
    return _SEPARATORS.sub("", word.casefold())


@cache
def _words() -> Mapping[str, frozenset[str]]:
    raw = package_yaml("vein2vein.knowledge", "data", "codes", "words.yaml")
    return {key: frozenset(word.casefold() for word in listed) for key, listed in raw.items()}


def yes_or_no(word: str) -> str | None:
    """The answer "yes" or "no"; None when the word is neither."""
    bare = word.strip().casefold()
    return next((answer for answer in ("yes", "no") if bare in _words()[answer]), None)


def means_missing(word: str | None) -> bool:
    """Whether the word stands for an absent value."""
    return word is None or word.strip().casefold() in _words()["missing"]


def missing_words() -> list[str]:
    """All words that stand for an absent value, in small letters."""
    return sorted(_words()["missing"])


def index_of(entries: Mapping[str, Any]) -> dict[str, str]:
    """Plain word -> id, for entries with label, names and codes; words of two entries are left out."""
    found: dict[str, str | None] = {}
    for id, entry in entries.items():
        listed = {id, *entry.label.values(), *entry.names, *(code.code for code in entry.codes)}
        for word in {plain(word) for word in listed} - {""}:
            found[word] = id if found.get(word, id) == id else None
    # An id is always its own name, whatever others are called.
    found.update({plain(id): id for id in entries})
    return {word: id for word, id in found.items() if id is not None}


@cache
def kinds() -> dict[str, str]:
    """Plain word -> kind of observation."""
    return index_of(codes.observations())


@cache
def streams() -> dict[str, str]:
    """Plain word -> exposure stream."""
    return index_of(codes.streams())


@cache
def milestones() -> dict[str, str]:
    """Plain word -> kind of milestone."""
    return index_of(codes.milestones())


@cache
def categories(kind: str) -> dict[str, str]:
    """Plain word -> category of a categorical kind."""
    return index_of(codes.observation_kind(kind).categories)


@cache
def agents(stream: str) -> dict[str, str]:
    """Plain word -> agent of a stream; for `charted` the agents are the streams."""
    return streams() if stream == "charted" else index_of(codes.stream(stream).agents)


@cache
def any_agent() -> dict[str, tuple[str, str]]:
    """Plain word -> (stream, agent), for words that name an agent of one stream only."""
    found: dict[str, tuple[str, str] | None] = {}
    for stream in codes.streams():
        if stream in {"charted", "other_cause"}:
            continue
        for word, agent in agents(stream).items():
            found[word] = (stream, agent) if word not in found else None
    return {word: pair for word, pair in found.items() if pair is not None}


@cache
def reasons(stream: str) -> dict[str, str]:
    """Plain word -> reason of a stream."""
    return _labelled(codes.stream(stream).reasons)


@cache
def details(milestone: str) -> dict[str, str]:
    """Plain word -> detail of a milestone."""
    return _labelled(codes.milestones()[milestone].details)


def _labelled(entries: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {plain(word): id for id, labels in entries.items() for word in (id, *labels.values())}
