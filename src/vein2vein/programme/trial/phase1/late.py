"""Designs that decide while outcomes are pending, and the simulator that gives them arrival, onset and waiting.

Place    Programme, trial, phase I.
In       A late-onset design, a truth, a setting: window, arrivals, when in the window toxicities occur.
Out      `LateTrials`: what each trial treated, saw and selected, how long it took, how often it was suspended.
Knows    A toxicity counts when it is seen. Patients are those of `simulate`: the same seed gives them the same tolerances, so
         with a window of zero a design meets its parent patient by patient. A suspended trial is asked again when the next
         outcome comes in. Who can be treated on which day is told by `Arrivals`: `Gaps` of a setting, or the calendar of cells.
Checked  tests/unit/programme/trial/test_late.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, Protocol

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.exact import Characteristics
from vein2vein.programme.trial.phase1.arrivals import NEVER, Gaps, MakesArrivals
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import TOLERANCE, Trials
from vein2vein.programme.trial.words import (
    NONE,
    Bools,
    Cohorts,
    Floats,
    Ints,
    NoSafetyRule,
    Parameter,
    SafetyRule,
    Selection,
    States,
    check_first_dose,
)

SUSPEND: Final = -2
ONSET: Final = "trial/onset"
ARRIVAL: Final = "trial/arrival"
_TINY: Final = 1e-300
_BLOCK: Final = 8192


@dataclass(frozen=True)
class Seen:
    """A batch of trials at the moment of a decision.

    Args:
        states: `n` counts all treated patients, `y` the toxicities seen so far; `last_n` and `last_y` the last cohort.
        pending: Patients at each dose who have neither had a toxicity nor finished their window.
        followed: Sum over these of follow-up divided by the window (STFT), at each dose.
        row: Trial of each pending patient, rising.
        dose: Dose of each pending patient.
        weight: Follow-up divided by the window of each pending patient.
    """

    states: States
    pending: Ints
    followed: Floats
    row: Ints
    dose: Ints
    weight: Floats

    @classmethod
    def of(cls, states: States, dose: Ints, weight: Floats) -> Seen:
        """One trial with pending patients at these doses with these weights, its states counting all treated."""
        pending, followed = np.zeros((1, states.doses), np.int64), np.zeros((1, states.doses))
        np.add.at(pending[0], dose, 1)
        np.add.at(followed[0], dose, weight)
        return cls(states, pending, followed, np.zeros(len(dose), np.int64), dose, weight)


def after_move(seen: Seen, move: Ints, closed: Bools) -> Ints:
    """The dose after a move at the current dose: not into closed doses; SUSPEND to wait, NONE where the lowest is closed."""
    states = seen.states
    open_doses = states.doses - closed.sum(axis=1)
    wanted = np.maximum(np.minimum(states.at + np.where(move == SUSPEND, 0, move), open_doses - 1), 0)
    waits = (move == SUSPEND) & ~states.here(closed)
    return np.where(open_doses == 0, NONE, np.where(waits, SUSPEND, wanted))


class LateRule(Protocol):
    """Where the next patient goes while outcomes are pending."""

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next cohort, SUSPEND to wait, NONE where the trial ends."""

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """Why, in words, for each trial."""


@dataclass(frozen=True)
class LateDesign:
    """A design that decides while outcomes are pending.

    Args:
        name: What people call it.
        doses: How many doses.
        rule: Where the next cohort goes.
        selection: Which dose is selected once all outcomes are known.
        cohorts: Size and number of cohorts; a decision is due when a cohort is full.
        safety: Which doses are closed, by all treated and the toxicities seen.
        start: Dose of the first cohort, from 0.
        joint: Whether the states count how often toxicity and response come in the same patient.
        parameters: Every choice with its value and origin.

    Raises:
        TrialError: TRIAL-002 for a first dose that is not among the doses.
    """

    name: str
    doses: int
    rule: LateRule
    selection: Selection
    cohorts: Cohorts
    safety: SafetyRule = field(default_factory=NoSafetyRule)
    start: int = 0
    joint: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def __post_init__(self) -> None:
        check_first_dose(self.doses, self.start)


