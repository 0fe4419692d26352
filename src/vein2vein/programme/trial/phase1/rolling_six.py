"""Rolling six: 3+3 that lets up to six patients in while outcomes are pending.

Place    Programme, trial, phase I.
Source   Skolnik JM et al. J Clin Oncol 2008;26:190 (doi 10.1200/JCO.2007.12.7712). The table is recalled.
Knows    Two toxicities: the dose is too toxic. None among at least three, none pending: up. Of six, up once at most one can
         have a toxicity, those pending counted as if they had. Otherwise the next patient enters, up to six; then wait.
Checked  tests/reference/trial_phase1/test_rolling_six.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.phase1.common import refuse, told
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase1.three_plus_three import Closing, HighestPassed, TwoToxicities
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Ints

PAPER: Final = "Skolnik et al. 2008, doi 10.1200/JCO.2007.12.7712"
_SIX: Final = 6
_THREE: Final = 3


@dataclass(frozen=True)
class RollingSix:
    """The table of rolling six.

    Args:
        closing: "below" or "six", as in 3+3.
    """

    closing: Closing

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next patient, SUSPEND to wait, NONE where the trial ends."""
        states = seen.states
        rows = np.arange(len(states))
        n, y, pending = (states.here(column) for column in (states.n, states.y, seen.pending))
        none_toxic = (n >= _THREE) & (y == 0) & (pending == 0)
        passed = none_toxic | ((n >= _SIX) & (y + pending <= 1))
        above = np.minimum(states.at + 1, states.doses - 1)
        can_rise = (states.at < states.doses - 1) & ~closed[rows, above]
        established = passed & ~can_rise & ((n >= _SIX) | (self.closing == "below"))
        found = np.where(passed & can_rise, states.at + 1, states.at)
        found = np.where((n >= _SIX) & ~passed, SUSPEND, found)
        found = np.where(established, NONE, found)
        open_doses = states.doses - closed.sum(axis=1)
        below = np.maximum(open_doses - 1, 0)
        refill = (self.closing == "six") & (open_doses > 0) & (states.n[rows, below] < _SIX)
        return np.where(states.here(closed), np.where(refill, below, NONE), found)

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """The line of the table."""
        states, words = seen.states, []
        rows = zip(
            self.next_dose(seen, closed), states.at, states.here(states.y), states.here(seen.pending), strict=True
        )
        for goes, at, y, pending in rows:
            if y > 1:
                words.append("two toxicities: the dose is too toxic")
            elif goes == SUSPEND:
                words.append(f"six were treated and {pending} pending could still make two toxicities, so wait")
            elif goes == NONE:
                words.append("the dose is established")
            elif goes > at:
                words.append("no more than one of six can have a toxicity, or none of at least three had one: go up")
            else:
                words.append("fewer than six were treated and the dose is not decided: one more patient")
        return words


def rolling_six(doses: int, *, closing: Closing = "below") -> LateDesign:
    """A rolling six design that begins at the lowest dose.

    Args:
        doses: How many doses.
        closing: "below" or "six", as in 3+3.

    Raises:
        TrialError: TRIAL-002 for a closing that cannot be.
    """
    if closing not in {"below", "six"}:
        refuse(f"closing {closing!r}", '"below" or "six"', "choose one of the two")
    return LateDesign(
        name="rolling six",
        doses=doses,
        rule=RollingSix(closing),
        selection=HighestPassed(),
        cohorts=Cohorts(1, _SIX * doses),
        safety=TwoToxicities(),
        parameters=told({"closing": closing}, {"closing": "below"}, PAPER),
    )
