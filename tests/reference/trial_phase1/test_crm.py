"""CRM: published estimates, skeletons, and the accuracy of the integration.

Sources: anchors P01, P02, P06 (trialr 0.1.6, sampled with 4,000 draws), P07, P07b (escalation 0.2.3, an example of Cheung 2011),
all read. Tolerances: plug-in estimates to three significant figures. Sampled values: 0.012 for means, 0.018 for medians, 0.026
for chances, which is what 4,000 dependent draws leave. The anchors assumed 0.01; RECORDED DISAGREEMENTS:
- P01 and P02 depart by up to 0.010 (means), 0.016 (medians) and 0.023 (chances) from the integral; adaptive integration by
  another routine agrees with ours to 1e-6 (below), so the departure is that of the sampling.
- P06 is described with an intercept of 3; its values are those of an intercept of 1, and depart by up to 0.22 from 3.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from reference.trial_phase1.anchors import anchors
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.crm import (
    Curve,
    ExponentialPrior,
    FirstDoseTooToxic,
    Model,
    NormalPrior,
    crm,
    skeleton,
)
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, States

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
BROCK = (0.05, 0.15, 0.25, 0.40, 0.60)
LEVY = (0.05, 0.10, 0.15, 0.33, 0.50)
SAMPLED = np.array([[0.012], [0.018], [0.026]])


def state(outcomes: str) -> States:
    return state_after(read_outcomes(outcomes, 5), 5)


def published(rows: list[dict[str, str]]) -> np.ndarray:
    return np.array([[float(value) for value in row["published_value"].split(";")] for row in rows]).T


def summaries(model: Model, outcomes: str, target: float) -> np.ndarray:
    s = state(outcomes)
    return np.concatenate(
        [
            model.estimates(s.n, s.y, "averaged"),
            model.quantiles(s.n, s.y),
            model.chance_closest(s.n, s.y, target),
        ]
    )


@pytest.mark.parametrize(("id", "kind"), [("P01", "empiric"), ("P02", "logistic")])
def test_averaged_estimates_medians_and_chances(id: str, kind: str) -> None:
    found = summaries(Model(Curve(BROCK, kind)), "2NN 3NN 4TT", 0.25)  # type: ignore[arg-type]
    assert (np.abs(found - published(anchors(id))) < SAMPLED).all()


@pytest.mark.parametrize(("part", "outcomes"), [(0, ""), (1, "1NNN"), (2, "1NNN 3NNT")])
def test_gamma_prior_is_reproduced_with_an_intercept_of_one_and_not_of_three(part: int, outcomes: str) -> None:
    rows = anchors("P06")[5 * part : 5 * part + 5]
    assert "a0=3" in rows[0]["design"]
    one, three = (
        np.abs(summaries(Model(Curve(LEVY, "logistic", a0), ExponentialPrior()), outcomes, 0.33) - published(rows))
        for a0 in (1.0, 3.0)
    )
    assert (one < SAMPLED).all()
    assert three.max() > 0.06  # the recorded disagreement


@pytest.mark.parametrize(("id", "kind"), [("P07", "logistic"), ("P07b", "empiric")])
def test_plug_in_estimates(id: str, kind: str) -> None:
    rows = anchors(id)
    s = state("3N 5N 5T 3N 4N")
    found = Model(Curve(CHEUNG, kind)).estimates(s.n, s.y)[0]  # type: ignore[arg-type]
    for value, row in zip(found, rows, strict=True):
        assert f"{value:.3g}" == f"{float(row['published_value']):.3g}"


def test_recommended_doses_of_the_anchors() -> None:
    # P07 recommends dose 4, P01 and P02 dose 2. None of the three trials began with the lowest dose or full cohorts.
    single = {"cohorts": Cohorts(1, 20), "start": 2}
    assert recommend(crm(0.25, CHEUNG, curve="logistic", **single), "3N 5N 5T 3N 4N").dose == 4
    for kind in ("empiric", "logistic"):
        design = crm(0.25, BROCK, curve=kind, estimate="averaged", cohorts=Cohorts(2, 10), start=1)  # type: ignore[arg-type]
        assert recommend(design, "2NN 3NN 4TT").dose == 2


@pytest.mark.parametrize("kind", ["empiric", "logistic"])
@pytest.mark.parametrize("outcomes", ["", "1NNN", "3TTT", "1NNN 2NNN 3NNT 3NNN 4NTT 3NNT 3NNN 3NTN 4NNT 4NNN"])
def test_integration_agrees_with_an_adaptive_routine(kind: str, outcomes: str) -> None:
    model = Model(Curve(CHEUNG, kind))  # type: ignore[arg-type]
    s = state(outcomes)

    def likelihood(a: float) -> float:
        p = model.curve.rates(np.array(a))
        return float(np.prod(p ** s.y[0] * (1 - p) ** (s.n - s.y)[0]) * norm.pdf(a, scale=1.34**0.5)) / scale

    scale = 1.0
    scale = max(likelihood(a) for a in np.linspace(-5, 5, 201))
    limits = {"points": [-2, -1, 0, 1, 2], "limit": 400, "epsabs": 1e-10, "epsrel": 1e-10}
    whole = quad(likelihood, -8, 8, **limits)[0]
    mean = quad(lambda a: a * likelihood(a), -8, 8, **limits)[0] / whole
    averaged = [quad(lambda a, j=j: model.curve.rates(np.array(a))[j] * likelihood(a), -8, 8, **limits)[0] / whole
                for j in range(5)]  # fmt: skip
    assert model.estimates(s.n, s.y, "averaged")[0] == pytest.approx(averaged, abs=1e-7)
    assert model.estimates(s.n, s.y)[0] == pytest.approx(model.curve.rates(np.array(mean)), abs=1e-7)
    over = quad(likelihood, -8, np.log(np.log(0.25) / np.log(0.12)), **limits)[0] / whole if kind == "empiric" else None
    if over is not None:
        assert model.chance_above(s.n, s.y, 0.25, 1)[0] == pytest.approx(over, abs=1e-5)


def test_three_thousand_patients_are_integrated_too() -> None:
    n, y = np.array([[0, 1000, 1000, 1000, 0]]), np.array([[0, 120, 250, 400, 0]])
    found = Model(Curve(CHEUNG)).estimates(n, y)[0]
    assert found == pytest.approx(CHEUNG, abs=0.01)


def test_published_skeleton() -> None:
    """Lee and Cheung 2009 (doi 10.1177/1740774509105076): target 0.3, halfwidth 0.05, prior guess 3; four decimals, exact."""
    assert skeleton(5, 0.3, halfwidth=0.05, prior_mtd=3) == pytest.approx(
        [0.1225, 0.2040, 0.3000, 0.4018, 0.5013], abs=5e-5
    )


@pytest.mark.parametrize("options", [{}, {"curve": "logistic"}, {"estimate": "averaged"}, {"coherent": False},
                                     {"no_skipping": False}, {"too_toxic": 0.9}])  # fmt: skip
def test_simulation_agrees_with_the_exact_chance(options: dict[str, object]) -> None:
    design = crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(3, 6), **options)  # type: ignore[arg-type]
    exact, found = characteristics(design, TRUTH)[0], simulate.run(design, TRUTH, trials=4000, seed=8).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    assert (np.abs(found.patients - exact.patients) < 4 * found.errors.patients + 1e-12).all()


def test_certain_toxicity_stops_none_reaches_the_top_and_restrictions_hold() -> None:
    design = crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(3, 8), too_toxic=0.95)
    certain, none = characteristics(design, [Truth.of([1.0] * 5), Truth.of([0.0] * 5)])
    assert certain.none_selected == pytest.approx(1)
    assert none.selected[4] == pytest.approx(1)
    assert recommend(design, "1NNN").dose == 2  # not skipped, although higher doses fit better
    assert recommend(design, "1NNN 2NNN 3NNN 3NNN 3NTT").dose is not None
    assert recommend(design, "1NNN 2NNN 2NNN 2NNN 2NNT").dose == 2  # coherent: one of three is at least the target
    free = crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(3, 8), no_skipping=False)
    assert recommend(free, "1NNN").dose == 5


def test_the_safety_rule_closes_all_doses_at_once() -> None:
    rule = FirstDoseTooToxic(Model(Curve(CHEUNG), NormalPrior()), 0.25, 0.9)
    assert rule.closed(state("1TTT")).all()
    assert not rule.closed(state("1NNN")).any()


@pytest.mark.parametrize(
    ("call", "saw"),
    [
        (lambda: crm(0.3, [0.2, 0.1], cohorts=Cohorts(3, 5)), "[0.2, 0.1]"),
        (lambda: crm(1.3, [0.1, 0.2], cohorts=Cohorts(3, 5)), "target 1.3"),
        (lambda: crm(0.3, [0.1, 0.2], cohorts=Cohorts(3, 5), estimate="mean"), "'mean'"),
        (lambda: skeleton(5, 0.3, halfwidth=0.4), "halfwidth 0.4"),
        (lambda: skeleton(5, 0.3, prior_mtd=6), "dose 6 of 5"),
    ],
)
def test_impossible_designs_are_refused(call: object, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        call()  # type: ignore[operator]
    assert saw in str(told.value)


@pytest.mark.parametrize("kind", ["empiric", "logistic"])
def test_the_listed_bound_never_hides_a_stop(kind: str) -> None:
    """States beyond any that the listing calls harmless have the chance that the integral says, and stop by it."""
    model = Model(Curve((0.05, 0.12, 0.3, 0.45, 0.6), kind))  # type: ignore[arg-type]
    rng = np.random.default_rng(4)
    n = rng.integers(0, 8, size=(800, 5))
    y = rng.binomial(n, rng.uniform(0, 1, size=(800, 1)))
    nobody = np.zeros(800, np.int64)
    closed = FirstDoseTooToxic(model, 0.3, 0.95).closed(States(n, y, nobody, nobody, nobody))[:, 0]
    known = (model.chance_above(n, y, 0.3, 0) > 0.95) & (n.sum(axis=1) >= 3)
    assert 50 < known.sum() < 750
    assert np.array_equal(closed, known)
