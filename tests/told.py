"""The worked case of a rule file, told as rows of a course: what would have to be recorded for its inputs to have these values.

Random rows alone seldom meet all the conditions of a high grade at once. A told course starts from a case that does.
Inputs over days are left to chance; inputs that contradict each other are told as well as one course can.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind, streams
from vein2vein.record.timeline import CHARTED, Exposure, Milestone, Observation

if TYPE_CHECKING:
    from steered import Steering

LIMIT = 10.0
HOURS = (0, 1, 3, 12, 24)


@dataclass
class Told:
    """Rows and facts of a told course."""

    at: datetime
    infused: datetime
    observations: list[Observation] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    age: float | None = None
    indication: str | None = None


def told_course(steering: Steering, infused: datetime) -> Told | None:
    """A worked case of the rule set as a course; None when the rule set has none."""
    rule = steering.rule
    cases = [case for case in rule.worked_cases if not case.parameters]
    if not cases:
        return None
    given = {**rule.typical, **steering.pick(cases).given}
    told = Told(infused + steering.shift + timedelta(hours=steering.pick(HOURS)), infused)
    values: dict[str, dict[str, float]] = {}
    for name, take in rule.inputs.items():
        value = given.get(name)
        if isinstance(value, list):
            value = value[int(steering.chance(0.5))]
        if isinstance(value, int | float) and not isinstance(value, bool):
            _tell_number(told, take, float(value), values)
        elif isinstance(value, str):
            _tell_word(told, take, value)
    for kind, ways in values.items():
        _tell_measured(told, kind, ways)
    if steering.chance(0.9):
        for stream in sorted({take.exposure for take in rule.inputs.values() if hasattr(take, "exposure")}):
            told.exposures.append(Exposure(CHARTED, stream, infused - timedelta(days=14), None))
    return told


def _tell_number(  # noqa: C901, PLR0912  (one branch per input method)
    told: Told, take: methods.Input, value: float, values: dict[str, dict[str, float]]
) -> None:
    if isinstance(take, methods.AgeYears):
        told.age = value
    elif isinstance(take, methods.ItemSum):
        told.observations.append(Observation(take.total, told.at, value))
    elif isinstance(take, methods.Latest | methods.Extreme | methods.BaselineValue):
        way = take.take if isinstance(take, methods.BaselineValue) else ""
        way += f" over {getattr(take, 'relative_to', None) or ''}"
        if getattr(take, "minus", None) is not None:
            way = f" minus {take.minus}"  # type: ignore[union-attr]
        if getattr(take, "minus_per_year_of_age", None) is None:
            values.setdefault(take.observation, {})[way] = value
    elif isinstance(take, methods.SteepestRise):
        for hours, base in ((0, 1000.0), (4, 1000.0 + 4 * value)):
            told.observations.append(Observation(take.observation, told.at + timedelta(hours=hours), base))
    elif isinstance(take, methods.MeasuredSpan):
        steps = max(1, round(value / take.gap_hours + 0.5))
        for step in range(steps + 1):
            at = told.at + timedelta(hours=value * step / steps)
            told.observations.append(Observation(take.observation, at, take.at_least + 0.5))
    elif isinstance(take, methods.CountActive):
        agents = [name for name in streams()[take.exposure].agents if name not in take.except_agents]
        for agent in agents[: int(value)]:
            _tell_exposure(told, take, agent)
    elif isinstance(take, methods.RateSum) and value:
        agent, (weight, unit) = next(iter(take.weights.items()))
        _tell_exposure(told, take, agent, value / weight, unit)


def _tell_measured(told: Told, kind: str, ways: dict[str, float]) -> None:
    """One row that is all of it: a plain value, a multiple of its limits, and of a baseline before the infusion."""
    decimals = observation_kind(kind).decimals
    value = ways.get(" over ")
    if value is None:
        value = LIMIT * ways.get(" over upper_limit", ways.get(" over lower_limit", 1.0))
    if " minus upper_limit" in ways:
        value = LIMIT + ways[" minus upper_limit"]
    high = value / ways[" over upper_limit"] if ways.get(" over upper_limit") else LIMIT
    low = value / ways[" over lower_limit"] if ways.get(" over lower_limit") else min(LIMIT, high)
    baseline = ways.get("baseline over ")
    if ways.get("baseline over upper_limit"):
        baseline = ways["baseline over upper_limit"] * LIMIT
    if ways.get(" over baseline"):
        baseline = value / ways[" over baseline"]
    if " minus baseline" in ways:
        baseline = value - ways[" minus baseline"]
    if baseline is not None:
        before = told.infused - timedelta(days=3)
        told.observations.append(Observation(kind, before, baseline, reference_high=LIMIT, reference_low=LIMIT / 2))
        told.milestones = [Milestone("lymphodepletion", told.infused - timedelta(days=2))]
    if set(ways) == {"baseline over "}:
        return
    told.observations.append(
        Observation(kind, told.at, round(value, decimals + 4), reference_high=high, reference_low=low)
    )


def _tell_word(told: Told, take: methods.Input, word: str) -> None:
    if isinstance(take, methods.Latest):
        kind = observation_kind(take.observation)
        if kind.type == "category" or take.says == "yes":
            told.observations.append(Observation(take.observation, told.at, code=word))
    elif isinstance(take, methods.CourseField) and take.field == "indication":
        told.indication = word
    elif isinstance(take, methods.Death) and word == "yes":
        told.milestones.append(Milestone("death", told.at + timedelta(hours=1), take.causes[0]))
    elif isinstance(take, methods.Active | methods.Given) and word == "yes":
        known = streams()[take.exposure].agents
        clause = take.agents[0] if take.agents != "any" else next(a for a in known if a not in take.except_agents)
        if isinstance(clause, str):
            _tell_exposure(told, take, clause)
        else:
            _tell_exposure(
                told, take, clause.agent, (clause.rate_above or clause.rate_at_least or 0) + 1, clause.rate_unit
            )


def _tell_exposure(told: Told, take: Any, agent: str, rate: float | None = None, unit: str | None = None) -> None:
    reason = take.only_reasons[0] if take.only_reasons else None
    end = told.at if isinstance(take, methods.Given) else told.at + timedelta(hours=6)
    told.exposures.append(Exposure(take.exposure, agent, told.at, end, rate=rate, rate_unit=unit, reason=reason))
