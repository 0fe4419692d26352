"""Where a running trial stands: its cohorts so far, what is missing in the last one, and where they depart from the design.

Place    Programme, trial. Read by `recommend`.
In       A design and cohorts as they were written down, in order.
Out      `SoFar`.
Knows    A rule decides when a cohort is full. Words at the same dose belong to one cohort while it has room, as "1NN 1N" does
         where three were asked for. A cohort that was left for another dose before it was full is a departure.
Checked  tests/unit/programme/trial/test_recommend.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vein2vein.programme.trial.notation import CohortOutcome, state_after
from vein2vein.programme.trial.words import NONE, Design, States


@dataclass(frozen=True)
class SoFar:
    """The cohorts of a trial.

    Args:
        cohorts: Cohorts in order, those that were written in parts as one.
        missing: Patients that the last cohort still needs; 0 where it is full.
        departures: Where they depart from what the design asked for.
    """

    cohorts: tuple[CohortOutcome, ...]
    missing: int
    departures: tuple[str, ...]

    @classmethod
    def of(cls, design: Design, written: tuple[CohortOutcome, ...]) -> SoFar:
        """The cohorts of a trial from the words that tell them."""
        full: list[CohortOutcome] = []
        departures: list[str] = []
        room = 0
        for one in written:
            if full and one.dose == full[-1].dose and one.treated <= room:
                full[-1] = _joined(full[-1], one)
                room -= one.treated
                continue
            left = bool(room)
            if left:
                departures.append(_left(design, tuple(full)))
            before = after(design, tuple(full))
            full.append(one)
            dose = int(design.next_dose(before)[0])
            size = int(design.cohorts.size(before)[0])
            room = max(size - one.treated, 0)
            if dose == NONE:
                departures.append(f"cohort {len(full)}: the design had stopped, dose {one.dose + 1} was given")
                room = 0
            elif (dose != one.dose and not left) or one.treated > size:
                asked, done = f"{size} at dose {dose + 1}", f"{one.treated} at dose {one.dose + 1}"
                departures.append(f"cohort {len(full)}: the design asked for {asked}, {done} were treated")
        return cls(tuple(full), room, tuple(dict.fromkeys(departures)))

    def state(self, design: Design) -> States:
        """The state of the trial, the last cohort as far as it goes."""
        return after(design, self.cohorts)

    def filled(self, design: Design, toxic: int, responded: int, both: int) -> States:
        """The state once the missing patients of the last cohort have shown so many outcomes."""
        more = CohortOutcome(self.cohorts[-1].dose, self.missing, toxic, responded, both)
        return after(design, (*self.cohorts[:-1], _joined(self.cohorts[-1], more)))


def after(design: Design, cohorts: tuple[CohortOutcome, ...]) -> States:
    """The state of a trial of a design after some cohorts."""
    counts = {"with_efficacy": design.with_efficacy, "joint": design.joint}
    return state_after(cohorts, design.doses, design.start, **counts)


def _joined(one: CohortOutcome, more: CohortOutcome) -> CohortOutcome:
    return replace(
        one,
        treated=one.treated + more.treated,
        toxic=one.toxic + more.toxic,
        responded=one.responded + more.responded,
        both=one.both + more.both,
    )


def _left(design: Design, cohorts: tuple[CohortOutcome, ...]) -> str:
    """The departure of a cohort that was left before it was full."""
    before, last = after(design, cohorts[:-1]), cohorts[-1]
    dose, size = int(design.next_dose(before)[0]), int(design.cohorts.size(before)[0])
    asked, done = f"{size} at dose {dose + 1}", f"{last.treated} at dose {last.dose + 1}"
    return f"cohort {len(cohorts)}: the design asked for {asked}, {done} were treated"
