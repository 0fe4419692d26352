"""Times become instants, or say why not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import RecordError
from vein2vein.intake import times
from vein2vein.intake.book import FaultBook
from vein2vein.intake.times import TimePolicy


def _place(text: Any, zone: str | None = "Europe/Berlin", **policy: Any) -> tuple[str | None, str | None]:
    frame = times.place(pl.DataFrame({"t": [text]}), "t", zone=zone, policy=TimePolicy(**policy))
    at = frame["t"][0]
    return (at.strftime("%Y-%m-%dT%H:%M:%S") if at else None), frame["t_reason"][0]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00"),
        ("2026-01-01T10:00z", "2026-01-01T10:00:00"),
        ("2026-01-01T10:00:00+01:00", "2026-01-01T09:00:00"),
        ("2026-01-01T10:00+0100", "2026-01-01T09:00:00"),
        ("2026-01-01 10:00:00.25+01", "2026-01-01T09:00:00"),
        ("2026-01-01T10:00:00-05:00", "2026-01-01T15:00:00"),
        ("2026-01-01T10:00", "2026-01-01T09:00:00"),
        ("2026-07-01 10:00:00", "2026-07-01T08:00:00"),
        (datetime(2026, 7, 1, 10, 0), "2026-07-01T08:00:00"),  # noqa: DTZ001  (a naive time is what is tested)
        (datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "2026-07-01T10:00:00"),
    ],
)
def test_a_time_becomes_an_instant(text: Any, utc: str) -> None:
    assert _place(text) == (utc, None)


def test_an_empty_time_stays_empty_without_a_fault() -> None:
    assert _place(None) == (None, None)
    assert _place("") == (None, None)


def test_a_time_without_offset_needs_a_zone() -> None:
    assert _place("2026-01-01T10:00", zone=None) == (None, "INTAKE-009")
    assert _place("2026-01-01T10:00Z", zone=None) == ("2026-01-01T10:00:00", None)


@pytest.mark.parametrize("text", ["foo", "01/02/2026", "2026-02-30", "2026-01-01T25:00", "31.12.2026 08:00"])
def test_other_text_is_unreadable(text: str) -> None:
    assert _place(text) == (None, "INTAKE-010")


def test_declared_formats_are_tried() -> None:
    assert _place("31.12.2026 08:00", formats=("%d.%m.%Y %H:%M",)) == ("2026-12-31T07:00:00", None)
    assert _place("31.12.2026", formats=("%d.%m.%Y",)) == ("2026-12-30T23:00:00", "INTAKE-020")


def test_the_skipped_hour_is_refused_or_read_as_declared() -> None:
    assert _place("2026-03-29T02:30") == (None, "INTAKE-011")
    assert _place("2026-03-29T02:30", gap="after") == ("2026-03-29T01:30:00", None)
    assert _place("2026-03-29T03:00") == ("2026-03-29T01:00:00", None)


def test_the_hour_that_came_twice_is_refused_or_read_as_declared() -> None:
    assert _place("2026-10-25T02:30") == (None, "INTAKE-018")
    assert _place("2026-10-25T02:30", fold="first") == ("2026-10-25T00:30:00", None)
    assert _place("2026-10-25T02:30", fold="second") == ("2026-10-25T01:30:00", None)
    assert _place("2026-10-25T02:30+01:00") == ("2026-10-25T01:30:00", None)


@pytest.mark.parametrize("text", ["2026-03", "2026"])
def test_a_partial_date_is_no_instant(text: str) -> None:
    assert _place(text) == (None, "INTAKE-019")


@pytest.mark.parametrize("value", ["2026-07-01", date(2026, 7, 1)])
def test_a_date_alone_stands_where_the_policy_says(value: Any) -> None:
    assert _place(value) == ("2026-06-30T22:00:00", "INTAKE-020")
    assert _place(value, date_only="start") == ("2026-06-30T22:00:00", None)
    assert _place(value, date_only="noon") == ("2026-07-01T10:00:00", None)
    assert _place(value, date_only="end") == ("2026-07-01T21:59:59", None)


def test_a_day_whose_midnight_was_skipped_is_still_a_day() -> None:
    assert _place("2019-09-08", zone="America/Santiago") == ("2019-09-08T04:00:00", "INTAKE-020")


def test_zones_can_differ_by_row_and_repeated_times_keep_their_rows() -> None:
    frame = pl.DataFrame(
        {"t": ["2026-01-01T10:00"] * 6, "z": ["Asia/Shanghai", "Europe/Berlin", None] * 2, "n": range(6)}
    )
    placed = times.place(frame, "t", zone=pl.col("z"))
    assert placed["n"].to_list() == list(range(6))
    assert [at.hour if at else None for at in placed["t"]] == [2, 9, None] * 2
    assert placed["t_reason"].to_list() == [None, None, "INTAKE-009"] * 2


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(RecordError, match="Europe/Berlln"):
        _place("2026-01-01T10:00", zone="Europe/Berlln")


def test_a_missing_column_gives_no_instants() -> None:
    placed = times.place(pl.DataFrame({"x": [1]}), "t")
    assert placed["t"].to_list() == [None]
    assert placed["t_reason"].to_list() == [None]


def test_birth_dates_may_be_a_month_or_a_year() -> None:
    texts = ["1960-05-17", "1960-05", "1960", "x", None, "1960-05-17T00:00:00"]
    frame = times.birth_dates(pl.DataFrame({"born_on": texts}), "born_on")
    may = date(1960, 5, 17)
    assert frame["born_on"].to_list() == [may, date(1960, 5, 1), date(1960, 1, 1), None, None, may]
    assert frame["born_on_reason"].to_list() == [None, "INTAKE-019", "INTAKE-019", "INTAKE-010", None, None]


def test_faults_of_times_are_grouped_by_what_is_wrong_and_where() -> None:
    book = FaultBook()
    frame = pl.DataFrame({"file": ["a.csv"] * 3, "row": [1, 2, 3], "ended_at": ["x", "y", "2026-03"]})
    times.note_times(times.place(frame, "ended_at"), "ended_at", book)
    unreadable, partial = book.faults()
    assert unreadable.count == 2
    assert unreadable.saw == "a text that is no time in ended_at, for example 'x'"
    assert unreadable.effect == "the rows are refused; with an open end they would run on"
    assert partial.id == "INTAKE-019"
    assert "only a birth date may be a month or a year" in partial.expected


@pytest.mark.parametrize(
    ("text", "zone", "id", "fix"),
    [
        ("2026-01-01T10:00", None, "INTAKE-009", "declare the zone, for example Europe/Berlin"),
        ("2026-03-29T02:30", "Europe/Berlin", "INTAKE-011", "declare times.gap: after"),
        ("2026-10-25T02:30", "Europe/Berlin", "INTAKE-018", "declare times.fold: first or second"),
        ("2026-10-25", "Europe/Berlin", "INTAKE-020", "declare times.date_only"),
    ],
)
def test_each_fault_says_what_to_declare(text: str, zone: str | None, id: str, fix: str) -> None:
    book = FaultBook()
    frame = pl.DataFrame({"file": ["a.csv"], "row": [1], "observed_at": [text]})
    times.note_times(times.place(frame, "observed_at", zone=zone), "observed_at", book)
    (fault,) = book.faults()
    assert fault.id == id
    assert fix in fault.fix
    assert text in fault.saw
