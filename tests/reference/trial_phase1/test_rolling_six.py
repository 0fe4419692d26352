"""Rolling six: lines of the recalled table, and 3+3 as what it must equal when outcomes are known at once.

Source: Skolnik et al. 2008 (doi 10.1200/JCO.2007.12.7712), recalled. No published characteristics were at hand. Tolerance:
decisions exact; selections within four Monte Carlo errors of the exact ones of 3+3.
"""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.phase1.late import SUSPEND, Seen, Setting, simulate
from vein2vein.programme.trial.phase1.rolling_six import RollingSix, rolling_six
from vein2vein.programme.trial.phase1.three_plus_three import Closing, TwoToxicities, three_plus_three
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, States

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])


@pytest.mark.parametrize(
    ("n", "y", "pending", "next_dose"),
    [(2, 0, 0, 1), (3, 0, 0, 2), (3, 0, 1, 1), (3, 1, 0, 1), (4, 0, 0, 2), (5, 0, 2, 1), (5, 1, 0, 1), (6, 0, 1, 2), (6, 1, 0, 2),
     (6, 0, 2, SUSPEND), (6, 1, 1, SUSPEND), (4, 2, 2, NONE), (6, 2, 0, NONE)],
)  # fmt: skip
def test_lines_of_the_table(n: int, y: int, pending: int, next_dose: int) -> None:
    states = States(np.array([[3, n, 0]]), np.array([[0, y, 0]]), np.array([1]), np.array([1]), np.array([0]))
    seen = Seen.of(states, np.full(pending, 1), np.full(pending, 0.5))
    assert RollingSix("below").next_dose(seen, TwoToxicities().closed(states))[0] == next_dose


@pytest.mark.parametrize("closing", ["below", "six"])
def test_outcomes_known_at_once_give_the_selections_of_three_plus_three(closing: Closing) -> None:
    exact = characteristics(three_plus_three(5, closing=closing), TRUTH)[0]
    found = simulate(rolling_six(5, closing=closing), TRUTH, Setting(0, 7), trials=8000, seed=5).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    # A dose is left as soon as the second toxicity is seen, without completing the three.
    assert found.expected_patients < exact.expected_patients


def test_pending_patients_cost_patients_and_save_time() -> None:
    slow = simulate(rolling_six(4), Truth.of([0.05, 0.1, 0.2, 0.3]), Setting(28, 7), trials=500, seed=5)
    known = simulate(rolling_six(4), Truth.of([0.05, 0.1, 0.2, 0.3]), Setting(0, 7), trials=500, seed=5)
    assert slow.characteristics().expected_patients > known.characteristics().expected_patients


def test_an_unknown_closing_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        rolling_six(3, closing="open")  # type: ignore[arg-type]
    assert "'open'" in str(told.value)
