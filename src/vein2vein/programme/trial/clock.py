"""The patients of a dose-finding trial on the calendar of cells: who consents, whose cells are at hand on which day, who is lost.

Place    Programme, trial. Read by `staggered` and `staggered_late`.
In       Cohorts, the way to infusion of `calendar`, a schedule.
Out      `Clock`: for each place of a trial the next patient whose cells are at hand, until when they can be given, and counts.
Knows    Patients come in the order of consent; a patient who is lost is replaced by the next who consents. Arrivals are those of
         `phase1.late` for the same seed. `run` plays a design that waits for every outcome.
Checked  tests/unit/programme/trial/test_staggered.py, tests/unit/programme/trial/test_staggered_late.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.calendar import After, Cells, Chances, History, play_cells
from vein2vein.programme.trial.phase1.late import ARRIVAL, Setting
from vein2vein.programme.trial.randomised.refuse import not_negative, positive, refuse_parameter
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints

BLOCK: Final = 8192  # as in `simulate` and `phase1.late`, so that patients and arrivals are the same
_LONG: Final = 1e9


@dataclass(frozen=True)
class Schedule:
    """What the protocol asks of time.

    Args:
        window: Days from infusion in which toxicity counts.
        first: Days for which the first patient of a cohort is watched before the next infusion; in cohorts of one of a design
            that decides while outcomes are pending, the first patient after a change of dose.
        each: Days between later infusions of a cohort.
        review: Days from the end of the last window to the next cohort; of a design that decides while outcomes are pending, from
            an outcome to the decisions that know it.
        interval: Mean days between two patients who could consent.
        arrivals: "poisson" or "even".
        make_ahead: Whether patients of the next cohort may consent once all of this one are infused; otherwise after the review.
        candidates: Patients who can be asked for each place of the trial, in all; a trial that would need more has stalled.
        late: Share of toxicities in the second half of the window; of designs that decide while outcomes are pending.
        under_way: Patients between consent and infusion at once; of such designs that decide patient by patient.
    """

    window: float
    first: float
    interval: float
    each: float = 0.0
    review: float = 0.0
    arrivals: Literal["poisson", "even"] = "poisson"
    make_ahead: bool = True
    candidates: int = 4
    late: float = 0.5
    under_way: int = 3

    def __post_init__(self) -> None:
        for word in ("window", "first", "each", "review"):
            not_negative(f"{word} days of", getattr(self, word))
        positive("an interval of", self.interval)
        if self.arrivals not in {"poisson", "even"}:
            refuse_parameter(f"arrivals {self.arrivals!r}", '"poisson" or "even"')
        if self.candidates < 1:
            refuse_parameter(f"{self.candidates} candidates for each place", "at least one")
        if self.under_way < 1:
            refuse_parameter(f"{self.under_way} patients under way", "at least one")
        if not 0 <= self.late <= 1:
            refuse_parameter(f"late {self.late:g}", "a share from 0 to 1")

    @property
    def setting(self) -> Setting:
        """Window, arrivals and onset, without a way to infusion."""
        return Setting(self.window, self.interval, self.arrivals, self.late)


@dataclass(frozen=True)
class Counted:
    """Patients of each trial on their way to the infusion, and days.

    Args:
        days: Days from the first consent to the last review; infinite for a trial that found too few patients.
        consented: Patients who consented.
        apheresed: Of these, who had their apheresis.
        lost: Of those who consented, not infused.
        waited: Days that infused patients with cells at hand waited for their turn, in all.
    """

    days: Floats
    consented: Ints
    apheresed: Ints
    lost: Ints
    waited: Floats

    @classmethod
    def joined(cls, parts: list[Counted]) -> Counted:
        """The trials of several blocks."""
        names = ("days", "consented", "apheresed", "lost", "waited")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Clock:
    """The calendars of some trials, place by place.

    Args:
        cohorts: Size and number of the cohorts.
        way: The way to infusion; what comes after it is not used.
        schedule: Staggering, window, review, arrivals.
        drawn: Seed, number of the block, trials in it.
    """

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
        drawn_gaps = Streams(seed).replication(ARRIVAL, number).random((self.places, BLOCK))[:, :count].T
        more = chances.uniform("replacement")
        even = schedule.arrivals == "even"
        self.gaps = schedule.interval * (np.ones(drawn_gaps.shape) if even else -np.log1p(-drawn_gaps))
        self.more = schedule.interval * (np.ones(more.shape) if even else -np.log1p(-more))
        self.next = np.zeros(count, np.int64)
        self.made = np.full(count, -np.inf)
        self.coming = np.zeros(count)
        self.ready, self.until = np.zeros(count), np.full(count, np.inf)
        self.consented, self.apheresed, self.lost = np.zeros((3, count), np.int64)
        self.waited = np.zeros(count)
        self.share = np.ones((count, self.places))

    @staticmethod
    def _given_up(way: Cells, history: History) -> Floats:
        """Day from consent on which it is known that a patient will not be infused."""
        usual = np.where(np.isfinite(history.apheresis), history.apheresis, way.apheresis.median) + way.wait.median
        return np.where(history.death < usual, history.death, usual)

    def run(self, patients: Ints) -> Counted:
        """The calendars of trials of so many patients, each cohort of which waits for the outcomes of the one before.

        The share of the planned dose that was made for each place is then in `share`.
        """
        rows = np.arange(self.count)
        opens, ahead = np.zeros((2, self.count))
        ends = np.zeros(self.count)
        for place in range(self.places):
            seat = place % self.size
            going = rows[patients > place]
            if seat == 0:
                opens = np.where(place == 0, 0.0, ends + self.schedule.review)
                ahead = np.maximum(ahead, opens) if not self.schedule.make_ahead else ahead
                turn = opens.copy()
            infused = self.comes(going, np.full(len(going), place), (ahead[going], turn[going]))
            self.infuse(going, np.full(len(going), place), infused)
            ends[going] = np.maximum(np.where(seat == 0, 0.0, ends[going]), infused + self.schedule.window)
            turn[going] = infused + (self.schedule.first if seat == 0 else self.schedule.each)
            if seat == 0:
                watched = turn.copy()
            turn = np.maximum(turn, watched)
            if seat == self.size - 1:
                ahead[going] = infused
        days = np.where(np.isfinite(ends), ends + self.schedule.review, np.inf)
        return Counted(days, self.consented, self.apheresed, self.lost, self.waited)

    def comes(self, rows: Ints, place: Ints, times: tuple[Floats, Floats]) -> Floats:
        """The first day on which the next patient of each trial can be infused; infinite where none is left.

        Args:
            rows: Trials.
            place: Place of the patient in each trial, from 0.
            times: Days from which the patient may consent, and may be infused.
        """
        ahead, turn = times
        day = np.maximum(self.coming[rows], ahead)
        self.coming[rows] = day + self.gaps[rows, place]
        return self._found(rows, day, turn)

    def replaced(self, rows: Ints, turn: Floats) -> Floats:
        """The same after the patients at hand were lost while they waited."""
        self.lost[rows] += 1
        day = self.until[rows] + self.more[rows, self.next[rows] - 1]
        self.coming[rows] = np.maximum(self.coming[rows], day)
        return self._found(rows, day, turn)

    def infuse(self, rows: Ints, place: Ints, day: Floats) -> None:
        """The patients at hand are infused on this day; trials without one have an infinite day."""
        there = np.isfinite(day)
        mine = rows[there]
        self.waited[mine] += day[there] - self.ready[mine]
        self.share[mine, place[there]] = self.history.dose[mine, self.next[mine] - 1]

    def _found(self, rows: Ints, day: Floats, turn: Floats) -> Floats:
        """Day on which a patient who consents then, or who follows if that one is lost, can be infused."""
        can = np.full(len(rows), np.inf)
        open_ = np.arange(len(rows))
        while len(open_):
            open_ = open_[self.next[rows[open_]] < self.candidates]
            if not len(open_):
                break
            trial = rows[open_]
            found, gone = self._tried(trial, day[open_], turn[open_])
            can[open_] = np.where(gone, np.inf, found)
            again = open_[gone]
            # a replacement comes after the loss is known, and not before the next who would have come anyway
            day[again] = found[gone] + self.more[rows[again], self.next[rows[again]] - 1]
            self.coming[rows[again]] = np.maximum(self.coming[rows[again]], day[again])
            open_ = again
        return can

    def _tried(self, trial: Ints, consent: Floats, turn: Floats) -> tuple[Floats, Bools]:
        """Day of infusion or of the loss of the next candidate of each trial, and whether lost."""
        k = self.next[trial]
        self.next[trial] += 1
        self.consented[trial] += 1
        history = self.history
        apheresis, infusion = history.apheresis[trial, k], history.infusion[trial, k]
        self.apheresed[trial] += np.isfinite(apheresis)
        start = np.maximum(consent + apheresis, self.made[trial] + self.slot)
        self.made[trial] = np.where(np.isfinite(start), start, self.made[trial])
        given = np.isfinite(infusion)
        ready = np.where(given, start, 0.0) + np.where(given, infusion, 0.0) - np.where(given, apheresis, 0.0)
        until = ready + self.holds[trial, k]
        gone = ~given | (turn > until)
        self.lost[trial] += gone
        self.ready[trial], self.until[trial] = ready, until
        known = np.where(given, until, consent + self.given_up[trial, k])
        return np.where(gone, known, np.maximum(ready, turn)), gone
