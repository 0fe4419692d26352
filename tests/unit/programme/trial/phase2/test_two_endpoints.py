"""Two endpoints: the recursion equals listing every sequence, the null is searched over its correlation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.bop2 import Cutoff, Grid
from vein2vein.programme.trial.phase2.bop2 import design as one_endpoint
from vein2vein.programme.trial.phase2.two_endpoints import Endpoints, Joint, TwoEndpoints, design, optimise

CO_PRIMARY = Endpoints(0.3, 0.2)
WITH_HARM = Endpoints(0.3, 0.3, "both", second_is_harm=True)


def listed(one: TwoEndpoints, truth: Joint) -> float:
    """The chance of success from all sequences of outcomes."""
    cells, total = truth.cells(), 0.0
    for trial in product(((0, 0), (0, 1), (1, 0), (1, 1)), repeat=one.looks[-1]):
        counts = np.cumsum(trial, axis=0)
        if not any(one.stops(i)[tuple(counts[n - 1])] for i, n in enumerate(one.looks)):
            total += float(np.prod([cells[outcome] for outcome in trial]))
    return total


@pytest.mark.parametrize("endpoints", [CO_PRIMARY, WITH_HARM])
def test_the_recursion_equals_listing_every_trial(endpoints: Endpoints) -> None:
    one = design((2, 4, 6), endpoints, Cutoff(0.6, 0.5))
    for truth in (Joint.independent(0.4, 0.3), Joint(0.5, 0.3, 0.3), Joint(0.7, 0.2, 0.0)):
        assert one.success(truth) == pytest.approx(listed(one, truth))


def test_a_second_endpoint_that_never_happens_leaves_the_first() -> None:
    one = design((10, 20), CO_PRIMARY, Cutoff(0.9, 0.5))
    alone = one_endpoint((10, 20), 0.3, Cutoff(0.9, 0.5))
    found, patients = one.characteristics(Joint(0.45, 0.0, 0.0))
    assert found == pytest.approx(alone.power(0.45))
    assert patients == pytest.approx(alone.boundaries.characteristics(0.45).expected_patients)


def test_the_type_1_error_is_the_worst_correlation() -> None:
    one = design((10, 20), CO_PRIMARY, Cutoff(0.9, 0.5))
    worst, where = one.type_1_error()
    for both in np.linspace(0, 0.2, 41).tolist():
        assert one.success(Joint(0.3, 0.2, both)) <= worst + 1e-6
    assert one.success(where) == pytest.approx(worst)
    for truth in (Joint.independent(0.25, 0.2), Joint.independent(0.3, 0.1)):
        assert one.success(truth) < worst


def test_a_perfect_endpoint_beside_a_null_one_is_told() -> None:
    one = design((10, 20), WITH_HARM, Cutoff(0.9, 0.5))
    worst, where = one.wrong_success()
    assert worst > one.type_1_error()[0]
    assert where.second == 0.0 or where.first == 1.0


def test_harm_closes_from_above_and_benefit_from_below() -> None:
    one = design((10, 20), WITH_HARM, Cutoff(0.9, 0.5))
    stops = one.stops(1)
    assert stops[20, 20]
    assert stops[0, 0]
    assert not stops[20, 0]


def test_a_nested_endpoint_is_a_joint_truth() -> None:
    """Complete responses are responses: both at once is as likely as the complete response."""
    truth = Joint(first=0.2, second=0.5, both=0.2)
    assert truth.cells()[1, 0] == 0.0
    assert truth.cells().sum() == pytest.approx(1)


def test_the_search_keeps_the_error_at_every_correlation() -> None:
    small = Grid((0.8, 0.85, 0.9, 0.95), (0.25, 0.5, 0.75))
    best = optimise((10, 20), CO_PRIMARY, Joint.independent(0.6, 0.4), 0.1, grid=small)
    assert best.type_1_error()[0] <= 0.1
    for cutoff in small.cutoffs():
        other = design((10, 20), CO_PRIMARY, cutoff)
        worse = other.success(Joint.independent(0.6, 0.4)) <= best.success(Joint.independent(0.6, 0.4)) + 1e-12
        assert worse or other.type_1_error()[0] > 0.1


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match=r"chance of 0\.4 of both[\s\S]*from 0 to 0\.3"):
        Joint(0.5, 0.3, 0.4)
    with pytest.raises(TrialError, match="both needed where one is a harm"):
        Endpoints(0.3, 0.3, "either", second_is_harm=True)
    with pytest.raises(TrialError, match="TRIAL-061"):
        optimise((5,), CO_PRIMARY, Joint.independent(0.6, 0.4), 0.001, grid=Grid((0.5,), (0.0,)))
