"""What is made once of a list of rule sets and kept, because the same rule sets are asked again and again.

Place    Engine. Read by `engine.grade`.
Knows    Rule sets are compared as objects: to compare what they say would take longer than what is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

from vein2vein.knowledge.schema import RuleSet

Made = TypeVar("Made")
MOST_KEPT: Final = 64


class _Same:
    """Rule sets, equal to themselves only; it keeps them, so that no other object can be taken for one of them."""

    def __init__(self, rules: tuple[RuleSet, ...]) -> None:
        self.rules = rules
        self._ids = tuple(map(id, rules))

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._ids == other._ids


def kept(make: Callable[[tuple[RuleSet, ...]], Made]) -> Callable[[tuple[RuleSet, ...]], Made]:
    """Make something once of the same rule sets; the last `MOST_KEPT` are kept. Nobody may change what is made."""
    once = lru_cache(maxsize=MOST_KEPT)(lambda same: make(same.rules))
    return lambda rules: once(_Same(rules))
