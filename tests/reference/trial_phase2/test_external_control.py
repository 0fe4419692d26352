"""ZUMA-1 against SCHOLAR-1 (Neelapu et al. 2021 Blood Adv 5:4149; DOI unsure): context, not a reproduction.

Status: read. Without the patients of either study the published hazard of death (-73 % after propensity weighting) cannot
be recomputed. What can be said: the crude numbers of responses reproduce the printed difference; and were hazards proportional,
the printed 2-year survival would give -62 %, so the two printed results are not one proportional model.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from vein2vein.programme.trial.phase2.compare import response_difference


def test_response_difference_of_zuma_1_and_scholar_1() -> None:
    """83 % of 101 against 34 % of 434: 49 points; the interval is far from 0."""
    treated = np.repeat([1, 0], [101, 434])
    response = np.concatenate([np.repeat([1, 0], [84, 17]), np.repeat([1, 0], [148, 286])])
    found = response_difference(response, treated, np.ones(535))
    assert found.value == pytest.approx(0.83 - 0.34, abs=0.01)
    assert found.low > 0.40


def test_printed_landmarks_do_not_give_the_printed_hazard() -> None:
    assert 1 - math.log(0.54) / math.log(0.20) == pytest.approx(0.62, abs=0.005)
