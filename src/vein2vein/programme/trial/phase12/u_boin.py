"""U-BOIN: BOIN first, then the dose with the highest mean utility.

Place    Programme, trial, phase I-II.
Source   Zhou Y, Lee JJ, Yuan Y. Stat Med 2019;38:5299 (doi 10.1002/sim.8361, PMC7927960): abstract read, rule recalled. No
         published table was at hand to compare with.
Knows    Stage I is BOIN until a dose has had so many patients. In stage II the highest tried dose is left behind upward as long
         as its toxicity rate is low; otherwise the acceptable tried dose with the highest posterior mean utility under a
         Dirichlet prior is given. Stage II has begun as soon as the counts say so, and never ends but with the trial.
Departs  The paper also offers randomisation among acceptable doses; here the best one is given, the lowest of equals.
Checked  tests/unit/programme/trial/phase12/test_u_boin.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.phase1.boin import Bounds, Interval
from vein2vein.programme.trial.phase1.common import TooToxic, check_target, refuse, told
from vein2vein.programme.trial.phase12.boin12 import HighestUtility
from vein2vein.programme.trial.phase12.common import Futility, Utilities, best_of, check_start, responses
from vein2vein.programme.trial.words import AnyStop, Bools, CohortRule, Design, EnoughAtDose, Floats, Ints, States

PAPER: Final = "Zhou et al. 2019, doi 10.1002/sim.8361"


@dataclass(frozen=True)
class UBoinRule:
    """Where the next cohort goes.

    Args:
        bounds: Bounds of the observed toxicity rate.
        utilities: How desirable each outcome is.
        futility: Which doses do not work.
        first_stage: Patients at one dose with which stage II begins.
    """

    bounds: Bounds
    utilities: Utilities
    futility: Futility
    first_stage: int

    def second_stage(self, states: States) -> Bools:
        """Whether each state is in stage II."""
        found: Bools = states.n.max(axis=1) >= self.first_stage
        return found

    def mean_utility(self, states: States) -> Floats:
        """Posterior mean utility per dose, from 0 to 1."""
        # one quarter of a patient for each of the four outcomes before the first
        found: Floats = (self.utilities.uniform + self.utilities.score_of(states)) / (1 + states.n)
        return found

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where none is acceptable."""
        first = Interval(self.bounds).next_dose(states, closed)
        able = (states.n > 0) & ~closed & ~self.futility.futile(states.n, responses(states))
        best = best_of(self.mean_utility(states), able)
        new = self._new_dose(states, closed)
        second = np.where(new > 0, new, best)
        found: Ints = np.where(self.second_stage(states), second, first)
        return found

    def _new_dose(self, states: States, closed: Bools) -> Ints:
        """The untried dose above the highest tried one where that is left behind upward, else 0."""
        rows = np.arange(len(states))
        top = states.doses - 1 - (states.n > 0)[:, ::-1].argmax(axis=1)
        above = np.minimum(top + 1, states.doses - 1)
        low = self.bounds.move(states.n[rows, top], states.y[rows, top]) > 0
        found: Ints = np.where(low & (top < states.doses - 1) & ~closed[rows, above], above, 0)
        return found

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The stage, and what it looks at."""
        words = Interval(self.bounds).reasons(states, closed)
        utility, second, new = self.mean_utility(states), self.second_stage(states), self._new_dose(states, closed)
        goes = self.next_dose(states, closed)
        for row in range(len(states)):
            if not second[row]:
                words[row] = "stage I: " + words[row]
            elif new[row]:
                words[row] = f"stage II: few toxicities at the highest tried dose, so try dose {new[row] + 1}"
            else:
                shown = ", ".join(f"dose {k + 1} {100 * utility[row, k]:.1f}" for k in np.flatnonzero(states.n[row]))
                end = (
                    f"dose {goes[row] + 1} is best of the acceptable"
                    if goes[row] >= 0
                    else "none is acceptable, so stop"
                )
                words[row] = f"stage II: mean utility {shown}; {end}"
        return words


def u_boin(  # noqa: PLR0913  (the published options, all named)
    doses: int,
    *,
    toxicity: float,
    efficacy: float,
    cohorts: CohortRule,
    utilities: Utilities | None = None,
    first_stage: int = 12,
    stop_at: int | None = 24,
    start: int = 0,
    cutoff_toxicity: float = 0.95,
    cutoff_efficacy: float = 0.90,
) -> Design:
    """A U-BOIN design.

    Args:
        doses: How many doses.
        toxicity: Target toxicity rate.
        efficacy: Lowest acceptable response rate.
        cohorts: Cohort sizes and their number, both stages together.
        utilities: How desirable the outcomes are; 40 and 60 when None. Where they do not sum to 100 the states count how often
            both outcomes come in the same patient.
        first_stage: Patients at one dose with which stage II begins (s1).
        stop_at: End once the next cohort would stay at a dose that has had so many patients (s2); None for never.
        start: Dose of the first cohort, from 0.
        cutoff_toxicity: Posterior probability above which a dose is closed, with at least three patients.
        cutoff_efficacy: Posterior probability above which a dose is futile, with at least three patients.

    Raises:
        TrialError: TRIAL-002 for a rate, cut-off or number that cannot be.
    """
    check_target(toxicity)
    check_start(doses, start)
    if first_stage < 1 or (stop_at is not None and stop_at < first_stage):
        refuse(
            f"first_stage={first_stage}, stop_at={stop_at}", "at least 1, and a stop not before it", "such as 12 and 24"
        )
    used = Utilities() if utilities is None else utilities
    futility = Futility(efficacy, cutoff_efficacy)
    given = told(
        {"toxicity": toxicity, "efficacy": efficacy, "neither": used.neither, "both": used.both, "start": start + 1,
         "first_stage": first_stage, "stop_at": stop_at, "cutoff_toxicity": cutoff_toxicity,
         "cutoff_efficacy": cutoff_efficacy},
        {"neither": 40.0, "both": 60.0, "start": 1, "first_stage": 12, "stop_at": 24, "cutoff_toxicity": 0.95,
         "cutoff_efficacy": 0.90},
        PAPER + ", recalled",
    )  # fmt: skip
    return Design(
        name="U-BOIN",
        doses=doses,
        rule=UBoinRule(Bounds.of(toxicity), used, futility, first_stage),
        selection=HighestUtility(toxicity, used, futility, (used.uniform, 1 - used.uniform)),
        cohorts=cohorts,
        safety=TooToxic(toxicity, cutoff_toxicity),
        stopping=AnyStop(() if stop_at is None else (EnoughAtDose(stop_at),)),
        start=start,
        with_efficacy=True,
        joint=not used.additive,
        parameters=given,
    )
