"""What the knowledge checks share: all rule files, their parameter choices, their cut-offs and the values around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from vein2vein.basis.truth import Bounds, Truth
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.casepack import as_value, categories_of, value_type
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.evaluation import evaluate
from vein2vein.knowledge.predicates import Compare, Not, Predicate, Ref, parts, walk
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.schema import RuleSet

REGISTRY = default_registry()
IDS = REGISTRY.ids


def choices(rule: RuleSet) -> Iterator[dict[str, Any]]:
    """The defaults, and every choice or end of the range of every single parameter."""
    yield {}
    for name, parameter in rule.parameters.items():
        values = list(parameter.choices) if parameter.choices else [parameter.minimum, parameter.maximum]
        for value in values:
            if value is not None and value != parameter.default:
                yield {name: value}


@cache
def all_bound(id: str) -> tuple[RuleSet, ...]:
    """The rule set under its defaults and under every single other choice."""
    return tuple(REGISTRY.get(id, chosen) for chosen in choices(REGISTRY.get(id)))


def conditions(rule: RuleSet, *, flags: bool = True) -> tuple[Predicate, ...]:
    """Every condition of the file; without the flags when they are not wanted."""
    return rule.conditions if flags or not rule.flags else rule.conditions[: -len(rule.flags)]


def comparisons(rule: RuleSet, *, flags: bool = True) -> Iterator[Compare]:
    """Every comparison of a number with a cut-off."""
    for condition in conditions(rule, flags=flags):
        yield from (node for node in walk(condition) if isinstance(node, Compare))


def range_of(rule: RuleSet, name: str) -> tuple[float, float] | None:
    """The range in which a numeric input can lie; None where no file says one."""
    limits: tuple[float, float] | None = None
    match rule.inputs[name]:
        case methods.Latest() | methods.Extreme() | methods.BaselineValue() | methods.NthLowestDay() as declared:
            shifted = ("relative_to", "minus", "minus_per_year_of_age")
            if not any(getattr(declared, word, None) for word in shifted):
                limits = observation_kind(declared.observation).plausible
        case methods.ItemSum(items=items):
            limits = sum(low for low, _ in items.values()), sum(high for _, high in items.values())
        case methods.CountActive(at_most_agents=most):
            limits = 0, most
        case methods.RateSum(at_most=most):
            limits = 0, most
        case methods.AgeYears():
            limits = 0, 120
        case methods.MeasuredSpan():
            limits = 0, math.inf
        case methods.DayRun(from_day=first, to_day=last) | methods.CountDays(from_day=first, to_day=last):
            limits = 0, last - first + 1
    return limits


def cut_offs(rule: RuleSet, name: str, *, flags: bool = False) -> list[float]:
    """The cut-offs of a numeric input, ascending."""
    return sorted({c.cut_off for c in comparisons(rule, flags=flags) if c.input == name})


def around(rule: RuleSet, name: str) -> list[float]:
    """The cut-offs of an input with a neighbour on each side, ascending; a neighbour outside the range is left out."""
    found: set[float] = set()
    for cut_off in cut_offs(rule, name):
        step = max(abs(cut_off) / 100, 0.001)
        found |= {round(cut_off - step, 6), cut_off, round(cut_off + step, 6)}
    limits = range_of(rule, name)
    return sorted(v for v in found if limits is None or limits[0] <= v <= limits[1])


def pool(rule: RuleSet, name: str) -> list[Any]:
    """Values worth trying for one input, in a fixed order; None is missing."""
    match value_type(rule, name):
        case "yes_no":
            return ["no", "yes", None]
        case "category":
            return [*sorted(categories_of(rule, name)), None]
        case _:
            return [*around(rule, name), None]


def bounds_of(rule: RuleSet, given: Mapping[str, Any]) -> Bounds | None:
    """What the rule set says; values not given are typical, None is missing; None where it does not apply."""
    named = {**rule.typical, **given}
    values = {name: as_value(rule, name, named.get(name)) for name in rule.inputs}
    words = {"yes": Truth.TRUE, "no": Truth.FALSE, None: Truth.UNKNOWN, True: Truth.TRUE, False: Truth.FALSE}
    result = evaluate(rule, values, {name: words[named.get(name)] for name in rule.over_time})
    return None if result.applies is Truth.FALSE else result.bounds


def directions(rule: RuleSet, name: str) -> set[int]:
    """+1 where a higher number makes a case more likely, -1 where it makes it less likely; both for a two-sided input."""
    found: set[int] = set()

    def look(predicate: Predicate, sign: int) -> None:
        if isinstance(predicate, Compare) and predicate.input == name:
            found.add(sign if predicate.op in {"at_least", "above"} else -sign)
        if isinstance(predicate, Ref) and predicate.name in rule.criteria:
            look(rule.criteria[predicate.name].when, sign)
        for part in parts(predicate):
            look(part, -sign if isinstance(predicate, Not) else sign)

    for case in (*rule.cases, *(c for item in rule.items for c in item.cases)):
        look(case.when, 1)
    return found
