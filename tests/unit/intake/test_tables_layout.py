"""Which table is in which file, and which column is which."""

from __future__ import annotations

import pytest

from vein2vein.intake.tables.layout import layout_of
from vein2vein.intake.tables.mapping import File

LAB = ("Patient ID", "Test", "Result", "Units", "Collected At")


def test_usual_names_are_recognised_without_case_and_punctuation() -> None:
    layout = layout_of("labs.csv", LAB, File())
    assert layout.table == "observations"
    assert layout.columns == {
        "patient_id": "Patient ID", "kind": "Test", "value": "Result", "unit": "Units", "observed_at": "Collected At",
    }  # fmt: skip
    assert layout.faults == ()
    assert layout.is_readable


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("patients.csv", "patients"), ("CourseList.csv", "courses"), ("lab_results.parquet", "observations"),
        ("medication.csv", "exposures"), ("milestones.csv", "milestones"),
    ],
)  # fmt: skip
def test_the_name_of_the_file_says_the_table(name: str, table: str) -> None:
    assert layout_of(name, ("x",), File()).table == table


def test_otherwise_the_columns_say_it() -> None:
    assert layout_of("export1.csv", ("patient_id", "dob", "sex"), File()).table == "patients"
    assert layout_of("export2.csv", ("course_id", "drug", "start", "end", "dose"), File()).table == "exposures"
    assert layout_of("export3.csv", LAB, File()).table == "observations"


def test_a_declared_column_wins_over_a_usual_name() -> None:
    layout = layout_of("labs.csv", (*LAB, "time"), File(columns={"observed_at": "time"}))
    assert layout.columns["observed_at"] == "time"
    (fault,) = layout.faults
    assert (fault.id, fault.saw) == ("INTAKE-007", "column 'Collected At' of labs.csv")


def test_a_missing_column_makes_the_file_unreadable_and_names_the_choice() -> None:
    layout = layout_of("labs.csv", ("patient_id", "test", "result"), File())
    (fault,) = layout.faults
    assert not layout.is_readable
    assert (fault.id, fault.expected) == ("INTAKE-006", "a column for observed_at")
    assert fault.fix == "name it in the mapping file: files: {labs.csv: {columns: {observed_at: YOUR_COLUMN}}}"


def test_a_declared_column_that_is_not_there() -> None:
    layout = layout_of("labs.csv", LAB, File(columns={"code": "Flag"}))
    assert not layout.is_readable
    assert layout.faults[0].saw == "no column 'Flag' in labs.csv"


def test_a_constant_kind_stands_for_a_column() -> None:
    columns = ("patient_id", "result", "time")
    assert layout_of("temperature_chart.csv", columns, File(kind="body_temperature")).is_readable
