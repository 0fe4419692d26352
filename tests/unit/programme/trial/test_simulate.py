"""Simulation: walking the chain and asking the rules give the same trials; errors are told; patients are shared."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
DESIGN = boin(5, 0.3, cohorts=Cohorts(3, 10))


@pytest.mark.parametrize("options", [{}, {"titration": True}, {"stop_at": 9}, {"extra_safety": 0.05}])
def test_walking_the_chain_and_asking_the_rules_give_the_same_trials(options: dict[str, object]) -> None:
    design = boin(5, 0.3, cohorts=Cohorts(3, 6), **options)  # type: ignore[arg-type]
    walked = simulate.walk(design, TRUTH, trials=3000, seed=5)
    asked = simulate.run(design, TRUTH, trials=3000, seed=5)
    assert (walked.n == asked.n).all()
    assert (walked.y == asked.y).all()
    assert (walked.selected == asked.selected).all()


def test_exact_figures_lie_within_the_monte_carlo_error() -> None:
    exact = characteristics(DESIGN, TRUTH)[0]
    found = simulate.walk(DESIGN, TRUTH, trials=200_000, seed=3).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    assert (np.abs(found.patients - exact.patients) < 4 * found.errors.patients).all()
    assert (np.abs(found.toxicities - exact.toxicities) < 4 * found.errors.toxicities).all()
    assert abs(found.none_selected - exact.none_selected) < 4 * found.errors.none_selected


def test_the_same_seed_gives_the_same_trials_on_any_number_of_threads() -> None:
    ends = [simulate.ends_reached(DESIGN, TRUTH, trials=20_000, seed=9, threads=threads) for threads in (1, 3)]
    assert (ends[0] == ends[1]).all()


def test_more_trials_and_more_patients_leave_the_first_trials_as_they_were() -> None:
    few = simulate.walk(boin(5, 0.3, cohorts=Cohorts(3, 4)), TRUTH, trials=100, seed=2)
    many = simulate.walk(boin(5, 0.3, cohorts=Cohorts(3, 4)), TRUTH, trials=9000, seed=2)
    assert (few.n == many.n[:100]).all()
    # Of a longer trial the first four cohorts are those of the short one: nobody is treated less.
    longer = simulate.walk(boin(5, 0.3, cohorts=Cohorts(3, 10)), TRUTH, trials=100, seed=2)
    assert (longer.n >= few.n).all()


def test_shared_patients_make_a_difference_less_noisy() -> None:
    one = simulate.walk(DESIGN, TRUTH, trials=5000, seed=4)
    other = simulate.walk(boin(5, 0.3, cohorts=Cohorts(3, 10), extra_safety=0.05), TRUTH, trials=5000, seed=4)
    found = simulate.difference(lambda trials: trials.selected == 2, one, other)  # type: ignore[arg-type,return-value]
    assert found.error < 0.3 * found.unpaired_error


def test_a_chance_that_never_came_true_still_has_an_error() -> None:
    found = simulate.walk(DESIGN, Truth.of([0.0] * 5), trials=1000, seed=1).characteristics()
    assert found.errors is not None
    assert found.none_selected == 0
    assert found.errors.none_selected > 0


def test_one_trial_or_a_wrong_scenario_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-004") as told:
        simulate.run(DESIGN, TRUTH, trials=1, seed=1)
    assert "1 trials" in str(told.value)
    with pytest.raises(TrialError, match="TRIAL-001") as told:
        simulate.run(DESIGN, Truth.of([0.1, 0.2]), trials=10, seed=1)
    assert "2 probabilities" in str(told.value)
