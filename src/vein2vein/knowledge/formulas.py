"""Published formulas as data: closed arithmetic over inputs that may be missing, with bounds instead of gaps.

Place    Floor 1. Read by the journey (scores, doses, kidney function) and by the knowledge checks.
In       Files of kind `formula` (knowledge/data/formulas); possible values of their inputs.
Out      `Computed`: the range of the result, its possible bands, what is missing, and why it cannot be computed.
Knows    + - * / **, min, max, sqrt, exp, ln, log2, log10, reached (1 from a
         value on, else 0) and parentheses; nothing else is ever evaluated.
Missing  A missing input is its whole plausible range, so that the bands that are still possible stay visible; the result
         itself is known only when it is one point. A missing number is never a default.
Does not Look at a timeline: whoever asks gives the values, in canonical units.
Source   Ranges are followed by interval arithmetic (Moore 1966): never too narrow, wider than needed where an input stands twice.
Checked  worked cases of every formula file; tests/unit/knowledge/test_formulas.py
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth
from vein2vein.basis.units import conversion
from vein2vein.knowledge import predicates
from vein2vein.knowledge.codes import observation_kind, observations
from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.given import value_of
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.one_line import asked, differences
from vein2vein.knowledge.schema import Condition
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value, is_known

Interval = tuple[float, float]
NOISE_DECIMALS: Final = 9
EVERYTHING: Final[Interval] = (-math.inf, math.inf)


class ByCategory(Strict):
    """A number that depends on a category, such as a constant for each sex."""

    input: Text
    values: Annotated[dict[str, float], Field(min_length=1)]


class ByCondition(Strict):
    """A number that depends on a condition; both numbers stay possible while the condition is unknown."""

    when: Condition
    then: float
    otherwise: float


class NumberBand(Strict):
    """A named range of a result, from its lower end up to the next band; the lowest band has no lower end."""

    name: Text
    text: Wording
    at_least: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _has_one_end(self) -> NumberBand:
        if self.at_least is not None and self.above is not None:
            msg = "a band begins at_least or above, not both"
            raise ValueError(msg)
        return self

    def begins_below(self, value: float) -> bool:
        """Whether a result of `value` has reached this band."""
        if self.above is not None:
            return value > self.above
        return self.at_least is None or value >= self.at_least


class FormulaResult(Strict):
    """The result: its UCUM unit, how many places are shown, and the closed range of results that can be real.

    `step` says that only its multiples can come out, as in a sum of half points; ends of bands are such multiples then.
    """

    name: Wording
    unit: Text
    decimals: Annotated[int, Field(ge=0)] = 2
    plausible: tuple[float, float] | None = None
    step: float | None = None


class FormulaCase(Strict):
    """One example: inputs (null = missing, {value, unit} = converted) and the result, [low, high], or "cannot be computed".

    `tolerance` is the largest difference that still counts as equal; by default half a unit of the last place shown.
    With `asks` the inputs that it names are spelled out, so that no age of a value can change unseen.
    """

    name: Text
    given: dict[str, Any]
    expect: float | tuple[float, float] | Literal["cannot be computed", "not applicable"]
    band: str | None = None
    tolerance: float | None = None
    source: Text | None = None
    asks: dict[Text, Text] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a formula gives.

    Attributes:
        range: Possible results in the unit of the result; one point when everything is known.
        bands: Names of the bands that are possible, lowest first; empty without bands.
        missing: Inputs that are not fully known while the result is open, sorted.
        problem: Why there is no result although nothing is missing, such as a division by zero or a result outside the
            plausible range; None otherwise. The range is then everything.
        applies: Whether the formula is meant for this patient.
        implausible: Whether all results that the inputs allow lie outside the plausible range: most often a slip of a unit.
    """

    range: NumberRange
    bands: tuple[str, ...]
    missing: tuple[str, ...]
    problem: str | None
    applies: Truth
    implausible: bool

    @property
    def value(self) -> float | None:
        """The result; None unless it is known."""
        return self.range.low if self.problem is None and self.range.is_known else None


