"""EffTox: a published example by quadrature, and quadrature beside brute force.

Sources: the example of Thall et al. 2014 as printed by the vignette A400 of trialr 0.1.6 (anchor P05, read), a Markov chain
Monte Carlo run: tolerance 0.01 for rates and chances, 0.03 for utilities. A sum over 4 million draws from the prior, weighted
with the likelihood (our own, fixed seed, effective number 72,900): tolerance 0.003 for rates, 0.006 for chances.
"""

from __future__ import annotations

import numpy as np
import pytest

from reference.trial_phase12.published import anchors
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.phase12.efftox import Contour, Model, Priors, advise, efftox
from vein2vein.programme.trial.phase12.efftox_model import _curves
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

PRIORS = Priors((-7.9593, 3.5487), (1.5482, 3.5018), (0.7367, 2.5423), (3.4181, 2.4406), (0, 0.2), (0, 1))
MODEL = Model((1, 2, 4, 6.6, 10), PRIORS, toxicity_limit=0.3, efficacy_limit=0.5)
CONTOUR = Contour(0.5, 0.65, (0.7, 0.25))
DESIGN = efftox(MODEL, CONTOUR, cohorts=Cohorts(3, 13), too_toxic=None, coherent=False)  # as published
TRUTH = Truth.of([0.05, 0.1, 0.2, 0.3, 0.45], [0.2, 0.4, 0.55, 0.6, 0.65])

# Columns: response, toxicity, worth while, tolerable; by 4 million weighted draws from the prior, for 1NNE 2EEB.
BRUTE = [
    [0.4084, 0.0886, 0.3384, 0.9256],
    [0.7932, 0.1005, 0.9481, 0.9249],
    [0.9311, 0.2189, 0.9845, 0.7251],
    [0.9564, 0.3107, 0.9840, 0.6219],
    [0.9646, 0.3682, 0.9826, 0.5685],
]


def test_published_example() -> None:
    rows = anchors("P05")
    advice = advise(DESIGN, rows[0]["inputs"])
    printed = np.array([[float(v) for v in row["published_value"].split(";")] for row in rows])
    found = advice.estimates
    ours = np.stack([found.efficacy[0], found.toxicity[0], found.worth_while[0], found.tolerable[0]], axis=1)
    assert len(rows) == 5
    assert ours == pytest.approx(printed[:, :4], abs=0.01)
    assert advice.utility == pytest.approx(printed[:, 4], abs=0.03)
    assert advice.dose == 3
    assert advice.acceptable.all()  # doses 4 and 5 are out of reach only because none is skipped
    assert "dose 3 is best" in advice.reasons


def test_utility_of_the_printed_means_is_the_printed_utility() -> None:
    """Deterministic, so to the rounding of three printed decimals: a change of 0.0005 in a rate moves it by 0.002."""
    for row in anchors("P05"):
        efficacy, toxicity, _, _, utility = (float(v) for v in row["published_value"].split(";"))
        assert float(CONTOUR.utility(np.array(efficacy), np.array(toxicity))) == pytest.approx(utility, abs=0.002)


def test_quadrature_agrees_with_brute_force() -> None:
    found = MODEL.joint_estimates("1NNE 2EEB")
    ours = np.stack([found.efficacy[0], found.toxicity[0], found.worth_while[0], found.tolerable[0]], axis=1)
    assert ours[:, :2] == pytest.approx(np.array(BRUTE)[:, :2], abs=0.003)
    assert ours[:, 2:] == pytest.approx(np.array(BRUTE)[:, 2:], abs=0.006)


def test_association_vanishes_where_its_prior_is_certain_of_none() -> None:
    none = Model(MODEL.doses, Priors(*[getattr(PRIORS, k) for k in ("alpha", "beta", "gamma", "zeta", "eta")], (0, 1e-9)),
                 toxicity_limit=0.3, efficacy_limit=0.5)  # fmt: skip
    n, y, e = np.array([[3, 3, 0, 0, 0]]), np.array([[0, 1, 0, 0, 0]]), np.array([[1, 3, 0, 0, 0]])
    counted, patient_by_patient = none.estimates(n, y, e), none.joint_estimates("1NNE 2EEB")
    for name in ("toxicity", "efficacy", "tolerable", "worth_while"):
        assert getattr(patient_by_patient, name) == pytest.approx(getattr(counted, name), abs=2e-4)


