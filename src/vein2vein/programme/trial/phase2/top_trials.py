"""Trials of TOP in time: patients come, responses come late, looks decide or wait.

Place    Programme, trial, phase II. Stands on `pending`.
In       A BOP2 design, the true response rate, the window of an assessment, the days between patients.
Out      `TopTrials`, one row each.
Knows    A look is asked when the next patient comes, the last one when everybody is known. While the rule waits nobody comes; the
         patient who did is treated when it goes on, and others come after that. Responses come evenly over the window: that is
         ours, and what the rule assumes when it counts a pending patient as the part of the window that is over. With a window
         of next to nothing it is BOP2.
Does not Let patients leave before their assessment.
Checked  tests/unit/programme/trial/phase2/test_top_trials.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.bop2 import Bop2
from vein2vein.programme.trial.phase2.pending import Row, table
from vein2vein.programme.trial.phase2.refuse import positive, refuse_counts
from vein2vein.programme.trial.words import Bools, Floats, Ints


@dataclass(frozen=True)
class TopTrials:
    """Simulated trials, one row each.

    Args:
        success: Whether the treatment is called of interest at the end.
        look: The look at which each ended, from 0; the last for those that went through.
        patients: Patients who came.
        days: Days from the first patient to the last decision.
        suspended: Days of these on which no patient could come.
    """

    success: Bools
    look: Ints
    patients: Ints
    days: Floats
    suspended: Floats


def simulate(design: Bop2, rate: float, *, window: float, interval: float, trials: int, seed: int) -> TopTrials:
    """Simulate TOP.

    Args:
        design: The BOP2 design.
        rate: True response rate.
        window: Days of an assessment.
        interval: Mean days between two patients; they come at random.
        trials: How many trials.
        seed: Root seed; the same patients for every rate, who respond at a higher one if they do at a lower.

    Raises:
        TrialError: TRIAL-002 for a window or an interval that is not above 0, TRIAL-060 for a rate that is no chance.
    """
    positive("assessment window", window)
    positive("an interval of", interval)
    if not 0 <= rate <= 1:
        refuse_counts(f"a response rate of {rate:g}", "a number from 0 to 1")
    streams, shape = Streams(seed), (trials, design.looks[-1])
    gaps = interval * streams["trial/top/arrival"].standard_exponential(shape)
    responds = streams["trial/top/response"].random(shape) < rate
    after = np.where(responds, window * streams["trial/top/day of response"].random(shape), window)
    entry = np.zeros(shape)
    found = TopTrials(
        np.zeros(trials, bool), np.zeros(trials, np.int64), np.zeros(trials, np.int64), *np.zeros((2, trials))
    )
    rows, start, first = np.arange(trials), np.zeros(trials), 0
    for k, n in enumerate(design.looks):
        last = k + 1 == len(design.looks)
        entry[rows, first] = start
        entry[rows, first + 1 : n] = start[:, None] + np.cumsum(gaps[rows, first + 1 : n], axis=1)
        asked = entry[rows, n - 1] + (0.0 if last else gaps[rows, n])
        people = _People(entry[rows, :n], after[rows, :n], responds[rows, :n], window)
        day, goes = _decided(design, k, people, asked)
        found.suspended[rows] += day - asked if not last else 0.0
        ends = np.ones(len(rows), bool) if last else ~goes
        here = rows[ends]
        found.look[here], found.patients[here], found.days[here] = k, n, day[ends]
        found.success[here] = goes[ends] if last else False
        rows, start, first = rows[~ends], day[~ends], n
        if not len(rows):
            break
    return found


@dataclass(frozen=True)
class _People:
    """Patients at a look, shape (trials, patients): entry, days until their outcome is known, whether it is a response."""

    entry: Floats
    after: Floats
    responds: Bools
    window: float

    def at(self, day: Floats) -> tuple[Ints, Floats]:
        """Responses and effective patients on a day of each trial."""
        followed = np.minimum(day[:, None] - self.entry, self.window)
        known = self.entry + self.after <= day[:, None]
        effective = np.where(known, 1.0, followed / self.window).sum(axis=1)
        return (known & self.responds).sum(axis=1), effective


def _decided(design: Bop2, k: int, people: _People, asked: Floats) -> tuple[Floats, Bools]:
    """Day on which each trial decides at a look, and whether it goes on (at the last look: succeeds)."""
    n, enough = design.looks[k], design.boundaries.futile[k] + 1
    known = np.sort(people.entry + people.after, axis=1)
    if k + 1 == len(design.looks):
        day = np.maximum(asked, known[:, -1])
        return day, people.responds.sum(axis=1) >= enough
    rows = [row for row in table(design) if row.patients == n and row.responses < enough]
    if not rows:
        return asked, np.ones(len(asked), bool)
    fewer = _suspends_from(rows[0])
    few = known[:, max(n - fewer, 0)]  # from then on fewer than that are pending
    responses = np.sort(np.where(people.responds, people.entry + people.after, np.inf), axis=1)
    sure = responses[:, enough - 1] if enough <= n else np.full(len(asked), np.inf)
    day = np.maximum(asked, np.minimum(few, sure))
    seen, effective = people.at(day)
    below = np.array([row.go_below for row in rows])
    goes = (seen >= enough) | (effective < below[np.minimum(seen, enough - 1)])
    return day, goes


def _suspends_from(row: Row) -> int:
    assert row.suspend_from is not None  # noqa: S101  (before the responses are enough there is a number)
    return row.suspend_from
