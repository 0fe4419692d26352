"""Bridging stops early enough before lymphodepletion, or does not, or nobody can say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.bridging import stopping
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library

DOCUMENT = default_library().get("compiled-2026.stop-before-lymphodepletion", Washout)
PLANNED = INFUSED_AT - timedelta(days=5)
NOW = INFUSED_AT - timedelta(days=5.5)
STREAMS = ("corticosteroid", "antineoplastic", "radiotherapy")


def _patient():
    patient = a_patient("A", days=2).with_milestone("apheresis", -35)
    for stream in STREAMS:
        patient = patient.with_exposure("charted", stream, -300, until=2)
    return patient


@pytest.mark.parametrize(("hours", "truth"), [(71, Truth.FALSE), (72, Truth.TRUE), (100, Truth.TRUE)])
def test_hours_are_counted_on_the_clock(hours: float, truth: Truth) -> None:
    end = -5 - hours / 24
    patient = _patient().with_exposure("corticosteroid", "dexamethasone", end - 1, until=end)
    found = stopping(patient.built(), NOW, DOCUMENT, PLANNED)
    assert found.truth is truth
    assert [stop.rule.row for stop in found.too_late] == (["corticosteroid"] if truth is Truth.FALSE else [])


def test_what_was_given_before_the_collection_is_no_bridging() -> None:
    patient = _patient().with_exposure("antineoplastic", "cytotoxic-other", -36, until=-35.5)
    assert stopping(patient.built(), NOW, DOCUMENT, PLANNED).readiness.stops == ()


def test_a_drug_that_still_runs_leaves_it_open() -> None:
    patient = _patient().with_exposure("corticosteroid", "dexamethasone", -12, until=-4)
    found = stopping(patient.built(), NOW, DOCUMENT, PLANNED)
    assert found.truth is Truth.UNKNOWN
    assert [stop.agent for stop in found.readiness.running] == ["dexamethasone"]


def test_an_inhibitor_is_flagged_without_an_instant() -> None:
    patient = _patient().with_exposure("antineoplastic", "btk-inhibitor", -20, until=-6)
    found = stopping(patient.built(), NOW, DOCUMENT, PLANNED)
    assert found.truth is Truth.TRUE
    assert [(stop.rule.row, stop.earliest) for stop in found.readiness.concerns] == [("kinase-inhibitor", None)]


def test_without_charting_nobody_can_say() -> None:
    patient = a_patient("A", days=2).with_milestone("apheresis", -35)
    found = stopping(patient.built(), NOW, DOCUMENT, PLANNED)
    assert found.truth is Truth.UNKNOWN
    assert set(found.readiness.not_charted) == set(STREAMS)
