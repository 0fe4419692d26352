"""The closed language of rule files: comparisons, three-valued logic, and two words about time.

Place    Floor 1. Parsed here from YAML; evaluated by the plain and the vectorised engine, each in its own way.
In       A name, or a mapping with exactly one key from the list below.
Out      Frozen nodes. Nothing is ever evaluated as code.
Missing  Every predicate is true, false or unknown. No word asks whether something is recorded: knowing more may only
         narrow an answer, and such a word would break that.
Does not Loop, assign or calculate. What needs a loop is an input with a named method.

Grammar::

    name                                   a criterion, or a yes/no input
    {at_least: [input, number]}            value >= number; likewise at_most (<=), above (>), below (<)
    {between: [input, low, high]}          low <= value <= high, both inclusive
    {is: [input, category]}                the category is this one
    {in: [input, [category, ...]]}         the category is one of these
    {all: [...]}  {any: [...]}  {not: p}   Kleene's strong logic
    {n_of: {at_least: n, of: [...]}}       at least n hold
    {possible: p}                          unknown where p holds or may hold: evidence that opens a question without answering it
    {chosen: [$parameter, choice]}         the parameter has this value
    {sustained: {of: p, hours: h}}         p has held without a break for at least h hours up to now
    {syndrome: {opens: p, sustained_by: q, masked_by: m, clear_hours: h}}
                                           p holds now; or p opened an episode that has not been clear of q for h hours, and m
                                           held at some time since the episode opened
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard

from vein2vein.errors import KnowledgeError

Comparison = Literal["at_least", "at_most", "above", "below"]
COMPARISONS: Final = ("at_least", "at_most", "above", "below")


@dataclass(frozen=True, slots=True)
class Ref:
    """A criterion or a yes/no input, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number compared with a cut-off."""

    op: Comparison
    input: str
    cut_off: float


@dataclass(frozen=True, slots=True)
class IsIn:
    """A category that is one of some categories."""

    input: str
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class CountOf:
    """At least `needed` of the parts hold; `all` and `any` are counts too."""

    needed: int
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Possible:
    """Unknown where the part holds or may hold, false elsewhere."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Constant:
    """A choice made by a parameter."""

    value: bool


@dataclass(frozen=True, slots=True)
class Sustained:
    """The part has held for at least `hours` without a break."""

    part: Predicate
    hours: float


@dataclass(frozen=True, slots=True)
class Syndrome:
    """An episode opened by one sign and recognised by others after treatment has masked that sign."""

    opens: Predicate
    sustained_by: Predicate
    masked_by: Predicate
    clear_hours: float


Predicate = Ref | Compare | IsIn | CountOf | Not | Possible | Constant | Sustained | Syndrome


def _refuse(saw: object, expected: str) -> KnowledgeError:
    return KnowledgeError(
        "RULE-002",
        saw=f"{saw!r}",
        expected=expected,
        fix="write the condition in the closed language of vein2vein.knowledge.predicates",
    )


def parse(raw: object) -> Predicate:
    """Parse one condition of a rule file.

    Raises:
        KnowledgeError: RULE-002 when the condition is not in the grammar.
    """
    if isinstance(raw, str) and raw and not raw.startswith("$"):
        return Ref(raw)
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise _refuse(raw, "a name, or a mapping with exactly one key")
    word, body = next(iter(raw.items()))
    if word in COMPARISONS:
        name, cut_off = _pair(raw, body)
        return Compare(word, name, _number(raw, cut_off))
    parser = _PARSERS.get(str(word))
    if parser is None:
        raise _refuse(raw, f"one of {', '.join((*COMPARISONS, *_PARSERS))}")
    return parser(raw, body)


def _is_list(body: object, length: int | None = None) -> TypeGuard[list[Any]]:
    return isinstance(body, list) and bool(body) and (length is None or len(body) == length)


def _pair(raw: object, body: object) -> tuple[str, Any]:
    if not _is_list(body, 2) or not isinstance(body[0], str):
        raise _refuse(raw, "a list of an input name and a value")
    return body[0], body[1]


