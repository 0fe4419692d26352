"""Faults are grouped and counted; every row is accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vein2vein.errors import Fault, catalogue
from vein2vein.intake.book import FATES, FaultBook, Ledger
from vein2vein.intake.delivery import Report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _unknown(group: Mapping[str, Any]) -> Fault:
    return Fault("INTAKE-021", f"code {group['code']!r}", "a known code", "map it")


def _rows(code: str, count: int, *, file: str = "a.csv") -> pl.DataFrame:
    return pl.DataFrame({"file": [file] * count, "row": range(1, count + 1), "code": [code] * count})


def test_a_million_rows_of_one_code_are_one_fault_with_a_count() -> None:
    book = FaultBook()
    book.note_rows(_rows("XYZ", 600_000), ["code"], _unknown)
    book.note_rows(_rows("XYZ", 400_000, file="b.csv"), ["code"], _unknown)
    (fault,) = book.faults()
    assert fault.count == 1_000_000
    assert fault.rows == ("a.csv:1", "a.csv:2", "a.csv:3", "a.csv:4", "a.csv:5")
    assert "a.csv:5 and 999995 more" in fault.render()


def test_different_codes_are_different_faults_the_commonest_first() -> None:
    book = FaultBook()
    book.note_rows(pl.concat([_rows("A", 2), _rows("B", 7)]), ["code"], _unknown)
    assert [(fault.saw, fault.count) for fault in book.faults()] == [("code 'B'", 7), ("code 'A'", 2)]


def test_too_many_different_faults_are_told_as_one() -> None:
    book = FaultBook(groups_shown=3)
    frame = pl.DataFrame({"file": ["a.csv"] * 10, "row": range(1, 11), "code": [f"X{i}" for i in range(10)]})
    book.note_rows(frame, ["code"], _unknown)
    faults = book.faults()
    assert len(faults) == 4
    assert faults[-1].saw == "further faults of this id, each about something else"
    assert faults[-1].count == 7
    assert sum(fault.count for fault in faults) == 10


def test_the_account_adds_up_and_a_row_with_one_usable_fact_is_used() -> None:
    ledger = Ledger()
    ledger.read("a.csv", 4)
    kept = pl.DataFrame(
        [("a.csv", 1, "ok"), ("a.csv", 1, "not-assessable"), ("a.csv", 2, "not-assessable")],
        schema=["file", "row", "usability"],
        orient="row",
    )
    refused = pl.DataFrame(
        [("a.csv", 2, "INTAKE-021"), ("a.csv", 3, "INTAKE-021"), ("a.csv", 4, "INTAKE-010")],
        schema=["file", "row", "reason"],
        orient="row",
    )
    ledger.settle(kept, refused)
    assert ledger.account().rows() == [("a.csv", 4, 1, 0, 1, 2)]
    assert ledger.refused().rows() == [("a.csv", 3, "INTAKE-021", None), ("a.csv", 4, "INTAKE-010", None)]
    assert ledger.reasons() == (("INTAKE-010", 1), ("INTAKE-021", 1))


def test_a_row_that_is_not_needed_is_neither_used_nor_refused() -> None:
    ledger = Ledger()
    ledger.read("a.csv", 3)
    ledger.read("b.csv", 15)
    refused = pl.DataFrame(
        [
            ("a.csv", 1, "INTAKE-050"),
            ("a.csv", 2, "INTAKE-050"),
            ("a.csv", 2, "INTAKE-021"),
            ("a.csv", 3, "INTAKE-040"),
        ],
        schema=["file", "row", "reason"],
        orient="row",
    )
    kept = pl.DataFrame({"file": ["a.csv"], "row": [3], "usability": ["ok"]})
    ledger.settle(kept, refused)
    ledger.count("b.csv", "INTAKE-052", 10)
    ledger.count("b.csv", "INTAKE-051", 0)
    ledger.count("b.csv", "INTAKE-514", 5)
    assert ledger.account().rows() == [("a.csv", 3, 1, 1, 0, 1), ("b.csv", 15, 0, 10, 0, 5)]
    assert ledger.spared().rows() == [("a.csv", 1, "INTAKE-050", None)]
    assert ledger.refused().rows() == [("a.csv", 2, "INTAKE-021", None)]
    assert ledger.spared_reasons() == (("INTAKE-052", 10), ("INTAKE-050", 1))
    assert ledger.reasons() == (("INTAKE-514", 5), ("INTAKE-021", 1))


FATE = st.sampled_from(["ok", "not-assessable", "INTAKE-021", "INTAKE-010", "INTAKE-050", "INTAKE-316"])


@settings(max_examples=60, deadline=None)
@given(
    files=st.dictionaries(
        st.sampled_from(["a", "b", "c"]), st.lists(st.lists(FATE, min_size=1, max_size=4), max_size=8)
    ),
    counted=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["INTAKE-052", "INTAKE-514"]), st.integers(0, 9))
    ),
)
def test_the_four_fates_always_add_up_to_the_rows(
    files: dict[str, list[list[str]]], counted: list[tuple[str, str, int]]
) -> None:
    ledger = Ledger()
    facts = [(file, row, fate) for file, rows in files.items() for row, fates in enumerate(rows, 1) for fate in fates]
    for file, rows in files.items():
        ledger.read(file, len(rows))
    every = pl.DataFrame(facts, schema={"file": pl.String, "row": pl.Int64, "fate": pl.String}, orient="row")
    is_kept = pl.col("fate").is_in(["ok", "not-assessable"])
    ledger.settle(
        every.filter(is_kept).rename({"fate": "usability"}), every.filter(~is_kept).rename({"fate": "reason"})
    )
    for file, reason, number in counted:
        ledger.read(file, number)
        ledger.count(file, reason, number)
    account = ledger.account()
    assert account["rows"].sum() == sum(len(rows) for rows in files.values()) + sum(n for *_, n in counted)
    assert (account["rows"] == account.select(pl.sum_horizontal(FATES)).to_series()).all()
    assert account["used"].sum() == sum("ok" in fates for rows in files.values() for fates in rows)
    assert sum(dict(ledger.reasons()).values()) == account["refused"].sum()
    assert sum(dict(ledger.spared_reasons()).values()) == account["not_needed"].sum()


def test_a_forgotten_row_is_found() -> None:
    ledger = Ledger()
    ledger.read("a.csv", 1)
    with pytest.raises(AssertionError, match=r"a\.csv: \[0, 0, 0, 0\] do not add up to 1 rows"):
        ledger.account()


def test_refused_rows_can_be_spilled(tmp_path: Path) -> None:
    ledger = Ledger(spill=tmp_path)
    ledger.read("a.csv", 1)
    kept = pl.DataFrame(schema={"file": pl.String, "row": pl.Int64, "usability": pl.String})
    ledger.settle(kept, pl.DataFrame({"file": ["a.csv"], "row": [1], "reason": ["INTAKE-021"]}))
    assert ledger.refused().is_empty()
    assert pl.read_parquet(tmp_path / "*.parquet").rows() == [("a.csv", 1, "INTAKE-021", None)]
    assert ledger.reasons() == (("INTAKE-021", 1),)


def test_every_id_of_intake_has_a_test_that_names_it(repository: Path) -> None:
    tests = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("tests/unit/intake", "tests/acceptance/intake")
        for file in (repository / folder).rglob("test_*.py")
    )
    ids = [id for id in catalogue() if id.startswith("INTAKE-0")]
    assert len(ids) > 40
    assert [id for id in ids if tests.count(id) == 0] == []


def test_rows_that_were_not_used_are_counted_by_course() -> None:
    ledger = Ledger()
    ledger.read("a.csv", 7)
    kept = pl.DataFrame(
        {
            "file": ["a.csv"] * 3, "row": [1, 2, 3], "usability": ["ok", "not-assessable", "not-assessable"],
            "course_id": ["C1", "C1", "C2"],
        }
    )  # fmt: skip
    refused = pl.DataFrame(
        {
            "file": ["a.csv"] * 3, "row": [3, 4, 5], "reason": ["INTAKE-021", "INTAKE-021", "INTAKE-040"],
            "course_id": ["C2", None, "C1"],
        }
    )  # fmt: skip
    ledger.settle(kept, refused)
    ledger.settle(
        kept.clear(), pl.DataFrame({"file": ["a.csv"], "row": [6], "reason": ["INTAKE-010"], "course_id": "C1"})
    )
    ledger.count("a.csv", "INTAKE-514", 1)
    assert ledger.by_course().rows() == [
        ("C1", "not_assessable", None, 1),
        ("C1", "refused", "INTAKE-010", 1),
        ("C2", "not_assessable", None, 1),
        (None, "refused", "INTAKE-021", 1),
        (None, "refused", "INTAKE-514", 1),
    ]
    report = Report.of(FaultBook(), ledger)
    assert report.unused_of("C1") == {"refused": 1, "not_assessable": 1}
    assert report.unused_of("C2") == {"refused": 0, "not_assessable": 1}
    assert report.unused_of(None) == {"refused": 2, "not_assessable": 0}
    assert report.unused_of("C9") == {"refused": 0, "not_assessable": 0}
    assert report.by_course["rows"].sum() == report.total()["refused"] + report.total()["not_assessable"]
