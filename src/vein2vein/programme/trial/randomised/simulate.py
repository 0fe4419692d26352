"""Simulated event-driven trials with looks: power, stopping, duration, each with its Monte Carlo error.

Place    Programme, trial, randomised.
In       A scenario; a plan with its cut-offs and weights; how many trials, a seed, an executor or none.
Out      `Trials`, one row each; `Figures` with errors.
Knows    Bounds are those of the plan. Of several weights (MaxCombo) the one-sided p of the largest is compared with the nominal p
         of the bounds: looks are then taken to be correlated as those of the plan. With fractions of events that is right for
         the log-rank test only. A test that looks late, alone or in a MaxCombo, needs the information that design files derive
         (`planning.covariances_at_events`, `joint`), or it spends up to .065 instead of .050.
         A cut-off that is never reached is a stall: no result, and counted so.
Checked  tests/unit/programme/trial/randomised/test_simulate.py, tests/reference/trial_randomised/test_simulated_power.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import numpy as np
from scipy.special import ndtr

from vein2vein.engine.workers import answers
from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime, cut_at
from vein2vein.programme.trial.randomised.batch import BLOCK, Cut, Patients, cut, patients
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight
from vein2vein.programme.trial.randomised.maxcombo import DIRECTIONS, tails
from vein2vein.programme.trial.randomised.refuse import refuse_events, refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.randomised.sequential import Plan, Sides, spending
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike
from vein2vein.programme.trial.words import Bools, Floats, Ints

_BLOCKS_AT_ONCE: Final = 8
_FEW_DIRECTIONS: Final = 256
_NEAR: Final = 0.01
_TWO: Final = 2


def events_at(fractions: Floats, events: int) -> tuple[int, ...]:
    """Events at fractions of so many, rounded up."""
    return tuple(math.ceil(t * events - 1e-9) for t in fractions)


class World(Protocol):
    """Anything that can draw the patients of many trials, such as the calendar of a cell therapy."""

    @property
    def size(self) -> int:
        """Patients of one trial."""

    def block(self, seed: int, number: int) -> Patients:
        """The patients of the trials of one block, in both arms."""


@dataclass(frozen=True)
class Analysis:
    """How a trial is analysed.

    Args:
        plan: Bounds of the looks.
        cut_offs: When data are cut for each look.
        weights: One weighted log-rank test, or several for MaxCombo; not used with `at_time`.
        at_time: Restricted means or milestones in place of a log-rank test, with one look at a calendar month; None for none.

    Raises:
        TrialError: TRIAL-002 when cut-offs and looks differ in number, MaxCombo is to be two-sided, or `at_time` has several
            looks, waits for events, or has a time that nobody is followed for.
    """

    plan: Plan
    cut_offs: tuple[CutOff, ...]
    weights: tuple[Weight, ...] = (LOG_RANK,)
    at_time: AtTime | None = None

    def __post_init__(self) -> None:
        if len(self.cut_offs) != len(self.plan.t):
            refuse_parameter(f"{len(self.cut_offs)} cut-offs for {len(self.plan.t)} looks", "one for each look")
        if not self.weights:
            refuse_parameter("no weights", "at least one")
        if len(self.weights) > 1 and self.plan.sides == _TWO:
            refuse_parameter("a two-sided plan for several weights", "a one-sided plan")
        if self.at_time is not None:
            _check_at_time(self.at_time, self.cut_offs)

    @classmethod
    def at_events(
        cls,
        plan: Plan,
        events: int,
        weights: tuple[Weight, ...] = (LOG_RANK,),
        *,
        month: float | None = None,
        counted: Sequence[int] | None = None,
    ) -> Analysis:
        """Looks at numbers of events, the last at a calendar month if that comes first.

        Args:
            plan: Bounds of the looks.
            events: Events of the last look.
            weights: As in the class.
            month: Calendar month at which data are cut where events have not come; None waits for events.
            counted: Events of each look; None takes the information fractions of the plan as fractions of the events, which
                is right for the log-rank test.
        """
        counts = events_at(plan.t, events) if counted is None else tuple(counted)
        last = CutOff(events, month)
        return cls(plan, (*(CutOff(count, month) for count in counts[:-1]), last), weights)

    @classmethod
    def at_month(cls, test: AtTime, month: float, *, alpha: float = 0.025, sides: Sides = 1) -> Analysis:
        """One look at a calendar month, with a test of restricted means or milestones.

        Args:
            test: The statistic and its time.
            month: Calendar month since the first randomisation at which data are cut; later than the time of the test.
            alpha: Error to be spent, both sides together for two sides.
            sides: 1 or 2.
        """
        plan = spending(
            1, OBrienFlemingLike(), alpha=alpha, sides=sides
        )  # all is spent at the one look, by any function
        return cls(plan, (CutOff(month=month),), at_time=test)

    def cut(self, block: Patients, months: Floats) -> Cut:
        """What the test sees in each trial at its month."""
        return cut(block, months, self.weights) if self.at_time is None else cut_at(block, months, self.at_time)


def _check_at_time(test: AtTime, cut_offs: tuple[CutOff, ...]) -> None:
    if len(cut_offs) > 1:
        refuse_parameter(
            f"{len(cut_offs)} looks with {test.statistic}", "one look: shares of events are not its information"
        )
    (only,) = cut_offs
    if only.events is not None or only.month is None:
        refuse_parameter(f"a cut-off at {only.events} events with {test.statistic}", "a cut-off at a calendar month")
    if test.tau >= only.month:
        refuse_parameter(
            f"{test.statistic} at {test.tau:g} months with data cut at month {only.month:g}",
            "a time before the end of follow-up",
        )


@dataclass(frozen=True)
class Trials:
    """Simulated trials, one row each.

    Args:
        look: The look at which each ended, from 1; 0 for a trial that waits for events for ever, or whose follow-up is too
            short for the time of its test.
        upper: Whether it ended by the upper bound (superiority).
        lower: Whether it ended by the lower bound before the last look (futility, or the other side).
        z: z of the first weight, or of the difference at a time, at the end; NaN without an end.
        log_ratio: One-step (Peto) estimate of the log hazard ratio at the end, from the first weight; NaN for other tests.
        difference: Estimated difference of restricted means (months) or milestones (share) at the end; NaN for log-rank tests.
        month: Calendar month of the end.
        events: Events at the end.
        enrolled: Patients randomised by the end.
    """

    look: Ints
    upper: Bools
    lower: Bools
    z: Floats
    log_ratio: Floats
    difference: Floats
    month: Floats
    events: Ints
    enrolled: Ints

    def __len__(self) -> int:
        return len(self.look)

    def figures(self, looks: int) -> Figures:
        """Means over the trials, each with its standard error."""
        ended = self.look > 0
        return Figures(
            len(self),
            _chance(self.upper),
            _chance(self.lower),
            _chance(~ended),
            tuple(_chance(self.upper & (self.look == k + 1)) for k in range(looks)),
            tuple(_chance(self.lower & (self.look == k + 1)) for k in range(looks)),
            _mean(self.month[ended]),
            _mean(self.events[ended].astype(float)),
            _mean(self.enrolled[ended].astype(float)),
            _mean(self.log_ratio[ended]),
        )


@dataclass(frozen=True)
class Estimate:
    """A figure and its Monte Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Figures:
    """What simulated trials show; the means are over trials that ended.

    Args:
        trials: How many were simulated.
        power: Chance to end by the upper bound.
        futility: Chance to end by the lower bound before the last look.
        stalled: Chance to wait for events for ever, or to be followed too briefly for the time of the test.
        upper: Chance to end by the upper bound at each look.
        lower: Chance to end by the lower bound at each look.
        month: Calendar month of the end.
        events: Events at the end.
        enrolled: Patients randomised by the end.
        log_ratio: One-step log hazard ratio at the end.
    """

    trials: int
    power: Estimate
    futility: Estimate
    stalled: Estimate
    upper: tuple[Estimate, ...]
    lower: tuple[Estimate, ...]
    month: Estimate
    events: Estimate
    enrolled: Estimate
    log_ratio: Estimate


