"""Earliest instants of collection: on the clock and on the calendar, binding rules, drugs that run, streams nobody charted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.collection.washout import Readiness, readiness
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library

BERLIN = ZoneInfo("Europe/Berlin")
DOCUMENT = default_library().get("compiled-2026.wash-out", Washout)
STREAMS = sorted({name for rule in DOCUMENT.rules for name in rule.streams})


def charted(patient: PatientBuilder) -> PatientBuilder:
    for stream in STREAMS:
        patient.with_exposure("charted", stream, -400, until=21)
    return patient


def asked(patient: PatientBuilder, day: float = -40, setting: str = "oncology") -> Readiness:
    return readiness(patient.built(), patient.at(day), DOCUMENT, setting=setting)


def dosed(stream: str, agent: str, *, ended: str, **more: object) -> PatientBuilder:
    """One drug given for two days up to a local time."""
    patient = charted(a_patient())
    last = datetime.fromisoformat(ended).replace(tzinfo=BERLIN)
    day = (last - patient.at(0)) / timedelta(days=1)
    return patient.with_exposure(stream, agent, day - 2, until=day, **more)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_72_hours_are_72_hours_and_not_three_days() -> None:
    found = asked(dosed("corticosteroid", "dexamethasone", ended="2026-01-10T15:00"))
    assert found.earliest == local("2026-01-13T15:00")
    assert found.binding is not None
    assert found.binding.rule.row == "corticosteroid"
    assert found.ready(local("2026-01-13T14:59")) is Truth.FALSE
    assert found.ready(local("2026-01-13T15:00")) is Truth.TRUE


def test_two_weeks_end_with_the_start_of_a_local_day() -> None:
    found = asked(dosed("antineoplastic", "anthracycline", ended="2026-01-10T15:00"))
    assert found.earliest == local("2026-01-24T00:00")
    assert found.ready(local("2026-01-23T23:59")) is Truth.FALSE
    assert found.ready(local("2026-01-24T00:00")) is Truth.TRUE


def test_hours_are_counted_on_the_clock_across_the_change_to_summer_time() -> None:
    patient = charted(a_patient().with_course(infused_at=datetime(2026, 6, 4, 9, 30, tzinfo=BERLIN)))
    given = datetime(2026, 3, 27, 15, tzinfo=BERLIN)
    row = patient.with_exposure("corticosteroid", "prednisolone", 0).built().exposures[-1]
    line = patient.built()
    line = replace(line, exposures=(*line.exposures[:-1], replace(row, started_at=given, ended_at=given)))
    found = readiness(line, datetime(2026, 4, 20, tzinfo=BERLIN), DOCUMENT, setting="oncology")
    (stop,) = (s for s in found.stops if s.rule.row == "corticosteroid")
    assert stop.earliest == datetime(2026, 3, 30, 16, tzinfo=BERLIN)


def test_the_longest_interval_binds_whichever_drug_came_last() -> None:
    patient = dosed("antineoplastic", "pegaspargase", ended="2026-01-02T12:00")
    patient.with_exposure("corticosteroid", "dexamethasone", -50, until=-47)
    found = asked(patient)
    assert [stop.rule.row for stop in found.stops] == ["corticosteroid", "pegaspargase"]
    assert found.binding is not None
    assert (found.binding.rule.row, found.earliest) == ("pegaspargase", local("2026-01-30T00:00"))


def test_the_last_of_several_doses_counts() -> None:
    patient = dosed("antineoplastic", "vincristine", ended="2026-01-02T12:00")
    patient.with_exposure("antineoplastic", "vincristine", -45)
    (stop,) = asked(patient).stops
    assert stop.last == patient.at(-45)
    assert stop.rule.days == 7


def test_a_drug_that_still_runs_leaves_no_earliest_instant() -> None:
    patient = charted(a_patient()).with_exposure("corticosteroid", "prednisolone", -60, until=-20)
    found = asked(patient)
    assert found.earliest is None
    assert found.binding is None
    assert [(s.agent, s.last) for s in found.running] == [("prednisolone", None)]
    assert found.ready(patient.at(-35)) is Truth.UNKNOWN
    assert asked(patient, day=-19).earliest == patient.at(-20) + timedelta(hours=72)


def test_nothing_after_the_instant_is_seen() -> None:
    patient = charted(a_patient()).with_exposure("antineoplastic", "vincristine", -30)
    assert asked(patient, day=-31).stops == ()
    assert [s.rule.row for s in asked(patient, day=-30).stops] == ["low-intensity"]


@pytest.mark.parametrize(
    ("dose", "rows"),
    [(24.9, {"methotrexate-low": Truth.TRUE}), (25.0, {"methotrexate-high": Truth.TRUE})],
)
def test_a_dose_per_surface_chooses_its_rule(dose: float, rows: dict[str, Truth]) -> None:
    found = asked(dosed("antineoplastic", "methotrexate", ended="2026-01-10T15:00", amount=dose, amount_unit="mg/m2"))
    assert {s.rule.row: s.truth for s in found.stops} == rows


@pytest.mark.parametrize("unit", ["mg", None])
def test_a_dose_that_is_not_known_leaves_both_rules_possible(unit: str | None) -> None:
    amount = None if unit is None else 40.0
    found = asked(dosed("antineoplastic", "methotrexate", ended="2026-01-10T15:00", amount=amount, amount_unit=unit))
    assert {s.rule.row: s.truth for s in found.stops} == {
        "methotrexate-low": Truth.UNKNOWN,
        "methotrexate-high": Truth.UNKNOWN,
    }
    assert found.earliest == local("2026-01-24T00:00")
    assert found.ready(local("2026-01-20T00:00")) is Truth.UNKNOWN


def test_a_drug_that_nobody_named_may_be_any_of_its_stream() -> None:
    found = asked(dosed("antineoplastic", "unspecified", ended="2026-01-10T15:00"))
    assert {s.truth for s in found.stops} == {Truth.UNKNOWN}
    assert found.earliest == local("2026-07-12T00:00")
    assert found.ready(local("2026-02-01T00:00")) is Truth.UNKNOWN


def test_an_advised_interval_is_shown_and_never_binds() -> None:
    found = asked(dosed("antineoplastic", "earlier-bendamustine", ended="2026-01-10T15:00"))
    assert found.earliest == local("2026-01-24T00:00")
    assert [(s.rule.row, s.earliest) for s in found.concerns] == [("bendamustine", local("2026-10-11T00:00"))]


def test_a_flag_has_no_instant() -> None:
    (stop,) = asked(dosed("antineoplastic", "bcma-bispecific", ended="2026-01-10T15:00")).stops
    assert (stop.rule.strength, stop.earliest, stop.binds) == ("flag", None, False)


def test_fludarabine_among_lymphodepletion_counts_too() -> None:
    (stop,) = asked(dosed("lymphodepletion", "fludarabine", ended="2026-01-10T15:00")).stops
    assert (stop.rule.row, stop.earliest) == ("fludarabine", local("2026-02-07T00:00"))


def test_streams_that_nobody_charted_are_named_and_leave_it_open() -> None:
    patient = a_patient().with_exposure("charted", "corticosteroid", -400, until=21)
    found = asked(patient)
    assert set(found.not_charted) == set(STREAMS) - {"corticosteroid"}
    assert found.ready(patient.at(-39)) is Truth.UNKNOWN


def test_charting_with_a_gap_inside_the_look_back_is_not_complete() -> None:
    whole = (
        a_patient()
        .with_exposure("charted", "corticosteroid", -50, until=-44.0)
        .with_exposure("charted", "corticosteroid", -44.0, until=0)
    )
    holed = (
        a_patient()
        .with_exposure("charted", "corticosteroid", -50, until=-42)
        .with_exposure("charted", "corticosteroid", -41, until=0)
    )
    assert "corticosteroid" not in asked(whole).not_charted
    assert "corticosteroid" in asked(holed).not_charted


def test_autoimmune_patients_have_rules_of_their_own() -> None:
    patient = dosed("immunosuppressant", "mycophenolate", ended="2026-01-10T15:00")
    assert asked(patient, setting="autoimmune").earliest == local("2026-01-24T00:00")
    assert asked(patient, setting="oncology").earliest == local("2026-02-07T00:00")


def test_taking_a_row_away_never_makes_a_collection_later_or_surer_against() -> None:
    """Knowing less of what was given can only lift a rule; charting taken away can only leave it open."""
    patient = dosed("antineoplastic", "pegaspargase", ended="2026-01-02T12:00")
    patient.with_exposure("corticosteroid", "dexamethasone", -50, until=-47)
    line, at, planned = patient.built(), patient.at(-40), local("2026-01-20T00:00")
    whole = readiness(line, at, DOCUMENT, setting="oncology")
    for place in range(len(line.exposures)):
        fewer = replace(line, exposures=line.exposures[:place] + line.exposures[place + 1 :])
        less = readiness(fewer, at, DOCUMENT, setting="oncology")
        assert {s.rule.row for s in less.stops} <= {s.rule.row for s in whole.stops}
        assert set(less.not_charted) >= set(whole.not_charted)
        assert whole.ready(planned) is Truth.FALSE


def test_a_drug_that_runs_and_that_no_rule_is_about_is_named_and_leaves_the_collection_open() -> None:
    patient = charted(a_patient()).with_exposure("antineoplastic", "venetoclax", -60, until=-20)
    found = asked(patient)
    assert [row.agent for row in found.without_rule] == ["venetoclax"]
    assert found.ready(local("2027-01-20T00:00")) is Truth.UNKNOWN
    ended = charted(a_patient()).with_exposure("antineoplastic", "venetoclax", -60, until=-50)
    assert asked(ended).without_rule == ()
    ruled = charted(a_patient()).with_exposure("corticosteroid", "dexamethasone", -60, until=-20)
    assert asked(ruled).without_rule == ()


def test_a_drug_without_a_rule_that_ended_lately_is_named_with_its_last_dose() -> None:
    patient = charted(a_patient()).with_exposure("antineoplastic", "venetoclax", -100, until=-70)
    patient.with_exposure("antineoplastic", "venetoclax", -65, until=-60)
    patient.with_exposure("antineoplastic", "btk-inhibitor", -130, until=-41)
    patient.with_exposure("antineoplastic", "proteasome-inhibitor", -400, until=-380)
    found = asked(patient)
    named = {row.agent: row.ended_at for row in found.ended_without_rule}
    assert named == {"venetoclax": patient.at(-60), "btk-inhibitor": patient.at(-41)}
    assert found.without_rule == ()
    again = asked(patient.with_exposure("antineoplastic", "venetoclax", -42, until=-20))
    assert [row.agent for row in again.ended_without_rule] == ["btk-inhibitor"]
    assert [row.agent for row in again.without_rule] == ["venetoclax"]
