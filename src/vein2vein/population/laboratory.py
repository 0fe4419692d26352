"""Laboratory, infections, outcome and the months after, in the order in which they depend on each other.

Place    Floor 4. Between `care`, whose acute course it follows, and `assemble`; called by `course`.
In       A block, its patients, way, kinetics and acute course.
Out      `Laboratory`, and its observations, exposures and milestones up to the end of the follow-up.
Knows    The order: visits, hyperinflammation, counts, infections, outcome, chemistry, late. `fever` of the infections is for
         the bedside; `outcome.followed` is the end of the follow-up (since the referral where a course is never infused).
Checked  tests/unit/population/test_laboratory.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vein2vein.population.chemistry import Chemistry, draw_chemistry, observe_chemistry
from vein2vein.population.counts import Counts, draw_counts, observe_counts
from vein2vein.population.hyperinflammation import (
    Hyperinflammation,
    draw_hyperinflammation,
    observe_hyperinflammation,
)
from vein2vein.population.infections import Infections, draw_infections, observe_infections
from vein2vein.population.late import Late, draw_late, observe_late
from vein2vein.population.outcome import Outcome, draw_outcome, observe_outcome
from vein2vein.population.states import Events, Rows, Spans
from vein2vein.population.visits import Visits, draw_visits

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.states import Acute, Kinetics, Patients, Way


@dataclass(frozen=True)
class Laboratory:
    """Everything that is drawn after the acute course."""

    visits: Visits
    hyperinflammation: Hyperinflammation
    counts: Counts
    infections: Infections
    outcome: Outcome
    chemistry: Chemistry
    late: Late


def draw_laboratory(  # noqa: PLR0917  (a course up to the end of its acute part)
    block: Block, patients: Patients, way: Way, kinetics: Kinetics, acute: Acute
) -> Laboratory:
    """Draw what follows the acute course of a block."""
    infused = way.is_infused
    visits = draw_visits(block, way, acute)
    hyper = draw_hyperinflammation(block, patients, kinetics, acute, infused)
    counts = draw_counts(block, patients, kinetics, acute, hyper, visits)
    infections = draw_infections(block, acute, counts, infused)
    outcome = draw_outcome(block, patients, way, kinetics, acute, hyper, infections)
    chemistry = draw_chemistry(block, patients, acute, hyper, infections, outcome, visits)
    late = draw_late(block, patients, kinetics, counts, infections, outcome)
    return Laboratory(visits, hyper, counts, infections, outcome, chemistry, late)


def observe_laboratory(block: Block, way: Way, acute: Acute, drawn: Laboratory) -> tuple[Rows, Spans, Events]:
    """What the record knows of it, up to the end of the follow-up."""
    infused, visits = way.is_infused, drawn.visits
    until = np.where(infused, drawn.outcome.followed, -np.inf)
    of_counts, supported = observe_counts(drawn.counts, visits, until)
    of_syndrome, treated = observe_hyperinflammation(drawn.hyperinflammation, infused, until)
    of_infections, covered = observe_infections(drawn.infections, infused, until)
    of_outcome, steps = observe_outcome(block, drawn.outcome, way, acute, visits)
    of_months, replaced, later = observe_late(block, drawn.late, drawn.counts, visits, until)
    rows = [
        of_counts,
        of_syndrome,
        of_infections,
        of_outcome,
        observe_chemistry(drawn.chemistry, visits, until),
        of_months,
    ]
    return Rows.join(rows), Spans.join([supported, treated, covered, replaced]), Events.join([steps, later])
