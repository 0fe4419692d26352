"""References, times and quantities as sent."""

from __future__ import annotations

from typing import Any

import pytest

from unit.intake.fhir_resources import patient, quantity
from vein2vein.intake.fhir.elements import Amount, When, amount, key_of, keys_of, ratio, when
from vein2vein.intake.fhir.model import model_of


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"reference": "Patient/1"}, "Patient/1"),
        ({"reference": "https://hospital.example/fhir/Patient/1"}, "Patient/1"),
        ({"reference": "Patient/1/_history/2"}, "Patient/1"),
        (
            {"reference": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"},
            "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
        ),
        ({"reference": "#bag"}, "#bag"),
        ({"identifier": {"system": "urn:mrn", "value": "7"}}, "Patient?urn:mrn|7"),
        ({"display": "somebody"}, ""),
        (None, ""),
    ],
)
def test_a_reference_has_one_key(given: dict[str, Any] | None, key: str) -> None:
    reference = None if given is None else model_of("Reference")(**given)
    assert key_of(reference, wanted="Patient") == key


def test_a_resource_answers_to_all_its_keys() -> None:
    person = model_of("Patient")(**patient(identifier=[{"system": "urn:mrn", "value": "7"}, {"system": "empty"}]))
    assert keys_of(person, "urn:uuid:1") == ("Patient/p1", "urn:uuid:1", "Patient?urn:mrn|7")


def test_times_are_given_as_sent() -> None:
    assert when({"effectiveDateTime": "2026-03"}, "effective") == When("2026-03")
    assert when({"effectivePeriod": {"end": "2026-03-05"}}, "effective") == When(None, "2026-03-05", is_period=True)
    assert not when({"effectivePeriod": {}}, "effective")
    assert not when({}, "effective")


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        (quantity(10, "ug"), quantity(2, "min"), Amount(5.0, "ug/min")),
        (quantity(1, "ug"), quantity(1, "kg.min"), Amount(1.0, "ug/(kg.min)")),
        (quantity(1, "ug"), quantity(0, "min"), Amount(None, None)),
        (quantity(1, None), quantity(1, "min"), Amount(None, None)),
        (quantity(1, "ug"), None, Amount(None, None)),
    ],
)
def test_a_ratio_is_a_number_and_a_unit_or_nothing(
    above: dict[str, Any], below: dict[str, Any] | None, expected: Amount
) -> None:
    assert ratio(model_of("Ratio")(numerator=above, denominator=below)) == expected


def test_the_ucum_code_goes_before_the_unit_for_people() -> None:
    both = quantity(1, "mm[Hg]") | {"unit": "mmHg"}
    assert amount(model_of("Quantity")(**both)).unit == "mm[Hg]"
    local = {"value": 1, "unit": "mmHg", "system": "https://hospital.example", "code": "U7"}
    assert amount(model_of("Quantity")(**local)).unit == "mmHg"
    assert amount(None) == Amount(None, None)
