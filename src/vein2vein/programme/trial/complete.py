"""A design of another kind as a plain one: with every outcome known, or with every product as large as planned.

Place    Programme, trial. Read by paths, tables and tests: what a late-onset design says when nobody is pending, and one for
         partial doses while everybody gets the planned dose.
In       A `LateDesign` or `PartialDesign`.
Out      A `Design` with its rule, safety, selection and cohorts.
Knows    Nobody is pending, so no rule can ask to wait. Nobody got less, so no dose is infeasible.
Checked  tests/property/trial/test_every_design.py; tests/unit/programme/trial/study/test_dose_tables.py
"""

from __future__ import annotations

from dataclasses import dataclass

from vein2vein.programme.trial.phase1.late import LateDesign, LateRule
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.phase12.late import TwoSeen
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility
from vein2vein.programme.trial.words import Bools, Design, Ints, NoSafetyRule, States


@dataclass(frozen=True)
class Complete:
    """A rule for pending patients, asked when there are none."""

    late: LateRule

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort."""
        return self.late.next_dose(TwoSeen.complete(states), closed)

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """Why, in words."""
        return self.late.reasons(TwoSeen.complete(states), closed)


def complete(design: LateDesign | PartialDesign) -> Design:
    """The design that waits for every outcome of a cohort before the next one, and whose products all reach their dose."""
    if isinstance(design, PartialDesign):
        return Design(
            name=design.name,
            doses=design.doses,
            rule=design.toxicity,
            selection=design.toxicity,
            cohorts=design.cohorts,
            safety=design.feasible.toxicity or NoSafetyRule(),
            looks_at_last_cohort=True,
            parameters=design.parameters,
        )
    return Design(
        name=design.name,
        doses=design.doses,
        rule=Complete(design.rule),
        selection=design.selection,
        cohorts=design.cohorts,
        safety=design.safety,
        start=design.start,
        with_efficacy=isinstance(design.rule, PendingUtility),
        joint=design.joint,
        looks_at_last_cohort=True,
        parameters=design.parameters,
    )
