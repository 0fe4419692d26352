"""Prophylaxis by source: start, run, stop; what is not known is never a stop; later rows do not exist."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.errors import JourneyError
from vein2vein.journey.followup import Step, agrees, prophylaxis, side_by_side
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.library import default_library

POLICIES = {policy.id: policy for policy in default_library().of(Policy)}
ASH, SAP = POLICIES["ash.prophylaxis"], POLICIES["ash-sap.prophylaxis"]
EHA = POLICIES["ebmt-eha-2023.prophylaxis"]


def on(day: float):
    return INFUSED_AT + timedelta(days=day)


def course() -> PatientBuilder:
    return a_patient("P", days=900).with_milestone("lymphodepletion", -5)


def step(policy: Policy, name: str, day: float, patient: PatientBuilder | None = None, **more) -> Step:
    found = prophylaxis((patient or course()).built(), policy, on(day), **more)
    return next(one for one in found if one.judged.item.name == name)


@pytest.mark.parametrize(
    ("day", "runs", "answer"),
    [
        (29, False, "not yet"),
        (30, False, "start due"),
        (30, True, "running"),
        (100, None, "unknown"),
        (190, True, "may stop"),
        (190, False, "not needed"),
    ],
)
def test_pneumocystis_from_day_30_to_month_6(day: int, runs: bool | None, answer: str) -> None:
    running = {} if runs is None else {"pjp": runs}
    found = step(ASH, "pjp", day, running=running)
    assert found.answer == answer
    assert found.missing == (("runs",) if runs is None else ())


def test_months_are_calendar_months_of_the_local_day() -> None:
    # Day 0 is 4 March; 4 September is month 6.
    assert step(ASH, "pjp", 183, running={"pjp": True}).answer == "running"
    assert step(ASH, "pjp", 184, running={"pjp": True}).answer == "may stop"


def test_a_cd4_count_that_nobody_made_keeps_the_stop_open() -> None:
    late = step(SAP, "pjp", 400, running={"pjp": True})
    assert (late.answer, late.missing) == ("unknown", ("cd4", "start, which the source does not state"))
    counted = course().with_value("cd4_cells", 390, 0.25)
    assert step(SAP, "pjp", 400, counted, running={"pjp": True}).answer == "may stop"
    low = course().with_value("cd4_cells", 390, 0.2)
    assert step(SAP, "pjp", 400, low, running={"pjp": True}).answer == "running"
    assert step(SAP, "pjp", 380, counted, running={"pjp": True}).answer == "unknown"


def test_a_start_that_the_source_does_not_state_is_never_due() -> None:
    found = step(SAP, "hsv-vzv", 30, course().with_value("cd4_cells", 20, 0.1), running={"hsv-vzv": False})
    assert found.answer == "unknown"
    assert "start, which the source does not state" in found.missing


def test_immunoglobulin_differs_between_sources_at_the_same_level() -> None:
    patient = course().with_value("igg", 60, 4.0)
    steps = side_by_side(
        patient.built(),
        POLICIES.values(),
        on(61),
        told={"recurrent_infection": False},
        running={"immunoglobulin": False},
    )
    got = {one.policy.id: one.answer for one in steps["immunoglobulin"]}
    assert got == {
        "ash.prophylaxis": "not yet",
        "ash-sap.prophylaxis": "start due",
        "ebmt-2022.prophylaxis": "not yet",
        "stanford.prophylaxis": "not yet",
    }
    assert not agrees(steps["immunoglobulin"])


def test_a_recorded_dose_shows_that_it_runs() -> None:
    patient = course().with_value("igg", 60, 3.0).with_charting("immunoglobulin")
    assert step(SAP, "immunoglobulin", 61, patient).answer == "start due"
    patient.with_exposure("immunoglobulin", "intravenous", 62, until=62.2)
    assert step(SAP, "immunoglobulin", 63, patient).answer == "running"


def scored(*, ferritin: float | None = 2500, day: float = -6) -> PatientBuilder:
    """Everything but ferritin is good: the score rests on ferritin alone (0, 1 or 2 points)."""
    patient = course()
    for kind, value in {"platelets": 250, "neutrophils": 3, "haemoglobin": 12, "crp": 5}.items():
        patient.with_value(kind, day, value)
    return patient if ferritin is None else patient.with_value("ferritin", day, ferritin)


def test_g_csf_takes_the_score_before_lymphodepletion() -> None:
    no = {"g-csf": False}
    assert step(EHA, "g-csf", 3, running=no).missing == ("car_hematotox",)
    assert step(EHA, "g-csf", 1, scored(), running=no).answer == "not yet"
    found = step(EHA, "g-csf", 2, scored(), running=no)
    assert (found.answer, found.missing) == ("start due", ())
    assert {row.kind for row in found.rows["car_hematotox"]} >= {"platelets", "ferritin"}
    assert step(EHA, "g-csf", 2, scored(ferritin=300), running=no).answer == "not yet"


def test_a_score_that_straddles_the_cut_off_is_named_and_can_be_told() -> None:
    no, unsure = {"g-csf": False}, scored(ferritin=None)
    found = step(EHA, "g-csf", 2, unsure, running=no)
    assert (found.judged.start, found.answer, found.missing) == (Truth.UNKNOWN, "unknown", ("car_hematotox",))
    assert step(EHA, "g-csf", 2, unsure, running=no, told={"car_hematotox": 2}).answer == "start due"
    assert step(EHA, "g-csf", 2, scored(), running=no, told={"car_hematotox": 0}).answer == "start due"


def test_antivirals_from_lymphodepletion_before_the_infusion() -> None:
    assert step(ASH, "hsv-vzv", -6, running={"hsv-vzv": False}).answer == "not yet"
    assert step(ASH, "hsv-vzv", -5, running={"hsv-vzv": False}).answer == "start due"
    unknown = a_patient("P", days=900)
    assert step(ASH, "hsv-vzv", 3, unknown, running={"hsv-vzv": False}).answer == "start due"


def test_the_policy_and_its_choices_are_named() -> None:
    longer = default_library().get("ash.prophylaxis", Policy, {"pjp_months": 12})
    found = step(longer, "pjp", 190, running={"pjp": True})
    assert found.answer == "running"
    assert found.policy.chosen["pjp_months"] == 12


def test_what_is_recorded_cannot_be_told() -> None:
    with pytest.raises(JourneyError, match="igg"):
        step(ASH, "pjp", 30, told={"igg": 3})


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("day", [-10, 0, 20, 60, 200, 400, 700])
def test_leaving_a_row_out_never_changes_one_certain_answer_into_another(policy: Policy, day: int) -> None:
    full = course()
    for at in (-10, 15, 55, 195, 395, 695):
        full.with_value("igg", at, 3.5).with_value("cd4_cells", at, 0.25).with_value("neutrophils", at, 0.4)
    told = {n: None for n, fact in policy.facts.items() if fact.source.ask == "told"}
    running = {item.name: False for item in policy.items}
    kept = {one.judged.item.name: one for one in prophylaxis(full.built(), policy, on(day), told=told, running=running)}
    bare = prophylaxis(course().built(), policy, on(day), told=told, running=running)
    assert all(one.answer in {"unknown", kept[one.judged.item.name].answer} for one in bare)


def test_europe_asks_for_pneumocystis_and_immunoglobulin_from_the_record() -> None:
    europe = POLICIES["ebmt-2022.prophylaxis"]
    ill = course().with_value("igg", 195, 3.0).with_value("cd4_cells", 195, 0.06)
    ill.with_statement("serious_or_recurrent_bacterial_infection", 190, "yes").with_charting("immunoglobulin")
    assert step(europe, "immunoglobulin", 200, ill).answer == "start due"
    assert step(europe, "pjp", 200, ill, running={"pjp": True}).answer == "running"
    well = ill.with_value("cd4_cells", 399, 0.3)
    assert step(europe, "pjp", 400, well, running={"pjp": True}).answer == "may stop"


def test_a_recurrent_infection_on_record_needs_not_be_told() -> None:
    ill = course().with_value("igg", 195, 3.0).with_charting("immunoglobulin")
    ill.with_statement("sinopulmonary_infection", 190, "yes")
    assert step(ASH, "immunoglobulin", 200, ill).missing == ("bacterial_infection", "recurrent_infection")
    ill.with_statement("serious_or_recurrent_bacterial_infection", 190, "yes")
    for policy in (ASH, POLICIES["stanford.prophylaxis"]):
        assert step(policy, "immunoglobulin", 200, ill).answer == "start due"
