"""The template of a centre's protocol: a valid copy of an example, unsigned, with every choice marked as to be decided."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.protocol_template import TO_DECIDE, protocol_template
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.slips import run_cases, surviving_mutants

CHOICES = set(Protocol.model_fields) - set(Edition.model_fields) - {"kind", "worked_cases"}
MARKED = CHOICES | {"jurisdiction", "population"}


@pytest.mark.parametrize("like", ["reference.protocol", "reference-us"])
def test_the_template_is_valid_and_chooses_what_the_example_chooses(like: str) -> None:
    raw = yaml.safe_load(protocol_template("our-centre.protocol", like=like))
    assert list(run_cases(raw)) == []
    assert [mutant.slip for mutant in surviving_mutants(raw)] == []
    example = default_library().raw(like if like.endswith(".protocol") else f"{like}.protocol")
    assert {key: raw.get(key) for key in CHOICES} == {key: example.get(key) for key in CHOICES}


def test_every_choice_is_marked_and_nobody_has_signed() -> None:
    text = protocol_template("our-centre.protocol")
    lines = text.splitlines()
    for choice in MARKED:
        at = [number for number, line in enumerate(lines) if line.startswith(f"{choice}:")]
        marked = lines[at[0] - 1] if at else next(line for line in lines if f"`{choice}:`" in line)
        assert marked.startswith(f"# {TO_DECIDE}: "), choice
    assert text.count(f"# {TO_DECIDE}: ") == len(MARKED)
    raw = yaml.safe_load(text)
    assert (raw["id"], raw["status"], raw["signed_off"]) == ("our-centre.protocol", "uncertain", [])
    assert raw["limits"] == [
        "TO DECIDE: every choice is copied from reference.protocol, and nobody of the centre has decided or signed it."
    ]


def test_a_centre_reads_it_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "our-centre.protocol.yaml").write_text(protocol_template("our-centre.protocol"), encoding="utf-8")
    assert Library([tmp_path]).get("our-centre.protocol", Protocol).jurisdiction_of_labels == "EU"


@pytest.mark.parametrize("id", ["Our Centre", "nodot", "our-centre.guidance", "a.b\nkind: other"])
def test_an_id_that_cannot_be_one_is_refused(id: str) -> None:
    with pytest.raises(KnowledgeError, match="RULE-001"):
        protocol_template(id)


def test_a_protocol_that_is_not_there_cannot_be_copied() -> None:
    with pytest.raises(KnowledgeError, match=r"one of reference-us\.protocol, reference\.protocol"):
        protocol_template("our-centre.protocol", like="referenze")
