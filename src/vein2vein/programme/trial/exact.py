"""Operating characteristics without Monte Carlo error.

Place    Programme, trial. A design whose next dose rests on counts per dose is a Markov chain with few states.
In       A design and one or many truths.
Out      `Chain`, every state and where each outcome leads; `Ends`, the ended trials; `Characteristics` under any truth.
Knows    The chance of a path is a product of p^y (1-p)^(n-y) over doses, whatever the order: so the ended trials are listed
         once with the number of paths to each, and every truth is one weighted sum over them. Responses, where a design
         looks at them, are independent of toxicities.
Checked  tests/unit/programme/trial/test_exact.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import lgamma
from typing import Final, NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, Design, Floats, Ints, States

_TRUTHS_AT_ONCE: Final = 64
_SMALLEST: Final = 1e-300
MOST_STATES: Final = 10_000_000  # seconds to minutes, and some GB
_ROOM: Final = 1 << 62


@dataclass(frozen=True)
class Errors:
    """Monte Carlo standard errors of the figures of `Characteristics`, of the same shapes."""

    selected: Floats
    none_selected: float
    patients: Floats
    toxicities: Floats
    expected_patients: float


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
        errors: Monte Carlo standard error of each figure; None where the figures are exact.
    """

    selected: Floats
    none_selected: float
    patients: Floats
    toxicities: Floats
    patients_variance: float
    error: str | float = "exact"
    errors: Errors | None = None

    @property
    def expected_patients(self) -> float:
        """Expected number of patients in all."""
        return float(self.patients.sum())

    @property
    def expected_toxicities(self) -> float:
        """Expected number of patients with a toxicity in all."""
        return float(self.toxicities.sum())


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

    @cached_property
    def _counts(self) -> Floats:
        """Toxic and well patients (then responders and others) of each end, shape (2 or 4 times doses, ends)."""
        n, y, e = self.states.n, self.states.y, self.states.e
        columns = [y, n - y] if e is None else [y, n - y, e, n - e]
        return np.ascontiguousarray(np.concatenate(columns, axis=1).T, np.float64)

    @cached_property
    def _figures(self) -> Floats:
        """What is averaged over the ends: selection of no dose and each dose, patients, toxicities, total and its square."""
        doses = np.arange(NONE, self.states.doses)
        picks = (self.selected[:, None] == doses).astype(np.float64)
        total = self._total[:, None]
        return np.concatenate([picks, self.states.n, self.states.y, total, total**2], axis=1)

    def chances(self, truths: Sequence[Truth]) -> Floats:
        """The chance of each end under each truth, shape (truths, ends); each row sums to one."""
        return self._chances(np.array([self._probabilities(truth) for truth in truths]))

    def _probabilities(self, truth: Truth) -> tuple[float, ...]:
        doses = self.states.doses
        if len(truth.toxicity) != doses:
            _refuse(f"{len(truth.toxicity)} probabilities", f"{doses}, one per dose")
        if self.states.e is None:
            return truth.toxicity
        if truth.efficacy is None:
            _refuse("a scenario without efficacy", "probabilities of a response, since the design looks at responses")
        return (*truth.toxicity, *truth.efficacy)

    def _chances(self, p: Floats) -> Floats:
        """Chances for probabilities (truths, doses), or (truths, doses of toxicity and then of efficacy)."""
        doses = self.states.doses
        parts = []
        for at in range(0, p.shape[1], doses):
            rates = p[:, at : at + doses]
            parts += [np.log(np.maximum(rates, _SMALLEST)), np.log(np.maximum(1 - rates, _SMALLEST))]
        found: Floats = np.exp(np.concatenate(parts, axis=1) @ self._counts + self.log_paths)
        return found

    def characteristics(self, truths: Sequence[Truth]) -> list[Characteristics]:
        """The characteristics under each truth, exactly."""
        p = np.array([self._probabilities(truth) for truth in truths])
        found: list[Characteristics] = []
        for at in range(0, len(p), _TRUTHS_AT_ONCE):
            found += [self._read(row) for row in self._chances(p[at : at + _TRUTHS_AT_ONCE]) @ self._figures]
        return found

    def _read(self, row: Floats) -> Characteristics:
        doses = self.states.doses
        none, selected = float(row[0]), row[1 : doses + 1]
        patients, toxic = row[doses + 1 : 2 * doses + 1], row[2 * doses + 1 : 3 * doses + 1]
        return Characteristics(selected, none, patients, toxic, float(max(row[-1] - row[-2] ** 2, 0.0)))

    def expectation(self, truth: Truth, figure: Floats) -> tuple[float, Floats]:
        """The expectation of any figure of the ended trials, and its gradient with respect to the toxicity at each dose.

        Args:
            truth: The truth at which to look.
            figure: One number per end, shape (ends,).
        """
        p = np.clip(np.array([self._probabilities(truth)]), 1e-12, 1 - 1e-12)
        weighted = self._chances(p)[0] * figure
        rates = p[0, : self.states.doses]
        slope = (weighted @ self.states.y - (weighted @ self.states.n) * rates) / (rates * (1 - rates))
        return float(weighted.sum()), slope


