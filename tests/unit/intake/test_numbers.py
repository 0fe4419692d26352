"""Numbers are read out of text, and never guessed."""

from __future__ import annotations

import polars as pl
import pytest

from vein2vein.intake.numbers import DecimalSign, read_numbers


def _read(text: str | None, decimal: DecimalSign = "auto") -> dict[str, object]:
    frame = pl.DataFrame({"value": [text]}, schema={"value": pl.String})
    return read_numbers(frame, "value", decimal=decimal).row(0, named=True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("38.5", 38.5), ("38,5", 38.5), (" 12 ", 12.0), ("1e3", 1000.0), ("-3", -3.0), ("+4", 4.0), ("0,123", 0.123),
        ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1,234,567", 1234567.0), ("1 234", 1234.0), ("1'234.5", 1234.5),
        ("12.345.678", 12345678.0),
    ],
)  # fmt: skip
def test_a_number_is_read(text: str, number: float) -> None:
    assert _read(text)["number"] == number


@pytest.mark.parametrize(
    ("text", "comparator", "number"),
    [("<0.1", "<", 0.1), ("< 10", "<", 10), (">=5", ">=", 5), ("≥ 5", ">=", 5), ("≤5", "<=", 5), ("=5", None, 5)],
)
def test_a_comparator_is_kept(text: str, comparator: str | None, number: float) -> None:
    found = _read(text)
    assert (found["comparator_in_value"], found["number"]) == (comparator, number)


def test_a_unit_behind_the_number_is_told_apart() -> None:
    found = _read("< 10 ug/L")
    assert (found["number"], found["unit_in_value"]) == (10.0, "ug/L")
    found = _read("1.5 10^9/L")
    assert (found["number"], found["unit_in_value"]) == (1.5, "10^9/L")


def test_thousands_or_decimals_is_a_doubt_until_the_sign_is_declared() -> None:
    found = _read("1,234")
    assert found["number"] is None
    assert found["is_doubtful"]
    assert _read("1,234", "comma")["number"] == 1.234
    assert _read("1,234", "point")["number"] == 1234.0


def test_where_commas_are_decimals_points_are_thousands() -> None:
    assert _read("1.234", "comma")["number"] == 1234.0
    assert _read("<1.234", "comma")["number"] == 1234.0
    assert _read("<0.1", "comma")["number"] == 0.1
    assert _read("1.234", "auto")["number"] == 1.234


@pytest.mark.parametrize("text", ["abc", "positive", "1.2.3", "1 23", "1,2,3", ">", "inf", "12-15", "1,234.5,6"])
def test_other_text_is_no_number(text: str) -> None:
    found = _read(text)
    assert found["number"] is None
    assert found["is_text"]


@pytest.mark.parametrize("text", [None, "", "n/a", "NA", "-", "not done", "未做"])
def test_absent_values_are_absent(text: str | None) -> None:
    found = _read(text)
    assert found["is_absent"]
    assert not found["is_text"]


def test_number_columns_pass_through_and_what_is_not_finite_is_absent() -> None:
    found = read_numbers(pl.DataFrame({"value": [1.5, None, float("nan"), float("inf")]}), "value")
    assert found["number"].to_list() == [1.5, None, None, None]
    assert found["is_absent"].to_list() == [False, True, True, True]


def test_plain_columns_and_mixed_columns_agree_in_row_order() -> None:
    texts = ["3", "<1", "2", "x", "1"]
    found = read_numbers(pl.DataFrame({"value": texts}), "value")
    assert found["value"].to_list() == texts
    assert found["number"].to_list() == [3.0, 1.0, 2.0, None, 1.0]
