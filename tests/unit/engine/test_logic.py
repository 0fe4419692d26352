"""Counting parts that are true, false or open."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from vein2vein.engine.vector.logic import Pair, truth_of
from vein2vein.knowledge.predicates import CountOf, Ref

_TRUTHS = [(True, True), (False, True), (False, False)]


@pytest.mark.parametrize("needed", [0, 1, 2, 3, 4])
def test_so_many_parts_are_true_whether_asked_one_by_one_or_as_arrays(needed: int) -> None:
    """A part that no longer matters is not asked; the answer is that of all parts."""
    names = ("a", "b", "c")
    when = CountOf(needed, tuple(Ref(name) for name in names))
    cases = list(product(_TRUTHS, repeat=len(names)))
    expected = [tuple(sum(sides) >= needed for sides in zip(*case, strict=True)) for case in cases]
    found = [truth_of(when, _never, dict(zip(names, case, strict=True))) for case in cases]
    assert found == expected
    columns = {
        name: tuple(np.array(side) for side in zip(*truths, strict=True))
        for name, truths in zip(names, zip(*cases, strict=True), strict=True)
    }
    at_once = truth_of(when, _never, columns)
    for side in (0, 1):
        assert np.broadcast_to(at_once[side], len(cases)).tolist() == [answer[side] for answer in expected]


def _never(name: str, leaf: object) -> Pair:
    message = f"{name} is a criterion, not {leaf}"
    raise AssertionError(message)
