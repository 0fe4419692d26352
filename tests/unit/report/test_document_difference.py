"""Two documents of one kind side by side: each difference once, in words; two kinds are refused."""

from __future__ import annotations

import pytest

from vein2vein.errors import ReportError
from vein2vein.knowledge.audit import Difference
from vein2vein.knowledge.library import default_library
from vein2vein.report.document_difference import document_difference

LIBRARY = default_library()


def _differences(first: str, second: str) -> dict[tuple[str, str], Difference]:
    found = document_difference(LIBRARY.any(first), LIBRARY.any(second))
    return {(one.section, one.name): one for one in found}


@pytest.mark.parametrize("id", ["asco-2021.guidance", "ash.prophylaxis", "clinic-2026.schedule", "reference.protocol"])
def test_a_document_does_not_differ_from_itself(id: str) -> None:
    assert document_difference(LIBRARY.any(id), LIBRARY.any(id)) == ()


def test_rows_of_two_labels_are_told_in_words() -> None:
    found = _differences("yescarta-us-2017.guidance", "yescarta-us-2022.guidance")
    assert found["rows", "crs-2"].first == "CRS grade 2 -> tocilizumab"
    assert found["rows", "crs-2"].second == "CRS grade 2 -> tocilizumab, dexamethasone-daily"
    assert found["rows", "neurotoxicity"].second == ""


def test_bands_and_formula_of_two_renal_policies_are_told() -> None:
    found = _differences("fludara-pi.fludarabine-renal", "us-generic.fludarabine-renal")
    assert found["clearance", "clearance"].second == "inker-2021.ckd-epi"
    assert found["bands", "bands 4"].first == "text 80 or more: full dose; at least 80; fraction 1"


def test_two_protocols_differ_in_what_they_choose() -> None:
    found = _differences("reference.protocol", "reference-us.protocol")
    assert found["renal policy", "renal policy"].first == "fludara-pi.fludarabine-renal"
    assert ("scales", "crs") not in found


def test_documents_of_two_kinds_are_refused() -> None:
    with pytest.raises(ReportError, match="REPORT-009") as caught:
        document_difference(LIBRARY.any("ash.prophylaxis"), LIBRARY.any("reference.protocol"))
    assert "ash.prophylaxis is a policy, reference.protocol a protocol" in str(caught.value)
