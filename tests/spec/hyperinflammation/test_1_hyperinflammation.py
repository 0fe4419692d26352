"""IEC-HS, HLH and MAS-L

Ferritin with the company it keeps: five definitions of hyperinflammation, each in its own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

HIGH = """
        -48 h | ferritin 400 (normal up to 300)
        2 h   | ferritin 12000 (normal up to 300)
        """


def test_the_required_criterion_of_iec_hs(spec: Spec) -> None:
    """Ferritin above twice its upper limit or the baseline is required; the other criteria are counted with it."""
    for ferritin, points in (("600", "0"), ("601", "1")):
        spec(
            "iec-hs-2023.pattern",
            f"""
            2 h | ferritin {ferritin} (normal up to 300)
            -48 h | ferritin 400 (normal up to 300)
            2 h | fibrinogen 3.0 (normal 2 to 4)
            2 h | ast 20 (normal up to 40)
            2 h | alt 20 (normal up to 40)
            2 h | neutrophils 2.0
            2 h | platelets 150
            """,
            f"...\n2 h | {points}",
            unstated_findings="no",
        )


def test_the_pattern_of_iec_hs(spec: Spec) -> None:
    """One point for each: ferritin, transaminases, fibrinogen, haemophagocytosis, cytopenia."""
    spec(
        "iec-hs-2023.pattern",
        HIGH
        + """
        -48 h | ast 30 (normal up to 40)
        -48 h | alt 30 (normal up to 40)
        2 h   | ast 320 (normal up to 40)
        2 h   | alt 20 (normal up to 40)
        2 h   | fibrinogen 1.2 (normal 2 to 4)
        2 h   | neutrophils 0.2
        2 h   | platelets 12
        4 h   | cytopenia new or worse yes
        6 h   | haemophagocytosis marrow yes
        """,
        """
        ...
        2 h | [3, 4]
        4 h | 4
        6 h | 5
        """,
        unstated_findings="no",
    )


@pytest.mark.parametrize(
    ("local_rule", "points"), [("pattern-only", "2"), ("one-most-common", "2"), ("two-most-common", "0")]
)
def test_a_local_rule(spec: Spec, local_rule: str, points: str) -> None:
    """How many criteria make the syndrome is not published; a centre may set its own."""
    spec(
        "iec-hs-2023.pattern",
        HIGH
        + """
        2 h   | fibrinogen 1.2 (normal 2 to 4)
        2 h   | ast 20 (normal up to 40)
        2 h   | alt 20 (normal up to 40)
        2 h   | neutrophils 2.0
        2 h   | platelets 150
        """,
        f"...\n2 h | {points}",
        local_rule=local_rule,
        unstated_findings="no",
    )


def test_hyperinflammation_with_another_cause(spec: Spec) -> None:
    """Infection or progression, when the team judges so, ends it."""
    spec(
        "iec-hs-2023.pattern",
        HIGH + "4 h to | other cause: hyperinflammation",
        "...\n2 h | [1, 5]\n4 h | 0",
    )


def test_the_grade_of_iec_hs(spec: Spec) -> None:
    """The grade asks for the diagnosis; then it follows what is done and what threatens."""
    spec(
        "iec-hs-2023.grade",
        """
        always     | recorded completely: everything
        0 h to     | stay: ward
        0 h        | ferritin 250 (normal up to 300)
        2 h        | iec hs yes
        3 h        | anticytokine: anakinra
        4 h to 6 h | oxygen: nasal-cannula 3 L/min because hypoxia
        6 h to 8 h | oxygen: mechanical-ventilation because hypoxia
        9 h        | milestone death iec-hs
        """,
        """
        0 h | 0
        2 h | 1
        3 h | 2
        4 h | 3
        6 h | 4
        8 h | 2
        9 h | 5
        """,
        unstated_findings="no",
    )


@pytest.mark.parametrize(("diagnosis_unstated", "grade"), [("possible", "[0, 1]"), ("not-counted", "0")])
def test_a_diagnosis_that_nobody_stated(spec: Spec, diagnosis_unstated: str, grade: str) -> None:
    """High ferritin alone opens the question, or does not."""
    spec(
        "iec-hs-2023.grade",
        HIGH + "always | recorded completely: everything",
        f"...\n2 h | {grade}",
        diagnosis_unstated=diagnosis_unstated,
        unstated_findings="no",
    )


HLH = """
        2 h | body temperature 38.9
        2 h | neutrophils 0.4
        2 h | platelets 40
        2 h | haemoglobin 8.1
        2 h | triglycerides 300
        2 h | ferritin 900
        """


def test_five_of_eight(spec: Spec) -> None:
    """HLH-2004 asks for five of eight; four known ones leave it open until the fifth is found."""
    spec("hlh-2004.criteria", HLH + "5 h | soluble cd25 2400", "...\n2 h | [0, 1]\n5 h | 1")


def test_four_of_eight(spec: Spec) -> None:
    """Four and nothing else: not met."""
    spec("hlh-2004.criteria", HLH + "5 h | soluble cd25 2399", "...\n5 h | 0", unstated_findings="no")


@pytest.mark.parametrize(("at_the_cut_off", "met"), [("met", "1"), ("not-met", "0")])
def test_exactly_at_a_cut_off(spec: Spec, at_the_cut_off: str, met: str) -> None:
    """Whether 38.5 °C itself is fever is read differently."""
    spec(
        "hlh-2004.criteria",
        HLH.replace("38.9", "38.5") + "2 h | soluble cd25 3000",
        f"...\n2 h | {met}",
        at_the_cut_off=at_the_cut_off,
        unstated_findings="no",
    )


def test_a_molecular_diagnosis(spec: Spec) -> None:
    """A molecular diagnosis is enough by itself."""
    spec("hlh-2004.criteria", "0 h | hlh molecular diagnosis yes", "0 h | 1")


def test_carhlh(spec: Spec) -> None:
    """Ferritin above 10,000 ug/L and two of: liver, kidney, lungs, haemophagocytosis; what is not measured stays open."""
    spec(
        "cartox-2018.carhlh",
        """
        1 h | ferritin 10000
        2 h | ferritin 10001
        2 h | bilirubin 4.0 (normal up to 1.2)
        4 h | creatinine 4.0 (normal up to 1.2)
        """,
        "...\n1 h | 0\n2 h | [0, 1]\n4 h | 1",
        unstated_findings="no",
    )


@pytest.mark.parametrize(("later", "met"), [("2300", "0"), ("2400", "1")])
def test_mas_l(spec: Spec, later: str, met: str) -> None:
    """Ferritin that rises by 100 ug/L per hour within a day, with fibrinogen below 1.5 g/L or LDH above twice its limit."""
    spec(
        "ucsf-2021.mas-l",
        f"""
        0 h | ferritin 2000
        4 h | ferritin {later}
        0 h | fibrinogen 1.4
        0 h | ldh 300 (normal up to 250)
        """,
        f"...\n4 h | {met}",
    )


def test_mas_l_needs_both(spec: Spec) -> None:
    """A steep rise with normal fibrinogen and LDH is not MAS-L."""
    spec(
        "ucsf-2021.mas-l",
        "0 h | ferritin 2000\n4 h | ferritin 9000\n0 h | fibrinogen 1.5\n0 h | ldh 500 (normal up to 250)",
        "...\n4 h | 0",
    )


def test_two_ferritins_too_far_apart(spec: Spec) -> None:
    """Two values more than a day apart say nothing of the steepness."""
    spec(
        "ucsf-2021.mas-l",
        "followed 30 h\n0 h | ferritin 2000\n25 h | ferritin 90000\n24 h | fibrinogen 1.0",
        "...\n25 h | [0, 1]",
    )


def test_hscore(spec: Spec) -> None:
    """The HScore adds up weights; what is missing leaves its points open."""
    course = """
        2 h | known immunosuppression no
        2 h | body temperature 39.0
        2 h | hepatomegaly no
        2 h | splenomegaly yes
        2 h | haemoglobin 8.0
        2 h | leukocytes 2.0
        2 h | platelets 40
        2 h | ferritin 7000
        2 h | triglycerides 200
        2 h | fibrinogen 2.0
        2 h | ast 80
        """
    spec("fardet-2014.hscore", course + "5 h | haemophagocytosis marrow no", "...\n2 h | [233, 268]\n5 h | 233")


def test_other_manifestations(spec: Spec) -> None:
    """What may also be present in IEC-HS is counted by itself, one point each, and never makes the diagnosis."""
    spec(
        "iec-hs-2023.associated",
        """
        always | recorded completely: everything
        0 h    | ldh 600 (normal up to 250)
        0 h    | prothrombin time 12 (normal up to 13)
        0 h    | aptt 30 (normal up to 38)
        0 h    | direct bilirubin 0.2 (normal up to 0.3)
        0 h    | body temperature 37.0
        0 h    | triglycerides 265
        2 h    | triglycerides 266
        3 h to | oxygen: nasal-cannula 2 L/min because hypoxia
        4 h    | splenomegaly yes
        """,
        """
        0 h | 1
        2 h | 2
        3 h | 3
        4 h | 4
        """,
        unstated_findings="no",
    )


def test_what_was_high_before_the_infusion(spec: Spec) -> None:
    """The syndromes come after the cells: a value from before the infusion never meets a criterion. Until the first one after it,
    a value that was fine rules a criterion out, and one that was not leaves it open.
    """
    before = """
        always | recorded completely: everything
        -6 h   | ferritin 12000 (normal up to 300)
        -6 h   | bilirubin 5 (normal up to 1.2)
        -6 h   | creatinine 5 (normal up to 1.2)
        -6 h   | ast 20 (normal up to 40)
        -6 h   | alt 20 (normal up to 40)
        """
    after = """
        4 h    | bilirubin 0.8 (normal up to 1.2)
        4 h    | creatinine 0.8 (normal up to 1.2)
        """
    spec("cartox-2018.carhlh", before, "0 h | [0, 1]", unstated_findings="no")
    spec("cartox-2018.carhlh", before + after, "0 h | [0, 1]\n4 h | 0", unstated_findings="no")
    spec("cartox-2018.carhlh", before.replace("12000", "900"), "0 h | 0", unstated_findings="no")


def test_a_marrow_from_before_the_infusion(spec: Spec) -> None:
    """Haemophagocytosis seen before the infusion is as if nothing had been stated; its absence then holds."""
    table = """
        -48 h | haemophagocytosis marrow yes
        -48 h | haemophagocytosis tissue no
        -48 h | creatinine 0.8 (normal up to 1.2)
        2 h   | ferritin 12000 (normal up to 300)
        2 h   | bilirubin 5 (normal up to 1.2)
        2 h   | ast 20 (normal up to 40)
        2 h   | alt 20 (normal up to 40)
        2 h   | creatinine 0.8 (normal up to 1.2)
        2 h   | oliguria severe no
        2 h   | pulmonary oedema severe no
        """
    spec("cartox-2018.carhlh", table, "...\n2 h | [0, 1]")
    spec("cartox-2018.carhlh", table + "4 h | haemophagocytosis marrow yes", "...\n2 h | [0, 1]\n4 h | 1")
    spec("cartox-2018.carhlh", table.replace("marrow yes", "marrow no"), "...\n2 h | 0")


def test_a_drug_given_before_the_infusion(spec: Spec) -> None:
    """Anakinra that was given before the infusion does not treat the syndrome."""
    table = """
        always | recorded completely: everything
        0 h    | iec hs yes
        0 h    | bleeding transfusion no
        0 h    | bleeding life threatening no
        0 h    | acute kidney injury no
        0 h    | hypotension no
        """
    spec("iec-hs-2023.grade", table + "-2 h | anticytokine: anakinra", "0 h | 1")
    spec("iec-hs-2023.grade", table + "2 h | anticytokine: anakinra", "0 h | 1\n2 h | 2")


def test_a_rise_of_ferritin_before_the_infusion(spec: Spec) -> None:
    """A rise that was over before the infusion does not count; the rise across it does."""
    table = """
        -10 h | ferritin 500
        -2 h  | ferritin 3000
        2 h   | fibrinogen 1.2
        2 h   | ldh 200 (normal up to 250)
        """
    spec("ucsf-2021.mas-l", table, "...\n2 h | [0, 1]")
    spec("ucsf-2021.mas-l", table + "8 h | ferritin 3100", "...\n2 h | [0, 1]\n8 h | 0")
    spec("ucsf-2021.mas-l", table + "8 h | ferritin 5000", "...\n2 h | [0, 1]\n8 h | 1")


def test_fever_of_hlh_with_another_cause(spec: Spec) -> None:
    """A temperature taken while the fever was put down to another cause does not count later; those taken after it do."""
    table = """
        0 h        | splenomegaly yes
        0 h        | ferritin 900
        0 h        | soluble cd25 9000
        0 h        | triglycerides 300
        0 h        | haemophagocytosis marrow no
        0 h        | haemophagocytosis tissue no
        0 h        | nk activity low no
        0 h        | neutrophils 3.0
        0 h        | platelets 150
        0 h        | haemoglobin 12
        0 h        | body temperature 39
        0 h to 4 h | other cause: fever
        """
    spec("hlh-2004.criteria", table + "6 h | body temperature 37", "0 h | 0")
    spec("hlh-2004.criteria", table + "6 h | body temperature 38.6", "0 h | 0\n6 h | 1")


def test_how_long_values_count_together(spec: Spec) -> None:
    """Values, statements and treatment count for three days."""
    labs = """
        followed 80 h
        -48 h | ferritin 250 (normal up to 300)
        2 h   | ferritin 12000 (normal up to 300)
        30 h  | ferritin 200 (normal up to 300)
        """
    for at in (2, 40):
        labs += f"""
        {at} h | ast 20 (normal up to 40)
        {at} h | alt 20 (normal up to 40)
        {at} h | fibrinogen 3.0 (normal 2 to 4)
        {at} h | neutrophils 2.0
        {at} h | platelets 150
        """
    spec("iec-hs-2023.pattern", labs, "...\n2 h | 1\n73.9 h | 1\n74 h | 0", unstated_findings="no")
    treated = """
        followed 80 h
        always | recorded completely: everything
        0 h    | iec hs yes
        2 h    | anticytokine: anakinra
        """
    spec("iec-hs-2023.grade", treated, "0 h | 1\n2 h | 2\n74 h | 1", unstated_findings="no")
    fever = """
        followed 80 h
        always | recorded completely: everything
        """
    for at in (2, 40):
        fever += f"""
        {at} h | ldh 200 (normal up to 250)
        {at} h | prothrombin time 11 (normal up to 13)
        {at} h | aptt 30 (normal up to 35)
        {at} h | direct bilirubin 0.1 (normal up to 0.3)
        {at} h | triglycerides 100
        {at} h | body temperature {38.2 if at == 2 else 37}
        """
    spec("iec-hs-2023.associated", fever, "...\n2 h | 1\n73.9 h | 1\n74 h | 0", unstated_findings="no")
