"""Facts that a row says besides its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from vein2vein.intake.book import FaultBook
from vein2vein.intake.derived import source_of, with_derived
from vein2vein.intake.tableset import completed

AT = datetime(2026, 3, 5, 8, tzinfo=UTC)
LATER = datetime(2026, 3, 5, 9, tzinfo=UTC)


def observations(*rows: dict[str, Any]) -> pl.DataFrame:
    listed = [
        {"course_id": "C1", "observed_at": AT, "file": "ice.csv", "row": n, "source": f"ice.csv:{n}", **row}
        for n, row in enumerate(rows, start=1)
    ]
    return completed(pl.DataFrame(listed, infer_schema_length=None), "observations")


def arousal(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return found.filter(kind="arousal").select("code", "usability", "source").rows()


@pytest.mark.parametrize("kind", ["ice_not_done_reason", "capd_not_done_reason"])
def test_a_test_not_done_because_unarousable_says_so(kind: str) -> None:
    book = FaultBook()
    found = with_derived(observations({"kind": kind, "code": "unarousable", "recorded_at": LATER}), book)
    assert found.filter(kind="arousal").select("course_id", "observed_at", "recorded_at", "file").rows() == [
        ("C1", AT, LATER, None)
    ]
    assert arousal(found) == [("unarousable", "ok", "derived from ice.csv:1")]
    (fault,) = book.faults()
    assert (fault.id, fault.rows) == ("INTAKE-049", ("ice.csv:1",))
    assert fault.saw == f"arousal unarousable, said by {kind}"
    assert source_of("derived from ice.csv:1") == source_of("ice.csv:1") == "ice.csv:1"


@pytest.mark.parametrize("code", ["sedation", "language", "other"])
def test_other_reasons_say_nothing_of_arousal(code: str) -> None:
    book = FaultBook()
    assert arousal(with_derived(observations({"kind": "ice_not_done_reason", "code": code}), book)) == []
    assert len(book) == 0


def test_what_is_not_assessable_derives_nothing() -> None:
    row = {"kind": "ice_not_done_reason", "code": "unarousable", "usability": "not-assessable"}
    assert arousal(with_derived(observations(row), FaultBook())) == []


def test_what_the_delivery_says_itself_is_not_derived_again() -> None:
    rows = [{"kind": "arousal", "code": "unarousable"}, {"kind": "ice_not_done_reason", "code": "unarousable"}]
    assert arousal(with_derived(observations(*rows), FaultBook())) == [("unarousable", "ok", "ice.csv:1")]


def test_both_forms_at_one_instant_say_it_once() -> None:
    rows = [{"kind": f"{form}_not_done_reason", "code": "unarousable"} for form in ("ice", "capd")]
    assert arousal(with_derived(observations(*rows), FaultBook())) == [("unarousable", "ok", "derived from ice.csv:1")]


def test_a_contradiction_at_the_same_instant_is_named_and_neither_is_believed() -> None:
    book = FaultBook()
    rows = [{"kind": "arousal", "code": "spontaneous"}, {"kind": "ice_not_done_reason", "code": "unarousable"}]
    found = arousal(with_derived(observations(*rows), book))
    assert [usability for _, usability, _ in found] == ["not-assessable"] * 2
    assert {fault.id for fault in book.faults()} == {"INTAKE-023", "INTAKE-049"}
