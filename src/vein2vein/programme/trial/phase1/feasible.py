"""Dose finding where the cells made may fall short: the maximum tolerated and feasible dose, and partial doses.

Place    Programme, trial, phase I. For cells of the patient's own, whose number nobody can promise.
Source   Wages NA, Fadul CE. Clin Trials 2020;17:157 (doi 10.1177/1740774519890145), rebuilt from its described rule: toxicity
         rises with the dose and feasibility falls, and the dose sought is the highest that is tolerated and feasible. Their
         tables of characteristics were not at hand, so nothing here is compared with them, and the certainty at which a dose is
         given up as infeasible is our own assumption. Partial doses: the problem is that of Devlin SM, Iasonos A, O'Quigley J. J
         R Stat Soc C 2021;70:815 (doi 10.1111/rssc.12485). `rates_at_received` takes one plain way for given patients: each
         counts at the dose received; `partial` has a whole design, and other ways.
Knows    In the states of this design `e` counts patients whose product reached the planned dose, out of all treated at that
         dose level; the `efficacy` of a truth is the chance of that. A patient who got less counts at the planned dose for
         toxicity. An untried dose is held to be feasible while no lower dose is infeasible.
Checked  tests/unit/programme/trial/test_feasible.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import betainc, expit, logit

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.common import check_target, isotonic, refuse, told
from vein2vein.programme.trial.phase1.crm import ClosestEstimate, Curve, Estimate, FirstDoseTooToxic, Model, stop_told
from vein2vein.programme.trial.words import (
    NONE,
    AnySafety,
    Bools,
    CohortRule,
    Design,
    Floats,
    Ints,
    Parameter,
    SafetyRule,
    States,
)

PAPER: Final = "Wages and Fadul 2020, doi 10.1177/1740774519890145, rebuilt"
ASSUMED: Final = "assumed, no published value at hand"
COUNTED: Final = "current practice, which Devlin et al. 2021 advise against; the design `partial-dose` counts otherwise"


@dataclass(frozen=True)
class Infeasible:
    """Closes a dose and all above it once too few products reach it, and what another rule closes.

    Args:
        least: Lowest acceptable chance that a product reaches the dose.
        certainty: Posterior probability of a lower chance, under a uniform prior, above which the dose is infeasible.
        patients: Fewest patients at a dose before it can be infeasible.
        toxicity: Another rule, for toxicity; None for none.
    """

    least: float
    certainty: float = 0.8
    patients: int = 3
    toxicity: SafetyRule | None = None

    def infeasible(self, states: States) -> Bools:
        """Doses that cannot be made often enough, and all above them."""
        made = _made(states)
        below = betainc(1.0 + made, 1.0 + states.n - made, self.least)
        found: Bools = np.logical_or.accumulate((states.n >= self.patients) & (below > self.certainty), axis=1)
        return found

    def closed(self, states: States) -> Bools:
        """Infeasible doses, and those that the other rule closes."""
        found = self.infeasible(states)
        return found if self.toxicity is None else found | self.toxicity.closed(states)


@dataclass(frozen=True)
class TolerableFeasible:
    """The dose whose estimated toxicity is closest to the target, or the highest feasible one where that is lower.

    Args:
        toxicity: Which dose toxicity asks for, with its restrictions.
        feasible: Which doses are feasible.
    """

    toxicity: ClosestEstimate
    feasible: Infeasible

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where the lowest is closed."""
        return self.toxicity.next_dose(states, closed)

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """What toxicity asks for, and what was made."""
        made, shut = _made(states), self.feasible.infeasible(states)
        words = []
        for row, text in enumerate(self.toxicity.reasons(states, closed)):
            shown = ", ".join(f"{made[row, k]} of {states.n[row, k]}" for k in np.flatnonzero(states.n[row]))
            extra = f"; products that reached the planned dose: {shown}"
            if shut[row].any():
                extra += f"; from dose {int(shut[row].argmax()) + 1} upward too few products reach the dose"
            less = int((states.n[row] - made[row]).sum())
            if less:
                extra += f"; {less} who got less count for toxicity as if they had got the planned dose"
            words.append(text + extra + self._doubtful(states, row, shut[row]))
        return words

    def _doubtful(self, states: States, row: int, shut: Bools) -> str:
        """Tried doses that would not be selected now, and why they are not given up yet."""
        rule, made = self.feasible, _made(states)[row]
        shares = feasibility(states)[row]
        below = betainc(1.0 + made, 1.0 + states.n[row] - made, rule.least)
        words = ""
        for dose in np.flatnonzero((shares < rule.least) & ~shut & (states.n[row] > 0)):
            words += (
                f"; dose {dose + 1} is not selected while its estimated feasibility, {shares[dose]:.2f}, is below "
                f"{rule.least:.2f}; it and higher doses are given up once that is likely (chance {below[dose]:.2f}, more "
                f"than {rule.certainty:.2f} of {rule.patients} patients or more)"
            )
        return words

    def selected(self, states: States, closed: Bools) -> Ints:
        """The highest tried, open dose not above what toxicity asks for, with an estimated feasibility that is acceptable."""
        asked = self.toxicity.selected(states, closed)
        able = (states.n > 0) & ~closed & (np.arange(states.doses) <= asked[:, None])
        able &= ~(feasibility(states) < self.feasible.least)
        found: Ints = np.where(able.any(axis=1), states.doses - 1 - able[:, ::-1].argmax(axis=1), NONE)
        return found


