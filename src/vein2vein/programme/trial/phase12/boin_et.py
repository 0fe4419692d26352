"""BOIN-ET: interval bounds for toxicity and response at once.

Place    Programme, trial, phase I-II.
Source   Takeda K, Taguri M, Morita S. Pharm Stat 2018;17:383 (doi 10.1002/pst.1864), recalled; moves, closing and selection as in
         the program boinet 1.5.0 (read).
Knows    Few toxicities and few responses: up. Enough responses, toxicity below the upper bound: stay. Toxicity at or above it:
         down. Between the bounds with few responses: an untried next dose, or the neighbour with the highest response rate. The
         three bounds minimise the chance of a wrong move over six hypotheses.
         The published bounds (0.14, 0.35, 0.48 for 0.3 and 0.6; recalled) follow from the sum that boinet minimises, where one
         term for a dose on target takes the chance of few toxicities from the hypothesis of too few. With that chance of its
         own the last bound is 0.47. The default is what was published; `consistent` asks for the other.
Departs  Of neighbours with equal response rates the lowest is taken, where boinet draws one.
Checked  tests/reference/trial_phase12/test_boin_et.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.stats import binom

from vein2vein.programme.trial.phase1.common import TooToxic, refuse, told
from vein2vein.programme.trial.phase12.common import (
    Futility,
    around,
    best_of,
    check_start,
    open_below,
    rates,
    responses,
    up_to_mtd,
)
from vein2vein.programme.trial.words import (
    NONE,
    AnyStop,
    Bools,
    CohortRule,
    Design,
    EnoughAtDose,
    Floats,
    Ints,
    Parameter,
    States,
)

PAPER: Final = "Takeda et al. 2018, doi 10.1002/pst.1864"
_STEP: Final = 0.01
_REFERENCE_PATIENTS: Final = 100
_ALMOST: Final = 1e-9


@dataclass(frozen=True)
class Limits:
    """The rates between which the six hypotheses lie.

    Args:
        toxicity: Target toxicity rate.
        low: Toxicity rate that is too low; a tenth of the target by default.
        high: Toxicity rate that is too high; 1.4 of the target by default.
        efficacy: Target response rate.
        poor: Response rate that is too low; 0.6 of the target by default.

    Raises:
        TrialError: TRIAL-002 unless 0 < low < toxicity < high < 1 and 0 < poor < efficacy < 1.
    """

    toxicity: float
    low: float
    high: float
    efficacy: float
    poor: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.toxicity < self.high < 1:
            refuse(
                f"toxicity {self.toxicity:g} between {self.low:g} and {self.high:g}",
                "0 < low < target < high < 1",
                "choose such as 0.03, 0.3 and 0.42",
            )
        if not 0 < self.poor < self.efficacy < 1:
            refuse(
                f"efficacy {self.efficacy:g} above {self.poor:g}",
                "0 < poor < target < 1",
                "choose such as 0.36 and 0.6",
            )


@dataclass(frozen=True)
class EtBounds:
    """Up at or below `up` with at most `enough` responding; down at or above `down`."""

    up: float
    down: float
    enough: float

    @classmethod
    def of(cls, limits: Limits, *, consistent: bool = False) -> EtBounds:
        """The bounds that make a wrong move least likely, six hypotheses being equally likely, on a grid of 0.01.

        Args:
            limits: The rates between which the hypotheses lie.
            consistent: Whether every term takes its chances from its own hypothesis; the published sum does not.
        """
        return _optimal(limits, consistent)


@lru_cache(maxsize=32)
def _optimal(limits: Limits, consistent: bool) -> EtBounds:  # noqa: FBT001  (cached)
    up, down, enough = (
        np.arange(a, b + _ALMOST, _STEP)
        for a, b in (
            (limits.low, limits.toxicity),
            (limits.toxicity, limits.high),
            (limits.poor, limits.efficacy),
        )
    )
    wrong = _wrong(up[:, None, None], down[None, :, None], enough[None, None, :], limits, consistent=consistent)
    i, j, k = np.unravel_index(np.argmin(np.round(wrong, 12)), wrong.shape)
    return EtBounds(*(round(float(value), 10) for value in (up[i], down[j], enough[k])))


def _wrong(up: Floats, down: Floats, enough: Floats, limits: Limits, *, consistent: bool) -> Floats:
    """Six times the chance of a wrong move; on target with few responses no move is wrong, and a third of choices is right."""
    n = _REFERENCE_PATIENTS
    few = {rate: binom.cdf(np.floor(n * enough + _ALMOST), n, rate) for rate in (limits.poor, limits.efficacy)}
    below_up = {
        rate: binom.cdf(np.floor(n * up + _ALMOST), n, rate) for rate in (limits.low, limits.toxicity, limits.high)
    }
    below = {rate: binom.cdf(np.ceil(n * down - _ALMOST) - 1, n, rate) for rate in below_up}
    total = np.zeros(np.broadcast_shapes(up.shape, down.shape, enough.shape))
    # Too little of both: up is right.
    total += 1 - (below_up[limits.low] + (below[limits.low] - below_up[limits.low]) / 3) * few[limits.poor]
    # It works and is not too toxic: stay is right.
    works = few[limits.efficacy]
    for rate in (limits.low, limits.toxicity):
        origin = below_up[rate if consistent else limits.low]
        total += below_up[rate] * works + 2 / 3 * (below[rate] - origin) * works + 1 - below[rate]
    # Too toxic: down is right.
    for share in few.values():
        between = below[limits.high] - below_up[limits.high]
        total += below_up[limits.high] + between * (1 - share / 3)
    return total


@dataclass(frozen=True)
class BoinEtRule:
    """Where the next cohort goes."""

    bounds: EtBounds
    futility: Futility

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where no acceptable dose is left in that direction."""
        e = responses(states)
        able = ~closed & ~self.futility.futile(states.n, e)
        wanted = self._wanted(states, e)
        doses = np.arange(states.doses)
        above, below = able & (doses >= wanted[:, None]), able & (doses <= wanted[:, None])
        nearest_up = np.where(above.any(axis=1), above.argmax(axis=1), states.at)
        nearest_down = np.where(below.any(axis=1), states.doses - 1 - below[:, ::-1].argmax(axis=1), NONE)
        found = np.where(wanted > states.at, nearest_up, nearest_down)
        shut = closed[np.arange(len(states)), np.maximum(found, 0)]
        found = np.where(shut, open_below(states, closed), found)
        return np.where(able.any(axis=1), found, NONE)

    def _wanted(self, states: States, e: Ints) -> Ints:
        n, y, here = states.here(states.n), states.here(states.y), states.here(e)
        toxic, works = y / np.maximum(n, 1), here / np.maximum(n, 1)
        few = works <= self.bounds.enough + _ALMOST
        up = (toxic <= self.bounds.up + _ALMOST) & few
        down = toxic >= self.bounds.down - _ALMOST
        top = states.doses - 1
        above = np.minimum(states.at + 1, top)
        new = (states.at < top) & (states.n[np.arange(len(states)), above] == 0)
        choice = np.where(new, above, best_of(rates(e, states.n), around(states)))
        stay_or_choose = np.where(few, choice, states.at)
        found: Ints = np.where(up, above, np.where(down, np.maximum(states.at - 1, 0), stay_or_choose))
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What was seen at the current dose beside the bounds."""
        e, goes = responses(states), self.next_dose(states, closed)
        b, words = self.bounds, []
        for row in range(len(states)):
            at = int(states.at[row])
            n, y, r = (int(column[row, at]) for column in (states.n, states.y, e))
            toxic = (
                f"at most {b.up:.2f}"
                if y <= b.up * n
                else f"at least {b.down:.2f}"
                if y >= b.down * n
                else f"between {b.up:.2f} and {b.down:.2f}"
            )
            works = f"at most {b.enough:.2f}" if r <= b.enough * n + _ALMOST else f"above {b.enough:.2f}"
            end = "no acceptable dose is left, so stop" if goes[row] == NONE else f"so dose {goes[row] + 1}"
            words.append(f"{y} of {n} with a toxicity ({toxic}), {r} with a response ({works}): {end}")
        return words


@dataclass(frozen=True)
class HighestResponse:
    """Selects, of the tried and acceptable doses up to the maximum tolerated one, that with the highest response rate."""

    target: float
    futility: Futility

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none can be."""
        e = responses(states)
        able = up_to_mtd(states, closed, self.target) & ~self.futility.futile(states.n, e)
        return best_of(rates(e, states.n), able)


