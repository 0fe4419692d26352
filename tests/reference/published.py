"""Ask a rule set about named values, as a published table does, or about a short course in hours from infusion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.engine.grade import Engine, grade_cohort
from vein2vein.knowledge.casepack import as_value
from vein2vein.knowledge.evaluation import Evaluation, evaluate
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Course, Exposure, Milestone, Observation, Patient, Timeline

INFUSED_AT = datetime(2026, 3, 10, 10, tzinfo=UTC)


def evaluation(rule_set_id: str, given: Mapping[str, Any], **parameters: Any) -> Evaluation:
    """What the rule set says; values not given are the typical ones of its file, None is missing."""
    rule = default_registry().get(rule_set_id, parameters)
    strangers = set(given) - set(rule.inputs)
    assert not strangers, f"{rule_set_id} has no input {sorted(strangers)}"
    named = {**rule.typical, **given}
    return evaluate(rule, {name: as_value(rule, name, named.get(name)) for name in rule.inputs})


def bounds(rule_set_id: str, given: Mapping[str, Any], **parameters: Any) -> Bounds | None:
    """Lowest and highest possible result; None when the rule set does not apply."""
    found = evaluation(rule_set_id, given, **parameters)
    return None if found.applies is Truth.FALSE else found.bounds


def exactly(value: int) -> Bounds:
    """The bounds of a known result."""
    return Bounds(value, value)


def hour(hours: float) -> datetime:
    """An instant, in hours from the infusion at 10:00 UTC of day 0."""
    return INFUSED_AT + timedelta(hours=hours)


def course(
    observations: Iterable[Observation] = (),
    exposures: Iterable[Exposure] = (),
    milestones: Iterable[Milestone] = (),
    *,
    indication: str | None = "lymphoma",
    born: date = date(1970, 1, 1),
) -> Timeline:
    """A course in UTC with its rows in any order; the infusion is added."""
    steps = (Milestone("infusion", INFUSED_AT), *milestones)
    return Timeline(
        Course(CourseId("c1"), Patient(PatientId("p1"), born), indication=indication, infused_at=INFUSED_AT),
        tuple(sorted(observations, key=lambda row: row.observed_at)),
        tuple(sorted(exposures, key=lambda row: row.started_at)),
        tuple(sorted(steps, key=lambda row: row.at)),
    )


def lab(kind: str, hours: float, value: float, *, low: float | None = None, high: float | None = None) -> Observation:
    """A measured value at an hour, with its reference limits."""
    return Observation(kind, hour(hours), value=value, reference_low=low, reference_high=high)


def stated(kind: str, hours: float, code: str = "yes") -> Observation:
    """A stated fact at an hour."""
    return Observation(kind, hour(hours), code=code)


def verdicts(
    timeline: Timeline, rule_set_id: str, engine: Engine, until: float, **parameters: Any
) -> list[dict[str, Any]]:
    """The steps of the verdict table up to an hour."""
    rule = default_registry().get(rule_set_id, parameters)
    return grade_cohort(Cohort.of_timelines([timeline]), rule, as_of=hour(until), engine=engine).verdicts.to_dicts()


def bounds_at(
    timeline: Timeline, rule_set_id: str, engine: Engine, at: float, *, as_of: float | None = None, **parameters: Any
) -> Bounds | None:
    """The bounds of the step that holds at an hour, as known then or `as_of` later; None when it does not apply."""
    steps = verdicts(timeline, rule_set_id, engine, at if as_of is None else as_of, **parameters)
    holding = [s for s in steps if s["from_at"] is not None and s["from_at"] <= hour(at)]
    holding = [s for s in holding if s["until_at"] is None or hour(at) < s["until_at"]]
    if not holding or holding[-1]["low"] is None:
        return None
    return Bounds(holding[-1]["low"], holding[-1]["high"])
