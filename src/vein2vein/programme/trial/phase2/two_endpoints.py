"""BOP2 on two binary endpoints at once: nested, co-primary, or efficacy with toxicity.

Place    Programme, trial, phase II. Stands on `bop2`.
In       Two rates that have to be beaten, whether one or both must be, the looks, and the joint truth of two outcomes.
Out      Boundaries for both counts, exact characteristics at any joint truth, and the type I error at its worst correlation.
Knows    Zhou, Lee & Yuan 2017 Stat Med 36:3302, doi:10.1002/sim.7338: a Dirichlet prior worth one patient makes each rate a Beta
         distribution, so each boundary is one of counts; both endpoints share the cut-off. "either": the trial stops when both
         endpoints are futile (nested and co-primary). "both": it stops when one fails (the second may be a toxicity that has to
         stay below its rate). Success can only get likelier when a patient's outcome gets better, so over the null the type I
         error is reached on its edge; what remains free there, the correlation, is searched.
Checked  tests/unit/programme/trial/phase2/test_two_endpoints.py, tests/reference/trial_phase2/test_top.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar

from vein2vein.programme.trial.phase2.bop2 import DEFAULT_GRID, Cutoff, Grid, distinct, highest_futile
from vein2vein.programme.trial.phase2.posterior import Beta
from vein2vein.programme.trial.phase2.refuse import (
    between_0_and_1,
    no_design,
    probability,
    refuse_parameter,
    rising_looks,
)
from vein2vein.programme.trial.words import Bools, Floats, Ints


@dataclass(frozen=True)
class Joint:
    """The truth of a patient's two outcomes.

    Args:
        first: Rate of the first outcome.
        second: Rate of the second.
        both: Chance of both at once; a nested endpoint (complete within any response) has `both` equal to the smaller rate.

    Raises:
        TrialError: TRIAL-002 unless the rates allow that chance of both.
    """

    first: float
    second: float
    both: float

    def __post_init__(self) -> None:
        probability("rate of the first outcome", self.first)
        probability("rate of the second outcome", self.second)
        low, high = lowest_both(self.first, self.second), min(self.first, self.second)
        if not low - 1e-12 <= self.both <= high + 1e-12:
            refuse_parameter(
                f"a chance of {self.both:g} of both outcomes", f"from {low:g} to {high:g}, given their rates"
            )

    @classmethod
    def independent(cls, first: float, second: float) -> Joint:
        """Two outcomes that know nothing of each other."""
        return cls(first, second, first * second)

    def cells(self) -> Floats:
        """Chances of (neither, second only; first only, both)."""
        neither = 1 - self.first - self.second + self.both
        cells = np.array([[neither, self.second - self.both], [self.first - self.both, self.both]])
        found: Floats = np.clip(cells, 0.0, 1.0)
        return found


@dataclass(frozen=True)
class Endpoints:
    """What two endpoints have to show.

    Args:
        first: Rate of the first that is not of interest.
        second: Rate of the second that is not of interest; for a toxicity, the rate that is too high.
        need: "either" endpoint, or "both".
        second_is_harm: Whether the second is a harm that has to stay below its rate.

    Raises:
        TrialError: TRIAL-002 for impossible rates, or a harm of which either would do.
    """

    first: float
    second: float
    need: Literal["either", "both"] = "either"
    second_is_harm: bool = False

    def __post_init__(self) -> None:
        between_0_and_1("rate of the first endpoint", self.first)
        between_0_and_1("rate of the second endpoint", self.second)
        if self.second_is_harm and self.need == "either":
            refuse_parameter("a harm beside an endpoint of which either is enough", "both needed where one is a harm")


@dataclass(frozen=True)
class TwoEndpoints:
    """A BOP2 design for two endpoints.

    Attributes:
        looks: Patients at each look.
        endpoints: What has to be shown.
        cutoff: lambda and gamma.
        first: By look, so many or fewer of the first outcome are futile.
        second: By look, so many or fewer of the second are futile; for a harm, so many or more are too many.
    """

    looks: tuple[int, ...]
    endpoints: Endpoints
    cutoff: Cutoff
    first: tuple[int, ...]
    second: tuple[int, ...]

    def stops(self, look: int) -> Bools:
        """Whether the trial stops at a look, for each number of first (rows) and second outcomes (columns)."""
        x = np.arange(self.looks[look] + 1)
        bad = x <= self.first[look]
        worse = x >= self.second[look] if self.endpoints.second_is_harm else x <= self.second[look]
        if self.endpoints.need == "either":
            return bad[:, None] & worse[None, :]
        return bad[:, None] | worse[None, :]

    def success(self, truth: Joint) -> float:
        """The chance of success at a joint truth; exact."""
        return self.characteristics(truth)[0]

    def characteristics(self, truth: Joint) -> tuple[float, float]:
        """The chance of success, and the expected number of patients; exact."""
        cells = truth.cells()
        going, treated, expected = np.ones((1, 1)), 0, 0.0
        for look, n in enumerate(self.looks):
            for _ in range(n - treated):
                going = _one_more(going, cells)
            ends = self.stops(look)
            expected += n * float(going[ends].sum())
            going, treated = np.where(ends, 0.0, going), n
        return float(going.sum()), expected + treated * float(going.sum())

    def type_1_error(self) -> tuple[float, Joint]:
        """The largest chance of success when both endpoints are at their null rates, and the correlation where it is reached."""
        return _worst_correlation(self, self.endpoints.first, self.endpoints.second)

    def wrong_success(self) -> tuple[float, Joint]:
        """The largest chance of success at any truth where the treatment is not of interest, and that truth.

        Where both endpoints are needed this is far above the type I error at the null of both: one endpoint may be perfect.
        """
        if self.endpoints.need == "either":
            return self.type_1_error()
        best = 0.0 if self.endpoints.second_is_harm else 1.0
        edges = ((self.endpoints.first, best), (1.0, self.endpoints.second))
        return max((_worst_correlation(self, *edge) for edge in edges), key=lambda found: found[0])


def lowest_both(first: float, second: float) -> float:
    """The smallest chance of both outcomes that two rates allow."""
    return max(0.0, first + second - 1)


def design(looks: Sequence[int], endpoints: Endpoints, cutoff: Cutoff) -> TwoEndpoints:
    """The design with a given lambda and gamma; each marginal prior is worth one patient and has the mean of its null.

    Raises:
        TrialError: TRIAL-002 for impossible looks.
    """
    sizes = rising_looks(looks)
    return _built(sizes, endpoints, cutoff, np.concatenate(_boundaries(sizes, endpoints, [cutoff]), axis=1)[0])


def optimise(
    looks: Sequence[int], endpoints: Endpoints, truth: Joint, alpha: float, *, grid: Grid = DEFAULT_GRID
) -> TwoEndpoints:
    """The design with the largest power at `truth` whose type I error, at any correlation, is at most `alpha`.

    Raises:
        TrialError: TRIAL-002 for impossible numbers, TRIAL-061 where nothing on the grid keeps the type I error.
    """
    between_0_and_1("type I error", alpha)
    sizes = rising_looks(looks)
    cutoffs = grid.cutoffs()
    tried = [
        _built(sizes, endpoints, cutoff, row)
        for cutoff, row in distinct(cutoffs, *_boundaries(sizes, endpoints, cutoffs))
    ]
    powers = np.array([one.success(truth) for one in tried])
    by_power = [tried[int(i)] for i in np.argsort(-powers, kind="stable")]  # the error is dearer to find than the power
    found = next((one for one in by_power if one.type_1_error()[0] <= alpha), None)
    if found is None:
        no_design(
            f"type I error {alpha:g} with {sizes[-1]} patients", "it kept somewhere on the grid", "try a larger lambda"
        )
    return found


def _boundaries(sizes: Ints, endpoints: Endpoints, cutoffs: Sequence[Cutoff]) -> tuple[Ints, Ints]:
    first = highest_futile(Beta.worth(1, endpoints.first), endpoints.first, sizes, cutoffs)
    prior = Beta.worth(1, endpoints.second)
    return first, highest_futile(prior, endpoints.second, sizes, cutoffs, low=endpoints.second_is_harm)


def _built(sizes: Ints, endpoints: Endpoints, cutoff: Cutoff, row: Ints) -> TwoEndpoints:
    looks, bounds = tuple(int(n) for n in sizes), [int(x) for x in row]
    return TwoEndpoints(looks, endpoints, cutoff, tuple(bounds[: len(looks)]), tuple(bounds[len(looks) :]))


def _one_more(going: Floats, cells: Floats) -> Floats:
    """The chances of both counts after one more patient."""
    found = np.zeros((going.shape[0] + 1, going.shape[1] + 1))
    found[:-1, :-1] = going * cells[0, 0]
    found[:-1, 1:] += going * cells[0, 1]
    found[1:, :-1] += going * cells[1, 0]
    found[1:, 1:] += going * cells[1, 1]
    return found


def _worst_correlation(one: TwoEndpoints, first: float, second: float) -> tuple[float, Joint]:
    low, high = lowest_both(first, second), min(first, second)
    ends = [Joint(first, second, both) for both in np.linspace(low, high, 5).tolist()]
    if high - low > 1e-12:  # noqa: PLR2004  (otherwise there is only one joint truth)
        found = minimize_scalar(
            lambda both: -one.success(Joint(first, second, float(both))), bounds=(low, high), method="bounded"
        )
        ends.append(Joint(first, second, float(found.x)))
    return max(((one.success(truth), truth) for truth in ends), key=lambda pair: pair[0])
