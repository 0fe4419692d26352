"""BLRM: published means and medians, and the accuracy of the grid.

Source: anchors P04 (trialr 0.1.6, vignette A300, which reproduces figure 1 of Neuenschwander, Branson and Gsponer 2008, read).
Tolerance: 0.006, which is what its 4,000 draws leave.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import norm

from reference.trial_phase1.anchors import anchors
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.blrm import LogisticModel, NormalPriors, blrm
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

ROWS = anchors("P04")
DOSES = tuple(float(row["quantity"].split()[1]) for row in ROWS)
MODEL = LogisticModel(DOSES, 250.0, NormalPriors((2.15, 0.52), (0.84, 0.80)))
STATE = state_after(read_outcomes("1NNN 2NNNN 3NNNN 4NNNN 7TT", 15), 15)
SMALL = {"cohorts": Cohorts(3, 6), "reference": 10.0, "mean": (-1.0, 0.0), "sd": (1.0, 0.7)}


def test_published_means_and_medians() -> None:
    published = np.array([[float(value) for value in row["published_value"].split(";")] for row in ROWS])
    assert MODEL.means(STATE.n, STATE.y)[0] == pytest.approx(published[:, 0], abs=0.006)
    assert MODEL.quantiles(STATE.n, STATE.y)[0] == pytest.approx(published[:, 1], abs=0.006)


def test_a_finer_grid_changes_nothing() -> None:
    fine = LogisticModel(DOSES, 250.0, MODEL.prior, 400)
    limits = (0.16, 0.33)
    assert MODEL.means(STATE.n, STATE.y) == pytest.approx(fine.means(STATE.n, STATE.y), abs=1e-7)
    assert MODEL.chance_below(STATE.n, STATE.y, limits) == pytest.approx(
        fine.chance_below(STATE.n, STATE.y, limits), abs=1e-7
    )


def test_chances_agree_with_an_adaptive_routine_under_a_correlated_prior() -> None:
    prior = NormalPriors((-1.0, 0.2), (1.0, 0.6), -0.4)
    model = LogisticModel((1.0, 4.0, 10.0), 4.0, prior, 12)
    n, y = np.array([[3, 6, 3]]), np.array([[0, 1, 2]])
    stretch = np.log(np.array(model.doses) / 4.0)

    def density(z1: float, z2: float) -> float:
        p = rates(z1, z2)
        return float(np.prod(p ** y[0] * (1 - p) ** (n - y)[0]) * norm.pdf(z1) * norm.pdf(z2))

    def rates(z1: float, z2: float) -> np.ndarray:
        a = -1.0 + z2 * -0.4 + z1 * np.sqrt(1 - 0.16)
        return np.asarray(expit(a + np.exp(0.2 + 0.6 * z2) * stretch))

    whole = dblquad(density, -6, 6, -6, 6, epsabs=1e-11)[0]
    mean = dblquad(lambda z1, z2: rates(z1, z2)[1] * density(z1, z2), -6, 6, -6, 6, epsabs=1e-11)[0] / whole
    assert model.means(n, y)[0, 1] == pytest.approx(mean, abs=1e-6)
    # The rate at the reference dose is below 0.33 where log a is: a limit of the inner variable.
    line = np.log(0.33 / 0.67)
    limit = [lambda z2: -6.0, lambda z2: float((line + 1.0 + 0.4 * z2) / np.sqrt(1 - 0.16))]
    below = dblquad(density, -6, 6, *limit, epsabs=1e-11)[0] / whole
    assert model.chance_below(n, y, (0.33,))[0, 0, 1] == pytest.approx(below, abs=1e-6)


def test_simulation_agrees_with_the_exact_chance() -> None:
    design = blrm((1.0, 2.5, 5.0, 10.0), **SMALL)
    truth = Truth.of([0.05, 0.15, 0.30, 0.45])
    exact, found = characteristics(design, truth)[0], simulate.run(design, truth, trials=2000, seed=8).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()


def test_an_overdose_is_never_given_and_certain_toxicity_stops() -> None:
    design = blrm((1.0, 2.5, 5.0, 10.0), **SMALL)
    certain, none = characteristics(design, [Truth.of([1.0] * 4), Truth.of([0.0] * 4)])
    assert certain.none_selected == pytest.approx(1)
    assert none.selected[3] == pytest.approx(1)
    assert "overdose must stay below 25%" in recommend(design, "1NNN").reasons[0]


@pytest.mark.parametrize(
    ("change", "saw"),
    [({"sd": (0.0, 1.0)}, "(0.0, 1.0)"), ({"reference": 0.0}, "reference 0"), ({"interval": (0.4, 0.3)}, "(0.4, 0.3)")],
)
def test_impossible_designs_are_refused(change: dict[str, object], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        blrm((1.0, 2.5), **(SMALL | change))  # type: ignore[arg-type]
    assert saw in str(told.value)
