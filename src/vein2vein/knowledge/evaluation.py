"""Apply a rule set to the values of its inputs at one instant: the plain definition of what a rule file means.

Place    Floor 1. Read by the plain engine and by the knowledge checks.
In       A bound rule set; a value for every input; truths of the criteria that speak about time.
Out      `Evaluation`: bounds, deciding criteria, missing inputs, flags.
Missing  An input that is not given is missing: any number, any category, unknown.
Does not Look at a timeline or at time.
Checked  tests/knowledge/test_worked_cases.py: the worked cases of every rule file
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vein2vein.basis.truth import Bounds, Truth
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
)
from vein2vein.knowledge.schema import Case, RuleSet
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value, is_known


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a rule set says about one set of input values.

    Attributes:
        applies: Whether the rule set applies to this patient at all.
        bounds: Lowest and highest possible result.
        deciding: Criteria that hold for certain in the case that gives the lower bound, sorted.
        missing: What keeps a higher result open, sorted: inputs that are not fully known, criteria over time whose past is not
            fully known, and criteria that a choice leaves open although all their inputs are known.
        flags: Positions of the flags whose condition holds or may hold.
        criteria: Truth of every criterion.
    """

    applies: Truth
    bounds: Bounds
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    flags: tuple[int, ...]
    criteria: Mapping[str, Truth]


def evaluate(rule: RuleSet, values: Mapping[str, Value], over_time: Mapping[str, Truth] | None = None) -> Evaluation:
    """Evaluate a rule set.

    Args:
        rule: A bound rule set.
        values: Possible values by input name; an absent input is missing.
        over_time: Truths of criteria made of `sustained` or `syndrome`; an absent one is unknown.
    """
    truths = criteria_truths(rule, values, over_time or {})
    applies = Truth.TRUE if rule.applies is None else truth_of(rule.applies, values, truths)
    result = (
        _by_items(rule, values, truths)
        if rule.items
        else _by_cases(rule, rule.cases, rule.otherwise or 0, values, truths)
    )
    flags = tuple(i for i, flag in enumerate(rule.flags) if truth_of(flag.when, values, truths).is_possible)
    missing = set(result.missing)
    bounds = result.bounds
    if applies is Truth.UNKNOWN and rule.applies is not None:
        missing |= {name for name in rule.inputs_of(rule.applies) if not _known(values.get(name))}
        bounds = Bounds(min(rule.result.lowest, bounds.low), bounds.high)
    return Evaluation(applies, bounds, tuple(sorted(result.deciding)), tuple(sorted(missing)), flags, truths)


def criteria_truths(rule: RuleSet, values: Mapping[str, Value], over_time: Mapping[str, Truth]) -> dict[str, Truth]:
    """Truth of every criterion, each evaluated after those it mentions."""
    truths: dict[str, Truth] = {}
    for name in rule.order:
        when = rule.criteria[name].when
        if isinstance(when, Sustained | Syndrome):
            truths[name] = over_time.get(name, Truth.UNKNOWN)
        else:
            truths[name] = truth_of(when, values, truths)
    return truths


def truth_of(  # noqa: PLR0911  (one line per word of the language)
    predicate: Predicate, values: Mapping[str, Value], criteria: Mapping[str, Truth]
) -> Truth:
    """Truth of one condition; an input that is absent from `values` is missing."""
    match predicate:
        case Ref(name):
            if name in criteria:
                return criteria[name]
            value = values.get(name, Truth.UNKNOWN)
            return value if isinstance(value, Truth) else Truth.UNKNOWN
        case Compare(op, name, cut_off):
            number = values.get(name, ANY_NUMBER)
            return number.compare(op, cut_off) if isinstance(number, NumberRange) else Truth.UNKNOWN
        case IsIn(name, categories):
            category = values.get(name)
            return category.is_in(categories) if isinstance(category, Categories) else Truth.UNKNOWN
        case CountOf(needed, parts):
            return _count_of(needed, parts, values, criteria)
        case Not(part):
            return ~truth_of(part, values, criteria)
        case Possible(part):
            return Truth.UNKNOWN if truth_of(part, values, criteria).is_possible else Truth.FALSE
        case Constant(value):
            return Truth.of(value)
        case Sustained() | Syndrome():
            msg = "conditions over time are evaluated by the engines"
            raise TypeError(msg)


def _count_of(
    needed: int, parts: tuple[Predicate, ...], values: Mapping[str, Value], criteria: Mapping[str, Truth]
) -> Truth:
    """What `at_least` says of the parts, which are looked at only until the answer cannot change any more."""
    certain, may_fail = 0, len(parts) - needed
    if may_fail < 0:
        return Truth.FALSE
    for part in parts:
        truth = truth_of(part, values, criteria)
        if truth is Truth.FALSE:
            may_fail -= 1
            if may_fail < 0:
                return Truth.FALSE
        elif truth is Truth.TRUE:
            certain += 1
            if certain >= needed:
                return Truth.TRUE
    return Truth.TRUE if certain >= needed else Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Outcome:
    bounds: Bounds
    deciding: frozenset[str]
    missing: frozenset[str]


def _by_cases(  # noqa: PLR0917  (the pieces of one evaluation)
    rule: RuleSet,
    cases: tuple[Case, ...],
    otherwise: int,
    values: Mapping[str, Value],
    truths: Mapping[str, Truth],
) -> _Outcome:
    """First case that holds wins; every unknown case before it stays possible."""
    open_values: list[int] = []
    missing: set[str] = set()
    deciding: frozenset[str] = frozenset()
    for case in cases:
        truth = truth_of(case.when, values, truths)
        if truth is Truth.UNKNOWN:
            open_values.append(case.value)
            missing |= {name for name in rule.inputs_of(case.when) if not _known(values.get(name))}
            missing |= {n for n in rule.criteria_of(case.when) if _is_open(rule, n, values, truths)}
        elif truth is Truth.TRUE:
            deciding = frozenset(n for n in rule.criteria_of(case.when) if truths[n] is Truth.TRUE)
            open_values.append(case.value)
            break
    else:
        open_values.append(otherwise)
    return _Outcome(Bounds(min(open_values), max(open_values)), deciding, frozenset(missing))


def _by_items(rule: RuleSet, values: Mapping[str, Value], truths: Mapping[str, Truth]) -> _Outcome:
    total = Bounds(0, 0)
    deciding: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    for item in rule.items:
        outcome = _by_cases(rule, item.cases, item.otherwise, values, truths)
        total += outcome.bounds
        deciding |= outcome.deciding
        missing |= outcome.missing
    return _Outcome(total, deciding, missing)


def _is_open(rule: RuleSet, name: str, values: Mapping[str, Value], truths: Mapping[str, Truth]) -> bool:
    """Whether a criterion is unknown for a reason of its own: its past, or a choice that nothing recorded can settle."""
    if truths[name] is not Truth.UNKNOWN:
        return False
    if name in rule.over_time:
        return True
    if not all(_known(values.get(n)) for n in rule.inputs_of(rule.criteria[name].when)):
        return False
    return any(truth_of(choice, values, truths).is_possible for choice in rule.open_points.get(name, ()))


def _known(value: Value | None) -> bool:
    return value is not None and is_known(value)
