"""3+3, with both ways of closing.

Place    Programme, trial, phase I.
Source   Storer BE. Biometrics 1989;45:925; Korn EL et al. Stat Med 1994;13:1799 (doi 10.1002/sim.4780131802). Both recalled.
Knows    0 of 3: up. 1 of 3: three more. At most 1 of 6: up. 2 or more of 3 or 6: the dose is too toxic. Then either the dose
         below is taken as it is ("below"), or it must first have six patients, going further down if it fails ("six").
Checked  tests/reference/trial_phase1/test_three_plus_three.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from vein2vein.programme.trial.phase1.common import refuse, told
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Design, Ints, States, check_first_dose

PAPER: Final = "Storer 1989; Korn et al. 1994, doi 10.1002/sim.4780131802"
Closing = Literal["below", "six"]
_THREE: Final = 3
_SIX: Final = 6


@dataclass(frozen=True)
class TwoToxicities:
    """Closes a dose, and all above it, with two or more toxicities."""

    def closed(self, states: States) -> Bools:
        """Doses with at least two toxicities, and all above."""
        found: Bools = np.logical_or.accumulate(states.y >= 2, axis=1)  # noqa: PLR2004  (two of three or of six)
        return found


@dataclass(frozen=True)
class ThreePlusThree:
    """The table of 3+3.

    Args:
        closing: "below": once a dose is too toxic, the dose below is the maximum tolerated one. "six": that dose must have
            six patients, and so must the highest dose.
    """

    closing: Closing

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next three patients, NONE where the trial ends."""
        rows = np.arange(len(states))
        n, y = states.here(states.n), states.here(states.y)
        above = np.minimum(states.at + 1, states.doses - 1)
        can_rise = (states.at < states.doses - 1) & ~closed[rows, above]
        # cohorts have three; a trial that departed may have four or five, and is judged by the same table
        passed = ((n >= _THREE) & (y == 0)) | ((n >= _SIX) & (y <= 1))
        more = (y <= 1) & ~passed
        stays = more | (passed & ~can_rise & (n < _SIX)) if self.closing == "six" else more
        found = np.where(passed & can_rise, states.at + 1, np.where(stays, states.at, NONE))
        if self.closing == "six":
            below = np.maximum(states.at - 1, 0)
            down = closed[rows, states.at] & (states.at > 0) & (states.n[rows, below] < _SIX)
            found = np.where(down, below, found)
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What was seen at the current dose, and the line of the table."""
        words = []
        for n, y, goes, at in zip(
            states.here(states.n), states.here(states.y), self.next_dose(states, closed), states.at, strict=True
        ):
            text = f"{y} of {n} with a toxicity: "
            if goes == NONE and y > 1:
                then = "there is none below, so no dose is left" if at == 0 else f"dose {at} is established"
                words.append(text + f"the dose is too toxic; {then}")
            elif goes == NONE:
                words.append(text + "the dose is established")
            elif goes == at:
                words.append(text + "three more at this dose")
            else:
                words.append(text + ("go up" if goes > at else "too toxic; six are needed at the dose below"))
        return words


@dataclass(frozen=True)
class HighestPassed:
    """Selects the highest tried dose below all that are too toxic."""

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where the lowest is too toxic."""
        able = (states.n > 0) & ~closed
        found: Ints = np.where(able.any(axis=1), states.doses - 1 - able[:, ::-1].argmax(axis=1), NONE)
        return found


def three_plus_three(doses: int, *, closing: Closing = "below", start: int = 0) -> Design:
    """A 3+3 design.

    Args:
        doses: How many doses.
        closing: "below" or "six", see `ThreePlusThree`.
        start: Dose of the first cohort, from 0.

    Raises:
        TrialError: TRIAL-002 for a closing or a number of doses that cannot be.
    """
    if closing not in {"below", "six"}:
        refuse(f"closing {closing!r}", '"below" or "six"', "choose one of the two")
    check_first_dose(doses, start)
    return Design(
        name="3+3",
        doses=doses,
        rule=ThreePlusThree(closing),
        selection=HighestPassed(),
        cohorts=Cohorts(3, 2 * doses),
        safety=TwoToxicities(),
        start=start,
        parameters=told({"closing": closing, "start": start + 1}, {"closing": "below", "start": 1}, PAPER),
    )
