"""BOIN-ET: published bounds, and exact characteristics beside simulated ones.

Source: Takeda et al. 2018 (doi 10.1002/pst.1864): bounds 0.14, 0.35 and 0.48 for targets 0.3 and 0.6 (recalled; they follow from
the sum that boinet 1.5.0 minimises, read). Tolerance: bounds exact; simulation within four Monte Carlo standard errors.
"""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.phase12.boin_et import EtBounds, Limits, boin_et
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

LIMITS = Limits(0.3, 0.03, 0.42, 0.6, 0.36)


def test_published_bounds() -> None:
    assert EtBounds.of(LIMITS) == EtBounds(0.14, 0.35, 0.48)


def test_bounds_with_every_term_from_its_own_hypothesis_differ_in_the_last() -> None:
    assert EtBounds.of(LIMITS, consistent=True) == EtBounds(0.14, 0.35, 0.47)


def test_exact_characteristics_agree_with_simulation() -> None:
    design = boin_et(3, toxicity=0.3, efficacy=0.6, cohorts=Cohorts(3, 6))
    truth = Truth.of([0.05, 0.15, 0.45], [0.2, 0.6, 0.65])
    (listed,) = exact.characteristics(design, truth)
    drawn = simulate.characteristics(design, truth, trials=20_000, seed=3)
    assert drawn.errors is not None
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4 * drawn.errors.patients).all()
    assert listed.selected.argmax() == 1


def test_certain_toxicity_stops() -> None:
    (found,) = exact.characteristics(
        boin_et(2, toxicity=0.3, efficacy=0.6, cohorts=Cohorts(3, 4)), Truth.of([1, 1], [1, 1])
    )
    assert (found.none_selected, found.expected_patients) == pytest.approx((1, 3))
