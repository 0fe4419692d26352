"""Bad deliveries: a clear message with an id, an exit code where nothing can be done, and no row lost."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from acceptance.cli.conftest import Run

CRS = "astct-2019.crs"
COURSES = "course_id,patient_id,zone,infused_at,followed_until\nC1,P1,Europe/Berlin,2026-03-02 10:00,2026-03-12 10:00\n"
PATIENTS = "patient_id,birth_date,sex\nP1,1961-05-14,f\n"
HEADER = "course_id,kind,value,unit,observed_at\n"
FEVER = "C1,body_temperature,38.9,Cel,2026-03-04 08:00\n"


class Ward:
    """A folder of tables, and what the command says about it."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self.run = folder, run
        self.put("courses.csv", COURSES)
        self.put("patients.csv", PATIENTS)

    def put(self, name: str, text: str | bytes) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def grade(self, *words: str, exits: int = 0) -> tuple[dict[str, int], str]:
        """The account and the delivery report; the account always adds up."""
        out = self.folder.parent / "out"
        result = self.run("grade", self.folder, "--scale", CRS, "-o", out, "--replace", *words, exits=exits)
        if not (out / "delivery.json").exists():
            return {}, result.output
        report = json.loads((out / "delivery.json").read_text(encoding="utf-8"))
        total = report["total"]
        assert total["rows"] == sum(count for fate, count in total.items() if fate != "rows")
        assert pl.read_csv(out / "refused_rows.csv").height == total["refused"]
        return total, result.output + (out / "delivery.txt").read_text(encoding="utf-8")

    def peak(self) -> tuple[int, int]:
        steps = pl.read_parquet(self.folder.parent / "out" / "verdicts.parquet")
        return steps["low"].max(), steps["high"].max()  # type: ignore[return-value]


@pytest.fixture
def ward(tmp_path: Path, run: Run) -> Ward:
    return Ward(tmp_path / "ward", run)


def test_nothing_in_the_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ward").mkdir()
    result = run("grade", tmp_path / "ward", "-o", tmp_path / "out", exits=3)
    assert result.output.startswith("INTAKE-002")


def test_an_empty_file_among_others(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER)
    ward.put("labs.csv", "")
    total, report = ward.grade()
    assert "INTAKE-003  A file is empty." in report
    assert total["used"] == 3
    assert ward.peak()[0] == 1


def test_all_files_empty(run: Run, tmp_path: Path) -> None:
    ward = Ward(tmp_path / "ward", run)
    for name in ("courses.csv", "patients.csv", "vitals.csv"):
        ward.put(name, "")
    _, report = ward.grade(exits=3)
    assert "INTAKE-041" in report
    assert "INTAKE-003" in report


def test_headers_without_rows(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER)
    total, report = ward.grade()
    assert "INTAKE-004  A file has a header and no rows." in report
    assert total["rows"] == 2
    assert ward.peak() == (0, 4)  # nothing is known of the course, and that is what it says


def test_headers_only(run: Run, tmp_path: Path) -> None:
    ward = Ward(tmp_path / "ward", run)
    ward.put("courses.csv", COURSES.splitlines()[0] + "\n")
    ward.put("patients.csv", PATIENTS.splitlines()[0] + "\n")
    _, report = ward.grade(exits=3)
    assert "INTAKE-041  Nothing usable is left of the delivery." in report


def test_another_encoding_is_named_and_no_row_is_lost(ward: Ward) -> None:
    text = "course_id,kind,value,unit,observed_at\nC1,body_temperature,38.9,°C,2026-03-04 08:00\n"
    ward.put("vitals.csv", text.encode("latin-1"))
    total, report = ward.grade()
    assert "INTAKE-005  A file is not in the encoding it was read in." in report
    assert total["rows"] == 3


def test_the_encoding_can_be_declared(ward: Ward) -> None:
    text = "course_id,kind,value,unit,observed_at\nC1,body_temperature,38.9,°C,2026-03-04 08:00\n"
    ward.put("vitals.csv", text.encode("latin-1"))
    (ward.folder.parent / "m.yaml").write_text("encoding: latin-1\n", encoding="utf-8")
    ward.grade("--mapping", str(ward.folder.parent / "m.yaml"))
    assert ward.peak()[0] == 1


def test_copies_are_kept_once(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER * 3)
    total, report = ward.grade()
    assert "INTAKE-022  Rows are identical." in report
    assert total["refused"] == 2


def test_contradictions_are_not_believed(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER + FEVER.replace("38.9", "36.6"))
    total, report = ward.grade()
    assert "INTAKE-023  Rows contradict each other." in report
    assert total["not_assessable"] == 2
    assert ward.peak()[0] == 0


@pytest.mark.parametrize("value", ["3.89", "389", "-5", "hot", "38.9.1", "NaN", ""])
def test_impossible_values_are_kept_and_grade_nothing(ward: Ward, value: str) -> None:
    ward.put("vitals.csv", HEADER + FEVER.replace("38.9", value))
    total, report = ward.grade()
    assert any(id in report for id in ("INTAKE-015", "INTAKE-016", "INTAKE-025"))
    assert total["not_assessable"] == 1
    assert ward.peak()[0] == 0


def test_a_unit_that_nobody_knows(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER.replace("Cel", "degrees warm"))
    total, report = ward.grade()
    assert "INTAKE-012  A unit is not usable" in report
    assert "'degrees warm'" in report
    assert total["not_assessable"] == 1


