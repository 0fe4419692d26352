"""A randomised trial of cells against salvage, played on the patient's calendar, and what explains two such trials' difference.

Place    Programme, trial.
In       Both arms, what follows progression, accrual, an event definition.
Out      Patients for `randomised.simulate`; the share of each part of a trial in the difference of two, averaged over all orders.
Knows    Events at assessments are tied. The simulator has no ties, so ties are broken by a chance of their own, which is fair
         to both arms. Shapley 1953 averages what a part adds over all orders of change: the shares add up to the difference.
Checked  tests/unit/programme/trial/test_cell_trial.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeVar

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.calendar import After, Cells, Chances, History, Salvage, play_cells, play_salvage
from vein2vein.programme.trial.continued import Continued, play_continued
from vein2vein.programme.trial.endpoints import DAYS_PER_MONTH, EventDefinition
from vein2vein.programme.trial.randomised.accrual import Accrual
from vein2vein.programme.trial.randomised.batch import BLOCK, ENTRY, Patients
from vein2vein.programme.trial.randomised.refuse import not_negative, refuse_parameter
from vein2vein.programme.trial.words import Floats

_TIE_BREAKER: Final = 1e-6
_MOST_PARTS: Final = 12
World = TypeVar("World")


@dataclass(frozen=True)
class CellTrial:
    """A randomised trial of cells against salvage chemotherapy and transplant.

    Args:
        control: The way of the control arm.
        cells: The way of the experimental arm.
        after: What follows progression in the (control, experimental) arm.
        accrual: When patients are randomised.
        definition: What counts as an event; None looks at death only.
        ratio: Patients of the experimental to those of the control arm.
        visits_late: A patient's visits are up to so many days later than planned, evenly.
    """

    control: Salvage | Continued
    cells: Cells
    after: tuple[After, After]
    accrual: Accrual
    definition: EventDefinition | None
    ratio: tuple[int, int] = (1, 1)
    visits_late: float = 0.0

    def __post_init__(self) -> None:
        not_negative("visits_late", self.visits_late)
        if min(self.ratio) < 1:
            refuse_parameter(f"an allocation of {self.ratio[0]}:{self.ratio[1]}", "whole numbers from 1")

    @property
    def size(self) -> int:
        """Patients of one trial."""
        return self.accrual.patients

    @property
    def in_control(self) -> int:
        """Patients of the control arm."""
        return self.size - round(self.size * self.ratio[0] / sum(self.ratio))

    def histories(self, seed: int, number: int) -> tuple[History, History, Floats]:
        """Histories of the control and experimental arm of the trials of one block, and the months of randomisation."""
        entry = self.accrual.month_at(Streams(seed).replication(ENTRY, number).random((BLOCK, self.size)))
        k = self.in_control
        control = play_control(self.control, self.after[0], Chances(seed, number, (BLOCK, k), "control"))
        cells = play_cells(
            self.cells,
            self.after[1],
            Chances(seed, number, (BLOCK, self.size - k), "experimental"),
            entry[:, k:] * DAYS_PER_MONTH,
        )
        return control, cells, entry

    def block(self, seed: int, number: int) -> Patients:
        """The patients of the trials of one block, in both arms."""
        control, cells, entry = self.histories(seed, number)
        return self.patients((control, cells), entry, (seed, number))

    def patients(self, histories: tuple[History, History], entry: Floats, drawn: tuple[int, int]) -> Patients:
        """The patients of given histories under the event definition.

        Args:
            histories: Of the control and experimental arm, from `histories`.
            entry: Months of randomisation.
            drawn: Seed and number of the block.
        """
        streams, number = Streams(drawn[0]), drawn[1]
        if self.definition is None:
            days = [h.death for h in histories]
        else:
            late = streams.replication("trial/calendar/visits", number).random((BLOCK, self.size)) * self.visits_late
            columns = (late[:, : self.in_control], late[:, self.in_control :])
            days = [self.definition.day(h, delay) for h, delay in zip(histories, columns, strict=True)]
        chance = streams.replication("trial/calendar/ties", number).random((BLOCK, self.size))
        months = np.concatenate(days, axis=1) / DAYS_PER_MONTH + chance * _TIE_BREAKER
        return Patients(entry, months, entry + months, self.in_control)


def play_control(arm: Salvage | Continued, after: After, chances: Chances) -> History:
    """Play a control arm of either kind."""
    return play_continued(arm, after, chances) if isinstance(arm, Continued) else play_salvage(arm, after, chances)


def attribution(
    start: World, changes: Mapping[str, Callable[[World], World]], figure: Callable[[World], float]
) -> dict[str, float]:
    """What each change adds to a figure on the way from one trial to another, averaged over all orders (Shapley).

    Args:
        start: The trial from which to go.
        changes: For each part, a function that makes it that of the other trial; they may be made in any order.
        figure: What is compared, such as a log hazard ratio. It is asked once for each set of changes.

    Returns:
        One share for each part; they add up to the figure of the other trial less that of the first.
    """
    parts = tuple(changes)

    def changed(chosen: frozenset[str]) -> float:
        world = start
        for part in parts:
            world = changes[part](world) if part in chosen else world
        return figure(world)

    return shares_of({chosen: changed(chosen) for chosen in all_sets(parts)}, parts)


def all_sets(parts: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """All sets of some parts, the empty one first.

    Raises:
        TrialError: TRIAL-002 for no part, or more than all sets can be tried of.
    """
    if not 1 <= len(parts) <= _MOST_PARTS:
        refuse_parameter(f"{len(parts)} parts", f"1 to {_MOST_PARTS}, since all sets of them are tried")
    return tuple(frozenset(c) for count in range(len(parts) + 1) for c in combinations(parts, count))


def shares_of(known: Mapping[frozenset[str], float], parts: tuple[str, ...]) -> dict[str, float]:
    """The share of each part, from the figure of every set of changed parts."""
    n = len(parts)
    found = dict.fromkeys(parts, 0.0)
    for made, value in known.items():
        for part in made:
            found[part] += (value - known[made - {part}]) / (n * math.comb(n - 1, len(made) - 1))
    return found
