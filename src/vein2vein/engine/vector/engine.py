"""Grade many courses at once.

Place    Engine, vector. Called by `engine.grade` for each partition.
In       Courses, bound rule sets, an instant up to which anything is known.
Out      The same `Steps` as the plain engine, row for row.
Knows    Every signal is a step function, so that what holds at an instant rests on entries at or before it. What a rule set says
         of a state is worked out once (`vector.memory`); a course is a walk through states.
Checked  tests/spec (shared with the plain engine), tests/property/test_twins.py (random courses)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector import logic, memory, over_time
from vein2vein.engine.vector.batch import Batch, Bools, Ints
from vein2vein.engine.vector.logic import Pair, Prepared, truth_of
from vein2vein.engine.vector.memory import Memory, Source
from vein2vein.engine.vector.plan import OverTime, Plan, Program, Turn, needs, parts_of, plans_of
from vein2vein.engine.vector.rows import (
    KNOWN,
    MOST_ROWS_TOGETHER,
    Changes,
    Leaf,
    Rows,
    changes_of,
    joined,
    shares,
    signals_of,
    together,
)
from vein2vein.engine.vector.states import Grids, Layout, Signals, Spans, merged, most_grids, step_of
from vein2vein.engine.vector.table import Table
from vein2vein.knowledge.predicates import Sustained, Syndrome
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort

_FEW_STATES: Final = 8  # are worked out one by one


def vector_steps(cohort: Cohort, rules: tuple[RuleSet, ...], as_of: datetime | None) -> Steps:
    """Verdict steps of some courses under some rule sets."""
    batch = Batch(cohort, None if as_of is None else to_microseconds(as_of))
    known = memory.current()
    plans = known.once(plans_of, *rules)
    spans = Spans.of(batch, plans.windows)
    table = Table(batch, plans.ids, plans.window_of, spans)
    numbers, plan = plans.of(tuple(bool(can.any()) for can in spans.can))
    if len(numbers):
        signals = _signals(batch, known, plan, spans)
        layouts = plan.layouts()
        for turn in plan.turns:
            _add_worlds(batch, spans, signals, plan, layouts=layouts, turn=turn)
        asked = plan.asked(layouts)
        for begin, end in asked.parts(batch, signals):
            grids = merged(batch, spans, signals, asked.part(begin, end))
            answers = [
                layout.tables[-1].of(states, _Judge(program, layout))
                for program, layout, states in zip(
                    plan.programs[begin:end], layouts[begin:end], grids.states, strict=True
                )
            ]
            table.add(numbers[begin:end], grids, answers)
    return table.steps(known.answers)


def _signals(batch: Batch, known: Memory, plan: Plan, spans: Spans) -> Signals:
    """The windows, and the signals of a batch that move at all, each worked out once however many rule sets ask for it."""
    signals = Signals(plan.n_slots)
    cuts = [0, *spans.can.sum(axis=1).cumsum().tolist()]
    signals.put(np.arange(len(cuts) - 1), Changes(spans.opens, np.zeros_like(spans.opens), cuts))
    sources: list[Source] = []
    places: list[int] = []
    moving: list[Rows] = []
    is_begun, asked = plan.moving(batch.recorded)
    for shared, rows in zip(asked.shared, asked.inputs.rows(batch), strict=True):
        if not is_begun:
            for source in shared.sources:
                known.begin(source, rows.absent)
        if len(rows.key):
            sources += shared.sources
            places += shared.places
            moving += [rows] * len(shared.sources)
    for begin, end in shares([len(rows.key) for rows in moving]):
        some = moving[begin:end]
        codes = [source.coder.codes(rows.values) for source, rows in zip(sources[begin:end], some, strict=True)]
        signals.put(places[begin:end], signals_of(some, joined(codes), known.numbers_of))
    return signals


def _add_worlds(
    batch: Batch, spans: Spans, signals: Signals, plan: Plan, *, layouts: tuple[Layout, ...], turn: Turn
) -> None:
    """Work out criteria over time where what is not known of their parts is false, and where it is true."""
    asked = plan.asked(layouts, turn)
    for begin, end in asked.parts(batch, signals):
        grids = merged(batch, spans, signals, asked.part(begin, end))
        numbers = {program: number for number, program in enumerate(turn.programs[begin:end])}
        for kind, criteria in turn.criteria:
            mine = [
                _Judged(batch, plan.programs[one.program], layouts[one.program], grids, numbers[one.program], one)
                for one in criteria
                if one.program in numbers
            ]
            for some in together(mine, most_grids(batch)):
                _put_worlds(batch, signals, kind, some)


class _Judged:
    """A criterion over time, the keys of its grid, and the truths of its parts there."""

    def __init__(  # noqa: PLR0917
        self, batch: Batch, program: Program, layout: Layout, grids: Grids, number: int, of: OverTime
    ) -> None:
        when = program.times[of.place]
        self.slot, self.needed, self.n_parts = of.slot, hours(needs(when)), len(parts_of(when))
        self.key = grids.key[grids.cuts[number] : grids.cuts[number + 1]] - number * step_of(batch)
        self.truths = layout.tables[of.place].of(grids.states[number], _Parts(program, layout, of.place))

    def __len__(self) -> int:
        return len(self.key)


def _put_worlds(batch: Batch, signals: Signals, kind: type[Sustained | Syndrome], judged: list[_Judged]) -> None:
    steps = np.arange(len(judged)) * step_of(batch)
    lengths = [len(one) for one in judged]
    key = joined([one.key for one in judged]) + steps.repeat(lengths)
    needed = np.array([one.needed for one in judged]).repeat(lengths)
    truths = joined([one.truths for one in judged])
    sides: list[list[Bools]] = [
        [(truths & (1 << 2 * part + side)) != 0 for part in range(judged[0].n_parts)] for side in (0, 1)
    ]
    slots = [np.array([one.slot + side for one in judged]) for side in (0, 1)]
    n = len(judged)
    if all(np.array_equal(*signs) for signs in zip(*sides, strict=True)):  # nothing is unknown: one world
        found = _world(batch, kind, (key, needed, sides[0]), n)
        for slot in slots:
            signals.put(slot, found)
    elif len(key) <= MOST_ROWS_TOGETHER and 2 * n <= most_grids(batch):
        both = np.concatenate([key, key + n * step_of(batch)])
        signs = [np.concatenate(signs) for signs in zip(*sides, strict=True)]
        signals.put(joined(slots), _world(batch, kind, (both, np.tile(needed, 2), signs), 2 * n))
    else:
        for slot, side in zip(slots, sides, strict=True):
            signals.put(slot, _world(batch, kind, (key, needed, side), n))


def _world(batch: Batch, kind: type[Sustained | Syndrome], of: tuple[Ints, Ints, list[Bools]], n: int) -> Changes:
    """The signals of n grids, one after the other, from their keys, what is needed there, and truths of the parts."""
    steps = np.arange(n) * step_of(batch)
    key, truth = (over_time.sustained if kind is Sustained else over_time.syndrome)(batch, *of)
    behind = key.searchsorted(steps + step_of(batch)) + np.arange(1, n + 1)
    is_end = np.zeros(len(key) + n, bool)
    is_end[behind - 1] = True
    keys, numbers = np.empty(len(is_end), np.int64), np.zeros(len(is_end), np.int64)
    keys[is_end], keys[~is_end], numbers[~is_end] = steps + batch.ends[-1], key, truth
    found = changes_of(keys, numbers, behind)
    found.key[:] -= steps.repeat(np.diff(found.cuts))
    return found


class _States:
    """Truth of everything in some states of a rule set; in a single one, truths are plain, which takes less time."""

    def __init__(self, program: Program, layout: Layout, states: Ints, stop: str | None = None) -> None:
        """Read the states; criteria are worked out up to the one named `stop`."""
        self.n = len(states)
        self._program = program
        self._numbers: list[Any] = layout.numbers(states)
        if self.n == 1:
            self._numbers = [int(number[0]) for number in self._numbers]
        self._codes: dict[str, Any] = {}
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
        return self._numbers[place] != 0, self._numbers[place + 1] != 0

    def _code(self, name: str) -> Any:
        if name not in self._codes:
            place = self._program.inputs[name]
            code = self._program.sources[place].numbers.values[self._numbers[place]]
            self._codes[name] = int(code) if self.n == 1 else code
        return self._codes[name]

    def leaf(self, name: str, leaf: Leaf) -> Pair:
        """Certain and possible truth of a leaf; the same object again needs no work."""
        found = self._pairs.get(id(leaf))
        if found is None:
            coder = self._program.sources[self._program.inputs[name]].coder
            found = self._pairs[id(leaf)] = coder.truth(leaf, self._code(name))
        return found

    def is_known(self, name: str) -> logic.BoolLike:
        """Whether nothing about an input is missing."""
        return (self._code(name) & KNOWN) != 0


def _one_by_one(work_out: Callable[[Ints], Ints], states: Ints) -> Ints:
    """What is worked out of few states, each by itself."""
    return np.concatenate([work_out(states[place : place + 1]) for place in range(len(states))])


@dataclass(frozen=True)
class _Parts:
    """Works out the truths of the parts of a criterion over time, two bits for each part: certain, possible."""

    program: Program
    layout: Layout
    place: int

    def __call__(self, states: Ints) -> Ints:
        if 1 < len(states) <= _FEW_STATES:
            return _one_by_one(self, states)
        at = _States(self.program, self.layout, states, self.program.timed[self.place])
        truths = np.zeros(at.n, np.int64)
        for number, part in enumerate(parts_of(self.program.times[self.place])):
            certain, possible = truth_of(part, at.leaf, at.criteria)
            truths |= np.where(certain, 1 << 2 * number, 0) | np.where(possible, 2 << 2 * number, 0)
        return truths


@dataclass(frozen=True)
class _Judge:
    """Works out the answers of a rule set in some states; answers are numbered."""

    program: Program
    layout: Layout

    def __call__(self, states: Ints) -> Ints:
        if 1 < len(states) <= _FEW_STATES:
            return _one_by_one(self, states)
        prepared = self.program.prepared
        rule = prepared.rule
        at = _States(self.program, self.layout, states)
        unknown = logic.pack([_not_known(rule, at, name) for name in prepared.missing_names], at.n)
        outcome = logic.evaluate(prepared, at.n, at.leaf, criteria=at.criteria, unknown=unknown)
        applies = _restrict(prepared, at, outcome, unknown)
        flags = logic.pack([truth_of(flag.when, at.leaf, at.criteria)[1] for flag in rule.flags], at.n)
        flags[:, ~applies] = 0
        columns = [outcome.low, outcome.high, applies, *outcome.deciding, *outcome.missing, *flags]
        if at.n == 1:
            return np.array([self._number([int(column[0]) for column in columns])], np.int64)
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
