"""Vector input methods over exposures.

Place    Engine, vector. The fast twin of `engine.plain.exposures`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: possible values over half-open times.
Knows    What runs at a time is a running count: +1 where an exposure starts, -1 where it ends. Counts and weighted rates are
         integers, so that nothing is left over when an exposure ends.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.rates import off_at_zero, possible_agents, rate_with_weight
from vein2vein.engine.vector.batch import FOREVER, Batch, Bools, Exposed, Floats, Ints
from vein2vein.engine.vector.rows import Facts, Numbers, Rows, last_of_each_key, until_next
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.inputs import Active, AgentClause, CountActive, ExposureInput, Given, RateSum
from vein2vein.record.timeline import UNSPECIFIED

_RATE_STEPS: Final = 1e9


def active(batch: Batch, take: Active) -> Rows:
    """Whether one of the agents is running."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take, rows)
    changes = _Changes(batch)
    changes.spans(rows.course, rows.start, rows.end, [certain, possible & ~certain])
    return _facts(batch, take, changes, _charted_now(batch, take))


def given(batch: Batch, take: Given) -> Rows:
    """Whether one of the agents was started in (t - within, t]."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take, rows)
    within = hours(take.within_hours)
    changes = _Changes(batch)
    changes.spans(rows.course, rows.start, rows.start + within, [certain, possible & ~certain])
    course, start, end = batch.charted(take.exposure)
    longer = (end == FOREVER) | (start + within < end)
    return _facts(batch, take, changes, (course[longer], start[longer] + within, end[longer]))


def _facts(batch: Batch, take: Active | Given, changes: _Changes, charted: tuple[Ints, Ints, Ints]) -> Rows:
    certain_absent = take.when_uncharted == "no"
    absent = Facts(np.array([False]), np.array([not certain_absent]))
    if not certain_absent:
        changes.spans(*charted, [], is_charting=True)
    key, counts, is_charted = changes.counted(2)
    certain = counts[0] > 0
    possible = certain | (counts[1] > 0)
    if not certain_absent:
        possible |= ~is_charted
    return Rows(key, until_next(batch, key, None), Facts(certain, possible), absent)


def count_active(batch: Batch, take: CountActive) -> Rows:
    """How many different agents are running."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take, rows)
    named = sorted({str(a) for a in rows.agent[possible]} - {UNSPECIFIED})
    is_unnamed = rows.agent == UNSPECIFIED
    measures = [certain & is_unnamed, possible & is_unnamed]
    for agent in named:
        measures += [certain & (rows.agent == agent), possible & (rows.agent == agent)]
    changes = _Changes(batch)
    changes.spans(rows.course, rows.start, rows.end, measures)
    is_open = take.when_uncharted == "unknown"
    if is_open:
        changes.spans(*_charted_now(batch, take), [], is_charting=True)
    key, counts, is_charted = changes.counted(len(measures))
    running = counts > 0
    low = np.maximum(running[2::2].sum(axis=0), running[0])
    high = running[3::2].sum(axis=0) + counts[1]
    if is_open:
        high = np.where(is_charted, high, take.at_most_agents)
    high = np.maximum(low, np.minimum(high, take.at_most_agents))
    values = Numbers(low.astype(np.float64), high.astype(np.float64))
    absent = Numbers(np.array([0.0]), np.array([float(take.at_most_agents) if is_open else 0.0]))
    return Rows(key, until_next(batch, key, None), values, absent)


