"""One block from referral to the end of follow-up: all modules in their order.

Place    Floor 4. Called by `simulate`.
In       A block, a protocol, days of hourly observation.
Out      `Drawn` for `assemble`, and `Intentions`: what the generator meant, for the agreement table only.
Knows    The order in which modules depend on each other; nothing else.
Checked  tests/acceptance/population
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from vein2vein.population.assemble import Drawn
from vein2vein.population.bedside import draw_bedside, observe_bedside, vital_signs
from vein2vein.population.blocks import Block
from vein2vein.population.care import draw_acute
from vein2vein.population.cells import observe_cells, observe_levels
from vein2vein.population.evaluable import ASSESSED, draw_evaluable
from vein2vein.population.kinetics import draw_kinetics
from vein2vein.population.laboratory import Laboratory, draw_laboratory, observe_laboratory
from vein2vein.population.neurology import observe_neurology
from vein2vein.population.patients import draw_patients, observe_patients
from vein2vein.population.protocols import Protocol
from vein2vein.population.severity import draw_crs, draw_icans
from vein2vein.population.states import KIND, Acute, Events, Floats, Given, Kinetics, Patients, Rows, Spans, Way
from vein2vein.population.stay import observe_charting, observe_fractions, observe_stay
from vein2vein.population.way import REFERRED_CLOCK, draw_way, observe_way, since_zero


@dataclass(frozen=True)
class Intentions:
    """What a block meant, beside the tables: `until` is the end of the hourly observation, hours since infusion."""

    patients: Patients
    way: Way
    kinetics: Kinetics
    acute: Acute
    until: Floats
    after: Laboratory


def draw_course(block: Block, protocol: Protocol, days: int) -> tuple[Drawn, Intentions]:
    """Draw every course of a block and chart it."""
    patients = draw_patients(block)
    way = draw_way(block, patients)
    kinetics = draw_kinetics(block)
    crs = draw_crs(block, patients, kinetics)
    icans = draw_icans(block, patients, kinetics, crs)
    acute = draw_acute(block, patients, way, crs, icans, protocol, days)
    after = draw_laboratory(block, patients, way, kinetics, acute)
    until = np.where(way.is_infused, after.outcome.followed, np.nan)
    watched = np.minimum(until, 24.0 * days)
    rows, spans, events, vitals = _charted(block, patients, way, kinetics, acute, after, watched)
    drawn = Drawn(vitals, rows, spans, events, watched, until, np.where(way.is_infused, 0.0, after.outcome.followed))
    return drawn, Intentions(patients, way, kinetics, acute, watched, after)


def _charted(  # noqa: PLR0913, PLR0917  (what the bedside charts)
    block: Block, patients: Patients, way: Way, kinetics: Kinetics, acute: Acute, after: Laboratory, watched: Floats
) -> tuple[Rows, Spans, Events, Floats]:
    until = np.where(way.is_infused, after.outcome.followed, np.nan)
    clock = np.nan_to_num((REFERRED_CLOCK + way.infused) % 24)
    bedside = draw_bedside(block, acute)
    signs, treated = observe_bedside(block, patients, bedside, watched)
    neurology, explained = observe_neurology(block, patients, clock, acute, bedside.sedated, watched)
    # The last look finds no fever of another cause: a temperature holds longer than the statement of its cause.
    looked_at_again = np.arange(acute.hours) < np.nan_to_num(watched)[:, None] - 1
    fever = after.infections.fever(acute.hours) & looked_at_again
    vitals = vital_signs(block, patients, clock, acute, bedside, fever)
    yields, depleted, steps = observe_way(block, patients, way)
    places, moves = observe_stay(way, acute, until)
    fractions = observe_fractions(block, way, acute, until)
    laboratory, supported, later = observe_laboratory(block, way, acute, after)
    cells = observe_cells(block, patients, way, fractions)
    spans = [treated, depleted, cells, places, given(acute.given), observe_charting(way, until), supported, explained]
    accepted = since_zero(way, np.arange(block.n), way.accepted)
    before = [observe_patients(block, patients, accepted), yields]
    levels = observe_levels(block, way, kinetics, after.visits, until)
    rows = [*before, _size(patients, way), signs, neurology, _assessed(block, after, laboratory), levels]
    return Rows.join(rows), Spans.join(spans), Events.join([steps, moves, fractions, later]), vitals


def given(administrations: Given) -> Spans:
    """Administrations as exposures without length."""
    hour = administrations.hour
    return Spans.of(
        administrations.stream,
        administrations.agent,
        administrations.course,
        hour,
        hour,
        amount=administrations.dose,
        amount_unit=administrations.unit,
        reason=administrations.reason,
    )


def _size(patients: Patients, way: Way) -> Rows:
    """Weight and height at admission."""
    course = np.flatnonzero(way.is_infused)
    hour = np.full(len(course), -143.0)
    weight, height = np.round(patients.weight_kg[course], 1), np.round(patients.height_cm[course])
    return Rows.join([Rows.numbers("weight", course, hour, weight), Rows.numbers("height", course, hour, height)])


def _assessed(block: Block, after: Laboratory, rows: Rows) -> Rows:
    """All rows but the assessments of those whose response cannot be evaluated."""
    never = ~draw_evaluable(block, after.outcome)
    gone = never[rows.course] & np.isin(rows.kind, [KIND[name] for name in ASSESSED])
    return Rows(*(getattr(rows, f.name)[~gone] for f in fields(rows))) if gone.any() else rows
