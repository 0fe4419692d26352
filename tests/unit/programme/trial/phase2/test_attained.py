"""Attained numbers that differ from planned ones keep the error of the plan."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.attained import first_stage, kept, second_stage
from vein2vein.programme.trial.phase2.simon import TwoStage

PLAN = TwoStage(1, 10, 5, 29)


def test_a_second_stage_as_planned_is_the_plan() -> None:
    as_planned = second_stage(PLAN, 19, 0.1)
    for p in (0.05, 0.1, 0.3, 0.6):
        assert as_planned.succeeds(p) == pytest.approx(PLAN.succeeds(p))


@pytest.mark.parametrize("second", [1, 5, 15, 18, 20, 25, 60])
def test_the_type_1_error_of_the_plan_is_kept_whatever_the_second_stage(second: int) -> None:
    attained = second_stage(PLAN, second, 0.1)
    assert attained.succeeds(0.1) <= PLAN.succeeds(0.1) + 1e-9
    assert list(attained.cutoffs[2:]) == sorted(attained.cutoffs[2:], reverse=True)


def test_keeping_the_cutoffs_with_more_patients_costs_type_1_error() -> None:
    assert kept(PLAN, 12, 33).succeeds(0.1) > PLAN.succeeds(0.1) + 0.02


def test_success_is_a_p_value_at_most_the_error_of_the_plan() -> None:
    for second in (15, 19, 24):
        attained = second_stage(PLAN, second, 0.1)
        for first in range(2, 11):
            for more in range(second + 1):
                p = attained.p_value(first, more)
                assert (more > attained.cutoffs[first]) == (p <= PLAN.succeeds(0.1) + 1e-9), (first, more, p)


def test_p_values_fall_with_responses_and_keep_their_level() -> None:
    attained = second_stage(PLAN, 22, 0.1)
    assert attained.p_value(0, 0) == pytest.approx(1.0)
    grid = np.array([[attained.p_value(x, y) for y in range(23)] for x in range(2, 11)])
    assert (np.diff(grid, axis=1) <= 1e-12).all()
    assert (np.diff(grid, axis=0) <= 1e-12).all()


def test_the_first_stage_stops_where_the_alternative_is_rejected() -> None:
    """With p = .3, no response among 10 has the chance .028, among 11 .0198."""
    assert first_stage(10, 0.3) == -1
    assert first_stage(11, 0.3) == 0
    assert first_stage(10, 0.3, level=0.03) == 0


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match="at least one patient"):
        second_stage(PLAN, 0, 0.1)
    with pytest.raises(TrialError, match="at least one patient"):
        first_stage(0, 0.3)
    with pytest.raises(TrialError, match="TRIAL-060"):
        second_stage(PLAN, 15, 0.1).p_value(11, 0)
