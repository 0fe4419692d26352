"""Hold a course against the limits of a guideline or of a trial, one verdict for each criterion.

Place    Journey, selection. Read by assess and the command line.
In       A timeline, a rule set about eligibility, an instant.
Out      `Eligibility`: met, concern or unknown for each criterion, with the values, their age and their source.
Knows    Nothing after the instant. A limit of a trial is a column to compare with, not a gate of care: no verdict forbids.
Missing  A value that is not recorded, or too old, makes its criterion unknown and is named.
Does not Know a limit: every number stands in the files of knowledge/data/eligibility.
Checked  tests/unit/journey/selection
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import polars as pl

from vein2vein.basis.truth import Truth
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.plain.ask import Asked, Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.engine.shown import show_value
from vein2vein.knowledge.evaluation import evaluate
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Value, is_known
from vein2vein.record.cohort import Cohort
from vein2vein.record.tables import Instant
from vein2vein.record.timeline import Exposure, Milestone, Observation, Timeline

State = Literal["met", "concern", "unknown"]
_STATES: Final[Mapping[Truth, State]] = {Truth.TRUE: "met", Truth.FALSE: "concern", Truth.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class ValueUsed:
    """One value behind a criterion.

    Attributes:
        input: Name of the input in the rule set.
        value: Its possible values.
        shown: The value in words with its unit; "not recorded" where there is none.
        rows: The rows behind it, oldest first.
        age_hours: Hours from the newest of these rows to the instant; None without a row.
    """

    input: str
    value: Value
    shown: str
    rows: tuple[Row, ...]
    age_hours: float | None


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """What one criterion says of a course.

    Attributes:
        name: Name of the criterion in the rule set.
        label: Its words by language.
        strength: gate, relative or deferral, as the source has it.
        state: met, concern or unknown.
        values: The values it rests on.
        missing: Inputs that would settle it, sorted; empty unless it is unknown.
    """

    name: str
    label: Mapping[str, str]
    strength: str | None
    state: State
    values: tuple[ValueUsed, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A course against one rule set at an instant.

    Attributes:
        rule: The bound rule set: id, edition, status, sources and chosen parameters go with every output.
        at: The instant.
        criteria: One verdict for each criterion, in the order of the file.
        state: met where every encoded criterion is; concern where one is for certain; else unknown.
    """

    rule: RuleSet
    at: datetime
    criteria: tuple[CriterionVerdict, ...]
    state: State

    @property
    def concerns(self) -> tuple[CriterionVerdict, ...]:
        """Criteria that are not met."""
        return tuple(c for c in self.criteria if c.state == "concern")

    @property
    def unknowns(self) -> tuple[CriterionVerdict, ...]:
        """Criteria that cannot be decided from what is recorded."""
        return tuple(c for c in self.criteria if c.state == "unknown")

    @property
    def missing(self) -> tuple[str, ...]:
        """Inputs that would settle unknown criteria, sorted."""
        return tuple(sorted({name for c in self.unknowns for name in c.missing}))


def eligibility(timeline: Timeline, rule: RuleSet, at: datetime) -> Eligibility:
    """Hold a course against one rule set about eligibility.

    Args:
        timeline: The course; rows after `at` are cut off.
        rule: A bound rule set of kind criteria.
        at: Aware instant of the question.
    """
    return _judged(Questions(timeline, at), rule, at)


def side_by_side(
    timeline: Timeline, at: datetime, ids: Iterable[str] | None = None, *, registry: Registry | None = None
) -> tuple[Eligibility, ...]:
    """Which limits this course would have met, rule set by rule set.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant of the question.
        ids: Rule sets about eligibility; all of them when None.
        registry: Where they are looked up; the package's own when None.

    Raises:
        KnowledgeError: RULE-003 for an unknown id.
    """
    known = registry or default_registry()
    questions = Questions(timeline, at)
    return tuple(_judged(questions, known.get(id), at) for id in (eligibility_ids(known) if ids is None else ids))


def eligibility_ids(registry: Registry) -> tuple[str, ...]:
    """Ids of the rule sets about eligibility, sorted."""
    return tuple(id for id in registry.ids if registry.about(id) == "eligibility")


