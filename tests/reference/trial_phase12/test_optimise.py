"""Randomised comparison of doses: a published table of selection, every outcome listed by hand, Fisher's test of SciPy.

Source: Simon, Wittes and Ellenberg, Cancer Treat Rep 1985;69:1375, patients for each of two arms so that the better one is chosen
with a chance of 0.90 when its response rate is higher by 0.15 (recalled, met exactly; no tolerance).
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase12.common import Utilities
from vein2vein.programme.trial.phase12.optimise import (
    Comparison,
    characteristics,
    detectable,
    patients_needed,
    power,
)
from vein2vein.programme.trial.scenario import Truth

SIMON = {0.1: 21, 0.2: 29, 0.3: 35, 0.4: 37, 0.5: 36, 0.6: 32, 0.7: 26, 0.8: 16}


@pytest.mark.parametrize(("rate", "patients"), SIMON.items())
def test_the_published_table_is_met(rate: float, patients: int) -> None:
    assert patients_needed([Truth.of([0, 0], [rate, rate + 0.15])], 0.90, fair=True) == patients


def _listed(comparison: Comparison, truth: Truth) -> np.ndarray:
    """All outcomes of all doses, one by one."""
    assert truth.efficacy is not None
    found = np.zeros(len(comparison.patients))
    for counts in itertools.product(*(range(n + 1) for n in comparison.patients)):
        chance = math.prod(
            float(binom.pmf(c, n, e)) for c, n, e in zip(counts, comparison.patients, truth.efficacy, strict=True)
        )
        means = [c / n for c, n in zip(counts, comparison.patients, strict=True)]
        if comparison.fair:
            best = [k for k, mean in enumerate(means) if mean > max(means) - 1e-9]
            found[best] += chance / len(best)
        else:
            found[next(k for k, mean in enumerate(means) if mean >= max(means) - comparison.margin - 1e-9)] += chance
    return found


@pytest.mark.parametrize(
    "comparison",
    [Comparison((4, 6)), Comparison((5, 5, 4), margin=0.15), Comparison((3, 4, 5), fair=True), Comparison((6, 6), margin=0.5),
     Comparison((2, 3, 2, 3), margin=0.34)],
)  # fmt: skip
def test_chances_are_those_of_all_outcomes_listed(comparison: Comparison) -> None:
    doses = len(comparison.patients)
    truth = Truth.of([0.1] * doses, [0.3, 0.6, 0.5, 0.4][:doses])
    found = characteristics(comparison, truth)
    assert found.chance == pytest.approx(_listed(comparison, truth), abs=1e-12)
    assert found.chance.sum() == pytest.approx(1)


def test_utilities_weigh_toxicity_against_response() -> None:
    """The higher dose responds more often, and is too toxic to be worth it."""
    truth = Truth.of([0.05, 0.60], [0.50, 0.60])
    by_response = characteristics(Comparison((30, 30)), truth)
    by_utility = characteristics(Comparison((30, 30), utilities=Utilities()), truth)
    assert (by_response.right, by_utility.right) == (1, 0)
    assert by_utility.correct > 0.8 > by_response.chance[0]
    # without toxicity anywhere the utility is a line in the response, so the same dose is chosen
    clean = Truth.of([0, 0], [0.5, 0.6])
    assert characteristics(Comparison((9, 9), utilities=Utilities()), clean).chance == pytest.approx(
        characteristics(Comparison((9, 9)), clean).chance, abs=1e-12
    )


def test_a_margin_favours_the_lower_dose_and_defines_what_is_right() -> None:
    truth = Truth.of([0.1, 0.1], [0.50, 0.55])
    with_margin, without = (characteristics(Comparison((20, 20), margin=m), truth) for m in (0.1, 0.0))
    assert (with_margin.right, without.right) == (0, 1)
    assert with_margin.chance[0] > without.chance[0]


def test_patients_from_before_count() -> None:
    truth = Truth.of([0.1, 0.1], [0.3, 0.6])
    fresh, more = (characteristics(Comparison(n), truth).correct for n in ((15, 15), (24, 21)))
    assert more > fresh


@pytest.mark.parametrize(("patients", "rates"), [((8, 9), (0.2, 0.7)), ((12, 12), (0.5, 0.5)), ((5, 14), (0.1, 0.9))])
def test_power_is_that_of_fishers_test_over_all_tables(patients: tuple[int, int], rates: tuple[float, float]) -> None:
    n, m = patients
    expected = sum(
        float(binom.pmf(x, n, rates[0]) * binom.pmf(y, m, rates[1]))
        for x in range(n + 1)
        for y in range(m + 1)
        if fisher_exact([[x, n - x], [y, m - y]]).pvalue <= 0.05
    )
    assert power(patients, rates) == pytest.approx(expected, abs=1e-9)


def test_small_trials_tell_large_differences_only() -> None:
    assert detectable(30, 0.3) == pytest.approx(0.354, abs=0.001)
    assert detectable(300, 0.3) < 0.12
    assert detectable(2, 0.5) == math.inf
    # the exact test needs a little more than the normal approximation
    assert 0.65 < power((30, 30), (0.3, 0.3 + detectable(30, 0.3))) < 0.80


def test_refusals() -> None:
    good = Truth.of([0.1, 0.1], [0.3, 0.5])
    for patients in ((5,), (5, 0), (1,) * 7):
        with pytest.raises(TrialError, match="at least one patient at each"):
            Comparison(patients)
    with pytest.raises(TrialError, match="0 for a fair draw"):
        Comparison((5, 5), margin=0.1, fair=True)
    with pytest.raises(TrialError, match="and no efficacy"):
        characteristics(Comparison((5, 5)), Truth.of([0.1, 0.1]))
    with pytest.raises(TrialError, match="3, one per compared dose"):
        characteristics(Comparison((5, 5, 5)), good)
    with pytest.raises(TrialError, match="TRIAL-061"):
        patients_needed([good], 0.99, most=5)
    with pytest.raises(TrialError, match="between 0 and 1"):
        patients_needed([good], 1.0)
    with pytest.raises(TrialError, match="a level in"):
        power((5, 5), (0.1, 1.2))
    with pytest.raises(TrialError, match="at least one patient"):
        detectable(0, 0.3)
