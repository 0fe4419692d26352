"""Simulated trials, many at once, with the same latent patients for every design and scenario.

Place    Programme, trial. For designs that have no chain, and to check those that have.
In       A design, a truth, how many trials, a seed.
Out      `Trials`, one row each; `Characteristics` with a Monte Carlo error on every figure; paired differences.
Knows    Patient k of trial i has a tolerance, a number in [0, 1): a toxicity occurs at a dose when it lies below the
         probability there. Tolerances depend on the seed, the trial and the patient only, so two designs, or two scenarios,
         meet the same patients, and nothing depends on how many processes share the work. A response occurs when another
         number lies below its probability, which is that given the toxicity where the truth names an association.
Checked  tests/unit/programme/trial/test_simulate.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.exact import Chain, Characteristics, Errors, chain_of
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import NONE, Design, Floats, Ints, States

_BLOCK: Final = 8192
TOLERANCE: Final = "trial/tolerance"
RESPONSE: Final = "trial/response"


@dataclass(frozen=True)
class Trials:
    """Ended trials, one row each: patients and toxicities at each dose, responses where asked for, and the selected dose."""

    n: Ints
    y: Ints
    selected: Ints
    e: Ints | None = None

    def __len__(self) -> int:
        return len(self.n)

    def characteristics(self) -> Characteristics:
        """Means over the trials, with their standard errors.

        A chance that was 0 or 1 in all trials has the error of one half trial, so that no figure claims to be exact.
        """
        trials, doses = len(self), self.n.shape[1]
        chosen = np.bincount(self.selected + 1, minlength=doses + 1) / trials
        likely = np.clip(chosen, 0.5 / trials, 1 - 0.5 / trials)
        chance_error = np.sqrt(likely * (1 - likely) / trials)
        total = self.n.sum(axis=1)
        errors = Errors(
            selected=chance_error[1:],
            none_selected=float(chance_error[0]),
            patients=_error(self.n),
            toxicities=_error(self.y),
            expected_patients=float(_error(total[:, None])[0]),
        )
        return Characteristics(
            chosen[1:],
            float(chosen[0]),
            self.n.mean(axis=0),
            self.y.mean(axis=0),
            float(total.var()),
            float(chance_error.max()),
            errors,
        )


@dataclass(frozen=True)
class Difference:
    """A figure of one design less that of another on the same patients, its standard error, and that without pairing."""

    value: float
    error: float
    unpaired_error: float


def characteristics(design: Design, truth: Truth, *, trials: int, seed: int) -> Characteristics:
    """The characteristics of a design by simulation, each figure with its Monte Carlo error.

    Args:
        design: Any design.
        truth: What is true.
        trials: How many trials, at least two.
        seed: Root seed; the same seed gives the same patients to every design and scenario.
    """
    return run(design, truth, trials=trials, seed=seed).characteristics()


def run(design: Design, truth: Truth, *, trials: int, seed: int) -> Trials:
    """Simulate trials by asking the rules of the design anew after each cohort."""
    _check(design, truth, trials)
    parts = [_run_block(design, truth, *block) for block in latent_blocks(design, trials, seed)]
    e = None if parts[0].e is None else np.concatenate([part.e for part in parts if part.e is not None])
    return Trials(
        np.concatenate([p.n for p in parts]),
        np.concatenate([p.y for p in parts]),
        np.concatenate([p.selected for p in parts]),
        e,
    )


def walk(design: Design, truth: Truth, *, trials: int, seed: int, threads: int = 2) -> Trials:
    """Simulate trials by walking the listed chain of a design: the same trials as `run`, many times faster.

    Args:
        design: A design without responses that `chain_of` can list.
        truth: What is true.
        trials: How many trials.
        seed: Root seed.
        threads: How many threads share the blocks; the result does not depend on it.
    """
    chain = chain_of(design)
    ended = ends_reached(design, truth, trials=trials, seed=seed, threads=threads)
    states = chain.ends.states
    return Trials(states.n[ended], states.y[ended], chain.ends.selected[ended])


def ends_reached(design: Design, truth: Truth, *, trials: int, seed: int, threads: int = 2) -> Ints:
    """The row of the design's `Ends` that each simulated trial reached."""
    _check(design, truth, trials)
    if design.with_efficacy:
        raise TrialError(
            "TRIAL-004",
            saw=f"the design {design.name}, which looks at responses",
            expected="a design that looks at toxicity only",
            fix="simulate it with run()",
        )
    chain = chain_of(design)
    walker = _Walker(chain, truth)
    numbers = range(-(-trials // _BLOCK))
    most = design.cohorts.most

    def work(number: int) -> Ints:
        tolerances = Streams(seed).replication(TOLERANCE, number).random((most, _BLOCK))
        return walker.ends(tolerances, min(_BLOCK, trials - number * _BLOCK))

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return np.concatenate(list(pool.map(work, numbers)))


def difference(figure: Callable[[Trials], Floats], one: Trials, other: Trials) -> Difference:
    """The mean of a figure in one set of trials less that in another, trial by trial on the same patients.

    Args:
        figure: A number per trial, such as ``lambda trials: trials.selected == 2``.
        one: Trials of one design or scenario.
        other: Trials of another with the same seed and number.

    Raises:
        TrialError: TRIAL-004 where the numbers of trials differ.
    """
    if len(one) != len(other):
        raise TrialError(
            "TRIAL-004",
            saw=f"{len(one):,} trials and {len(other):,} trials",
            expected="as many trials of both, with the same seed",
            fix="simulate both with the same number and seed",
        )
    a, b = np.asarray(figure(one), np.float64), np.asarray(figure(other), np.float64)
    paired = (a - b).std(ddof=1) / np.sqrt(len(a))
    apart = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
    return Difference(float((a - b).mean()), float(paired), float(apart))


class _Walker:
    """Steps from state to state; an ended trial stays where it is."""

    def __init__(self, chain: Chain, truth: Truth) -> None:
        self._ended = chain.dose == NONE
        self._most = int(chain.size.max())
        count = len(chain.dose)
        # A dense row of outcomes per state; an ended state leads to itself whatever is drawn.
        self._after = np.repeat(np.arange(count, dtype=np.int32)[:, None], self._most + 1, axis=1)
        going = np.flatnonzero(~self._ended)
        for toxic in range(self._most + 1):
            able = going[chain.size[going] >= toxic]
            self._after[able, toxic] = chain.after[chain.first[able] + toxic]
        self._after = self._after.ravel()
        rates = np.array(truth.toxicity)[np.maximum(chain.dose, 0)]
        self._rates = np.where(self._ended, 0.0, rates)
        self._size = chain.size
        sizes = set(chain.size[going].tolist())
        self._same_size = self._most if len(sizes) == 1 else None
        self._end = chain.end

    def ends(self, tolerances: Floats, trials: int) -> Ints:
        """The end that each of a block of trials reaches; `tolerances` has a row per patient."""
        state = np.zeros(trials, np.int64)
        if self._same_size is not None:
            return self._end[self._by_cohorts(state, tolerances[:, :trials], self._same_size)]
        used = np.zeros(trials, np.int64)
        rows = np.arange(trials)
        while not self._ended[state].all():
            toxic = np.zeros(trials, np.int64)
            size, rate = self._size[state], self._rates[state]
            for patient in range(self._most):
                drawn = tolerances[np.minimum(used + patient, len(tolerances) - 1), rows]
                toxic += (drawn < rate) & (patient < size)
            state = self._after[state * (self._most + 1) + toxic].astype(np.int64)
            used += size
        return self._end[state]

    def _by_cohorts(self, state: Ints, tolerances: Floats, size: int) -> Ints:
        for first in range(0, len(tolerances), size):
            rate = self._rates[state]
            step = state * (self._most + 1)
            for drawn in tolerances[first : first + size]:
                step += drawn < rate
            state = self._after[step].astype(np.int64)
        return state


def _run_block(design: Design, truth: Truth, tolerances: Floats, responses: Floats | None) -> Trials:
    """Simulate one block of trials in lockstep, all of them one cohort at a time."""
    trials = tolerances.shape[1]
    answers = Answers(tolerances, responses, truth, joint=design.joint)
    states = design.first().take(np.zeros(trials, np.int64))
    used = np.zeros(trials, np.int64)
    alive = np.arange(trials)
    ended: list[tuple[Ints, States]] = []
    while len(alive):
        dose = design.next_dose(states)
        ends = dose == NONE
        if ends.any():
            ended.append((alive[ends], states.take(ends)))
            alive, dose, states = alive[~ends], dose[~ends], states.take(~ends)
        if not len(alive):
            break
        size = design.cohorts.size(states)
        states = states.with_cohort(dose, size, *answers(alive, (used[alive], size), dose))
        used[alive] += size
    order = np.argsort(np.concatenate([rows for rows, _ in ended]))
    n, y = (np.concatenate([getattr(s, name) for _, s in ended])[order] for name in ("n", "y"))
    selected = np.concatenate([design.selected(s) for _, s in ended])[order]
    e = np.concatenate([s.e for _, s in ended if s.e is not None])[order] if responses is not None else None
    return Trials(n, y, selected, e)


class Answers:
    """What the next patients of each trial answer: toxicities, responses and, where they are counted, patients with both."""

    def __init__(self, tolerances: Floats, responses: Floats | None, truth: Truth, *, joint: bool) -> None:
        self._drawn = tolerances, responses
        self._toxicity = truth.rates
        self._together = joint or truth.associated
        looks = responses is not None and truth.efficacy is not None
        self._efficacy = [truth.response_given(toxic=toxic) for toxic in (False, True)] if looks else None

    def __call__(self, trials: Ints, seats: tuple[Ints, Ints], dose: Ints) -> tuple[Ints, Ints | None, Ints | None]:
        """Counts for some trials; `seats` are patients used and the size of the cohort."""
        tolerances, responses = self._drawn
        rate = self._toxicity[dose]
        if responses is None or self._efficacy is None:
            return _below(tolerances, trials, seats, rate), None, None
        if not self._together:
            works = _below(responses, trials, seats, self._efficacy[0][dose])
            return _below(tolerances, trials, seats, rate), works, None
        used, size = seats
        toxic, responded, both = np.zeros((3, len(trials)), np.int64)
        for patient in range(int(size.max())):
            row = np.minimum(used + patient, len(tolerances) - 1)
            there = patient < size
            ill = there & (tolerances[row, trials] < rate)
            chance = np.where(ill, self._efficacy[1][dose], self._efficacy[0][dose])
            well = there & (responses[row, trials] < chance)
            toxic += ill
            responded += well
            both += ill & well
        return toxic, responded, both


def _below(drawn: Floats, trials: Ints, seats: tuple[Ints, Ints], rate: Floats) -> Ints:
    """How many of the next `size` patients of each trial have a number below `rate`; `seats` are patients used and size."""
    used, size = seats
    count = np.zeros(len(trials), np.int64)
    for patient in range(int(size.max())):
        row = np.minimum(used + patient, len(drawn) - 1)
        count += (drawn[row, trials] < rate) & (patient < size)
    return count


def latent_blocks(design: Design, trials: int, seed: int) -> Iterator[tuple[Floats, Floats | None]]:
    """Latent patients block by block: a row per patient, so that more patients leave the first ones as they were."""
    most, streams = design.cohorts.most, Streams(seed)
    for number in range(-(-trials // _BLOCK)):
        count = min(_BLOCK, trials - number * _BLOCK)
        tolerances = streams.replication(TOLERANCE, number).random((most, _BLOCK))[:, :count]
        responses = streams.replication(RESPONSE, number).random((most, _BLOCK)) if design.with_efficacy else None
        yield tolerances, None if responses is None else responses[:, :count]


def _check(design: Design, truth: Truth, trials: int) -> None:
    if len(truth.toxicity) != design.doses or (design.with_efficacy and truth.efficacy is None):
        raise TrialError(
            "TRIAL-001",
            saw=f"{len(truth.toxicity)} probabilities" + ("" if truth.efficacy is not None else " and no efficacy"),
            expected=f"{design.doses}, one per dose" + (" for toxicity and efficacy" if design.with_efficacy else ""),
            fix="correct the scenario",
        )
    if trials < 2:  # noqa: PLR2004  (no error can be told from one trial)
        raise TrialError(
            "TRIAL-004", saw=f"{trials} trials", expected="at least 2", fix="ask for some thousands of trials"
        )


def _error(columns: Ints) -> Floats:
    found: Floats = columns.std(axis=0, ddof=1) / np.sqrt(len(columns))
    return found