def feasibility(states: States) -> Floats:
    """Estimated chance that a product reaches each dose, falling with the dose; NaN at a dose that nobody had.

    By isotonic regression of the observed shares, weighted with the patients.
    """
    short = states.n - _made(states)
    return 1 - isotonic(short / np.maximum(states.n, 1), states.n.astype(np.float64), states.n > 0)


def feasible_dose(  # noqa: PLR0913  (every choice named)
    model: Model,
    target: float,
    least: float,
    *,
    cohorts: CohortRule,
    certainty: float = 0.8,
    patients: int = 3,
    safety: SafetyRule | None = None,
    too_toxic: float | None = 0.95,
    estimate: Estimate = "plug-in",
    coherent: bool = True,
    start: int = 0,
) -> Design:
    """A design for the maximum tolerated and feasible dose.

    Args:
        model: Toxicity curve and prior of a CRM.
        target: Target toxicity rate.
        least: Lowest acceptable chance that a product reaches the planned dose.
        cohorts: Cohort sizes and their number.
        certainty: Posterior probability of a lower chance above which a dose is infeasible.
        patients: Fewest patients at a dose before it can be infeasible.
        safety: A further rule that closes toxic doses; None for none.
        too_toxic: As for `crm`: end once the lowest dose is too toxic with more than this probability; None for never.
        estimate: "plug-in" or "averaged".
        coherent: Whether one does not go up after a last cohort with a toxicity rate of at least the target.
        start: Dose of the first cohort, from 0.

    Raises:
        TrialError: TRIAL-002 for a target, chance, certainty or first dose that cannot be.
    """
    check_target(target)
    doses = len(model.curve.skeleton)
    for name, value in (("least feasibility", least), ("certainty", certainty)):
        if not 0 < value < 1:
            refuse(f"{name} {value:g}", "a number between 0 and 1, both excluded", "choose such as 0.8")
    if patients < 1 or not 0 <= start < doses:
        refuse(
            f"patients={patients}, the first cohort at dose {start + 1}", "at least one, and a dose there", "correct it"
        )
    stop = None if too_toxic is None else FirstDoseTooToxic(model, target, too_toxic)
    rules = tuple(one for one in (safety, stop) if one is not None)
    infeasible = Infeasible(least, certainty, patients, AnySafety(rules) if rules else None)
    rule = TolerableFeasible(ClosestEstimate(model, target, estimate, True, coherent), infeasible)  # noqa: FBT003
    given = told(
        {"target": target, "skeleton": model.curve.skeleton, "least": least, "estimate": estimate, "coherent": coherent,
         "start": start + 1},
        {"estimate": "plug-in", "coherent": True, "start": 1},
        PAPER,
    )  # fmt: skip
    given["too_toxic"] = stop_told(too_toxic)
    given["less_than_planned"] = Parameter("counted at the planned dose", "default", COUNTED)
    for key, number, usual in (("certainty", certainty, 0.8), ("patients", patients, 3)):
        given[key] = Parameter(number, "default" if number == usual else "set", ASSUMED if number == usual else None)
    return Design(
        name="maximum tolerated and feasible dose",
        doses=doses,
        rule=rule,
        selection=rule,
        cohorts=cohorts,
        safety=infeasible,
        start=start,
        with_efficacy=True,
        looks_at_last_cohort=coherent,
        parameters=given,
    )


