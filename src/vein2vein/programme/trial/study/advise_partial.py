"""The advice of a design for partial doses: who got less is written with the amount.

Place    Programme, trial, study. Read by `advise`.
In       Outcomes as "1NNT 2NN 2N=1.4": letters for patients who got the planned dose, letter and amount for one who got less.
Out      `Advice`.
Knows    An amount is in the unit of the planned amounts. Words at the same dose belong to one cohort while it has room. Every
         earlier decision can be asked again, so departures are found as for other designs.
Checked  tests/unit/programme/trial/study/test_partial.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.notation import read_outcomes
from vein2vein.programme.trial.phase1.partial import FULL, PartialDesign, Treated, states_of
from vein2vein.programme.trial.study.advice import Advice, cannot
from vein2vein.programme.trial.words import NONE, States

_LESS: Final = re.compile(r"(\d+)([NT])=(\d+(?:\.\d+)?(?:E[+-]?\d+)?)")


@dataclass(frozen=True)
class _Patient:
    """One treated patient: planned dose from 0, amount received, and whether there was a toxicity."""

    dose: int
    amount: float
    toxic: bool


def advise_partial(design: PartialDesign, outcomes: str) -> Advice:
    """What the design says.

    Args:
        design: The design.
        outcomes: Patients in order.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, an amount that is not below the planned one, or too many patients.
    """
    patients = _patients(design, outcomes)
    size, most = design.cohorts.size_of_each, design.cohorts.most
    if len(patients) > most:
        cannot(f"{len(patients)} patients", f"at most {most}, the patients of the design")
    if not patients:
        return Advice("start", (("next", f"{size} at dose 1"),), ("the first cohort is treated at dose 1",))
    cohorts = _cohorts(patients, size)
    departures = _departures(design, cohorts)
    treated, states = _seen(design, patients, len(cohorts[-1]))
    at, missing = patients[-1].dose, size - len(cohorts[-1])
    selected = int(design.selected(treated, states)[0])
    chosen = ("selected", f"{'none' if selected == NONE else selected + 1}, if the trial ended now")
    goes = int(design.next_dose(treated, states)[0])
    reasons = _reasons(design, (treated, states), goes)
    if len(patients) == most:
        return Advice("stop", (chosen,), (*reasons, f"all {most} planned patients have been treated"), departures)
    if missing and goes >= at:
        here = (
            f"the cohort at dose {at + 1} has {len(cohorts[-1])} of {size} patients; the rule decides when it is full"
        )
        return Advice("fill the cohort", (("next", f"{missing} at dose {at + 1}"), chosen), (here,), departures)
    if goes == NONE:
        return Advice("stop", (chosen,), reasons, departures)
    action = "escalate" if goes > at else "de-escalate" if goes < at else "stay"
    following = f"{min(size, most - len(patients))} at dose {goes + 1}"
    return Advice(action, (("next", following), chosen), reasons, departures)


def _patients(design: PartialDesign, outcomes: str) -> list[_Patient]:
    amounts, found = design.partial.amounts, []
    for word in outcomes.upper().split():
        match = _LESS.fullmatch(word)
        if match is None:
            wrong = [letter for letter in word if letter in "EB"]
            if wrong or "=" in word:
                cannot(f"{word!r}", 'words such as "2NNT", or "2N=1.4" for one who got less', "write the amount after ="
                       if wrong else "write one letter N or T before =")  # fmt: skip
            found += [
                _Patient(cohort.dose, amounts[cohort.dose], k < cohort.toxic)
                for cohort in read_outcomes(word, design.doses)
                for k in range(cohort.treated)
            ]
            continue
        (cohort,) = read_outcomes(match[1] + match[2], design.doses)
        amount = float(match[3])
        if not 0 < amount < amounts[cohort.dose] * FULL:
            cannot(
                f"{word!r}",
                f"an amount above 0 and below the planned {amounts[cohort.dose]:g}",
                "leave out = for a full dose",
            )
        found.append(_Patient(cohort.dose, amount, match[2] == "T"))
    return found


def _cohorts(patients: list[_Patient], size: int) -> list[list[_Patient]]:
    """Patients by cohorts: those at one dose, as many as a cohort has."""
    found: list[list[_Patient]] = []
    for one in patients:
        if not found or len(found[-1]) == size or found[-1][-1].dose != one.dose:
            found.append([])
        found[-1].append(one)
    return found


def _departures(design: PartialDesign, cohorts: list[list[_Patient]]) -> tuple[str, ...]:
    size, found = design.cohorts.size_of_each, []
    for k, cohort in enumerate(cohorts):
        before = [one for earlier in cohorts[:k] for one in earlier]
        asked = 0 if not k else int(design.next_dose(*_seen(design, before, len(cohorts[k - 1])))[0])
        short = k + 1 < len(cohorts) and len(cohort) < size
        given = f"{len(cohort)} at dose {cohort[0].dose + 1}"
        if asked == NONE:
            found.append(f"cohort {k + 1}: the design had stopped, dose {cohort[0].dose + 1} was given")
        elif asked != cohort[0].dose or short:
            found.append(f"cohort {k + 1}: the design asked for {size} at dose {asked + 1}, {given} were treated")
    return tuple(found)


def _seen(design: PartialDesign, patients: list[_Patient], last: int) -> tuple[Treated, States]:
    """The patients as one trial, the last of them the last cohort."""
    columns = zip(*((one.dose, one.amount, one.toxic) for one in patients), strict=True)
    dose, amount, toxic = (np.array([list(column)]) for column in columns)
    treated = Treated(dose, amount.astype(np.float64), toxic, np.ones(dose.shape, bool))
    amounts = np.array(design.partial.amounts)
    return treated, states_of(treated, dose[:, -1], amounts, slice(len(patients) - last, len(patients)))


def _reasons(design: PartialDesign, seen: tuple[Treated, States], goes: int) -> tuple[str, ...]:
    treated, states = seen
    less = int((treated.amount < FULL * np.array(design.partial.amounts)[treated.planned]).sum())
    first = design.toxicity.told(design.estimates(treated)[0], int(design.best(treated)[0]), goes)
    assert states.e is not None  # noqa: S101  (`states_of` counts them)
    shown = ", ".join(f"{states.e[0, k]} of {states.n[0, k]}" for k in np.flatnonzero(states.n[0]))
    words = [first, f"products that reached the planned dose: {shown}"]
    if less:
        words.append(f"{less} who got less {_COUNTED[design.partial.way]}")
    shut = design.feasible.infeasible(states)[0]
    if shut.any():
        words.append(f"from dose {int(shut.argmax()) + 1} upward too few products reach the dose")
    return tuple(words)


_COUNTED: Final = {
    "received": "count at the amount received",
    "weighted": "count by the share of the dose",
    "bounded": "count at the highest planned dose that was reached, with a toxicity at the planned one",
    "planned": "count as planned, which is current practice and misleads",
    "excluded": "do not count, which is current practice and misleads",
}
