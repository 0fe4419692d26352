"""The data of a two-arm trial: months, events and arms, and who was at risk when somebody had the event.

Place    Programme, trial, randomised. Read by `curves`, `log_rank`, `cox`, `maxcombo`.
In       One time, event and arm per patient.
Out      `Sample`, checked; `AtEvents`, one row per distinct time with an event, of all or by stratum.
Knows    Somebody censored at the time of an event was still at risk then. Ties are kept: one row holds all events of a time.
Checked  tests/unit/programme/trial/randomised/test_statistics.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from vein2vein.programme.trial.randomised.refuse import refuse_data
from vein2vein.programme.trial.words import Floats, Ints


@dataclass(frozen=True)
class AtEvents:
    """Distinct times with an event, in order.

    Args:
        time: The times.
        events: Events at each time, shape (times, 2): control, experimental.
        at_risk: Patients at risk just before each time, shape (times, 2).
    """

    time: Floats
    events: Ints
    at_risk: Ints

    @cached_property
    def all_events(self) -> Ints:
        """Events of both arms at each time."""
        found: Ints = self.events.sum(axis=1)
        return found

    @cached_property
    def all_at_risk(self) -> Ints:
        """Patients of both arms at risk just before each time."""
        found: Ints = self.at_risk.sum(axis=1)
        return found

    @cached_property
    def survival_before(self) -> Floats:
        """Kaplan-Meier estimate of both arms together just before each time."""
        steps = 1 - self.all_events / self.all_at_risk
        found: Floats = np.concatenate([[1.0], np.cumprod(steps)])[: len(steps)]
        return found


@dataclass(frozen=True)
class Sample:
    """Times, events and arms of the patients of a trial.

    Args:
        time: Time to event or censoring, from 0.
        event: 1 for an event, 0 for censoring.
        arm: 0 control, 1 experimental.

    Raises:
        TrialError: TRIAL-040 for lengths that differ, missing or negative times, other codes, or an empty arm.
    """

    time: Floats
    event: Ints
    arm: Ints

    @classmethod
    def of(cls, time: npt.ArrayLike, event: npt.ArrayLike, arm: npt.ArrayLike) -> Sample:
        """A checked sample from any sequences of numbers."""
        try:
            times = np.asarray(time, dtype=float)
        except (TypeError, ValueError):
            refuse_data("a time that is no number", "months from 0, one per patient")
        if times.ndim != 1 or not np.all(np.isfinite(times)) or not np.all(times >= 0):
            refuse_data("a time that is missing or negative", "months from 0, one per patient")
        sample = cls(times, _codes("event", event, len(times)), _codes("arm", arm, len(times)))
        counts = np.bincount(sample.arm, minlength=2)
        if not counts.all():
            refuse_data(f"{counts[0]} control and {counts[1]} experimental patients", "at least one in each arm")
        return sample

    def __len__(self) -> int:
        return len(self.time)

    def of_arm(self, arm: int) -> tuple[Floats, Ints]:
        """Times and events of one arm."""
        rows = self.arm == arm
        return self.time[rows], self.event[rows]

    def tables(self, strata: npt.ArrayLike | None = None) -> tuple[AtEvents, ...]:
        """Events and patients at risk by stratum; all patients are one where there are no strata.

        Raises:
            TrialError: TRIAL-040 for strata that are not as many as patients, or missing.
        """
        if strata is None:
            return (self.at_events,)
        given = np.asarray(strata)
        if given.shape != self.time.shape:
            refuse_data(f"{given.size} strata for {len(self)} patients", "as many as patients")
        if any(one is None or one != one for one in given.tolist()):  # noqa: PLR0124  (only a NaN is not itself)
            refuse_data("a stratum that is missing", "a stratum for each patient")
        place = np.unique(given, return_inverse=True)[1]
        rows = [place == k for k in range(int(place.max()) + 1)]
        return tuple(Sample(self.time[one], self.event[one], self.arm[one]).at_events for one in rows)

    @cached_property
    def at_events(self) -> AtEvents:
        """Events and patients at risk at each distinct time with an event."""
        time = np.unique(self.time[self.event == 1])
        events, at_risk = np.empty((len(time), 2), np.int64), np.empty((len(time), 2), np.int64)
        for arm in (0, 1):
            months, event = self.of_arm(arm)
            ordered, died = np.sort(months), np.sort(months[event == 1])
            at_risk[:, arm] = len(months) - np.searchsorted(ordered, time, side="left")
            events[:, arm] = np.searchsorted(died, time, side="right") - np.searchsorted(died, time, side="left")
        return AtEvents(time, events, at_risk)


def _codes(word: str, values: npt.ArrayLike, patients: int) -> Ints:
    given: npt.NDArray[Any] = np.asarray(values)
    if given.shape != (patients,):
        refuse_data(f"{given.size} values of {word} for {patients} times", "as many as times")
    if not np.all((given == 0) | (given == 1)):
        refuse_data(f"a value of {word} that is neither 0 nor 1", "0 or 1")
    return given.astype(np.int64)
