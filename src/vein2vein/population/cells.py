"""Cells given, and cells found in blood.

Place    Floor 4. After `kinetics`, `stay` (which says when fractions are given) and `visits` (when blood is drawn).
In       The way, the kinetics, the fractions that were given, the draws, the parameters way.* and kinetics.*.
Out      `Spans` of cell_product, one for each infusion; `Rows` of car_copies or car_cells, by the assay of the setting.
Knows    A split dose is given as the label says: a small first part, smaller where the burden is high, and the rest. What is
         held back is not given later. A level is that of `Kinetics` times the error of the assay; below the limit of
         quantification the limit is written with "<".
Does not Let the dose drive expansion, or mix the two assays.
Checked  tests/unit/population/test_cells.py
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.states import (
    BELOW,
    KIND,
    NO_CODE,
    Events,
    Floats,
    Kinetics,
    Patients,
    Rows,
    Spans,
    Way,
)
from vein2vein.population.visits import Visits, column

KIND_OF_UNIT: Final = {"{copies}/ug": "car_copies", "{cells}/uL": "car_cells"}
_DECIMALS: Final = {"car_copies": 1, "car_cells": 3}
_UNIT: Final = "10*6"


def observe_cells(block: Block, patients: Patients, way: Way, fractions: Events) -> Spans:
    """Cells of every infusion (10^6), the fractions that were given included.

    Args:
        block: The block.
        patients: Its patients; a split dose depends on the burden.
        way: Who was infused, and the whole dose.
        fractions: Further fractions, as `stay.observe_fractions` says.
    """
    course = np.flatnonzero(way.is_infused)
    first = _first(block, patients, way)
    later = fractions.course
    rest = (way.cells - first)[later]
    here, hour = np.concatenate([course, later]), np.concatenate([np.zeros(len(course)), fractions.hour])
    amount = np.round(np.concatenate([first[course], rest]), 1)
    return Spans.of("cell_product", block.setting.product, here, hour, hour, amount=amount, amount_unit=_UNIT)


def _first(block: Block, patients: Patients, way: Way) -> Floats:
    """What is given on day 0."""
    low, high = block.setting.values("way.fraction_first_cells")
    if not low:
        return way.cells
    share = block.parameter("way.fraction_high_burden")
    found: Floats = np.where(patients.burden > NormalDist().inv_cdf(1 - share), high, low)
    return found


def observe_levels(  # noqa: PLR0917  (the draws, and what they find)
    block: Block, way: Way, kinetics: Kinetics, visits: Visits, until: Floats
) -> Rows:
    """Levels at the draws of the named days, up to the end of the follow-up."""
    kind = KIND_OF_UNIT[str(block.setting.parameter("kinetics.unit").value)]
    days = [int(day) for day in block.setting.values("kinetics.sample_days")]
    hours = visits.hours[:, [column(day) for day in days]]
    true = kinetics.at(np.nan_to_num(hours))
    noise = block.stream("kinetics/assay").standard_normal(true.shape)
    measured = true * np.exp(block.parameter("kinetics.assay_sdlog") * noise)
    course, at = np.nonzero(way.is_infused[:, None] & (hours > 0) & (hours <= until[:, None]))
    least = block.parameter(f"kinetics.least_{kind.removeprefix('car_')}")
    value = np.round(measured[course, at], _DECIMALS[kind])
    below = value < least
    n = len(course)
    return Rows(
        course.astype(np.int32),
        np.full(n, KIND[kind], np.int16),
        hours[course, at].astype(np.float64),
        np.where(below, least, value),
        np.where(below, BELOW, NO_CODE).astype(np.int16),
    )
