"""Local days of arrays are those of the clock, also where it changes at midnight or a whole day is left out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from vein2vein.basis.clock import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, day_start, from_microseconds, local_date
from vein2vein.engine.calendars import NEVER, day_starts, local_days

EPOCH = date(1970, 1, 1)
# Changes at midnight (Beirut, Sao Paulo, Cairo), of half an hour (Lord Howe), twice around Ramadan (Casablanca).
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "Asia/Beirut",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)


@pytest.mark.parametrize("zone", ZONES)
def test_days_begin_when_the_clock_says(zone: str) -> None:
    days = np.arange((date(2010, 1, 1) - EPOCH).days, (date(2026, 12, 31) - EPOCH).days)
    expected = [day_start(EPOCH + timedelta(days=int(day)), zone) for day in days]
    assert day_starts(days, zone).tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_of_an_instant_is_that_of_the_clock(zone: str) -> None:
    starts = day_starts(np.arange(20_000, 20_730), zone)  # October 2024 to October 2026
    around = np.array([0, -1, 1, -MICROSECONDS_PER_HOUR, MICROSECONDS_PER_HOUR, 7 * MICROSECONDS_PER_HOUR])
    at = (starts[:, None] + around).ravel()
    expected = [(local_date(from_microseconds(int(instant)), zone) - EPOCH).days for instant in at]
    assert local_days(at, zone).tolist() == expected


def test_a_day_that_a_zone_left_out_has_no_length() -> None:
    """Samoa went from 29 to 31 December 2011."""
    starts = day_starts((date(2011, 12, 28) - EPOCH).days + np.arange(5), "Pacific/Apia")
    whole = MICROSECONDS_PER_DAY
    assert [b - a for a, b in pairwise(starts.tolist())] == [whole, whole, 0, whole]


def test_an_order_is_not_needed_and_no_instant_is_no_day() -> None:
    at = np.array([1_800_000_000_000_000, NEVER, 0])
    assert local_days(at, "Europe/Berlin").tolist() == [20833, NEVER, 0]
    days = np.array([20833, NEVER, 0])
    assert day_starts(days, "Europe/Berlin").tolist()[1:] == [NEVER, -MICROSECONDS_PER_HOUR]
    assert local_days(np.zeros(0, np.int64), "Asia/Beirut").tolist() == []
