"""TITE-BOIN12: BOIN12 while toxicities and responses are pending, with either of two estimators.

Place    Programme, trial, phase I-II.
Source   Zhou Y, Lin R, Lee JJ, Li D, Wang L, Li R, Yuan Y. Stat Med 2022;41:1918 (doi 10.1002/sim.9337; abstract read: BOIN12
         with pending outcomes by Bayesian augmentation or an approximated likelihood). Of its formulas only these names were at
         hand; both estimators are rebuilt with those of TITE-BOIN, and no printed table is compared.
Knows    "imputed": a pending patient counts the odds of an event, among those with a known outcome, times what is left of its
         window, for toxicity and for response. "effective": events over n less pending plus their follow-up; the utility then
         rests on the smaller of both effective numbers. Doses are closed by all treated patients, and called futile by the
         effective number, since a response that may still come is no failure. Where utilities do not sum to 100, patients with
         both outcomes are told in the same two ways, what is open in a patient being independent. More than half of the patients
         at the dose pending in either outcome suspends accrual, unless the toxicities seen already ask to go down. Without
         pending patients both are BOIN12.
Checked  tests/reference/trial_phase12/test_tite_boin12.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import betainc, betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase12.boin12 import Boin12Rule, boin12
from vein2vein.programme.trial.phase12.common import Utilities, around, best_of, open_below, responses
from vein2vein.programme.trial.phase12.late import TwoSeen
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints, Parameter

PAPER: Final = "Zhou et al. 2022, doi 10.1002/sim.9337, rebuilt"
Estimator = Literal["imputed", "effective"]


@dataclass(frozen=True)
class PendingUtility:
    """Where the next cohort goes while outcomes are pending.

    Args:
        parent: The rule of BOIN12.
        estimator: "imputed" or "effective".
        most_pending: Accrual is suspended when more than this share of the patients at the dose is pending.
    """

    parent: Boin12Rule
    estimator: Estimator = "imputed"
    most_pending: float = 0.5

    def events(self, seen: TwoSeen) -> tuple[Floats, Floats, Floats, Floats]:
        """Toxicities and responses, and the patients that each is told of, per dose; not whole where outcomes are pending."""
        states = seen.states
        outcomes = ((states.y, seen.pending, seen.followed), (responses(states), seen.waiting, seen.watched))
        counts, people = [], []
        for which, (count, pending, followed) in enumerate(outcomes):
            if self.estimator == "effective":
                counts.append(count.astype(np.float64))
                people.append(states.n - pending + followed)
            else:
                chance = self._chance(seen, which)
                odds = chance / (1 - chance)
                counts.append(np.minimum(count + np.where(pending > 0, odds * (pending - followed), 0.0), states.n))
                people.append(states.n.astype(np.float64))
        return counts[0], counts[1], people[0], people[1]

    def both_rate(self, seen: TwoSeen, toxic: Floats, works: Floats) -> Floats:
        """The share of patients with both outcomes at each dose, between the limits that the two rates leave it.

        Raises:
            TrialError: TRIAL-004 for a trial that was seen without counting them.
        """
        states, open_ = seen.states, seen.together
        if states.both is None or open_ is None:
            raise TrialError(
                "TRIAL-004",
                saw="toxicities and responses counted apart",
                expected="patients with both outcomes as well",
                fix="give the design joint=True, or utilities that sum to 100",
            )
        if self.estimator == "effective":
            told = states.n - open_.number + open_.told
            found = np.divide(states.both, told, out=np.zeros_like(told), where=told > 0)
        else:
            odds = [self._chance(seen, k) / (1 - self._chance(seen, k)) for k in (0, 1)]
            coming = odds[0] * open_.toxicity_left + odds[1] * open_.response_left + odds[0] * odds[1] * open_.both_left
            found = (states.both + coming) / np.maximum(states.n, 1)
        return np.clip(found, np.maximum(toxic + works - 1, 0.0), np.minimum(toxic, works))

    def _chance(self, seen: TwoSeen, outcome: int) -> Floats:
        """The chance of a toxicity (0) or response (1) among patients for whom it is known, under a prior worth one patient."""
        states, rule = seen.states, self.parent.desirability
        if outcome:
            return np.asarray((responses(states) + rule.efficacy / 2) / (states.n - seen.waiting + 1), np.float64)
        return np.asarray((states.y + rule.toxicity / 2) / (states.n - seen.pending + 1), np.float64)

    def desirability(self, seen: TwoSeen) -> Floats:
        """The chance that the mean utility at each dose exceeds the benchmark."""
        y, e, n_toxic, n_works = self.events(seen)
        told, rule = np.minimum(n_toxic, n_works), self.parent.desirability
        rates = [np.divide(c, p, out=np.zeros_like(c), where=p > 0) for c, p in ((y, n_toxic), (e, n_works))]
        toxic, works = (np.minimum(rate, 1) for rate in rates)
        both = None if rule.utilities.additive else self.both_rate(seen, toxic, works)
        x = told * rule.utilities.mean(toxic, works, both)
        return np.asarray(betaincc(rule.prior[0] + x, rule.prior[1] + told - x, rule.benchmark), np.float64)

    def futile(self, seen: TwoSeen) -> Bools:
        """Doses at which responses are too few, by the patients whose response is told, in full or in part."""
        futility, e = self.parent.futility, responses(seen.states)
        told = seen.states.n - seen.waiting + seen.watched
        below = betainc(futility.prior[0] + e, futility.prior[1] + np.maximum(told - e, 0), futility.rate)
        found: Bools = (seen.states.n >= futility.least) & (below > futility.cutoff)
        return found

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next cohort, SUSPEND to wait, NONE where no dose in reach is acceptable."""
        assert isinstance(seen, TwoSeen)  # noqa: S101  (the simulator of two outcomes, or `TwoSeen.complete`)
        states, rule = seen.states, self.parent
        y, _e, told, _w = self.events(seen)
        n = states.here(states.n)
        rate = np.divide(states.here(y), states.here(told), out=np.zeros(len(states)), where=states.here(told) > 0)
        move = (rate <= rule.bounds.up).astype(np.int64) - (rate >= rule.bounds.down)
        move = np.where(states.here(seen.pending) > 0, move, rule.bounds.move(n, states.here(states.y)))
        move = np.where(states.here(states.y) >= rule.bounds.least_to_go_down(n), -1, move)
        found = np.where(move < 0, open_below(states, closed), self._best(seen, move, closed))
        pending = np.maximum(states.here(seen.pending), states.here(seen.waiting))
        waits = (pending > self.most_pending * n) & (states.here(states.y) < rule.bounds.least_to_go_down(n))
        all_closed = closed.all(axis=1)
        return np.where(waits & ~states.here(closed) & ~all_closed, SUSPEND, found)

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """What is pending, what the rate of toxicity is taken to be, and the chances of the doses around."""
        assert isinstance(seen, TwoSeen)  # noqa: S101  (as in `next_dose`)
        states, (y, _e, told, _w) = seen.states, self.events(seen)
        score, futile, words = self.desirability(seen), self.futile(seen), []
        for row, at in enumerate(states.at):
            rate = y[row, at] / told[row, at] if told[row, at] > 0 else 0.0
            near = range(max(at - 1, 0), min(at + 2, states.doses))
            shown = ", ".join(
                f"dose {k + 1} {score[row, k]:.3f}" + (" (futile)" if futile[row, k] else "") for k in near
            )
            words.append(
                f"{seen.pending[row, at]} wait for toxicity and {seen.waiting[row, at]} for response; toxicity rate "
                f"{rate:.3f} ({self.estimator}); chance to exceed the benchmark utility: {shown}"
            )
        return words

    def _best(self, seen: TwoSeen, move: Ints, closed: Bools) -> Ints:
        states, rule = seen.states, self.parent
        able, score = ~closed & ~self.futile(seen), self.desirability(seen)
        two = best_of(score, able & around(states, above=0), ties="lowest")
        three = best_of(score, able & around(states), ties="highest")
        found = np.where((move == 0) & (states.here(states.n) >= rule.enough), two, three)
        return np.where(rule.explores(states, closed, move), states.at + 1, found)


