"""Conditions of a decision table in words, made from the file, so that text and rule cannot disagree.

Place    Floor 1. Read by reports and exports.
In       A bound decision table, one of its conditions, a language.
Out      Short texts in English or Chinese.
Missing  A label that lacks the language is shown in English.
"""

from __future__ import annotations

from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.predicates import (
    Compare,
    Constant,
    CountOf,
    IsIn,
    Not,
    Possible,
    Predicate,
    Ref,
    folded,
)
from vein2vein.knowledge.wording import PRINTED, SIGNS, fixed_words, pick


def condition_in_words(table: DecisionTable, predicate: Predicate, language: str = "en") -> str:
    """A condition of a table in words, under the parameters of this bound table."""
    return _text(table, folded(predicate), language)


def _text(  # noqa: PLR0911  (one line per word of the language)
    table: DecisionTable, predicate: Predicate, language: str
) -> str:
    words = fixed_words("condition", language)
    match predicate:
        case Ref(name):
            return _label(table, name, language)
        case Compare(op, name, cut_off):
            return f"{_label(table, name, language)} {SIGNS[op]} {cut_off:g} {_unit(table, name)}".rstrip()
        case IsIn(name, categories):
            return f"{_label(table, name, language)}: {' / '.join(sorted(categories))}"
        case Not(part):
            return words["not"].format(_text(table, part, language))
        case Possible(part):
            return words["open"].format(_text(table, part, language))
        case Constant(value):
            return str(value).lower()
        case CountOf():
            return _span(table, predicate, language) or _count(table, predicate, language)
        case _:
            msg = f"no words for {predicate}"
            raise TypeError(msg)


def _span(table: DecisionTable, count: CountOf, language: str) -> str | None:
    """Words such as "1 to 4" for a number between two ends; None for any other count of conditions."""
    match count.parts:
        case (Compare("at_least", low_of, low), Compare("at_most", high_of, high)) if (
            low_of == high_of and count.needed > 1
        ):
            shown = f"{low:g}" if low == high else f"{low:g}{fixed_words('condition', language)['to']}{high:g}"
            return f"{_label(table, low_of, language)} {shown} {_unit(table, low_of)}".rstrip()
        case _:
            return None


def _count(table: DecisionTable, count: CountOf, language: str) -> str:
    words = fixed_words("condition", language)
    shown = []
    for part in count.parts:
        text = _text(table, part, language)
        nested = isinstance(part, CountOf) and _span(table, part, language) is None
        shown.append(f"({text})" if nested else text)
    if count.needed == len(shown):
        return words["and"].join(shown)
    return words["or"].join(shown) if count.needed == 1 else words["n_of"].format(count.needed, "; ".join(shown))


def _label(table: DecisionTable, name: str, language: str) -> str:
    labelled = table.conditions.get(name) or table.facts[name]
    return pick(labelled.label, language, name)


def _unit(table: DecisionTable, name: str) -> str:
    unit = table.facts[name].unit if name in table.facts else None
    return "" if unit is None or unit.startswith("{") else PRINTED.get(unit, unit)
