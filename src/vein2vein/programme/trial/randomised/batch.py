"""Many trials at once: their patients, and the scores of a cut of their data.

Place    Programme, trial, randomised. Read by `simulate`.
In       A scenario and the number of a block of trials; the month of a cut per trial.
Out      `Patients`, one row per trial; `Cut`, scores and covariances of weighted log-rank tests.
Knows    A block always holds `BLOCK` trials and draws from its own streams: a trial depends on the seed and its number only.
         Patient k of trial i has the same uniform and exponential numbers in every scenario. Arms are columns: control first.
         A sort of whole numbers orders a trial: the two lowest bits of a time carry arm and event (times differ by then in
         the sixteenth digit). Times are continuous, so there are no ties to correct.
Checked  tests/unit/programme/trial/randomised/test_simulate.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, ModestlyWeighted, Weight
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Bools, Floats, Ints

BLOCK: Final = 128
ENTRY: Final = "trial/randomised/entry"
EVENT: Final = "trial/randomised/event"
DROPOUT: Final = "trial/randomised/dropout"


@dataclass(frozen=True)
class Patients:
    """The patients of a block of trials, shape (trials, patients); control arm first.

    Args:
        entry: Calendar month of randomisation.
        followed: Months until the event, or until drop-out where that is earlier; infinite for neither.
        seen: Calendar month in which the event is seen; infinite where it never is.
        control: Patients of the control arm.
    """

    entry: Floats
    followed: Floats
    seen: Floats
    control: int

    def __len__(self) -> int:
        return len(self.entry)

    def take(self, rows: Bools | slice) -> Patients:
        """Some of the trials."""
        return Patients(self.entry[rows], self.followed[rows], self.seen[rows], self.control)

    def sample(self, trial: int, month: float) -> Sample:
        """The data of one trial cut at a calendar month; those not yet randomised are left out."""
        here = self.entry[trial] < month
        event = self.seen[trial] <= month
        time = np.where(event, self.followed[trial], np.minimum(self.followed[trial], month - self.entry[trial]))
        arm = np.arange(len(here)) >= self.control
        return Sample.of(time[here], event[here], arm[here])


def patients(scenario: Scenario, seed: int, block: int) -> Patients:
    """The patients of the trials of one block."""
    streams, n, control = Streams(seed), scenario.accrual.patients, scenario.patients(0)
    entry = scenario.accrual.month_at(streams.replication(ENTRY, block).random((BLOCK, n)))
    followed = streams.replication(EVENT, block).standard_exponential((BLOCK, n))
    followed[:, :control] = scenario.control.time_at(followed[:, :control])
    followed[:, control:] = scenario.experimental.time_at(followed[:, control:])
    seen = entry + followed
    if scenario.dropout != (None, None):
        out = streams.replication(DROPOUT, block).standard_exponential((BLOCK, n))
        for hazard, columns in zip(scenario.dropout, (slice(control), slice(control, None)), strict=True):
            out[:, columns] = np.inf if hazard is None else hazard.time_at(out[:, columns])
        seen[out < followed] = np.inf
        np.minimum(followed, out, out=followed)
    return Patients(entry, followed, seen, control)


@dataclass(frozen=True)
class Cut:
    """What a cut of each trial shows.

    Args:
        scores: Scores of the weighted log-rank tests, shape (trials, weights).
        covariance: Their covariance under no effect, shape (trials, weights, weights).
        events: Events of each trial.
        enrolled: Patients randomised before the cut.
    """

    scores: Floats
    covariance: Floats
    events: Ints
    enrolled: Ints


def cut(block: Patients, months: Floats, weights: tuple[Weight, ...]) -> Cut:
    """Cut the data of each trial at its calendar month, and score it."""
    n = block.entry.shape[1]
    follow = np.subtract(months[:, None], block.entry)
    event = block.seen <= months[:, None]
    enrolled = np.count_nonzero(follow > 0, axis=1)
    np.minimum(follow, block.followed, out=follow)
    np.maximum(follow, 0.0, out=follow)  # those not yet randomised leave at time 0, before any event
    bits = follow.view(np.int64)
    bits &= ~3
    bits |= event
    bits[:, block.control :] |= 2
    bits.sort(axis=1)
    experimental = (bits >> 1) & 1
    before = np.cumsum(experimental, axis=1)
    before -= experimental
    at_risk = np.arange(n, 0, -1, dtype=np.float64)
    share = ((n - block.control) - before) / at_risk
    events = np.count_nonzero(event, axis=1)
    table = _Table(
        (bits & 1).astype(np.float64), experimental, share, np.broadcast_to(at_risk, share.shape), bits.view(np.float64)
    )
    if events.min() == events.max() > 0:  # a cut at a number of events: only they count, and they fill a table
        table = table.events_only()
    difference = table.died * (table.share - table.experimental)
    variance = table.died * table.share
    variance *= 1 - table.share
    if weights == (FlemingHarrington(),):
        return Cut(difference.sum(axis=1)[:, None], variance.sum(axis=1)[:, None, None], events, enrolled)
    w = _weights(weights, table)
    scores = (w @ difference[:, :, None])[:, :, 0]
    return Cut(scores, (w * variance[:, None, :]) @ w.transpose(0, 2, 1), events, enrolled)


@dataclass(frozen=True)
class _Table:
    """Patients in the order of their times, shape (trials, patients): event, arm, share of the experimental arm at risk."""

    died: Floats
    experimental: Ints
    share: Floats
    at_risk: Floats
    time: Floats

    def events_only(self) -> _Table:
        """Only those with an event, when there are as many in each trial."""
        at = np.flatnonzero(self.died)
        column = at % self.died.shape[1]
        shape = (len(self.died), -1)
        return _Table(
            np.ones((1, 1)),
            self.experimental.ravel()[at].reshape(shape),
            self.share.ravel()[at].reshape(shape),
            (self.died.shape[1] - column).astype(np.float64).reshape(shape),
            self.time.ravel()[at].reshape(shape),
        )


def _weights(weights: tuple[Weight, ...], table: _Table) -> Floats:
    """The weights at each patient's time, shape (trials, weights, patients)."""
    after = np.cumprod(1 - table.died / table.at_risk, axis=1)
    before = np.ones(after.shape)
    before[:, 1:] = after[:, :-1]
    found = np.ones((len(after), len(weights), after.shape[1]))
    for k, weight in enumerate(weights):
        if isinstance(weight, FlemingHarrington):
            _multiply_by_power(found[:, k], before, weight.rho)
            _multiply_by_power(found[:, k], 1 - before, weight.gamma)
        elif isinstance(weight, ModestlyWeighted):
            floor = np.where(table.time <= weight.t_star, after, 1.0).min(axis=1, keepdims=True)
            found[:, k] = 1 / np.maximum(before, floor)
        else:
            refuse_parameter(
                f"the weight {weight}", "Fleming-Harrington or modest weights, which can be simulated many at once"
            )
    return found


def _multiply_by_power(target: Floats, base: Floats, power: float) -> None:
    if power == 1:
        target *= base
    elif power != 0:
        target *= base**power
