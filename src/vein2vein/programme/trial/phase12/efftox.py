"""EffTox: the dose with the best trade-off of modelled toxicity and response.

Place    Programme, trial, phase I-II.
Source   Thall PF, Cook JD. Biometrics 2004;60:684 (doi 10.1111/j.0006-341X.2004.00218.x); priors of the example in Thall PF et
         al. Clin Trials 2014 as in trialr 0.1.6 (read).
Knows    A dose is acceptable when it is tolerable and worth while with some chance each; of those in reach, without skipping an
         untried dose, the one with the highest utility at the posterior means is given. Utility is 1 at certain response without
         toxicity and 0 along a contour through three points. As a rule over counts, toxicity and response are taken as
         independent within a patient; `advise` uses the outcomes patient by patient, with the association.
Departs  The published design has no slope that must rise and no other safety rule: under wide priors three toxicities of three at
         the lowest dose leave the next dose acceptable, and it is given. So `too_toxic` and `coherent` are added, both ours and
         both on by default; None and False are the published design.
Checked  tests/reference/trial_phase12/test_efftox.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.boin import Bounds
from vein2vein.programme.trial.phase1.common import TooToxic, refuse, told
from vein2vein.programme.trial.phase12.common import best_of, check_rate, check_start, responses
from vein2vein.programme.trial.phase12.efftox_model import Estimates, Model, Priors
from vein2vein.programme.trial.words import (
    NONE,
    AnyStop,
    Bools,
    CohortRule,
    Design,
    EnoughAtDose,
    Floats,
    Ints,
    NoSafetyRule,
    Parameter,
    States,
)

PAPER: Final = "Thall and Cook 2004, doi 10.1111/j.0006-341X.2004.00218.x"
OURS: Final = "ours, as BOIN and CRM do; published without it"


@dataclass(frozen=True)
class Contour:
    """Pairs of rates that are all as desirable as each other, through three points.

    Args:
        efficacy_alone: Response rate that is just enough when toxicity is impossible.
        toxicity_alone: Toxicity rate that is just bearable when response is certain.
        middle: A response and a toxicity rate that are just enough together.

    Raises:
        TrialError: TRIAL-002 where no such contour exists.
    """

    efficacy_alone: float
    toxicity_alone: float
    middle: tuple[float, float]

    def __post_init__(self) -> None:
        for what, rate in (
            ("efficacy_alone", self.efficacy_alone),
            ("toxicity_alone", self.toxicity_alone),
            ("response rate of the middle", self.middle[0]),
            ("toxicity rate of the middle", self.middle[1]),
        ):
            check_rate(what, rate)
        if self.middle[0] <= self.efficacy_alone or self.middle[1] >= self.toxicity_alone:
            refuse(
                f"a middle point {self.middle} between ({self.efficacy_alone:g}, 0) and (1, {self.toxicity_alone:g})",
                "a higher response rate than the first and a lower toxicity rate than the last",
                "choose such as 0.5, 0.65 and (0.7, 0.25)",
            )

    @property
    def power(self) -> float:
        """The exponent of the contour."""
        a, b = (1 - self.middle[0]) / (1 - self.efficacy_alone), self.middle[1] / self.toxicity_alone
        return float(brentq(lambda p: a**p + b**p - 1, 1e-3, 1e3))

    def utility(self, efficacy: Floats, toxicity: Floats) -> Floats:
        """Utility of rates: 1 at best, 0 on the contour, below 0 beyond."""
        p = self.power
        away = ((1 - efficacy) / (1 - self.efficacy_alone)) ** p + (toxicity / self.toxicity_alone) ** p
        found: Floats = 1 - away ** (1 / p)
        return found


@dataclass(frozen=True)
class EffToxRule:
    """Where the next cohort goes.

    Args:
        model: The curves with their priors and limits.
        contour: What makes a dose better.
        least_tolerable: Least chance that a dose is tolerable.
        least_worth_while: Least chance that it is worth while.
        coherent: Whether one does not go up from a dose whose observed toxicity rate asks BOIN to go down.
    """

    model: Model
    contour: Contour
    least_tolerable: float = 0.1
    least_worth_while: float = 0.1
    coherent: bool = False

    def acceptable(self, found: Estimates) -> Bools:
        """Doses that are tolerable and worth while with enough chance."""
        able: Bools = (found.tolerable > self.least_tolerable) & (found.worth_while > self.least_worth_while)
        return able

    def utility(self, found: Estimates) -> Floats:
        """Utilities at the posterior means."""
        return self.contour.utility(found.efficacy, found.toxicity)

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The acceptable dose in reach with the highest utility, NONE where there is none."""
        return self._best(self.model.estimates(states.n, states.y, responses(states)), states, closed)

    def _best(self, found: Estimates, states: States, closed: Bools) -> Ints:
        return best_of(self.utility(found), self.acceptable(found) & self.reach(states, closed))

    @property
    def _bounds(self) -> Bounds:
        limit = self.model.toxicity_limit
        return Bounds.of(
            limit, high=min(1.4 * limit, (1 + limit) / 2)
        )  # BOIN's own, except for limits that are too high for it

    def reach(self, states: States, closed: Bools) -> Bools:
        """Doses that may be given by what was tried, what is closed and, where asked for, the toxicities at the current dose."""
        found: Bools = in_reach(states) & ~closed
        if self.coherent:
            toxic = states.here(states.y) >= self._bounds.least_to_go_down(states.here(states.n))
            found &= ~(toxic & (states.here(states.n) > 0))[:, None] | (np.arange(states.doses) <= states.at[:, None])
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """Estimates and utilities of the doses in reach."""
        found = self.model.estimates(states.n, states.y, responses(states))
        return self.told(found, self.reach(states, closed), self._best(found, states, closed))

    def told(self, found: Estimates, reach: Bools, goes: Ints) -> list[str]:
        """The same in words for given estimates."""
        able, utility = self.acceptable(found), self.utility(found)
        words = []
        for row, dose in enumerate(goes):
            doses = [
                f"dose {k + 1}: response {found.efficacy[row, k]:.3f}, toxicity {found.toxicity[row, k]:.3f}, "
                f"utility {utility[row, k]:.3f}" + ("" if able[row, k] else " (not acceptable)")
                for k in np.flatnonzero(reach[row])
            ]
            end = "no dose in reach is acceptable, so stop" if dose == NONE else f"dose {dose + 1} is best"
            words.append("; ".join([*doses, end]))
        return words


