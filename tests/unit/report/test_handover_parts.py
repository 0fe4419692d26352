"""What stands before the next step, in words: what has to be settled, and doses that cannot be computed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.content import handover

US = default_library().get("reference-us.protocol", Protocol)


def _lines(language: str, *, is_begun: bool) -> list[str]:
    patient = a_patient("A", days=20).with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    patient.with_milestone("apheresis", -30)
    if is_begun:
        patient.with_milestone("lymphodepletion", -6)
    found = assess(patient.built(), US, INFUSED_AT - timedelta(days=2))
    return [line for section in handover(found, {}, language=language).sections for line in section.lines]


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "en",
            "to settle: A leukodepleting filter in the line (the reason may be: Never through a leukodepleting filter)",
        ),
        ("zh", "待确认：输注管路含去白细胞滤器（可能的原因：严禁使用去白细胞滤器）"),
    ],
)
def test_an_open_reason_reads_as_a_question_and_not_as_a_statement(language: str, says: str) -> None:
    assert says in _lines(language, is_begun=True)


@pytest.mark.parametrize(
    ("language", "cells", "drug"),
    [
        (
            "en",
            "cannot be computed: needs weight",
            "Cyclophosphamide cannot be computed: needs Body height, weight; on days",
        ),
        ("zh", "无法计算：需要体重", "环磷酰胺 无法计算：需要"),
    ],
)
def test_a_dose_that_cannot_be_computed_has_no_unit_and_no_day_rate(language: str, cells: str, drug: str) -> None:
    lines = _lines(language, is_begun=False)
    assert any(line.endswith(cells) for line in lines)
    assert any(line.startswith(drug) for line in lines)
    assert not any("a day on days" in line for line in lines)
