"""Timed cases of rule sets (the specs of tests/spec) and slips of the pen in the numbers of their inputs.

The worked cases of a rule file give values of inputs, so no slip inside `inputs:` (how long a value holds, how far back one
looks, points of items, rates) can show in them. A spec is a course over time with the verdicts that both engines must give: it is
the case that such a slip must break; what no spec shows is pinned input by input (`pinned`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from knowledge import checks
from knowledge.pinned import is_broken
from knowledge.pinned_frame import frame_slips
from spec.judging import held_to
from spec.notation import timeline_of
from tool_modules import load_tool
from vein2vein import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.casepack import run_worked_cases
from vein2vein.knowledge.registry import bound
from vein2vein.record.cohort import Cohort

# Ends that stand for "as many as may be": no cut-off lies near them, so a slip in them changes nothing.
_OPEN_ENDS = {("count_active", "at_most_agents"), ("rate_sum", "at_most")}
_TWIN = {"rate_at_least": "rate_above", "rate_above": "rate_at_least"}
_OPPOSITE = {"at_least": "above", "above": "at_least", "at_most": "below", "below": "at_most"}
_HELD_TO_A_VALUE = {"measured_span", "day_run", "unrecovered_run"}


@dataclass(frozen=True)
class Timed:
    """One spec of a rule set: a course, what is expected of it, and the choices it is graded with."""

    course: str
    verdicts: str
    told: Mapping[str, str]
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Slip:
    """A rule file with one number of its inputs changed."""

    what: str
    raw: dict[str, Any]


@cache
def timed_cases() -> dict[str, list[Timed]]:
    """All specs by rule set."""
    manual = load_tool("manual")
    found: dict[str, list[Timed]] = {}

    def spec(
        rule_set: str, course: str, verdicts: str = "", *, episodes: str = "", missing: str = "", **choices: Any
    ) -> None:
        told = {"episodes": episodes, "missing": missing}
        found.setdefault(rule_set, []).append(Timed(course, verdicts, told, choices))

    for file in sorted(manual.SPECS.glob("*/test_*.py")):
        functions = [f for name, f in vars(manual.load(file)).items() if name.startswith("test_") and callable(f)]
        for function in functions:
            for arguments in manual.arguments_of(function):
                function(spec=spec, **arguments)
    return found


def input_slips(raw: dict[str, Any]) -> Iterator[Slip]:
    """Every rule file that differs by one number of its inputs, also of a parameter that stands in for one.

    Whole numbers move by 1 where they count days, points or rows, and by a tenth otherwise; 0 becomes 1. A comparison of an
    input becomes strict, or no longer strict.
    """
    yield from _swapped(raw)
    parameters = raw.get("parameters") or {}
    seen: set[str] = set()
    for path, value in _numbers((), raw["inputs"], raw["inputs"]):
        if isinstance(value, str):
            name = value.removeprefix("$")
            if name in seen or not isinstance(parameters[name]["default"], int | float):
                continue
            seen.add(name)
            where = ("parameters", name, "default")
            yield from _moved(raw, where, parameters[name]["default"], ".".join(where))
        else:
            yield from _moved(raw, ("inputs", *path), value, ".".join(map(str, path)))


def _numbers(path: tuple[Any, ...], node: Any, inputs: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(node, Mapping):
        for key, part in node.items():
            if key != "label" and (len(path) != 1 or (inputs[path[0]]["take"], key) not in _OPEN_ENDS):
                yield from _numbers((*path, key), part, inputs)
    elif isinstance(node, list):
        for place, part in enumerate(node):
            yield from _numbers((*path, place), part, inputs)
    elif (isinstance(node, int | float) and not isinstance(node, bool)) or (
        isinstance(node, str) and node.startswith("$")
    ):
        yield path, node


def _moved(raw: dict[str, Any], path: tuple[Any, ...], value: float, what: str) -> Iterator[Slip]:
    step = (
        1
        if value == 0 or (isinstance(value, int) and not str(path[-1]).endswith("hours") and path[-1] != "default")
        else value / 10
    )
    for moved in (value + step, value - step):
        copied = copy.deepcopy(raw)
        node: Any = copied
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = moved
        for bound_of in ("minimum", "maximum"):
            if path[0] == "parameters" and bound_of in node:
                del node[bound_of]
        yield Slip(f"{what}: {value:g} -> {moved:g}", copied)


def _swapped(raw: dict[str, Any]) -> Iterator[Slip]:
    """Rates from which an agent counts, and values that runs of measurements or days are held to, strict for not strict."""
    for name, take in raw["inputs"].items():
        for place, clause in enumerate(take["agents"] if isinstance(take.get("agents"), list) else []):
            for key in _TWIN.keys() & set(clause if isinstance(clause, Mapping) else ()):
                copied = copy.deepcopy(raw)
                changed = copied["inputs"][name]["agents"][place]
                changed[_TWIN[key]] = changed.pop(key)
                yield Slip(f"{name}.agents.{place}: {key} -> {_TWIN[key]}", copied)
        strict = take.get("strict", False)
        if take["take"] in _HELD_TO_A_VALUE and isinstance(strict, bool):
            copied = copy.deepcopy(raw)
            copied["inputs"][name]["strict"] = not strict
            yield Slip(f"{name}: strict {strict} -> {not strict}", copied)


def flag_slips(raw: dict[str, Any]) -> Iterator[Slip]:
    """Every rule file that differs by one comparison of a flag, or by one number in it."""
    for path, key, pair in _comparisons(("flags",), raw.get("flags") or []):
        for twin, cut_off in ((_OPPOSITE[key], pair[1]), *((key, moved) for moved in _steps(pair[1]))):
            copied = copy.deepcopy(raw)
            node: Any = copied
            for part in path:
                node = node[part]
            del node[key]
            node[twin] = [pair[0], cut_off]
            yield Slip(f"{'.'.join(map(str, path))}: {pair[0]} {key} {pair[1]} -> {twin} {cut_off}", copied)


def _steps(value: Any) -> tuple[float, ...]:
    if not isinstance(value, int | float):
        return ()  # a parameter, whose choices are tested elsewhere
    step = 1 if isinstance(value, int) else value / 10
    return value - step, value + step


def _comparisons(path: tuple[Any, ...], node: Any) -> Iterator[tuple[tuple[Any, ...], str, list[Any]]]:
    if isinstance(node, Mapping):
        for key, part in node.items():
            if key in _OPPOSITE:
                yield path, key, part
            yield from _comparisons((*path, key), part)
    elif isinstance(node, list):
        for place, part in enumerate(node):
            yield from _comparisons((*path, place), part)


def surviving_slips(raw: dict[str, Any]) -> list[str]:
    """Slips in inputs that no spec and no pin of the rule set notices, and slips in flags and in its frame that no pin notices.

    A chosen number of the frame may also be noticed by a worked case.
    """
    cases = timed_cases().get(raw["id"], [])
    unseen = [slip.what for slip in input_slips(raw) if not (is_broken(slip.raw) or _is_noticed(slip.raw, cases))]
    unseen += [slip.what for slip in flag_slips(raw) if not is_broken(slip.raw)]
    return unseen + [what for what, slip in frame_slips(raw) if not (is_broken(slip) or _fails_a_case(slip))]


def _fails_a_case(raw: dict[str, Any]) -> bool:
    try:
        return bool(run_worked_cases(raw))
    except KnowledgeError:
        return True  # the schema refuses it


def _is_noticed(raw: dict[str, Any], cases: list[Timed]) -> bool:
    try:
        return any(checks.strange_items(bound(raw, {}))) or any(_broken(raw, cases))
    except KnowledgeError:
        return True  # the schema refuses it


def broken(raw: dict[str, Any]) -> list[str]:
    """Specs of a rule set that do not hold for a raw rule file."""
    return list(_broken(raw, timed_cases().get(raw["id"], [])))


def _broken(raw: dict[str, Any], cases: list[Timed]) -> Iterator[str]:
    by_choices: dict[str, list[Timed]] = {}
    for case in cases:
        by_choices.setdefault(str(sorted(case.choices.items())), []).append(case)
    for same in by_choices.values():
        rule = bound(raw, same[0].choices)
        timelines = [timeline_of(case.course, f"spec-{number:04d}") for number, case in enumerate(same)]
        graded = grade_cohort(Cohort.of_timelines(timelines), rule, threads=1)
        for number, case in enumerate(same):
            mine = [table.filter(course_id=f"spec-{number:04d}") for table in (graded.verdicts, graded.episodes)]
            try:
                held_to(Graded(mine[0], mine[1], graded.parameters), case.course, case.verdicts, **case.told)
            except AssertionError as error:
                yield str(error)
