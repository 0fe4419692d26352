"""Lesions of imaging become rows in mm: words, units, diameters that do not go together, reports that contradict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.intake.checks import Checked, Tables, check
from vein2vein.intake.lesions import lesions

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
_OK = {
    "file": "lesions.csv",
    "row": 1,
    "course_id": "C1",
    "lesion": "A",
    "site": "node",
    "role": "target",
    "observed_at": T0,
}
_TEXTS = dict.fromkeys(("course_id", "lesion", "site", "role", "seen", "unit", "unequivocal", "method"), pl.String)


def _read(*rows: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame, tuple[Fault, ...]]:
    listed = [{**_OK, "row": place, **row} for place, row in enumerate(rows, start=1)]
    frame = pl.DataFrame(listed, schema_overrides=_TEXTS, infer_schema_length=None)
    book = FaultBook()
    found = lesions(frame, book)
    assert found.rows.height + found.refused.height == len(rows)
    return found.rows, found.refused, book.faults()


def _one(**row: Any) -> tuple[dict[str, Any], list[str], str]:
    rows, _, faults = _read(row)
    return rows.row(0, named=True), [fault.id for fault in faults], " ".join(fault.saw for fault in faults)


@pytest.mark.parametrize(
    ("sent", "long_mm", "short_mm"),
    [
        ({"long_mm": "31", "short_mm": "20.5"}, 31.0, 20.5),
        ({"long_mm": 31, "short_mm": 20.5}, 31.0, 20.5),
        ({"long": "3.1", "short": "2.05", "unit": "cm"}, 31.0, 20.5),
        ({"long": "31", "short": "20,5", "unit": "mm"}, 31.0, 20.5),
        ({"long": "3.1 cm", "short": "20 mm"}, 31.0, 20.0),
        ({"long": "1.22", "short": "1", "unit": "in"}, 30.988, 25.4),
        ({"long_mm": "600", "short_mm": "0"}, 600.0, 0.0),
    ],
)
def test_diameters_are_kept_in_millimetres(sent: dict[str, Any], long_mm: float, short_mm: float) -> None:
    row, ids, _ = _one(**sent)
    assert (row["long_mm"], row["short_mm"], row["seen"], row["usability"]) == (long_mm, short_mm, "measured", "ok")
    assert not ids
    assert row["source"] == "lesions.csv:1"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"long": "31", "short": "20"}, "no unit: diameters 31 x 20, unit none, such as lesion 'A'"),
        ({"long": "31", "short": "20", "unit": "mg"}, "no length"),
        ({"long": "31", "short": "20", "unit": "furlong-ish"}, "no length"),
        ({"long_mm": "about 3", "short_mm": "2"}, "no number"),
        ({"long_mm": "<10", "short_mm": "5"}, "no number"),
        ({"long_mm": "601", "short_mm": "5"}, "too long"),
        ({"long_mm": "-1", "short_mm": "5"}, "too long"),
        ({"long": "310", "short": "20", "unit": "cm"}, "too long"),
    ],
)
def test_a_diameter_that_cannot_be_used_is_never_guessed(sent: dict[str, Any], why: str) -> None:
    row, ids, saw = _one(**sent)
    assert ids == ["INTAKE-061"]
    assert why in saw
    assert (row["usability"], row["long_mm"], row["short_mm"], row["seen"]) == ("not-assessable", None, None, None)
    assert str(next(iter(sent.values()))) in row["as_sent"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"long_mm": "20", "short_mm": "31"}, "the short diameter is the longer one"),
        ({"seen": "measured", "long_mm": "20"}, "measured without two diameters"),
        ({"seen": "measured"}, "measured without two diameters"),
        ({"short_mm": "20"}, "one diameter alone"),
        ({"seen": "gone", "long_mm": "20", "short_mm": "10"}, "diameters of a lesion that was not measured"),
        ({"seen": "too-small", "short_mm": "4"}, "diameters of a lesion that was not measured"),
    ],
)
def test_diameters_that_do_not_go_together(sent: dict[str, Any], why: str) -> None:
    row, ids, saw = _one(**sent)
    assert ids == ["INTAKE-062"]
    assert why in saw
    assert row["usability"] == "not-assessable"


def test_words_in_other_spellings() -> None:
    row, ids, _ = _one(
        site="Lymph node", role="Non-Target", seen="too small to measure", method="PET/CT", unequivocal="yes"
    )
    assert {name: row[name] for name in ("site", "role", "seen", "method", "unequivocal")} == {
        "site": "node", "role": "non-target", "seen": "too-small", "method": "pet-ct", "unequivocal": "yes"}  # fmt: skip
    assert not ids
    row, _, _ = _one(site="结外", role="新病灶", seen="消失")
    assert (row["site"], row["role"], row["seen"]) == ("extranodal", "new", "gone")


@pytest.mark.parametrize("sent", [{"site": "somewhere"}, {"role": "primary"}, {"seen": "unclear", "long_mm": "3"}])
def test_a_strange_word_keeps_the_row_aside(sent: dict[str, Any]) -> None:
    row, ids, saw = _one(**sent)
    assert ids == ["INTAKE-060"]
    assert repr(next(iter(sent.values()))) in saw
    assert row["usability"] == "not-assessable"


def test_a_strange_method_costs_only_the_method() -> None:
    row, ids, saw = _one(method="X-ray", long_mm="20", short_mm="10")
    assert (ids, row["usability"], row["method"], row["long_mm"]) == (["INTAKE-060"], "ok", None, 20.0)
    assert "X-ray" in saw


def test_words_for_nothing_are_nothing() -> None:
    row, ids, _ = _one(method="n/a", seen="", role="n/a")
    assert (row["method"], row["seen"], row["role"], row["usability"]) == (None, None, None, "ok")
    assert not ids


@pytest.mark.parametrize(
    ("lacking", "what"),
    [({"lesion": None}, "lesion"), ({"course_id": None}, "course"), ({"observed_at": None}, "time")],
)
def test_a_row_that_cannot_be_placed_is_refused(lacking: dict[str, Any], what: str) -> None:
    rows, refused, faults = _read({"long_mm": "1", "short_mm": "1"} | lacking)
    assert rows.is_empty()
    assert refused["reason"].to_list() == ["INTAKE-032"]
    assert [fault.saw for fault in faults] == [f"rows of lesions without {what}"]


def test_a_date_alone_stands_late_in_its_day() -> None:
    frame = pl.DataFrame([{**_OK, "seen": "gone", "observed_at_reason": "INTAKE-020", "recorded_at": T0,
                           "recorded_at_reason": "INTAKE-020"}])  # fmt: skip
    row = lesions(frame, FaultBook()).rows.row(0, named=True)
    assert row["observed_at"] == row["recorded_at"] == T0 + timedelta(hours=22, minutes=59, seconds=59)
    assert row["usability"] == "ok"


def _checked(*rows: dict[str, Any], **course: Any) -> tuple[Checked, dict[str, int]]:
    death = {"course_id": ["C1"], "kind": ["death"], "at": [T0 + timedelta(days=9)], "file": ["m"], "row": [1]}
    made, _, _ = _read(*({"long_mm": "20", "short_mm": "10"} | row for row in rows))
    book = FaultBook()
    given = Tables.of(
        patients=pl.DataFrame({"patient_id": ["P1"], "file": ["p"], "row": [1]}),
        courses=pl.DataFrame({"course_id": ["C1"], "patient_id": ["P1"], "file": ["c"], "row": [1]} | course),
        milestones=pl.DataFrame(death),
        lesions=made,
    )  # fmt: skip
    found = check(given, book)
    here = pl.col("file") == "lesions.csv"
    assert found.kept.filter(here).height + found.refused.filter(here).height == len(rows)
    return found, {fault.id: fault.count for fault in book.faults() if fault.id != "INTAKE-028"}  # no infusion


def test_every_row_is_accounted_for() -> None:
    rows = (
        {}, {"row": 2}, {"course_id": "C9", "row": 3}, {"observed_at": T0 + timedelta(days=10), "row": 4},
        {"observed_at": T0 + timedelta(days=6), "lesion": "B", "row": 5},
    )  # fmt: skip
    found, faults = _checked(*rows, followed_until=[T0 + timedelta(days=5)])
    assert dict(zip(found.refused["row"], found.refused["reason"], strict=True)) == {
        2: "INTAKE-022", 3: "INTAKE-031", 4: "INTAKE-027", 5: "INTAKE-056"}  # fmt: skip
    assert found.cohort.lesions.height == 1
    assert {"INTAKE-022", "INTAKE-031", "INTAKE-027", "INTAKE-056"} <= set(faults)


def test_contradicting_measurements_are_not_believed() -> None:
    found, faults = _checked({}, {"long_mm": "40"}, {"lesion": "B"})
    assert found.cohort.lesions.sort("lesion")["usability"].to_list() == ["not-assessable"] * 2 + ["ok"]
    assert faults["INTAKE-023"] == 2
    assert "20" in found.cohort.lesions["as_sent"].drop_nulls()[0]


def test_the_last_report_counts() -> None:
    found, faults = _checked({"recorded_at": T0}, {"long_mm": "40", "recorded_at": T0 + timedelta(hours=1)})
    used = found.cohort.lesions.filter(pl.col("usability") == "ok")
    assert used["long_mm"].to_list() == [40.0]
    assert faults == {"INTAKE-024": 1}


def test_more_than_six_targets_and_a_name_at_two_sites_are_named() -> None:
    _, faults = _checked(*({"lesion": f"T{n}"} for n in range(7)))
    assert faults == {"INTAKE-063": 7}
    _, faults = _checked(*({"lesion": f"T{n}"} for n in range(6)))
    assert not faults
    _, faults = _checked({}, {"site": "extranodal", "observed_at": T0 + timedelta(days=1)})
    assert faults == {"INTAKE-064": 2}
