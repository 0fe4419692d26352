"""ICANS in adults

The worst of five domains: the ICE test, arousal, seizures, weakness, and pressure in the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

WELL = """
        0 h    | arousal spontaneous
        0 h    | seizure no
        0 h    | seizure prolonged no
        0 h    | motor weakness focal no
        0 h    | cerebral oedema focal no
        0 h    | cerebral oedema diffuse no
        0 h    | posturing no
        0 h    | sixth nerve palsy no
        0 h    | papilloedema no
        0 h    | cushing triad no
        always | recorded completely: sedation
        """


@pytest.mark.parametrize(
    ("ice", "grade"), [("10", "0"), ("9", "1"), ("7", "1"), ("6", "2"), ("3", "2"), ("2", "3"), ("0", "3")]
)
def test_ice_in_an_awake_patient(spec: Spec, ice: str, grade: str) -> None:
    """Ten points are no ICANS; 7 to 9, 3 to 6 and 0 to 2 are grades 1 to 3 in a patient who is awake."""
    spec("astct-2019.icans", WELL + f"0 h | ice score {ice}", f"0 h | {grade}")


def test_ice_4_awake_nothing_missing(spec: Spec) -> None:
    """When nothing is missing the bounds are one grade."""
    spec("astct-2019.icans", WELL + "0 h | ice score 4", "0 h | 2")


def test_no_data_at_all(spec: Spec) -> None:
    """An adult of whom nothing is recorded could have any grade but death."""
    spec("astct-2019.icans", "followed 10 h", "0 h | [0, 4]")


def test_no_ice_test(spec: Spec) -> None:
    """A test that was not done is neither 0 nor 10 points: awake and well otherwise, 0 to 3."""
    spec("astct-2019.icans", WELL, "0 h | [0, 3]", missing="ice")


def test_the_items_of_the_test(spec: Spec) -> None:
    """Items add up; an item that was not asked leaves its points open: here 7 to 10."""
    spec(
        "astct-2019.icans",
        WELL
        + """
        0 h | ice orientation 4
        0 h | ice naming 3
        2 h | ice command 1
        2 h | ice writing 0
        2 h | ice attention 1
        """,
        """
        0 h | [0, 1]
        2 h | 1
        """,
    )


def test_unarousable(spec: Spec) -> None:
    """ICE 0 is grade 3 awake, grade 4 when the patient cannot be woken, without any test too."""
    spec("astct-2019.icans", WELL + "0 h | ice score 0\n2 h | arousal unarousable", "0 h | 3\n2 h | 4")
    spec("astct-2019.icans", WELL + "2 h | arousal unarousable", "0 h | [0, 3]\n2 h | 4")


@pytest.mark.parametrize(
    ("arousal", "grade"), [("spontaneous", "0"), ("voice", "2"), ("touch", "3"), ("unarousable", "4")]
)
def test_arousal_with_a_full_test(spec: Spec, arousal: str, grade: str) -> None:
    """Waking spontaneously is normal; waking to voice is grade 2 whatever the test says."""
    spec("astct-2019.icans", WELL + f"0 h | ice score 10\n0 h | arousal {arousal}", f"0 h | {grade}")


@pytest.mark.parametrize(
    ("finding", "grade"),
    [
        ("seizure", "3"),
        ("seizure prolonged", "4"),
        ("motor weakness focal", "4"),
        ("cerebral oedema focal", "3"),
        ("cerebral oedema diffuse", "4"),
        ("posturing", "4"),
        ("sixth nerve palsy", "4"),
        ("papilloedema", "4"),
        ("cushing triad", "4"),
        ("tremor", "0"),
        ("facial palsy", "0"),
        ("intracranial haemorrhage", "0"),
    ],
)
def test_each_finding(spec: Spec, finding: str, grade: str) -> None:
    """Focal and diffuse oedema differ; tremor, facial palsy and haemorrhage are not ICANS."""
    spec("astct-2019.icans", WELL + f"0 h | ice score 10\n1 h | {finding} yes", f"...\n1 h | {grade}")


def test_the_worst_domain_counts(spec: Spec) -> None:
    """ICE 3 with a seizure is grade 3."""
    spec("astct-2019.icans", WELL + "0 h | ice score 3\n1 h | seizure yes", "0 h | 2\n1 h | 3")


@pytest.mark.parametrize(
    ("cause", "finding", "grade"),
    [
        ("seizure", "seizure yes", "0"),
        ("motor", "motor weakness focal yes", "0"),
        ("consciousness", "arousal touch", "0"),
    ],
)
def test_another_cause(spec: Spec, cause: str, finding: str, grade: str) -> None:
    """A finding that the team puts down to another cause does not count."""
    spec(
        "astct-2019.icans",
        WELL + f"0 h | ice score 10\n0 h | {finding}\n0 h to | other cause: {cause}",
        f"0 h | {grade}",
    )


def test_sedation(spec: Spec) -> None:
    """A sedated patient who cannot be woken: the grade is open, neither 0 nor 4, from the start of the sedation on."""
    spec(
        "astct-2019.icans",
        WELL
        + """
        0 h        | ice score 10
        2 h to 6 h | sedation: propofol
        3 h        | arousal unarousable
        6 h        | arousal spontaneous
        """,
        """
        0 h | 0
        2 h | [0, 4]
        6 h | 0
        """,
    )


@pytest.mark.parametrize(("unstated_findings", "grade"), [("unknown", "[0, 4]"), ("no", "0")])
def test_findings_that_nobody_states(spec: Spec, unstated_findings: str, grade: str) -> None:
    """Nobody wrote that there was no seizure: unknown, unless the centre takes silence as no."""
    spec(
        "astct-2019.icans",
        """
        always | recorded completely: sedation
        0 h    | ice score 10
        0 h    | arousal spontaneous
        """,
        f"0 h | {grade}",
        unstated_findings=unstated_findings,
    )


@pytest.mark.parametrize(("baseline_deficit", "grade"), [("as-measured", "1"), ("open", "[0, 1]")])
def test_a_deficit_from_before(spec: Spec, baseline_deficit: str, grade: str) -> None:
    """A patient who wrote no sentence before the infusion either: as measured, or open."""
    spec(
        "astct-2019.icans",
        WELL + "-24 h | ice score 9\n0 h | ice score 9",
        f"0 h | {grade}",
        baseline_deficit=baseline_deficit,
    )


@pytest.mark.parametrize(
    ("baseline", "grade"),
    [
        ("-24 h | ice orientation 4; ice naming 3; ice command 1; ice writing 0; ice attention 1", "[0, 1]"),
        ("-24 h | ice orientation 4; ice naming 3; ice command 1; ice writing 1; ice attention 1", "1"),
        ("-24 h | ice orientation 4; ice naming 3", "[0, 1]"),
        ("-48 h | ice score 10; ice writing 1", "1"),
        ("-48 h | ice writing 0; ice score 10", "1"),
        ("-800 h | ice score 10", "[0, 1]"),
    ],
)
def test_a_baseline_recorded_as_items(spec: Spec, baseline: str, grade: str) -> None:
    """The baseline is the sum of its items, or the recorded total where no item is newer; a missing item leaves it open."""
    when, _, what = baseline.partition("|")
    rows = "\n".join(f"{when}| {row}" for row in what.split(";"))
    spec("astct-2019.icans", WELL + rows + "\n2 h | ice score 9", f"...\n2 h | {grade}", baseline_deficit="open")


def test_a_baseline_item_newer_than_the_total(spec: Spec) -> None:
    """An item that was tested again after the total shows that the total no longer stands."""
    rows = "-48 h | ice score 10\n-24 h | ice writing 0\n2 h | ice score 9"
    spec("astct-2019.icans", WELL + rows, "...\n2 h | [0, 1]", baseline_deficit="open")


def test_death(spec: Spec) -> None:
    """Death due to ICANS is grade 5."""
    spec("astct-2019.icans", WELL + "0 h | ice score 2\n4 h | milestone death icans", "0 h | 3\n4 h | 5")


def test_the_score_itself(spec: Spec) -> None:
    """The ICE score is a rule set of its own; a recorded total that is not older than its items stands for them."""
    spec(
        "astct-2019.ice",
        """
        0 h | ice orientation 4
        0 h | ice naming 3
        2 h | ice command 1
        2 h | ice writing 1
        2 h | ice attention 0
        5 h | ice score 10
        """,
        """
        0 h | [7, 10]
        2 h | 9
        5 h | 10
        """,
    )


def test_how_long_a_test_holds(spec: Spec) -> None:
    """An ICE test holds for twelve hours, and so does a level of consciousness; a finding holds for a day."""
    later = "\n6 h | arousal spontaneous\n12 h | arousal spontaneous"
    spec("astct-2019.icans", WELL + "followed 14 h\n0 h | ice score 9" + later, "0 h | 1\n12 h | [0, 3]")
    later = "\n6 h | ice score 10\n0 h | arousal voice"
    awake = WELL.replace("0 h    | arousal spontaneous\n", "")
    spec("astct-2019.icans", awake + "followed 14 h\n0 h | ice score 10" + later, "0 h | 2\n12 h | [0, 4]")
    still = "\n".join(f"{h} h | ice score 10\n{h} h | arousal spontaneous" for h in (0, 10, 20))
    findings = WELL.replace("seizure no", "seizure yes", 1)
    restated = "\n".join(
        f"12 h {line.strip()[3:]}" for line in WELL.splitlines() if " no" in line and "seizure no" not in line
    )
    table = f"{findings}\nfollowed 26 h\n{still}\n{restated}"
    spec("astct-2019.icans", table, "0 h | 3\n24 h | [0, 3]")
