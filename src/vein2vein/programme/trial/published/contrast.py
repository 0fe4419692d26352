"""What makes two published trials differ: the ratio of every mixture of both, and the share of each part (Shapley).

Place    Programme, trial, published.
In       Two files of trials with the same kind of control arm.
Out      `Contrast`: the share of each part in the difference of the log hazard ratios, with Monte Carlo errors.
Knows    A part is a group of parameters; a mixture takes each part from one of the two trials. All mixtures are played on the
         same patients, as many as the first trial has, so that they differ by what was changed and little else. A share is
         averaged over all orders in which the parts can be changed, so the shares add up to the difference.
Checked  tests/unit/programme/trial/published/test_contrast.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.calendar import Chances, History, play_cells
from vein2vein.programme.trial.cell_trial import CellTrial, all_sets, play_control, shares_of
from vein2vein.programme.trial.endpoints import DAYS_PER_MONTH
from vein2vein.programme.trial.published.figures import SEED, pooled, ratio_of
from vein2vein.programme.trial.published.files import TrialFile
from vein2vein.programme.trial.randomised.batch import BLOCK, ENTRY
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.words import Floats

DEFINITION: Final = "event definition"
# the patients of both trials are those of the first
_KEPT: Final = ("trial.patients", "trial.ratio")
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("cells.response", "cells.durable", "cells.relapse", "cells.no_response", "cells.failure"),
    "waiting": ("cells.wait.", "cells.apheresis", "cells.death", "cells.given_after_progression"),
    "bridging": ("cells.bridging",),
    "pace of the disease before infusion": ("cells.progression",),
    DEFINITION: ("trial.visits_late",),
    "switching in the control arm": ("control.second", "control.leaves"),
    "control arm otherwise": ("control.",),
    "follow-up and later deaths": ("trial.", "after_control.", "after_cells."),
}


@dataclass(frozen=True)
class Part:
    """What one part does to the hazard ratio on the way from the first trial to the second.

    Args:
        share: Its share of the difference of the log ratios, averaged over all orders.
        error: Monte Carlo standard error of the share.
        alone: The ratio of the first trial with only this part changed.
        back: The ratio of the second trial with only this part changed back.
    """

    share: float
    error: float
    alone: float
    back: float


@dataclass(frozen=True)
class Contrast:
    """What makes two trials differ.

    Args:
        first: Simulated hazard ratio of the first trial.
        second: That of the second, with the number of patients of the first.
        parts: What each part does.
    """

    first: float
    second: float
    parts: Mapping[str, Part]


Table = Mapping[frozenset[str], float]


def part_of(name: str) -> str | None:
    """The part to which a parameter belongs, None for the number of patients and the allocation."""
    if name in _KEPT:
        return None
    return next(part for part, heads in PARTS.items() if name.startswith(heads))


class Mixtures:
    """All mixtures of two trials on one block of patients.

    Args:
        first: The trial from which to go.
        second: The other.
        number: Number of the block.
        seed: Root of the random streams.

    Raises:
        TrialError: TRIAL-002 where the control arms are of different kinds.
    """

    def __init__(self, first: TrialFile, second: TrialFile, number: int, seed: int = SEED) -> None:
        if first.kind != second.kind:
            refuse_parameter(f"a control arm with {first.kind} treatment and one with {second.kind}", "the same kind")
        self.files, self.drawn = (first, second), (seed, number)
        self._known: dict[object, History] = {}

    def values(self, chosen: frozenset[str]) -> dict[str, float | tuple[float, ...]]:
        """The parameters of the mixture that has some parts of the second trial."""
        first, second = (file.parameters for file in self.files)
        found: dict[str, float | tuple[float, ...]] = {}
        for name in {**first, **second}:
            source = second if part_of(name) in chosen else first
            if name in source:
                found[name] = source[name].value
        return found

    def ratio(self, chosen: frozenset[str]) -> float:
        """Logarithm of the hazard ratio of a mixture."""
        values = self.values(chosen)
        trial = self.files[0].trial_of(values)
        if DEFINITION in chosen:
            trial = replace(trial, definition=self.files[1].trial().definition)
        late = {"trial.accrual": 0.0, "trial.follow_up": 0.0} | values
        cut = float(late["trial.follow_up"]) + float(late["trial.accrual"]) / 2  # type: ignore[arg-type]
        control, cells, entry = self._histories(trial)
        definition = trial.definition
        return ratio_of(
            pooled(trial.patients((control, cells), entry, self.drawn), cut),
            0.0 if definition is None else definition.weight_from,
        )

    def _histories(self, trial: CellTrial) -> tuple[History, History, Floats]:
        """Histories of the arms, each played once for each of its parameters."""
        seed, number = self.drawn
        entry = trial.accrual.month_at(Streams(seed).replication(ENTRY, number).random((BLOCK, trial.size)))
        k = trial.in_control
        control = (trial.control, trial.after[0])
        if control not in self._known:
            self._known[control] = play_control(*control, Chances(seed, number, (BLOCK, k), "control"))
        cells = (trial.cells, trial.after[1], trial.accrual if trial.cells.slot else None)
        if cells not in self._known:
            drawn = Chances(seed, number, (BLOCK, trial.size - k), "experimental")
            self._known[cells] = play_cells(trial.cells, trial.after[1], drawn, entry[:, k:] * DAYS_PER_MONTH)
        return self._known[control], self._known[cells], entry

    def table(self) -> dict[frozenset[str], float]:
        """The logarithm of the ratio of every mixture."""
        return {chosen: self.ratio(chosen) for chosen in all_sets(tuple(PARTS))}


def contrast(tables: list[Table]) -> Contrast:
    """The shares of the parts, from the tables of several blocks.

    Raises:
        TrialError: TRIAL-002 for fewer than two tables, since the error is told from their differences.
    """
    if len(tables) < 2:  # noqa: PLR2004
        refuse_parameter(f"{len(tables)} blocks", "at least 2")
    parts = tuple(PARTS)
    every = [shares_of(table, parts) for table in tables]

    def ratio(chosen: frozenset[str]) -> float:
        return math.exp(float(np.mean([table[chosen] for table in tables])))

    def of(part: str) -> Part:
        shares = np.array([shares[part] for shares in every])
        error = float(shares.std(ddof=1)) / math.sqrt(len(shares))
        return Part(float(shares.mean()), error, ratio(frozenset({part})), ratio(frozenset(parts) - {part}))

    return Contrast(ratio(frozenset()), ratio(frozenset(parts)), {part: of(part) for part in parts})
