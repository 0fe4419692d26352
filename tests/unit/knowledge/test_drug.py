"""Doses by weight and surface, caps, and locks at their very boundaries."""

from __future__ import annotations

import pytest

from vein2vein.basis.clock import hours
from vein2vein.knowledge.documents.drug import DoseRule, Drug, Limits
from vein2vein.knowledge.library import default_library

TOCILIZUMAB = default_library().get("drug.tocilizumab", Drug)
NOW = hours(10_000)


@pytest.mark.parametrize(
    ("weight", "amount", "is_capped"),
    [
        (10, 120, False),
        (29.999, 359.988, False),
        (30, 240, False),
        (99.9, 799.2, False),
        (100, 800, False),
        (100.1, 800, True),
        (160, 800, True),
    ],
)
def test_tocilizumab_at_the_band_and_at_the_cap(weight: float, amount: float, is_capped: bool) -> None:
    dose = TOCILIZUMAB.doses["standard"].compute(weight=weight)
    assert (dose.low, dose.high, dose.is_capped) == (amount, amount, is_capped)


def test_a_dose_without_its_weight_is_not_computed() -> None:
    dose = TOCILIZUMAB.doses["standard"].compute()
    assert (dose.low, dose.high, dose.missing, dose.is_computed) == (None, None, ("weight",), False)


def test_a_dose_by_surface_asks_for_the_surface_alone() -> None:
    rule = DoseRule(amount=75, up_to=100, unit="mg", per="m2")
    assert rule.compute(weight=70).missing == ("body surface area",)
    dose = rule.compute(surface=2.0)
    assert (dose.low, dose.high, dose.rule) == (150, 200, "75 to 100 mg/m2")


def _opening(*hours_ago: float):
    return TOCILIZUMAB.spacing.opening([NOW - hours(ago) for ago in hours_ago], NOW)


def test_exactly_8_hours_after_a_dose_the_next_is_allowed() -> None:
    assert _opening(8).is_open
    almost = TOCILIZUMAB.spacing.opening([NOW - hours(8) + 1], NOW)
    assert (almost.not_before, almost.because) == (NOW + 1, ("at least 8 h apart",))


def test_the_third_dose_in_24_hours_is_allowed_and_the_fourth_is_not() -> None:
    assert _opening(16, 8).is_open
    fourth = _opening(20, 14, 8)
    assert (fourth.not_before, fourth.because, fourth.left) == (NOW + hours(4), ("at most 3 in 24 h",), 1)


def test_a_dose_exactly_24_hours_ago_no_longer_counts() -> None:
    assert _opening(24, 16, 8).is_open
    assert not _opening(23.9, 16, 8).is_open


def test_four_in_all_and_no_more() -> None:
    spent = _opening(100, 80, 60, 40)
    assert (spent.never, spent.not_before, spent.left, spent.because) == (True, None, 0, ("at most 4 in all",))


def test_doses_after_the_instant_do_not_count() -> None:
    assert TOCILIZUMAB.spacing.opening([NOW + 1], NOW).left == 4


def test_the_order_of_the_doses_does_not_matter() -> None:
    assert _opening(1, 18, 9) == _opening(18, 9, 1)
    assert _opening(18, 9, 1).not_before == NOW + hours(7)


def test_limits_of_drug_and_source_hold_together() -> None:
    six = Limits(hours_apart=6)
    both = TOCILIZUMAB.spacing.and_also(six)
    assert both.hours_apart == 8
    assert both.at_most == TOCILIZUMAB.spacing.at_most
    assert Limits(hours_apart=12).and_also(six).hours_apart == 12
    assert six.and_also(None) is six


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"amount": 10, "up_to": 10}, "up_to is not above"),
        ({"amount": 10, "cap": 20}, "a cap belongs to a dose by body size"),
        ({"amount": 10, "unit": "spoons"}, "no UCUM unit"),
        ({"amount": 1, "per": "kg", "bands": [{"at_least_kg": kg, "amount": 2} for kg in (30, 20)]}, "lightest first"),
    ],
)  # fmt: skip
def test_a_faulty_dose_is_refused(rule: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DoseRule.model_validate(rule)
