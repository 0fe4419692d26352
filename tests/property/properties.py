"""What must be true of every course, as functions of a timeline and a rule set; shared by the tests and by the planted faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from polars.testing import assert_frame_equal

from steered import Steering
from vein2vein.basis.clock import MICROSECONDS_PER_HOUR, to_microseconds
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.plain.engine import verdict_at
from vein2vein.knowledge.registry import default_registry
from vein2vein.numerics.streams import Streams
from vein2vein.record.cohort import Cohort

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from vein2vein.engine.grade import Engine
    from vein2vein.engine.verdict import Graded
    from vein2vein.knowledge.schema import RuleSet
    from vein2vein.record.timeline import Timeline

REGISTRY: Final = default_registry()
IDS: Final = tuple(sorted(REGISTRY.ids))
STREAMS: Final = Streams(20260601)
KEYS: Final = ["low", "high", "deciding", "missing", "flags"]


def drawn_rule(id: str, rng: np.random.Generator) -> RuleSet:
    """A rule set with about half of its parameters drawn; choices that cannot be bound together are drawn again."""
    declared = REGISTRY.get(id).parameters
    chosen: dict[str, Any] = {}
    for name, parameter in declared.items():
        if rng.random() < 0.5:
            chosen[name] = _drawn_choice(parameter, rng)
    return REGISTRY.get(id, {name: value for name, value in chosen.items() if value is not None})


def _drawn_choice(parameter: Any, rng: np.random.Generator) -> Any:
    if parameter.choices:
        return list(parameter.choices)[int(rng.integers(len(parameter.choices)))]
    low, high = parameter.minimum, parameter.maximum
    if low is None or high is None:
        return None
    pool = [low, high, parameter.default]
    value = pool[int(rng.integers(len(pool)))]
    return type(parameter.default)(value)


def courses(id: str, n: int, *, what: str) -> tuple[RuleSet, list[Timeline]]:
    """`n` steered courses of one rule set with drawn parameters; the same ones in every run."""
    rng = STREAMS[f"{what}/{id}"]
    rule = drawn_rule(id, rng)
    steering = Steering(rule, rng)
    return rule, [steering.timeline(number) for number in range(n)]


def graded(timelines: list[Timeline], rule: RuleSet, engine: Engine = "vector", at: datetime | None = None) -> Graded:
    """Verdicts and episodes of some courses."""
    return grade_cohort(Cohort.of_timelines(timelines), rule, engine=engine, as_of=at)


def twins_agree(rule: RuleSet, timelines: list[Timeline]) -> None:
    """Both engines give the same tables, row for row."""
    plain, vector = (graded(timelines, rule, engine) for engine in ("plain", "vector"))
    assert_frame_equal(plain.verdicts, vector.verdicts)
    assert_frame_equal(plain.episodes, vector.episodes)


def instants(timeline: Timeline) -> list[datetime]:
    """The distinct instants of a course: of its rows, of their ends, and of its infusion."""
    found = {o.observed_at for o in timeline.observations}
    found |= {t for e in timeline.exposures for t in (e.started_at, e.ended_at) if t is not None}
    found |= {m.at for m in timeline.milestones}
    course = timeline.course
    found |= {t for t in (course.infused_at, course.followed_until) if t is not None}
    return sorted(found)


def cuts(timeline: Timeline, rule: RuleSet, rng: np.random.Generator, n: int) -> Iterator[datetime]:
    """Instants to cut at: of the rows, a microsecond before, and one holding time after."""
    pool = instants(timeline)
    holds = [getattr(t, "holds_hours", None) or getattr(t, "within_hours", None) for t in rule.inputs.values()]
    offsets = [timedelta(0), timedelta(microseconds=-1), *(timedelta(hours=h) for h in holds if h and h < 200)]
    for _ in range(n if pool else 0):
        yield pool[int(rng.integers(len(pool)))] + offsets[int(rng.integers(len(offsets)))]


def bounds_at(verdicts: pl.DataFrame, at: datetime) -> tuple[Any, ...] | None:
    """What a verdict table says of an instant: bounds, deciding criteria, missing inputs, flags; None outside the steps."""
    held = verdicts.filter(pl.col("from_at") <= at).tail(1)
    if not held.height:
        return None
    row = held.row(0, named=True)
    if row["until_at"] is not None and row["until_at"] <= at:
        return None
    return tuple(row[key] for key in KEYS)


def before(verdicts: pl.DataFrame, at: datetime) -> list[tuple[Any, ...]]:
    """The steps of a table that begin before an instant or at it, without their ends."""
    return verdicts.filter(pl.col("from_at") <= at).select("from_at", *KEYS).rows()


def the_past_is_not_changed_by_the_future(rule: RuleSet, timeline: Timeline, at: datetime, engine: Engine) -> None:
    """Cut at an instant, the steps up to it are those of the whole course, and `verdict_at` says the same."""
    whole = graded([timeline], rule, engine).verdicts
    cut = graded([timeline], rule, engine, at).verdicts
    end = min([at, *_last_look(timeline)])
    assert not before(cut, end) or before(cut, end) == before(whole, end), f"{rule.id} cut at {at}"
    infused, opens = timeline.course.infused_at, rule.window.opens
    asked_back = infused is not None and at < infused and isinstance(opens, int)  # days counted from a later infusion
    assert asked_back or bool(before(cut, end)) == bool(before(whole, end)), f"{rule.id} cut at {at}"
    verdict = verdict_at(timeline, rule, at)
    said = bounds_at(cut, at)
    low, high = (None, None) if verdict.bounds is None else (verdict.bounds.low, verdict.bounds.high)
    if said is not None and at <= end:
        assert (low, high, list(verdict.deciding), list(verdict.missing), list(verdict.flags)) == said, (
            f"{rule.id} at {at}"
        )


def _last_look(timeline: Timeline) -> list[datetime]:
    """Where the verdicts of the whole course end."""
    followed = timeline.course.followed_until
    rows = [t for t in instants(timeline) if t != timeline.course.infused_at]
    rows += [m.at for m in timeline.milestones]
    ends = [followed] if followed is not None else [max(rows)] if rows else []
    death = timeline.milestone("death")
    return [*ends, *([] if death is None else [death.at])]


def moved(timeline: Timeline, by: timedelta) -> Timeline:
    """All times of a course moved; the birth date too, so that ages stay (for whole days)."""
    course = timeline.course

    def later(at: datetime | None) -> datetime | None:
        return None if at is None else at + by

    born = course.patient.born_on
    patient = replace(course.patient, born_on=None if born is None else born + by)
    return replace(
        timeline,
        course=replace(
            course, patient=patient, infused_at=later(course.infused_at), followed_until=later(course.followed_until)
        ),
        observations=tuple(replace(o, observed_at=o.observed_at + by) for o in timeline.observations),
        exposures=tuple(
            replace(e, started_at=e.started_at + by, ended_at=later(e.ended_at)) for e in timeline.exposures
        ),
        milestones=tuple(replace(m, at=m.at + by) for m in timeline.milestones),
    )


def shuffled(timeline: Timeline, rng: np.random.Generator) -> Cohort:
    """The tables of a course with their rows in another order, those of one instant and kind in the order they had."""
    cohort = Cohort.of_timelines([timeline])

    def mixed(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        order = pl.Series(rng.permutation(frame.height))
        rank = (
            frame.select(pl.struct(keys).rank("dense")).to_series() if frame.height else pl.Series([], dtype=pl.UInt32)
        )
        places = pl.DataFrame({"rank": rank, "place": range(frame.height), "draw": order})
        # one draw for each kind and instant, so that corrections stay after what they correct
        group = places.group_by("rank").agg(pl.col("draw").min().alias("group"))
        ordered = places.join(group, on="rank", how="left", maintain_order="left").sort("group", "place")
        return frame[ordered["place"].to_list()]

    return Cohort.of(
        patients=cohort.patients,
        courses=cohort.courses,
        observations=mixed(cohort.observations, ["kind", "observed_at"]),
        exposures=mixed(cohort.exposures, ["kind", "started_at"]),
        milestones=mixed(cohort.milestones, ["kind", "at"]),
    )


def doubled(timeline: Timeline) -> Timeline:
    """Every observation and exposure twice, the copy at once after the original."""
    return replace(
        timeline,
        observations=tuple(o for row in timeline.observations for o in (row, row)),
        milestones=tuple(m for row in timeline.milestones for m in (row, row)),
    )


def bounds_by_instant(verdicts: pl.DataFrame) -> list[tuple[datetime, tuple[Any, ...] | None]]:
    """What holds from each change on."""
    changes = sorted({t for name in ("from_at", "until_at") for t in verdicts[name] if t is not None})
    return [(at, bounds_at(verdicts, at)) for at in changes]


def without_input(timeline: Timeline, *, kind: str | None = None, stream: str | None = None) -> Timeline:
    """A course as if one kind of observation, or one stream with its charting, had never been recorded.

    The extent of the course stays as it was: the end of its follow-up is set where it was not.
    """
    from vein2vein.record.timeline import CHARTED  # noqa: PLC0415

    return replace(
        timeline,
        observations=tuple(o for o in timeline.observations if o.kind != kind),
        exposures=tuple(
            e for e in timeline.exposures if e.kind != stream and not (e.kind == CHARTED and e.agent == stream)
        ),
    )


def anchored(timeline: Timeline) -> Timeline:
    """The same course with a stated end of follow-up, so that taking rows away does not shorten it."""
    known = instants(timeline)
    if timeline.course.followed_until is not None or not known:
        return timeline
    return replace(timeline, course=replace(timeline.course, followed_until=known[-1]))


def hours_between(a: datetime, b: datetime) -> float:
    """Hours from one instant to another."""
    return (to_microseconds(b) - to_microseconds(a)) / MICROSECONDS_PER_HOUR
