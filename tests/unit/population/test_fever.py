"""Fever: a curve that swings, dips after an antipyretic and is broken by treatment, and the grade that shows."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.fever import FEVER, Fever, draw_fever, time_of_day
from vein2vein.population.parameters import setting

HOURS = 240
START, STOP = 48, 168
CLOCK = 11.0


def _drawn(level: float, treated: float = np.inf, **values: float) -> tuple[Block, Fever]:
    named = {f"bedside.{name}": value for name, value in values.items()}
    block = Block(1, 0, setting("axi-cel").with_values(named))
    severity = np.full((block.n, HOURS), 0.1, np.float32)
    severity[:, START:STOP] = level
    return block, draw_fever(block, np.full(block.n, CLOCK), severity, np.full(block.n, treated))


def test_there_is_a_temperature_while_the_syndrome_lasts_and_it_begins_with_fever() -> None:
    _, fever = _drawn(1.5)
    there = np.zeros((250, HOURS), bool)
    there[:, START:STOP] = True
    assert ((fever.temperature > 0) == there).all()
    assert (fever.temperature[:, START] >= FEVER).all()
    assert (fever.temperature[there] == np.rint(fever.temperature[there])).all()


def test_grade_1_shows_in_hours_of_fever_only_and_other_grades_without_it() -> None:
    _, mild = _drawn(1.5)
    shown = mild.temperature[:, START:STOP] >= FEVER
    assert (mild.grade[:, START:STOP] == shown).all()
    assert 0.05 < 1 - shown.mean() < 0.6, "fever comes and goes"
    _, severe = _drawn(2.5, START + 6.0)
    assert (severe.grade[:, START:STOP] == 2).all()
    assert (severe.temperature[:, START:STOP] < FEVER).any()


def test_fever_swings_with_the_hour_of_the_day() -> None:
    _, fever = _drawn(1.5, antipyretic_fall=0.0)
    mean = fever.temperature[:, START:STOP].mean(axis=0).reshape(-1, 24).mean(axis=0)
    wave = time_of_day(np.array([CLOCK]), HOURS)[0, START:STOP].reshape(-1, 24).mean(axis=0)
    assert np.corrcoef(mean, wave)[0, 1] > 0.95
    assert mean.max() - mean.min() == pytest.approx(10, abs=3)


def test_an_antipyretic_lowers_it_for_some_hours_and_is_not_given_too_often() -> None:
    block, fever = _drawn(1.5)
    _, without = _drawn(1.5, antipyretic_fall=0.0)
    interval = block.parameter("care.paracetamol_every_hours")
    for course in range(20):
        hours = fever.hour[fever.course == course]
        assert hours[0] == START + 0.5
        assert (np.diff(hours) >= interval).all()
    first = slice(START + 2, START + 5)
    assert (without.temperature - fever.temperature)[:, first].mean() > 5
    assert (without.temperature - fever.temperature)[:, START + 7].mean() < 2


def test_treatment_breaks_the_fever_of_most_within_hours() -> None:
    block, treated = _drawn(2.5, START + 24.0)
    _, untreated = _drawn(2.5)
    later = slice(START + 36, START + 48)
    has, had = ((one.temperature[:, later] >= FEVER).mean() for one in (treated, untreated))
    assert has < had * (1.35 - block.parameter("bedside.fever_breaks"))
    before = slice(START, START + 24)
    assert (treated.temperature[:, before] == untreated.temperature[:, before]).all()


def test_a_rise_to_grade_2_brings_fever() -> None:
    block = Block(1, 0, setting("axi-cel"))
    severity = np.full((block.n, HOURS), 0.1, np.float32)
    severity[:, START:STOP] = 1.5
    severity[:, 100:120] = 2.5
    fever = draw_fever(block, np.full(block.n, CLOCK), severity, np.full(block.n, START + 1.0))
    assert (fever.temperature[:, 100] >= FEVER).all()


def test_without_the_syndrome_there_is_nothing() -> None:
    _, fever = _drawn(0.5)
    assert fever.grade.max() == 0
    assert fever.temperature.max() == 0
    assert len(fever.course) == 0
