"""The advice of a dose-finding design while outcomes are pending, for toxicity alone or for toxicity and response.

Place    Programme, trial, study. Read by `advise`.
In       Patients with known outcomes as "1NNN 2NT"; pending ones as "2@14" (dose, days of follow-up). Where responses are waited
         for too, "2T@14" has had a toxicity and "2E@14" a response, the other outcome being open.
Out      `Advice`.
Knows    What is open follows from the days: past the window of an outcome, it did not come. Patients whose order matters, such as
         a toxicity at a higher dose while somebody lower is pending, are put in their order with P: "1NP 2T" and "1@20". Without
         a P the pending patients are the last.
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import numpy as np

from vein2vein.programme.trial.notation import read_outcomes
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase12.late import Together, TwoSeen
from vein2vein.programme.trial.study.advice import Advice, cannot
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.words import NONE, Ints, States

_PENDING: Final = re.compile(r"(\d+)([TE]?)@(\d+(?:\.\d+)?)")
_IN_ORDER: Final = re.compile(r"(\d+)([NTEBP]+)")
_PLACE: Final = "P"


@dataclass(frozen=True)
class _Patient:
    """One treated patient: dose from 0, outcomes seen, follow-up of those still open in windows (None for closed)."""

    dose: int
    toxic: bool
    responded: bool
    open_toxicity: float | None = None
    open_response: float | None = None


def advise_pending(study: DoseStudy, outcomes: str, pending: str) -> Advice:
    """What a late-onset design says.

    Args:
        study: A study of such a design.
        outcomes: Patients with known outcomes, P for the place of a pending one.
        pending: Pending patients with their days.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, or patients that do not fit the design.
    """
    design = study.design
    assert isinstance(design, LateDesign)  # noqa: S101  (the caller has asked)
    patients = _patients(study, design, outcomes, pending)
    if len(patients) > design.cohorts.most:
        cannot(f"{len(patients)} patients", f"at most {design.cohorts.most}, the patients of the design")
    if not patients:
        text = f"the first cohort is treated at dose {design.start + 1}"
        return Advice("start", (("next", f"dose {design.start + 1}"),), (text,))
    seen = _seen(patients, design, both=study.response is not None)
    return replace(_told(design, seen, len(patients)), departures=_departures(patients, design))


def _departures(patients: list[_Patient], design: LateDesign) -> tuple[str, ...]:
    """Cohorts of several doses, a first dose that is not the design's, and doses that were skipped.

    What was known when a dose was chosen is not told, so a decision that the design would not have taken is not found.
    """
    size, found, highest = design.cohorts.size_of_each, [], design.start - 1
    for first in range(0, len(patients), size):
        doses = [one.dose for one in patients[first : first + size]]
        cohort = f"cohort {first // size + 1}"
        given = [f"{doses.count(dose)} at dose {dose + 1}" for dose in dict.fromkeys(doses)]
        if len(given) > 1:
            found.append(f"{cohort}: the design asked for {size} at one dose, {' and '.join(given)} were treated")
        if not first and doses[0] != design.start:
            found.append(f"{cohort}: the design asked for dose {design.start + 1}, dose {doses[0] + 1} was given")
        elif max(doses) > highest + 1 and _no_skipping(design):
            found.append(
                f"{cohort}: no dose is skipped by the design, dose {max(doses) + 1} was given before dose {highest + 2}"
            )
        highest = max(highest, *doses)
    return tuple(found)


def _no_skipping(design: LateDesign) -> bool:
    """Whether the design never skips an untried dose; all do not, unless a CRM is told to."""
    return bool(getattr(getattr(design.rule, "parent", None), "no_skipping", True))


def _told(design: LateDesign, seen: Seen, treated: int) -> Advice:
    states, closed = seen.states, design.safety.closed(seen.states)
    dose, at = int(design.rule.next_dose(seen, closed)[0]), int(states.at[0])
    n, y = int(states.n[0, at]), int(states.y[0, at])
    here = f"{y} of {n} with a toxicity at dose {at + 1}, {int(seen.pending[0, at])} pending"
    reasons = [f"{here}, followed for {seen.followed[0, at]:.2f} windows in all", *design.rule.reasons(seen, closed)]
    if closed[0].any():
        reasons.append(f"doses from {int(closed[0].argmax()) + 1} upward are closed by the safety rule")
    facts = _selected(design, seen)
    if treated == design.cohorts.most:
        return Advice("stop", facts, (*reasons, f"all {treated} planned patients have been treated"))
    missing = -treated % design.cohorts.size_of_each
    if missing and (dose == SUSPEND or dose >= at):  # a decision is due when the cohort is full
        then = "one would then wait" if dose == SUSPEND else f"it would then be dose {dose + 1}"
        reasons.append(f"the cohort is not full; with what is known now {then}")
        return Advice("fill the cohort", (("next", f"{missing} at dose {at + 1}"), *facts), tuple(reasons))
    if dose in {NONE, SUSPEND}:
        return Advice("stop" if dose == NONE else "wait", facts, tuple(reasons))
    action = "escalate" if dose > at else "de-escalate" if dose < at else "stay"
    return Advice(action, (("next", f"dose {dose + 1}"), *facts), tuple(reasons))


def _selected(design: LateDesign, seen: Seen) -> tuple[tuple[str, str], ...]:
    """The dose that would be selected; nothing while an outcome is open."""
    if seen.pending.any() or (isinstance(seen, TwoSeen) and seen.waiting.any()):
        return ()
    dose = int(design.selection.selected(seen.states, design.safety.closed(seen.states))[0])
    return (("selected", f"{'none' if dose == NONE else dose + 1}, if the trial ended now"),)


def _patients(study: DoseStudy, design: LateDesign, outcomes: str, pending: str) -> list[_Patient]:
    """All patients in their order."""
    open_ = [_open(word, study, design) for word in pending.split()]
    if _PLACE not in outcomes.upper():
        return [*_known(outcomes, design.doses), *open_]
    found: list[_Patient] = []
    for word in outcomes.split():
        match = _IN_ORDER.fullmatch(word.upper())
        if match is None:
            cannot(f"{word!r} in {outcomes!r}", 'words such as "1NPT"', "write a letter N, T, E, B or P per patient")
        for letter in match[2]:
            if letter != _PLACE:
                found += _known(match[1] + letter, design.doses)
                continue
            dose = int(match[1]) - 1
            here = next((k for k, one in enumerate(open_) if one.dose == dose), None)
            if here is None:
                cannot(
                    f"a P at dose {dose + 1} in {outcomes!r}", "as many pending patients there", "add one to --pending"
                )
            found.append(open_.pop(here))
    if open_:
        cannot(f"a pending patient at dose {open_[0].dose + 1}", "a P for each pending patient, or none", "add the P")
    return found


def _known(outcomes: str, doses: int) -> list[_Patient]:
    return [
        # those with both come first: of the toxic ones, and of those who responded
        _Patient(cohort.dose, k < cohort.toxic, k < cohort.both or cohort.toxic <= k < cohort.toxic + alone)
        for cohort in read_outcomes(outcomes, doses)
        for alone in (cohort.responded - cohort.both,)
        for k in range(cohort.treated)
    ]


def _open(word: str, study: DoseStudy, design: LateDesign) -> _Patient:
    """A pending patient; what is open follows from the days and the windows."""
    match = _PENDING.fullmatch(word.upper())
    setting, response = study.setting, study.response
    assert setting is not None  # noqa: S101  (asked for when the file was read)
    if match is None or not 1 <= int(match[1]) <= design.doses or (match[2] and response is None):
        _cannot_wait(word, design, setting.window)
    letter, days = match[2], float(match[3])
    toxicity = None if letter == "T" or days >= setting.window else days / setting.window
    answer = None
    if response is not None and letter != "E" and days < response.window:
        answer = days / response.window
    if toxicity is None and answer is None:
        _known_already((word, match[1], letter), setting.window, None if response is None else response.window)
    return _Patient(int(match[1]) - 1, letter == "T", letter == "E", toxicity, answer)


def _known_already(patient: tuple[str, str, str], window: float, response: float | None) -> NoReturn:
    """Refuse a pending patient (word, dose, letter) of whom nothing is open any more."""
    word, dose, letter = patient
    came = {
        "T": "the toxicity came already, so only the response is open",
        "E": "the response came already, so only toxicity is",
    }
    last = {"T": response, "E": window}.get(letter, max(window, response or 0.0))
    cannot(
        f"pending patient {word!r}, of whom nothing is open" + (f": {came[letter]}" if letter else ""),
        f"days below {last:g}, the window of what is open",
        f'give the patient as an outcome: "{dose}{letter or "N"}"',
    )


def _cannot_wait(word: str, design: LateDesign, window: float) -> NoReturn:
    cannot(
        f"pending patient {word!r}",
        f'a dose from 1 to {design.doses} and days below the window of {window:g}, such as "2@14"',
        "give patients who finished their window as outcomes, with the letter N",
    )


def _seen(patients: list[_Patient], design: LateDesign, *, both: bool) -> Seen:
    """One trial at the moment of the decision; the last cohort is the last patients."""
    columns = {name: np.zeros((1, design.doses), np.int64) for name in ("n", "y", "e", "both", "waiting")}
    watched = np.zeros((1, design.doses))
    for one in patients:
        columns["n"][0, one.dose] += 1
        columns["y"][0, one.dose] += one.toxic
        columns["e"][0, one.dose] += one.responded
        columns["both"][0, one.dose] += one.toxic and one.responded
        if one.open_response is not None:
            columns["waiting"][0, one.dose] += 1
            watched[0, one.dose] += one.open_response
    last = patients[-design.cohorts.size_of_each :]
    now: list[Ints] = [np.array([k]) for k in (patients[-1].dose, len(last), sum(one.toxic for one in last))]
    states = States(columns["n"], columns["y"], *now)
    open_ = [(one.dose, one.open_toxicity) for one in patients if one.open_toxicity is not None]
    doses, weights = np.array([d for d, _ in open_], np.int64), np.array([w for _, w in open_], np.float64)
    if not both:
        return Seen.of(states, doses, weights)
    pairs = columns["both"] if design.joint else None
    found = Seen.of(replace(states, e=columns["e"], both=pairs), doses, weights)
    parts = (found.states, found.pending, found.followed, found.row, found.dose, found.weight)
    return TwoSeen(*parts, columns["waiting"], watched, _together(patients, design.doses) if design.joint else None)


def _together(patients: list[_Patient], doses: int) -> Together:
    """Patients who may still have both outcomes."""

    def told(happened: bool, open_: float | None) -> float:  # noqa: FBT001  (one of two outcomes)
        return 1.0 if happened else np.nan if open_ is None else open_

    toxic = np.array([[told(one.toxic, one.open_toxicity) for one in patients]])
    works = np.array([[told(one.responded, one.open_response) for one in patients]])
    return Together.of(np.array([[one.dose for one in patients]]), toxic, works, doses)
