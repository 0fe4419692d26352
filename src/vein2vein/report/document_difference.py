"""Where two documents of one kind differ, field by field and name by name, in words.

Place    Report. Read by `vein2vein knowledge diff`.
In       Two bound documents of one kind, a language.
Out      `knowledge.audit.Difference`s in the order of the first.
Missing  What one of them does not have is an empty text.
Does not Look at worked cases, sources and review dates: they change no answer. Compare two kinds: that is REPORT-009.
Checked  tests/unit/report/test_document_difference.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vein2vein.errors import ReportError
from vein2vein.knowledge.audit import Difference
from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.documents.table_words import condition_in_words
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick
from vein2vein.report.documents import fields_of, plain, text_of
from vein2vein.report.table_text import taken_from

_HEAD: Final = ("title", "edition", "encoding", "status", "jurisdiction", "population")
_NOTES: Final = ("limits", "silence")


def document_difference(first: Edition, second: Edition, language: str = "en") -> tuple[Difference, ...]:
    """Every field and every named part that is not the same.

    Raises:
        ReportError: REPORT-009 when they are of different kinds.
    """
    kinds = [str(getattr(document, "kind", "")) for document in (first, second)]
    if kinds[0] != kinds[1]:
        raise ReportError(
            "REPORT-009",
            saw=f"{first.id} is a {kinds[0]}, {second.id} a {kinds[1]}",
            expected="two documents of one kind",
            fix="compare those that `vein2vein knowledge list` shows under one kind",
        )
    left, right = dict(_parts(first, language)), dict(_parts(second, language))
    names = [*left, *(name for name in right if name not in left)]
    pairs = ((name, left.get(name, ""), right.get(name, "")) for name in names)
    return tuple(Difference(section, name, one, other) for (section, name), one, other in pairs if one != other)


def _parts(document: Edition, language: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Section and name -> text."""
    for name in _HEAD:
        yield ("head", name), text_of(plain(getattr(document, name)), language)
    for name, parameter in document.parameters.items():
        yield ("parameters", name), f"{pick(parameter.title, language)}: {document.chosen.get(name)}"
    if isinstance(document, DecisionTable):
        yield from _table(document, language)
    for name in fields_of(document):
        if not (isinstance(document, DecisionTable) and name in {"rows", "facts", "conditions", "applies"}):
            yield from _field(name, plain(getattr(document, name)), language)
    for name in _NOTES:
        yield from ((((name, text), text)) for text in getattr(document, name))


def _table(table: DecisionTable, language: str) -> Iterator[tuple[tuple[str, str], str]]:
    for row in table.rows:
        when = condition_in_words(table, row.when, language)
        yield ("rows", row.name), f"{when} -> {', '.join(row.then)}"
    for name, condition in table.conditions.items():
        yield ("conditions", name), condition_in_words(table, condition.when, language)
    for name, fact in table.facts.items():
        yield ("facts", name), f"{pick(fact.label, language)}: {taken_from(fact, language)}"
    if table.applies is not None:
        yield ("head", "applies"), condition_in_words(table, table.applies, language)


def _field(name: str, value: Any, language: str) -> Iterator[tuple[tuple[str, str], str]]:
    """A field as one text, or a text for each of its named parts."""
    section = name.replace("_", " ")
    if isinstance(value, Mapping) and "en" not in value:
        yield from (((section, str(key)), text_of(part, language)) for key, part in value.items())
    elif isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
        for place, part in enumerate(value, start=1):
            called = str(part.get("name") or f"{section} {place}")
            yield (section, called), text_of({k: v for k, v in part.items() if k != "name"}, language)
    else:
        yield (section, section), text_of(value, language)
