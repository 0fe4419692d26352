"""What an input could be, given what is recorded.

Place    Floor 1. Made by the engines and by worked cases; read by evaluation.
Out      `NumberRange`, `Categories` and `Truth`: three kinds of possible values.
Missing  A missing number is the whole line, a missing category every category, a missing fact UNKNOWN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.predicates import Comparison


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Closed range [low, high] of a number in its canonical unit; low == high when it is known.

    `low_is_open` and `high_is_open` exclude the end itself, as in a result reported as "< 10".
    """

    low: float = -math.inf
    high: float = math.inf
    low_is_open: bool = False
    high_is_open: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the range is one point."""
        return self.low == self.high

    def compare(self, op: Comparison, cut_off: float) -> Truth:
        """Whether the number satisfies the comparison: always, never, or perhaps."""
        if op == "at_most":
            return ~self.compare("above", cut_off)
        if op == "below":
            return ~self.compare("at_least", cut_off)
        if op == "at_least":
            return Truth.from_pair(
                certain=self.low >= cut_off,
                possible=self.high > cut_off or (self.high == cut_off and not self.high_is_open),
            )
        return Truth.from_pair(
            certain=self.low > cut_off or (self.low == cut_off and self.low_is_open),
            possible=self.high > cut_off,
        )

    @classmethod
    def reported(cls, value: float, comparator: str | None) -> NumberRange:
        """The range behind a reported value such as 12 or "< 12"."""
        match comparator:
            case None:
                return cls(value, value)
            case "<":
                return cls(high=value, high_is_open=True)
            case "<=":
                return cls(high=value)
            case ">":
                return cls(low=value, low_is_open=True)
            case ">=":
                return cls(low=value)
            case _:
                return cls()


ANY_NUMBER = NumberRange()


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories that are still possible."""

    possible: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether one category is left."""
        return len(self.possible) == 1

    def is_in(self, wanted: frozenset[str]) -> Truth:
        """Whether the category is one of `wanted`."""
        return Truth.from_pair(certain=self.possible <= wanted, possible=bool(self.possible & wanted))


Value = NumberRange | Categories | Truth


def is_known(value: Value) -> bool:
    """Whether nothing about the input is missing."""
    return value is not Truth.UNKNOWN if isinstance(value, Truth) else value.is_known
