"""Grade one timeline, plainly: the definition.

Place    Engine, plain. Read by `engine.grade` and held up to the fast twin by the tests.
In       A timeline, a bound rule set, and the instant of the question.
Out      `Verdict`s with reasons; steps over the whole course.
Knows    At each instant only what `timeline.until(instant)` knows; the property tests cut timelines to prove it.
Missing  Bounds widen; a course to which the rule set cannot apply says why.
Does not Attribute cause: it reads attributions that people made.
Checked  tests/spec, tests/property
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vein2vein.basis.clock import to_microseconds
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.engine.plain import days, exposures, observations
from vein2vein.engine.plain.changes import change_points
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.engine.plain.over_time import OverTime
from vein2vein.engine.shown import show_value
from vein2vein.engine.verdict import InputUsed, Verdict
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.evaluation import Evaluation, evaluate, truth_of
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Sustained, Syndrome, parts
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Categories, NumberRange, Value, is_known
from vein2vein.record.timeline import Exposure, Milestone, Observation, Timeline

Row = Observation | Exposure | Milestone
NO_INFUSION = "no infusion is recorded"
NO_ROWS = "nothing is recorded"
BEFORE_WINDOW = "before the window of the rule set"
AFTER_WINDOW = "after the window of the rule set"
OUTSIDE_POPULATION = "outside the population of the rule set"


@dataclass(frozen=True, slots=True)
class Step:
    """A verdict from `since` on, until the next step."""

    since: int
    bounds: Bounds | None
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    flags: tuple[int, ...]

    def same_as(self, other: Step) -> bool:
        """Whether both say the same, wherever they begin."""
        return (self.bounds, self.deciding, self.missing, self.flags) == (
            other.bounds,
            other.deciding,
            other.missing,
            other.flags,
        )


def value_at(  # noqa: C901, PLR0911, PLR0912  (one branch per input method)
    index: CourseIndex, take: Input, at: int
) -> tuple[Value, tuple[Row, ...]]:
    """Possible values of one input at an instant, and the rows behind them."""
    match take:
        case methods.Latest():
            return observations.latest(index, take, at)
        case methods.Extreme():
            return observations.extreme(index, take, at)
        case methods.BaselineValue():
            return observations.baseline_value(index, take, at)
        case methods.SteepestRise():
            return observations.steepest_rise(index, take, at)
        case methods.MeasuredSpan():
            return observations.measured_span(index, take, at)
        case methods.ItemSum():
            return observations.item_sum(index, take, at)
        case methods.Active():
            return exposures.active(index, take, at)
        case methods.CountActive():
            return exposures.count_active(index, take, at)
        case methods.Given():
            return exposures.given(index, take, at)
        case methods.RateSum():
            return exposures.rate_sum(index, take, at)
        case methods.Death():
            return _death(index, take, at)
        case methods.AgeYears():
            return _number(observations.age_years(index, at)), ()
        case methods.RelativeDay():
            infused = index.course.infused_at
            return _number(None if infused is None or at < to_microseconds(infused) else index.day(at)), ()
        case methods.CourseField():
            return _course_field(index, take), ()
        case _:
            return days.day_value(index, take, at)


def _number(value: float | None) -> NumberRange:
    return NumberRange() if value is None else NumberRange(float(value), float(value))


def _death(index: CourseIndex, take: methods.Death, at: int) -> tuple[Truth, tuple[Milestone, ...]]:
    death = index.death
    if death is None or to_microseconds(death.at) > at:
        return Truth.FALSE, ()
    return (Truth.UNKNOWN if death.detail is None else Truth.of(death.detail in take.causes)), (death,)


def _course_field(index: CourseIndex, take: methods.CourseField) -> Categories:
    universe = frozenset((*take.categories, "other"))
    holder = index.course.patient if take.field == "sex" else index.course
    value: str | None = getattr(holder, take.field)
    if value is None:
        return Categories(universe)
    return Categories(frozenset((value if value in universe else "other",)))


class CourseGrader:
    """One course under one rule set, walked through in time order."""

    def __init__(
        self, timeline: Timeline, rule: RuleSet, as_of: datetime | None = None, index: CourseIndex | None = None
    ) -> None:
        self.rule = rule
        self.index = index or CourseIndex(timeline)
        self.opens = self.index.opening(rule.window)
        self.closes = self.index.closing(rule.window)
        self.last = self.index.last_look(None if as_of is None else to_microseconds(as_of))

    @property
    def why_never(self) -> str | None:
        """Why the rule set says nothing about this course; None when it does."""
        if self.opens is None:
            return NO_ROWS if self.rule.window.opens is None else NO_INFUSION
        if self.last is None or self.last < self.opens:
            return BEFORE_WINDOW
        return None

    def evaluations(self) -> Iterator[tuple[int, Evaluation]]:
        """The evaluation from each change point on, in order, up to the last look or the closing of the window."""
        if self.why_never is not None or self.opens is None or self.last is None:
            return
        queue = sorted({p for p in change_points(self.index, self.rule, self.last) if self.opens < p} | {self.opens})
        whens = {name: self.rule.criteria[name].when for name in self.rule.order}
        criteria = {name: OverTime(when) for name, when in whens.items() if isinstance(when, Sustained | Syndrome)}
        done: int | None = None
        while queue:
            at = heapq.heappop(queue)
            if at == done:
                continue
            if at > self.last or (self.closes is not None and at >= self.closes):
                return
            done = at
            yield at, self._evaluate(at, criteria, queue)

    def evaluation_at(self, at: int, values: Mapping[str, Value]) -> Evaluation | None:
        """The evaluation that holds at an instant, with the values of the inputs there.

        A rule set none of whose criteria looks back over its own truths needs no walk: between two change points nothing
        changes, so that the evaluation at the instant is that at the change point before it.
        """
        whens = [criterion.when for criterion in self.rule.criteria.values()]
        if not any(isinstance(when, Sustained | Syndrome) for when in whens):
            return evaluate(self.rule, values)
        evaluation = None
        for _, latest in self.evaluations():
            evaluation = latest
        return evaluation

    def _evaluate(self, at: int, over_time: Mapping[str, OverTime], queue: list[int]) -> Evaluation:
        values = {name: value_at(self.index, take, at)[0] for name, take in self.rule.inputs.items()}
        if not over_time:
            return evaluate(self.rule, values)
        truths: dict[str, Truth] = {}
        timed: dict[str, Truth] = {}
        for name in self.rule.order:
            when = self.rule.criteria[name].when
            if name in over_time:
                part_truths = tuple(truth_of(part, values, truths) for part in parts(when))
                truths[name] = timed[name] = over_time[name].step(at, part_truths)
                for due in over_time[name].next_change(at):
                    heapq.heappush(queue, due)
            else:
                truths[name] = truth_of(when, values, truths)
        return evaluate(self.rule, values, timed)

    def steps(self) -> list[Step]:
        """Verdict steps over the whole course, equal neighbours joined."""
        steps: list[Step] = []
        for at, evaluation in self.evaluations():
            step = _step(at, evaluation)
            if not steps or not steps[-1].same_as(step):
                steps.append(step)
        return steps


def _step(at: int, evaluation: Evaluation) -> Step:
    if evaluation.applies is Truth.FALSE:
        return Step(at, None, (), (), ())
    return Step(at, evaluation.bounds, evaluation.deciding, evaluation.missing, evaluation.flags)


def verdict_at(timeline: Timeline, rule: RuleSet, at: datetime, *, index: CourseIndex | None = None) -> Verdict:
    """What a rule set says about a course at an instant, knowing nothing later.

    Args:
        timeline: The course; rows after `at` are cut off here.
        rule: A bound rule set.
        at: Aware instant of the question.
        index: The timeline cut off at `at` and looked up, where that was done before; `timeline` is then not read.

    Returns:
        The verdict with its reasons. Its bounds are None where the rule set does not apply, and `not_applicable` says why.
    """
    grader = CourseGrader(timeline if index is not None else timeline.until(at), rule, as_of=at, index=index)
    instant = to_microseconds(at)
    why_not = grader.why_never
    if why_not is None and grader.closes is not None and instant >= grader.closes:
        why_not = AFTER_WINDOW
    if why_not is not None:
        return Verdict(rule.id, at, None, why_not, parameters=rule.chosen)
    asked = min(instant, grader.last if grader.last is not None else instant)
    found = {name: value_at(grader.index, take, asked) for name, take in rule.inputs.items()}
    evaluation = grader.evaluation_at(asked, {name: value for name, (value, _) in found.items()})
    if evaluation is None or evaluation.applies is Truth.FALSE:
        return Verdict(rule.id, at, None, OUTSIDE_POPULATION, parameters=rule.chosen)
    used = tuple(_input_used(grader.index, rule, name, asked, found[name]) for name in rule.inputs)
    return Verdict(
        rule.id,
        at,
        evaluation.bounds,
        None,
        evaluation.deciding,
        evaluation.missing,
        evaluation.flags,
        evaluation.criteria,
        used,
        rule.chosen,
    )


def _input_used(  # noqa: PLR0917  (the pieces of one answer)
    index: CourseIndex, rule: RuleSet, name: str, at: int, found: tuple[Value, tuple[Row, ...]]
) -> InputUsed:
    take = rule.inputs[name]
    value, rows = found
    taken_as_no = getattr(take, "when_uncharted", "") == "no" or getattr(take, "when_absent", "") == "no"
    assumption = "not recorded, taken as no" if taken_as_no and not rows and not _is_charted(index, take, at) else None
    return InputUsed(name, show_value(value, take), is_known(value), rows, assumption)


def _is_charted(index: CourseIndex, take: Any, at: int) -> bool:
    """Whether charting alone, without the assumption of the rule set, says what an input is."""
    if getattr(take, "when_uncharted", "") != "no":
        return False
    return is_known(value_at(index, take.model_copy(update={"when_uncharted": "unknown"}), at)[0])
