"""Conditions and cases over a grid of instants.

Place    Engine, vector. The fast twin of `knowledge.evaluation`; same meaning.
In       A rule set prepared once (`Prepared`), and the truths of its leaves on a grid.
Out      Bounds, and deciding criteria, missing inputs and flags as bits.
Knows    A truth is a pair of arrays: certain, possible. A constant truth stays a single number and is spread only at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from vein2vein.engine.vector.rows import Leaf
from vein2vein.knowledge import predicates
from vein2vein.knowledge.predicates import (
    Compare,
    Constant,
    CountOf,
    IsIn,
    Not,
    Possible,
    Predicate,
    Ref,
)
from vein2vein.knowledge.schema import Case, RuleSet

BoolLike = Any  # a boolean array over the grid, or one boolean for all of it
Pair = tuple[BoolLike, BoolLike]
Bits = npt.NDArray[np.uint64]
LeafTruth = Callable[[str, Leaf], Pair]
Name = TypeVar("Name")
WORD = 62


@dataclass(frozen=True)
class Prepared:
    """What can be worked out of a rule set before any course is seen."""

    rule: RuleSet
    leaves: Mapping[str, tuple[Leaf, ...]]
    input_keys: Mapping[str, str]
    missing_names: tuple[str, ...]
    criteria_names: tuple[str, ...]
    groups: tuple[tuple[tuple[Case, ...], int], ...]
    missing_of: Mapping[int, frozenset[str]]
    criteria_of: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, rule: RuleSet) -> Prepared:
        """Prepare a rule set."""
        leaves: dict[str, dict[Leaf, None]] = {name: {} for name in rule.inputs}
        for condition in rule.conditions:
            for node in predicates.walk(condition):
                if isinstance(node, Ref) and node.name in rule.inputs:
                    leaves[node.name][node] = None
                elif isinstance(node, Compare | IsIn):
                    leaves[node.input][node] = None
        groups = (
            tuple((item.cases, item.otherwise) for item in rule.items)
            if rule.items
            else ((rule.cases, rule.otherwise or 0),)
        )
        cases = [case for group, _ in groups for case in group]
        missing_of = {}
        criteria_of = {}
        for case in cases:
            criteria = rule.criteria_of(case.when)
            criteria_of[id(case)] = criteria
            missing_of[id(case)] = rule.inputs_of(case.when) | (criteria & {*rule.over_time, *rule.open_points})
        return cls(
            rule,
            {name: tuple(found) for name, found in leaves.items()},
            {name: take.model_dump_json(exclude={"label"}) for name, take in rule.inputs.items()},
            tuple(sorted({*rule.inputs, *rule.over_time, *rule.open_points})),
            tuple(sorted(rule.criteria)),
            groups,
            missing_of,
            criteria_of,
        )


def truth_of(predicate: Predicate, leaf: LeafTruth, criteria: Mapping[str, Pair]) -> Pair:
    """Certain and possible truth of a condition on the grid."""
    # The commonest first, by plain questions about the type: this runs some thousand times for each rule set.
    if isinstance(predicate, Ref):
        name = predicate.name
        return criteria[name] if name in criteria else leaf(name, predicate)
    if isinstance(predicate, Compare | IsIn):
        return leaf(predicate.input, predicate)
    match predicate:
        case CountOf(needed, parts):
            return _count_of(needed, parts, leaf, criteria)
        case Not(part):
            certain, possible = truth_of(part, leaf, criteria)
            return opposite(possible), opposite(certain)
        case Possible(part):
            return False, truth_of(part, leaf, criteria)[1]
        case Constant(value):
            return value, value
        case _:
            msg = "conditions over time are worked out by over_time"
            raise TypeError(msg)


def opposite(truth: BoolLike) -> BoolLike:
    """The other truth, of an array or of one boolean for all of it."""
    return (not truth) if isinstance(truth, bool) else ~truth


def _count_of(needed: int, parts: tuple[Predicate, ...], leaf: LeafTruth, criteria: Mapping[str, Pair]) -> Pair:
    """Whether so many parts are true; parts that can no longer matter are not asked."""
    certain, possible, may_fail = [], [], len(parts) - needed
    for part in parts:
        truth = truth_of(part, leaf, criteria)
        if truth[0] is True:
            needed -= 1
            if needed == 0:
                return True, True
        elif truth[1] is False:
            may_fail -= 1
            if may_fail < 0:
                return False, False
        else:
            certain.append(truth[0])
            possible.append(truth[1])
    return _count(certain, needed), _count(possible, needed)


def _count(truths: list[BoolLike], needed: int) -> BoolLike:
    arrays = [t for t in truths if not isinstance(t, bool)]
    fixed = truths.count(True) if not arrays else sum(t for t in truths if isinstance(t, bool))
    if fixed >= needed:
        return True
    if fixed + len(arrays) < needed:
        return False
    left = needed - fixed
    if left == 1:
        return _reduce(np.logical_or, arrays)
    if left == len(arrays):
        return _reduce(np.logical_and, arrays)
    total = arrays[0].astype(np.int16)
    for more in arrays[1:]:
        total += more
    return total >= left


def _reduce(ufunc: np.ufunc, arrays: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    result = arrays[0]
    for more in arrays[1:]:
        result = ufunc(result, more)
    return result


@dataclass
class Outcome:
    """The answer on the grid: bounds, and sets of names as bits."""

    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]
    deciding: Bits
    missing: Bits


def words(n_names: int) -> int:
    """How many 62-bit words hold a set of names."""
    return max(1, -(-n_names // WORD))


def bits_of(names: frozenset[str], order: tuple[str, ...]) -> list[int]:
    """A set of names as words of bits."""
    found = [0] * words(len(order))
    for place, name in enumerate(order):
        if name in names:
            found[place // WORD] |= 1 << (place % WORD)
    return found


def members(found: list[int], order: tuple[Name, ...]) -> tuple[Name, ...]:
    """A set of names from words of bits."""
    return tuple(name for place, name in enumerate(order) if found[place // WORD] >> (place % WORD) & 1)


def pack(truths: list[BoolLike], n: int) -> Bits:
    """Truths of named things as words of bits, array (n_words, n)."""
    packed = np.zeros((words(len(truths)), n), np.uint64)
    for place, truth in enumerate(truths):
        if truth is False:
            continue
        word, bit = packed[place // WORD], np.uint64(1 << (place % WORD))
        if truth is True:
            word |= bit
        else:
            word[truth] |= bit
    return packed


def evaluate(
    prepared: Prepared,
    n: int,
    leaf: LeafTruth,
    *,
    criteria: Mapping[str, Pair],
    unknown: Bits,
) -> Outcome:
    """The cases or items of a rule set on a grid of n instants.

    Args:
        prepared: The rule set.
        n: Number of instants.
        leaf: Truth of a leaf on the grid.
        criteria: Truth of every criterion on the grid.
        unknown: Inputs, criteria over time and criteria left open by a choice that are not known, as bits in the order of
            `missing_names`.
    """
    certain = pack([criteria[name][0] for name in prepared.criteria_names], n)
    total = Outcome(np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros_like(certain), np.zeros_like(unknown))
    for group in prepared.groups:
        part = _first_match(prepared, group, leaf, criteria=criteria, certain_bits=certain, unknown=unknown)
        total.low += part.low
        total.high += part.high
        total.deciding |= part.deciding
        total.missing |= part.missing
    return total


def _first_match(
    prepared: Prepared,
    group: tuple[tuple[Case, ...], int],
    leaf: LeafTruth,
    *,
    criteria: Mapping[str, Pair],
    certain_bits: Bits,
    unknown: Bits,
) -> Outcome:
    (cases, otherwise), n = group, unknown.shape[-1]
    low = np.full(n, np.iinfo(np.int32).max, np.int32)
    high = np.full(n, np.iinfo(np.int32).min, np.int32)
    deciding = np.zeros_like(certain_bits)
    missing = np.zeros_like(unknown)
    open_still = np.ones(n, bool)
    for case in cases:
        truths = truth_of(case.when, leaf, criteria)
        if truths[1] is False:
            continue
        certain, possible = (_spread(t, n) for t in truths)
        reached = possible & open_still
        if not reached.any():
            continue
        low[reached] = np.minimum(low[reached], case.value)
        high[reached] = np.maximum(high[reached], case.value)
        undecided = reached & ~certain
        for word, bits in enumerate(bits_of(prepared.missing_of[id(case)], prepared.missing_names)):
            missing[word][undecided] |= unknown[word][undecided] & np.uint64(bits)
        decided = reached & certain
        for word, bits in enumerate(bits_of(prepared.criteria_of[id(case)], prepared.criteria_names)):
            deciding[word][decided] |= certain_bits[word][decided] & np.uint64(bits)
        open_still &= ~certain
    low[open_still] = np.minimum(low[open_still], otherwise)
    high[open_still] = np.maximum(high[open_still], otherwise)
    return Outcome(low, high, deciding, missing)


def _spread(truth: BoolLike, n: int) -> npt.NDArray[np.bool_]:
    return np.full(n, truth, bool) if isinstance(truth, bool) else truth
