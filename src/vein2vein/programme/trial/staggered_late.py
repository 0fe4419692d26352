"""Designs that decide while outcomes are pending, on the calendar of cells.

Place    Programme, trial. Joins the simulators `phase1.late` and `phase12.late` with the way to infusion of `clock`.
In       A late-onset design, a truth, the way to infusion, a schedule; a setting of responses for two outcomes.
Out      `Schedules`, with how often each trial was suspended.
Knows    The design is asked on the day on which the next patient can be infused: cells at hand, and staggering over. While it
         waits, that patient waits, and may be lost; the next then takes the place. A decision knows the outcomes that came
         `review` days before it, so that a design that waits for every outcome has the days of `staggered`. In cohorts of one
         `first` watches the first patient after each change of dose, and `under_way` patients are on their way at once. With
         `make_ahead` the next cohort consents once this one is infused, else once the design is open; in that case, without a
         way, loss, staggering and review, it is `phase1.late` under its setting, patient by patient. Who is under way when the
         trial ends is not counted.
Checked  tests/unit/programme/trial/test_staggered_late.py
"""

from __future__ import annotations

import numpy as np

from vein2vein.programme.trial.calendar import Cells
from vein2vein.programme.trial.clock import BLOCK, Clock, Counted, Schedule
from vein2vein.programme.trial.phase1 import late
from vein2vein.programme.trial.phase1.late import LateDesign, Setting
from vein2vein.programme.trial.phase12 import late as late_two
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedules
from vein2vein.programme.trial.words import Bools, Floats, Ints


class Seats:
    """Arrivals by the calendar of cells."""

    def __init__(self, clock: Clock) -> None:
        self.clock, schedule = clock, clock.schedule
        self.review, self.schedule = schedule.review, schedule
        self.turn, self.watched = np.zeros((2, clock.count))
        self.place = np.zeros(clock.count, np.int64)
        self.infused = np.zeros((clock.count, clock.places))
        self.then = np.zeros((3, clock.count), np.int64)  # who was counted until the last infusion
        self.awaited = np.zeros(clock.count, bool)  # nobody consented yet for the next place

    def first(self) -> Floats:
        """The first patient consents on day 0."""
        rows = np.arange(self.clock.count)
        return self.clock.comes(rows, self.place, (self.turn, self.turn))

    def called(self, rows: Ints, now: Floats) -> Floats:
        """Where patients consent only once the design is open, they do so now."""
        day, mine = now.copy(), self.awaited[rows]
        who = rows[mine]
        day[mine] = self.clock.comes(who, self.place[who], (now[mine], np.maximum(self.turn[who], now[mine])))
        self.awaited[who] = False
        return day

    def kept(self, rows: Ints, now: Floats) -> Floats:
        """The day waited for, or that of the next patient where the one at hand was lost before it."""
        day, lost = now.copy(), ~self.awaited[rows] & (now > self.clock.until[rows])
        day[lost] = self.clock.replaced(rows[lost], self.turn[rows[lost]])
        return day

    def treated(self, rows: Ints, place: Ints, now: Floats, fresh: Bools) -> Floats:
        """The day on which the next patient has cells at hand and staggering is over."""
        clock, schedule = self.clock, self.schedule
        clock.infuse(rows, place, now)
        self.then[:, rows] = clock.consented[rows], clock.apheresed[rows], clock.lost[rows]
        self.infused[rows, place] = now
        self.watched[rows] = np.where(fresh, now + schedule.first, self.watched[rows])
        self.turn[rows] = np.maximum(now + np.where(fresh, 0.0, schedule.each), self.watched[rows])
        self.place[rows] = place + 1
        goes = self.place[rows] < clock.places
        later = goes & (self.place[rows] % clock.size == 0) & (not schedule.make_ahead)
        soon, day = goes & ~later, now.copy()
        self.awaited[rows[later]] = True
        day[later] = np.maximum(clock.coming[rows[later]], self.turn[rows[later]])
        who = rows[soon]
        day[soon] = clock.comes(who, self.place[who], (self._ahead(who), self.turn[who]))
        return day

    def counted(self, days: Floats) -> Counted:
        """Patients of trials that lasted so many days, without those under way when a trial ended."""
        clock = self.clock
        now = np.stack([clock.consented, clock.apheresed, clock.lost])
        consented, apheresed, lost = np.where(np.isinf(days), now, self.then)
        return Counted(days, consented, apheresed, lost, clock.waited)

    def _ahead(self, rows: Ints) -> Floats:
        """Day from which the next patient of each trial may consent."""
        place, size = self.place[rows], self.clock.size
        after = place - self.schedule.under_way if size == 1 else place // size * size - 1
        return np.where(after < 0, 0.0, self.infused[rows, np.maximum(after, 0)])


def simulate(  # noqa: PLR0913  (what is simulated, and how much of it)
    design: LateDesign,
    truth: Truth,
    way: Cells,
    schedule: Schedule,
    *,
    response: Setting | None = None,
    trials: int,
    seed: int,
) -> Schedules:
    """Simulate a design on the calendar.

    Args:
        design: A design that decides while outcomes are pending.
        truth: Probabilities of a toxicity, and of a response where the design looks at them.
        way: The way to infusion; what comes after it is not used.
        schedule: Staggering, window, review, arrivals.
        response: Window and onset of responses, of a design that looks at them; its arrivals are not used.
        trials: How many trials, at least two.
        seed: Root seed; the same seed gives the same tolerances and arrivals under a setting.

    Raises:
        TrialError: As the simulators without a calendar.
    """
    seats: list[Seats] = []

    def arrivals(number: int, count: int) -> Seats:
        seats.append(Seats(Clock(design.cohorts, way, schedule, (seed, number, count))))
        return seats[-1]

    asked, drawn = schedule.setting, {"trials": trials, "seed": seed}
    if response is None:
        found = late.simulate(design, truth, asked, **drawn, arrivals=arrivals)
    else:
        found = late_two.simulate(design, truth, asked, response, **drawn, arrivals=arrivals)
    counted = [one.counted(found.days[k * BLOCK : (k + 1) * BLOCK]) for k, one in enumerate(seats)]
    return Schedules(found.trials, Counted.joined(counted), found.suspended)
