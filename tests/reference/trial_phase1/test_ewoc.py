"""EWOC: no published worked values were at hand; the posterior against an adaptive routine, and the properties of the rule.

Source of the rule: Babb, Rogatko and Zacks 1998, recalled. Tolerance: 2e-5 against adaptive integration.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit, logit

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.phase1.ewoc import MtdModel, ewoc
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

DOSES = (1.0, 2.0, 3.0, 4.0)
TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45])


@pytest.mark.parametrize(
    ("n", "y"), [([0, 0, 0, 0], [0, 0, 0, 0]), ([3, 3, 6, 0], [0, 0, 2, 0]), ([6, 6, 9, 3], [0, 1, 3, 2])]
)
def test_posterior_of_the_mtd_agrees_with_an_adaptive_routine(n: list[int], y: list[int]) -> None:
    def likelihood(lowest: float, mtd: float) -> float:
        way = (np.array(DOSES) - 1) / (mtd - 1)
        p = expit(logit(lowest) + way * (logit(0.3) - logit(lowest)))
        return float(np.prod(p ** np.array(y) * (1 - p) ** (np.array(n) - np.array(y))))

    parts = [dblquad(likelihood, a, a + 1, 0, 0.3, epsabs=1e-12)[0] for a in (1, 2, 3, 4)]
    found = MtdModel(DOSES, 0.3, 5.0).chance_above_mtd(np.array([n]), np.array([y]))[0]
    assert found == pytest.approx(np.cumsum([0, *parts[:3]]) / sum(parts), abs=2e-5)


def test_the_chance_of_lying_above_the_mtd_is_kept() -> None:
    design = ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8), no_skipping=False)
    for outcomes in ("1NNN", "1NNN 2NNN", "1NNN 2NNT", "1NNN 2NNN 3NNT"):
        dose = recommend(design, outcomes).dose
        assert dose is not None
        shown = recommend(design, outcomes).reasons[0].split("MTD ")[1].split(";")[0]
        chances = [float(word.strip("% ")) for word in shown.split(",")]
        assert chances[dose - 1] <= 25
        assert dose == 4 or chances[dose] > 25


def test_a_rising_bound_goes_up_more() -> None:
    still, rising = (ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8), rise=rise) for rise in (0.0, 0.02))
    low, high = (characteristics(design, TRUTH)[0].patients for design in (still, rising))
    assert high[2:].sum() > low[2:].sum()


def test_simulation_agrees_with_the_exact_chance_and_none_reaches_the_top() -> None:
    design = ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8))
    exact, found = characteristics(design, TRUTH)[0], simulate.run(design, TRUTH, trials=4000, seed=8).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    none, certain = characteristics(design, [Truth.of([0.0] * 4), Truth.of([1.0] * 4)])
    # With an MTD of at most one step above the last dose, 24 patients without a toxicity do not carry that dose: this is
    # the prior at work, and a wider one reaches the top.
    assert none.patients[2] > 3
    wide = ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8), highest=20.0)
    assert characteristics(wide, Truth.of([0.0] * 4))[0].selected[3] == pytest.approx(1)
    assert certain.none_selected == pytest.approx(1)
    assert certain.patients[0] == pytest.approx(3)


def test_toxicities_at_the_lowest_dose_alone_say_nothing_about_the_mtd_so_coherence_is_a_rule() -> None:
    model = MtdModel(DOSES, 0.3, 5.0)
    none = np.array([[0, 0, 0, 0]])
    assert model.chance_above_mtd(np.array([[3, 0, 0, 0]]), np.array([[3, 0, 0, 0]])) == pytest.approx(
        model.chance_above_mtd(none, none)
    )
    incoherent = ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8), coherent=False, cutoff=None, highest=7.0)
    assert recommend(incoherent, "1TTT").dose == 2
    assert recommend(ewoc(DOSES, 0.3, cohorts=Cohorts(3, 8), cutoff=None), "1TTT").dose == 1


def test_impossible_designs_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        ewoc((2.0, 1.0), 0.3, cohorts=Cohorts(3, 8))
    assert "[2.0, 1.0]" in str(told.value)
