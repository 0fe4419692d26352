"""The closed language of conditions: what is not in it is refused, with what was written and what may stand there."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.predicates import parse
from vein2vein.knowledge.registry import bound, default_registry

FIX = "write the condition in the closed language of vein2vein.knowledge.predicates"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", "a name, or a mapping with exactly one key"),
        ("$choice", "a name, or a mapping with exactly one key"),
        ({"above": ["ice", 1], "below": ["ice", 9]}, "a name, or a mapping with exactly one key"),
        ({"at_least": ["ice"]}, "a list of an input name and a value"),
        ({"at_least": ["ice", "3"]}, "a number as cut-off"),
        ({"at_least": ["ice", True]}, "a number as cut-off"),
        ({"between": ["ice", 3]}, "a list of an input name, a low and a high number, both inclusive"),
        ({"between": ["ice", 6, 3]}, "a low number that is not above the high number"),
    ],
)
def test_what_is_not_in_the_language_is_refused(raw: object, expected: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        parse(raw)
    said = caught.value.fault
    assert (said.id, said.saw, said.expected, said.fix) == ("RULE-002", repr(raw), expected, FIX)


def test_a_rule_file_with_such_a_condition_is_refused_and_the_words_that_exist_are_listed() -> None:
    raw: dict[str, Any] = copy.deepcopy(default_registry().raw("astct-2019.icans"))
    raw["criteria"]["full_baseline"]["when"] = {"equals": ["ice_baseline", 10]}
    with pytest.raises(
        KnowledgeError, match=r"RULE-002(?s:.*)'equals'(?s:.*)one of at_least, at_most, (?s:.*)sustained"
    ):
        bound(raw, {})
