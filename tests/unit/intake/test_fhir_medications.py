"""Medicines given, medicines ordered, and the infusion of the cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import (
    ATC,
    AXI_CEL,
    Resource,
    drug,
    ids,
    observation,
    own,
    patient,
    quantity,
    reasons,
    told,
)
from vein2vein.intake.fhir import urls

ROW = 3
NOREPINEPHRINE = own(urls.EXPOSURES, "vasopressor/norepinephrine")
SPAN = {"start": "2026-03-06T08:00:00+01:00", "end": "2026-03-06T20:00:00+01:00"}


def the_exposure(folder: Path, *resources: Resource) -> dict[str, Any]:
    (row,) = told(folder, *resources).cohort.exposures.to_dicts()
    return row


def test_an_infusion_pump_is_an_interval_with_its_rate(tmp_path: Path) -> None:
    rate = {"rateQuantity": quantity(0.08, "ug/kg/min")}
    row = the_exposure(
        tmp_path,
        drug(
            NOREPINEPHRINE, effectivePeriod=SPAN, dosage=rate, reasonCode=[own(urls.REASONS, "vasopressor/hypotension")]
        ),
    )
    assert (row["kind"], row["agent"], row["reason"]) == ("vasopressor", "norepinephrine", "hypotension")
    assert (row["rate"], row["rate_unit"]) == (0.08, "ug/kg/min")
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 12 * 3600


def test_a_ratio_is_one_rate(tmp_path: Path) -> None:
    rate = {"rateRatio": {"numerator": quantity(10, "ug"), "denominator": quantity(2, "min")}}
    row = the_exposure(tmp_path, drug(NOREPINEPHRINE, effectivePeriod=SPAN, dosage=rate))
    assert (row["rate"], row["rate_unit"]) == (5.0, "ug/min")


def test_a_single_dose_starts_and_ends_at_once(tmp_path: Path) -> None:
    dose = {"dose": quantity(0.56, "g")}
    row = the_exposure(
        tmp_path,
        drug(own(urls.EXPOSURES, "anticytokine/tocilizumab"), effectiveDateTime="2026-03-06T08:00:00Z", dosage=dose),
    )
    assert (row["amount"], row["amount_unit"]) == (560.0, "mg")
    assert row["started_at"] == row["ended_at"]


def test_a_medicine_that_runs_has_no_end(tmp_path: Path) -> None:
    span = {"start": SPAN["start"]}
    assert the_exposure(tmp_path, drug(NOREPINEPHRINE, status="in-progress", effectivePeriod=span))["ended_at"] is None


def test_a_finished_medicine_without_an_end_is_known_at_its_start_only(tmp_path: Path) -> None:
    delivery = told(tmp_path, drug(NOREPINEPHRINE, effectivePeriod={"start": SPAN["start"]}))
    (row,) = delivery.cohort.exposures.to_dicts()
    assert row["ended_at"] == row["started_at"]
    (fault,) = [f for f in delivery.faults if f.id == "INTAKE-319"]
    assert fault.saw == "vasopressor/norepinephrine with status 'completed' and no end of its period"


@pytest.mark.parametrize("order", ["before", "behind"])
def test_a_medicine_by_reference_is_found_wherever_it_stands(tmp_path: Path, order: str) -> None:
    medication = {"resourceType": "Medication", "id": "med", "code": NOREPINEPHRINE}
    given = drug(NOREPINEPHRINE, effectivePeriod=SPAN, medicationReference={"reference": "Medication/med"})
    del given["medicationCodeableConcept"]
    listed = [medication, given] if order == "before" else [given, medication]
    delivery = told(tmp_path, *listed)
    assert delivery.cohort.exposures["agent"].to_list() == ["norepinephrine"]
    assert set(reasons(delivery).values()) == {"INTAKE-326"}


def test_a_contained_medicine_and_its_ingredients_are_read(tmp_path: Path) -> None:
    bag = {
        "resourceType": "Medication",
        "id": "bag",
        "code": {"text": "bag 17"},
        "ingredient": [{"itemCodeableConcept": NOREPINEPHRINE}],
    }
    given = drug(NOREPINEPHRINE, effectivePeriod=SPAN, medicationReference={"reference": "#bag"}, contained=[bag])
    del given["medicationCodeableConcept"]
    assert the_exposure(tmp_path, given)["agent"] == "norepinephrine"


def test_a_medicine_that_is_not_there_is_named(tmp_path: Path) -> None:
    given = drug(NOREPINEPHRINE, effectivePeriod=SPAN, medicationReference={"reference": "Medication/lost"})
    del given["medicationCodeableConcept"]
    delivery = told(tmp_path, given)
    assert reasons(delivery) == {ROW: "INTAKE-317"}
    assert any("refers to 'Medication/lost'" in f.saw for f in delivery.faults)


@pytest.mark.parametrize(
    ("status", "id"), [("not-done", "INTAKE-310"), ("entered-in-error", "INTAKE-309"), ("unknown", "INTAKE-310")]
)
def test_what_was_not_given_is_not_an_exposure(tmp_path: Path, status: str, id: str) -> None:
    delivery = told(tmp_path, drug(NOREPINEPHRINE, effectivePeriod=SPAN, status=status))
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: id}


def test_a_medicine_nobody_asks_for_is_refused_by_its_code(tmp_path: Path) -> None:
    delivery = told(tmp_path, drug(own(ATC, "A02BC01"), effectivePeriod=SPAN))
    assert reasons(delivery) == {ROW: "INTAKE-306"}


def test_orders_are_counted_and_are_no_administrations(tmp_path: Path) -> None:
    order = drug(NOREPINEPHRINE) | {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    delivery = told(tmp_path, order)
    assert delivery.cohort.exposures.is_empty()
    assert reasons(delivery) == {ROW: "INTAKE-314"}
    (fault,) = [f for f in delivery.faults if f.id == "INTAKE-314"]
    assert fault.expected == "what was given: an order is not an administration"


def test_the_order_of_a_product_makes_a_course_without_infusion(tmp_path: Path) -> None:
    order = drug(AXI_CEL) | {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    delivery = told(tmp_path, patient(), order, observation(valueQuantity=quantity(36.5)), alone=True)
    (course,) = delivery.cohort.courses.to_dicts()
    assert (course["course_id"], course["product"], course["infused_at"]) == ("p1-1", "axicabtagene-ciloleucel", None)
    assert delivery.cohort.observations.height == 1
    assert "INTAKE-028" in ids(delivery)
    assert delivery.account.row(0) == ("delivery.json", 3, 3, 0, 0, 0)


def test_the_order_of_a_product_that_was_given_adds_nothing(tmp_path: Path) -> None:
    order = drug(AXI_CEL) | {"resourceType": "MedicationRequest", "status": "completed", "intent": "order"}
    delivery = told(tmp_path, order)
    assert len(delivery.cohort) == 1
    assert reasons(delivery) == {ROW: "INTAKE-314"}


@pytest.mark.parametrize(
    ("dose", "found"),
    [(quantity(171, "10*6"), [(171.0, "10*6")]), (quantity(2, "10*6/kg"), [(2.0, "10*6/kg")]), (None, [])],
)
def test_the_dose_of_an_infusion_is_an_exposure_of_its_own(
    tmp_path: Path, dose: dict[str, Any] | None, found: list[tuple[float, str]]
) -> None:
    stated = {} if dose is None else {"dosage": {"dose": dose}}
    cells = drug(AXI_CEL, effectiveDateTime="2026-03-01T12:00:00Z", **stated)
    delivery = told(tmp_path, patient(), cells, observation(valueQuantity=quantity(36.5)), alone=True)
    (course,) = delivery.cohort.courses.to_dicts()
    given = delivery.cohort.exposures.filter(kind="cell_product")
    assert given.select("amount", "amount_unit").rows() == found
    assert given["agent"].to_list() == ["axicabtagene-ciloleucel"] * len(found)
    assert given["started_at"].to_list() == [course["infused_at"]] * len(found)
