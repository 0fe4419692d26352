"""The report of a delivery, as text and as JSON."""

from __future__ import annotations

import json

import polars as pl
import pytest

from vein2vein.errors import Fault, IntakeError
from vein2vein.intake.book import FaultBook, Ledger
from vein2vein.intake.delivery import Delivery, Report, no_therapy, require_observations
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort


def _gone(rows: list[tuple[int, str]]) -> pl.DataFrame:
    return pl.DataFrame([("labs.csv", *row) for row in rows], schema=["file", "row", "reason"], orient="row")


def _report() -> Report:
    book, ledger = FaultBook(), Ledger()
    book.note(Fault("INTAKE-021", "code 'XYZ'", "a known code", "map it", "refused", ("labs.csv:2",)))
    ledger.read("labs.csv", 1_004)
    ledger.count("labs.csv", "INTAKE-051", 1_000)
    ledger.read("drugs.csv", 0)
    kept = pl.DataFrame({"file": ["labs.csv"] * 2, "row": [1, 3], "usability": ["ok", "not-assessable"]})
    ledger.settle(kept, _gone([(2, "INTAKE-021"), (4, "INTAKE-040")]))
    return Report.of(book, ledger, notes=("It holds no milestones.",))


def test_the_text_says_what_became_of_the_rows_and_what_is_wrong() -> None:
    assert _report().render() == (
        "file        rows  used  not needed  not assessable  refused\n"
        "drugs.csv      0     0           0               0        0\n"
        "labs.csv   1,004     1       1,001               1        1\n"
        "all files  1,004     1       1,001               1        1\n"
        "\n"
        "Refused rows, by reason\n"
        "           1  INTAKE-021  A code is unknown.\n"
        "\n"
        "Rows that are not needed, by reason\n"
        "       1,000  INTAKE-051  A row belongs to a person without a course.\n"
        "           1  INTAKE-040  Rows were set aside by the mapping file.\n"
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
    assert content["total"] == {"rows": 1_004, "used": 1, "not_needed": 1_001, "not_assessable": 1, "refused": 1}
    assert content["refused_by_reason"] == {"INTAKE-021": 1}
    assert content["not_needed_by_reason"] == {"INTAKE-051": 1_000, "INTAKE-040": 1}
    assert content["faults"][0]["title"] == "A code is unknown."
    assert content["account"][1]["file"] == "labs.csv"


def test_a_clean_delivery_says_so() -> None:
    assert Report.of(FaultBook(), Ledger()).render().endswith("No faults found.\n")


def test_a_delivery_without_courses_is_an_error_that_names_the_first_fault() -> None:
    empty = Cohort.of(patients=tables.empty("patients"), courses=tables.empty("courses"))
    with pytest.raises(IntakeError) as raised:
        Delivery(empty, _report()).require_courses()
    assert raised.value.id == "INTAKE-041"
    assert "1004 rows, 1 faults, and no course; most rows: INTAKE-021 code 'XYZ'" in str(raised.value)
    assert "`vein2vein intake draft-mapping`" in str(raised.value)


def test_rows_that_were_looked_at_are_listed_with_their_reason() -> None:
    assert _report().refused.rows() == [("labs.csv", 2, "INTAKE-021", None)]
    assert _report().spared.rows() == [("labs.csv", 4, "INTAKE-040", None)]


@pytest.mark.parametrize("id", ["INTAKE-510", "INTAKE-316"])
def test_a_delivery_that_holds_no_therapy_says_so_first(id: str) -> None:
    empty = Cohort.of(patients=tables.empty("patients"), courses=tables.empty("courses"))
    book, ledger = FaultBook(), Ledger()
    book.note(Fault("INTAKE-004", "x.csv", "rows", "look"))
    book.note(Fault(id, "28 persons without an infusion", "one", "nothing", "none was needed"))
    delivery = Delivery(empty, Report.of(book, ledger))
    assert no_therapy(delivery.report) == delivery.faults[1]
    with pytest.raises(IntakeError, match="28 persons without an infusion") as raised:
        delivery.require_courses()
    assert (raised.value.id, raised.value.exit_code) == (id, 3)


def test_a_delivery_with_a_course_passes() -> None:
    course = pl.DataFrame({"course_id": ["C1"], "patient_id": ["P1"]})
    delivery = Delivery(Cohort.of(patients=pl.DataFrame({"patient_id": ["P1"]}), courses=course), _report())
    assert delivery.require_courses() is delivery


def _counted(used: int, refused: int) -> Report:
    book, ledger = FaultBook(), Ledger()
    book.note(Fault("INTAKE-021", "code 'NX-ICE' in observations", "a code", "map it"))
    ledger.read("labs.csv", used + refused)
    ledger.count("labs.csv", "INTAKE-021", refused)
    ledger.settle(
        pl.DataFrame({"file": ["labs.csv"] * used, "row": range(1, used + 1), "usability": ["ok"] * used}),
        pl.DataFrame(schema={"file": pl.String, "row": pl.Int64, "reason": pl.String, "course_id": pl.String}),
    )
    return Report.of(book, ledger)


def test_courses_without_one_usable_observation_are_an_error_that_names_what_costs_most() -> None:
    with pytest.raises(IntakeError) as raised:
        require_observations(_counted(50, 51), has_usable=False)
    assert (raised.value.id, raised.value.exit_code) == ("INTAKE-059", 3)
    assert "101 rows, of which 51 are refused or not assessable, and no observation; most rows: INTAKE-021" in str(
        raised.value
    )
    assert "`vein2vein intake draft-mapping`" in str(raised.value)


@pytest.mark.parametrize(("used", "refused", "has_usable"), [(50, 51, True), (51, 51, False), (2, 0, False)])
def test_a_delivery_of_which_something_can_be_used_passes(used: int, refused: int, has_usable: bool) -> None:
    require_observations(_counted(used, refused), has_usable=has_usable)
