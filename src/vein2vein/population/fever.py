"""Fever of CRS as a curve: it swings with the hour, dips after an antipyretic and is broken by treatment.

Place    Floor 4. Part of `care`: after the severity under treatment, before the grade that shows.
In       A block (parameters bedside.fever_*, care.paracetamol_*), the hour of the day, CRS severity, the first tocilizumab or
         steroid, weights.
Out      `Fever`: temperature while CRS lasts, the grade that shows, and the antipyretics.

Equations
    temperature  height (a patient's own) + fever_per_log_severity ln severity + swing x wave of the day + slow noise
                 - dip after each antipyretic - fall after the first tocilizumab or steroid, in tenths of a degree.
    antipyretic  half an hour after a fever begins and every paracetamol_every_hours while it would last without one.
    breaking     in a share of patients the fever goes within hours of the first tocilizumab or steroid, and stays away for
                 a time (lognormal). Hypotension and hypoxia go on, and ASTCT grades by them then.
    grade shown  floor(severity) from 2 on; 1 below that where the temperature is at least 38.0 °C, else 0: with neither
                 fever nor another sign there is nothing to grade.

Knows    CRS begins with a fever, and so does a rise to grade 2, so that no sign stands without the fever that it needs.
Checked  tests/unit/population/test_fever.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vein2vein.population.blocks import Block
from vein2vein.population.runs import every, runs_of
from vein2vein.population.states import Flags, Floats, Integers

FEVER: Final = 380
_LOWEST, _HIGHEST = 358, 412
_KNOT: Final = 6
_MOST_GRADE: Final = 4
# How much of the fall after an antipyretic has come in each hour after it; none from six hours on.
_DIP: Final = (0.3, 0.8, 1.0, 0.9, 0.6, 0.3)
_AFTER_ONSET: Final = 0.5


@dataclass(frozen=True)
class Fever:
    """Fever of CRS.

    Attributes:
        temperature: Tenths of a degree while severity is at least 1, shape (courses, hours); 0 elsewhere.
        grade: ASTCT grade that shows, 0 to 4, same shape.
        course: Of each antipyretic.
        hour: When it is given, hours since infusion.
    """

    temperature: Floats
    grade: npt.NDArray[np.int8]
    course: Integers
    hour: Floats


def draw_fever(block: Block, clock: Floats, severity: Floats, treated: Floats) -> Fever:
    """Draw the temperature of a block.

    Args:
        block: The block.
        clock: Local hour of the day of the infusion.
        severity: CRS severity under treatment, shape (courses, hours).
        treated: Hour of the first tocilizumab or steroid, infinite where there is none.
    """
    n, width = severity.shape
    grade = np.clip(severity, 0, _MOST_GRADE).astype(np.int8)
    temperature = np.zeros((n, width), np.float32)
    ill = np.flatnonzero((grade >= 1).any(axis=1))
    last = int(np.flatnonzero((grade >= 1).any(axis=0)).max(initial=-1)) + 1
    if not len(ill):
        return Fever(temperature, grade, ill, np.zeros(0))
    there = grade[ill, :last] >= 1
    warm = _untreated(block, clock, severity[:, :last])[ill] - _broken(block, last, treated)[ill]
    must = _begins(grade[ill, :last])
    would = there & ((warm >= FEVER) | must)
    dose, hour = _antipyretics(block, would)
    warm -= _dips(block, ill, would.shape, (dose, hour))
    tenths = np.clip(np.rint(warm), _LOWEST, _HIGHEST)
    tenths = np.where(must, np.maximum(tenths, FEVER + 3), tenths)
    temperature[ill, :last] = np.where(there, tenths, 0)
    alone = there & (grade[ill, :last] == 1)
    shown = grade[ill, :last]
    shown[alone & (tenths < FEVER)] = 0
    grade[ill, :last] = shown
    return Fever(temperature, grade, ill[dose], hour)


def time_of_day(clock: Floats, width: int) -> Floats:
    """A day's wave of amplitude 1, highest at 17 o'clock, shape (courses, hours)."""
    turn = 2 * np.pi / 24
    start, hour = turn * (clock - 11), turn * np.arange(width)
    wave = np.outer(np.sin(start), np.cos(hour)) + np.outer(np.cos(start), np.sin(hour))
    found: Floats = np.nan_to_num(wave).astype(np.float32)
    return found


def _untreated(block: Block, clock: Floats, severity: Floats) -> Floats:
    """Tenths of a degree without antipyretics or treatment, as far as CRS goes."""
    value, (n, width) = block.parameter, severity.shape
    own = block.stream("fever/own").standard_normal((2, n))
    height = 10 * (value("bedside.fever_height") + value("bedside.fever_height_sd") * own[0])
    swing = 10 * value("bedside.fever_swing") * np.exp(value("bedside.fever_swing_sdlog") * own[1])
    found = height[:, None] + 10 * value("bedside.fever_per_log_severity") * np.log(np.clip(severity, 1, 4))
    found += swing[:, None] * time_of_day(clock, width)
    found += 10 * value("bedside.fever_noise") * _slow(block, n, width)
    return np.asarray(found, np.float32)


def _slow(block: Block, n: int, width: int) -> Floats:
    """Noise that changes over hours: standard normals every _KNOT hours, straight lines between."""
    knots = block.stream("fever/noise").standard_normal((n, width // _KNOT + 2), dtype=np.float32)
    part = np.arange(_KNOT, dtype=np.float32) / _KNOT
    lines = knots[:, :-1, None] * (1 - part) + knots[:, 1:, None] * part
    found: Floats = lines.reshape(n, -1)[:, :width]
    return found


def _broken(block: Block, width: int, treated: Floats) -> Floats:
    """Fall in tenths of a degree after the first tocilizumab or steroid, shape (courses, hours)."""
    value, n = block.parameter, len(treated)
    rng = block.stream("fever/broken")
    breaks = (rng.random(n) < value("bedside.fever_breaks")) & np.isfinite(treated)
    within = 1 + value("bedside.fever_breaks_hours") * rng.exponential(1.0, n)
    away = value("bedside.fever_away_hours") * np.exp(value("bedside.fever_away_sdlog") * rng.standard_normal(n))
    found = np.zeros((n, width), np.float32)
    who = np.flatnonzero(breaks)
    since = np.arange(width, dtype=np.float32) - treated[who, None]
    falls = np.clip(since / within[who, None], 0, 1) * (since < (within + away)[who, None])
    found[who] = 10 * value("bedside.fever_fall") * falls
    return found


def _begins(grade: npt.NDArray[np.int8]) -> Flags:
    """Hours in which CRS begins or rises to grade 2."""
    before = np.zeros_like(grade)
    before[:, 1:] = grade[:, :-1]
    found: Flags = (grade >= 1) & (before < 1) | (grade >= 2) & (before < 2)  # noqa: PLR2004  (grade 2)
    return found


def _antipyretics(block: Block, would: Flags) -> tuple[Integers, Floats]:
    """Row and hour of each dose: soon after a fever begins, never sooner than the interval after the last dose."""
    runs = runs_of(would)
    interval = int(block.parameter("care.paracetamol_every_hours"))
    hot = runs.where(runs.level.astype(bool))
    run, hour = every(hot, interval, _AFTER_ONSET)
    row = hot.course[run]
    keep = np.ones(len(row), bool)
    free = -np.inf
    for place, (who, at) in enumerate(zip(row.tolist(), np.asarray(hour).tolist(), strict=True)):
        if place and row[place - 1] != who:
            free = -np.inf
        keep[place] = at >= free
        if keep[place]:
            free = at + interval
    return row[keep], np.asarray(hour, np.float64)[keep]


def _dips(block: Block, ill: Integers, shape: tuple[int, ...], doses: tuple[Integers, Floats]) -> Floats:
    """Fall in tenths of a degree after antipyretics, shape (ill courses, hours)."""
    value = block.parameter
    own = np.exp(value("bedside.antipyretic_fall_sdlog") * block.stream("fever/antipyretic").standard_normal(block.n))
    fall = (10 * value("bedside.antipyretic_fall") * own)[ill].astype(np.float32)
    found = np.zeros((shape[0], shape[1] + len(_DIP) + 1), np.float32)
    row, first = doses[0], np.ceil(doses[1]).astype(np.int64)
    for later, part in enumerate(_DIP):
        found[row, first + later] = np.maximum(found[row, first + later], part * fall[row])
    return found[:, : shape[1]]
