"""Would a slip of the pen in a number of the inputs be noticed by a course over time?"""

from __future__ import annotations

import copy

import pytest

from knowledge.files import IDS, REGISTRY
from knowledge.timed import broken, input_slips, surviving_slips, timed_cases

WATCHED = (
    "astct-2019.crs",
    "astct-2019.icans",
    "astct-2019.icans-children",
    "ebmt-2023.icaht-early",
    "ebmt-2023.icaht-late",
    "iec-hs-2023.associated",
    "iec-hs-2023.grade",
    "iec-hs-2023.pattern",
)
# Slips that change no answer of any course, and why.
SAME_MEANING = {
    "run_to_the_end.from_day": "a run that begins on day 0 also holds on day 1, and so begins by day 3 either way",
    "last_day.default: 100 -> 110": "the window closes before day 101",
}


@pytest.mark.parametrize("id", WATCHED)
def test_no_slip_in_a_number_of_the_inputs_goes_unnoticed(id: str) -> None:
    survivors = surviving_slips(REGISTRY.raw(id))
    unexplained = [slip for slip in survivors if not any(place in slip for place in SAME_MEANING)]
    assert not unexplained, "; ".join(unexplained)


def test_a_slip_is_a_rule_file_with_one_number_changed() -> None:
    raw = REGISTRY.raw("ebmt-2023.icaht-late")
    slips = {slip.what: slip.raw for slip in input_slips(raw)}
    assert {what.split(":")[0] for what in slips} == {
        "lowest.n",
        "lowest.from_day",
        "parameters.last_day.default",
        "second_lowest.n",
        "second_lowest.from_day",
        "days_with_count.from_day",
    }
    changed = copy.deepcopy(slips["second_lowest.n: 2 -> 3"])
    changed["inputs"]["second_lowest"]["n"] = 2
    assert changed == raw


def test_the_specs_hold_for_the_file_itself_and_break_for_a_slip() -> None:
    raw = copy.deepcopy(REGISTRY.raw("ucsf-2021.mas-l"))
    assert len(timed_cases()["ucsf-2021.mas-l"]) > 3
    assert broken(raw) == []
    raw["inputs"]["ferritin_rise"]["within_hours"] = 4
    assert broken(raw)


def test_every_rule_set_that_is_watched_exists() -> None:
    assert set(WATCHED) <= set(IDS)
