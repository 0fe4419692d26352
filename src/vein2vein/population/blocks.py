"""A block of courses: the unit in which a population is drawn.

Place    Floor 4. Made by `simulate`; read by every module of the population.
In       A seed, the number of the block, a setting (product, indication, line, imitated trial).
Out      One named random stream per decision, and the parameters of the setting.
Knows    A block is always drawn whole and cut afterwards, so a longer cohort begins with the shorter one, and the number of
         processes changes nothing.
Does not Draw. A stream that is asked for twice starts from its beginning each time.
Checked  tests/unit/population/test_blocks.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np  # noqa: TC002  (needed anyway by what this module imports)

from vein2vein.numerics.streams import Streams
from vein2vein.population.parameters import Setting

BLOCK: Final = 250


@dataclass(frozen=True)
class Block:
    """Courses [number x BLOCK, (number + 1) x BLOCK) of a simulation.

    Args:
        seed: Root seed of the simulation.
        number: Which block, from 0.
        setting: What is imitated.
    """

    seed: int
    number: int
    setting: Setting

    @property
    def n(self) -> int:
        """Courses of a block."""
        return BLOCK

    def stream(self, decision: str) -> np.random.Generator:
        """The random stream of one decision, such as "patients/age"; it depends on seed, setting, decision and block only."""
        return Streams(self.seed).replication(f"population/{self.setting.id}/{decision}", self.number)

    def parameter(self, name: str) -> float:
        """A parameter of the setting by name.

        Raises:
            SimulationError: When the setting has no such parameter.
        """
        return self.setting.value(name)