@dataclass(frozen=True)
class Setting:
    """What time does to a trial.

    Args:
        window: Days in which a toxicity counts; 0 when outcomes are known at once.
        interval: Mean days between two patients who could be treated.
        arrivals: "poisson" for exponential gaps, "even" for equal ones.
        late: Share of toxicities that occur in the second half of the window; evenly within each half.

    Raises:
        TrialError: TRIAL-002 for times or a share that cannot be.
    """

    window: float
    interval: float
    arrivals: Literal["poisson", "even"] = "poisson"
    late: float = 0.5

    def __post_init__(self) -> None:
        if self.window < 0 or self.interval <= 0 or not 0 <= self.late <= 1:
            refuse(
                f"window {self.window:g}, interval {self.interval:g}, late {self.late:g}",
                "a window of at least 0 days, an interval above 0, a share from 0 to 1",
                "correct the setting",
            )

    def onset(self, drawn: Floats) -> Floats:
        """Days from treatment to toxicity for uniform numbers."""
        early = drawn < 1 - self.late
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(early, drawn / (1 - self.late) / 2, 0.5 + (drawn - (1 - self.late)) / self.late / 2)
        return np.asarray(self.window * share, np.float64)


@dataclass(frozen=True)
class LateTrials:
    """Ended trials with their time.

    Args:
        trials: Patients, toxicities and selections; none is selected by a trial that found too few patients.
        days: Days from the first patient to the last outcome; infinite for a trial that found too few patients.
        suspended: How often each trial had to wait.
    """

    trials: Trials
    days: Floats
    suspended: Ints

    def characteristics(self) -> Characteristics:
        """Means with Monte Carlo errors."""
        return self.trials.characteristics()

    @property
    def mean_days(self) -> tuple[float, float]:
        """Mean duration in days, and its Monte Carlo error."""
        return float(self.days.mean()), float(self.days.std(ddof=1) / np.sqrt(len(self.days)))


def simulate(
    design: LateDesign,
    truth: Truth,
    setting: Setting,
    *,
    trials: int,
    seed: int,
    arrivals: MakesArrivals | None = None,
) -> LateTrials:
    """Simulate a late-onset design.

    Args:
        design: The design.
        truth: Probabilities of a toxicity within the window.
        setting: Window, arrivals and onset.
        trials: How many trials, at least two.
        seed: Root seed.
        arrivals: Who can be treated on which day, by number and size of a block of trials; as the setting has it where None.

    Raises:
        TrialError: TRIAL-001 for a scenario of other doses, TRIAL-004 for fewer than two trials.
    """
    check_trials(design, truth, trials)
    return joined(
        trials, lambda number, count: Lockstep(design, truth, setting, (Streams(seed), number, count), arrivals)
    )


def check_trials(design: LateDesign, truth: Truth, trials: int) -> None:
    """Refuse a scenario of other doses, and fewer than two trials."""
    if len(truth.toxicity) != design.doses:
        raise TrialError("TRIAL-001", saw=f"{len(truth.toxicity)} probabilities",
                         expected=f"{design.doses}, one per dose", fix="correct the scenario")  # fmt: skip
    if trials < 2:  # noqa: PLR2004  (no error can be told from one trial)
        raise TrialError("TRIAL-004", saw=f"{trials} trials", expected="at least 2", fix="ask for some thousands")


