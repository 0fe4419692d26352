"""Events over calendar time: how many by which month, and whether the planned ones ever come.

Place    Programme, trial, randomised.
In       A scenario; a planned number of events; months since the first randomisation.
Out      Expected events, the exact distribution of their number, the chance that the plan is reached by a month, cut-offs.
Knows    A patient's event is seen by month t with chance integral of G(t - u) f(u) D(u) du, where G is accrual, f the density
         of the event and D remaining in follow-up. Patients are independent, so the number of events of an arm is binomial, and
         of both arms the sum of two. Integrals by Gauss-Legendre between all jumps: exact to rounding.
         With cure the number of events has a ceiling: a trial that waits for more waits for ever.
Checked  tests/unit/programme/trial/randomised/test_events.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from vein2vein.numerics.gauss import legendre
from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.hazards import Hazard, density, survival
from vein2vein.programme.trial.randomised.refuse import (
    between_0_and_1,
    positive,
    refuse_events,
    refuse_parameter,
    whole,
)
from vein2vein.programme.trial.words import Floats

_NODES, _WEIGHTS = legendre(24)
_CUMULATIVES: Final = np.array([0.05, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0])
_EVER: Final = 1e5

Arm = Literal[0, 1]


def chance_of_event(scenario: Scenario, arm: Arm, month: float) -> float:
    """Chance that the event of a patient of this arm has been seen by a calendar month; the month may be infinite.

    Raises:
        TrialError: TRIAL-002 for a month below 0.
    """
    if not month >= 0:
        refuse_parameter(f"month {month:g}", "a number from 0")
    hazard, out = scenario.hazard(arm), scenario.dropout[arm]
    if math.isinf(month) and out is None:
        return float(1 - survival(hazard, np.inf))
    last = min(month, _EVER)
    knots = [] if math.isinf(month) else [month - knot for knot in scenario.accrual.knots]
    u, weight = nodes(hazard, out, last, tuple(knots))
    entered = np.ones(len(u)) if math.isinf(month) else scenario.accrual.share_by(month - u)
    followed = np.ones(len(u)) if out is None else survival(out, u)
    return float((entered * density(hazard, u) * followed) @ weight)


def nodes(hazard: Hazard, other: Hazard | None, last: float, extra: tuple[float, ...] = ()) -> tuple[Floats, Floats]:
    """Points and weights to integrate over 0 to `last` months, exact between the jumps of two hazards."""
    cuts = {0.0, last, *extra}
    for one in (hazard, other):
        if one is not None:
            cuts |= {*one.breaks, *one.time_at(_CUMULATIVES).tolist()}
    edges = np.array(sorted(c for c in cuts if 0 <= c <= last))
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * _NODES).ravel(), (half * _WEIGHTS).ravel()


def expected_events(scenario: Scenario, month: float) -> tuple[float, float]:
    """Expected events of the control and of the experimental arm by a calendar month."""
    return tuple(scenario.patients(arm) * chance_of_event(scenario, arm, month) for arm in (0, 1))  # type: ignore[return-value]


def month_expected(scenario: Scenario, events: float) -> float:
    """Calendar month by which so many events are expected.

    Raises:
        TrialError: TRIAL-041 when so many are not expected for ever.
    """
    positive("events of", events)
    ceiling = sum(expected_events(scenario, math.inf))
    if events >= ceiling:
        refuse_events(f"{events:g} events planned, {ceiling:.1f} expected for ever", "fewer than are expected for ever")
    high = scenario.accrual.end
    while sum(expected_events(scenario, high)) < events:
        high *= 2
    return float(brentq(lambda month: sum(expected_events(scenario, month)) - events, 0.0, high, xtol=1e-9))


def distribution(scenario: Scenario, month: float) -> Floats:
    """Chance of each number of events, 0 to all patients, by a calendar month."""
    found: Floats = np.convolve(_binomial(scenario, 0, month), _binomial(scenario, 1, month))
    return found


def _binomial(scenario: Scenario, arm: Arm, month: float) -> Floats:
    patients = scenario.patients(arm)
    chance = min(chance_of_event(scenario, arm, month), 1.0)
    found: Floats = binom.pmf(np.arange(patients + 1), patients, chance)
    return found


def chance_reached(scenario: Scenario, events: int, month: float) -> float:
    """Chance that at least the planned events have been seen by a calendar month; infinity asks for ever."""
    check_events(scenario, events)
    return float(min(distribution(scenario, month)[events:].sum(), 1.0))


@dataclass(frozen=True)
class Stall:
    """Whether a planned number of events comes.

    Args:
        events: The planned number.
        months: Calendar months looked at.
        expected: Expected events by each month.
        low: 5th centile of the number of events by each month.
        high: 95th centile.
        reached: Chance that the plan is reached by each month.
        ceiling: Expected events for ever.
        ever: Chance that the plan is ever reached.
    """

    events: int
    months: tuple[float, ...]
    expected: Floats
    low: Floats
    high: Floats
    reached: Floats
    ceiling: float
    ever: float

    @property
    def stalls(self) -> bool:
        """Whether the plan is more likely than one in twenty never to be reached."""
        return self.ever < 0.95  # noqa: PLR2004


def stall(scenario: Scenario, events: int, months: tuple[float, ...]) -> Stall:
    """Events by month, and the chance that the planned number is reached, exactly."""
    check_events(scenario, events)
    rows = [distribution(scenario, month) for month in months]
    count = np.arange(scenario.accrual.patients + 1)
    cumulated = [np.cumsum(row) for row in rows]
    return Stall(
        events,
        months,
        np.array([row @ count for row in rows]),
        np.array([float(np.searchsorted(c, 0.05)) for c in cumulated]),
        np.array([float(np.searchsorted(c, 0.95)) for c in cumulated]),
        np.array([min(row[events:].sum(), 1.0) for row in rows]),
        sum(expected_events(scenario, math.inf)),
        chance_reached(scenario, events, math.inf),
    )


@dataclass(frozen=True)
class CutOff:
    """When data are cut: at a number of events, at a calendar month, or at the first or the last of both.

    Args:
        events: Planned events; None where only the calendar counts.
        month: Calendar month since the first randomisation, above 0; None where only events count.
        both: "first" cuts when one of both is reached, "last" when both are; it says nothing where only one is given.
    """

    events: int | None = None
    month: float | None = None
    both: Literal["first", "last"] = "first"

    def __post_init__(self) -> None:
        if self.events is None and self.month is None:
            refuse_parameter("a cut-off without events and month", "at least one of them")
        if self.events is not None:
            if self.events < 1:
                refuse_parameter(f"a cut-off at {self.events} events", "at least one")
            whole("a cut-off at events of", self.events)
        if self.both not in {"first", "last"}:
            refuse_parameter(f"the {self.both!r} of both", "first or last")
        if self.month is not None:
            positive("a cut-off at month", self.month)

    def chance_by(self, scenario: Scenario, month: float) -> float:
        """Chance that data are cut by a calendar month."""
        calendar = self.month is not None and month >= self.month
        if self.events is None:
            return float(calendar)
        if self.month is None:
            return chance_reached(scenario, self.events, month)
        if self.both == "first":
            return 1.0 if calendar else chance_reached(scenario, self.events, month)
        return chance_reached(scenario, self.events, month) if calendar else 0.0

    def month_at(self, scenario: Scenario, chance: float) -> float:
        """First month by which data are cut with this chance; infinite when events are too few for it.

        Args:
            scenario: What is true.
            chance: Between 0 and 1.
        """
        between_0_and_1("a chance of", chance)
        if self.chance_by(scenario, math.inf) < chance:
            return math.inf
        high = max(scenario.accrual.end, self.month or 0.0, 1.0)
        while self.chance_by(scenario, high) < chance:
            high *= 2
        low = 0.0
        while high - low > 1e-6:  # noqa: PLR2004  (bisection: the chance may jump at the calendar month)
            middle = (low + high) / 2
            low, high = (low, middle) if self.chance_by(scenario, middle) >= chance else (middle, high)
        return high


def check_events(scenario: Scenario, events: int) -> None:
    """Refuse more events than patients, and parts of events."""
    whole("events of", events)
    if not 1 <= events <= scenario.accrual.patients:
        refuse_events(f"{events:g} events of {scenario.accrual.patients} patients", "from 1 to the number of patients")
