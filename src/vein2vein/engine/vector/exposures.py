"""Vector input methods over exposures.

Place    Engine, vector. The fast twin of `engine.plain.exposures`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: possible values over half-open times.
Knows    What runs at a time is a running count: +1 where an exposure starts, -1 where it ends. Counts and weighted rates are
         integers, so that nothing is left over when an exposure ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.rates import off_at_zero, possible_agents, rate_with_weight
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Exposed, Floats, Ints
from vein2vein.engine.vector.observations import held_rows
from vein2vein.engine.vector.rows import Facts, Numbers, Rows, last_of_each_key, until_next
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.inputs import Active, AgentClause, CountActive, ExposureInput, Given, RateSum, Readings
from vein2vein.record.timeline import UNSPECIFIED

_RATE_STEPS: Final = 1e9


def active(batch: Batch, take: Active) -> Rows:
    """Whether one of the agents is running."""
    return _facts(batch, take, None)


def given(batch: Batch, take: Given) -> Rows:
    """Whether one of the agents was started in (t - within, t]."""
    return _facts(batch, take, take.within_hours)


def _facts(batch: Batch, take: Active | Given, within_hours: float | None) -> Rows:
    is_open = take.when_uncharted == "unknown"
    attributes = take.attributes if isinstance(take, Active) else None
    changes = batch.once(_Changes, take.exposure, within_hours, is_open, attributes)
    certain, possible = matches(batch, take)
    if isinstance(take, Given) and take.since_infusion:
        rows = batch.exposed(take.exposure)
        infused = batch.infused[rows.course]
        since = (infused != NEVER) & (rows.start >= infused)
        certain, possible = certain & since, possible & since
    counts = changes.counted([certain, possible & ~certain])
    holds = counts[0] > 0
    may_hold = holds | (counts[1] > 0)
    if is_open:
        may_hold |= ~changes.is_charted
    absent = Facts(np.array([False]), np.array([is_open]))
    return Rows(changes.key, changes.end, Facts(holds, may_hold), absent)


def count_active(batch: Batch, take: CountActive) -> Rows:
    """How many different agents are running."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take)
    named = sorted({str(a) for a in rows.agent[possible]} - {UNSPECIFIED})
    is_unnamed = rows.agent == UNSPECIFIED
    measures = [certain & is_unnamed, possible & is_unnamed]
    for agent in named:
        measures += [certain & (rows.agent == agent), possible & (rows.agent == agent)]
    is_open = take.when_uncharted == "unknown"
    changes = batch.once(_Changes, take.exposure, None, is_open)
    counts = changes.counted(measures)
    running = counts > 0
    low = np.maximum(running[2::2].sum(axis=0), running[0])
    high = running[3::2].sum(axis=0) + counts[1]
    if is_open:
        high = np.where(changes.is_charted, high, take.at_most_agents)
    high = np.maximum(low, np.minimum(high, take.at_most_agents))
    values = Numbers(low.astype(np.float64), high.astype(np.float64))
    absent = Numbers(np.array([0.0]), np.array([float(take.at_most_agents) if is_open else 0.0]))
    return Rows(changes.key, changes.end, values, absent)


def rate_sum(batch: Batch, take: RateSum) -> Rows:
    """The weighted sum of the rates of the agents that run."""
    rows = batch.exposed(take.exposure)
    certain, possible = matches(batch, take)
    weighted, is_known = _weighted(batch, take, rows)
    steps = np.rint(np.where(is_known, weighted, 0.0) * _RATE_STEPS).astype(np.int64)
    is_open = take.when_uncharted == "unknown"
    changes = batch.once(_Changes, take.exposure, None, is_open)
    counts = changes.counted([np.where(certain, steps, 0), np.where(possible, steps, 0), possible & ~is_known])
    low, high = np.round(counts[0] / _RATE_STEPS, 9), np.round(counts[1] / _RATE_STEPS, 9)
    high = np.where(counts[2] > 0, take.at_most, high)
    if is_open:
        high = np.where(changes.is_charted, high, take.at_most)
    high = np.maximum(low, np.minimum(high, take.at_most))
    absent = Numbers(np.array([0.0]), np.array([take.at_most if is_open else 0.0]))
    return Rows(changes.key, changes.end, Numbers(low, high), absent)


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
    at = batch.key(rows.course[places], rows.start[places])
    found = np.searchsorted(weights.key, at, side="right") - 1
    safe = np.maximum(found, 0)
    here = (found >= 0) & (weights.course[safe] == rows.course[places])
    return np.where(here, weights.value[safe], np.nan)


