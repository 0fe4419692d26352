"""The checks of a rule file: each gives the problems it finds, so that a test can also plant a fault and see it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowledge.files import (
    around,
    bounds_of,
    comparisons,
    conditions,
    cut_offs,
    directions,
    range_of,
)
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.casepack import as_value, categories_of, value_type
from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.codes import milestones, observation_kind, observations, stream, streams
from vein2vein.knowledge.predicates import Compare, IsIn, walk
from vein2vein.knowledge.registry import bound
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import NumberRange

RAW = dict[str, Any]


def unknown_sources(rule: RuleSet) -> list[str]:
    """Citation keys that do not exist, and works that worked cases cite while the file does not list them."""
    cited = {source.key for source in rule.sources}
    named = {case.source for case in rule.worked_cases if case.source in citations()}
    return sorted(cited - set(citations())) + sorted(str(key) for key in named - cited)


def strangers(rule: RuleSet) -> Iterator[str]:
    """Kinds, items, streams, agents, reasons and causes of death that no code file defines."""
    for name, declared in rule.inputs.items():
        kind = getattr(declared, "observation", None)
        if kind is not None and kind not in observations():
            yield f"{name}: kind of observation {kind!r}"
        if isinstance(declared, methods.ItemSum):
            yield from (f"{name}: item {i!r}" for i in (*declared.items, declared.total) if i not in observations())
        if isinstance(declared, methods.Active | methods.CountActive | methods.Given | methods.RateSum):
            yield from _strange_exposures(name, declared)
        if isinstance(declared, methods.Death):
            known = milestones()["death"].details
            yield from (f"{name}: cause of death {cause!r}" for cause in declared.causes if cause not in known)


def _strange_exposures(name: str, declared: Any) -> Iterator[str]:
    if declared.exposure not in streams():
        yield f"{name}: stream {declared.exposure!r}"
        return
    known = stream(declared.exposure)
    agents = [] if declared.agents == "any" else [a if isinstance(a, str) else a.agent for a in declared.agents]
    agents += [*declared.except_agents, *getattr(declared, "weights", {})]
    yield from (f"{name}: agent {agent!r} of {declared.exposure}" for agent in agents if agent not in known.agents)
    reasons = (*declared.except_reasons, *(declared.only_reasons or ()))
    yield from (f"{name}: reason {r!r} of {declared.exposure}" for r in reasons if r not in known.reasons)


def misunderstandings(rule: RuleSet) -> Iterator[str]:
    """Numbers asked of what is no number, and categories that do not exist."""
    for node in (n for condition in conditions(rule) for n in walk(condition)):
        if isinstance(node, Compare) and value_type(rule, node.input) != "number":
            yield f"{node.input} is compared with {node.cut_off} and is no number"
        if isinstance(node, IsIn):
            if value_type(rule, node.input) != "category":
                yield f"{node.input} is no category"
            elif not node.categories <= categories_of(rule, node.input):
                yield f"{node.input}: {sorted(node.categories - categories_of(rule, node.input))} do not exist"


def implausible_cut_offs(rules: tuple[RuleSet, ...], usual: RuleSet) -> Iterator[str]:
    """Cut-offs that no real value can reach."""
    for comparison in (c for rule in rules for c in comparisons(rule)):
        limits = range_of(usual, comparison.input)
        if limits is not None and not limits[0] <= comparison.cut_off <= limits[1]:
            yield f"{comparison.input} {comparison.op} {comparison.cut_off} outside {limits}"


def absent_results(rule: RuleSet) -> set[int]:
    """Results that no worked case gives exactly."""
    shown = {case.bounds.low for case in rule.worked_cases if case.bounds is not None and case.bounds.is_exact}
    wanted = {case.value for case in rule.cases}
    if rule.cases and rule.otherwise is not None:
        wanted.add(rule.otherwise)
    return wanted - shown


def _numbers(rule: RuleSet, name: str) -> set[float]:
    """Single known values that worked cases give to a numeric input, typical ones included."""
    found: set[float] = set()
    for case in rule.worked_cases:
        value = as_value(rule, name, {**rule.typical, **case.given}.get(name))
        if isinstance(value, NumberRange) and value.is_known:
            found.add(value.low)
    return found


def uncovered_cut_offs(rule: RuleSet) -> Iterator[str]:
    """Cut-offs without a case just below, exactly at or just above: no other cut-off of the input lies between."""
    for name in rule.inputs:
        marks, given, limits = cut_offs(rule, name), _numbers(rule, name), range_of(rule, name)
        for place, mark in enumerate(marks):
            below = marks[place - 1] if place else float("-inf")
            above = marks[place + 1] if place + 1 < len(marks) else float("inf")
            found = {
                "just below": any(below <= v < mark for v in given) or _is_end(limits, mark, 0),
                "exactly": mark in given,
                "just above": any(mark < v <= above for v in given) or _is_end(limits, mark, 1),
            }
            yield from (f"{name} {mark:g}: no case {where}" for where, there in found.items() if not there)


def _is_end(limits: tuple[float, float] | None, mark: float, end: int) -> bool:
    return limits is not None and limits[end] == mark


def never_missing(rule: RuleSet) -> set[str]:
    """Inputs and criteria over time that can be missing and never are in a worked case."""
    missing = {name for case in rule.worked_cases for name, value in case.given.items() if value is None}
    return ({n for n, declared in rule.inputs.items() if _can_be_missing(declared)} | set(rule.over_time)) - missing


def _can_be_missing(declared: Any) -> bool:
    assumed_absent = "no" in {getattr(declared, "when_uncharted", ""), getattr(declared, "when_absent", "")}
    return not assumed_absent and not isinstance(declared, methods.CountDays | methods.RelativeDay)


def has_unit(rule: RuleSet, name: str) -> bool:
    """Whether an input is a measured value itself: no judged grade, no multiple of a limit, no count of days."""
    declared = rule.inputs[name]
    if not isinstance(declared, methods.Latest | methods.Extreme | methods.BaselineValue):
        return False
    unit = observation_kind(declared.observation).unit or ""
    return getattr(declared, "relative_to", None) is None and not unit.startswith("{")


def without_unusable_unit(rule: RuleSet) -> bool:
    """Whether the file takes measured values and no worked case gives one in a unit that cannot be used."""
    measured = [name for name in rule.inputs if value_type(rule, name) == "number" and has_unit(rule, name)]
    given = [pair for case in rule.worked_cases for pair in case.given.items() if isinstance(pair[1], dict)]
    unusable = [n for n, v in given if isinstance(r := as_value(rule, n, v), NumberRange) and not r.is_known]
    return bool(measured) and not unusable


def moved_by_removal(raw: RAW) -> Iterator[str]:
    """Worked cases in which taking an input away does anything but widen the bounds."""
    rules: dict[str, RuleSet] = {}
    for case in bound(raw, {}).worked_cases:
        rule = rules.setdefault(str(case.parameters), bound(raw, case.parameters))
        before = case.bounds
        if before is None:
            continue
        for name in (*rule.inputs, *sorted(rule.over_time)):
            after = bounds_of(rule, {**case.given, name: None})
            if after is None or not after.covers(before):
                yield f"{case.name}: without {name} {before} becomes {after}"


def _contexts(rule: RuleSet) -> list[dict[str, Any]]:
    """Typical values, and the worked case that gives each exact result first."""
    found: dict[int, dict[str, Any]] = {}
    for case in rule.worked_cases:
        if case.bounds is not None and case.bounds.is_exact and not case.parameters:
            found.setdefault(case.bounds.low, case.given)
    return [{}, *found.values()]


def falls_with_a_worse_number(rule: RuleSet) -> Iterator[str]:
    """Inputs that point one way and for which a worse number lowers a bound."""
    for name in (n for n in rule.inputs if value_type(rule, n) == "number"):
        ways = directions(rule, name)
        if len(ways) != 1 or any(case.value < 0 for item in rule.items for case in item.cases):
            continue
        values = around(rule, name)[:: ways.pop()]
        for context in _contexts(rule):
            seen = [b for v in values if (b := bounds_of(rule, {**context, name: v})) is not None]
            lows, highs = [b.low for b in seen], [b.high for b in seen]
            if lows != sorted(lows) or highs != sorted(highs):
                yield f"{name} over {values} in {context}: {[str(b) for b in seen]}"


def strange_items(rule: RuleSet) -> Iterator[str]:
    """Items of a score whose range is not that of the code files."""
    for name, declared in rule.inputs.items():
        for item, points in (getattr(declared, "items", None) or {}).items():
            plausible = observations()[item].plausible if item in observations() else None
            if plausible is None or tuple(plausible) != tuple(points):
                yield f"{name}: {item} from {points[0]} to {points[1]}, {plausible} in the code files"
