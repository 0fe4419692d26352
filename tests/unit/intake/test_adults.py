"""Weights and heights that no adult has are set aside, at their limits and on the day on which a patient turns 18."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake.adults import as_an_adult_has
from vein2vein.intake.book import FaultBook

# The start of 1 March 2026 in Berlin.
TURNS_18 = datetime(2026, 2, 28, 23, tzinfo=UTC)


def _checked(
    kind: str, value: float, *, born: date | None = date(2008, 3, 1), at: datetime = TURNS_18
) -> tuple[list[tuple[object, ...]], tuple[Fault, ...]]:
    frame = pl.DataFrame(
        {
            "file": ["labs.csv"], "row": [7], "course_id": ["A"], "kind": [kind], "observed_at": [at], "value": [value],
            "comparator": [None], "code": [None], "as_sent": [None], "usability": ["ok"], "reference_low": [None],
            "reference_high": [None],
        },
        schema_overrides={
            "observed_at": pl.Datetime("us", "UTC"), "comparator": pl.String, "code": pl.String, "as_sent": pl.String,
            "reference_low": pl.Float64, "reference_high": pl.Float64,
        },
    )  # fmt: skip
    life = pl.DataFrame(
        {"course_id": ["A"], "zone": ["Europe/Berlin"], "born_on": [born]}, schema_overrides={"born_on": pl.Date}
    )
    book = FaultBook()
    found = as_an_adult_has(frame, life, book)
    return found.select("value", "usability", "as_sent").rows(), book.faults()


@pytest.mark.parametrize(
    ("kind", "outside", "inside"),
    [("weight", 24.99, 25.0), ("weight", 350.01, 350.0), ("height", 99.9, 100.0), ("height", 250.1, 250.0)],
)
def test_the_ends_of_the_range_are_inside(kind: str, outside: float, inside: float) -> None:
    assert _checked(kind, inside) == ([(inside, "ok", None)], ())
    rows, (fault,) = _checked(kind, outside)
    assert rows == [(None, "not-assessable", str(outside))]
    assert (fault.id, fault.count, fault.rows) == ("INTAKE-066", 1, ("labs.csv:7",))


def test_the_message_says_what_was_expected() -> None:
    _, (fault,) = _checked("height", 69.0)
    assert fault.saw == "69 cm for height (Body height) of an adult"
    assert fault.expected == "100 to 250 cm from the age of 18"
    assert fault.fix == "look for a slip of the unit, or correct the date of birth"
    assert fault.effect == "the values are kept as not assessable; nothing is computed from them"


@pytest.mark.parametrize(("before", "usability"), [(timedelta(0), "not-assessable"), (timedelta(seconds=1), "ok")])
def test_an_adult_has_turned_18_on_the_local_day(before: timedelta, usability: str) -> None:
    ((_, found, _),), _ = _checked("weight", 8.0, at=TURNS_18 - before)
    assert found == usability


def test_without_a_date_of_birth_nothing_is_set_aside() -> None:
    assert _checked("weight", 8.0, born=None) == ([(8.0, "ok", None)], ())


def test_other_kinds_have_no_range_of_adults() -> None:
    assert _checked("crp", 8.0) == ([(8.0, "ok", None)], ())
