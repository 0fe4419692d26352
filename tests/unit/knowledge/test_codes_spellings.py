"""Local spellings of units mean one UCUM unit, or nothing."""

from __future__ import annotations

import pytest

from vein2vein.basis.units import is_unit
from vein2vein.knowledge.spellings import doubt_about, spellings, ucum_of


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("cells/uL", "/uL"),
        ("/µL", "/uL"),
        ("/μL", "/uL"),
        ("x10^9/L", "10*9/L"),
        ("x 10⁹/L", "10*9/L"),
        ("10E3/UL", "10*3/uL"),
        ("G/L", "10*9/L"),
        ("K/uL", "10*3/uL"),
        ("mmHg", "mm[Hg]"),
        ("MMHG", "mm[Hg]"),
        ("°C", "Cel"),
        ("℃", "Cel"),
        ("°F", "[degF]"),
        ("mcg/kg/min", "ug/kg/min"),
        ("IU/L", "[IU]/L"),
        ("MG/DL", "mg/dL"),
        (" mg/L ", "mg/L"),
        ("ng/mL FEU", "ng/mL{FEU}"),
        ("10*9/L", "10*9/L"),
        ("mL/min/{1.73_m2}", "mL/min/{1.73_m2}"),
    ],
)
def test_a_spelling_is_understood(spelling: str, unit: str) -> None:
    assert ucum_of(spelling) == unit


@pytest.mark.parametrize("spelling", ["", "  ", "foo", "mg/100ml", "U", "m/uL", "10*9/l{", "克/升"])
def test_a_spelling_without_one_meaning_is_not_understood(spelling: str) -> None:
    assert ucum_of(spelling) is None


def test_mixed_case_is_left_to_ucum() -> None:
    assert ucum_of("Mg/dL") == "Mg/dL"  # megagrams, and so refused as implausible, never read as milligrams


def test_every_spelling_leads_to_a_unit() -> None:
    known = spellings()
    wrong = [s for listed in (known.exact, known.any_case) for s, unit in listed.items() if not is_unit(unit)]
    assert wrong == []


def test_doubtful_spellings_say_why_and_are_understood_nowhere_else() -> None:
    known = spellings()
    assert doubt_about("mg/100ml") == "written for mg/dL and, wrongly, for mg/L"
    assert not set(known.doubtful) & {*known.exact, *known.any_case}
