"""Where the patient is, and which streams are charted.

Place    Floor 4. After `care`.
In       The way and the acute course, the hours at which observation ends.
Out      `Spans` of the stay and of charting, `Events` of discharge, death and further fractions of a split dose.
Knows    The chart is complete: every stream is charted from a week before the infusion to the end of the observation, so that
         a grade is never open for want of a statement. `mess` takes that away.
Checked  tests/unit/population/test_stay.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.knowledge import codes
from vein2vein.population.blocks import Block
from vein2vein.population.states import Acute, Events, Floats, Spans, Way

_ADMITTED: Final = -144.0
_CHARTED_FROM: Final = -168.0
_HOLDS_FRACTION: Final = 2
_NOT_CHARTED: Final = frozenset({"charted", "other_cause", "oxygen", "stay"})


def observe_stay(way: Way, acute: Acute, until: Floats) -> tuple[Spans, Events]:
    """Ward, intensive care and home; discharge and death of the acute course."""
    course = np.flatnonzero(way.is_infused)
    end = until[course]
    home = np.where(np.isnan(acute.discharged[course]), np.inf, acute.discharged[course])
    enters, leaves = acute.icu_from[course], np.minimum(acute.icu_until[course], home)
    has_icu = ~np.isnan(enters)
    parts = [
        ("ward", np.full(len(course), _ADMITTED), np.where(has_icu, enters, home), np.ones(len(course), bool)),
        ("icu", enters, leaves, has_icu),
        ("ward", leaves, home, has_icu),
        ("home", home, end, np.isfinite(home)),
    ]
    spans = []
    for place, start, stop, some in parts:
        there = some & (start < np.minimum(stop, end))
        spans.append(Spans.of("stay", place, course[there], start[there], np.minimum(stop, end)[there]))
    every = np.arange(len(way.infused))
    left = np.where(acute.discharged < until, acute.discharged, np.nan)
    events = [
        Events.of("discharge", every, left),
        Events.of("death", every, np.where(acute.died <= until, acute.died, np.nan), detail=acute.died_of),
    ]
    return Spans.join(spans), Events.join(events)


def observe_fractions(block: Block, way: Way, acute: Acute, until: Floats) -> Events:
    """Further fractions of a split dose: on the day of the label, or later when CRS and neurotoxicity allow it, or never."""
    free = (acute.crs_grade < _HOLDS_FRACTION) & (acute.icans_grade < 1)
    hours = np.arange(acute.hours)
    latest = 24 * block.parameter("way.fraction_latest_day")
    parts = [Events.of("fraction", np.zeros(0, int), np.zeros(0))]
    for day in block.setting.values("way.fraction_days")[1:]:
        may = free & (hours >= 24 * day) & (hours <= latest) & (hours % 24 == 0)
        hour = np.where(way.is_infused & may.any(axis=1), may.argmax(axis=1), np.nan)
        parts.append(Events.of("fraction", np.arange(block.n), np.where(hour < until, hour, np.nan)))
    return Events.join(parts)


def observe_charting(way: Way, until: Floats) -> Spans:
    """One span of kind charted for every stream that is not its own charting."""
    course = np.flatnonzero(way.is_infused)
    streams = [name for name in codes.streams() if name not in _NOT_CHARTED]
    agents = np.repeat(np.array(streams, dtype=object), len(course))
    every = np.tile(course, len(streams))
    return Spans.of("charted", agents, every, np.full(len(every), _CHARTED_FROM), until[every])
