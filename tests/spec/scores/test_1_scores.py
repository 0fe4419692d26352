"""Scores before the infusion

Risk and prognosis from what is recorded before the infusion. With the infusion these scores close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

BEFORE = """
        day -5 | platelets 60
        day -5 | neutrophils 1.0
        day -5 | haemoglobin 8.5
        day -5 | crp 45
        """


def test_a_marrow_that_will_recover_slowly(spec: Spec) -> None:
    """Platelets 2, neutrophils 1, haemoglobin 1, CRP of 4.5 mg/dL 1; ferritin adds up to 2 and closes the bounds."""
    spec("rejeski-2021.car-hematotox", BEFORE + "day -5 | ferritin 800", "day -5 | 6\n0 h | the window is closed")
    spec("rejeski-2021.car-hematotox", BEFORE, "... day -5 | [5, 7]")


def test_a_count_exactly_at_the_cut_off(spec: Spec) -> None:
    """The table leaves equality open: a named choice, by default the better class."""
    course = BEFORE.replace("neutrophils 1.0", "neutrophils 1.2") + "day -5 | ferritin 800"
    spec("rejeski-2021.car-hematotox", course, "... day -5 | 5")
    spec("rejeski-2021.car-hematotox", course, "... day -5 | 6", exactly_at_the_cut_off="worse")


def test_leukaemia_in_the_marrow_in_place_of_ferritin(spec: Spec) -> None:
    """The marrow cut-offs are not sure, and the file says so."""
    spec("nair-2025.all-ht", BEFORE + "day -5 | marrow blasts 40", "... day -5 | 7")


LYMPHOMA = """
        born 1955-02-02
        day -5 | ann arbor stage IV
        day -5 | ecog 2
        day -5 | ldh 600 (normal up to 250)
        day -5 | extranodal sites 2
        """


@pytest.mark.parametrize(
    ("score", "points"),
    [("ipi-1993.ipi", "5"), ("sehn-2007.r-ipi", "5"), ("ipi-1993.aa-ipi", "does not apply")],
)
def test_the_international_index_and_its_sisters(spec: Spec, score: str, points: str) -> None:
    """Above 60 years the age-adjusted index does not apply."""
    spec(score, LYMPHOMA, f"... day -5 | {points}")


def test_the_age_adjusted_index(spec: Spec) -> None:
    """Up to 60 years: stage, performance and LDH."""
    spec("ipi-1993.aa-ipi", LYMPHOMA.replace("1955", "1980"), "... day -5 | 3")


def test_the_index_of_a_network(spec: Spec) -> None:
    """71 years 2, LDH 2.4 times the limit 1, stage 1, performance 1; the organ adds one."""
    spec("zhou-2014.nccn-ipi", LYMPHOMA + "day -5 | extranodal major organ yes", "... day -5 | 6")
    spec("zhou-2014.nccn-ipi", LYMPHOMA, "... day -5 | [5, 6]")


def test_an_ldh_without_its_limit(spec: Spec) -> None:
    """No upper limit is assumed: the index stays open."""
    spec("ipi-1993.ipi", LYMPHOMA.replace(" (normal up to 250)", ""), "... day -5 | [4, 5]")


def test_follicular_and_mantle_cell_lymphoma(spec: Spec) -> None:
    """Each with its own items."""
    spec("solal-celigny-2004.flipi", LYMPHOMA + "day -5 | haemoglobin 11\nday -5 | nodal areas 6", "... day -5 | 5")
    spec("hoster-2008.s-mipi", LYMPHOMA + "day -5 | leukocytes 12", "... day -5 | 10")


def test_chronic_lymphocytic_leukaemia(spec: Spec) -> None:
    """TP53 weighs most."""
    course = """
        born 1950-01-01
        day -5 | tp53 aberration yes
        day -5 | ighv unmutated no
        day -5 | beta2 microglobulin 4.0
        day -5 | rai above 0 or binet above a yes
        """
    spec("iwg-2016.cll-ipi", course, "... day -5 | 8")


MYELOMA = """
        day -5 | beta2 microglobulin 6.0
        day -5 | albumin 30
        day -5 | ldh 300 (normal up to 250)
        day -5 | del_17p no
        day -5 | translocation_4_14 no
        day -5 | translocation_14_16 no
        """


def test_stages_of_myeloma(spec: Spec) -> None:
    """Stage III by beta-2 microglobulin; revised stage III because LDH is high too, II without."""
    spec("greipp-2005.iss", MYELOMA, "... day -5 | 3")
    spec("palumbo-2015.r-iss", MYELOMA, "... day -5 | 3")
    spec("palumbo-2015.r-iss", MYELOMA.replace("ldh 300", "ldh 200"), "... day -5 | 2")


def test_early_relapse_and_high_risk_of_myeloma(spec: Spec) -> None:
    """Four items; the definition of 2025 needs two lesions together or one that counts alone."""
    course = """
        day -5 | extramedullary disease yes
        day -5 | lenalidomide refractory yes
        day -5 | high risk cytogenetics no
        day -5 | ferritin 800 (normal up to 400)
        """
    spec("gagelmann-2024.mycare", course, "... day -5 | 3")
    spec("ims-imwg-2025.high-risk", "day -5 | tp53_mutation yes", "... day -5 | 1")
    spec("ims-imwg-2025.high-risk", "day -5 | translocation_4_14 yes", "... day -5 | [0, 1]")


def test_frailty(spec: Spec) -> None:
    """81 years 2, little help needed, one comorbid condition."""
    course = "born 1945-01-01\nday -5 | adl score 6\nday -5 | iadl score 7\nday -5 | charlson index 1"
    spec("palumbo-2015.imwg-frailty", course, "... day -5 | 2")


def test_comorbidity(spec: Spec) -> None:
    """One item known and the others not: a lower bound, not a score."""
    spec("sorror-2005.hct-ci", "day -5 | comorbidity renal yes", "... day -5 | [2, 26]")


def test_markers_of_inflammation(spec: Spec) -> None:
    """CRP of 40 mg/L is 4 mg/dL."""
    spec("faramand-2024.crp-ferritin", "day -5 | crp 40\nday -5 | ferritin 399", "... day -5 | 1")


def test_early_warnings(spec: Spec) -> None:
    """Fever within 36 hours and a chemokine; interleukin-6 besides for the nervous system. The digits are not sure."""
    course = """
        followed 40 h
        6 h | body temperature 39.2
        7 h | monocyte_chemoattractant_protein_1 2000
        """
    spec("hay-2017.severe-crs-trigger", course, "... 7 h | 1")
    spec("gust-2017.severe-neurotoxicity-trigger", course, "... 7 h | [0, 1]")
    spec("gust-2017.severe-neurotoxicity-trigger", course + "8 h | interleukin_6 10", "... 8 h | 0")
