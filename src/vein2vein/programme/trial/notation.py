"""Outcomes of a trial in the compact notation of the field, such as "1NNN 2NNT".

Place    Programme, trial.
In       Words such as `2NT`: the dose, counted from 1, and one letter per patient: N neither, T toxicity, E efficacy, B both.
Out      Cohorts, and the state of the trial after them.
Source   The notation is that of published dose-path tables (N and T), and of phase I-II designs (E, T, N, B).
Checked  tests/unit/programme/trial/study/test_advise.py; tests/unit/programme/trial/test_exact.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import States

_WORD: Final = re.compile(r"(\d+)([NTEB]+)")


@dataclass(frozen=True)
class CohortOutcome:
    """One cohort: its dose (from 0), how many were treated, had a toxicity, responded, and did both."""

    dose: int
    treated: int
    toxic: int
    responded: int
    both: int = 0


def read_outcomes(text: str, doses: int) -> tuple[CohortOutcome, ...]:
    """The cohorts of a trial in order; an empty text is a trial that has not begun.

    Raises:
        TrialError: TRIAL-003 for a word that cannot be read or a dose that is not there.
    """
    cohorts = []
    for word in text.split():
        match = _WORD.fullmatch(word.upper())
        if match is None:
            _refuse(f"{word!r} in {text!r}", 'words such as "1NNT": a dose and one letter N, T, E or B per patient')
        dose, letters = int(match[1]), match[2]
        if not 1 <= dose <= doses:
            _refuse(f"dose {dose} in {word!r}", f"a dose from 1 to {doses}")
        toxic, responded = (sum(letters.count(letter) for letter in both) for both in ("TB", "EB"))
        cohorts.append(CohortOutcome(dose - 1, len(letters), toxic, responded, letters.count("B")))
    return tuple(cohorts)


def state_after(
    cohorts: tuple[CohortOutcome, ...],
    doses: int,
    start: int = 0,
    *,
    with_efficacy: bool = False,
    joint: bool = False,
) -> States:
    """The state of one trial after some cohorts, as a batch of one."""
    state = States.before_the_first(doses, start, with_efficacy=with_efficacy, joint=joint)
    for one in cohorts:
        state = state.with_cohort(*(np.array([k]) for k in (one.dose, one.treated, one.toxic, one.responded, one.both)))
    return state


def _refuse(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-003", saw=saw, expected=expected, fix='write cohorts as in "1NNN 2NNT"')
