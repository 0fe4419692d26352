"""Intervals of a comparison with an external control by resampling patients.

Place    Programme, trial, study. Read by `external`.
In       Patients, how their rows are made, how many resamples, a root seed.
Out      Standard errors and intervals of every estimate, and how many resamples gave none.
Knows    Treated and controls are drawn with replacement, each from their own group, and everything is made anew: dates, scores,
         weights. So the error of the weights is in the interval, which the robust variance leaves out; by simulation this has
         the right coverage (Austin 2016 Stat Med 35:5642). Matched pairs are drawn as pairs (Austin and Small 2014 Stat Med
         33:4306), since a bootstrap around the matching is not valid (Abadie and Imbens 2008 Econometrica 76:1537).
         Intervals are normal around the estimate with the standard deviation of the resamples, of ratios on the log scale.
         Resample k has a stream of its own, so that more of them leave the first as they were.
Checked  tests/unit/programme/trial/study/test_external_resampled.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.study.external_rows import Effects, How, Known, Rows, effects_of, rows_by_weighting
from vein2vein.programme.trial.words import Floats, Ints

STREAM: Final = "trial/external control"
LEAST: Final = 50  # resamples with an estimate, below which there is no interval
_RATIOS: Final = 3
_Z: Final = float(norm.isf(0.025))


@dataclass(frozen=True)
class Resampled:
    """Intervals by resampling.

    Args:
        error: Standard error of each estimate in the order of `Effects.numbers`; of ratios that of the logarithm.
        ends: Lower and upper ends at 95 %, two rows; NaN where there is none.
        failed: Resamples without an estimate, such as those in which a group has no event.
    """

    error: Floats
    ends: Floats
    failed: int


def by_weighting(
    found: Effects, how: How, known: Known, at: tuple[float, ...], *, resamples: int, seed: int
) -> Resampled:
    """Intervals of a weighted comparison, which is made anew for each resample.

    Args:
        found: The estimates.
        how: How rows are made.
        known: Patients.
        at: Times of survival.
        resamples: How many.
        seed: Root seed.
    """
    drawn = []
    for k in range(resamples):
        few = known.take(_drawn(known, Streams(seed).replication(STREAM, k)))
        try:
            rows, _ = rows_by_weighting(how, few, k + 1)
            drawn.append(effects_of(few, rows, at).numbers())
        except TrialError:  # no such comparison, such as one of groups that covariates tell apart
            continue
    return _ends(found, drawn, resamples)


def by_pairs(
    found: Effects, rows: Rows, known: Known, at: tuple[float, ...], *, resamples: int, seed: int
) -> Resampled:
    """Intervals of matched pairs, which are drawn as they are; the comparison from eligibility draws patients.

    Args:
        found: The estimates.
        rows: Rows of the pairs, two by two.
        known: Patients.
        at: Times of survival.
        resamples: How many.
        seed: Root seed.
    """
    pairs, drawn = len(rows.patient) // 2, []
    for k in range(resamples):
        draws = Streams(seed).replication(STREAM, k)
        everybody = known.take(_drawn(known, draws))
        chosen = draws.integers(0, pairs, pairs)
        which: Ints = np.column_stack([2 * chosen, 2 * chosen + 1]).ravel()
        try:
            drawn.append(effects_of(known, rows.take(which), at, everybody).numbers())
        except TrialError:
            continue
    return _ends(found, drawn, resamples)


def _drawn(known: Known, draws: np.random.Generator) -> Ints:
    """Patients drawn with replacement within each group."""
    groups = (np.flatnonzero(known.treated), np.flatnonzero(~known.treated))
    found: Ints = np.concatenate([who[draws.integers(0, len(who), len(who))] for who in groups])
    return found


def _ends(found: Effects, drawn: list[Floats], resamples: int) -> Resampled:
    value = found.numbers()
    ratio = np.arange(len(value)) < _RATIOS
    failed = resamples - len(drawn)
    if len(drawn) < LEAST:
        return Resampled(np.full(len(value), np.nan), np.full((2, len(value)), np.nan), failed)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(ratio, np.log(np.array(drawn)), np.array(drawn))
        middle = np.where(ratio, np.log(value), value)
    error: Floats = np.array([_spread(column) for column in scaled.T])
    ends = np.array([middle - _Z * error, middle + _Z * error])
    return Resampled(error, np.where(ratio, np.exp(ends), ends), failed)


def _spread(values: Floats) -> float:
    """Standard deviation of the resamples that have a value, such as survival within their follow-up; NaN for too few."""
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) >= LEAST else float("nan")
