"""The advice for a running trial of any family, with reasons, in one form.

Place    Programme, trial, study. Read by the command line and the audit log.
In       A study; what was seen, in the notation of its family; follow-up of pending patients.
Out      `Advice`: what to do, facts, reasons, departures from what the design had asked for.
Knows    Dose finding: "1NNN 2NNT", pending patients "2@14" (dose, days). Single arm: "3/13", pending days "40 20". Baskets:
         "5/10 2/10" in their order. Randomised: z of each look made, "1.32 2.41".
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.notation import read_outcomes
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase2 import pending as top
from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.study.baskets import BasketStudy
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.study.single import SingleArm
from vein2vein.programme.trial.words import NONE, Design, States

_PENDING: Final = re.compile(r"(\d+)@(\d+(?:\.\d+)?)")
_COUNT: Final = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Advice:
    """What a design says now.

    Args:
        action: What to do, such as "escalate", "go on", "stop for futility".
        facts: What belongs to it, by label: next cohort, selected dose, conditional power.
        reasons: Why, in sentences.
        departures: Where what was done departs from what the design had asked for.
    """

    action: str
    facts: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "action": self.action,
            "facts": dict(self.facts),
            "reasons": list(self.reasons),
            "departures": list(self.departures),
        }

    def lines(self) -> list[str]:
        """The advice as it is printed."""
        rows = [("action", self.action), *self.facts]
        rows += [("reason", text) for text in self.reasons] + [("departure", text) for text in self.departures]
        return [f"{label:<9} {text}" for label, text in rows]


def advise(study: object, outcomes: str = "", pending: str = "") -> Advice:
    """What the design of a study says after what was seen.

    Args:
        study: A study of a design file.
        outcomes: What was seen, in the notation of the family; empty before anything was.
        pending: Follow-up of patients without an outcome; empty for none.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read or does not fit, TRIAL-004 for a design that takes no advice so,
            TRIAL-060 for impossible counts.
    """
    if isinstance(study, DoseStudy):
        if isinstance(study.design, LateDesign):
            return _late(study, outcomes, pending)
        _nothing_pending(study.name, pending)
        return _at_once(study.design, outcomes)
    if isinstance(study, SingleArm):
        return _single(study, outcomes, pending)
    if isinstance(study, BasketStudy):
        _nothing_pending(study.name, pending)
        return _baskets(study, outcomes)
    if isinstance(study, (Randomised, CellStudy)):
        _nothing_pending(study.name, pending)
        return _looks(study.analysis.plan, outcomes)
    raise TrialError(
        "TRIAL-004",
        saw=f"advice for the design {getattr(study, 'name', study)}",
        expected="dose finding, one endpoint of a single arm, baskets or a randomised trial",
        fix="read its boundaries: vein2vein trial boundaries FILE",
    )


def _at_once(design: Design, outcomes: str) -> Advice:
    found = recommend(design, outcomes)
    facts = [] if found.dose is None else [("next", f"{found.size} at dose {found.dose}")]
    facts.append(("selected", f"{found.selected or 'none'}, if the trial ended now"))
    return Advice(found.action, tuple(facts), found.reasons, found.departures)


def _late(study: DoseStudy, outcomes: str, pending: str) -> Advice:
    design, setting = study.design, study.setting
    if study.response is not None:
        raise TrialError(
            "TRIAL-004",
            saw=f"advice for the design {design.name}, which waits for responses too",
            expected="a design whose pending patients wait for toxicity only",
            fix="call the rule from Python with `TwoSeen`",
        )
    assert isinstance(design, LateDesign) and setting is not None  # noqa: S101, PT018  (asked for when read)
    patients = [
        (cohort.dose, k < cohort.toxic)
        for cohort in read_outcomes(outcomes, design.doses)
        for k in range(cohort.treated)
    ]
    open_ = [_open(word, design.doses, setting.window) for word in pending.split()]
    sequence = [*patients, *((dose, False) for dose, _ in open_)]
    if len(sequence) > design.cohorts.most:
        _cannot(f"{len(sequence)} patients", f"at most {design.cohorts.most}, the patients of the design")
    if not sequence:
        text = f"the first cohort is treated at dose {design.start + 1}"
        return Advice("start", (("next", f"dose {design.start + 1}"),), (text,))
    states = _states(sequence, design)
    seen = Seen.of(states, np.array([d for d, _ in open_], np.int64), np.array([w for _, w in open_], np.float64))
    closed = design.safety.closed(states)
    dose, at = int(design.rule.next_dose(seen, closed)[0]), int(states.at[0])
    n, y = int(states.n[0, at]), int(states.y[0, at])
    here = f"{y} of {n} with a toxicity at dose {at + 1}, {int(seen.pending[0, at])} pending"
    reasons = [f"{here}, followed for {seen.followed[0, at]:.2f} windows in all"]
    if closed[0].any():
        reasons.append(f"doses from {int(closed[0].argmax()) + 1} upward are closed by the safety rule")
    if len(sequence) == design.cohorts.most:
        return Advice("stop", (), (*reasons, f"all {len(sequence)} planned patients have been treated"))
    if dose in {NONE, SUSPEND}:
        return Advice("stop" if dose == NONE else "wait", (), tuple(reasons))
    action = "escalate" if dose > at else "de-escalate" if dose < at else "stay"
    return Advice(action, (("next", f"dose {dose + 1}"),), tuple(reasons))


def _states(sequence: list[tuple[int, bool]], design: LateDesign) -> States:
    """One state in which all treated count, the last cohort being the last patients of the sequence."""
    n, y = np.zeros((1, design.doses), np.int64), np.zeros((1, design.doses), np.int64)
    for dose, toxic in sequence:
        n[0, dose] += 1
        y[0, dose] += toxic
    last = sequence[-design.cohorts.size_of_each :]
    return States(n, y, *(np.array([k]) for k in (sequence[-1][0], len(last), sum(toxic for _, toxic in last))))


def _open(word: str, doses: int, window: float) -> tuple[int, float]:
    match = _PENDING.fullmatch(word)
    if match is None or not 1 <= int(match[1]) <= doses or float(match[2]) >= max(window, 1e-9):
        _cannot(
            f"pending patient {word!r}",
            f'a dose from 1 to {doses} and days below the window of {window:g}, such as "2@14"',
            "give patients who finished their window as outcomes, with the letter N",
        )
    return int(match[1]) - 1, float(match[2]) / window


def _single(study: SingleArm, outcomes: str, pending: str) -> Advice:
    bounds, arm = study.arm.boundaries, study.arm
    if not outcomes.split():
        return Advice("go on", (("next", f"look after {bounds.looks[0]} patients"),), ("no look was made yet",))
    responses, patients = _counted(outcomes.rsplit(maxsplit=1)[-1])
    if pending.split():
        if arm.tuned is None or arm.window is None:
            _nothing_pending(study.name, pending)
        followed = [_number(word) for word in pending.split()]
        assert arm.tuned is not None and arm.window is not None  # noqa: S101, PT018  (refused above)
        found = top.advise(arm.tuned, responses, patients, followed, window=arm.window)
        return Advice(found.action, (("counted", f"{found.effective:.2f} patients"),), (found.reason,))
    decision = bounds.decide(patients, responses)
    look = bounds.looks.index(patients)
    last = look + 1 == len(bounds.looks)
    low, high = bounds.futile[look], bounds.success[look]
    said = (
        f"{responses} of {patients} respond; futile with {low} or fewer"
        if low >= 0
        else f"{responses} of {patients} respond"
    )
    said += f", success from {high}" if high <= patients else ""
    action = {"futile": "stop for futility", "success": "success", "go on": "go on"}[decision]
    facts = () if decision != "go on" or last else (("next", f"look after {bounds.looks[look + 1]} patients"),)
    return Advice(action, facts, (said,))


def _baskets(study: BasketStudy, outcomes: str) -> Advice:
    counts = [_counted(word) for word in outcomes.split()]
    one = study.borrowing
    if len(counts) != len(one.names):
        _cannot(f"{len(counts)} counts", f"{len(one.names)}, one for each basket", 'write such as "5/10 2/10 1/10"')
    wrong = [k for k, (_, n) in zip(one.names, counts, strict=True) if n != one.patients[one.names.index(k)]]
    if wrong:
        _cannot(
            f"other patients than planned in {wrong[0]}", f"{list(one.patients)} patients", "change the design file"
        )
    above = one.analysis(tuple(y for y, _ in counts))
    facts = tuple(
        (name, f"{chance:.3f}: {'claimed' if chance > one.claim else 'not claimed'}")
        for name, chance in zip(one.names, above, strict=True)
    )
    claimed = int((above > one.claim).sum())
    reason = f"a basket is claimed when its chance of a rate above {one.null:g} is above {one.claim:g}"
    return Advice(f"claim {claimed} of {len(one.names)}", facts, (reason,))


def _looks(plan: Plan, outcomes: str) -> Advice:
    z = [_number(word) for word in outcomes.split()]
    if len(z) > len(plan.t):
        _cannot(f"{len(z)} looks", f"at most {len(plan.t)}, the looks of the plan", "leave out the later ones")
    if not z:
        return Advice("go on", (("next", f"look 1 at {plan.t[0]:.0%} of the information"),), ("no look was made yet",))
    k, here = len(z) - 1, z[-1]
    crossed = [i for i, one in enumerate(z[:-1]) if one >= plan.upper[i] or one < plan.lower[i]]
    departures = tuple(f"look {i + 1}: the trial could have ended, it went on" for i in crossed)
    last = k + 1 == len(plan.t)
    said = [f"z of {here:.3f} at look {k + 1}; the upper bound is {plan.upper[k]:.4f}"]
    if np.isfinite(plan.lower[k]) and not last:
        said.append(
            f"the lower bound is {plan.lower[k]:.4f}" + ("" if plan.binding or plan.sides > 1 else ", not binding")
        )
    if here >= plan.upper[k]:
        return Advice("stop for superiority", (), tuple(said), departures)
    if plan.sides > 1 and here < plan.lower[k]:
        return Advice("stop for harm", (), tuple(said), departures)
    if last:
        return Advice("end without superiority", (), tuple(said), departures)
    facts = [("power", f"{plan.conditional_power(k + 1, here):.1%} if the trend goes on")]
    facts.append(("predicted", f"{plan.predictive_power(k + 1, here):.1%} averaged over the trend"))
    if plan.drift is not None:
        facts.append(("planned", f"{plan.conditional_power(k + 1, here, plan.drift):.1%} if the planned effect holds"))
    action = "stop for futility" if here < plan.lower[k] else "go on"
    if action == "go on":
        facts.append(("next", f"look {k + 2} at {plan.t[k + 1]:.0%} of the information"))
    return Advice(action, tuple(facts), tuple(said), departures)


def _counted(word: str) -> tuple[int, int]:
    match = _COUNT.fullmatch(word)
    if match is None or int(match[1]) > int(match[2]):
        _cannot(f"{word!r}", "responses and patients, such as 3/13", 'write counts as in "3/13"')
    return int(match[1]), int(match[2])


def _number(word: str) -> float:
    try:
        found = float(word)
    except ValueError:
        _cannot(f"{word!r}", "a number", "write numbers with blanks between them")
    if not np.isfinite(found):
        _cannot(f"{word!r}", "a finite number", "write numbers with blanks between them")
    return found


def _nothing_pending(name: str, pending: str) -> None:
    if pending.split():
        raise TrialError(
            "TRIAL-004",
            saw=f"pending patients for the design {name}",
            expected="a design that decides while outcomes are pending, such as tite-boin or top",
            fix="leave them out, and ask again when their outcomes are known",
        )


def _cannot(saw: str, expected: str, fix: str = "correct the outcomes") -> NoReturn:
    raise TrialError("TRIAL-003", saw=saw, expected=expected, fix=fix)
