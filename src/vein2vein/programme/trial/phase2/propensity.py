"""Propensity scores: weights and matches that make an external control look like the treated.

Place    Programme, trial, phase II. Read by `waiting` and `compare`.
In       Complete covariates of treated and controls, one row per patient.
Out      Weights for the effect in the treated, in everybody or in the overlap; pairs within a caliper; balance and the effective
         sample size.
Knows    Rosenbaum & Rubin 1983 Biometrika 70:41; overlap weights Li, Morgan & Zaslavsky 2018 JASA 113:390; caliper of 0.2
         standard deviations of the logit Austin 2011 Pharm Stat 10:150. Effective sample size: Kish 1965, (sum w)^2 / sum w^2.
         The score is a logistic regression without penalty; groups that covariates tell apart completely are refused.
Does not Mend what was not measured.
Checked  tests/unit/programme/trial/phase2/test_propensity.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, logit

from vein2vein.programme.trial.phase2.refuse import numbers, positive, refuse_control, refuse_parameter
from vein2vein.programme.trial.words import Bools, Floats, Ints

Target = Literal["treated", "everybody", "overlap"]
_STEPS: Final = 60
_SEPARATE: Final = 30.0  # a logit beyond it means that the fit runs to infinity
_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Balance:
    """How far apart the groups are, per covariate.

    Attributes:
        before: Standardised mean differences (treated minus control, over the pooled standard deviation) without weights.
        after: The same with weights.
        effective_treated: Effective number of treated.
        effective_control: Effective number of controls.
    """

    before: Floats
    after: Floats
    effective_treated: float
    effective_control: float


def covariates(values: npt.ArrayLike, treated: npt.ArrayLike) -> tuple[Floats, Bools]:
    """Covariates and groups, when they are complete and both groups are there.

    Raises:
        TrialError: TRIAL-062 for missing values, wrong shapes, groups other than 0 and 1 or an empty group.
    """
    x, group = numbers("covariates", values, 2), np.asarray(treated)
    if group.ndim != 1 or len(x) != len(group):
        refuse_control(f"covariates of shape {x.shape} for {group.size} patients", "one row of covariates per patient")
    if not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
        refuse_control(
            f"a missing covariate of patient {row + 1}",
            "complete covariates",
            "impute them, or leave the patient out and say so",
        )
    if not np.isin(group, [0, 1]).all() or len(np.unique(group)) < 2:  # noqa: PLR2004  (two groups)
        refuse_control(
            f"groups {sorted({str(g) for g in group.tolist()})}", "1 for treated and 0 for control, both present"
        )
    return x, group.astype(bool)


def scores(values: npt.ArrayLike, treated: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Floats:
    """The chance of each patient to be a treated one, by logistic regression on the covariates.

    Args:
        values: Complete covariates, one row per patient.
        treated: 1 for treated, 0 for control.
        weight: What each row counts, such as that of a pseudo-infusion date; 1 by default.

    Raises:
        TrialError: TRIAL-062 for unusable data or groups that the covariates tell apart completely.
    """
    x, group = covariates(values, treated)
    w = np.ones(len(x)) if weight is None else numbers("weights", weight)
    if w.shape != group.shape or not (w >= 0).all() or min(w[group].sum(), w[~group].sum()) <= 0:
        refuse_control("weights that are missing, negative, or 0 in a whole group", "a weight from 0 for each patient")
    spread = x.std(axis=0)
    z = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(z)), z])
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = expit(design @ beta)
        slope = design.T @ (w * (group - p))
        curve = design.T @ (design * (w * p * (1 - p))[:, None])
        step = np.linalg.pinv(curve) @ slope
        beta = beta + step
        if float(np.abs(design @ beta).max()) > _SEPARATE:
            refuse_control(
                "covariates that tell treated and controls apart completely",
                "groups that overlap",
                "leave out the covariate that defines the group, or restrict both groups to patients eligible for both",
            )
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    found: Floats = expit(design @ beta)
    return found


def weights(score: Floats, treated: npt.ArrayLike, target: Target = "treated") -> Floats:
    """A weight for each patient.

    Args:
        score: The chance of each patient to be a treated one.
        treated: 1 for treated, 0 for control.
        target: Whose effect is estimated: "treated" leaves the treated as they are (odds for controls), "everybody" is inverse
            probability, "overlap" weights those who could have been in either.

    Raises:
        TrialError: TRIAL-062 for scores that are no chances or not as many as patients, TRIAL-002 for another target.
    """
    score, group = _scored(score, treated)
    if target == "treated":
        return np.where(group, 1.0, score / (1 - score))
    if target == "everybody":
        return np.where(group, 1 / score, 1 / (1 - score))
    if target != "overlap":
        refuse_parameter(f"the target {target!r}", "treated, everybody or overlap")
    return np.where(group, 1 - score, score)


def _scored(score: npt.ArrayLike, treated: npt.ArrayLike) -> tuple[Floats, Bools]:
    """Scores and groups, when there is one of each per patient and every score is a chance."""
    found, group = numbers("scores", score), np.asarray(treated)
    if group.shape != found.shape or not np.isin(group, [0, 1]).all():
        refuse_control(f"{found.size} scores and {group.size} groups", "one of each per patient, groups 1 or 0")
    if not ((found > 0) & (found < 1)).all():
        refuse_control("a score that is missing, 0 or 1", "chances between 0 and 1, both excluded")
    return found, group.astype(bool)


def effective(weight: Floats) -> float:
    """The effective sample size of weights (Kish); 0 where all are 0."""
    square = float((weight**2).sum())
    return float(weight.sum()) ** 2 / square if square > 0 else 0.0


def balance(values: npt.ArrayLike, treated: npt.ArrayLike, weight: Floats) -> Balance:
    """How far apart the groups are before and after weighting.

    Raises:
        TrialError: TRIAL-062 for a group of one, whose spread is unknown, and weights that are missing, negative or all 0.
    """
    x, group = covariates(values, treated)
    weight = numbers("weights", weight)
    if len(weight) != len(x) or not (weight >= 0).all() or min(weight[group].sum(), weight[~group].sum()) <= 0:
        refuse_control("weights that are missing, negative, or 0 in a whole group", "a weight from 0 for each patient")
    if min(group.sum(), (~group).sum()) < 2:  # noqa: PLR2004
        refuse_control("a group of one patient", "at least two in each group, since one has no spread")
    spread = np.sqrt((x[group].var(axis=0, ddof=1) + x[~group].var(axis=0, ddof=1)) / 2)
    spread = np.where(spread > 0, spread, 1.0)

    def difference(w: Floats) -> Floats:
        found: Floats = (
            np.average(x[group], axis=0, weights=w[group]) - np.average(x[~group], axis=0, weights=w[~group])
        ) / spread
        return found

    return Balance(difference(np.ones(len(x))), difference(weight), effective(weight[group]), effective(weight[~group]))


def match(
    score: Floats, treated: npt.ArrayLike, caliper: float = 0.2, possible: npt.ArrayLike | None = None
) -> list[tuple[int, int]]:
    """Pairs of treated and control, as many as possible within the caliper and, of those, the closest in all.

    Args:
        score: The chance of each patient to be a treated one.
        treated: 1 for treated, 0 for control.
        caliper: Largest distance, in standard deviations of the logit of the score.
        possible: Whether a treated (row) may be matched to a control (column), such as one who lived as long as the treated
            waited; every pair by default.

    Returns:
        Row numbers (treated, control); each patient at most once.

    Raises:
        TrialError: TRIAL-002 for a caliper that is not above 0, TRIAL-062 where nobody can be matched.
    """
    positive("caliper", caliper)
    score, group = _scored(score, treated)
    line = logit(score)
    ours, theirs = np.flatnonzero(group), np.flatnonzero(~group)
    distance = np.abs(line[ours][:, None] - line[theirs][None, :])
    allowed = caliper * float(line.std(ddof=1))
    far = distance > allowed
    if possible is not None:
        may = np.asarray(possible, bool)
        if may.shape != far.shape:
            refuse_control(f"possible pairs of shape {may.shape}", f"{len(ours)} treated by {len(theirs)} controls")
        far |= ~may
    cost = np.where(far, allowed * (len(line) + 1) + 1.0, distance)  # a pair that is too far costs more than all others
    rows, columns = linear_sum_assignment(cost)
    pairs = [(int(ours[i]), int(theirs[j])) for i, j in zip(rows, columns, strict=True) if not far[i, j]]
    if not pairs:
        refuse_control(
            "no pair within the caliper", "groups that overlap", "widen the caliper or restrict the eligible patients"
        )
    return pairs


def rows_of(pairs: list[tuple[int, int]]) -> Ints:
    """All row numbers of matched pairs."""
    return np.array([row for pair in pairs for row in pair], np.int64)
