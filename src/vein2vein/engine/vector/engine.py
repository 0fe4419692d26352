"""Grade many courses at once.

Place    Engine, vector. Called by `engine.grade` for each partition.
In       Courses, bound rule sets, an instant up to which anything is known.
Out      The same `Steps` as the plain engine, row for row.
Knows    Every signal is a step function, so that what holds at an instant rests on entries at or before it. What a rule set says
         of a state is worked out once (`vector.memory`); a course is a walk through states.
Checked  tests/spec (shared with the plain engine), tests/property/test_twins.py (random courses)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from vein2vein.basis.clock import to_microseconds
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector import days, exposures, logic, memory, observations, over_time
from vein2vein.engine.vector.batch import Batch, Bools, Ints
from vein2vein.engine.vector.logic import Pair, Prepared, truth_of
from vein2vein.engine.vector.memory import Memory, Source
from vein2vein.engine.vector.rows import KNOWN, Leaf, Rows, Signal, changes_of, signal_of
from vein2vein.engine.vector.states import Grid, Layout, bits_for, merged, span_of
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
    signals = Signals(batch)
    table = Table(batch)
    for rule in rules:
        _grade(batch, signals, known.once(rule, Program), table)
    return table.steps(known.answers)


class Signals:
    """Input signals of a batch, each worked out once however many rule sets ask for it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rows: dict[str, Rows] = {}
        self._found: dict[Source, Signal] = {}

    def of(self, source: Source) -> Signal:
        """Numbers of the truths of the leaves that rest on an input."""
        found = self._found.get(source)
        if found is None:
            found = self._found[source] = self._signal(source)
        return found

    def _signal(self, source: Source) -> Signal:
        if (
            source.rests_on is not None
            and source.at_rest is not None
            and source.rests_on.isdisjoint(self._batch.recorded)
        ):
            return source.at_rest
        if source.key not in self._rows:
            self._rows[source.key] = rows_of(self._batch, source.take)
        rows = self._rows[source.key]
        if source.at_rest is None:  # rests on the input alone
            source.at_rest = Signal(_NO_KEYS, _NO_KEYS, int(source.numbers.of(source.coder.codes(rows.absent))[0]))
        return signal_of(rows, source.coder, source.numbers.of, source.at_rest.resting)


_NO_KEYS = np.zeros(0, np.int64)


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


def _grade(batch: Batch, signals: Signals, program: Program, table: Table) -> None:
    rule = program.rule
    span = batch.once(span_of, rule.window.opens, rule.window.closes)
    table.begin(rule.id, span)
    if not len(span.courses):
        return
    found = [signals.of(source) for source in program.sources]
    layout = program.layout()
    grid = merged(batch, rule.window, layout, found)
    for number, name in enumerate(program.timed):
        when = rule.criteria[name].when
        truths = layout.tables[number].of(grid.state, _Parts(program, layout, name))
        truths = np.broadcast_to(truths, grid.key.shape)
        low, high = _worlds(batch, grid, when, truths)
        signal = _signal_of_world(low)
        found += [signal, signal if high is low else _signal_of_world(high)]
        grid = merged(batch, rule.window, layout, found)
    table.add(grid.key, layout.tables[-1].of(grid.state, _Judge(program, layout)), span)


def _signal_of_world(world: over_time.World) -> Signal:
    return changes_of(world[0], world[1].astype(np.int64), 0)


def _worlds(batch: Batch, grid: Grid, when: Predicate, truths: Ints) -> tuple[over_time.World, over_time.World]:
    """Where a criterion over time holds for certain, and where it may hold."""
    certain, possible = (
        [(truths >> (2 * part + side) & 1).astype(bool) for part in range(len(_parts(when)))] for side in (0, 1)
    )

    def world(signs: list[Bools]) -> over_time.World:
        if isinstance(when, Syndrome):
            opens, sustains, masks = signs
            return over_time.syndrome(batch, grid.key, when, (opens, sustains, masks))
        assert isinstance(when, Sustained)  # noqa: S101  (`_parts` has asked)
        return over_time.sustained(batch, grid.key, when, signs[0])

    low = world(certain)
    is_certain = all(np.array_equal(*signs) for signs in zip(certain, possible, strict=True))
    return low, low if is_certain else world(possible)


def _parts(when: Predicate) -> tuple[Predicate, ...]:
    if isinstance(when, Sustained):
        return (when.part,)
    if isinstance(when, Syndrome):
        return when.opens, when.sustained_by, when.masked_by
    message = f"{when} does not speak about time"
    raise TypeError(message)


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
    name: str

    def __call__(self, states: Ints) -> Ints:
        at = _States(self.program, self.layout, states, self.name)
        truths = np.zeros(at.n, np.int64)
        for number, part in enumerate(_parts(self.program.rule.criteria[self.name].when)):
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
