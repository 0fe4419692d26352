"""The words that every dose-finding design is made of.

Place    Programme, trial. Rules are written in these words; exact enumeration, simulation and the advice for a running
         trial all read the same rule.
In       `States`: a batch of trial states as columns, one row per state. The advice for one trial is a batch of one.
Out      The next dose of each state, the doses that are closed, whether a state stops, the dose that is selected.
Knows    Doses are counted from 0 in code and from 1 in everything that people read. `NONE` stands for no dose.
Does not Draw random numbers or know the true probabilities.
Checked  tests/unit/programme/trial
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from vein2vein.errors import TrialError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_T = TypeVar("_T", bound=np.generic)
Origin = Literal["set", "default", "derived"]

NONE: Final = -1


@dataclass(frozen=True)
class Parameter:
    """One number or choice of a design, where it came from, and who published it."""

    value: object
    origin: Origin
    source: str | None = None


@dataclass(frozen=True)
class States:
    """A batch of trial states.

    Args:
        n: Patients with a known outcome at each dose, shape (states, doses).
        y: Of these, patients with a dose-limiting toxicity.
        at: Dose of the last cohort, shape (states,).
        last_n: Patients of the last cohort, shape (states,); 0 before the first.
        last_y: Of these, patients with a dose-limiting toxicity.
        e: Patients with a response at each dose; None where the design does not look at efficacy.
        both: Of these, patients with a toxicity as well; None where the design needs the numbers of each only.
    """

    n: Ints
    y: Ints
    at: Ints
    last_n: Ints
    last_y: Ints
    e: Ints | None = None
    both: Ints | None = None

    @classmethod
    def before_the_first(cls, doses: int, start: int, *, with_efficacy: bool = False, joint: bool = False) -> States:
        """One state in which nobody has been treated."""
        none = np.zeros((1, doses), np.int64)
        zero = np.zeros(1, np.int64)
        return cls(none, none, zero + start, zero, zero, none if with_efficacy else None, none if joint else None)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def doses(self) -> int:
        """How many doses there are."""
        return int(self.n.shape[1])

    def here(self, column: npt.NDArray[_T]) -> npt.NDArray[_T]:
        """What a column says at the current dose of each state."""
        return column[np.arange(len(self)), self.at]

    def take(self, rows: Ints | Bools | slice) -> States:
        """Some of the states, or some of them several times."""
        e, both = (None if column is None else column[rows] for column in (self.e, self.both))
        return States(self.n[rows], self.y[rows], self.at[rows], self.last_n[rows], self.last_y[rows], e, both)

    def with_cohort(  # noqa: PLR0917  (the counts of a cohort)
        self, dose: Ints, treated: Ints, toxic: Ints, responded: Ints | None = None, both: Ints | None = None
    ) -> States:
        """The states after another cohort: `treated` patients at `dose`, `toxic` of them with a toxicity."""
        rows = np.arange(len(self))
        n, y = self.n.copy(), self.y.copy()
        n[rows, dose] += treated
        y[rows, dose] += toxic
        e, pairs = self.e, self.both
        if e is not None and responded is not None:
            e = e.copy()
            e[rows, dose] += responded
        if pairs is not None and both is not None:
            pairs = pairs.copy()
            pairs[rows, dose] += both
        return States(n, y, dose, treated, toxic, e, pairs)


class DoseRule(Protocol):
    """Where the next cohort goes."""

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort of each state, NONE where no dose is left.

        Args:
            states: Trial states with at least one cohort.
            closed: Doses that the safety rule has closed, shape (states, doses). A rule does not send a cohort there.
        """

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """Why, in words, for each state."""


class SafetyRule(Protocol):
    """Which doses are closed for good."""

    def closed(self, states: States) -> Bools:
        """Doses that may not be given (again), shape (states, doses); closing a dose closes all above it."""


class StopRule(Protocol):
    """When a trial ends before its patients are used up."""

    def stops(self, states: States, next_dose: Ints) -> Bools:
        """Whether each state ends here, given where the next cohort would go."""


