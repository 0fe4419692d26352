"""Agreement tables: what was intended is found on a complete chart, and mess opens it without ever closing it wrongly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from vein2vein.population.agreement import agreement_of, disturbed, pairs_of, timing_of

ZERO = datetime(2025, 1, 6, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    return disturbed(
        "axi-cel/lbcl-3l", 250, seed=3, disturbances=(("none",), ("night-gaps", "missing-devices"), ("units",))
    )


def _row(found: pl.DataFrame, mess: str, syndrome: str) -> dict[str, float]:
    return found.row(by_predicate=(pl.col("mess") == mess) & (pl.col("syndrome") == syndrome), named=True)


def test_without_mess_everything_is_found(found: pl.DataFrame) -> None:
    for syndrome in ("crs", "icans"):
        row = _row(found, "none", syndrome)
        assert row["found"] >= 0.98 * row["courses"]
        assert row["open_hours"] <= 0.01 * row["hours"]
        assert row["found"] + row["open"] + row["wrong"] == row["courses"]


def test_gaps_open_grades(found: pl.DataFrame) -> None:
    complete, messy = (_row(found, mess, "crs") for mess in ("none", "night-gaps, missing-devices"))
    assert messy["open_hours"] > 5 * complete["open_hours"]
    assert messy["open"] > complete["open"]


def test_other_units_change_nothing(found: pl.DataFrame) -> None:
    assert {**_row(found, "units", "icans"), "mess": ""} == {**_row(found, "none", "icans"), "mess": ""}


def test_pairs_by_hand() -> None:
    meant = pl.DataFrame(
        {
            "course_id": ["a", "b"],
            "crs_peak": [2, 4],
            "crs_first_hour": [10, 20],
            "crs_last_hour": [57, 90],
            "icans_peak": [0, 1],
            "icans_first_hour": [None, 30],
            "icans_last_hour": [None, 40],
            "died_of": [None, "crs"],
        },
        schema_overrides={"died_of": pl.String},
    )
    episodes = pl.DataFrame(
        {
            "course_id": ["a", "a", "b"],
            "rule_set_id": ["astct-2019.crs", "astct-2019.crs", "astct-2019.icans-children"],
            "onset_at": [ZERO + timedelta(hours=h) for h in (11, 40, 30)],
            "resolved_at": [ZERO + timedelta(hours=h) for h in (30, 58, 41)],
            "peak_low": [1, 2, 1],
            "peak_high": [1, 3, 1],
        }
    )
    courses = pl.DataFrame({"course_id": ["a", "b"], "infused_at": [ZERO, ZERO]})
    pairs = pairs_of(meant, episodes, courses)
    rows = {(r["syndrome"], r["meant"], r["low"], r["high"]): r["courses"] for r in agreement_of(pairs).to_dicts()}
    assert rows == {("crs", 2, 2, 3): 1, ("crs", 5, 0, 0): 1, ("icans", 0, 0, 0): 1, ("icans", 1, 1, 1): 1}
    timing = {(r["syndrome"], r["end"]): (r["courses"], r["median_hours"]) for r in timing_of(pairs).to_dicts()}
    assert timing["crs", "from"] == (1, 1.0)
    assert timing["crs", "until"] == (1, 0.0)
    assert timing["icans", "until"] == (1, 0.0)
