"""Grade many courses at once.

Place    Engine, vector. Called by `engine.grade` for each partition.
In       Courses, bound rule sets, an instant up to which anything is known.
Out      The same `Steps` as the plain engine, row for row.
Knows    Every signal is a step function, so that what holds at an instant rests on entries at or before it.
Checked  tests/spec (shared with the plain engine), tests/property/test_twins.py (random courses)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from vein2vein.basis.clock import to_microseconds
from vein2vein.engine.steps import Steps
from vein2vein.engine.vector import days, exposures, logic, observations, over_time
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Ints
from vein2vein.engine.vector.logic import Pair, Prepared, truth_of
from vein2vein.engine.vector.rows import Leaf, Rows, Signal, absent_code, compressed, distinct, gather, signal_of
from vein2vein.engine.vector.table import Table
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Sustained, Syndrome
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort

_PREPARED: dict[int, Prepared] = {}
_ABSENT: dict[tuple[str, tuple[Leaf, ...]], int] = {}


def prepared(rule: RuleSet) -> Prepared:
    """The prepared form of a rule set, kept for the life of the process."""
    found = _PREPARED.get(id(rule))
    if found is None or found.rule is not rule:
        found = _PREPARED[id(rule)] = Prepared.of(rule)
    return found


def vector_steps(cohort: Cohort, rules: tuple[RuleSet, ...], as_of: datetime | None) -> Steps:
    """Verdict steps of some courses under some rule sets."""
    batch = Batch(cohort, None if as_of is None else to_microseconds(as_of))
    signals = Signals(batch)
    table = Table(batch)
    for rule in rules:
        _grade(batch, signals, prepared(rule), table)
    return Steps(table.verdicts(), table.last_looks(rules))


class Signals:
    """Input signals of a batch, each worked out once however many rule sets ask for it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rows: dict[str, Rows] = {}
        self._found: dict[tuple[str, tuple[Leaf, ...]], Signal] = {}

    def rows(self, take: Input, key: str) -> Rows:
        """Values of an input over time; `key` names inputs that mean the same."""
        if key not in self._rows:
            self._rows[key] = rows_of(self._batch, take)
        return self._rows[key]

    def signal(self, prepared: Prepared, name: str) -> Signal:
        """Truths of the leaves that rest on an input of a rule set."""
        key, leaves = prepared.input_keys[name], prepared.leaves[name]
        found = self._found.get((key, leaves))
        if found is None:
            found = self._found[key, leaves] = self._signal(prepared.rule.inputs[name], key, leaves)
        return found

    def _signal(self, take: Input, key: str, leaves: tuple[Leaf, ...]) -> Signal:
        batch = self._batch
        if not _is_empty(batch, take):
            return signal_of(batch, self.rows(take, key), leaves)
        if (key, leaves) not in _ABSENT:  # rests on the input alone: what it says where there is no row
            _ABSENT[key, leaves] = absent_code(self.rows(take, key), leaves)
        return Signal(batch.starts, np.full(batch.n, _ABSENT[key, leaves], np.int64), is_constant=True)


def _is_empty(batch: Batch, take: Input) -> bool:
    """Whether nothing was recorded that an input could rest on."""
    match take:
        case methods.Latest() | methods.Extreme() | methods.SteepestRise() | methods.MeasuredSpan():
            return not len(batch.observed(take.observation))
        case methods.BaselineValue():
            return not len(batch.observed(take.observation))
        case methods.Active() | methods.CountActive() | methods.Given() | methods.RateSum():
            return not len(batch.exposed(take.exposure)) and not len(batch.charted(take.exposure)[0])
        case _:
            return False


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


@dataclass(frozen=True)
class _Span:
    """Courses that a rule set can say something about, and from where to where (keys; `closes` is exclusive)."""

    courses: Ints
    opens: Ints
    last: Ints
    closes: Ints

    @classmethod
    def of(cls, batch: Batch, rule: RuleSet, closes: Ints) -> _Span:
        """The span of a rule set whose windows close at the instants `closes`."""
        opens = _opening(batch, rule)
        can = (opens != NEVER) & (batch.last_look != NEVER) & (batch.last_look >= opens) & (opens < closes)
        courses = np.flatnonzero(can)
        close_keys = np.where(
            closes[courses] == FOREVER,
            FOREVER,
            batch.key(courses, np.where(closes[courses] == FOREVER, 0, closes[courses])),
        )
        return cls(
            courses, batch.key(courses, opens[courses]), batch.key(courses, batch.last_look[courses]), close_keys
        )


def _closing(batch: Batch, rule: RuleSet) -> Ints:
    closes = np.full(batch.n, FOREVER, np.int64)
    if rule.window.closes is not None:
        known = np.flatnonzero(batch.infused != NEVER)
        closes[known] = batch.day_starts(known, batch.day_zero[known] + rule.window.closes)
    return closes


