"""Where the patient is, and which streams are charted.

Place    Floor 4. After `care`.
In       The way and the acute course, the hours at which observation ends.
Out      `Spans` of the stay and of charting, `Events` of discharge and death.
Knows    The chart is complete: every stream is charted from a week before the infusion to the end of the observation, so that
         a grade is never open for want of a statement. `mess` takes that away.
Checked  tests/unit/population/test_stay.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.knowledge import codes
from vein2vein.population.states import Acute, Events, Floats, Spans, Way

_ADMITTED: Final = -144.0
_CHARTED_FROM: Final = -168.0
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
        Events.of("death", every, acute.died, detail=acute.died_of),
    ]
    return Spans.join(spans), Events.join(events)


def observe_charting(way: Way, until: Floats) -> Spans:
    """One span of kind charted for every stream that is not its own charting."""
    course = np.flatnonzero(way.is_infused)
    streams = [name for name in codes.streams() if name not in _NOT_CHARTED]
    agents = np.repeat(np.array(streams, dtype=object), len(course))
    every = np.tile(course, len(streams))
    return Spans.of("charted", agents, every, np.full(len(every), _CHARTED_FROM), until[every])
