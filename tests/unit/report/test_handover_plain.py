"""An assessment as plain data: what may not be given is no order in any field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import ScannedLesion
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.plain import as_plain

US = default_library().get("reference-us.protocol", Protocol)


def _tocilizumab(*days: float, unknown: tuple[float, ...] = ()) -> dict[str, Any]:
    """What ASCO says of tocilizumab on day 4 of CRS 3, after doses on the days that are given."""
    patient = a_patient("A", days=20).with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    patient.with_fever(1, until=8).with_vitals().with_charting().with_value("weight", -0.1, 70)
    patient.with_exposure("oxygen", "high-flow-nasal-cannula", 1, until=8, rate=40.0, rate_unit="L/min")
    for agent, when in (("tocilizumab", days), ("unspecified", unknown)):
        for day in when:
            patient.with_exposure("anticytokine", agent, day)
    plain = as_plain(assess(patient.built(), US, INFUSED_AT + timedelta(days=4)), {})
    (asco,) = [one for one in plain["advice"] if one["id"] == "asco-2021.guidance"]
    (found,) = [one for one in asco["proposals"] if one["name"] == "tocilizumab"]
    return found  # type: ignore[no-any-return]  (plain data)


def test_a_dose_beyond_the_maximum_has_no_amount_and_does_not_apply() -> None:
    found = _tocilizumab(1.5, 2.0, 2.5, 3.0)
    assert (found["standing"], found["applies"]) == ("used-up", "false")
    assert "dose" not in found
    assert found["text"].startswith("do not give ")
    assert "mg" not in found["text"]


def test_a_dose_that_is_left_has_its_amount_and_applies() -> None:
    found = _tocilizumab(1.5)
    assert (found["standing"], found["applies"], found["dose"]["low"]) == ("now", "true", pytest.approx(560))
    assert "if_unknown_agents_were_this" not in found["lock"]


def test_a_dose_of_an_unknown_agent_stands_beside_the_lock() -> None:
    lock = _tocilizumab(1.5, unknown=(3.9,))["lock"]
    assert (lock["left"], lock["not_before"]) == (3, None)
    perhaps = lock["if_unknown_agents_were_this"]
    assert perhaps["left"] == 2
    assert perhaps["not_before"] is not None


@pytest.mark.parametrize(("language", "says"), [("en", "not known; cannot be computed: needs "), ("zh", "不详；无法")])
def test_a_score_without_an_upper_end_is_not_known_and_says_what_it_needs(language: str, says: str) -> None:
    patient = a_patient("A", days=20).with_exposure("lymphodepletion", "fludarabine", -5).with_value("ldh", -6, 300)
    found = assess(patient.built(), US, INFUSED_AT + timedelta(days=4))
    (section,) = [one for one in handover(found, {}, language=language).sections if one.title in {"Scores", "评分"}]
    (easix,) = [line for line in section.lines if "[korell-2022.easix]" in line]
    assert says in easix
    assert "\u221e" not in easix
    (score,) = [one for one in as_plain(found, {})["scores"] if one["id"] == "korell-2022.easix"]
    assert (score["low"], score["high"]) == (None, None)
    assert (score["before"], score["as_of"]) == ("lymphodepletion", (INFUSED_AT - timedelta(days=5)).isoformat())


@pytest.mark.parametrize(
    ("language", "day", "says"),
    [
        ("en", -5, " as of 2026-02-27 10:30 CET: not known; nothing of it was on record then"),
        ("zh", -5, "（截至2026-02-27 10:30 CET）：不详；届时无相关记录"),
        ("en", None, ": cannot be settled: needs the first dose of lymphodepletion"),
        ("zh", None, "：无法计算：需要清淋首剂时间"),
    ],
)
def test_a_score_before_lymphodepletion_names_its_moment(language: str, day: float | None, says: str) -> None:
    patient = a_patient("A", days=20)
    if day is not None:
        patient.with_exposure("lymphodepletion", "fludarabine", day)
    found = assess(patient.built(), US, INFUSED_AT + timedelta(days=4))
    (section,) = [one for one in handover(found, {}, language=language).sections if one.title in {"Scores", "评分"}]
    (easix,) = [line for line in section.lines if "[korell-2022.easix]" in line]
    assert easix.endswith(says)


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "Venetoclax: still given, no interval is known"), ("zh", "维奈克拉：仍在使用，间隔未知")],
)
def test_before_collection_a_running_drug_without_a_rule_is_named(language: str, says: str) -> None:
    patient = a_patient("A", days=1).with_course(infused_at=None)
    patient.with_exposure("antineoplastic", "venetoclax", -60, until=-20)
    found = assess(patient.built(), US, INFUSED_AT - timedelta(days=36))
    assert says in [line for section in handover(found, {}, language=language).sections for line in section.lines]


def test_a_restaging_shown_by_a_scan_alone_names_the_lesion() -> None:
    patient = a_patient("A", days=60).with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    scanned = INFUSED_AT + timedelta(days=28)
    timeline = replace(patient.built(), lesions=(ScannedLesion("node 1", scanned, source="lesions.csv:1"),))
    plain = as_plain(assess(timeline, US, INFUSED_AT + timedelta(days=40)), {})
    (proof,) = [due["by"] for due in plain["due"] if due["item"] == "restaging-1"]
    assert proof == {
        "kind": "lesion", "at": scanned.isoformat(), "value": "node 1", "source": "lesions.csv:1",
    }  # fmt: skip
