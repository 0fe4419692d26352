"""Prophylaxis and replacement for a course at an instant: due, running, may stop, not known; sources side by side.

Place    Journey, follow-up. Read by assess, the command line and the report.
In       A timeline, policies by source, an instant, what people say.
Out      `Step` for each item of a policy; `side_by_side` by subject.
Knows    Days and months are counted from local calendar days: months are the calendar's, as completed months. The anchor of
         lymphodepletion is its milestone, or its first exposure.
Missing  Whether something runs is known from exposures where the policy says which; otherwise somebody has to say.
         Nothing may stop because a count is missing.
Checked  tests/unit/journey/followup/test_prophylaxis.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from dateutil.relativedelta import relativedelta

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.stages.facts import state_of
from vein2vein.journey.stages.scored import began
from vein2vein.knowledge.documents.prophylaxis import ItemTruths, Policy
from vein2vein.knowledge.inputs import Given
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange, Value
from vein2vein.record.timeline import Timeline

Answer = Literal["not yet", "start due", "running", "may stop", "not needed", "unknown"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one policy says of one item for a course.

    Attributes:
        policy: The file, with its status, sources and chosen parameters.
        judged: Start and stop with the rows of the policy.
        runs: Whether it is given at the instant.
        answer: "not yet" before its start; "start due" when it has come and the item does not run; "running" when it goes on;
            "may stop" when it runs and its stop has come; "not needed" when its stop has come and it does not run; otherwise
            "unknown".
        missing: What would settle it, sorted; "runs" where it is not known whether it is given.
        rows: Rows of the timeline behind the facts.
    """

    policy: Policy
    judged: ItemTruths
    runs: Truth
    answer: Answer
    missing: tuple[str, ...]
    rows: Mapping[str, tuple[Row, ...]]


def prophylaxis(  # noqa: PLR0913  (the options of the one question, all named)
    timeline: Timeline,
    policy: Policy,
    at: datetime,
    *,
    told: Mapping[str, Any] | None = None,
    running: Mapping[str, bool] | None = None,
    computed: Mapping[str, Value] | None = None,
    questions: Questions | None = None,
    scores: Mapping[str, RuleSet] | None = None,
) -> tuple[Step, ...]:
    """What a policy says of a course at an instant; rows after it are not seen.

    Args:
        timeline: The course.
        policy: The policy.
        at: Aware instant of the question.
        told: Facts that the policy asks to be told.
        running: By item, whether it is given, where the record does not show that.
        computed: Facts that another stage worked out.
        questions: Those of the course at the instant, where they were made before.
        scores: Point scores that the policy asks for, by id; those of the package when None.

    Raises:
        JourneyError: JOURNEY-005 when something is told that the policy does not ask to be told.
    """
    questions = questions or Questions(timeline, at)
    known = {**clocks(timeline, at), **(computed or {})}
    state, rows = state_of(policy, questions, told=told or {}, computed=known, formulas={}, scores=scores)
    found = []
    for judged in policy.judge(state):
        runs = _runs(questions, judged, (running or {}).get(judged.item.name))
        answer = _answer(judged, runs)
        missing = set(judged.missing) | ({"runs"} if answer == "unknown" and runs is Truth.UNKNOWN else set())
        found.append(Step(policy, judged, runs, answer, tuple(sorted(missing)) if answer == "unknown" else (), rows))
    return tuple(found)


def side_by_side(
    timeline: Timeline,
    policies: Iterable[Policy],
    at: datetime,
    *,
    told: Mapping[str, Any] | None = None,
    running: Mapping[str, bool] | None = None,
    computed: Mapping[str, Value] | None = None,
) -> dict[str, tuple[Step, ...]]:
    """Steps of several policies by subject; of `told` every policy takes what it asks for."""
    found: dict[str, list[Step]] = {}
    for policy in policies:
        asked = {name: value for name, value in (told or {}).items() if name in policy.to_be_told}
        for step in prophylaxis(timeline, policy, at, told=asked, running=running, computed=computed):
            found.setdefault(step.judged.item.subject, []).append(step)
    return {subject: tuple(steps) for subject, steps in sorted(found.items())}


def agrees(steps: Sequence[Step]) -> bool:
    """Whether the sources give one answer."""
    return len({step.answer for step in steps}) <= 1


def clocks(timeline: Timeline, at: datetime) -> dict[str, Value]:
    """Days and completed months since the infusion, and days since lymphodepletion began, at an instant.

    Before the infusion the days are negative where its date is known and otherwise below 0; months are 0 then.
    """
    course, zone = timeline.course, timeline.course.zone
    today = local_date(at, zone)
    infused = course.infused_at
    if infused is None or infused > at:
        since: NumberRange = NumberRange(high=0, high_is_open=True)
        months = NumberRange(0, 0)
    else:
        on = local_date(infused, zone)
        since = NumberRange((today - on).days, (today - on).days)
        months = NumberRange(*(2 * (_months(on, today),)))
    begun = _lymphodepleted_on(timeline, at)
    depleted: NumberRange = ANY_NUMBER
    if begun is not None:
        depleted = NumberRange((today - begun).days, (today - begun).days)
    elif infused is None or infused > at:
        depleted = NumberRange(high=0, high_is_open=True)
    else:
        # It has begun some day before the infusion, as far as anybody knows.
        depleted = NumberRange(low=since.low)
    return {"days_since_infusion": since, "months_since_infusion": months, "days_since_lymphodepletion": depleted}


def _months(start: date, end: date) -> int:
    span = relativedelta(end, start)
    return int(span.years) * 12 + int(span.months)


def _lymphodepleted_on(timeline: Timeline, at: datetime) -> date | None:
    begun = began(timeline, at)
    return None if begun is None else local_date(begun, timeline.course.zone)


def _runs(questions: Questions, judged: ItemTruths, said: bool | None) -> Truth:  # noqa: FBT001
    shown = judged.item.given_as
    if shown is None:
        return Truth.of(said)
    take = Given(take="given", exposure=shown.exposure, agents=shown.agents, within_hours=shown.within_hours)
    value = questions.ask(take).value
    recorded = value if isinstance(value, Truth) else Truth.UNKNOWN
    return Truth.of(said) if recorded is Truth.UNKNOWN else recorded


def _answer(judged: ItemTruths, runs: Truth) -> Answer:
    """The answer for what is certain; anything open makes it unknown."""
    if judged.stop is Truth.TRUE:
        return {Truth.TRUE: "may stop", Truth.FALSE: "not needed", Truth.UNKNOWN: "unknown"}[runs]  # type: ignore[return-value]
    if judged.stop is Truth.UNKNOWN:
        return "unknown"
    if judged.start is Truth.FALSE:
        return "not yet"
    if runs is Truth.TRUE:
        return "running"
    return "start due" if judged.start is Truth.TRUE and runs is Truth.FALSE else "unknown"
