"""3+3 with both closings against exact results of two R packages.

Source: exact characteristics that equal UBCRM and escalation 0.2.3 with allow_deescalate=FALSE (closing "below") and
escalation with allow_deescalate=TRUE (closing "six"). Status: measured with those programs. Tolerance: the printed digits.
"""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics, ends_of
from vein2vein.programme.trial.phase1.three_plus_three import Closing, three_plus_three
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])


@pytest.mark.parametrize(
    ("closing", "none", "selected", "patients"),
    [
        ("below", 0.0266, [0.1813, 0.4006, 0.2998, 0.0842, 0.0076], 12.71),
        ("six", 0.0278, [0.2006, 0.4289, 0.2774, 0.0614, 0.0038], 15.15),
    ],
)
def test_exact_characteristics(closing: Closing, none: float, selected: list[float], patients: float) -> None:
    found = characteristics(three_plus_three(5, closing=closing), TRUTH)[0]
    assert found.none_selected == pytest.approx(none, abs=5e-5)
    assert found.selected == pytest.approx(selected, abs=5e-5)
    assert found.expected_patients == pytest.approx(patients, abs=5e-3)


@pytest.mark.parametrize("closing", ["below", "six"])
def test_simulation_agrees_with_the_exact_chance(closing: Closing) -> None:
    design = three_plus_three(5, closing=closing)
    exact, found = (
        characteristics(design, TRUTH)[0],
        simulate.run(design, TRUTH, trials=20_000, seed=6).characteristics(),
    )
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    assert (np.abs(found.patients - exact.patients) < 4 * found.errors.patients).all()


@pytest.mark.parametrize(
    ("outcomes", "dose"),
    [("1NNN", 2), ("1NNT", 1), ("1NNT 1NNN", 2), ("1NTT", None), ("1NNN 2NTT", None), ("1NNN 2NNT 2NNT", None)],
)
def test_each_line_of_the_table_with_the_closing_below(outcomes: str, dose: int | None) -> None:
    assert recommend(three_plus_three(3), outcomes).dose == dose


def test_six_are_needed_at_the_dose_below_and_at_the_top() -> None:
    design = three_plus_three(3, closing="six")
    assert recommend(design, "1NNN 2NTT").dose == 1
    found = recommend(design, "1NNN 2NTT 1NNT")
    assert (found.dose, found.selected) == (None, 1)
    assert recommend(design, "1NNN 2NTT 1NTT").selected is None
    assert recommend(design, "1NNN 2NNN 3NNN").dose == 3
    assert recommend(design, "1NNN 2NNN 3NNN 3NNT").selected == 3


def test_chances_of_the_ends_sum_to_one() -> None:
    ends = ends_of(three_plus_three(6, closing="six"))
    assert ends.chances([Truth.of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])]).sum() == pytest.approx(1)
