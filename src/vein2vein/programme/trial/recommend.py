"""The advice for a running trial: what next, and why; what could come after; the whole table of decisions.

Place    Programme, trial.
In       A design and the outcomes so far, as "1NNN 2NNT".
Out      `Recommendation`, `Path`s of the next cohorts, a decision table. Doses are counted from 1 here.
Knows    Advice is the rule itself, asked for one state: nothing is worked out twice. A rule decides when a cohort is full; until
         then the advice is to fill it, unless the patients who are missing could no longer keep the trial at the dose.
Checked  tests/unit/programme/trial/test_recommend.py, tests/reference/trial_phase1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.cohort_outcomes import together
from vein2vein.programme.trial.notation import CohortOutcome, read_outcomes
from vein2vein.programme.trial.phase1.common import ByMoves
from vein2vein.programme.trial.so_far import SoFar
from vein2vein.programme.trial.words import NONE, Design, States

Action = Literal["start", "escalate", "stay", "de-escalate", "stop", "fill the cohort"]


@dataclass(frozen=True)
class Recommendation:
    """What a design says now.

    Args:
        action: What to do.
        dose: Dose of the next cohort, counted from 1; None where the trial stops.
        size: Patients of the next cohort; 0 where the trial stops.
        selected: Dose that would be selected if the trial ended now, counted from 1; None for no dose.
        closed: Doses that are closed, counted from 1.
        reasons: Why, in sentences.
        departures: Where the outcomes depart from what the design asked for: cohort, what was asked, what was done.
    """

    action: Action
    dose: int | None
    size: int
    selected: int | None
    closed: tuple[int, ...]
    reasons: tuple[str, ...]
    departures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Path:
    """Outcomes that may come, and the dose after them.

    Args:
        outcomes: Cohorts from here, such as "2NNT 2NNN"; empty for the present.
        dose: Dose of the cohort after them, counted from 1; None where the trial stops.
    """

    outcomes: str
    dose: int | None


@dataclass(frozen=True)
class TableRow:
    """One cell of a decision table: E escalate, S stay, D de-escalate, DU the same and never come back."""

    patients: int
    toxicities: int
    decision: str


def recommend(design: Design, outcomes: str = "") -> Recommendation:
    """What the design says after some outcomes.

    Args:
        design: The design of the trial.
        outcomes: Cohorts so far, in order; empty before the first.

    Raises:
        TrialError: TRIAL-003 for outcomes that cannot be read, or more patients than the design has.
    """
    written = read_outcomes(outcomes, design.doses)
    _check(design, written, outcomes)
    so_far = SoFar.of(design, written)
    state = so_far.state(design)
    chosen = int(design.selected(state)[0]) if written else NONE
    at, dose = int(state.at[0]), int(design.start if not written else NONE)
    reasons: tuple[str, ...] = (f"the first cohort is treated at dose {dose + 1}",)
    filling = bool(so_far.missing) and not _leaves_at_once(design, so_far)
    if filling:
        dose, reasons = at, _unfilled(design, so_far)
    elif written:
        dose = int(design.next_dose(state)[0])
        reasons = _reasons(design, state, dose)
        if so_far.missing:
            whom = "the last patient" if so_far.missing == 1 else f"the last {so_far.missing} patients"
            reasons = (*reasons, f"the cohort is not full; whatever {whom} would show, one leaves the dose")
    size = so_far.missing if filling else int(design.cohorts.size(state)[0])
    return Recommendation(
        action="fill the cohort" if filling else _action(dose, at, begun=bool(written)),
        dose=None if dose == NONE else dose + 1,
        size=0 if dose == NONE else size,
        selected=None if chosen == NONE else chosen + 1,
        closed=tuple(int(k) + 1 for k in np.flatnonzero(design.safety.closed(state)[0])),
        reasons=reasons,
        departures=so_far.departures,
    )


def paths(design: Design, outcomes: str = "", *, cohorts: int = 2) -> tuple[Path, ...]:
    """Every way in which the next cohorts may turn out, by number of toxicities and of responses, and the dose after each.

    Args:
        design: The design of the trial. Where it counts responses and toxicities apart, those of as many patients as possible
            fall on patients without a toxicity in the outcomes that are shown; the rules look at the numbers only.
        outcomes: Cohorts so far.
        cohorts: How many cohorts to look ahead.

    Raises:
        TrialError: TRIAL-003 for outcomes that cannot be read, or more patients than the design has.
    """
    written = read_outcomes(outcomes, design.doses)
    _check(design, written, outcomes)
    so_far = SoFar.of(design, written)
    found: list[Path] = []

    def follow(state: States, words: tuple[str, ...]) -> None:
        dose = int(design.next_dose(state)[0])
        found.append(Path(" ".join(words), None if dose == NONE else dose + 1))
        if dose == NONE or len(words) == cohorts:
            return
        size = int(design.cohorts.size(state)[0])
        for toxic, responded, both in _turns(design, size):
            after = state.with_cohort(*(np.array([k]) for k in (dose, size, toxic, responded, both)))
            follow(after, (*words, f"{dose + 1}{_letters(size, toxic, responded, both)}"))

    if not so_far.missing or _leaves_at_once(design, so_far):
        follow(so_far.state(design), ())
        return tuple(found)
    at = so_far.cohorts[-1].dose + 1
    found.append(Path("", at))
    for turn in _turns(design, so_far.missing) if cohorts else ():
        follow(so_far.filled(design, *turn), (f"{at}{_letters(so_far.missing, *turn)}",))
    return tuple(found)


def _turns(design: Design, size: int) -> tuple[tuple[int, int, int], ...]:
    """Toxicities, responses and patients with both, in every way that the design tells apart."""
    if design.joint:
        return together(size)
    answers = range(size + 1) if design.with_efficacy else (0,)
    return tuple((toxic, works, max(0, toxic + works - size)) for toxic in range(size + 1) for works in answers)


def _letters(size: int, toxic: int, responded: int, both: int) -> str:
    neither = size - toxic - responded + both
    return "N" * neither + "E" * (responded - both) + "B" * both + "T" * (toxic - both)


def decision_table(design: Design, *, most: int | None = None) -> tuple[TableRow, ...]:
    """The decisions of a design that looks at the current dose only, for a dose between others that are open.

    Args:
        design: Such a design.
        most: Largest number of patients at the dose; as many as the design has when None.

    Raises:
        TrialError: TRIAL-004 for a design that looks at more than the current dose.
    """
    if not isinstance(design.rule, ByMoves):
        _misfit(f"the design {design.name}", "a design whose decision rests on the current dose only")
    most = design.cohorts.most if most is None else most
    n, y = (column.ravel() for column in np.meshgrid(np.arange(1, most + 1), np.arange(most + 1), indexing="ij"))
    n, y = n[y <= n], y[y <= n]
    if hasattr(design.rule.moves, "rows"):
        known = np.isin(n, [row[0] for row in design.rule.moves.rows])
        n, y = n[known], y[known]
    columns = [np.zeros(len(n), np.int64)] * 3
    states = States(
        np.stack([columns[0], n, columns[0]], axis=1),
        np.stack([columns[0], y, columns[0]], axis=1),
        columns[0] + 1,
        n,
        y,
    )
    closed = design.safety.closed(states)[:, 1]
    letters = np.where(closed, "DU", np.array(["D", "S", "E"])[design.rule.moves.move(n, y) + 1])
    return tuple(TableRow(int(a), int(b), str(letter)) for a, b, letter in zip(n, y, letters, strict=True))


def _leaves_at_once(design: Design, so_far: SoFar) -> bool:
    """Whether a cohort that is not full leaves its dose downward already, whatever the missing patients would show."""
    at = so_far.cohorts[-1].dose
    full = [int(design.next_dose(so_far.filled(design, *turn))[0]) for turn in _turns(design, so_far.missing)]
    if max(full) >= at:
        return False
    try:
        return int(design.next_dose(so_far.state(design))[0]) < at
    except TrialError:  # a decision table without such a number of patients
        return False


def _unfilled(design: Design, so_far: SoFar) -> tuple[str, ...]:
    """Why the cohort is filled first."""
    last = so_far.cohorts[-1]
    counts = f"{last.treated} of {last.treated + so_far.missing} patients, {last.toxic} with a toxicity"
    if design.with_efficacy:
        counts += f", {last.responded} counted by E or B"
    return (f"the cohort at dose {last.dose + 1} has {counts}; the rule decides when it is full",)


def _action(dose: int, at: int, *, begun: bool) -> Action:
    if dose == NONE:
        return "stop"
    if not begun:
        return "start"
    return "escalate" if dose > at else "de-escalate" if dose < at else "stay"


def _reasons(design: Design, state: States, dose: int) -> tuple[str, ...]:
    closed = design.safety.closed(state)
    if design.cohorts.size(state)[0] <= 0:
        return (f"all {int(state.n.sum())} planned patients have been treated",)
    reasons = list(design.rule.reasons(state, closed))
    if closed[0].any():
        first = int(closed[0].argmax()) + 1
        reasons.append(f"doses from {first} upward are closed by the safety rule")
    if dose == NONE and design.rule.next_dose(state, closed)[0] != NONE:
        reasons.append("a stopping rule ends the trial")
    return tuple(reasons)


def _check(design: Design, cohorts: tuple[CohortOutcome, ...], outcomes: str) -> None:
    treated = sum(cohort.treated for cohort in cohorts)
    if treated > design.cohorts.most:
        raise TrialError(
            "TRIAL-003",
            saw=f"{treated} patients in {outcomes!r}",
            expected=f"at most {design.cohorts.most}, the patients of the design",
            fix="correct the outcomes, or the cohorts of the design",
        )


def _misfit(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-004", saw=saw, expected=expected, fix="ask another design, or recommend() for one state")
