"""What is decided once per kind and unit."""

from __future__ import annotations

import pytest

from vein2vein.intake.unit_table import is_bare, understood, unit_fault, unit_table, usable_units
from vein2vein.knowledge.codes import ObservationKind, observation_kind


def test_one_row_per_pair_with_scale_limits_or_trouble() -> None:
    assert unit_table([("crp", "mg/dL"), ("crp", None), ("hypotension", None)]) == [
        ("crp", "mg/dL", "number", 10.0, 0.0, 3, 0.0, 1000.0, None),
        ("crp", None, "number", None, None, 3, 0.0, 1000.0, "INTAKE-013"),
        ("hypotension", None, "yes_no", None, None, None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("unit", "bare"), [("1", True), ("{score}", True), ("%", False), ("mg/L", False), ("ug/mL{FEU}", False)]
)
def test_only_scores_grades_and_ratios_need_no_unit(unit: str, bare: bool) -> None:
    assert is_bare(unit) is bare


def test_an_ambiguous_unit_of_a_kind_is_refused_although_it_would_convert() -> None:
    kind = ObservationKind(label={"en": "X"}, type="number", unit="mg/L", plausible=(0, 9), ambiguous_units=("mg/dL",))
    assert understood(kind, "mg/dL") == "INTAKE-014"
    assert understood(kind, "MG/DL") == "INTAKE-014"
    assert understood(kind, "g/L") == (1000.0, 0.0)


def test_a_unit_accepted_in_the_meaning_of_another_converts() -> None:
    assert understood(observation_kind("ldh"), "IU/L") == (1.0, 0.0)
    assert understood(observation_kind("crp"), "IU/L") == "INTAKE-012"


def test_usable_units_begin_with_the_canonical_one() -> None:
    assert usable_units("body_temperature") == ("Cel", "[degF]")
    assert usable_units("creatinine")[0] == "mg/dL"
    assert "umol/L" in usable_units("creatinine")
    assert "umol/L" not in usable_units("crp")


def test_the_fault_names_kind_unit_and_what_would_do() -> None:
    assert unit_fault("body_temperature", "furlong", "INTAKE-012").render() == (
        "INTAKE-012  A unit is not usable for this kind of observation.\n"
        "  saw       'furlong' for body_temperature (Body temperature)\n"
        "  expected  one of Cel, [degF]\n"
        "  fix       map 'furlong' in the mapping file, or ask the laboratory which unit is meant\n"
        "  effect    the values are kept as not assessable; nothing is computed from them"
    )


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        ("triglycerides", 3.0, "mmol/L", 265.5),
        ("uric_acid", 476, "umol/L", 8.0),
        ("phosphate", 4.5, "mg/dL", 1.45),
        ("phosphate", 6.5, "mg/dL", 2.1),
        ("corrected_calcium", 7.0, "mg/dL", 1.75),
        ("creatinine", 88.42, "umol/L", 1.0),
        ("bilirubin", 17.1, "umol/L", 1.0),
        ("fibrinogen", 150, "mg/dL", 1.5),
        ("igg", 400, "mg/dL", 4.0),
        ("body_temperature", 100.4, "F", 38.0),
        ("neutrophils", 100.5, "/uL", 0.1005),
        ("potassium", 6.0, "mEq/L", 6.0),
    ],
)
def test_published_pairs_of_units_agree(kind: str, value: float, unit: str, expected: float) -> None:
    found = understood(observation_kind(kind), unit)
    assert not isinstance(found, str), found
    scale, offset = found
    assert round(value * scale + offset, observation_kind(kind).decimals) == expected


def test_calcium_in_milliequivalents_is_refused() -> None:
    """4.5 mEq/L are 2.25 mmol/L, not 4.5."""
    assert understood(observation_kind("corrected_calcium"), "mEq/L") == "INTAKE-014"
