"""Are the worked cases of every rule file right, and are there enough of them to notice a slip of the pen?"""

from __future__ import annotations

import copy
import re

import pytest

from knowledge import checks
from knowledge.files import IDS, REGISTRY
from vein2vein.knowledge.casepack import run_worked_cases, surviving_mutants
from vein2vein.knowledge.one_line import asked

every_file = pytest.mark.parametrize("id", IDS)


@every_file
def test_worked_cases_hold(id: str) -> None:
    failures = run_worked_cases(REGISTRY.raw(id))
    assert not failures, "; ".join(f"{f.case}: {f.said}" for f in failures)


@every_file
def test_names_of_worked_cases_are_unique(id: str) -> None:
    names = [case.name for case in REGISTRY.get(id).worked_cases]
    assert sorted(set(names)) == sorted(names)


@every_file
def test_no_mutant_survives(id: str) -> None:
    survivors = surviving_mutants(REGISTRY.raw(id))
    assert not survivors, "; ".join(mutant.slip for mutant in survivors)


@every_file
def test_every_result_occurs_in_a_worked_case(id: str) -> None:
    assert not checks.absent_results(REGISTRY.get(id))


@every_file
def test_every_cut_off_has_a_case_just_below_exactly_at_and_just_above(id: str) -> None:
    problems = list(checks.uncovered_cut_offs(REGISTRY.get(id)))
    assert not problems, "; ".join(problems)


@every_file
def test_every_input_that_can_be_missing_is_missing_in_a_case(id: str) -> None:
    assert not checks.never_missing(REGISTRY.get(id))


@every_file
def test_a_unit_that_cannot_be_used_makes_the_value_unknown(id: str) -> None:
    assert not checks.without_unusable_unit(REGISTRY.get(id))


@every_file
def test_removing_an_input_only_widens_the_bounds(id: str) -> None:
    problems = list(checks.moved_by_removal(REGISTRY.raw(id)))
    assert not problems, "; ".join(problems[:5])


@every_file
def test_a_worse_number_never_lowers_the_result(id: str) -> None:
    """For inputs that point one way: both bounds rise with the number, or both fall."""
    problems = list(checks.falls_with_a_worse_number(REGISTRY.get(id)))
    assert not problems, "; ".join(problems[:3])


_TIMED = re.compile(r"(hours|days?) \d|since")


@pytest.mark.parametrize("id", [id for id in IDS if REGISTRY.get(id).kind == "score"])
def test_every_window_of_a_score_is_spelled_out_by_a_case(id: str) -> None:
    """A look-back of 30 hours for 36 changes no answer of a worked case: the question itself has to be held."""
    rule = REGISTRY.get(id)
    timed = {name for name, take in rule.inputs.items() if _TIMED.search(asked(take))}
    assert timed <= {name for case in rule.worked_cases for name in case.asks}


def test_a_changed_window_is_noticed() -> None:
    raw = copy.deepcopy(dict(REGISTRY.raw("hay-2017.severe-crs-trigger")))
    raw["inputs"]["temperature"]["within_hours"] = 30
    (failure,) = run_worked_cases(raw)
    assert failure.said.startswith("temperature asks 'observation body_temperature, take highest, within_hours 30")
