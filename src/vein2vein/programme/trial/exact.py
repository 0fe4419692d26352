"""Operating characteristics without Monte Carlo error.

Place    Programme, trial. A design whose next dose rests on counts per dose is a Markov chain with few states.
In       A design and one or many truths.
Out      `Characteristics`: the chance that each dose is selected, patients and toxicities at each dose, ends.
Knows    The chance of a path is a product of p^y (1-p)^(n-y) over doses, whatever the order: so the ended trials are listed
         once with the number of paths to each, and every truth is one weighted sum over them.
Checked  tests/unit/programme/trial/test_exact.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import xlog1py, xlogy

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import NONE, Design, Floats, Ints, States

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vein2vein.programme.trial.scenario import Truth

_TRUTHS_AT_ONCE: Final = 64


@dataclass(frozen=True)
class Characteristics:
    """What a design does under one truth.

    Args:
        selected: Chance that each dose is selected, shape (doses,).
        none_selected: Chance that no dose is selected.
        patients: Expected number of patients at each dose.
        toxicities: Expected number of patients with a toxicity at each dose.
        patients_variance: Variance of the number of patients in all.
        error: "exact", or the largest Monte Carlo standard error of the chances above.
    """

    selected: Floats
    none_selected: float
    patients: Floats
    toxicities: Floats
    patients_variance: float
    error: str | float = "exact"

    @property
    def expected_patients(self) -> float:
        """Expected number of patients in all."""
        return float(self.patients.sum())


@dataclass(frozen=True)
class Ends:
    """All ways in which a design can end: states, the dose each selects, and the logarithm of the number of paths to it."""

    states: States
    selected: Ints
    log_paths: Floats
    visited: int

    def __len__(self) -> int:
        return len(self.states)

    @cached_property
    def _total(self) -> Floats:
        total: Floats = self.states.n.sum(axis=1).astype(np.float64)
        return total

    def chances(self, truths: Sequence[Truth]) -> Floats:
        """The chance of each end under each truth, shape (truths, ends); each row sums to one."""
        n, y = self.states.n, self.states.y
        p = np.array([truth.toxicity for truth in truths])
        if p.shape[1] != n.shape[1]:
            raise TrialError(
                "TRIAL-001",
                saw=f"{p.shape[1]} probabilities",
                expected=f"{n.shape[1]}, one per dose",
                fix="correct the scenario",
            )
        chances = np.zeros((len(p), len(self)))
        for dose in range(n.shape[1]):
            toxic, well = y[:, dose], (n - y)[:, dose]
            chances += xlogy(toxic, p[:, dose, None]) + xlog1py(well, -p[:, dose, None])
        found: Floats = np.exp(chances + self.log_paths)
        return found

    def characteristics(self, truths: Sequence[Truth]) -> list[Characteristics]:
        """The characteristics under each truth, exactly."""
        found = []
        for at in range(0, len(truths), _TRUTHS_AT_ONCE):
            chances = self.chances(truths[at : at + _TRUTHS_AT_ONCE])
            picks = np.stack([(self.selected == dose) for dose in range(NONE, self.states.doses)], axis=1)
            selected = chances @ picks.astype(np.float64)
            patients, toxic = chances @ self.states.n, chances @ self.states.y
            total = chances @ self._total
            spread = chances @ self._total**2 - total**2
            found += [
                Characteristics(
                    selected[i, 1:], float(selected[i, 0]), patients[i], toxic[i], float(max(spread[i], 0.0))
                )
                for i in range(len(chances))
            ]
        return found


def ends_of(design: Design) -> Ends:
    """List every way in which a design can end, with the number of paths to each."""
    states, weight = design.first(), np.zeros(1)
    done: list[tuple[States, Floats]] = []
    visited = 0
    while len(states):
        visited += len(states)
        dose = design.next_dose(states)
        ended = dose == NONE
        if ended.any():
            done.append((states.take(ended), weight[ended]))
        states, weight = _after_a_cohort(design, states.take(~ended), weight[~ended], dose[~ended])
        states, weight = _merged(states, weight, with_last=design.looks_at_last_cohort)
    all_states = _joined([s for s, _ in done])
    all_states, log_paths = _merged(all_states, np.concatenate([w for _, w in done]), with_last=False, with_dose=False)
    return Ends(all_states, design.selected(all_states), log_paths, visited)


def _after_a_cohort(design: Design, states: States, weight: Floats, dose: Ints) -> tuple[States, Floats]:
    """Every state after one more cohort, with the logarithm of the number of paths to it."""
    if not len(states):
        return states, weight
    size = design.cohorts.size(states)
    parts: list[States] = []
    weights: list[Floats] = []
    for toxic in range(int(size.max()) + 1):
        can = np.flatnonzero(size >= toxic)
        parts.append(states.take(can).with_cohort(dose[can], size[can], np.full(len(can), toxic, np.int64)))
        weights.append(weight[can] + _log_ways(size[can], toxic))
    return _joined(parts), np.concatenate(weights)


def _log_ways(size: Ints, toxic: int) -> Floats:
    table = np.log([max(comb(k, toxic), 1) for k in range(int(size.max(initial=0)) + 1)])
    found: Floats = table[size]
    return found


def _joined(parts: list[States]) -> States:
    e = None if parts[0].e is None else np.concatenate([p.e for p in parts if p.e is not None])
    n, y, at, last_n, last_y = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("n", "y", "at", "last_n", "last_y")
    )
    return States(n, y, at, last_n, last_y, e)


def _merged(states: States, weight: Floats, *, with_last: bool, with_dose: bool = True) -> tuple[States, Floats]:
    """States that are the same, once, with the sum of their paths.

    Args:
        states: States, some of them alike.
        weight: Logarithms of the number of paths to each.
        with_last: Whether states that differ in the last cohort are different.
        with_dose: Whether states that differ in the current dose are different.
    """
    if not len(states):
        return states, weight
    columns = [states.n, states.y]
    columns += [] if states.e is None else [states.e]
    columns += [states.at[:, None]] if with_dose else []
    columns += [states.last_n[:, None], states.last_y[:, None]] if with_last else []
    first, group = _groups(np.concatenate(columns, axis=1))
    top = np.full(len(first), -np.inf)
    np.maximum.at(top, group, weight)
    paths = np.bincount(group, np.exp(weight - top[group]))
    return states.take(first), top + np.log(paths)


def _groups(rows: Ints) -> tuple[Ints, Ints]:
    """The first of each group of equal rows, and the group of each row; exact, by whole numbers of one or two words."""
    spans = [int(column.max()) + 1 for column in rows.T]
    keys = np.zeros(len(rows), np.int64)
    size = 1
    for column, span in zip(rows.T, spans, strict=True):
        if size * span >= 1 << 62:  # renumber what there is, so that the product never overflows
            _, keys = np.unique(keys, return_inverse=True)
            size = len(rows)
        keys = keys * span + column
        size *= span
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return first, group
