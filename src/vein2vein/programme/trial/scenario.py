"""What is true in a made-up world: the probabilities that a trial does not know.

Place    Programme, trial. Any rule works with any truth.
In       Probabilities per dose, and how toxicity and response go together in a patient.
Out      `Truth`, checked.
Knows    The association is one odds ratio for all doses (Plackett RL. J Am Stat Assoc 1965;60:516, recalled): the odds of a
         response with a toxicity to those without. 1 is independence, below 1 toxicity keeps from responding.
Checked  tests/unit/programme/trial
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NoReturn

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
        odds_ratio: Odds of a response with a toxicity to those without, at every dose; 1 when both are independent.

    Raises:
        TrialError: TRIAL-001 for a value outside [0, 1], lists of different length, or an odds ratio that is not above 0.
    """

    toxicity: tuple[float, ...]
    efficacy: tuple[float, ...] | None = None
    name: str = ""
    odds_ratio: float = 1.0

    def __post_init__(self) -> None:
        for word, values in (("toxicity", self.toxicity), ("efficacy", self.efficacy)):
            if values is None:
                continue
            if len(values) != len(self.toxicity):
                _refuse(f"{len(values)} values of {word} for {len(self.toxicity)} doses", "one probability per dose")
            wrong = [value for value in values if not 0 <= value <= 1]
            if wrong or not values:
                _refuse(f"{word} {list(values)}", "probabilities from 0 to 1, one per dose")
        if not 0 < self.odds_ratio < inf:
            _refuse(f"an odds ratio of {self.odds_ratio:g}", "a number above 0; 1 for independence")
        if self.efficacy is None and self.odds_ratio != 1:
            _refuse(f"an odds ratio of {self.odds_ratio:g} without efficacy", "probabilities of a response beside it")

    @classmethod
    def of(
        cls,
        toxicity: Sequence[float],
        efficacy: Sequence[float] | None = None,
        name: str = "",
        odds_ratio: float = 1.0,
    ) -> Truth:
        """A truth from any sequences of numbers."""
        rates = (tuple(map(float, toxicity)), None if efficacy is None else tuple(map(float, efficacy)))
        return cls(*rates, name, float(odds_ratio))

    @property
    def rates(self) -> Floats:
        """Toxicity as an array."""
        return np.array(self.toxicity)

    @property
    def associated(self) -> bool:
        """Whether toxicity and response have to do with each other."""
        return self.odds_ratio != 1

    @property
    def both(self) -> Floats:
        """Probability of a toxicity and a response in the same patient at each dose.

        Raises:
            TrialError: TRIAL-001 without efficacy.
        """
        if self.efficacy is None:
            _refuse("no efficacy", "probabilities of a response")
        return both_rate(self.rates, np.array(self.efficacy), self.odds_ratio)

    def response_given(self, *, toxic: bool) -> Floats:
        """Probability of a response at each dose in patients with a toxicity, or in those without.

        Raises:
            TrialError: TRIAL-001 without efficacy.
        """
        both, works = self.both, np.array(self.efficacy)
        if not self.associated:
            return works
        here = self.rates if toxic else 1 - self.rates
        part = both if toxic else works - both
        return np.clip(np.divide(part, here, out=works.copy(), where=here > 0), 0.0, 1.0)


def both_rate(toxicity: Floats, efficacy: Floats, odds_ratio: float = 1.0) -> Floats:
    """Probability of both outcomes in a patient.

    Args:
        toxicity: Probability of a toxicity, of any shape.
        efficacy: Probability of a response, of the same shape.
        odds_ratio: Odds of a response with a toxicity to those without; 1 gives the product.
    """
    more = 1 + (odds_ratio - 1) * (toxicity + efficacy)
    root = np.sqrt(np.maximum(more**2 - 4 * odds_ratio * (odds_ratio - 1) * toxicity * efficacy, 0.0))
    # two forms of the same root, each where nothing cancels
    above = np.divide(2 * odds_ratio * toxicity * efficacy, more + root, out=np.zeros_like(root), where=more + root > 0)
    below = (root - more) / (2 * (1 - odds_ratio)) if odds_ratio != 1 else above
    found = np.where(more >= 0, above, below)
    return np.clip(found, np.maximum(toxicity + efficacy - 1, 0.0), np.minimum(toxicity, efficacy))


def _refuse(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-001", saw=saw, expected=expected, fix="correct the scenario")
