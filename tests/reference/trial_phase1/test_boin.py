"""BOIN: bounds, decisions and options.

Sources: Liu and Yuan 2015 (doi 10.1111/rssc.12089), Yuan et al. 2016 Table 1 (doi 10.1158/1078-0432.CCR-16-0592), anchors P09
(read) and P13 (recalled, verified by formula). Tolerances: bounds to the third decimal, decisions exact.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from reference.trial_phase1.anchors import anchors
from vein2vein.errors import TrialError
from vein2vein.programme.trial.exact import chain_of, characteristics
from vein2vein.programme.trial.phase1.boin import Bounds, boin
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
COHORTS = Cohorts(3, 10)


@pytest.mark.parametrize("row", anchors("P13"), ids=lambda row: row["inputs"])
def test_published_bounds(row: dict[str, str]) -> None:
    match = re.match(r"target ([\d.]+)", row["inputs"])
    assert match is not None
    bounds = Bounds.of(float(match[1]))
    # 0.4785 is printed as 0.479, and 0.2365 as 0.236: rounded up once and cut once, so one unit of the last digit.
    assert [bounds.up, bounds.down] == pytest.approx([float(v) for v in row["published_value"].split(";")], abs=1e-3)


@pytest.mark.parametrize("row", anchors("P09"), ids=lambda row: row["id"])
def test_published_decisions(row: dict[str, str]) -> None:
    design = boin(5, 0.3, cohorts=COHORTS)
    doses = [recommend(design, outcomes).dose for outcomes in row["inputs"].split("; ")]
    assert doses == [int(dose) for dose in row["published_value"].split("; ")]


def test_titration_goes_up_by_single_patients_and_fills_the_cohort_of_the_first_toxicity() -> None:
    design = boin(4, 0.3, cohorts=Cohorts(3, 5), titration=True)
    advice = [recommend(design, outcomes) for outcomes in ("", "1N", "1N 2T", "1N 2T 2NN", "1N 2N 3N 4N")]
    assert [(a.dose, a.size) for a in advice] == [(1, 1), (2, 1), (2, 2), (2, 3), (4, 2)]
    assert "fill the cohort" in advice[2].reasons[0]
    longest = chain_of(design).ends.states.n.sum(axis=1).max()
    assert longest == 3 * 5 + 3 == design.cohorts.most


def test_enough_at_a_dose_ends_the_trial_only_when_it_would_stay() -> None:
    design = boin(3, 0.3, cohorts=COHORTS, stop_at=6)
    assert recommend(design, "1NNN 2NNT 2NNT").dose is None  # 2 of 6 at dose 2: stay, and six are enough
    assert recommend(design, "1NNN 2NNT 2NNN").dose == 3  # 1 of 6: up, so the trial goes on
    assert recommend(design, "1NNN 2NNN 3NNN 3NNN").dose is None  # up is blocked at the highest dose


def test_extra_safety_closes_the_lowest_dose_earlier() -> None:
    plain, safe = (boin(3, 0.3, cohorts=COHORTS, extra_safety=offset) for offset in (None, 0.05))
    assert recommend(plain, "1NTT").dose == 1
    assert recommend(safe, "1NTT").dose is None  # Pr(p > 0.3 | 2 of 3) = 0.916, between 0.90 and 0.95
    toxic = Truth.of([0.5, 0.6, 0.7])
    assert characteristics(safe, toxic)[0].none_selected > characteristics(plain, toxic)[0].none_selected


def test_a_bounded_selection_is_never_above_the_upper_bound() -> None:
    design = boin(3, 0.3, cohorts=COHORTS, bound_selection=True)
    assert recommend(boin(3, 0.3, cohorts=COHORTS), "1NNT 1NNT 1NNT 1NTT").selected == 1
    assert recommend(design, "1NNT 1NNT 1NNT 1NTT").selected is None  # 5 of 12 = 0.417 > 0.358


def test_own_bounds_replace_the_optimal_ones_and_are_marked_as_set() -> None:
    design = boin(3, 0.3, cohorts=COHORTS, bounds=Bounds(0.1, 0.2))
    assert recommend(design, "1NNN 2NNT").dose == 1
    assert design.parameters["lambda_d"].origin == "set"
    assert boin(3, 0.3, cohorts=COHORTS).parameters["lambda_d"].origin == "derived"
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        boin(3, 0.3, cohorts=COHORTS, bounds=Bounds(0.4, 0.2))
    assert "0.4 and 0.2" in str(told.value)


def test_one_toxicity_too_many_where_the_bound_is_a_whole_number() -> None:
    assert Bounds(0.2, 0.5).least_to_go_down(np.array([4, 5, 6])).tolist() == [3, 3, 4]
