"""Dates that are known to the day, the month or the year, and what they say of a day."""

from __future__ import annotations

from datetime import date

import pytest

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.documents.dates import begun, days_of, in_force


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        (date(2025, 6, 26), date(2025, 6, 26), date(2025, 6, 26)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2017", date(2017, 1, 1), date(2017, 12, 31)),
    ],
)
def test_a_date_means_the_days_that_it_can_mean(when: date | str, first: date, last: date) -> None:
    assert days_of(when) == (first, last)


def test_a_month_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="bad month number 13"):
        days_of("2024-13")


def test_a_change_of_which_only_the_year_is_known_is_open_within_that_year() -> None:
    assert begun("2017", date(2016, 12, 31)) is Truth.FALSE
    assert begun("2017", date(2017, 1, 1)) is Truth.UNKNOWN
    assert begun("2017", date(2017, 12, 30)) is Truth.UNKNOWN
    assert begun("2017", date(2017, 12, 31)) is Truth.TRUE
    assert begun(None, date(2017, 1, 1)) is Truth.UNKNOWN


def test_a_range_is_half_open() -> None:
    since, to = date(2024, 4, 1), date(2025, 6, 26)
    assert in_force(since, to, date(2024, 3, 31)) is Truth.FALSE
    assert in_force(since, to, date(2024, 4, 1)) is Truth.TRUE
    assert in_force(since, to, date(2025, 6, 25)) is Truth.TRUE
    assert in_force(since, to, date(2025, 6, 26)) is Truth.FALSE
    assert in_force(since, None, date(2030, 1, 1)) is Truth.TRUE
    assert in_force(None, to, date(2025, 6, 26)) is Truth.FALSE
