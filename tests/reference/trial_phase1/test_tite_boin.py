"""TITE-BOIN against a published protocol table, and against its parent.

Source: anchors P12, Table 1 of a protocol in Contemp Clin Trials Commun 2022 (PMC9260438, read; columns were flattened in the
copy). Target 0.20, cohorts of three, suspended while more than half are pending. Tolerance: thresholds to two decimals, decisions
exact. RECORDED DISAGREEMENT: for 6 patients with 1 toxicity the table prints one decision (stay) for up to 3 pending; the formula
asks to go down while the follow-up is at most 0.47 (2 pending) or 1.86 (3 pending).
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from reference.trial_phase1.anchors import anchors
from vein2vein.errors import TrialError
from vein2vein.programme.trial import simulate as plain
from vein2vein.programme.trial.phase1.boin import Bounds, boin
from vein2vein.programme.trial.phase1.common import TooToxic
from vein2vein.programme.trial.phase1.late import SUSPEND, Setting, simulate
from vein2vein.programme.trial.phase1.tite_boin import Estimator, PendingInterval, tite_boin
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

RULE = PendingInterval(0.2, Bounds.of(0.2), "imputed")
THRESHOLDS, DECISIONS = anchors("P12")[:6], anchors("P12")[6:]
TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])
WORDS = {"escalate": 1, "stay": 0, "de-escalate": -1, "suspend": SUSPEND}


def cell(row: dict[str, str]) -> tuple[int, int, str, int]:
    match = re.fullmatch(r"n=(\d+) y=(>=)?(\d+) pending=(<=|>=)?(\d+)", row["inputs"])
    assert match is not None, row["inputs"]
    return int(match[1]), int(match[3]), match[4] or "=", int(match[5])


def moves(n: int, y: int, pending: int) -> set[int]:
    followed = np.linspace(0, pending, 50, endpoint=False)
    return set(RULE.move(*(np.full(50, k) for k in (n, y, pending)), followed).tolist())


@pytest.mark.parametrize("row", THRESHOLDS, ids=lambda row: row["inputs"])
def test_published_thresholds_of_the_follow_up(row: dict[str, str]) -> None:
    n, y, _, pending = cell(row)
    up, down = RULE.limits(n, y, pending)
    found = up if "escalate if STFT>=" in row["quantity"] else down
    assert found == pytest.approx(float(row["published_value"]), abs=0.005)


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row["inputs"])
def test_published_decisions(row: dict[str, str]) -> None:
    n, y, bound, pending = cell(row)
    most = n if bound == ">=" else pending
    for m in range(pending if bound != "<=" else 0, min(most, n - y) + 1):
        found = moves(n, y, m)
        if row["published_value"].startswith("one decision"):  # the recorded disagreement
            assert found == ({0} if m < 2 else {0, -1}), m
            continue
        decision = row["published_value"].split(" &")[0]
        assert found == {WORDS[decision]}, m
        if "eliminate" in row["published_value"]:
            least = TooToxic(0.2).boundary(n)
            assert least is not None
            assert least <= y
            assert least > y - 1


def test_the_disagreement_has_the_thresholds_that_the_formula_gives() -> None:
    assert RULE.limits(6, 1, 2)[1] == pytest.approx(0.47, abs=0.005)
    assert RULE.limits(6, 1, 3)[1] == pytest.approx(1.86, abs=0.01)


def test_the_other_estimator_counts_people_by_their_follow_up() -> None:
    rule = PendingInterval(0.3, Bounds.of(0.3), "effective")
    found = rule.rate(np.array([6]), np.array([1]), np.array([3]), np.array([1.5]))
    assert found == pytest.approx([1 / 4.5])
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        rule.limits(6, 1, 3)
    assert "imputed" in str(told.value)


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_a_window_of_zero_gives_boin_patient_by_patient(estimator: Estimator) -> None:
    late = simulate(
        tite_boin(5, 0.3, cohorts=Cohorts(3, 8), estimator=estimator), TRUTH, Setting(0, 7), trials=2000, seed=3
    )
    parent = plain.run(boin(5, 0.3, cohorts=Cohorts(3, 8)), TRUTH, trials=2000, seed=3)
    assert (late.trials.n == parent.n).all()
    assert (late.trials.y == parent.y).all()
    assert (late.trials.selected == parent.selected).all()
    assert not late.suspended.any()


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
def test_certain_toxicity_stops_none_reaches_the_top_and_waiting_costs_time(estimator: Estimator) -> None:
    design = tite_boin(4, 0.3, cohorts=Cohorts(3, 8), estimator=estimator)
    setting = Setting(28, 10)
    certain = simulate(design, Truth.of([1.0] * 4), setting, trials=200, seed=1).characteristics()
    none = simulate(design, Truth.of([0.0] * 4), setting, trials=200, seed=1).characteristics()
    assert certain.none_selected == 1
    assert none.selected[3] == 1
    slow, quick = (simulate(design, TRUTH_4, Setting(window, 10), trials=400, seed=1) for window in (56, 7))
    assert slow.mean_days[0] > quick.mean_days[0]
    assert slow.suspended.mean() > quick.suspended.mean()


TRUTH_4 = Truth.of([0.1, 0.2, 0.3, 0.5])


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        tite_boin(4, 0.3, cohorts=Cohorts(3, 8), estimator="best")  # type: ignore[arg-type]
    assert "'best'" in str(told.value)
