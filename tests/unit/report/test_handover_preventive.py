"""Prophylaxis in words: what a policy wants is told with start and stop, and several policies stand side by side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import assess
from vein2vein.journey.followup import prophylaxis, side_by_side
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.preventive import answer_of, policies_beside, preventive_lines, step_words
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


def test_policies_side_by_side_say_where_they_differ_and_who_is_silent() -> None:
    found = side_by_side(_patient().built(), [BOOKS.get(id, Policy) for id in IDS], INFUSED_AT + timedelta(days=200),
                         told={"recurrent_infection": "no"})  # fmt: skip
    lines = {line.split(" (")[0]: line for line in policies_beside(found, IDS, _voice(200))}
    assert lines["Immunoglobulin"].startswith(
        "Immunoglobulin (THEY DIFFER): [ash.prophylaxis] Immunoglobulin: not yet (start:"
    )
    assert "[ash-sap.prophylaxis] Immunoglobulin: start due (start: IgG of 4 g/L" in lines["Immunoglobulin"]
    assert lines["Bacteria"].endswith("; silent on it: stanford.prophylaxis")
    chinese = list(policies_beside(found, IDS, _voice(200, "zh")))
    assert any(
        line.startswith("免疫球蛋白（各来源不一致）：[ash.prophylaxis] 免疫球蛋白：尚未到时（开始：")
        for line in chinese
    )


def test_the_same_answer_with_another_start_or_stop_is_a_difference() -> None:
    both = [BOOKS.get(id, Policy) for id in ("ash.prophylaxis", "ash-sap.prophylaxis")]
    at, told = INFUSED_AT + timedelta(days=29), {"prolonged": "no"}
    counted = a_patient("A", days=400).with_milestone("lymphodepletion", -5).with_value("neutrophils", 28.9, 3.0)
    found = side_by_side(counted.built(), both, at, told=told)
    voice = _voice(29)
    (line,) = list(policies_beside({"hbv": found["hbv"]}, IDS[:2], voice))
    assert line.startswith("Hepatitis B (THEY DIFFER)")
    (same,) = list(policies_beside({"hbv": found["hbv"][:1] * 2}, IDS[:1], voice))
    assert same.startswith("Hepatitis B (one source alone)")
