"""A third-party OMOP 5.4 delivery (synthetic persons, no CAR-T) is read in every form without error, and said to hold none."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import polars as pl
import pytest

from acceptance.intake.omop.delivery import as_duckdb, frames_in_postgres
from vein2vein.intake.omop import adapter
from vein2vein.intake.omop.cdm import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from vein2vein.intake.delivery import Delivery

OPTIONS = adapter.Options(zone="America/New_York")
ROWS = {
    "condition_occurrence": 470, "death": 3, "device_exposure": 1, "drug_exposure": 883, "measurement": 10_040,
    "observation": 8_099, "observation_period": 28, "person": 28, "procedure_occurrence": 1_649,
    "visit_detail": 1_791, "visit_occurrence": 1_791,
}  # fmt: skip


@pytest.fixture(scope="module")
def unpacked(eunomia: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The delivery as a folder."""
    folder = tmp_path_factory.mktemp("eunomia") / "csv"
    with zipfile.ZipFile(eunomia) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def frames(unpacked: Path) -> dict[str, pl.DataFrame]:
    """The tables that the adapter knows, with the types that a database import would guess."""
    files = {file.stem.lower(): file for file in unpacked.glob("*.csv")}
    return {
        name: pl.read_csv(files[name], try_parse_dates=True, infer_schema_length=None)
        for name in sorted(TABLES)
        if name in files
    }


def says_that_it_holds_no_car_t(made: Delivery) -> bool:
    """The fault, the empty cohort and the full account."""
    assert len(made.cohort) == 0
    assert made.faults[0].id == "INTAKE-510"
    assert made.faults[0].saw.startswith("28 persons, and no drug, procedure, device or observation")
    account = {row["file"]: row for row in made.account.iter_rows(named=True)}
    assert {file: row["not_needed"] for file, row in account.items()} == ROWS
    everything = sum(ROWS.values())
    total = {"rows": everything, "used": 0, "not_needed": everything, "not_assessable": 0, "refused": 0}
    assert made.report.total() == total
    assert dict(made.report.spared_reasons) == {"INTAKE-051": everything}
    return True


def test_as_a_zip(eunomia: Path) -> None:
    assert says_that_it_holds_no_car_t(adapter.convert(eunomia, OPTIONS))


def test_as_a_folder(unpacked: Path) -> None:
    assert says_that_it_holds_no_car_t(adapter.convert(unpacked, OPTIONS))


def test_as_a_duckdb_file(frames: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    place = as_duckdb(frames, tmp_path / "eunomia.duckdb")
    assert says_that_it_holds_no_car_t(adapter.convert(place, OPTIONS))


@pytest.mark.postgres
def test_in_postgresql(frames: dict[str, pl.DataFrame], postgres: str) -> None:
    place = frames_in_postgres(frames, postgres, schema="eunomia")
    options = adapter.Options(zone="America/New_York", schema="eunomia")
    assert says_that_it_holds_no_car_t(adapter.convert(place, options))


def test_one_infusion_planted_in_it_gives_one_course_from_its_own_vocabulary(unpacked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    shutil.copytree(unpacked, folder)
    file = folder / "DRUG_EXPOSURE.csv"
    header, line = file.read_text(encoding="utf-8").splitlines()[:2]
    row = dict(zip(header.split(","), line.split(","), strict=True))
    measured = pl.read_csv(folder / "MEASUREMENT.csv", try_parse_dates=True)
    first = measured.filter(pl.col("person_id") == 1)["measurement_date"].max()
    row |= {
        "drug_exposure_id": "900001", "drug_concept_id": "0", "drug_source_concept_id": "0",
        "drug_source_value": "L01XL04", "drug_exposure_start_date": str(first),
        "drug_exposure_start_datetime": f"{first} 09:30:00",
    }  # fmt: skip
    with file.open("a", encoding="utf-8") as stream:
        stream.write(",".join(row.values()) + "\n")
    made = adapter.convert(folder, OPTIONS)
    assert made.cohort.courses.select("course_id", "product").rows() == [("1-1", "tisagenlecleucel")]
    assert made.cohort.milestones["source"].to_list() == ["drug_exposure:900001"]
    observations = made.cohort.observations
    assert observations.height >= 2
    # every time of this delivery is a date alone, so no value is taken as measured at an instant
    assert set(observations["usability"]) == {"not-assessable"}
    account = {row["file"]: row for row in made.account.iter_rows(named=True)}
    assert all(account[file]["rows"] == ROWS[file] for file in ROWS if file != "drug_exposure")
    assert {"INTAKE-051", "INTAKE-052"} <= set(dict(made.report.spared_reasons))
    noon = adapter.Options(zone="America/New_York", times=adapter.TimePolicy(date_only="noon"))
    placed = adapter.convert(folder, noon).cohort.observations
    assert placed.filter(pl.col("usability") == "ok").height >= 2
