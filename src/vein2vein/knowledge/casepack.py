"""Run the worked cases of a rule file, and try to fool them with mutants.

Place    Floor 1. Read by the knowledge checks and by `vein2vein knowledge check`.
In       A raw rule file.
Out      Failures of its worked cases; mutants that no worked case notices.
Knows    A mutant is a rule file with one number, one comparison or one case changed, as a slip of the pen would do.
Does not Look at a timeline: windows and input methods have their own tests. What an input asks is held by `asks`.

In a worked case, inputs not named have their value from `typical` (also of yes/no criteria over time); null means missing; "yes",
"no" and categories are words; a number is in the canonical unit; {value, unit} is converted; [low, high] is a range.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vein2vein.basis.truth import Bounds, Truth
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.evaluation import evaluate
from vein2vein.knowledge.given import as_truth, categories_of_input, type_of, value_of
from vein2vein.knowledge.one_line import asked, differences
from vein2vein.knowledge.predicates import COMPARISONS
from vein2vein.knowledge.registry import bound
from vein2vein.knowledge.schema import RuleSet, WorkedCase
from vein2vein.knowledge.values import Value

_TWIN = {"at_least": "above", "above": "at_least", "at_most": "below", "below": "at_most"}
_FACTORS = {"+10 %": 1.1, "-10 %": 0.9, "x1000": 1000.0, "/1000": 0.001}


@dataclass(frozen=True, slots=True)
class CaseFailure:
    """A worked case that gave another answer than it says, or inputs that ask otherwise than it spells out (`asks`)."""

    rule_set_id: str
    case: str
    expected: Bounds | None
    got: Bounds | None
    asks: str | None = None

    @property
    def said(self) -> str:
        """What is wrong, in words."""
        return self.asks or f"expected {self.expected}, got {self.got}"


def run_worked_cases(raw: Mapping[str, Any]) -> list[CaseFailure]:
    """All worked cases of a raw rule file that fail, each under its own parameters; empty when all hold."""
    return list(_failures(raw))


def _failures(raw: Mapping[str, Any]) -> Iterator[CaseFailure]:
    """Failures one by one, so that a mutant is given up at the first; other parameters are put in when they are needed."""
    default = bound(raw, {})
    rules = {"{}": default}
    for case in sorted(default.worked_cases, key=lambda case: bool(case.parameters)):
        key = str(case.parameters)
        if key not in rules:
            rules[key] = bound(raw, case.parameters)
        got = case_bounds(rules[key], case)
        questions = {name: asked(take) for name, take in rules[key].inputs.items()} if case.asks else {}
        other = differences(questions, case.asks, "asks")
        if other is not None:
            yield CaseFailure(default.id, case.name, case.bounds, got, other)
        elif got != case.bounds:
            yield CaseFailure(default.id, case.name, case.bounds, got)


def case_bounds(rule: RuleSet, case: WorkedCase) -> Bounds | None:
    """What the rule set says about one worked case; None when it does not apply."""
    given = {**rule.typical, **case.given}
    values = {name: as_value(rule, name, given.get(name)) for name in rule.inputs}
    over_time = {name: as_truth(given.get(name)) for name in rule.over_time}
    result = evaluate(rule, values, over_time)
    return None if result.applies is Truth.FALSE else result.bounds


def as_value(rule: RuleSet, name: str, given: Any) -> Value:
    """The possible values behind one word or number of a worked case."""
    return value_of(rule.inputs[name], given)


def value_type(rule: RuleSet, name: str) -> str:
    """number, category or yes_no: what an input yields."""
    return type_of(rule.inputs[name])


def categories_of(rule: RuleSet, name: str) -> frozenset[str]:
    """All categories that an input can have."""
    return categories_of_input(rule.inputs[name])


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule file with one deliberate slip."""

    slip: str
    raw: dict[str, Any]


