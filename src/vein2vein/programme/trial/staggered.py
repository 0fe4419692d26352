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
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.calendar import After, Cells, Chances, History, play_cells
from vein2vein.programme.trial.phase1.late import ARRIVAL
from vein2vein.programme.trial.randomised.refuse import not_negative, positive, refuse_parameter
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import Answers, Trials, latent_blocks, run
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Design, Floats, Ints

_BLOCK: Final = 8192  # as in `simulate` and `phase1.late`, so that patients and arrivals are the same
_LONG: Final = 1e9


@dataclass(frozen=True)
class Schedule:
    """What the protocol asks of time.

    Args:
        window: Days from infusion in which toxicity counts.
        first: Days for which the first patient of a cohort is watched before the next infusion.
        each: Days between later infusions of a cohort.
        review: Days from the end of the last window to the next cohort.
        interval: Mean days between two patients who could consent.
        arrivals: "poisson" or "even".
        make_ahead: Whether patients of the next cohort may consent once all of this one are infused; otherwise after the review.
        candidates: Patients who can be asked for each place of the trial, in all; a trial that would need more has stalled.
    """

    window: float
    first: float
    interval: float
    each: float = 0.0
    review: float = 0.0
    arrivals: Literal["poisson", "even"] = "poisson"
    make_ahead: bool = True
    candidates: int = 4

    def __post_init__(self) -> None:
        for word in ("window", "first", "each", "review"):
            not_negative(f"{word} days of", getattr(self, word))
        positive("an interval of", self.interval)
        if self.arrivals not in {"poisson", "even"}:
            refuse_parameter(f"arrivals {self.arrivals!r}", '"poisson" or "even"')
        if self.candidates < 1:
            refuse_parameter(f"{self.candidates} candidates for each place", "at least one")