def _opening(batch: Batch, rule: RuleSet) -> Ints:
    opens = rule.window.opens
    if opens is None:
        return np.where(batch.first == FOREVER, NEVER, batch.first)
    if opens == "infusion":
        return batch.infused
    starts = np.full(batch.n, NEVER, np.int64)
    known = np.flatnonzero(batch.infused != NEVER)
    starts[known] = batch.day_starts(known, batch.day_zero[known] + opens)
    return starts


class _Grid:
    """Instants at which something may change, with the truth of everything there."""

    def __init__(
        self, batch: Batch, span: _Span, signals: Mapping[str, Signal], leaves: Mapping[str, tuple[Leaf, ...]]
    ) -> None:
        self._batch = batch
        self._span = span
        self._signals = signals
        self._leaves = leaves
        self._timed: dict[str, tuple[over_time.World, over_time.World]] = {}
        changing = [s.key for s in signals.values() if not s.is_constant]
        self._set(self._inside(np.concatenate([np.zeros(0, np.int64), *changing])))

    def _inside(self, key: Ints) -> Ints:
        """Sorted distinct keys within the span of their course, openings included."""
        span, batch = self._span, self._batch
        place = np.full(batch.n, -1, np.int64)
        place[span.courses] = np.arange(len(span.courses))
        at = place[batch.course_of(key)]
        safe = np.maximum(at, 0)
        keep = at >= 0
        if len(span.courses):
            keep &= (key > span.opens[safe]) & (key <= span.last[safe]) & (key < span.closes[safe])
        return distinct(span.opens, key[keep])

    def _set(self, key: Ints) -> None:
        self.key = key
        self._codes: dict[str, Ints | int] = {}
        self._pairs: dict[int, Pair] = {}
        self.criteria: dict[str, Pair] = {}

    def _code(self, name: str) -> Ints | int:
        if name not in self._codes:
            signal = self._signals[name]
            constant = signal.is_constant or not len(self.key)
            self._codes[name] = int(signal.code[0]) if constant and len(signal.code) else gather(signal, self.key)
        return self._codes[name]

    def leaf(self, name: str, leaf: Leaf) -> Pair:
        """Certain and possible truth of a leaf; the same object again needs no work."""
        found = self._pairs.get(id(leaf))
        if found is None:
            found = self._pairs[id(leaf)] = self._leaf(name, leaf)
        return found

    def _leaf(self, name: str, leaf: Leaf) -> Pair:
        code = self._code(name)
        place = 1 + 2 * self._leaves[name].index(leaf)
        if isinstance(code, int):
            return bool(code >> place & 1), bool(code >> (place + 1) & 1)
        return (code >> place & 1).astype(bool), (code >> (place + 1) & 1).astype(bool)

    def is_known(self, name: str) -> logic.BoolLike:
        """Whether nothing about an input is missing."""
        code = self._code(name)
        return bool(code & 1) if isinstance(code, int) else (code & 1).astype(bool)

    def work_out_criteria(self, rule: RuleSet) -> None:
        """Truth of every criterion; criteria over time may add instants, after which all is read anew."""
        for name in rule.order:
            if name in rule.over_time and name not in self._timed:
                self._work_out_until(rule, name)
                self._timed[name] = self._worlds(rule, name)
                added = [world[0] for world in self._timed[name]]
                self._set(self._inside(np.concatenate([self.key, *added])))
        self._work_out_until(rule, None)

    def _work_out_until(self, rule: RuleSet, stop: str | None) -> None:
        for name in rule.order:
            if name == stop:
                return
            if name not in self.criteria:
                if name in self._timed:
                    low, high = self._timed[name]
                    self.criteria[name] = self._read(low), self._read(high)
                else:
                    self.criteria[name] = truth_of(rule.criteria[name].when, self.leaf, self.criteria)

    def _read(self, world: over_time.World) -> Bools:
        signal = compressed(self._batch, world[0], world[1].astype(np.int64))
        return gather(signal, self.key).astype(bool)

    def _worlds(self, rule: RuleSet, name: str) -> tuple[over_time.World, over_time.World]:
        when = rule.criteria[name].when
        n = len(self.key)

        def spread(truth: logic.BoolLike) -> Bools:
            return np.full(n, truth, bool) if isinstance(truth, bool) else truth

        if isinstance(when, Sustained):
            certain, possible = (spread(t) for t in truth_of(when.part, self.leaf, self.criteria))
            return (
                over_time.sustained(self._batch, self.key, when, certain),
                over_time.sustained(self._batch, self.key, when, possible),
            )
        if not isinstance(when, Syndrome):
            message = f"criterion {name!r} does not speak about time"
            raise TypeError(message)
        opens, sustains, masks = (
            truth_of(part, self.leaf, self.criteria) for part in (when.opens, when.sustained_by, when.masked_by)
        )
        low = over_time.syndrome(self._batch, self.key, when, (spread(opens[0]), spread(sustains[0]), spread(masks[0])))
        high = over_time.syndrome(
            self._batch, self.key, when, (spread(opens[1]), spread(sustains[1]), spread(masks[1]))
        )
        return low, high


