"""Randomised comparison of doses: how often the right dose is chosen, and how many patients that takes. Exact.

Place    Programme, trial, phase I-II. For dose optimisation, where patients are randomised between doses that are tolerated.
Source   Selection: Simon R, Wittes RE, Ellenberg SS. Cancer Treat Rep 1985;69:1375 (the best of several arms by responses, ties
         broken by a fair draw; their two-arm table recalled, and met). Comparison: Fisher's exact test; z of two proportions.
Knows    Outcomes are responses, or utilities of four outcomes. Of doses that are worse than the best by no more than a margin the
         lowest is taken, since a lower dose is easier to make and to bear. Chances are sums over all outcomes, without
         simulation. Patients who had a dose before (dose escalation, backfill) may count, with the same chances.
Does not Say that a comparison is feasible: `patients_needed` may be more than a trial of cells can enrol.
Checked  tests/reference/trial_phase12/test_optimise.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import binom, hypergeom, norm

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.phase12.common import Utilities
from vein2vein.programme.trial.scenario import Truth, both_rate
from vein2vein.programme.trial.words import Floats, Ints

SELECTION: Final = "Simon, Wittes and Ellenberg 1985, recalled"
_MOST: Final = 1000
_MOST_DOSES: Final = 6
_MOST_SUMS: Final = 5000
_TIE: Final = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Patients randomised between doses, and how one dose is chosen.

    Args:
        patients: Patients at each dose, those from before included.
        margin: How much worse than the best observed mean a lower dose may be and still be chosen; 0 takes the best.
        utilities: How desirable outcomes are; None looks at responses only.
        fair: Whether doses with the same mean share the choice by a fair draw; otherwise the lowest is chosen.

    Raises:
        TrialError: TRIAL-002 for fewer than two doses, no patients at one, a negative margin, or a fair draw with a margin.
    """

    patients: tuple[int, ...]
    margin: float = 0.0
    utilities: Utilities | None = None
    fair: bool = False

    def __post_init__(self) -> None:
        if not 2 <= len(self.patients) <= _MOST_DOSES or min(self.patients) < 1:  # noqa: PLR2004
            refuse(
                f"{list(self.patients)} patients",
                f"two to {_MOST_DOSES} doses, at least one patient at each",
                "list them",
            )
        if not 0 <= self.margin < 1 or (self.fair and self.margin > 0):
            refuse(f"a margin of {self.margin:g}", "a number from 0 to below 1, and 0 for a fair draw", "correct it")


@dataclass(frozen=True)
class Chosen:
    """How often each dose is chosen.

    Args:
        chance: Chance of each dose.
        right: Dose that is best in truth, by the same rule on true means; from 0.
    """

    chance: Floats
    right: int

    @property
    def correct(self) -> float:
        """Chance that the right dose is chosen."""
        return float(self.chance[self.right])


def characteristics(comparison: Comparison, truth: Truth) -> Chosen:
    """How often each dose is chosen, exact.

    Where utilities look at both, toxicity and response go together in a patient as the odds ratio of the truth says.

    Args:
        comparison: Patients and rule.
        truth: Probabilities at each of the compared doses; toxicity counts only with utilities.

    Raises:
        TrialError: TRIAL-001 for a truth of other doses, or without efficacy; TRIAL-002 for utilities with too many different
            sums.
    """
    efficacy, toxicity = _checked(comparison, truth)
    used, odds = comparison.utilities, truth.odds_ratio
    rates = list(zip(comparison.patients, efficacy, toxicity, strict=True))
    if used is None or (used.additive and not truth.associated):
        tables = [_means(n, e, t, used) for n, e, t in rates]
    else:
        tables = [_means_together(n, e, t, used, odds) for n, e, t in rates]
    true = [_true(e, t, used, odds) for _, e, t in rates]
    return Chosen(_chances(tables, comparison), _lowest_within(true, comparison.margin))


def best_observed(  # noqa: PLR0917  (the counts)
    comparison: Comparison, n: Ints, y: Ints, e: Ints, both: Ints | None = None
) -> tuple[Floats, tuple[int, ...]]:
    """Observed means of the doses, and the dose that the rule takes (from 0); several where a fair draw decides.

    Args:
        comparison: The rule.
        n: Patients at each dose, at least one.
        y: Toxicities at each dose; they count only with utilities.
        e: Responses at each dose.
        both: Patients with both at each dose; needed with utilities that do not sum to 100.
    """
    used = comparison.utilities
    means: Floats = np.round((e if used is None else used.score(n, y, e, both)) / n, 12)
    if comparison.fair:
        return means, tuple(int(k) for k in np.flatnonzero(means >= means.max() - _TIE))
    return means, (_lowest_within(means.tolist(), comparison.margin),)


