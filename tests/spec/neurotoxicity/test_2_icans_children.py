"""ICANS in children

Below twelve years the CAPD takes the place of the ICE test; arousal tells grade 1 from 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

WELL = """
        born 2019-02-03
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
    ("capd", "arousal", "grade"),
    [
        ("0", "spontaneous", "0"),
        ("1", "spontaneous", "1"),
        ("8", "spontaneous", "1"),
        ("8", "voice", "2"),
        ("9", "spontaneous", "3"),
        ("4", "touch", "3"),
        ("9", "unarousable", "4"),
    ],
)
def test_capd_and_arousal(spec: Spec, capd: str, arousal: str, grade: str) -> None:
    """CAPD from 9 is grade 3; below that arousal decides."""
    spec("astct-2019.icans-children", WELL + f"0 h | capd score {capd}\n0 h | arousal {arousal}", f"0 h | {grade}")


def test_capd_without_arousal(spec: Spec) -> None:
    """The CAPD alone cannot tell the grades apart."""
    spec("astct-2019.icans-children", WELL + "0 h | capd score 8", "0 h | [1, 4]")


@pytest.mark.parametrize(("baseline_capd", "grade"), [("as-measured", "3"), ("open", "[0, 3]")])
def test_a_capd_that_was_raised_before(spec: Spec, baseline_capd: str, grade: str) -> None:
    """A child whose CAPD was 12 before the infusion: the scale is silent, so as measured, or open."""
    spec(
        "astct-2019.icans-children",
        WELL + "-24 h | capd score 12\n0 h | capd score 12\n0 h | arousal spontaneous",
        f"0 h | {grade}",
        baseline_capd=baseline_capd,
    )


def test_a_low_capd_before(spec: Spec) -> None:
    """A baseline below 9 leaves a CAPD from 9 as it is; one of 0 leaves every CAPD as it is."""
    for baseline, now, grade in (("8", "9", "3"), ("8", "8", "[0, 1]"), ("0", "8", "1")):
        spec(
            "astct-2019.icans-children",
            WELL + f"-24 h | capd score {baseline}\n2 h | capd score {now}\n0 h | arousal spontaneous",
            f"...\n2 h | {grade}",
            baseline_capd="open",
        )


def test_capd_and_a_seizure(spec: Spec) -> None:
    """CAPD 8 with a generalised seizure is grade 3."""
    spec(
        "astct-2019.icans-children",
        WELL + "0 h | capd score 8\n0 h | arousal spontaneous\n1 h | seizure yes",
        "0 h | 1\n1 h | 3",
    )


@pytest.mark.parametrize(
    ("born", "children", "adults"),
    [
        ("2014-06-02", "1", "does not apply"),
        ("2014-06-01", "does not apply", "[0, 3]"),
        ("unknown", "[0, 1]", "[0, 3]"),
    ],
)
def test_the_twelfth_birthday(spec: Spec, born: str, children: str, adults: str) -> None:
    """On the twelfth birthday the adult scale takes over; without a birth date either may apply."""
    course = WELL.replace("2019-02-03", born) + "0 h | capd score 8\n0 h | arousal spontaneous"
    spec("astct-2019.icans-children", course, f"0 h | {children}")
    spec("astct-2019.icans", course, f"0 h | {adults}")


def test_a_birthday_during_the_course(spec: Spec) -> None:
    """The scale changes at midnight of the birthday, by the clock of the centre."""
    spec(
        "astct-2019.icans-children",
        WELL.replace("2019-02-03", "2014-06-02").replace("born", "followed 18 h\n        born")
        + "8 h | capd score 8\n8 h | arousal spontaneous",
        """
        ...
        15 h | 1
        16 h | does not apply
        """,
    )


def test_developmental_delay(spec: Spec) -> None:
    """Patients with a developmental delay keep the CAPD up to 21 years."""
    course = (
        WELL.replace("2019-02-03", "2008-02-03")
        + "0 h | capd score 8\n0 h | arousal spontaneous\n-24 h | developmental delay yes"
    )
    spec("astct-2019.icans-children", course, "0 h | 1")
    spec("astct-2019.icans", course, "0 h | does not apply")


def test_the_capd_score(spec: Spec) -> None:
    """Eight items of 0 to 4 points; an item that was not judged leaves its four points open."""
    spec(
        "capd-2014.capd",
        """
        born 2019-02-03
        0 h | capd eye contact 4
        0 h | capd purposeful 4
        0 h | capd aware 0
        0 h | capd communicates 0
        0 h | capd restless 4
        0 h | capd inconsolable 0
        0 h | capd underactive 0
        3 h | capd slow 0
        """,
        """
        0 h | [12, 16]
        3 h | 12
        """,
    )


def test_capd_under_sedation(spec: Spec) -> None:
    """A child under sedation who answers to touch only: CAPD is not to be used then, so that nothing is certain."""
    spec(
        "astct-2019.icans-children",
        WELL
        + """
        followed 20 h
        0 h    | capd score 3
        0 h    | arousal spontaneous
        2 h to | sedation: midazolam
        3 h    | capd score 22
        3 h    | arousal touch
        """,
        """
        0 h  | 1
        2 h  | [1, 4]
        3 h  | [0, 4]
        """,
    )


def test_how_long_a_score_holds(spec: Spec) -> None:
    """A CAPD holds for twelve hours, and so does a level of consciousness; a finding holds for a day."""
    later = "\n0 h | arousal spontaneous\n6 h | arousal spontaneous\n12 h | arousal spontaneous"
    spec("astct-2019.icans-children", WELL + "followed 14 h\n0 h | capd score 9" + later, "0 h | 3\n12 h | [0, 3]")
    later = "\n6 h | capd score 0\n0 h | arousal voice"
    spec("astct-2019.icans-children", WELL + "followed 14 h\n0 h | capd score 0" + later, "0 h | 2\n12 h | [0, 4]")
    still = "\n".join(f"{h} h | capd score 0\n{h} h | arousal spontaneous" for h in (0, 10, 20))
    findings = WELL.replace("seizure no", "seizure yes", 1)
    restated = "\n".join(
        f"12 h {line.strip()[3:]}" for line in WELL.splitlines() if " no" in line and "seizure no" not in line
    )
    table = f"{findings}\nfollowed 26 h\n{still}\n{restated}"
    spec("astct-2019.icans-children", table, "0 h | 3\n24 h | [0, 3]")
