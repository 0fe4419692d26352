"""What had to stop and had not, and steps taken although the list said no: named when certain, from when they are known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.assess import Assessment
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.phrases import local
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)


def _at(patient: PatientBuilder, day: float) -> Assessment:
    return Assessor(patient.built(), US).at(INFUSED_AT + timedelta(days=day))


def _found(patient: PatientBuilder, day: float, *kinds: str) -> list[Deviation]:
    return [d for d in _at(patient, day).deviations if d.kind in kinds]


def _course() -> PatientBuilder:
    return a_patient("A", days=30).with_course(indication="mantle-cell-lymphoma").with_milestone("apheresis", -30)


@pytest.mark.parametrize(("hours", "is_named"), [(71.9, True), (72, False), (100, False)])
def test_a_steroid_less_than_72_hours_before_collection_is_named(hours: float, is_named: bool) -> None:
    patient = _course().with_exposure("corticosteroid", "dexamethasone", -30 - hours / 24)
    found = _found(patient, -29, "wash-out")
    assert bool(found) is is_named
    for deviation in found:
        assert deviation.file == "compiled-2026.wash-out"
        assert deviation.what.startswith("Cells collected: last dose of Dexamethasone too recent")
        assert deviation.rows[0].agent == "dexamethasone"
    assert _found(patient, -31, "wash-out") == []


def test_a_steroid_that_runs_at_the_collection_is_named() -> None:
    patient = _course().with_exposure("corticosteroid", "dexamethasone", -33, until=-20)
    (found,) = _found(patient, -29, "wash-out")
    assert found.what == "Cells collected while Dexamethasone was still given"


def test_a_flag_without_an_interval_is_no_departure() -> None:
    assert _found(_course().with_exposure("antineoplastic", "venetoclax", -30.1), -29, "wash-out") == []


@pytest.mark.parametrize(("gap", "is_named"), [(17.9, True), (18.1, False)])
def test_ibrutinib_that_stopped_too_late_before_lymphodepletion_is_named_when_the_day_is_over(
    gap: float, is_named: bool
) -> None:
    patient = _course().with_exposure("antineoplastic", "ibrutinib", -25, until=-5 - gap / 24)
    patient.with_exposure("lymphodepletion", "fludarabine", -5, amount=50.0, amount_unit="mg")
    assert bool(_found(patient, -4, "wash-out")) is is_named
    assert _found(patient, -5 + 0.1, "wash-out") == []
    for deviation in _found(patient, 0, "wash-out"):
        assert deviation.what.startswith("Lymphodepletion begun: last dose of Ibrutinib too recent")
        assert deviation.file == US.before_lymphodepletion


def test_what_was_given_before_the_collection_is_not_bridging() -> None:
    patient = _course().with_exposure("antineoplastic", "ibrutinib", -34, until=-31)
    patient.with_exposure("lymphodepletion", "fludarabine", -5, amount=50.0, amount_unit="mg")
    assert _found(patient, 0, "wash-out") == []


def test_before_lymphodepletion_the_earliest_instant_and_the_options_are_shown() -> None:
    patient = _course().with_exposure("antineoplastic", "ibrutinib", -25, until=-8)
    ready = _at(patient, -7.9).ready
    assert ready.stopping is not None
    assert ready.stopping.readiness.earliest == patient.at(-8) + timedelta(hours=18)
    assert [stop.agent for stop in ready.stopping.too_late] == ["ibrutinib"]
    assert {"btk-inhibitor", "venetoclax"} <= {option.name for option in ready.bridging}
    depleted = patient.with_milestone("lymphodepletion", -5)
    assert _at(depleted, -4).ready.stopping is None
    assert _at(depleted, -4).ready.bridging == ()


@pytest.mark.parametrize(("day", "is_named"), [(-0.5, True), (-4, False)])
def test_an_infusion_during_an_infection_is_named(day: float, is_named: bool) -> None:
    found = _found(_course().with_statement("infection", day, "yes"), 1, "no-go")
    assert bool(found) is is_named
    for deviation in found:
        assert deviation.what == "Product infused although: Active infection: delay"
        assert deviation.at == INFUSED_AT
        assert [row.kind for row in deviation.rows] == ["infection"]


def test_lymphodepletion_during_an_infection_is_named_when_the_day_is_over() -> None:
    patient = _course().with_statement("infection", -5.5, "yes").with_milestone("lymphodepletion", -5)
    assert _found(patient, -5 + 0.2, "no-go") == []
    (found,) = _found(patient, -4, "no-go")
    assert found.file == "universal.lymphodepletion-go"


def test_doses_before_the_infusion_name_weight_and_policy() -> None:
    patient = a_patient("A").with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    patient.with_value("prior_lines", -40, 2).with_milestone("apheresis", -30)
    bare = _at(patient, -7).ready
    assert bare.doses[0].planned.problem == "cannot be computed: needs weight"
    assert all(dose.value is None and dose.needs for _, drugs in bare.depletion for dose in drugs)
    for kind, value in {"weight": 70, "height": 172.4}.items():
        patient.with_value(kind, -31, value)
    ready = _at(patient.with_value("creatinine", -7.5, 0.7), -7).ready
    assert (ready.doses[0].planned.target, ready.doses[0].weight_basis) == (140, "apheresis")
    fludarabine = next(dose for _, drugs in ready.depletion for dose in drugs if dose.drug.drug == "fludarabine")
    assert fludarabine.value == pytest.approx(54.9, abs=0.05)
    assert fludarabine.renal is not None
    assert fludarabine.renal.policy.id == US.renal_policy


def test_published_effects_stand_beside_recorded_markers_of_the_disease() -> None:
    patient = a_patient("A").with_course(indication="large-b-cell-lymphoma").with_value("crp", -6, 40)
    found = _at(patient, -5).effects
    assert [effect.effect.name for effect in found] == ["crp-orr", "crp-crr"]
    assert all(effect.row.value == 40 for effect in found)
    assert _at(patient, -7).effects == ()
    assert _at(patient.with_course(indication="multiple-myeloma"), -5).effects == ()


def test_instants_of_departures_carry_their_zone() -> None:
    assert local(INFUSED_AT, "Europe/Berlin").endswith(" CET")


def test_a_marker_of_after_the_infusion_gets_no_published_effect() -> None:
    """CRP of day 4 in intensive care is not the CRP that the study put into quartiles."""
    patient = a_patient("A").with_course(indication="large-b-cell-lymphoma").with_value("crp", 3.9, 80)
    assert Assessor(patient.built(), US).at(patient.at(4)).effects == ()
    found = Assessor(patient.with_value("crp", -6, 20).built(), US).at(patient.at(4)).effects
    assert [(one.effect.name, one.row.value) for one in found] == [("crp-orr", 20), ("crp-crr", 20)]
    assert {one.effect.measured for one in found} == {"before-infusion"}
    assert all("time point and quartiles not in the text" in (one.effect.note or {})["en"] for one in found)
