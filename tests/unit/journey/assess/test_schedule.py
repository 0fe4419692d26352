"""The days before a planned infusion: local days, windows, hours on the clock, also across a change of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

from builders import PatientBuilder, a_patient
from vein2vein.journey.assess.candidate import candidate
from vein2vein.journey.assess.schedule import Schedule, schedule
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library

BOOKS = default_library()
US = BOOKS.get("reference-us.protocol", Protocol)
STOPS = BOOKS.get("compiled-2026.stop-before-lymphodepletion", Washout)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _patient(product: str, indication: str = "large-b-cell-lymphoma") -> PatientBuilder:
    return a_patient("A").with_course(product=product, indication=indication, infused_at=None)


def _dates(
    patient: PatientBuilder, infusion: date, at: datetime | None = None, document: Washout | None = STOPS
) -> Schedule:
    found = candidate(patient.built(), US, AT, target_cd3=2.0, efficiencies=(0.5,))
    assert found.timeline.course.zone == "Europe/Berlin"
    return schedule(found, infusion, infusion_at=at, document=document)


def test_doses_and_window_are_counted_back_in_local_days() -> None:
    one = _dates(_patient("axicabtagene-ciloleucel"), date(2026, 4, 1)).regimens[0]
    assert one.regimen.id == "us-label.flu-30-cy-500"
    assert {d.on for d in one.days if d.drug == "fludarabine"} == {
        date(2026, 3, 27),
        date(2026, 3, 28),
        date(2026, 3, 29),
    }
    assert (one.start_from, one.start_until) == (date(2026, 3, 27), date(2026, 3, 27)), "the label gives one day"
    assert not one.is_late


def test_a_wider_window_gives_the_first_and_the_last_start() -> None:
    one = _dates(_patient("lisocabtagene-maraleucel"), date(2026, 4, 1)).regimens[0]
    assert (one.regimen.gap.least, one.regimen.gap.most) == (2, 7)
    assert (one.start_from, one.first_day, one.start_until) == (
        date(2026, 3, 23),
        date(2026, 3, 27),
        date(2026, 3, 28),
    )


def test_hours_are_counted_on_the_clock_across_its_change() -> None:
    # Clocks go forward on 29 March 2026 at 02:00 in Berlin. Lymphodepletion begins on 30 March: 72 h before 00:00 CEST.
    one = _dates(_patient("axicabtagene-ciloleucel"), date(2026, 4, 4)).regimens[0]
    assert one.first_day == date(2026, 3, 30)
    stops = {stop.rule.row: stop for stop in one.stops}
    assert stops["corticosteroid"].until == datetime(2026, 3, 26, 22, tzinfo=UTC), "23:00 CET, not 00:00"
    assert stops["corticosteroid"].preferred == date(2026, 3, 25)
    assert (stops["cytotoxic"].on, stops["cytotoxic"].preferred) == (date(2026, 3, 23), date(2026, 3, 16))
    assert (stops["kinase-inhibitor"].until, stops["kinase-inhibitor"].on) == (None, None), "no interval is known"


def test_a_last_dose_at_the_limit_is_kept_and_one_later_is_not() -> None:
    """What is counted back agrees with what the rule itself counts forward."""
    one = _dates(_patient("axicabtagene-ciloleucel"), date(2026, 4, 4)).regimens[0]
    assert one.so_far is not None
    for stop in one.stops:
        if stop.until is not None:
            assert stop.rule.earliest(stop.until, "Europe/Berlin") == one.so_far.planned
        if stop.on is not None:
            evening = datetime(stop.on.year, stop.on.month, stop.on.day, 20, tzinfo=UTC)
            assert stop.rule.earliest(evening, "Europe/Berlin") == one.so_far.planned


def test_a_window_in_hours_names_the_last_instant() -> None:
    patient = _patient("obecabtagene-autoleucel", "b-cell-acute-lymphoblastic-leukaemia")
    by_day = _dates(patient, date(2026, 3, 30)).regimens[0]
    assert by_day.regimen.gap.least_hours == 48
    assert by_day.last_dose_until == datetime(2026, 3, 27, 22, tzinfo=UTC), "48 h before 00:00 CEST: 23:00 CET"
    assert by_day.start_from is None
    to_the_hour = _dates(patient, date(2026, 3, 30), datetime(2026, 3, 30, 12, tzinfo=UTC)).regimens[0]
    assert to_the_hour.last_dose_until == datetime(2026, 3, 28, 12, tzinfo=UTC)
    length = to_the_hour.days[-1].regimen_day - to_the_hour.days[0].regimen_day
    assert to_the_hour.start_until == date(2026, 3, 28 - length)


def test_a_start_in_the_past_is_named_and_bridging_so_far_is_held_against_it() -> None:
    assert _dates(_patient("axicabtagene-ciloleucel"), date(2026, 3, 3)).regimens[0].is_late
    patient = _patient("axicabtagene-ciloleucel").with_exposure("corticosteroid", "dexamethasone", 0, reason=None)
    one = _dates(patient, date(2026, 3, 20)).regimens[0]
    assert one.so_far is not None
    bare = _dates(_patient("axicabtagene-ciloleucel"), date(2026, 3, 20), document=None).regimens[0]
    assert (bare.stops, bare.so_far) == ((), None)


def test_a_course_without_regimen_has_none() -> None:
    found = _dates(a_patient("N").with_course(product=None, infused_at=None), date(2026, 4, 1))
    assert found.regimens == ()
