"""Large tables are streamed: the same account, verdicts and episodes as when they are held in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vein2vein.cli import large
from vein2vein.intake import door

MAPPING = "zone: Europe/Berlin\ncodes: {observations: {TMP: body_temperature, JUNK: ignore}}\n"
COURSES = 7


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    folder.mkdir()
    ids = [f"C{n}" for n in range(COURSES)]
    courses = "".join(f"{id},P{id},2026-03-01T10:00,2026-03-20T10:00\n" for id in ids)
    (folder / "courses.csv").write_text(f"course_id,patient_id,infused_at,followed_until\n{courses}", encoding="utf-8")
    kinds = [("TMP", 38.6, "Cel"), ("systolic_blood_pressure", 118, "mm[Hg]"), ("JUNK", 1, ""), ("unheard-of", 1, "")]
    rows = [
        f"{id},{kind},{value},{unit},2026-03-{day:02d}T08:00\n"
        for id in ids
        for day in range(2, 12)
        for kind, value, unit in kinds
    ]
    (folder / "labs.csv").write_text(f"course_id,kind,value,unit,observed_at\n{''.join(rows)}", encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    return folder


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Everything is large; what went through partitions is noted."""
    seen: list[Path] = []
    inside = door.open_large

    def watched(place: str | Path, folder: Path, **more: Any) -> Any:
        seen.append(Path(place))
        return inside(place, folder, **more)

    monkeypatch.setattr(large, "LARGE_BYTES", 0)
    monkeypatch.setattr(door, "open_large", watched)
    return seen


def test_checking_says_the_same(
    run: Any, delivery: Path, streamed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("intake", "check", delivery, "--mapping", delivery.parent / "m.yaml", "--json")
    parts = json.loads(run(*asked).output)
    assert streamed == [delivery]
    monkeypatch.setattr(large, "LARGE_BYTES", 1 << 30)
    assert parts == json.loads(run(*asked).output)
    assert streamed == [delivery]
    assert parts["total"] == {"rows": 287, "used": 147, "not_needed": 70, "not_assessable": 0, "refused": 70}


def test_grading_gives_the_same(
    run: Any, delivery: Path, streamed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("grade", delivery, "--mapping", tmp_path / "m.yaml", "--scale", "astct-2019.crs")
    said = run(*asked, "-o", tmp_path / "parts").output
    assert streamed == [delivery]
    assert "7 courses; 287 rows delivered: 147 used, 70 not needed, 0 kept as not assessable, 70 refused" in said
    monkeypatch.setattr(large, "LARGE_BYTES", 1 << 30)
    run(*asked, "-o", tmp_path / "whole")
    assert streamed == [delivery]
    for name in ("verdicts", "episodes"):
        whole, parts = (pl.read_parquet(tmp_path / way / f"{name}.parquet") for way in ("whole", "parts"))
        keys = ["course_id", *(c for c in ("from_at", "episode") if c in whole.columns)]
        assert_frame_equal(parts.select(whole.columns).sort(keys), whole.sort(keys))
    for name in ("rule_sets.csv", "choices.csv", "columns.json"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert "No rule set here is verified (secondary)" in said
    gone = pl.read_parquet(tmp_path / "parts" / "refused_rows-*.parquet")
    assert dict(gone.group_by("reason").len().iter_rows()) == {"INTAKE-021": 70, "INTAKE-040": 70}
    assert not list((tmp_path / "parts").glob("partitions-*"))


def test_a_large_delivery_of_which_nothing_is_left_says_so_and_keeps_the_account(
    run: Any, delivery: Path, streamed: list[Path], tmp_path: Path
) -> None:
    (delivery / "courses.csv").write_text("course_id,patient_id\n,\n", encoding="utf-8")
    (delivery / "labs.csv").write_text("course_id,kind,value,observed_at\n,crp,1,2026-03-01\n", encoding="utf-8")
    said = run("grade", delivery, "--zone", "UTC", "-o", tmp_path / "out", exits=3).output
    assert "INTAKE-041" in said
    assert "INTAKE-032" in (tmp_path / "out" / "delivery.txt").read_text(encoding="utf-8")
    assert "INTAKE-041" in run("intake", "check", delivery, "--zone", "UTC", exits=3).output
    assert streamed == [delivery] * 2


def test_what_needs_the_whole_cohort_is_not_done_in_parts(run: Any, delivery: Path, tmp_path: Path) -> None:
    asked = ("grade", delivery, "-o", tmp_path / "out", "--memory", "parts", "--zone", "UTC")
    later = ("--as-of", "2026-03-05T08:00+01:00", "--as-recorded")
    assert "choose --memory whole" in run(*asked, *later, exits=2).output
