"""Events and patients that a randomised trial needs, and the one hazard ratio that stands for changing ones.

Place    Programme, trial, randomised.
In       Hazard ratio or hazards, errors, a scenario.
Out      Events (Schoenfeld, Freedman), patients (Lachin & Foulkes), average hazard ratios, asymptotic power of log-rank tests.
Knows    Schoenfeld 1981 Biometrika 68:316; Freedman 1982 Stat Med 1:121; Lachin & Foulkes 1986 Biometrics 42:507;
         Tsiatis 1982 J Am Stat Assoc 77:855 (weighted scores at several looks);
         Kalbfleisch & Prentice 1981 Biometrika 68:105; Schemper, Wakounig & Heinze 2009 Stat Med 28:2473.
         Alpha is one-sided throughout.
Checked  tests/reference/trial_randomised/test_planning.py
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Final, Literal, NoReturn

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.events import chance_of_event, expected_events, month_expected, nodes
from vein2vein.programme.trial.randomised.hazards import Hazard, Steps, survival
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, ModestlyWeighted, Weight
from vein2vein.programme.trial.randomised.refuse import between_0_and_1, positive, refuse_parameter
from vein2vein.programme.trial.words import Floats

_NEARLY: Final = 0.999  # the last events of a closed population never quite come in expectation


def _z(alpha: float, power: float) -> tuple[float, float]:
    return float(norm.isf(between_0_and_1("alpha", alpha))), float(norm.ppf(between_0_and_1("power", power)))


def _ratio(hazard_ratio: float) -> float:
    if positive("a hazard ratio of", hazard_ratio) == 1:
        refuse_parameter("a hazard ratio of 1", "another number, since no trial can show no effect")
    return hazard_ratio


def schoenfeld_events(hazard_ratio: float, alpha: float = 0.025, power: float = 0.9, share: float = 0.5) -> float:
    """Events of a log-rank test: (z_alpha + z_power)^2 / (p (1 - p) log(HR)^2), not rounded (Schoenfeld 1981)."""
    between_0_and_1("share", share)
    return sum(_z(alpha, power)) ** 2 / (share * (1 - share) * math.log(_ratio(hazard_ratio)) ** 2)


def schoenfeld_power(hazard_ratio: float, events: float, alpha: float = 0.025, share: float = 0.5) -> float:
    """Power of a log-rank test with so many events (Schoenfeld 1981)."""
    between_0_and_1("share", share)
    drift = -math.log(positive("a hazard ratio of", hazard_ratio)) * math.sqrt(
        positive("events of", events) * share * (1 - share)
    )
    return float(norm.cdf(drift - norm.isf(between_0_and_1("alpha", alpha))))


def freedman_events(hazard_ratio: float, alpha: float = 0.025, power: float = 0.9, share: float = 0.5) -> float:
    """Events of a log-rank test: (z_alpha + z_power)^2 (1 + r HR)^2 / (r (1 - HR)^2), r = experimental per control."""
    r = between_0_and_1("share", share) / (1 - share)
    return sum(_z(alpha, power)) ** 2 * (1 + r * _ratio(hazard_ratio)) ** 2 / (r * (1 - hazard_ratio) ** 2)


def lachin_foulkes_patients(scenario: Scenario, month: float, alpha: float = 0.025, power: float = 0.9) -> float:
    """Patients of a comparison of exponential hazards, with accrual and drop-out, not rounded (Lachin & Foulkes 1986).

    Args:
        scenario: Constant hazards in both arms; the number of patients in it only sets the pattern of accrual.
        month: Calendar month of the analysis.
        alpha: One-sided error.
        power: Chance to reject.

    Raises:
        TrialError: TRIAL-002 when a hazard is not constant: the formula holds for exponential times.
    """
    rates = [_constant(hazard) for hazard in (scenario.control, scenario.experimental)]
    out = [0.0 if d is None else _constant(d) for d in scenario.dropout]
    share = scenario.share
    pooled = (1 - share) * rates[0] + share * rates[1]
    chances = [_seen(scenario, rate, out[arm], month) for arm, rate in enumerate(rates)]
    under_null = [_seen(scenario, pooled, out[arm], month) for arm in (0, 1)]
    null = pooled**2 * (1 / ((1 - share) * under_null[0]) + 1 / (share * under_null[1]))
    effect = rates[0] ** 2 / ((1 - share) * chances[0]) + rates[1] ** 2 / (share * chances[1])
    z_alpha, z_power = _z(alpha, power)
    _ratio(rates[1] / rates[0])
    return (z_alpha * math.sqrt(null) + z_power * math.sqrt(effect)) ** 2 / (rates[1] - rates[0]) ** 2


def _constant(hazard: Hazard) -> float:
    rate = float(hazard.hazard(np.zeros(1))[0])
    later = hazard.cumulative(np.array([1.0, 100.0])) / np.array([1.0, 100.0])
    if hazard.breaks or not np.allclose(later, rate, rtol=1e-9):
        refuse_parameter("a hazard that changes", "a constant hazard, since the formula is for exponential times")
    return rate


def _seen(scenario: Scenario, rate: float, out: float, month: float) -> float:
    one = replace(scenario, control=Steps((0.0,), (rate,)), dropout=(Steps((0.0,), (out,)), None))
    return chance_of_event(one, 0, month)


def average_hazard_ratio(
    scenario: Scenario, month: float, kind: Literal["geometric", "concordance"] = "geometric"
) -> float:
    """The hazard ratio that stands for changing ones at an analysis.

    Args:
        scenario: What is true.
        month: Calendar month of the analysis.
        kind: "geometric" averages log hazard ratios with the expected events as weights, which is about what a Cox model
            estimates (the limit of Schemper et al. 2009 for the given accrual); "concordance" is Kalbfleisch & Prentice 1981
            with weights S_0 S_1: the chance that an experimental patient has the event first over the chance that a control
            has, up to that month of follow-up, whatever the accrual.

    Raises:
        TrialError: TRIAL-002 for another kind, or hazards without events in both arms by then.
    """
    if kind not in {"geometric", "concordance"}:
        refuse_parameter(f"the kind {kind!r}", "geometric or concordance")
    u, weight = _both(scenario, month)
    h0, h1 = scenario.control.hazard(u), scenario.experimental.hazard(u)
    if kind == "concordance":
        alive = survival(scenario.control, u) * survival(scenario.experimental, u) * weight
        if not h0 @ alive > 0:
            _no_events()
        return float((h1 @ alive) / (h0 @ alive))
    at_risk = [_at_risk(scenario, arm, month, u) for arm in (0, 1)]
    events = (h0 * at_risk[0] + h1 * at_risk[1]) * weight
    some = (h0 > 0) & (h1 > 0)
    if not events[some].sum() > 0:
        _no_events()
    return float(np.exp(np.sum(np.log(h1[some] / h0[some]) * events[some]) / events[some].sum()))


def drift(scenario: Scenario, month: float, rho: float = 0.0, gamma: float = 0.0) -> float:
    """Mean of the Fleming-Harrington z at an analysis, for large samples and any hazards.

    Args:
        scenario: What is true.
        month: Calendar month of the analysis.
        rho: Power of pooled survival in the weight.
        gamma: Power of one minus pooled survival.
    """
    mean, variance = _moments(scenario, month, (FlemingHarrington(rho, gamma),))
    if not variance[0, 0] > 0:
        _no_events()
    return math.sqrt(scenario.accrual.patients) * float(mean[0]) / math.sqrt(variance[0, 0])


def information_fractions(
    scenario: Scenario, months: tuple[float, ...], rho: float = 0.0, gamma: float = 0.0
) -> tuple[float, ...]:
    """Information of a Fleming-Harrington test at each analysis over that at the last, for large samples.

    It sets how looks are correlated. For the log-rank test it is about the fraction of events; a test that looks late has much
    less information early, and bounds worked out with the fraction of events would spend too much error.

    Args:
        scenario: What is true; for bounds, no effect.
        months: Calendar months of the analyses, rising.
        rho: Power of pooled survival in the weight.
        gamma: Power of one minus pooled survival.
    """
    return information_of(scenario, months, FlemingHarrington(rho, gamma))


def information_of(scenario: Scenario, months: tuple[float, ...], weight: Weight) -> tuple[float, ...]:
    """As `information_fractions`, for any weight that can be simulated.

    Args:
        scenario: What is true; for bounds, no effect.
        months: Calendar months of the analyses, rising.
        weight: Fleming-Harrington or modest weights.
    """
    found = _covariances(scenario, months, (weight,))[:, 0, 0]
    return tuple(float(one / found[-1]) for one in found)


def covariances_at_events(scenario: Scenario, counts: tuple[int, ...], weights: tuple[Weight, ...]) -> Floats:
    """Covariance of the scores per patient at looks at numbers of events, if nothing differs between the arms.

    Both arms get the hazard of the control arm; the looks come in the months in which so many events are expected. Scores at the
    looks have independent increments then, since the weight of a time tends to the same number at each look (Tsiatis 1982).

    Args:
        scenario: The planned truth, of which control, accrual and drop-out are used.
        counts: Events of each look, rising.
        weights: The weights of the test.

    Returns:
        Shape (looks, weights, weights). What one weight has at a look over the last is its information fraction.

    Raises:
        TrialError: TRIAL-002 when two looks wait for more events than ever come without an effect.
    """
    null = replace(scenario, experimental=scenario.control)
    most = _NEARLY * sum(expected_events(null, math.inf))
    if len(counts) > 1 and counts[-2] >= most:
        refuse_parameter(
            f"looks at {counts[-2]} and {counts[-1]} events, of which {most:.1f} are expected without an effect",
            "one look at most that waits for more, or the key `information` with a fraction for each look",
        )
    return _covariances(null, tuple(month_expected(null, min(count, most)) for count in counts), weights)


def _covariances(scenario: Scenario, months: tuple[float, ...], weights: tuple[Weight, ...]) -> Floats:
    if not months or any(b <= a for a, b in pairwise(months)):
        refuse_parameter(f"analyses at the months {list(months)}", "rising months, at least one")
    found: Floats = np.array([_moments(scenario, month, weights)[1] for month in months])
    if not (np.diagonal(found[-1]) > 0).all():
        _no_events()
    return found


def _no_events() -> NoReturn:
    refuse_parameter("hazards without events in both arms by the month", "hazards above 0 in both arms")


def _moments(scenario: Scenario, month: float, weights: tuple[Weight, ...]) -> tuple[Floats, Floats]:
    """Means and covariance of the scores per patient."""
    u, weight = _both(scenario, month)
    risk = np.array([_at_risk(scenario, arm, month, u) for arm in (0, 1)])
    h = np.array([scenario.control.hazard(u), scenario.experimental.hazard(u)])
    total = risk.sum(axis=0)
    total = np.where(total > 0, total, 1.0)
    events = (h * risk).sum(axis=0)
    pooled = np.exp(-_running(events / total, weight))
    w = np.array([_weight(one, u, pooled) for one in weights])
    mean = w @ (risk[0] * risk[1] / total * (h[0] - h[1]) * weight)
    variance = (w * (risk[0] * risk[1] / total**2 * events * weight)) @ w.T
    return mean, variance


def _weight(weight: Weight, u: Floats, pooled: Floats) -> Floats:
    """The weight at each time, of the pooled survival there."""
    if isinstance(weight, FlemingHarrington):
        found: Floats = pooled**weight.rho * (1 - pooled) ** weight.gamma
        return found
    if not isinstance(weight, ModestlyWeighted):
        refuse_parameter(f"the weight {weight}", "Fleming-Harrington or modest weights")
    late: Floats = np.maximum(pooled, np.interp(weight.t_star, u, pooled))
    return 1 / late


def _both(scenario: Scenario, month: float) -> tuple[Floats, Floats]:
    positive("month", month)
    knots = tuple(month - knot for knot in scenario.accrual.knots)
    extra = (*knots, *scenario.experimental.breaks, *np.linspace(0, month, 33).tolist())
    return nodes(scenario.control, scenario.experimental, month, extra)


def _at_risk(scenario: Scenario, arm: Literal[0, 1], month: float, u: Floats) -> Floats:
    share = scenario.share if arm == 1 else 1 - scenario.share
    out = scenario.dropout[arm]
    found: Floats = share * scenario.accrual.share_by(month - u) * survival(scenario.hazard(arm), u)
    return found if out is None else found * survival(out, u)


def _running(rate: Floats, weight: Floats) -> Floats:
    """Integral of a rate up to each point (half of a point's own share counted)."""
    parts = rate * weight
    found: Floats = np.cumsum(parts) - parts / 2
    return found
