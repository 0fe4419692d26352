"""The design of `partial`, made from its choices, and how often a product reaches the doses.

Place    Programme, trial, phase I.
Source   As `partial` and `feasible`.
In       A CRM model, planned amounts, how patients who got less are counted, limits of feasibility.
Out      `PartialDesign`s with their parameters.
Checked  tests/reference/trial_phase1/test_partial.py, tests/unit/programme/trial/study/test_partial.py
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from vein2vein.programme.trial.phase1.common import check_target, refuse, told
from vein2vein.programme.trial.phase1.crm import ClosestEstimate, Estimate, FirstDoseTooToxic, Model, stop_told
from vein2vein.programme.trial.phase1.feasible import ASSUMED, Infeasible
from vein2vein.programme.trial.phase1.partial import PartialDesign, PartialModel, Way
from vein2vein.programme.trial.words import AnySafety, Cohorts, Floats, Parameter, SafetyRule

PAPER: Final = "after the problem of Devlin et al. 2021, doi 10.1111/rssc.12485; the likelihoods are ours"


def partial_dose(  # noqa: PLR0913  (every choice named)
    model: Model,
    amounts: tuple[float, ...],
    target: float,
    least: float,
    *,
    cohorts: Cohorts,
    way: Way = "received",
    certainty: float = 0.8,
    patients: int = 3,
    safety: SafetyRule | None = None,
    too_toxic: float | None = 0.95,
    estimate: Estimate = "plug-in",
    coherent: bool = True,
) -> PartialDesign:
    """A CRM for doses that may not be reached; it begins at the lowest.

    Args:
        model: Toxicity curve and prior of a CRM over the planned doses.
        amounts: Planned amounts, above zero and rising, in a unit of your own.
        target: Target toxicity rate.
        least: Lowest acceptable chance that a product reaches the planned dose.
        cohorts: Cohort sizes and their number.
        way: How patients who got less are counted: "received", "weighted" or "bounded"; "planned" or "excluded" as is current
            practice.
        certainty: Posterior probability of a lower chance above which a dose is infeasible.
        patients: Fewest patients at a dose before it can be infeasible.
        safety: A further rule that closes toxic doses; None for none.
        too_toxic: As for `crm`, everybody counted as planned: end once the lowest dose is too toxic with more than this
            probability; None for never.
        estimate: "plug-in" or "averaged".
        coherent: Whether one does not go up after a last cohort with a toxicity rate of at least the target.

    Raises:
        TrialError: TRIAL-002 for amounts, a target, a chance or a way that cannot be.
    """
    check_target(target)
    for name, value in (("least feasibility", least), ("certainty", certainty)):
        if not 0 < value < 1:
            refuse(f"{name} {value:g}", "a number between 0 and 1, both excluded", "choose such as 0.8")
    if patients < 1:
        refuse(f"patients={patients}", "at least one", "keep the usual 3")
    stop = None if too_toxic is None else FirstDoseTooToxic(model, target, too_toxic)
    rules = tuple(one for one in (safety, stop) if one is not None)
    given = told(
        {"target": target, "skeleton": model.curve.skeleton, "amounts": amounts, "least": least, "way": way,
         "estimate": estimate, "coherent": coherent},
        {"way": "received", "estimate": "plug-in", "coherent": True},
        PAPER,
    )  # fmt: skip
    given["too_toxic"] = stop_told(too_toxic)
    for key, number, usual in (("certainty", certainty, 0.8), ("patients", patients, 3)):
        given[key] = Parameter(number, "default" if number == usual else "set", ASSUMED if number == usual else None)
    return PartialDesign(
        ClosestEstimate(model, target, estimate, no_skipping=True, coherent=coherent),
        PartialModel(model, tuple(map(float, amounts)), way),
        Infeasible(least, certainty, patients, AnySafety(rules) if rules else None),
        cohorts,
        given,
    )


def chance_to_reach(amounts: tuple[float, ...], capacity: tuple[float, float]) -> Floats:
    """The chance that a product reaches each amount.

    Args:
        amounts: Planned amounts.
        capacity: Median of the largest amount that can be made, and the SD of its logarithm.
    """
    median, spread = capacity
    away = np.log(median / np.array(amounts))
    if spread == 0:
        return (away >= 0).astype(np.float64)
    return np.asarray(ndtr(away / spread), np.float64)