@dataclass(frozen=True)
class HighestModelled:
    """Selects the tried, acceptable dose with the highest utility."""

    rule: EffToxRule

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none is acceptable."""
        found = self.rule.model.estimates(states.n, states.y, responses(states))
        return best_of(self.rule.utility(found), self.rule.acceptable(found) & (states.n > 0) & ~closed)


@dataclass(frozen=True)
class Advice:
    """What EffTox says after outcomes patient by patient.

    Args:
        estimates: Posterior means and chances, one row.
        utility: Utility at the posterior means, per dose.
        acceptable: Doses that are acceptable, whether or not in reach.
        dose: Dose of the next cohort, counted from 1; None for stop.
        reasons: The same in words.
    """

    estimates: Estimates
    utility: Floats
    acceptable: Bools
    dose: int | None
    reasons: str


def in_reach(states: States) -> Bools:
    """Doses from one below the lowest tried to one above the highest tried."""
    tried = states.n > 0
    low = np.where(tried.any(axis=1), tried.argmax(axis=1), states.at) - 1
    high = np.where(tried.any(axis=1), states.doses - tried[:, ::-1].argmax(axis=1), states.at)
    doses = np.arange(states.doses)
    found: Bools = (doses >= low[:, None]) & (doses <= high[:, None])
    return found


def advise(design: Design, outcomes: str) -> Advice:
    """What an EffTox design says, with the association of toxicity and response within patients.

    Args:
        design: A design of `efftox`.
        outcomes: Cohorts so far, such as "1NNE 2EEB"; at least one.

    Raises:
        TrialError: TRIAL-002 for another design, TRIAL-003 for outcomes that cannot be read.
    """
    rule = design.rule
    if not isinstance(rule, EffToxRule):
        refuse(f"the design {design.name}", "an EffTox design", "ask recommend() instead")
    assert isinstance(rule, EffToxRule)  # noqa: S101  (for the type checker)
    state = state_after(read_outcomes(outcomes, design.doses), design.doses, design.start, with_efficacy=True)
    found = rule.model.joint_estimates(outcomes)
    reach = rule.reach(state, design.safety.closed(state))
    able, utility = rule.acceptable(found), rule.utility(found)
    goes = best_of(utility, able & reach)
    dose = None if goes[0] == NONE else int(goes[0]) + 1
    return Advice(found, utility[0], able[0], dose, rule.told(found, reach, goes)[0])


def efftox(  # noqa: PLR0913  (the published options, all named)
    model: Model,
    contour: Contour,
    *,
    cohorts: CohortRule,
    least_tolerable: float = 0.1,
    least_worth_while: float = 0.1,
    start: int = 0,
    stop_at: int | None = None,
    too_toxic: float | None = 0.95,
    coherent: bool = True,
) -> Design:
    """An EffTox design.

    Args:
        model: Doses, priors and limits.
        contour: Pairs of rates that are as desirable as each other.
        cohorts: Cohort sizes and their number.
        least_tolerable: Least chance that the toxicity rate is below its limit.
        least_worth_while: Least chance that the response rate is above its limit.
        start: Dose of the first cohort, from 0.
        stop_at: End once the next cohort would stay at a dose that has had so many patients; None for never.
        too_toxic: A dose is closed, with all above it, once its toxicity rate exceeds the limit with more than this probability
            under a uniform prior, from three patients on; None for never, as published.
        coherent: Whether one does not go up from a dose whose observed toxicity rate is so high that BOIN, aiming at the limit,
            would go down; False as published.

    Raises:
        TrialError: TRIAL-002 for a chance outside (0, 1) or a first dose that is not there.
    """
    doses = len(model.doses)
    check_start(doses, start)
    check_rate("least_tolerable", least_tolerable)
    check_rate("least_worth_while", least_worth_while)
    rule = EffToxRule(model, contour, least_tolerable, least_worth_while, coherent)
    given = told(
        {"doses": model.doses, "priors": model.priors, "toxicity": model.toxicity_limit, "efficacy": model.efficacy_limit,
         "contour": contour, "least_tolerable": least_tolerable, "least_worth_while": least_worth_while,
         "start": start + 1, "stop_at": stop_at, "association": "none in decisions over counts"},
        {"least_tolerable": 0.1, "least_worth_while": 0.1, "start": 1, "stop_at": None,
         "association": "none in decisions over counts"},
        PAPER,
    )  # fmt: skip
    given |= {
        key: Parameter(value, "default" if value == usual else "set", OURS if value == usual else None)
        for key, value, usual in (("too_toxic", too_toxic, 0.95), ("coherent", coherent, True))
    }
    return Design(
        name="EffTox",
        doses=doses,
        rule=rule,
        selection=HighestModelled(rule),
        cohorts=cohorts,
        safety=NoSafetyRule() if too_toxic is None else TooToxic(model.toxicity_limit, too_toxic),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        with_efficacy=True,
        parameters=given,
    )


__all__ = ["Advice", "Contour", "EffToxRule", "Model", "Priors", "advise", "efftox"]