def cohort_side_by_side(
    cohort: Cohort,
    instants: pl.DataFrame,
    ids: Iterable[str] | None = None,
    *,
    registry: Registry | None = None,
    threads: int | None = None,
) -> pl.DataFrame:
    """Which limits each course of a cohort would have met at an instant of its own, by the vectorised engine.

    Args:
        cohort: The courses.
        instants: Columns course_id and at (UTC): for example the times of apheresis.
        ids: Rule sets about eligibility; all of them when None.
        registry: Where they are looked up; the package's own when None.
        threads: As in `grade_cohort`.

    Returns:
        course_id, rule_set_id, at, state (met, concern, unknown) and missing, sorted by course and rule set. A course without
        any row before its instant is unknown with nothing named. After the end of the follow-up the last state stays.

    Raises:
        KnowledgeError: RULE-003 for an unknown id.
    """
    known = registry or default_registry()
    wanted = list(eligibility_ids(known) if ids is None else ids)
    graded = grade_cohort(cohort, [known.get(id) for id in wanted], registry=known, threads=threads)
    asked = instants.select("course_id", pl.col("at").cast(Instant)).join(
        pl.DataFrame({"rule_set_id": wanted}, schema={"rule_set_id": pl.String}), how="cross"
    )
    steps = graded.verdicts.filter(pl.col("from_at").is_not_null()).sort("from_at")
    found = asked.sort("at").join_asof(
        steps.select("course_id", "rule_set_id", "from_at", "low", "high", "missing"),
        left_on="at",
        right_on="from_at",
        by=["course_id", "rule_set_id"],
        strategy="backward",
        check_sortedness=False,
    )
    state = pl.when(pl.col("low") >= 1).then(pl.lit("met")).when(pl.col("high") < 1).then(pl.lit("concern"))
    return (
        found.with_columns(state.otherwise(pl.lit("unknown")).alias("state"), pl.col("missing").fill_null([]))
        .select("course_id", "rule_set_id", "at", "state", "missing")
        .sort("course_id", "rule_set_id", "at")
    )


def _judged(questions: Questions, rule: RuleSet, at: datetime) -> Eligibility:
    asked = questions.ask_all(rule.inputs)
    values = {name: answer.value for name, answer in asked.items()}
    evaluation = evaluate(rule, values)
    truths, bounds = evaluation.criteria, evaluation.bounds
    whole: State = "met" if bounds.low >= 1 else "concern" if bounds.high < 1 else "unknown"
    verdicts = tuple(_criterion(rule, name, truth, _Values(asked, at)) for name, truth in _in_order(rule, truths))
    return Eligibility(rule, at, verdicts, whole)


def _in_order(rule: RuleSet, truths: Mapping[str, Truth]) -> tuple[tuple[str, Truth], ...]:
    return tuple((name, truths[name]) for name in rule.criteria)


@dataclass(frozen=True, slots=True)
class _Values:
    asked: Mapping[str, Asked]
    at: datetime

    def used(self, rule: RuleSet, name: str) -> ValueUsed:
        answer = self.asked[name]
        times = [_time(row) for row in answer.rows]
        age = (self.at - max(times)).total_seconds() / 3600 if times else None
        return ValueUsed(name, answer.value, show_value(answer.value, rule.inputs[name]), answer.rows, age)


def _criterion(rule: RuleSet, name: str, truth: Truth, values_of: _Values) -> CriterionVerdict:
    criterion = rule.criteria[name]
    behind = sorted(rule.inputs_of(criterion.when), key=list(rule.inputs).index)
    open_ones = (n for n in behind if not is_known(values_of.asked[n].value))
    missing = tuple(sorted(open_ones)) if truth is Truth.UNKNOWN else ()
    values = tuple(values_of.used(rule, n) for n in behind)
    return CriterionVerdict(name, criterion.label, criterion.strength, _STATES[truth], values, missing)


def _time(row: Observation | Exposure | Milestone) -> datetime:
    match row:
        case Observation():
            return row.observed_at
        case Exposure():
            return row.started_at
        case Milestone():
            return row.at
