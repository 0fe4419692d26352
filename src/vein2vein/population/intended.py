"""What the generator intends, as the quantities of the targets: the modules are run up to the outcome, nothing is observed.

Place    Floor 4. Used by `fit` only; `calibration` looks at cohort tables and our own grades instead.
In       A setting, a seed, a number of blocks.
Out      `Courses` whose only scale is INTENDED.
Knows    The way and the patients do not depend on what is fitted later, so that they are drawn once per setting and number.
Does not Grade: a grade here is the highest hourly grade that the observations are made to show.
Checked  tests/unit/population/test_fit.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.population import care, counts, hyperinflammation, infections, kinetics, outcome, severity
from vein2vein.population.blocks import Block
from vein2vein.population.evaluable import draw_evaluable
from vein2vein.population.measure import DAYS_OF_MONTH, Courses, Grades, hematotox, severe_days
from vein2vein.population.parameters import Setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.protocols import protocol
from vein2vein.population.states import Acute, Flags, Floats, Given, Integers, Patients, Way
from vein2vein.population.visits import BASELINE, DAYS, draw_visits
from vein2vein.population.way import draw_way

INTENDED: Final = "intended"
FIT_DAYS: Final = 60
_HOURS_OF_MONTH: Final = 24 * DAYS_OF_MONTH
_GRADE_CUTS: Final = (1.5, 1.0, 0.5)


@dataclass(frozen=True)
class Drawn:
    """The states of one block that the quantities are read from."""

    block: Block
    patients: Patients
    way: Way
    acute: Acute
    counts: counts.Counts
    outcome: outcome.Outcome


def draw(setting: Setting, seed: int, number: int) -> Drawn:
    """Run all modules that draw on one block, under the reference protocol."""
    block = Block(seed, number, setting)
    patients = draw_patients(block)
    way = draw_way(block, patients)
    cells = kinetics.draw_kinetics(block)
    crs = severity.draw_crs(block, patients, cells)
    icans = severity.draw_icans(block, patients, cells, crs)
    acute = care.draw_acute(block, patients, way, crs, icans, protocol("reference"), FIT_DAYS)
    visits = draw_visits(block, way, acute)
    hyper = hyperinflammation.draw_hyperinflammation(block, patients, cells, acute, way.is_infused)
    blood = counts.draw_counts(block, patients, cells, acute, hyper, visits)
    infected = infections.draw_infections(block, acute, blood, way.is_infused)
    found = outcome.draw_outcome(block, patients, way, cells, acute, hyper, infected)
    return Drawn(block, patients, way, acute, blood, found)


def intended(setting: Setting, seed: int, blocks: int) -> Courses:
    """The courses of the first blocks of a simulation, as intended."""
    return Courses.join([courses_of(draw(setting, seed, number)) for number in range(blocks)])


def courses_of(drawn: Drawn) -> Courses:
    """The quantities of one block."""
    way, acute, patients = drawn.way, drawn.acute, drawn.patients
    infused = way.is_infused
    given = acute.given
    steroids = given.of("dexamethasone", "methylprednisolone")
    daily = DAYS[BASELINE] != DAYS
    blood = drawn.counts.neutrophils
    end = np.where(np.isnan(acute.died), np.inf, acute.died)
    stays = (acute.icu_until - acute.icu_from) / 24
    return Courses(
        infused=infused,
        evaluable=draw_evaluable(drawn.block, drawn.outcome),
        failed=way.manufacture_failed,
        nonconforming=way.out_of_specification & infused,
        vein_to_vein_days=(way.infused - way.apheresed) / 24,
        enrolment_to_infusion_days=(way.infused - way.accepted) / 24,
        tocilizumab=_ever(drawn, given.of("tocilizumab")),
        steroids=_ever(drawn, steroids),
        steroids_for_crs=_ever(drawn, steroids, "crs"),
        steroids_for_icans=_ever(drawn, steroids, "icans"),
        anakinra=_ever(drawn, given.of("anakinra")),
        vasopressor=np.zeros(drawn.block.n, bool),
        icu=infused & (np.nan_to_num(acute.icu_from, nan=np.inf) < end),
        icu_days=stays,
        stay_days=acute.discharged / 24,
        score=hematotox(
            platelets=patients.platelets,
            neutrophils=patients.neutrophils,
            haemoglobin=patients.haemoglobin,
            crp=patients.crp,
            ferritin=patients.ferritin,
        ),
        severe_neutropenia_days=severe_days(DAYS[daily], blood[:, daily]),
        neutropenia_grade=_neutropenia(blood[:, daily].min(axis=1)),
        complete=drawn.outcome.response == outcome.COMPLETE,
        response=drawn.outcome.response >= outcome.PARTIAL,
        progressed_months=_months(drawn, _progressed(drawn)),
        died_months=_months(drawn, np.nan_to_num(drawn.outcome.died, nan=np.inf)),
        followed_months=_months(drawn, drawn.outcome.followed),
        waited_months=(way.infused - way.accepted) / _HOURS_OF_MONTH,
        grades={INTENDED: _grades(acute.crs_grade, end), f"{INTENDED}.icans": _grades(acute.icans_grade, end)},
    )


def _progressed(drawn: Drawn) -> Floats:
    """Hours to progression; those who leave the way because of it have it then, counted from the referral."""
    left = np.where(drawn.way.left_cause == "progression", np.nan_to_num(drawn.way.left), np.inf)
    return np.where(drawn.way.is_infused, np.nan_to_num(drawn.outcome.progressed, nan=np.inf), left)


def _months(drawn: Drawn, hours: Floats) -> Floats:
    """Months since infusion, or since enrolment for courses that are never infused (whose hours count from the referral)."""
    since = np.where(drawn.way.is_infused, 0.0, drawn.way.accepted)
    return (hours - since) / _HOURS_OF_MONTH


def _ever(drawn: Drawn, given: Given, reason: str | None = None) -> Flags:
    """Who was given something while alive, for one reason where it is named."""
    died = np.where(np.isnan(drawn.acute.died), np.inf, drawn.acute.died)
    found = np.zeros(drawn.block.n, bool)
    counts = given.hour < died[given.course]
    if reason is not None:
        counts &= given.reason == reason
    found[given.course[counts]] = True
    return found


def _grades(hourly: Integers, end: Floats) -> Grades:
    alive = np.arange(hourly.shape[1])[None, :] < end[:, None]
    there = (hourly >= 1) & alive
    ever = there.any(axis=1)
    onset = np.where(ever, np.argmax(there, axis=1), np.nan)
    last = hourly.shape[1] - np.argmax(there[:, ::-1], axis=1)
    over = ever & (last < np.minimum(end, hourly.shape[1]))
    return Grades(
        peak=np.where(alive, hourly, 0).max(axis=1).astype(np.int64),
        onset_days=onset / 24,
        duration_days=np.where(over, last - onset, np.nan) / 24,
    )


def _neutropenia(lowest: Floats) -> Integers:
    """CTCAE 5.0 grade of the lowest count from 10^9/L, grade 1 left out (it needs a lower limit of normal)."""
    return np.where(lowest < _GRADE_CUTS[0], 2 + sum((lowest < cut).astype(np.int64) for cut in _GRADE_CUTS[1:]), 0)
