"""Exchangeable baskets: all structures agree where they must, and limits are known."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy.special import beta, betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.mem import Structure, _labels, borrow
from vein2vein.programme.trial.phase2.posterior import Beta

Y, N = [4, 1, 3], [10, 9, 5]


@pytest.mark.parametrize("structure", get_args(Structure))
def test_with_pairs_hardly_thinkable_baskets_stand_alone(structure: Structure) -> None:
    found = borrow(Y, N, 0.2, pair=1e-9, structure=structure)
    alone = [betaincc(0.5 + y, 0.5 + n - y, 0.2) for y, n in zip(Y, N, strict=True)]
    assert found.above == pytest.approx(alone, abs=1e-6)
    assert found.worth == pytest.approx([11, 10, 6], abs=1e-5)


@pytest.mark.parametrize("structure", get_args(Structure))
def test_with_pairs_certain_baskets_are_pooled(structure: Structure) -> None:
    found = borrow(Y, N, 0.2, pair=1 - 1e-9, structure=structure)
    assert found.above == pytest.approx([betaincc(8.5, 16.5, 0.2)] * 3, abs=1e-6)


def test_two_baskets_as_a_partition_by_hand() -> None:
    """Together against apart: B(3.5, 1.5) B(.5, .5) against B(2.5, .5) B(1.5, 1.5), for 2 of 2 and 1 of 2."""
    found = borrow([2, 1], [2, 2], 0.5, structure="partitions")
    together = beta(3.5, 1.5) / beta(0.5, 0.5)
    apart = beta(2.5, 0.5) * beta(1.5, 1.5) / beta(0.5, 0.5) ** 2
    assert found.together[0, 1] == pytest.approx(together / (together + apart))


def test_two_baskets_as_a_graph_count_the_data_once_per_basket() -> None:
    """The weight of a graph has one factor per basket, so the odds of two baskets are those of the partition squared."""
    graph, partition = borrow(Y[:2], N[:2], 0.2), borrow(Y[:2], N[:2], 0.2, structure="partitions")
    odds = [found.together[0, 1] / (1 - found.together[0, 1]) for found in (graph, partition)]
    assert odds[0] == pytest.approx(odds[1] ** 2)


def test_order_of_baskets_does_not_matter() -> None:
    there, back = borrow(Y, N, 0.2), borrow(Y[::-1], N[::-1], 0.2)
    assert there.above == pytest.approx(back.above[::-1])
    assert np.allclose(there.together, back.together[::-1, ::-1])


def test_weights_are_chances() -> None:
    for structure in get_args(Structure):
        found = borrow(Y, N, [0.2, 0.3, 0.1], prior=Beta(1, 1), structure=structure)
        assert [weight.sum() for weight in found.weights] == pytest.approx([1, 1, 1])
        assert np.diag(found.together) == pytest.approx([1, 1, 1])


def test_partitions_are_counted_by_bell_numbers() -> None:
    assert [len(_labels(k)) for k in range(1, 8)] == [1, 2, 5, 15, 52, 203, 877]


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(TrialError, match="2 to 7 for graphs"):
        borrow([1] * 8, [3] * 8, 0.2)
    with pytest.raises(TrialError, match="of each pair"):
        borrow(Y, N, 0.2, pair=1.0)
    with pytest.raises(TrialError, match="5 responses of 3 patients in group 1"):
        borrow([5, 1], [3, 3], 0.2)
