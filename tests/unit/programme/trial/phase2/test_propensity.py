"""Propensity scores: balance where it is exact, pairs that are each other's best, and groups that do not overlap refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.propensity import balance, effective, match, scores, weights
from vein2vein.programme.trial.words import Bools, Floats


def patients(number: int = 600) -> tuple[Floats, Bools]:
    draws = Streams(3)["trial/test/propensity"]
    x = draws.normal(size=(number, 2))
    group = draws.random(number) < 1 / (1 + np.exp(1.0 - x[:, 0] + 0.5 * x[:, 1]))
    return x, group


def test_one_binary_covariate_is_the_share_of_treated_at_each_value() -> None:
    x = np.array([0] * 10 + [1] * 10)[:, None]
    group = np.array([1] * 2 + [0] * 8 + [1] * 7 + [0] * 3)
    assert scores(x, group) == pytest.approx([0.2] * 10 + [0.7] * 10)


def test_overlap_weights_balance_means_exactly() -> None:
    x, group = patients()
    score = scores(x, group)
    found = balance(x, group, weights(score, group, "overlap"))
    assert np.abs(found.before).max() > 0.3
    assert np.abs(found.after).max() < 1e-6


@pytest.mark.parametrize("target", ["treated", "everybody"])
def test_weights_bring_groups_together(target: str) -> None:
    x, group = patients()
    found = balance(x, group, weights(scores(x, group), group, target))  # type: ignore[arg-type]
    assert np.abs(found.after).max() < 0.15 < np.abs(found.before).max()
    assert found.effective_control < (~group).sum()


def test_effective_sample_size_by_hand() -> None:
    assert effective(np.array([1.0, 1, 1, 1])) == 4
    assert effective(np.array([3.0, 1])) == pytest.approx(16 / 10)
    assert effective(np.zeros(3)) == 0


def test_pairs_stay_within_the_caliper_and_use_nobody_twice() -> None:
    x, group = patients(200)
    score = scores(x, group)
    pairs = match(score, group)
    line = np.log(score / (1 - score))
    used = [row for pair in pairs for row in pair]
    assert len(set(used)) == len(used)
    assert all(group[a] and not group[b] for a, b in pairs)
    assert max(abs(line[a] - line[b]) for a, b in pairs) <= 0.2 * line.std(ddof=1)


def test_as_many_pairs_as_possible_are_made() -> None:
    """Greedy matching of the first treated to the nearest control would leave the second alone."""
    score = 1 / (1 + np.exp(-np.array([0.0, 0.9, 0.5, -0.9, 8.0, -8.0])))
    group = np.array([1, 1, 0, 0, 1, 0])
    assert sorted(match(score, group)) == [(0, 3), (1, 2)]


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda s, g: weights(s, g, "att"), "treated, everybody or overlap"),
        (lambda s, g: weights(s[:2], g), "one of each per patient"),
        (lambda s, g: weights(np.where(s == s[0], 1.0, s), g), "chances between 0 and 1"),
        (lambda s, g: weights(np.where(s == s[0], np.nan, s), g, "everybody"), "chances between 0 and 1"),
        (lambda s, g: match(s[:2], g), "one of each per patient"),
        (lambda s, g: match(np.where(s == s[0], 0.0, s), g), "chances between 0 and 1"),
        (lambda s, g: balance(np.eye(4), g, -np.ones(4)), "a weight from 0 for each patient"),
        (lambda s, g: balance(np.eye(4), g, 1.0 - g), "a weight from 0 for each patient"),
        (lambda s, g: balance(np.eye(4), g, np.ones(3)), "a weight from 0 for each patient"),
        (lambda s, g: balance(np.eye(4), [1, 0, 0, 0], np.ones(4)), "at least two in each group"),
        (lambda s, g: scores([["old"], ["young"]], [0, 1]), "numbers"),
    ],
)
def test_scores_weights_and_targets_that_cannot_be_are_refused(ask: Any, expected: str) -> None:
    with pytest.raises(TrialError) as told:
        ask(np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 1, 0, 1]))
    assert told.value.fault.expected.startswith(expected)


def test_unusable_data_are_refused() -> None:
    with pytest.raises(TrialError, match=r"TRIAL-062[\s\S]*apart completely"):
        scores(np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1]))
    with pytest.raises(TrialError, match="missing covariate of patient 2"):
        scores(np.array([[0.0], [np.nan], [2]]), np.array([0, 1, 1]))
    with pytest.raises(TrialError, match="1 for treated and 0 for control"):
        scores(np.array([[0.0], [1]]), np.array([1, 1]))
    with pytest.raises(TrialError, match="no pair within the caliper"):
        match(np.array([0.9, 0.1, 0.85, 0.15]), np.array([1, 0, 1, 0]), caliper=0.01)
