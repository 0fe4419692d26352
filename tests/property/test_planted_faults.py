"""Would the properties notice? Each test plants one slip in an engine and demands that a property fails.

The courses are those of the twins and prefix tests, so that a slip that passes here would pass there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from property.properties import STREAMS, courses, cuts, the_past_is_not_changed_by_the_future, twins_agree
from vein2vein.basis import clock
from vein2vein.engine import grade
from vein2vein.engine.plain import days, exposures, index, observations, over_time
from vein2vein.engine.vector import batch as vector_batch
from vein2vein.engine.vector import held as vector_held
from vein2vein.engine.vector import memory, states
from vein2vein.engine.vector import rows as vector_rows
from vein2vein.knowledge.predicates import Compare

Plant = Callable[[pytest.MonkeyPatch], None]
HOUR = 3_600_000_000


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """What was worked out with a fault is not kept, and what was worked out without it does not hide it."""
    memory.forget()
    yield
    memory.forget()


def _twins_differ(ids: tuple[str, ...]) -> bool:
    for id in ids:
        for part in range(3):
            rule, timelines = courses(id, 11, what=f"twins/{part}")
            try:
                twins_agree(rule, timelines)
            except (AssertionError, IndexError):  # an engine that stops over what was planted has noticed it, too
                return True
    return False


def _past_changes(ids: tuple[str, ...], engine: Any) -> bool:
    for id in ids:
        rule, timelines = courses(id, 8, what="prefix")
        rng = STREAMS[f"cuts/{engine}/{id}"]
        asked = [(timeline, at) for timeline in timelines for at in cuts(timeline, rule, rng, 3)]
        try:
            for timeline, at in asked:
                the_past_is_not_changed_by_the_future(rule, timeline, at, engine)
        except AssertionError:
            return True
    return False


def _hold_to_the_end(patch: pytest.MonkeyPatch) -> None:
    """`<=` for `<` at the end of the holding time."""

    def held(of: Any, kind: str, holds_hours: float | None, at: int) -> Any:
        row = of.latest(kind, at)
        if row is None or holds_hours is None:
            return row
        return row if at <= clock.to_microseconds(row.observed_at) + clock.hours(holds_hours) else None

    patch.setattr(observations, "held", held)


def _hold_an_hour_longer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(observations, "hours", lambda h: clock.hours(h + 1))


def _above_for_at_least(patch: pytest.MonkeyPatch) -> None:
    right = vector_rows._rung

    def wrong(leaf: Compare) -> float:
        return right(replace(leaf, op="above") if leaf.op == "at_least" else leaf)

    patch.setattr(vector_rows, "_rung", wrong)


def _states_that_share_a_place(patch: pytest.MonkeyPatch) -> None:
    """Different states are taken for one, so that one is given the answer of the other."""
    patch.setattr(states, "bits_for", lambda numbers: 1)
    patch.setattr("vein2vein.engine.vector.plan.bits_for", lambda numbers: 1)


def _window_with_its_start(patch: pytest.MonkeyPatch) -> None:
    """[t - within, t] for (t - within, t]."""
    patch.setattr(observations, "hours", lambda h: clock.hours(h) + 1)


def _thousandfold_rate(patch: pytest.MonkeyPatch) -> None:
    right = exposures.rate_with_weight

    def wrong(*given: Any) -> float | None:
        rate = right(*given)
        return None if rate is None else rate * 1000

    patch.setattr(exposures, "rate_with_weight", wrong)


def _join_one_day_more(patch: pytest.MonkeyPatch) -> None:
    right = days._runs
    patch.setattr(
        days, "_runs", lambda flags, take: right(flags, take.model_copy(update={"join_days": take.join_days + 1}))
    )


def _below_for_at_most(patch: pytest.MonkeyPatch) -> None:
    right = days._affected
    patch.setattr(
        days,
        "_affected",
        lambda of, take, *, missing: right(of, take.model_copy(update={"strict": not take.strict}), missing=missing),
    )


def _device_to_its_end(patch: pytest.MonkeyPatch) -> None:
    """[start, end] for [start, end)."""
    patch.setattr(exposures, "_contains", lambda span, at: span[0] <= at and (span[1] is None or at <= span[1]))


def _unrecorded_is_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exposures, "_or_uncharted", lambda truth, take, *, is_charted: truth)


def _first_of_one_instant(patch: pytest.MonkeyPatch) -> None:
    """The first row of an instant instead of the last, which corrects it."""

    def first(key: Any) -> Any:
        keep = np.ones(len(key), bool)
        keep[1:] = key[1:] != key[:-1]
        return keep

    patch.setattr(vector_held, "last_of_each_key", first)


def _unusable_rows_count(patch: pytest.MonkeyPatch) -> None:
    right = index.CourseIndex.__init__

    def wrong(self: Any, timeline: Any) -> None:
        rows = tuple(replace(o, usability="ok") for o in timeline.observations)
        right(self, replace(timeline, observations=rows))

    patch.setattr(index.CourseIndex, "__init__", wrong)


def _comparator_ignored(patch: pytest.MonkeyPatch) -> None:
    right = observations._reported
    patch.setattr(observations, "_reported", lambda row: right(replace(row, comparator=None)))


def _clear_for_longer(patch: pytest.MonkeyPatch) -> None:
    """`>` for `>=` in the time that closes a syndrome."""
    right = over_time.SyndromeWorld.step

    def wrong(self: Any, at: int, **signs: bool) -> bool:
        needed, self.needed = self.needed, self.needed + 1
        try:
            return right(self, at, **signs)
        finally:
            self.needed = needed

    patch.setattr(over_time.SyndromeWorld, "step", wrong)


def _sustained_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(over_time.SustainedWorld, "step", lambda _self, _at, *, holds: holds)


def _utc_days(patch: pytest.MonkeyPatch) -> None:
    """Calendar days of Greenwich instead of the centre."""
    patch.setattr(
        index, "relative_day", lambda at, *, infused_at, zone: clock.relative_day(at, infused_at=infused_at, zone="UTC")
    )


def _fill_too_early(patch: pytest.MonkeyPatch) -> None:
    """Missing days at the end are filled before the series has ended."""
    patch.setattr(days, "_has_ended", lambda _index, _take, _at: True)


CRS = ("astct-2019.crs", "china-bnhl-2023.crs", "lee-2014.crs", "cartox-2018.crs")
DAYS = ("ebmt-2023.icaht-early", "t-icaht-2025.early")
LABS = ("ctcae-5.0.neutrophil-count-decreased", "fardet-2014.hscore", "hlh-2004.criteria", "howard-2011.tls-laboratory")


@pytest.mark.parametrize(
    ("plant", "ids"),
    [
        (_hold_to_the_end, CRS),
        (_hold_an_hour_longer, CRS),
        (_above_for_at_least, CRS),
        (_states_that_share_a_place, (*CRS, *LABS)),
        (_window_with_its_start, LABS),
        (_thousandfold_rate, ("lee-2014.crs", "cartox-2018.crs", "penn-2018.crs")),
        (_join_one_day_more, DAYS),
        (_below_for_at_most, DAYS),
        (_device_to_its_end, CRS),
        (_unrecorded_is_no, CRS),
        (_first_of_one_instant, (*CRS, *LABS)),
        (_unusable_rows_count, LABS),
        (_comparator_ignored, LABS),
        (_clear_for_longer, CRS),
        (_sustained_at_once, ("lee-2014.crs", "mskcc-2018.crs")),
        (_utc_days, DAYS),
        (_fill_too_early, DAYS),
    ],
)
def test_the_twins_notice(plant: Plant, ids: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert _twins_differ(ids), (plant.__doc__ or plant.__name__) + " passed unnoticed"


def test_nothing_is_noticed_where_nothing_is_planted() -> None:
    assert not _twins_differ((CRS[0], DAYS[0], LABS[0]))
    assert not _past_changes((CRS[0], LABS[0]), "vector")
    assert not _past_changes((DAYS[0],), "plain")


def _look_ahead_plain(patch: pytest.MonkeyPatch) -> None:
    """A value is used from twelve hours before it was measured."""
    latest, before = index.CourseIndex.latest, index.CourseIndex.before
    patch.setattr(index.CourseIndex, "latest", lambda self, kind, at: latest(self, kind, at + 12 * HOUR))
    patch.setattr(index.CourseIndex, "before", lambda self, kind, at: before(self, kind, at + 12 * HOUR))


def _look_ahead_vector(patch: pytest.MonkeyPatch) -> None:
    right = vector_batch.Batch.observed

    def early(self: Any, kind: str) -> Any:
        rows = right(self, kind)
        at = rows.at - HOUR
        return replace(rows, at=at, key=self.key(rows.course, at))

    patch.setattr(vector_batch.Batch, "observed", early)


def _ends_known_before_they_come(patch: pytest.MonkeyPatch) -> None:
    """The cut forgets rows and keeps the ends of the follow-up and of devices."""

    def wrong(cohort: Any, at: Any) -> Any:
        return replace(cohort, observations=cohort.observations.filter(pl.col("observed_at") < at))

    patch.setattr(grade, "cut", wrong)


@pytest.mark.parametrize(
    ("plant", "engine", "ids"),
    [
        (_look_ahead_plain, "plain", (*CRS, *LABS)),
        (_look_ahead_vector, "vector", (*CRS, *LABS)),
        (_look_ahead_plain, "plain", DAYS),
        (_ends_known_before_they_come, "vector", (*CRS, *LABS)),
    ],
)
def test_the_past_notices(plant: Plant, engine: str, ids: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert _past_changes(ids, engine), (plant.__doc__ or plant.__name__) + " passed unnoticed"