def mutants(raw: dict[str, Any]) -> Iterator[Mutant]:
    """Every rule file that differs by one slip in a comparison, a number or a case of the rule itself.

    Slips: strict for non-strict and back, number +10 %, -10 %, x1000, /1000, one more or one fewer of `n_of`, a case dropped, a
    category dropped. Numbers given by a parameter are changed through the parameter's default.
    """
    for path, word, body in _comparisons(raw):
        for step, slip, value in _slips(word, body):
            yield _changed(raw, (*path, word, *step), slip, value=value)
        if word in COMPARISONS:
            yield _changed(raw, path, f"{word} -> {_TWIN[word]}", rename=_TWIN[word])
    yield from _dropped_cases(raw)


def _slips(word: str, body: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Other values in the body of one condition: where, what slipped, and the new value."""
    if word in COMPARISONS and isinstance(body[1], int | float):
        slipped = ((label, body[1] * factor) for label, factor in _FACTORS.items())
        yield from (((1,), f"{body[0]} {body[1]} {label}", value) for label, value in slipped if value != body[1])
    elif word == "between":
        yield from _slips_of_between(body)
    elif word == "in" and len(body[1]) > 1:
        for place, category in enumerate(body[1]):
            fewer = [c for i, c in enumerate(body[1]) if i != place]
            yield (1,), f"{body[0]} without {category}", fewer
    elif word == "n_of" and isinstance(body["at_least"], int):
        for needed in (body["at_least"] - 1, body["at_least"] + 1):
            if 1 <= needed <= len(body["of"]):
                yield ("at_least",), f"n_of {body['at_least']} -> {needed}", needed


def _slips_of_between(body: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    for place in (1, 2):
        if not isinstance(body[place], int | float):
            continue
        for label, factor in (("+10 %", 1.1), ("-10 %", 0.9)):
            value = body[place] * factor
            still_ordered = value <= body[2] if place == 1 else value >= body[1]
            if value != body[place] and still_ordered:
                yield (place,), f"{body[0]} {body[place]} {label}", value


def surviving_mutants(raw: dict[str, Any]) -> list[Mutant]:
    """Mutants that no worked case notices; empty when the case pack is complete."""
    survivors = []
    for mutant in mutants(raw):
        try:
            if next(_failures(mutant.raw), None) is None:
                survivors.append(mutant)
        except KnowledgeError:
            continue
    return survivors


def _comparisons(raw: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    for part in ("criteria", "cases", "items", "applies"):
        if part in raw:
            yield from _find((part,), raw[part])


def _find(path: tuple[Any, ...], node: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    if isinstance(node, Mapping):
        for key, body in node.items():
            if key in (*COMPARISONS, "between", "in", "n_of") and isinstance(body, list | Mapping):
                yield path, key, body
            yield from _find((*path, key), body)
    elif isinstance(node, list):
        for place, part in enumerate(node):
            yield from _find((*path, place), part)


def copied_along(raw: Mapping[str, Any], path: Sequence[Any]) -> tuple[dict[str, Any], Any]:
    """A raw file in which everything on a path may be changed, and what stands at its end; the rest is shared with `raw`."""
    copied = node = dict(raw)
    for step in path:
        node[step] = copy.copy(node[step])
        node = node[step]
    return copied, node


def _changed(
    raw: dict[str, Any], path: tuple[Any, ...], slip: str, *, rename: str | None = None, value: Any = None
) -> Mutant:
    copied, node = copied_along(raw, path if rename else path[:-1])
    if rename:
        old = next(key for key in node if key in COMPARISONS)
        node[rename] = node.pop(old)
    else:
        node[path[-1]] = value
    return Mutant(f"{'/'.join(str(p) for p in path)}: {slip}", copied)


def _dropped_cases(raw: dict[str, Any]) -> Iterator[Mutant]:
    for place, case in enumerate(raw.get("cases") or []):
        if len(raw["cases"]) > 1:
            copied, cases = copied_along(raw, ("cases",))
            del cases[place]
            yield Mutant(f"case {case['value']} dropped", copied)
    for i, item in enumerate(raw.get("items") or []):
        for place, case in enumerate(item["cases"]):
            if len(item["cases"]) > 1:
                copied, cases = copied_along(raw, ("items", i, "cases"))
                del cases[place]
                yield Mutant(f"item {item['name']}: case {case['value']} dropped", copied)
