"""EffTox: reach, stopping, refusals, and a finer grid that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase12 import efftox_model
from vein2vein.programme.trial.phase12.efftox import Contour, Model, Priors, advise, efftox
from vein2vein.programme.trial.phase12.efftox_model import joint_counts
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.words import Cohorts

PRIORS = Priors((-7.9593, 3.5487), (1.5482, 3.5018), (0.7367, 2.5423), (3.4181, 2.4406))
MODEL = Model((1, 2, 4, 6.6, 10), PRIORS, toxicity_limit=0.3, efficacy_limit=0.5)
DESIGN = efftox(MODEL, Contour(0.5, 0.65, (0.7, 0.25)), cohorts=Cohorts(3, 13))


def test_no_dose_is_skipped() -> None:
    assert recommend(DESIGN, "1NNE").dose == 2
    assert "dose 3" not in recommend(DESIGN, "1NNE").reasons[0]


def test_stops_where_all_in_reach_are_toxic() -> None:
    advice = recommend(DESIGN, "1TTT 1TTT")
    assert advice.dose is None
    assert "no dose in reach is acceptable" in advice.reasons[0]
    assert advise(DESIGN, "1TTT 1TTT").dose is None


def test_contour_is_zero_at_its_points_and_one_at_best() -> None:
    contour = Contour(0.5, 0.65, (0.7, 0.25))
    found = contour.utility(np.array([0.5, 1.0, 0.7, 1.0]), np.array([0.0, 0.65, 0.25, 0.0]))
    assert found == pytest.approx([0, 0, 0, 1], abs=1e-9)


def test_finer_points_change_nothing() -> None:
    n, y, e = np.array([[6, 9, 12, 6, 3]]), np.array([[0, 1, 3, 3, 2]]), np.array([[1, 4, 8, 5, 2]])
    usual = MODEL.estimates(n, y, e)
    fine_t, fine_e = efftox_model._curves(MODEL, 160, 1.0)
    toxicity, tolerable = fine_t.summary(n, y, 0.3)
    efficacy, below = fine_e.summary(n, e, 0.5)
    assert usual.toxicity == pytest.approx(toxicity, abs=1e-5)
    assert usual.tolerable == pytest.approx(tolerable, abs=1e-4)
    assert usual.efficacy == pytest.approx(efficacy, abs=1e-5)
    assert usual.worth_while == pytest.approx(1 - below, abs=1e-4)


def test_counts_patients_by_both_outcomes() -> None:
    found = joint_counts("1nne 2EEB 2T", 3)
    assert found[0].tolist() == [[2, 0], [1, 0]]
    assert found[1].tolist() == [[0, 1], [2, 1]]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Contour(0.5, 0.65, (0.4, 0.25)), "a middle point"),
        (lambda: Contour(1.5, 0.65, (0.7, 0.25)), "efficacy_alone 1.5"),
        (lambda: Model((2, 1), PRIORS, 0.3, 0.5), "doses"),
        (lambda: Model((1, 2), PRIORS, 0.0, 0.5), "toxicity limit 0"),
        (lambda: Priors((0, 1), (0, 0), (0, 1), (0, 1)), "prior of beta"),
        (lambda: efftox(MODEL, Contour(0.5, 0.65, (0.7, 0.25)), cohorts=Cohorts(3, 5), start=5), "dose 6"),
        (lambda: efftox(MODEL, Contour(0.5, 0.65, (0.7, 0.25)), cohorts=Cohorts(3, 5), least_tolerable=1), "least_tolerable"),
        (lambda: advise(boin(3, 0.3, cohorts=Cohorts(3, 4)), "1NNN"), "the design BOIN"),
    ],
)  # fmt: skip
def test_refuses_what_cannot_be(build: object, said: str) -> None:
    assert callable(build)
    with pytest.raises(TrialError, match=said) as caught:
        build()
    assert caught.value.id == "TRIAL-002"


def test_a_toxic_dose_closes_and_is_not_left_upward_unless_as_published() -> None:
    """Three of three close the dose; two of three do not go up; one of three without a response may, as there is nowhere else."""
    published = efftox(MODEL, Contour(0.5, 0.65, (0.7, 0.25)), cohorts=Cohorts(3, 13), too_toxic=None, coherent=False)
    for outcomes, ours, theirs in (("1TTT", None, 2), ("1TTE", 1, 2), ("1NNT", 2, 2)):
        assert recommend(published, outcomes).dose == theirs
        assert (
            recommend(DESIGN, outcomes).dose in {ours, None} if ours == 1 else recommend(DESIGN, outcomes).dose == ours
        )
    assert {DESIGN.parameters[key].origin for key in ("too_toxic", "coherent")} == {"default"}
