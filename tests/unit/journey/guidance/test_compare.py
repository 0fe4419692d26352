"""Sources side by side: what follows for the patient counts, not the words of a source; who is silent is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from builders import INFUSED_AT, a_patient
from vein2vein.basis.clock import hours, to_microseconds
from vein2vein.basis.ids import PatientId
from vein2vein.basis.truth import Bounds
from vein2vein.journey.guidance.advise import Advice, Desk
from vein2vein.journey.guidance.compare import Compared, compare, quiet
from vein2vein.journey.guidance.grades import Grades, GradeSteps
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Patient

ASCO, EBMT, CARTOX, BREYANZI = (
    "asco-2021.guidance",
    "ebmt-2022.guidance",
    "cartox-2018.guidance",
    "breyanzi-us.guidance",
)
DRUGS = {drug.id: drug for drug in default_library().of(Drug)}


def _advice(*sources: str, crs: int, icans: int = 0, born: date | None = None) -> tuple[Advice, ...]:
    start = to_microseconds(INFUSED_AT)
    steps = GradeSteps((start, start + 48 * hours(1)), (Bounds(0, 0), Bounds(crs, crs)))
    none = GradeSteps((start,), (Bounds(icans, icans),))
    grades = Grades(
        dict.fromkeys(("astct-2019.crs", "cartox-2018.crs"), steps)
        | dict.fromkeys(("astct-2019.icans", "cartox-2018.cres"), none)
    )
    patient = a_patient()
    if born is not None:
        patient.with_course(patient=Patient(PatientId("P-A"), born, "female"))
    course = patient.with_value("weight", 1, 70.0).with_charting("anticytokine", "corticosteroid").built()
    return Desk.of(sources).advise(course, INFUSED_AT + timedelta(days=2.1), grades=grades)


def _topics(*sources: str, crs: int, icans: int = 0, born: date | None = None) -> dict[str, Compared]:
    return {c.about: c for c in compare(_advice(*sources, crs=crs, icans=icans, born=born))}


def test_the_same_dose_under_the_same_enforced_limits_is_agreement_whatever_a_source_writes_of_spacing() -> None:
    toci = _topics(ASCO, EBMT, CARTOX, crs=2)["drug.tocilizumab"]
    assert (toci.relation, toci.sources) == ("agree", (ASCO, EBMT, CARTOX))


def test_a_note_is_that_of_its_source_and_not_what_all_agree_on() -> None:
    toci = _topics(ASCO, EBMT, CARTOX, crs=2, icans=3)["drug.tocilizumab"]
    assert toci.relation == "agree"
    statements = {said.statements(DRUGS) for said in toci.said}
    assert len(statements) == 1
    assert "Caution" not in str(statements)
    assert "Siltuximab" not in str(statements)
    assert [said.added(DRUGS) for said in toci.said] == [("Caution when repeating it in ICANS",), (), ()]
    assert toci.said[0].texts(DRUGS)[0].endswith("; 4 left in all (Caution when repeating it in ICANS)")


def _dexamethasone_twice_a_day(advice: Advice) -> Advice:
    """The advice of a source that gives the same drug at other times."""
    changed = tuple(
        replace(p, action=p.action.model_copy(update={"every_hours": 12.0}))
        if p.action.about == "drug.dexamethasone"
        else p
        for p in advice.proposals
    )
    return replace(advice, proposals=changed)


def test_what_reads_the_same_is_agreement() -> None:
    for born, relation in ((None, "differ in detail"), (date(2017, 1, 1), "agree")):
        asco, ebmt = _advice(ASCO, EBMT, crs=3, born=born)
        (found,) = (c for c in compare((asco, _dexamethasone_twice_a_day(ebmt))) if c.about == "drug.dexamethasone")
        assert (found.said[0].statements() == found.said[1].statements()) is (relation == "agree")
        assert found.relation == relation, "a dose of adults is not shown for a child, nor are its times"


def test_a_topic_of_one_source_alone_is_said_by_only_some_and_an_alternative_names_what_it_stands_for() -> None:
    siltuximab = _topics(ASCO, CARTOX, crs=2)["drug.siltuximab"]
    assert (siltuximab.relation, siltuximab.sources) == ("only some", (CARTOX,))
    (text,) = siltuximab.said[1].texts(DRUGS)
    assert text.startswith("give Siltuximab 770 mg (11 mg/kg x 70 kg of 2026-03-05")
    assert text.endswith("(instead of Tocilizumab)")


def test_other_amounts_differ_in_detail() -> None:
    steroid = _topics(ASCO, EBMT, CARTOX, crs=3)["drug.dexamethasone"]
    assert steroid.relation == "differ in detail"
    assert steroid.said[0].texts(DRUGS) == ("give Dexamethasone 10 mg intravenously every 6 h",)


def test_a_source_that_says_nothing_is_named_with_the_reason() -> None:
    found = quiet(_advice(ASCO, EBMT, BREYANZI, crs=0))
    assert [(q.source, q.why) for q in found] == [
        (ASCO, "no row applies"),
        (EBMT, "no row applies"),
        (BREYANZI, "outside the patients that the source is meant for"),
    ]
    assert compare(_advice(ASCO, EBMT, BREYANZI, crs=0)) == ()