def _grade(batch: Batch, signals: Signals, prepared: Prepared, table: Table) -> None:
    rule = prepared.rule
    closes = _closing(batch, rule)
    table.add_look(np.where(batch.last_look == NEVER, NEVER, np.minimum(batch.last_look, closes)))
    span = _Span.of(batch, rule, closes)
    if len(span.courses) < batch.n:
        table.add_never(rule.id, np.setdiff1d(np.arange(batch.n), span.courses))
    if not len(span.courses):
        return
    found = {name: signals.signal(prepared, name) for name in rule.inputs}
    grid = _Grid(batch, span, found, prepared.leaves)
    grid.work_out_criteria(rule)
    n = len(grid.key)
    unknown = logic.pack([_not_known(rule, grid, name) for name in prepared.missing_names], n)
    outcome = logic.evaluate(prepared, n, grid.leaf, criteria=grid.criteria, unknown=unknown)
    applies = _restrict(prepared, grid, outcome, unknown)
    flags = logic.pack([truth_of(flag.when, grid.leaf, grid.criteria)[1] for flag in rule.flags], n)
    flags[:, ~applies] = 0
    keep = _changes(
        batch.course_of(grid.key), [outcome.low, outcome.high, applies, *outcome.deciding, *outcome.missing, *flags]
    )
    since, until = _times(batch, span, grid.key[keep])
    table.add(
        prepared,
        course=batch.course_of(grid.key[keep]),
        times=(since, until),
        outcome=outcome.at(keep),
        applies=applies[keep],
        flags=flags[:, keep],
    )


def _changes(course: Ints, columns: list[npt.NDArray[Any]]) -> Ints:
    """Positions at which a course begins or one of the columns says something else than before."""
    changes = np.ones(len(course), bool)
    changes[1:] = course[1:] != course[:-1]
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _times(batch: Batch, span: _Span, key: Ints) -> tuple[Ints, Ints]:
    """From when and until when each step holds; NEVER where it holds as of the last look."""
    course, since = batch.course_of(key), batch.at_of(key)
    until = np.full(len(key), NEVER, np.int64)
    same = course[1:] == course[:-1]
    until[:-1] = np.where(same, since[1:], NEVER)
    place = np.zeros(batch.n, np.int64)
    place[span.courses] = np.arange(len(span.courses))
    closes = span.closes[place[course]]
    is_last = np.ones(len(key), bool)
    is_last[:-1] = ~same
    ends_at_close = is_last & (closes <= span.last[place[course]])
    until[ends_at_close] = batch.at_of(closes[ends_at_close])
    return since, until


def _not_known(rule: RuleSet, grid: _Grid, name: str) -> logic.BoolLike:
    """Where an input is not known, a criterion over time neither, or a criterion is left open by a choice alone."""
    if name in rule.inputs:
        return logic.opposite(grid.is_known(name))
    certain, possible = grid.criteria[name]
    found = possible & logic.opposite(certain)
    if name in rule.over_time:
        return found
    for needed in rule.inputs_of(rule.criteria[name].when):
        found = found & grid.is_known(needed)
    opened: logic.BoolLike = False
    for choice in rule.open_points[name]:
        opened = opened | truth_of(choice, grid.leaf, grid.criteria)[1]
    return found & opened


def _restrict(prepared: Prepared, grid: _Grid, outcome: logic.Outcome, unknown: logic.Bits) -> Bools:
    """Widen the answer where it is not known whether the rule set applies; returns where it may apply."""
    rule, n = prepared.rule, len(grid.key)
    if rule.applies is None:
        return np.ones(n, bool)
    certain, possible = (
        np.full(n, t, bool) if isinstance(t, bool) else t for t in truth_of(rule.applies, grid.leaf, grid.criteria)
    )
    perhaps = possible & ~certain
    outcome.low[perhaps] = np.minimum(outcome.low[perhaps], rule.result.lowest)
    for word, bits in enumerate(logic.bits_of(rule.inputs_of(rule.applies), prepared.missing_names)):
        outcome.missing[word][perhaps] |= unknown[word][perhaps] & np.uint64(bits)
    for column in (outcome.deciding, outcome.missing):
        column[:, ~possible] = 0
    outcome.low[~possible] = outcome.high[~possible] = np.iinfo(np.int32).min
    return possible
