"""Rule sets that are asked together: what can be worked out of them before any course is seen.

Place    Engine, vector. Made once by `engine.vector.engine` for each list of rule sets, and kept in `vector.memory`.
In       Bound rule sets.
Out      Inputs that are shared, and where the signals of each rule set stand in its state.
Does not Know courses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from vein2vein.engine.vector.batch import Ints
from vein2vein.engine.vector.inputs import Inputs
from vein2vein.engine.vector.logic import Prepared
from vein2vein.engine.vector.memory import Memory, Source
from vein2vein.engine.vector.states import Asked, Layout, bits_for
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Predicate, Sustained, Syndrome
from vein2vein.knowledge.schema import RuleSet

_BEFORE_ALL = -1  # the turn of what needs no criterion over time
_MOST_MOVING = 256  # lists of inputs that are kept; courses differ little in what is recorded of them at all


class Program:
    """A rule set prepared for states: what its signals are, where they stand in a state, and what was worked out of states."""

    def __init__(self, rule: RuleSet, known: Memory) -> None:
        self.rule = rule
        self.prepared = Prepared.of(rule)
        self.inputs = {name: place for place, name in enumerate(rule.inputs)}
        self.sources = tuple(known.source(self.prepared, name) for name in rule.inputs)
        self.timed = tuple(name for name in rule.order if name in rule.over_time)
        self.times = tuple(_over_time(rule.criteria[name].when) for name in self.timed)
        self.memory = known
        self._layout: tuple[Layout | None, object] = None, None

    def layout(self) -> Layout:
        """Where the signals stand; a new one, of which nothing is remembered, once a signal has outgrown its place."""
        layout, mark = self._layout
        if layout is not None and mark is self.memory.growth.mark:
            return layout
        mark = self.memory.growth.mark  # read before the numbers, so that none grows unseen
        if layout is None or any(
            len(s.numbers) >> width for s, width in zip(self.sources, layout.widths, strict=False)
        ):
            widths = [bits_for(source.numbers) for source in self.sources] + [1, 1] * len(self.timed)
            layout = Layout(widths, len(self.timed) + 1, self.memory)
        self._layout = layout, mark
        return layout


def program_of(known: Memory, rule: RuleSet) -> Program:
    """The program of a rule set; made once by `Memory.once`."""
    return Program(rule, known)


def _over_time(when: Predicate) -> Sustained | Syndrome:
    if isinstance(when, Sustained | Syndrome):
        return when
    message = f"{when} does not speak about time"
    raise TypeError(message)


@dataclass(frozen=True, eq=False)
class Shared:
    """An input and all sources that rest on it."""

    take: Input
    sources: tuple[Source, ...]
    places: tuple[int, ...]


class Moving:
    """Inputs that are asked of a batch, as something was recorded of what they rest on."""

    def __init__(self, shared: Sequence[Shared]) -> None:
        self.shared = shared
        self.inputs = Inputs([one.take for one in shared])


@dataclass(frozen=True, eq=False)
class OverTime:
    """A criterion over time of a rule set.

    Attributes:
        program: Whose; its position in the plan.
        place: The how-manieth of its rule set.
        turn: After how many others, of which each rests on the one before, it is worked out.
        slot: Where the signal of the world is put in which it holds for certain; behind it that in which it may hold.
    """

    program: int
    place: int
    turn: int
    slot: int


@dataclass(frozen=True, eq=False)
class Turn:
    """Criteria over time that are worked out at once: of one grid for each rule set, those of one kind together.

    Attributes:
        number: Which turn it is.
        programs: Whose grids; positions in the plan.
        criteria: By kind, in the order of `programs`.
    """

    number: int
    programs: tuple[int, ...]
    criteria: tuple[tuple[type[Sustained | Syndrome], tuple[OverTime, ...]], ...]


class Plan:
    """What is asked of courses by some rule sets whose windows open.

    Slots of signals stand in this order: windows, sources, criteria over time.

    Args:
        programs: The rule sets.
        windows: The window of each, by number.
        n_windows: How many there are.
        known: Where all is kept.
    """

    def __init__(self, programs: Sequence[Program], windows: Sequence[int], n_windows: int, known: Memory) -> None:
        self.programs = tuple(programs)
        self._known, self._windows = known, np.array(windows, np.int64)
        sources = list(dict.fromkeys(source for program in programs for source in program.sources))
        places = {source: n_windows + place for place, source in enumerate(sources)}
        alike: dict[str, list[Source]] = {}
        for source in sources:
            alike.setdefault(source.key, []).append(source)
        self._shared = [
            Shared(same[0].take, tuple(same), tuple(places[source] for source in same)) for same in alike.values()
        ]
        self._by_kind: dict[str, list[int]] = {}
        self._always: list[int] = []
        for number, shared in enumerate(self._shared):
            rests_on = shared.sources[0].rests_on
            if rests_on is None:
                self._always.append(number)
            for kind in rests_on or ():
                self._by_kind.setdefault(kind, []).append(number)
        self._is_begun = False
        self._moving = lru_cache(maxsize=_MOST_MOVING)(self._moving_of)
        first_timed = n_windows + len(sources)
        timed = list(_timed(self.programs, first_timed))
        self._uses = _uses(self.programs, windows, places, timed)
        self.turns = tuple(_turns(self.programs, timed))
        self.n_slots = first_timed + 2 * len(timed)
        self._layouts: tuple[object, tuple[Layout, ...]] = None, ()
        self._asked: tuple[tuple[Layout, ...], dict[Turn | None, Asked]] = (), {}

    def moving(self, recorded: Iterable[str]) -> tuple[bool, Moving]:
        """Whether all inputs were asked what they say without rows, and those to ask now.

        These are the inputs that something was recorded of, or all of them where not all were asked so far.
        """
        if not self._is_begun:
            self._is_begun = all(source.is_begun for shared in self._shared for source in shared.sources)
        if not self._is_begun:
            return False, Moving(self._shared)
        return True, self._moving(frozenset(self._by_kind.keys() & recorded))

    def _moving_of(self, recorded: frozenset[str]) -> Moving:
        found = set(self._always).union(*(self._by_kind[kind] for kind in recorded))
        return Moving([self._shared[number] for number in sorted(found)])

    def layouts(self) -> tuple[Layout, ...]:
        """The layout of each rule set; those of a batch, once its signals have numbers."""
        mark = self._known.growth.mark  # read before the numbers, so that none grows unseen
        of, layouts = self._layouts
        if of is not mark:
            layouts = tuple(program.layout() for program in self.programs)
            self._layouts = mark, layouts
        return layouts

    def asked(self, layouts: tuple[Layout, ...], turn: Turn | None = None) -> Asked:
        """The grids of a turn, without criteria over time whose turn it is or comes later; or those of all rule sets."""
        of, found = self._asked
        if of is not layouts and of != layouts:  # compared one by one, as objects
            found = {}
            self._asked = layouts, found
        if turn not in found:
            found[turn] = self._asked_of(layouts, turn)
        return found[turn]

    def _asked_of(self, layouts: tuple[Layout, ...], turn: Turn | None) -> Asked:
        program, slot, place, turn_of = self._uses
        numbers = np.arange(len(self.programs)) if turn is None else np.array(turn.programs)
        mine = np.isin(program, numbers)
        if turn is not None:
            mine &= turn_of < turn.number
        program, slot, place = program[mine], slot[mine], place[mine]
        places = [(0, 0) if p < 0 else layouts[number].places[p] for number, p in zip(program, place, strict=True)]
        word, shift = np.array(places, np.int64).reshape(-1, 2).T
        grid = numbers.searchsorted(program)
        return Asked(
            tuple(layouts[number] for number in numbers),
            self._windows[numbers],
            grid.searchsorted(np.arange(len(numbers) + 1)),
            grid,
            slot,
            word,
            shift,
        )


def _timed(programs: tuple[Program, ...], slot: int) -> Iterable[OverTime]:
    for number, program in enumerate(programs):
        turns: dict[str, int] = {}
        for place, name in enumerate(program.timed):
            rests_on = program.rule.criteria_of(program.rule.criteria[name].when)
            turns[name] = 1 + max((turn for other, turn in turns.items() if other in rests_on), default=_BEFORE_ALL)
            yield OverTime(number, place, turns[name], slot)
            slot += 2


def _uses(
    programs: tuple[Program, ...], windows: Sequence[int], places: dict[Source, int], timed: list[OverTime]
) -> tuple[Ints, Ints, Ints, Ints]:
    """For each use of a slot: by which rule set, which, its place in the layout (none of a window), its turn."""
    found = []
    for number, program in enumerate(programs):
        n = len(program.sources)
        found.append((number, windows[number], -1, _BEFORE_ALL))
        found += [(number, places[source], place, _BEFORE_ALL) for place, source in enumerate(program.sources)]
        for one in timed:
            if one.program == number:
                found += [(number, one.slot + side, n + 2 * one.place + side, one.turn) for side in (0, 1)]
    number_of, slot_of, place_of, turn_of = np.array(found, np.int64).reshape(-1, 4).T
    return number_of, slot_of, place_of, turn_of


def _turns(programs: tuple[Program, ...], timed: list[OverTime]) -> Iterable[Turn]:
    for number in sorted({one.turn for one in timed}):
        mine = [one for one in timed if one.turn == number]
        of_kind = [
            (kind, tuple(one for one in mine if isinstance(programs[one.program].times[one.place], kind)))
            for kind in (Sustained, Syndrome)
        ]
        yield Turn(
            number, tuple(sorted({one.program for one in mine})), tuple((kind, some) for kind, some in of_kind if some)
        )


def parts_of(when: Sustained | Syndrome) -> tuple[Predicate, ...]:
    """The conditions that a criterion over time rests on."""
    return (when.part,) if isinstance(when, Sustained) else (when.opens, when.sustained_by, when.masked_by)


def needs(when: Sustained | Syndrome) -> float:
    """Hours that a criterion over time needs."""
    return when.hours if isinstance(when, Sustained) else when.clear_hours


class Plans:
    """The plans of a list of rule sets, by which of their windows open."""

    def __init__(self, rules: tuple[RuleSet, ...], known: Memory) -> None:
        self.ids = pl.Series("rule_set_id", [rule.id for rule in rules], dtype=pl.String)
        windows = [(rule.window.opens, rule.window.closes) for rule in rules]
        self.windows = list(dict.fromkeys(windows))
        self.window_of = np.array([self.windows.index(window) for window in windows], np.int64)
        self._rules, self._known = rules, known
        self._plans: dict[tuple[bool, ...], tuple[Ints, Plan]] = {}

    def of(self, opens: tuple[bool, ...]) -> tuple[Ints, Plan]:
        """Positions of the rule sets whose window opens for some course, and the plan of these."""
        if opens not in self._plans:
            numbers = np.flatnonzero(np.array(opens, bool)[self.window_of])
            programs = [self._known.once(program_of, self._rules[number]) for number in numbers]
            self._plans[opens] = (
                numbers,
                Plan(programs, self.window_of[numbers].tolist(), len(self.windows), self._known),
            )
        return self._plans[opens]


def plans_of(known: Memory, *rules: RuleSet) -> Plans:
    """The plans of a list of rule sets; made once by `Memory.once`."""
    return Plans(rules, known)
