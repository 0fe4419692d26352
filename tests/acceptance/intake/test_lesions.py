"""A centre sends a table of lesions beside the others: as CSV, as Parquet, in partitions, and as a cohort of this library."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from vein2vein.intake.door import open_delivery, open_large
from vein2vein.intake.tables.convert import laid_out
from vein2vein.intake.tables.mapping import mapping_of
from vein2vein.record import tables

COURSES = "course_id,patient_id,product,infused_at,zone\nC1,P1,axi-cel,2026-03-01T10:00,Europe/Berlin\n"
LABS = "course_id,test,result,units,collected_at\nC1,Deauville,4,,2026-03-30T10:00\nC1,CRP,12,mg/L,2026-03-02T12:00\n"
LESIONS = """\
patient_id,lesion_id,site,lesion_type,status,ldi,sdi,units,modality,scan_date,reported_at,colour
P1,A,lymph node,target,,3.2,2.0,cm,PET/CT,2026-02-20,2026-02-21T15:00,x
P1,A,lymph node,target,,24,18,mm,PET/CT,2026-03-30,2026-03-31T09:00,x
P1,B,extranodal,target,gone,,,,PET/CT,2026-03-30,2026-03-31T09:00,x
P1,B,extranodal,target,,2.5,1.5,,PET/CT,2026-02-20,2026-02-21T15:00,x
P1,C,spot,non-target,,10,8,mm,PET/CT,2026-03-30,,x
P9,A,node,target,,10,8,mm,CT,2026-03-30,,x
P1,,node,target,,10,8,mm,CT,2026-03-30,,x
"""
_MAPPING = {"values": {"site": {"spot": "node"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "delivery"
    place.mkdir()
    for name, text in (("courses", COURSES), ("labs", LABS), ("lesions", LESIONS)):
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def _mapping(tmp_path: Path) -> Path:
    file = tmp_path / "mapping.yaml"
    file.write_text("values: {site: {spot: node}}\n", encoding="utf-8")
    return file


def test_columns_are_found_by_their_usual_names(folder: Path) -> None:
    layouts = {source.name: layout for source, layout in laid_out(folder, mapping_of(_MAPPING))}
    assert layouts["lesions.csv"].table == "lesions"
    assert layouts["lesions.csv"].columns["long"] == "ldi"
    assert [fault.saw for fault in layouts["lesions.csv"].faults] == ["column 'colour' of lesions.csv"]
    assert layouts["labs.csv"].table == "observations"


def test_every_row_of_a_delivery_has_its_fate(folder: Path, tmp_path: Path) -> None:
    delivery = open_delivery(folder, mapping=_mapping(tmp_path))
    account = delivery.account.filter(pl.col("file") == "lesions.csv").row(0, named=True)
    assert account == {"file": "lesions.csv", "rows": 7, "used": 4, "not_needed": 0, "not_assessable": 1, "refused": 2}
    assert {f.id for f in delivery.faults} >= {"INTAKE-007", "INTAKE-031", "INTAKE-032", "INTAKE-061"}
    found = delivery.cohort.timeline("C1")
    read = {
        (row.lesion, row.observed_at.date().isoformat()): (row.long_mm, row.short_mm, row.seen) for row in found.lesions
    }
    assert read[("A", "2026-02-20")] == (32.0, 20.0, "measured")
    assert read[("A", "2026-03-30")] == (24.0, 18.0, "measured")
    assert read[("B", "2026-03-30")] == (None, None, "gone")
    assert read[("B", "2026-02-20")] == (None, None, None)  # no unit: kept, and nothing is computed from it
    assert read[("C", "2026-03-30")] == (10.0, 8.0, "measured")  # the site by the mapping file
    assert {row.method for row in found.lesions if row.is_usable} == {"pet-ct"}


def test_a_word_that_is_not_mapped_is_named(folder: Path) -> None:
    faults = {f.id: f for f in open_delivery(folder).faults}
    assert faults["INTAKE-060"].saw == "site 'spot', role 'non-target'"
    assert "extranodal" in faults["INTAKE-060"].expected


def test_parquet_says_the_same_as_csv(folder: Path, tmp_path: Path) -> None:
    as_csv = open_delivery(folder, mapping=_mapping(tmp_path))
    pl.read_csv(folder / "lesions.csv").write_parquet(folder / "lesions.parquet")
    (folder / "lesions.csv").unlink()
    as_parquet = open_delivery(folder, mapping=_mapping(tmp_path))
    drop = ("source", "as_sent")
    assert_frame_equal(as_parquet.cohort.lesions.drop(drop), as_csv.cohort.lesions.drop(drop))
    assert as_parquet.report.total() == as_csv.report.total()


def test_partitions_hold_the_same_rows(folder: Path, tmp_path: Path) -> None:
    whole = open_delivery(folder, mapping=_mapping(tmp_path))
    parts = open_large(folder, tmp_path / "parts", mapping=_mapping(tmp_path))
    found = pl.concat([cohort.lesions for cohort in parts.cohorts()])
    assert_frame_equal(found, whole.cohort.lesions)
    assert parts.report.total() == whole.report.total()


def test_a_cohort_of_this_library_is_read_with_its_lesions(folder: Path, tmp_path: Path) -> None:
    cohort = open_delivery(folder, mapping=_mapping(tmp_path)).cohort
    cohort.write(tmp_path / "own")
    again = open_delivery(tmp_path / "own")
    assert_frame_equal(again.cohort.lesions, cohort.lesions)
    account = again.account.filter(pl.col("file") == "lesions.parquet").row(0, named=True)
    assert (account["rows"], account["used"], account["not_assessable"]) == (5, 4, 1)
    assert not again.faults


def test_without_imaging_there_is_no_such_file(folder: Path, tmp_path: Path) -> None:
    (folder / "lesions.csv").unlink()
    delivery = open_delivery(folder)
    assert delivery.cohort.lesions.equals(tables.empty("lesions"))
    delivery.cohort.write(tmp_path / "own")
    assert not (tmp_path / "own" / "lesions.parquet").exists()
