"""EWOC: escalation with overdose control.

Place    Programme, trial, phase I.
Source   Babb J, Rogatko A, Zacks S. Stat Med 1998;17:1103. Recalled; no published worked values were at hand.
Knows    The logistic curve is told by the rate at the lowest dose and by the dose with the target rate (the MTD), both uniform
         beforehand. The next dose is the highest whose chance of lying above the MTD is at most alpha. Where doses are far apart,
         patients without toxicity lower down may never make that chance of the last dose small enough: then let alpha rise.
Checked  tests/reference/trial_phase1/test_ewoc.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import log_expit, logit

from vein2vein.numerics.gauss import legendre
from vein2vein.programme.trial.phase1.common import TooToxic, check_target, refuse, told
from vein2vein.programme.trial.phase1.quadrature import distinct, normalised
from vein2vein.programme.trial.words import NONE, Bools, CohortRule, Design, Floats, Ints, NoSafetyRule, States

PAPER: Final = "Babb, Rogatko and Zacks 1998"
_NODES: Final = 16
_LOWEST_NODES: Final = 32


@dataclass(frozen=True)
class MtdModel:
    """The posterior of the MTD.

    Args:
        doses: Doses in their own unit, rising.
        target: Target toxicity rate.
        highest: The MTD lies between the first dose and this one, which is above the last.
    """

    doses: tuple[float, ...]
    target: float
    highest: float

    def chance_above_mtd(self, n: Ints, y: Ints) -> Floats:
        """Posterior chance that each dose lies above the MTD, shape (rows, doses)."""
        log_rates, weight, panel = _grid(self)
        posterior = normalised(np.concatenate([y, n - y], axis=1) @ log_rates + weight)
        between = posterior @ (panel[:, None] == np.arange(len(self.doses))).astype(np.float64)
        return np.concatenate([np.zeros((len(n), 1)), np.cumsum(between[:, :-1], axis=1)], axis=1)


@lru_cache(maxsize=8)
def _grid(model: MtdModel) -> tuple[Floats, Floats, Ints]:
    """Gauss-Legendre points, in panels between the doses, so that chances of the MTD below a dose are whole panels."""
    x, w = legendre(_NODES)
    x0, w0 = legendre(_LOWEST_NODES)
    doses = np.array(model.doses)
    half = np.diff([*doses, model.highest]) / 2
    mtd = (doses[:, None] + half[:, None] * (1 + x)).ravel()
    panel = np.repeat(np.arange(len(half)), _NODES)
    lowest = model.target * (1 + x0) / 2
    weight = np.log((half[:, None] * w).ravel()[:, None] * w0[None, :])
    way = (doses - doses[0])[:, None, None] / (mtd - doses[0])[None, :, None]
    line = logit(lowest) + way * (logit(model.target) - logit(lowest))
    toxic, well = log_expit(line), log_expit(-line)
    log_rates = np.concatenate([toxic, well]).reshape(2 * len(doses), -1)
    return log_rates, weight.ravel(), np.repeat(panel, _LOWEST_NODES)


@dataclass(frozen=True)
class BelowMtd:
    """The highest dose that lies above the MTD with a chance of at most alpha.

    Args:
        model: The posterior of the MTD.
        alpha: Feasibility bound at the beginning.
        rise: How much the bound rises with each patient, up to one half.
        no_skipping: Whether one goes up by one dose at most, counted from the highest dose tried.
        coherent: Whether one does not go up when the rate in the last cohort was at least the target. Toxicities at the
            lowest dose alone say nothing about the MTD in this model, so without it one may go up after three of three.
    """

    model: MtdModel
    alpha: float = 0.25
    rise: float = 0.0
    no_skipping: bool = True
    coherent: bool = True

    def bound(self, states: States) -> Floats:
        """The feasibility bound of each state."""
        found: Floats = np.minimum(self.alpha + self.rise * states.n.sum(axis=1), max(0.5, self.alpha))
        return found

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort; the lowest is never above the MTD by this model."""
        found = self._highest(states)
        if self.no_skipping:
            found = np.minimum(found, _highest_tried(states) + 1)
        if self.coherent:
            toxic = states.last_y >= self.model.target * states.last_n - 1e-12
            found = np.where(toxic, np.minimum(found, states.at), found)
        open_doses = states.doses - closed.sum(axis=1)
        return np.where(open_doses == 0, NONE, np.minimum(found, np.maximum(open_doses - 1, 0)))

    def _highest(self, states: States) -> Ints:
        first, group = distinct(np.concatenate([states.n, states.y], axis=1))
        above = self.model.chance_above_mtd(states.n[first], states.y[first])[group]
        found: Ints = (above <= self.bound(states)[:, None]).cumprod(axis=1).sum(axis=1) - 1
        return found

    def selected(self, states: States, closed: Bools) -> Ints:
        """The highest tried dose that may be given by the bound."""
        open_doses = states.doses - closed.sum(axis=1)
        found = np.minimum(self._highest(states), _highest_tried(states))
        return np.where(open_doses == 0, NONE, np.minimum(found, open_doses - 1))

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The chance that each dose lies above the MTD."""
        words = []
        for above, bound in zip(self.model.chance_above_mtd(states.n, states.y), self.bound(states), strict=True):
            shown = ", ".join(f"{chance:.1%}" for chance in above)
            words.append(f"chances to lie above the MTD {shown}; at most {bound:.1%} is allowed")
        return words


def _highest_tried(states: States) -> Ints:
    found: Ints = states.doses - 1 - (states.n > 0)[:, ::-1].argmax(axis=1)
    return found


def ewoc(  # noqa: PLR0913  (the published options, all named)
    doses: Sequence[float],
    target: float,
    *,
    cohorts: CohortRule,
    alpha: float = 0.25,
    rise: float = 0.0,
    no_skipping: bool = True,
    coherent: bool = True,
    cutoff: float | None = 0.95,
    highest: float | None = None,
) -> Design:
    """An EWOC design; the first cohort is treated at the lowest dose.

    Args:
        doses: Doses in their own unit, at least two, rising.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        alpha: Feasibility bound: the chance of lying above the MTD that a dose may have.
        rise: How much the bound rises with each patient, up to one half.
        no_skipping: Whether no untried dose is skipped on the way up.
        coherent: Whether one does not go up after a last cohort with a rate of at least the target.
        cutoff: A dose is closed, with all above it, once its rate exceeds the target with more than this probability under
            a uniform prior; None for never. A rule of ours: the model itself never doubts the lowest dose.
        highest: Highest MTD that is thought possible; as far above the last dose as that is above the one below it, when
            None. If it were the last dose, that dose would lie above the MTD for certain.

    Raises:
        TrialError: TRIAL-002 for doses, a target or a bound that cannot be.
    """
    check_target(target)
    if len(doses) < 2 or any(a >= b for a, b in pairwise(doses)):  # noqa: PLR2004
        refuse(f"doses {list(doses)}", "at least two doses that rise", "order the doses")
    if not 0 < alpha < 1 or rise < 0:
        refuse(f"alpha {alpha:g} and rise {rise:g}", "a chance, and no fall", "choose 0.25, as published")
    above = 2 * doses[-1] - doses[-2] if highest is None else highest
    if above <= doses[-1]:
        refuse(f"a highest MTD of {above:g}", f"one above the last dose, {doses[-1]:g}", "leave it out, or raise it")
    rule = BelowMtd(MtdModel(tuple(doses), target, above), alpha, rise, no_skipping, coherent)
    given = {"doses": tuple(doses), "target": target, "alpha": alpha, "rise": rise, "no_skipping": no_skipping,
             "highest": above,
             "coherent": coherent, "cutoff": cutoff}  # fmt: skip
    defaults = {"alpha": 0.25, "rise": 0.0, "no_skipping": True, "highest": 2 * doses[-1] - doses[-2],
                "coherent": True, "cutoff": 0.95}  # fmt: skip
    return Design(
        name="EWOC",
        doses=len(doses),
        rule=rule,
        selection=rule,
        cohorts=cohorts,
        safety=NoSafetyRule() if cutoff is None else TooToxic(target, cutoff),
        looks_at_last_cohort=coherent,
        parameters=told(given, defaults, PAPER),
    )
