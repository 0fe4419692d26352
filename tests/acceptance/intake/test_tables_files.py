"""Whatever is wrong with a file as a file, every row of the delivery is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.intake.delivery import Report
from vein2vein.intake.door import open_delivery, open_large

COURSES = "course_id,patient_id,infused_at,zone\nA,P,2026-03-02T10:00+01:00,Europe/Berlin\n"
HEADER = "course_id,kind,value,unit,observed_at\n"
ROWS = [f"A,body_temperature,36.8,Cel,2026-03-{day:02}T{hour:02}:00+01:00" for day in range(3, 20) for hour in range(24)]


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
