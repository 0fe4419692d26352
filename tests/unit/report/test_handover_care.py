"""A handover names who is called and until when nobody drives, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from builders import INFUSED_AT, a_patient, severe
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.care import called_lines, care_lines
from vein2vein.report.handover.voice import Voice

US = default_library().get("reference-us.protocol", Protocol)


def _care(language: str, days: float) -> list[str]:
    timeline = a_patient("A", days=30).with_course(product="axicabtagene-ciloleucel").built()
    return list(care_lines(Voice(assess(timeline, US, INFUSED_AT + timedelta(days=days)), {}, language)))


def test_driving_ends_on_a_day() -> None:
    assert "no driving: before 2026-03-18 (label us-from-june-2025: 14 days, status recalled)" in _care("en", 3)
    assert "禁止驾驶：至 2026-03-18 前（说明书 us-from-june-2025：14 天，凭记忆）" in _care("zh", 3)
    assert any(line.startswith("no driving: over since 2026-03-18") for line in _care("en", 15))
    assert _care("en", -1) == []


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "no driving: the files name no time for this product and label (US); that is no leave"),
        ("zh", "禁止驾驶：文件未给出该产品与说明书（US）的期限，不等于可以"),
    ],
)
def test_a_product_without_a_time_says_so_after_the_infusion(language: str, says: str) -> None:
    course = a_patient("A", days=30).with_course(product="made-up product A").built()
    voices = [Voice(assess(course, US, INFUSED_AT + timedelta(days=days)), {}, language) for days in (-1, 3)]
    assert [says in care_lines(voice) for voice in voices] == [False, True]


def test_who_is_called_stands_with_the_contact_of_the_centre() -> None:
    eu = default_library().get("reference.protocol", Protocol)
    at = INFUSED_AT + timedelta(days=4)
    told = list(called_lines(Voice(assess(severe(), eu, at), {}, "en")))
    assert told, "a severe course asks for somebody"
    assert all(line.endswith(": the protocol names nobody") for line in told)
    named = eu.model_copy(update={"contacts": {"icu": {"en": "desk 4", "zh": "四号台"}}})
    assert "Intensive care unit: desk 4" in list(called_lines(Voice(assess(severe(), named, at), {}, "en")))
    assert "重症监护病房: 四号台" in list(called_lines(Voice(assess(severe(), named, at), {}, "zh")))


def test_a_contact_for_what_nobody_calls_is_refused() -> None:
    with pytest.raises(ValidationError, match="contacts for kitchen, which no guidance calls; known: hospital, icu"):
        Protocol.model_validate({**US.model_dump(by_alias=True), "contacts": {"kitchen": {"en": "x", "zh": "y"}}})
