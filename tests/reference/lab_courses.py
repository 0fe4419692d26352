"""Build a course from one laboratory value per day, and ask what a rule set says when its window is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine, grade_cohort
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Course, Milestone, Observation, Patient, Timeline

INFUSED_AT = datetime(2026, 3, 1, 10, tzinfo=UTC)

Daily = float | Sequence[float]


def at_day(day: int, hour: int = 12) -> datetime:
    """Noon (or another hour) of a relative day."""
    return datetime(2026, 3, 1, hour, tzinfo=UTC) + timedelta(days=day)


def course_of(
    kind: str,
    values: Mapping[int, Daily],
    *,
    per: float = 1,
    followed_to_day: int | None = None,
    milestones: Mapping[str, int] | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> Timeline:
    """One course with the values of a kind by relative day.

    Args:
        kind: Kind of observation.
        values: One value, or several of the same day, by relative day.
        per: How many units of `values` make one canonical unit, such as 1000 for cells per microlitre.
        followed_to_day: Relative day at whose end the follow-up ended; None when it goes on.
        milestones: Relative days of milestones.
        limits: Lower and upper limit of normal in the canonical unit.
    """
    rows = [
        Observation(
            kind,
            at_day(day) + timedelta(minutes=place),
            value=value / per,
            reference_low=limits[0],
            reference_high=limits[1],
        )
        for day, given in values.items()
        for place, value in enumerate([given] if isinstance(given, int | float) else given)
    ]
    course = Course(
        CourseId("c1"),
        Patient(PatientId("p1"), date(1970, 1, 1)),
        infused_at=INFUSED_AT,
        followed_until=None if followed_to_day is None else at_day(followed_to_day, 23),
    )
    steps = [
        Milestone("infusion", INFUSED_AT),
        *(Milestone(kind, at_day(day)) for kind, day in (milestones or {}).items()),
    ]
    return Timeline(
        course, tuple(sorted(rows, key=lambda r: r.observed_at)), (), tuple(sorted(steps, key=lambda m: m.at))
    )


def final_bounds(timeline: Timeline, rule_set_id: str, last_day: int, engine: Engine, **parameters: object) -> Bounds:
    """The bounds of the last verdict on or before a relative day."""
    rule = default_registry().get(rule_set_id, parameters)
    graded = grade_cohort(Cohort.of_timelines([timeline]), rule, as_of=at_day(last_day, 23), engine=engine)
    last = graded.verdicts.row(-1, named=True)
    return Bounds(last["low"], last["high"])
