"""What a rule file must contain.

Place    Floor 1. Read by the registry, the knowledge checks and both engines.
In       One YAML file per edition, parameters already put in (`bind`).
Out      A frozen `RuleSet`, or RULE-001 naming the key that is wrong.
Missing  Nothing is optional that a reviewer needs: sources with locators, status, limits, silence, cases.
Does not Know any clinical number.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, SkipValidation, model_validator

from vein2vein.basis.truth import Bounds
from vein2vein.knowledge import predicates
from vein2vein.knowledge.edition import Edition, Parameter, Signature, Source, Strict, Text, Validity, Wording, bind
from vein2vein.knowledge.inputs import Active, CountActive, Death, Given, Input, ItemSum, RateSum
from vein2vein.knowledge.predicates import Constant, Possible, Predicate, Ref, Sustained, Syndrome

Kind = Literal["grading-scale", "criteria", "score"]
Condition = Annotated[
    SkipValidation[Predicate], BeforeValidator(lambda raw: raw if isinstance(raw, Predicate) else predicates.parse(raw))
]


class Criterion(Strict):
    """A named condition, with words for people.

    `strength` is stated for who may be treated: a gate bars, a relative limit is to be weighed, a deferral passes with time.
    """

    when: Condition
    label: Wording
    note: Wording | None = None
    strength: Literal["gate", "relative", "deferral"] | None = None


class Case(Strict):
    """A value and the condition for it; of a list, the first that holds wins."""

    value: int
    when: Condition
    text: Wording


class Item(Strict):
    """One item of an additive score: the first case that holds gives its points."""

    name: Text
    label: Wording
    cases: tuple[Case, ...]
    otherwise: int = 0


class Band(Strict):
    """A named range of a result, from `at_least` up to the next band."""

    name: Text
    at_least: int
    text: Wording


class MapPoint(Strict):
    """One published point of a score's translation, such as a probability."""

    value: int
    means: Text


class Flag(Strict):
    """A remark shown beside the verdict while its condition holds or may hold."""

    when: Condition
    text: Wording


class Result(Strict):
    """The kind and range of the answer; both ends inclusive.

    `cumulative` says that the answer sums up the window so far, so that its last verdict is the answer: what was possible
    before and is ruled out at the end was never reached.
    """

    kind: Literal["grade", "points", "met"]
    lowest: int
    highest: int
    name: Wording
    cumulative: bool = False


class Window(Strict):
    """When the rule set applies: from `opens` up to, not including, `closes`.

    Each is "infusion" (the instant) or a relative day (its local start). `opens: null` means from the first record, and
    `closes: null` without end. What is meant for the time before the infusion closes with the infusion, not with the start
    of day 0: on that morning nobody knows yet that the cells will be given.
    """

    opens: Literal["infusion"] | int | None = None
    closes: Literal["infusion"] | int | None = None


class EpisodeRule(Strict):
    """How graded points become episodes: grade >= 1, joined over absences shorter than `gap_hours`."""

    gap_hours: Annotated[float, Field(ge=0)]


class WorkedCase(Strict):
    """One example with its right answer: inputs (null = missing) and the expected value or [low, high].

    `parameters` puts other choices in place of the defaults for this case. With `asks` the inputs that it names are spelled out,
    so that no window and no age of a value can change unseen.
    """

    name: Text
    given: dict[str, Any]
    asks: dict[Text, Text] = Field(default_factory=dict)
    expect: int | tuple[int, int] | Literal["not_applicable"]
    source: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)

    @property
    def bounds(self) -> Bounds | None:
        """Expected bounds; None when the rule set must say that it does not apply."""
        if self.expect == "not_applicable":
            return None
        low, high = (self.expect, self.expect) if isinstance(self.expect, int) else self.expect
        return Bounds(low, high)


