"""How much blood to process for a target of CD3 cells, whether counts allow the start, and what was collected.

Place    Journey, collection. Read by assess and the command line.
In       A timeline, an instant, a target, collection efficiencies.
Out      A volume for each efficiency; the criteria at the start; the sum of the yields.
Knows    Target and efficiency are the asker's: they differ by manufacturer, device and centre, and no default is taken silently.
Missing  Without a CD3 count there is no volume. A collection without a recorded yield leaves the sum open upwards.
Checked  tests/unit/journey/collection/test_plan.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vein2vein.basis.clock import local_date
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.selection.criteria import Eligibility, eligibility
from vein2vein.journey.stages.asking import FormulaAnswer, ask_formula
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.record.timeline import Observation, Timeline

VOLUME: Final = "apheresis.volume"
YIELD: Final = "apheresis.cd3-yield"
START: Final = "compiled-2026.collection-start"


@dataclass(frozen=True, slots=True)
class VolumeAnswer:
    """A volume for one efficiency.

    Attributes:
        collection_efficiency: Share of the CD3 cells of the processed blood that is collected.
        answer: The volume in litres, or why there is none, with the count that it rests on.
    """

    collection_efficiency: float
    answer: FormulaAnswer


def volumes(
    timeline: Timeline,
    at: datetime,
    *,
    target_cd3: float,
    efficiencies: Sequence[float],
    library: Library | None = None,
) -> tuple[VolumeAnswer, ...]:
    """Litres of blood to process for a target.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant of the question.
        target_cd3: Target in 10^9 CD3 cells.
        efficiencies: Collection efficiencies to show side by side, each from 0 to 1.
        library: Where the formula is looked up; the package's own when None.

    Raises:
        KnowledgeError: RULE-004 for a target or an efficiency outside the range of the formula.
    """
    questions, known = Questions(timeline, at), library or default_library()
    return tuple(
        VolumeAnswer(
            share, ask_formula(questions, _formula(known, VOLUME, target_cd3=target_cd3, collection_efficiency=share))
        )
        for share in efficiencies
    )


def expected_yield(
    timeline: Timeline, at: datetime, *, volume: float, efficiency: float, library: Library | None = None
) -> FormulaAnswer:
    """CD3 cells (10^9) to expect of a processed volume in litres, from the last count.

    Raises:
        KnowledgeError: RULE-004 for a volume or an efficiency outside the range of the formula.
    """
    formula = _formula(library or default_library(), YIELD, volume=volume, collection_efficiency=efficiency)
    return ask_formula(Questions(timeline, at), formula)


def _formula(library: Library, id: str, **parameters: float) -> Formula:
    return library.get(id, Formula, parameters)


def start_counts(timeline: Timeline, at: datetime, *, registry: Registry | None = None) -> Eligibility:
    """Whether the counts allow a collection to start."""
    return eligibility(timeline, (registry or default_registry()).get(START), at)


@dataclass(frozen=True, slots=True)
class Collected:
    """What the collections of a course have yielded so far.

    Attributes:
        cd3: Sum of the recorded yields, 10^9 CD3 cells; None where none is recorded.
        is_complete: Whether every day with an apheresis has a yield; where not, the sum is a least.
        because: The rows of the yields, oldest first.
    """

    cd3: float | None
    is_complete: bool
    because: tuple[Observation, ...]


def collected(timeline: Timeline, at: datetime) -> Collected:
    """The CD3 cells collected up to an instant: one row for each apheresis, summed."""
    known = timeline.until(at)
    zone = known.course.zone
    rows = tuple(o for o in known.observations if o.kind == "cd3_yield" and o.is_usable and o.comparator is None)
    days = {local_date(m.at, zone) for m in known.milestones if m.kind == "apheresis"}
    yielded = {local_date(row.observed_at, zone) for row in rows}
    total = round(sum(row.value or 0.0 for row in rows), 6) if rows else None
    return Collected(total, bool(rows) and days <= yielded, rows)
