"""Vector input methods over exposures.

Place    Engine, vector. The fast twin of `engine.plain.exposures`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: possible values over half-open times.
Knows    What runs at a time is a running count: +1 where an exposure starts, -1 where it ends. Counts and weighted rates are
         integers, so that nothing is left over when an exposure ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from vein2vein.basis.clock import hours
from vein2vein.engine.rates import off_at_zero, possible_agents, rate_with_weight
from vein2vein.engine.vector.batch import FOREVER, NEVER, Batch, Bools, Exposed, Floats, Ints
from vein2vein.engine.vector.held import held_rows
from vein2vein.engine.vector.rows import Facts, Numbers, Rows, last_of_each_key, shares, until_next
from vein2vein.engine.vector.states import most_grids, step_of
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.inputs import Active, AgentClause, CountActive, ExposureInput, Given, RateSum, Readings
from vein2vein.record.timeline import UNSPECIFIED

_RATE_STEPS: Final = 1e9


@dataclass(frozen=True, eq=False)
class _Alike:
    """Inputs that rest on the same changes.

    Attributes:
        which: These changes.
        takes: The inputs.
        absent: What they say where there is no row.
    """

    which: _Which
    takes: tuple[Active | Given, ...]
    absent: Facts


class FactsTogether:
    """Inputs that ask whether something runs or was given, by the changes that they rest on."""

    def __init__(self, takes: Sequence[Active | Given]) -> None:
        places: dict[_Which, list[int]] = {}
        for place, take in enumerate(takes):
            places.setdefault(_which(take), []).append(place)
        self.alike = [
            _Alike(which, tuple(takes[place] for place in some), Facts(np.array([False]), np.array([which.is_open])))
            for which, some in places.items()
        ]
        order = [place for some in places.values() for place in some]
        self.back = np.argsort(order).tolist()


def facts(batch: Batch, asked: FactsTogether) -> list[Rows]:
    """Whether one of the agents is running, or was started in (t - within, t], of several inputs at once."""
    change(batch, [alike.which for alike in asked.alike])
    found: list[Rows] = []
    for alike in asked.alike:
        changes = batch.once(_changes, *alike.which)
        n = len(alike.takes)
        if changes.n:
            pairs = [_matches_since(batch, take) for take in alike.takes]
            counts = changes.counted([*(c for c, _ in pairs), *(p for _, p in pairs)]) > 0
        else:  # nothing of the stream was recorded but where it is charted
            counts = np.zeros((2 * n, len(changes.key)), bool)
        if alike.which.is_open:
            counts[n:] |= ~changes.is_charted
        found += [
            Rows(changes.key, changes.end, Facts(*says), alike.absent)
            for says in zip(counts[:n], counts[n:], strict=True)
        ]
    return [found[place] for place in asked.back]


def _matches_since(batch: Batch, take: Active | Given) -> tuple[Bools, Bools]:
    """As `matches`; what was started before the infusion may not count."""
    certain, possible = matches(batch, take)
    if not isinstance(take, Given) or not take.since_infusion:
        return certain, possible
    rows = batch.exposed(take.exposure)
    infused = batch.infused[rows.course]
    since = (infused != NEVER) & (rows.start >= infused)
    return certain & since, possible & since


def count_active(batch: Batch, take: CountActive) -> Rows:
    """How many different agents are running."""
    rows, changes = batch.exposed(take.exposure), batch.once(_changes, *_which(take))
    if not len(rows):
        return _up_to(take, changes, *np.zeros((2, len(changes.key))))
    certain, possible = matches(batch, take)
    named = sorted({str(a) for a in rows.agent[possible]} - {UNSPECIFIED})
    is_unnamed = rows.agent == UNSPECIFIED
    measures = [certain & is_unnamed, possible & is_unnamed]
    for agent in named:
        measures += [certain & (rows.agent == agent), possible & (rows.agent == agent)]
    counts = changes.counted(measures)
    running = counts > 0
    low = np.maximum(running[2::2].sum(axis=0), running[0])
    high = running[3::2].sum(axis=0) + counts[1]
    return _up_to(take, changes, low.astype(np.float64), high.astype(np.float64))


def rate_sum(batch: Batch, take: RateSum) -> Rows:
    """The weighted sum of the rates of the agents that run."""
    rows, changes = batch.exposed(take.exposure), batch.once(_changes, *_which(take))
    if not len(rows):
        return _up_to(take, changes, *np.zeros((2, len(changes.key))))
    certain, possible = matches(batch, take)
    weighted, is_known = _weighted(batch, take, rows)
    steps = np.rint(np.where(is_known, weighted, 0.0) * _RATE_STEPS).astype(np.int64)
    counts = changes.counted([np.where(certain, steps, 0), np.where(possible, steps, 0), possible & ~is_known])
    low, high = np.round(counts[0] / _RATE_STEPS, 9), np.round(counts[1] / _RATE_STEPS, 9)
    return _up_to(take, changes, low, np.where(counts[2] > 0, take.at_most, high))


def _up_to(take: CountActive | RateSum, changes: _Changes, low: Floats, high: Floats) -> Rows:
    """What is counted, up to the most there can be, and up to that where the stream is not charted but should be."""
    most = float(take.at_most_agents if isinstance(take, CountActive) else take.at_most)
    is_open = take.when_uncharted == "unknown"
    if is_open:
        high = np.where(changes.is_charted, high, most)
    high = np.maximum(low, np.minimum(high, most))
    absent = Numbers(np.array([0.0]), np.array([most if is_open else 0.0]))
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
    found = weights.key.searchsorted(at, side="right") - 1
    safe = np.maximum(found, 0)
    here = (found >= 0) & (weights.course[safe] == rows.course[places])
    return np.where(here, weights.value[safe], np.nan)


_Stated = tuple[tuple[str, bool, str | None], ...]  # agent, whether it runs (one without a rate does), reason


def matches(batch: Batch, take: ExposureInput) -> tuple[Bools, Bools]:
    """Whether each exposure of the stream is certainly, or possibly, one of those an input asks for."""
    stated, which = batch.once(_stated, take.exposure)
    if any(not isinstance(clause, str) and clause.rate_unit is not None for clause in take.agents):
        certain, possible = _matches_by_rate(batch, take)
    else:
        certain, possible = (
            says[which] for says in _agents_say(take.exposure, take.agents, take.except_agents, stated)
        )
    if not take.except_reasons and take.only_reasons is None:
        return certain, possible
    reasons = _reasons_say(take.except_reasons, take.only_reasons, take.unstated_reason, stated)
    return certain & reasons[0][which], possible & reasons[1][which]


def _stated(batch: Batch, stream: str) -> tuple[_Stated, Ints]:
    """What different things are said of the exposures of a stream, and which of these of each."""
    rows = batch.exposed(stream)
    numbers: dict[tuple[str, bool, str | None], int] = {}
    said = zip(rows.agent.tolist(), (rows.rate != 0).tolist(), rows.reason.tolist(), strict=True)
    which = [numbers.setdefault(one, len(numbers)) for one in said]
    return tuple(numbers), np.array(which, np.int64)


@lru_cache(maxsize=4_096)
def _agents_say(
    stream: str, agents: tuple[str | AgentClause, ...] | str, except_agents: tuple[str, ...], stated: _Stated
) -> tuple[Bools, Bools]:
    """Whether agents are certainly, or possibly, among those asked for, where no rate is."""
    off = off_at_zero(stream)
    names = {clause if isinstance(clause, str) else clause.agent for clause in agents}
    certain, possible = np.zeros(len(stated), bool), np.zeros(len(stated), bool)
    for place, (said, runs, _) in enumerate(stated):
        perhaps = possible_agents(stream) if said == UNSPECIFIED else [said]
        found = [
            one not in except_agents and (agents == "any" or one in names) and (runs or one not in off)
            for one in perhaps
        ]
        certain[place], possible[place] = bool(found) and all(found), not found or any(found)
    return certain, possible


@lru_cache(maxsize=4_096)
def _reasons_say(
    except_reasons: tuple[str, ...], only_reasons: tuple[str, ...] | None, unstated_reason: str, stated: _Stated
) -> tuple[Bools, Bools]:
    """Whether reasons are certainly, or possibly, among those asked for."""
    certain, possible = np.zeros(len(stated), bool), np.zeros(len(stated), bool)
    for place, (_, _, reason) in enumerate(stated):
        if reason is None:
            certain[place], possible[place] = unstated_reason == "counts", unstated_reason != "no"
        else:
            counts = reason not in except_reasons and (only_reasons is None or reason in only_reasons)
            certain[place] = possible[place] = counts
    return certain, possible


def _matches_by_rate(batch: Batch, take: ExposureInput) -> tuple[Bools, Bools]:
    """Whether the agent of each exposure is certainly, or possibly, among those asked for, some of them from a rate on."""
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
    return certain, possible


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


class _Which(NamedTuple):
    """What changes of exposures are asked for.

    Attributes:
        stream: Whose exposures.
        within_hours: How long each counts from its start on; None counts it as long as it runs.
        is_open: Whether it matters where the stream is charted.
        attributes: Readings that stay attributed to what ran when they were taken, so that it lasts as long as they hold.
    """

    stream: str
    within_hours: float | None
    is_open: bool
    attributes: Readings | None


def _which(take: ExposureInput) -> _Which:
    return _Which(
        take.exposure,
        take.within_hours if isinstance(take, Given) else None,
        take.when_uncharted == "unknown",
        take.attributes if isinstance(take, Active) else None,
    )


@dataclass(frozen=True, eq=False)
class _Changes:
    """Where exposures of a stream start and end, for running counts: what starts adds, what ends takes away.

    Attributes:
        key: Sorted keys at which a count may change.
        end: Where the next of the course is, or its end.
        is_charted: Whether absence of a row means absence of the thing, from each key on; over all of (t - within, t] where
            that is asked for.
        of: Which span starts or ends, in order of time: exposures, then charted times.
        sign: 1 where it starts, -1 where it ends.
        keep: Which of these are the last at their key.
        n: How many of the spans are exposures.
    """

    key: Ints
    end: Ints
    is_charted: Bools
    of: Ints
    sign: Ints
    keep: Bools
    n: int

    def counted(self, measures: Sequence[Bools | Ints]) -> Ints:
        """For each measure of the exposures its sum over those that count, from each key on."""
        of_spans = np.zeros((len(measures), len(self.of) // 2), np.int64)
        of_spans[:, : self.n] = measures
        return _sums(of_spans, self.of, self.sign, self.keep)


def _sums(of_spans: Ints, of: Ints, sign: Ints, keep: Bools) -> Ints:
    sums = of_spans[:, of]
    sums *= sign
    counted: Ints = sums.cumsum(axis=1)[:, keep]
    return counted


def change(batch: Batch, asked: Iterable[_Which]) -> None:
    """Work out changes of several streams at once, so that they need not be asked one by one."""
    new = [which for which in asked if not batch.has_once(_changes, *which)]
    for begin, end in shares([len(batch.exposed(stream)) for stream, *_ in new], most_grids(batch)):
        for which, found in zip(new[begin:end], _changes_of(batch, new[begin:end]), strict=True):
            batch.put_once(found, _changes, *which)


def _changes(batch: Batch, *which: Any) -> _Changes:
    return _changes_of(batch, [_Which(*which)])[0]


def _changes_of(batch: Batch, asked: Sequence[_Which]) -> list[_Changes]:
    parts, n_spans, exposed = [], [], []
    for stream, within_hours, is_open, _ in asked:
        rows = batch.exposed(stream)
        within = None if within_hours is None else hours(within_hours)
        parts.append((rows.course, rows.start, rows.end if within is None else rows.start + within))
        if is_open:
            parts.append(_charted_now(batch, stream) if within is None else _charted_within(batch, stream, within))
        exposed.append(len(rows))
        n_spans.append(len(rows) + (len(parts[-1][0]) if is_open else 0))
    course, start, end = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    is_forever = end == FOREVER
    end_key = np.where(is_forever, batch.ends[course], batch.key(course, np.where(is_forever, 0, end)))
    for one, last, n_all in zip(asked, accumulate(n_spans), n_spans, strict=True):
        if one.attributes is not None:  # the spans are the exposures alone, as charting does not matter
            mine = slice(last - n_all, last)
            end_key[mine] = _attributed_until(batch, batch.exposed(one.stream), end_key[mine], one.attributes)
    steps = np.arange(len(asked)) * step_of(batch)
    key = np.concatenate([batch.key(course, start), end_key])
    if len(asked) > 1:
        key += np.tile(steps.repeat(n_spans), 2)
    order = key.argsort(kind="stable")
    key, n = key[order], len(course)
    keep = last_of_each_key(key)
    kept = key[keep]
    ends = until_next(batch, kept, None)
    sign = np.where(order < n, 1, -1)
    of = np.where(order < n, order, order - n)
    charting = np.ones((1, n), np.int64)
    first = 0
    for n_exposed, n_all in zip(exposed, n_spans, strict=True):
        charting[0, first : first + n_exposed] = 0
        first += n_all
    is_charted: Bools = _sums(charting, of, sign, keep)[0] > 0  # 0 again where the next stream begins
    if len(asked) == 1:
        return [_Changes(kept, ends, is_charted, of, sign, keep, exposed[0])]
    cuts = [*kept.searchsorted(steps).tolist(), len(kept)]
    offset = steps.repeat(np.diff(cuts))
    kept, ends = kept - offset, ends - offset
    found, first = [], 0
    for (a, b), n_exposed, n_all in zip(pairwise(cuts), exposed, n_spans, strict=True):
        mine = slice(2 * first, 2 * (first + n_all))
        found.append(
            _Changes(kept[a:b], ends[a:b], is_charted[a:b], of[mine] - first, sign[mine], keep[mine], n_exposed)
        )
        first += n_all
    return found


def _attributed_until(batch: Batch, rows: Exposed, end_key: Ints, readings: Readings) -> Ints:
    """Keys at which exposures, and the readings taken while they ran that still held at their end, are over."""
    _, held = batch.once(held_rows, readings.observation)
    if not len(held):
        return end_key
    place = held.key.searchsorted(end_key, side="left") - 1
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
