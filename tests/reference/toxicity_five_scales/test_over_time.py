"""What the older scales and the neurotoxicity scales say over time, on both engines: doses, durations, sedation, silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reference.published import bounds_at, course, exactly, hour, lab, stated
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.record.timeline import Exposure, Milestone, Observation, Timeline

LAST = 72.0
CHILD = date(2018, 1, 1)


def given(kind: str, agent: str, start: float, end: float, **more: Any) -> Exposure:
    return Exposure(kind, agent, hour(start), hour(end), **more)


def on_pressor(agent: str, start: float, end: float, rate: float | None = None, unit: str | None = None) -> Exposure:
    return given("vasopressor", agent, start, end, rate=rate, rate_unit=unit, reason="hypotension")


def febrile(*exposures: Exposure, more: tuple[Observation, ...] = ()) -> Timeline:
    """Fever, organ grades of 0, room air unless oxygen is given, and everything charted, for three days."""
    values = [lab("body_temperature", h, 38.6) for h in range(0, int(LAST), 6)]
    values += [
        lab(f"{kind}_toxicity_grade", h, 0) for kind in ("organ", "transaminase") for h in range(0, int(LAST), 12)
    ]
    values += [lab("systolic_blood_pressure", h, 120) for h in range(0, int(LAST), 6)]
    values += [lab("oxygen_saturation", h, 97) for h in range(0, int(LAST), 6)]
    streams = ("vasopressor", "oxygen", "inotrope", "antipyretic", "anticytokine", "corticosteroid", "sedation")
    charts = [given("charted", stream, 0, LAST) for stream in streams]
    return course([*values, *more], [*charts, *exposures])


@pytest.mark.parametrize(
    ("at", "expected"), [(1.0, exactly(2)), (2.9, exactly(2)), (3.0, exactly(3)), (5.0, exactly(3)), (6.0, exactly(1))]
)
def test_lee_asks_for_a_high_dose_of_three_hours(engine: Engine, at: float, expected: Bounds) -> None:
    patient = febrile(on_pressor("norepinephrine", 0, 6, 25, "ug/min"))
    assert bounds_at(patient, "lee-2014.crs", engine, at) == expected


def test_a_dose_that_is_not_recorded_leaves_lee_open(engine: Engine) -> None:
    patient = febrile(on_pressor("norepinephrine", 0, 6))
    assert bounds_at(patient, "lee-2014.crs", engine, 5) == Bounds(2, 3)


def test_a_dose_per_kilogram_needs_the_weight(engine: Engine) -> None:
    """0.35 ug/kg/min at 70 kg are 24.5 ug/min."""
    dose = on_pressor("norepinephrine", 0, 6, 0.35, "ug/kg/min")
    assert bounds_at(febrile(dose), "lee-2014.crs", engine, 5) == Bounds(2, 3)
    assert bounds_at(febrile(dose, more=(lab("weight", 0, 70),)), "lee-2014.crs", engine, 5) == exactly(3)
    assert bounds_at(febrile(dose, more=(lab("weight", 0, 50),)), "lee-2014.crs", engine, 5) == exactly(2)


def test_the_equivalent_dose_adds_up_in_its_mixed_units(engine: Engine) -> None:
    """Norepinephrine 8 and phenylephrine 150 / 10 make 23 ug/min: high in Lee, as two agents are anyway."""
    one = febrile(on_pressor("phenylephrine", 0, 6, 190, "ug/min"))
    two = febrile(on_pressor("norepinephrine", 0, 6, 8, "ug/min"), on_pressor("phenylephrine", 0, 6, 150, "ug/min"))
    assert bounds_at(one, "lee-2014.crs", engine, 4) == exactly(2)
    assert bounds_at(two, "lee-2014.crs", engine, 4) == exactly(3)
    alone = febrile(on_pressor("phenylephrine", 0, 6, 200, "ug/min"))
    assert bounds_at(alone, "lee-2014.crs", engine, 4) == exactly(3)


@pytest.mark.parametrize(
    ("agent", "rate", "unit", "expected"),
    [
        ("norepinephrine", 0.19, "ug/kg/min", 3),
        ("norepinephrine", 0.2, "ug/kg/min", 4),
        ("epinephrine", 0.09, "ug/kg/min", 3),
        ("epinephrine", 0.1, "ug/kg/min", 4),
        ("dopamine", 9.9, "ug/kg/min", 3),
        ("dopamine", 10, "ug/kg/min", 4),
        ("phenylephrine", 199, "ug/min", 3),
        ("phenylephrine", 200, "ug/min", 4),
    ],
)
def test_penn_counts_a_high_dose_at_once(engine: Engine, agent: str, rate: float, unit: str, expected: int) -> None:
    patient = febrile(on_pressor(agent, 0, 6, rate, unit), more=(lab("weight", 0, 70),))
    assert bounds_at(patient, "penn-2018.crs", engine, 1) == exactly(expected)


@pytest.mark.parametrize("scale", ["lee-2014.crs", "cartox-2018.crs", "mahadeo-2019.crs-children"])
@pytest.mark.parametrize(
    ("agent", "rate", "unit", "expected"),
    [
        ("norepinephrine", 19.9, "ug/min", 2),
        ("norepinephrine", 20, "ug/min", 3),
        ("epinephrine", 9.9, "ug/min", 2),
        ("epinephrine", 10, "ug/min", 3),
        ("dopamine", 9.9, "ug/kg/min", 2),
        ("dopamine", 10, "ug/kg/min", 3),
        ("phenylephrine", 199, "ug/min", 2),
        ("phenylephrine", 200, "ug/min", 3),
    ],
)
def test_the_high_dose_of_each_vasopressor_by_lee(
    engine: Engine, scale: str, agent: str, rate: float, unit: str, expected: int
) -> None:
    """The doses of the table of Lee 2014, which stand in CARTOX and in the scale for children too."""
    patient = febrile(on_pressor(agent, 0, 6, rate, unit), more=(lab("weight", 0, 70),))
    child = replace(patient, course=replace(patient.course, patient=replace(patient.course.patient, born_on=CHILD)))
    assert bounds_at(child if "children" in scale else patient, scale, engine, 4) == exactly(expected)


@pytest.mark.parametrize(("at", "expected"), [(23.0, exactly(2)), (24.0, exactly(3)), (30.0, exactly(3))])
def test_mskcc_asks_how_long_a_vasopressor_runs(engine: Engine, at: float, expected: Bounds) -> None:
    not_refractory = tuple(stated("refractory_hypotension", h, "no") for h in (0, 10, 20, 30))
    patient = febrile(on_pressor("norepinephrine", 0, 40, 4, "ug/min"), more=not_refractory)
    assert bounds_at(patient, "mskcc-2018.crs", engine, at) == expected


@pytest.mark.parametrize(("fraction", "expected"), [(None, Bounds(2, 3)), (39.0, exactly(2)), (40.0, exactly(3))])
def test_oxygen_is_graded_by_its_recorded_fraction_only(
    engine: Engine, fraction: float | None, expected: Bounds
) -> None:
    fractions = () if fraction is None else (lab("fraction_inspired_oxygen", 1, fraction),)
    device = given("oxygen", "nasal-cannula", 1, 8, rate=15, rate_unit="L/min", reason="hypoxia")
    for scale in ("lee-2014.crs", "cartox-2018.crs", "ctcae-5.0.crs", "mskcc-2018.crs"):
        assert bounds_at(febrile(device, more=fractions), scale, engine, 3) == expected


def test_local_inflammation_changes_the_chinese_grade_only(engine: Engine) -> None:
    patient = febrile(more=(stated("local_compression", 1), stated("local_complication", 1, "no")))
    assert bounds_at(patient, "china-bnhl-2023.crs", engine, 2) == exactly(3)
    assert bounds_at(patient, "astct-2019.crs", engine, 2) == exactly(1)


SIGNS = (
    "seizure", "seizure_prolonged", "motor_weakness_focal", "cerebral_oedema_focal", "cerebral_oedema_diffuse",
    "posturing", "sixth_nerve_palsy", "papilloedema", "cushing_triad",
)  # fmt: skip


def awake(*more: Observation, denied: bool = True, sedation: tuple[Exposure, ...] = ()) -> Timeline:
    """Awake at hour 0, no other sign, sedation charted."""
    signs = [stated(sign, 0, "no") for sign in SIGNS] if denied else []
    return course(
        [stated("arousal", 0, "spontaneous"), *signs, *more], [given("charted", "sedation", 0, LAST), *sedation]
    )


def ice(hours: float, *points: float) -> tuple[Observation, ...]:
    """The five items of an ICE test: orientation, naming, command, writing, attention."""
    kinds = ("ice_orientation", "ice_naming", "ice_command", "ice_writing", "ice_attention")
    return tuple(lab(kind, hours, value) for kind, value in zip(kinds, points, strict=False))


def test_icans_adds_up_the_items_and_widens_over_the_missing_ones(engine: Engine) -> None:
    assert bounds_at(awake(*ice(1, 4, 3, 1, 1, 0)), "astct-2019.icans", engine, 2) == exactly(1)
    assert bounds_at(awake(*ice(1, 4, 2, 1)), "astct-2019.icans", engine, 2) == Bounds(1, 1)
    assert bounds_at(awake(*ice(1, 2, 2, 1)), "astct-2019.icans", engine, 2) == Bounds(1, 2)
    assert bounds_at(awake(*ice(1, 4, 3, 1, 1, 0)), "astct-2019.ice", engine, 2) == exactly(9)
    assert bounds_at(awake(lab("ice_score", 1, 5)), "astct-2019.icans", engine, 2) == exactly(2)


def test_icans_stays_open_over_what_nobody_stated(engine: Engine) -> None:
    patient = awake(lab("ice_score", 1, 8), denied=False)
    assert bounds_at(patient, "astct-2019.icans", engine, 2) == Bounds(1, 4)
    assert bounds_at(patient, "astct-2019.icans", engine, 2, unstated_findings="no") == exactly(1)


def test_a_test_that_is_out_of_date_no_longer_counts(engine: Engine) -> None:
    patient = awake(lab("ice_score", 0, 8))
    assert bounds_at(patient, "astct-2019.icans", engine, 11.9) == exactly(1)
    assert bounds_at(patient, "astct-2019.icans", engine, 12) == Bounds(0, 4)


def test_icans_cannot_be_judged_under_sedation(engine: Engine) -> None:
    """Neither 0 nor 4: the level of consciousness does not count, and the test could not be done."""
    drug = given("sedation", "propofol", 1, 6)
    patient = awake(stated("arousal", 2, "unarousable"), sedation=(drug,))
    assert bounds_at(patient, "astct-2019.icans", engine, 3) == Bounds(0, 4)
    without = awake(stated("arousal", 2, "unarousable"))
    assert bounds_at(without, "astct-2019.icans", engine, 3) == exactly(4)


def test_a_later_statement_ends_an_unarousable_state(engine: Engine) -> None:
    patient = awake(stated("arousal", 1, "unarousable"), stated("arousal", 4, "spontaneous"), lab("ice_score", 4, 9))
    assert bounds_at(patient, "astct-2019.icans", engine, 2) == exactly(4)
    assert bounds_at(patient, "astct-2019.icans", engine, 5) == exactly(1)


def test_death_due_to_icans_is_grade_5_and_to_something_else_is_not(engine: Engine) -> None:
    for cause, expected in (("icans", exactly(5)), ("infection", exactly(0)), (None, Bounds(0, 5))):
        dead = course(
            [stated("arousal", 0, "spontaneous"), lab("ice_score", 0, 10), *(stated(s, 0, "no") for s in SIGNS)],
            [given("charted", "sedation", 0, LAST)],
            [Milestone("death", hour(2), cause)],
        )
        assert bounds_at(dead, "astct-2019.icans", engine, 2) == expected


def test_capd_items_hold_points(engine: Engine) -> None:
    """The documented example 4 4 0 0 4 0 0 0 is 12 points, and grade 3 in a child who is awake."""
    kinds = ("eye_contact", "purposeful", "aware", "communicates", "restless", "inconsolable", "underactive", "slow")
    items = [lab(f"capd_{k}", 1, v) for k, v in zip(kinds, (4, 4, 0, 0, 4, 0, 0, 0), strict=True)]
    child = course(
        [*items, stated("arousal", 1, "spontaneous"), *(stated(s, 1, "no") for s in SIGNS)],
        [given("charted", "sedation", 0, LAST)],
        born=date(2020, 1, 1),
    )
    assert bounds_at(child, "capd-2014.capd", engine, 2) == exactly(12)
    assert bounds_at(child, "astct-2019.icans-children", engine, 2) == exactly(3)
    assert bounds_at(child, "astct-2019.icans", engine, 2) is None