@dataclass(frozen=True)
class Chain:
    """Every state that a design can reach, and where each outcome of the next cohort leads.

    Args:
        states: All states, cohort after cohort; the first is the one before the first patient.
        dose: Dose of the next cohort of each state, NONE where the trial has ended.
        size: Patients of the next cohort; 0 where the trial has ended.
        first: Where the outcomes of each state begin in `after`.
        after: The state that follows, for 0, 1, ... toxicities; with responses, toxicity by toxicity for 0, 1, ... of them.
        log_paths: Logarithm of the number of paths to each state.
        end: Row of `ends` of each state that has ended, NONE elsewhere.
        ends: The ended trials; states that differ only in the current dose are one.
    """

    states: States
    dose: Ints
    size: Ints
    first: Ints
    after: Ints
    log_paths: Floats
    end: Ints
    ends: Ends


@dataclass
class _Layers:
    """The chain while it is listed."""

    states: list[States] = field(default_factory=list)
    dose: list[Ints] = field(default_factory=list)
    size: list[Ints] = field(default_factory=list)
    after: list[Ints] = field(default_factory=list)
    log_paths: list[Floats] = field(default_factory=list)
    count: int = 0

    def add(self, states: States, dose: Ints, size: Ints, log_paths: Floats) -> None:
        """One more layer."""
        self.states.append(states)
        self.dose.append(dose)
        self.size.append(size)
        self.log_paths.append(log_paths)
        self.count += len(states)


def listable(design: Design, most: int) -> bool:
    """Whether a design reaches at most so many states; the listing stops as soon as there are more."""
    try:
        return _listable(design, most)
    except TypeError:  # as in `chain_of`
        return _within(design, most)


@lru_cache(maxsize=64)
def _listable(design: Design, most: int) -> bool:
    return _within(design, most)


def _within(design: Design, most: int) -> bool:
    try:
        _chain(design, most)
    except _TooManyStatesError:
        return False
    return True


class _TooManyStatesError(Exception):
    """The listing was stopped."""


def chain_of(design: Design) -> Chain:
    """List every state that a design can reach; the chain of a design that was asked for lately is kept.

    Raises:
        TrialError: TRIAL-004 for a design with more than `MOST_STATES` states.
    """
    try:
        return _chain_of(design)
    except _TooManyStatesError:
        raise TrialError(
            "TRIAL-004",
            saw=f"more than {MOST_STATES:,} states of the design {design.name} with {design.cohorts.most} patients",
            expected="a design whose states can be listed",
            fix="simulate it, in a file with `figures: simulated`; or take larger cohorts",
        ) from None


def _chain_of(design: Design) -> Chain:
    try:
        return _kept(design)
    except TypeError:  # a rule of the user's that cannot be told apart from others: list again
        return _chain(design)


def ends_of(design: Design) -> Ends:
    """Every way in which a design can end, with the number of paths to each."""
    return chain_of(design).ends


def characteristics(design: Design, truths: Truth | Sequence[Truth]) -> list[Characteristics]:
    """The exact characteristics of a design under one or many truths."""
    return ends_of(design).characteristics([truths] if isinstance(truths, Truth) else truths)


@lru_cache(maxsize=4)  # a chain may take some hundred MB
def _kept(design: Design) -> Chain:
    return _chain(design)


def _chain(design: Design, most: int = MOST_STATES) -> Chain:
    layers = _Layers()
    keys = _Keys(design)
    states, log_paths = design.first(), np.zeros(1)
    while len(states):
        if layers.count + len(states) > most:
            raise _TooManyStatesError
        dose = design.next_dose(states)
        going = np.flatnonzero(dose != NONE)
        size = np.zeros(len(states), np.int64)
        goers = states if len(going) == len(states) else states.take(going)
        size[going] = design.cohorts.size(goers)
        layers.add(states, dose, size, log_paths)
        states, log_paths, group = _after_a_cohort(goers, (dose[going], size[going]), log_paths[going], keys)
        layers.after.append(group + layers.count)
    return _closed(design, layers, keys)


