"""Operating characteristics without Monte Carlo error.

Place    Programme, trial. A design whose next dose rests on counts per dose is a Markov chain with few states.
In       A design and one or many truths.
Out      `Chain`, every state and where each outcome leads; `Ends`, the ended trials; `Characteristics` under any truth.
Knows    The chance of a path is a product of p^y (1-p)^(n-y) over doses, whatever the order: so the ended trials are listed
         once with the number of paths to each, and every truth is one weighted sum over them. Where a design, or a truth, asks
         how toxicity and response go together, the four outcomes of a patient are counted; otherwise both are counted apart.
Checked  tests/unit/programme/trial/test_exact.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final, NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.cohort_outcomes import outcomes_of, outcomes_width
from vein2vein.programme.trial.scenario import Truth, both_rate
from vein2vein.programme.trial.state_keys import StateKeys, grouped
from vein2vein.programme.trial.words import NONE, Design, Floats, Ints, States

_TRUTHS_AT_ONCE: Final = 64
_SMALLEST: Final = 1e-300
_INSIDE: Final = 1e-12
MOST_STATES: Final = 10_000_000  # seconds to minutes, and some GB


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
        """Toxic and well patients (then responders and others, or all four outcomes), shape (2 or 4 times doses, ends)."""
        n, y, e, both = self.states.n, self.states.y, self.states.e, self.states.both
        columns = [y, n - y]
        if e is not None:
            columns = [y, n - y, e, n - e] if both is None else [both, y - both, e - both, n - y - e + both]
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

    def _probabilities(self, truth: Truth) -> Floats:
        """The probability of each outcome that is counted, dose by dose, in the order of `_counts`."""
        doses, e, joint = self.states.doses, self.states.e, self.states.both is not None
        if len(truth.toxicity) != doses:
            _refuse(f"{len(truth.toxicity)} probabilities", f"{doses}, one per dose")
        toxic = truth.rates
        if e is None:
            return np.concatenate([toxic, 1 - toxic])
        if truth.efficacy is None:
            _refuse("a scenario without efficacy", "probabilities of a response, since the design looks at responses")
        works = np.array(truth.efficacy)
        if joint:
            both = truth.both
            return np.concatenate([both, toxic - both, works - both, 1 - toxic - works + both])
        if truth.associated:
            raise TrialError(
                "TRIAL-004",
                saw=f"an odds ratio of {truth.odds_ratio:g} between toxicity and response",
                expected="ended trials that count both together",
                fix="ask characteristics(), or list the ends of dataclasses.replace(design, joint=True)",
            )
        return np.concatenate([toxic, 1 - toxic, works, 1 - works])

    def _chances(self, p: Floats) -> Floats:
        """Chances for the probabilities of some truths, shape (truths, 2 or 4 times doses)."""
        found: Floats = np.exp(np.log(np.maximum(p, _SMALLEST)) @ self._counts + self.log_paths)
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
        inside = np.clip(truth.rates, _INSIDE, 1 - _INSIDE)
        works = None if truth.efficacy is None else np.clip(np.array(truth.efficacy), _INSIDE, 1 - _INSIDE)
        p = self._probabilities(
            Truth.of(inside.tolist(), None if works is None else works.tolist(), odds_ratio=truth.odds_ratio)
        )
        weighted = self._chances(p[None, :])[0] * figure
        shares = (self._counts @ weighted / np.maximum(p, _SMALLEST)).reshape(-1, self.states.doses)
        slope = shares[0] - shares[1]
        if works is not None and self.states.both is not None:
            both = both_rate(inside, works, truth.odds_ratio)
            # by how much the chance of both rises with that of a toxicity, from the definition of the odds ratio
            apart = 1 - inside - works + 2 * both + truth.odds_ratio * (inside + works - 2 * both)
            rise = (both + truth.odds_ratio * (works - both)) / apart
            slope = shares[0] * rise + shares[1] * (1 - rise) - shares[2] * rise - shares[3] * (1 - rise)
        return float(weighted.sum()), slope


@dataclass(frozen=True)
class Chain:
    """Every state that a design can reach, and where each outcome of the next cohort leads.

    Args:
        states: All states, cohort after cohort; the first is the one before the first patient.
        dose: Dose of the next cohort of each state, NONE where the trial has ended.
        size: Patients of the next cohort; 0 where the trial has ended.
        first: Where the outcomes of each state begin in `after`.
        after: The state that follows, for 0, 1, ... toxicities; with responses, toxicity by toxicity for 0, 1, ... of them; with
            joint counts in the order of `together`.
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
    every = [truths] if isinstance(truths, Truth) else list(truths)
    return ends_of(counting(design, every)).characteristics(every)


def counting(design: Design, truths: Sequence[Truth]) -> Design:
    """The design with states that count what its rules and the truths ask for.

    Counts of toxicities and of responses are enough where the rules look at no more and both are independent.
    """
    if design.joint or not design.with_efficacy or not any(truth.associated for truth in truths):
        return design
    return replace(design, joint=True)


@lru_cache(maxsize=4)  # a chain may take some hundred MB
def _kept(design: Design) -> Chain:
    return _chain(design)


def _chain(design: Design, most: int = MOST_STATES) -> Chain:
    layers = _Layers()
    keys = StateKeys(design)
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


def _closed(design: Design, layers: _Layers, keys: StateKeys) -> Chain:
    """The chain, with its ends merged and their doses selected."""
    states = _joined(layers.states)
    dose, size, log_paths = np.concatenate(layers.dose), np.concatenate(layers.size), np.concatenate(layers.log_paths)
    width = outcomes_width(states, size)
    first = np.concatenate([[0], np.cumsum(np.where(size > 0, width, 0))[:-1]])
    ended = np.flatnonzero(dose == NONE)
    last = states.take(ended)
    order, starts, group = grouped(keys.of(last))
    merged = last.take(order[starts])
    ends = Ends(merged, design.selected(merged), np.logaddexp.reduceat(log_paths[ended][order], starts), len(states))
    end = np.full(len(states), NONE)
    end[ended] = group
    return Chain(states, dose, size, first, np.concatenate(layers.after), log_paths, end, ends)


def _after_a_cohort(
    states: States, next_cohort: tuple[Ints, Ints], log_paths: Floats, keys: StateKeys
) -> tuple[States, Floats, Ints]:
    """Every state after one more cohort, the logarithm of the paths to it, and the state that each outcome leads to."""
    if not len(states):
        return states, log_paths, np.zeros(0, np.int64)
    dose, size = next_cohort
    width = outcomes_width(states, size)
    rows = np.repeat(np.arange(len(states)), width)
    outcome = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
    treated = size[rows]
    toxic, responded, both, ways = outcomes_of(states, treated, outcome)
    paths = log_paths[rows] + ways
    cohort = (dose[rows], treated, toxic, responded, both)
    order, starts, group = grouped(keys.after(states, rows, cohort))
    kept = order[starts]
    last = tuple(None if column is None else column[kept] for column in (responded, both))
    merged = states.take(rows[kept]).with_cohort(dose[rows[kept]], treated[kept], toxic[kept], *last)
    return merged, np.logaddexp.reduceat(paths[order], starts), group


def _joined(parts: list[States]) -> States:
    e = None if parts[0].e is None else np.concatenate([p.e for p in parts if p.e is not None])
    both = None if parts[0].both is None else np.concatenate([p.both for p in parts if p.both is not None])
    n, y, at, last_n, last_y = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("n", "y", "at", "last_n", "last_y")
    )
    return States(n, y, at, last_n, last_y, e, both)


def _refuse(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-001", saw=saw, expected=expected, fix="correct the scenario")
