"""BOIN12: the dose with the best trade-off of toxicity and response, by ranks that can be printed beforehand.

Place    Programme, trial, phase I-II.
Source   Lin R, Zhou Y, Yan F, Li D, Yuan Y. JCO Precis Oncol 2020;4 (doi 10.1200/PO.20.00257); rule recalled, rank table and
         exploration rule as in the program escalation 0.2.3 (read).
Knows    Too toxic: one dose lower. In the interval with enough patients: the better of this dose and the one below. Otherwise
         the best of three neighbours. Better means a higher posterior chance that the mean utility exceeds a benchmark halfway
         between what is just acceptable and perfect; a dose that nobody had counts by its prior.
Checked  tests/reference/trial_phase12/test_boin12.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincc

from vein2vein.programme.trial.cohort_outcomes import together
from vein2vein.programme.trial.phase1.boin import Bounds
from vein2vein.programme.trial.phase1.common import TooToxic, check_target, refuse, told
from vein2vein.programme.trial.phase12.common import (
    Futility,
    Utilities,
    around,
    best_of,
    check_start,
    open_below,
    responses,
    up_to_mtd,
)
from vein2vein.programme.trial.words import NONE, AnyStop, Bools, CohortRule, Design, EnoughAtDose, Floats, Ints, States

PAPER: Final = "Lin et al. 2020, doi 10.1200/PO.20.00257"


@dataclass(frozen=True)
class Desirability:
    """The posterior chance that the mean utility at a dose exceeds the benchmark.

    Args:
        utilities: How desirable each outcome is.
        toxicity: Highest acceptable toxicity rate.
        efficacy: Lowest acceptable response rate.
        prior: Parameters of the beta prior of the mean utility.
    """

    utilities: Utilities
    toxicity: float
    efficacy: float
    prior: tuple[float, float] = (1.0, 1.0)

    @property
    def benchmark(self) -> float:
        """Halfway between the mean utility at the limits (toxicity and response independent) and 1."""
        low = float(self.utilities.mean(self.toxicity, self.efficacy))
        return low + (1 - low) / 2

    def of(self, n: Ints, y: Ints, e: Ints, both: Ints | None = None) -> Floats:
        """The chance, for `y` toxicities and `e` responses among `n` patients, `both` of whom had both."""
        x = self.utilities.score(n, y, e, both)
        return np.asarray(betaincc(self.prior[0] + x, self.prior[1] + n - x, self.benchmark), np.float64)


@dataclass(frozen=True)
class RankRow:
    """A line of the rank table.

    Args:
        patients: Patients at the dose.
        toxicities: Of these, with a toxicity.
        responses: With a response.
        desirability: Chance that the mean utility exceeds the benchmark.
        rank: 1 for the least desirable; None where the dose would be closed or futile.
        both: Patients with both outcomes; None where the utilities do not ask for them.
    """

    patients: int
    toxicities: int
    responses: int
    desirability: float
    rank: int | None
    both: int | None = None


@dataclass(frozen=True)
class Boin12Rule:
    """Where the next cohort goes.

    Args:
        bounds: Bounds of the observed toxicity rate.
        desirability: What makes a dose better.
        futility: Which doses do not work.
        enough: From so many patients at a dose within the bounds, higher doses are no longer considered.
        explore: From so many patients at a dose below the upper bound, a next dose that nobody had is tried; None for never.
    """

    bounds: Bounds
    desirability: Desirability
    futility: Futility
    enough: int = 6
    explore: int | None = 9

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where no dose in reach is acceptable."""
        e = responses(states)
        able = ~closed & ~self.futility.futile(states.n, e)
        score = self.desirability.of(states.n, states.y, e, states.both)
        two = best_of(score, able & around(states, above=0), ties="lowest")
        three = best_of(score, able & around(states), ties="highest")
        move = self._moves(states)
        found = np.where((move == 0) & (states.here(states.n) >= self.enough), two, three)
        found = np.where(self.explores(states, closed, move), states.at + 1, found)
        return np.where(move < 0, open_below(states, closed), found)

    def _moves(self, states: States) -> Ints:
        return self.bounds.move(states.here(states.n), states.here(states.y))

    def explores(self, states: States, closed: Bools, move: Ints) -> Bools:
        """Whether each state tries the untried next dose."""
        if self.explore is None:
            return np.zeros(len(states), bool)
        above = np.minimum(states.at + 1, states.doses - 1)
        rows = np.arange(len(states))
        new = (states.at < states.doses - 1) & (states.n[rows, above] == 0) & ~closed[rows, above]
        found: Bools = new & (move >= 0) & (states.here(states.n) >= self.explore)
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What was seen at the current dose, what was compared, and which dose won."""
        e, move = responses(states), self._moves(states)
        goes, explores = self.next_dose(states, closed), self.explores(states, closed, move)
        chance = self.desirability.of(states.n, states.y, e, states.both)
        words = []
        for row in range(len(states)):
            at = int(states.at[row])
            n, y, r = (int(column[row, at]) for column in (states.n, states.y, e))
            pairs = "" if states.both is None else f", {states.both[row, at]} with both"
            text = f"{y} of {n} with a toxicity, {r} with a response{pairs}: "
            if move[row] < 0:
                text += f"toxicity is at least {self.bounds.down:.3f}, so one dose lower where there is one"
            elif explores[row]:
                text += f"dose {at + 2} was not tried yet and {n} patients had dose {at + 1}, so try it"
            elif goes[row] == NONE:
                text += "no dose in reach is both safe and works, so stop"
            else:
                narrow = move[row] == 0 and n >= self.enough
                reach = range(max(at - 1, 0), at + 1 if narrow else min(at + 2, states.doses))
                listed = ", ".join(f"dose {k + 1} {chance[row, k]:.3f}" for k in reach)
                text += (
                    f"chance to exceed the benchmark utility: {listed}; dose {goes[row] + 1} is best of the acceptable"
                )
            words.append(text)
        return words


@dataclass(frozen=True)
class HighestUtility:
    """Selects, of the tried and acceptable doses up to the maximum tolerated one, that with the highest mean utility."""

    target: float
    utilities: Utilities
    futility: Futility
    prior: tuple[float, float] = (1.0, 1.0)

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none can be."""
        e = responses(states)
        able = up_to_mtd(states, closed, self.target) & ~self.futility.futile(states.n, e)
        a, b = self.prior
        mean = (a + self.utilities.score_of(states)) / (a + b + states.n)
        return best_of(mean, able)