class Formula(Edition):
    """One published formula, with parameters put in.

    `before: lymphodepletion` says that its bands hold for the last moment before the first dose of lymphodepletion alone: as
    a score of a course it is asked as of then.
    """

    RULE_PARTS: ClassVar = (
        "constants", "by_category", "by_condition", "formula", "bands", "applies", "in_units", "inputs", "parameters",
    )  # fmt: skip

    kind: Literal["formula"]
    before: Literal["lymphodepletion"] | None = None
    inputs: Annotated[dict[str, Input], Field(min_length=1)]
    in_units: dict[str, Text] = Field(default_factory=dict)
    constants: dict[str, float] = Field(default_factory=dict)
    by_category: dict[str, ByCategory] = Field(default_factory=dict)
    by_condition: dict[str, ByCondition] = Field(default_factory=dict)
    applies: Condition | None = None
    formula: Text
    result: FormulaResult
    bands: tuple[NumberBand, ...] = ()
    typical: dict[str, Any]
    worked_cases: Annotated[tuple[FormulaCase, ...], Field(min_length=1)]

    @cached_property
    def tree(self) -> ast.expr:
        """The formula, parsed."""
        return parsed(self.formula)

    @cached_property
    def scales(self) -> Mapping[str, tuple[float, float]]:
        """Scale and offset from the canonical unit of each input to the unit that the formula wants."""
        found = {}
        for name, wanted in self.in_units.items():
            kind = observation_kind(getattr(self.inputs[name], "observation", name))
            affine = conversion(str(kind.unit), wanted, kind.molar_mass)
            if affine is None:
                msg = f"{name}: {kind.unit} cannot be converted to {wanted}"
                raise ValueError(msg)
            found[name] = affine
        return found

    @model_validator(mode="after")
    def _is_coherent(self) -> Formula:
        made = {*self.constants, *self.by_category, *self.by_condition}
        used = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)} - set(FUNCTIONS)
        asked = {c.input for c in self.by_category.values()}
        conditions = [c.when for c in self.by_condition.values()] + ([] if self.applies is None else [self.applies])
        asked |= {name for condition in conditions for name in predicates.names(condition)}
        problems = [f"{name!r} is no input, constant or choice" for name in sorted(used - made - set(self.inputs))]
        problems += [f"{name!r} is never used" for name in sorted((made | set(self.inputs)) - used - asked)]
        problems += [f"{name!r} is no input" for name in sorted((asked | set(self.in_units)) - set(self.inputs))]
        strangers = {n for case in self.worked_cases for n in case.given} | set(self.typical)
        problems += [f"a case or typical names {name!r}" for name in sorted(strangers - set(self.inputs))]
        kinds = {n: getattr(take, "observation", None) for n, take in self.inputs.items()}
        known = [n for n, kind in kinds.items() if kind is None or kind in observations()]
        problems += [f"{n}: kind of observation {kinds[n]!r} is unknown" for n in sorted(set(kinds) - set(known))]
        starts = [b.above if b.above is not None else b.at_least for b in self.bands]
        ends = [-math.inf if start is None else start for start in starts]
        if ends != sorted(ends) or ends[1:] != [e for e in ends[1:] if e > -math.inf] or (ends and ends[0] > -math.inf):
            problems.append("bands stand lowest first, and only the lowest has no lower end")
        step = self.result.step
        problems += [f"band end {end:g} is no multiple of {step}" for end in ends[1:] if step and (end / step) % 1]
        if problems:
            raise ValueError("; ".join(problems))
        self.scales  # noqa: B018  (raises where a unit cannot be converted)
        return self

    def compute(self, values: Mapping[str, Value]) -> Computed:
        """The result for possible values of the inputs, in their canonical units; an absent input is missing."""
        applies = Truth.TRUE if self.applies is None else truth_of(self.applies, values, {})
        missing = tuple(sorted(n for n in self.inputs if not is_known(values.get(n, ANY_NUMBER))))
        names: dict[str, Interval] = {name: (number, number) for name, number in self.constants.items()}
        names |= {name: self._interval(name, values.get(name)) for name in self.inputs}
        for name, choice in self.by_category.items():
            names[name] = _chosen(choice, values.get(choice.input))
        for name, condition in self.by_condition.items():
            names[name] = _conditional(condition, truth_of(condition.when, values, {}))
        problem = None
        try:
            low, high = evaluate(self.tree, names)
        except ArithmeticError as error:
            (low, high), problem = EVERYTHING, str(error)
        if math.isclose(low, high, rel_tol=1e-12):
            # The noise of binary floating point must not decide on which side of a cut-off a result lies.
            low = high = round(low, NOISE_DECIMALS)
        if problem is None and low == high:
            # What is not recorded and does not matter for these parameters is not missing.
            missing = ()
        limits = self.result.plausible
        implausible = problem is None and limits is not None and not (low <= limits[1] and high >= limits[0])
        if limits is not None and implausible:
            problem = self._implausible(low, high, limits)
            low, high = EVERYTHING
        beyond = self._beyond(values)
        if beyond is not None:
            problem, implausible, (low, high) = beyond, True, EVERYTHING
        return Computed(NumberRange(low, high), self._bands(low, high), missing, problem, applies, implausible)

    def _beyond(self, values: Mapping[str, Value]) -> str | None:
        """The first input that no such measurement can have, most often a slip of its unit; None where there is none."""
        for name, take in self.inputs.items():
            value, kind = values.get(name), observations().get(getattr(take, "observation", None) or "")
            is_plain = getattr(take, "relative_to", None) is None and getattr(take, "minus", None) is None
            if kind is None or kind.plausible is None or not is_plain or not isinstance(value, NumberRange):
                continue
            least, most = kind.plausible
            if value.low > most or value.high < least:
                saw = f"{value.low:.4g}" if value.is_known else f"{value.low:.4g} to {value.high:.4g}"
                return f"{name} {saw} {kind.unit} is outside {least:g} to {most:g}; check its unit"
        return None

    def _implausible(self, low: float, high: float, limits: tuple[float, float]) -> str:
        saw = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
        measured = (name for name, take in self.inputs.items() if getattr(take, "observation", None) is not None)
        return f"{saw} is outside {limits[0]:g} to {limits[1]:g}; check the units of {', '.join(sorted(measured))}"

    def _interval(self, name: str, value: Value | None) -> Interval:
        take = self.inputs[name]
        low, high = (value.low, value.high) if isinstance(value, NumberRange) else EVERYTHING
        kind = getattr(take, "observation", None)
        limits = observations()[kind].plausible if kind is not None else None
        if limits is not None and getattr(take, "relative_to", None) is None and getattr(take, "minus", None) is None:
            low, high = max(low, min(limits[0], high)), min(high, max(limits[1], low))
        elif getattr(take, "relative_to", None) is not None or take.take in {"age_years", "count_active", "rate_sum"}:
            low = max(low, 0.0)
        scale, offset = self.scales.get(name, (1.0, 0.0))
        return low * scale + offset, high * scale + offset

    def _bands(self, low: float, high: float) -> tuple[str, ...]:
        reached = [(band, band.begins_below(low), band.begins_below(high)) for band in self.bands]
        first = max((place for place, (_, at_low, _) in enumerate(reached) if at_low), default=0)
        return tuple(band.name for place, (band, _, at_high) in enumerate(reached) if place >= first and at_high)

    def case_failure(self, case: FormulaCase) -> str | None:
        """How a worked case (of these parameters) comes out otherwise than it says; None when it holds."""
        questions = {name: asked(take) for name, take in self.inputs.items()}
        return differences(questions, case.asks, "asks") or self._other_result(case)

    def _other_result(self, case: FormulaCase) -> str | None:
        given = {**self.typical, **case.given}
        got = self.compute({name: self._given(name, given.get(name)) for name in self.inputs})
        if case.expect == "not applicable":
            return None if got.applies is Truth.FALSE else f"expected not applicable, got {got.applies}"
        if case.expect == "cannot be computed":
            return None if got.value is None else f"expected that it cannot be computed, got {got.value}"
        if got.applies is Truth.FALSE:
            return f"expected {case.expect}, got not applicable"
        low, high = case.expect if isinstance(case.expect, tuple) else (case.expect, case.expect)
        tolerance = case.tolerance if case.tolerance is not None else 0.5 * 10.0**-self.result.decimals
        if got.problem or abs(got.range.low - low) > tolerance or abs(got.range.high - high) > tolerance:
            return f"expected {low} to {high}, got {got.range.low} to {got.range.high} {got.problem or ''}"
        if case.band is not None and got.bands != (case.band,):
            return f"expected band {case.band}, got {', '.join(got.bands)}"
        return None

    def _given(self, name: str, given: Any) -> Value:
        return value_of(self.inputs[name], given)


