"""TEPI: interval masses and desirability against direct integration, moves by the table, refusals. The table is our own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.phase12.common import Futility
from vein2vein.programme.trial.phase12.tepi import Desirable, TepiTable, _mean_ramp, tepi
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

TABLE = TepiTable.of([0, 0.15, 0.35, 1], [0, 0.3, 0.6, 1], ["EEE", "ESS", "DDD"])
SELECTION = Desirable((0.15, 0.4), (0.2, 0.6))
DESIGN = tepi(3, TABLE, SELECTION, toxicity=0.35, cohorts=Cohorts(3, 6), efficacy=0.2, cutoff_efficacy=0.8)


@pytest.mark.parametrize(
    ("outcomes", "dose"),
    [
        ("1NNN", 2),
        ("1EEE", 2),  # low toxicity goes up whatever responds, in this table
        ("1EEN 2TEN 2NEN", 2),  # 1 of 6: middle; 2 of 6 responding: middle, so stay
        ("1EEN 2TTN", 1),
        ("1TTT", None),
        ("1EEN 2EEN 3EEE", 3),  # no dose above
        ("1NNN 1NNN 1TNN", 2),  # 0 of 9 responding is futile (0.893), the next dose is open
    ],
)
def test_next_dose(outcomes: str, dose: int | None) -> None:
    assert recommend(DESIGN, outcomes).dose == dose


def test_reasons_name_the_intervals() -> None:
    assert recommend(DESIGN, "1NNN").reasons[0] == (
        "0 of 3 with a toxicity (likeliest 0 to 0.15), 0 with a response (likeliest 0 to 0.3): E, dose 2"
    )


def test_intervals_are_those_with_the_largest_mass_per_length() -> None:
    for n in range(1, 10):
        for y in range(n + 1):
            mass = np.diff(beta(1 + y, 1 + n - y).cdf(TABLE.toxicity)) / np.diff(TABLE.toxicity)
            chosen = int(TABLE.pairs(np.array(n), np.array(y), np.array(0))[0])
            assert mass[chosen] == pytest.approx(mass.max(), abs=1e-9)


@pytest.mark.parametrize(("n", "count"), [(0, 0), (3, 1), (9, 9)])
def test_mean_of_a_ramp_is_its_integral(n: int, count: int) -> None:
    density = beta(1 + count, 1 + n - count).pdf
    direct = quad(lambda q: density(q) * min(max((q - 0.2) / 0.4, 0), 1), 0, 1, points=[0.2, 0.6])[0]
    assert _mean_ramp(np.array(n), np.array(count), (0.2, 0.6)) == pytest.approx(direct, abs=1e-9)


def test_exact_characteristics_agree_with_simulation() -> None:
    truth = Truth.of([0.05, 0.15, 0.5], [0.2, 0.6, 0.6])
    (listed,) = exact.characteristics(DESIGN, truth)
    drawn = simulate.characteristics(DESIGN, truth, trials=20_000, seed=4)
    assert drawn.errors is not None
    assert listed.selected.argmax() == 1
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4 * drawn.errors.patients).all()


@pytest.mark.parametrize(
    ("ends", "moves", "said"),
    [
        ([0, 0.5, 0.4, 1], ["EEE"] * 3, "ends"),
        ([0.1, 0.5, 1], ["EEE"] * 2, "ends"),
        ([0, 0.5, 1], ["EEE"] * 3, "moves"),
        ([0, 0.5, 1], ["EEE", "EXE"], "moves"),
        ([0, 0.5, 1], ["EEE", "EE"], "2 rows of 3 letters"),
    ],
)
def test_refuses_tables_that_cannot_be(ends: list[float], moves: list[str], said: str) -> None:
    with pytest.raises(TrialError, match=said):
        TepiTable.of(ends, [0, 0.3, 0.6, 1], moves)


def test_refuses_half_a_futility_rule_and_limits_that_fall() -> None:
    with pytest.raises(TrialError, match="cutoff_efficacy=None"):
        tepi(3, TABLE, SELECTION, toxicity=0.35, cohorts=Cohorts(3, 6), efficacy=0.2)
    with pytest.raises(TrialError, match="toxicity between"):
        Desirable((0.4, 0.15), (0.2, 0.6))
    assert Futility(0.2, 0.8).futile(np.array(9), np.array(0))
