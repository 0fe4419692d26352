"""CRM where some patients get less than their dose: five ways to count them, in one design with feasibility.

Place    Programme, trial, phase I. For cells of the patient's own.
Source   The problem, and that ignoring such patients misleads: Devlin SM, Iasonos A, O'Quigley J. J R Stat Soc C 2021;70:815 (doi
         10.1111/rssc.12485; abstract read, which names three likelihoods that perform alike and beat current practice). Their
         formulas were not at hand: the three likelihoods here are ours, after that problem, and no printed table is compared.
         Feasibility as in `feasible`.
Knows    "received": at the amount received, on the curve drawn through the skeleton. "weighted": no toxicity after a share f of
         the dose contributes 1 - f p, as unfinished follow-up does in TITE-CRM; a toxicity p. "bounded": a toxicity at less
         counts at the planned dose, since more would have been toxic as well; none at less counts at the highest planned dose
         that was reached, or nowhere. Current practice: "planned" counts everybody as planned, "excluded" leaves them out. When
         everybody gets the planned dose, all five are CRM.
Checked  tests/reference/trial_phase1/test_partial.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import ClassVar, Final, Literal, get_args

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase1.common import refuse
from vein2vein.programme.trial.phase1.crm import ClosestEstimate, Curve, Model
from vein2vein.programme.trial.phase1.feasible import Infeasible, drawn_through, feasibility
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import TOLERANCE, Trials
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Floats, Ints, Parameter, States

Way = Literal["received", "weighted", "bounded", "planned", "excluded"]
CAPACITY: Final = "trial/capacity"
_BLOCK: Final = 8192  # as in `simulate`, so that the patients are the same
_AT_ONCE: Final = 512
FULL: Final = 1 - 1e-9
_SURE: Final = 1e-9  # what stands for a rate of 0, since a line is drawn in the logit


@dataclass(frozen=True)
class Treated:
    """The patients of a batch of trials, shape (trials, patients).

    Args:
        planned: Planned dose of each, from 0; any number where nobody is.
        amount: Amount received, in the unit of the planned amounts.
        toxic: Whether there was a toxicity.
        there: Whether there is a patient.
    """

    planned: Ints
    amount: Floats
    toxic: Bools
    there: Bools


@dataclass(frozen=True)
class PartialModel:
    """A CRM over planned amounts, with a way to count patients who got less.

    Args:
        model: Curve and prior over the planned doses.
        amounts: Planned amounts, above zero and rising.
        way: How patients who got less are counted.

    Raises:
        TrialError: TRIAL-002 for amounts that do not fit the skeleton or do not rise, or an unknown way.
    """

    model: Model
    amounts: tuple[float, ...]
    way: Way

    def __post_init__(self) -> None:
        if self.way not in get_args(Way):
            refuse(f"way {self.way!r}", f"one of {', '.join(get_args(Way))}", "choose one of them")
        if len(self.amounts) != len(self.model.curve.skeleton) or len(self.amounts) < 2 or not self.amounts[0] > 0:  # noqa: PLR2004
            refuse(
                f"amounts {list(self.amounts)}", f"{len(self.model.curve.skeleton)} above zero, at least 2", "list them"
            )
        if any(a >= b for a, b in pairwise(self.amounts)):
            refuse(f"amounts {list(self.amounts)}", "amounts that rise", "list them from low to high")

    def posterior(self, treated: Treated) -> tuple[Floats, Floats]:
        """Points of the parameter and their posterior weights in each trial.

        Raises:
            TrialError: TRIAL-003 for a patient who received nothing.
        """
        if (treated.there & ~(treated.amount > 0)).any():
            raise TrialError("TRIAL-003", saw="a patient who received nothing", expected="an amount above zero",
                             fix="leave out patients who were not treated")  # fmt: skip
        n = self._count(treated.there, treated.planned)
        less = treated.there & (treated.amount < FULL * np.array(self.amounts)[treated.planned])
        whole = treated.there & ~less
        y, fine = (
            self._count(whole & treated.toxic, treated.planned),
            self._count(whole & ~treated.toxic, treated.planned),
        )
        terms = None
        if self.way == "planned":
            y, fine = (self._count(treated.there & who, treated.planned) for who in (treated.toxic, ~treated.toxic))
        elif self.way in {"weighted", "bounded"}:
            y = y + self._count(less & treated.toxic, treated.planned)
            less = less & ~treated.toxic
        if self.way == "bounded":
            reached = np.searchsorted(np.array(self.amounts) * FULL, treated.amount, side="right") - 1
            fine = fine + self._count(less & (reached >= 0), np.maximum(reached, 0))
        elif self.way in {"received", "weighted"} and less.any():
            terms = self._terms(treated, less, self.model.points(n))
        # patients are moved between doses, so that what is open at a dose may be negative; only the sums are used
        return self.model.posterior(n, y, without=n - y - fine, terms=terms)

    def _terms(self, treated: Treated, less: Bools, points: Floats) -> Floats:
        """Logarithm of what patients who got less contribute at each point."""
        rows = np.nonzero(less)[0]
        amount, toxic, planned = treated.amount[less], treated.toxic[less], treated.planned[less]
        if self.way == "weighted":
            share = amount / np.array(self.amounts)[planned]
            log = np.log1p(-share[:, None] * self.model.curve.rates(points)[:, planned].T)
        else:
            guesses = drawn_through(self.model.curve.skeleton, self.amounts, amount)
            drawn, where = np.unique(guesses, return_inverse=True)
            curve = Curve(tuple(drawn.tolist()), self.model.curve.kind, self.model.curve.intercept)
            hit, well = (column[:, where.ravel()].T for column in curve.logs(points))
            log = np.where(toxic[:, None], hit, well)
        found = np.zeros((len(treated.there), len(points)))
        np.add.at(found, rows, log)
        return found

    def _count(self, who: Bools, dose: Ints) -> Ints:
        return np.stack([(who & (dose == k)).sum(axis=1) for k in range(len(self.amounts))], axis=1)


@dataclass(frozen=True)
class PartialDesign:
    """A CRM for doses that may not be reached, with the rules of `feasible` against doses that too few products reach.

    Args:
        toxicity: Target, estimate and restrictions, over the same model as `partial`.
        partial: How patients who got less are counted.
        feasible: Which doses too few products reach.
        cohorts: Cohort sizes and their number.
        parameters: Every choice with its value and origin.
    """

    toxicity: ClosestEstimate
    partial: PartialModel
    feasible: Infeasible
    cohorts: Cohorts
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    name: ClassVar[str] = "CRM with partial doses"
    start: ClassVar[int] = 0

    @property
    def doses(self) -> int:
        """How many planned doses there are."""
        return len(self.partial.amounts)

    @property
    def rule(self) -> ClosestEstimate:
        """Target, estimate and restrictions."""
        return self.toxicity

    @property
    def safety(self) -> Infeasible:
        """Which doses are closed, for toxicity or since too few products reach them."""
        return self.feasible

    def __post_init__(self) -> None:
        if self.toxicity.model != self.partial.model:
            refuse("two models", "one", "give the toxicity rule the model of the partial doses")

    def best(self, treated: Treated) -> Ints:
        """The dose whose estimate is closest to the target."""
        found: Ints = np.abs(self.estimates(treated) - self.toxicity.target).argmin(axis=1)
        return found

    def estimates(self, treated: Treated) -> Floats:
        """Estimated toxicity rate at each planned dose."""
        return self.toxicity.model.summarised(*self.partial.posterior(treated), self.toxicity.estimate)

    def next_dose(self, treated: Treated, states: States) -> Ints:
        """The dose of the next cohort, NONE where the lowest is closed."""
        return self.toxicity.restricted(self.best(treated), states, self.feasible.closed(states))

    def selected(self, treated: Treated, states: States) -> Ints:
        """The highest tried, open and feasible dose not above what toxicity asks for."""
        closed = self.feasible.closed(states)
        able = (states.n > 0) & ~closed & (np.arange(states.doses) <= self.best(treated)[:, None])
        able &= ~(feasibility(states) < self.feasible.least)
        found: Ints = np.where(able.any(axis=1), states.doses - 1 - able[:, ::-1].argmax(axis=1), NONE)
        return found


@dataclass(frozen=True)
class PartialTrials:
    """Ended trials.

    Args:
        trials: Patients, toxicities, products that reached the dose (as responses) and selections.
        estimates: Estimated toxicity rate at each planned dose at the end.
        below: Patients who got less than planned.
        short: Whether the design asked for more patients than were brought; such a trial selects nothing.
    """

    trials: Trials
    estimates: Floats
    below: Ints
    short: Bools


@dataclass(frozen=True)
class Brought:
    """Patients whom a calendar brings to their infusion.

    Args:
        share: Dose made over the planned dose at each place of each trial.
        patients: Patients that each trial can have at most.
    """

    share: Floats
    patients: Ints

    def rows(self, rows: slice) -> Brought:
        """Those of some trials."""
        return Brought(self.share[rows], self.patients[rows])


def simulate(
    design: PartialDesign,
    truth: Truth,
    capacity: tuple[float, float],
    *,
    trials: int,
    seed: int,
    brought: Brought | None = None,
) -> PartialTrials:
    """Simulate the design; patients are those of `simulate`, each with a capacity that limits what can be made.

    Args:
        design: The design.
        truth: Probability of a toxicity at each planned amount; between them straight in the logit over the log amount.
        capacity: Median of the largest amount that can be made, in the unit of the amounts, and the SD of its logarithm.
        trials: How many trials, at least two.
        seed: Root seed.
        brought: Who is infused, with which share of what was planned; everybody, with all of it, where None.

    Raises:
        TrialError: TRIAL-001 for a scenario of other doses or rates that fall; TRIAL-002 for a capacity that cannot be;
            TRIAL-004 for fewer than two trials.
    """
    if len(truth.toxicity) != len(design.partial.amounts):
        raise TrialError("TRIAL-001", saw=f"rates {list(truth.toxicity)}", fix="correct the scenario",
                         expected=f"{len(design.partial.amounts)} rates, one per planned amount")  # fmt: skip
    if any(a > b for a, b in pairwise(truth.toxicity)):
        raise TrialError(
            "TRIAL-001", saw=f"rates {list(truth.toxicity)}", expected="rates that do not fall", fix="correct it"
        )
    truth = replace(truth, toxicity=tuple(np.clip(truth.toxicity, _SURE, 1 - _SURE).tolist()))
    if not capacity[0] > 0 or not capacity[1] >= 0:
        refuse(f"a capacity of {capacity}", "a median above 0 and a standard deviation from 0", "correct it")
    if trials < 2:  # noqa: PLR2004
        raise TrialError("TRIAL-004", saw=f"{trials} trials", expected="at least 2", fix="ask for some hundreds")
    most = design.cohorts.most
    everybody = Brought(np.broadcast_to(1.0, (trials, most)), np.broadcast_to(most, trials))
    parts = list(_parts(design, truth, capacity, (Streams(seed), trials), brought or everybody))
    columns = [[getattr(p.trials, name) for p in parts] for name in ("n", "y", "selected", "e")]
    joined = Trials(*(np.concatenate(column) for column in columns))
    return PartialTrials(
        joined, *(np.concatenate([getattr(p, name) for p in parts]) for name in ("estimates", "below", "short"))
    )


def _parts(  # noqa: PLR0917  (what is simulated)
    design: PartialDesign,
    truth: Truth,
    capacity: tuple[float, float],
    drawn: tuple[Streams, int],
    brought: Brought,
) -> Iterator[PartialTrials]:
    streams, trials = drawn
    shape = (design.cohorts.most, _BLOCK)
    for number in range(-(-trials // _BLOCK)):
        tolerance = streams.replication(TOLERANCE, number).random(shape).T
        able = capacity[0] * np.exp(capacity[1] * streams.replication(CAPACITY, number).standard_normal(shape).T)
        for first in range(0, min(_BLOCK, trials - number * _BLOCK), _AT_ONCE):
            rows = slice(first, min(first + _AT_ONCE, trials - number * _BLOCK))
            mine = brought.rows(slice(number * _BLOCK + rows.start, number * _BLOCK + rows.stop))
            yield _played(design, truth, (tolerance[rows], able[rows]), mine)


def _played(design: PartialDesign, truth: Truth, latent: tuple[Floats, Floats], brought: Brought) -> PartialTrials:
    """Some trials in lockstep, one cohort at a time."""
    tolerance, able = latent
    amounts, shape, size = np.array(design.partial.amounts), tolerance.shape, design.cohorts.size_of_each
    planned, there, toxic = np.zeros(shape, np.int64), np.zeros(shape, bool), np.zeros(shape, bool)
    amount, at, going = np.ones(shape), np.zeros(len(able), np.int64), np.arange(len(able))
    short = np.zeros(len(able), bool)
    for first in range(0, shape[1], size):
        if first:
            treated = Treated(planned[going], amount[going], toxic[going], there[going])
            goes = design.next_dose(treated, states_of(treated, at[going], amounts, slice(first - size, first)))
            going, goes = going[goes != NONE], goes[goes != NONE]
            at[going] = goes
        places = np.arange(first, min(first + size, shape[1]))
        seats, whole = np.ix_(going, places), brought.patients[going] > places[-1]
        planned[seats] = at[going][:, None]
        amount[seats] = np.minimum(able[seats], amounts[at[going]][:, None]) * np.minimum(brought.share[seats], 1.0)
        there[seats] = places < brought.patients[going][:, None]
        rates = drawn_through(truth.toxicity, design.partial.amounts, amount[seats])
        toxic[seats] = there[seats] & (tolerance[seats] < rates)
        short[going[~whole]] = True
        going = going[whole]
    treated = Treated(planned, amount, toxic, there)
    states = states_of(treated, at, amounts, slice(shape[1] - size, shape[1]))
    selected = np.full(len(able), NONE)
    selected[going] = design.selected(treated, states)[going]
    below = (there & (amount < FULL * amounts[planned])).sum(axis=1)
    return PartialTrials(Trials(states.n, states.y, selected, states.e), design.estimates(treated), below, short)


def states_of(treated: Treated, at: Ints, amounts: Floats, last: slice) -> States:
    """Counts at planned doses, with products that reached the dose as responses."""
    reached = treated.there & (treated.amount >= FULL * amounts[treated.planned])
    who = (treated.there, treated.there & treated.toxic, reached)
    n, y, e = (np.stack([(w & (treated.planned == k)).sum(axis=1) for k in range(len(amounts))], axis=1) for w in who)
    return States(n, y, at, treated.there[:, last].sum(axis=1), treated.toxic[:, last].sum(axis=1), e)