def test_exact_characteristics_agree_with_simulation() -> None:
    model = Model((1, 2, 4), PRIORS, toxicity_limit=0.3, efficacy_limit=0.5)
    design = efftox(model, CONTOUR, cohorts=Cohorts(3, 4))
    truth = Truth.of([0.05, 0.15, 0.45], [0.2, 0.6, 0.7])
    (listed,) = exact.characteristics(design, truth)
    drawn = simulate.characteristics(design, truth, trials=4000, seed=8)
    assert drawn.errors is not None
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4 * drawn.errors.patients).all()


def test_points_are_close_enough_at_every_number_of_patients() -> None:
    """Beside points that are almost twice as close, in each of the three directions."""
    rng = np.random.default_rng(11)
    for patients in (3, 9, 12, 24, 48):
        n = rng.multinomial(patients, [0.1, 0.3, 0.3, 0.2, 0.1], size=6)
        y, e = rng.binomial(n, 0.3), rng.binomial(n, 0.6)
        found = MODEL.estimates(n, y, e)
        toxic, works = _curves(MODEL, patients, 0.7)
        close = (*toxic.summary(n, y, 0.3), *works.summary(n, e, 0.5))
        ours = (found.toxicity, found.tolerable, found.efficacy, 1 - found.worth_while)
        for one, other in zip(ours, close, strict=True):
            assert one == pytest.approx(other, abs=2e-4)


def test_the_same_trials_however_many_are_asked_for() -> None:
    few, more = (simulate.run(DESIGN, TRUTH, trials=count, seed=3) for count in (20, 60))
    assert np.array_equal(few.selected, more.selected[:20])
    assert np.array_equal(few.n, more.n[:20])


@pytest.mark.parametrize(
    ("n", "y", "e"),
    [
        ([20, 20, 24], [1, 2, 8], [4, 8, 16]),
        ([60, 0, 0], [0, 0, 0], [0, 0, 0]),  # nobody: the posterior is skewed, and wide where nobody was treated
        ([60, 0, 0], [60, 0, 0], [60, 0, 0]),
        ([0, 0, 60], [0, 0, 30], [0, 0, 60]),  # at one dose only: a ridge
        ([3, 54, 3], [0, 1, 0], [1, 27, 3]),
    ],
)
def test_points_of_each_posterior_agree_with_those_over_the_prior(n: list[int], y: list[int], e: list[int]) -> None:
    """Rates to 5e-5, chances to 5e-4; the points over the prior are themselves good to 2e-4."""
    model = Model((1, 2, 4), PRIORS, toxicity_limit=0.3, efficacy_limit=0.5)
    counts = [np.array([row]) for row in (n, y, e)]
    wide, own = model.estimates(*counts), model._locally(*counts)
    assert own.toxicity == pytest.approx(wide.toxicity, abs=5e-5)
    assert own.efficacy == pytest.approx(wide.efficacy, abs=5e-5)
    assert own.tolerable == pytest.approx(wide.tolerable, abs=5e-4)
    assert own.worth_while == pytest.approx(wide.worth_while, abs=5e-4)


def test_many_patients_at_one_dose_have_the_observed_rates() -> None:
    """3,000 patients, for whom points over the prior would be a hundred million."""
    model = Model((1, 2, 4), PRIORS, toxicity_limit=0.3, efficacy_limit=0.5)
    found = model.estimates(*(np.array([row]) for row in ([0, 3000, 0], [0, 600, 0], [0, 1800, 0])))
    assert found.toxicity[0, 1] == pytest.approx(0.2, abs=1e-3)
    assert found.efficacy[0, 1] == pytest.approx(0.6, abs=1e-3)
    assert found.tolerable[0, 1] == pytest.approx(1, abs=1e-6)
    assert found.worth_while[0, 1] == pytest.approx(1, abs=1e-6)
