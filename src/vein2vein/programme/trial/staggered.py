"""Dose finding on the calendar of cells: staggered infusions, a window, a review, and patients who are lost on the way.

Place    Programme, trial. Joins a phase I design with the way to infusion of `calendar`.
In       A design with cohorts of one size, a truth, the way to infusion, a schedule.
Out      `Schedules`: the trials of the design with their days, consents and losses; of a trial that found too few patients only
         those who were infused, and no selection.
Knows    One cohort is open at a time. Its first patient is watched for some days before the next is infused, as protocols of
         cells ask (NCT07488546 through a registry page: 14 days, window to day 29), the others follow at a distance; after the
         last window comes a review, then the next cohort. Patients are infused in the order of consent; who is lost is replaced
         by the next who consents. Cells may be made ahead of the opening of a cohort. The design meets the patients of
         `simulate`, so doses and outcomes are those of the same seed there; only the time is new. With a way of no days, no
         loss and nothing made ahead, days are those of `phase1.late` for a design that waits for every outcome.
Does not Close a trial that is too slow, or let toxicity that is seen early shorten a window.
Checked  tests/unit/programme/trial/test_staggered.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from vein2vein.programme.trial.calendar import Cells
from vein2vein.programme.trial.clock import BLOCK, Clock, Counted, Schedule
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import Answers, Trials, latent_blocks, run
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Design, Floats, Ints

__all__ = ["Schedule", "Schedules", "clocks_of", "simulate"]


@dataclass(frozen=True)
class Schedules:
    """Trials with their time.

    Args:
        trials: Patients infused, their toxicities and selections; none is selected by a trial that found too few patients.
        counted: Days, and patients on their way to the infusion.
        suspended: How often a design that decides while outcomes are pending had to wait; None of others.
    """

    trials: Trials
    counted: Counted
    suspended: Ints | None = None

    @property
    def days(self) -> Floats:
        """Days from the first consent to the last review; infinite for a trial that found too few patients."""
        return self.counted.days

    @property
    def consented(self) -> Ints:
        """Patients who consented."""
        return self.counted.consented

    @property
    def lost(self) -> Ints:
        """Of these, not infused."""
        return self.counted.lost

    @property
    def waited(self) -> Floats:
        """Days that infused patients with cells at hand waited for their turn, in all."""
        return self.counted.waited

    @property
    def stalled(self) -> float:
        """Share of trials that found too few patients."""
        return float(np.isinf(self.days).mean())

    @property
    def mean_days(self) -> tuple[float, float]:
        """Mean duration of the trials that ended, and its Monte Carlo error."""
        days = self.days[np.isfinite(self.days)]
        return float(days.mean()), float(days.std(ddof=1) / math.sqrt(len(days)))


def simulate(design: Design, truth: Truth, way: Cells, schedule: Schedule, *, trials: int, seed: int) -> Schedules:
    """Simulate a design on the calendar.

    Args:
        design: Any design with cohorts of one size.
        truth: Probabilities of a toxicity.
        way: The way to infusion; what comes after it is not used.
        schedule: Staggering, window, review, arrivals.
        trials: How many trials, at least two.
        seed: Root seed.

    Raises:
        TrialError: TRIAL-002 for a design whose cohorts differ in size; as `simulate.run` otherwise.
    """
    if not isinstance(design.cohorts, Cohorts):
        refuse_parameter(f"the cohorts of {design.name}", "cohorts of one size, `Cohorts(size, number)`")
    played = run(design, truth, trials=trials, seed=seed)
    patients = played.n.sum(axis=1)
    clocks = clocks_of(design.cohorts, way, schedule, trials=trials, seed=seed)
    counted = Counted.joined([one.run(patients[k * BLOCK : (k + 1) * BLOCK]) for k, one in enumerate(clocks)])
    halted = _Halted(design, truth, trials, seed)
    return Schedules(halted(played, np.isinf(counted.days), counted.consented - counted.lost), counted)


def clocks_of(cohorts: Cohorts, way: Cells, schedule: Schedule, *, trials: int, seed: int) -> Iterator[Clock]:
    """The calendars of all trials, block by block."""
    for k in range(-(-trials // BLOCK)):
        yield Clock(cohorts, way, schedule, (seed, k, min(BLOCK, trials - k * BLOCK)))


@dataclass(frozen=True)
class _Halted:
    """What was seen in trials that ran out of patients: the first of their patients, and no selection."""

    design: Design
    truth: Truth
    trials: int
    seed: int

    def __call__(self, played: Trials, stalled: Bools, infused: Ints) -> Trials:
        """The trials with those that stalled cut to their first patients.

        Args:
            played: All trials as if no patient had been lost.
            stalled: Which of them found too few patients.
            infused: Patients that each infused.
        """
        if not stalled.any():
            return played
        assert isinstance(self.design.cohorts, Cohorts)  # noqa: S101  (asked before)
        size = self.design.cohorts.size_of_each
        e = None if played.e is None else played.e.copy()
        found = Trials(played.n.copy(), played.y.copy(), played.selected.copy(), e)
        found.selected[stalled] = NONE
        for number in np.unique(infused[stalled] // size):
            rows = np.flatnonzero(stalled & (infused // size == number))
            before, after = self._first(int(number)), self._first(int(number) + 1)
            for name in ("n", "y", "e"):
                whole = getattr(found, name)
                if whole is not None:
                    whole[rows] = 0 if before is None else getattr(before, name)[rows]
            assert after is not None  # noqa: S101  (of at least one cohort)
            self._incomplete(found, rows, infused[rows] % size, after.n[rows] - found.n[rows])
        return found

    def _first(self, cohorts: int) -> Trials | None:
        """The trials until so many cohorts."""
        if not cohorts:
            return None
        assert isinstance(self.design.cohorts, Cohorts)  # noqa: S101
        few = replace(self.design, cohorts=replace(self.design.cohorts, number=cohorts))
        return run(few, self.truth, trials=self.trials, seed=self.seed)

    def _incomplete(self, found: Trials, rows: Ints, there: Ints, added: Ints) -> None:
        """Add the first patients of the cohort that was never full."""
        dose, used = added.argmax(axis=1), found.n[rows].sum(axis=1)
        for number, (tolerances, responses) in enumerate(latent_blocks(self.design, self.trials, self.seed)):
            mine = np.flatnonzero(rows // BLOCK == number)
            if not len(mine):
                continue
            answers = Answers(tolerances, responses, self.truth, joint=self.design.joint)
            toxic, responded, _ = answers(rows[mine] % BLOCK, (used[mine], there[mine]), dose[mine])
            found.n[rows[mine], dose[mine]] += there[mine]
            found.y[rows[mine], dose[mine]] += toxic
            if found.e is not None and responded is not None:
                found.e[rows[mine], dose[mine]] += responded
