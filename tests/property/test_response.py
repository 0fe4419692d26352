"""Response rests on what was known: later rows and later reports change nothing, and what is left out only widens the answer."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import INFUSED_AT, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.assess import Assessor
from vein2vein.journey.response import Criteria, DiseaseResponse
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Observation, ScannedLesion, Timeline

PROTOCOL: Final = default_library().get("reference.protocol", Protocol)
BASE: Final = a_patient("A", days=400).built()
INDICATIONS: Final = tuple(one.indications[0] for one in PROTOCOL.response)
KINDS: Final = (
    "deauville_score", "pet_uptake", "pet_new_focus", "pet_activation", "imaging_complete", "non_measured_disease", "fdg_avid",
    "marrow_lymphoma", "spleen_length", "liver_disease", "growth_confirmed", "new_lesion_stated", "lesion_grown_by_half",
    "pet_negative", "m_protein_serum", "m_protein_urine", "free_light_chain_kappa", "free_light_chain_lambda",
    "marrow_plasma_cells", "immunofixation_serum", "immunofixation_urine", "mrd_negative", "mrd_level", "mrd_method",
    "marrow_blasts", "peripheral_blasts", "extramedullary_disease", "trilineage_haematopoiesis", "neutrophils", "platelets",
    "lymphocytes", "lymphocytes_are_cll", "disease_symptoms", "response_assessment",
)  # fmt: skip
DAYS: Final = (-9, -2, 0.02, 20, 28, 28.1, 60, 60.3, 90, 180)
SIZES: Final = (5, 10, 14, 15, 16, 20, 25, 30, 40)
SCORES: Final = (1, 2, 3, 4, 5)
VALUES: Final = (0, 1, 4, 5, 12, 16, 90)
LATE: Final = (None, 0, 0.5, 3, 40)
FEW: Final = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _at(day: float) -> datetime:
    return INFUSED_AT + timedelta(days=day)


@st.composite
def _observation(draw: st.DrawFn) -> Observation:
    name = draw(st.sampled_from(KINDS))
    kind = observation_kind(name)
    day, late = draw(st.sampled_from(DAYS)), draw(st.sampled_from(LATE))
    said: dict[str, Any] = {"recorded_at": None if late is None else _at(day + late)}
    if kind.type == "number":
        said["value"] = float(draw(st.sampled_from(SCORES if name == "deauville_score" else VALUES)))
    else:
        said["code"] = draw(st.sampled_from(tuple(kind.categories) or ("yes", "no")))
    return Observation(name, _at(day), **said)


@st.composite
def _lesion(draw: st.DrawFn) -> ScannedLesion:
    day, late = draw(st.sampled_from(DAYS)), draw(st.sampled_from(LATE))
    seen = draw(st.sampled_from(("measured", "measured", "measured", "too-small", "gone", None)))
    size = sorted(draw(st.lists(st.sampled_from(SIZES), min_size=2, max_size=2)), reverse=True)
    return ScannedLesion(
        draw(st.sampled_from("ABC")),
        _at(day),
        site=draw(st.sampled_from(("node", "node", "extranodal", "plasmacytoma", "bone", None))),
        role=draw(st.sampled_from(("target", "target", "non-target", "new", None))),
        seen=seen,
        long_mm=float(size[0]) if seen == "measured" else None,
        short_mm=float(size[1]) if seen == "measured" else None,
        recorded_at=None if late is None else _at(day + late),
    )


@st.composite
def _courses(draw: st.DrawFn) -> Timeline:
    rows = draw(st.lists(_observation(), min_size=3, max_size=25))
    lesions = draw(st.lists(_lesion(), min_size=2, max_size=14))
    course = replace(BASE.course, indication=draw(st.sampled_from(INDICATIONS)))
    return replace(
        BASE,
        course=course,
        observations=tuple(sorted(rows, key=lambda row: row.observed_at)),
        lesions=tuple(sorted(lesions, key=lambda row: row.observed_at)),
    )


def _judged(timeline: Timeline, at: datetime) -> DiseaseResponse | None:
    return Criteria.of(timeline.course.indication, PROTOCOL, default_library()).at(timeline, at)


def _known(timeline: Timeline, at: datetime) -> Timeline:
    """The course as somebody would have it who got no report after the instant, of imaging or of anything else."""
    return replace(
        timeline,
        observations=tuple(
            r for r in timeline.observations if max(r.observed_at, r.recorded_at or r.observed_at) <= at
        ),
        lesions=tuple(r for r in timeline.lesions if max(r.observed_at, r.recorded_at or r.observed_at) <= at),
    )


@FEW
@given(_courses(), st.sampled_from((0.02, 20, 28, 28.05, 29, 61, 95, 200)))
def test_rows_after_the_instant_change_nothing(timeline: Timeline, day: float) -> None:
    at = _at(day)
    assert _judged(timeline, at) == _judged(timeline.until(at), at)


@FEW
@given(_courses(), st.sampled_from((20, 28, 28.05, 29, 61, 95, 200)))
def test_reports_after_the_instant_change_nothing(timeline: Timeline, day: float) -> None:
    at = _at(day)
    assert _judged(timeline.until(at, as_recorded=True), at) == _judged(_known(timeline, at), at)


@FEW
@given(_courses())
def test_the_slim_course_asked_again_and_again_gives_the_same_answers(timeline: Timeline) -> None:
    criteria = Criteria.of(timeline.course.indication, PROTOCOL, default_library())
    slim = criteria.slim(replace(timeline, observations=(*BASE.observations, *timeline.observations)))
    for day in (20, 28.05, 61, 61, 29, 95, 300):
        assert criteria.at(slim, _at(day)) == _judged(timeline, _at(day))


@FEW
@given(_courses(), st.data())
def test_a_lesion_that_is_left_out_never_makes_another_category_certain(
    timeline: Timeline, data: st.DataObject
) -> None:
    """Every category that was possible with a size stays possible without it."""
    measured = [place for place, row in enumerate(timeline.lesions) if row.seen == "measured"]
    if not measured:
        return
    place = data.draw(st.sampled_from(measured))
    blind = tuple(
        replace(row, seen=None, long_mm=None, short_mm=None) if n == place else row
        for n, row in enumerate(timeline.lesions)
    )
    whole, less = _judged(timeline, _at(300)), _judged(replace(timeline, lesions=blind), _at(300))
    assert whole is not None
    assert less is not None
    for with_it, without in zip(whole.assessments, less.assessments, strict=True):
        assert set(with_it.possible) <= set(without.possible)


@pytest.mark.parametrize("indication", INDICATIONS)
def test_the_whole_assessment_knows_nothing_of_later_scans(indication: str) -> None:
    rows = [ScannedLesion("A", _at(day), "node", "target", "measured", size, size, recorded_at=_at(day + 2))
            for day, size in ((-5, 30.0), (28, 14.0), (90, 40.0))]  # fmt: skip
    said = [Observation("imaging_complete", _at(day), code="yes", recorded_at=_at(day + 2)) for day in (-5, 28, 90)]
    said += [
        Observation(kind, _at(day), value=5.0) for kind in ("m_protein_serum", "marrow_blasts") for day in (-5, 28, 90)
    ]
    ordered = tuple(sorted((*BASE.observations, *said), key=lambda row: row.observed_at))
    timeline = replace(
        BASE, course=replace(BASE.course, indication=indication), observations=ordered, lesions=tuple(rows)
    )
    prepared = Assessor(timeline, PROTOCOL)
    for day in (1, 27, 28, 29.9, 30, 60, 91.9, 92, 120):
        at = _at(day)
        assert prepared.at(at).response == Assessor(timeline.until(at), PROTOCOL).at(at).response
    assert prepared.at(_at(120)).response.assessments


@FEW
@given(_courses())
def test_a_cohort_says_the_same_as_its_timeline(timeline: Timeline) -> None:
    again = Cohort.of_timelines((timeline,)).timeline(timeline.course.course_id)
    assert _judged(again, _at(300)) == _judged(timeline, _at(300))


def test_the_drawn_courses_are_not_all_alike() -> None:
    """Categories that are certain, open ones and progression are among them."""
    seen: set[str] = set()

    @settings(
        max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(_courses())
    def look(timeline: Timeline) -> None:
        found = _judged(timeline, _at(300))
        assert found is not None
        seen.add(f"{found.criteria}")
        for one in found.assessments:
            seen.add("certain" if len(one.possible) == 1 else "open")
        if found.progression is not None and found.progression.truth is Truth.TRUE:
            seen.add("progressed")

    look()
    assert {"lugano", "imwg", "all", "iwcll", "certain", "open", "progressed"} <= seen
    assert {field.name for field in fields(DiseaseResponse)} >= {"progression", "points"}
