"""Whatever a delivery holds: no row is lost, and neither order, copies, units nor zones change what is understood."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from vein2vein.intake import checks
from vein2vein.intake.book import FATES
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.tables import convert as module
from vein2vein.intake.tables.convert import convert, convert_to_disk
from vein2vein.intake.tables.mapping import mapping_of

# Small pools, so that copies, contradictions, refusals and every kind of trouble happen together often.
COURSES = ["C1", "C2", "C9", ""]
TESTS = ["CRP", "Body temperature", "hypotension", "XYZ", ""]
VALUES = ["12", "38.5", "<5", "1,5", "1,234", "yes", "abc", "", "100000"]
UNITS = ["mg/L", "mg/dL", "°C", "°F", "mg/100ml", ""]
TIMES = [
    "2026-03-01T10:00+01:00", "2026-03-02T10:00", "2026-03-29T02:30", "2026-10-25T02:30", "2026-03-01", "2026-03", "x", "",
]  # fmt: skip
COLUMNS = ["course_id", "test", "value", "unit", "time", "recorded_at"]
ROWS = st.lists(
    st.tuples(*(st.sampled_from(pool) for pool in (COURSES, TESTS, VALUES, UNITS, TIMES, [*TIMES[:2], ""]))),
    max_size=25,
)
MAPPING = mapping_of({"zone": "Europe/Berlin"})
# Each example reads whole deliveries; `nightly` has a hundred times as many.
FEW = settings(max_examples=max(settings.default.max_examples // 4, 1))


def _write(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row").write_csv(folder / "labs.csv")
    courses = "course_id,patient_id,infused_at\nC1,P1,2026-03-01T09:00Z\nC2,P2,2026-03-01T09:00Z\n"
    (folder / "courses.csv").write_text(courses, encoding="utf-8")
    return folder


def _read(rows: list[tuple[str, ...]]) -> Delivery:
    with tempfile.TemporaryDirectory() as name:
        return convert(_write(Path(name), rows), MAPPING)


def _content(delivery: Delivery) -> pl.DataFrame:
    frame = delivery.cohort.observations.drop("source", "as_sent", "recorded_at")
    return frame.sort(frame.columns)


@FEW
@given(rows=ROWS)
def test_every_row_is_used_kept_or_refused(rows: list[tuple[str, ...]]) -> None:
    delivery = _read(rows)
    (account,) = delivery.account.filter(pl.col("file") == "labs.csv").to_dicts()
    assert account["rows"] == len(rows)
    assert sum(account[fate] for fate in FATES) == len(rows)
    usable = delivery.cohort.observations.filter(pl.col("usability") == "ok")
    assert account["used"] == usable.height
    assert usable.filter(pl.col("value").is_null() & pl.col("code").is_null()).is_empty()
    refused = delivery.refused.filter(pl.col("file") == "labs.csv")
    assert refused.height == account["refused"]
    # Nothing is refused or set aside without a fault that says so.
    assert set(refused["reason"]) <= {fault.id for fault in delivery.faults}


@FEW
@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, ...]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert_frame_equal(_content(_read(rows)), _content(_read(list(shuffled))))


@FEW
@given(rows=ROWS)
def test_sending_everything_twice_changes_nothing(rows: list[tuple[str, ...]]) -> None:
    assert_frame_equal(_content(_read(rows)), _content(_read(rows + rows)))


@FEW
@given(rows=ROWS)
def test_the_same_time_in_another_zone_is_the_same_instant(rows: list[tuple[str, ...]]) -> None:
    moved = [tuple("2026-03-01T17:00+08:00" if cell == TIMES[0] else cell for cell in row) for row in rows]
    assert_frame_equal(_content(_read(rows)), _content(_read(moved)))


@FEW
@given(rows=ROWS)
def test_the_same_value_in_another_unit_is_the_same_value(rows: list[tuple[str, ...]]) -> None:
    moved = [("C1", "CRP", "12", "mg/L", *row[4:]) for row in rows]
    same = [("C1", "CRP", "1.2", "mg/dL", *row[4:]) for row in rows]
    assert_frame_equal(_content(_read(moved)), _content(_read(same)))


@FEW
@given(rows=ROWS)
def test_partitions_hold_the_same_as_memory(rows: list[tuple[str, ...]]) -> None:
    usual = module._PARTITION_BYTES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "in"
        folder.mkdir()
        _write(folder, rows)
        memory = convert(folder, MAPPING)
        module._PARTITION_BYTES = 64
        try:
            spooled = convert_to_disk(folder, MAPPING, Path(name) / "out")
        finally:
            module._PARTITION_BYTES = usual
        whole = pl.concat([cohort.observations for cohort in spooled.cohorts()])
        key = whole.columns
        assert_frame_equal(whole.sort(key), memory.cohort.observations.sort(key))
        assert spooled.report.account.rows() == memory.account.rows()
        assert spooled.report.reasons == memory.report.reasons


def test_a_planted_silent_loss_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ("C1", "CRP", "12", "mg/L", TIMES[0], "")
    assert _read([row, row]).account["refused"].sum() == 1
    monkeypatch.setattr(checks, "without_copies", lambda frame, *_: frame.unique(["course_id"]))
    with pytest.raises(AssertionError, match=r"labs\.csv: .* do not add up to 2 rows"):
        _read([row, row])
