"""Monitoring: the forward pass equals listing every sequence of patients; boundaries that make no sense are refused."""

from __future__ import annotations

from itertools import product

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.simon import TwoStage

DESIGN = Monitoring(looks=(3, 5, 8), futile=(0, 1, 3), success=(3, 5, 4))


def listed(design: Monitoring, p: float) -> tuple[float, float]:
    """Chance of success and expected patients from all sequences of outcomes."""
    success, expected = 0.0, 0.0
    for outcomes in product((0, 1), repeat=design.most):
        chance = p ** sum(outcomes) * (1 - p) ** (design.most - sum(outcomes))
        for n in design.looks:
            decision = design.decide(n, sum(outcomes[:n]))
            if decision != "go on":
                success += chance * (decision == "success")
                expected += chance * n
                break
    return success, expected


@pytest.mark.parametrize("p", [0.0, 0.1, 0.45, 0.9, 1.0])
def test_characteristics_equal_listing_every_trial(p: float) -> None:
    found = DESIGN.characteristics(p)
    assert (found.success, found.expected_patients) == pytest.approx(listed(DESIGN, p))
    assert sum(found.ends_at) == pytest.approx(1)


def test_two_looks_are_a_two_stage_design() -> None:
    design, looks = TwoStage(1, 10, 5, 29), Monitoring((10, 29), (1, 5), (11, 6))
    for p in (0.1, 0.3):
        found = looks.characteristics(p)
        assert found.success == pytest.approx(design.succeeds(p))
        assert found.early_futility == pytest.approx(design.stops_early(p))
        assert found.expected_patients == pytest.approx(design.expected(p))


def test_the_worst_null_is_searched() -> None:
    assert DESIGN.type_1_error(0.2) == (pytest.approx(DESIGN.characteristics(0.2).success), pytest.approx(0.2))
    never = Monitoring((4,), (4,), (5,))
    assert never.type_1_error(0.5)[0] == 0.0


@pytest.mark.parametrize(
    ("looks", "futile", "success", "message"),
    [
        ((5, 5), (0, 2), (6, 3), "rising numbers"),
        ((), (), (), "rising numbers"),
        ((5, 9), (0,), (6, 3), "one of each per look"),
        ((5, 9), (3, 2), (3, 3), "futility below success"),
        ((5, 9), (0, 2), (6, 5), "every outcome of the last look"),
    ],
)
def test_impossible_boundaries_are_refused(
    looks: tuple[int, ...], futile: tuple[int, ...], success: tuple[int, ...], message: str
) -> None:
    with pytest.raises(TrialError, match=message):
        Monitoring(looks, futile, success)


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(TrialError, match=r"planned looks: \[3, 5, 8\]"):
        DESIGN.decide(4, 1)
    with pytest.raises(TrialError, match="6 responses of 5"):
        DESIGN.decide(5, 6)
    with pytest.raises(TrialError, match="from 0 to 1"):
        DESIGN.characteristics(1.2)
