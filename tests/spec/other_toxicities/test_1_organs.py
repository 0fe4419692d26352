"""Bowel, movement, nerves, local reactions

Terms that the team grades; the rule set keeps the attribution, the time and the bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

TERMS = (
    ("ctcae-5.0.enterocolitis", "enterocolitis", "enterocolitis ctcae grade", "diarrhoea"),
    ("ctcae-5.0.parkinsonism", "parkinsonism", "parkinsonism ctcae grade", "parkinsonism"),
    ("ctcae-5.0.cranial-nerve-palsy", "cranial nerve palsy", "cranial nerve ctcae grade", "cranial_nerve_palsy"),
)
each_term = pytest.mark.parametrize(("scale", "sign", "grade", "cause"), TERMS)


@each_term
def test_a_stated_sign(spec: Spec, scale: str, sign: str, grade: str, cause: str) -> None:
    """A sign that is stated counts as it was judged; until it is judged the higher grades stay open."""
    spec(
        scale,
        f"0 h | {sign} no\n2 h | {sign} yes\n3 h | {grade} 2\n6 h | {grade} 3",
        "...\n0 h | 0\n2 h | [1, 5]\n3 h | 2\n6 h | 3",
    )


@each_term
def test_a_sign_with_another_cause(spec: Spec, scale: str, sign: str, grade: str, cause: str) -> None:
    """Infection, a drug or the disease itself, when the team judges so."""
    spec(scale, f"0 h | {sign} yes\n0 h | {grade} 3\n4 h to | other cause: {cause}", "0 h | 3\n4 h | 0")


@pytest.mark.parametrize(("unstated", "result"), [("unknown", "[0, 5]"), ("no", "0")])
@each_term
def test_a_sign_that_nobody_stated(
    spec: Spec, scale: str, sign: str, grade: str, cause: str, unstated: str, result: str
) -> None:
    """Nothing recorded is any grade, or taken as absent where a centre chooses so; a judged grade of 0 is absence."""
    spec(scale, "followed 10 h", f"0 h | {result}", unstated=unstated)
    spec(scale, f"0 h | {grade} 0", "0 h | 0", unstated=unstated)
    spec(scale, f"0 h | {grade} 2", "0 h | 2", unstated=unstated)
    spec(scale, f"0 h | {sign} yes", "0 h | [1, 5]", unstated=unstated)


LICATS = """
        indication systemic-sclerosis
        always | recorded completely: everything
        0 h    | local toxicity yes
        0 h    | local toxicity organ affected before yes
        0 h    | b cell aplasia yes
        """


def test_licats(spec: Spec) -> None:
    """A local reaction in an organ that was ill before; the treatment gives the grade."""
    spec(
        "licats-2025.licats",
        LICATS
        + """
        2 h        | corticosteroid: prednisolone because licats
        3 h to 5 h | stay: ward because toxicity
        5 h to 7 h | stay: icu because toxicity
        """,
        "0 h | 1\n2 h | 2\n3 h | 3\n5 h | 4\n7 h | 2",
    )


def test_licats_is_for_autoimmune_diseases(spec: Spec) -> None:
    """In lymphoma the scale does not apply; without an indication nobody knows."""
    spec("licats-2025.licats", LICATS.replace("systemic-sclerosis", "large-b-cell-lymphoma"), "0 h | does not apply")
    spec("licats-2025.licats", LICATS.replace("indication systemic-sclerosis", ""), "0 h | [0, 1]")


@pytest.mark.parametrize(("b_cells", "aplasia"), [("0", "1"), ("0.003", "[0, 1]"), ("0.1", "[0, 1]"), ("0.11", "0")])
def test_b_cell_aplasia(spec: Spec, b_cells: str, aplasia: str) -> None:
    """Below the cut-off; up to 0.1 x10^9/L the answer is open, because no cut-off is agreed."""
    spec("local.b-cell-aplasia", f"0 h | b cells {b_cells}", f"0 h | {aplasia}")


def test_loss_of_b_cell_aplasia(spec: Spec) -> None:
    """More than 1 % on two samples in a row; one sample alone does not tell."""
    spec(
        "cincinnati.b-cell-aplasia-loss",
        """
        followed day 60
        day 10 | b cell percentage 0.2
        day 10 | b cells 0.01
        day 30 | b cell percentage 1.4
        day 30 | b cells 0.02
        day 40 | b cell percentage 1.6
        day 40 | b cells 0.02
        """,
        "...\nday 10 | 0\nday 30 | 0\nday 40 | 1",
    )


@pytest.mark.parametrize(("igg", "class_"), [("6.1", "0"), ("6.0", "1"), ("4.1", "1"), ("4.0", "2")])
def test_hypogammaglobulinaemia(spec: Spec, igg: str, class_: str) -> None:
    """At most 6 g/L, and at most 4 g/L."""
    spec("cohort-2024.hypogammaglobulinaemia", f"0 h | igg {igg}", f"0 h | {class_}")


def test_replacing_immunoglobulin(spec: Spec) -> None:
    """IgG below 4 g/L with serious infection in adults; children as a routine."""
    course = """
        0 h | igg 3.9
        2 h | serious or recurrent bacterial infection no
        4 h | serious or recurrent bacterial infection yes
        """
    spec("ebmt-2022.igg-replacement", course, "0 h | [0, 1]\n2 h | 0\n4 h | 1")
    spec("ebmt-2022.igg-replacement", "born 2018-03-01\n" + course, "0 h | 1")
    spec("stanford.igg-replacement", "0 h | igg 3.9\n2 h | sinopulmonary infection yes", "0 h | [0, 1]\n2 h | 1")
