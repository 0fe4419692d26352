"""When blood is drawn: one calendar for all laboratory values of a block.

Place    Floor 4. Used by counts, chemistry, infections, outcome and late.
In       The way (start of lymphodepletion) and the acute course (discharge).
Out      `Visits`: nominal days, hours since infusion of each draw, and which draws take place.
Knows    A draw is a morning draw: five hours before the hour of the infusion, so that it lies on the calendar day it is named
         after whenever cells are infused between 7:00 and 22:00. The draw of day 0 is before the infusion.
Missing  A course that is never infused has no draws.
Does not Stop at death or at the end of follow-up: the modules that observe do, because only they know it.
Checked  tests/unit/population/test_visits.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vein2vein.population.states import Rows

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.states import Acute, Flags, Floats, Way

LAST_DAILY: Final = 100
MONTHS: Final = (120, 150, 180, 270, 365, 545, 730, 1095, 1460, 1825)
DAYS: Final = np.array([-6, *range(LAST_DAILY + 1), *MONTHS], np.float64)
BASELINE: Final = 0
MORNING: Final = -5.0
_WARD_DAYS = 7
_THRICE_DAYS = 30
_TWICE_DAYS = 60


def column(day: int) -> int:
    """The column of a day of the daily part (0 to 100) or of a visit of MONTHS."""
    if 0 <= day <= LAST_DAILY:
        return day + 1
    return LAST_DAILY + 2 + MONTHS.index(day)


@dataclass(frozen=True)
class Visits:
    """The draws of a block, shape (courses, columns of DAYS).

    Attributes:
        hours: Hours since infusion of each draw; NaN for courses that are not infused.
        drawn: Which draws take place.
        daily: Those of them in the first weeks, when a full panel is sent.
    """

    hours: Floats
    drawn: Flags
    daily: Flags

    def rows(  # noqa: PLR0917  (one kind of a laboratory)
        self, kind: str, values: Floats, keep: Flags, until: Floats, decimals: int
    ) -> Rows:
        """Rows of one kind at the kept draws that lie before `until`, rounded as a laboratory reports them."""
        course, at = np.nonzero(keep & self.drawn & (self.hours <= until[:, None]))
        return Rows.numbers(kind, course, self.hours[course, at], np.round(values[course, at], decimals))


def draw_visits(block: Block, way: Way, acute: Acute) -> Visits:
    """Draw the calendar of a block.

    Daily until discharge (and at least to day 7), three times a week to day 30, twice to day 60, weekly to day 100, then the
    follow-up visits of pathway facts 5.5; days 28 and 90 always.
    """
    rng = block.stream("visits/clock")
    n, columns = block.n, len(DAYS)
    shift = rng.uniform(-1.0, 1.0, n)[:, None] + rng.uniform(-0.5, 0.5, (n, columns))
    visit_days = rng.integers(-3, 4, (n, columns)) * (DAYS > LAST_DAILY)
    weekday = rng.integers(0, 7, n)[:, None]
    hours = (DAYS + visit_days) * 24 + MORNING + shift
    hours[:, BASELINE] = way.lymphodepletion - way.infused - 3.0 + shift[:, 0]
    hours = np.where(way.is_infused[:, None], hours, np.nan)

    day = DAYS[None, :]
    gone = np.nan_to_num(acute.discharged, nan=np.inf)[:, None]
    inside = (day <= _WARD_DAYS) | (hours < gone) & (day <= acute.hours / 24)
    of_week = (day.astype(np.int64) + weekday) % 7
    after = np.where(
        day <= _THRICE_DAYS,
        np.isin(of_week, (0, 2, 4)),
        np.where(day <= _TWICE_DAYS, np.isin(of_week, (0, 3)), of_week == 0),
    )
    drawn = inside | after | np.isin(day, (0, 28, 90)) | (day > LAST_DAILY) | (day < 0)
    drawn &= way.is_infused[:, None]
    return Visits(hours, drawn, drawn & inside & (day <= LAST_DAILY))


def daily_mean(hourly: Floats) -> Floats:
    """Means of an hourly grid over the 24 hours before each morning draw, shape (courses, columns of DAYS); zero elsewhere."""
    n, hours = hourly.shape
    before = -int(MORNING)
    whole = (hours + before) // 24
    padded = np.zeros((n, whole * 24))
    padded[:, before:] = hourly[:, : whole * 24 - before]
    found = np.zeros((n, len(DAYS)))
    # The first 24 hours end at the draw of day 1.
    days = min(whole, LAST_DAILY)
    found[:, column(1) : column(1) + days] = padded.reshape(n, whole, 24).mean(axis=2)[:, :days]
    return found
