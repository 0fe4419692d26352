"""Scenarios of a dose-finding design file: what is true, and which doses are right.

Place    Programme, trial, study. Read by `dose`.
In       An entry of `scenarios`: rates by dose, an odds ratio, doses that are right.
Out      `Truth`s, doses, and the association as parameters.
Knows    Where a file says nothing of an association, toxicity and response are independent, and that is told as a default.
Checked  tests/unit/programme/trial/study/test_dose.py, tests/unit/programme/trial/test_designs.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vein2vein.errors import TrialError
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.study.reading import refuse
from vein2vein.programme.trial.words import Parameter

ASSOCIATION: Final = "1 is independence; ours, since published scenarios mostly name no association"


def truth_of(entry: Mapping[str, Any], i: int) -> Truth:
    """What is true in a scenario.

    Args:
        entry: The scenario of the file.
        i: Its place, from 0.

    Raises:
        TrialError: TRIAL-005 for keys or kinds that do not fit, TRIAL-001 for values that cannot be.
    """
    if "toxicity" not in entry:
        refuse(
            f"scenario {i + 1}: {dict(entry)!r}", "{name: ..., toxicity: [0.05, 0.2]}", "give each scenario its rates"
        )
    known = ("name", "toxicity", "efficacy", "feasibility", "odds_ratio", "right")
    unknown = [key for key in entry if key not in known]
    if unknown:
        refuse(f"{unknown[0]!r} in scenario {i + 1}", f"keys {', '.join(known)}", "correct the key")
    rates = [entry["toxicity"], entry.get("efficacy", entry.get("feasibility"))]
    for values in rates:
        if values is not None and (
            not isinstance(values, list)
            or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
        ):
            refuse(f"{values!r} in scenario {i + 1}", "a list of probabilities", "write such as [0.05, 0.2]")
    odds = entry.get("odds_ratio", 1.0)
    if not isinstance(odds, (int, float)) or isinstance(odds, bool):
        refuse(f"odds_ratio {odds!r} in scenario {i + 1}", "a number above 0; 1 for independence", "write such as 2.5")
    return Truth.of(rates[0], rates[1], str(entry["name"]), odds)


def truths_of(cases: Sequence[Mapping[str, Any]], doses: int) -> tuple[Truth, ...]:
    """What is true in each scenario, with a rate for each dose.

    Args:
        cases: The scenarios of the file.
        doses: How many doses the design has.

    Raises:
        TrialError: TRIAL-005 and TRIAL-001 as `truth_of`, with the name of the scenario; TRIAL-001 for another number of rates.
    """
    found = []
    for i, entry in enumerate(cases):
        name = f"in scenario {str(entry['name'])!r}"
        try:
            truth = truth_of(entry, i)
        except TrialError as error:
            if error.id != "TRIAL-001":
                raise
            told = error.fault
            raise TrialError(told.id, saw=f"{told.saw} {name}", expected=told.expected, fix=told.fix) from error
        if len(truth.toxicity) != doses:
            saw = f"{len(truth.toxicity)} probabilities {name}"
            raise TrialError("TRIAL-001", saw=saw, expected=f"{doses}, one per dose", fix="correct the scenario")
        found.append(truth)
    return tuple(found)


def right_of(entry: Mapping[str, Any], doses: int) -> tuple[int, ...] | None:
    """The doses (from 0) that a scenario names as right; None where it names none.

    Raises:
        TrialError: TRIAL-005 for doses that are not there.
    """
    named = entry.get("right")
    if named is None:
        return None
    if named == "none":
        return ()
    several = named if isinstance(named, list) else [named]
    if not several or not all(isinstance(dose, int) and 1 <= dose <= doses for dose in several):
        refuse(f"right {named!r}", f"doses from 1 to {doses}, or none", "write such as `right: [3]` or `right: none`")
    return tuple(dose - 1 for dose in several)


def association(cases: Sequence[Mapping[str, Any]], *, looks: bool) -> dict[str, Parameter]:
    """How toxicity and response go together in the scenarios; nothing for a design that looks at toxicity only.

    Args:
        cases: The scenarios of the file.
        looks: Whether the design looks at responses.
    """
    if not looks or not cases:
        return {}
    given = tuple(float(entry.get("odds_ratio", 1.0)) for entry in cases)
    if not any("odds_ratio" in entry for entry in cases):
        return {"odds_ratio": Parameter(1.0, "default", ASSOCIATION)}
    return {"odds_ratio": Parameter(given[0] if len(set(given)) == 1 else given, "set")}
