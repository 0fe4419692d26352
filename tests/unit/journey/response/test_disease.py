"""Response of whole courses by the criteria of a protocol, worked by hand; what a protocol does not name is not judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.response.disease import NO_CRITERIA, NO_INDICATION, NOT_ASSESSED, Criteria, DiseaseResponse
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Observation, ScannedLesion, Timeline

PROTOCOL = default_library().get("reference.protocol", Protocol)
LBCL, MYELOMA, ALL, CLL, MARGINAL = ("large-b-cell-lymphoma", "multiple-myeloma", "b-cell-acute-lymphoblastic-leukaemia",
                           "chronic-lymphocytic-leukaemia", "marginal-zone-lymphoma")  # fmt: skip
Row = ScannedLesion | Observation


def at(day: float) -> datetime:
    return INFUSED_AT + timedelta(days=day)


def said(day: float, **facts: Any) -> tuple[Observation, ...]:
    return tuple(
        Observation(kind, at(day), **({"code": said} if isinstance(said, str) else {"value": float(said)}))
        for kind, said in facts.items()
    )


def node(name: str, day: float, long_mm: float, short_mm: float, **more: Any) -> ScannedLesion:
    return ScannedLesion(name, at(day), long_mm=long_mm, short_mm=short_mm,
                         **{"site": "node", "role": "target", "seen": "measured", **more})  # fmt: skip


def course(indication: str | None, *rows: Row | tuple[Row, ...]) -> Timeline:
    flat = [row for entry in rows for row in (entry if isinstance(entry, tuple) else (entry,))]
    base = a_patient("A", days=800).built()
    return replace(
        base,
        course=replace(base.course, indication=indication),
        observations=tuple(sorted((r for r in flat if isinstance(r, Observation)), key=lambda r: r.observed_at)),
        lesions=tuple(sorted((r for r in flat if isinstance(r, ScannedLesion)), key=lambda r: r.observed_at)),
    )


def judged(timeline: Timeline, day: float = 800, protocol: Protocol = PROTOCOL) -> DiseaseResponse:
    found = Criteria.of(timeline.course.indication, protocol, default_library()).at(timeline, at(day))
    assert found is not None
    return found


FULL: dict[str, Any] = {
    "imaging_complete": "yes",
    "non_measured_disease": "none",
    "marrow_lymphoma": "clear",
    "spleen_length": 12,
}
PET: dict[str, Any] = {"pet_new_focus": "no", "pet_activation": "no"}


def lymphoma(*after: tuple[float, float, float], indication: str = MARGINAL, **more: Any) -> Timeline:
    """Nodes of 4.0 x 3.0 and 3.0 x 2.0 cm at baseline (SPD 18 cm2); then the first as given in mm, the second of 15 x 10."""
    rows: list[Row | tuple[Row, ...]] = [node("a", -7, 40, 30), node("b", -7, 30, 20), said(-7, **FULL, **more)]
    for day, long_mm, short_mm in after:
        rows += [node("a", day, long_mm, short_mm), node("b", day, 15, 10), said(day, **FULL)]
    return course(indication, *rows)


@pytest.mark.parametrize(
    ("long_mm", "short_mm", "spd", "category"),
    [
        (30, 25, 9.0, "PR"),  # 7.5 + 1.5 = 9.0: half of 18 exactly
        (30, 25.1, 9.03, "SD"),
        (30, 24.9, 8.97, "PR"),
        (15, 15, 3.75, "CR"),  # both nodes of 1.5 cm or less
        (15.1, 15, 3.765, "PR"),
        (50, 36, 19.5, "PD"),  # 18.0 of 12.0: up by half exactly, and 1 cm longer
        (49.9, 36, 19.464, "SD"),  # up by less than half
        (60, 29.9, 19.44, "SD"),  # 2 cm longer, but up by less than half
    ],
)
def test_cut_offs_of_the_sum_of_products(long_mm: float, short_mm: float, spd: float, category: str) -> None:
    found = judged(lymphoma((28, long_mm, short_mm), fdg_avid="no"))
    assert found.criteria == "lugano"
    assert found.basis == "ct"
    assert found.scans[-1].ct.state["spd"].low == pytest.approx(spd)
    assert found.scans[-1].ct.state["baseline_spd"].low == pytest.approx(18)
    assert found.current is not None
    assert found.current.possible == (category,)


@pytest.mark.parametrize(
    ("first", "second", "category"),
    [
        ((20, 10), (24.9, 13), "SD"),  # nadir of 2 cm: 4.9 mm are not enough
        ((20, 10), (25, 13), "PD"),  # 5 mm are
        ((21, 10), (26, 13), "SD"),  # nadir above 2 cm: 5 mm are not enough
        ((21, 10), (31, 13), "PD"),  # 10 mm are
        ((21, 10), (30.9, 13), "SD"),
        ((10, 5), (15, 14), "CR"),  # not above 1.5 cm
        ((10, 5), (15.1, 14), "PD"),
    ],
)
def test_growth_from_the_nadir_in_millimetres(
    first: tuple[float, float], second: tuple[float, float], category: str
) -> None:
    found = judged(lymphoma((28, *first), (90, *second), fdg_avid="no"))
    assert found.current is not None
    expected = {"SD": "PR", "CR": "CR", "PD": "PD"}[category]  # the sum is still less than half of baseline
    assert found.current.possible == (expected,)
    assert (found.progression.truth is Truth.TRUE) == (category == "PD")


def lbcl(*scans: tuple[float, dict[str, Any]]) -> Timeline:
    rows: list[Row | tuple[Row, ...]] = [node("a", -7, 40, 30), said(-7, **FULL)]
    for day, facts in scans:
        rows += [node("a", day, 20, 15), said(day, **FULL, **PET | facts)]
    return course(LBCL, *rows)


def test_a_course_of_lymphoma_with_pet() -> None:
    timeline = lbcl(
        (30, {"deauville_score": 4, "pet_uptake": "reduced"}), (90, {"deauville_score": 2}),
        (180, {"deauville_score": 5, "pet_uptake": "increased", "pet_new_focus": "yes"}),
    )  # fmt: skip
    first = judged(timeline, 40)
    assert (first.basis, first.best, first.progression.truth) == ("pet", ("PR",), Truth.FALSE)
    assert [(id, v.row.name, v.truth) for id, v in first.findings] == [("galtier-2022.month-1", "score-4", Truth.TRUE)]
    assert [(p.item, p.assessment and p.assessment.possible) for p in first.points] == [("restaging-1", ("PR",))]
    second = judged(timeline, 100)
    assert (second.best, second.findings) == (("CR",), ())
    last = judged(timeline, 200)
    assert (last.current.possible, last.best, last.progression.at) == (("PD",), ("CR",), at(180))
    assert last.borne_out is Truth.UNKNOWN
    assert [p.assessment and p.assessment.possible for p in last.points] == [("PR",), ("CR",), ("PD",)]


@pytest.mark.parametrize(("answer", "borne"), [("yes", Truth.TRUE), ("no", Truth.FALSE)])
def test_a_biopsy_bears_growth_out_or_not(answer: str, borne: Truth) -> None:
    grown = lbcl((28, {"deauville_score": 5, "pet_uptake": "increased"}))
    assert judged(grown).borne_out is Truth.UNKNOWN
    assert [(id, v.truth) for id, v in judged(grown).findings if id == "car-t.pseudoprogression"] == [
        ("car-t.pseudoprogression", Truth.TRUE)]  # fmt: skip
    row = Observation("growth_confirmed", at(32), code=answer)
    looked = replace(grown, observations=(*grown.observations, row))
    assert judged(looked, 31).borne_out is Truth.UNKNOWN
    assert judged(looked).borne_out is borne
    has_caution = "car-t.pseudoprogression" in {id for id, _ in judged(looked).findings}
    assert has_caution == (answer == "no")


def test_a_later_scan_bears_growth_out_or_not() -> None:
    grown = (28, {"deauville_score": 5, "pet_uptake": "increased"})
    again = judged(lbcl(grown, (60, {"deauville_score": 5, "pet_uptake": "increased"})))
    assert (again.progression.at, again.borne_out) == (at(28), Truth.TRUE)
    better = judged(lbcl(grown, (60, {"deauville_score": 2})))
    assert (better.progression.at, better.borne_out, better.current.possible) == (at(28), Truth.FALSE, ("CR",))


def test_the_record_says_first_whether_pet_counts() -> None:
    scan = {"deauville_score": 2}
    assert judged(lbcl((30, scan))).basis == "pet"
    denied = lbcl((30, scan))
    denied = replace(denied, observations=(Observation("fdg_avid", at(-20), code="no"), *denied.observations))
    assert judged(denied).basis == "ct"
    assert (
        judged(lymphoma((30, 20, 15))).basis == "not known"
    )  # a marginal-zone lymphoma, of which the protocol says nothing
    assert judged(lymphoma((30, 20, 15), fdg_avid="yes")).basis == "pet"


def test_what_is_missing_is_named_with_the_criteria_that_ask_for_it() -> None:
    found = judged(lbcl((30, {"deauville_score": 4})))
    assert found.current.possible == ("PR", "SD", "PD")
    assert [(name, file.id) for name, file in found.missing] == [("uptake", "lugano-2014.pet")]
    assert judged(lbcl()).missing == ()


M0: dict[str, Any] = {"m_protein_serum": 30, "m_protein_urine": 0, "free_light_chain_kappa": 20, "free_light_chain_lambda": 10,
                      "marrow_plasma_cells": 40, "circulating_plasma_cells": 0, "imaging_complete": "yes"}  # fmt: skip
M1: dict[str, Any] = M0 | {"lesion_grown_by_half": "no", "immunofixation_serum": "yes", "immunofixation_urine": "no",
                           "marrow_plasma_cells": 3}  # fmt: skip


def test_complete_imaging_is_named_where_lesions_of_myeloma_are_open() -> None:
    silent = {name: value for name, value in M0.items() if name != "imaging_complete"}
    open_ = judged(course(MYELOMA, said(-6, **silent), said(28, **{**silent, "m_protein_serum": 3})))
    assert len(open_.current.possible) > 1
    names = [name for name, _ in open_.missing]
    assert "plasmacytoma" in names
    assert names[-1] == "imaging_complete"
    settled = judged(course(MYELOMA, said(-6, **M0), said(28, **{**M0, "m_protein_serum": 3})))
    assert "imaging_complete" not in [name for name, _ in settled.missing]


def plasmacytoma(day: float, long_mm: float, short_mm: float) -> ScannedLesion:
    return node("p", day, long_mm, short_mm, site="plasmacytoma")


@pytest.mark.parametrize(
    ("serum", "size", "category"),
    [
        (3.0, (20, 10), "VGPR"),  # 30 to 3 g/L: exactly 90 %
        (3.1, (20, 10), "PR"),
        (15.0, (20, 20), "PR"),  # exactly half, plasmacytoma 8 to 4 cm2: exactly half
        (15.1, (20, 20), "MR"),
        (15.0, (20.1, 20), "SD"),  # plasmacytoma less by just under half
        (3.0, (48, 25), "PD"),  # 12 cm2: half more than 8
    ],
)
def test_a_course_of_myeloma_with_a_plasmacytoma(serum: float, size: tuple[float, float], category: str) -> None:
    timeline = course(MYELOMA, said(-3, **M0), plasmacytoma(-3, 40, 20),
                      said(30, **M1 | {"m_protein_serum": serum}), plasmacytoma(30, *size))  # fmt: skip
    found = judged(timeline)
    assert found.criteria == "imwg"
    assert found.current.state["baseline_plasmacytoma"].low == pytest.approx(8)
    assert found.current.state["plasmacytoma"].low == pytest.approx(size[0] * size[1] / 100)
    assert found.current.possible == (category,)


def test_myeloma_is_confirmed_by_two_assessments_and_imaging_of_the_same_day_counts() -> None:
    low = M1 | {"m_protein_serum": 2}
    rows = [said(-3, **M0), plasmacytoma(-3, 40, 20)]
    for day in (30, 60):
        rows += [said(day, **low), plasmacytoma(day + 0.1, 10, 10), said(day + 0.1, imaging_complete="yes")]
    first, second = judged(course(MYELOMA, *rows), 40), judged(course(MYELOMA, *rows))
    assert (first.best, first.confirmed) == (("VGPR",), ())
    assert (second.best, second.confirmed) == (("VGPR",), ("VGPR",))
    assert second.current.at == at(60.1)
    rising = [said(day, **M1 | {"m_protein_serum": 12}) for day in (90, 120)]
    assert judged(course(MYELOMA, *rows, rising[0])).progression.truth is Truth.UNKNOWN
    twice = judged(course(MYELOMA, *rows, *rising))
    assert (twice.progression.truth, twice.progression.at) == (Truth.TRUE, at(90))


def test_residual_disease_of_myeloma_with_negative_imaging() -> None:
    clear = {"m_protein_serum": 0, "immunofixation_serum": "no", "pet_negative": "yes", "mrd_negative": "yes",
             "mrd_detection_limit": 0.001, "mrd_method": "ngs", "free_light_chain_ratio_normal": "yes",
             "clonal_plasma_cells": "no"}  # fmt: skip
    found = judged(course(MYELOMA, said(-3, **M0), said(30, **M1 | clear)), 40)
    assert found.current.possible == ("sCR",)
    assert {v.row.name for _, v in found.findings if v.truth is Truth.TRUE} == {"mrd-negative", "imaging-negative"}


def test_acute_leukaemia_from_observations_alone() -> None:
    remission = {"marrow_blasts": 1, "peripheral_blasts": 0, "extramedullary_disease": "no", "trilineage_haematopoiesis": "yes",
                 "neutrophils": 0.8, "platelets": 90, "csf_blasts": "no", "csf_leukocytes": 1, "mrd_level": 0,
                 "mrd_method": "flow", "mrd_detection_limit": 0.01}  # fmt: skip
    timeline = course(ALL, said(30, **remission), said(90, **remission | {"marrow_blasts": 5}))
    first, last = judged(timeline, 40), judged(timeline, 100)
    assert (first.criteria, first.best, first.nervous_system.possible) == ("all", ("CRh",), ("CNS-1",))
    assert [v.row.name for _, v in first.findings] == ["flow-negative"]
    assert (last.current.possible, last.progression.at, last.best) == (("relapse",), at(90), ("CRh",))


def test_counts_of_the_same_day_belong_to_the_marrow() -> None:
    marrow = said(
        30, marrow_blasts=1, peripheral_blasts=0, extramedullary_disease="no", trilineage_haematopoiesis="yes"
    )
    found = judged(course(ALL, marrow, said(30.2, neutrophils=2, platelets=150)))
    assert (found.current.possible, found.current.at) == (("CR",), at(30.2))
    assert judged(course(ALL, marrow, said(31.2, neutrophils=2, platelets=150))).current.possible == (
        "CR",
        "CRh",
        "CRi",
    )


def test_chronic_leukaemia_from_scans_and_counts() -> None:
    counts = {
        "lymphocytes": 2,
        "platelets": 150,
        "haemoglobin": 130,
        "disease_symptoms": "no",
        "cytopenia_of_treatment": "no",
    }
    before = {"spleen_length": 16, "liver_disease": "enlarged", "imaging_complete": "yes", "lymphocytes_are_cll": "yes",
              "marrow_cll": "infiltrated", **counts, "lymphocytes": 40, "platelets": 80}  # fmt: skip
    after = {"spleen_length": 12, "liver_disease": "normal", "imaging_complete": "yes", "new_lesion_stated": "no",
             "lymphocytes_are_cll": "no", "marrow_cll": "clear", "marrow_cll_halved": "yes", **counts}  # fmt: skip
    timeline = course(CLL, node("a", -7, 40, 30), said(-7, **before), node("a", 30, 14, 10), said(30, **after))
    limited = (replace(r, reference_high=4.0) if r.kind == "lymphocytes" else r for r in timeline.observations)
    timeline = replace(timeline, observations=tuple(limited))
    found = judged(timeline)
    assert (found.criteria, found.current.criteria.id) == ("iwcll", "iwcll-2018.response")
    assert found.current.possible == ("CR",)
    new = replace(timeline, lesions=(*timeline.lesions, node("n", 30, 20, 20, role="new")))
    grown = judged(replace(new, observations=tuple(r for r in new.observations if r.kind != "new_lesion_stated")))
    assert grown.current.possible == ("PD",)


@pytest.mark.parametrize(
    ("indication", "problem"), [(None, NO_INDICATION), ("synovial-sarcoma", NO_CRITERIA), (LBCL, NOT_ASSESSED)]
)
def test_what_cannot_be_judged_says_why(indication: str | None, problem: str) -> None:
    found = judged(course(indication))
    assert (found.problem, found.current, found.best) == (problem, None, ())


def test_a_protocol_without_criteria_judges_nothing() -> None:
    silent = PROTOCOL.model_copy(update={"response": ()})
    assert judged(lbcl((30, {"deauville_score": 2})), protocol=silent).problem == NO_CRITERIA


def test_nothing_is_judged_before_the_infusion() -> None:
    timeline = lbcl((30, {"deauville_score": 2}))
    assert Criteria.of(LBCL, PROTOCOL, default_library()).at(timeline, at(-1)) is None


def test_what_somebody_stated_stands_beside_and_decides_nothing() -> None:
    timeline = lbcl((30, {"deauville_score": 2}))
    row = Observation("response_assessment", at(31), code="progressive-disease")
    found = judged(replace(timeline, observations=(*timeline.observations, row)))
    assert found.stated == row
    assert found.current.possible == ("CR",)
    assert judged(replace(timeline, observations=(*timeline.observations, row)), 30.5).stated is None


def test_choices_of_a_protocol_reach_the_criteria() -> None:
    marrow = said(20, marrow_lymphoma="clear")
    scan = (
        node("a", -7, 40, 30),
        node("a", 30, 14, 10),
        said(30, **{k: v for k, v in FULL.items() if k != "marrow_lymphoma"}),
    )
    timeline = course(MARGINAL, marrow, *scan, said(-7, **FULL, fdg_avid="no"))
    assert judged(timeline).current.possible == ("CR",)
    short = PROTOCOL.model_copy(update={"choices": {"lugano-2014.ct": {"holds_days": 5}}})
    assert "CR" in judged(timeline, protocol=short).current.possible
    assert len(judged(timeline, protocol=short).current.possible) > 1