def boin12(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    *,
    toxicity: float,
    efficacy: float,
    cohorts: CohortRule,
    utilities: Utilities | None = None,
    start: int = 0,
    cutoff_toxicity: float = 0.95,
    cutoff_efficacy: float = 0.90,
    enough: int = 6,
    explore: int | None = 9,
    stop_at: int | None = None,
) -> Design:
    """A BOIN12 design.

    Args:
        doses: How many doses.
        toxicity: Highest acceptable toxicity rate, also the target of the interval.
        efficacy: Lowest acceptable response rate.
        cohorts: Cohort sizes and their number.
        utilities: How desirable the outcomes are; 40 and 60 when None. Where they do not sum to 100 the states count how often
            both outcomes come in the same patient.
        start: Dose of the first cohort, from 0.
        cutoff_toxicity: Posterior probability above which a dose is closed, with at least three patients.
        cutoff_efficacy: Posterior probability above which a dose is futile, with at least three patients.
        enough: Patients at a dose within the interval from which higher doses are no longer considered (N*).
        explore: Patients at a dose from which an untried next dose is tried; None for never.
        stop_at: End once the next cohort would stay at a dose that has had so many patients; None for never.

    Raises:
        TrialError: TRIAL-002 for a rate, cut-off or number that cannot be.
    """
    check_target(toxicity)
    check_start(doses, start)
    if enough < 1 or (explore is not None and explore < 1):
        refuse(f"enough={enough}, explore={explore}", "at least one patient", "keep the published 6 and 9")
    used = Utilities() if utilities is None else utilities
    futility = Futility(efficacy, cutoff_efficacy)
    rule = Boin12Rule(Bounds.of(toxicity), Desirability(used, toxicity, efficacy), futility, enough, explore)
    given = told(
        {"toxicity": toxicity, "efficacy": efficacy, "neither": used.neither, "both": used.both, "start": start + 1,
         "cutoff_toxicity": cutoff_toxicity, "cutoff_efficacy": cutoff_efficacy, "enough": enough, "explore": explore,
         "stop_at": stop_at},
        {"neither": 40.0, "both": 60.0, "start": 1, "cutoff_toxicity": 0.95, "cutoff_efficacy": 0.90, "enough": 6,
         "explore": 9, "stop_at": None},
        PAPER,
    )  # fmt: skip
    return Design(
        name="BOIN12",
        doses=doses,
        rule=rule,
        selection=HighestUtility(toxicity, used, futility),
        cohorts=cohorts,
        safety=TooToxic(toxicity, cutoff_toxicity),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        with_efficacy=True,
        joint=not used.additive,
        parameters=given,
    )


def rank_table(design: Design, patients: tuple[int, ...]) -> tuple[RankRow, ...]:
    """The rank-based desirability scores of a BOIN12 design: 1 for the least desirable outcome.

    Ranks are among the acceptable outcomes of these numbers of patients, so they depend on the numbers; an untried dose is
    listed as 0 patients. Equal outcomes have the same, lowest rank.

    Args:
        design: A design of `boin12`.
        patients: Numbers of patients at a dose, such as (0, 3, 6, 9).

    Raises:
        TrialError: TRIAL-002 for another design, or a negative number.
    """
    if not isinstance(design.rule, Boin12Rule) or not patients or min(patients) < 0:
        refuse(f"{design.name} with {patients} patients", "a BOIN12 design and numbers from 0", "such as (0, 3, 6)")
    assert isinstance(design.rule, Boin12Rule)  # noqa: S101  (for the type checker)
    joint = not design.rule.desirability.utilities.additive
    cells = [(n, *outcome) for n in sorted(set(patients)) for outcome in _outcomes(n, joint=joint)]
    n, y, e, both = np.array(cells).T
    one = States(n[:, None], y[:, None], n * 0, n, y, e[:, None])
    chance = design.rule.desirability.of(n, y, e, both)
    able = ~design.safety.closed(one)[:, 0] & ~design.rule.futility.futile(n, e)
    ranked = np.round(chance[able], 12)
    ranks = 1 + np.searchsorted(np.sort(ranked), ranked)
    place = np.zeros(len(cells), np.int64)
    place[able] = ranks
    return tuple(
        RankRow(*cell[:3], float(chance[k]), int(place[k]) if able[k] else None, cell[3] if joint else None)
        for k, cell in enumerate(cells)
    )


def _outcomes(n: int, *, joint: bool) -> tuple[tuple[int, int, int], ...]:
    """Toxicities, responses and patients with both; the last is 0 where it does not matter."""
    return together(n) if joint else tuple((y, e, 0) for y in range(n + 1) for e in range(n + 1))
