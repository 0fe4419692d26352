"""TITE-CRM: CRM with pending patients, each weighted by the share of the window that passed without a toxicity.

Place    Programme, trial, phase I.
Source   Cheung YK, Chappell R. Biometrics 2000;56:1177 (doi 10.1111/j.0006-341X.2000.01177.x).
Knows    A pending patient with weight w contributes 1 - w p, a toxicity p, a finished one 1 - p. Weights are linear in time;
         the adaptive weights of the paper are not built. Without pending patients this is CRM.
Checked  tests/reference/trial_phase1/test_tite_crm.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from vein2vein.programme.trial.phase1.common import check_target, refuse, told
from vein2vein.programme.trial.phase1.crm import (
    ClosestEstimate,
    Curve,
    Estimate,
    FirstDoseTooToxic,
    Model,
    NormalPrior,
    stop_told,
)
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints, NoSafetyRule

PAPER: Final = "Cheung and Chappell 2000, doi 10.1111/j.0006-341X.2000.01177.x"


@dataclass(frozen=True)
class WeightedEstimate:
    """The dose whose weighted estimate is closest to the target, with the restrictions of CRM.

    Args:
        parent: The rule of CRM.
        most_pending: Accrual waits, unless one goes down, when more than this share of the patients at the dose is pending; None
            for never, as published.
    """

    parent: ClosestEstimate
    most_pending: float | None = None

    def posterior(self, seen: Seen) -> tuple[Floats, Floats]:
        """Points of the parameter and their posterior weights in each trial."""
        states, model = seen.states, self.parent.model
        terms = None
        if len(seen.row):
            points = model.points(states.n)
            terms = np.zeros((len(states), len(points)))
            log = np.log1p(-seen.weight[:, None] * model.curve.rates(points)[:, seen.dose].T)
            first = np.flatnonzero(np.diff(seen.row, prepend=-1))
            terms[seen.row[first]] = np.add.reduceat(log, first, axis=0)
        return model.posterior(states.n, states.y, without=seen.pending, terms=terms)

    def estimates(self, seen: Seen) -> Floats:
        """Estimated toxicity rates, shape (trials, doses)."""
        return self.parent.model.summarised(*self.posterior(seen), self.parent.estimate)

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest is closed."""
        best: Ints = np.abs(self.estimates(seen) - self.parent.target).argmin(axis=1)
        goes = self.parent.restricted(best, seen.states, closed)
        return np.where(self._waits(seen, goes), SUSPEND, goes)

    def _waits(self, seen: Seen, goes: Ints) -> Bools:
        if self.most_pending is None:
            return np.zeros(len(goes), bool)
        here = seen.states.here
        found: Bools = (here(seen.pending) > self.most_pending * here(seen.states.n)) & (goes >= seen.states.at)
        return found

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """The weighted estimates, and where restrictions hold."""
        rates = self.estimates(seen)
        best: Ints = np.abs(rates - self.parent.target).argmin(axis=1)
        goes = self.parent.restricted(best, seen.states, closed)
        waits, words = self._waits(seen, goes), [self.parent.told(*row) for row in zip(rates, best, goes, strict=True)]
        here = zip(*(seen.states.here(column) for column in (seen.pending, seen.states.n, seen.followed)), strict=True)
        for row, (pending, n, followed) in enumerate(here):
            if waits[row] and self.most_pending is not None:
                words[row] += f"; {pending} of {n} pending is more than {self.most_pending:.0%}, so wait"
            elif pending and goes[row] > seen.states.at[row] and self.most_pending is None:
                words[row] += (
                    f"; goes up while {pending} of {n} are pending, followed for {followed:.2f} windows in all: the published "
                    "rule has no limit, `most_pending` sets one"
                )
        return words


def tite_crm(  # noqa: PLR0913  (the published options, all named)
    target: float,
    skeleton: Sequence[float],
    *,
    cohorts: Cohorts,
    curve: Literal["empiric", "logistic"] = "empiric",
    intercept: float = 3.0,
    prior: float = 1.34,
    estimate: Estimate = "plug-in",
    no_skipping: bool = True,
    coherent: bool = True,
    too_toxic: float | None = 0.95,
    most_pending: float | None = None,
) -> LateDesign:
    """A TITE-CRM design that begins at the lowest dose.

    Args:
        target: Target toxicity rate.
        skeleton: Prior guess of the toxicity rate at each dose.
        cohorts: Cohort sizes and their number.
        curve: "empiric" or "logistic".
        intercept: Intercept of the logistic curve.
        prior: Variance of the normal prior.
        estimate: "plug-in" or "averaged".
        no_skipping: Whether no untried dose is skipped on the way up.
        coherent: Whether one does not go up after a last cohort with a rate of at least the target.
        too_toxic: As for `crm`, with every treated patient counted as if finished; None for never, as published.
        most_pending: Accrual waits, unless one goes down, when more than this share of the patients at the dose is pending; None
            for never, as published: one then goes up on patients who were hardly followed.

    Raises:
        TrialError: TRIAL-002 for a target, skeleton, cut-off or share that cannot be.
    """
    check_target(target)
    if most_pending is not None and not 0 <= most_pending <= 1:
        refuse(f"most_pending {most_pending:g}", "a share from 0 to 1", "write 0.5, as TITE-BOIN has it")
    model = Model(Curve(tuple(skeleton), curve, intercept), NormalPrior(prior))
    parent = ClosestEstimate(model, target, estimate, no_skipping, coherent)
    given = {"target": target, "skeleton": tuple(skeleton), "curve": curve, "intercept": intercept, "prior": prior,
             "estimate": estimate, "no_skipping": no_skipping, "coherent": coherent,
             "most_pending": most_pending}  # fmt: skip
    defaults = {"curve": "empiric", "intercept": 3.0, "prior": 1.34, "estimate": "plug-in", "no_skipping": True,
                "coherent": True, "most_pending": None}  # fmt: skip
    return LateDesign(
        name="TITE-CRM",
        doses=len(skeleton),
        rule=WeightedEstimate(parent, most_pending),
        selection=parent,
        cohorts=cohorts,
        safety=NoSafetyRule() if too_toxic is None else FirstDoseTooToxic(model, target, too_toxic),
        parameters={**told(given, defaults, PAPER), "too_toxic": stop_told(too_toxic)},
    )
