"""The calendar of a regimen from the infusion back, and whether lymphodepletion as given still carries the infusion.

Place    Journey, lymphodepletion.
In       A regimen and the calendar day of the (first) infusion; doses as they were given.
Out      The day of every dose; whether the gap is allowed; whether the regimen is due again.
Knows    Days are calendar days of the centre's zone. The gap is the date of the infusion minus the date of the last dose, in full
         days; where a source counts hours, hours from the last dose to the infusion decide.
Missing  Where the source gives no window, the answer is None, not yes.
Checked  tests/unit/journey/lymphodepletion/test_calendar_of_a_regimen.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from vein2vein.errors import JourneyError
from vein2vein.knowledge.documents.regimen import Regimen, Repeat
from vein2vein.knowledge.values import NumberRange

_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True, order=True)
class PlannedDay:
    """One drug on one day: calendar day, day relative to the infusion, and the day of the regimen (from 1)."""

    on: date
    relative_day: int
    regimen_day: int
    drug: str


def calendar(regimen: Regimen, infusion_on: date, *, gap: int | None = None) -> tuple[PlannedDay, ...]:
    """Every dose of a regimen before an infusion day, in order of time.

    Args:
        regimen: The regimen.
        infusion_on: Calendar day of the first infusion, day 0.
        gap: Full days between the last dose and the infusion; the planned gap of the regimen when None.

    Raises:
        JourneyError: JOURNEY-003 when the gap is outside the window of the source.
    """
    if gap is not None and regimen.allows(gap, gap * 24.0) is False:
        raise JourneyError(
            "JOURNEY-003",
            saw=f"a gap of {gap} days for {regimen.id}",
            expected=_window(regimen),
            fix="choose a gap inside the window, or another regimen",
        )
    days = [
        PlannedDay(infusion_on + timedelta(days=relative), relative, number, drug.drug)
        for drug in regimen.drugs
        for number, relative in zip(drug.days, regimen.relative_days(drug, gap), strict=True)
    ]
    return tuple(sorted(days))


def _window(regimen: Regimen) -> str:
    gap = regimen.gap
    if gap.least_hours is not None:
        return f"at least {gap.least_hours:g} hours after the last dose"
    return f"{gap.least} to {gap.most} full days after the last dose"


@dataclass(frozen=True, slots=True)
class GapAnswer:
    """Whether an infusion lies in the window after the last dose.

    Attributes:
        days: Full calendar days between, in the centre's zone.
        hours: Hours between.
        allowed: None where the source gives no window.
    """

    days: int
    hours: float
    allowed: bool | None


def gap_of(regimen: Regimen, last_dose_at: datetime, infusion_at: datetime, zone: str) -> GapAnswer:
    """The gap between the last dose and an infusion.

    Raises:
        JourneyError: JOURNEY-004 when the infusion lies before the last dose.
    """
    if infusion_at < last_dose_at:
        raise JourneyError(
            "JOURNEY-004",
            saw=f"an infusion at {infusion_at.isoformat()} before the last dose at {last_dose_at.isoformat()}",
            expected="an infusion after the last dose of the regimen",
            fix="correct one of the two times",
        )
    local = ZoneInfo(zone)
    days = (infusion_at.astimezone(local).date() - last_dose_at.astimezone(local).date()).days
    hours = (infusion_at - last_dose_at).total_seconds() / _SECONDS_PER_HOUR
    return GapAnswer(days, hours, regimen.allows(days, hours))


@dataclass(frozen=True, slots=True)
class RepeatAnswer:
    """Whether a rule about repeating or leaving out holds: True, False, or None while the leukocytes are not known."""

    rule: Repeat
    holds: bool | None


def repeats(regimen: Regimen, days_since_last_dose: float, leukocytes: NumberRange) -> tuple[RepeatAnswer, ...]:
    """The label's rules about giving the regimen again or leaving it out.

    Args:
        regimen: The regimen.
        days_since_last_dose: Days since the last dose of the regimen.
        leukocytes: Possible leukocyte count, 10*9/L.
    """
    return tuple(RepeatAnswer(rule, rule.holds(days_since_last_dose, leukocytes)) for rule in regimen.repeat)
