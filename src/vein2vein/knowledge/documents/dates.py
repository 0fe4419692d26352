"""Dates of a label as far as they are known: a day, a month, or only a year.

Place    Floor 1. Read by products and by whoever compares a day with a validity.
In       A `date`, or a text such as "2017" or "2024-04".
Out      The first and the last day that can be meant; whether a validity holds on a day.
Missing  Within a year or month of which the day is not known, a change may or may not have happened: unknown.
Checked  tests/unit/knowledge/test_dates.py
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from vein2vein.basis.truth import Truth, all_of


def _partial(value: object) -> object:
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}(-\d{2})?", value):
            days_of(value)
            return value
        return date.fromisoformat(value)
    return value


PartialDate = Annotated[date | str, BeforeValidator(_partial)]
"""A day, or "2017" or "2024-04" where the day is not known."""


def days_of(when: date | str) -> tuple[date, date]:
    """The first and the last day that a date can mean, both inclusive.

    Raises:
        ValueError: a month that does not exist.
    """
    if isinstance(when, date):
        return when, when
    year, _, month = when.partition("-")
    if not month:
        return date(int(year), 1, 1), date(int(year), 12, 31)
    last = calendar.monthrange(int(year), int(month))[1]
    return date(int(year), int(month), 1), date(int(year), int(month), last)


def begun(when: date | str | None, day: date) -> Truth:
    """Whether a change of date `when` has happened by the end of `day`; unknown where its date is (or is too coarse)."""
    if when is None:
        return Truth.UNKNOWN
    first, last = days_of(when)
    return Truth.from_pair(certain=day >= last, possible=day >= first)


def in_force(since: date | str | None, to: date | str | None, day: date) -> Truth:
    """Whether the half-open range [since, to) holds on a day; without `to` it has not ended."""
    ended = Truth.FALSE if to is None else begun(to, day)
    return all_of((begun(since, day), ~ended))
