"""Any file of the standard of care as readable tables, in Markdown: head, body, open points, limits, sources, status.

Place    Report. Read by the documentation and by `vein2vein knowledge show`.
In       A bound document, the library it comes from, a language.
Out      Markdown in English or Chinese.
Knows    Products, wash-outs, guidance, drugs, decision tables and collections of effects have tables of their own making; what
         those do not show, and every other kind, is shown field by field, so that a new kind needs no page of its own to be read.
Missing  A label that lacks the language is shown in English; an empty field is left out.
Does not Say anything that is not in the file. Worked cases are left to the file: they are its tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.documents.biomarkers import Biomarkers
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.selection_words import render_product, render_washout
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.predicates import Compare, CountOf, IsIn, Not, Ref
from vein2vein.knowledge.wording import pick
from vein2vein.report.guidance_text import (
    document_head,
    document_tail,
    drug_markdown,
    guidance_markdown,
    markdown_table,
)
from vein2vein.report.table_text import biomarkers_table, condition_of_names, decision_table, inputs_table

_LEFT_OUT: Final = frozenset({*Edition.model_fields, "kind", "worked_cases", "typical", "given_kinds"})
_CONDITION: Final = Compare | IsIn | Ref | Not | CountOf
_IN_TABLES: Final = frozenset({"rows", "conditions", "facts", "policy", "effects", "inputs"})


def document_markdown(  # noqa: PLR0911  (one line per kind)
    document: Edition, library: Library, language: str = "en"
) -> str:
    """One document as Markdown."""
    match document:
        case Product():
            return render_product(document, language)
        case Washout():
            return render_washout(document, language)
        case Guidance():
            return guidance_markdown(document, {id: library.get(id, Drug) for id in document.drugs}, language)
        case Drug():
            return drug_markdown(document, language)
        case DecisionTable():
            return _page(document, decision_table(document, language), language)
        case Biomarkers():
            return _page(document, biomarkers_table(document, language), language)
        case Formula():
            return _page(document, inputs_table(document.inputs, language), language)
        case _:
            return _page(document, [], language)


def _page(document: Edition, tables: Sequence[str], language: str) -> str:
    """Head, tables of its own making, then field by field what those do not show, and the tail."""
    shown = _IN_TABLES if tables else frozenset[str]()
    shown |= {"applies"} if isinstance(document, DecisionTable) else set()
    body = (line for name in fields_of(document) if name not in shown for line in _field(document, name, language))
    return "\n".join((*document_head(document, language), *tables, *body, *document_tail(document, language)))


def fields_of(document: Edition) -> Iterator[str]:
    """Fields of a kind that are shown one by one: not the head, not the worked cases."""
    yield from (name for name in type(document).model_fields if name not in _LEFT_OUT)


def _field(document: Edition, name: str, language: str) -> list[str]:
    value = plain(getattr(document, name))
    if value in (None, [], {}, ""):
        return []
    title = name.replace("_", " ")
    if isinstance(value, dict) and not _is_wording(value):
        if all(isinstance(part, dict) and not _is_wording(part) for part in value.values()):
            value = [{"name": key, **part} for key, part in value.items()]
        else:
            rows = [(key, text_of(part, language)) for key, part in value.items()]
            return ["", f"## {title}", "", *markdown_table(("name", "value"), rows)]
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return ["", f"## {title}", "", *_table(value, language)]
    return ["", f"- {title}: {text_of(value, language)}"]


def _table(rows: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    """One column for each field that any row has."""
    empty: tuple[Any, ...] = (None, [], {}, "")
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if value not in empty))
    body = [[text_of(row.get(key), language) for key in columns] for row in rows]
    return markdown_table([column.replace("_", " ") for column in columns], body)


def plain(value: object) -> Any:
    """Plain data in the words of the file; a condition, which has no model, in its own words."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(str(part) for part in value)
    return value


def _is_wording(value: Mapping[str, Any]) -> bool:
    return "en" in value and all(isinstance(text, str) for text in value.values())


def text_of(value: Any, language: str) -> str:
    """Plain data as one text: names with their values, lists with commas, yes or no; empty where there is nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(text for part in value if (text := text_of(part, language)))
    if isinstance(value, dict):
        parts = ((key, text_of(part, language)) for key, part in value.items())
        shown = "; ".join(f"{key.replace('_', ' ')} {text}" for key, text in parts if text)
        return pick(value, language) if _is_wording(value) else shown
    if isinstance(value, _CONDITION):
        return condition_of_names(value, language)
    return "" if value is None else str(value)