def _checked(comparison: Comparison, truth: Truth) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if truth.efficacy is None or len(truth.toxicity) != len(comparison.patients):
        raise TrialError(
            "TRIAL-001",
            saw=f"{len(truth.toxicity)} probabilities" + ("" if truth.efficacy is not None else " and no efficacy"),
            expected=f"{len(comparison.patients)}, one per compared dose, for toxicity and efficacy",
            fix="correct the scenario",
        )
    return truth.efficacy, truth.toxicity


def _true(efficacy: float, toxicity: float, utilities: Utilities | None, odds: float) -> float:
    both = both_rate(np.array(toxicity), np.array(efficacy), odds)
    return efficacy if utilities is None else float(utilities.mean(toxicity, efficacy, both))


@lru_cache(maxsize=4096)
def _means(n: int, efficacy: float, toxicity: float, utilities: Utilities | None) -> tuple[Floats, Floats]:
    """All observed means of a dose in order, and their chances."""
    counts = np.arange(n + 1)
    e = binom.pmf(counts, n, efficacy)
    if utilities is None:
        return counts / n, e
    y, r = (grid.ravel() for grid in np.meshgrid(counts, counts, indexing="ij"))
    means = np.round(utilities.score(np.full(len(y), n), y, r) / n, 12)
    chance = np.outer(binom.pmf(counts, n, toxicity), e).ravel()
    found, group = np.unique(means, return_inverse=True)
    return found, np.bincount(group.ravel(), weights=chance).astype(np.float64)


@lru_cache(maxsize=4096)
def _means_together(  # noqa: PLR0917  (a dose)
    n: int, efficacy: float, toxicity: float, utilities: Utilities, odds: float
) -> tuple[Floats, Floats]:
    """The same where it matters how often both outcomes come in one patient: patient by patient."""
    both = float(both_rate(np.array(toxicity), np.array(efficacy), odds))
    worth = np.array([1.0, utilities.both / 100, utilities.neither / 100, 0.0])
    likely = np.array([efficacy - both, both, 1 - efficacy - toxicity + both, toxicity - both])
    sums: Floats = np.zeros(1)
    chance: Floats = np.ones(1)
    for _ in range(n):
        found, group = np.unique(np.round(sums[:, None] + worth, 10), return_inverse=True)
        sums = np.asarray(found, np.float64)
        chance = np.bincount(group.ravel(), weights=(chance[:, None] * likely).ravel()).astype(np.float64)
        if len(sums) > _MOST_SUMS:
            refuse(
                f"utilities {utilities.neither:g} and {utilities.both:g}, with more than {_MOST_SUMS:,} different sums",
                "utilities that share a divisor, such as 30 and 55",
                "round them to multiples of 5",
            )
    return np.round(sums / n, 12), chance


def _chances(tables: list[tuple[Floats, Floats]], comparison: Comparison) -> Floats:
    """Chance of each dose: a dose is chosen when no other is better by more than the margin, and no lower one is so too."""
    found = np.zeros(len(tables))
    best = np.unique(np.concatenate([np.round(values, 12) for values, _ in tables]))
    for top in best:
        # the largest mean is `top`: each dose lies below the reach, within it, or at the top
        parts = [_around(values, chance, float(top), comparison.margin) for values, chance in tables]
        found += _at_top(parts, fair=comparison.fair)
    return found


def _around(values: Floats, chance: Floats, top: float, margin: float) -> tuple[float, float, float]:
    """Chance that a mean is below the reach of the top, within it but below the top, and at the top."""
    at = np.abs(values - top) < _TIE
    below = values < top - margin - _TIE
    return float(chance[below].sum()), float(chance[~below & ~at & (values < top)].sum()), float(chance[at].sum())


def _at_top(parts: list[tuple[float, float, float]], *, fair: bool) -> Floats:
    """Chance that each dose is chosen while the largest mean is at the top; by the number of doses that are there."""
    k = len(parts)
    found = np.zeros(k)
    if fair:
        return np.array([parts[dose][2] * _share(parts[:dose] + parts[dose + 1 :]) for dose in range(k)])
    lower = 1.0
    for dose in range(k):
        low, near, at = parts[dose]
        rest, without = 1.0, 1.0
        for later in range(dose + 1, k):
            rest *= sum(parts[later])
            without *= parts[later][0] + parts[later][1]
        # lower doses are out of reach; this one is at the top, or within reach while a later one is at the top
        found[dose] = lower * (at * rest + near * (rest - without))
        lower *= low
    return found