@dataclass(frozen=True)
class Received:
    """One treated patient: the amount received, in the unit of the planned doses, and whether there was a toxicity."""

    amount: float
    toxic: bool


def rates_at_received(
    model: Model, amounts: Sequence[float], patients: Sequence[Received], estimate: Estimate = "plug-in"
) -> Floats:
    """Estimated toxicity rate at each planned dose, each patient counted at the amount received.

    The skeleton is drawn through the planned amounts, straight in the logit over the logarithm of the amount, and goes on with
    its first and last slope beyond them. With every patient at a planned dose this is the CRM itself.

    Args:
        model: Curve and prior of a CRM over the planned doses.
        amounts: Planned amounts, rising and above zero, at least two.
        patients: Treated patients.
        estimate: "plug-in" or "averaged".

    Raises:
        TrialError: TRIAL-002 for amounts that do not fit the skeleton, TRIAL-003 for an amount received that is not above zero.
    """
    if len(amounts) != len(model.curve.skeleton) or len(amounts) < 2 or min(amounts) <= 0:  # noqa: PLR2004  (a line)
        refuse(f"amounts {list(amounts)}", f"{len(model.curve.skeleton)} amounts above zero, at least 2", "list them")
    if any(a >= b for a, b in pairwise(amounts)):
        refuse(f"amounts {list(amounts)}", "amounts that rise", "list them from low to high")
    for patient in patients:
        if not patient.amount > 0:
            raise TrialError(
                "TRIAL-003",
                saw=f"a patient who received {patient.amount:g}",
                expected="an amount above zero",
                fix="leave out patients who were not treated",
            )
    places = sorted({*map(float, amounts), *(float(p.amount) for p in patients)})
    drawn = drawn_through(model.curve.skeleton, amounts, np.array(places))
    wider = Model(Curve(tuple(drawn.tolist()), model.curve.kind, model.curve.intercept), model.prior)
    n, y = np.zeros((1, len(places)), np.int64), np.zeros((1, len(places)), np.int64)
    for patient in patients:
        n[0, places.index(float(patient.amount))] += 1
        y[0, places.index(float(patient.amount))] += int(patient.toxic)
    planned = [places.index(float(amount)) for amount in amounts]
    return wider.estimates(n, y, estimate)[0, planned]


def drawn_through(rates: Sequence[float], amounts: Sequence[float], places: Floats) -> Floats:
    """Rates at any amounts, straight in the logit over the logarithm of the amount between known ones.

    Beyond the first and last known amount the first and last slope go on.

    Args:
        rates: Known rates, between 0 and 1, both excluded.
        amounts: Where they are known: above zero, rising, at least two.
        places: Amounts above zero, of any shape.
    """
    known, heights, at = np.log(np.array(amounts, np.float64)), logit(np.array(rates)), np.log(places)
    piece = np.clip(np.searchsorted(known, at, side="right") - 1, 0, len(known) - 2)
    slope = np.diff(heights) / np.diff(known)
    values = expit(heights[piece] + slope[piece] * (at - known[piece]))
    where = np.minimum(np.searchsorted(np.array(amounts), places), len(known) - 1)
    return np.where(np.array(amounts)[where] == places, np.array(rates)[where], values)


def _made(states: States) -> Ints:
    if states.e is None:
        raise TrialError(
            "TRIAL-004",
            saw="trial states without counts of products that reached the dose",
            expected="them in the column of responses",
            fix="write E for a patient whose product reached the planned dose, B with a toxicity as well",
        )
    return states.e
