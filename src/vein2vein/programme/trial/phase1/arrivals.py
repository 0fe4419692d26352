"""Who can be treated on which day in a trial that decides while outcomes are pending.

Place    Programme, trial, phase I. Read by the simulator `late`; the calendar of cells, `staggered_late`, is another such source.
In       Gaps between patients.
Out      `Arrivals`, what the simulator asks; `Gaps`, those of a setting.
Checked  tests/unit/programme/trial/test_late.py, tests/unit/programme/trial/test_staggered_late.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from vein2vein.programme.trial.words import Bools, Floats, Ints

NEVER: Final = 1e12  # a day on which every outcome is known


class Arrivals(Protocol):
    """Who can be treated on which day, in a batch of trials.

    Attributes:
        review: Days from an outcome to the decisions that know it.
    """

    review: float

    def first(self) -> Floats:
        """Day on which the first patient of each trial can be treated; at least `NEVER` where there is none."""

    def called(self, rows: Ints, now: Floats) -> Floats:
        """The same day, or that of the patient who is called only now that the trial is open; not before `now`."""

    def kept(self, rows: Ints, now: Floats) -> Floats:
        """The day to which a trial has waited, or another where the patient was lost until then."""

    def treated(self, rows: Ints, place: Ints, now: Floats, fresh: Bools) -> Floats:
        """The day on which a next patient can be treated.

        Args:
            rows: Trials that treated somebody now.
            place: Place of that patient, from 0.
            now: Day.
            fresh: Whether that patient is the first of a cohort, or of cohorts of one, the first after a change of dose.
        """


class Gaps:
    """Arrivals of a setting: a patient is there some days after the last was treated, and waits as long as it takes."""

    review: Final = 0.0

    def __init__(self, gaps: Floats) -> None:
        self.gaps = gaps

    def first(self) -> Floats:
        """The first patient is there on day 0."""
        return np.zeros(len(self.gaps))

    def called(self, rows: Ints, now: Floats) -> Floats:
        """A patient is always there."""
        del rows
        return now

    def kept(self, rows: Ints, now: Floats) -> Floats:
        """Nobody is lost."""
        del rows
        return now

    def treated(self, rows: Ints, place: Ints, now: Floats, fresh: Bools) -> Floats:
        """The next patient comes after a gap."""
        del fresh
        found: Floats = now + self.gaps[rows, place]
        return found


MakesArrivals = Callable[[int, int], Arrivals]
