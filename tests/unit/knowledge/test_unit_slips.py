"""A value that is mistaken by 10, 88 or 1000 is refused where no such measurement can be; where it can be, that is said here."""

from __future__ import annotations

import pytest

from vein2vein.knowledge.codes import observations
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.values import NumberRange

BOOKS = default_library()
UMOL_IN_MG_DL = 88.42
# A common value in the canonical unit, and the factors by which a slip of the unit is refused, up or down.
REFUSED = {
    "creatinine": (0.9, {UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    "platelets": (200, {UMOL_IN_MG_DL, 1000}),
    "neutrophils": (3, {UMOL_IN_MG_DL, 1000}),
    "leukocytes": (6.7, {1000}),
    "lymphocytes": (1.5, {1000}),
    "haemoglobin": (12, {10, UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    "albumin": (40, {10, 1 / 10, UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    "beta2_microglobulin": (3, {UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    "weight": (70, {10, UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    "height": (170, {10, 1 / 10, UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000}),
    # mg/dL for mg/L, and ng/mL for any other unit, can be a measurement too: only the unit on the row tells them apart.
    "crp": (30, {UMOL_IN_MG_DL, 1000}),
    "ferritin": (400, set()),
}
FACTORS = (10, 1 / 10, UMOL_IN_MG_DL, 1 / UMOL_IN_MG_DL, 1000, 1 / 1000)


@pytest.mark.parametrize("kind", list(REFUSED))
def test_which_slips_no_measurement_can_have(kind: str) -> None:
    value, refused = REFUSED[kind]
    limits = observations()[kind].plausible
    assert limits is not None
    assert limits[0] <= value <= limits[1]
    assert {factor for factor in FACTORS if not limits[0] <= value * factor <= limits[1]} == refused


@pytest.mark.parametrize(
    ("id", "good", "slip", "says"),
    [
        ("korell-2022.easix", {"ldh": 220, "creatinine": 0.9, "platelets": 200}, {"creatinine": 79.6},
         "creatinine 79.6 mg/dL is outside 0.05 to 30; check its unit"),
        ("korell-2022.easix", {"ldh": 220, "creatinine": 0.9, "platelets": 200}, {"platelets": 200000},
         "platelets 2e+05 10*9/L is outside 0 to 3000; check its unit"),
        ("hoster-2008.mipi", {"age": 60, "ecog": 0, "ldh": 1, "leukocytes": 6.7}, {"leukocytes": 6700},
         "leukocytes 6700 10*9/L is outside 0 to 1000; check its unit"),
        ("mosteller-1987.bsa", {"weight": 70, "height": 170}, {"height": 1.7},
         "height 1.7 cm is outside 40 to 250; check its unit"),
    ],
)  # fmt: skip
def test_a_formula_refuses_a_slip_and_names_it(
    id: str, good: dict[str, float], slip: dict[str, float], says: str
) -> None:
    formula = BOOKS.get(id, Formula)

    def known(values: dict[str, float]) -> dict[str, NumberRange]:
        return {name: NumberRange(value, value) for name, value in values.items()}

    assert formula.compute(known(good)).value is not None
    answer = formula.compute(known({**good, **slip}))
    assert (answer.value, answer.problem, answer.implausible) == (None, says, True)