def _chosen(choice: ByCategory, value: Value | None) -> Interval:
    possible = value.possible if isinstance(value, Categories) else frozenset(choice.values)
    numbers = [number for category, number in choice.values.items() if category in possible]
    return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)


def _conditional(choice: ByCondition, truth: Truth) -> Interval:
    numbers = [choice.then] * truth.is_possible + [choice.otherwise] * (truth is not Truth.TRUE)
    return min(numbers), max(numbers)


def parsed(text: str) -> ast.expr:
    """Parse a formula of the closed arithmetic.

    Raises:
        ValueError: anything but numbers, names, + - * / ** and the known functions.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        msg = f"not a formula: {text!r}"
        raise ValueError(msg) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.keywords):
            msg = f"only plain calls of {', '.join(FUNCTIONS)}: {text!r}"
            raise ValueError(msg)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in FUNCTIONS:
            msg = f"unknown function {node.func.id!r}; known: {', '.join(FUNCTIONS)}"
            raise ValueError(msg)
        if isinstance(node, ast.Constant) and (isinstance(node.value, bool) or not isinstance(node.value, int | float)):
            msg = f"{node.value!r} is no number"
            raise ValueError(msg)
        if not isinstance(node, _ALLOWED):
            msg = (
                f"{ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__} is not allowed in {text!r}"
            )
            raise ValueError(msg)
    return tree


_ALLOWED: Final = (
    ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub,
)  # fmt: skip


def evaluate(node: ast.expr, names: Mapping[str, Interval]) -> Interval:
    """The range of an expression.

    Raises:
        ArithmeticError: a result that no value in the ranges can have, such as a division by a known zero.
    """
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number), float(number)
        case ast.Name(id=name):
            low, high = names[name]
            if math.isnan(low):
                msg = f"{name} has no value for this category"
                raise ArithmeticError(msg)
            return low, high
        case ast.UnaryOp(operand=operand):
            low, high = evaluate(operand, names)
            return -high, -low
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, evaluate(left, names), evaluate(right, names), node)
        case ast.Call(func=ast.Name(id=function), args=args):
            return FUNCTIONS[function]([evaluate(arg, names) for arg in args])
        case _:
            msg = f"not a formula: {ast.dump(node)}"
            raise TypeError(msg)


def _binary(op: ast.operator, left: Interval, right: Interval, node: ast.expr) -> Interval:
    match op:
        case ast.Add():
            return left[0] + right[0], left[1] + right[1]
        case ast.Sub():
            return left[0] - right[1], left[1] - right[0]
        case ast.Mult():
            return _hull(_times(a, b) for a in left for b in right)
        case ast.Div():
            return _divided(left, right, node)
        case _:
            return _power(left, right, node)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _hull(numbers: Iterator[float]) -> Interval:
    listed = list(numbers)
    return min(listed), max(listed)


def _divided(left: Interval, right: Interval, node: ast.expr) -> Interval:
    if right == (0.0, 0.0):
        msg = f"division by zero in {ast.unparse(node)}"
        raise ArithmeticError(msg)
    if right[0] < 0 < right[1]:
        return EVERYTHING
    # An end at zero is approached from the side on which the rest of the range lies.
    low = -math.inf if right[1] == 0 else (0.0 if math.isinf(right[1]) else 1 / right[1])
    high = math.inf if right[0] == 0 else (0.0 if math.isinf(right[0]) else 1 / right[0])
    return _hull(_times(a, b) for a in left for b in (low, high))


def _power(base: Interval, exponent: Interval, node: ast.expr) -> Interval:
    if base[0] < 0:
        msg = f"a power of a number that may be negative in {ast.unparse(node)}"
        raise ArithmeticError(msg)
    return _hull(_raised(b, e) for b in base for e in exponent)


def _raised(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


def _rising(function: Callable[[float], float], least: float, at_least: float) -> Callable[[list[Interval]], Interval]:
    """A rising function over a range; below `least` it is not defined and at it tends to `at_least`."""

    def over(args: list[Interval]) -> Interval:
        ((low, high),) = args
        if high < least or (high == least and math.isinf(at_least)):
            msg = f"{getattr(function, '__name__', 'a function')} of {high:g}"
            raise ArithmeticError(msg)
        return (at_least if low <= least else function(low)), (math.inf if math.isinf(high) else function(high))

    return over


def _least(args: list[Interval]) -> Interval:
    return min(a[0] for a in args), min(a[1] for a in args)


def _greatest(args: list[Interval]) -> Interval:
    return max(a[0] for a in args), max(a[1] for a in args)


def _reached(args: list[Interval]) -> Interval:
    """1 where the first is at least the second, 0 where it is lower; without the noise of binary floating point."""
    (low, high), (least, most) = args
    return float(round(low - most, NOISE_DECIMALS) >= 0), float(round(high - least, NOISE_DECIMALS) >= 0)


FUNCTIONS: Final[Mapping[str, Callable[[list[Interval]], Interval]]] = {
    "min": _least,
    "max": _greatest,
    "reached": _reached,
    "sqrt": _rising(math.sqrt, 0.0, 0.0),
    "exp": _rising(math.exp, -math.inf, 0.0),
    "ln": _rising(math.log, 0.0, -math.inf),
    "log2": _rising(math.log2, 0.0, -math.inf),
    "log10": _rising(math.log10, 0.0, -math.inf),
}
