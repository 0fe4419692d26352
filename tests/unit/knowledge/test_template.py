"""The template of a centre's guidance is a valid file whose cases hold and let no slip through."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.template import guidance_template
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.slips import run_cases, surviving_mutants


def test_the_template_is_valid_and_its_cases_notice_every_slip() -> None:
    raw = yaml.safe_load(guidance_template("our-centre.guidance"))
    assert list(run_cases(raw)) == []
    assert [mutant.slip for mutant in surviving_mutants(raw)] == []


def test_a_centre_reads_it_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "our-centre.guidance.yaml").write_text(guidance_template("our-centre.guidance"), encoding="utf-8")
    found = Library([tmp_path]).get("our-centre.guidance", Guidance)
    assert (found.status, found.id) == ("uncertain", "our-centre.guidance")


@pytest.mark.parametrize("id", ["Our Centre", "nodot", "a.b: {c: 1}", "a.b\nkind: other"])
def test_an_id_that_cannot_be_one_is_refused(id: str) -> None:
    with pytest.raises(KnowledgeError, match="RULE-001"):
        guidance_template(id)
