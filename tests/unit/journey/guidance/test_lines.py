"""One line for each drug or topic: the strictest statement leads, alternatives are joined, what is withheld overrules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Body, Proposal, decide
from vein2vein.journey.guidance.lines import Line, lines_of
from vein2vein.journey.guidance.words import line_words
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance, Withhold
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.values import NumberRange

LIBRARY = default_library()
DRUGS = {drug.id: drug for drug in LIBRARY.of(Drug)}
SOURCES = LIBRARY.of(Guidance)


def _proposals(source: str, **given: object) -> tuple[Proposal, ...]:
    guidance = LIBRARY.get(source, Guidance)
    body = Body({id: NumberRange(80, 80) for id in DRUGS}, age=NumberRange(50, 50))
    return decide(guidance, guidance.state(given), at=0, drugs=DRUGS, given={}, body=body)


def _lines(source: str, **given: object) -> dict[str, Line]:
    found = lines_of(_proposals(source, **given))
    named = {line.about: line for line in found}
    assert len(named) == len(found)
    return named


def test_crs_2_and_icans_3_give_one_line_for_each_drug() -> None:
    given = {"tocilizumab_given": 2, "tocilizumab_hours": 9, "tocilizumab_hours_first": 25}
    found = _lines("asco-2021.guidance", crs=2, icans=3, crs_hours_2=30, **given)
    toci, steroid = found["drug.tocilizumab"], found["drug.dexamethasone"]
    assert toci.because == ("crs-2", "icans-2-3-crs")
    assert line_words(toci, DRUGS).startswith("give Tocilizumab 640 mg (8 mg/kg) intravenously")
    assert line_words(toci, DRUGS).count("640 mg") == 1
    assert "(Caution when repeating it in ICANS)" in line_words(toci, DRUGS)
    assert line_words(steroid, DRUGS) == (
        "give Dexamethasone 10 mg intravenously every 6 h; or Methylprednisolone 80 mg (1 mg/kg) intravenously every 12 h; "
        "not in addition: 10 mg intravenously every 6 to 12 h (icans-2-3-crs-refractory)"
    )
    assert line_words(steroid, DRUGS, "zh").startswith("给予 地塞米松 10 mg 静脉 每 6 小时; 或甲泼尼龙 80 mg")
    assert "drug.methylprednisolone" not in found


def test_a_step_that_only_may_apply_is_told_as_one_that_may_take_the_place_of_the_lead() -> None:
    steroid = _lines("ebmt-2022.guidance", crs=[3, 4], icans=2)["drug.dexamethasone"]
    assert steroid.truth is Truth.TRUE
    assert "may apply instead: 20 mg intravenously every 6 h (crs-4)" in line_words(steroid, DRUGS)
    less = _lines("ebmt-2022.guidance", crs=4, icans=[1, 2])["drug.dexamethasone"]
    assert line_words(less, DRUGS).endswith(
        "20 mg intravenously every 6 h; not in addition: 10 mg intravenously every 6 h (icans-2)"
    )


def test_a_bolus_and_what_one_row_asks_for_after_it_stay_two_lines() -> None:
    found = lines_of(_proposals("cartox-2018.guidance", nonconvulsive_status="yes", day=5))
    both = [line for line in found if line.about == "drug.levetiracetam"]
    assert sorted([p.name for p in line.parts] for line in both) == [
        ["levetiracetam-bolus"],
        ["levetiracetam-maintenance", "levetiracetam"],
    ]


def test_to_be_done_comes_before_to_be_considered() -> None:
    icu = _lines("asco-2021.guidance", crs=3, icans=2)["icu"]
    assert [p.name for p in icu.parts] == ["icu", "icu-consider"]


def test_treatment_comes_before_tests_and_what_is_withheld_first_of_all() -> None:
    found = lines_of(_proposals("asco-2021.guidance", icans=3))
    vital = [line.is_vital for line in found]
    assert vital == sorted(vital, reverse=True)
    assert isinstance(found[0].lead.action, Withhold)
    assert [line.lead.action.do for line in found[:3]] == ["contraindicated", "place", "give"]


def test_a_drug_that_is_withheld_for_certain_is_given_in_no_line() -> None:
    given = _proposals("asco-2021.guidance", crs=2)
    (withheld,) = [p for p in _proposals("asco-2021.guidance", icans=3) if p.name == "no-tocilizumab"]
    found = {line.about: line for line in lines_of((*given, withheld))}
    assert [p.name for p in found["drug.tocilizumab"].overruled] == ["tocilizumab"]
    assert line_words(found["drug.tocilizumab"], DRUGS) == (
        "do not give Tocilizumab (ICANS without CRS: the steroid is the drug); rows that would give it: crs-2"
    )
    perhaps = lines_of((*given, replace(withheld, truth=Truth.UNKNOWN)))
    assert [line.lead.name for line in perhaps if line.about == "drug.tocilizumab"] == ["tocilizumab", "no-tocilizumab"]


@pytest.mark.parametrize("source", SOURCES, ids=[g.id for g in SOURCES])
def test_no_proposal_is_lost_in_any_worked_case(source: Guidance) -> None:
    for case in source.worked_cases:
        proposals = _proposals(source.id, **case.given)
        told = lines_of(proposals)
        shown = [p.name for line in told for p in (*line.parts, *line.alternatives, *line.overruled)]
        shown += [p.name for line in told for p in line.replaced if p.standing == "replaced"]
        assert sorted(shown) == sorted(p.name for p in proposals), case.name


REFRACTORY = {"crs": 3, "tocilizumab_given": 1, "tocilizumab_hours": 9, "tocilizumab_hours_first": 9}


def test_a_steroid_of_the_next_grade_takes_the_place_of_the_one_before_where_it_certainly_applies() -> None:
    proposals = {p.name: p for p in _proposals("asco-2021.guidance", **REFRACTORY, crs_improved="no")}
    assert proposals["dexamethasone-6h"].standing == "replaced"
    assert not proposals["dexamethasone-6h"].is_proposed
    found = _lines("asco-2021.guidance", **REFRACTORY, crs_improved="no")
    assert "drug.dexamethasone" not in found
    steroid = line_words(found["drug.methylprednisolone"], DRUGS)
    assert steroid.startswith("give Methylprednisolone 500 mg")
    assert steroid.endswith("in place of Dexamethasone (crs-3)")
    assert line_words(found["drug.methylprednisolone"], DRUGS, "zh").endswith("取代 地塞米松（crs-3）")


def test_while_the_next_grade_only_may_apply_the_steroid_before_it_stands() -> None:
    found = _lines("asco-2021.guidance", **REFRACTORY, crs_improved=None)
    assert found["drug.dexamethasone"].truth is Truth.TRUE
    assert "one course" not in line_words(found["drug.dexamethasone"], DRUGS)
    assert line_words(found["drug.methylprednisolone"], DRUGS).startswith("may apply: give Methylprednisolone 500 mg")
    assert line_words(found["drug.methylprednisolone"], DRUGS).endswith("in place of Dexamethasone (crs-3)")


def test_steroids_for_crs_and_for_icans_are_said_to_be_one_course() -> None:
    found = _lines("asco-2021.guidance", **REFRACTORY, crs_improved="no", icans=3, icans_improved="no")
    for drug, other in (
        ("dexamethasone", "Methylprednisolone (crs-4)"),
        ("methylprednisolone", "Dexamethasone (icans-2-3-crs-refractory)"),
    ):
        assert line_words(found[f"drug.{drug}"], DRUGS).endswith(
            f"one course (Systemic corticosteroid), not two: another line has {other}, and the source names no order"
        )
