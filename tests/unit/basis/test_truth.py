"""Three-valued logic and bounds."""

from __future__ import annotations

import itertools

import pytest

from vein2vein.basis.truth import Bounds, Truth, all_of, any_of, at_least

F, U, T = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE


@pytest.mark.parametrize(
    ("parts", "every", "some"),
    [
        ((), T, F), ((T,), T, T), ((U,), U, U), ((F,), F, F), ((T, U), U, T), ((F, U), F, U), ((T, F), F, T),
        ((T, T), T, T), ((F, F), F, F),
    ],
)  # fmt: skip
def test_all_and_any(parts: tuple[Truth, ...], every: Truth, some: Truth) -> None:
    assert all_of(parts) is every
    assert any_of(parts) is some


def test_unknown_means_that_both_answers_are_possible() -> None:
    """Whatever replaces the unknown parts, the combination covers the answer; and no combination is wider than needed."""
    for parts in itertools.product((F, U, T), repeat=3):
        for needed in (1, 2, 3):
            filled = [[part] if part is not U else [F, T] for part in parts]
            answers = {at_least(choice, needed) for choice in itertools.product(*filled)}
            expected = U if len(answers) == 2 else next(iter(answers))
            assert at_least(parts, needed) is expected


def test_negation_and_pairs() -> None:
    assert (~T, ~F, ~U) == (F, T, U)
    assert Truth.of(None) is U
    assert Truth.of(True) is T
    assert Truth.of(False) is F
    assert Truth.from_pair(certain=False, possible=True) is U


def test_a_truth_has_no_plain_boolean() -> None:
    with pytest.raises(TypeError, match="ask is_certain or is_possible"):
        bool(U)
    assert (T.is_certain, U.is_certain, U.is_possible, F.is_possible) == (True, False, True, False)


def test_bounds() -> None:
    assert str(Bounds(2, 2)) == "2"
    assert str(Bounds(2, 4)) == "2 to 4"
    assert Bounds(2, 2).is_exact
    assert not Bounds(2, 4).is_exact
    assert Bounds(0, 4).covers(Bounds(2, 3))
    assert not Bounds(2, 3).covers(Bounds(0, 4))
    assert Bounds(1, 2) + Bounds(0, 3) == Bounds(1, 5)
    assert [grade for grade in range(6) if Bounds(2, 4).contains(grade)] == [2, 3, 4]
    with pytest.raises(ValueError, match="low 3 > high 2"):
        Bounds(3, 2)
