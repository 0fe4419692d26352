"""Rule files of a centre are read with messages that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.registry import Registry, default_registry


@pytest.mark.parametrize("content", [b"id: [open\n", b"id: \xff\xfe\n"], ids=["not YAML", "not UTF-8"])
def test_a_rule_file_that_is_not_yaml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.crs.yaml").write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*file own\.crs\.yaml that is not YAML"):
        Registry([tmp_path]).get("own.crs")


def test_a_choice_may_be_given_as_the_number_or_the_truth_that_it_spells() -> None:
    """Choices are words; a program that has a number or a truth at hand need not know that."""
    rounded = default_registry().get("ebmt-2023.icaht-early", {"round_to": 0.01, "count_trailing": True})
    assert (rounded.chosen["round_to"], rounded.chosen["count_trailing"]) == ("0.01", "true")
    denied = default_registry().get("ctcae-5.0.enterocolitis", {"unstated": False})
    assert denied.chosen["unstated"] == "no"
    with pytest.raises(KnowledgeError, match=r"round_to = 0\.02"):
        default_registry().get("ebmt-2023.icaht-early", {"round_to": 0.02})
