"""Which markers of infection are fresh at a collection, and from when to when blood products are irradiated.

Place    Journey, collection. Read by assess and the command line.
In       A timeline, a wash-out document, a planned collection.
Out      `MarkerAnswer` for each marker; the window of irradiated blood as calendar days.
Knows    Nothing after the instant. Ages are counted in calendar days of the centre.
Missing  A marker that nobody recorded is absent, never negative.
Checked  tests/unit/journey/collection/test_markers.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from vein2vein.basis.clock import local_date
from vein2vein.knowledge.documents.washout import Marker, Washout
from vein2vein.record.timeline import Observation, Timeline

_RESULTS: Final[Mapping[str, bool]] = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class MarkerAnswer:
    """One marker at a planned collection.

    Attributes:
        marker: The rule: kind of observation, greatest age, whether it is asked for everywhere.
        state: fresh, expired (too old at the collection), or absent.
        is_positive: Result of the last row; None without one, or where the row does not say.
        age_days: Calendar days from the row to the collection; None without one.
        fresh_until: Last calendar day of a collection for which the row is fresh; None without one.
        row: The last usable row.
    """

    marker: Marker
    state: Literal["fresh", "expired", "absent"]
    is_positive: bool | None
    age_days: int | None
    fresh_until: date | None
    row: Observation | None


def markers(timeline: Timeline, at: datetime, document: Washout, planned: datetime) -> tuple[MarkerAnswer, ...]:
    """The markers of a document, as known at `at`, for a collection at `planned`."""
    known = timeline.until(at)
    return tuple(_marker(known, marker, local_date(planned, known.course.zone)) for marker in document.markers)


def _marker(timeline: Timeline, marker: Marker, day: date) -> MarkerAnswer:
    row = timeline.latest(marker.observation)
    if row is None:
        return MarkerAnswer(marker, "absent", None, None, None, None)
    taken = local_date(row.observed_at, timeline.course.zone)
    age = (day - taken).days
    state: Literal["fresh", "expired"] = "fresh" if age <= marker.within_days else "expired"
    until = taken + timedelta(days=marker.within_days)
    return MarkerAnswer(marker, state, _RESULTS.get(row.code or ""), age, until, row)


@dataclass(frozen=True, slots=True)
class IrradiatedBlood:
    """Calendar days on which cellular blood products are irradiated, both inclusive; without an infusion there is no last day."""

    first_day: date
    last_day: date | None


def irradiated_blood(
    document: Washout, collection: datetime, infused_at: datetime | None, zone: str
) -> IrradiatedBlood | None:
    """From when to when blood products are irradiated; None where the document does not say."""
    rule = document.irradiation
    if rule is None:
        return None
    first = local_date(collection, zone) - timedelta(days=rule.days_before_collection)
    if infused_at is None:
        return IrradiatedBlood(first, None)
    return IrradiatedBlood(first, local_date(infused_at, zone) + timedelta(days=rule.days_after_infusion))
