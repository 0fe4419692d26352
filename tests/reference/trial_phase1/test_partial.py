"""Partial doses: likelihoods by hand, CRM where every dose is reached, and what each way of counting does to the estimates.

The formulas of Devlin, Iasonos & O'Quigley 2021 were not at hand, so no printed table is compared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.phase1.common import TooToxic
from vein2vein.programme.trial.phase1.crm import ClosestEstimate, Curve, Model, NormalPrior, crm, skeleton
from vein2vein.programme.trial.phase1.feasible import Infeasible, Received, drawn_through, rates_at_received
from vein2vein.programme.trial.phase1.partial import PartialDesign, PartialModel, Treated, Way, simulate
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

AMOUNTS = (1.0, 3.0, 10.0, 30.0)
SKELETON = skeleton(4, 0.25, halfwidth=0.06, prior_mtd=3)
MODEL = Model(Curve(SKELETON), NormalPrior(1.34))
TRUTH = Truth.of([0.05, 0.12, 0.25, 0.45])
WAYS = get_args(Way)
DATA = [(2, 10.0, True), (2, 4.0, False), (2, 2.0, True), (1, 3.0, False), (1, 0.4, False), (3, 12.0, False)]


def _design(way: Way, *, least: float = 0.01) -> PartialDesign:
    closest = ClosestEstimate(MODEL, 0.25)
    return PartialDesign(closest, PartialModel(MODEL, AMOUNTS, way), Infeasible(least), Cohorts(3, 8))


def _treated(rows: list[tuple[int, float, bool]]) -> Treated:
    planned, amount, toxic = (np.array([column]) for column in zip(*rows, strict=True))
    return Treated(planned, amount, toxic, np.ones(planned.shape, bool))


def _by_hand(way: Way) -> np.ndarray:
    """The plug-in estimate by adaptive integration of the likelihood as the docstring says it."""
    s = np.array(SKELETON)

    def rate(a: float, guess: float) -> float:
        return float(guess ** np.exp(a))

    def contribution(a: float, planned: int, amount: float, toxic: bool) -> float:
        share, full = amount / AMOUNTS[planned], rate(a, s[planned])
        if share == 1 or way == "planned":
            return full if toxic else 1 - full
        if way == "excluded":
            return 1.0
        if way == "received":
            here = rate(a, float(drawn_through(SKELETON, AMOUNTS, np.array([amount]))[0]))
            return here if toxic else 1 - here
        if toxic:
            return full
        if way == "weighted":
            return 1 - share * full
        reached = [k for k, known_amount in enumerate(AMOUNTS) if known_amount <= amount]
        return 1 - rate(a, s[reached[-1]]) if reached else 1.0

    def density(a: float) -> float:
        return float(np.exp(-(a**2) / 2.68) * np.prod([contribution(a, *patient) for patient in DATA]))

    mean = quad(lambda a: a * density(a), -8, 8, limit=200)[0] / quad(density, -8, 8, limit=200)[0]
    return s ** np.exp(mean)


@pytest.mark.parametrize("way", WAYS)
def test_each_likelihood_by_hand(way: Way) -> None:
    assert _design(way).estimates(_treated(DATA))[0] == pytest.approx(_by_hand(way), abs=1e-6)


def test_received_is_the_estimate_for_given_patients() -> None:
    patients = [Received(amount, toxic) for _, amount, toxic in DATA]
    assert _design("received").estimates(_treated(DATA))[0] == pytest.approx(
        rates_at_received(MODEL, AMOUNTS, patients), abs=1e-6
    )


@pytest.mark.parametrize("way", WAYS)
def test_where_every_dose_is_reached_it_is_crm_patient_by_patient(way: Way) -> None:
    found = simulate(_design(way), TRUTH, (1e9, 0.5), trials=300, seed=6)
    parent = known.run(crm(0.25, SKELETON, cohorts=Cohorts(3, 8)), TRUTH, trials=300, seed=6)
    for name in ("n", "y", "selected"):
        assert np.array_equal(getattr(found.trials, name), getattr(parent, name)), name
    assert (found.below == 0).all()
    assert np.array_equal(found.trials.e, found.trials.n)


def test_three_likelihoods_are_alike_and_beat_current_practice() -> None:
    """What the abstract of Devlin 2021 says, seen in our own: capacity around the third dose, which is the right one."""
    found = {way: simulate(_design(way), TRUTH, (9.0, 0.7), trials=2000, seed=7) for way in WAYS}
    bias = {way: float(one.estimates[:, 2].mean() - 0.25) for way, one in found.items()}
    right = {way: float((one.trials.selected == 2).mean()) for way, one in found.items()}
    ours, practice = ("received", "weighted", "bounded"), ("planned", "excluded")
    assert max(bias[way] for way in practice) < -0.04
    assert all(abs(bias[way]) < 0.02 for way in ours)
    # patients are the same for all ways, so that these differences have little noise
    assert min(right[way] for way in ours) > max(right[way] for way in practice) + 0.02
    assert max(right[way] for way in ours) - min(right[way] for way in ours) < 0.03
    assert all((one.below > 0).mean() > 0.5 for one in found.values())


def test_a_dose_that_cannot_be_made_is_not_selected() -> None:
    strict = replace(_design("received"), feasible=Infeasible(0.6, 0.8))
    found = simulate(strict, Truth.of([0.02, 0.04, 0.08, 0.12]), (6.0, 0.2), trials=200, seed=8)
    # 10 is hardly ever made of a median of 6
    assert (found.trials.selected <= 1).mean() > 0.95
    free = simulate(_design("received"), Truth.of([0.02, 0.04, 0.08, 0.12]), (6.0, 0.2), trials=200, seed=8)
    assert free.trials.n[:, 2:].sum() > 3 * found.trials.n[:, 2:].sum()


def test_certain_toxicity_stops() -> None:
    strict = replace(_design("received"), feasible=Infeasible(0.01, toxicity=TooToxic(0.25)))
    found = simulate(strict, Truth.of([0.90, 0.93, 0.95, 0.97]), (9.0, 0.5), trials=50, seed=1)
    assert (found.trials.selected == -1).mean() > 0.95
    assert found.trials.n.sum(axis=1).mean() < 8


def test_more_trials_leave_the_first_ones_as_they_were() -> None:
    few, more = (simulate(_design("weighted"), TRUTH, (9.0, 0.7), trials=count, seed=2) for count in (40, 700))
    assert np.array_equal(few.trials.n, more.trials.n[:40])
    assert np.array_equal(few.trials.selected, more.trials.selected[:40])


def test_rates_between_amounts_are_straight_in_the_logit() -> None:
    middle = drawn_through((0.1, 0.4), (1, 100), np.array([10.0]))[0]
    assert logit(middle) == pytest.approx((logit(0.1) + logit(0.4)) / 2)
    assert drawn_through((0.1, 0.4), (1, 100), np.array([1.0, 100.0])).tolist() == [0.1, 0.4]
    beyond = drawn_through((0.1, 0.4), (1, 100), np.array([1000.0]))[0]
    assert beyond == pytest.approx(expit(logit(0.4) + (logit(0.4) - logit(0.1)) / 2))


def test_refusals() -> None:
    with pytest.raises(TrialError, match="one of received"):
        PartialModel(MODEL, AMOUNTS, "guess")
    with pytest.raises(TrialError, match="4 above zero"):
        PartialModel(MODEL, (1.0, 2.0), "received")
    with pytest.raises(TrialError, match="amounts that rise"):
        PartialModel(MODEL, (1.0, 3.0, 3.0, 30.0), "received")
    with pytest.raises(TrialError, match="the model of the partial doses"):
        replace(_design("received"), toxicity=ClosestEstimate(Model(Curve((0.1, 0.2, 0.3, 0.4))), 0.25))
    with pytest.raises(TrialError, match="an amount above zero"):
        _design("received").estimates(_treated([(0, 0.0, False)]))
    design = _design("received")
    for truth, capacity, told in (
        (Truth.of([0.1, 0.2]), (9.0, 0.5), "TRIAL-001"),
        (Truth.of([0.3, 0.2, 0.3, 0.4]), (9.0, 0.5), "rates that do not fall"),
        (TRUTH, (0.0, 0.5), "a median above 0"),
    ):
        with pytest.raises(TrialError, match=told):
            simulate(design, truth, capacity, trials=10, seed=1)
    with pytest.raises(TrialError, match="at least 2"):
        simulate(design, TRUTH, (9.0, 0.5), trials=1, seed=1)