def _share(others: list[tuple[float, float, float]]) -> float:
    """What a dose at the top gets of the choice: one over the number of doses there, the others at the top or below it."""
    sharing = np.ones(1)
    for low, near, at in others:
        sharing = np.append(sharing * (low + near), 0.0) + np.append(0.0, sharing * at)
    return float((sharing / np.arange(1, len(sharing) + 1)).sum())


def _lowest_within(means: Sequence[float], margin: float) -> int:
    return next(k for k, mean in enumerate(means) if mean >= max(means) - margin - _TIE)


def patients_needed(truths: Sequence[Truth], correct: float, *, margin: float = 0.0,
                    utilities: Utilities | None = None, fair: bool = False, most: int = 200) -> int:  # fmt: skip
    """Fewest patients at each dose so that the right dose is chosen often enough in every scenario.

    Args:
        truths: Scenarios of the same doses.
        correct: Least chance of the right dose in each.
        margin: As in `Comparison`.
        utilities: As in `Comparison`.
        fair: As in `Comparison`.
        most: Most patients at a dose that are tried.

    Raises:
        TrialError: TRIAL-002 for a chance outside (0, 1), TRIAL-061 where `most` are not enough.
    """
    if not truths or not 0 < correct < 1 or not 1 <= most <= _MOST:
        refuse(
            f"{len(truths)} scenarios, a chance of {correct:g}, {most} patients",
            f"some, between 0 and 1, 1 to {_MOST}",
            "correct it",
        )
    doses = len(truths[0].toxicity)
    chance = 0.0
    for n in range(1, most + 1):
        comparison = Comparison((n,) * doses, margin, utilities, fair)
        chance = min(characteristics(comparison, truth).correct for truth in truths)
        if chance >= correct:
            # counts are whole, so the chance may fall again; it has to hold for the next two numbers as well
            after = (Comparison((n + more,) * doses, margin, utilities, fair) for more in (1, 2))
            if all(characteristics(c, truth).correct >= correct for c in after for truth in truths):
                return n
    raise TrialError("TRIAL-061", saw=f"a chance of {chance:.3f} with {most} patients at each dose",
                     expected=f"{correct:g} in every scenario", fix="allow more patients, or ask for less")  # fmt: skip


def power(patients: tuple[int, int], rates: tuple[float, float], alpha: float = 0.05) -> float:
    """Chance that Fisher's exact test, two-sided, tells two doses apart. Exact.

    Args:
        patients: Patients at both doses.
        rates: Response rates at both.
        alpha: Two-sided level.

    Raises:
        TrialError: TRIAL-002 for numbers below 1, rates outside [0, 1] or a level outside (0, 1).
    """
    if min(patients) < 1 or max(patients) > _MOST or not all(0 <= r <= 1 for r in rates) or not 0 < alpha < 1:
        refuse(
            f"{patients} patients, rates {rates}, level {alpha:g}",
            f"1 to {_MOST} patients, shares, a level in (0, 1)",
            "correct it",
        )
    n, m = patients
    one, other = binom.pmf(np.arange(n + 1), n, rates[0]), binom.pmf(np.arange(m + 1), m, rates[1])
    total = 0.0
    for events in range(n + m + 1):
        x = np.arange(max(0, events - m), min(n, events) + 1)
        mass = hypergeom.pmf(x, n + m, events, n)
        p = np.array([mass[mass <= here * (1 + 1e-7)].sum() for here in mass])
        total += float((one[x] * other[events - x])[p <= alpha + 1e-12].sum())
    return total


def detectable(patients: int, rate: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Difference of response rates that so many patients at each of two doses tell with this power (normal approximation).

    Args:
        patients: Patients at each dose.
        rate: Response rate at the lower dose.
        power: Chance to tell the difference.
        alpha: Two-sided level.

    Returns:
        The difference; infinite where even certain response at the higher dose is not told.

    Raises:
        TrialError: TRIAL-002 for no patient, or a rate, power or level that cannot be.
    """
    if patients < 1 or not 0 <= rate < 1 or not 0 < power < 1 or not 0 < alpha < 1:
        refuse(f"{patients} patients, rate {rate:g}", "at least one patient, a rate from 0 to below 1", "correct it")
    z, w = float(norm.isf(alpha / 2)), float(norm.ppf(power))

    def told(other: float) -> float:
        mean = (rate + other) / 2
        spread = sqrt(rate * (1 - rate) + other * (1 - other))
        return (other - rate) * sqrt(patients) - z * sqrt(2 * mean * (1 - mean)) - w * spread

    if told(1.0) < 0:
        return float("inf")
    low, high = rate, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if told(middle) >= 0 else (middle, high)
    return high - rate
