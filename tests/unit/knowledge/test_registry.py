"""Rule files of a centre are read with messages that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.registry import Registry, default_registry


@pytest.mark.parametrize("content", [b"id: [open\n", b"id: \xff\xfe\n"], ids=["not YAML", "not UTF-8"])
def test_a_rule_file_that_is_not_yaml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.crs.yaml").write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*file own\.crs\.yaml that is not YAML"):
        Registry([tmp_path]).get("own.crs")


def test_two_files_with_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "astct-2019.crs.yaml").write_text("id: astct-2019.crs\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"RULE-007[\s\S]*astct-2019\.crs\.yaml for an id that is already known"):
        Registry([tmp_path])
    (tmp_path / "asco-2021.guidance.yaml").write_text("id: asco-2021.guidance\nkind: guidance\n", encoding="utf-8")
    (tmp_path / "astct-2019.crs.yaml").unlink()
    with pytest.raises(KnowledgeError, match=r"RULE-007[\s\S]*asco-2021\.guidance\.yaml for an id"):
        Library([tmp_path])


def test_a_file_with_another_id_than_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.crs.yaml").write_text("id: other.crs\n", encoding="utf-8")
    (tmp_path / "own.list.yaml").write_text("- id: own.list\n", encoding="utf-8")
    registry = Registry([tmp_path])
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*file own\.crs\.yaml with id 'other\.crs'"):
        registry.get("own.crs")
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*a mapping whose id is the file name"):
        registry.get("own.list")


def test_the_subject_is_what_the_file_says() -> None:
    registry = default_registry()
    assert {id: registry.about(id) for id in registry.ids} == {id: registry.raw(id)["about"] for id in registry.ids}


def test_a_centres_file_says_its_subject_and_is_read_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "own.crs.yaml").write_text("{id: own.crs, about: crs}\n", encoding="utf-8")
    (tmp_path / "broken.crs.yaml").write_text("about: crs\nid: [open\n", encoding="utf-8")
    registry = Registry([tmp_path])
    assert registry.about("own.crs") == "crs"
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*broken\.crs\.yaml that is not YAML"):
        registry.about("broken.crs")


def test_clinical_mode_gives_out_verified_rule_sets_only() -> None:
    with pytest.raises(
        KnowledgeError, match=r"RULE-006[\s\S]*astct-2019\.crs with status \w+\n[\s\S]*signed by two people"
    ):
        Registry(clinical=True).get("astct-2019.crs")


def test_a_choice_may_be_given_as_the_number_or_the_truth_that_it_spells() -> None:
    """Choices are words; a program that has a number or a truth at hand need not know that."""
    rounded = default_registry().get("ebmt-2023.icaht-early", {"round_to": 0.01, "count_trailing": True})
    assert (rounded.chosen["round_to"], rounded.chosen["count_trailing"]) == ("0.01", "true")
    denied = default_registry().get("ctcae-5.0.enterocolitis", {"unstated": False})
    assert denied.chosen["unstated"] == "no"
    with pytest.raises(KnowledgeError, match=r"round_to = 0\.02"):
        default_registry().get("ebmt-2023.icaht-early", {"round_to": 0.02})
