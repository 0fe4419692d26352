"""Episodes from verdict steps: every state, and the gap exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from vein2vein.basis.clock import to_microseconds
from vein2vein.engine.episodes import EpisodeWords, Scales, derive_episodes
from vein2vein.engine.steps import Steps
from vein2vein.engine.verdict import VERDICTS
from vein2vein.record.tables import COURSES

ZERO = datetime(2026, 6, 1, 8, tzinfo=UTC)
WORDS = EpisodeWords(gap_hours=24, fatal=5)
Told = list[tuple[float, int | None, int | None]]


def at(hours: float) -> datetime:
    return ZERO + timedelta(hours=hours)


def episodes(steps: Told, last: float, words: EpisodeWords = WORDS) -> list[dict[str, object]]:
    ends = [at(s[0]) for s in steps[1:]] + [None]
    rows = [
        {"course_id": "c", "rule_set_id": "r", "from_at": at(s[0]), "until_at": end, "low": s[1], "high": s[2]}
        | {"deciding": [], "missing": [], "flags": []}
        for s, end in zip(steps, ends, strict=True)
    ]
    courses = pl.DataFrame(
        [{"course_id": "c", "patient_id": "p", "zone": "UTC", "infused_at": ZERO}], schema=dict(COURSES)
    )
    verdicts = pl.DataFrame(rows, schema=dict(VERDICTS))
    nowhere = np.zeros(len(rows), np.int64)
    found = Steps.of(verdicts, course=nowhere, rule_set=nowhere, looks=np.array([[to_microseconds(at(last))]]))
    return derive_episodes(found, Scales([("r", words)]), courses).to_dicts()


def test_no_step_is_present() -> None:
    assert episodes([(0, 0, 0), (5, 0, 3), (9, None, None)], 20) == []


@pytest.mark.parametrize(("last", "state"), [(33.999, "censored"), (34, "resolved")])
def test_absence_of_exactly_the_gap_resolves(last: float, state: str) -> None:
    (episode,) = episodes([(0, 1, 1), (10, 0, 0)], last)
    assert episode["state"] == state
    assert episode["resolved_at"] == (at(10) if state == "resolved" else None)
    assert episode["episode_hours"] == pytest.approx(10 if state == "resolved" else last)


def test_ongoing_at_the_last_look() -> None:
    (episode,) = episodes([(0, 0, 0), (3, 2, 4), (5, 3, 3)], 9)
    assert (episode["state"], episode["onset_at"], episode["peak_low"], episode["peak_high"]) == (
        "ongoing",
        at(3),
        3,
        4,
    )
    assert episode["peak_at"] == at(5)
    assert episode["last_at"] == at(9)


def test_a_grade_that_means_death_is_fatal() -> None:
    (episode,) = episodes([(0, 1, 1), (3, 5, 5)], 3)
    assert episode["state"] == "fatal"
    (points,) = episodes([(0, 1, 1), (3, 5, 5)], 3, EpisodeWords(24, None))
    assert points["state"] == "ongoing"


def test_recurrence_within_the_gap_is_the_same_episode_and_after_it_another() -> None:
    first = [(0.0, 1, 1), (10.0, 0, 0), (33.0, 2, 2), (40.0, 0, 0)]
    assert [e["peak_low"] for e in episodes(first, 100)] == [2]
    second = [(0.0, 1, 1), (10.0, 0, 0), (34.0, 2, 2), (40.0, 0, 0)]
    assert [(e["episode"], e["peak_low"]) for e in episodes(second, 100)] == [(1, 1), (2, 2)]


def test_time_that_cannot_be_assessed_neither_opens_nor_closes() -> None:
    (episode,) = episodes([(0, 1, 1), (10, 0, 4), (50, 1, 1), (60, 0, 0)], 100)
    assert episode["unassessed_hours"] == 40
    assert episode["state"] == "resolved"


def test_days_are_those_of_the_calendar() -> None:
    (episode,) = episodes([(0, 1, 1), (16, 0, 0), (30, 1, 1), (31, 0, 0)], 90)
    assert episode["onset_day"] == 0
    assert episode["days_affected"] == 2  # ends at midnight, which belongs to the next day, and returns on day 1