def _number(raw: object, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(raw, "a number as cut-off")
    return float(value)


def _between(raw: object, body: object) -> Predicate:
    if not _is_list(body, 3) or not isinstance(body[0], str):
        raise _refuse(raw, "a list of an input name, a low and a high number, both inclusive")
    low, high = _number(raw, body[1]), _number(raw, body[2])
    if low > high:
        raise _refuse(raw, "a low number that is not above the high number")
    return CountOf(2, (Compare("at_least", body[0], low), Compare("at_most", body[0], high)))


def _is(raw: object, body: object) -> Predicate:
    name, category = _pair(raw, body)
    if not isinstance(category, str):
        raise _refuse(raw, "one category")
    return IsIn(name, frozenset((category,)))


def _in(raw: object, body: object) -> Predicate:
    name, categories = _pair(raw, body)
    if not _is_list(categories) or not all(isinstance(c, str) for c in categories):
        raise _refuse(raw, "a list of categories")
    return IsIn(name, frozenset(categories))


def _all(raw: object, body: object) -> Predicate:
    if not _is_list(body):
        raise _refuse(raw, "a list of conditions")
    return CountOf(len(body), tuple(parse(part) for part in body))


def _any(raw: object, body: object) -> Predicate:
    if not _is_list(body):
        raise _refuse(raw, "a list of conditions")
    return CountOf(1, tuple(parse(part) for part in body))


def _n_of(raw: object, body: object) -> Predicate:
    if not isinstance(body, Mapping) or set(body) != {"at_least", "of"} or not _is_list(body["of"]):
        raise _refuse(raw, "n_of with at_least and a list under of")
    needed = body["at_least"]
    if isinstance(needed, bool) or not isinstance(needed, int) or not 1 <= needed <= len(body["of"]):
        raise _refuse(raw, "at_least between 1 and the number of conditions")
    return CountOf(needed, tuple(parse(part) for part in body["of"]))


def _not(raw: object, body: object) -> Predicate:
    return Not(parse(body))


def _possible(raw: object, body: object) -> Predicate:
    return Possible(parse(body))


def _chosen(raw: object, body: object) -> Predicate:
    if not _is_list(body, 2):
        raise _refuse(raw, "a parameter and one of its choices")
    return Constant(body[0] == body[1])


def _sustained(raw: object, body: object) -> Predicate:
    if not isinstance(body, Mapping) or set(body) != {"of", "hours"}:
        raise _refuse(raw, "sustained with of and hours")
    return Sustained(parse(body["of"]), _number(raw, body["hours"]))


def _syndrome(raw: object, body: object) -> Predicate:
    if not isinstance(body, Mapping) or set(body) != {"opens", "sustained_by", "masked_by", "clear_hours"}:
        raise _refuse(raw, "syndrome with opens, sustained_by, masked_by and clear_hours")
    return Syndrome(
        parse(body["opens"]),
        parse(body["sustained_by"]),
        parse(body["masked_by"]),
        _number(raw, body["clear_hours"]),
    )


_PARSERS: Final = {
    "between": _between,
    "is": _is,
    "in": _in,
    "all": _all,
    "any": _any,
    "n_of": _n_of,
    "not": _not,
    "possible": _possible,
    "chosen": _chosen,
    "sustained": _sustained,
    "syndrome": _syndrome,
}


def parts(predicate: Predicate) -> tuple[Predicate, ...]:
    """The direct parts of a condition; empty for a leaf."""
    match predicate:
        case CountOf():
            return predicate.parts
        case Not() | Possible() | Sustained():
            return (predicate.part,)
        case Syndrome():
            return (predicate.opens, predicate.sustained_by, predicate.masked_by)
        case _:
            return ()


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """The condition and all its parts, outermost first."""
    yield predicate
    for part in parts(predicate):
        yield from walk(part)


def names(predicate: Predicate) -> frozenset[str]:
    """Names of all criteria and inputs that the condition mentions."""
    found = (
        node.name if isinstance(node, Ref) else node.input
        for node in walk(predicate)
        if isinstance(node, Ref | Compare | IsIn)
    )
    return frozenset(found)


def folded(predicate: Predicate) -> Predicate:
    """The condition without the branches that the chosen parameters have switched off."""
    match predicate:
        case CountOf(needed, parts):
            return _folded_count(needed, tuple(folded(part) for part in parts))
        case Not(part):
            inner = folded(part)
            return Constant(not inner.value) if isinstance(inner, Constant) else Not(inner)
        case Possible(part):
            inner = folded(part)
            return inner if inner == Constant(value=False) else Possible(inner)
        case Sustained(part, hours):
            return Sustained(folded(part), hours)
        case Syndrome(opens, sustained_by, masked_by, clear_hours):
            return Syndrome(folded(opens), folded(sustained_by), folded(masked_by), clear_hours)
        case _:
            return predicate


def _folded_count(needed: int, parts: tuple[Predicate, ...]) -> Predicate:
    left = tuple(part for part in parts if not isinstance(part, Constant))
    still = needed - sum(1 for part in parts if part == Constant(value=True))
    if still <= 0:
        return Constant(value=True)
    if still > len(left):
        return Constant(value=False)
    return left[0] if len(left) == 1 else CountOf(still, left)
