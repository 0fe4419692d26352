"""Possible values of an input in words of every language; `engine.shown` says the same in English for machines.

Place    Report. Read by reasons.
Knows    Units as printed for people, categories by their labels.
Missing  A value that is not known at all is "not recorded"; one that is partly known says its limits.
"""

from __future__ import annotations

import math
from typing import Any, Final

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.values import Categories, NumberRange, Value
from vein2vein.report.shown import category_label, number_text, unit_text
from vein2vein.report.words import Words, joined, say

_TRUTH: Final = {Truth.TRUE: "value.yes", Truth.FALSE: "value.no", Truth.UNKNOWN: "value.not_certain"}
_OWN_UNITS: Final = {"day_run": "value.days", "measured_span": "value.hours", "age_years": "value.years"}
_MEASURED: Final = frozenset({"latest", "highest", "lowest", "baseline", "nth_lowest_day"})


def value_words(value: Value, take: Any) -> Words:
    """A value with its unit, such as "38.6 °C", "at least 1" or "not recorded".

    Args:
        value: Possible values of an input.
        take: The input as the rule file declares it.
    """
    if isinstance(value, Truth):
        return say(_TRUTH[value])
    if isinstance(value, Categories):
        return _categories(value, str(getattr(take, "observation", "")))
    if value == NumberRange():
        return say("value.not_recorded")
    return joined([_number(value), _unit(take)], " ").each(str.strip)


def _categories(value: Categories, kind: str) -> Words:
    labels = [category_label(kind, code) for code in sorted(value.possible)]
    if value.is_known:
        return labels[0]
    return say("value.one_of", values=joined(labels, say("value.separator")))


def _number(value: NumberRange) -> Words:
    low, high = number_text(value.low), number_text(value.high)
    if value.is_known:
        return Words(low)
    if math.isinf(value.high):
        return say("value.above" if value.low_is_open else "value.at_least", value=low)
    if math.isinf(value.low):
        return say("value.below" if value.high_is_open else "value.at_most", value=high)
    return say("value.between", low=low, high=high)


def _unit(take: Any) -> Words:
    relative = getattr(take, "relative_to", None)
    if relative is not None:
        return say(f"value.{relative}")
    if take.take in _OWN_UNITS:
        return say(_OWN_UNITS[take.take])
    if take.take == "steepest_rise":
        return say("value.per_hour", unit=unit_text(observation_kind(take.observation).unit))
    return Words(unit_text(observation_kind(take.observation).unit) if take.take in _MEASURED else "")
