"""Words of a worked case or an answer that mean nothing are refused with what was expected."""

from __future__ import annotations

import pytest

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.given import as_categories, as_truth


def test_yes_no_and_null_are_truths() -> None:
    assert [as_truth(word) for word in ("yes", "no", None)] == [Truth.TRUE, Truth.FALSE, Truth.UNKNOWN]


def test_another_word_is_no_truth() -> None:
    with pytest.raises(ValueError, match="saw 'maybe', expected yes, no or null"):
        as_truth("maybe")


def test_a_category_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="saw blue, expected of green, red"):
        as_categories(frozenset({"red", "green"}), ["red", "blue"])