def boin_et(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    *,
    toxicity: float,
    efficacy: float,
    cohorts: CohortRule,
    low: float | None = None,
    high: float | None = None,
    poor: float | None = None,
    start: int = 0,
    cutoff_toxicity: float = 0.95,
    cutoff_efficacy: float = 0.99,
    stop_at: int | None = None,
) -> Design:
    """A BOIN-ET design.

    Args:
        doses: How many doses.
        toxicity: Target toxicity rate.
        efficacy: Target response rate.
        cohorts: Cohort sizes and their number.
        low: Toxicity rate that is too low; a tenth of the target when None.
        high: Toxicity rate that is too high; 1.4 of the target when None.
        poor: Response rate that is too low; 0.6 of the target when None.
        start: Dose of the first cohort, from 0.
        cutoff_toxicity: Posterior probability above which a dose is closed, with at least three patients.
        cutoff_efficacy: Posterior probability of a response rate below `poor` above which a dose is futile.
        stop_at: End once the next cohort would stay at a dose that has had so many patients; None for never.

    Raises:
        TrialError: TRIAL-002 for rates, cut-offs or a first dose that cannot be.
    """
    check_start(doses, start)
    limits = Limits(
        toxicity,
        0.1 * toxicity if low is None else low,
        1.4 * toxicity if high is None else high,
        efficacy,
        0.6 * efficacy if poor is None else poor,
    )
    bounds, futility = EtBounds.of(limits), Futility(limits.poor, cutoff_efficacy)
    given = told(
        {"toxicity": toxicity, "efficacy": efficacy, "cutoff_toxicity": cutoff_toxicity, "start": start + 1,
         "cutoff_efficacy": cutoff_efficacy, "stop_at": stop_at},
        {"cutoff_toxicity": 0.95, "cutoff_efficacy": 0.99, "stop_at": None, "start": 1},
        PAPER,
    )  # fmt: skip
    for name, value, chosen in (("low", limits.low, low), ("high", limits.high, high), ("poor", limits.poor, poor)):
        given[name] = Parameter(value, "default" if chosen is None else "set", PAPER)
    for name, value in (("lambda_1", bounds.up), ("lambda_2", bounds.down), ("eta_1", bounds.enough)):
        given[name] = Parameter(value, "derived", PAPER)
    return Design(
        name="BOIN-ET",
        doses=doses,
        rule=BoinEtRule(bounds, futility),
        selection=HighestResponse(toxicity, futility),
        cohorts=cohorts,
        safety=TooToxic(toxicity, cutoff_toxicity),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        with_efficacy=True,
        parameters=given,
    )
