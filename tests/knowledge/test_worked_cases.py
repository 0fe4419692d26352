"""Are the worked cases of every rule file right, and are there enough of them to notice a slip of the pen?"""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.files import IDS, REGISTRY, around, bounds_of, cut_offs, directions, range_of
from vein2vein.basis.truth import Bounds
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.casepack import as_value, run_worked_cases, surviving_mutants, value_type
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.schema import RuleSet, WorkedCase
from vein2vein.knowledge.values import NumberRange

every_file = pytest.mark.parametrize("id", IDS)


@every_file
def test_worked_cases_hold(id: str) -> None:
    failures = run_worked_cases(REGISTRY.raw(id))
    assert not failures, "; ".join(f"{f.case}: expected {f.expected}, got {f.got}" for f in failures)


@every_file
def test_names_of_worked_cases_are_unique(id: str) -> None:
    names = [case.name for case in REGISTRY.get(id).worked_cases]
    assert sorted(set(names)) == sorted(names)


@every_file
def test_no_mutant_survives(id: str) -> None:
    survivors = surviving_mutants(REGISTRY.raw(id))
    assert not survivors, "; ".join(mutant.slip for mutant in survivors)


@every_file
def test_every_result_occurs_in_a_worked_case(id: str) -> None:
    rule = REGISTRY.get(id)
    shown = {case.bounds.low for case in rule.worked_cases if case.bounds is not None and case.bounds.is_exact}
    wanted = {case.value for case in rule.cases} | ({rule.otherwise} if rule.cases else set())
    assert wanted <= shown, f"no worked case gives exactly {sorted(wanted - shown)}"


def _numbers(rule: RuleSet, name: str) -> set[float]:
    """Single known values that worked cases give to a numeric input, typical ones included."""
    found: set[float] = set()
    for case in rule.worked_cases:
        value = as_value(rule, name, {**rule.typical, **case.given}.get(name))
        if isinstance(value, NumberRange) and value.is_known:
            found.add(value.low)
    return found


@every_file
def test_every_cut_off_has_a_case_just_below_exactly_at_and_just_above(id: str) -> None:
    """Just below and just above: no other cut-off of the same input lies between."""
    rule = REGISTRY.get(id)
    problems = []
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
            problems += [f"{name} {mark:g}: no case {where}" for where, there in found.items() if not there]
    assert not problems, "; ".join(problems)


def _is_end(limits: tuple[float, float] | None, mark: float, end: int) -> bool:
    return limits is not None and limits[end] == mark


def _can_be_missing(declared: Any) -> bool:
    assumed_absent = "no" in {getattr(declared, "when_uncharted", ""), getattr(declared, "when_absent", "")}
    return not assumed_absent and not isinstance(declared, methods.CountDays | methods.RelativeDay)


@every_file
def test_every_input_that_can_be_missing_is_missing_in_a_case(id: str) -> None:
    rule = REGISTRY.get(id)
    missing = {name for case in rule.worked_cases for name, value in case.given.items() if value is None}
    wanted = {name for name, declared in rule.inputs.items() if _can_be_missing(declared)} | set(rule.over_time)
    assert wanted <= missing, f"never missing in a worked case: {sorted(wanted - missing)}"


def _has_unit(rule: RuleSet, name: str) -> bool:
    """Whether an input is a measured value itself: no judged grade, no multiple of a limit, no count of days."""
    declared = rule.inputs[name]
    if not isinstance(declared, methods.Latest | methods.Extreme | methods.BaselineValue):
        return False
    unit = observation_kind(declared.observation).unit or ""
    return getattr(declared, "relative_to", None) is None and not unit.startswith("{")


@every_file
def test_a_unit_that_cannot_be_used_makes_the_value_unknown(id: str) -> None:
    rule = REGISTRY.get(id)
    measured = [name for name in rule.inputs if value_type(rule, name) == "number" and _has_unit(rule, name)]
    with_unit = [
        (name, value)
        for case in rule.worked_cases
        for name, value in case.given.items()
        if isinstance(value, dict) and name in rule.inputs
    ]
    unusable = [name for name, value in with_unit if not as_value(rule, name, value).is_known]  # type: ignore[union-attr]
    assert unusable or not measured, "no worked case gives a number in a unit that cannot be used"


def _with_missing(rule: RuleSet, case: WorkedCase) -> list[tuple[str, Bounds | None]]:
    return [(name, bounds_of(rule, {**case.given, name: None})) for name in (*rule.inputs, *sorted(rule.over_time))]


@every_file
def test_removing_an_input_only_widens_the_bounds(id: str) -> None:
    problems = []
    for case in REGISTRY.get(id).worked_cases:
        rule = REGISTRY.get(id, case.parameters)
        before = case.bounds
        if before is None:
            continue
        for name, after in _with_missing(rule, case):
            if after is None or not after.covers(before):
                problems.append(f"{case.name}: without {name} {before} becomes {after}")
    assert not problems, "; ".join(problems[:5])


def _contexts(rule: RuleSet) -> list[dict[str, Any]]:
    """Typical values, and the worked case that gives each exact result first."""
    found: dict[int, dict[str, Any]] = {}
    for case in rule.worked_cases:
        if case.bounds is not None and case.bounds.is_exact and not case.parameters:
            found.setdefault(case.bounds.low, case.given)
    return [{}, *found.values()]


@every_file
def test_a_worse_number_never_lowers_the_result(id: str) -> None:
    """For inputs that point one way: both bounds rise with the number, or both fall."""
    rule = REGISTRY.get(id)
    problems = []
    for name in (n for n in rule.inputs if value_type(rule, n) == "number"):
        ways = directions(rule, name)
        if len(ways) != 1 or any(case.value < 0 for item in rule.items for case in item.cases):
            continue
        values = around(rule, name)[:: ways.pop()]
        for context in _contexts(rule):
            seen = [b for v in values if (b := bounds_of(rule, {**context, name: v})) is not None]
            if [b.low for b in seen] != sorted(b.low for b in seen) or [b.high for b in seen] != sorted(
                b.high for b in seen
            ):
                problems.append(f"{name} over {values} in {context}: {[str(b) for b in seen]}")
    assert not problems, "; ".join(problems[:3])
