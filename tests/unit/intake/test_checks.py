"""Faults that show only when a whole delivery is looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake import checks
from vein2vein.intake.book import FaultBook, Ledger
from vein2vein.intake.checks import Checked, Tables

T0 = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _frame(file: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{"file": file, "row": n, **row} for n, row in enumerate(rows, 1)], infer_schema_length=None)


def _observation(**more: Any) -> dict[str, Any]:
    return {"course_id": "C1", "kind": "crp", "value": 12.0, "observed_at": T0, "recorded_at": None} | more


def _exposure(agent: str, start: int, end: int | None, kind: str = "vasopressor") -> dict[str, Any]:
    ended = None if end is None else T0 + end * HOUR
    return {"course_id": "C1", "kind": kind, "agent": agent, "started_at": T0 + start * HOUR, "ended_at": ended}


COURSE = {"course_id": "C1", "patient_id": "P1", "infused_at": T0, "zone": "Europe/Berlin"}
PATIENT = {"patient_id": "P1", "born_on": date(1960, 5, 1), "sex": "female"}
INSTANTS = {"recorded_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC")}


def _check(*, charted: tuple[str, ...] = (), **rows: list[dict[str, Any]]) -> tuple[Checked, tuple[Fault, ...]]:
    given = {"patients": [PATIENT], "courses": [COURSE]} | rows
    frames = {}
    for name, listed in given.items():
        frame = _frame(f"{name}.csv", listed)
        frames[name] = frame.with_columns(pl.col(c).cast(t) for c, t in INSTANTS.items() if c in frame.columns)
    book = FaultBook()
    checked = checks.check(Tables.of(**frames), book, charted=charted)
    sent = sum(len(listed) for listed in given.values())
    settled = pl.concat([checked.kept.select("file", "row"), checked.refused.select("file", "row")])
    assert settled.height == settled.unique().height == sent
    return checked, book.faults()


def test_a_clean_delivery_has_no_faults() -> None:
    checked, faults = _check(observations=[_observation()])
    assert faults == ()
    assert checked.cohort.observations["value"].to_list() == [12.0]


def test_identical_rows_are_kept_once_and_counted() -> None:
    checked, (fault,) = _check(observations=[_observation()] * 3)
    assert checked.cohort.observations.height == 1
    assert (fault.id, fault.count, fault.saw) == ("INTAKE-022", 2, "identical observations of crp")
    assert checked.refused["reason"].to_list() == ["INTAKE-022"] * 2


def test_of_identical_rows_the_one_recorded_first_is_kept() -> None:
    checked, _ = _check(observations=[_observation(recorded_at=T0 + 2 * HOUR), _observation(recorded_at=T0 + HOUR)])
    assert checked.cohort.observations["recorded_at"].to_list() == [T0 + HOUR]


def test_contradicting_values_are_all_kept_and_none_is_believed() -> None:
    checked, (fault,) = _check(observations=[_observation(value=12.0), _observation(value=13.0, as_sent="1.3 mg/dL")])
    kept = checked.cohort.observations
    assert kept["usability"].to_list() == ["not-assessable"] * 2
    assert kept["value"].to_list() == [None, None]
    assert kept["as_sent"].to_list() == ["12.0", "1.3 mg/dL"]
    assert (fault.id, fault.count) == ("INTAKE-023", 2)
    assert fault.effect == "all of them are kept as not assessable; none is believed"


def test_a_value_recorded_later_is_a_correction() -> None:
    rows = [_observation(value=13.0, recorded_at=T0 + 2 * HOUR), _observation(value=12.0, recorded_at=T0 + HOUR)]
    checked, (fault,) = _check(observations=rows)
    kept = checked.cohort.observations.sort("recorded_at")
    assert kept.select("value", "usability").rows() == [(None, "not-assessable"), (13.0, "ok")]
    assert (fault.id, fault.count, fault.rows) == ("INTAKE-024", 1, ("observations.csv:2",))


@pytest.mark.parametrize("second", [T0 + HOUR, None])
def test_without_an_order_of_recording_it_stays_a_contradiction(second: datetime | None) -> None:
    rows = [_observation(value=13.0, recorded_at=T0 + HOUR), _observation(value=12.0, recorded_at=second)]
    _, (fault,) = _check(observations=rows)
    assert fault.id == "INTAKE-023"


def test_a_comparator_or_a_category_can_contradict_too() -> None:
    _, (fault,) = _check(observations=[_observation(), _observation(comparator="<")])
    assert fault.id == "INTAKE-023"
    rows = [_observation(kind="hypotension", value=None, code=code) for code in ("yes", "no")]
    _, (fault,) = _check(observations=rows)
    assert (fault.id, fault.saw) == ("INTAKE-023", "different values of hypotension in one course at one instant")


def test_values_at_other_instants_or_of_other_kinds_do_not_contradict() -> None:
    _, faults = _check(
        observations=[_observation(), _observation(kind="ferritin"), _observation(observed_at=T0 + HOUR, value=1.0)]
    )
    assert faults == ()


def test_rows_before_birth_are_not_believed() -> None:
    early = datetime(1960, 4, 30, 8, tzinfo=UTC)
    rows = {
        "observations": [_observation(observed_at=early)],
        "milestones": [{"course_id": "C1", "kind": "discharge", "at": early}],
    }
    checked, faults = _check(**rows)
    assert checked.cohort.observations["usability"].to_list() == ["not-assessable"]
    assert checked.cohort.milestones.is_empty()
    assert {fault.id for fault in faults} == {"INTAKE-026"}
    assert {fault.saw for fault in faults} == {
        "observations of crp before the birth of the patient",
        "milestones of discharge before the birth of the patient",
    }


def test_the_day_of_birth_is_the_local_one() -> None:
    # 23:30 UTC on 30 April is already 1 May in Berlin.
    _, faults = _check(observations=[_observation(observed_at=datetime(1960, 4, 30, 23, 30, tzinfo=UTC))])
    assert faults == ()


def test_rows_after_death_are_not_believed_in_any_course_of_the_patient() -> None:
    death = {"course_id": "C1", "kind": "death", "at": T0 + 2 * HOUR}
    other = COURSE | {"course_id": "C2"}
    rows = [_observation(observed_at=T0 + 2 * HOUR), _observation(course_id="C2", observed_at=T0 + 3 * HOUR)]
    drug = _exposure("norepinephrine", 3, 4)
    checked, faults = _check(courses=[COURSE, other], observations=rows, exposures=[drug], milestones=[death])
    assert checked.cohort.observations["usability"].to_list() == ["ok", "not-assessable"]
    assert checked.cohort.exposures.is_empty()
    late = [fault for fault in faults if fault.id == "INTAKE-027"]
    assert [fault.effect for fault in late] == ["the rows are kept as not assessable", "the rows are refused"]


def test_overlapping_intervals_are_named_and_used() -> None:
    checked, (fault,) = _check(exposures=[_exposure("norepinephrine", 0, 3), _exposure("norepinephrine", 2, 5)])
    assert checked.cohort.exposures.height == 2
    assert (fault.id, fault.rows) == ("INTAKE-030", ("exposures.csv:1",))
    assert fault.effect == "all of them are used as sent"


def test_intervals_that_touch_and_different_drugs_do_not_overlap() -> None:
    rows = [_exposure("norepinephrine", 0, 2), _exposure("norepinephrine", 2, 5), _exposure("vasopressin", 1, 4)]
    assert _check(exposures=rows)[1] == ()


def test_different_devices_of_an_exclusive_stream_overlap() -> None:
    rows = [_exposure("nasal-cannula", 0, 3, "oxygen"), _exposure("cpap", 2, 5, "oxygen")]
    _, (fault,) = _check(exposures=rows)
    assert fault.id == "INTAKE-030"


def test_an_open_interval_of_an_exclusive_stream_ends_where_the_next_begins() -> None:
    rows = [_exposure("nasal-cannula", 0, None, "oxygen"), _exposure("room-air", 2, None, "oxygen")]
    checked, (fault,) = _check(exposures=rows)
    assert checked.cohort.exposures["ended_at"].to_list() == [T0 + 2 * HOUR, None]
    assert (fault.id, fault.effect) == ("INTAKE-047", "each ends where the next begins")


def test_an_open_infusion_of_another_stream_stays_open() -> None:
    rows = [_exposure("norepinephrine", 0, None), _exposure("norepinephrine", 2, 3)]
    checked, (fault,) = _check(exposures=rows)
    assert checked.cohort.exposures["ended_at"].to_list() == [None, T0 + 3 * HOUR]
    assert fault.id == "INTAKE-030"


def test_a_course_without_infusion_is_kept_and_named() -> None:
    checked, (fault,) = _check(courses=[COURSE | {"infused_at": None}])
    assert len(checked.cohort) == 1
    assert (fault.id, fault.saw) == ("INTAKE-028", "courses without a time of infusion, first 'C1'")


def test_the_infusion_can_be_a_milestone() -> None:
    rows = [{"course_id": "C1", "kind": "infusion", "at": T0 + HOUR}]
    checked, faults = _check(courses=[COURSE | {"infused_at": None}], milestones=rows)
    assert checked.cohort.courses["infused_at"].to_list() == [T0 + HOUR]
    assert faults == ()


def test_contradicting_times_of_infusion_are_named() -> None:
    checked, (fault,) = _check(milestones=[{"course_id": "C1", "kind": "infusion", "at": T0 + HOUR}])
    assert checked.cohort.courses["infused_at"].to_list() == [T0]
    assert (fault.id, fault.effect) == (
        "INTAKE-034",
        "the time in the table of courses is used, otherwise the earliest milestone",
    )


def test_several_courses_of_a_patient_are_named_and_used() -> None:
    checked, (fault,) = _check(courses=[COURSE, COURSE | {"course_id": "C2", "infused_at": T0 + 900 * HOUR}])
    assert len(checked.cohort) == 2
    assert (fault.id, fault.saw) == ("INTAKE-035", "patients with several courses, first 'P1'")


def test_courses_of_one_instant_are_named_with_it_and_used() -> None:
    later = {"infused_at": T0 + 900 * HOUR}
    rows = [COURSE, COURSE | {"course_id": "C2"}, COURSE | {"course_id": "C3"} | later]
    checked, faults = _check(courses=rows)
    assert len(checked.cohort) == 3
    assert [fault.id for fault in faults] == ["INTAKE-035", "INTAKE-035"]
    (at_once,) = [fault for fault in faults if "same instant" in fault.saw]
    assert at_once.saw.endswith("first C1 of P1 at 2026-03-01T08:00:00+00:00; C2 of P1 at 2026-03-01T08:00:00+00:00")
    assert "one infusion sent twice" in at_once.fix


def test_times_of_several_courses_are_shown_each_with_its_course() -> None:
    ends = [{"course_id": f"C{n}", "patient_id": f"P{n}", "followed_until": T0 - n * HOUR} for n in (1, 2, 3, 4)]
    _, faults = _check(
        courses=[COURSE | end for end in ends], patients=[PATIENT | {"patient_id": f"P{n}"} for n in (1, 2, 3, 4)]
    )
    (fault,) = faults
    assert (fault.id, fault.count) == ("INTAKE-029", 4)
    assert "C2 until 2026-03-01T06:00:00+00:00, infused at 2026-03-01T08:00:00+00:00" in fault.saw
    assert fault.saw.endswith("; and 1 more")


def test_rows_of_unknown_courses_are_refused() -> None:
    checked, (fault,) = _check(observations=[_observation(course_id="C9"), _observation()])
    assert checked.refused.rows() == [("observations.csv", 1, "INTAKE-031", "C9")]
    assert fault.saw == "observations of courses that do not exist, first 'C9'"


def test_a_patient_who_is_not_among_the_patients_is_added_without_age() -> None:
    checked, (fault,) = _check(courses=[COURSE | {"patient_id": "P2"}])
    assert checked.cohort.patients.filter(pl.col("patient_id") == "P2")["born_on"].to_list() == [None]
    assert fault.id == "INTAKE-031"
    assert fault.saw == "courses of patients that are not among the patients, first 'P2'"


def test_identifiers_used_twice_keep_what_the_rows_agree_on() -> None:
    checked, (fault,) = _check(patients=[PATIENT, PATIENT | {"born_on": date(1961, 5, 1)}])
    assert checked.cohort.patients.rows() == [("P1", None, "female")]
    assert (fault.id, fault.rows) == ("INTAKE-033", ("patients.csv:2",))
    assert "what they do not agree on is left empty" in fault.effect


def test_the_same_patient_sent_twice_is_a_copy() -> None:
    checked, (fault,) = _check(patients=[PATIENT, PATIENT | {"sex": None}])
    assert checked.cohort.patients.rows() == [("P1", date(1960, 5, 1), "female")]
    assert fault.id == "INTAKE-022"


def test_a_course_needs_a_patient_and_an_identifier() -> None:
    rows = [COURSE, COURSE | {"course_id": None}, COURSE | {"course_id": "C2", "patient_id": None}]
    checked, faults = _check(courses=rows)
    assert checked.cohort.course_ids == ("C1",)
    assert {fault.saw for fault in faults} == {"rows without course_id", "courses without a patient, first 'C2'"}
    assert {fault.id for fault in faults} == {"INTAKE-032"}


def test_a_follow_up_that_ends_before_the_infusion_is_left_out() -> None:
    checked, (fault,) = _check(courses=[COURSE | {"followed_until": T0 - HOUR}])
    assert checked.cohort.courses["followed_until"].to_list() == [None]
    assert fault.id == "INTAKE-029"
    assert "first C1 until 2026-03-01T07:00:00+00:00, infused at 2026-03-01T08:00" in fault.saw


def test_rows_after_the_end_of_the_follow_up_are_not_needed() -> None:
    checked, faults = _check(
        courses=[COURSE | {"followed_until": T0 + 5 * HOUR}],
        observations=[_observation(observed_at=T0 + n * HOUR, value=float(n)) for n in (4, 5, 6)],
        exposures=[_exposure("norepinephrine", 3, 9), _exposure("norepinephrine", 10, 12)],
        milestones=[{"course_id": "C1", "kind": "progression", "at": T0 + 99 * HOUR}],
    )
    assert checked.cohort.observations["value"].to_list() == [4.0, 5.0]
    assert checked.cohort.exposures["ended_at"].to_list() == [T0 + 9 * HOUR]
    assert checked.cohort.milestones["kind"].to_list() == ["progression"]
    assert [(f.id, f.rows, f.count) for f in faults] == [
        ("INTAKE-056", ("observations.csv:3",), 1),
        ("INTAKE-056", ("exposures.csv:2",), 1),
    ]
    assert faults[0].saw == "observations of crp after the end of the follow-up"
    ledger = Ledger()
    for file, rows in (("observations.csv", 3), ("exposures.csv", 2)):
        ledger.read(file, rows)
    here = pl.col("file").is_in(["observations.csv", "exposures.csv"])
    ledger.settle(checked.kept.filter(here), checked.refused)
    assert ledger.account().select("used", "not_needed", "refused").rows() == [(1, 1, 0), (2, 1, 0)]


def test_a_row_after_death_and_follow_up_stays_not_assessable() -> None:
    checked, faults = _check(
        courses=[COURSE | {"followed_until": T0 + 5 * HOUR}],
        observations=[_observation(observed_at=T0 + 6 * HOUR)],
        milestones=[{"course_id": "C1", "kind": "death", "at": T0 + 5 * HOUR}],
    )
    assert checked.cohort.observations["usability"].to_list() == ["not-assessable"]
    assert [fault.id for fault in faults] == ["INTAKE-027"]


@pytest.mark.parametrize(
    ("born_on", "died_at", "seen"),
    [
        (T0.date(), T0, None),
        (T0.date() + timedelta(days=1), T0 + 72 * HOUR, ("INTAKE-026", "before the birth")),
        (date(1960, 5, 1), T0 - timedelta(microseconds=1), ("INTAKE-027", "after the death")),
    ],
    ids=["within", "before-birth", "after-death"],
)
def test_an_infusion_outside_life_is_named(born_on: date, died_at: datetime, seen: tuple[str, str] | None) -> None:
    checked, faults = _check(
        patients=[PATIENT | {"born_on": born_on}],
        milestones=[{"course_id": "C1", "kind": "death", "at": died_at}],
    )
    assert checked.cohort.courses["infused_at"].to_list() == [T0]
    if seen is None:
        assert faults == ()
        return
    (fault,) = faults
    id, when = seen
    assert (fault.id, fault.rows) == (id, ("courses.csv:1",))
    assert fault.saw == f"courses with an infusion {when} of the patient, first 'C1'"


@pytest.mark.parametrize(("hours", "is_late"), [(24, False), (25, True)])
def test_a_follow_up_after_the_death_is_named(hours: int, is_late: bool) -> None:
    checked, faults = _check(
        courses=[COURSE | {"followed_until": T0 + (5 + hours) * HOUR}],
        milestones=[{"course_id": "C1", "kind": "death", "at": T0 + 5 * HOUR}],
    )
    assert [fault.id for fault in faults] == (["INTAKE-057"] if is_late else [])
    assert all("died at 2026-03-01T13:00:00+00:00" in fault.saw for fault in faults)
    assert checked.cohort.courses["followed_until"].to_list() == [T0 + (5 + hours) * HOUR]


def test_charted_streams_cover_the_observed_window_of_the_course() -> None:
    rows = [
        _observation(),
        _observation(observed_at=T0 + 5 * HOUR),
        _observation(observed_at=T0 + 99 * HOUR, usability="not-assessable"),
    ]
    checked, _ = _check(observations=rows, charted=("vasopressor",))
    (charted,) = checked.cohort.exposures.to_dicts()
    assert (charted["kind"], charted["agent"], charted["source"]) == ("charted", "vasopressor", "mapping:charted")
    assert (charted["started_at"], charted["ended_at"]) == (T0, T0 + 5 * HOUR + timedelta(microseconds=1))


def test_rows_that_name_only_the_patient_get_the_only_course() -> None:
    courses = pl.DataFrame({"course_id": ["C1", "C2", "C3"], "patient_id": ["P1", "P2", "P2"]})
    rows = pl.DataFrame(
        {
            "file": ["a"] * 5,
            "row": [1, 2, 3, 4, 5],
            "patient_id": ["P1", "P2", "P9", "P2", None],
            "course_id": [None, None, None, "C3", None],
        }
    )
    book = FaultBook()
    given, refused = checks.assign_courses(rows, courses, book)
    assert given["course_id"].to_list() == ["C1", "C3", None]
    assert refused.rows() == [("a", 2, "INTAKE-036", None), ("a", 3, "INTAKE-031", None)]
    assert [fault.saw for fault in book.faults()] == [
        "rows of patients without a course, first 'P9'",
        "rows that name only a patient with several courses, first 'P2'",
    ]


def test_finish_closes_the_books() -> None:
    ledger, book = Ledger(), FaultBook()
    for file, rows in (("patients.csv", 1), ("courses.csv", 1), ("x.csv", 2)):
        ledger.read(file, rows)
    given = Tables.of(patients=_frame("patients.csv", [PATIENT]), courses=_frame("courses.csv", [COURSE]))
    refused = pl.DataFrame({"file": ["x.csv"], "row": [1], "reason": ["INTAKE-021"]})
    merged = pl.DataFrame({"file": ["x.csv"], "row": [2]})
    delivery = checks.finish(given, book, ledger, refused=[refused], merged=[merged], notes=("A note.",))
    assert delivery.account.rows() == [
        ("courses.csv", 1, 1, 0, 0, 0),
        ("patients.csv", 1, 1, 0, 0, 0),
        ("x.csv", 2, 1, 0, 0, 1),
    ]
    assert delivery.report.notes == ("A note.",)
