"""The arms of a randomised trial in a design file: hazards, accrual, and scenarios that change them.

Place    Programme, trial, study. Read by `randomised` and `fixed_time`.
In       Keys `control`, `experimental`, `accrual`, `ratio` and `dropout` of the file and of its scenarios.
Out      Truths as `Scenario`s, and each part that the file set as a parameter.
Knows    A key of a scenario takes the place of that of the file. A hazard ratio is to the control arm.
Checked  tests/unit/programme/trial/study/test_randomised.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.hazards import Cure, Hazard, Ratio, Steps, exponential
from vein2vein.programme.trial.study.reading import cases_of, made, refuse
from vein2vein.programme.trial.words import Parameter


def split_arms(given: dict[str, Any], content: Mapping[str, Any]) -> tuple[dict[str, Parameter], tuple[Scenario, ...]]:
    """Take the arms out of the keys of a file: their parameters, and the truths of its scenarios.

    Args:
        given: Keys of the file without title and scenarios; those of the arms are taken out.
        content: The whole file.
    """
    arms: dict[str, Any] = {
        key: given.pop(key) for key in ("control", "experimental", "accrual", "ratio", "dropout") if key in given
    }
    cases = cases_of(content) or [{"name": "planned"}]
    return parameters_of_arms(arms), tuple(_world({**arms, **entry}, str(entry["name"])) for entry in cases)


def parameters_of_arms(arms: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parts of the arms that the file set, by key."""
    return {key: Parameter(value, "set") for key, value in _leaves(arms)}


def _leaves(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{before}{key}"
        found += (
            _leaves(value, f"{name}.")
            if isinstance(value, Mapping)
            else [(name, tuple(value) if isinstance(value, list) else value)]
        )
    return found


def _world(entry: Mapping[str, Any], name: str) -> Scenario:
    known = ("name", "control", "experimental", "accrual", "ratio", "dropout")
    unknown = [key for key in entry if key not in known]
    if unknown:
        refuse(f"{unknown[0]!r} in scenario {name!r}", f"keys {', '.join(known)}", "correct the key")
    for key in ("control", "experimental", "accrual"):
        if key not in entry:
            refuse(f"no key {key!r} for scenario {name!r}", f"{key!r} in the file or the scenario", "add it")
    control = _hazard(entry["control"], None, f"control of {name!r}")
    experimental = _hazard(entry["experimental"], control, f"experimental of {name!r}")
    out = entry.get("dropout")
    dropout = None if out is None else _hazard(out, None, f"dropout of {name!r}")
    return Scenario(
        control,
        experimental,
        _accrual(entry["accrual"], name),
        made(_pair, {"ratio": entry.get("ratio", [1, 1])}, f"scenario {name!r}"),
        (dropout, dropout),
        name,
    )


def _pair(ratio: tuple[int, int]) -> tuple[int, int]:
    return ratio


def _accrual(value: Any, name: str) -> Accrual:
    if isinstance(value, Mapping) and "months" in value:
        return made(Accrual.over, value, f"accrual of {name!r}")
    return made(_rising, value, f"accrual of {name!r}")


def _rising(patients: int, rates: tuple[float, ...], starts: tuple[float, ...] = (0.0,)) -> Accrual:
    return Accrual(patients, rates, starts)


def _hazard(value: Any, control: Hazard | None, where: str) -> Hazard:
    """An arm: a median or steps with an optional cured share, or a hazard ratio to the control that may change."""
    if isinstance(value, Mapping) and "ratio" in value:
        if control is None:
            refuse(f"a hazard ratio for {where}", "a median, or steps", "a ratio is to the control arm")
        ratios, starts = made(_ratios, _typed(value), where)
        return Ratio(control, starts, ratios)
    return made(survival_arm, value, where)


def _typed(value: Mapping[str, Any]) -> dict[str, Any]:
    """A ratio and its starts as lists; ``delay`` is a ratio of 1 until then."""
    rest = dict(value)
    ratio = rest.pop("ratio")
    ratios = ratio if isinstance(ratio, list) else [ratio]
    if "delay" in rest:
        delay = rest.pop("delay")
        if not isinstance(delay, (int, float)) or not 0 < delay < math.inf or "starts" in rest:
            refuse(f"a delay of {delay!r}", "months above 0, without starts", "write such as `delay: 3`")
        rest["starts"] = [0.0, delay]
        ratios = [1.0, *ratios]
    return rest | {"ratio": ratios}


def _ratios(
    ratio: tuple[float, ...], starts: tuple[float, ...] = (0.0,)
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return ratio, starts


def survival_arm(
    median: float | None = None,
    rates: tuple[float, ...] | None = None,
    starts: tuple[float, ...] = (0.0,),
    cured: float = 0.0,
) -> Hazard:
    """Survival with a median, or with rates per month from each of `starts`; `cured` never have the event.

    Args:
        median: Months until half of those who are not cured have the event; with `cured` that of the whole arm is longer.
        rates: Events per month of those who are not cured, from each of `starts` on.
        starts: Months from which each rate holds.
        cured: Share that never has the event.

    Raises:
        TrialError: TRIAL-005 for both or neither of median and rates; TRIAL-002 for values that cannot be.
    """
    if (median is None) == (rates is None):
        refuse("an arm with both or neither of median and rates", "one of both", "write `median: 6`, in months")
    base = exponential(median) if median is not None else Steps(starts, rates or ())
    return Cure(cured, base) if cured else base
