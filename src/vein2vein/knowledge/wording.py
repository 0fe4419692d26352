"""Conditions and inputs of a rule set in words, made from the file, so that text and rule cannot disagree.

Place    Floor 1. Read by rendering, the audit and the report.
In       A bound rule set, one of its conditions or inputs, a language.
Out      Short texts in English or Chinese.
Missing  A label that lacks the language is shown in English.
Does not Hold clinical numbers or clinical words of its own: both come from the rule file and the code files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vein2vein.basis.messages import messages, spoken
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind, observations, stream, streams
from vein2vein.knowledge.predicates import (
    Compare,
    Constant,
    CountOf,
    IsIn,
    Not,
    Possible,
    Predicate,
    Ref,
    Sustained,
    Syndrome,
    folded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vein2vein.knowledge.codes import Category
    from vein2vein.knowledge.schema import RuleSet

SIGNS: Final = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
PRINTED: Final = {"Cel": "°C", "mm[Hg]": "mmHg", "10*9/L": "×10⁹/L", "[degF]": "°F"}


def fixed_words(section: str, language: str) -> Mapping[str, str]:
    """What stands between the texts of the files: one section of knowledge/messages in a language."""
    return messages("vein2vein.knowledge", "knowledge", spoken(language))[section]


def pick(texts: Mapping[str, str] | None, language: str, otherwise: str = "") -> str:
    """The text in a language; English where that is missing, `otherwise` where both are."""
    return otherwise if not texts else texts.get(language) or texts.get("en") or otherwise


def condition_text(rule: RuleSet, predicate: Predicate, language: str = "en") -> str:
    """A condition in words, under the parameters of this bound rule set."""
    return _text(rule, folded(predicate), language)


def _text(rule: RuleSet, predicate: Predicate, language: str) -> str:
    words = fixed_words("condition", language)
    match predicate:
        case Ref() | Compare() | IsIn():
            shown = _leaf_text(rule, predicate, language)
        case CountOf():
            shown = _count_text(rule, predicate, language)
        case Constant(value):
            shown = words["true" if value else "false"]
        case Not(part):
            shown = words["not"].format(_text(rule, part, language))
        case Possible(part):
            shown = words["possible"].format(_text(rule, part, language))
        case Sustained(part, hours):
            shown = words["sustained"].format(_text(rule, part, language), _number(hours))
        case Syndrome(opens, sustained_by, masked_by, clear_hours):
            opened, kept, masked = (_text(rule, p, language) for p in (opens, sustained_by, masked_by))
            shown = words["syndrome"].format(opened, kept, _number(clear_hours), masked)
    return shown


def _leaf_text(rule: RuleSet, leaf: Ref | Compare | IsIn, language: str) -> str:
    if isinstance(leaf, Ref):
        return name_text(rule, leaf.name, language)
    label = name_text(rule, leaf.input, language)
    if isinstance(leaf, Compare):
        return f"{label} {SIGNS[leaf.op]} {_number(leaf.cut_off)} {unit_of(rule, leaf.input, language)}".rstrip()
    known = _known_categories(rule, leaf.input)
    shown = (pick(known[c].label, language, c) if c in known else c for c in sorted(leaf.categories))
    return f"{label}: {' / '.join(shown)}"


def _count_text(rule: RuleSet, count: CountOf, language: str) -> str:
    words = fixed_words("condition", language)
    texts = [_text(rule, part, language) for part in count.parts]
    nested = [f"({t})" if isinstance(p, CountOf) else t for p, t in zip(count.parts, texts, strict=True)]
    if count.needed == len(texts):
        return words["and"].join(nested)
    if count.needed == 1:
        return words["or"].join(nested)
    return words["n_of"].format(count.needed, "; ".join(nested))


def name_text(rule: RuleSet, name: str, language: str = "en") -> str:
    """Label of a criterion or an input."""
    if name in rule.criteria:
        return pick(rule.criteria[name].label, language, name)
    return input_text(rule, name, language)


def input_text(rule: RuleSet, name: str, language: str = "en") -> str:
    """Label of an input: its own, else that of the observation, else its name in words."""
    declared = rule.inputs[name]
    plain = name.replace("_", " ")
    if declared.label:
        return pick(declared.label, language, plain)
    kind = str(getattr(declared, "observation", ""))
    if kind in observations() and isinstance(declared, methods.Latest) and declared.says == "yes":
        return pick(observation_kind(kind).label, language, plain) + _relative(declared)
    return plain


def _relative(declared: methods.Latest) -> str:
    if declared.minus_per_year_of_age is not None:
        return f" (− {_number(declared.minus_per_year_of_age)} x a)"
    return "" if declared.relative_to is None else f" (x {declared.relative_to.replace('_', ' ')})"


def subject_of(rule: RuleSet, name: str, language: str = "en") -> str:
    """What in a record an input is read from: the observation, the exposures, or the course itself."""
    declared = rule.inputs[name]
    kind = getattr(declared, "observation", None)
    if kind is not None:
        return pick(observation_kind(kind).label, language, kind) if kind in observations() else kind
    name_of_stream = getattr(declared, "exposure", None)
    if name_of_stream is None:
        return declared.take.replace("_", " ")
    label = pick(stream(name_of_stream).label, language) if name_of_stream in streams() else name_of_stream
    agents = getattr(declared, "agents", "any")
    if agents == "any":
        return str(label)
    shown = (a if isinstance(a, str) else _clause(a) for a in agents)
    return f"{label}: {', '.join(shown)}"


def _clause(clause: methods.AgentClause) -> str:
    limits = [f"{sign} {_number(value)} {clause.rate_unit}" for sign, value in _rates(clause) if value is not None]
    return " ".join([clause.agent, *limits])


def _rates(clause: methods.AgentClause) -> tuple[tuple[str, float | None], ...]:
    return ((">", clause.rate_above), ("≥", clause.rate_at_least))


def unit_of(rule: RuleSet, name: str, language: str = "en") -> str:
    """Canonical unit of a numeric input as it is printed for people; empty for a bare number."""
    declared = rule.inputs[name]
    kind = getattr(declared, "observation", None)
    if kind is None or kind not in observations() or getattr(declared, "relative_to", None) is not None:
        return fixed_words("condition", language)["years"] if isinstance(declared, methods.AgeYears) else ""
    if not isinstance(declared, methods.Latest | methods.Extreme | methods.BaselineValue | methods.NthLowestDay):
        return ""
    unit = observation_kind(kind).unit or ""
    return "" if unit.startswith("{") or unit == "1" else PRINTED.get(unit, unit)


def _known_categories(rule: RuleSet, name: str) -> Mapping[str, Category]:
    kind = str(getattr(rule.inputs[name], "observation", ""))
    return observation_kind(kind).categories if kind in observations() else {}


def _number(value: float) -> str:
    return f"{value:g}"
