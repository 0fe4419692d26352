"""Equal states are told by one whole number each, exactly.

Place    Programme, trial. Read by `exact`.
In       States of a design, and their next cohorts.
Out      Numbers; the groups of equal ones.
Checked  tests/unit/programme/trial/test_exact.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.programme.trial.words import Design, Ints, States

_ROOM: Final = 1 << 62
Cohort = tuple[Ints, Ints, Ints, Ints | None, Ints | None]


class StateKeys:
    """Tells equal states by one whole number each, exactly."""

    def __init__(self, design: Design) -> None:
        self._with_last = design.looks_at_last_cohort
        base, doses = design.cohorts.most + 1, design.doses
        kinds = 4 if design.joint else 3 if design.with_efficacy else 2
        columns = doses * kinds + (2 if self._with_last else 0)
        self._fits = base**columns * doses < _ROOM
        factors = np.array([base**k for k in range(columns)] if self._fits else [0] * columns, np.int64)
        self._factors = [factors[k * doses : (k + 1) * doses] for k in range(kinds)]
        self._last = factors[kinds * doses :]
        self._dose = base**columns if self._fits else 0

    def of(self, states: States) -> Ints:
        """A number per state that tells the counts per dose, and nothing else."""
        columns = _columns(states)
        if not self._fits:
            return _renumbered(np.concatenate(columns, axis=1))
        keys: Ints = sum((c @ f for c, f in zip(columns, self._factors, strict=True)), np.zeros(len(states), np.int64))
        return keys

    def after(self, states: States, rows: Ints, cohort: Cohort) -> Ints:
        """A number for some states after another cohort, which tells them from each other, current dose included."""
        dose, treated, toxic, responded, both = cohort
        if not self._fits:
            after = states.take(rows).with_cohort(*cohort)
            columns = [*_columns(after), after.at[:, None]]
            columns += [treated[:, None], toxic[:, None]] if self._with_last else []
            return _renumbered(np.concatenate(columns, axis=1))
        keys = self.of(states)[rows] + dose * self._dose
        keys += treated * self._factors[0][dose] + toxic * self._factors[1][dose]
        if responded is not None:
            keys += responded * self._factors[2][dose]
        if both is not None:
            keys += both * self._factors[3][dose]
        if self._with_last:
            keys += treated * self._last[0] + toxic * self._last[1]
        return keys


def _columns(states: States) -> list[Ints]:
    return [column for column in (states.n, states.y, states.e, states.both) if column is not None]


def grouped(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """The order that brings equal keys together, where each group begins in it, and the group of each key."""
    order = np.argsort(keys)
    ordered = keys[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    group = np.empty(len(keys), np.int64)
    group[order] = np.cumsum(new) - 1
    return order, np.flatnonzero(new), group


def _renumbered(rows: Ints) -> Ints:
    """A whole number for each row, the same for equal rows only; exact however many columns there are."""
    keys = np.zeros(len(rows), np.int64)
    size = 1
    for column in rows.T:
        span = int(column.max()) + 1
        if size * span >= _ROOM:  # renumber what there is, so that the product never overflows
            keys = np.unique(keys, return_inverse=True)[1]
            size = len(rows)
        keys = keys * span + column
        size *= span
    return keys
