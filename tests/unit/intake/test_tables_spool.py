"""Partitions keep all rows of a patient together."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from vein2vein.intake.tables.spool import DiskSpool, MemorySpool


def _rows(batch: int) -> pl.DataFrame:
    return pl.DataFrame({"key": [f"P{n}" for n in range(50)], "n": [batch * 50 + n for n in range(50)]})


def test_memory_is_one_partition() -> None:
    spool = MemorySpool()
    spool.add("observations", _rows(0))
    spool.add("observations", _rows(1))
    ((part, tables),) = spool.partitions()
    assert part == 0
    assert tables["observations"]["n"].to_list() == list(range(100))
    assert _rows(0).select(spool.number_of(pl.col("key"))).to_series().unique().to_list() == [0]


def test_rows_of_a_key_come_together_and_none_is_lost(tmp_path: Path) -> None:
    spool = DiskSpool(tmp_path, 4)
    for batch in range(3):
        spool.add("observations", _rows(batch))
    spool.add("points:oxygen", _rows(0))
    numbers = dict(zip(_rows(0)["key"], _rows(0).select(spool.number_of(pl.col("key"))).to_series(), strict=True))
    assert set(numbers.values()) == {0, 1, 2, 3}
    seen: list[int] = []
    for part, tables in spool.partitions():
        here = tables["observations"]["n"].to_list()
        assert {numbers[f"P{n % 50}"] for n in here} == {part}
        assert "points:oxygen" in tables
        seen += here
    assert sorted(seen) == list(range(150))
    assert list(tmp_path.iterdir()) == []
