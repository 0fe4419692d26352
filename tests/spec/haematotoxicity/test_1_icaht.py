"""ICAHT: neutrophils

Early ICAHT counts days at or below 0.5 and 0.1 x10^9/L up to day 30, late ICAHT takes the lowest counts from day 31 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec


def test_seven_days(spec: Spec) -> None:
    """Six days at or below 0.5 are grade 1, the seventh makes grade 2, the fourteenth grade 3."""
    spec(
        "ebmt-2023.icaht-early",
        """
        followed day 30 23:00
        days 0-4   | neutrophils 2.1
        days 5-19  | neutrophils 0.5
        days 20-30 | neutrophils 2.3
        """,
        """
        ...
        day 4  | 0
        day 5  | 1
        day 10 | 1
        day 11 | 2
        day 17 | 2
        day 18 | 3
        day 30 | 3
        """,
    )


def test_the_cut_off_counts(spec: Spec) -> None:
    """0.50 counts as low and 0.51 does not; CTCAE would have it otherwise."""
    for value, grade in (("0.50", "1"), ("0.51", "0")):
        spec(
            "ebmt-2023.icaht-early",
            f"followed day 30 23:00\ndays 0-30 | neutrophils 2.0\nday 9 20:00 | neutrophils {value}",
            f"...\nday 30 | {grade}",
        )


def test_the_lowest_value_of_a_day(spec: Spec) -> None:
    """Of several values on one day the lowest counts, by the calendar of the centre."""
    spec(
        "ebmt-2023.icaht-early",
        """
        followed day 30 23:00
        days 0-30   | neutrophils 2.0
        day 6 00:10 | neutrophils 0.4
        day 6 23:50 | neutrophils 1.8
        """,
        """
        ...
        day 5 23:00 | 0
        day 30      | 1
        """,
    )


def test_seven_days_at_most_100(spec: Spec) -> None:
    """Seven days at or below 0.1 are grade 3, fourteen are grade 4."""
    spec(
        "ebmt-2023.icaht-early",
        """
        followed day 30 23:00
        days 0-4   | neutrophils 2.1
        days 5-18  | neutrophils 0.1
        days 19-30 | neutrophils 2.3
        """,
        """
        ...
        day 10 | 1
        day 11 | 3
        day 17 | 3
        day 18 | 4
        day 30 | 4
        """,
    )


TWO_RUNS = """
        followed day 30 23:00
        days 0-1   | neutrophils 2.0
        days 2-6   | neutrophils 0.4
        days 7-11  | neutrophils 1.5
        days 12-16 | neutrophils 0.4
        days 17-30 | neutrophils 2.0
        """


@pytest.mark.parametrize(("method", "grade"), [("longest", "1"), ("cumulative", "2")])
def test_longest_or_cumulative(spec: Spec, method: str, grade: str) -> None:
    """Two runs of five days: five by the longest run, ten by all days together."""
    spec("ebmt-2023.icaht-early", TWO_RUNS, f"...\nday 30 | {grade}", method=method)


@pytest.mark.parametrize(("days", "grade"), [("7-8", "2"), ("7-9", "1")])
def test_a_short_recovery(spec: Spec, days: str, grade: str) -> None:
    """One or two recovered days do not break a run and are counted; three do."""
    spec(
        "ebmt-2023.icaht-early",
        f"""
        followed day 30 23:00
        days 0-3   | neutrophils 2.0
        days 4-10  | neutrophils 0.4
        days {days} | neutrophils 2.0
        """.replace("4-10", "4-6")
        + f"days {int(days[-1]) + 1}-10 | neutrophils 0.4\ndays 11-30 | neutrophils 2.0",
        f"...\nday 30 | {grade}",
    )


def test_trailing_recovery(spec: Spec) -> None:
    """Recovered days at the end of the series never count; a public helper counts up to two of them."""
    course = """
        followed day 11 23:00
        days 0-3 | neutrophils 2.0
        days 4-9 | neutrophils 0.3
        day 10   | neutrophils 2.0
        day 11   | neutrophils 3.0
        """
    spec("ebmt-2023.icaht-early", course, "...\nday 11 23:00 | 1")
    spec("ebmt-2023.icaht-early", course, "...\nday 11 23:00 | 2", count_trailing="true")


SPARSE = """
        followed day 30 23:00
        days 0-3   | neutrophils 2.0
        day 4      | neutrophils 0.3
        day 10     | neutrophils 0.3
        days 12-30 | neutrophils 2.0
        """


@pytest.mark.parametrize(("fill", "grade"), [("linear", "2"), ("none", "[1, 3]")])
def test_missing_days(spec: Spec, fill: str, grade: str) -> None:
    """Days without a count are drawn between their neighbours; without that they may be low, even below 0.1, or not."""
    spec("ebmt-2023.icaht-early", SPARSE, f"...\nday 30 | {grade}", fill=fill)


@pytest.mark.parametrize(("last", "grade"), [("12", "2"), ("13", "[1, 3]")])
def test_at_most_seven_missing_days(spec: Spec, last: str, grade: str) -> None:
    """Seven missing days are filled, eight are not."""
    spec(
        "ebmt-2023.icaht-early",
        f"""
        followed day 30 23:00
        days 0-3   | neutrophils 2.0
        day 4      | neutrophils 0.3
        days {last}-14 | neutrophils 0.3
        days 15-17 | neutrophils 2.0
        days 18-30 | neutrophils 2.0
        """.replace("12-14", "12-12").replace("13-14", "13-13")
        + (f"days {int(last) + 1}-14 | neutrophils 2.0"),
        f"...\nday 30 | {grade}",
    )


def test_the_series_is_not_filled_before_it_is_known(spec: Spec) -> None:
    """On day 6 the value of day 7 is not known: the missing days stay open until it comes."""
    spec(
        "ebmt-2023.icaht-early",
        """
        followed day 30 23:00
        days 0-3   | neutrophils 2.0
        day 4      | neutrophils 0.3
        days 7-30  | neutrophils 2.0
        """,
        """
        ...
        day 6 23:00 | 1
        day 8       | 1
        """,
    )


def test_a_run_to_the_end(spec: Spec) -> None:
    """A run that began by day 3 and is there at the end of the follow-up is grade 4: death without recovery."""
    course = """
        followed day 20
        days 0-2  | neutrophils 2.0
        days 3-16 | neutrophils 0.4
        day 16 20:00 | milestone death infection
        """
    spec("ebmt-2023.icaht-early", course, "...\nday 16 19:00 | 3\nday 16 20:00 | 4")
    spec("ebmt-2023.icaht-early", course, "...\nday 16 20:00 | 3", unrecovered_run="not-counted")


def test_no_counts(spec: Spec) -> None:
    """Nothing measured: any grade."""
    spec("ebmt-2023.icaht-early", "followed day 30 23:00", "...\nday 30 | [0, 4]")


def test_the_window_closes(spec: Spec) -> None:
    """Early ICAHT speaks of the days up to day 30 and is said until the end of day 31."""
    spec(
        "ebmt-2023.icaht-early",
        "followed day 60\ndays 0-60 | neutrophils 2.0",
        "...\nday 31 23:59 | 0\nday 32 00:00 | the window is closed",
    )


@pytest.mark.parametrize(
    ("first", "second", "grade"),
    [
        ("1.5", "1.5", "1"),
        ("1.0", "1.2", "2"),
        ("0.5", "1.4", "3"),
        ("0.1", "1.5", "4"),
        ("0.1", "1.6", "0"),
        ("1.6", "1.6", "0"),
    ],
)
def test_late(spec: Spec, first: str, second: str, grade: str) -> None:
    """The lowest count decides when a second day is low too: one low count alone is transient."""
    spec(
        "ebmt-2023.icaht-late",
        f"""
        followed day 100 23:00
        day 40 | neutrophils {first}
        day 60 | neutrophils {second}
        day 80 | neutrophils 2.5
        """,
        f"...\nday 100 | {grade}",
    )


@pytest.mark.parametrize(("single_count", "grade"), [("possible", "[0, 3]"), ("counts", "3")])
def test_a_single_late_count(spec: Spec, single_count: str, grade: str) -> None:
    """One count only: transient or not, nobody knows."""
    spec(
        "ebmt-2023.icaht-late",
        "followed day 100 23:00\nday 40 | neutrophils 0.4",
        f"...\nday 100 | {grade}",
        single_count=single_count,
    )


def test_late_stops_at_progression(spec: Spec) -> None:
    """Counts after progression or the next therapy are not of this course."""
    spec(
        "ebmt-2023.icaht-late",
        """
        followed day 100 23:00
        day 40 | neutrophils 1.9
        day 41 | neutrophils 1.8
        day 50 | milestone progression
        day 60 | neutrophils 0.05
        day 61 | neutrophils 0.05
        """,
        "...\nday 100 | 0",
    )


@pytest.mark.parametrize(
    ("days", "value", "grade"),
    [
        ("-1-5", "0.4", "1"), ("0-6", "0.4", "2"), ("24-30", "0.4", "2"), ("25-31", "0.4", "1"),
        ("-1-5", "0.1", "1"), ("0-6", "0.1", "3"), ("24-30", "0.1", "3"), ("25-31", "0.1", "1"), ("10-16", "0.11", "2"),
    ],
)  # fmt: skip
def test_the_first_and_the_last_day_that_count(spec: Spec, days: str, value: str, grade: str) -> None:
    """Days 0 to 30 count, both included; seven days make grade 2, or 3 where they are at or below 0.1."""
    first, last = (int(day) for day in days.rsplit("-", 1))
    rest = (f"days {a}-{b} | neutrophils 2.0" for a, b in ((-3, first - 1), (last + 1, 31)) if a <= b)
    rows = "\n".join((f"days {days} | neutrophils {value}", *rest))
    spec("ebmt-2023.icaht-early", f"followed day 31 23:00\n{rows}", f"...\nday 31 12:00 | {grade}")


def test_how_long_a_recovered_count_speaks_for_today(spec: Spec) -> None:
    """Before today has a count, the last one above the cut-off stands for today as long as it is not older than 36 hours."""
    course = "followed day 12\ndays 0-6 | neutrophils 2.0"
    spec("ebmt-2023.icaht-early", course, "...\nday 7 19:59 | 0\nday 7 20:00 | [0, 1]", fill="none")


def test_a_run_to_the_last_day(spec: Spec) -> None:
    """A run from day 2 is unrecovered when it holds on day 30; what is counted on day 31 does not matter, and day 30 does."""
    start = "followed day 31 23:00\ndays 0-1 | neutrophils 2.0\n"
    spec(
        "ebmt-2023.icaht-early",
        start + "days 2-30 | neutrophils 0.5\nday 31 | neutrophils 2.0",
        "...\nday 31 12:00 | 4",
    )
    spec(
        "ebmt-2023.icaht-early",
        start + "days 2-29 | neutrophils 0.5\ndays 30-31 | neutrophils 2.0",
        "...\nday 31 12:00 | 3",
    )


def test_a_run_that_ends_just_above_the_cut_off(spec: Spec) -> None:
    """Counts of 0.53 are recovered, also for the run to the end."""
    course = """
        followed day 12 20:00
        days 0-1  | neutrophils 2.0
        days 2-8  | neutrophils 0.4
        days 9-12 | neutrophils 0.53
        """
    spec("ebmt-2023.icaht-early", course, "...\nday 12 20:00 | 2")


@pytest.mark.parametrize(("again", "grade"), [("13", "4"), ("14", "[1, 4]")])
def test_a_gap_in_a_run_to_the_end(spec: Spec, again: str, grade: str) -> None:
    """Seven missing days are filled and eight are not, also for the run to the end."""
    course = f"""
        followed day 18 20:00
        days 0-1        | neutrophils 2.0
        days 2-5        | neutrophils 0.4
        days {again}-18 | neutrophils 0.4
        """
    spec("ebmt-2023.icaht-early", course, f"...\nday 18 20:00 | {grade}")


@pytest.mark.parametrize(("low_on", "grade"), [("30", "1"), ("31", "3"), ("100", "3")])
def test_the_first_and_the_last_day_of_late_counts(spec: Spec, low_on: str, grade: str) -> None:
    """Days 31 to 100 count, both included."""
    course = f"""
        followed day 100 23:00
        day {low_on} | neutrophils 0.4
        day 40       | neutrophils 1.4
        day 60       | neutrophils 1.2
        """
    spec("ebmt-2023.icaht-late", course, f"...\nday 100 22:00 | {grade}")


@pytest.mark.parametrize(("first", "grade"), [("30", "[0, 3]"), ("31", "3")])
def test_a_second_late_count(spec: Spec, first: str, grade: str) -> None:
    """A count on day 30 is not the second one that late ICAHT asks for; one on day 31 is."""
    course = f"followed day 100 23:00\nday {first} | neutrophils 0.4\nday 60 | neutrophils 0.4"
    spec("ebmt-2023.icaht-late", course, f"...\nday 100 22:00 | {grade}")
    if first == "30":
        spec("ebmt-2023.icaht-late", course, "...\nday 100 22:00 | 3", single_count="counts")
        transient = course.replace("day 60 | neutrophils 0.4", "day 60 | neutrophils 1.4\nday 70 | neutrophils 2.0")
        spec("ebmt-2023.icaht-late", transient, "...\nday 100 22:00 | 0")
