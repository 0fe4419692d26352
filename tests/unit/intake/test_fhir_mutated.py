"""However a resource is spoilt, it is accounted for and nothing breaks."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acceptance.intake.fhir_cohort import resources
from builders import mild, severe
from unit.intake.fhir_resources import Resource, infusion, patient
from vein2vein.intake.book import FATES
from vein2vein.intake.fhir import adapter

SPOILT: list[Any] = [
    None, "", 0, -1, True, [], {}, "x", "2026-13-45", "2026-03-05T08:00:00", {"value": 1}, {"coding": [{}]},
    {"coding": [{"system": "http://loinc.org"}]}, [{"reference": "#a"}], {"start": "2026-03-05T08:00:00Z"}, ["a", None],
]  # fmt: skip


def one_of_each() -> list[Resource]:
    """A resource of every type and shape that the cohort of the tests is sent with."""
    found: dict[tuple[str, ...], Resource] = {}
    for resource in resources([severe(dies=True), mild()]):
        found.setdefault((resource["resourceType"], *sorted(resource)), resource)
    return list(found.values())


POOL = one_of_each()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all elements below a resource, but not of its type."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [((*path, key), part) for key, part in items if key != "resourceType"]
    return [p for p, _ in below] + [q for p, part in below for q in places(part, p)]


@st.composite
def spoilt(draw: st.DrawFn) -> Resource:
    resource = copy.deepcopy(draw(st.sampled_from(POOL)))
    path = draw(st.sampled_from(places(resource)))
    holder: Any = resource
    for key in path[:-1]:
        holder = holder[key]
    if draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = draw(st.sampled_from(SPOILT))
    if draw(st.booleans()) and "subject" in resource:
        resource["subject"] = {"reference": "Patient/p1"}
    return resource


def test_the_pool_holds_every_type_that_is_read() -> None:
    assert {r["resourceType"] for r in POOL} >= {
        "Patient",
        "Observation",
        "MedicationAdministration",
        "Procedure",
        "DeviceUseStatement",
        "Encounter",
        "AdverseEvent",
        "Device",
        "Location",
    }


@pytest.mark.parametrize("hold", [{}, {"oxygen": 8.0}])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(spoilt(), min_size=1, max_size=12))
def test_spoilt_resources_are_accounted_for(lines: list[Resource], hold: dict[str, float]) -> None:
    listed = [patient(), infusion(), *lines]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "all.ndjson")
        file.write_text("\n".join(json.dumps(r) for r in listed), encoding="utf-8")
        delivery = adapter.convert(file, adapter.Options(zone="Europe/Berlin", hold_hours=hold))
    total = delivery.report.total()
    assert total["rows"] == len(listed) == sum(total[fate] for fate in FATES)
    assert all(fault.count >= 1 and fault.saw and fault.fix for fault in delivery.faults)