def _closed(design: Design, layers: _Layers, keys: _Keys) -> Chain:
    """The chain, with its ends merged and their doses selected."""
    states = _joined(layers.states)
    dose, size, log_paths = np.concatenate(layers.dose), np.concatenate(layers.size), np.concatenate(layers.log_paths)
    width = (size + 1) ** 2 if design.with_efficacy else size + 1
    first = np.concatenate([[0], np.cumsum(np.where(size > 0, width, 0))[:-1]])
    ended = np.flatnonzero(dose == NONE)
    last = states.take(ended)
    order, starts, group = _grouped(keys.of(last))
    merged = last.take(order[starts])
    ends = Ends(merged, design.selected(merged), np.logaddexp.reduceat(log_paths[ended][order], starts), len(states))
    end = np.full(len(states), NONE)
    end[ended] = group
    return Chain(states, dose, size, first, np.concatenate(layers.after), log_paths, end, ends)


def _after_a_cohort(
    states: States, next_cohort: tuple[Ints, Ints], log_paths: Floats, keys: _Keys
) -> tuple[States, Floats, Ints]:
    """Every state after one more cohort, the logarithm of the paths to it, and the state that each outcome leads to."""
    if not len(states):
        return states, log_paths, np.zeros(0, np.int64)
    dose, size = next_cohort
    width = (size + 1) ** 2 if states.e is not None else size + 1
    rows = np.repeat(np.arange(len(states)), width)
    outcome = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
    treated = size[rows]
    responded = None
    toxic = outcome
    paths = log_paths[rows]
    if states.e is not None:
        toxic, responded = np.divmod(outcome, treated + 1)
        paths = paths + _log_ways(treated, responded)
    paths = paths + _log_ways(treated, toxic)
    cohort = (dose[rows], treated, toxic, responded)
    order, starts, group = _grouped(keys.after(states, rows, cohort))
    kept = order[starts]
    answered = None if responded is None else responded[kept]
    merged = states.take(rows[kept]).with_cohort(dose[rows[kept]], treated[kept], toxic[kept], answered)
    return merged, np.logaddexp.reduceat(paths[order], starts), group


def _log_ways(size: Ints, toxic: Ints) -> Floats:
    table = _log_binomials(int(size.max(initial=0)))
    found: Floats = table[size, toxic]
    return found


@lru_cache(maxsize=8)
def _log_binomials(most: int) -> Floats:
    found = np.full((most + 1, most + 1), -np.inf)
    for k in range(most + 1):
        for j in range(k + 1):
            found[k, j] = lgamma(k + 1) - lgamma(j + 1) - lgamma(k - j + 1)
    return found


_Cohort = tuple[Ints, Ints, Ints, Ints | None]


class _Keys:
    """Tells equal states by one whole number each, exactly."""

    def __init__(self, design: Design) -> None:
        self._with_last = design.looks_at_last_cohort
        base, doses = design.cohorts.most + 1, design.doses
        kinds = 3 if design.with_efficacy else 2
        columns = doses * kinds + (2 if self._with_last else 0)
        self._fits = base**columns * doses < _ROOM
        factors = np.array([base**k for k in range(columns)] if self._fits else [0] * columns, np.int64)
        self._factors = [factors[k * doses : (k + 1) * doses] for k in range(kinds)]
        self._last = factors[kinds * doses :]
        self._dose = base**columns if self._fits else 0

    def of(self, states: States) -> Ints:
        """A number per state that tells the counts per dose, and nothing else."""
        columns = [states.n, states.y] + ([] if states.e is None else [states.e])
        if not self._fits:
            return _renumbered(np.concatenate(columns, axis=1))
        keys: Ints = sum((c @ f for c, f in zip(columns, self._factors, strict=True)), np.zeros(len(states), np.int64))
        return keys

    def after(self, states: States, rows: Ints, cohort: _Cohort) -> Ints:
        """A number for some states after another cohort, which tells them from each other, current dose included."""
        dose, treated, toxic, responded = cohort
        if not self._fits:
            after = states.take(rows).with_cohort(*cohort)
            columns = [after.n, after.y, after.at[:, None]] + ([] if after.e is None else [after.e])
            columns += [treated[:, None], toxic[:, None]] if self._with_last else []
            return _renumbered(np.concatenate(columns, axis=1))
        keys = self.of(states)[rows] + dose * self._dose
        keys += treated * self._factors[0][dose] + toxic * self._factors[1][dose]
        if responded is not None:
            keys += responded * self._factors[2][dose]
        if self._with_last:
            keys += treated * self._last[0] + toxic * self._last[1]
        return keys


def _grouped(keys: Ints) -> tuple[Ints, Ints, Ints]:
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


def _joined(parts: list[States]) -> States:
    e = None if parts[0].e is None else np.concatenate([p.e for p in parts if p.e is not None])
    n, y, at, last_n, last_y = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("n", "y", "at", "last_n", "last_y")
    )
    return States(n, y, at, last_n, last_y, e)


def _refuse(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-001", saw=saw, expected=expected, fix="correct the scenario")
