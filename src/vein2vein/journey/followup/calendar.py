"""What of a follow-up calendar is done, due, late or still to come for a course at an instant.

Place    Journey, follow-up. Read by assess, the command line and the report.
In       A timeline, a calendar file, an instant.
Out      `Due`: every item up to a horizon with its day, window and state, and the row that shows it was done.
Knows    Days are local calendar days of the course's zone; a window holds both its ends. Rows after the instant do not exist.
         One row does one item of those that the same rows prove: the last that has opened takes it. After a
         death nothing is due any more. An item without a window is missed once no row can be taken for it any more: the next
         one of the same proof has opened, or its last repetition would have come round again.
Missing  An item that no row can show as done ("told") is never called late: its state is "not recorded". Without an infusion
         there is no calendar.
Checked  tests/unit/journey/followup/test_followup_calendar.py
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from vein2vein.basis.clock import local_date
from vein2vein.knowledge.documents.followup import DoneBy, FollowUp, Item
from vein2vein.record.timeline import Milestone, Observation, ScannedLesion, Timeline

Proof = Observation | Milestone | ScannedLesion
"""A row of the record that can show that an item was done."""
State = Literal["done", "done early", "done late", "due", "missed", "late", "to come", "not recorded"]

_LESIONS: Final = "lesions"


@dataclass(frozen=True, slots=True)
class Due:
    """One item on one day.

    Attributes:
        calendar: Id of the calendar file.
        item: The item.
        on: The day it is due.
        opens: First day of its window; the due day itself without a window.
        closes: Last day of its window, inclusive; None without a window.
        state: What became of it as of the instant.
        by: The row that shows it was done.
    """

    calendar: str
    item: Item
    on: date
    opens: date
    closes: date | None
    state: State
    by: Proof | None = None


class Shown:
    """What of a course can show that an item was done, by kind, with its local day; made once for many instants.

    Args:
        timeline: The course, with all its rows.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._by_kind: dict[str, list[Proof]] = {_LESIONS: list(timeline.lesions)}
        rows: tuple[Observation | Milestone, ...] = (*timeline.observations, *timeline.milestones)
        for row in rows:
            self._by_kind.setdefault(f"{type(row).__name__} {row.kind}", []).append(row)
        self._rows: dict[tuple[str, str], tuple[list[datetime], list[tuple[date, Proof]]]] = {}
        self._days: dict[tuple[str, str, date], tuple[date, tuple[date, ...]]] = {}

    def rows(self, calendar: str, item: Item, at: datetime) -> list[tuple[date, Proof]]:
        """Rows up to an instant that may show that an item was done, in order of time, with their local days."""
        if item.done_by is None:
            return []
        key = calendar, item.name
        if key not in self._rows:
            kinds = [f"Observation {kind}" for kind in item.done_by.observations]
            kinds += [f"Milestone {kind}" for kind in item.done_by.milestones]
            kinds += [_LESIONS] if item.done_by.lesions else []
            found = sorted((row for kind in kinds for row in self._by_kind.get(kind, ())), key=_at)
            zone = self.timeline.course.zone
            self._rows[key] = [_at(row) for row in found], [(local_date(_at(row), zone), row) for row in found]
        times, dated = self._rows[key]
        seen = dated[: bisect_right(times, at)]
        return [(day, row) for day, row in seen if not _is_unreported(row, at)] if item.done_by.lesions else seen

    def days(self, calendar: str, item: Item, infused_on: date, horizon: date) -> tuple[date, ...]:
        """Due days of an item up to a horizon, inclusive; worked out a year ahead, since each question asks a little more."""
        key = calendar, item.name, infused_on
        known = self._days.get(key)
        if known is None or known[0] < horizon:
            known = self._days[key] = (
                horizon + timedelta(days=366),
                item.days(infused_on, horizon + timedelta(days=366)),
            )
        return known[1][: bisect_right(known[1], horizon)]


def due_items(
    timeline: Timeline, calendar: FollowUp, at: datetime, *, ahead_days: int = 0, shown: Shown | None = None
) -> tuple[Due, ...]:
    """Items of a calendar up to some days after an instant, in order of their days.

    Args:
        timeline: The course; rows after `at` are cut off.
        calendar: The calendar.
        at: Aware instant of the question.
        ahead_days: How many days after the instant items still to come are listed for; 0 for none but those of today.
        shown: The rows of the whole course by kind, where they were looked up before.

    Returns:
        Empty before the infusion. Items for other products (`only`) are left out.
    """
    course = timeline.course
    if course.infused_at is None or course.infused_at > at:
        return ()
    infused_on = local_date(course.infused_at, course.zone)
    today = local_date(at, course.zone)
    death = next((m for m in timeline.milestones if m.kind == "death" and m.at <= at), None)
    horizon = today + timedelta(days=ahead_days) if death is None else local_date(death.at, course.zone)
    record = shown or Shown(timeline)
    planned = {
        item.name: (item, record.days(calendar.id, item, infused_on, horizon + _before(item)))
        for item in calendar.items
        if not item.only or course.product in item.only
    }
    openings: dict[DoneBy, list[date]] = {}
    for item, days in planned.values():
        if item.done_by is not None:
            openings.setdefault(item.done_by, []).extend(on - _before(item) for on in days)
    found: list[Due] = []
    for item, days in planned.values():
        others = () if item.done_by is None else sorted(openings[item.done_by])
        rows = record.rows(calendar.id, item, at)
        found += _of_item(calendar.id, item, days, rows, others=others, horizon=horizon, today=today)
    return tuple(sorted(found, key=lambda due: (due.on, due.item.name)))


def _before(item: Item) -> timedelta:
    return timedelta(days=0 if item.window is None else item.window.before)


def _of_item(  # noqa: PLR0913  (the pieces of one item)
    calendar: str,
    item: Item,
    days: tuple[date, ...],
    rows: list[tuple[date, Proof]],
    *,
    others: Sequence[date],
    horizon: date,
    today: date,
) -> Iterator[Due]:
    for on in days:
        opens = on - _before(item)
        closes = None if item.window is None else on + timedelta(days=item.window.after)
        if opens > horizon:
            return
        # What comes when the next item (or repetition) of the same proof has opened belongs to that one; after the last
        # repetition it belongs to none.
        later = bisect_right(others, opens)
        ends = others[later] if later < len(others) else date.max if item.every is None else item.every.after(on)
        taken = bisect_left(rows, opens, key=_day)
        day, row = rows.pop(taken) if taken < len(rows) and rows[taken][0] < ends else (None, None)
        state = _state(item, on, closes, today=today, done_on=day)
        is_gone = state == "due" and closes is None and ends <= today
        yield Due(calendar, item, on, opens, closes, "missed" if is_gone else state, row)


def _state(item: Item, on: date, closes: date | None, *, today: date, done_on: date | None) -> State:
    if done_on is not None:
        if closes is not None and done_on > closes:
            return "done late"
        return "done early" if closes is None and done_on < on else "done"
    if on > today and (item.window is None or on - timedelta(days=item.window.before) > today):
        return "to come"
    if item.done_by is None:
        return "not recorded"
    return "late" if closes is not None and today > closes else "due"


def _day(dated: tuple[date, Proof]) -> date:
    return dated[0]


def _at(row: Proof) -> datetime:
    return row.at if isinstance(row, Milestone) else row.observed_at


def _is_unreported(row: Proof, at: datetime) -> bool:
    """Whether a scan had been made but not yet reported."""
    return isinstance(row, ScannedLesion) and row.recorded_at is not None and row.recorded_at > at
