"""The advice at a look of a randomised trial, at the planned or the actual information.

Place    Programme, trial, study. Read by `advise`.
In       A study with a plan of looks; z of each look made, or its p where the plan is one-sided; the part of the planned
         information at each, or nothing.
Out      `Advice` with power and the next look.
Knows    Alpha is spent at the actual fractions (Lan & DeMets 1983 Biometrika 70:659), and bounds of looks made do not depend on
         later ones. Futility bounds are those of a plan that has these looks and its power. The last look spends what is left.
         The planned effect is the hazard ratio of the file, for a log-rank test; without one, that of the power of futility.
         The largest z of several weights is further out than its p says, so a MaxCombo is asked by its p and never by a z; power
         at a look is a matter of one z, and none is told of several.
Checked  tests/unit/programme/trial/study/test_advise_looks.py
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.study.advice import Advice, cannot, number
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.randomised import Randomised

_ALMOST: Final = 1e-9


def advise_looks(study: Randomised | CellStudy, outcomes: str, information: str) -> Advice:
    """What the plan says after the looks that were made.

    Args:
        study: The study.
        outcomes: z of each look made, or its one-sided p as p=0.0123; of a MaxCombo the p only, of a two-sided plan z only.
        information: Part of the planned information at each of them; empty where the planned parts are to be used.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, more looks than planned, fractions that do not fit them, the z of a
            MaxCombo, or a p for a two-sided plan.
    """
    several = len(study.analysis.weights) > 1
    z = [_z(word, several=several, sides=study.analysis.plan.sides) for word in outcomes.split()]
    plan = study.analysis.plan
    if not information.split():
        said = "the planned information is used; where it was another: --information"
        found = _advice(plan, z, _planned(study, plan), several=several)
        return found if not z or len(plan.t) == 1 else replace(found, reasons=(*found.reasons, said))
    if study.looks.boundaries is not None:
        cannot(
            "other information than planned, with classical boundaries",
            "looks as planned, for which these boundaries hold; a spending function gives them for any",
            "leave --information out, or plan with `spending` instead of `boundaries`",
        )
    at = _fractions(plan, len(z), information)
    actual = study.looks.plan(at)
    found = _advice(actual, z, _planned(study, actual), several=several)
    shown = ", ".join(f"{one:.1%}" for one in at[: len(z)])
    return replace(found, facts=(*found.facts, ("at", f"{shown} of the information; bounds spend alpha there")))


def _planned(study: Randomised | CellStudy, plan: Plan) -> float | None:
    """The mean of z at the last look under the planned effect: of the planned hazard ratio, or that of the plan's power."""
    return plan.drift if study.drift is None else study.drift


def _z(word: str, *, several: bool, sides: int) -> float:
    """The z of a look; of a p the normal deviate that has it."""
    if word.startswith("p="):
        if sides > 1:
            cannot(
                f"{word} for a two-sided plan",
                "z, which has a direction: above 0 for benefit, below 0 for harm",
                "give z, such as 2.41 or -2.41",
            )
        p = number(word.removeprefix("p="))
        if not 0 < p < 1:
            cannot(word, "a one-sided p between 0 and 1", "write it as p=0.0123")
        return float(norm.isf(p))
    if several:
        cannot(
            f"z of {word} for the largest of several weights",
            "its one-sided p: a largest z is further out than a single one with the same p",
            "write the p that the MaxCombo test gave at each look, as p=0.0123",
        )
    return number(word)


def _fractions(plan: Plan, made: int, information: str) -> tuple[float, ...]:
    """The fractions of the looks made, then those still planned, which must come later."""
    at, planned = [number(word) for word in information.split()], [float(t) for t in plan.t]
    if len(at) != made or made > len(planned):
        cannot(f"{len(at)} information fractions for {made} looks", "one for each look made", "give one beside each z")
    last = made == len(planned)
    inside = all(0 < one < 1 for one in (at[:-1] if last else at))
    if not inside or any(a >= b for a, b in pairwise(at)) or (last and abs(at[-1] - 1) > _ALMOST):
        cannot(
            f"information fractions {information!r}",
            "rising numbers between 0 and 1, and 1 at the last look of the plan",
            "divide the events of each look (of a weighted test: the variance of its score) by those planned; the last is 1",
        )
    later = planned[made:]
    if later and later[0] <= at[-1]:
        cannot(
            f"a look at {at[-1]:.1%} of the information, and the next planned at {later[0]:.1%}",
            "looks that come before the next one",
            "change `looks` of the design file to the fractions that are still to come",
        )
    return (*at, *later)


def _advice(plan: Plan, z: list[float], drift: float | None, *, several: bool) -> Advice:
    if len(z) > len(plan.t):
        cannot(f"{len(z)} looks", f"at most {len(plan.t)}, the looks of the plan", "leave out the later ones")
    if not z:
        return Advice("go on", (("next", f"look 1 at {plan.t[0]:.0%} of the information"),), ("no look was made yet",))
    k, here = len(z) - 1, z[-1]
    crossed = [i for i, one in enumerate(z[:-1]) if one >= plan.upper[i] or one < plan.lower[i]]
    departures = tuple(f"look {i + 1}: the trial could have ended, it went on" for i in crossed)
    last = k + 1 == len(plan.t)
    said = [
        f"p of {norm.sf(here):.5f} at look {k + 1}; it has to be {plan.nominal_p()[k]:.5f} or less"
        if several
        else f"z of {here:.3f} at look {k + 1}; the upper bound is {plan.upper[k]:.4f}"
    ]
    if np.isfinite(plan.lower[k]) and not last:
        low = f"p of {norm.sf(plan.lower[k]):.5f}" if several else f"{plan.lower[k]:.4f}"
        said.append(f"the lower bound is {low}" + ("" if plan.binding or plan.sides > 1 else ", not binding"))
    if here >= plan.upper[k]:
        return Advice("stop for superiority", (), tuple(said), departures)
    if plan.sides > 1 and here < plan.lower[k]:
        return Advice("stop for harm", (), tuple(said), departures)
    if last:
        return Advice("end without superiority", (), tuple(said), departures)
    facts = [] if several else _powers(plan, k, here, drift)
    action = "stop for futility" if here < plan.lower[k] else "go on"
    if action == "go on":
        facts.append(("next", f"look {k + 2} at {plan.t[k + 1]:.0%} of the information"))
    return Advice(action, tuple(facts), tuple(said), departures)


def _powers(plan: Plan, k: int, here: float, drift: float | None) -> list[tuple[str, str]]:
    """Chances that the trial ends with superiority, from one z."""
    facts = [("power", f"{plan.conditional_power(k + 1, here):.1%} if the trend goes on")]
    facts.append(("predicted", f"{plan.predictive_power(k + 1, here):.1%} averaged over the trend"))
    if drift is not None:
        facts.append(("planned", f"{plan.conditional_power(k + 1, here, drift):.1%} if the planned effect holds"))
    return facts
