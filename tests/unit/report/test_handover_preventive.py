"""Prophylaxis in words: what a policy wants is told with start and stop, and several policies stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import assess
from vein2vein.journey.followup import Step, prophylaxis
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.plain import as_plain
from vein2vein.report.handover.preventive import (
    answer_of,
    by_subject,
    is_same,
    policies_beside,
    preventive_lines,
    step_words,
)
from vein2vein.report.handover.voice import Voice

BOOKS = default_library()
IDS = ("ash.prophylaxis", "ash-sap.prophylaxis", "stanford.prophylaxis")
US = BOOKS.get("reference-us.protocol", Protocol)


def _patient() -> PatientBuilder:
    patient = a_patient("A", days=400).with_milestone("lymphodepletion", -5).with_charting("immunoglobulin")
    return patient.with_value("igg", 195, 4.0).with_value("cd4_cells", 195, 0.06)


def _voice(day: float, language: str = "en") -> Voice:
    return Voice(assess(_patient().built(), US, INFUSED_AT + timedelta(days=day)), {}, language)


@pytest.mark.parametrize(
    ("day", "language", "says"),
    [
        (29, "en", "not yet (start: From day 30; stop: After 6 to 12 months) [ash.prophylaxis]"),
        (
            60,
            "en",
            "is to be given (start: From day 30; stop: After 6 to 12 months; needs: whether it is given) [ash.prophylaxis]",
        ),
        (200, "en", "may stop (start: From day 30; stop: After 6 to 12 months; needs: whether it is given) [ash.prophylaxis]"),
        (60, "zh", "应给予（开始：自第 30 天；停用：满 6–12 个月；尚需：是否正在使用） [ash.prophylaxis]"),
    ],
)  # fmt: skip
def test_what_a_policy_wants_is_told_although_nobody_recorded_that_it_is_given(
    day: float, language: str, says: str
) -> None:
    lines = list(preventive_lines(_voice(day, language)))
    assert [line.split(": ", 2)[2] for line in lines if "sulfamethoxazole" in line] == (
        [says] if language == "en" else []
    )
    assert any(line.endswith(says) for line in lines)


def test_a_fact_that_is_missing_is_no_plan_to_give() -> None:
    steps = prophylaxis(_patient().built(), BOOKS.get("ash.prophylaxis", Policy), INFUSED_AT + timedelta(days=200))
    virus = next(step for step in steps if step.judged.item.name == "hsv-vzv")
    assert (answer_of(virus), virus.missing) == ("unknown", ("had_episode", "months_since_episode", "runs"))


def test_a_dose_stands_only_where_something_is_given() -> None:
    policy = BOOKS.get("ash-sap.prophylaxis", Policy)
    at, low = INFUSED_AT + timedelta(days=200), _patient()
    well = a_patient("B", days=400).with_value("igg", 195, 8.0).with_charting("immunoglobulin")
    for patient, has_dose in ((low, True), (well, False)):
        step = next(s for s in prophylaxis(patient.built(), policy, at) if s.judged.item.name == "immunoglobulin")
        assert ("dose: 400 to 500 mg/kg" in step_words(step, _voice(200))) is has_dose


def _steps(patient: PatientBuilder, ids: Sequence[str], day: float, **told: object) -> list[Step]:
    policies = [BOOKS.get(id, Policy) for id in ids]
    return [
        step
        for policy in policies
        for step in prophylaxis(
            patient.built(),
            policy,
            INFUSED_AT + timedelta(days=day),
            told={n: v for n, v in told.items() if n in policy.to_be_told},
        )
    ]


def test_policies_side_by_side_say_where_they_differ_and_who_is_silent() -> None:
    found = _steps(_patient(), IDS, 200, recurrent_infection="no")
    lines = {line.split(" (")[0]: line for line in policies_beside(found, _voice(200))}
    assert lines["Immunoglobulin"].startswith(
        "Immunoglobulin (THEY DIFFER): [ash.prophylaxis] Immunoglobulin: not yet (start:"
    )
    assert "[ash-sap.prophylaxis] Immunoglobulin: start due (start: IgG of 4 g/L" in lines["Immunoglobulin"]
    assert lines["Bacteria"].endswith("; silent on it: stanford.prophylaxis")
    chinese = list(policies_beside(found, _voice(200, "zh")))
    says = "免疫球蛋白（各来源不一致）：[ash.prophylaxis] 免疫球蛋白：尚未到时（开始："
    assert any(line.startswith(says) for line in chinese)


def test_the_same_answer_with_another_start_or_stop_is_a_difference() -> None:
    steps = _steps(_patient(), ("ash.prophylaxis", "stanford.prophylaxis"), 3)
    (virus,) = [line for line in policies_beside(steps, _voice(3)) if line.startswith("Herpes")]
    both = by_subject(steps)["hsv-vzv"]
    assert {step.answer for step in both} == {"unknown"}
    assert virus.startswith("Herpes simplex and zoster (THEY DIFFER)")
    assert is_same(both[:1] * 2)


def test_an_assessment_holds_policies_beside_one_another_in_text_and_data() -> None:
    found, steps = assess(_patient().built(), US, INFUSED_AT + timedelta(days=200)), _steps(_patient(), IDS, 200)
    page = handover(found, {}, policies=steps)
    (section,) = [one for one in page.sections if one.title == "Policies of prophylaxis side by side"]
    assert len(section.lines) == len(by_subject(steps))
    plain = {one["subject"]: one for one in as_plain(found, {}, policies=steps)["policies"]}
    assert {one["policy"]["id"] for one in plain["pjp"]["steps"]} == set(IDS)
    assert plain["pjp"]["same"] is False
    ash = next(one for one in plain["pjp"]["steps"] if one["policy"]["id"] == "ash.prophylaxis")
    assert (ash["answer"], ash["plan"], ash["missing"]) == ("unknown", "may stop", ["runs"])
    assert "policies" not in {one.title for one in handover(found, {}).sections}
