"""Limits of selection and of pivotal trials

One patient who is fit in every respect, held against each set of limits: 1 where every criterion is met, 0 where one is not, and
both while something is not recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

LABORATORY = """
        followed 48 h
        1 h | neutrophils 2.5
        1 h | platelets 150
        1 h | lymphocytes 0.8
        1 h | cd3 cells 0.5
        1 h | haemoglobin 11
        1 h | leukocytes 5
        1 h | creatinine 0.8 (normal 0.5 to 1.1)
        1 h | creatinine clearance 95
        1 h | egfr 90
        1 h | alt 20 (normal up to 40)
        1 h | ast 20 (normal up to 40)
        1 h | bilirubin 0.5 (normal up to 1.2)
        1 h | oxygen saturation 98
        1 h | left ventricular ejection fraction 62
        1 h | left ventricular shortening fraction 35
        1 h | ecog 1
        1 h | karnofsky 80
        1 h | lansky 80
        1 h | hiv positive no
        1 h | hbv positive no
        1 h | hcv positive no
        1 h | htlv positive no
        1 h | active cns disease no
        1 h | gilbert syndrome no
        1 h | sars cov 2 positive no
        """
STATED = """
        1 h | active gvhd no
        1 h | active infection no
        1 h | active other malignancy no
        1 h | life expectancy sufficient yes
        1 h | systemic immunosuppression no
        """
SECOND_LINE = """
        indication large-b-cell-lymphoma
        1 h | prior lines 1
        1 h | relapsed within 12 months yes
        1 h | transplant candidate yes
        """
LATE_LYMPHOMA = """
        indication large-b-cell-lymphoma
        1 h | prior lines 2
        1 h | pericardial effusion no
        1 h | prior allogeneic transplant no
        """
LATE_MYELOMA = """
        indication multiple-myeloma
        1 h | prior lines 3
        1 h | double refractory yes
        1 h | lenalidomide refractory yes
        1 h | marrow plasma cells 20
        1 h | prior imid yes
        1 h | prior proteasome inhibitor yes
        1 h | prior anti cd38 yes
        """
LEUKAEMIA = "indication b-cell-acute-lymphoblastic-leukaemia\n1 h | marrow blasts 30\n"
SARCOMA = "indication synovial-sarcoma\n1 h | symptomatic cns metastases no\n"


def test_the_recommendation_of_2022(spec: Spec) -> None:
    """A fit patient has no concern; while nobody has stated infection and immunosuppression, it stays open."""
    spec("ebmt-2022.eligibility", LABORATORY + STATED, "... 1 h | 1")
    spec("ebmt-2022.eligibility", LABORATORY, "... 1 h | [0, 1]")
    spec("ebmt-2022.eligibility", (LABORATORY + STATED).replace("platelets 150", "platelets 49"), "... 1 h | 0")


@pytest.mark.parametrize(
    ("trial", "facts"), [("zuma-1", LATE_LYMPHOMA), ("juliet", LATE_LYMPHOMA), ("transcend", LATE_LYMPHOMA)]
)
def test_trials_of_the_third_line_of_lymphoma(spec: Spec, trial: str, facts: str) -> None:
    """Two lines before, nothing in the nervous system."""
    spec(f"{trial}.eligibility", facts + LABORATORY, "... 1 h | 1")
    spec(f"{trial}.eligibility", facts + LABORATORY.replace("ecog 1", "ecog 3"), "... 1 h | 0")


@pytest.mark.parametrize("trial", ["zuma-7", "transform"])
def test_trials_of_the_second_line_of_lymphoma(spec: Spec, trial: str) -> None:
    """One line before, relapse within a year, a candidate for transplantation; without these statements it stays open."""
    young = "born 1968-05-17\n" + SECOND_LINE + LABORATORY
    spec(f"{trial}.eligibility", young, "... 1 h | 1")
    spec(f"{trial}.eligibility", young.replace("prior lines 1", "prior lines 2"), "... 1 h | 0")
    spec(f"{trial}.eligibility", young.replace("1 h | transplant candidate yes", ""), "... 1 h | [0, 1]")


@pytest.mark.parametrize("trial", ["karmma", "karmma-3", "cartitude-1", "cartitude-4"])
def test_trials_of_myeloma(spec: Spec, trial: str) -> None:
    """Three lines before, refractory to lenalidomide; another disease is outside."""
    spec(f"{trial}.eligibility", LATE_MYELOMA + LABORATORY, "... 1 h | 1")
    other = LATE_MYELOMA.replace("multiple-myeloma", "large-b-cell-lymphoma")
    spec(f"{trial}.eligibility", other + LABORATORY, "... 1 h | 0")


def test_trials_of_leukaemia(spec: Spec) -> None:
    """Children and young adults in ELIANA, adults in ZUMA-3 and FELIX."""
    child = "born 2014-04-01\n1 h | cns_3 no\n" + LEUKAEMIA + LABORATORY
    adult = "born 1980-04-01\n" + LEUKAEMIA + LABORATORY
    spec("eliana.eligibility", child, "... 1 h | 1")
    spec("eliana.eligibility", adult, "... 1 h | 0")
    spec("zuma-3.eligibility", adult, "... 1 h | 1")
    spec("zuma-3.eligibility", child, "... 1 h | 0")
    spec("felix.eligibility", adult, "... 1 h | 1")
    spec("felix.eligibility", adult.replace("marrow blasts 30", "marrow blasts 1"), "... 1 h | 0")


def test_a_trial_of_t_cell_receptors(spec: Spec) -> None:
    """Synovial sarcoma, without metastases that trouble the brain. Typing is a gate of the product, not of these limits."""
    spec("spearhead-1.eligibility", SARCOMA + LABORATORY, "... 1 h | 1")
    spec(
        "spearhead-1.eligibility", (SARCOMA + LABORATORY).replace("hiv positive no", "hiv positive yes"), "... 1 h | 0"
    )


def test_the_first_cohorts_of_one_institute(spec: Spec) -> None:
    """Counts without growth factor or transfusion, no hepatitis."""
    spec("nci-early.eligibility", LABORATORY, "... 1 h | 1")
    spec("nci-early.eligibility", LABORATORY.replace("haemoglobin 11", "haemoglobin 7.9"), "... 1 h | 0")


def test_counts_at_which_collection_may_begin(spec: Spec) -> None:
    """Lymphocytes or T cells, and not a blood full of blasts."""
    spec("compiled-2026.collection-start", LABORATORY, "... 1 h | 1")
    few = LABORATORY.replace("lymphocytes 0.8", "lymphocytes 0.1").replace("cd3 cells 0.5", "cd3 cells 0.05")
    spec("compiled-2026.collection-start", few, "... 1 h | 0")