def tite_boin12(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    *,
    toxicity: float,
    efficacy: float,
    cohorts: Cohorts,
    estimator: Estimator = "imputed",
    most_pending: float = 0.5,
    utilities: Utilities | None = None,
    cutoff_toxicity: float = 0.95,
    cutoff_efficacy: float = 0.90,
    enough: int = 6,
    explore: int | None = 9,
) -> LateDesign:
    """A TITE-BOIN12 design that begins at the lowest dose.

    Args:
        doses: How many doses.
        toxicity: Highest acceptable toxicity rate, also the target of the interval.
        efficacy: Lowest acceptable response rate.
        cohorts: Cohort sizes and their number.
        estimator: "imputed" or "effective".
        most_pending: Accrual is suspended when more than this share of the patients at the dose is pending.
        utilities: How desirable the outcomes are; 40 and 60 when None. Where they do not sum to 100 the states count how often
            both outcomes come in the same patient.
        cutoff_toxicity: Posterior probability above which a dose is closed.
        cutoff_efficacy: Posterior probability above which a dose is futile.
        enough: Patients at a dose within the interval from which higher doses are no longer considered.
        explore: Patients at a dose from which an untried next dose is tried; None for never.

    Raises:
        TrialError: TRIAL-002 for a rate, cut-off, number, share or estimator that cannot be.
    """
    if estimator not in {"imputed", "effective"}:
        refuse(f"estimator {estimator!r}", '"imputed" or "effective"', "choose one of the two")
    if not 0 <= most_pending <= 1:
        refuse(f"most_pending {most_pending:g}", "a share from 0 to 1", "keep the usual 0.5")
    parent = boin12(
        doses, toxicity=toxicity, efficacy=efficacy, cohorts=cohorts, utilities=utilities,
        cutoff_toxicity=cutoff_toxicity, cutoff_efficacy=cutoff_efficacy, enough=enough, explore=explore,
    )  # fmt: skip
    assert isinstance(parent.rule, Boin12Rule)  # noqa: S101  (for the type checker)
    given = {
        **parent.parameters,
        "estimator": Parameter(estimator, "default" if estimator == "imputed" else "set", PAPER),
        "most_pending": Parameter(most_pending, "default" if most_pending == 0.5 else "set", PAPER),  # noqa: PLR2004
    }
    return LateDesign(
        name="TITE-BOIN12",
        doses=doses,
        rule=PendingUtility(parent.rule, estimator, most_pending),
        selection=parent.selection,
        cohorts=cohorts,
        safety=parent.safety,
        joint=parent.joint,
        parameters=given,
    )
