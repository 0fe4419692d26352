"""The same patient under each scale

One course, several editions: each keeps its own words. Bounds stay open where the edition itself leaves them open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

SCALES = (
    "astct-2019.crs",
    "lee-2014.crs",
    "penn-2018.crs",
    "cartox-2018.crs",
    "ctcae-5.0.crs",
    "mskcc-2018.crs",
    "china-bnhl-2023.crs",
)
WELL = """
        followed 6 h
        always | recorded completely: everything
        -2 h   | weight 80 kg
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h    | systolic blood pressure 120
        0 h    | oxygen saturation 97
        0 h    | refractory hypotension no
        0 h    | local enlargement no
        0 h    | local compression no
        0 h    | local complication no
        """
NO_ORGANS = """
        0 h    | organ toxicity grade 0
        0 h    | transaminase toxicity grade 0
        """
#                                                          ASTCT     Lee       Penn      CARTOX    CTCAE     MSKCC     China
SAME = (
    ("fever alone at home with paracetamol",
     "0 h | antipyretic: paracetamol",                    ("1",      "1",      "1",      "1",      "1",      "[0, 1]", "1")),
    ("intravenous antibiotics for febrile neutropenia",
     "0 h to | antimicrobial: intravenous because febrile-neutropenia",
                                                          ("1",      "1",      "2",      "1",      "1",      "[0, 1]", "1")),
    ("hypotension that fluids mend",
     "0 h | fluid bolus: crystalloid because hypotension", ("2",     "2",      "3",      "2",      "2",      "[0, 2]", "2")),
    ("a cannula at 3 L/min, 32 % oxygen",
     "0 h to | oxygen: nasal-cannula 3 L/min because hypoxia\n0 h | fraction inspired oxygen 32",
                                                          ("2",      "2",      "3",      "2",      "2",      "2",      "2")),
    ("norepinephrine 4 ug/min",
     "0 h to | vasopressor: norepinephrine 4 ug/min because hypotension",
                                                          ("3",      "2",      "3",      "2",      "3",      "2",      "3")),
    ("a low dose with vasopressin",
     "0 h to | vasopressor: norepinephrine 4 ug/min\n0 h to | vasopressor: vasopressin 0.03 U/min because hypotension",
                                                          ("3",      "3",      "3",      "3",      "[3, 4]", "2",      "3")),
    ("norepinephrine and epinephrine, both low",
     "0 h to | vasopressor: norepinephrine 3 ug/min\n0 h to | vasopressor: epinephrine 3 ug/min because hypotension",
                                                          ("4",      "3",      "3",      "3",      "[3, 4]", "2",      "4")),
    ("BiPAP at 50 %",
     "0 h to | oxygen: bipap because hypoxia\n0 h | fraction inspired oxygen 50",
                                                          ("4",      "[3, 4]", "3",      "[3, 4]", "[3, 4]", "[3, 4]", "4")),
    ("a ventilator at 50 %",
     "0 h to | oxygen: mechanical-ventilation because hypoxia\n0 h | fraction inspired oxygen 50",
                                                          ("4",      "4",      "4",      "4",      "4",      "4",      "4")),
)  # fmt: skip
CELLS = [(who, more, scale, grades[n]) for who, more, grades in SAME for n, scale in enumerate(SCALES)]


@pytest.mark.parametrize(("who", "more", "scale", "grade"), CELLS)
def test_one_patient_seven_scales(spec: Spec, who: str, more: str, scale: str, grade: str) -> None:
    """The fever of this patient is 38.6 °C; everything else that is asked for is recorded and normal."""
    spec(scale, WELL + NO_ORGANS + more, f"0 h | {grade}")


@pytest.mark.parametrize(
    ("scale", "grade"),
    [
        ("astct-2019.crs", "1"),
        ("lee-2014.crs", "3"),
        ("penn-2018.crs", "2"),
        ("cartox-2018.crs", "3"),
        ("ctcae-5.0.crs", "1"),
    ],
)
def test_transaminases_of_grade_3(spec: Spec, scale: str, grade: str) -> None:
    """Fever and an AST of grade 3: only the older scales count organs."""
    spec(scale, WELL + "0 h | organ toxicity grade 0\n0 h | transaminase toxicity grade 3", f"0 h | {grade}")


@pytest.mark.parametrize(
    ("scale", "grade"),
    [
        ("astct-2019.crs", "1"),
        ("lee-2014.crs", "4"),
        ("penn-2018.crs", "[3, 4]"),
        ("cartox-2018.crs", "4"),
        ("ctcae-5.0.crs", "1"),
    ],
)
def test_creatinine_of_grade_4(spec: Spec, scale: str, grade: str) -> None:
    """Fever and dialysis: grade 4 by Lee and CARTOX, open by Penn, which does not list it."""
    spec(scale, WELL + "0 h | organ toxicity grade 4\n0 h | transaminase toxicity grade 0", f"0 h | {grade}")
