"""Units convert exactly where they mean the same, and not at all where they do not."""

from __future__ import annotations

import pint
import pytest

from vein2vein.basis.units import conversion, conversions, convert, is_unit


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (100.4, "[degF]", "Cel", 38.0),
        (311.15, "K", "Cel", 38.0),
        (1.2, "mg/dL", "mg/L", 12.0),
        (300, "mg/dL", "g/L", 3.0),
        (1500, "/uL", "10*9/L", 1.5),
        (1.5, "10*3/uL", "10*9/L", 1.5),
        (500, "{cells}/uL", "10*9/L", 0.5),
        (0.21, "1", "%", 21.0),
        (1, "ukat/L", "U/L", 60.0),
        (500, "ng/mL{FEU}", "ug/mL{FEU}", 0.5),
        (3, "{score}", "{score}", 3.0),
        (3, "1", "{grade}", 3.0),
        (1, "mg/min", "ug/min", 1000.0),
    ],
)
def test_a_value_is_converted(value: float, unit: str, to: str, expected: float) -> None:
    found = convert(value, unit, to)
    assert found is not None
    assert round(found, 9) == expected


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("[IU]/L", "U/L"),  # an international unit is not an enzyme unit
        ("[IU]/min", "ug/kg/min"),  # UCUM calls both a number per time
        ("/min", "ug/kg/min"),
        ("mg", "mg/L"),
        ("nmol/L", "mg/L"),  # no molar mass
        ("ug/mL{DDU}", "ug/mL{FEU}"),
        ("ug/mL", "ug/mL{FEU}"),  # which of the two is not said
        ("mg/L{FEU}", "mg/L"),
        ("dB", "1"),
        ("[pH]", "1"),
        ("Cel/min", "K/min"),
        ("foo", "mg/L"),
        ("foo", "foo"),
        ("", "mg/L"),
        ("mg/L", "foo"),
        ("10*9/L{", "10*9/L"),
    ],
)
def test_what_does_not_fit_is_not_converted(unit: str, to: str) -> None:
    assert conversion(unit, to) is None
    assert convert(1.0, unit, to) is None


def test_a_molar_mass_joins_mass_and_amount_in_both_directions() -> None:
    creatinine = 113.12
    molar = convert(1.0, "mg/dL", "umol/L", molar_mass=creatinine)
    assert molar is not None
    assert round(molar, 2) == 88.40
    assert round(convert(molar, "umol/L", "mg/dL", molar_mass=creatinine) or 0, 9) == 1.0


def test_a_molar_mass_does_not_turn_enzyme_units_into_mass() -> None:
    assert conversion("U/L", "mg/L", 113.12) is None


def test_case_matters() -> None:
    assert is_unit("mg")
    assert convert(1.0, "Mg/dL", "mg/L") == 1e10
    assert not is_unit("MMHG")


def test_scales_carry_no_noise_of_binary_fractions() -> None:
    assert conversion("mg/dL", "mg/L") == (10.0, 0.0)
    assert conversion("mg/dL", "g/L") == (0.01, 0.0)


def test_a_column_is_converted_by_its_distinct_units() -> None:
    found = conversions(["mg/dL", "mg/L", "mg/dL", "U/L"], "mg/L")
    assert found == {"mg/dL": (10.0, 0.0), "mg/L": (1.0, 0.0), "U/L": None}


def test_the_units_of_other_users_of_pint_stay_untouched() -> None:
    conversion("mg/dL", "g/L")
    assert "peripheral_vascular_resistance_unit" not in pint.get_application_registry()
