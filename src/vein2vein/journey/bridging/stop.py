"""Whether bridging has stopped early enough for the planned first day of lymphodepletion, drug by drug.

Place    Journey, bridging. Counts with the rules of `journey.collection`: the same hours and days, before another event.
In       A timeline, a document of intervals, the planned start of lymphodepletion, an instant.
Out      `Stopping`: what binds, what still runs, and whether the plan keeps every interval.
Knows    Only what was given after the last apheresis is bridging; what was given before belongs to the wash-out of collection.
Missing  A stream that is not charted, and a drug that still runs, leave the answer open; they are named.
Checked  tests/unit/journey/bridging/test_stopping.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vein2vein.basis.truth import Truth
from vein2vein.journey.collection.washout import Readiness, Stop, readiness
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.record.timeline import CHARTED, Timeline


@dataclass(frozen=True, slots=True)
class Stopping:
    """Bridging against a planned start of lymphodepletion.

    Attributes:
        planned: The planned first dose of lymphodepletion.
        readiness: Each drug with its last dose and the earliest instant that follows.
        truth: TRUE where every interval is kept, FALSE where a known last dose is too late, else UNKNOWN.
    """

    planned: datetime
    readiness: Readiness
    truth: Truth

    @property
    def too_late(self) -> tuple[Stop, ...]:
        """Drugs whose interval ends after the plan."""
        stops = self.readiness.stops
        return tuple(s for s in stops if s.binds and s.earliest is not None and self.planned < s.earliest)


def stopping(timeline: Timeline, at: datetime, document: Washout, planned: datetime) -> Stopping:
    """Whether bridging stops early enough.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant up to which anything is known.
        document: Intervals before lymphodepletion.
        planned: Planned first dose of lymphodepletion.
    """
    known = timeline.until(at)
    collected = max((m.at for m in known.milestones if m.kind == "apheresis"), default=None)
    if collected is not None:
        rows = tuple(e for e in known.exposures if e.kind == CHARTED or e.started_at > collected)
        known = replace(known, exposures=rows)
    found = readiness(known, at, document, setting="oncology")
    return Stopping(planned, found, found.ready(planned))
