"""The model library is the judge of structure; times without offset get past it, their text as sent."""

from __future__ import annotations

import pytest

from unit.intake.fhir_resources import observation, patient, quantity
from vein2vein.intake.fhir.model import READ, model_of, read_envelope, read_resource


@pytest.mark.parametrize("kind", READ)
def test_every_type_that_is_read_has_a_model(kind: str) -> None:
    assert model_of(kind).get_resource_type() == kind


def test_an_unknown_type_has_none() -> None:
    with pytest.raises(KeyError, match="Starship"):
        model_of("Starship")


@pytest.mark.parametrize(
    ("wrong", "element", "says"),
    [
        ({"colour": "red"}, "colour", "Extra inputs"),
        ({"valueQuantity": quantity(1), "valueBoolean": True}, "resource", "got multiple"),
        ({"effectiveDateTime": "2026-02-30"}, "effectiveDateTime", "day value"),
        ({"effectiveDateTime": "2026-02-30T10:00"}, "effectiveDateTime", "day value|out of range|date"),
        ({"component": [{"valueInteger": 1}]}, "component.0.code", "Field required"),
    ],
)
def test_what_breaks_the_model_is_named(wrong: dict[str, object], element: str, says: str) -> None:
    read = read_resource(observation(**wrong))
    assert read.resource is None
    assert read.problems[0].element == element
    assert any(part in read.problems[0].says for part in says.split("|")), read.problems[0]


@pytest.mark.parametrize(
    "time",
    ["2026-03-05T08:00:00", "2026-03-05T08:00", "2026-03-05T08:00Z", "2026-03-05 08:00:00", "2026-03-05T08:00:00+0100"],
)
def test_an_incomplete_time_gets_past_the_model_and_is_named(time: str) -> None:
    body = observation(at=time, component=[{"code": {"text": "x"}, "valueDateTime": time}])
    read = read_resource(body)
    assert read.resource is not None
    assert {p.element for p in read.completed} == {"effectiveDateTime", "component.0.valueDateTime"}
    assert body["effectiveDateTime"] == time, "the text as sent is kept"


def test_an_incomplete_time_does_not_hide_another_fault() -> None:
    read = read_resource(observation(at="2026-03-05T08:00", colour="red"))
    assert read.resource is None
    assert {p.element for p in read.problems} == {"effectiveDateTime", "colour"}


def test_a_bundle_is_read_without_the_resources_in_it() -> None:
    envelope, problem = read_envelope(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "No"}}]}
    )
    assert problem == ""
    assert envelope is not None
    assert envelope.entry[0].resource is None


@pytest.mark.parametrize("entry", ["x", [1]])
def test_a_bundle_whose_entries_are_no_objects_is_none(entry: object) -> None:
    assert read_envelope({"resourceType": "Bundle", "type": "collection", "entry": entry})[0] is None


def test_partial_dates_and_long_fractions_are_fine() -> None:
    assert read_resource(patient(birthDate="1968-05")).resource is not None
    assert read_resource(observation(at="2026-03-05T08:00:00.123456789Z")).resource is not None