class Selection(Protocol):
    """Which dose is selected at the end."""

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose of each state, NONE for no dose."""


class CohortRule(Protocol):
    """How many patients are treated next."""

    @property
    def most(self) -> int:
        """The largest number of patients that a trial can have."""

    def size(self, states: States) -> Ints:
        """Patients of the next cohort of each state; 0 where all planned patients have been treated."""


@dataclass(frozen=True)
class Cohorts:
    """`number` cohorts of `size` patients.

    Raises:
        TrialError: TRIAL-002 for less than one cohort of one patient, or a part of one.
    """

    size_of_each: int
    number: int

    def __post_init__(self) -> None:
        if min(self.size_of_each, self.number) < 1 or self.size_of_each % 1 or self.number % 1:
            saw = f"{self.number} cohorts of {self.size_of_each}"
            raise TrialError(
                "TRIAL-002", saw=saw, expected="at least one cohort of at least one patient", fix="correct the cohorts"
            )

    @property
    def most(self) -> int:
        """The largest number of patients that a trial can have."""
        return self.size_of_each * self.number

    def size(self, states: States) -> Ints:
        """The same number each time, until all are treated."""
        left = self.most - states.n.sum(axis=1)
        sizes: Ints = np.minimum(self.size_of_each, left)
        return sizes


@dataclass(frozen=True)
class NoSafetyRule:
    """Closes nothing: the dose rule itself is the safety rule."""

    def closed(self, states: States) -> Bools:
        """No dose."""
        return np.zeros(states.n.shape, bool)


@dataclass(frozen=True)
class AnySafety:
    """Closes what any of several rules closes."""

    rules: tuple[SafetyRule, ...]

    def closed(self, states: States) -> Bools:
        """Doses that one of the rules closes."""
        shut = np.zeros(states.n.shape, bool)
        for rule in self.rules:
            shut |= rule.closed(states)
        return shut


@dataclass(frozen=True)
class AnyStop:
    """Ends a trial as soon as one of several rules does."""

    rules: tuple[StopRule, ...] = ()

    def stops(self, states: States, next_dose: Ints) -> Bools:
        """Whether one of the rules stops each state."""
        ends = np.zeros(len(states), bool)
        for rule in self.rules:
            ends |= rule.stops(states, next_dose)
        return ends


@dataclass(frozen=True)
class EnoughAtDose:
    """Ends a trial once the next cohort would stay at a dose that has had so many patients.

    Raises:
        TrialError: TRIAL-002 for less than one patient.
    """

    patients: int

    def __post_init__(self) -> None:
        if self.patients < 1:
            saw = f"a stop at {self.patients} patients at a dose"
            raise TrialError("TRIAL-002", saw=saw, expected="at least one patient", fix="write such as 12")

    def stops(self, states: States, next_dose: Ints) -> Bools:
        """Whether the next cohort would stay where enough patients were treated."""
        stays = next_dose == states.at
        full: Bools = stays & (states.here(states.n) >= self.patients)
        return full


def check_first_dose(doses: int, start: int) -> None:
    """Refuse a first dose that is not among the doses.

    Raises:
        TrialError: TRIAL-002.
    """
    if doses < 1 or not 0 <= start < doses:
        saw = f"{doses} doses, the first cohort at dose {start + 1}"
        raise TrialError("TRIAL-002", saw=saw, expected="a first dose among the doses", fix="correct either")


@dataclass(frozen=True)
class Design:
    """A dose-finding design: rules for the next dose, safety, stopping, selection and cohorts.

    Args:
        name: What people call it.
        doses: How many doses there are.
        rule: Where the next cohort goes.
        selection: Which dose is selected at the end.
        cohorts: How many patients are treated next.
        safety: Which doses are closed.
        stopping: When a trial ends early.
        start: Dose of the first cohort.
        with_efficacy: Whether the rules look at responses.
        joint: Whether states count how often toxicity and response come in the same patient; without it they are counted apart.
        looks_at_last_cohort: Whether a rule reads `States.last_n` or `last_y`; otherwise they make no two states different.
        parameters: Every choice with its value, whether somebody set it, and its source.

    Raises:
        TrialError: TRIAL-002 for a first dose that is not among the doses, or joint counts without responses.
    """

    name: str
    doses: int
    rule: DoseRule
    selection: Selection
    cohorts: CohortRule
    safety: SafetyRule = field(default_factory=NoSafetyRule)
    stopping: StopRule = field(default_factory=AnyStop)
    start: int = 0
    with_efficacy: bool = False
    joint: bool = False
    looks_at_last_cohort: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def __post_init__(self) -> None:
        check_first_dose(self.doses, self.start)
        if self.joint and not self.with_efficacy:
            saw = f"joint counts of the design {self.name}, which looks at toxicity only"
            raise TrialError("TRIAL-002", saw=saw, expected="a design that looks at responses", fix="leave `joint` out")

    def first(self) -> States:
        """The state before the first cohort."""
        return States.before_the_first(self.doses, self.start, with_efficacy=self.with_efficacy, joint=self.joint)

    def next_dose(self, states: States) -> Ints:
        """The dose of the next cohort of each state; NONE where the trial ends, early or because all are treated."""
        begun = states.n.sum(axis=1) > 0
        going = self.cohorts.size(states) > 0
        dose = np.where(going, states.at, NONE)
        ask = np.flatnonzero(begun & going)
        if len(ask):
            asked = states.take(ask)
            found = self.rule.next_dose(asked, self.safety.closed(asked))
            dose[ask] = np.where(self.stopping.stops(asked, found), NONE, found)
        return dose

    def selected(self, states: States) -> Ints:
        """The dose that each ended trial selects; NONE for no dose."""
        return self.selection.selected(states, self.safety.closed(states))

    def with_parameters(self, **parameters: Parameter) -> Design:
        """The same design with more parameters told."""
        return replace(self, parameters=MappingProxyType({**self.parameters, **parameters}))
