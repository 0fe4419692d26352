"""T-ICAHT: platelets

Days below 50 and 20 x10^9/L up to day 30, and from day 31 to 100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


@pytest.mark.parametrize(
    ("low", "grade"),
    [("49", "1"), ("50", "0"), ("19", "3"), ("20", "1")],
)
def test_one_day(spec: Spec, low: str, grade: str) -> None:
    """One day below 50 is grade 1, one day below 20 is grade 3; the cut-offs themselves do not count."""
    spec(
        "t-icaht-2025.early",
        f"followed day 38 23:00\ndays 0-38 | platelets 150\nday 9 20:00 | platelets {low}",
        f"...\nday 38 | {grade}",
    )


def test_the_cut_off_of_the_published_code(spec: Spec) -> None:
    """The table of the paper says below, its code says at most: a choice."""
    spec(
        "t-icaht-2025.early",
        "followed day 38 23:00\ndays 0-38 | platelets 150\nday 9 20:00 | platelets 50",
        "...\nday 38 | 1",
        strict="false",
    )


@pytest.mark.parametrize(("method", "grade"), [("cumulative", "2"), ("longest", "1")])
def test_all_days_together(spec: Spec, method: str, grade: str) -> None:
    """Platelets are counted over all runs: four and four days are eight."""
    spec(
        "t-icaht-2025.early",
        """
        followed day 38 23:00
        days 0-2   | platelets 150
        days 3-6   | platelets 40
        days 7-14  | platelets 90
        days 15-18 | platelets 40
        days 19-38 | platelets 150
        """,
        f"...\nday 38 | {grade}",
        method=method,
    )


def test_two_weeks_below_20(spec: Spec) -> None:
    """Thirteen days below 20 are grade 3, fourteen are grade 4."""
    spec(
        "t-icaht-2025.early",
        "followed day 38 23:00\ndays 0-2 | platelets 150\ndays 3-16 | platelets 12\ndays 17-38 | platelets 150",
        "...\nday 15 | 3\nday 16 | 4\nday 38 | 4",
    )


@pytest.mark.parametrize(("low", "grade"), [("99", "1"), ("49", "2"), ("19", "3"), ("100", "0")])
def test_late_platelets(spec: Spec, low: str, grade: str) -> None:
    """From day 31 on two low days are needed."""
    spec(
        "t-icaht-2025.late",
        f"""
        followed day 100 23:00
        days 31-100 | platelets 180
        day 40 20:00 | platelets {low}
        day 41 20:00 | platelets {low}
        """,
        f"...\nday 100 | {grade}",
    )
