"""Grade many courses at once.

Place    Engine, vector. Called by `engine.grade` for each partition.
In       Courses, bound rule sets, an instant up to which anything is known.
Out      The same `Steps` as the plain engine, row for row.
Knows    Every signal is a step function, so that what holds at an instant rests on entries at or before it. What a rule set says
         of a state is worked out once (`vector.memory`); a course is a walk through states.
Checked  tests/spec (shared with the plain engine), tests/property/test_twins.py (random courses)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector import days, exposures, logic, memory, observations, over_time
from vein2vein.engine.vector.batch import Batch, Bools, Ints
from vein2vein.engine.vector.logic import Pair, Prepared, truth_of
from vein2vein.engine.vector.memory import Memory, Source
from vein2vein.engine.vector.rows import KNOWN, Leaf, Rows, Signal, changes_of, joined, signals_of, together
from vein2vein.engine.vector.states import Asked, Layout, bits_for, merged, most_grids, span_of, step_of
from vein2vein.engine.vector.table import Table
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Predicate, Sustained, Syndrome
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort


def vector_steps(cohort: Cohort, rules: tuple[RuleSet, ...], as_of: datetime | None) -> Steps:
    """Verdict steps of some courses under some rule sets."""
    batch = Batch(cohort, None if as_of is None else to_microseconds(as_of))
    known = memory.current()
    table = Table(batch)
    opened = []
    for rule in rules:
        span = batch.once(span_of, rule.window.opens, rule.window.closes)
        number = table.begin(rule.id, span)
        if len(span.courses):
            opened.append((number, span, known.once(rule, Program)))
    signals = _signals(batch, known, dict.fromkeys(source for *_, program in opened for source in program.sources))
    asked = []
    for number, span, program in opened:
        moving = [(place, signals[source]) for place, source in enumerate(program.sources) if source in signals]
        asked.append(_Asked(span, program.layout(), moving, number, program))
    for place in range(max((len(one.program.timed) for one in asked), default=0)):
        _add_worlds(batch, [one for one in asked if place < len(one.program.timed)], place)
    for some in together(asked, most_grids(batch)):
        grids = merged(batch, some)
        answers = [one.answers(states) for one, states in zip(some, grids.states, strict=True)]
        table.add([one.number for one in some], [one.span for one in some], grids, answers)
    return table.steps(known.answers)


def _signals(batch: Batch, known: Memory, sources: Iterable[Source]) -> dict[Source, Signal]:
    """The signals of a batch that move at all, each worked out once however many rule sets ask for it."""
    asked: dict[str, list[Source]] = {}
    for source in sources:
        asked.setdefault(source.key, []).append(source)
    moving: list[_Moving] = []
    for same in asked.values():
        if all(source.is_begun for source in same) and same[0].is_at_rest(batch.recorded):
            continue
        rows = rows_of(batch, same[0].take)
        for source in same:
            known.begin(source, rows.absent)
        if len(rows):
            moving += [_Moving(source, rows) for source in same]
    found: dict[Source, Signal] = {}
    for some in together(moving):
        codes = joined([one.source.codes(one.rows.values) for one in some])
        signals = signals_of([one.rows for one in some], codes, known.numbers_of)
        found |= zip([one.source for one in some], signals, strict=True)
    return found


def rows_of(batch: Batch, take: Input) -> Rows:  # noqa: C901, PLR0911, PLR0912  (one line per input method)
    """Possible values of one input over time."""
    match take:
        case methods.Latest():
            return observations.latest(batch, take)
        case methods.Extreme():
            return observations.extreme(batch, take)
        case methods.BaselineValue():
            return observations.baseline_value(batch, take)
        case methods.SteepestRise():
            return observations.steepest_rise(batch, take)
        case methods.MeasuredSpan():
            return observations.measured_span(batch, take)
        case methods.ItemSum():
            return observations.item_sum(batch, take)
        case methods.Active():
            return exposures.active(batch, take)
        case methods.CountActive():
            return exposures.count_active(batch, take)
        case methods.Given():
            return exposures.given(batch, take)
        case methods.RateSum():
            return exposures.rate_sum(batch, take)
        case methods.Death():
            return observations.death(batch, take)
        case methods.AgeYears():
            return observations.age_rows(batch)
        case methods.RelativeDay():
            return observations.relative_day(batch)
        case methods.CourseField():
            return observations.course_field(batch, take)
        case _:
            return days.day_value(batch, take)


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


def _over_time(when: Predicate) -> Sustained | Syndrome:
    if isinstance(when, Sustained | Syndrome):
        return when
    message = f"{when} does not speak about time"
    raise TypeError(message)


@dataclass(eq=False)
class _Asked(Asked):
    """What a batch asks of a rule set, which has a number in the call."""

    number: int
    program: Program

    def answers(self, states: Ints) -> Ints:
        """Numbers of what the rule set says in some states."""
        return self.layout.tables[-1].of(states, _Judge(self.program, self.layout))


@dataclass(frozen=True, eq=False)
class _Moving:
    """A source that moves in a batch, and its rows."""

    source: Source
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class _World:
    """One of the two worlds of a criterion over time: where what is not known of its parts is false, or true.

    Attributes:
        asked: Whose criterion it is.
        when: The criterion.
        key: The grid.
        signs: Truth of each part from each key on.
        places: Its places among the signals: two where nothing is unknown, so that both worlds are this one.
    """

    asked: _Asked
    when: Sustained | Syndrome
    key: Ints
    signs: list[Bools]
    places: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.key)


def _add_worlds(batch: Batch, asked: list[_Asked], place: int) -> None:
    """Work out one criterion over time of some rule sets in both worlds and add it to their signals."""
    for kind, work_out in ((Sustained, over_time.sustained), (Syndrome, over_time.syndrome)):
        mine = [one for one in asked if isinstance(one.program.times[place], kind)]
        for some in together(_worlds(batch, mine, place), most_grids(batch)):
            for world, signal in zip(some, _signals_of_worlds(batch, some, work_out), strict=True):
                world.asked.signals += [(at, signal) for at in world.places]


def _worlds(batch: Batch, asked: list[_Asked], place: int) -> Iterator[_World]:
    """Both worlds of a criterion over time of some rule sets: where it holds for certain, and where it may hold."""
    for some in together(asked, most_grids(batch)):
        grids = merged(batch, some)
        for number, (one, states) in enumerate(zip(some, grids.states, strict=True)):
            key, when = grids.key_of(number), one.program.times[place]
            first = len(one.program.sources) + 2 * place
            truths = one.layout.tables[place].of(states, _Parts(one.program, one.layout, place))
            sides = [
                [(truths >> (2 * part + side) & 1).astype(bool) for part in range(len(_parts(when)))] for side in (0, 1)
            ]
            if all(np.array_equal(*signs) for signs in zip(*sides, strict=True)):
                yield _World(one, when, key, sides[0], (first, first + 1))
            else:
                yield from (_World(one, when, key, signs, (first + side,)) for side, signs in enumerate(sides))


def _signals_of_worlds(batch: Batch, worlds: list[_World], work_out: Callable[..., over_time.World]) -> list[Signal]:
    """Signals of the truth of worlds over time, worked out at once."""
    steps = np.arange(len(worlds)) * step_of(batch)
    lengths = [len(world) for world in worlds]
    needed = np.array([hours(_needs(world.when)) for world in worlds]).repeat(lengths)
    grid = joined([world.key + step for world, step in zip(worlds, steps, strict=True)])
    key, truth = work_out(
        batch, grid, needed, [joined(list(signs)) for signs in zip(*(w.signs for w in worlds), strict=True)]
    )
    behind = key.searchsorted(steps + step_of(batch))
    key, numbers = np.insert(key, behind, steps + batch.ends[-1]), np.insert(truth, behind, False).astype(np.int64)
    signals = changes_of(key, numbers, behind + np.arange(1, len(worlds) + 1))
    return [Signal(signal.key - step, signal.change) for signal, step in zip(signals, steps, strict=True)]


def _parts(when: Sustained | Syndrome) -> tuple[Predicate, ...]:
    return (when.part,) if isinstance(when, Sustained) else (when.opens, when.sustained_by, when.masked_by)


def _needs(when: Sustained | Syndrome) -> float:
    return when.hours if isinstance(when, Sustained) else when.clear_hours


class _States:
    """Truth of everything in some states of a rule set."""

    def __init__(self, program: Program, layout: Layout, states: Ints, stop: str | None = None) -> None:
        """Read the states; criteria are worked out up to the one named `stop`."""
        self.n = len(states)
        self._program = program
        self._numbers = layout.numbers(states)
        self._codes: dict[str, Ints] = {}
        self._pairs: dict[int, Pair] = {}
        self.criteria: dict[str, Pair] = {}
        for name in program.rule.order:
            if name == stop:
                return
            self.criteria[name] = self._criterion(name)

    def _criterion(self, name: str) -> Pair:
        program = self._program
        if name not in program.timed:
            return truth_of(program.rule.criteria[name].when, self.leaf, self.criteria)
        place = len(program.sources) + 2 * program.timed.index(name)
        return self._numbers[place].astype(bool), self._numbers[place + 1].astype(bool)

    def _code(self, name: str) -> Ints:
        if name not in self._codes:
            place = self._program.inputs[name]
            self._codes[name] = self._program.sources[place].numbers.values[self._numbers[place]]
        return self._codes[name]

    def leaf(self, name: str, leaf: Leaf) -> Pair:
        """Certain and possible truth of a leaf; the same object again needs no work."""
        found = self._pairs.get(id(leaf))
        if found is None:
            coder = self._program.sources[self._program.inputs[name]].coder
            found = self._pairs[id(leaf)] = coder.truth(leaf, self._code(name))
        return found

    def is_known(self, name: str) -> Bools:
        """Whether nothing about an input is missing."""
        known: Bools = (self._code(name) & KNOWN) != 0
        return known


@dataclass(frozen=True)
class _Parts:
    """Works out the truths of the parts of a criterion over time, two bits for each part: certain, possible."""

    program: Program
    layout: Layout
    place: int

    def __call__(self, states: Ints) -> Ints:
        at = _States(self.program, self.layout, states, self.program.timed[self.place])
        truths = np.zeros(at.n, np.int64)
        for number, part in enumerate(_parts(self.program.times[self.place])):
            certain, possible = truth_of(part, at.leaf, at.criteria)
            truths |= np.where(certain, 1 << 2 * number, 0) | np.where(possible, 2 << 2 * number, 0)
        return truths


@dataclass(frozen=True)
class _Judge:
    """Works out the answers of a rule set in some states; answers are numbered."""

    program: Program
    layout: Layout

    def __call__(self, states: Ints) -> Ints:
        prepared = self.program.prepared
        rule = prepared.rule
        at = _States(self.program, self.layout, states)
        unknown = logic.pack([_not_known(rule, at, name) for name in prepared.missing_names], at.n)
        outcome = logic.evaluate(prepared, at.n, at.leaf, criteria=at.criteria, unknown=unknown)
        applies = _restrict(prepared, at, outcome, unknown)
        flags = logic.pack([truth_of(flag.when, at.leaf, at.criteria)[1] for flag in rule.flags], at.n)
        flags[:, ~applies] = 0
        columns = [outcome.low, outcome.high, applies, *outcome.deciding, *outcome.missing, *flags]
        rows = np.column_stack([column.astype(np.int64) for column in columns])
        different, where = np.unique(rows, axis=0, return_inverse=True)
        numbers = [self._number(row) for row in different.tolist()]
        return np.array(numbers, np.int64)[where.ravel()]

    def _number(self, row: list[int]) -> int:
        prepared = self.program.prepared
        low, high, applies, *words = row
        split = [logic.words(len(prepared.criteria_names)), logic.words(len(prepared.missing_names))]
        deciding = logic.members(words[: split[0]], prepared.criteria_names)
        missing = logic.members(words[split[0] : sum(split)], prepared.missing_names)
        flags = logic.members(words[sum(split) :], tuple(range(len(prepared.rule.flags))))
        bounds = (low, high) if applies else (None, None)
        return self.program.memory.answers.number((*bounds, deciding, missing, flags))


def _not_known(rule: RuleSet, at: _States, name: str) -> logic.BoolLike:
    """Where an input is not known, a criterion over time neither, or a criterion is left open by a choice alone."""
    if name in rule.inputs:
        return logic.opposite(at.is_known(name))
    certain, possible = at.criteria[name]
    found = possible & logic.opposite(certain)
    if name in rule.over_time:
        return found
    for needed in rule.inputs_of(rule.criteria[name].when):
        found = found & at.is_known(needed)
    opened: logic.BoolLike = False
    for choice in rule.open_points[name]:
        opened = opened | truth_of(choice, at.leaf, at.criteria)[1]
    return found & opened


def _restrict(prepared: Prepared, at: _States, outcome: logic.Outcome, unknown: logic.Bits) -> Bools:
    """Widen the answer where it is not known whether the rule set applies; returns where it may apply."""
    rule, n = prepared.rule, at.n
    if rule.applies is None:
        return np.ones(n, bool)
    certain, possible = (
        np.full(n, t, bool) if isinstance(t, bool) else t for t in truth_of(rule.applies, at.leaf, at.criteria)
    )
    perhaps = possible & ~certain
    outcome.low[perhaps] = np.minimum(outcome.low[perhaps], rule.result.lowest)
    for word, bits in enumerate(logic.bits_of(rule.inputs_of(rule.applies), prepared.missing_names)):
        outcome.missing[word][perhaps] |= unknown[word][perhaps] & np.uint64(bits)
    for column in (outcome.deciding, outcome.missing):
        column[:, ~possible] = 0
    outcome.low[~possible] = outcome.high[~possible] = np.iinfo(np.int32).min
    return possible
