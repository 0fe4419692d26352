"""Plain truth of the two words about time: `sustained` and `syndrome`.

Place    Engine, plain. One state per criterion, fed with every change point in order.
In       Truths of the parts from each change point on.
Out      The truth of the criterion, and the next instant at which it would change by the passing of time alone.
Missing  Both words are monotone in their parts. So each is followed in two worlds, one in which every unknown part is false and
         one in which it is true; the pair is the truth.
Checked  tests/unit/engine/test_over_time.py; the fast twin is held to this.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vein2vein.basis.clock import hours
from vein2vein.basis.truth import Truth
from vein2vein.knowledge.predicates import Sustained, Syndrome


@dataclass
class SustainedWorld:
    """Whether a part has held without a break for long enough, in one world."""

    needed: int
    since: int | None = None

    def step(self, at: int, *, holds: bool) -> bool:
        """Feed the value from `at` on; whether it has held for the needed time at `at`."""
        if not holds:
            self.since = None
        elif self.since is None:
            self.since = at
        return self.since is not None and at - self.since >= self.needed

    def next_change(self, at: int) -> int | None:
        """When the criterion will become true if nothing else happens."""
        due = None if self.since is None else self.since + self.needed
        return due if due is not None and due > at else None


@dataclass
class SyndromeWorld:
    """An episode that one sign opens and other signs keep open, in one world."""

    needed: int
    is_open: bool = False
    is_masked: bool = False
    clear_since: int | None = None

    def step(self, at: int, *, opens: bool, sustains: bool, masks: bool) -> bool:
        """Feed the signs from `at` on; whether the syndrome is recognised at `at`."""
        if self.is_open and self.clear_since is not None and at - self.clear_since >= self.needed:
            self.is_open = self.is_masked = False
        self.is_open = self.is_open or opens
        if not self.is_open or opens or sustains:
            self.clear_since = None
        elif self.clear_since is None:
            self.clear_since = at
        self.is_masked = self.is_open and (self.is_masked or masks)
        return opens or (self.is_open and self.is_masked)

    def next_change(self, at: int) -> int | None:
        """When the episode will close if nothing else happens."""
        due = None if self.clear_since is None else self.clear_since + self.needed
        return due if due is not None and due > at else None


@dataclass
class OverTime:
    """A criterion about time, followed in the low and the high world."""

    when: Sustained | Syndrome
    low: SustainedWorld | SyndromeWorld = field(init=False)
    high: SustainedWorld | SyndromeWorld = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.when, Sustained):
            needed = hours(self.when.hours)
            self.low, self.high = SustainedWorld(needed), SustainedWorld(needed)
        else:
            needed = hours(self.when.clear_hours)
            self.low, self.high = SyndromeWorld(needed), SyndromeWorld(needed)

    def step(self, at: int, parts: tuple[Truth, ...]) -> Truth:
        """Feed the truths of the parts from `at` on; the truth of the criterion at `at`."""
        certain = _step(self.low, at, tuple(p.is_certain for p in parts))
        possible = _step(self.high, at, tuple(p.is_possible for p in parts))
        return Truth.from_pair(certain=certain, possible=possible)

    def next_change(self, at: int) -> list[int]:
        """Instants after `at` at which the truth may change by the passing of time alone."""
        return [due for world in (self.low, self.high) if (due := world.next_change(at)) is not None]


def _step(world: SustainedWorld | SyndromeWorld, at: int, parts: tuple[bool, ...]) -> bool:
    if isinstance(world, SustainedWorld):
        return world.step(at, holds=parts[0])
    opens, sustains, masks = parts
    return world.step(at, opens=opens, sustains=sustains, masks=masks)
