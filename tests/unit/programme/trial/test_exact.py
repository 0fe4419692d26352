"""Exact characteristics: chances sum to one, agree with a small hand calculation, and with published bounds."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact
from vein2vein.programme.trial.exact import characteristics, ends_of, listable
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.boin import Bounds, boin, isotonic
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, Cohorts

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])


def test_chances_of_all_ends_sum_to_one() -> None:
    ends = ends_of(boin(5, 0.3, cohorts=Cohorts(3, 10)))
    assert ends.chances([TRUTH, Truth.of([0, 0, 0, 0, 0]), Truth.of([1, 1, 1, 1, 1])]).sum(axis=1) == pytest.approx(1)


def test_two_single_patients_at_two_doses_by_hand() -> None:
    # The first patient is treated at dose 1. Without a toxicity (0.8) the second goes to dose 2, else stays at dose 1.
    design = boin(2, 0.3, cohorts=Cohorts(1, 2))
    found = ends_of(design).characteristics([Truth.of([0.2, 0.5])])[0]
    assert found.patients == pytest.approx([1 + 0.2, 0.8])
    assert found.toxicities == pytest.approx([0.2 + 0.2 * 0.2, 0.8 * 0.5])
    # Nothing at either dose: both estimates are 0.05 / 1.1, far below 0.3, and the higher of equals is taken.
    assert found.selected[1] == pytest.approx(0.8 * 0.5)


def test_certain_toxicity_stops_and_none_reaches_the_top() -> None:
    ends = ends_of(boin(3, 0.3, cohorts=Cohorts(3, 6)))
    certain, none = ends.characteristics([Truth.of([1, 1, 1]), Truth.of([0, 0, 0])])
    assert certain.none_selected == pytest.approx(1)
    assert certain.expected_patients == pytest.approx(3)
    assert none.selected[2] == pytest.approx(1)


@pytest.mark.parametrize(
    ("target", "up", "down"),
    [(0.15, 0.118, 0.179), (0.20, 0.157, 0.238), (0.25, 0.197, 0.298), (0.30, 0.236, 0.358), (0.35, 0.276, 0.419),
     (0.40, 0.316, 0.479)],
)  # fmt: skip
def test_bounds_are_those_of_the_paper(target: float, up: float, down: float) -> None:
    """Table 1 of Yuan et al. 2016 (doi 10.1158/1078-0432.CCR-16-0592), recalled; three decimals, the last cut or rounded."""
    found = Bounds.of(target)
    assert found.up == pytest.approx(up, abs=1e-3)
    assert found.down == pytest.approx(down, abs=1e-3)


@pytest.mark.parametrize(("outcomes", "dose"), [("1NNN", 2), ("1NNN 2NNN", 3), ("1NNN 2NNN 3NTT", 2)])
def test_next_dose_of_a_published_example(outcomes: str, dose: int) -> None:
    """The example of Liu and Yuan 2015 as printed by the vignette of escalation 0.2.3; exact."""
    design = boin(5, 0.3, cohorts=Cohorts(3, 10))
    state = state_after(read_outcomes(outcomes, 5), 5)
    assert design.next_dose(state)[0] + 1 == dose


def test_a_closed_lowest_dose_ends_the_trial_without_a_dose() -> None:
    design = boin(5, 0.3, cohorts=Cohorts(3, 10))
    state = state_after(read_outcomes("1TTT", 5), 5)
    assert design.next_dose(state)[0] == NONE
    assert design.selected(state)[0] == NONE


def test_isotonic_means_are_pooled_with_their_weights() -> None:
    values, weights = np.array([[0.3, 0.1, 0.2]]), np.array([[1.0, 3.0, 1.0]])
    assert isotonic(values, weights, np.ones((1, 3), bool))[0] == pytest.approx([0.15, 0.15, 0.2])


def test_a_scenario_that_is_no_probability_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-001") as told:
        Truth.of([0.1, 1.2])
    assert "1.2" in str(told.value)


def test_a_target_outside_its_range_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002"):
        boin(3, 1.2, cohorts=Cohorts(3, 10))


@pytest.mark.parametrize(("text", "saw"), [("2X", "'2X'"), ("9N", "dose 9"), ("0N", "dose 0"), ("N", "'N'")])
def test_outcomes_that_cannot_be_read_are_refused(text: str, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-003") as told:
        read_outcomes(text, 5)
    assert saw in str(told.value)


def test_a_design_with_too_many_states_is_refused_soon_and_never_listed_unasked() -> None:
    design = boin(3, 0.3, cohorts=Cohorts(3, 1000))
    assert not listable(design, 20_000)
    assert listable(boin(3, 0.3, cohorts=Cohorts(3, 5)), 20_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "_kept", lambda one: exact._chain(one, 20_000))
        with pytest.raises(TrialError, match="TRIAL-004") as told:
            characteristics(design, Truth.of([0.1, 0.2, 0.3]))
    assert "states of the design BOIN with 3000 patients" in told.value.fault.saw
    assert "figures: simulated" in told.value.fault.fix


@pytest.mark.parametrize(
    ("target", "more", "saw", "fix"),
    [
        (1.3, {}, "target 1.3", "choose a target such as 0.3"),
        (0.8, {}, "1.4 times it, is 1.12", "give `high` between 0.8 and 1"),
        (0.3, {"high": 0.2}, "target 0.3 between 0.18 (too low) and 0.2 (too high)", "rates around the target"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_what_to_give(
    target: float, more: dict[str, float], saw: str, fix: str
) -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        boin(3, target, cohorts=Cohorts(3, 5), **more)  # type: ignore[arg-type]
    assert saw in told.value.fault.saw
    assert fix in told.value.fault.fix


def test_a_high_target_is_taken_with_a_rate_of_ones_own() -> None:
    assert boin(3, 0.8, high=0.9, cohorts=Cohorts(3, 5)).parameters["high"].value == 0.9
