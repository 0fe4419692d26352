"""What is true in a made-up world: the probabilities that a trial does not know.

Place    Programme, trial. Any rule works with any truth.
In       Probabilities per dose.
Out      `Truth`, checked.
Checked  tests/unit/programme/trial
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vein2vein.errors import TrialError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vein2vein.programme.trial.words import Floats


@dataclass(frozen=True)
class Truth:
    """True probabilities per dose.

    Args:
        toxicity: Probability of a dose-limiting toxicity at each dose.
        efficacy: Probability of a response at each dose; None where nobody looks.
        name: What people call the scenario.

    Raises:
        TrialError: TRIAL-001 for a value outside [0, 1] or lists of different length.
    """

    toxicity: tuple[float, ...]
    efficacy: tuple[float, ...] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for word, values in (("toxicity", self.toxicity), ("efficacy", self.efficacy)):
            if values is None:
                continue
            if len(values) != len(self.toxicity):
                _refuse(f"{len(values)} values of {word} for {len(self.toxicity)} doses", "one probability per dose")
            wrong = [value for value in values if not 0 <= value <= 1]
            if wrong or not values:
                _refuse(f"{word} {list(values)}", "probabilities from 0 to 1, one per dose")

    @classmethod
    def of(cls, toxicity: Sequence[float], efficacy: Sequence[float] | None = None, name: str = "") -> Truth:
        """A truth from any sequences of numbers."""
        return cls(tuple(map(float, toxicity)), None if efficacy is None else tuple(map(float, efficacy)), name)

    @property
    def rates(self) -> Floats:
        """Toxicity as an array."""
        return np.array(self.toxicity)


def _refuse(saw: str, expected: str) -> None:
    raise TrialError("TRIAL-001", saw=saw, expected=expected, fix="correct the scenario")
