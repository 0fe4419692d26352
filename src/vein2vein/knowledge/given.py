"""What a worked case gives for one input: words and numbers turned into possible values.

Place    Floor 1. Read by the case packs of rule sets, formulas and decision tables.
In       An input declaration, and null, a word, a number, [low, high] or {value, unit}.
Out      The possible values, in the canonical unit of the input.
Missing  Null is missing; so is a unit that cannot be used, and a value outside the plausible range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vein2vein.basis.truth import Truth
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.edition import Strict, Text
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value


class GivenUnit(Strict):
    """A value with a unit, in a case; a unit that cannot be used makes the input unknown."""

    value: float
    unit: Text


def type_of(take: Input) -> str:
    """number, category or yes_no: what an input yields."""
    match take:
        case methods.Latest():
            return observation_kind(take.observation).type
        case methods.Active() | methods.Given() | methods.Death() | methods.UnrecoveredRun():
            return "yes_no"
        case methods.CourseField():
            return "category"
        case _:
            return "number"


def categories_of_input(take: Input) -> frozenset[str]:
    """All categories that an input can have; empty for numbers and yes/no."""
    match take:
        case methods.Latest():
            return frozenset(observation_kind(take.observation).categories)
        case methods.CourseField():
            return frozenset((*take.categories, "other"))
        case _:
            return frozenset()


def value_of(take: Input, given: Any) -> Value:
    """The possible values behind one word or number of a worked case."""
    kind = type_of(take)
    if kind == "yes_no":
        return as_truth(given)
    if kind == "category":
        return as_categories(categories_of_input(take), given)
    return _as_number(take, given)


def as_truth(given: Any) -> Truth:
    """yes, no or null as a truth.

    Raises:
        ValueError: for anything else.
    """
    words = {"yes": Truth.TRUE, "no": Truth.FALSE, None: Truth.UNKNOWN, True: Truth.TRUE, False: Truth.FALSE}
    if given not in words:
        msg = f"saw {given!r}, expected yes, no or null"
        raise ValueError(msg)
    return words[given]


def as_categories(universe: frozenset[str], given: Any) -> Categories:
    """One category, a list of those still possible, or null for any.

    Raises:
        ValueError: for a category that is not in a stated universe.
    """
    if given is None:
        return Categories(universe)
    found = frozenset([given] if isinstance(given, str) else given)
    if universe and not found <= universe:
        msg = f"saw {', '.join(sorted(map(str, found - universe)))}, expected of {', '.join(sorted(universe))}"
        raise ValueError(msg)
    return Categories(found)


def as_number(given: Any) -> NumberRange:
    """A number, [low, high], or null for any number."""
    if given is None:
        return ANY_NUMBER
    if isinstance(given, list | tuple):
        return NumberRange(float(given[0]), float(given[1]))
    return NumberRange(float(given), float(given))


def _as_number(take: Input, given: Any) -> NumberRange:
    return _converted(take, GivenUnit.model_validate(given)) if isinstance(given, Mapping) else as_number(given)


def _converted(take: Input, given: GivenUnit) -> NumberRange:
    from vein2vein.basis.units import convert  # noqa: PLC0415  (pint is slow to load and rarely needed here)

    observation = getattr(take, "observation", None)
    if observation is None or getattr(take, "relative_to", None) is not None:
        return ANY_NUMBER
    kind = observation_kind(observation)
    value = convert(given.value, given.unit, str(kind.unit), molar_mass=kind.molar_mass)
    if value is None or given.unit in kind.ambiguous_units:
        return ANY_NUMBER
    value = round(value, kind.decimals)
    if kind.plausible is not None and not kind.plausible[0] <= value <= kind.plausible[1]:
        return ANY_NUMBER
    return NumberRange(value, value)
