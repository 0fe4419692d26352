"""Decision tables: rows that apply or may apply, first and every policy, missing facts, and faults of a file."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from vein2vein.basis.truth import Truth
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.registry import bound_model
from vein2vein.knowledge.values import NumberRange

HEAD: dict[str, Any] = {
    "id": "made-up.table",
    "title": "A made-up table",
    "about": "guidance",
    "edition": "1",
    "encoding": "1.0.0",
    "kind": "made-up",
    "status": "recalled",
    "valid": {"from": "2026-01-01", "to": None},
    "jurisdiction": ["any"],
    "population": "everybody",
    "sources": [{"key": "lee2019", "locator": "nowhere", "read": "recalled"}],
    "next_review": "2027-01-01",
    "limits": ["made up"],
    "silence": [],
}
BODY: dict[str, Any] = {
    "facts": {
        "grade": {"type": "number", "label": "grade", "source": {"ask": "grade", "subject": "crs"}},
        "child": {"type": "yes_no", "label": "child", "source": {"ask": "told"}},
        "product": {"type": "category", "label": "product", "categories": ["a", "b"], "source": {"ask": "told"}},
    },
    "conditions": {"high": {"when": {"at_least": ["grade", 3]}, "label": "high grade"}},
    "rows": [
        {"name": "high-child", "when": {"all": ["high", "child"]}, "text": "one", "then": ["x"]},
        {"name": "high", "when": "high", "text": "two", "then": ["y"]},
        {"name": "product-a", "when": {"is": ["product", "a"]}, "text": "three", "then": ["z"]},
    ],
    "typical": {"grade": 0, "child": "no", "product": "b"},
    "worked_cases": [{"name": "typical", "given": {}}],
}


def _table(**changes: Any) -> DecisionTable:
    raw = deepcopy({**HEAD, **BODY, **changes})
    return bound_model(raw, {}, DecisionTable)


def _decided(table: DecisionTable, **given: Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {v.row.name: (v.truth.value, v.missing) for v in table.decide(table.state(given))}


def test_every_row_is_looked_at_alone() -> None:
    table = _table()
    assert _decided(table) == {}
    assert _decided(table, grade=3) == {"high": ("true", ())}
    assert _decided(table, grade=3, child="yes", product="a") == {
        "high-child": ("true", ()),
        "high": ("true", ()),
        "product-a": ("true", ()),
    }


def test_bounds_that_straddle_a_row_make_it_one_that_may_apply() -> None:
    table = _table()
    assert _decided(table, grade=[2, 3]) == {"high": ("unknown", ("grade",))}
    assert _decided(table, grade=[3, 4]) == {"high": ("true", ())}
    assert _decided(table, grade=[1, 2]) == {}


def test_a_missing_fact_is_named_and_never_counts_as_no() -> None:
    table = _table()
    assert _decided(table, grade=3, child=None)["high-child"] == ("unknown", ("child",))
    assert _decided(table, grade=None, child=None)["high-child"] == ("unknown", ("child", "grade"))
    assert _decided(table, grade=1, child=None) == {}, "what cannot apply asks for nothing"


def test_a_fact_that_the_state_does_not_hold_is_missing() -> None:
    verdicts = _table().decide({"grade": NumberRange(4, 4)})
    assert {v.row.name: v.truth for v in verdicts} == {
        "high-child": Truth.UNKNOWN,
        "high": Truth.TRUE,
        "product-a": Truth.UNKNOWN,
    }


def test_first_policy_stops_at_the_first_certain_row() -> None:
    table = _table(policy="first")
    assert _decided(table, grade=4, child="yes", product="a") == {"high-child": ("true", ())}


def test_under_first_policy_an_open_row_keeps_the_certain_one_behind_it_open() -> None:
    table = _table(policy="first")
    assert _decided(table, grade=4, child=None, product="a") == {
        "high-child": ("unknown", ("child",)),
        "high": ("unknown", ()),
    }


def test_a_table_that_is_not_meant_for_the_patient_is_silent_and_one_that_may_not_be_is_unsure() -> None:
    table = _table(applies={"is": ["product", "a"]})
    assert _decided(table, grade=4) == {}
    assert table.is_meant(table.state({})) is Truth.FALSE
    assert _decided(table, grade=4, product="a")["high"] == ("true", ())
    assert _decided(table, grade=4, product=["a", "b"])["high"] == ("unknown", ("product",))
    assert table.is_meant(table.state({"product": None})) is Truth.UNKNOWN
    assert _table().is_meant({}) is Truth.TRUE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": [{"name": "r", "when": {"at_least": ["nobody", 1]}, "text": "t"}]}, "neither a fact nor a condition"),
        ({"conditions": {**BODY["conditions"], "idle": {"when": "child", "label": "l"}}}, "'idle' is never used"),
        ({"rows": [*BODY["rows"], BODY["rows"][0]]}, "row 'high-child' stands twice"),
        ({"conditions": {a: {"when": {"not": b}, "label": "l"} for a, b in (("high", "low"), ("low", "high"))}}, "circle"),
        ({"worked_cases": [{"name": "c", "given": {"nobody": 1}}]}, "case 'c' names fact 'nobody'"),
        ({"worked_cases": [{"name": "c", "given": {}, "applies": ["nothing"]}]}, "case 'c' names row 'nothing'"),
        ({"typical": {"nobody": 1}}, "typical names 'nobody'"),
        ({"conditions": {"high": {"when": {"sustained": {"of": "child", "hours": 3}}, "label": "l"}}}, "words about time"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_refused_and_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        _table(**changes)
    assert says in str(caught.value)


def test_a_worked_case_that_does_not_hold_says_what_came_out() -> None:
    table = _table()
    (case,) = _table(worked_cases=[{"name": "c", "given": {"grade": 3}, "applies": ["high-child"]}]).worked_cases
    assert table.case_failure(case) == "expected high-child (perhaps none), got high (perhaps none)"
