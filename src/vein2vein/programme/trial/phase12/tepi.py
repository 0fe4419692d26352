"""TEPI: a preset table of toxicity by response, for cells whose effect need not rise with the dose.

Place    Programme, trial, phase I-II.
Source   Li DH, Whitmore JB, Guo W, Ji Y. Clin Cancer Res 2017;23:13 (doi 10.1158/1078-0432.CCR-16-1125): abstract read, rule
         recalled. Their table of decisions was not at hand, so the table is asked of the user and none is built in.
Knows    Both rates are cut into intervals; the table says up, stay or down for each pair. The pair with the largest unit
         probability mass is taken: its posterior probability divided by its area, toxicity and response having independent
         uniform priors. Selection is by the highest posterior mean of a desirability that falls with toxicity and rises with
         response, straight between two limits each.
Departs  The posterior of toxicity is taken dose by dose, where the paper makes its draws rise with the dose first.
Checked  tests/unit/programme/trial/phase12/test_tepi.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from scipy.special import betainc

from vein2vein.programme.trial.phase1.common import TooToxic, check_target, refuse
from vein2vein.programme.trial.phase12.common import Futility, best_of, check_rate, check_start, responses
from vein2vein.programme.trial.words import NONE, Bools, CohortRule, Design, Floats, Ints, Parameter, States

PAPER: Final = "Li et al. 2017, doi 10.1158/1078-0432.CCR-16-1125"
_STEPS: Final = {"E": 1, "S": 0, "D": -1}


@dataclass(frozen=True)
class TepiTable:
    """Decisions for each pair of intervals.

    Args:
        toxicity: Ends of the intervals of the toxicity rate, from 0 to 1, rising.
        efficacy: The same for the response rate.
        moves: A row of E (up), S (stay) or D (down) per interval of toxicity, a letter per interval of response.

    Raises:
        TrialError: TRIAL-002 for ends that do not rise from 0 to 1, or letters that do not fit them.
    """

    toxicity: tuple[float, ...]
    efficacy: tuple[float, ...]
    moves: tuple[str, ...]

    def __post_init__(self) -> None:
        for name, ends in (("toxicity", self.toxicity), ("efficacy", self.efficacy)):
            if len(ends) < 2 or (ends[0], ends[-1]) != (0, 1) or any(a >= b for a, b in pairwise(ends)):  # noqa: PLR2004
                refuse(f"ends {list(ends)} of {name}", "numbers that rise from 0 to 1", "such as 0, 0.15, 0.35, 1")
        rows, letters = len(self.toxicity) - 1, len(self.efficacy) - 1
        if len(self.moves) != rows or any(len(row) != letters or set(row) - set(_STEPS) for row in self.moves):
            refuse(
                f"moves {list(self.moves)}",
                f"{rows} rows of {letters} letters E, S or D",
                "write a row per toxicity interval",
            )

    @classmethod
    def of(cls, toxicity: Sequence[float], efficacy: Sequence[float], moves: Sequence[str]) -> TepiTable:
        """A table from any sequences."""
        return cls(tuple(map(float, toxicity)), tuple(map(float, efficacy)), tuple(row.upper() for row in moves))

    def pairs(self, n: Ints, y: Ints, e: Ints) -> tuple[Ints, Ints]:
        """The interval of toxicity and of response with the largest unit probability mass.

        Of intervals with equal masses the cautious one: more toxicity, less response.
        """
        more_toxic = _heaviest(tuple(1 - end for end in reversed(self.toxicity)), n, n - y)
        return len(self.toxicity) - 2 - more_toxic, _heaviest(self.efficacy, n, e)

    def move(self, n: Ints, y: Ints, e: Ints) -> Ints:
        """1 for up, 0 for stay, -1 for down."""
        steps = np.array([[_STEPS[letter] for letter in row] for row in self.moves])
        found: Ints = steps[self.pairs(n, y, e)]
        return found


def _heaviest(ends: tuple[float, ...], n: Ints, count: Ints) -> Ints:
    """The first interval with the largest probability per length; the mass of a pair is a product, so each is sought apart."""
    below = betainc(1.0 + count[..., None], 1.0 + (n - count)[..., None], np.array(ends))
    found: Ints = np.round(np.diff(below) / np.diff(ends), 12).argmax(axis=-1)
    return found


@dataclass(frozen=True)
class TepiRule:
    """Where the next cohort goes: by the table, never to a closed dose, up past no futile one unless it is untried."""

    table: TepiTable
    futility: Futility | None

    def next_dose(self, states: States, closed: Bools) -> Ints:
        """The dose of the next cohort, NONE where none is acceptable."""
        e = responses(states)
        able = ~closed if self.futility is None else ~closed & ~self.futility.futile(states.n, e)
        move = self.table.move(states.here(states.n), states.here(states.y), states.here(e))
        wanted = np.clip(states.at + move, 0, states.doses - 1)
        away = np.abs(np.arange(states.doses) - wanted[:, None]) + 0.0
        # Nearest acceptable dose, the lower of equally near ones, and no dose is skipped on the way up.
        near = able & (np.arange(states.doses) <= states.at[:, None] + 1)
        return best_of(-away, near)

    def reasons(self, states: States, closed: Bools) -> list[str]:
        """The intervals and their letter."""
        e, goes = responses(states), self.next_dose(states, closed)
        words = []
        for row in range(len(states)):
            n, y, r = (column[row, states.at[row]] for column in (states.n, states.y, e))
            i, j = self.table.pairs(n, y, r)
            t, f, letter = self.table.toxicity, self.table.efficacy, self.table.moves[int(i)][int(j)]
            end = "no acceptable dose, so stop" if goes[row] == NONE else f"dose {goes[row] + 1}"
            words.append(
                f"{y} of {n} with a toxicity (likeliest {t[i]:g} to {t[i + 1]:g}), {r} with a response "
                f"(likeliest {f[j]:g} to {f[j + 1]:g}): {letter}, {end}"
            )
        return words


@dataclass(frozen=True)
class Desirable:
    """Selects the tried, acceptable dose with the highest posterior mean desirability.

    Args:
        toxicity: Toxicity rates up to which it is fully desirable, and from which not at all.
        efficacy: Response rates up to which it is not desirable at all, and from which fully.
        futility: Which doses do not work; None for none.
    """

    toxicity: tuple[float, float]
    efficacy: tuple[float, float]
    futility: Futility | None = None

    def __post_init__(self) -> None:
        for name, (a, b) in (("toxicity", self.toxicity), ("efficacy", self.efficacy)):
            if not 0 <= a < b <= 1:
                refuse(f"{name} between {a:g} and {b:g}", "two rates from 0 to 1 that rise", "such as 0.15 and 0.4")

    def mean(self, states: States) -> Floats:
        """Posterior mean desirability per dose, from 0 to 1."""
        e = responses(states)
        return (1 - _mean_ramp(states.n, states.y, self.toxicity)) * _mean_ramp(states.n, e, self.efficacy)

    def selected(self, states: States, closed: Bools) -> Ints:
        """The selected dose, NONE where none can be."""
        able = (states.n > 0) & ~closed
        if self.futility is not None:
            able &= ~self.futility.futile(states.n, responses(states))
        return best_of(self.mean(states), able)


def _mean_ramp(n: Ints, count: Ints, ends: tuple[float, float]) -> Floats:
    """Posterior mean, under a uniform prior, of what is 0 below the first end, 1 above the second and straight between."""
    a, b = 1.0 + count, 1.0 + n - count
    low, high = ends
    between = betainc(a, b, high) - betainc(a, b, low)
    weighted = a / (a + b) * (betainc(a + 1, b, high) - betainc(a + 1, b, low))
    found: Floats = (weighted - low * between) / (high - low) + 1 - betainc(a, b, high)
    return found


def tepi(  # noqa: PLR0913  (every choice named)
    doses: int,
    table: TepiTable,
    selection: Desirable,
    *,
    toxicity: float,
    cohorts: CohortRule,
    cutoff_toxicity: float = 0.95,
    efficacy: float | None = None,
    cutoff_efficacy: float | None = None,
    start: int = 0,
) -> Design:
    """A TEPI design.

    Args:
        doses: How many doses.
        table: Decisions for each pair of intervals.
        selection: Which dose is selected at the end.
        toxicity: Highest acceptable toxicity rate.
        cohorts: Cohort sizes and their number.
        cutoff_toxicity: Posterior probability of more above which a dose is closed, with at least three patients.
        efficacy: Lowest acceptable response rate; None for no futility rule.
        cutoff_efficacy: Posterior probability of less above which a dose is futile; given if and only if `efficacy` is.
        start: Dose of the first cohort, from 0.

    Raises:
        TrialError: TRIAL-002 for a rate or first dose that cannot be, or half a futility rule.
    """
    check_target(toxicity)
    check_start(doses, start)
    check_rate("cut-off", cutoff_toxicity)
    if (efficacy is None) != (cutoff_efficacy is None):
        refuse(f"efficacy={efficacy}, cutoff_efficacy={cutoff_efficacy}", "both or neither", "give the other as well")
    futility = None if efficacy is None or cutoff_efficacy is None else Futility(efficacy, cutoff_efficacy)
    given = {"table": table, "selection": selection, "toxicity": toxicity, "efficacy": efficacy,
             "cutoff_efficacy": cutoff_efficacy, "start": start + 1}  # fmt: skip
    parameters = {name: Parameter(value, "set") for name, value in given.items()}
    origin: Literal["default", "set"] = "default" if cutoff_toxicity == 0.95 else "set"  # noqa: PLR2004
    parameters["cutoff_toxicity"] = Parameter(cutoff_toxicity, origin)
    return Design(
        name="TEPI",
        doses=doses,
        rule=TepiRule(table, futility),
        selection=selection,
        cohorts=cohorts,
        safety=TooToxic(toxicity, cutoff_toxicity),
        start=start,
        with_efficacy=True,
        parameters=parameters,
    )
