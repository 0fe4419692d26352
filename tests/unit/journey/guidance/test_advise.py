"""Advice for made-up courses: doses, locks, missing facts, withheld drugs, and what lies outside a source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient, not_infused, severe
from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.ids import PatientId
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.errors import JourneyError
from vein2vein.journey.guidance.advise import DEAD, NOT_MEANT, Advice, Desk, advise
from vein2vein.journey.guidance.compare import compare
from vein2vein.journey.guidance.decide import Proposal
from vein2vein.journey.guidance.grades import Grades, GradeSteps
from vein2vein.journey.guidance.words import line, line_words
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import Patient, Timeline

ASCO, EBMT, CARTOX = "asco-2021.guidance", "ebmt-2022.guidance", "cartox-2018.guidance"
START = to_microseconds(INFUSED_AT)
DAY = 24 * hours(1)


def _steps(*steps: tuple[float, int, int]) -> GradeSteps:
    return GradeSteps(tuple(START + int(day * DAY) for day, _, _ in steps), tuple(Bounds(a, b) for _, a, b in steps))


def _grades(crs: GradeSteps, icans: GradeSteps | None = None) -> Grades:
    icans = icans or _steps((0, 0, 0))
    of_crs = dict.fromkeys(("astct-2019.crs", "cartox-2018.crs", "lee-2014.crs", "penn-2018.crs"), crs)
    return Grades(of_crs | {"astct-2019.icans": icans, "cartox-2018.cres": icans})


def _course(*tocilizumab: float, weight: float | None = 70.0) -> PatientBuilder:
    course = a_patient().with_charting("anticytokine", "corticosteroid", "fluid_bolus", "vasopressor", "oxygen")
    for day in tocilizumab:
        course.with_exposure("anticytokine", "tocilizumab", day)
    return course if weight is None else course.with_value("weight", 1, weight)


def _ask(
    course: PatientBuilder | Timeline, day: float, grades: Grades, *sources: str, **more: object
) -> tuple[Advice, ...]:
    timeline = course if isinstance(course, Timeline) else course.built()
    return Desk.of(sources or (ASCO,)).advise(timeline, INFUSED_AT + timedelta(days=day), grades=grades, **more)


def _one(advice: Advice, name: str) -> Proposal:
    (found,) = [p for p in advice.proposals if p.name == name]
    return found


def _born(on: date | None) -> Patient:
    return Patient(PatientId("P-1"), on, "female")


CRS_2 = _grades(_steps((0, 0, 0), (2, 2, 2)))


def test_a_first_dose_is_computed_from_the_recorded_weight_which_is_named() -> None:
    (advice,) = _ask(_course(), 2.1, CRS_2)
    first = _one(advice, "tocilizumab")
    assert first.dose is not None
    assert (first.truth, first.standing, first.dose.low) == (Truth.TRUE, "now", 560)
    assert (
        line(first) == "give tocilizumab 560 mg (8 mg/kg x 70 kg of 2026-03-05 09:30 UTC) intravenously; 4 left in all"
    )
    (row,) = advice.weights["drug.tocilizumab"].rows
    assert (row.kind, row.value) == ("weight", 70)
    assert advice.scales["crs"] == ("astct-2019.crs",)
    assert advice.grades == {"crs": Bounds(2, 2), "icans": Bounds(0, 0)}


def test_a_dose_without_weight_cannot_be_computed_and_says_so_in_both_languages() -> None:
    (advice,) = _ask(_course(weight=None), 2.1, CRS_2)
    first = _one(advice, "tocilizumab")
    assert line(first) == "give tocilizumab (dose cannot be computed: needs weight) intravenously; 4 left in all"
    assert "剂量无法计算：需要体重" in line(first, language="zh")
    assert "weight" in advice.missing


def test_a_weight_of_last_week_is_no_weight() -> None:
    (advice,) = _ask(_course().built(), 2.1, CRS_2)
    assert advice.weights["drug.tocilizumab"].rows
    late = _grades(_steps((0, 0, 0), (9, 2, 2)))
    (advice,) = _ask(_course().built(), 9.1, late)
    stale = _one(advice, "tocilizumab")
    assert stale.dose.missing == ("weight",)  # type: ignore[union-attr]
    assert line(stale).startswith(
        "give tocilizumab (dose cannot be computed: needs weight; the last, 70 kg of 2026-03-05 09:30 UTC, is older than 168 h)"
    )
    assert "末次体重 70 kg（2026-03-05 09:30 UTC）已超过 168 小时" in line(stale, language="zh")


@pytest.mark.parametrize(("day", "standing"), [(2 + 8 / 24, "now"), (2 + 7.99 / 24, "locked")])
def test_8_hours_after_a_dose_and_not_before(day: float, standing: str) -> None:
    (advice,) = _ask(_course(2.0), day, CRS_2)
    assert _one(advice, "tocilizumab").standing == standing


def test_a_locked_dose_names_the_instant_and_the_reason() -> None:
    (advice,) = _ask(_course(2.0), 2.25, CRS_2)
    text = line(_one(advice, "tocilizumab"))
    assert text.startswith("not before 2026-03-06 17:30 UTC: give tocilizumab 560 mg")
    assert text.endswith(" (at least 8 h apart); 3 left in all")
    assert "不早于 2026-03-06 17:30 UTC：给予" in line(_one(advice, "tocilizumab"), language="zh")
    assert "not before 2026-03-06 18:30 CET" in line(_one(advice, "tocilizumab"), zone="Europe/Berlin")


def test_the_fourth_dose_in_24_hours_waits_and_after_four_none_is_left() -> None:
    three = _course(2.0, 2 + 8 / 24, 2 + 15 / 24)
    (advice,) = _ask(three, 2 + 23.5 / 24, CRS_2)
    assert _one(advice, "tocilizumab").lock.opening.because == ("at most 3 in 24 h",)  # type: ignore[union-attr]
    (advice,) = _ask(three, 3.0, CRS_2)
    assert _one(advice, "tocilizumab").standing == "now"
    (advice,) = _ask(_course(2.0, 2 + 8 / 24, 2 + 16 / 24, 3.0), 5, CRS_2)
    none_left = _one(advice, "tocilizumab")
    assert line(none_left) == "do not give tocilizumab: maximum reached (at most 4 in all)"
    assert line(none_left, language="zh").startswith("不予tocilizumab：已达最多次数（")
    (found,) = [one for one in advice.lines if one.about == "drug.tocilizumab"]
    assert "mg" not in line_words(found)


def test_a_source_that_would_allow_it_sooner_says_so_and_the_drug_file_holds() -> None:
    (advice,) = _ask(_course(2.0), 2 + 6.5 / 24, CRS_2, CARTOX)
    toci = _one(advice, "tocilizumab")
    assert toci.standing == "locked"
    assert "(the source itself would allow it from now)" in line(toci)


def test_doses_that_are_not_charted_leave_the_lock_in_doubt() -> None:
    course = a_patient().with_value("weight", 1, 70.0)
    (advice,) = _ask(course, 2.1, CRS_2)
    toci = _one(advice, "tocilizumab")
    assert (toci.standing, toci.lock.in_doubt) == ("now", True)  # type: ignore[union-attr]
    assert "unless a dose was given that is not charted" in line(toci)


def test_a_dose_whose_agent_nobody_stated_leaves_the_lock_in_doubt() -> None:
    course = _course().with_exposure("anticytokine", "unspecified", 2.0)
    (advice,) = _ask(course, 2.1, CRS_2)
    assert _one(advice, "tocilizumab").lock.in_doubt  # type: ignore[union-attr]
    text = line(_one(advice, "tocilizumab"))
    assert text.startswith(
        "if a charted dose of an unknown agent was this drug, not before 2026-03-06 17:30 UTC: give tocilizumab 560 mg"
    )
    assert text.endswith(" (at least 8 h apart); 3 to 4 left in all")
    assert "not charted" not in text
    assert line(_one(advice, "tocilizumab"), language="zh").startswith("若已记录但药名未知的一次用药为此药，则不早于")
    (advice,) = _ask(course, 2.5, CRS_2)
    assert not _one(advice, "tocilizumab").lock.in_doubt  # type: ignore[union-attr]
    assert line(_one(advice, "tocilizumab")).endswith("intravenously; 3 to 4 left in all")


def test_a_fifth_dose_may_be_forbidden_by_a_dose_of_an_unknown_agent() -> None:
    course = _course(2.0, 2 + 8 / 24, 2 + 16 / 24).with_exposure("anticytokine", "unspecified", 3.0)
    (advice,) = _ask(course, 4, CRS_2)
    text = line(_one(advice, "tocilizumab"))
    assert text.startswith("if a charted dose of an unknown agent was this drug, the maximum is reached: give")
    assert text.endswith(" (at most 4 in all); 0 to 1 left in all")


def test_icans_without_crs_gets_a_steroid_and_no_tocilizumab() -> None:
    icans_3 = _grades(_steps((0, 0, 0)), _steps((0, 0, 0), (5, 3, 3)))
    (advice,) = _ask(_course(), 5.1, icans_3)
    names = {p.name for p in advice.proposed}
    assert {"dexamethasone-6-12h", "icu", "lumbar-puncture", "ice"} <= names
    assert not [p for p in advice.proposed if p.action.about == "drug.tocilizumab" and p.action.do == "give"]
    assert (
        line(_one(advice, "no-tocilizumab")) == "do not give tocilizumab (ICANS without CRS: the steroid is the drug)"
    )


def test_bounds_that_straddle_two_rows_give_both_and_what_would_settle_it() -> None:
    (advice,) = _ask(_course(), 2.1, _grades(_steps((0, 0, 0), (2, 2, 3))))
    toci, dexamethasone = _one(advice, "tocilizumab"), _one(advice, "dexamethasone-6h")
    assert dexamethasone.truth is Truth.UNKNOWN
    assert toci.because == ("crs-2", "crs-3")
    assert (dexamethasone.because, dexamethasone.missing) == (("crs-3",), ("crs",))
    assert line(dexamethasone).startswith("may apply: give dexamethasone 10 mg")


@pytest.mark.parametrize(("low", "high", "truth"), [(2, 4, Truth.TRUE), (1, 4, Truth.UNKNOWN), (2, 5, Truth.UNKNOWN)])
def test_what_every_possible_grade_asks_for_is_certain(low: int, high: int, truth: Truth) -> None:
    (advice,) = _ask(_course(), 2.1, _grades(_steps((0, 0, 0), (2, low, high))))
    toci = _one(advice, "tocilizumab")
    assert (toci.truth, toci.missing == ()) == (truth, truth is Truth.TRUE)


def test_a_dose_of_adults_is_not_shown_as_one_for_a_child() -> None:
    icans_3 = _grades(_steps((0, 0, 0)), _steps((0, 0, 0), (5, 3, 3)))
    child = _course(weight=8.0).with_course(patient=_born(date(2022, 3, 1)))
    (advice,) = _ask(child, 5.1, icans_3)
    steroid = _one(advice, "dexamethasone-6-12h")
    assert steroid.dose is not None
    assert (steroid.dose.low, steroid.dose.is_too_young) == (None, True)
    assert line(steroid) == "give dexamethasone (adult dose 10 mg, not computed: patient is 4 y)"
    assert "成人剂量 10 mg，未计算：患者 4 岁" in line(steroid, language="zh")
    (advice,) = _ask(child, 2.1, CRS_2)
    assert _one(advice, "tocilizumab").dose.low == 96  # type: ignore[union-attr]


def test_a_dose_of_adults_without_an_age_says_that_it_is_one() -> None:
    icans_3 = _grades(_steps((0, 0, 0)), _steps((0, 0, 0), (5, 3, 3)))
    (advice,) = _ask(_course().with_course(patient=_born(None)), 5.1, icans_3)
    assert "10 mg (adult dose; age is not recorded) intravenously" in line(_one(advice, "dexamethasone-6-12h"))


def test_crs_3_that_does_not_respond_to_tocilizumab_is_treated_as_4() -> None:
    stays = _grades(_steps((0, 0, 0), (2, 3, 3)))
    (advice,) = _ask(_course(2.0), 2 + 8 / 24, stays)
    assert _one(advice, "methylprednisolone-crs-4").because == ("crs-4",)
    better = _grades(_steps((0, 0, 0), (1.9, 4, 4), (2.2, 3, 3)))
    (advice,) = _ask(_course(2.0), 2 + 8 / 24, better)
    assert not [p for p in advice.proposals if p.name == "methylprednisolone-crs-4"]


def test_early_onset_is_counted_from_the_infusion() -> None:
    early = _grades(_steps((0, 0, 0), (2.99, 1, 1)))
    late = _grades(_steps((0, 0, 0), (3.0, 1, 1)))
    course = _course().with_course(product="lisocabtagene-maraleucel").built()
    (advice,) = _ask(course, 4, early, "breyanzi-us.guidance")
    assert [p.name for p in advice.proposed] == ["tocilizumab-consider", "dexamethasone-24h-consider"]
    (advice,) = _ask(course, 4, late, "breyanzi-us.guidance")
    assert not advice.proposals


def test_a_label_says_nothing_about_another_product() -> None:
    course = _course().with_course(product="tisagenlecleucel").built()
    (advice,) = _ask(course, 2.1, CRS_2, "yescarta-us-2022.guidance")
    assert (advice.proposals, advice.not_applicable) == ((), NOT_MEANT)


def test_before_the_infusion_and_after_a_death_no_source_speaks() -> None:
    (advice,) = _ask(not_infused(), 1, CRS_2)
    assert advice.not_applicable == "no infusion is recorded"
    (advice,) = _ask(_course().with_milestone("death", 2.0, "crs"), 2.1, CRS_2)
    assert (advice.not_applicable, advice.proposals) == (DEAD, ())


def test_what_is_told_settles_a_row_and_a_source_passes_over_what_it_does_not_ask() -> None:
    icans_2 = _grades(_steps((0, 0, 0)), _steps((0, 0, 0), (5, 2, 2)))
    (advice,) = _ask(_course(), 5.1, icans_2)
    assert _one(advice, "dexamethasone-twice").missing == ("high_risk_product_or_patient",)
    told = {"high_risk_product_or_patient": "yes", "cns_involved": "no"}
    (advice,) = _ask(_course(), 5.1, icans_2, told=told)
    assert _one(advice, "dexamethasone-twice").truth is Truth.TRUE


def test_a_dose_by_surface_uses_the_surface_that_the_asker_names() -> None:
    course = _course().built()
    steps = Grades({"cartox-2018.carhlh": _steps((0, 0, 0), (3, 1, 1))})
    (advice,) = _ask(course, 6, steps, CARTOX)
    assert _one(advice, "etoposide").dose.missing == ("body surface area",)  # type: ignore[union-attr]
    (advice,) = _ask(course, 6, steps, CARTOX, surface=NumberRange(2.0, 2.0))
    assert _one(advice, "etoposide").dose.high == 200  # type: ignore[union-attr]


def test_other_scales_can_take_the_place_of_those_that_a_source_presumes() -> None:
    desk = Desk.of([ASCO], scales={"crs": ("lee-2014.crs",)})
    grades = Grades({"lee-2014.crs": _steps((0, 3, 3)), "astct-2019.crs": _steps((0, 1, 1))})
    (advice,) = desk.advise(_course().built(), INFUSED_AT + timedelta(days=1), grades=grades)
    assert advice.grades["crs"] == Bounds(3, 3)
    assert desk.rule_sets == ("astct-2019.icans", "astct-2019.icans-children", "lee-2014.crs")


def test_sources_are_compared_topic_by_topic() -> None:
    course = _course(2.0).built()
    grades = _grades(_steps((0, 0, 0), (1.9, 3, 3)))
    found = {c.about: c for c in compare(_ask(course, 2 + 8 / 24, grades, ASCO, EBMT))}
    assert found["icu"].relation == "agree"
    assert found["drug.methylprednisolone"].relation == "only some"
    assert [s.source for s in found["drug.tocilizumab"].said] == [ASCO, EBMT]
    assert found["drug.tocilizumab"].relation == "agree"
    same = compare(_ask(course, 2 + 8 / 24, grades, ASCO, ASCO))
    assert {c.relation for c in same} == {"agree"}


def test_a_drug_that_one_source_gives_and_another_withholds_is_a_contradiction() -> None:
    (asco,) = _ask(_course(), 5.1, _grades(_steps((0, 0, 0)), _steps((0, 0, 0), (5, 3, 3))))
    (ebmt,) = _ask(_course(), 2.1, CRS_2, EBMT)
    (first,) = compare([asco, ebmt])[:1]
    assert (first.about, first.relation) == ("drug.tocilizumab", "contradict")


def test_the_door_grades_by_itself_and_looks_at_no_later_row() -> None:
    timeline = severe()
    at = INFUSED_AT + timedelta(days=4)
    (whole,) = advise(timeline, [ASCO], at)
    (cut,) = advise(timeline.until(at), [ASCO], at)
    assert whole.proposals == cut.proposals
    assert whole.grades["crs"] == Bounds(4, 4)
    assert _one(whole, "methylprednisolone-crs-4").truth is Truth.TRUE


def test_an_edition_is_in_force_up_to_the_day_of_the_next() -> None:
    (advice,) = _ask(_course(), 2.1, CRS_2, "yescarta-us-2017.guidance")
    until = advice.guidance.valid.to
    assert until is not None
    assert not advice.is_in_force(until)
    assert advice.is_in_force(until - timedelta(days=1))
    assert replace(advice).sources[0].key == "label_yescarta"


def test_a_day_of_crs_2_is_only_persistent_after_tocilizumab() -> None:
    """No improvement after tocilizumab cannot be found where none was given."""
    (never,) = _ask(_course(), 3.2, CRS_2)
    assert not {p.name for p in never.proposals} & {"icu", "dexamethasone-6h"}
    (late,) = _ask(_course(3.0), 3.2, CRS_2)
    assert not {p.name for p in late.proposals} & {"icu", "dexamethasone-6h"}
    (first,) = _ask(_course(2.1, 2.5), 3.1, CRS_2)
    assert _one(first, "dexamethasone-6h").because == ("crs-2-persistent",)
    (uncharted,) = _ask(a_patient().with_value("weight", 1, 70.0), 3.2, CRS_2)
    assert _one(uncharted, "dexamethasone-6h").truth is Truth.UNKNOWN


def test_a_dose_of_an_unknown_agent_may_have_been_the_first() -> None:
    (alone,) = _ask(_course().with_exposure("anticytokine", "unspecified", 2.0), 3.2, CRS_2)
    assert _one(alone, "dexamethasone-6h").truth is Truth.UNKNOWN
    (before,) = _ask(_course(3.0).with_exposure("anticytokine", "unspecified", 2.0), 3.2, CRS_2)
    assert _one(before, "dexamethasone-6h").truth is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("source", "product"),
    [
        ("yescarta-us-2017.guidance", "axicabtagene-ciloleucel"),
        ("tecartus-us.guidance", "brexucabtagene-autoleucel"),
    ],
)
def test_labels_add_a_steroid_to_crs_2_only_a_day_after_the_first_tocilizumab(source: str, product: str) -> None:
    def steroids(course: PatientBuilder, day: float) -> dict[str, Truth]:
        (advice,) = _ask(course.with_course(product=product), day, CRS_2, source)
        assert _one(advice, "tocilizumab").because == ("crs-2",)
        named = {"dexamethasone", "methylprednisolone-by-weight"}
        return {p.name: p.truth for p in advice.proposals if p.name in named}

    both = ("methylprednisolone-by-weight", "dexamethasone")
    assert steroids(_course(), 3.2) == {}
    assert steroids(_course(3.0), 3.2) == {}
    assert steroids(_course(2.1, 2.5), 3.1) == dict.fromkeys(both, Truth.TRUE)
    uncharted = a_patient().with_value("weight", 1, 70.0)
    assert steroids(uncharted, 3.2) == dict.fromkeys(both, Truth.UNKNOWN)


@pytest.mark.parametrize(
    ("subject", "used", "saw"),
    [
        (
            "iec-hs",
            "iec-hs-2023.pattern",
            "iec-hs graded by iec-hs-2023.pattern, which gives points of hyperinflammation",
        ),
        ("iec-hs", "astct-2019.crs", "iec-hs graded by astct-2019.crs, which gives grade of crs"),
    ],
)
def test_a_count_or_another_toxicity_never_stands_in_for_a_grade(subject: str, used: str, saw: str) -> None:
    with pytest.raises(JourneyError, match="JOURNEY-006") as caught:
        Desk.of(["iec-hs-2023.guidance"], scales={subject: (used,)})
    assert saw in str(caught.value)
    assert "iec-hs-2023.grade, which iec-hs-2023.guidance means" in str(caught.value)


@pytest.mark.parametrize("protocol", ["reference.protocol", "reference-us.protocol"])
@pytest.mark.parametrize(("possible", "certain"), [((0, 0), False), ((1, 1), False), ((2, 2), True), ((3, 4), True)])
def test_iec_hs_is_treated_by_its_grade_under_the_protocols_of_the_package(
    protocol: str, possible: tuple[int, int], certain: bool
) -> None:
    library = default_library()
    scales = library.get(protocol, Protocol).scales
    # Every point of the pattern is met, or none: only the grade may decide.
    points = 5 - possible[1]
    grades = Grades({"iec-hs-2023.grade": _steps((0, *possible)), "iec-hs-2023.pattern": _steps((0, points, points))})
    desk = Desk.of(["iec-hs-2023.guidance"], library, scales=scales)
    (advice,) = desk.advise(_course().built(), INFUSED_AT + timedelta(days=9), grades=grades)
    rows = [p.name for p in advice.proposals if p.truth is Truth.TRUE]
    assert ("anakinra" in rows) is certain


def test_the_weight_of_a_dose_is_told_unrounded() -> None:
    """29.99 kg takes the dose below 30 kg: "30 kg" beside 12 mg/kg would read as a fault."""
    (advice,) = _ask(_course(weight=29.99), 2.1, CRS_2)
    assert "12 mg/kg x 29.99 kg of" in line(_one(advice, "tocilizumab"))
