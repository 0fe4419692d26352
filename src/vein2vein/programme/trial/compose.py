"""A design put together from parts of others: the dose rule of one, the safety rule, stop and selection of others.

Place    Programme, trial. Read by `study.composed`, so that design files can do the same.
In       Designs; each gives one part.
Out      A `Design`, or a `LateDesign` where the dose rule decides while outcomes are pending.
Knows    Parts read the same `States`, so most go together. What does not is refused: doses that differ in number, counts that
         the dose rule does not keep, rules that rest on the safety rule of their own design.
Checked  tests/unit/programme/trial/test_compose.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NoReturn

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.backfill import PooledInterval
from vein2vein.programme.trial.phase1.boin import Titrated
from vein2vein.programme.trial.phase1.common import ByMoves
from vein2vein.programme.trial.phase1.feasible import Infeasible, TolerableFeasible
from vein2vein.programme.trial.phase1.late import LateDesign
from vein2vein.programme.trial.phase1.rolling_six import RollingSix
from vein2vein.programme.trial.phase1.table import DecisionTable
from vein2vein.programme.trial.phase1.three_plus_three import HighestPassed, ThreePlusThree, TwoToxicities
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility
from vein2vein.programme.trial.words import (
    AnySafety,
    AnyStop,
    Cohorts,
    Design,
    EnoughAtDose,
    NoSafetyRule,
    SafetyRule,
)

Part = Design | LateDesign
_THREE: Final = 3
_RESPONSES: Final = "responses"
_MADE: Final = "products that reached the dose"


def compose(
    rule: Part,
    *,
    safety: Sequence[Part] | None = None,
    selection: Part | None = None,
    stop_at: int | None = None,
) -> Part:
    """A design with the dose rule, cohorts and first dose of one design, and other parts of others.

    Args:
        rule: The design whose dose rule decides; what is left out below is taken from it too.
        safety: Designs whose safety rules close doses, each closing what it closes; empty for no safety rule.
        selection: The design that selects the dose at the end.
        stop_at: End once the next cohort would stay at a dose that has had so many patients.

    Raises:
        TrialError: TRIAL-002 for parts that do not go together.
    """
    whole = rule
    closing = [rule] if safety is None else list(safety)
    choosing = rule if selection is None else selection
    _same_doses(rule, [*closing, choosing])
    rules = tuple(one.safety for one in closing)
    _counts(rule, choosing, rules)
    _rests_on(rule, choosing, rules)
    shut: SafetyRule = NoSafetyRule() if not rules else rules[0] if len(rules) == 1 else AnySafety(rules)
    name = _name(rule, closing, choosing)
    if isinstance(whole, LateDesign):
        if stop_at is not None:
            _refuse(f"a stop at {stop_at} patients with the rule of {rule.name}", "no early stop while outcomes are pending",
                    "leave `stopping` out")  # fmt: skip
        return replace(whole, name=name, safety=shut, selection=choosing.selection, joint=rule.joint or choosing.joint)
    stopping = whole.stopping if stop_at is None else AnyStop((EnoughAtDose(stop_at),))
    return replace(
        whole,
        name=name,
        safety=shut,
        selection=choosing.selection,
        stopping=stopping,
        with_efficacy=_looks(rule) is not None or _looks(choosing) is not None or any(map(_looks_safety, rules)),
        joint=rule.joint or choosing.joint,
        looks_at_last_cohort=whole.looks_at_last_cohort or getattr(choosing, "looks_at_last_cohort", False),
    )


def _name(rule: Part, safety: Sequence[Part], selection: Part) -> str:
    shut = " and ".join(one.name for one in safety) or "none"
    return f"composed: rule of {rule.name}, safety of {shut}, selection of {selection.name}"


def _same_doses(rule: Part, others: Sequence[Part]) -> None:
    for one in others:
        if one.doses != rule.doses:
            _refuse(
                f"{rule.doses} doses of {rule.name} and {one.doses} of {one.name}",
                "the same number of doses in all parts",
                "correct the doses or the skeleton of one",
            )


def _looks(part: Part) -> str | None:
    """What the dose rule and selection of a design count beside toxicities."""
    if isinstance(part.rule, TolerableFeasible):
        return _MADE
    both = isinstance(part.rule, PendingUtility) or (isinstance(part, Design) and part.with_efficacy)
    return _RESPONSES if both else None


def _looks_safety(rule: SafetyRule) -> bool:
    return isinstance(rule, Infeasible)


def _counts(rule: Part, selection: Part, safety: Sequence[SafetyRule]) -> None:
    """Refuse two things in one column, and what a rule for pending outcomes does not wait for."""
    if isinstance(rule.rule, PooledInterval):
        _refuse(
            "the rule of BF-BOIN", "a rule without patients between the cohorts", "use design: backfill-boin as a whole"
        )
    found = {one for one in (_looks(rule), _looks(selection), *(_MADE for one in safety if _looks_safety(one))) if one}
    if len(found) > 1:
        _refuse(
            f"parts that count {_RESPONSES} and {_MADE}",
            "one of the two: both are written E",
            "choose parts that count alike",
        )
    if isinstance(rule, LateDesign) and found and _looks(rule) is None:
        _refuse(
            f"{found.pop()} with the rule of {rule.name}, which does not wait for them",
            "parts that look at toxicity only",
            "take another selection or safety rule, or the rule of tite-boin12",
        )
    if _looks(rule) and selection.joint and not rule.joint and isinstance(rule, LateDesign):
        _refuse(
            f"a selection that counts both outcomes in a patient with the rule of {rule.name}",
            "utilities of the rule that do not sum to 100 either",
            "give both parts the same utilities",
        )


def _rests_on(rule: Part, selection: Part, safety: Sequence[SafetyRule]) -> None:
    """Refuse rules without the safety rule that they rest on, and cohorts that their table does not have."""
    parent = rule.rule.parent if isinstance(rule.rule, Titrated) else rule.rule
    two = any(isinstance(one, TwoToxicities) for one in safety)
    six = isinstance(parent, (ThreePlusThree, RollingSix)) and (
        parent.closing == "six" or isinstance(parent, RollingSix)
    )
    if (six or isinstance(selection.selection, HighestPassed)) and not two:
        what = f"the rule of {rule.name}" if six else f"the selection of {selection.name}"
        _refuse(
            f"{what} without the safety rule of 3+3",
            "doses that two toxicities close, since it goes by them",
            "add {of: 3+3} to `safety`, which may be a list",
        )
    cohorts = rule.cohorts
    if isinstance(parent, ThreePlusThree) and not (isinstance(cohorts, Cohorts) and cohorts.size_of_each == _THREE):
        _refuse(
            f"cohorts of {getattr(cohorts, 'size_of_each', '?')} with the rule of 3+3",
            "cohorts of 3",
            "correct the cohorts",
        )
    if isinstance(parent, RollingSix) and getattr(cohorts, "size_of_each", 1) != 1:
        _refuse("cohorts with the rule of rolling six", "one patient at a time, cohorts of 1", "correct the cohorts")
    table = parent.moves if isinstance(parent, ByMoves) else None
    if isinstance(table, DecisionTable) and table not in safety and any("DU" in letters for _, letters in table.rows):
        _refuse(
            "a decision table with DU without its own safety rule",
            "its doses closed where it says DU",
            "add {of: decision-table, ...} to `safety`, which may be a list, or write D for DU",
        )


def _refuse(saw: str, expected: str, fix: str) -> NoReturn:
    raise TrialError("TRIAL-002", saw=saw, expected=expected, fix=fix)