def joined(trials: int, block: Callable[[int, int], Lockstep]) -> LateTrials:
    """All trials, played block by block.

    Args:
        trials: How many.
        block: The trials of a block, by its number and how many are wanted.
    """
    parts = [block(k, min(_BLOCK, trials - k * _BLOCK)).run() for k in range(-(-trials // _BLOCK))]
    e = [p.trials.e for p in parts if p.trials.e is not None]
    found = Trials(
        np.concatenate([p.trials.n for p in parts]),
        np.concatenate([p.trials.y for p in parts]),
        np.concatenate([p.trials.selected for p in parts]),
        np.concatenate(e) if e else None,
    )
    return LateTrials(found, np.concatenate([p.days for p in parts]), np.concatenate([p.suspended for p in parts]))


class Lockstep:
    """Some trials in lockstep: at each step every trial that goes on is asked once."""

    def __init__(  # noqa: PLR0917  (what is simulated)
        self,
        design: LateDesign,
        truth: Truth,
        setting: Setting,
        drawn: tuple[Streams, int, int],
        arrivals: MakesArrivals | None = None,
    ) -> None:
        self.drawn, count, most = drawn, drawn[2], design.cohorts.most
        self.design, self.setting, self.count, self.most = design, setting, count, most
        self.tolerance = self.uniform(TOLERANCE)
        self.rates = np.array(truth.toxicity)
        self.onset = setting.onset(self.uniform(ONSET))
        self.arrivals = self._gaps() if arrivals is None else arrivals(*drawn[1:])
        self.dose = np.zeros((count, most), np.int64)
        self.entry = np.full((count, most), np.inf)
        self.toxic_at = np.full((count, most), np.inf)
        self.at = np.full(count, design.start)
        self.treated = np.zeros(count, np.int64)
        self.now = np.minimum(self.arrivals.first(), NEVER)
        self.stalled = self.now >= NEVER
        self.suspended = np.zeros(count, np.int64)

    def _gaps(self) -> Gaps:
        even = self.setting.arrivals == "even"
        gaps = np.ones((self.count, self.most)) if even else -np.log1p(-self.uniform(ARRIVAL))
        return Gaps(gaps * self.setting.interval)

    def uniform(self, name: str) -> Floats:
        """Uniform numbers of a decision, one for each patient of each trial."""
        streams, number, count = self.drawn
        drawn = streams.replication(name, number).random((self.most, _BLOCK))[:, :count]
        return np.array(drawn.T, order="F")  # its own memory, so that the rest of the block is let go

    def run(self) -> LateTrials:
        """All trials to their ends."""
        going = np.flatnonzero(~self.stalled)
        while len(going):
            dose = self._decided(going)
            # who would go on, with every outcome known, and has no patient: the trial found too few
            short = (self.now[going] >= NEVER) & (dose != NONE)
            self.stalled[going[short]] = True
            waits = (dose == SUSPEND) & ~short
            if waits.any():
                self._wait(going[waits])
            goes = (dose >= 0) & ~short
            self._treat(*self._called(going[goes], dose[goes]))
            going = going[(dose != NONE) & ~short & (self.treated[going] < self.most)]
        return self._ended()

    def _called(self, rows: Ints, dose: Ints) -> tuple[Ints, Ints]:
        """The trials whose patient is there; the others wait for the one who is called now, and are asked again then."""
        day = np.minimum(self.arrivals.called(rows, self.now[rows]), NEVER)
        there = day <= self.now[rows]
        self.now[rows] = day
        return rows[there], dose[there]

    def _decided(self, rows: Ints) -> Ints:
        """The dose of the next patient of each trial."""
        dose = self.at[rows].copy()
        due = (self.treated[rows] % self.design.cohorts.size_of_each == 0) & (self.treated[rows] > 0)
        if due.any():
            seen = self._seen(rows[due])
            dose[due] = self.design.rule.next_dose(seen, self.design.safety.closed(seen.states))
        return dose

    def _seen(self, rows: Ints) -> Seen:
        used = int(self.treated[rows].max())
        now = self.now[rows, None]
        entry, toxic_at = (column[rows, :used] for column in (self.entry, self.toxic_at))
        dose = self.dose[rows, :used]
        treated = np.arange(used) < self.treated[rows, None]
        toxic = treated & self._known(toxic_at, now)
        open_ = treated & ~toxic & ~self._known(entry + self.setting.window, now)
        weight = self._followed(entry, open_, now, self.setting.window)
        shape = (len(rows), self.design.doses)
        counts = [np.empty(shape, np.int64) for _ in range(3)]
        followed = np.empty(shape)
        for level in range(self.design.doses):
            there = dose == level
            for found, mask in zip(counts, (treated, toxic, open_), strict=True):
                found[:, level] = (there & mask).sum(axis=1)
            followed[:, level] = np.where(there, weight, 0.0).sum(axis=1)
        last = treated & (np.arange(used) >= self.treated[rows, None] - self.design.cohorts.size_of_each)
        states = States(counts[0], counts[1], self.at[rows], last.sum(axis=1), (last & toxic).sum(axis=1))
        row, patient = np.nonzero(open_)
        return Seen(states, counts[2], followed, row, dose[row, patient], weight[row, patient])

    def _known(self, day: Floats, now: Floats) -> Bools:
        """Whether an outcome of that day is known to a decision of now."""
        found: Bools = day + self.arrivals.review <= now
        return found

    def _followed(self, entry: Floats, open_: Bools, now: Floats, window: float) -> Floats:
        """Follow-up over the window of patients with an open outcome, as far as a decision knows it; 0 of others."""
        days = now - self.arrivals.review - np.where(open_, entry, now)
        found: Floats = np.where(open_, np.clip(days / max(window, _TINY), 0.0, 1.0), 0.0)
        return found

    def _wait(self, rows: Ints) -> None:
        """Move the clock to the next outcome that is known."""
        due = self._due(rows)
        now = self.now[rows, None]
        due = np.where(self._known(due, now), np.inf, due + self.arrivals.review)
        self.now[rows] = np.minimum(self.arrivals.kept(rows, due.min(axis=1)), NEVER)
        self.suspended[rows] += 1

    def _due(self, rows: Ints) -> Floats:
        """Days of all outcomes, those that have come in included."""
        return np.minimum(self.toxic_at[rows], self.entry[rows] + self.setting.window)

    def _treat(self, rows: Ints, dose: Ints) -> None:
        """Treat a patient of each trial, and look for the next."""
        seat, size = self.treated[rows], self.design.cohorts.size_of_each
        fresh = (seat == 0) | (self.at[rows] != dose) if size == 1 else seat % size == 0
        self.at[rows] = self.dose[rows, seat] = dose
        self.entry[rows, seat] = self.now[rows]
        toxic = self.tolerance[rows, seat] < self.rates[dose]
        self.toxic_at[rows, seat] = np.where(toxic, self.now[rows] + self.onset[rows, seat], np.inf)
        self.treated[rows] += 1
        self.now[rows] = np.minimum(self.arrivals.treated(rows, seat, self.now[rows], fresh), NEVER)

    def _ended(self) -> LateTrials:
        treated = np.arange(self.most) < self.treated[:, None]
        toxic = np.isfinite(self.toxic_at)
        n, y = (
            np.stack([(mask & (self.dose == level)).sum(axis=1) for level in range(self.design.doses)], axis=1)
            for mask in (treated, treated & toxic)
        )
        days = np.where(treated, self._last(), 0.0).max(axis=1) + self.arrivals.review
        states = self._final(n, y)
        selected = self.design.selection.selected(states, self.design.safety.closed(states))
        found = Trials(n, y, np.where(self.stalled, NONE, selected), states.e)
        return LateTrials(found, np.where(self.stalled, np.inf, days), self.suspended)

    def _last(self) -> Floats:
        """Day of the last outcome of each patient."""
        return np.minimum(self.toxic_at, self.entry + self.setting.window)

    def _final(self, n: Ints, y: Ints) -> States:
        """The states in which every outcome is known."""
        size = np.minimum(self.treated, self.design.cohorts.size_of_each)
        return States(n, y, self.at, size, np.zeros_like(size))