def matches(batch: Batch, take: ExposureInput) -> tuple[Bools, Bools]:
    """Whether each exposure of the stream is certainly, or possibly, one of those an input asks for."""
    rows = batch.exposed(take.exposure)
    certain = np.zeros(len(rows), bool)
    possible = np.zeros(len(rows), bool)
    runs, by_agent = batch.once(_by_agent, take.exposure)
    off = off_at_zero(take.exposure)
    for agent, here in by_agent:
        agents = possible_agents(take.exposure) if agent == UNSPECIFIED else [agent]
        pairs = [_agent_matches(batch, take, rows, here=here, agent=one) for one in agents]
        pairs = [(c & runs, p & runs) if one in off else (c, p) for one, (c, p) in zip(agents, pairs, strict=True)]
        if pairs:
            certain[here] = np.all([c[here] for c, _ in pairs], axis=0)
            possible[here] = np.any([p[here] for _, p in pairs], axis=0)
        else:
            possible[here] = True
    reason_certain, reason_possible = _reason_matches(take, rows)
    return certain & reason_certain, possible & reason_possible


def _by_agent(batch: Batch, stream: str) -> tuple[Bools, list[tuple[str, Bools]]]:
    """Which exposures run (one without a rate does), and which are of each agent."""
    rows = batch.exposed(stream)
    return rows.rate != 0, [(agent, rows.agent == agent) for agent in sorted({str(a) for a in rows.agent})]


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


class _Changes:
    """Where exposures of a stream start and end, for running counts: what starts adds, what ends takes away.

    Args:
        batch: The courses.
        stream: Whose exposures.
        within_hours: How long each counts from its start on; None counts it as long as it runs.
        is_open: Whether it matters where the stream is charted.
        attributes: Readings that stay attributed to what ran when they were taken, so that it lasts as long as they hold.

    Attributes:
        key: Sorted keys at which a count may change.
        end: Where the next of the course is, or its end.
        is_charted: Whether absence of a row means absence of the thing, from each key on; over all of (t - within, t] where
            that is asked for.
    """

    def __init__(  # noqa: PLR0917
        self,
        batch: Batch,
        stream: str,
        within_hours: float | None,
        is_open: bool,  # noqa: FBT001
        attributes: Readings | None = None,
    ) -> None:
        rows = batch.exposed(stream)
        within = None if within_hours is None else hours(within_hours)
        spans = [(rows.course, rows.start, rows.end if within is None else rows.start + within)]
        if is_open:
            spans.append(_charted_now(batch, stream) if within is None else _charted_within(batch, stream, within))
        course, start, end = (np.concatenate(parts) for parts in zip(*spans, strict=True))
        is_forever = end == FOREVER
        end_key = np.where(is_forever, batch.ends[course], batch.key(course, np.where(is_forever, 0, end)))
        if attributes is not None:
            end_key = _attributed_until(batch, rows, end_key, attributes)
        key = np.concatenate([batch.key(course, start), end_key])
        self._n, self._n_spans = len(rows), len(course)
        self._order = key.argsort(kind="stable")
        key = key[self._order]
        self._keep = last_of_each_key(key)
        self.key = key[self._keep]
        self.end = until_next(batch, self.key, None)
        charting = np.ones((1, self._n_spans), np.int64)
        charting[:, : self._n] = 0
        self.is_charted: Bools = self._sums(charting)[0] > 0

    def counted(self, measures: Sequence[Bools | Ints]) -> Ints:
        """For each measure of the exposures its sum over those that count, from each key on."""
        of_spans = np.zeros((len(measures), self._n_spans), np.int64)
        of_spans[:, : self._n] = measures
        return self._sums(of_spans)

    def _sums(self, of_spans: Ints) -> Ints:
        sums: Ints = np.concatenate([of_spans, -of_spans], axis=1)[:, self._order].cumsum(axis=1)[:, self._keep]
        return sums


def _attributed_until(batch: Batch, rows: Exposed, end_key: Ints, readings: Readings) -> Ints:
    """Keys at which exposures, and the readings taken while they ran that still held at their end, are over."""
    _, held = batch.once(held_rows, readings.observation)
    if not len(held):
        return end_key
    place = np.searchsorted(held.key, end_key, side="left") - 1
    safe = np.maximum(place, 0)
    taken = held.key[safe]
    holds = (place >= 0) & (rows.end != FOREVER) & (taken >= batch.key(rows.course, rows.start))
    until = np.minimum(held.end[safe], taken + hours(readings.holds_hours))
    return np.where(holds, np.maximum(end_key, until), end_key)


def _charted_now(batch: Batch, stream: str) -> tuple[Ints, Ints, Ints]:
    """Spans in which absence of a row means absence of the thing."""
    course, start, end = batch.charted(stream)
    if not streams()[stream].exclusive:
        return course, start, end
    rows = batch.exposed(stream)
    return (
        np.concatenate([course, rows.course]),
        np.concatenate([start, rows.start]),
        np.concatenate([end, rows.end]),
    )


def _charted_within(batch: Batch, stream: str, within: int) -> tuple[Ints, Ints, Ints]:
    """Spans in which the stream has been charted for at least so long."""
    course, start, end = batch.charted(stream)
    longer = (end == FOREVER) | (start + within < end)
    return course[longer], start[longer] + within, end[longer]
