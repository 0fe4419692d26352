"""CRES and the MSKCC scale

Two older scales of neurotoxicity, with items of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

CRES_WELL = """
        0 h    | arousal spontaneous
        always | recorded completely: sedation
        """


@pytest.mark.parametrize(
    ("score", "grade"), [("10", "0"), ("9", "1"), ("7", "1"), ("6", "2"), ("3", "2"), ("2", "3"), ("0", "3")]
)
def test_cartox_10(spec: Spec, score: str, grade: str) -> None:
    """The CARTOX-10 score is not the ICE score: five questions of orientation and no command."""
    spec("cartox-2018.cres", CRES_WELL + f"0 h | cartox10 score {score}", f"0 h | {grade}", unstated_findings="no")


@pytest.mark.parametrize(
    ("finding", "cres", "icans"),
    [
        ("seizure generalised yes", "4", "0"),
        ("motor weakness new yes", "4", "0"),
        ("cerebral oedema focal yes", "4", "3"),
        ("papilloedema yes\n1 h | papilloedema stage 2", "3", "4"),
        ("papilloedema yes\n1 h | papilloedema stage 3", "4", "4"),
        ("raised intracranial pressure yes\n1 h | csf opening pressure 19", "3", "0"),
        ("raised intracranial pressure yes\n1 h | csf opening pressure 20", "4", "0"),
    ],
)
def test_findings_differ_from_icans(spec: Spec, finding: str, cres: str, icans: str) -> None:
    """Findings have other names and other grades than in ICANS; each scale reads its own."""
    course = CRES_WELL + f"0 h | cartox10 score 10\n0 h | ice score 10\n1 h | {finding}"
    spec("cartox-2018.cres", course, f"...\n1 h | {cres}", unstated_findings="no")
    spec("astct-2019.icans", course, f"...\n1 h | {icans}", unstated_findings="no")


@pytest.mark.parametrize(
    ("obtunded", "arousal", "grade"),
    [("open", "touch", "[0, 4]"), ("counts", "touch", "4"), ("not-counted", "touch", "0")],
)
def test_obtunded(spec: Spec, obtunded: str, arousal: str, grade: str) -> None:
    """The scale says obtunded and does not say how that is tested."""
    spec(
        "cartox-2018.cres",
        f"always | recorded completely: sedation\n0 h | arousal {arousal}\n0 h | cartox10 score 10",
        f"0 h | {grade}",
        unstated_findings="no",
        obtunded=obtunded,
    )


MSKCC_WELL = "0 h | mskcc other domains 0"


@pytest.mark.parametrize(
    ("finding", "grade"),
    [
        ("tremor no", "0"),
        ("tremor yes\n0 h | tremor severity mild", "1"),
        ("tremor yes\n0 h | tremor severity airway", "4"),
        ("motor weakness new yes\n0 h | motor strength 4", "3"),
        ("motor weakness new yes\n0 h | motor strength 2", "4"),
        ("seizure yes", "3"),
        ("seizure yes\n0 h | seizure prolonged yes", "4"),
        ("papilloedema yes\n0 h | papilloedema stage 2", "3"),
        ("sixth nerve palsy yes", "4"),
        ("cushing triad yes", "4"),
    ],
)
def test_mskcc(spec: Spec, finding: str, grade: str) -> None:
    """Tremor and strength count here."""
    spec("mskcc-2018.neurotoxicity", f"{MSKCC_WELL}\n0 h | {finding}", f"0 h | {grade}", unstated_findings="no")


@pytest.mark.parametrize(("tremor_more_than_mild", "grade"), [("open", "[1, 3]"), ("grade-2", "2"), ("grade-3", "3")])
def test_more_than_mild_tremor(spec: Spec, tremor_more_than_mild: str, grade: str) -> None:
    """The rows for tremor between mild and airway were not read; their grade is a choice."""
    spec(
        "mskcc-2018.neurotoxicity",
        f"{MSKCC_WELL}\n0 h | tremor yes\n0 h | tremor severity more",
        f"0 h | {grade}",
        unstated_findings="no",
        tremor_more_than_mild=tremor_more_than_mild,
    )


@pytest.mark.parametrize(("other_domains", "grade"), [("counts", "[0, 4]"), ("left-out", "0")])
def test_domains_that_are_not_encoded(spec: Spec, other_domains: str, grade: str) -> None:
    """Rows of the table that are not encoded are stated as one grade; unstated they leave the result open."""
    spec(
        "mskcc-2018.neurotoxicity",
        "0 h | tremor no",
        f"0 h | {grade}",
        unstated_findings="no",
        other_domains=other_domains,
    )
