"""Possible values of an input, in words for people.

Place    Engine. Read by the plain engine, and through verdicts by reports.
Does not Translate: numbers, units and ids are the same in every language.
"""

from __future__ import annotations

import math
from typing import Any

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.values import Categories, NumberRange, Value

NOT_RECORDED = "not recorded"
_TRUTH_WORDS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "not certain"}


def show_value(value: Value, take: Any) -> str:
    """A value as text with its unit, such as "38.6 Cel", "at least 1" or "not recorded"."""
    if isinstance(value, Truth):
        return _TRUTH_WORDS[value]
    if isinstance(value, Categories):
        return next(iter(value.possible)) if value.is_known else f"one of {', '.join(sorted(value.possible))}"
    return f"{_number(value)} {_unit(take)}".strip() if value != NumberRange() else NOT_RECORDED


def _number(value: NumberRange) -> str:
    if value.is_known:
        return f"{value.low:g}"
    if math.isinf(value.high):
        return f"above {value.low:g}" if value.low_is_open else f"at least {value.low:g}"
    if math.isinf(value.low):
        return f"below {value.high:g}" if value.high_is_open else f"at most {value.high:g}"
    return f"{value.low:g} to {value.high:g}"


def _unit(take: Any) -> str:  # noqa: PLR0911  (one line per input method)
    relative = getattr(take, "relative_to", None)
    if relative is not None:
        return {"upper_limit": "x upper limit", "lower_limit": "x lower limit", "baseline": "x baseline"}[relative]
    match take.take:
        case "day_run":
            return "days"
        case "measured_span":
            return "h"
        case "steepest_rise":
            return f"{observation_kind(take.observation).unit} per hour"
        case "latest" | "highest" | "lowest" | "baseline" | "nth_lowest_day":
            return observation_kind(take.observation).unit or ""
        case "age_years":
            return "years"
        case _:
            return ""
