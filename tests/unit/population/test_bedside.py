"""The bedside: rows that show the intended grade, hour by hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vein2vein.population.bedside import VITALS, Bedside, draw_bedside, observe_bedside, vital_signs
from vein2vein.population.blocks import Block
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients, low_systolic
from vein2vein.population.states import Acute, Given, Patients, Spans

HOURS = 240


def _acute(block: Block) -> Acute:
    """Grades rise by one a day from day 2 and fall again; fever is masked for some hours in the middle."""
    steps = np.repeat([0, 0, 1, 2, 3, 4, 3, 2, 1, 0], 24)
    grade = np.tile(steps, (block.n, 1)).astype(np.int8)
    nothing = np.zeros(0)
    none = np.zeros(0, dtype=object)
    never = np.full(block.n, np.nan)
    temperature = np.where(grade >= 1, 390.0, 0.0).astype(np.float32)
    temperature[:, 110:130] = 372
    given = Given(nothing.astype(int), nothing, none, none, nothing, none, none)
    return Acute(
        crs_severity=np.maximum(grade, 0.1).astype(np.float32), icans_severity=np.zeros(grade.shape, np.float32),
        crs_grade=grade, icans_grade=np.zeros_like(grade), temperature=temperature, given=given, icu_from=never,
        icu_until=never, discharged=never, died=never, died_of=np.full(block.n, None, dtype=object),
    )  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans]:
    block = Block(1, 0, setting("tisa-cel"))
    patients, acute = draw_patients(block), _acute(block)
    bedside = draw_bedside(block, acute)
    vitals = vital_signs(block, patients, np.full(block.n, 11.0), acute, bedside)
    _, spans = observe_bedside(block, patients, bedside, np.full(block.n, 240.0))
    return block, patients, acute, bedside, vitals, spans


def test_fever_is_there_when_it_is_meant_and_only_then(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    _, _, acute, _, vitals, _ = scene
    temperature = vitals[:, :, VITALS.index("body_temperature")]
    there = acute.temperature > 0
    assert there.any()
    assert (np.round(10 * temperature[there]) == acute.temperature[there]).all()
    assert temperature[~there].max() < 38.0
    assert (np.round(temperature, 1) == temperature).all()
    assert temperature.min() > 35.5
    assert temperature.max() < 41.5


def test_one_of_the_two_signs_is_at_the_level_of_the_grade(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    _, _, acute, bedside, _, _ = scene
    level = np.maximum(acute.crs_grade, 1) - 1
    assert (np.maximum(bedside.pressure, bedside.breathing) == level).all()
    alone = ((bedside.pressure > 0).any(axis=1), (bedside.breathing > 0).any(axis=1))
    assert (~alone[0]).mean() == pytest.approx(0.15, abs=0.06)
    assert (~alone[1]).mean() == pytest.approx(0.45, abs=0.08)


def test_no_pressure_is_low_without_intended_hypotension(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    _, patients, _, bedside, vitals, _ = scene
    systolic, diastolic = vitals[:, :, 3], vitals[:, :, 4]
    limit = low_systolic(patients.age_years)[:, None]
    assert (systolic >= limit)[bedside.pressure == 0].all()
    assert (systolic < limit)[bedside.pressure > 0].mean() > 0.4
    assert (diastolic < systolic).all()


def _covered(spans: Spans, stream: str, agents: tuple[str, ...], n: int) -> np.ndarray:
    found = np.zeros((n, HOURS), int)
    for i in np.flatnonzero((spans.stream == stream) & np.isin(spans.agent.astype(str), agents)):
        found[spans.course[i], max(int(spans.start[i]), 0) : int(spans.until[i])] += 1
    return found


def test_devices_and_vasopressors_run_in_the_intended_hours(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    block, _, _, bedside, _, spans = scene
    pressors = _covered(spans, "vasopressor", ("norepinephrine", "epinephrine"), block.n)
    assert (pressors == np.maximum(bedside.pressure, 1) - 1).all()
    levels = (
        ("room-air",),
        ("nasal-cannula",),
        ("high-flow-nasal-cannula", "non-rebreather-mask"),
        ("bipap", "mechanical-ventilation"),
    )
    for level, agents in enumerate(levels):
        assert (_covered(spans, "oxygen", agents, block.n) == (bedside.breathing == level)).all()
    sedated = _covered(spans, "sedation", ("propofol",), block.n)
    assert (sedated.astype(bool) == bedside.sedated).all()


def test_a_bolus_is_given_only_where_hypotension_outlasts_it(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    _, patients, _, bedside, _, spans = scene
    boluses = np.flatnonzero(spans.stream == "fluid_bolus")
    assert len(boluses)
    for i in boluses:
        start = int(spans.start[i])
        assert (bedside.pressure[spans.course[i], start : start + 12] > 0).all()
    assert (spans.amount[boluses] <= np.minimum(10 * patients.weight_kg[spans.course[boluses]] + 5, 500)).all()


def test_oxygen_lowers_nobody_who_breathes_room_air(
    scene: tuple[Block, Patients, Acute, Bedside, np.ndarray, Spans],
) -> None:
    _, _, _, bedside, vitals, _ = scene
    saturation = vitals[:, :, VITALS.index("oxygen_saturation")]
    assert saturation[bedside.breathing == 0].min() >= 94
    assert saturation.max() <= 100
    assert saturation[bedside.breathing > 0].mean() < 94


def test_a_fever_of_another_cause_is_a_fever() -> None:
    block = Block(1, 0, setting("axi-cel"))
    patients, acute = draw_patients(block), _acute(block)
    nothing = np.zeros_like(acute.temperature)
    acute = replace(acute, crs_grade=np.zeros_like(acute.crs_grade), temperature=nothing)
    other = np.zeros(acute.crs_grade.shape, bool)
    other[:, 20:30] = True
    bedside = draw_bedside(block, acute)
    vitals = vital_signs(block, patients, np.full(block.n, 11.0), acute, bedside, other)
    assert ((vitals[:, :, 0] >= 38.0) == other).all()


def test_some_neurotoxicity_of_grade_4_is_intubated_for_the_airway_and_not_for_hypoxia() -> None:
    block = Block(1, 0, setting("axi-cel"))
    patients, acute = draw_patients(block), _acute(block)
    acute = replace(acute, icans_grade=acute.crs_grade, crs_grade=np.zeros_like(acute.crs_grade))
    bedside = draw_bedside(block, acute)
    assert bedside.airway.any(axis=1).mean() == pytest.approx(0.4, abs=0.1)
    assert (acute.icans_grade[bedside.airway] == 4).all()
    first = np.argmax(acute.icans_grade == 4, axis=1)
    assert not bedside.airway[np.arange(block.n), first + 1].any(), "a test shows the grade before sedation hides it"
    _, spans = observe_bedside(block, patients, bedside, np.full(block.n, 240.0))
    ventilated = (spans.stream == "oxygen") & (spans.agent == "mechanical-ventilation")
    assert set(spans.reason[ventilated]) == {"airway-protection"}
    assert (_covered(spans, "oxygen", ("mechanical-ventilation",), block.n).astype(bool) == bedside.airway).all()
    assert (_covered(spans, "sedation", ("propofol",), block.n).astype(bool) == bedside.sedated).all()


def test_the_heart_is_faster_with_fever_by_the_published_rate() -> None:
    block = Block(1, 0, setting("axi-cel"))
    patients, acute = draw_patients(block), _acute(block)
    calm = replace(draw_bedside(block, acute), pressure=np.zeros(acute.crs_grade.shape, np.int8))
    vitals = vital_signs(block, patients, np.full(block.n, 11.0), acute, calm)
    slope = np.polyfit(vitals[:, :, 0].ravel(), vitals[:, :, 1].ravel(), 1)[0]
    assert slope == pytest.approx(block.parameter("bedside.heart_rate_per_degree"), abs=2)
