"""PoD-TPI: probabilities of the decision in closed form, and mTPI-2 without pending patients.

No printed table was at hand. Exact checks: one pending patient in beta functions; all outcomes known; certain waiting.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import beta

from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as known
from vein2vein.programme.trial.phase1.interval import mtpi2
from vein2vein.programme.trial.phase1.late import SUSPEND, Seen, Setting, simulate
from vein2vein.programme.trial.phase1.pod_tpi import DecisionProbability, pod_tpi
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, States

COHORTS = Cohorts(3, 10)
DESIGN = pod_tpi(5, 0.3, cohorts=COHORTS)
TRUTH = Truth.of([0.05, 0.15, 0.3, 0.45, 0.6])


def _rule(**options: float) -> DecisionProbability:
    rule = pod_tpi(5, 0.3, cohorts=COHORTS, **options).rule
    assert isinstance(rule, DecisionProbability)
    return rule


@pytest.mark.parametrize(("n", "y", "w"), [(3, 0, 0.0), (3, 1, 0.5), (6, 1, 0.25), (9, 2, 0.9), (4, 2, 1.0)])
def test_one_pending_patient_in_closed_form(n: int, y: int, w: float) -> None:
    """With a uniform prior, the chance of a toxicity to come is a ratio of beta functions."""
    chance = (1 - w) * beta(y + 2, n - y) / (beta(y + 1, n - y) - w * beta(y + 2, n - y))
    rule = _rule()
    found = rule.probabilities(np.array([n]), np.array([y]), np.array([[w]]))[0]
    moves = [int(rule.moves.move(np.array([n]), np.array([y + more]))[0]) for more in (0, 1)]
    expected = np.zeros(3)
    expected[moves[0] + 1] += 1 - chance
    expected[moves[1] + 1] += chance
    assert found == pytest.approx(expected, abs=1e-10)


def test_nobody_followed_yet_is_the_beta_binomial() -> None:
    """Three treated, none followed: the number of toxicities is uniform on 0 to 3 under a uniform prior."""
    found = _rule()._coming(np.array([3]), np.array([0]), np.zeros((1, 3)), np.ones((1, 3), bool))
    assert found[0] == pytest.approx([0.25] * 4, abs=1e-10)


def test_without_pending_patients_it_is_mtpi2() -> None:
    rule = _rule()
    n, y = (grid.ravel() for grid in np.meshgrid(np.arange(1, 31), np.arange(31)))
    n, y = n[y <= n], y[y <= n]
    assert np.array_equal(rule.move(n, y, np.empty((len(n), 0))), rule.moves.move(n, y))


def test_with_a_window_of_zero_it_treats_the_same_patients_as_mtpi2() -> None:
    late = simulate(DESIGN, TRUTH, Setting(0, 10), trials=500, seed=4).trials
    parent = known.run(mtpi2(5, 0.3, cohorts=COHORTS), TRUTH, trials=500, seed=4)
    assert np.array_equal(late.n, parent.n)
    assert np.array_equal(late.y, parent.y)
    assert np.array_equal(late.selected, parent.selected)


def test_certain_outcomes_decide_at_once_and_uncertain_ones_wait() -> None:
    rule = _rule()

    def move(n: int, y: int, *weights: float) -> int:
        return int(rule.move(np.array([n]), np.array([y]), np.array([list(weights)]))[0])

    assert move(3, 0, 0.9, 0.9, 0.9) == SUSPEND  # escalation is probable, not certain
    assert move(3, 2, 0.1) == -1  # down whatever comes
    assert move(12, 0, 0.5) == 1  # up whatever comes
    assert _rule(least_up=0.5).move(np.array([6]), np.array([0]), np.array([[0.9, 0.9, 0.9]]))[0] == 1


def test_nobody_known_at_a_dose_waits_and_at_the_ends_of_the_doses_one_stays() -> None:
    """As the R program that follows the paper: no decision without a known outcome; no way out of the range of doses."""

    def goes(at: int, n: int, y: int, *weights: float, closed: int = 5, **options: float) -> int:
        counts = [np.array([[3] * at + [k] + [0] * (4 - at)]) for k in (n, y)]
        counts[1][0, :at] = 0
        states = States(*counts, np.array([at]), np.array([3]), np.array([0]))
        seen = Seen.of(states, np.full(len(weights), at), np.array(weights))
        return int(_rule(**options).next_dose(seen, np.arange(5)[None, :] >= closed)[0])

    # with nobody followed at all, going down would be the most probable decision: 2 or 3 of 3
    assert _rule().probabilities(np.array([3]), np.array([0]), np.zeros((1, 3)))[0, 0] == pytest.approx(0.5)
    assert goes(1, 3, 0, 0.0, 0.0, 0.0) == SUSPEND
    assert goes(0, 3, 0, 0.9, 0.9, 0.9, least_up=0.5) == SUSPEND
    # 1 of 3 known and one pending: going down is likely enough to wait, but not from the lowest dose
    assert goes(1, 3, 1, 0.3) == SUSPEND
    assert goes(0, 3, 1, 0.3) == 0
    # at the highest open dose, escalation that is not certain is no reason to wait
    assert goes(2, 6, 0, 0.7, 0.7) == SUSPEND
    assert goes(2, 6, 0, 0.7, 0.7, closed=3) == 2
    assert goes(4, 6, 0, 0.7, 0.7) == 4


def test_easier_probabilities_make_trials_shorter_and_suspend_less() -> None:
    setting = Setting(28, 7)
    cautious = simulate(DESIGN, TRUTH, setting, trials=400, seed=2)
    quick = simulate(pod_tpi(5, 0.3, cohorts=COHORTS, least_up=0.4, most_down=1.0), TRUTH, setting, trials=400, seed=2)
    assert quick.mean_days[0] < cautious.mean_days[0] - 3 * cautious.mean_days[1]
    assert quick.suspended.mean() < cautious.suspended.mean()


def test_certain_toxicity_stops_and_none_reaches_the_top() -> None:
    setting = Setting(28, 10)
    toxic = simulate(DESIGN, Truth.of([1.0] * 5), setting, trials=20, seed=1).trials
    assert (toxic.selected == -1).all()
    assert (toxic.n[:, 1:] == 0).all()
    clean = simulate(DESIGN, Truth.of([0.0] * 5), setting, trials=20, seed=1).trials
    assert (clean.selected == 4).all()


def test_only_patients_at_the_current_dose_are_pending_for_it() -> None:
    states = States(
        np.array([[3, 3, 0, 0, 0]]), np.array([[0, 0, 0, 0, 0]]), np.array([0]), np.array([3]), np.array([0])
    )
    seen = Seen.of(states, np.array([1, 1]), np.array([0.2, 0.3]))
    assert DESIGN.rule.next_dose(seen, np.zeros((1, 5), bool))[0] == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [({"least_up": 0.0}, "probabilities, the first above 0"), ({"most_down": 1.2}, "probabilities"),
     ({"interval": (0.4, 0.5)}, "one within")],
)  # fmt: skip
def test_refusals(options: dict[str, object], told: str) -> None:
    with pytest.raises(TrialError, match=told):
        pod_tpi(5, 0.3, cohorts=COHORTS, **options)
    with pytest.raises(TrialError, match="a rate between 0 and 1"):
        pod_tpi(5, 1.3, cohorts=COHORTS)
