"""The days from the end of bridging to a planned infusion, counted back: what stops when, when lymphodepletion may begin.

Place    Journey, assess. Read by the command line.
In       A patient before collection (`Candidate`), a planned day of infusion, the intervals before lymphodepletion.
Out      `Schedule`: for each regimen the day of every dose, the first and last day on which it may begin, and what has to
         have stopped by when.
Knows    Days are calendar days of the centre. Hours are counted on the clock, from the start of the day where only a day is
         planned: that keeps the interval whenever on that day the dose is given.
Missing  A window or an interval that the source does not give is None, never a guess.
Does not Choose a regimen or a day.
Checked  tests/unit/journey/assess/test_schedule.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vein2vein.basis.clock import day_start, from_microseconds, hours, local_date, to_microseconds
from vein2vein.journey.assess.candidate import Candidate
from vein2vein.journey.bridging.stop import Stopping, stopping
from vein2vein.journey.lymphodepletion.calendar import PlannedDay, calendar
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.washout import Washout, WashoutRule


@dataclass(frozen=True, slots=True)
class StopBy:
    """When the last dose of a drug class may be given before lymphodepletion.

    Attributes:
        rule: The rule with its interval, strength, source and status.
        until: Last instant of a last dose, inclusive, for a rule in hours; None for others.
        on: Last calendar day of a last dose, inclusive, for a rule in days; None for others.
        preferred: Last calendar day, inclusive, by the longer interval that the source prefers; None where it prefers none.
    """

    rule: WashoutRule
    until: datetime | None
    on: date | None
    preferred: date | None


@dataclass(frozen=True, slots=True)
class RegimenDates:
    """One regimen before the planned infusion.

    Attributes:
        regimen: The regimen: id, edition, status and sources go with every output.
        days: Every dose by the planned gap, in order of time.
        start_from: First calendar day on which the regimen may begin, inclusive; None where the source names no longest gap.
        start_until: Last such day, inclusive; None where the source names no shortest gap.
        last_dose_until: Last instant of its last dose, inclusive, where the source counts hours; else None.
        is_late: Whether the planned first day lies before the day of the question.
        stops: What has to have stopped by when, in the order of the document; empty without a document.
        so_far: Bridging as recorded, held against the planned first day; None without a document.
    """

    regimen: Regimen
    days: tuple[PlannedDay, ...]
    start_from: date | None
    start_until: date | None
    last_dose_until: datetime | None
    is_late: bool
    stops: tuple[StopBy, ...]
    so_far: Stopping | None

    @property
    def first_day(self) -> date:
        """Calendar day of the first dose by the planned gap."""
        return self.days[0].on


@dataclass(frozen=True, slots=True)
class Schedule:
    """All regimens of a course before one planned infusion.

    Attributes:
        infusion_on: Planned calendar day of the first infusion.
        infusion_at: Its planned instant; None where only the day is planned.
        document: The intervals before lymphodepletion; None where the protocol names none.
        regimens: One entry for each regimen of the course's product.
    """

    infusion_on: date
    infusion_at: datetime | None
    document: Washout | None
    regimens: tuple[RegimenDates, ...]


def schedule(
    found: Candidate, infusion_on: date, *, infusion_at: datetime | None = None, document: Washout | None
) -> Schedule:
    """The days before a planned infusion, for every regimen of the course's product.

    Args:
        found: The patient before collection.
        infusion_on: Planned calendar day of the first infusion, in the zone of the centre.
        infusion_at: Its aware instant, on that day, where it is planned to the hour.
        document: The intervals before lymphodepletion that the protocol names.
    """
    # Regimens are the same under every renal policy.
    regimens = (regimen for regimen, _ in next(iter(found.doses.values()), ()))
    zone = found.timeline.course.zone
    begins = from_microseconds(day_start(infusion_on, zone)) if infusion_at is None else infusion_at
    return Schedule(
        infusion_on,
        infusion_at,
        document,
        tuple(_dates(found, regimen, (infusion_on, begins), document) for regimen in regimens),
    )


def _dates(
    found: Candidate, regimen: Regimen, infusion: tuple[date, datetime], document: Washout | None
) -> RegimenDates:
    (infusion_on, begins), zone, gap = infusion, found.timeline.course.zone, regimen.gap
    days = calendar(regimen, infusion_on)
    first = days[0].on
    # From the first to the last dose, which the gap is counted from.
    length = timedelta(days=days[-1].regimen_day - days[0].regimen_day)
    hourly = None if gap.least_hours is None else _hours_before(begins, gap.least_hours)
    until = None if gap.least is None else infusion_on - timedelta(days=gap.least) - length
    if hourly is not None:
        # A dose at the very start of a day is of the day before: nobody plans it for midnight.
        day = local_date(hourly - timedelta(microseconds=1), zone) - length
        until = day if until is None else min(until, day)
    starts = from_microseconds(day_start(first, zone))
    rules = () if document is None else document.of_setting(found.protocol.setting)
    return RegimenDates(
        regimen,
        days,
        None if gap.most is None else infusion_on - timedelta(days=gap.most) - length,
        until,
        hourly,
        first < local_date(found.at, zone),
        tuple(_stop_by(rule, first, starts) for rule in rules),
        None if document is None else stopping(found.timeline, found.at, document, starts),
    )


def _stop_by(rule: WashoutRule, first: date, starts: datetime) -> StopBy:
    return StopBy(
        rule,
        None if rule.hours is None else _hours_before(starts, rule.hours),
        None if rule.days is None else first - timedelta(days=rule.days),
        None if rule.preferred_days is None else first - timedelta(days=rule.preferred_days),
    )


def _hours_before(at: datetime, number: float) -> datetime:
    return from_microseconds(to_microseconds(at) - hours(number))
