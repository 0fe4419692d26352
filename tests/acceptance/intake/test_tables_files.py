"""Whatever is wrong with a file as a file, every row of the delivery is accounted for."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.errors import IntakeError
from vein2vein.intake.delivery import Report
from vein2vein.intake.door import open_delivery, open_large

COURSES = "course_id,patient_id,infused_at,zone\nA,P,2026-03-02T10:00+01:00,Europe/Berlin\n"
HEADER = "course_id,kind,value,unit,observed_at\n"
ROWS = [
    f"A,body_temperature,36.8,Cel,2026-03-{day:02}T{hour:02}:00+01:00" for day in range(3, 20) for hour in range(24)
]


def _delivery(folder: Path, rows: list[str]) -> Path:
    place = folder / "in"
    place.mkdir()
    (place / "courses.csv").write_text(COURSES)
    (place / "observations.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return place


def _report(place: Path, folder: Path, form: str) -> Report:
    return open_delivery(place).report if form == "memory" else open_large(place, folder / "out").report


@pytest.mark.parametrize("form", ["memory", "partitions"])
@pytest.mark.parametrize("where", ["A", "body", "2026"], ids=["first", "middle", "last"])
def test_what_a_stray_quote_swallows_is_refused_and_named(tmp_path: Path, form: str, where: str) -> None:
    rows = list(ROWS)
    rows[19] = rows[19].replace(where, f'"{where}', 1)
    report = _report(_delivery(tmp_path, rows), tmp_path, form)
    assert report.account.row(1) == ("observations.csv", len(ROWS), 19, 0, 0, len(ROWS) - 19)
    (fault,) = (fault for fault in report.faults if fault.id == "INTAKE-045")
    assert fault.saw.startswith("a quote is opened and not closed in row 20 of observations.csv")
    assert fault.count == len(ROWS) - 19


@pytest.mark.parametrize("form", ["memory", "partitions"])
def test_files_that_are_not_read_are_named(tmp_path: Path, form: str) -> None:
    place = _delivery(tmp_path, ROWS)
    (place / "labs.xlsx").write_bytes(b"PK")
    (place / ".hidden").write_text("x")
    (place / "observations.csv").rename(place / "observations.CSV")
    (place / "more").mkdir()
    (place / "more" / "milestones.csv").write_text("course_id,kind,at\n")
    report = _report(place, tmp_path, form)
    (fault,) = report.faults
    assert (fault.id, fault.saw, fault.count) == ("INTAKE-054", "labs.xlsx, more/milestones.csv", 2)
    assert "save each sheet of a workbook as CSV" in fault.fix
    assert report.account["file"].to_list() == ["courses.csv", "observations.CSV"]


def test_a_compressed_table_is_one_of_the_delivery(tmp_path: Path) -> None:
    place = _delivery(tmp_path, ROWS)
    content = (place / "observations.csv").read_bytes()
    (place / "observations.csv").unlink()
    (place / "observations.csv.gz").write_bytes(gzip.compress(content))
    delivery = open_delivery(place)
    assert delivery.faults == ()
    assert delivery.cohort.observations.height == len(ROWS)


def test_a_workbook_alone_is_to_be_saved_as_csv(tmp_path: Path) -> None:
    (tmp_path / "labs.xlsx").write_bytes(b"PK")
    for place in (tmp_path, tmp_path / "labs.xlsx"):
        with pytest.raises(IntakeError, match=r"INTAKE-002[\s\S]*save each sheet of the workbook as CSV"):
            open_delivery(place)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-04T10:00+01:00", "2026-03-04T06:00+01:00"), ("4.3. early", "2026-03-04T10:00+01:00"), ("", "")],
    ids=["swapped", "unreadable", "none"],
)
@pytest.mark.parametrize("form", ["memory", "partitions"])
def test_a_refused_vasopressor_leaves_the_grade_open(tmp_path: Path, form: str, start: str, end: str) -> None:
    fever = [row.replace("36.8", "38.6") for row in ROWS]
    pressure = [row.replace("body_temperature,36.8,Cel", "systolic_blood_pressure,118,mm[Hg]") for row in ROWS]
    place = _delivery(tmp_path, fever + pressure)
    (place / "exposures.csv").write_text(
        f"course_id,kind,agent,started_at,ended_at\nA,vasopressor,norepinephrine,{start},{end}\n"
    )
    charted = ("vasopressor", "oxygen")
    if form == "memory":
        cohort = open_delivery(place, charted=charted).cohort
    else:
        (cohort,) = open_large(place, tmp_path / "out", charted=charted).cohorts()
    verdicts = grade_cohort(cohort, "astct-2019.crs").verdicts
    at = datetime(2026, 3, 4, 7, tzinfo=UTC)
    (step,) = verdicts.filter((pl.col("from_at") <= at) & (pl.col("until_at") > at).fill_null(value=True)).to_dicts()
    assert step["low"] == 1
    assert step["high"] > 1


@pytest.mark.parametrize("form", ["memory", "partitions"])
@pytest.mark.parametrize("where", ["courses", "rows"])
def test_a_zone_that_does_not_exist_costs_its_times_alone(tmp_path: Path, form: str, where: str) -> None:
    place = _delivery(tmp_path, [ROWS[0], ROWS[1].replace("+01:00", "")])
    if where == "courses":
        (place / "courses.csv").write_text(COURSES.replace("Europe/Berlin", "Berlin"))
    else:
        (place / "courses.csv").unlink()
        lines = (place / "observations.csv").read_text().splitlines()
        (place / "observations.csv").write_text("\n".join([lines[0] + ",zone", *(f"{n},Berlin" for n in lines[1:])]))
    report = _report(place, tmp_path, form)
    (fault,) = (fault for fault in report.faults if fault.id == "INTAKE-055")
    assert fault.saw == "'Berlin' as the zone of a course"
    assert dict(report.reasons) == {"INTAKE-009": 1}


def test_an_export_of_a_spreadsheet_in_unicode_is_read(tmp_path: Path) -> None:
    place = _delivery(tmp_path, ROWS)
    content = (place / "observations.csv").read_text().replace(",", "\t")
    (place / "observations.csv").write_bytes(content.encode("utf-16"))
    for form in ("memory", "partitions"):
        report = _report(place, tmp_path, form)
        assert (report.faults, report.total()["used"]) == ((), len(ROWS) + 1)
