"""Only the needed concepts, columns and persons are read, wherever the delivery lies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import adbc_driver_postgresql.dbapi as driver
import polars as pl
import pytest

from acceptance.intake.omop.delivery import DAY_0, ZONE, OmopDelivery, as_duckdb, frames_in_postgres
from vein2vein.errors import IntakeError
from vein2vein.intake.omop import adapter
from vein2vein.intake.omop.concepts import Opened, look_up
from vein2vein.intake.omop.infusions import courses_of, find_infusions
from vein2vein.intake.omop.profile import take_stock
from vein2vein.intake.omop.reading import open_source
from vein2vein.intake.omop.rows import question

if TYPE_CHECKING:
    from vein2vein.intake.omop.source import Source

TREATED, PERSONS, EACH = 7, 200, 1_000


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    """200 persons with a thousand temperatures each, one of them treated; a column that nobody needs."""
    omop = OmopDelivery().with_vocabulary().person(TREATED)
    omop.drug(TREATED, ("RxNorm", "made-up axicabtagene bag"), DAY_0)
    omop.measured(TREATED, "8310-5", DAY_0, 37.0, "Cel")
    frames = omop.frames()
    one = frames["measurement"]
    every = pl.concat([one] * EACH).with_columns(
        measurement_datetime=pl.col("measurement_datetime") + pl.int_range(EACH) * timedelta(minutes=30)
    )
    every = every.with_columns(measurement_date=pl.col("measurement_datetime").dt.date())
    people = [every.with_columns(pl.lit(person, dtype=pl.Int32).alias("person_id")) for person in range(1, PERSONS + 1)]
    rows = pl.concat(people).with_columns(
        (pl.int_range(pl.len()) + 1).cast(pl.Int32).alias("measurement_id"),
        pl.format("not needed {}", pl.int_range(pl.len()).hash()).alias("unneeded_column"),
    )
    return frames | {"measurement": rows}


def plan(source: Source) -> str:
    """How the database would read the measurements."""
    opened = Opened(source, look_up(source), adapter.Options(zone=ZONE))
    courses = courses_of(find_infusions(opened), opened.options)
    persons = [course.person_id for course in courses]
    assert persons == [TREATED]
    return source.explain(question(opened, take_stock(opened, "measurement", persons), persons))


def test_parquet_gives_only_needed_columns_and_rows(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    for name, frame in frames.items():
        frame.write_parquet(tmp_path / f"{name}.parquet", row_group_size=10_000)
    with open_source(tmp_path, adapter.Options()) as source:
        explained = plan(source)
    assert "Parquet" in explained
    assert "person_id" in explained.split("Filters")[1]
    assert "unneeded_column" not in explained


def test_a_duckdb_file_gives_only_needed_columns_and_rows(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    file = as_duckdb(frames, tmp_path / "big.duckdb")
    with open_source(file, adapter.Options()) as source:
        explained = plan(source)
    assert "person_id" in explained.split("Filters")[1]
    assert "unneeded_column" not in explained


@pytest.mark.postgres
def test_postgresql_finds_the_rows_by_index_and_sends_only_them(frames: dict[str, pl.DataFrame], postgres: str) -> None:
    frames_in_postgres(frames, postgres, schema="big")
    with driver.connect(postgres, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE INDEX idx_measurement_person ON big.measurement (person_id)")
        cursor.execute("ANALYZE big.measurement")
    options = adapter.Options(zone=ZONE, schema="big")
    with open_source(postgres, options) as source:
        explained = plan(source)
    assert "idx_measurement_person" in explained
    assert f"person_id = {TREATED}" in explained
    rows = adapter.read(postgres, options)
    assert rows.lines["measurement"].rows == PERSONS * EACH
    assert rows.frames["measurement"].height == EACH


@pytest.mark.postgres
def test_postgresql_is_only_read(frames: dict[str, pl.DataFrame], postgres: str) -> None:
    small = {name: frame for name, frame in frames.items() if name != "measurement"}
    frames_in_postgres(small, postgres, schema="readonly")
    with open_source(postgres, adapter.Options(schema="readonly")) as source, pytest.raises(IntakeError) as caught:
        source.frame("DELETE FROM readonly.person RETURNING person_id")
    assert caught.value.id == "INTAKE-507"
    assert "read-only transaction" in str(caught.value)


def test_the_zip_is_read_without_unpacking_what_is_not_needed(eunomia: Path) -> None:
    with open_source(eunomia, adapter.Options()) as source:
        unpacked = {path.stem.lower() for path in Path(source._folder).iterdir()}  # type: ignore[attr-defined]
    assert {"person", "measurement", "concept"} <= unpacked
    assert unpacked.isdisjoint({"note", "note_nlp", "provider", "location", "cost", "drug_era"})
