"""A time of an input that the fast engine could not tell from the next course is refused when the file is read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from vein2vein.basis.clock import MICROSECONDS_PER_DAY
from vein2vein.engine.vector.batch import MARGIN_BITS
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.inputs import LONGEST_DAYS
from vein2vein.knowledge.registry import bound, default_registry

HOURS = LONGEST_DAYS * 24


def _raw() -> dict[str, Any]:
    return copy.deepcopy(default_registry().raw("ctcae-5.0.alanine-aminotransferase-increased"))


def test_the_longest_time_fits_between_two_courses() -> None:
    assert LONGEST_DAYS * MICROSECONDS_PER_DAY < 1 << MARGIN_BITS


@pytest.mark.parametrize(("hours", "is_refused"), [(HOURS, False), (HOURS + 1, True)])
def test_a_longer_holding_time_is_refused(hours: float, is_refused: bool) -> None:
    raw = _raw()
    name = next(name for name, take in raw["inputs"].items() if "holds_hours" in take)
    raw["inputs"][name]["holds_hours"] = hours
    if is_refused:
        with pytest.raises(KnowledgeError, match=rf"RULE-001[\s\S]*less than or equal to {HOURS}"):
            bound(raw, {})
    else:
        assert bound(raw, {}).inputs[name].holds_hours == hours  # type: ignore[union-attr]


def test_a_parameter_that_stands_for_a_longer_time_is_refused() -> None:
    raw = _raw()
    raw["parameters"]["observation_holds_hours"] |= {"default": HOURS + 1, "maximum": HOURS + 1}
    with pytest.raises(KnowledgeError, match=rf"less than or equal to {HOURS}"):
        bound(raw, {})


def test_a_baseline_from_longer_ago_is_refused() -> None:
    raw = _raw()
    raw["parameters"]["baseline_within_days"] |= {"default": LONGEST_DAYS + 1, "maximum": LONGEST_DAYS + 1}
    with pytest.raises(KnowledgeError, match=rf"less than or equal to {LONGEST_DAYS}"):
        bound(raw, {})


def test_no_choice_of_a_shipped_rule_set_is_refused() -> None:
    registry = default_registry()
    for id in registry.ids:
        for name, parameter in registry.get(id).parameters.items():
            if parameter.maximum is not None:
                registry.get(id, {name: parameter.maximum})
