"""The response in words: every answer has a line in both languages, and an open one names what it may be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.basis.messages import messages
from vein2vein.journey.assess import Assessment, assess
from vein2vein.journey.response.disease import NO_CRITERIA, NO_INDICATION, NOT_ASSESSED
from vein2vein.knowledge.documents.protocol import DiseaseCriteria, Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Observation, ScannedLesion
from vein2vein.report.handover.disease import disease_lines, is_grave
from vein2vein.report.handover.disease_plain import response_as_plain
from vein2vein.report.handover.voice import Voice

PROTOCOL = default_library().get("reference.protocol", Protocol)
LBCL = "large-b-cell-lymphoma"


@cache
def assessed(indication: str | None, *facts: tuple[float, str, str | float], until: float = 300) -> Assessment:
    base = a_patient("A", days=400).built()
    rows = [
        Observation(
            kind, INFUSED_AT + timedelta(days=day), **({"code": v} if isinstance(v, str) else {"value": float(v)})
        )
        for day, kind, v in facts
    ]
    lesion = ScannedLesion("a", INFUSED_AT - timedelta(days=5), "node", "target", "measured", 40.0, 30.0)
    timeline = replace(
        base,
        course=replace(base.course, indication=indication),
        observations=tuple(sorted(rows, key=lambda row: row.observed_at)),
        lesions=(lesion,),
    )
    return assess(timeline, PROTOCOL, INFUSED_AT + timedelta(days=until))


def lines(found: Assessment, language: str = "en") -> list[str]:
    return list(disease_lines(Voice(found, {}, language)))


GROWN = (
    (28, "deauville_score", 5),
    (28, "pet_uptake", "increased"),
    (28, "pet_new_focus", "no"),
    (28, "pet_activation", "no"),
)
OPEN = ((28, "deauville_score", 4), (28, "pet_activation", "no"))


def test_every_reason_not_to_judge_has_words() -> None:
    assert {NO_INDICATION, NO_CRITERIA, NOT_ASSESSED} <= set(messages("vein2vein.report", "handover", "en")["disease"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_growth_in_the_first_month_carries_its_cautions(language: str) -> None:
    found = assessed(LBCL, *GROWN)
    text = "\n".join(lines(found, language))
    assert "[car-t.pseudoprogression]" in text
    assert "[galtier-2022.month-1]" in text
    assert is_grave(found.response)
    wanted = {"en": "not yet borne out: no assessment after it, and no biopsy", "zh": "尚未证实：其后无评估，也无活检"}
    assert wanted[language] in text


@pytest.mark.parametrize(("answer", "text"), [("yes", "; borne out by"), ("no", "; not borne out by")])
def test_what_a_biopsy_says_is_shown(answer: str, text: str) -> None:
    assert any(text in line for line in lines(assessed(LBCL, *GROWN, (30, "growth_confirmed", answer))))


def test_an_open_category_names_what_it_may_be_and_what_it_needs() -> None:
    found = assessed(LBCL, *OPEN)
    text = lines(found)
    assert "may be PR or SD or PD, " in text[0]
    assert text[1] == "needs: New FDG-avid focus that is lymphoma, Uptake compared with baseline"
    assert "Progression: possible, not certain" in text
    later = assessed(LBCL, (60, "deauville_score", 4), (60, "pet_activation", "no"))
    assert is_grave(found.response)  # the caution of month 1
    assert not is_grave(later.response)


def test_a_time_point_without_an_assessment_names_its_window() -> None:
    text = lines(assessed(LBCL, *GROWN))
    [half_a_year] = [line for line in text if line.startswith("Day 180")]
    due = (INFUSED_AT + timedelta(days=180)).date()
    window = f"{due - timedelta(days=14)} to {due + timedelta(days=14)}"
    assert half_a_year == f"Day 180: restaging, due {due}: no assessment from {window}"
    days = [line.split(":")[0] for line in text if line.startswith("Day ")]
    assert days == ["Day 270", "Day 180", "Day 90", "Day 28"]  # the last first


@pytest.mark.parametrize(
    ("indication", "text"),
    [
        (None, "Not judged: the course names no indication"),
        ("synovial-sarcoma", "Not judged: the protocol names no criteria for synovial-sarcoma"),
        (LBCL, "Not judged: nothing on record after the infusion that the criteria read (lugano-2014.lesion"),
    ],
)
def test_why_nothing_is_judged(indication: str | None, text: str) -> None:
    [line] = lines(assessed(indication))
    assert line.startswith(text)
    assert lines(assessed(indication), "zh")[0].startswith("无法评估")


def test_a_stated_response_stands_beside() -> None:
    found = assessed("synovial-sarcoma", (28, "response_assessment", "partial-response"))
    assert lines(found)[1].endswith(": Partial response")
    assert lines(found, "zh")[1].endswith("：部分缓解")


def test_nothing_is_said_before_the_infusion() -> None:
    found = assessed(LBCL, until=-1)
    assert found.response is None
    assert lines(found) == []
    assert response_as_plain(found.response) is None
    assert not is_grave(found.response)


@pytest.mark.parametrize("indication", [one.indications[0] for one in PROTOCOL.response])
def test_everything_can_be_written_as_json(indication: str) -> None:
    facts = (
        (28, "m_protein_serum", 5),
        (28, "marrow_blasts", 2),
        (28, "deauville_score", 4),
        (28, "mrd_negative", "yes"),
    )
    found = response_as_plain(assessed(indication, *facts).response, language="zh")
    assert found is not None
    again = json.loads(json.dumps(found, allow_nan=False, ensure_ascii=False))
    assert again["current"]["possible"]
    assert set(again["files"]) == set(DiseaseCriteria.PARTS[again["criteria"]])
    assert all(file["status"] in {"recalled", "secondary"} for file in again["files"].values())


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Cytopenias are not graded here: "), ("zh", "此处不对血细胞减少分级：")]
)
def test_in_cll_the_missing_table_of_cytopenias_is_said_and_nowhere_else(language: str, says: str) -> None:
    found = assessed("chronic-lymphocytic-leukaemia", until=30)
    (line,) = [line for line in lines(found, language) if line.startswith(says)]
    assert line.endswith("[iwcll-2018.response]")
    plain = response_as_plain(found.response, language=language)
    assert plain is not None
    assert [one["file"] for one in plain["remarks"]] == ["iwcll-2018.response"]
    assert not any(line.startswith(says) for line in lines(assessed(LBCL, *OPEN), language))


LEUKAEMIA = "b-cell-acute-lymphoblastic-leukaemia"
POSITIVE = {
    "en": "Positive whatever the method: 0.01 % (10^-4) or more [all-2026.mrd]",
    "zh": "阳性（任何检测方法）：≥0.01%（10^-4） [all-2026.mrd]",
}


def _residual(found: Assessment, language: str = "en") -> list[str]:
    return [line for line in lines(found, language) if line.endswith("[all-2026.mrd]")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_residual_disease_above_every_line_is_positive_without_a_method(language: str) -> None:
    found = assessed(LEUKAEMIA, (28, "marrow_blasts", 2), (28, "mrd_level", 0.5), until=30)
    assert _residual(found, language) == [POSITIVE[language]]
    assert not any("all-2026.mrd" in need.changes for need in found.needs)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "en",
            (
                "Residual disease: cannot say: needs Method of residual disease; may be "
                "“Negative by flow cytometry: below 0.01 % (10^-4)” or "
                "“Positive by sequencing: 0.0001 % (10^-6) or more” [all-2026.mrd]"
            ),
        ),
        (
            "zh",
            (
                "残留病：无法判定，尚需残留病检测方法；可能为"
                "“流式阴性：<0.01%（10^-4）”或“测序阳性：≥0.0001%（10^-6）” [all-2026.mrd]"
            ),
        ),
    ],
)
def test_residual_disease_between_the_lines_says_that_it_needs_the_method(language: str, says: str) -> None:
    found = assessed(LEUKAEMIA, (28, "marrow_blasts", 2), (28, "mrd_level", 0.005), until=30)
    assert _residual(found, language) == [says]
    assert [need.what for need in found.needs if "all-2026.mrd" in need.changes] == ["method"]


def test_none_found_needs_method_and_limit_and_they_stand_among_what_is_missing() -> None:
    found = assessed(LEUKAEMIA, (28, "marrow_blasts", 2), (28, "mrd_level", 0), until=30)
    (line,) = _residual(found)
    assert line.startswith(
        "Residual disease: cannot say: needs Method of residual disease, Limit of detection; may be "
    )
    assert [need.what for need in found.needs if "all-2026.mrd" in need.changes] == ["limit", "method"]


def test_nothing_is_asked_of_residual_disease_that_nobody_measured() -> None:
    found = assessed(LEUKAEMIA, (28, "marrow_blasts", 2), until=30)
    assert _residual(found) == []
    assert not any("all-2026.mrd" in need.changes for need in found.needs)
