"""Decision tables (policies, checklists, criteria of response) and collections of effects as readable tables, in Markdown.

Place    Report. Read by `report.documents`.
In       A bound table or collection, a language.
Out      Lines of Markdown: the rows first, with conditions in words, then what they rest on and where that is taken from.
Missing  A label that lacks the language is shown in English; a column that no row fills is left out.
Does not Say anything that is not in the file.
Checked  tests/unit/report/test_table_text.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vein2vein.basis.messages import messages, spoken
from vein2vein.knowledge.decisions import (
    DecisionTable,
    Fact,
    FromCode,
    FromFormula,
    FromScore,
    FromTimeline,
    Recorded,
    Told,
)
from vein2vein.knowledge.documents.biomarkers import Biomarkers, Effect
from vein2vein.knowledge.documents.table_words import condition_in_words
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Compare, CountOf, IsIn, Not, Predicate, Ref
from vein2vein.knowledge.wording import PRINTED, SIGNS, fixed_words, pick
from vein2vein.report.guidance_text import markdown_table
from vein2vein.report.shown import kind_label


def _words(language: str) -> Mapping[str, str]:
    return messages("vein2vein.report", "guidance", spoken(language))["tables"]


def _only(language: str) -> str:
    return messages("vein2vein.report", "guidance", spoken(language))["guidance"]["only"]


def decision_table(table: DecisionTable, language: str = "en") -> list[str]:
    """The rows of a table, its named conditions, and the facts that it asks for."""
    words = _words(language)
    rules = [
        (
            pick(row.text, language),
            condition_in_words(table, row.when, language),
            words["then_join"].join(row.then),
            row.source or "",
            "" if row.note is None else pick(row.note, language),
        )
        for row in table.rows
    ]
    named = [(pick(c.label, language), condition_in_words(table, c.when, language)) for c in table.conditions.values()]
    facts = [(pick(f.label, language), _unit(f), taken_from(f, language)) for f in table.facts.values()]
    applies = (
        []
        if table.applies is None
        else ["", f"- {_only(language)}: {condition_in_words(table, table.applies, language)}"]
    )
    first = ["", words["first"]] if table.policy == "first" else []
    return [
        *applies,
        *first,
        *_section(words["rows"], [words[name] for name in ("row", "when", "then", "source", "note")], rules),
        *_section(words["named"], [words["name"], words["when"]], named),
        *_section(words["facts"], [words["name"], words["unit"], words["from"]], facts),
    ]


def condition_of_names(predicate: Predicate, language: str = "en") -> str:
    """A condition of a file that has no labels for its inputs, by their names."""
    words = fixed_words("condition", language)
    match predicate:
        case Compare(op, name, cut_off):
            return f"{_spaced(name)} {SIGNS[op]} {cut_off:g}"
        case IsIn(name, categories):
            return f"{_spaced(name)}: {' / '.join(sorted(categories))}"
        case Ref(name):
            return _spaced(name)
        case Not(part):
            return words["not"].format(condition_of_names(part, language))
        case CountOf(needed, parts):
            shown = [condition_of_names(part, language) for part in parts]
            if needed in {1, len(shown)}:
                return words["and" if needed == len(shown) else "or"].join(shown)
            return words["n_of"].format(needed, "; ".join(shown))
        case _:
            raise TypeError(repr(predicate))


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def taken_from(fact: Fact, language: str = "en") -> str:
    """Where a fact is taken from, such as "the record: neutrophils, up to 72 h old"."""
    words = _words(language)
    match fact.source:
        case Told():
            return words["told"]
        case FromCode():
            return words["computed"]
        case FromTimeline(input=asked):
            return _recorded(asked, language)
        case Recorded(observation=kind, within_hours=hours):
            return words["recorded"].format(kind_label(kind).in_(language)) + words["held"].format(f"{hours:g}")
        case FromFormula(formula=id) | FromScore(rule_set=id):
            return words["by_file"].format(id)
        case other:
            return words["by_grades"].format(getattr(other, "subject", getattr(other, "exposure", "")))


def _recorded(asked: Input, language: str) -> str:
    words = _words(language)
    kind = getattr(asked, "observation", None) or getattr(asked, "exposure", None)
    what = words["course"] if kind is None else kind_label(kind).in_(language)
    what += words.get(f"of {getattr(asked, 'relative_to', None)}", "")
    hours = getattr(asked, "holds_hours", None) or getattr(asked, "within_hours", None)
    since = words["since_infusion"] if getattr(asked, "since_infusion", False) else ""
    return words["recorded"].format(what) + ("" if hours is None else words["held"].format(f"{hours:g}")) + since


def inputs_table(inputs: Mapping[str, Input], language: str = "en") -> list[str]:
    """What a formula asks for, and where that is taken from."""
    words = _words(language)
    rows = [(_spaced(name), _recorded(asked, language)) for name, asked in inputs.items()]
    return _section(words["facts"], [words["name"], words["from"]], rows)


def biomarkers_table(collection: Biomarkers, language: str = "en") -> list[str]:
    """Published effects, what was found first and how sure it is last."""
    words = _words(language)
    columns = ("marker", "outcome", "effect", "n", "status", "setting", "source", "note")
    rows = [_effect(effect, language) for effect in collection.effects]
    return _section(words["effects"], [words[name] for name in columns], rows)


def _effect(effect: Effect, language: str) -> tuple[str, ...]:
    per = "" if effect.per is None else f"; {pick(effect.per, language)}"
    size = "" if effect.value is None else f" {effect.value:g}"
    span = "" if effect.interval is None else f" ({effect.interval[0]:g}\N{EN DASH}{effect.interval[1]:g})"
    return (
        pick(effect.label, language),
        pick(effect.outcome, language) + per,
        f"{_words(language).get(effect.measure, effect.measure)}{size}{span}" if size else "",
        "" if effect.n is None else str(effect.n),
        effect.status,
        pick(effect.setting, language),
        f"{effect.source}: {effect.locator}",
        "" if effect.text is None else pick(effect.text, language),
    )


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A titled table without the columns that no row fills; nothing for no rows."""
    if not rows:
        return []
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    body = [[row[place] for place in kept] for row in rows]
    return ["", f"## {title}", "", *markdown_table([columns[place] for place in kept], body)]


def _unit(fact: Fact) -> str:
    """The unit as people write it; a plain count has none."""
    return "" if fact.unit is None or fact.unit.startswith("{") else PRINTED.get(fact.unit, fact.unit)
