"""Overt DIC and tumour lysis

Scores of the laboratory with the judgement that they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

DIC = """
        0 h | platelets 45
        0 h | d dimer 3.0 (normal up to 0.5)
        0 h | prothrombin time 18 (normal up to 13)
        0 h | fibrinogen 0.9
        """


def test_the_points_of_overt_dic(spec: Spec) -> None:
    """Platelets 2, marker 3, prothrombin time 1, fibrinogen 1."""
    spec("isth-2001.overt-dic", "0 h | dic underlying disorder yes" + DIC, "0 h | 7")


def test_without_an_underlying_disorder(spec: Spec) -> None:
    """The score applies only to patients with a disorder that can cause DIC; unstated, it may be 0."""
    spec("isth-2001.overt-dic", "0 h | dic underlying disorder no" + DIC, "0 h | does not apply")
    spec("isth-2001.overt-dic", DIC, "0 h | [0, 7]")
    spec("isth-2001.overt-dic", DIC, "0 h | 7", underlying_disorder="assumed")


@pytest.mark.parametrize(("d_dimer", "points"), [("0.99", "4"), ("1.0", "6"), ("2.0", "6"), ("2.1", "7")])
def test_multiples_of_the_limit(spec: Spec, d_dimer: str, points: str) -> None:
    """Moderate from twice the upper limit, strong above four times: choices, for the score names none."""
    spec("isth-2001.overt-dic", "0 h | dic underlying disorder yes" + DIC.replace("3.0", d_dimer), f"0 h | {points}")


@pytest.mark.parametrize(("category", "points"), [("none", "4"), ("moderate", "6"), ("strong", "7")])
def test_the_marker_as_a_category(spec: Spec, category: str, points: str) -> None:
    """The increase as the laboratory judges it."""
    spec(
        "isth-2001.overt-dic",
        f"0 h | dic underlying disorder yes\n0 h | fibrin marker increase {category}" + DIC,
        f"0 h | {points}",
        fibrin_marker="category",
    )


TLS = """
        followed day 7 20:00
        day -5       | uric acid 5.0
        day -5       | potassium 4.0
        day -5       | phosphate 1.0
        day -5       | corrected calcium 2.3
        day -5 12:00 | milestone lymphodepletion
        day -2       | potassium 4.1
        day -2       | phosphate 1.1
        day -2       | corrected calcium 2.2
        day -2       | uric acid 5.0
        day 1        | uric acid 8.0
        day 2        | potassium 6.0
        """


def test_two_laboratory_criteria(spec: Spec) -> None:
    """Cairo and Bishop: two of uric acid, potassium, phosphate and calcium, at any time from day -3 to day 7."""
    spec("cairo-bishop-2004.tls-laboratory", TLS, "...\nday 1 | 0\nday 2 | 1")


HOWARD = """
        followed day 7 20:00
        day 1        | uric acid 8.1
        day 1        | potassium 4.0
        day 1        | phosphate 1.0
        day 1        | corrected calcium 2.3
        """


@pytest.mark.parametrize(("when", "met"), [("day 2 07:00", "1"), ("day 2 08:00", "[0, 1]")])
def test_two_criteria_within_a_day(spec: Spec, when: str, met: str) -> None:
    """Howard asks for both within 24 hours: the uric acid of the morning before no longer counts."""
    spec("howard-2011.tls-laboratory", HOWARD + f"{when} | potassium 6.0", f"...\nday 1 | 0\n{when} | {met}")


def test_a_quarter_from_the_baseline(spec: Spec) -> None:
    """Cairo and Bishop also count a change of a quarter from the baseline; Howard does not."""
    course = TLS.replace("uric acid 8.0", "uric acid 6.25").replace("potassium 6.0", "potassium 5.0")
    today = "day 2 | uric acid 6.25\nday 2 | phosphate 1.0\nday 2 | corrected calcium 2.3"
    spec("cairo-bishop-2004.tls-laboratory", course + today, "...\nday 2 | 1")
    spec("howard-2011.tls-laboratory", course + today, "...\nday 2 | 0")


def test_tumour_lysis_with_another_cause(spec: Spec) -> None:
    """Not when the team has another explanation."""
    spec(
        "cairo-bishop-2004.tls-laboratory",
        TLS + "day 3 to | other cause: tumour_lysis_sign",
        "...\nday 2 | 1\nday 3 | 0",
    )


@pytest.mark.parametrize(
    ("creatinine", "grade"), [("1.2", "0"), ("1.5", "1"), ("1.6", "2"), ("3.1", "3"), ("6.1", "4")]
)
def test_the_grade_of_clinical_tumour_lysis(spec: Spec, creatinine: str, grade: str) -> None:
    """Multiples of the upper limit of creatinine, in a patient with laboratory tumour lysis."""
    spec(
        "cairo-bishop-2004.tls-clinical",
        TLS
        + f"""
        day 3 | creatinine {creatinine} (normal up to 1.0)
        day 3 | tls arrhythmia grade 0
        day 3 | tls seizure grade 0
        """,
        f"...\nday 3 | {grade}",
    )


def test_clinical_tumour_lysis_by_howard(spec: Spec) -> None:
    """Creatinine that rises by 0.3 mg/dL, or an arrhythmia, a seizure or death."""
    spec(
        "howard-2011.tls-clinical",
        HOWARD
        + """
        day 1       | potassium 6.1
        day -3      | milestone lymphodepletion
        day -4      | creatinine 0.8
        day 1       | creatinine 1.0
        day 1       | oliguria no
        day 1       | tls arrhythmia no
        day 1       | tls seizure no
        day 1 20:00 | tls arrhythmia yes
        """,
        "...\nday 1 | 0\nday 1 20:00 | 1",
    )


def test_laboratory_tumour_lysis_is_one_question_for_the_whole_window(spec: Spec) -> None:
    """What was open before the first sample, and is ruled out by the samples, was never reached; what was met stays met."""
    samples = """
        followed day 9
        day -5 | milestone lymphodepletion
        day -6 | uric acid 5
        day -6 | potassium 4
        day -6 | phosphate 1.0
        day -6 | corrected calcium 2.3
        day -2 | uric acid 5
        day -2 | potassium 4
        day -2 | phosphate 1.0
        day -2 | corrected calcium 2.3
        """
    spec(
        "cairo-bishop-2004.tls-laboratory",
        samples,
        """
        day -3 00:00 | [0, 1]
        day -2       | 0
        day 8 00:00  | the window is closed
        """,
    )
    spec(
        "cairo-bishop-2004.tls-laboratory",
        samples + "day 1 | uric acid 9\nday 4 | potassium 6.1\nday 6 to | other cause: tumour_lysis_sign",
        episodes="from day 4 (day 4), peak 1, resolved at day 6",
    )
