"""Response criteria: categories of a decision table over measurements, with the arithmetic between them in the file.

Place    Floor 1. Read by `journey.response`.
In       Files of kind `response` (data/response): facts, constants, derived facts, rows that name a category.
Out      `Response`: the categories that are possible, the facts that decide, the facts that are missing.
Knows    Rows stand in the order in which they are asked; the first that holds names the category, otherwise `otherwise`.
         A derived fact is closed arithmetic (that of `formulas`) over facts and constants; `assigned` says which numbers stand
         for a word, such as the 5 mm of a lesion too small to measure.
Missing  A missing fact leaves every category possible that it could lead to. Nothing is ever taken as normal. A fact is asked
         for only where a condition that it could still change is open.
Does not Know dates: baseline, nadir and confirmation are found by the journey, which gives them as facts.
Source   Ranges are followed by interval arithmetic: never too narrow, wider than needed where a fact stands twice.
Checked  tests/knowledge/test_every_document.py; tests/unit/knowledge/test_response_of_protocols.py
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.decisions import DecisionTable, Fact, Row, TableCase
from vein2vein.knowledge.edition import Strict, Text, Wording
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.formulas import FUNCTIONS, NOISE_DECIMALS, Interval, evaluate, parsed
from vein2vein.knowledge.predicates import Predicate, Ref, parts
from vein2vein.knowledge.values import Categories, NumberRange, Value, is_known


class Category(Strict):
    """One category; categories stand best first, so that a best response can be named."""

    name: Text
    label: Wording


class Assigned(Strict):
    """The numbers that stand for a category of a fact: fact -> category -> number."""

    by: Text
    values: dict[str, dict[str, float]]


class ResponseCase(TableCase):
    """One example: the facts, and the category (or all that are possible, best first); of findings, the rows.

    `values` says which numbers come out for facts that are assigned or derived.
    """

    expect: Text | tuple[Text, ...] | None = None
    values: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Categorised:
    """What a response file says of one assessment.

    Attributes:
        possible: Names of the categories that are possible, best first; one when it is known.
        deciding: Facts that are known and on which the row rests that holds; empty while the category is open.
        missing: Facts that keep it open, sorted.
        row: The row that holds for certain; None while the category is open, and for `otherwise`.
    """

    possible: tuple[str, ...]
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    row: Row | None

    @property
    def category(self) -> str | None:
        """The category; None while more than one is possible."""
        return self.possible[0] if len(self.possible) == 1 else None


class Response(DecisionTable):
    """One set of response criteria, or one part of it, with parameters put in.

    A file with `categories` names exactly one category a row and one under `otherwise`. A file without categories lists
    findings (`policy: every`): what a lesion shows, or what to be careful about. `remarks` are said with every answer of the
    file: what a reader may expect of it and it does not hold.
    """

    RULE_PARTS: ClassVar = ("conditions", "rows", "applies", "constants", "assigned", "otherwise")

    kind: Literal["response"]
    constants: dict[str, float] = Field(default_factory=dict)
    derived: dict[str, Text] = Field(default_factory=dict)
    assigned: tuple[Assigned, ...] = ()
    categories: tuple[Category, ...] = ()
    otherwise: Text | None = None
    confirm: tuple[Text, ...] = ()
    remarks: tuple[Wording, ...] = ()
    worked_cases: Annotated[tuple[ResponseCase, ...], Field(min_length=1)]

    @cached_property
    def trees(self) -> Mapping[str, ast.expr]:
        """The derived facts, parsed."""
        return {name: parsed(text) for name, text in self.derived.items()}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the categories, best first."""
        return tuple(category.name for category in self.categories)

    def _bases(self, name: str) -> frozenset[str]:
        """Names that a derived fact mentions, functions left out."""
        return frozenset(n.id for n in ast.walk(self.trees[name]) if isinstance(n, ast.Name)) - set(FUNCTIONS)

    def _needed(self) -> set[str]:
        return {n for d in self.derived for n in self._bases(d)} - set(self.constants) | {a.by for a in self.assigned}

    @model_validator(mode="after")
    def _arithmetic_is_coherent(self) -> Response:
        problems = [f"derived {name!r} is no fact" for name in self.derived if name not in self.facts]
        done: set[str] = set(self.constants) | (set(self.facts) - set(self.derived))
        for name in self.derived:
            problems += [f"derived {name!r} uses {n!r} before it is known" for n in sorted(self._bases(name) - done)]
            done.add(name)
        used = {n for d in self.derived for n in self._bases(d)}
        problems += [f"constant {name!r} is never used" for name in sorted(set(self.constants) - used)]
        for part in self.assigned:
            known = set(self.facts[part.by].categories) if part.by in self.facts else set()
            problems += [
                f"{part.by!r} has no category {c!r}" for v in part.values.values() for c in v if c not in known
            ]
            problems += [f"assigned {name!r} is no fact" for name in part.values if name not in self.facts]
        given = {n for case in self.worked_cases for n in case.given} | set(self.typical)
        problems += [f"a case or typical gives {n!r}, which is derived" for n in sorted(given & set(self.derived))]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _categories_are_named(self) -> Response:
        if not self.categories:
            if self.otherwise is not None or self.policy != "every":
                msg = "a file without categories lists findings: policy every, and no otherwise"
                raise ValueError(msg)
            return self
        if self.policy != "first" or self.otherwise not in self.names:
            msg = "a file with categories asks its rows in order (policy: first) and names one under otherwise"
            raise ValueError(msg)
        wrong = [row.name for row in self.rows if len(row.then) != 1 or row.then[0] not in self.names]
        wrong += [name for name in self.confirm if name not in self.names]
        if wrong:
            msg = f"without exactly one known category: {', '.join(wrong)}"
            raise ValueError(msg)
        return self

    def complete(self, state: Mapping[str, Value]) -> dict[str, Value]:
        """All facts: what is given, numbers that stand for words, and what follows by arithmetic."""
        values = {name: _within(state.get(name, fact.unknown), fact) for name, fact in self.facts.items()}
        for part in self.assigned:
            word = values[part.by]
            if isinstance(word, Categories):
                for name, numbers in part.values.items():
                    values[name] = _assigned(values[name], numbers, word)
        names: dict[str, Interval] = {name: (number, number) for name, number in self.constants.items()}
        names |= {name: _interval(value) for name, value in values.items() if isinstance(value, NumberRange)}
        for name, tree in self.trees.items():
            names[name] = _settled(tree, names)
            values[name] = NumberRange(*names[name])
        return values

    def _truths(self, state: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Truth]]:
        values = self.complete(state)
        truths: dict[str, Truth] = {}
        for name in self.order:
            truths[name] = truth_of(self.conditions[name].when, values, truths)
        return values, truths

    def facts_of(self, predicate: Predicate) -> frozenset[str]:
        """Names of the given facts a condition rests on, through named conditions and derived facts."""
        found: set[str] = set()
        stack = list(super().facts_of(predicate))
        while stack:
            name = stack.pop()
            if name in self.derived:
                stack += self._bases(name) - set(self.constants)
            else:
                found.add(name)
        return frozenset(found)

    @cached_property
    def _asked(self) -> Mapping[str, frozenset[str]]:
        """Names of the given facts that each row rests on, by row."""
        return {row.name: self.facts_of(row.when) for row in self.rows}

    def categorise(self, state: Mapping[str, Value]) -> Categorised:
        """The categories that are possible for a state; a fact that is not in it is missing."""
        values, truths = self._truths(state)
        meant = Truth.TRUE if self.applies is None else truth_of(self.applies, values, truths)
        possible: set[str] = set()
        open_rows: list[Row] = []
        deciding: set[str] = set()
        last: Row | None = None
        for row in self.rows:
            truth = truth_of(row.when, values, truths)
            if truth is Truth.FALSE:
                continue
            asked = self._asked[row.name]
            possible.add(row.then[0])
            open_rows += [row] if truth is Truth.UNKNOWN else []
            deciding |= {name for name in asked if is_known(values[name])}
            if truth is Truth.TRUE:
                last = row
                break
        else:
            possible.add(str(self.otherwise))
        if meant is not Truth.TRUE:
            possible = set(self.names) if meant is Truth.UNKNOWN else set()
        ordered = tuple(name for name in self.names if name in possible)
        if len(ordered) == 1:
            decided = deciding if last is not None else self._all_known(values)
            return Categorised(ordered, tuple(sorted(decided)), (), last)
        asked_for = [row.when for row in open_rows] + (
            [self.applies] if self.applies and meant is Truth.UNKNOWN else []
        )
        missing = {name for predicate in asked_for for name in self._open_in(predicate, values, truths)}
        return Categorised(ordered, (), tuple(sorted(missing)), None)

    def open_in(self, row: Row, state: Mapping[str, Value]) -> tuple[str, ...]:
        """Given facts that leave a row open for a state, sorted; a fact that could no longer change it is not among them."""
        values, truths = self._truths(state)
        return tuple(sorted(set(self._open_in(row.when, values, truths))))

    def _open_in(self, predicate: Predicate, values: Mapping[str, Value], truths: Mapping[str, Truth]) -> Iterator[str]:
        """Given facts that leave a condition open; what stands in a part that is settled can no longer change it."""
        if truth_of(predicate, values, truths) is not Truth.UNKNOWN:
            return
        if isinstance(predicate, Ref) and predicate.name in self.conditions:
            yield from self._open_in(self.conditions[predicate.name].when, values, truths)
            return
        inner = parts(predicate)
        for part in inner:
            yield from self._open_in(part, values, truths)
        if not inner:
            yield from (name for name in self.facts_of(predicate) if not is_known(values[name]))

    def _all_known(self, values: Mapping[str, Value]) -> set[str]:
        """Known facts of all rows: what `otherwise` rests on."""
        return {n for row in self.rows for n in self._asked[row.name] if is_known(values[n])}

    def case_failure(self, case: TableCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        if isinstance(case, ResponseCase) and case.values:
            values = self.complete(self.state(case.given))
            for name, number in case.values.items():
                if values[name] != NumberRange(number, number):
                    return f"expected {name} {number:g}, got {values[name]}"
        if not self.categories:
            return super().case_failure(case)
        expect = case.expect if isinstance(case, ResponseCase) else None
        wanted = (expect,) if isinstance(expect, str) else expect or ()
        got = self.categorise(self.state(case.given)).possible
        return None if got == wanted else f"expected {', '.join(wanted) or 'none'}, got {', '.join(got) or 'none'}"

    def findings(self, state: Mapping[str, Value]) -> dict[str, Truth]:
        """Truth of every row of a file without categories, by name."""
        found = {verdict.row.name: verdict.truth for verdict in self.decide(state)}
        return {row.name: found.get(row.name, Truth.FALSE) for row in self.rows}


def _within(value: Value, fact: Fact) -> Value:
    """What is not known of a number lies in its plausible range; a known number is left as it is."""
    if fact.plausible is None or not isinstance(value, NumberRange) or value.is_known:
        return value
    low, high = max(value.low, fact.plausible[0]), min(value.high, fact.plausible[1])
    return replace(value, low=low, high=high) if low <= high else value


def _interval(value: NumberRange) -> Interval:
    return value.low, value.high


def _assigned(given: Value, numbers: Mapping[str, float], word: Categories) -> Value:
    """The number of a fact, where a word stands for one: the hull over the words still possible."""
    ends = [(numbers[c], numbers[c]) for c in word.possible if c in numbers]
    if not (word.possible <= set(numbers)) and isinstance(given, NumberRange):
        ends.append(_interval(given))
    return NumberRange(min(low for low, _ in ends), max(high for _, high in ends)) if ends else given


def _settled(tree: ast.expr, names: Mapping[str, Interval]) -> Interval:
    """The range of a derived fact; what cannot be computed (a division by zero) is unknown."""
    try:
        low, high = evaluate(tree, names)
    except ArithmeticError:
        return -math.inf, math.inf
    if math.isclose(low, high, rel_tol=1e-12, abs_tol=1e-12):
        # The noise of binary floating point must not decide on which side of a cut-off a result lies.
        low = high = round(low, NOISE_DECIMALS)
    return low, high
