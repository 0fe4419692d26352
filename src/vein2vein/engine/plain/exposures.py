"""Plain input methods over exposures: what runs, how many run, what was given.

Place    Engine, plain. Carries out Active, CountActive, Given and RateSum of knowledge.inputs.
Knows    An exposure counts in the half-open interval [started_at, ended_at), but not at a rate of 0 where its agent is then off.
Missing  Absence of a row is a no only while the stream is charted, or where the rule file says `when_uncharted: no`.
Checked  tests/unit/engine/test_plain_methods.py; the fast twin is held to this.
"""

from __future__ import annotations

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.truth import Truth, all_of, any_of
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.engine.plain.observations import held
from vein2vein.engine.rates import off_at_zero, possible_agents, rate_with_weight
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.inputs import Active, AgentClause, CountActive, ExposureInput, Given, RateSum, Readings
from vein2vein.knowledge.values import NumberRange, Value
from vein2vein.record.timeline import UNSPECIFIED, Exposure

Found = tuple[Value, tuple[Exposure, ...]]
_UNSTATED = {"counts": Truth.TRUE, "possible": Truth.UNKNOWN, "no": Truth.FALSE}


def active(index: CourseIndex, take: Active, at: int) -> Found:
    """Whether one of the agents is running, or ran when the reading that holds was taken."""
    running = _running(index, take, at)
    if take.attributes is not None:
        running += _attributing(index, take, take.attributes, at)
    truths = [matches(index, take, exposure) for exposure in running]
    return _or_uncharted(any_of(truths), take, is_charted=_is_charted(index, take, at)), tuple(running)


def _attributing(index: CourseIndex, take: Active, readings: Readings, at: int) -> list[Exposure]:
    """Exposures that have ended since, and ran when the reading that holds now was taken."""
    reading = held(index, readings.observation, readings.holds_hours, at)
    if reading is None:
        return []
    taken = to_microseconds(reading.observed_at)
    spans = zip(index.exposures(take.exposure), index.spans(take.exposure), strict=True)
    return [exposure for exposure, span in spans if _contains(span, taken) and not _contains(span, at)]


def given(index: CourseIndex, take: Given, at: int) -> Found:
    """Whether one of the agents was started in (at - within, at]."""
    within = hours(take.within_hours)
    started = [e for e in index.exposures(take.exposure) if at - within < to_microseconds(e.started_at) <= at]
    if take.since_infusion:
        started = [e for e in started if not index.is_before_infusion(e.started_at)]
    truths = [matches(index, take, exposure) for exposure in started]
    charted = any(s <= at - within and (e is None or at < e) for s, e in index.charted(take.exposure))
    return _or_uncharted(any_of(truths), take, is_charted=charted), tuple(started)


def count_active(index: CourseIndex, take: CountActive, at: int) -> Found:
    """How many different agents are running."""
    running = [(e, matches(index, take, e)) for e in _running(index, take, at)]
    running = [(e, truth) for e, truth in running if truth.is_possible]
    named_certain = {e.agent for e, truth in running if truth.is_certain and e.agent != UNSPECIFIED}
    named = {e.agent for e, _ in running if e.agent != UNSPECIFIED}
    unnamed = [truth for e, truth in running if e.agent == UNSPECIFIED]
    low = max(len(named_certain), int(any(truth.is_certain for truth in unnamed)))
    high = len(named) + len(unnamed)
    if take.when_uncharted == "unknown" and not _is_charted(index, take, at):
        high = take.at_most_agents
    high = max(low, min(high, take.at_most_agents))
    return NumberRange(low, high), tuple(e for e, _ in running)


def rate_sum(index: CourseIndex, take: RateSum, at: int) -> Found:
    """The weighted sum of the rates of the agents that run."""
    running = [(e, matches(index, take, e)) for e in _running(index, take, at)]
    running = [(e, truth) for e, truth in running if truth.is_possible]
    low = high = 0.0
    for exposure, truth in running:
        weighted = _weighted(index, take, exposure)
        if weighted is None:
            high = take.at_most
        else:
            low += weighted if truth.is_certain else 0.0
            high += weighted
    if take.when_uncharted == "unknown" and not _is_charted(index, take, at):
        high = take.at_most
    low = round(low, 9)
    return NumberRange(low, max(low, round(min(high, take.at_most), 9))), tuple(e for e, _ in running)


