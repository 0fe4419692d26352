"""The worst truth of a region: error rates maximised over the null instead of sampled.

Place    Programme, trial.
In       The ended trials of a design, and a region of truths: bounds per dose, toxicity not decreasing with the dose.
Out      The largest chance of a wrong selection (or of any other figure) and the truth at which it is reached.
Knows    Chances are polynomials of the truth with exact gradients, so a climb from the best of many starts finds the maximum
         to many digits. It is the best that was found: no proof that no other peak is higher.
Checked  tests/unit/programme/trial/test_null.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import LinearConstraint, minimize

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.exact import Ends
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, Bools, Floats

_STARTS: Final = 512
_CLIMBS: Final = 6


@dataclass(frozen=True)
class Region:
    """Truths with toxicity between `low` and `high` at each dose, not decreasing with the dose.

    Raises:
        TrialError: TRIAL-001 where bounds are no probabilities, cross, or leave no truth.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.low) == len(self.high) and all(
            0 <= a <= b <= 1 for a, b in zip(self.low, self.high, strict=True)
        )
        if not fits or any(low > high for i, low in enumerate(self.low) for high in self.high[i:]):
            raise TrialError(
                "TRIAL-001",
                saw=f"a region from {list(self.low)} to {list(self.high)}",
                expected="two bounds from 0 to 1 per dose that leave a truth that does not decrease",
                fix="give low and high for each dose, low <= high",
            )


@dataclass(frozen=True)
class Worst:
    """The largest figure that was found over a region, the truth there, and how many truths were climbed from."""

    value: float
    truth: Truth
    climbs: int


def worst(ends: Ends, figure: Callable[[Ends], Floats], region: Region) -> Worst:
    """The largest expectation of a figure over a region of truths.

    Args:
        ends: The ended trials of a design.
        figure: A number per ended trial, such as `selects([2, 3])`.
        region: The truths to search.
    """
    values = figure(ends)
    starts = _starts(region)
    scored = ends.chances([Truth.of(row.tolist()) for row in starts]) @ values
    doses = len(region.low)
    rising = [LinearConstraint(np.eye(doses, k=1)[:-1] - np.eye(doses)[:-1], 0, np.inf)] if doses > 1 else []
    best, best_at = float(scored.max()), starts[scored.argmax()]

    def downhill(p: Floats) -> tuple[float, Floats]:
        value, slope = ends.expectation(Truth.of(np.clip(p, 0, 1).tolist()), values)
        return -value, -slope

    for row in np.argsort(-scored)[:_CLIMBS]:
        bounds = list(zip(region.low, region.high, strict=True))
        found = minimize(downhill, starts[row], jac=True, method="SLSQP", bounds=bounds, constraints=rising)
        p = np.maximum.accumulate(np.clip(found.x, region.low, region.high))
        value = ends.expectation(Truth.of(p.tolist()), values)[0]
        if value > best:
            best, best_at = value, p
    return Worst(best, Truth.of(best_at.tolist(), name="worst of the region"), min(_CLIMBS, len(starts)))


def selects(doses: Sequence[int]) -> Callable[[Ends], Floats]:
    """A figure: one of these doses (counted from 0; NONE for no dose) is selected."""

    def figure(ends: Ends) -> Floats:
        return np.isin(ends.selected, np.array(doses)).astype(np.float64)

    return figure


def share_treated(doses: Sequence[int]) -> Callable[[Ends], Floats]:
    """A figure: the share of a trial's patients who were treated at these doses (counted from 0)."""

    def figure(ends: Ends) -> Floats:
        found: Floats = ends.states.n[:, list(doses)].sum(axis=1) / np.maximum(ends.states.n.sum(axis=1), 1)
        return found

    return figure


def overdose(ends: Ends, region: Region, target: float) -> Worst:
    """The largest chance of selecting a dose that is too toxic at every truth of a region.

    A dose is too toxic when the region's lower bound there is above `target`.

    Raises:
        TrialError: TRIAL-001 where no dose of the region is always too toxic.
    """
    toxic: Bools = np.array(region.low) > target
    if not toxic.any():
        raise TrialError(
            "TRIAL-001",
            saw=f"lower bounds {list(region.low)}, none above the target {target:g}",
            expected="at least one dose that is too toxic at every truth of the region",
            fix="raise the lower bound of the doses that count as overdoses",
        )
    return worst(ends, selects(np.flatnonzero(toxic).tolist()), region)


def _starts(region: Region) -> Floats:
    """Truths spread over the region, its corners among them."""
    low, high = np.array(region.low), np.array(region.high)
    spread = Streams(0)["trial/starts of a search"].random((_STARTS, len(low)))
    corners = (np.arange(len(low) + 1)[:, None] <= np.arange(len(low))).astype(np.float64)
    rising: Floats = np.maximum.accumulate(low + np.concatenate([corners, spread]) * (high - low), axis=1)
    found: Floats = np.minimum(rising, high)
    return found


__all__ = ["NONE", "Region", "Worst", "overdose", "selects", "share_treated", "worst"]