class RuleSet(Edition):
    """One edition of one published rule over a timeline, with parameters put in.

    `before: lymphodepletion` says that a score is meant for the last moment before its first dose: it is asked as of then.
    `not_encoded` names what the source asks for and this file does not: who meets the rest has not met everything.
    """

    kind: Kind
    before: Literal["lymphodepletion"] | None = None
    inputs: Annotated[dict[str, Input], Field(min_length=1)]
    criteria: dict[str, Criterion] = Field(default_factory=dict)
    applies: Condition | None = None
    window: Window = Window()
    result: Result
    cases: tuple[Case, ...] = ()
    otherwise: int | None = None
    items: tuple[Item, ...] = ()
    bands: tuple[Band, ...] = ()
    score_map: tuple[MapPoint, ...] = ()
    flags: tuple[Flag, ...] = ()
    episodes: EpisodeRule | None = None
    not_encoded: tuple[Wording, ...] = ()
    typical: dict[str, Any]
    worked_cases: Annotated[tuple[WorkedCase, ...], Field(min_length=1)]
    _reached: dict[int, tuple[frozenset[str], frozenset[str], Predicate]] = PrivateAttr(default_factory=dict)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names of the criteria, each after those it mentions."""
        done: dict[str, None] = {}

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                msg = f"criteria mention each other in a circle: {' -> '.join((*path, name))}"
                raise ValueError(msg)
            if name in done or name not in self.criteria:
                return
            for other in sorted(predicates.names(self.criteria[name].when)):
                visit(other, (*path, name))
            done[name] = None

        for name in self.criteria:
            visit(name, ())
        return tuple(done)

    @cached_property
    def conditions(self) -> tuple[Predicate, ...]:
        """All conditions of the file: criteria in order, applicability, cases, items and flags."""
        cases = (*self.cases, *(case for item in self.items for case in item.cases))
        rest = [*(case.when for case in cases), *(flag.when for flag in self.flags)]
        applies = [] if self.applies is None else [self.applies]
        return (*(self.criteria[name].when for name in self.order), *applies, *rest)

    @cached_property
    def observation_kinds(self) -> frozenset[str]:
        """Kinds of observations that the inputs rest on; body weight is among them where rates may need it."""
        found: set[str] = set()
        for take in self.inputs.values():
            if isinstance(take, ItemSum):
                found |= {*take.items, take.total}
            elif isinstance(take, Active | CountActive | Given | RateSum):
                found.add("weight")
            elif hasattr(take, "observation"):
                found |= {take.observation, *getattr(take, "items", ())}
        return frozenset(found)

    @cached_property
    def reads_deaths(self) -> bool:
        """Whether an input is the death of the patient."""
        return any(isinstance(take, Death) for take in self.inputs.values())

    @cached_property
    def over_time(self) -> frozenset[str]:
        """Names of the criteria that speak about time (`sustained`, `syndrome`)."""
        return frozenset(n for n, c in self.criteria.items() if isinstance(c.when, Sustained | Syndrome))

    @cached_property
    def open_points(self) -> Mapping[str, tuple[Predicate, ...]]:
        """What opens a question by a choice (`possible`), also where nothing is missing, by criterion."""
        found = {n: [p for p in predicates.walk(c.when) if isinstance(p, Possible)] for n, c in self.criteria.items()}
        return {name: tuple(choices) for name, choices in found.items() if choices}

    def inputs_of(self, predicate: Predicate) -> frozenset[str]:
        """Names of all inputs a condition of this rule set rests on, through criteria; not those that a choice switches off."""
        return self._reach(predicate)[0]

    def criteria_of(self, predicate: Predicate) -> frozenset[str]:
        """Names of all criteria a condition of this rule set mentions, directly or through others."""
        return self._reach(predicate)[1]

    def _reach(self, predicate: Predicate) -> tuple[frozenset[str], frozenset[str]]:
        # Conditions live as long as their rule set, so that their identity is a safe and quick key.
        reached = self._reached
        if id(predicate) not in reached:
            inputs: set[str] = set()
            criteria: set[str] = set()
            for name in predicates.names(predicates.folded(predicate)):
                if name in self.criteria:
                    deeper = self._reach(self.criteria[name].when)
                    inputs |= deeper[0]
                    criteria |= {name} | deeper[1]
                else:
                    inputs.add(name)
            reached[id(predicate)] = (frozenset(inputs), frozenset(criteria), predicate)
        return reached[id(predicate)][:2]

    @model_validator(mode="after")
    def _is_coherent(self) -> RuleSet:
        problems = [*_name_problems(self), *_result_problems(self), *_time_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _name_problems(rule: RuleSet) -> list[str]:
    known = set(rule.inputs) | set(rule.criteria)
    both = set(rule.inputs) & set(rule.criteria)
    problems = [f"{name!r} is both an input and a criterion" for name in sorted(both)]
    mentioned = {name for condition in rule.conditions for name in predicates.names(condition)}
    problems += [f"{name!r} is neither an input nor a criterion" for name in sorted(mentioned - known)]
    used = mentioned if not mentioned - known else known
    problems += [f"input {name!r} is never used" for name in sorted(set(rule.inputs) - used)]
    strangers = set(rule.typical) - known
    problems += [f"typical names {name!r}, which does not exist" for name in sorted(strangers)]
    for case in rule.worked_cases:
        problems += [f"case {case.name!r} names {n!r}, which does not exist" for n in sorted(set(case.given) - known)]
    return problems


def _result_problems(rule: RuleSet) -> list[str]:
    problems: list[str] = []
    if bool(rule.cases) == bool(rule.items):
        problems.append("either cases or items are needed")
    if rule.cases and rule.otherwise is None:
        problems.append("cases need otherwise")
    values = [c.value for c in rule.cases] + ([] if rule.otherwise is None else [rule.otherwise])
    outside = [v for v in values if not rule.result.lowest <= v <= rule.result.highest]
    problems += [f"value {v} is outside the range of the result" for v in outside]
    listed = [c.value for c in rule.cases]
    if rule.kind == "grading-scale" and (listed != sorted(listed, reverse=True) or len(set(listed)) != len(listed)):
        problems.append("grades must stand once each, highest first")
    if rule.kind == "grading-scale" and rule.episodes is None:
        problems.append("a grading scale needs episodes")
    if rule.kind == "grading-scale" and rule.result.kind != "grade":
        problems.append("a grading scale gives a grade")
    return problems


def _time_problems(rule: RuleSet) -> list[str]:
    """Words about time stand alone at the top of a criterion, so that both engines evaluate them once."""
    problems = []
    tops = [(f"criterion {name!r}", c.when, True) for name, c in rule.criteria.items()]
    tops += [("a case, item, flag or applies", when, False) for when in rule.conditions[len(rule.criteria) :]]
    for where, top, may_start in tops:
        inner = list(predicates.walk(top))[1 if may_start else 0 :]
        if any(isinstance(node, Sustained | Syndrome) for node in inner):
            problems.append(f"{where}: sustained and syndrome may only stand at the top of a criterion of their own")
    return problems


__all__ = [
    "Band",
    "Case",
    "Constant",
    "Criterion",
    "EpisodeRule",
    "Flag",
    "Item",
    "MapPoint",
    "Parameter",
    "Ref",
    "Result",
    "RuleSet",
    "Signature",
    "Source",
    "Validity",
    "Window",
    "WorkedCase",
    "bind",
]
