"""Blocks: one stream per decision, independent of everything else."""

from __future__ import annotations

import pytest

from vein2vein.errors import Vein2VeinError
from vein2vein.population.blocks import BLOCK, Block
from vein2vein.population.parameters import setting


@pytest.fixture
def block() -> Block:
    return Block(7, 2, setting("axi-cel"))


def test_a_stream_starts_from_its_beginning_each_time(block: Block) -> None:
    assert block.stream("a").random(3).tolist() == block.stream("a").random(3).tolist()


def test_streams_differ_by_decision_number_seed_and_setting(block: Block) -> None:
    others = (
        block.stream("b"),
        Block(7, 3, block.setting).stream("a"),
        Block(8, 2, block.setting).stream("a"),
        Block(7, 2, setting("liso-cel")).stream("a"),
    )
    first = block.stream("a").random()
    assert all(other.random() != first for other in others)


def test_size_and_parameters(block: Block) -> None:
    assert block.n == BLOCK == 250
    assert block.parameter("way.cells_per_kg") == 2.0
    with pytest.raises(Vein2VeinError, match="SIM-002"):
        block.parameter("way.cell_per_kg")
