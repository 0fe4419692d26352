"""The hazard ratio of two arms by Cox's partial likelihood.

Place    Programme, trial, randomised.
In       A sample; how ties are treated; a stratum for each patient or none.
Out      Log hazard ratio (below 0 favours the experimental arm), its standard error, an interval.
Knows    Cox 1972; ties by Efron 1977 JASA 72:557 (the default of R) or Breslow 1974 Biometrics 30:89. Newton's method with
         halved steps, since the likelihood is concave. Where one arm has no event, the maximum is at infinity and is refused.
Checked  tests/reference/trial_randomised/test_reconstructed_trials.py, tests/reference/trial_r/test_statistics.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from vein2vein.programme.trial.randomised.refuse import between_0_and_1, refuse_data
from vein2vein.programme.trial.randomised.sample import AtEvents, Sample
from vein2vein.programme.trial.words import Floats, Ints

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class HazardRatio:
    """An estimated hazard ratio, experimental to control.

    Args:
        log: Its logarithm.
        error: Standard error of the logarithm.
        ties: How ties were treated.
    """

    log: float
    error: float
    ties: Ties

    @property
    def ratio(self) -> float:
        """The hazard ratio."""
        return math.exp(self.log)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the ratio (Wald), both ends included."""
        reach = float(norm.isf((1 - between_0_and_1("a level of", level)) / 2)) * self.error
        return math.exp(self.log - reach), math.exp(self.log + reach)


def cox(sample: Sample, ties: Ties = "efron", strata: npt.ArrayLike | None = None) -> HazardRatio:
    """The hazard ratio of the experimental to the control arm.

    Args:
        sample: Times, events and arms.
        ties: "efron" or "breslow".
        strata: A stratum of each patient, each with a hazard of its own; None for one stratum.

    Raises:
        TrialError: TRIAL-040 when the ratio is zero or infinite, because all events while both arms were at risk fell in one.
    """
    tables = sample.tables(strata)
    one, two, times = zip(*(_terms(table, ties) for table in tables), strict=True)
    terms = np.concatenate(one), np.concatenate(two), np.concatenate(times)
    events = int(sum(table.events[:, 1].sum() for table in tables))
    log, here = 0.0, _likelihood(0.0, events, terms)
    for _ in range(100):
        value, slope, curve = here
        if curve <= 1e-12 or abs(log) > 20:  # noqa: PLR2004
            refuse_data("events in one arm only while both were at risk", "events in both")
        step, least = slope / curve, value - 1e-12 * max(1.0, abs(value))
        here = _likelihood(log + step, events, terms)
        while here[0] < least and abs(step) > 1e-14:  # noqa: PLR2004
            step /= 2
            here = _likelihood(log + step, events, terms)
        log += step
        if abs(step) < 1e-11:  # noqa: PLR2004
            break
    return HazardRatio(log, 1 / math.sqrt(here[2]), ties)


_Terms = tuple[Floats, Floats, Floats]


def _terms(table: AtEvents, ties: Ties) -> _Terms:
    """At risk in the control and experimental arm for each factor of the likelihood, and how often each factor counts."""
    d: Ints = table.all_events
    if ties == "breslow":
        return table.at_risk[:, 0].astype(float), table.at_risk[:, 1].astype(float), d.astype(float)
    row = np.repeat(np.arange(len(d)), d)
    part = (np.arange(len(row)) - np.repeat(np.cumsum(d) - d, d)) / d[row]
    left = table.at_risk[row] - part[:, None] * table.events[row]
    return left[:, 0], left[:, 1], np.ones(len(row))


def _likelihood(log: float, events: int, terms: _Terms) -> tuple[float, float, float]:
    """Log partial likelihood, its slope, and its curvature with the sign turned."""
    control, experimental, times = terms
    risk = experimental * math.exp(log)
    share = risk / (control + risk)
    value = events * log - float((times * np.log(control + risk)).sum())
    told = times * share
    return value, events - float(told.sum()), float((told * (1 - share)).sum())