def simulate(
    world: Scenario | World, analysis: Analysis, trials: int, seed: int, *, executor: Executor | None = None
) -> Trials:
    """Simulate trials.

    Args:
        world: What is true: a scenario of hazards, or anything else that draws patients.
        analysis: Bounds, cut-offs and weights.
        trials: How many; the first of them are the same however many there are.
        seed: Root of the random streams.
        executor: Shares the work, with the same result; None works in this process.

    Raises:
        TrialError: TRIAL-041 for more events than patients, TRIAL-002 for less than one trial.
    """
    if trials < 1:
        refuse_parameter(f"{trials} trials", "at least one")
    for cut_off in analysis.cut_offs:
        if cut_off.events is not None and cut_off.events > _size(world):
            refuse_events(f"{cut_off.events} events of {_size(world)} patients", "from 1 to the number of patients")
    blocks = -(-trials // BLOCK)
    parts = [range(k, min(k + _BLOCKS_AT_ONCE, blocks)) for k in range(0, blocks, _BLOCKS_AT_ONCE)]
    work = partial(_blocks, world, analysis, seed)
    found = [one for part in (map(work, parts) if executor is None else answers(executor, work, parts)) for one in part]
    columns = [np.concatenate([getattr(one, name) for one in found])[:trials] for name in Trials.__dataclass_fields__]
    return Trials(*columns)


def samples(world: Scenario | World, month: float, trials: int, seed: int) -> Iterator[Sample]:
    """The data of simulated trials cut at a calendar month, for any other statistic; trials as in `simulate`."""
    for number in range(trials):
        if number % BLOCK == 0:
            block = _draw(world, seed, number // BLOCK)
        yield block.sample(number % BLOCK, month)


def _size(world: Scenario | World) -> int:
    return world.accrual.patients if isinstance(world, Scenario) else world.size


def _draw(world: Scenario | World, seed: int, number: int) -> Patients:
    return patients(world, seed, number) if isinstance(world, Scenario) else world.block(seed, number)


def _blocks(world: Scenario | World, analysis: Analysis, seed: int, numbers: range) -> list[Trials]:
    return [_block(_draw(world, seed, number), analysis) for number in numbers]


def _block(block: Patients, analysis: Analysis) -> Trials:
    """The trials of one block, from look to look, until each has ended."""
    size, plan = len(block), analysis.plan
    found = Trials(
        np.zeros(size, np.int64), np.zeros(size, bool), np.zeros(size, bool), np.full(size, np.nan),
        np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.inf), np.zeros(size, np.int64), np.zeros(size, np.int64),
    )  # fmt: skip
    months = _months(block, analysis.cut_offs)
    running = np.ones(size, bool)
    for k in range(len(plan.t)):
        running &= np.isfinite(months[:, k])
        rows = np.flatnonzero(running)
        if not len(rows):
            break
        data = analysis.cut(block if len(rows) == size else block.take(running), months[rows, k])
        upper, lower = _crossed(data, plan, k)
        last = k + 1 == len(plan.t)
        ended = (upper | lower | last) & np.isfinite(data.scores[:, 0])
        _note(found, rows[ended], data, (ended, k + 1))
        if analysis.at_time is not None:
            found.difference[rows], found.log_ratio[rows] = data.scores[:, 0], np.nan
        found.upper[rows] = upper
        found.lower[rows] = lower & ~(last & (plan.sides == 1))
        found.month[rows] = months[rows, k]
        running[rows[upper | lower]] = False
    found.month[found.look == 0] = np.inf
    return found


def _note(found: Trials, rows: Ints, data: Cut, ended: tuple[Bools, int]) -> None:
    """Write down the trials that end at a look."""
    which, look = ended
    score, variance = data.scores[which, 0], data.covariance[which, 0, 0]
    some = variance > 0
    safe = np.where(some, variance, 1.0)
    found.look[rows] = look
    found.z[rows] = np.where(some, score / np.sqrt(safe), 0.0)
    found.log_ratio[rows] = np.where(some, -score / safe, np.nan)
    found.events[rows], found.enrolled[rows] = data.events[which], data.enrolled[which]


def _months(block: Patients, cut_offs: tuple[CutOff, ...]) -> Floats:
    """Calendar month of each look of each trial; infinite where the events never come."""
    seen = np.sort(block.seen, axis=1)
    months = np.empty((len(block), len(cut_offs)))
    for k, cut_off in enumerate(cut_offs):
        by_events = None if cut_off.events is None else seen[:, cut_off.events - 1]
        if by_events is None or cut_off.month is None:
            months[:, k] = cut_off.month if by_events is None else by_events
        else:
            months[:, k] = (np.minimum if cut_off.both == "first" else np.maximum)(by_events, cut_off.month)
    return np.maximum.accumulate(months, axis=1)


def _crossed(data: Cut, plan: Plan, k: int) -> tuple[Bools, Bools]:
    """Whether each trial is at or above the upper bound of a look, and below the lower one."""
    spread = np.sqrt(np.diagonal(data.covariance, axis1=1, axis2=2))
    z = np.divide(data.scores, spread, out=np.zeros_like(data.scores), where=spread > 0)
    if z.shape[1] == 1:
        return z[:, 0] >= plan.upper[k], z[:, 0] < plan.lower[k]
    scale = np.where(spread > 0, spread, 1.0)
    correlation = data.covariance / (scale[:, :, None] * scale[:, None, :])
    upper = _p_within(z.max(axis=1), correlation, float(ndtr(-plan.upper[k])))
    if np.isneginf(plan.lower[k]):
        return upper, np.zeros(len(z), bool)
    return upper, ~_p_within(z.max(axis=1), correlation, float(ndtr(-plan.lower[k])))


def _p_within(largest: Floats, correlation: Floats, level: float) -> Bools:
    """Whether the p of the largest z is at most a level; integrals only where simple bounds on p do not settle it."""
    single = ndtr(-largest)
    within: Bools = single * correlation.shape[1] <= level
    rows = np.flatnonzero(~within & (single <= level))
    if len(rows):
        p = tails(correlation[rows], largest[rows], _FEW_DIRECTIONS)
        near = np.abs(p / level - 1) < _NEAR
        if near.any():
            p[near] = tails(correlation[rows[near]], largest[rows[near]], DIRECTIONS)
        within[rows] = p <= level
    return within


def _chance(happened: Bools) -> Estimate:
    """A share with its standard error, which is that of a half trial where it is 0 or 1: no share claims to be exact."""
    n = len(happened)
    share = float(happened.mean())
    likely = min(max(share, 0.5 / n), 1 - 0.5 / n)
    return Estimate(share, math.sqrt(likely * (1 - likely) / n))


def _mean(values: Floats) -> Estimate:
    values = values[np.isfinite(values)]
    if len(values) < _TWO:
        return Estimate(float(values.mean()) if len(values) else math.nan, math.nan)
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))
