"""The report of a delivery, as text and as JSON."""

from __future__ import annotations

import json

import polars as pl
import pytest

from vein2vein.errors import Fault, IntakeError
from vein2vein.intake.book import FaultBook, Ledger
from vein2vein.intake.delivery import Delivery, Report
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort


def _report() -> Report:
    book, ledger = FaultBook(), Ledger()
    book.note(Fault("INTAKE-021", "code 'XYZ'", "a known code", "map it", "refused", ("labs.csv:2",)))
    ledger.read("labs.csv", 3)
    ledger.read("drugs.csv", 0)
    kept = pl.DataFrame({"file": ["labs.csv"] * 2, "row": [1, 3], "usability": ["ok", "not-assessable"]})
    ledger.settle(kept, pl.DataFrame({"file": ["labs.csv"], "row": [2], "reason": ["INTAKE-021"]}))
    return Report.of(book, ledger, notes=("It holds no milestones.",))


def test_the_text_says_what_became_of_the_rows_and_what_is_wrong() -> None:
    assert _report().render() == (
        "file       rows  used  not assessable  refused\n"
        "drugs.csv     0     0               0        0\n"
        "labs.csv      3     1               1        1\n"
        "all files     3     1               1        1\n"
        "\n"
        "Refused rows, by reason\n"
        "           1  INTAKE-021  A code is unknown.\n"
        "\n"
        "It holds no milestones.\n"
        "\n"
        "INTAKE-021  A code is unknown.\n"
        "  saw       code 'XYZ'\n"
        "  where     labs.csv:2\n"
        "  expected  a known code\n"
        "  fix       map it\n"
        "  effect    refused\n"
    )


def test_the_json_says_the_same() -> None:
    content = json.loads(_report().to_json())
    assert content["total"] == {"rows": 3, "used": 1, "not_assessable": 1, "refused": 1}
    assert content["refused_by_reason"] == {"INTAKE-021": 1}
    assert content["faults"][0]["title"] == "A code is unknown."
    assert content["account"][1]["file"] == "labs.csv"


def test_a_clean_delivery_says_so() -> None:
    assert Report.of(FaultBook(), Ledger()).render().endswith("No faults found.\n")


def test_a_delivery_without_courses_is_an_error_that_names_the_first_fault() -> None:
    empty = Cohort.of(patients=tables.empty("patients"), courses=tables.empty("courses"))
    with pytest.raises(IntakeError) as raised:
        Delivery(empty, _report()).require_courses()
    assert raised.value.id == "INTAKE-041"
    assert "3 rows, 1 faults, and no course; first: INTAKE-021 code 'XYZ'" in str(raised.value)


def test_a_delivery_with_a_course_passes() -> None:
    course = pl.DataFrame({"course_id": ["C1"], "patient_id": ["P1"]})
    delivery = Delivery(Cohort.of(patients=pl.DataFrame({"patient_id": ["P1"]}), courses=course), _report())
    assert delivery.require_courses() is delivery
