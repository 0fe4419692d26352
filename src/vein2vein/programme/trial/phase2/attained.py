"""Two stages whose attained numbers of patients differ from the planned ones.

Place    Programme, trial, phase II. Stands on `simon`.
In       A planned two-stage design, the patients that were really treated, and at the end the responses of the first stage.
Out      Cut-offs for the attained numbers, with their exact characteristics and a p-value.
Knows    Green & Dahlberg 1992 Stat Med 11:853: after an attained first stage, stop when the alternative is rejected at a small
         level. Koyama & Chen 2008 Stat Med 27:3145: the second stage keeps the type I error that the plan still had to spend
         given the first stage; where its number of patients does not depend on the responses, the type I error is at most that
         of the plan. The p-value orders by the same conditional error.
Checked  tests/unit/programme/trial/phase2/test_attained.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from vein2vein.programme.trial.phase2.refuse import between_0_and_1, refuse_counts, refuse_parameter
from vein2vein.programme.trial.phase2.simon import TwoStage
from vein2vein.programme.trial.words import Floats


@dataclass(frozen=True)
class Attained:
    """A second stage of another size than planned.

    Attributes:
        plan: The design as planned; its first stage was treated as planned.
        second: Patients of the second stage as treated.
        cutoffs: By responses of the first stage from 0 to n1: the treatment is given up when at most so many of the second
            stage respond; the number of patients of the second stage where it cannot succeed.
        null: Response rate that is not of interest, at which the type I error is kept.
    """

    plan: TwoStage
    second: int
    cutoffs: tuple[int, ...]
    null: float

    def succeeds(self, p: float) -> float:
        """The chance of success at the response rate `p`."""
        first = binom.pmf(np.arange(self.plan.n1 + 1), self.plan.n1, p)
        return float(first @ binom.sf(np.array(self.cutoffs), self.second, p))

    def p_value(self, first: int, second: int) -> float:
        """The p-value for the responses of both stages, second stage 0 where the trial ended after the first.

        Raises:
            TrialError: TRIAL-060 for more responses than patients.
        """
        plan = self.plan
        if not (0 <= first <= plan.n1 and 0 <= second <= self.second):
            refuse_counts(
                f"{first} and {second} responses", f"at most {plan.n1} and {self.second}, the patients of both stages"
            )
        x = np.arange(plan.n1 + 1)
        weight = binom.pmf(x, plan.n1, self.null)
        if first <= plan.r1:
            return float(weight[first:].sum())
        observed = float(binom.sf(second - 1, self.second, self.null))
        return float(weight @ self._errors_as_extreme(first, observed))

    def _errors_as_extreme(self, first: int, observed: float) -> Floats:
        """By responses of the first stage, the conditional error of a plan whose end just calls the outcome a success."""
        plan = self.plan
        x = np.arange(plan.n1 + 1)
        rest = plan.n - plan.n1
        errors = binom.sf(np.arange(-1, plan.n) - first, rest, self.null)
        k = (
            int(np.flatnonzero(errors >= observed * (1 - 1e-9))[-1]) - 1
        )  # the strictest end that the outcome still meets
        high, low = binom.sf(k - x, rest, self.null), binom.sf(k + 1 - x, rest, self.null)
        span = high[first] - low[first]
        part = (observed - low[first]) / span if span > 0 else 0.0
        found: Floats = np.where(x > plan.r1, low + part * (high - low), 0.0)
        return found


def second_stage(plan: TwoStage, second: int, null: float) -> Attained:
    """Cut-offs for a second stage of another size, chosen without looking at its responses.

    Args:
        plan: The design as planned.
        second: Patients of the second stage as treated, at least 1.
        null: Response rate that is not of interest.

    Raises:
        TrialError: TRIAL-002 for an impossible number.
    """
    between_0_and_1("response rate of the null", null)
    if second < 1:
        refuse_parameter(f"a second stage of {second} patients", "at least one patient")
    x = np.arange(plan.n1 + 1)
    allowed = np.where(x > plan.r1, binom.sf(plan.r - x, plan.n - plan.n1, null), 0.0)
    k = np.arange(-1, second + 1)
    enough = binom.sf(k, second, null)[None, :] <= allowed[:, None] * (1 + 1e-9)
    return Attained(plan, second, tuple(int(i) for i in k[enough.argmax(axis=1)]), null)


def first_stage(attained: int, alternative: float, level: float = 0.02) -> int:
    """The first cut-off for an attained first stage: stop when so many or fewer respond, -1 where it cannot stop.

    Args:
        attained: Patients of the first stage as treated, at least 1.
        alternative: Response rate of interest.
        level: Stop when that many responses or fewer have at most this chance under the alternative; the level of 0.02 is
            that of Green & Dahlberg 1992.

    Raises:
        TrialError: TRIAL-002 for impossible numbers.
    """
    between_0_and_1("response rate of the alternative", alternative)
    between_0_and_1("level", level)
    if attained < 1:
        refuse_parameter(f"a first stage of {attained} patients", "at least one patient")
    chances = binom.cdf(np.arange(attained), attained, alternative)
    return int(np.searchsorted(chances, level, side="right")) - 1


def kept(plan: TwoStage, n1: int, n: int) -> TwoStage:
    """The plan with other numbers of patients and the same cut-offs, to see what ignoring the difference costs.

    Raises:
        TrialError: TRIAL-002 where the cut-offs no longer fit the patients.
    """
    return TwoStage(plan.r1, n1, plan.r, n)
