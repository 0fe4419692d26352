"""Backfill: patients at lower doses while a cohort is waited for, and what their data change.

Place    Programme, trial, phase I.
Source   BF-BOIN: Zhao Y et al. Clin Cancer Res 2024;30:673 (doi 10.1158/1078-0432.CCR-23-2585), rules as in the program bfboin
         (read). The later rules of suspension (doi 10.1158/1078-0432.CCR-24-3669) were not at hand beyond their abstract.
Knows    A dose below the current one is open for backfill once somebody responded there and while it has room. It is suspended
         while its own rate and that pooled with the next dose are both too high; so are all doses above it. Where data below
         contradict the current dose, the decision is taken on the pooled data from the highest such dose to the current one.
Departs  A dose takes up to `cap` patients in all; bfboin asks for room after the cap is reached and so takes one more. Outcomes
         of backfilled patients are known by the next decision; there is no calendar. Cohorts are counted in `run` only: the
         states do not tell backfilled patients from others, so `exact` and `recommend` would end the trial too early with them.
Checked  tests/unit/programme/trial/test_backfill.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase1.boin import Bounds, boin
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import RESPONSE, TOLERANCE, Trials
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Design, Floats, Ints, Parameter, States

PAPER: Final = "Zhao et al. 2024, doi 10.1158/1078-0432.CCR-23-2585"
_BLOCK: Final = 8192


@dataclass(frozen=True)
class Backfill:
    """Which doses take patients while a cohort is waited for.

    Args:
        bounds: Bounds of the observed toxicity rate.
        cap: Patients at a dose, cohort patients included, with which it takes no more.
    """

    bounds: Bounds
    cap: int = 12

    def open_doses(self, states: States) -> Bools:
        """Doses open for backfill, shape (states, doses).

        Raises:
            TrialError: TRIAL-004 for states that do not count responses.
        """
        if states.e is None:
            raise TrialError(
                "TRIAL-004",
                saw="trial states without responses",
                expected="responses at each dose, since a dose opens with the first one",
                fix="write E or B for a patient who responded",
            )
        below = np.arange(states.doses) < states.at[:, None]
        return below & (states.e > 0) & (states.n < self.cap) & ~self.suspended(states)

    def suspended(self, states: States) -> Bools:
        """Doses with a rate that is too high, alone and with the next dose, and all above them."""
        n, y = states.n, states.y
        next_n, next_y = (np.concatenate([c[:, 1:], c[:, :1] * 0], axis=1) for c in (n, y))
        alone = (n > 0) & (y >= self.bounds.least_to_go_down(n))
        together = n + next_n
        pooled = (together > 0) & (y + next_y >= self.bounds.least_to_go_down(together))
        found: Bools = np.logical_or.accumulate(alone & pooled, axis=1)
        return found

    def dose(self, states: States) -> Ints:
        """The highest dose open for backfill, NONE where there is none."""
        able = self.open_doses(states)
        found: Ints = np.where(able.any(axis=1), states.doses - 1 - able[:, ::-1].argmax(axis=1), NONE)
        return found


@dataclass(frozen=True)
class PooledInterval:
    """BOIN at the current dose, on pooled data where a lower dose contradicts it."""

    bounds: Bounds

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest is closed."""
        wanted, _ = self._wanted(states)
        open_doses = states.doses - closed.sum(axis=1)
        found: Ints = np.where(open_doses == 0, NONE, np.maximum(np.minimum(wanted, open_doses - 1), 0))
        return found

    def _wanted(self, states: States) -> tuple[Ints, Ints]:
        """The dose wanted, and the dose from which data are pooled (NONE where nothing contradicts)."""
        move = self.bounds.move(states.n, states.y)
        here = states.here(move)
        below = np.arange(states.doses) < states.at[:, None]
        against = below & np.where(here[:, None] > 0, move <= 0, move < 0)
        first = np.where(against.any(axis=1), states.doses - 1 - against[:, ::-1].argmax(axis=1), NONE)
        inside = (np.arange(states.doses) >= first[:, None]) & (np.arange(states.doses) <= states.at[:, None])
        n, y = (np.cumsum(np.where(inside, column, 0), axis=1) for column in (states.n, states.y))
        pooled = self.bounds.move(states.here(n), states.here(y))
        safe = inside & (y < self.bounds.least_to_go_down(n))  # pooled from the contradicting dose up to each
        highest = np.where(safe.any(axis=1), states.doses - 1 - safe[:, ::-1].argmax(axis=1), first - 1)
        resolved = np.where(pooled < 0, highest, states.at + pooled)
        return np.where(first == NONE, states.at + here, resolved), first

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What was seen at the current dose, and the pooled data where they decided."""
        _, first = self._wanted(states)
        words = []
        for row, goes in enumerate(self.next_dose(states, closed)):
            at, start = int(states.at[row]), int(first[row])
            n, y = states.n[row], states.y[row]
            text = f"{y[at]} of {n[at]} with a toxicity: {self.bounds.why(int(n[at]), int(y[at]))}"
            if start != NONE:
                text += (
                    f"; dose {start + 1} contradicts ({y[start]} of {n[start]}), pooled {y[start : at + 1].sum()} of "
                )
                text += f"{n[start : at + 1].sum()}"
            words.append(text + ("; all doses are closed" if goes == NONE else f"; dose {goes + 1}"))
        return words


def backfill_boin(
    doses: int, target: float, *, cohorts: Cohorts, cap: int = 12, start: int = 0
) -> tuple[Design, Backfill]:
    """BOIN with backfill: the design of the cohorts, and the rule of the patients between them.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohorts that escalate; backfilled patients come on top.
        cap: Patients at a dose with which it takes no more backfill.
        start: Dose of the first cohort, from 0.

    Raises:
        TrialError: TRIAL-002 for a target or cap that cannot be.
    """
    if cap < 1:
        refuse(f"cap {cap}", "at least one patient", "choose such as 12")
    bounds = Bounds.of(target)
    parent = boin(doses, target, cohorts=cohorts, start=start)
    origin = Parameter(cap, "default" if cap == 12 else "set", PAPER)  # noqa: PLR2004
    design = replace(parent, name="BF-BOIN", rule=PooledInterval(bounds), with_efficacy=True)
    return design.with_parameters(cap=origin), Backfill(bounds, cap)


def run(design: Design, backfill: Backfill, truth: Truth, *, waiting: int, trials: int, seed: int) -> Trials:
    """Simulate trials with backfill.

    Args:
        design: The design of the cohorts, of `backfill_boin`.
        backfill: The rule of the patients between them.
        truth: What is true, with response rates.
        waiting: Patients who come while each cohort is waited for; those who find no open dose are not treated.
        trials: How many trials.
        seed: Root seed; patients are those of `simulate`, cohort by cohort and then those between.

    Raises:
        TrialError: TRIAL-001 for a truth that does not fit, TRIAL-004 for cohorts of another kind or too few trials.
    """
    cohorts = design.cohorts
    if len(truth.toxicity) != design.doses or truth.efficacy is None:
        raise TrialError(
            "TRIAL-001",
            saw=f"{len(truth.toxicity)} toxicity rates, response rates {truth.efficacy}",
            expected=f"{design.doses} of each",
            fix="correct the scenario",
        )
    if not isinstance(cohorts, Cohorts) or waiting < 0 or trials < 2:  # noqa: PLR2004  (no error from one trial)
        raise TrialError(
            "TRIAL-004",
            saw=f"{type(cohorts).__name__}, {waiting} waiting, {trials} trials",
            expected="Cohorts of one size, nobody or somebody waiting, at least 2 trials",
            fix="use backfill_boin, and some thousands of trials",
        )
    streams, parts = Streams(seed), []
    seats = cohorts.most + waiting * cohorts.number
    rates = np.array(truth.toxicity), np.array(truth.efficacy)
    for number in range(-(-trials // _BLOCK)):
        count = min(_BLOCK, trials - number * _BLOCK)
        drawn = [streams.replication(name, number).random((seats, _BLOCK))[:, :count] for name in (TOLERANCE, RESPONSE)]
        parts.append(_block(design, backfill, rates, drawn, waiting))
    states = [part[0] for part in parts]
    e = np.concatenate([s.e for s in states if s.e is not None])
    n, y = (np.concatenate([getattr(s, name) for s in states]) for name in ("n", "y"))
    return Trials(n, y, np.concatenate([part[1] for part in parts]), e)


def _block(  # noqa: PLR0917  (two designs, two rates, the draws)
    design: Design, backfill: Backfill, rates: tuple[Floats, Floats], drawn: list[Floats], waiting: int
) -> tuple[States, Ints]:
    assert isinstance(design.cohorts, Cohorts)  # noqa: S101  (checked by the caller)
    size, number = design.cohorts.size_of_each, design.cohorts.number
    trials = drawn[0].shape[1]
    states = design.first().take(np.zeros(trials, np.int64))
    dose = np.full(trials, design.start)
    for cohort in range(number):
        treated = np.where(dose == NONE, 0, size)
        seats = range(cohort * size, (cohort + 1) * size)
        states = _with(states, np.where(dose == NONE, states.at, dose), treated, [d[seats] for d in drawn], rates)
        for extra in range(waiting if cohort + 1 < number else 0):
            between = backfill.dose(states)
            able = (between != NONE) & (dose != NONE)
            seat = number * size + cohort * waiting + extra
            added = _with(states, np.maximum(between, 0), able.astype(np.int64), [d[[seat]] for d in drawn], rates)
            states = replace(added, at=states.at, last_n=states.last_n, last_y=states.last_y)
        found = design.rule.next_dose(states, design.safety.closed(states))
        dose = np.where((dose == NONE) | design.stopping.stops(states, found), NONE, found)
    return states, design.selected(states)


def _with(  # noqa: PLR0917  (who, where, how many, the draws, two rates)
    states: States, dose: Ints, treated: Ints, drawn: list[Floats], rates: tuple[Floats, Floats]
) -> States:
    """The states after some patients of each trial; a trial that treats nobody stays as it is."""
    there = np.arange(len(drawn[0]))[:, None] < treated
    toxic, works = (((d < rate[dose]) & there).sum(axis=0) for d, rate in zip(drawn, rates, strict=True))
    return states.with_cohort(dose, treated, toxic, works)
