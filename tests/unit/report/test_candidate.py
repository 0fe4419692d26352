"""A patient before collection: the text says the numbers of the plain data, in both languages, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.assess import assess
from vein2vein.journey.assess.candidate import Candidate, candidate
from vein2vein.journey.assess.schedule import schedule
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library
from vein2vein.report.candidate import as_plain, as_text
from vein2vein.report.handover.content import handover

BOOKS = default_library()
US = BOOKS.get("reference-us.protocol", Protocol)
STOPS = BOOKS.get("compiled-2026.stop-before-lymphodepletion", Washout)


def _found() -> Candidate:
    patient = a_patient("A").with_course(
        product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma", infused_at=None
    )
    values = {"weight": 70, "height": 172.4, "creatinine": 0.9, "lymphocytes": 0.25, "cd3_cells": 0.8, "platelets": 40}
    for kind, value in values.items():
        patient.with_value(kind, -36.1, value)
    patient.with_value("prior_lines", -60, 2).with_statement("hcv_positive", -40, "no")
    patient.with_exposure("corticosteroid", "dexamethasone", -37, reason=None)
    patient.with_exposure("antineoplastic", "cytotoxic-other", -45)
    at = INFUSED_AT + timedelta(days=-36)
    return candidate(patient.built(), US, at, target_cd3=2.0, efficiencies=(0.4, 0.6))


def _plain(language: str = "en") -> dict[str, Any]:
    found = _found()
    planned = schedule(found, date(2026, 4, 1), document=STOPS)
    plain = as_plain(found, planned, language=language)
    return json.loads(json.dumps(plain))  # type: ignore[no-any-return]  (what a program gets)


def test_fields_hold_what_was_found() -> None:
    found, plain = _found(), _plain()
    criteria = {c["name"]: c for c in plain["selection"][0]["criteria"]}
    platelets = next(c for c in criteria.values() if any(v["input"] == "platelets" for v in c["values"]))
    assert platelets["state"] == "concern"
    value = platelets["values"][0]
    assert (value["low"], value["high"], value["age_hours"]) == (40, 40, pytest.approx(2.4))
    assert value["rows"][0]["value"] == 40
    assert found.washout is not None
    binding = found.washout.binding
    assert binding is not None
    assert plain["washout"]["binding"] == {"rule": binding.rule.row, "agent": "cytotoxic-other"}
    assert [one["agent"] for one in plain["washout"]["drugs"] if one["decides"]] == ["cytotoxic-other"]
    assert [one["value"] for one in plain["volumes"]] == [one.answer.value for one in found.volumes]
    assert {one["id"]: one["value"] for one in plain["sizes"]} == {a.formula.id: a.value for a in found.sizes}
    mg = {one["policy"]: one["regimens"][0]["drugs"][0]["mg_a_day"] for one in plain["doses"]}
    for policy, regimens in found.doses.items():
        dose = regimens[0][1][0]
        known = (
            None if dose.needs or dose.milligrams is None else dict(zip(("low", "high"), dose.milligrams, strict=True))
        )
        assert mg[policy] == known
    assert {row["state"] for row in plain["markers"]} >= {"fresh", "absent"}


def _numbers(value: Any) -> set[float]:
    """Every number in the data, also inside texts and dates."""
    if isinstance(value, dict):
        return set().union(*(_numbers(part) for pair in value.items() for part in pair), set())
    if isinstance(value, list):
        return set().union(*(_numbers(part) for part in value), set())
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, int | float):
        return {float(value)}
    return {float(number) for number in re.findall(r"\d+(?:\.\d+)?", str(value))}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_text_says_no_number_that_the_fields_do_not_hold(language: str) -> None:
    plain = _plain(language)
    held = _numbers(plain)
    ages = {v["age_hours"] / 24 for one in (*plain["selection"], *plain["trials"], plain["collection_start"])
            for c in one["criteria"] for v in c["values"] if v["age_hours"] is not None}  # fmt: skip
    # Instants stand in the text to the minute, numbers with one or two decimals.
    shown = {round(number, digits) for number in held | ages for digits in (0, 1, 2)} | held
    said = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", as_text(plain, language=language))}
    assert said <= shown, sorted(said - shown)


def test_both_languages_say_the_same_numbers_of_the_patient() -> None:
    english, chinese = _plain("en"), _plain("zh")

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in {"label", "title", "shown", "rule_label"}}
        return [bare(part) for part in value] if isinstance(value, list) else value

    assert bare(english) == bare(chinese)
    amounts = [
        re.findall(r"\d+\.\d mg", as_text(plain, language=lang)) for lang, plain in (("en", english), ("zh", chinese))
    ]
    assert amounts[0] == amounts[1] != []


def test_the_text_for_people() -> None:
    said = as_text(_plain())
    assert "no collection before" in said
    assert "for a start on 2026-03-27:" in said
    assert re.search(r"bedside Schwartz .*mL/min/1.73 m2 \(not meant for this patient; ", said)
    assert "Hepatitis C marker, as reported: negative, fresh until 2026-02-22" in said
    assert "may begin on 2026-03-27 only [recalled]" in said
    assert "Cytotoxic chemotherapy: last dose not after 2026-03-20 (better not after 2026-03-13)" in said
    chinese = as_text(_plain("zh"), language="zh")
    assert "只能于 2026-03-27 开始" in chinese
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", chinese), "no English sentence in the Chinese text"


def test_without_a_planned_infusion_there_is_no_calendar() -> None:
    assert as_plain(_found())["calendar"] is None
    assert "Calendar" not in as_text(as_plain(_found()))


@pytest.mark.parametrize(("language", "says"), [("en", ": not recorded"), ("zh", "：未记录")])
def test_a_marker_without_a_row_reads_as_not_recorded_and_not_as_a_result(language: str, says: str) -> None:
    plain = _plain(language)
    lines = as_text(plain, language=language).splitlines()
    unknown = [marker for marker in plain["markers"] if marker["state"] == "absent"]
    assert unknown
    for marker in unknown:
        (line,) = [line for line in lines if line.startswith(f"  - {marker['label']}")]
        assert says in line
        assert "absent" not in line


@pytest.mark.parametrize(
    ("language", "says"), [("en", ": still given, no interval is known"), ("zh", "：仍在使用，间隔未知")]
)
def test_a_running_drug_without_a_rule_is_named(language: str, says: str) -> None:
    patient = a_patient("A").with_course(infused_at=None)
    patient.with_exposure("antineoplastic", "venetoclax", -60, until=-20)
    found = candidate(patient.built(), US, INFUSED_AT + timedelta(days=-36), target_cd3=2.0, efficiencies=(0.5,))
    plain = as_plain(found, language=language)
    assert [one["agent"] for one in plain["washout"]["without_rule"]] == ["venetoclax"]
    assert any(line.endswith(says) for line in as_text(plain, language=language).splitlines())


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Venetoclax: last 2026-02-08 10:30 CET, no interval is known"),
        ("zh", "维奈克拉：末次 2026-02-08 10:30 CET，间隔未知"),
    ],
)
def test_a_drug_without_a_rule_that_ended_lately_is_named_with_its_last_dose(language: str, says: str) -> None:
    patient = a_patient("A").with_course(infused_at=None).with_exposure("antineoplastic", "venetoclax", -60, until=-24)
    at = INFUSED_AT + timedelta(days=-10)
    plain = as_plain(candidate(patient.built(), US, at, target_cd3=2.0, efficiencies=(0.5,)), language=language)
    (one,) = plain["washout"]["without_rule"]
    assert one["last"] == "2026-02-08T10:30:00+01:00"
    assert says in as_text(plain, language=language)
    found = assess(patient.built(), US, at)
    drugs = [line for section in handover(found, {}, language=language).sections for line in section.lines]
    assert any("2026-02-08" in line for line in drugs)


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", ("A*02:05P", "; the product cannot work)")), ("zh", ("A*02:05P", "；该产品不起作用）"))],
)
def test_a_typing_gate_that_is_not_met_says_which_allele_was_typed_and_what_follows(
    language: str, says: tuple[str, ...]
) -> None:
    patient = a_patient("A").with_course(
        product="afamitresgene-autoleucel", indication="synovial-sarcoma", infused_at=None
    )
    patient.with_statement("hla_a_first", -60, "a-02-01p").with_statement("hla_a_second", -60, "a-02-05p")
    patient.with_statement("mage_a4_positive", -60, "yes")
    found = candidate(patient.built(), US, INFUSED_AT + timedelta(days=-36), target_cd3=2.0, efficiencies=(0.5,))
    plain = as_plain(found, language=language)
    (line,) = [
        one for one in as_text(plain, language=language).splitlines() if "afamitresgene-autoleucel.product [" in one
    ]
    recorded = line.split({"en": "recorded: ", "zh": "记录："}[language])[1]
    assert all(text in recorded for text in says)


@pytest.mark.parametrize(
    ("language", "advised", "lent"),
    [
        ("en", "advised, not required", "by the US label's regimen: the EU row eu-lbcl-3l names none"),
        ("zh", "建议，非必需", "按美国说明书的方案：欧盟条目 eu-lbcl-3l 未列出方案"),
    ],
)
def test_advised_intervals_and_regimens_of_another_label_say_so(language: str, advised: str, lent: str) -> None:
    patient = a_patient("A").with_course(
        product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma", infused_at=None
    )
    patient.with_exposure("antineoplastic", "earlier-bendamustine", -100, until=-100).with_value("prior_lines", -60, 2)
    at, europe = INFUSED_AT + timedelta(days=-36), BOOKS.get("reference.protocol", Protocol)
    found = candidate(patient.built(), europe, at, target_cd3=2.0, efficiencies=(0.4,))
    plain = as_plain(found, schedule(found, date(2026, 4, 1), document=STOPS), language=language)
    drugs = {one["rule"]: one["strength"] for one in plain["washout"]["drugs"]}
    assert drugs == {"cytotoxic": "required", "bendamustine": "advised"}
    assert plain["doses"][0]["regimens"][0]["lent"] == {"label": ["US"], "here": "EU", "row": "eu-lbcl-3l"}
    told = as_text(plain, language=language)
    assert [advised in line for line in told.splitlines() if "2026-10" in line or "2026-08" in line] == [True]
    assert told.count(lent) == len(plain["doses"]) * len(plain["doses"][0]["regimens"]) + len(
        plain["calendar"]["regimens"]
    )


def _asked_with(creatinine: float, *, product: str | None = "axicabtagene-ciloleucel") -> Candidate:
    patient = a_patient("A").with_course(product=product, indication="large-b-cell-lymphoma", infused_at=None)
    for kind, value in {"weight": 70.0, "height": 172.4, "creatinine": creatinine}.items():
        patient.with_value(kind, -36.1, value)
    at = INFUSED_AT + timedelta(days=-36)
    return candidate(patient.built(), US, at, target_cd3=2.0, efficiencies=(0.4,))


@pytest.mark.parametrize(("creatinine", "state"), [(0.9, "met"), (6.0, "concern")])
def test_a_clearance_nobody_recorded_stays_open_and_says_what_a_formula_makes_of_it(
    creatinine: float, state: str
) -> None:
    found = _asked_with(creatinine)
    (mine,) = as_plain(found)["selection"]
    (kidney,) = (one for one in mine["criteria"] if "idney" in one["label"])
    assert kidney["state"] == "unknown"
    assert [(by["id"], by["state"]) for by in kidney["by_formula"]] == [("cockcroft-gault-1976.clearance", state)]
    assert f"by cockcroft-gault-1976.clearance {kidney['by_formula'][0]['value']:.2f} mL/min: {state}" in as_text(
        as_plain(found)
    )


def test_a_size_names_the_values_it_took_with_their_day() -> None:
    text = as_text(as_plain(_asked_with(0.9)))
    (line,) = (line for line in text.splitlines() if "[cockcroft-gault-1976.clearance]" in line)
    assert re.search(r"Creatinine 0\.9 mg/dL, 20\d\d-\d\d-\d\d; weight_basis: actual\)$", line)


@pytest.mark.parametrize(
    ("language", "says", "chosen"),
    [
        ("en", "needs the product of the course", "(the policy of the protocol)"),
        ("zh", "需要疗程的产品", "（方案所选）"),
    ],
)
def test_doses_mark_the_policy_of_the_protocol_and_need_a_product(language: str, says: str, chosen: str) -> None:
    without = as_text(as_plain(_asked_with(0.9, product=None), language=language), language=language)
    assert says in without
    told = as_text(as_plain(_asked_with(0.9), language=language), language=language)
    assert says not in told
    marked = [line for line in told.splitlines() if chosen in line]
    assert marked
    assert all(line.startswith(f"  - {US.renal_policy}") for line in marked)


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "not encoded: creatinine by age and sex"), ("zh", "未编码：按年龄和性别的肌酐限值")],
)
def test_limits_that_no_file_holds_are_named_beside_those_that_are_met(language: str, says: str) -> None:
    plain = _plain(language)
    trials = {one["id"]: one for one in plain["trials"]}
    assert [one["label"] for one in trials["eliana.eligibility"]["not_encoded"]] == [
        says.rsplit(": ", maxsplit=1)[-1].rsplit("：", maxsplit=1)[-1]
    ]
    assert trials["juliet.eligibility"]["not_encoded"] == []
    (line,) = [line for line in as_text(plain, language=language).splitlines() if line.startswith("  - ELIANA")]
    assert line.endswith(says)


@pytest.mark.parametrize(("cd3", "is_flagged"), [(0.1, True), (0.8, False)])
def test_a_volume_beyond_what_is_usual_says_so(cd3: float, is_flagged: bool) -> None:
    patient = a_patient("A").with_course(infused_at=None).with_value("cd3_cells", -36.1, cd3)
    found = candidate(patient.built(), US, INFUSED_AT + timedelta(days=-36), target_cd3=2.0, efficiencies=(0.6,))
    said = as_text(as_plain(found))
    assert ("0.6: 33.33 L (More than the 12 to 15 L that manufacturers name" in said) is is_flagged
