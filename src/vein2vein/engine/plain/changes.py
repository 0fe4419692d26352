"""When an answer can change: every instant at which an input of a rule set may take another value.

Place    Engine, plain. Read by the plain engine.
Out      Instants in microseconds, in no order, possibly repeated. Too many do no harm (equal steps are joined); one too few
         would.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from vein2vein.basis.clock import day_start, from_microseconds, hours, local_date, to_microseconds
from vein2vein.engine.plain.index import CourseIndex, span_of
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import CHARTED


def change_points(index: CourseIndex, rule: RuleSet, last: int) -> set[int]:
    """All instants up to `last` at which an input of the rule set may change (and possibly later ones)."""
    return {instant for take in rule.inputs.values() for instant in _of_input(index, take, last)}


def _of_input(  # noqa: C901, PLR0912  (one branch per input method)
    index: CourseIndex, take: Input, last: int
) -> Iterator[int]:
    match take:
        case methods.Latest():
            yield from _values(index, take.observation, take.holds_hours)
            if "baseline" in (take.relative_to, take.minus):
                yield from _anchors(index)
            for stream in take.ends_with:
                yield from _spans(index, stream, 0)
            if take.minus_per_year_of_age is not None:
                yield from _birthdays(index, last)
        case methods.Extreme():
            yield from _values(index, take.observation, take.within_hours)
            yield from _anchors(index)
        case methods.BaselineValue():
            yield from _anchors(index)
        case methods.SteepestRise():
            yield from _values(index, take.observation, take.within_hours)
        case methods.MeasuredSpan():
            yield from _values(index, take.observation, take.holds_hours)
        case methods.ItemSum():
            for kind in (*take.items, take.total):
                yield from _values(index, kind, take.holds_hours)
        case methods.Active() | methods.CountActive() | methods.RateSum():
            yield from _spans(index, take.exposure, 0)
            if isinstance(take, methods.Active) and take.attributes is not None:
                yield from _values(index, take.attributes.observation, take.attributes.holds_hours)
        case methods.Given():
            yield from _spans(index, take.exposure, hours(take.within_hours))
        case methods.AgeYears():
            yield from _birthdays(index, last)
        case methods.Death():
            yield from (to_microseconds(m.at) for m in index.milestones(("death",)))
        case methods.RelativeDay():
            yield from _anchors(index)
            yield from _midnights(index, range((index.day(last) or 0) + 2))
        case methods.CourseField():
            return
        case _:
            yield from _values(index, take.observation, getattr(take, "today_holds_hours", None))
            yield from (to_microseconds(m.at) for m in index.milestones((*take.stops_at, "death")))
            if index.course.followed_until is not None:
                yield to_microseconds(index.course.followed_until)
            yield from _midnights(index, range(take.from_day, (take.reads_to_day or take.to_day) + 2))


def _values(index: CourseIndex, kind: str, lasts_hours: float | None) -> Iterator[int]:
    yield from index.unusable(kind)
    for instant in index.times(kind):
        yield instant
        if lasts_hours is not None:
            yield instant + hours(lasts_hours)


def _anchors(index: CourseIndex) -> Iterator[int]:
    if index.course.infused_at is not None:
        yield to_microseconds(index.course.infused_at)
    yield from (to_microseconds(m.at) for m in index.milestones(("lymphodepletion",)))


def _spans(index: CourseIndex, stream: str, after: int) -> Iterator[int]:
    charted = (e for e in index.exposures(CHARTED) if e.agent == stream)
    for exposure in (*index.exposures(stream), *charted):
        start, end = span_of(exposure)
        yield from (start, start + after)
        if end is not None:
            yield from (end, end + after)


def _birthdays(index: CourseIndex, last: int) -> Iterator[int]:
    born = index.course.patient.born_on
    first = index.first_row
    if born is None or first is None:
        return
    zone = index.course.zone
    for year in range(
        local_date(from_microseconds(first), zone).year, local_date(from_microseconds(last), zone).year + 2
    ):
        yield day_start(_birthday(born, year), zone)


def _birthday(born: date, year: int) -> date:
    if (born.month, born.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        return date(year, 3, 1)
    return born.replace(year=year)


def _midnights(index: CourseIndex, days: range) -> Iterator[int]:
    yield from index.day_starts(days)
