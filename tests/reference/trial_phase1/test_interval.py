"""mTPI, mTPI-2, Keyboard and i3+3 against published decisions.

Sources: escalation 0.2.3, vignette A220 (anchors P08, read); decision for 3 of 6 at a target of 0.3 as measured with the
packages (mTPI stays, mTPI-2 and BOIN go down). Tolerance: exact, probabilities to the digits printed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaincc
from scipy.stats import beta

from reference.trial_phase1.anchors import anchors
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate
from vein2vein.programme.trial.exact import characteristics
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.common import TooToxic
from vein2vein.programme.trial.phase1.interval import MassMoves, i3_plus_3, keyboard, mtpi, mtpi2
from vein2vein.programme.trial.recommend import decision_table, recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
COHORTS = Cohorts(3, 10)
ALL = [i3_plus_3, mtpi, mtpi2, keyboard, boin]


def test_published_probabilities_of_mtpi() -> None:
    row = anchors("P08")[0]
    state = state_after(read_outcomes(row["inputs"].split(";")[0], 5), 5)
    over = betaincc(1 + state.y[0, :2], 1 + state.n[0, :2] - state.y[0, :2], 0.25)
    assert over == pytest.approx([float(value) for value in row["published_value"].split(";")], abs=5.1e-8)
    assert TooToxic(0.25).closed(state)[0].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("row", anchors("P08")[1:], ids=lambda row: row["inputs"])
def test_published_decisions_of_mtpi(row: dict[str, str]) -> None:
    found = recommend(mtpi(5, 0.3, cohorts=COHORTS), row["inputs"])
    assert (found.selected if row["quantity"] == "MTD" else found.dose) == int(row["published_value"])


@pytest.mark.parametrize(("design", "letter"), [(mtpi, "S"), (mtpi2, "D"), (keyboard, "D"), (boin, "D")])
def test_three_of_six_at_a_target_of_thirty_percent(design: type, letter: str) -> None:
    table = decision_table(design(5, 0.3, cohorts=COHORTS), most=6)
    assert {(row.patients, row.toxicities): row.decision for row in table}[6, 3] == letter


def test_keyboard_and_mtpi2_are_the_same_table() -> None:
    tables = [decision_table(design(5, 0.3, cohorts=COHORTS)) for design in (mtpi2, keyboard)]
    assert tables[0] == tables[1]


def test_pieces_of_mtpi2_weighed_with_an_independent_distribution() -> None:
    moves = mtpi2(5, 0.3, cohorts=COHORTS).rule.moves  # type: ignore[attr-defined]
    assert isinstance(moves, MassMoves)
    assert moves.edges == pytest.approx([0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1])
    for n in (3, 7, 12, 30):
        for y in range(n + 1):
            mass = np.diff(beta.cdf(moves.edges, 1 + y, 1 + n - y)) / np.diff(moves.edges)
            best = len(mass) - 1 - mass[::-1].argmax()
            assert moves.move(np.array([n]), np.array([y]))[0] == np.sign(moves.at - best), (n, y)


@pytest.mark.parametrize(
    ("y", "n", "letter"), [(0, 3, "E"), (1, 3, "S"), (2, 3, "D"), (2, 6, "S"), (3, 6, "D"), (4, 12, "S")]
)
def test_i3_plus_3_by_hand(y: int, n: int, letter: str) -> None:
    """Interval 0.25 to 0.35: 1 of 3 lies in it; 2 of 3 is above and 1 of 3 is not below, so down; 3 of 6: 2 of 6 is in it."""
    table = decision_table(i3_plus_3(5, 0.3, cohorts=COHORTS), most=12)
    assert {(row.patients, row.toxicities): row.decision for row in table}[n, y] == letter


def test_i3_plus_3_stays_where_one_toxicity_less_lies_below() -> None:
    # Of two patients one toxicity is 50 %, above 0.25; none is below: stay. Other interval designs go down.
    table = decision_table(i3_plus_3(5, 0.2, cohorts=COHORTS), most=2)
    assert {(row.patients, row.toxicities): row.decision for row in table}[2, 1] == "S"


@pytest.mark.parametrize("design", ALL)
def test_simulation_agrees_with_the_exact_chance(design: type) -> None:
    made = design(5, 0.3, cohorts=Cohorts(3, 8))
    exact, found = characteristics(made, TRUTH)[0], simulate.run(made, TRUTH, trials=8000, seed=8).characteristics()
    assert found.errors is not None
    assert (np.abs(found.selected - exact.selected) < 4 * found.errors.selected).all()
    assert (np.abs(found.patients - exact.patients) < 4 * found.errors.patients).all()


@pytest.mark.parametrize("design", ALL)
def test_certain_toxicity_stops_none_reaches_the_top_and_no_move_is_incoherent(design: type) -> None:
    made = design(4, 0.3, cohorts=Cohorts(3, 8))
    certain, none = characteristics(made, [Truth.of([1.0] * 4), Truth.of([0.0] * 4)])
    assert certain.none_selected == pytest.approx(1)
    assert none.selected[3] == pytest.approx(1)
    letters = {(row.patients, row.toxicities): row.decision for row in decision_table(made)}
    order = ["E", "S", "D", "DU"]
    for (n, y), letter in letters.items():
        if y:
            assert order.index(letter) >= order.index(letters[n, y - 1])


@pytest.mark.parametrize("design", ALL)
def test_three_thousand_patients_at_a_dose(design: type) -> None:
    made = design(3, 0.3, cohorts=Cohorts(1500, 3))
    n, y = np.array([3000, 3000, 3000]), np.array([0, 900, 1500])
    assert made.rule.moves.move(n, y).tolist() == [1, 0, -1]


def test_impossible_targets_and_intervals_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        mtpi(5, 0.0, cohorts=COHORTS)
    assert "target 0" in str(told.value)
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        i3_plus_3(5, 0.3, cohorts=COHORTS, interval=(0.35, 0.4))
    assert "holds 0.3" in str(told.value)
