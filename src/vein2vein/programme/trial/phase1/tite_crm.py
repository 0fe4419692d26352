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

from vein2vein.programme.trial.phase1.common import check_target, told
from vein2vein.programme.trial.phase1.crm import (
    ClosestEstimate,
    Curve,
    Estimate,
    FirstDoseTooToxic,
    Model,
    NormalPrior,
    stop_told,
)
from vein2vein.programme.trial.phase1.late import LateDesign, Seen
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints, NoSafetyRule

PAPER: Final = "Cheung and Chappell 2000, doi 10.1111/j.0006-341X.2000.01177.x"


@dataclass(frozen=True)
class WeightedEstimate:
    """The dose whose weighted estimate is closest to the target, with the restrictions of CRM.

    Args:
        parent: The rule of CRM.
    """

    parent: ClosestEstimate

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
        return self.parent.restricted(best, seen.states, closed)

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """The weighted estimates, and where restrictions hold."""
        rates = self.estimates(seen)
        best: Ints = np.abs(rates - self.parent.target).argmin(axis=1)
        goes = self.parent.restricted(best, seen.states, closed)
        return [self.parent.told(*row) for row in zip(rates, best, goes, strict=True)]


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
) -> LateDesign:
    """A TITE-CRM design that begins at the lowest dose. Arguments as for `crm`.

    `too_toxic`, None for never as published, counts every treated patient as if finished: a stop for toxicity asks for no fewer
    toxicities early on.

    Raises:
        TrialError: TRIAL-002 for a target, skeleton or cut-off that cannot be.
    """
    check_target(target)
    model = Model(Curve(tuple(skeleton), curve, intercept), NormalPrior(prior))
    parent = ClosestEstimate(model, target, estimate, no_skipping, coherent)
    given = {"target": target, "skeleton": tuple(skeleton), "curve": curve, "intercept": intercept, "prior": prior,
             "estimate": estimate, "no_skipping": no_skipping, "coherent": coherent}  # fmt: skip
    defaults = {"curve": "empiric", "intercept": 3.0, "prior": 1.34, "estimate": "plug-in", "no_skipping": True,
                "coherent": True}  # fmt: skip
    return LateDesign(
        name="TITE-CRM",
        doses=len(skeleton),
        rule=WeightedEstimate(parent),
        selection=parent,
        cohorts=cohorts,
        safety=NoSafetyRule() if too_toxic is None else FirstDoseTooToxic(model, target, too_toxic),
        parameters={**told(given, defaults, PAPER), "too_toxic": stop_told(too_toxic)},
    )
