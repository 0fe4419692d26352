"""What a check says of concepts that mean two things and of rows without a number of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from vein2vein.intake.omop import adapter

if TYPE_CHECKING:
    from pathlib import Path

    from vein2vein.errors import Fault

DRUG = ["drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_start_datetime"]
MEASUREMENT = ["measurement_id", "person_id", "measurement_concept_id", "measurement_date", "measurement_datetime"]
NOON, ONE = "2026-03-02 12:00:00", "2026-03-02 13:00:00"


def _check(folder: Path, **tables: tuple[list[str], list[tuple[object, ...]]]) -> dict[str, Fault]:
    """Faults by id of a delivery of one person, treated with tisagenlecleucel (ATC L01XL04, here concept 9)."""
    concepts = [(1, "ATC", "C01CA03"), (2, "ATC", "C01CA24"), (3, "LOINC", "8310-5"), (9, "ATC", "L01XL04")]
    written = {
        "PERSON": (["person_id", "gender_concept_id", "year_of_birth"], [(1, 0, 1960)]),
        "CONCEPT": (["concept_id", "vocabulary_id", "concept_code"], concepts),
        "DRUG_EXPOSURE": (DRUG, [(1, 1, 9, "2026-03-01", "2026-03-01 09:00:00")]),
        **tables,
    }
    for name, (columns, rows) in written.items():
        pl.DataFrame(rows, schema=columns, orient="row").write_csv(folder / f"{name}.csv")
    return {fault.id: fault for fault in adapter.check(folder, adapter.Options(zone="UTC")).faults}


@pytest.mark.parametrize("both", [True, False])
def test_a_concept_that_two_wanted_ones_lead_to_is_named_with_both(tmp_path: Path, *, both: bool) -> None:
    columns = ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"]
    drugs = [(1, 1, 9, "2026-03-01", "2026-03-01 09:00:00"), (2, 1, 78, "2026-03-02", NOON)]
    maps = [(1, 78, "Maps to", None), *([(2, 78, "Maps to", None)] if both else [])]
    found = _check(tmp_path, CONCEPT_RELATIONSHIP=(columns, maps), DRUG_EXPOSURE=(DRUG, drugs))
    assert ("INTAKE-515" in found) == both
    if both:
        said = found["INTAKE-515"]
        assert said.saw == "concept 78, which lies equally near to vasopressor epinephrine, vasopressor norepinephrine"
        assert said.expected == "a concept that means one of them"
        assert said.fix == "tell us, with the code of the concept"
        assert said.effect == "rows of this concept were counted and not used"


@pytest.mark.parametrize(("levels", "is_tie"), [((2, 2), True), ((1, 2), False)])
def test_a_concept_equally_far_below_two_wanted_ones_is_named_too(
    tmp_path: Path, levels: tuple[int, int], *, is_tie: bool
) -> None:
    columns = ["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"]
    drugs = [(1, 1, 9, "2026-03-01", "2026-03-01 09:00:00"), (2, 1, 78, "2026-03-02", NOON)]
    rows = [(root, 78, level) for root, level in zip((1, 2), levels, strict=True)]
    found = _check(tmp_path, CONCEPT_ANCESTOR=(columns, rows), DRUG_EXPOSURE=(DRUG, drugs))
    assert ("INTAKE-515" in found) == is_tie
    if is_tie:
        said = "concept 78, which lies equally near to vasopressor epinephrine, vasopressor norepinephrine"
        assert found["INTAKE-515"].saw == said


def test_rows_whose_number_is_used_twice_are_used_and_said(tmp_path: Path) -> None:
    columns = [*MEASUREMENT, "value_as_number"]
    rows = [(7, 1, 3, "2026-03-02", NOON, 38.5), (7, 1, 3, "2026-03-02", ONE, 39.0), (8, 1, 3, "2026-03-02", ONE, 39.0)]
    said = _check(tmp_path, MEASUREMENT=(columns, rows))["INTAKE-516"]
    assert said.saw == "rows of measurement whose number is missing or used twice"
    assert said.expected == "a number of its own for every row"
    assert said.fix == "export the table with its primary key"
    assert said.effect == "the rows are used; the report calls them by negative numbers"
    assert said.count == 1
