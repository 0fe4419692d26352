"""Lee, Penn, CARTOX, CTCAE, MSKCC, the Chinese consensus and the paediatric scale

What these editions ask for that the ASTCT scale does not: doses, their duration, organs, places of care, local inflammation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

WELL = """
        always | recorded completely: everything
        -2 h   | weight 80 kg
        0 h    | body temperature 38.6
        0 h    | hypotension no
        0 h    | systolic blood pressure 120
        0 h    | oxygen saturation 97
        0 h    | organ toxicity grade 0
        0 h    | transaminase toxicity grade 0
        0 h    | refractory hypotension no
        """


@pytest.mark.parametrize("scale", ["lee-2014.crs", "cartox-2018.crs"])
def test_a_high_dose_has_to_last_three_hours(spec: Spec, scale: str) -> None:
    """Norepinephrine of 20 ug/min or more is a high dose once it has run for three hours, and only while it runs."""
    spec(
        scale,
        WELL + "1 h to 6 h | vasopressor: norepinephrine 20 ug/min because hypotension",
        """
        0 h | 1
        1 h | 2
        4 h | 3
        6 h | 1
        """,
    )


@pytest.mark.parametrize("rate", ["19.9 ug/min", "0.2 ug/kg/min"])
def test_just_below_a_high_dose(spec: Spec, rate: str) -> None:
    """A rate per kilogram is read with the body weight: 0.2 ug/kg/min at 80 kg is 16 ug/min."""
    spec(
        "lee-2014.crs",
        WELL + f"0 h to | vasopressor: norepinephrine {rate} because hypotension",
        "0 h | 2",
    )


def test_a_rate_that_nobody_wrote_down(spec: Spec) -> None:
    """One vasopressor at an unknown rate: 2, and perhaps 3 once it has run for three hours."""
    spec(
        "lee-2014.crs",
        WELL + "0 h to | vasopressor: norepinephrine because hypotension",
        """
        0 h | 2
        3 h | [2, 3]
        """,
    )


@pytest.mark.parametrize(("percent", "grade"), [("39", "2"), ("40", "3")])
def test_forty_percent_oxygen(spec: Spec, percent: str, grade: str) -> None:
    """Forty percent belongs to the higher grade."""
    spec(
        "lee-2014.crs",
        WELL + f"0 h to | oxygen: venturi-mask because hypoxia\n0 h | fraction inspired oxygen {percent}",
        f"0 h | {grade}",
    )


def test_oxygen_without_its_fraction(spec: Spec) -> None:
    """Oxygen whose fraction is not recorded could be on either side of 40 %."""
    spec("lee-2014.crs", WELL + "0 h to | oxygen: venturi-mask because hypoxia", "0 h | [2, 3]")


@pytest.mark.parametrize(
    ("noninvasive_ventilation", "grade"), [("possible", "[3, 4]"), ("counts", "4"), ("not-counted", "3")]
)
@pytest.mark.parametrize("scale", ["lee-2014.crs", "cartox-2018.crs", "mskcc-2018.crs"])
def test_bipap_as_ventilator_support(spec: Spec, scale: str, noninvasive_ventilation: str, grade: str) -> None:
    """Whether "ventilator support" means BiPAP too is a choice."""
    spec(
        scale,
        WELL + "0 h to | oxygen: bipap because hypoxia\n0 h | fraction inspired oxygen 50",
        f"0 h | {grade}",
        noninvasive_ventilation=noninvasive_ventilation,
    )


def test_lee_needs_no_fever(spec: Spec) -> None:
    """Hypotension without any fever is graded by Lee 2014, and by the ASTCT scale it is not."""
    course = """
        always | recorded completely: everything
        -2 h   | weight 80 kg
        0 h    | body temperature 36.9
        0 h    | organ toxicity grade 0
        0 h    | transaminase toxicity grade 0
        0 h to | vasopressor: norepinephrine 4 ug/min because hypotension
        """
    spec("lee-2014.crs", course, "0 h | 2")
    spec("astct-2019.crs", course, "0 h | 0")
    spec("lee-2014.crs", course, "0 h | 0", onset="fever")


@pytest.mark.parametrize(("organ_toxicity", "grade"), [("counts", "4"), ("not-counted", "1")])
def test_leaving_organs_out(spec: Spec, organ_toxicity: str, grade: str) -> None:
    """A programme that grades organs by CTCAE can leave them out of Lee."""
    spec("lee-2014.crs", WELL + "2 h | organ toxicity grade 4", f"...\n2 h | {grade}", organ_toxicity=organ_toxicity)


def test_an_organ_with_another_cause(spec: Spec) -> None:
    """Organ toxicity with another cause does not count."""
    spec("lee-2014.crs", WELL + "2 h | organ toxicity grade 4\n2 h to | other cause: organ_toxicity", "0 h | 1")


@pytest.mark.parametrize(("rate", "grade"), [("0.19", "3"), ("0.2", "4")])
def test_high_dose_by_penn(spec: Spec, rate: str, grade: str) -> None:
    """Penn speaks of norepinephrine per kilogram, from 0.2 ug/kg/min, and of no duration."""
    spec(
        "penn-2018.crs",
        WELL + f"0 h to | vasopressor: norepinephrine {rate} ug/kg/min because hypotension",
        f"0 h | {grade}",
    )


def test_a_hospital_stay_by_penn(spec: Spec) -> None:
    """A stay for the syndrome is grade 2; a stay for monitoring is not; without a reason it is open."""
    for reason, grade in ((" because crs", "2"), (" because monitoring", "1"), ("", "[1, 2]")):
        spec("penn-2018.crs", WELL + f"0 h to | stay: ward{reason}", f"0 h | {grade}")


def test_plasma_by_penn(spec: Spec) -> None:
    """Plasma, cryoprecipitate or fibrinogen for coagulopathy is grade 3 for a day."""
    spec("penn-2018.crs", WELL + "2 h | transfusion: cryoprecipitate", "0 h | 1\n2 h | 3")


def test_low_readings_by_cartox(spec: Spec) -> None:
    """The recalled anchors of 90 mmHg and 90 % open the question; they count, or do not, by choice."""
    low = WELL + "2 h | systolic blood pressure 85"
    spec("cartox-2018.crs", low, "0 h | 1\n2 h | [1, 2]")
    spec("cartox-2018.crs", low, "0 h | 1\n2 h | 2", numeric_anchors="counts")
    spec("cartox-2018.crs", low, "0 h | 1", numeric_anchors="ignored")


@pytest.mark.parametrize(("several_vasopressors", "grade"), [("open", "[3, 4]"), ("grade-3", "3"), ("grade-4", "4")])
def test_several_vasopressors_by_ctcae(spec: Spec, several_vasopressors: str, grade: str) -> None:
    """The term speaks of one vasopressor; where several belong is a choice."""
    spec(
        "ctcae-5.0.crs",
        WELL
        + "0 h to | vasopressor: norepinephrine 3 ug/min because hypotension\n"
        + "0 h to | vasopressor: epinephrine 3 ug/min because hypotension",
        f"0 h | {grade}",
        several_vasopressors=several_vasopressors,
    )


def test_a_day_of_vasopressor_by_mskcc(spec: Spec) -> None:
    """Less than 24 hours is grade 2; from 24 hours on it is grade 3."""
    spec(
        "mskcc-2018.crs",
        """
        followed 27 h
        always       | recorded completely: everything
        0 h          | body temperature 38.6
        10 h         | body temperature 38.6
        20 h         | body temperature 38.6
        1 h to 26 h  | vasopressor: norepinephrine 4 ug/min because hypotension
        """,
        "...\n1 h | 2\n24 h | 2\n25 h | 3",
        unstated_refractory="no",
    )


def test_refractory_hypotension_by_mskcc(spec: Spec) -> None:
    """Hypotension that high doses do not mend is grade 4; when nobody says so or denies it, 4 stays open."""
    pressor = "\n0 h to | vasopressor: norepinephrine 40 ug/min because hypotension"
    spec("mskcc-2018.crs", WELL + "2 h | refractory hypotension yes" + pressor, "0 h | 2\n2 h | 4")
    spec("mskcc-2018.crs", WELL.replace("0 h    | refractory hypotension no", "") + pressor, "0 h | [2, 4]")


@pytest.mark.parametrize(
    ("enlargement", "compression", "complication", "grade"),
    [("no", "no", "no", "1"), ("yes", "no", "no", "2"), ("yes", "yes", "no", "3"), ("yes", "yes", "yes", "4")],
)
def test_local_inflammation_in_the_chinese_consensus(
    spec: Spec, enlargement: str, compression: str, complication: str, grade: str
) -> None:
    """Swelling around lesions is a fourth column, found in this scale only."""
    local = f"""
        0 h | local enlargement {enlargement}
        0 h | local compression {compression}
        0 h | local complication {complication}
        """
    spec("china-bnhl-2023.crs", WELL + local, f"0 h | {grade}")
    spec("astct-2019.crs", WELL + local, "0 h | 1")


@pytest.mark.parametrize(
    ("scale", "grade"),
    [
        ("lee-2014.crs", "5"),
        ("penn-2018.crs", "5"),
        ("cartox-2018.crs", "5"),
        ("ctcae-5.0.crs", "5"),
        ("mskcc-2018.crs", "5"),
        ("china-bnhl-2023.crs", "5"),
    ],
)
def test_death_in_every_scale(spec: Spec, scale: str, grade: str) -> None:
    """Death due to the syndrome is grade 5 in each."""
    spec(scale, WELL + "4 h | milestone death crs", f"...\n4 h | {grade}")


TWO = (
    "1 h to | vasopressor: norepinephrine 2 ug/min because hypotension\n"
    "1 h to | vasopressor: epinephrine 1 ug/min because hypotension"
)


@pytest.mark.parametrize(
    ("born", "systolic", "grade"),
    [("2021-01-01", 80, "1"), ("2021-01-01", 79, "2"), ("2014-01-01", 89, "2"), ("2014-01-01", 90, "1")],
)
def test_children_mahadeo_blood_pressure(spec: Spec, born: str, systolic: int, grade: str) -> None:
    """Hypotension is below 70 + 2 x age from 1 to 10 years, and below 90 mmHg over 10 (Mahadeo 2019, table 2)."""
    spec(
        "mahadeo-2019.crs-children",
        f"""
        born {born}
        always | recorded completely: everything
        0 h    | organ toxicity grade 0
        0 h    | transaminase toxicity grade 0
        0 h    | oxygen saturation 97
        0 h    | body temperature 38.6
        0 h    | systolic blood pressure {systolic}
        """,
        f"0 h | {grade}",
    )


@pytest.mark.parametrize(
    ("recorded", "grade"),
    [
        ("1 h | oxygen saturation 89", "2"),
        ("1 h | transaminase toxicity grade 4", "3"),
        ("1 h | organ toxicity grade 4", "4"),
        ("1 h to | oxygen: bipap because hypoxia", "3"),
        ("1 h to | oxygen: mechanical-ventilation because hypoxia", "4"),
        ("1 h to | vasopressor: norepinephrine 2 ug/min because hypotension", "2"),
        (TWO, "3"),
        (f"{TWO}\n1 h | refractory hypotension yes", "4"),
    ],
)
def test_children_mahadeo_grades(spec: Spec, recorded: str, grade: str) -> None:
    """Afebrile or not, from grade 2 on the temperature plays no part; BiPAP is grade 3 (Mahadeo 2019, table 2)."""
    spec(
        "mahadeo-2019.crs-children",
        """
        born 2018-01-01
        always | recorded completely: everything
        0 h    | organ toxicity grade 0
        0 h    | transaminase toxicity grade 0
        0 h    | oxygen saturation 97
        0 h    | fraction inspired oxygen 30
        0 h    | body temperature 36.9
        0 h    | systolic blood pressure 100
        """
        + recorded,
        f"0 h | 0\n1 h | {grade}",
    )
