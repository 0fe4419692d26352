"""What is true of every course under every rule set: no look into the future, no matter of order, no silent narrowing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from property.properties import (
    IDS,
    STREAMS,
    anchored,
    bounds_at,
    bounds_by_instant,
    courses,
    cuts,
    doubled,
    graded,
    moved,
    shuffled,
    the_past_is_not_changed_by_the_future,
    without_input,
)
from vein2vein.engine.grade import grade_cohort
from vein2vein.knowledge import inputs as methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vein2vein.engine.grade import Engine
    from vein2vein.knowledge.schema import RuleSet
    from vein2vein.record.timeline import Timeline

every_rule_set = pytest.mark.parametrize("id", IDS)


@every_rule_set
@pytest.mark.parametrize("engine", ["plain", "vector"])
def test_the_past_is_not_changed_by_the_future(id: str, engine: Engine) -> None:
    """Cut at an instant drawn from the rows: what was said until then stays, and `verdict_at` says it too."""
    rule, timelines = courses(id, 2, what="prefix")
    rng = STREAMS[f"cuts/{engine}/{id}"]
    for timeline in timelines:
        for at in cuts(timeline, rule, rng, 2):
            the_past_is_not_changed_by_the_future(rule, timeline, at, engine)


@every_rule_set
def test_the_order_of_rows_of_different_kinds_or_times_does_not_matter(id: str) -> None:
    rule, timelines = courses(id, 2, what="order")
    for number, timeline in enumerate(timelines):
        rows = shuffled(timeline, STREAMS.replication(f"order/{id}", number))
        assert grade_cohort(rows, rule).verdicts.equals(graded([timeline], rule).verdicts)


@every_rule_set
def test_a_row_that_comes_twice_counts_once(id: str) -> None:
    rule, timelines = courses(id, 2, what="twice")
    for timeline in timelines:
        assert graded([doubled(timeline)], rule).verdicts.equals(graded([timeline], rule).verdicts)


@every_rule_set
def test_the_place_on_earth_does_not_matter(id: str) -> None:
    """The same local clock in another zone: the same verdicts, as many hours earlier."""
    rule, timelines = courses(id, 2, what="zone")
    for timeline in timelines:
        here = replace(timeline, course=replace(timeline.course, zone="UTC"))
        there = moved(here, timedelta(hours=-9))
        born = here.course.patient.born_on
        patient = replace(there.course.patient, born_on=born)
        there = replace(there, course=replace(there.course, zone="Etc/GMT-9", patient=patient))
        first, second = (bounds_by_instant(graded([t], rule).verdicts) for t in (here, there))
        assert [(at - timedelta(hours=9), said) for at, said in first] == second


@every_rule_set
def test_courses_do_not_know_each_other(id: str) -> None:
    """A course graded alone and among others: the same rows."""
    rule, timelines = courses(id, 3, what="alone")
    together = graded(timelines, rule)
    for timeline in timelines:
        alone = graded([timeline], rule)
        mine = together.verdicts["course_id"] == timeline.course.course_id
        assert together.verdicts.filter(mine).equals(alone.verdicts)


def _removals(rule: RuleSet, timeline: Timeline) -> Iterator[tuple[str, Timeline]]:
    """The course without one input at a time; not those whose silence the rule set takes as no, for that is an assumption."""
    takes = list(rule.inputs.values())
    assumed = {t.observation for t in takes if isinstance(t, methods.Latest) and t.when_absent == "no"}
    sums = [{*t.items, t.total} for t in takes if isinstance(t, methods.ItemSum)]
    for kind in sorted({o.kind for o in timeline.observations} - assumed):
        together = next((s for s in sums if kind in s), {kind})
        less = timeline
        for each in together:
            less = without_input(less, kind=each)
        yield kind, less
    uncharted = {getattr(t, "exposure", "") for t in takes if getattr(t, "when_uncharted", "") == "no"}
    for stream in sorted({getattr(t, "exposure", "") for t in takes} - uncharted - {""}):
        yield stream, without_input(timeline, stream=stream)


@every_rule_set
def test_removing_an_input_only_widens_the_bounds(id: str) -> None:
    rule, timelines = courses(id, 2, what="removal")
    for timeline in map(anchored, timelines):
        whole = graded([timeline], rule).verdicts
        for what, less in _removals(rule, timeline):
            narrowed = graded([less], rule).verdicts
            for at, said in bounds_by_instant(whole):
                _is_inside(rule, said, bounds_at(narrowed, at), f"{id} without {what} at {at}")


def _is_inside(rule: RuleSet, said: tuple[object, ...] | None, less: tuple[object, ...] | None, where: str) -> None:
    if said is None or said[0] is None:
        return  # outside its window or population: less knowledge may only bring it into question
    if less is None:
        assert rule.window.opens is None, f"{where}: nothing is said any more"
        return
    low, high, less_low, less_high = said[0], said[1], less[0], less[1]
    assert less_low is not None, f"{where}: no longer applies"
    assert less_low <= low <= high <= less_high, f"{where}: [{low}, {high}] became [{less_low}, {less_high}]"  # type: ignore[operator]


@every_rule_set
def test_episodes_are_in_order_and_hold_their_steps(id: str) -> None:
    """No two overlap; the onset is the first present step; the peak is the highest; a resolved one stays clear for the gap."""
    rule, timelines = courses(id, 12, what="episodes")
    if rule.episodes is None:
        return
    result = graded(timelines, rule)
    for timeline in timelines:
        _check_episodes(rule, result, timeline.course.course_id)


def _check_episodes(rule: RuleSet, result: object, course_id: str) -> None:
    steps = [row for row in result.verdicts.iter_rows(named=True) if row["course_id"] == course_id]  # type: ignore[attr-defined]
    present = [s for s in steps if s["low"] is not None and s["low"] >= 1]
    episodes = result.episodes_of(course_id)  # type: ignore[attr-defined]
    ends: list[datetime] = []
    claimed = 0
    for number, episode in enumerate(episodes, start=1):
        following = episodes[number].onset_at if number < len(episodes) else None
        mine = [
            s for s in present if s["from_at"] >= episode.onset_at and (following is None or s["from_at"] < following)
        ]
        claimed += len(mine)
        assert episode.episode == number
        assert episode.onset_at == mine[0]["from_at"]
        assert episode.peak.low == max(s["low"] for s in mine)
        highs = [s["high"] for s in mine]
        assert episode.peak.high == (highs[-1] if rule.result.cumulative else max(highs))
        assert episode.peak_at == next(s["from_at"] for s in mine if s["low"] == episode.peak.low)
        assert all(end <= episode.onset_at for end in ends)
        assert (episode.resolved_at is not None) == (episode.state == "resolved") or episode.state == "fatal"
        if episode.resolved_at is not None:
            assert episode.resolved_at >= episode.last_at
            ends.append(episode.resolved_at)
            gap = timedelta(hours=rule.episodes.gap_hours) if rule.episodes else timedelta(0)
            assert following is None or following - episode.resolved_at >= gap
        assert episode.days_affected >= 1
        assert 0 <= episode.unassessed_hours <= episode.episode_hours + 1e-9
    assert claimed == len(present)


WORSE = (
    ("astct-2019.crs", "body_temperature", 0.4),
    ("lee-2014.crs", "fraction_inspired_oxygen", 5.0),
    ("ctcae-5.0.neutrophil-count-decreased", "neutrophils", -0.3),
    ("ebmt-2023.icaht-early", "neutrophils", -0.2),
    ("ebmt-2023.icaht-late", "neutrophils", -0.2),
    ("t-icaht-2025.early", "platelets", -10.0),
    ("t-icaht-2025.late", "platelets", -10.0),
    ("astct-2019.ice", "ice_score", 1.0),
    ("fardet-2014.hscore", "ferritin", 800.0),
    ("isth-2001.overt-dic", "platelets", -20.0),
)


@pytest.mark.parametrize(("id", "kind", "by"), WORSE)
def test_a_worse_value_never_lowers_the_result(id: str, kind: str, by: float) -> None:
    rule, timelines = courses(id, 12, what="worse")
    for timeline in timelines:
        worse = replace(
            timeline,
            observations=tuple(
                replace(o, value=round(o.value + by, 4)) if o.kind == kind and o.value is not None else o
                for o in timeline.observations
            ),
        )
        before, after = (graded([t], rule).verdicts for t in (timeline, worse))
        for at, said in bounds_by_instant(before):
            now = bounds_at(after, at)
            if said is None or now is None or said[0] is None or now[0] is None:
                continue
            assert now[0] >= said[0], f"{id} at {at}"
            assert now[1] >= said[1], f"{id} at {at}"