def rate_sum(batch: Batch, take: RateSum) -> Rows:
    """The weighted sum of the rates of the agents that run."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take, rows)
    weighted, is_known = _weighted(batch, take, rows)
    steps = np.rint(np.where(is_known, weighted, 0.0) * _RATE_STEPS).astype(np.int64)
    measures = [np.where(certain, steps, 0), np.where(possible, steps, 0), (possible & ~is_known).astype(np.int64)]
    changes = _Changes(batch)
    changes.spans(rows.course, rows.start, rows.end, measures)
    is_open = take.when_uncharted == "unknown"
    if is_open:
        changes.spans(*_charted_now(batch, take), [], is_charting=True)
    key, counts, is_charted = changes.counted(3)
    low, high = np.round(counts[0] / _RATE_STEPS, 9), np.round(counts[1] / _RATE_STEPS, 9)
    high = np.where(counts[2] > 0, take.at_most, high)
    if is_open:
        high = np.where(is_charted, high, take.at_most)
    high = np.maximum(low, np.minimum(high, take.at_most))
    absent = Numbers(np.array([0.0]), np.array([take.at_most if is_open else 0.0]))
    return Rows(key, until_next(batch, key, None), Numbers(low, high), absent)


def _weighted(batch: Batch, take: RateSum, rows: Exposed) -> tuple[Floats, Bools]:
    weighted = np.zeros(len(rows))
    is_known = rows.agent != UNSPECIFIED
    for agent, (weight, unit) in take.weights.items():
        here = rows.agent == agent
        rate = rates_in(batch, rows, unit, here)
        weighted[here] = np.round(weight * rate[here], 9)
        is_known &= ~(here & np.isnan(rate))
    return weighted, is_known


def rates_in(batch: Batch, rows: Exposed, unit: str, wanted: Bools) -> Floats:
    """Rates in `unit` of the wanted rows; NaN where they cannot be known."""
    rate = np.full(len(rows), np.nan)
    same = wanted & (rows.rate_unit == unit)
    rate[same] = rows.rate[same]
    other = np.flatnonzero(wanted & ~same & ~np.isnan(rows.rate))
    if len(other):
        weight = _weights_at_start(batch, rows, other)
        for place, kg in zip(other, weight, strict=True):
            if rows.rate_unit[place] is None:
                continue
            found = rate_with_weight(
                float(rows.rate[place]), str(rows.rate_unit[place]), unit, None if np.isnan(kg) else float(kg)
            )
            rate[place] = np.nan if found is None else found
    return rate


def _weights_at_start(batch: Batch, rows: Exposed, places: Ints) -> Floats:
    weights = batch.observed("weight")
    if not len(weights):
        return np.full(len(places), np.nan)
    key = batch.key(weights.course, weights.at)
    at = batch.key(rows.course[places], rows.start[places])
    found = np.searchsorted(key, at, side="right") - 1
    safe = np.maximum(found, 0)
    here = (found >= 0) & (weights.course[safe] == rows.course[places])
    return np.where(here, weights.value[safe], np.nan)


def matches(batch: Batch, take: ExposureInput, rows: Exposed) -> tuple[Bools, Bools]:
    """Whether each exposure is certainly, or possibly, one of those an input asks for."""
    certain = np.zeros(len(rows), bool)
    possible = np.zeros(len(rows), bool)
    for agent in {str(a) for a in rows.agent}:
        here = rows.agent == agent
        agents = possible_agents(take.exposure) if agent == UNSPECIFIED else [agent]
        runs = rows.rate != 0  # without a rate it runs
        off = off_at_zero(take.exposure)
        pairs = [_agent_matches(batch, take, rows, here=here, agent=one) for one in agents]
        pairs = [(c & runs, p & runs) if one in off else (c, p) for one, (c, p) in zip(agents, pairs, strict=True)]
        if pairs:
            certain[here] = np.all([c[here] for c, _ in pairs], axis=0)
            possible[here] = np.any([p[here] for _, p in pairs], axis=0)
        else:
            possible[here] = True
    reason_certain, reason_possible = _reason_matches(take, rows)
    return certain & reason_certain, possible & reason_possible


def _agent_matches(batch: Batch, take: ExposureInput, rows: Exposed, *, here: Bools, agent: str) -> tuple[Bools, Bools]:
    nothing, everything = np.zeros(len(rows), bool), np.ones(len(rows), bool)
    if agent in take.except_agents:
        return nothing, nothing
    if take.agents == "any":
        return everything, everything
    certain, possible = nothing.copy(), nothing.copy()
    for clause in take.agents:
        if isinstance(clause, str) or clause.rate_unit is None:
            name = clause if isinstance(clause, str) else clause.agent
            if name == agent:
                return everything, everything
        elif clause.agent == agent:
            meets, unknown = _rate_meets(batch, clause, rows, here)
            certain |= meets
            possible |= meets | unknown
    return certain, possible


def _rate_meets(batch: Batch, clause: AgentClause, rows: Exposed, here: Bools) -> tuple[Bools, Bools]:
    rate = rates_in(batch, rows, str(clause.rate_unit), here)
    unknown = np.isnan(rate)
    meets = ~unknown
    if clause.rate_above is not None:
        meets &= rate > clause.rate_above
    if clause.rate_at_least is not None:
        meets &= rate >= clause.rate_at_least
    return meets, unknown


def _reason_matches(take: ExposureInput, rows: Exposed) -> tuple[Bools, Bools]:
    unstated = np.array([r is None for r in rows.reason], bool)
    if not take.except_reasons and take.only_reasons is None:
        everything = np.ones(len(rows), bool)
        return everything, everything
    stated = np.array([r not in take.except_reasons for r in rows.reason], bool)
    if take.only_reasons is not None:
        stated &= np.array([r in take.only_reasons for r in rows.reason], bool)
    certain = np.where(unstated, take.unstated_reason == "counts", stated)
    possible = np.where(unstated, take.unstated_reason != "no", stated)
    return certain, possible


def _charted_now(batch: Batch, take: ExposureInput) -> tuple[Ints, Ints, Ints]:
    """Spans in which absence of a row means absence of the thing."""
    course, start, end = batch.charted(take.exposure)
    if not streams()[take.exposure].exclusive:
        return course, start, end
    rows = batch.exposed(take.exposure)
    return (
        np.concatenate([course, rows.course]),
        np.concatenate([start, rows.start]),
        np.concatenate([end, rows.end]),
    )


def _on_and_off(count: Ints) -> Ints:
    return np.concatenate([count, -count])


class _Changes:
    """Running counts over time: what starts adds, what ends takes away."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._keys: list[Ints] = []
        self._deltas: list[list[Ints]] = []
        self._charting: list[Ints] = []

    def spans(
        self, course: Ints, start: Ints, end: Ints, measures: list[Bools] | list[Ints], *, is_charting: bool = False
    ) -> None:
        """Add spans [start, end) with a number for each measure."""
        batch = self._batch
        last = batch.ends[course]
        end_key = np.where(end == FOREVER, last, batch.key(course, np.where(end == FOREVER, 0, end)))
        keys = np.concatenate([batch.key(course, start), end_key])
        if not len(keys):
            return
        self._keys.append(keys)
        self._deltas.append([_on_and_off(np.asarray(m, np.int64)) for m in measures])
        ones = np.full(len(course), int(is_charting), np.int64)
        self._charting.append(_on_and_off(ones))

    def counted(self, n_measures: int) -> tuple[Ints, Ints, Bools]:
        """Sorted keys; counts (n_measures, n_keys) from each key on; whether the stream is charted from each key on."""
        if not self._keys:
            return np.zeros(0, np.int64), np.zeros((n_measures, 0), np.int64), np.zeros(0, bool)
        key = np.concatenate(self._keys)
        order = np.argsort(key, kind="stable")
        key = key[order]
        keep = last_of_each_key(key)
        counts = np.zeros((n_measures, int(keep.sum())), np.int64)
        for measure in range(n_measures):
            delta = np.concatenate(
                [d[measure] if d else np.zeros(len(k), np.int64) for d, k in zip(self._deltas, self._keys, strict=True)]
            )
            counts[measure] = np.cumsum(delta[order])[keep]
        charted = np.cumsum(np.concatenate(self._charting)[order])[keep] > 0
        return key[keep], counts, charted
