"""A handover says of a regimen that is for some people only whom it is for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.before import ready_lines
from vein2vein.report.handover.voice import Voice


@pytest.mark.parametrize(
    ("language", "said"), [("en", "only if: Grade 4 haemorrhagic cystitis under"), ("zh", "仅限：既往环磷酰胺")]
)
def test_a_second_choice_names_its_condition(language: str, said: str) -> None:
    protocol = default_library().get("reference-us.protocol", Protocol)
    timeline = a_patient("A", days=30).with_course(product="tisagenlecleucel").built()
    found = assess(timeline, protocol, INFUSED_AT - timedelta(days=20))
    lines = list(ready_lines(Voice(found, {}, language)))
    second = [line for line in lines if line.endswith("[us-label.tisa-bendamustine]")]
    assert second
    assert all(said in line for line in second)
    assert not any(said in line for line in lines if line not in second)
