"""The time in which something refused may have run does not count as charted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from vein2vein.intake.book import FaultBook
from vein2vein.intake.lost import LOST, without_lost

T0 = datetime(2026, 3, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")
SCHEMA = {"course_id": pl.String, "agent": pl.String, "started_at": INSTANT, "ended_at": INSTANT}
COURSES = pl.DataFrame({"course_id": ["C1", "C2", "D1"], "patient_id": ["C", "C", "D"]})


def at(hour: float | None) -> datetime | None:
    return None if hour is None else T0 + timedelta(hours=hour)


def left_of(
    *lost: tuple[str | None, str | None, str | None, float | None, float | None],
) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    """Hours left of nine charted ones, by course and stream, after refusals (course, patient, stream, from, until)."""
    book = FaultBook()
    rows = [(course, patient, stream, at(start), at(end)) for course, patient, stream, start, end in lost]
    book.lose(pl.DataFrame(rows, schema=dict(LOST), orient="row"))
    keys = [(course, stream) for course in ("C1", "C2", "D1") for stream in ("vasopressor", "oxygen")]
    charted = pl.DataFrame([(*key, at(0), at(9)) for key in keys], schema=SCHEMA, orient="row")
    left: dict[tuple[str, str], list[tuple[float, float | None]]] = {key: [] for key in keys}
    for course, stream, start, end in without_lost(charted, book.lost(), COURSES).iter_rows():
        left[course, stream].append(tuple((t - T0) / timedelta(hours=1) for t in (start, end)))  # type: ignore[arg-type]
    return left


def touched(left: dict[Any, Any]) -> set[Any]:
    return {key for key, spans in left.items() if spans != [(0, 9)]}


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        ((2, 4), [(0, 2), (4, 9)]),
        ((4, 2), [(0, 2), (4, 9)]),
        ((None, None), []),
        ((None, 4), [(4, 9)]),
        ((2, None), [(0, 2)]),
        ((-3, 4), [(4, 9)]),
        ((4, 12), [(0, 4)]),
        ((12, 14), [(0, 9)]),
        ((-9, -4), [(0, 9)]),
    ],
)
def test_the_time_of_a_refused_exposure_is_not_charted(
    lost: tuple[int | None, int | None], left: list[tuple[int, int]]
) -> None:
    assert left_of(("D1", None, "vasopressor", *lost))["D1", "vasopressor"] == left


def test_an_instant_is_not_charted_either() -> None:
    (first, second) = left_of(("D1", None, "vasopressor", 2, 2))["D1", "vasopressor"]
    assert first == (0, 2)
    assert second[0] == pytest.approx(2 + 1 / 3.6e9)


@pytest.mark.parametrize(
    ("lost", "concerned"),
    [
        (("C1", None, "oxygen", 1, 2), {("C1", "oxygen")}),
        (("C1", None, None, 1, 2), {("C1", "oxygen"), ("C1", "vasopressor")}),
        ((None, "C", "oxygen", 1, 2), {("C1", "oxygen"), ("C2", "oxygen")}),
        ((None, None, "oxygen", 1, 2), {("C1", "oxygen"), ("C2", "oxygen"), ("D1", "oxygen")}),
        (("C1", None, "oxygen", None, 2), {("C1", "oxygen"), ("C2", "oxygen")}),
        (("Z9", None, None, 1, 2), set()),
    ],
    ids=[
        "all said",
        "no stream",
        "only the patient",
        "nobody",
        "no start: any course of the patient",
        "another course",
    ],
)
def test_what_a_refused_row_does_not_say_counts_as_anything(lost: Any, concerned: set[tuple[str, str]]) -> None:
    assert touched(left_of(lost)) == concerned


def test_gaps_that_overlap_are_one_and_others_are_kept_apart() -> None:
    left = left_of(("D1", None, "oxygen", 1, 3), (None, None, "oxygen", 2, 4), (None, "D", None, 6, 7))
    assert left["D1", "oxygen"] == [(0, 1), (4, 6), (7, 9)]


def test_very_many_gaps_near_each_other_become_one() -> None:
    every = [("D1", None, "oxygen", 2 + n / 1000, 2 + n / 1000) for n in range(1000)]
    assert left_of(*every)["D1", "oxygen"] == [(0, 2), (pytest.approx(2.999), 9)]


def test_charting_without_end_goes_on_without_end_behind_the_gap() -> None:
    charted = pl.DataFrame([("D1", "oxygen", T0, None)], schema=SCHEMA, orient="row")
    lost = pl.DataFrame([("D1", None, "oxygen", T0, at(1))], schema=dict(LOST), orient="row")
    assert without_lost(charted, lost, COURSES).rows() == [("D1", "oxygen", at(1), None)]