def _weighted(index: CourseIndex, take: RateSum, exposure: Exposure) -> float | None:
    if exposure.agent not in take.weights:
        return None if exposure.agent == UNSPECIFIED else 0.0
    weight, unit = take.weights[exposure.agent]
    rate = rate_in(index, exposure, unit)
    return None if rate is None else round(weight * rate, 9)


def rate_in(index: CourseIndex, exposure: Exposure, unit: str) -> float | None:
    """The rate in `unit`, with the body weight last known when the infusion started where it is needed."""
    if exposure.rate is None or exposure.rate_unit is None:
        return None
    if exposure.rate_unit == unit:
        return exposure.rate
    weight = index.weight_at(to_microseconds(exposure.started_at))
    return rate_with_weight(exposure.rate, exposure.rate_unit, unit, weight)


def matches(index: CourseIndex, take: ExposureInput, exposure: Exposure) -> Truth:
    """Whether an exposure is one of those an input asks for."""
    return all_of([_agent_matches(index, take, exposure), _reason_matches(take, exposure)])


def _agent_matches(index: CourseIndex, take: ExposureInput, exposure: Exposure) -> Truth:
    agents = [exposure.agent] if exposure.agent != UNSPECIFIED else possible_agents(take.exposure)
    truths = [_one_agent_matches(index, take, exposure, agent) for agent in agents]
    if not truths or all(t is truths[0] for t in truths):
        return truths[0] if truths else Truth.UNKNOWN
    return Truth.UNKNOWN


def _one_agent_matches(index: CourseIndex, take: ExposureInput, exposure: Exposure, agent: str) -> Truth:
    if agent in take.except_agents or (exposure.rate == 0 and agent in off_at_zero(take.exposure)):
        return Truth.FALSE
    if take.agents == "any":
        return Truth.TRUE
    truths = [_clause_matches(index, clause, exposure, agent) for clause in take.agents]
    return any_of(truths)


def _clause_matches(index: CourseIndex, clause: str | AgentClause, exposure: Exposure, agent: str) -> Truth:
    if isinstance(clause, str):
        return Truth.of(clause == agent)
    if clause.agent != agent:
        return Truth.FALSE
    if clause.rate_unit is None:
        return Truth.TRUE
    rate = rate_in(index, exposure, clause.rate_unit)
    if rate is None:
        return Truth.UNKNOWN
    above = clause.rate_above is None or rate > clause.rate_above
    at_least = clause.rate_at_least is None or rate >= clause.rate_at_least
    return Truth.of(above and at_least)


def _reason_matches(take: ExposureInput, exposure: Exposure) -> Truth:
    if exposure.reason is None:
        asked = bool(take.except_reasons) or take.only_reasons is not None
        return _UNSTATED[take.unstated_reason] if asked else Truth.TRUE
    if exposure.reason in take.except_reasons:
        return Truth.FALSE
    return Truth.of(take.only_reasons is None or exposure.reason in take.only_reasons)


def _running(index: CourseIndex, take: ExposureInput, at: int) -> list[Exposure]:
    spans = zip(index.exposures(take.exposure), index.spans(take.exposure), strict=True)
    return [exposure for exposure, span in spans if _contains(span, at)]


def _contains(span: tuple[int, int | None], at: int) -> bool:
    return span[0] <= at and (span[1] is None or at < span[1])


def _is_charted(index: CourseIndex, take: ExposureInput, at: int) -> bool:
    if any(_contains(span, at) for span in index.charted(take.exposure)):
        return True
    return streams()[take.exposure].exclusive and any(_contains(span, at) for span in index.spans(take.exposure))


def _or_uncharted(truth: Truth, take: ExposureInput, *, is_charted: bool) -> Truth:
    if truth is Truth.FALSE and not is_charted and take.when_uncharted == "unknown":
        return Truth.UNKNOWN
    return truth
