"""A handover says of a regimen that is for some people only whom it is for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess import Assessment, assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.before import ready_lines
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.page import _section
from vein2vein.report.handover.plain import as_plain
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


def _before_collection(protocol: str, *, is_collected: bool = False) -> Assessment:
    patient = a_patient("A", days=20).with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    patient.with_exposure("antineoplastic", "earlier-bendamustine", -100, until=-100).with_value("prior_lines", -60, 2)
    if is_collected:
        patient.with_milestone("apheresis", -30)
    books = default_library()
    return assess(patient.built(), books.get(protocol, Protocol), INFUSED_AT - timedelta(days=12))


@pytest.mark.parametrize(("language", "word"), [("en", "(advised, not required)"), ("zh", "（建议，非必需）")])
def test_an_interval_that_is_only_advised_says_so_in_text_page_and_data(language: str, word: str) -> None:
    found = _before_collection("reference-us.protocol")
    page = handover(found, {}, language=language)
    (line,) = [text for section in page.sections for text in section.lines if "2026-08-" in text or "2026-09-" in text]
    assert line.endswith(word)
    shown = [_section(section, 24, page.more)["lines"] for section in page.sections]
    assert any(line in lines for lines in shown), "the page says it too"
    drugs = as_plain(found, {}, language=language)["ready"]["washout"]["drugs"]
    assert {one["rule"]: (one["strength"], one["binds"]) for one in drugs}["bendamustine"] == ("advised", False)


@pytest.mark.parametrize(
    ("protocol", "lent"),
    [("reference.protocol", {"label": ["US"], "here": "EU", "row": "eu-lbcl-3l"}), ("reference-us.protocol", None)],
)
def test_a_regimen_of_another_label_says_so(protocol: str, lent: dict[str, object] | None) -> None:
    found = _before_collection(protocol, is_collected=True)
    rows = as_plain(found, {})["ready"]["lymphodepletion"]
    assert [row["lent"] for row in rows] == [lent] * len(rows)
    lines = [line for section in handover(found, {}).sections for line in section.lines]
    said = "[us-label.flu-30-cy-500] by the US label's regimen: the EU row eu-lbcl-3l names none"
    assert lines.count(said) == (lent is not None)
