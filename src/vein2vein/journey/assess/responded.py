"""Whether the response of the disease was assessed at each time point of the calendars, so that criteria or the team gave one.

Place    Journey, assess. Read by the audit.
In       A course, the criteria of the protocol for its indication, an instant.
Out      `Responded`: each time point whose window is over, with what became of it.
Knows    A response counts where the criteria leave one category, or where the team stated one. What comes after the window and
         before the next one opens is late. A patient who died before the window closed owes none.
Missing  Where criteria leave several categories, and where the protocol names none for the disease and nobody stated a response,
         it cannot be said.
Does not Ask whether the response was good.
Checked  tests/unit/journey/assess/test_responded.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from vein2vein.basis.clock import local_date
from vein2vein.journey.response import Criteria, DiseaseResponse
from vein2vein.journey.response.assessed import Assessment, TimePoint, at_time_points
from vein2vein.knowledge.documents.followup import FollowUp, Item
from vein2vein.record.timeline import Timeline

_STATED: Final = "response_assessment"
Became = Literal["in time", "late", "not assessed", "open"]


@dataclass(frozen=True, slots=True)
class Responded:
    """One time point.

    Attributes:
        calendar: Id of the calendar.
        item: Its item.
        became: Assessed in time, late, not at all, or open: the record does not say one response.
    """

    calendar: str
    item: Item
    became: Became


def responded(known: Timeline, at: datetime, criteria: Criteria) -> Iterator[Responded]:
    """Every time point of the calendars whose window is over at an instant; none before the infusion."""
    found = criteria.at(known, at)
    if found is None:
        return
    for calendar in criteria.calendars:
        yield from _of_calendar(known, at, calendar, found)


def _of_calendar(known: Timeline, at: datetime, calendar: FollowUp, found: DiseaseResponse) -> Iterator[Responded]:
    zone, today = known.course.zone, local_date(at, known.course.zone)
    death = known.milestone("death")
    ended = None if death is None else local_date(death.at, zone)
    items = {item.name: item for item in calendar.items}
    stated = sorted(local_date(o.observed_at, zone) for o in known.observations if o.kind == _STATED)
    judged = [(local_date(one.at, zone), one) for one in found.assessments]
    points = at_time_points(found.assessments, calendar, known.course, at)
    following = [*(point.opens for point in points[1:]), date.max]
    for point, until in zip(points, following, strict=False):
        became = _became(point, until, judged, stated, has_criteria=found.criteria is not None)
        is_owed = ended is None or ended > point.closes
        if point.closes < today and (is_owed or became == "in time"):
            yield Responded(calendar.id, items[point.item], became)


def _became(
    point: TimePoint,
    until: date,
    judged: Sequence[tuple[date, Assessment]],
    stated: Sequence[date],
    *,
    has_criteria: bool,
) -> Became:
    inside = [one for day, one in judged if point.opens <= day <= point.closes]
    if any(len(one.possible) == 1 for one in inside) or any(point.opens <= day <= point.closes for day in stated):
        return "in time"
    if inside:
        return "open"
    if any(point.closes < day < until for day in (*stated, *(day for day, _ in judged))):
        return "late"
    return "not assessed" if has_criteria else "open"