@dataclass(frozen=True)
class Schedules:
    """Trials with their time.

    Args:
        trials: Patients infused, their toxicities and selections; none is selected by a trial that found too few patients.
        days: Days from the first consent to the last review; infinite for a trial that found too few patients.
        consented: Patients who consented.
        lost: Of these, not infused.
        waited: Days that infused patients with cells at hand waited for their turn, in all.
    """

    trials: Trials
    days: Floats
    consented: Ints
    lost: Ints
    waited: Floats

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
    parts = [
        _Clock(design.cohorts, way, schedule, (seed, k, min(_BLOCK, trials - k * _BLOCK))).run(
            patients[k * _BLOCK : (k + 1) * _BLOCK]
        )
        for k in range(-(-trials // _BLOCK))
    ]
    days, consented, lost, waited = (np.concatenate(column) for column in zip(*parts, strict=True))
    halted = _Halted(design, truth, trials, seed)
    return Schedules(halted(played, np.isinf(days), consented - lost), days, consented, lost, waited)


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
            mine = np.flatnonzero(rows // _BLOCK == number)
            if not len(mine):
                continue
            answers = Answers(tolerances, responses, self.truth, joint=self.design.joint)
            toxic, responded, _ = answers(rows[mine] % _BLOCK, (used[mine], there[mine]), dose[mine])
            found.n[rows[mine], dose[mine]] += there[mine]
            found.y[rows[mine], dose[mine]] += toxic
            if found.e is not None and responded is not None:
                found.e[rows[mine], dose[mine]] += responded


class _Clock:
    """The calendars of some trials, place by place."""

    def __init__(self, cohorts: Cohorts, way: Cells, schedule: Schedule, drawn: tuple[int, int, int]) -> None:
        seed, number, count = drawn
        self.size, self.schedule, self.slot, self.count = cohorts.size_of_each, schedule, way.slot, count
        self.places = cohorts.most
        self.candidates = cohorts.most * schedule.candidates
        chances = Chances(seed, number, (count, self.candidates), "phase I")
        self.history = play_cells(replace(way, slot=0.0), After(_LONG), chances)
        self.given_up = self._given_up(way, self.history)
        # cells at hand: progression or death may still come before the turn does
        risk = way.death + way.progression * (1 - way.given_after_progression)
        self.holds = chances.days("waits for the turn", risk)
        drawn_gaps = Streams(seed).replication(ARRIVAL, number).random((self.places, _BLOCK))[:, :count].T
        more = chances.uniform("replacement")
        even = schedule.arrivals == "even"
        self.gaps = schedule.interval * (np.ones(drawn_gaps.shape) if even else -np.log1p(-drawn_gaps))
        self.more = schedule.interval * (np.ones(more.shape) if even else -np.log1p(-more))
        self.next = np.zeros(count, np.int64)
        self.made = np.full(count, -np.inf)
        self.consented, self.lost = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.waited = np.zeros(count)

    @staticmethod
    def _given_up(way: Cells, history: History) -> Floats:
        """Day from consent on which it is known that a patient will not be infused."""
        usual = np.where(np.isfinite(history.apheresis), history.apheresis, way.apheresis.median) + way.wait.median
        return np.where(history.death < usual, history.death, usual)

    def run(self, patients: Ints) -> tuple[Floats, Ints, Ints, Floats]:
        """Days, consents, losses and waiting of trials with so many patients."""
        rows = np.arange(self.count)
        coming, opens, ahead = np.zeros((3, self.count))
        ends = np.zeros(self.count)
        for place in range(self.places):
            seat = place % self.size
            going = rows[patients > place]
            if seat == 0:
                opens = np.where(place == 0, 0.0, ends + self.schedule.review)
                ahead = np.maximum(ahead, opens) if not self.schedule.make_ahead else ahead
                turn = opens.copy()
            infused, coming[going] = self._infused(going, (coming[going], ahead[going], turn[going]), place)
            ends[going] = np.maximum(np.where(seat == 0, 0.0, ends[going]), infused + self.schedule.window)
            turn[going] = infused + (self.schedule.first if seat == 0 else self.schedule.each)
            if seat == 0:
                watched = turn.copy()
            turn = np.maximum(turn, watched)
            if seat == self.size - 1:
                ahead[going] = infused
        days = np.where(np.isfinite(ends), ends + self.schedule.review, np.inf)
        return days, self.consented, self.lost, self.waited

    def _infused(self, rows: Ints, times: tuple[Floats, Floats, Floats], place: int) -> tuple[Floats, Floats]:
        """Day of infusion of one place in each trial, and the day on which the next patient could consent."""
        coming, ahead, turn = times
        infused = np.full(len(rows), np.inf)
        day = np.maximum(coming, ahead)
        after = day + self.gaps[rows, place]
        open_ = np.arange(len(rows))
        while len(open_):
            there = self.next[rows[open_]] < self.candidates
            open_ = open_[there]
            if not len(open_):
                break
            trial = rows[open_]
            found, gone = self._tried(trial, day[open_], turn[open_])
            infused[open_] = np.where(gone, np.inf, found)
            again = open_[gone]
            # a replacement comes after the loss is known, and not before the next who would have come anyway
            day[again] = found[gone] + self.more[rows[again], self.next[rows[again]] - 1]
            after[again] = np.maximum(after[again], day[again])
            open_ = again
        return infused, after

    def _tried(self, trial: Ints, consent: Floats, turn: Floats) -> tuple[Floats, Bools]:
        """Day of infusion or of the loss of the next candidate of each trial, and whether lost."""
        k = self.next[trial]
        self.next[trial] += 1
        self.consented[trial] += 1
        history = self.history
        apheresis, infusion = history.apheresis[trial, k], history.infusion[trial, k]
        start = np.maximum(consent + apheresis, self.made[trial] + self.slot)
        self.made[trial] = np.where(np.isfinite(start), start, self.made[trial])
        given = np.isfinite(infusion)
        ready = np.where(given, start, 0.0) + np.where(given, infusion, 0.0) - np.where(given, apheresis, 0.0)
        wait = np.maximum(turn - ready, 0.0)
        gone = ~given | (wait > self.holds[trial, k])
        self.lost[trial] += gone
        self.waited[trial] += np.where(gone, 0.0, wait)
        known = np.where(given, ready + self.holds[trial, k], consent + self.given_up[trial, k])
        return np.where(gone, known, ready + wait), gone
