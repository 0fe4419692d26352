"""The state of a source's facts: what a stage can ask of a course, and grades and doses over time besides.

Place    Journey, guidance. Read by `advise`; built upon `journey.stages.facts`.
In       A decision table, a timeline at an instant, grades of the course, what the asker tells.
Out      `State`: possible values of every fact, with the rows behind them; `Doses` of some agents.
Knows    Nothing after the instant. A dose counts from the instant it was started.
Missing  Doses are unknown upwards unless their stream is charted; a subject that nothing grades is unknown.
Does not Decide anything.
Checked  tests/unit/journey/guidance/test_advise.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.guidance.grades import HOUR, Grades, GradeSteps
from vein2vein.journey.stages import facts
from vein2vein.knowledge import decisions as asks
from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import NumberRange, Value
from vein2vein.record.timeline import UNSPECIFIED, Exposure


@dataclass(frozen=True, slots=True)
class Doses:
    """Doses of some agents up to an instant.

    Attributes:
        certain: Rows of the agents, oldest first.
        possible: Rows of the stream whose agent or reason nobody stated.
        is_charted: Whether the stream is charted for the whole time asked about, so that there were no other doses.
    """

    certain: tuple[Exposure, ...]
    possible: tuple[Exposure, ...]
    is_charted: bool

    @property
    def count(self) -> NumberRange:
        """How many there were."""
        high = len(self.certain) + len(self.possible) if self.is_charted else math.inf
        return NumberRange(len(self.certain), high)

    @property
    def starts(self) -> tuple[int, ...]:
        """Starts of the certain doses in UTC microseconds, oldest first."""
        return _starts(self.certain)

    @property
    def possible_starts(self) -> tuple[int, ...]:
        """Starts of the doses that may have been one of the agents."""
        return _starts(self.possible)


def _starts(rows: tuple[Exposure, ...]) -> tuple[int, ...]:
    return tuple(to_microseconds(row.started_at) for row in rows)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a table's facts at an instant.

    Attributes:
        values: Possible values by fact.
        rows: Rows behind each fact; none for what was told or graded.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What beside the timeline goes into a state.

    Attributes:
        grades: Grades of the course.
        scales: Subject -> ids of the rule sets that grade it.
        told: Fact -> what the asker says, for facts that ask to be told: a number, [low, high], a category, yes or no.
        formulas: Formula files by id, for facts that ask for one.
        computed: Values that a stage works out by its own code, by name.
        scores: Point scores by id, for facts that ask for one.
    """

    grades: Grades
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: Mapping[str, object] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    computed: Mapping[str, Value] = field(default_factory=dict)
    scores: Mapping[str, RuleSet] = field(default_factory=dict)

    def steps(self, subject: str) -> GradeSteps:
        """Grade steps of a subject."""
        return self.grades.of(self.scales.get(subject, ()))


def state_of(table: DecisionTable, questions: Questions, given: Given) -> State:
    """Possible values of the facts of a table at the instant of the questions."""
    values, rows = facts.state_of(
        table, questions, told=given.told, computed=given.computed, formulas=given.formulas, scores=given.scores
    )
    for name, fact in table.facts.items():
        found = _over_time(fact.source, questions, given)
        if found is not None:
            values[name], rows[name] = found
    return State(values, rows)


def _over_time(  # noqa: PLR0911  (one line per word)
    source: asks.Ask, questions: Questions, given: Given
) -> tuple[Value, tuple[Row, ...]] | None:
    """The value of a fact about grades or doses; None for any other fact."""
    at = questions.at
    match source:
        case asks.GradeOf():
            bounds = given.steps(source.subject).at(at)
            return (NumberRange() if bounds is None else NumberRange(bounds.low, bounds.high)), ()
        case asks.HoursAtGrade():
            return given.steps(source.subject).hours_at(source.at_least, at), ()
        case asks.HoursToOnset():
            return _hours_to_onset(given.steps(source.subject), questions), ()
        case asks.DosesGiven():
            found = doses(
                questions, source.exposure, source.agents, within_hours=source.within_hours, reasons=source.reasons
            )
            return found.count, found.certain
        case asks.HoursSince():
            since = _hours_since if source.dose is None else _hours_since_first
            return since(doses(questions, source.exposure, source.agents), at)
        case asks.Improved():
            last = doses(questions, source.exposure, source.agents)
            return _improved(given.steps(source.subject), last, at), last.certain[-1:]
        case _:
            return None


def doses(
    questions: Questions,
    exposure: str,
    agents: tuple[str, ...],
    *,
    within_hours: float | None = None,
    reasons: tuple[str, ...] | None = None,
) -> Doses:
    """Doses of some agents started in (t - within, t], or up to t in the whole course.

    The whole course counts as charted when its stream is charted since the infusion.
    """
    index, at = questions.index, questions.at
    infused = index.course.infused_at
    since = None if within_hours is None else at - hours(within_hours)
    certain: list[Exposure] = []
    possible: list[Exposure] = []
    for row, (start, _) in zip(index.exposures(exposure), index.spans(exposure), strict=True):
        if start > at or (since is not None and start <= since) or row.agent not in {*agents, UNSPECIFIED}:
            continue
        if reasons is not None and row.reason is not None and row.reason not in reasons:
            continue
        is_certain = row.agent != UNSPECIFIED and (reasons is None or row.reason is not None)
        (certain if is_certain else possible).append(row)
    begin = since if since is not None else (None if infused is None else to_microseconds(infused))
    charted = begin is not None and any(s <= begin and (e is None or at < e) for s, e in index.charted(exposure))
    return Doses(tuple(certain), tuple(possible), charted)


def _hours_since(found: Doses, at: int) -> tuple[NumberRange, tuple[Row, ...]]:
    last = (at - found.starts[-1]) / HOUR if found.certain else math.inf
    maybe = [(at - start) / HOUR for start in found.possible_starts]
    least = min([last, *maybe]) if found.is_charted else 0.0
    return NumberRange(least, last), found.certain[-1:]


def _hours_since_first(found: Doses, at: int) -> tuple[NumberRange, tuple[Row, ...]]:
    maybe = [(at - start) / HOUR for start in found.possible_starts]
    if not found.certain:
        # A dose may be the only one that was given; without any the hours are endless.
        return NumberRange(min(maybe, default=math.inf) if found.is_charted else 0.0, math.inf), ()
    first = (at - found.starts[0]) / HOUR
    return NumberRange(first, max([first, *maybe]) if found.is_charted else math.inf), found.certain[:1]


def _improved(steps: GradeSteps, found: Doses, at: int) -> Truth:
    if not found.certain:
        return Truth.FALSE if found.is_charted and not found.possible else Truth.UNKNOWN
    then, now = steps.at(found.starts[-1]), steps.at(at)
    if then is None or now is None:
        return Truth.UNKNOWN
    return Truth.from_pair(certain=now.high < then.low, possible=now.low < then.high)


def _hours_to_onset(steps: GradeSteps, questions: Questions) -> NumberRange:
    infused = questions.index.course.infused_at
    if infused is None:
        return NumberRange(0, math.inf)
    begin = to_microseconds(infused)
    possible, certain = steps.onset(questions.at)
    least = (questions.at if possible is None else possible) - begin
    return NumberRange(least / HOUR, math.inf if certain is None else (certain - begin) / HOUR)
