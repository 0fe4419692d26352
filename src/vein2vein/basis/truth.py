"""Three-valued truth and bounds: what is certain, what is possible, given what is missing.

Place    Floor 0. Read by knowledge and both engines.
In       Truths of single criteria; possible values of an answer.
Out      `Truth` combined by Kleene's strong logic; `Bounds` of an ordinal answer.
Missing  UNKNOWN is a value of its own and never behaves like FALSE or like zero.
Does not Assign probabilities: a bound says what could be, not how likely it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Truth(Enum):
    """A statement is true, false, or cannot be decided from what is recorded."""

    FALSE = "false"
    UNKNOWN = "unknown"
    TRUE = "true"

    @classmethod
    def of(cls, value: bool | None) -> Truth:  # noqa: FBT001  (the value itself is the question)
        """TRUE or FALSE for a boolean, UNKNOWN for None."""
        if value is None:
            return cls.UNKNOWN
        return cls.TRUE if value else cls.FALSE

    @classmethod
    def from_pair(cls, *, certain: bool, possible: bool) -> Truth:
        """The truth whose certain part and possible part are given."""
        if certain:
            return cls.TRUE
        return cls.UNKNOWN if possible else cls.FALSE

    @property
    def is_certain(self) -> bool:
        """Whether the statement holds whatever is missing."""
        return self is Truth.TRUE

    @property
    def is_possible(self) -> bool:
        """Whether the statement could hold."""
        return self is not Truth.FALSE

    def __invert__(self) -> Truth:
        if self is Truth.UNKNOWN:
            return self
        return Truth.FALSE if self is Truth.TRUE else Truth.TRUE

    def __bool__(self) -> bool:
        msg = "a three-valued truth has no plain boolean: ask is_certain or is_possible"
        raise TypeError(msg)


def all_of(truths: Iterable[Truth]) -> Truth:
    """FALSE if one is false; else UNKNOWN if one is unknown; else TRUE (also for none)."""
    return at_least(truths, None)


def any_of(truths: Iterable[Truth]) -> Truth:
    """TRUE if one is true; else UNKNOWN if one is unknown; else FALSE (also for none)."""
    return at_least(truths, 1)


def at_least(truths: Iterable[Truth], needed: int | None) -> Truth:
    """Whether at least `needed` of the statements hold (all of them when `needed` is None)."""
    count = certain = possible = 0
    for truth in truths:
        count += 1
        if truth is Truth.TRUE:
            certain += 1
            possible += 1
        elif truth is Truth.UNKNOWN:
            possible += 1
    threshold = count if needed is None else needed
    return Truth.from_pair(certain=certain >= threshold, possible=possible >= threshold)


@dataclass(frozen=True, slots=True, order=True)
class Bounds:
    """Closed range [low, high] of an ordinal answer, given what is missing.

    A grade of "2 to 4" is ``Bounds(2, 4)``; a grade that nothing missing could change is ``Bounds(2, 2)``.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            msg = f"bounds must not be empty: low {self.low} > high {self.high}"
            raise ValueError(msg)

    @property
    def is_exact(self) -> bool:
        """Whether nothing that is missing could change the answer."""
        return self.low == self.high

    def contains(self, value: int) -> bool:
        """Whether the answer could be `value`."""
        return self.low <= value <= self.high

    def covers(self, other: Bounds) -> bool:
        """Whether `other` lies within these bounds (knowing less may only widen)."""
        return self.low <= other.low and other.high <= self.high

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        return str(self.low) if self.is_exact else f"{self.low} to {self.high}"
