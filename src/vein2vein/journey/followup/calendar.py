"""What of a follow-up calendar is done, due, late or still to come for a course at an instant.

Place    Journey, follow-up. Read by assess, the command line and the report.
In       A timeline, a calendar file, an instant.
Out      `Due`: every item up to a horizon with its day, window and state, and the row that shows it was done.
Knows    Days are local calendar days of the course's zone; a window holds both its ends. Rows after the instant do not exist.
         One row does one item: the earliest open item takes it. After a death nothing is due any more.
Missing  An item that no row can show as done ("told") is never called late: its state is "not recorded". Without an infusion
         there is no calendar.
Checked  tests/unit/journey/followup/test_followup_calendar.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from vein2vein.basis.clock import local_date
from vein2vein.knowledge.documents.followup import FollowUp, Item
from vein2vein.record.timeline import Milestone, Observation, Timeline

State = Literal["done", "done early", "done late", "due", "late", "to come", "not recorded"]


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
    by: Observation | Milestone | None = None


def due_items(timeline: Timeline, calendar: FollowUp, at: datetime, *, ahead_days: int = 0) -> tuple[Due, ...]:
    """Items of a calendar up to some days after an instant, in order of their days.

    Args:
        timeline: The course; rows after `at` are cut off.
        calendar: The calendar.
        at: Aware instant of the question.
        ahead_days: How many days after the instant items still to come are listed for; 0 for none but those of today.

    Returns:
        Empty before the infusion. Items for other products (`only`) are left out.
    """
    known = timeline.until(at)
    course = known.course
    if course.infused_at is None or course.infused_at > at:
        return ()
    infused_on = local_date(course.infused_at, course.zone)
    today = local_date(at, course.zone)
    death = next((m for m in known.milestones if m.kind == "death"), None)
    horizon = today + timedelta(days=ahead_days) if death is None else local_date(death.at, course.zone)
    found = [due for item in calendar.items for due in _of_item(known, calendar.id, item, infused_on, horizon, today)]
    return tuple(sorted(found, key=lambda due: (due.on, due.item.name)))


def _of_item(  # noqa: PLR0917  (the pieces of one item)
    timeline: Timeline, calendar: str, item: Item, infused_on: date, horizon: date, today: date
) -> Iterator[Due]:
    if item.only and timeline.course.product not in item.only:
        return
    rows = _rows(timeline, item)
    days = item.days(infused_on, horizon + timedelta(days=0 if item.window is None else item.window.before))
    for place, on in enumerate(days):
        opens = on if item.window is None else on - timedelta(days=item.window.before)
        closes = None if item.window is None else on + timedelta(days=item.window.after)
        if opens > horizon:
            return
        # What comes closer to the next repetition than to this one belongs to the next.
        ends = days[place + 1] if place + 1 < len(days) else None
        row = next((r for r in rows if _day(timeline, r) >= opens and (ends is None or _day(timeline, r) < ends)), None)
        if row is not None:
            rows.remove(row)
        yield Due(calendar, item, on, opens, closes, _state(timeline, item, on, closes, today, row), row)


def _state(  # noqa: PLR0917
    timeline: Timeline, item: Item, on: date, closes: date | None, today: date, row: Observation | Milestone | None
) -> State:
    if row is not None:
        day = _day(timeline, row)
        if closes is not None and day > closes:
            return "done late"
        return "done early" if closes is None and day < on else "done"
    if on > today and (item.window is None or on - timedelta(days=item.window.before) > today):
        return "to come"
    if item.done_by is None:
        return "not recorded"
    return "late" if closes is not None and today > closes else "due"


def _rows(timeline: Timeline, item: Item) -> list[Observation | Milestone]:
    if item.done_by is None:
        return []
    rows: list[Observation | Milestone] = [o for o in timeline.observations if o.kind in item.done_by.observations]
    rows += [m for m in timeline.milestones if m.kind in item.done_by.milestones]
    return sorted(rows, key=_at)


def _at(row: Observation | Milestone) -> datetime:
    return row.observed_at if isinstance(row, Observation) else row.at


def _day(timeline: Timeline, row: Observation | Milestone) -> date:
    return local_date(_at(row), timeline.course.zone)
