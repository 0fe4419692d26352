"""Do the checks find faults? Each test plants one slip in a copy of a rule file and demands that a check names it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from knowledge import checks
from knowledge.files import REGISTRY
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.casepack import run_worked_cases, surviving_mutants
from vein2vein.knowledge.registry import bound
from vein2vein.knowledge.schema import RuleSet

RAW = dict[str, Any]


@pytest.fixture
def lee() -> RAW:
    """A copy of the Lee 2014 file."""
    return copy.deepcopy(REGISTRY.raw("lee-2014.crs"))


def _without_case(raw: RAW, *words: str) -> RuleSet:
    """The file without the worked cases whose name holds one of the words."""
    raw["worked_cases"] = [c for c in raw["worked_cases"] if not any(word in c["name"] for word in words)]
    return bound(raw, {})


def test_the_file_is_sound_before_a_fault_is_planted(lee: RAW) -> None:
    rule = bound(lee, {})
    found = [checks.unknown_sources(rule), checks.strangers(rule), checks.misunderstandings(rule)]
    found += [checks.implausible_cut_offs((rule,), rule), checks.uncovered_cut_offs(rule), checks.moved_by_removal(lee)]
    assert [list(part) for part in found] == [[]] * 6


def test_an_unknown_source(lee: RAW) -> None:
    lee["sources"][0]["key"] = "nobody2020"
    assert "nobody2020" in checks.unknown_sources(bound(lee, {}))


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        ("temperature", "observation", "body_heat", "temperature: kind of observation 'body_heat'"),
        ("fever_other_cause", "agents", ["feber"], "fever_other_cause: agent 'feber' of other_cause"),
        ("inotrope", "exposure", "inotropes", "inotrope: stream 'inotropes'"),
        ("vasopressors", "except_reasons", ["boredom"], "vasopressors: reason 'boredom' of vasopressor"),
        ("death", "causes", ["crs1"], "death: cause of death 'crs1'"),
    ],
)
def test_a_word_that_no_code_file_knows(lee: RAW, name: str, key: str, value: Any, problem: str) -> None:
    lee["inputs"][name][key] = value
    assert problem in list(checks.strangers(bound(lee, {})))


def test_a_number_asked_of_a_statement(lee: RAW) -> None:
    lee["criteria"]["mild_signs"]["when"] = {"any": ["fever", {"at_least": ["symptoms", 1]}]}
    assert list(checks.misunderstandings(bound(lee, {}))) == ["symptoms is compared with 1.0 and is no number"]


def test_a_category_that_does_not_exist() -> None:
    raw = copy.deepcopy(REGISTRY.raw("astct-2019.icans"))
    raw["criteria"]["to_voice"]["when"] = {"is": ["arousal", "shout"]}
    assert list(checks.misunderstandings(bound(raw, {}))) == ["arousal: ['shout'] do not exist"]


def test_a_cut_off_in_another_unit(lee: RAW) -> None:
    lee["criteria"]["high_oxygen"]["when"]["all"][1] = {"at_least": ["inspired_oxygen", 0.4]}
    rule = bound(lee, {})
    found = list(checks.implausible_cut_offs((rule,), rule))
    assert found == ["inspired_oxygen at_least 0.4 outside (21.0, 100.0)"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("oxygen just below 40 %", None),
        ("oxygen exactly 40 %", "inspired_oxygen 40: no case exactly"),
        ("equivalent exactly 20", "norepinephrine_equivalent 20: no case exactly"),
    ],
)
def test_a_cut_off_whose_case_is_gone(lee: RAW, name: str, problem: str | None) -> None:
    """A case that another one covers may go; a case that stands alone may not."""
    found = list(checks.uncovered_cut_offs(_without_case(lee, name)))
    assert found == ([] if problem is None else [problem])


def test_a_result_that_no_case_shows(lee: RAW) -> None:
    assert checks.absent_results(_without_case(lee, "death")) == {5}


def test_an_input_that_is_never_missing(lee: RAW) -> None:
    assert "inspired_oxygen" in checks.never_missing(_without_case(lee, "missing", "unrecorded"))


def test_no_case_in_a_unit_that_cannot_be_used(lee: RAW) -> None:
    assert checks.without_unusable_unit(_without_case(lee, "cannot be used"))


def test_a_better_result_for_a_worse_number() -> None:
    """An ICE of 10 that gives 2 points: the bounds fall while the number rises."""
    raw = copy.deepcopy(REGISTRY.raw("astct-2019.ice"))
    assert not list(checks.falls_with_a_worse_number(bound(raw, {})))
    raw["cases"][0]["value"] = 2
    assert next(checks.falls_with_a_worse_number(bound(raw, {}))).startswith("ice over ")


def test_a_slip_of_the_pen_fails_a_worked_case(lee: RAW) -> None:
    lee["criteria"]["high_oxygen"]["when"]["all"][1] = {"above": ["inspired_oxygen", 40]}
    assert [failure.case for failure in run_worked_cases(lee)] == ["oxygen exactly 40 %"]


def test_a_mutant_survives_when_its_case_is_gone(lee: RAW) -> None:
    _without_case(lee, "oxygen exactly 40 %")
    assert any("at_least -> above" in m.slip for m in surviving_mutants(lee) if "high_oxygen" in m.slip)


def test_a_case_that_asks_whether_something_is_recorded_cannot_be_written(lee: RAW) -> None:
    """Nothing in the language can tell missing from absent, so that removing an input cannot move the bounds."""
    lee["criteria"]["fever"]["when"] = {"present": "temperature"}
    with pytest.raises(KnowledgeError, match="one of at_least, at_most"):
        bound(lee, {})
