"""One assessment of response, and what a series of them says: best response, confirmed progression, time points.

Place    Journey, response.
In       Assessments in order of time, each with the categories that are possible.
Out      `Assessment`; `best_response`, `best_confirmed`, `progression`, `at_time_points`.
Knows    Categories stand best first in the file, progression last. A category that the file lists under `confirm` counts when the
         next assessment bears it out; progression by imaging needs no second assessment.
Missing  Possible categories stay possible: a best response is a set too.
Checked  tests/unit/journey/response/test_disease.py and the tests of each criteria beside it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import Row
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.response import Categorised, Response
from vein2vein.knowledge.values import Value
from vein2vein.record.timeline import Course


@dataclass(frozen=True, slots=True)
class Assessment:
    """The response at one instant.

    Attributes:
        criteria: The file, with its status and sources.
        at: Instant of the assessment.
        day: Relative day (day 0 = local day of the infusion); None before the infusion is known.
        result: Categories that are possible, facts that decide, facts that are missing.
        state: Values of all facts of the file, derived ones among them.
        by_imaging: Whether progression stands on imaging, which needs no second assessment.
        rows: Rows of the timeline behind the facts.
        findings: What else applies or may apply, such as cautions; each with its words and its file's id.
    """

    criteria: Response
    at: datetime
    day: int | None
    result: Categorised
    state: Mapping[str, Value] = field(default_factory=dict)
    by_imaging: Truth = Truth.FALSE
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    findings: tuple[tuple[str, RowVerdict], ...] = ()

    @property
    def possible(self) -> tuple[str, ...]:
        """Names of the categories that are possible, best first."""
        return self.result.possible

    @property
    def ranks(self) -> tuple[int, ...]:
        """Places of the possible categories in the file; 0 is the best."""
        return tuple(self.criteria.names.index(name) for name in self.possible)

    @property
    def progressive(self) -> Truth:
        """Whether it is progression: the last category of the file."""
        worst = self.criteria.names[-1]
        return Truth.from_pair(certain=self.possible == (worst,), possible=worst in self.possible)


@dataclass(frozen=True, slots=True)
class Progression:
    """Whether and when the disease has progressed.

    Attributes:
        truth: TRUE where it is certain, UNKNOWN where it may have.
        at: Instant of the first assessment that shows it (not of the one that confirms it); None unless it is certain.
    """

    truth: Truth
    at: datetime | None


def progression(assessments: Sequence[Assessment]) -> Progression:
    """First progression that is confirmed, where the file asks for that; by imaging one assessment is enough."""
    possible = False
    for place, one in enumerate(assessments):
        needs = one.criteria.names[-1] in one.criteria.confirm
        after = assessments[place + 1].progressive if place + 1 < len(assessments) else Truth.UNKNOWN
        borne_out = Truth.TRUE if not needs or one.by_imaging is Truth.TRUE else after
        if one.by_imaging is Truth.UNKNOWN and borne_out is Truth.FALSE:
            borne_out = Truth.UNKNOWN
        if one.progressive is Truth.TRUE and borne_out is Truth.TRUE:
            return Progression(Truth.TRUE, one.at)
        possible = possible or (one.progressive.is_possible and borne_out.is_possible)
    return Progression(Truth.UNKNOWN if possible else Truth.FALSE, None)


def best_response(assessments: Sequence[Assessment]) -> tuple[str, ...]:
    """Best category up to progression, unconfirmed: every category that it can be, best first; empty without assessments."""
    return _best([one.ranks for one in assessments], assessments)


def best_confirmed(assessments: Sequence[Assessment]) -> tuple[str, ...]:
    """Best category that two consecutive assessments bear out, where the file asks for two; otherwise as `best_response`.

    Of two neighbours the worse one is borne out by both. Empty while no neighbours are there.
    """
    if not assessments or not assessments[0].criteria.confirm:
        return best_response(assessments)
    pairs = [tuple(sorted({max(a, b) for a in one.ranks for b in two.ranks})) for one, two in pairwise(assessments)]
    return _best(pairs, assessments)


def _best(ranks: Sequence[tuple[int, ...]], assessments: Sequence[Assessment]) -> tuple[str, ...]:
    """Names between the best that can be and the best that is certain, as far as any assessment allows them."""
    if not ranks or not all(ranks):
        return ()
    names = assessments[0].criteria.names
    worst = len(names) - 1
    until_certain = _up_to(ranks, certain=True, worst=worst)
    until_possible = _up_to(ranks, certain=False, worst=worst)
    highest = min(min(possible) for possible in until_certain)
    lowest = min(max(possible) for possible in until_possible)
    held = {rank for possible in until_certain for rank in possible}
    return tuple(names[rank] for rank in sorted(held) if highest <= rank <= lowest)


def _up_to(ranks: Sequence[tuple[int, ...]], *, certain: bool, worst: int) -> Sequence[tuple[int, ...]]:
    """Assessments up to and including the first that is (or may be) progression."""
    for place, possible in enumerate(ranks):
        if possible == (worst,) or (not certain and worst in possible):
            return ranks[: place + 1]
    return ranks


@dataclass(frozen=True, slots=True)
class TimePoint:
    """A due day of a calendar with the assessment in its window.

    Attributes:
        item: Name of the item of the calendar.
        on: Due day.
        opens: First day of the window, inclusive.
        closes: Last day of the window, inclusive.
        assessment: The assessment in the window nearest to the due day, the earlier of two; None where there is none.
    """

    item: str
    on: date
    opens: date
    closes: date
    assessment: Assessment | None


def at_time_points(
    assessments: Sequence[Assessment], calendar: FollowUp, course: Course, at: datetime
) -> tuple[TimePoint, ...]:
    """Assessments by the time points (items of kind `response`) of a calendar, up to the local day of `at`.

    Items without a window hold their due day only. Empty without an infusion.
    """
    if course.infused_at is None or course.infused_at > at:
        return ()
    infused_on, today = local_date(course.infused_at, course.zone), local_date(at, course.zone)
    known = [(local_date(one.at, course.zone), one) for one in assessments if one.at <= at]
    found = []
    for item in (item for item in calendar.items if item.kind == "response"):
        before, after = (0, 0) if item.window is None else (item.window.before, item.window.after)
        for on in item.days(infused_on, today + timedelta(days=before)):
            opens, closes = on - timedelta(days=before), on + timedelta(days=after)
            inside = [
                (abs((day - on).days), place, one) for place, (day, one) in enumerate(known) if opens <= day <= closes
            ]
            nearest = min(inside, key=lambda entry: entry[:2], default=None)
            found.append(TimePoint(item.name, on, opens, closes, None if nearest is None else nearest[2]))
    return tuple(sorted(found, key=lambda point: (point.on, point.item)))
