"""Would a slip of the pen in a number of the inputs be noticed by a course over time?"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from knowledge import timed
from knowledge.files import IDS, REGISTRY
from knowledge.pinned import Pin, broken_pins, pins, unknown_rule_sets
from knowledge.pinned_frame import frame_slips
from knowledge.timed import broken, flag_slips, input_slips, surviving_slips, timed_cases

# Slips that change no answer of any course, and why.
SAME_MEANING = {
    "run_to_the_end.from_day": "a run that begins on day 0 also holds on day 1, and so begins by day 3 either way",
    "last_day.default: 100 -> 110": "the window closes before day 101",
}


@pytest.mark.parametrize("id", IDS)
def test_no_slip_outside_the_criteria_goes_unnoticed(id: str) -> None:
    """Every number of an input or of the frame moved by a step, every comparison of an input or flag strict for not strict."""
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


@pytest.mark.parametrize("pin", [pin for listed in pins().values() for pin in listed], ids=str)
def test_a_pinned_number_is_that_of_the_rule_file(pin: Pin) -> None:
    assert not [why for why in broken_pins(REGISTRY.raw(pin.rule_set)) if why.startswith(f"{pin}:")]


def test_pins_are_about_rule_sets_that_exist_and_no_line_stands_twice() -> None:
    lines = [str(pin) for listed in pins().values() for pin in listed]
    assert not unknown_rule_sets()
    assert len(lines) == len(set(lines)) > 600


@pytest.mark.parametrize(
    ("id", "path", "value", "pin"),
    [
        ("ctcae-5.0.anemia", ("parameters", "observation_holds_hours", "default"), 49, "holds 48 h"),
        (
            "lee-2014.crs",
            ("inputs", "high_dose_agent", "agents", 0, "rate_at_least"),
            21,
            "norepinephrine from 20 ug/min",
        ),
        ("howard-2011.tls-clinical", ("inputs", "potassium", "since_day"), -2, "since day -3"),
        ("t-icaht-2025.late", ("inputs", "second_lowest", "n"), 1, "number 2"),
        ("ctcae-5.0.crs", ("flags", 1, "when", "at_least", 1), 3, "shown with vasopressors=2"),
        ("lee-2014.crs", ("parameters", "resolution_hours", "default"), 25, "over after 24 h"),
        ("lee-2014.crs", ("parameters", "resolution_hours", "default"), 23, "clear after 24 h"),
        ("lee-2014.crs", ("parameters", "high_dose_hours", "default"), 4, "lasts 3 h"),
        ("ebmt-2023.icaht-late", ("episodes", "gap_hours"), 1679, "over after 1680 h"),
        ("ebmt-2023.icaht-late", ("window", "opens"), 30, "from day 31"),
        ("ebmt-2023.icaht-late", ("window", "closes"), 100, "to day 100"),
        ("astct-2019.icans", ("window", "opens"), 0, "from the infusion"),
        ("astct-2019.icans", ("window", "closes"), 30, "without end"),
        ("rejeski-2021.car-hematotox", ("window", "closes"), None, "to the infusion"),
        ("rejeski-2021.car-hematotox", ("bands", 1, "at_least"), 3, "high from 2"),
        ("fardet-2014.hscore", ("score_map", 0, "value"), 91, "90 means <1 %"),
    ],
)
def test_a_planted_slip_breaks_its_pin_by_name(id: str, path: tuple[Any, ...], value: float | None, pin: str) -> None:
    raw = copy.deepcopy(REGISTRY.raw(id))
    node: Any = raw
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    assert any(f"| {pin}: " in why for why in broken_pins(raw))


def test_a_comparison_made_strict_is_a_slip() -> None:
    slips = {slip.what for slip in input_slips(REGISTRY.raw("lee-2014.crs"))}
    assert "high_dose_agent.agents.0: rate_at_least -> rate_above" in slips
    assert "hours_at_38: strict False -> True" in {
        s.what for s in input_slips(REGISTRY.raw("idsa-2010.febrile-neutropenia"))
    }
    flags = {slip.what for slip in flag_slips(REGISTRY.raw("ctcae-5.0.crs"))}
    assert "flags.1.when: vasopressors at_least 2 -> above 2" in flags


def test_slips_of_the_frame_are_those_of_window_episodes_bands_and_times() -> None:
    slips = dict(frame_slips(REGISTRY.raw("lee-2014.crs")))
    assert set(slips) == {
        "window.opens: infusion -> 0",
        "window.opens: infusion -> None",
        "window.closes: None -> infusion",
        "window.closes: None -> 0",
        "parameters.resolution_hours.default: 24 -> 21.6",
        "parameters.resolution_hours.default: 24 -> 26.4",
        "parameters.high_dose_hours.default: 3 -> 2.7",
        "parameters.high_dose_hours.default: 3 -> 3.3",
    }
    late = {what for what, _ in frame_slips(REGISTRY.raw("ebmt-2023.icaht-late"))}
    assert {"window.closes: 101 -> 100", "window.closes: 101 -> 102", "episodes.gap_hours: 1680 -> 1512.0"} <= late


def test_without_the_pins_of_the_frame_its_slips_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "is_broken", lambda _: False)
    raw = REGISTRY.raw("lee-2014.crs")
    frame = {what for what, _ in frame_slips(raw)}
    assert frame <= set(surviving_slips(raw))
