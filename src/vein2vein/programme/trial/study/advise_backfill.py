"""The advice of a design with backfill: the next cohort, and the dose that is open while it is waited for.

Place    Programme, trial, study. Read by `advise`.
In       Cohorts as "1NNE 2NNN", backfilled patients with a plus before them: "1NNE 2NNN +1NE 3NNT".
Out      `Advice`.
Knows    Only cohorts move the trial and use up its planned cohorts; every patient counts at the dose that was given. E and B mark
         a response, which opens a dose. Backfilled patients are known by the next decision, as in `phase1.backfill`.
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vein2vein.programme.trial.notation import CohortOutcome, read_outcomes
from vein2vein.programme.trial.phase1.backfill import Backfill
from vein2vein.programme.trial.study.advice import Advice, cannot
from vein2vein.programme.trial.words import NONE, Cohorts, Design, States


def advise_backfill(design: Design, fill: Backfill, outcomes: str) -> Advice:
    """What the design says.

    Args:
        design: The design of the cohorts.
        fill: The rule of the patients between them.
        outcomes: Cohorts and, with a plus, backfilled patients, in order.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, backfill at or above the current dose, or more cohorts than planned.
    """
    cohorts = design.cohorts
    assert isinstance(cohorts, Cohorts)  # noqa: S101  (asked for by `backfill_boin`)
    states, made, room, departures = design.first(), 0, 0, []
    for word in outcomes.split():
        between = word.startswith("+")
        (one,) = read_outcomes(word.removeprefix("+"), design.doses)
        if between:
            if fill.dose(states)[0] != one.dose:
                asked = int(fill.dose(states)[0])
                said = "no dose was open" if asked == NONE else f"dose {asked + 1} was open"
                departures.append(f"backfill {word}: {said}, dose {one.dose + 1} was given")
            added = _with(states, one)
            states = replace(added, at=states.at, last_n=states.last_n, last_y=states.last_y)
            continue
        if room >= one.treated and one.dose == states.at[0]:  # the cohort goes on
            last = states
            states, room = _with(states, one), room - one.treated
            states = replace(states, last_n=last.last_n + states.last_n, last_y=last.last_y + states.last_y)
            continue
        if room:
            departures.append(f"cohort {made}: {room} fewer than {cohorts.size_of_each} were treated")
        asked = _next(design, states, made)
        if asked != one.dose or one.treated > cohorts.size_of_each:
            wanted = "a stop" if asked == NONE else f"{cohorts.size_of_each} at dose {asked + 1}"
            done = f"{one.treated} at dose {one.dose + 1}"
            departures.append(f"cohort {made + 1}: the design asked for {wanted}, {done} were treated")
        states, made, room = _with(states, one), made + 1, max(cohorts.size_of_each - one.treated, 0)
    if made > cohorts.number:
        cannot(f"{made} cohorts", f"at most {cohorts.number}, those of the design")
    found = _told(design, fill, states, made)
    if room and not design.safety.closed(states)[0, int(states.at[0])]:
        found = _unfilled(found, states, room)
    return replace(found, departures=tuple(departures))


def _unfilled(full: Advice, states: States, missing: int) -> Advice:
    """The advice for a cohort that is not full: its rule decides when it is."""
    at, facts = int(states.at[0]) + 1, dict(full.facts)
    here = f"{int(states.last_n[0])} of {int(states.last_n[0]) + missing} patients, {int(states.last_y[0])} with a toxicity"
    reason = f"the cohort at dose {at} has {here}; the rule decides when it is full"
    kept = tuple((key, facts[key]) for key in ("backfill", "suspended", "selected") if key in facts)
    return Advice("fill the cohort", (("next", f"{missing} at dose {at}"), *kept), (reason,))


def _told(design: Design, fill: Backfill, states: States, made: int) -> Advice:
    cohorts = design.cohorts
    assert isinstance(cohorts, Cohorts)  # noqa: S101  (as above)
    goes, at = _next(design, states, made), int(states.at[0])
    if not made:
        text = f"the first cohort is treated at dose {goes + 1}"
        return Advice("start", (("next", f"{cohorts.size_of_each} at dose {goes + 1}"),), (text,))
    chosen = int(design.selected(states)[0])
    selected = ("selected", f"{'none' if chosen == NONE else chosen + 1}, if the trial ended now")
    closed = design.safety.closed(states)
    if made == cohorts.number:
        reasons: tuple[str, ...] = (f"all {made} planned cohorts have been treated",)
    else:
        reasons = tuple(design.rule.reasons(states, closed))
    if goes == NONE:
        return Advice("stop", (selected,), reasons)
    action = "escalate" if goes > at else "de-escalate" if goes < at else "stay"
    # backfill comes while the next cohort is waited for, so below the dose of that cohort
    open_ = int(fill.dose(replace(states, at=np.array([goes])))[0])
    shut = [str(k + 1) for k in np.flatnonzero(fill.suspended(states)[0])]
    facts = [("next", f"{cohorts.size_of_each} at dose {goes + 1}")]
    facts.append(("backfill", "no dose is open" if open_ == NONE else f"dose {open_ + 1}"))
    if shut:
        facts.append(("suspended", f"backfill at dose {', '.join(shut)}"))
    return Advice(action, (*facts, selected), reasons)


def _next(design: Design, states: States, made: int) -> int:
    """Dose of the next cohort, by cohorts rather than by patients."""
    assert isinstance(design.cohorts, Cohorts)  # noqa: S101  (as above)
    if not made:
        return design.start
    if made >= design.cohorts.number:
        return NONE
    found = design.rule.next_dose(states, design.safety.closed(states))
    return NONE if design.stopping.stops(states, found)[0] else int(found[0])


def _with(states: States, one: CohortOutcome) -> States:
    return states.with_cohort(*(np.array([k]) for k in (one.dose, one.treated, one.toxic, one.responded)))