def test_overlapping_infusions_and_negative_durations(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER)
    ward.put(
        "drugs.csv",
        "course_id,drug,start,stop\n"
        "C1,norepinephrine,2026-03-04 07:00,2026-03-04 12:00\n"
        "C1,norepinephrine,2026-03-04 09:00,2026-03-04 14:00\n"
        "C1,norepinephrine,2026-03-04 15:00,2026-03-04 13:00\n",
    )
    total, report = ward.grade()
    assert "INTAKE-030  Intervals of one drug or device overlap." in report
    assert "INTAKE-029  An interval ends before it starts." in report
    assert total["refused"] == 1
    assert ward.peak()[0] == 3  # one vasopressor, however often it is sent


def test_before_birth_and_after_death(ward: Ward) -> None:
    late, early = FEVER.replace("2026-03-04", "2026-03-09"), FEVER.replace("2026-03-04", "1926-03-04")
    ward.put("vitals.csv", HEADER + early + late)
    ward.put("events.csv", "course_id,event,time,cause\nC1,death,2026-03-08 12:00,progression\n")
    total, report = ward.grade()
    assert "INTAKE-026  A row lies before the birth of the patient." in report
    assert "INTAKE-027  A row lies after the death of the patient." in report
    assert total["not_assessable"] == 2
    assert ward.peak()[0] == 0


def test_no_infusion(ward: Ward) -> None:
    ward.put("courses.csv", COURSES.replace("2026-03-02 10:00", ""))
    ward.put("vitals.csv", HEADER + FEVER)
    total, report = ward.grade()
    assert "INTAKE-028  A course has no infusion." in report
    assert total["refused"] == 0
    assert ward.peak() == (None, None)


def test_two_courses_of_one_patient_are_graded_apart(ward: Ward) -> None:
    second = "C2,P1,Europe/Berlin,2026-09-01 10:00,2026-09-11 10:00\n"
    ward.put("courses.csv", COURSES + second)
    ward.put("vitals.csv", HEADER + FEVER + "C2,body_temperature,36.8,Cel,2026-09-03 08:00\n")
    _, report = ward.grade()
    assert "INTAKE-035  A patient has several courses." in report
    steps = pl.read_parquet(ward.folder.parent / "out" / "verdicts.parquet")
    peaks = dict(steps.group_by("course_id").agg(pl.col("low").max()).iter_rows())
    assert peaks == {"C1": 1, "C2": 0}


def test_rows_that_could_belong_to_two_courses_are_not_guessed(ward: Ward) -> None:
    ward.put("courses.csv", COURSES + "C2,P1,Europe/Berlin,2026-03-05 10:00,2026-03-15 10:00\n")
    ward.put("vitals.csv", "patient_id,kind,value,unit,observed_at\nP1,body_temperature,38.9,Cel,2026-03-06 08:00\n")
    total, report = ward.grade()
    assert "INTAKE-036  A row could belong to several courses." in report
    assert total["refused"] == 1


def test_times_without_a_zone(ward: Ward) -> None:
    ward.put("courses.csv", COURSES.replace("Europe/Berlin", ""))
    ward.put("vitals.csv", HEADER + FEVER)
    _, report = ward.grade(exits=0)
    assert "INTAKE-009  A time has no zone." in report
    ward.grade("--zone", "Europe/Berlin")
    assert ward.peak()[0] == 1


def test_a_million_rows_of_an_unknown_code_are_one_fault(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER)
    row = "C1,XYZ-1,1,Cel,2026-03-04 08:00\n"
    ward.put("monitor.csv", HEADER + row * 1_000_000)
    total, report = ward.grade()
    assert report.count("INTAKE-021  A code is unknown.\n  saw") == 1
    assert "and 999,995 more" in report or "and 999995 more" in report
    assert total["refused"] == 1_000_000
    assert ward.peak()[0] == 1
    assert (ward.folder.parent / "out" / "delivery.txt").stat().st_size < 10_000


def test_a_mapping_file_that_still_asks(ward: Ward) -> None:
    ward.put("vitals.csv", HEADER + FEVER)
    (ward.folder.parent / "m.yaml").write_text("zone: ASK\n", encoding="utf-8")
    _, report = ward.grade("--mapping", str(ward.folder.parent / "m.yaml"), exits=3)
    assert report.startswith("INTAKE-039")


def test_two_forms_in_one_folder(ward: Ward) -> None:
    ward.put("patient.json", '{"resourceType": "Patient"}')
    _, report = ward.grade(exits=3)
    assert report.startswith("INTAKE-002")


@pytest.mark.parametrize("memory", ["whole", "parts"])
def test_local_codes_without_a_mapping_are_an_error_and_not_an_empty_result(ward: Ward, memory: str) -> None:
    rows = [f"C1,NX-{n % 3},1,,2026-03-04 08:0{n}\n" for n in range(9)]
    ward.put("labs.csv", HEADER + "".join(rows))
    words = ["--memory", memory] + (["--format", "csv"] if memory == "parts" else [])
    result = ward.run("grade", ward.folder, "--scale", CRS, "-o", ward.folder.parent / "out", *words, exits=3)
    assert "INTAKE-059" in result.output
    assert "draft-mapping" in result.output
    assert (ward.folder.parent / "out" / "delivery.txt").exists()
    checked = ward.run("intake", "check", ward.folder, exits=3)
    assert "INTAKE-059" in checked.output
