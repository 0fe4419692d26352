"""A dose in parts: amounts, days and gates of the label, before and after the second part."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.journey.assess import Assessor, assess
from vein2vein.journey.assess.audit import audit
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.parts import GateNow
from vein2vein.knowledge.documents.product import NextPart
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.plain import as_plain

US = default_library().get("reference-us.protocol", Protocol)
OBE = "obecabtagene-autoleucel"


def _course(*parts: tuple[float, float], blasts: float | None = 60.0, crs: bool = False) -> PatientBuilder:
    """Parts as (day after the first, 10^6 cells); with `crs`, fever and high-flow oxygen (CRS 3) from day 1 to day 8."""
    patient = a_patient("A", days=40).with_course(product=OBE, indication="b-cell-acute-lymphoblastic-leukaemia")
    patient.with_value("weight", -8, 70).with_value("prior_lines", -40, 2)
    patient.with_milestone("lymphodepletion", -6)
    if blasts is not None:
        patient.with_value("marrow_blasts", -7, blasts)
    for day, cells in parts:
        patient.with_exposure("cell_product", OBE, day, amount=cells, amount_unit="10*6")
    if crs:
        patient.with_fever(1, until=8).with_vitals().with_charting()
        patient.with_exposure("oxygen", "high-flow-nasal-cannula", 1, until=8, rate=40.0, rate_unit="L/min")
    return patient


def _found(patient: PatientBuilder, day: float = 30) -> list[Deviation]:
    found = Assessor(patient.built(), US).at(INFUSED_AT + timedelta(days=day)).deviations
    return [d for d in found if d.file == f"{OBE}.product"]


@pytest.mark.parametrize("blasts", [60.0, None])
def test_parts_of_a_high_burden_on_their_days_are_as_the_label_says(blasts: float | None) -> None:
    assert _found(_course((0, 10.0), (9, 400.0), blasts=blasts)) == []


def test_parts_of_a_low_burden_are_as_the_label_says() -> None:
    assert _found(_course((0, 100.0), (9, 310.0), blasts=20.0)) == []


def test_bags_of_one_day_are_one_part() -> None:
    assert _found(_course((0, 10.0), (9, 100.0), (9.02, 300.0))) == []


def test_parts_that_were_swapped_are_named_each() -> None:
    first, second = _found(_course((0, 100.0), (9, 310.0)))
    assert "part 1 of 100 x 10^6 cells, the label plans 10 x 10^6 here" in first.what
    assert "part 2 of 310 x 10^6 cells, the label plans 400 x 10^6 here" in second.what
    assert (first.at, first.kind) == (INFUSED_AT, "dose")


def test_the_whole_dose_at_once_is_named() -> None:
    (found,) = _found(_course((0, 410.0)))
    assert "part 1 of 410 x 10^6 cells, the label plans 10 x 10^6 here" in found.what


def test_parts_of_no_split_are_named_where_the_blasts_are_not_known() -> None:
    (found,) = _found(_course((0, 10.0), (9, 310.0), blasts=None))
    assert "part 2 of 310 x 10^6 cells, the label plans 400 x 10^6 here" in found.what


def test_a_third_part_is_named() -> None:
    (found,) = _found(_course((0, 10.0), (9, 400.0), (12, 10.0)))
    assert "part 3 (10 x 10^6 cells), the label plans 2 parts" in found.what


@pytest.mark.parametrize(
    ("day", "is_outside"), [(6, True), (7, False), (11, False), (12, False), (20, False), (21, True)]
)
def test_a_part_too_early_or_later_than_any_toxicity_may_postpone_it_is_named(day: int, is_outside: bool) -> None:
    found = _found(_course((0, 10.0), (day, 400.0)))
    assert [d.kind for d in found] == (["outside-window"] if is_outside else [])
    assert all("by the label from" in d.what for d in found)


def test_a_part_given_after_crs_of_grade_3_is_named() -> None:
    (found,) = _found(_course((0, 10.0), (9, 400.0), crs=True))
    assert found.kind == "no-go"
    assert "part 2 given after CRS 3, the label says discontinue" in found.what
    assert found.said["zh"].endswith("CRS 3 级后仍给予第 2 次输注，说明书：停止治疗")


def test_parts_an_hour_apart_where_the_label_asks_for_a_day_are_named() -> None:
    patient = a_patient("A", days=40).with_course(product="cesnicabtagene-autoleucel", indication="multiple-myeloma")
    patient.with_value("weight", -36, 70).with_value("weight", -8, 70).with_milestone("apheresis", -35)
    patient.with_value("prior_lines", -40, 3).with_course(
        product="cesnicabtagene-autoleucel", indication="multiple-myeloma", patient=patient.built().course.patient
    )
    spain = US.model_copy(update={"jurisdiction_of_labels": "ES"})
    for day, cells in ((0.0, 21.0), (0.8, 63.0), (2.0, 126.0)):
        patient.with_exposure("cell_product", "cesnicabtagene-autoleucel", day, amount=cells, amount_unit="10*6")
    found = Assessor(patient.built(), spain).at(INFUSED_AT + timedelta(days=9)).deviations
    assert [d.what.split(": ")[1] for d in found if d.kind == "outside-window"] == [
        "part 2 less than 24 h after the one before"
    ]


def test_before_the_second_part_assess_says_what_is_next_from_when_and_which_gate_is_reached() -> None:
    found = assess(_course((0, 10.0), crs=True).built(), US, INFUSED_AT + timedelta(days=3))
    (due,) = found.ready.parts
    assert (due.number, due.count, due.planned.target) == (2, 2, 400)
    assert (due.opens, due.closes) == (
        (INFUSED_AT + timedelta(days=7)).date(),
        (INFUSED_AT + timedelta(days=11)).date(),
    )
    reached = {gate.rule.row: gate.reached for gate in due.gates}
    assert reached["crs-3"] is Truth.TRUE
    assert reached["crs-2"] is Truth.FALSE
    assert reached["other-3"] is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "en",
            (
                (
                    "Part 2 of 2 may hold: needs the grade of ICANS (0 to 4 since the last part), the grade of any other "
                    "toxicity (not graded here). If no gate keeps it back: 400 x 10^6 cells, not before"
                ),
                "may be reached: ICANS 0 to 4 since the last part, now 0 to 4: discontinue [icans-2]",
            ),
        ),
        (
            "zh",
            (
                "第 2/2 次输注尚不能确定：需要ICANS 分级（自上次输注以来 0 至 4 级）、其他毒性的分级（此处未分级）。",
                "如无限制条件成立：400×10⁶ 细胞",
                "可能达到：自上次输注以来ICANS 0 至 4 级",
            ),
        ),
    ],
)
def test_the_next_part_is_told_in_both_languages(language: str, says: tuple[str, ...]) -> None:
    lines = _lines(_course((0, 10.0)).with_vitals().with_charting(), 3, language)
    for text in says:
        assert any(text in line for line in lines), (text, lines)


def _lines(patient: PatientBuilder, day: float, language: str = "en") -> list[str]:
    found = assess(patient.built(), US, INFUSED_AT + timedelta(days=day))
    return [line for section in handover(found, {}, language=language).sections for line in section.lines]


def test_an_amount_that_a_gate_may_keep_back_is_no_amount_for_a_program() -> None:
    found = assess(_course((0, 10.0)).with_vitals().with_charting().built(), US, INFUSED_AT + timedelta(days=3))
    (part,) = as_plain(found, {})["ready"]["next_part"]
    assert (part["applies"], part["low"], part["high"], part["target"]) == ("unknown", None, None, None)
    assert part["if_no_gate_keeps_it_back"]["target"] == 400
    assert part["may_be_stopped_by"] == ["icans-2", "other-3", "other-4"]


def test_where_every_gate_is_known_to_be_open_the_amount_stands_alone() -> None:
    (due,) = assess(_course((0, 10.0)).built(), US, INFUSED_AT + timedelta(days=3)).ready.parts
    assert due.truth is Truth.UNKNOWN
    past = tuple(replace(gate, worst=Bounds(0, 0), now=Bounds(0, 0)) for gate in due.gates)
    found = assess(_course((0, 10.0)).built(), US, INFUSED_AT + timedelta(days=3))
    settled = replace(found, ready=replace(found.ready, parts=(replace(due, gates=past),)))
    lines = [line for section in handover(settled, {}).sections for line in section.lines]
    assert any(line.startswith("Next part: 2 of 2, 400 x 10^6 cells, not before") for line in lines)
    (part,) = as_plain(settled, {})["ready"]["next_part"]
    assert (part["applies"], part["target"], part["if_no_gate_keeps_it_back"]) == ("true", 400, None)


def test_an_audit_does_not_count_a_part_that_might_have_been_postponed() -> None:
    """Considering binds nobody: CRS 2 (low-flow oxygen) at the second part."""
    patient = _course((0, 10.0), (9, 400.0)).with_fever(1, until=12).with_vitals().with_charting()
    patient.with_exposure("oxygen", "nasal-cannula", 1, until=12, rate=2.0, rate_unit="L/min")
    kept = {row.rule: row for row in audit([patient.built()], US)}["next part given only as graded toxicity allows"]
    assert len(kept.not_met) == 0


@pytest.mark.parametrize(
    ("language", "leads"),
    [
        ("en", "Part 2 of 2 is not to be given now: CRS 3 since the last part, now 3: discontinue [crs-3]"),
        ("zh", "目前不得进行第 2/2 次输注：自上次输注以来CRS 3 级，目前 3：停止治疗 [crs-3]"),
    ],
)
def test_a_closed_gate_leads_and_no_amount_is_told(language: str, leads: str) -> None:
    lines = _lines(_course((0, 10.0), crs=True), 3, language)
    assert leads in lines
    assert not any("400 x 10^6" in line or "400×10⁶" in line for line in lines)
    found = assess(_course((0, 10.0), crs=True).built(), US, INFUSED_AT + timedelta(days=3))
    (part,) = as_plain(found, {})["ready"]["next_part"]
    assert (part["target"], part["stopped_by"]) == (None, ["crs-3"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_after_a_first_part_of_no_plan_the_second_is_named_with_its_gates_and_without_amount(language: str) -> None:
    patient = _course((0, 100.0))
    (due,) = assess(patient.built(), US, INFUSED_AT + timedelta(days=3)).ready.parts
    assert (due.number, due.is_as_planned) == (2, False)
    lines = _lines(patient, 3, language)
    leads = {
        "en": "Part 2 of 2 was not given; the label plans no next part",
        "zh": "第 2/2 次尚未输注；已输注的剂量不符合",
    }
    assert any(line.startswith(leads[language]) for line in lines)
    assert any("[other-4]" in line for line in lines)
    assert not any("400 x 10^6" in line or "400×10⁶" in line for line in lines)


@pytest.mark.parametrize(("day", "is_late"), [(20, False), (21, True)])
def test_a_second_part_that_was_never_given_is_named(day: float, is_late: bool) -> None:
    patient = _course((0, 10.0))
    (due,) = assess(patient.built(), US, INFUSED_AT + timedelta(days=day)).ready.parts
    assert due.is_late is is_late
    told = [line for line in _lines(patient, day) if "was not given; its last day of the label" in line]
    assert len(told) == is_late


def test_after_the_last_part_nothing_is_next() -> None:
    assert assess(_course((0, 10.0), (9, 400.0)).built(), US, INFUSED_AT + timedelta(days=10)).ready.parts == ()


def test_unknown_blasts_leave_both_plans_until_the_first_part_tells_them_apart() -> None:
    before = assess(_course(blasts=None).built(), US, INFUSED_AT + timedelta(days=1)).ready.parts
    after = assess(_course((0, 100.0), blasts=None).built(), US, INFUSED_AT + timedelta(days=1)).ready.parts
    assert [part.planned.target for part in before] == [400, 310]
    assert [part.planned.target for part in after] == [310]


@pytest.mark.parametrize(
    ("action", "worst", "now", "closed", "against"),
    [
        ("discontinue", Bounds(3, 3), Bounds(0, 0), Truth.TRUE, Truth.TRUE),
        ("discontinue", Bounds(2, 3), Bounds(0, 0), Truth.UNKNOWN, Truth.UNKNOWN),
        ("postpone", Bounds(3, 3), Bounds(2, 2), Truth.TRUE, Truth.TRUE),
        ("postpone", Bounds(3, 3), Bounds(1, 1), Truth.FALSE, Truth.FALSE),
        ("postpone", Bounds(3, 3), Bounds(1, 2), Truth.UNKNOWN, Truth.UNKNOWN),
        ("consider-postponing", Bounds(3, 3), Bounds(3, 3), Truth.TRUE, Truth.FALSE),
        ("consider-postponing", None, None, Truth.UNKNOWN, Truth.FALSE),
        ("postpone", None, None, Truth.UNKNOWN, Truth.UNKNOWN),
    ],
)
def test_a_gate_is_closed_for_good_or_until_the_grade_has_come_down(
    action: str, worst: Bounds | None, now: Bounds | None, closed: Truth, against: Truth
) -> None:
    rule = NextPart.model_validate(
        {
            "row": "r",
            "subject": "crs",
            "grade_from": 3,
            "grade_to": 5,
            "action": action,
            "until_grade": 1,
            "status": "recalled",
        }
    )
    gate = GateNow(rule, worst, now)
    assert (gate.closed, gate.against) == (closed, against)


def test_an_audit_counts_parts_and_gates() -> None:
    courses = [
        _course((0, 10.0), (9, 400.0), crs=True).built(),
        _course((0, 100.0), (9, 310.0)).built(),
        _course((0, 10.0)).built(),
    ]
    table = {row.rule: row for row in audit(courses, US)}
    parts = table["parts of the dose in the amounts and on the days of the label"]
    gates = table["next part given only as graded toxicity allows"]
    assert (len(parts.met), len(parts.not_met), parts.applicable) == (2, 1, 3)
    assert (len(gates.not_met), gates.applicable) == (1, 2)
