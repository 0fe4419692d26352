"""What was known at an instant: `until` is the only way to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.errors import RecordError
from vein2vein.record.timeline import Course, Exposure, Milestone, Observation, Patient, ScannedLesion, Timeline

ZERO = datetime(2026, 6, 1, 8, tzinfo=UTC)


def hour(n: float) -> datetime:
    return ZERO + timedelta(hours=n)


COURSE = Course(CourseId("c"), Patient(PatientId("p")), infused_at=hour(0), followed_until=hour(48))
TIMELINE = Timeline(
    COURSE,
    (
        Observation("crp", hour(1), 10.0, recorded_at=hour(5)),
        Observation("crp", hour(3), 20.0, usability="not-assessable"),
        Observation("crp", hour(3), None),
        Observation("crp", hour(6), 30.0),
        Observation("crp", hour(6), 31.0),
    ),
    (Exposure("oxygen", "cpap", hour(2), hour(8)), Exposure("oxygen", "bipap", hour(8), recorded_at=hour(9))),
    (Milestone("discharge", hour(10)), Milestone("progression", hour(12)), Milestone("progression", hour(20))),
)


@pytest.mark.parametrize(("at", "rows"), [(0.999, 0), (1, 1), (3, 3), (6, 5)])
def test_the_cut_takes_rows_at_its_own_instant(at: float, rows: int) -> None:
    assert len(TIMELINE.until(hour(at)).observations) == rows


def test_as_recorded_waits_for_the_entry() -> None:
    assert len(TIMELINE.until(hour(4), as_recorded=True).observations) == 2
    assert len(TIMELINE.until(hour(5), as_recorded=True).observations) == 3
    assert len(TIMELINE.until(hour(8.5), as_recorded=True).exposures) == 1
    assert len(TIMELINE.until(hour(8.5)).exposures) == 2


@pytest.mark.parametrize(("at", "end"), [(7.999, None), (8, hour(8))])
def test_an_interval_that_is_still_running_has_no_end(at: float, end: datetime | None) -> None:
    assert TIMELINE.until(hour(at)).exposures[0].ended_at == end


def test_later_facts_of_the_course_are_not_known() -> None:
    before = TIMELINE.until(hour(-1)).course
    assert before.infused_at is None
    assert before.followed_until is None
    assert TIMELINE.until(hour(0)).course.infused_at == hour(0)
    assert TIMELINE.until(hour(48)).course.followed_until == hour(48)


def test_cutting_twice_is_cutting_at_the_earlier_instant() -> None:
    assert TIMELINE.until(hour(9)).until(hour(4)) == TIMELINE.until(hour(4))


@pytest.mark.parametrize(
    "later",
    [
        {"observations": (Observation("crp", hour(9), 90.0),)},
        {"exposures": (Exposure("oxygen", "cpap", hour(9)),)},
        {"milestones": (Milestone("discharge", hour(9)),)},
        {"lesions": (ScannedLesion("a", hour(9)),)},
    ],
)
def test_rows_added_to_a_cut_are_cut_off_like_others(later: dict[str, tuple[object, ...]]) -> None:
    cut = TIMELINE.until(hour(4))
    assert cut.until(hour(7)) is cut
    longer = replace(cut, **{name: (*getattr(cut, name), *rows) for name, rows in later.items()})
    assert longer.until(hour(7)) == cut
    assert longer.until(hour(9)) == longer


def test_a_cut_by_when_rows_were_entered_is_made_of_a_cut_too() -> None:
    cut = TIMELINE.until(hour(4))
    assert [row.value for row in cut.until(hour(4), as_recorded=True).observations] == [20.0, None]


def test_a_naive_cut_is_refused() -> None:
    with pytest.raises(RecordError, match=r"RECORD-004(.|\n)*cut"):
        TIMELINE.until(datetime(2026, 6, 1))  # noqa: DTZ001


def test_the_latest_usable_row() -> None:
    assert TIMELINE.latest("crp") == TIMELINE.observations[4]
    assert TIMELINE.until(hour(5)).latest("crp") == TIMELINE.observations[0]
    assert TIMELINE.latest("ferritin") is None


def test_milestones_and_days() -> None:
    assert TIMELINE.milestone("progression") == Milestone("progression", hour(12))
    assert TIMELINE.milestone("death") is None
    assert [TIMELINE.day(hour(n)) for n in (-9, 0, 15.9, 16)] == [-1, 0, 0, 1]
    assert replace(TIMELINE, course=replace(COURSE, infused_at=None)).day(hour(0)) is None


def test_an_exposure_is_half_open() -> None:
    cpap, bipap = TIMELINE.exposures
    assert [cpap.is_active(hour(n)) for n in (1.999, 2, 7.999, 8)] == [False, True, True, False]
    assert bipap.is_active(hour(800))
