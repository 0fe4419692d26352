"""What a protocol says of response: whole sets of files that exist, one set for an indication, avidity of lymphoma only."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vein2vein.knowledge.documents.protocol import DiseaseCriteria, Protocol
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()
MYELOMA: dict[str, Any] = {"criteria": "imwg", "indications": ["multiple-myeloma"],
                           "files": {"response": "imwg-2016.response", "mrd": "imwg-2016.mrd"}}  # fmt: skip


@pytest.mark.parametrize("protocol", LIBRARY.of(Protocol), ids=lambda p: p.id)
def test_every_file_exists_and_every_product_of_a_disease_is_judged(protocol: Protocol) -> None:
    files = [id for one in protocol.response for id in one.files.values()]
    assert all(isinstance(LIBRARY.any(id), Response) for id in files)
    assert {one.criteria for one in protocol.response} == set(DiseaseCriteria.PARTS)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"files": {"response": "imwg-2016.response"}}, "imwg asks for exactly the files response, mrd"),
        ({"files": MYELOMA["files"] | {"cns": "all-2026.cns"}}, "imwg asks for exactly the files response, mrd"),
        ({"avid": ["multiple-myeloma"]}, "avid names some of the indications of lugano"),
        ({"indications": []}, "at least 1 item"),
        ({"criteria": "recist"}, "Input should be 'lugano', 'imwg', 'all' or 'iwcll'"),
    ],
)
def test_criteria_that_are_not_whole_are_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        DiseaseCriteria.model_validate(MYELOMA | change)
    assert DiseaseCriteria.model_validate(MYELOMA).criteria == "imwg"


def test_an_indication_has_one_set_of_criteria() -> None:
    raw = LIBRARY.get("reference.protocol", Protocol).model_dump()
    raw["response"] = [MYELOMA, MYELOMA]
    with pytest.raises(ValidationError, match="two criteria of response for multiple-myeloma"):
        Protocol.model_validate(raw)
