"""What of a follow-up calendar is done, due, late or still to come; windows hold both ends, later rows do not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.followup import Due, due_items
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Observation, ScannedLesion

CLINIC = default_library().get("clinic-2026.schedule", FollowUp)
LTFU = default_library().get("fda-2020.long-term", FollowUp)


def _patient():
    return a_patient("A", days=800)


def _item(name: str, at: datetime, *, patient=None, calendar: FollowUp = CLINIC, ahead_days: int = 0) -> Due | None:
    found = due_items((patient or _patient()).built(), calendar, at, ahead_days=ahead_days)
    return next((due for due in found if due.item.name == name), None)


def _on_day(day: float) -> datetime:
    return INFUSED_AT + timedelta(days=day)


@pytest.mark.parametrize(("day", "state"), [(24, None), (25, "due"), (28, "due"), (31, "due"), (32, "late")])
def test_a_window_holds_both_its_ends(day: int, state: str | None) -> None:
    due = _item("restaging-1", _on_day(day))
    assert (due and due.state) == state


@pytest.mark.parametrize(("done_on", "state"), [(25, "done"), (31, "done"), (32, "done late")])
def test_an_assessment_does_its_item_in_or_after_the_window(done_on: int, state: str) -> None:
    patient = _patient().with_statement("response_assessment", done_on, "complete-response")
    due = _item("restaging-1", _on_day(60), patient=patient)
    assert due is not None
    assert due.state == state
    assert due.by is not None


def test_an_assessment_before_the_window_does_not_count() -> None:
    patient = _patient().with_statement("response_assessment", 24, "complete-response")
    due = _item("restaging-1", _on_day(60), patient=patient)
    assert due is not None
    assert due.state == "late"


def test_what_is_observed_later_is_not_seen() -> None:
    patient = _patient().with_statement("response_assessment", 30, "complete-response")
    due = _item("restaging-1", _on_day(29), patient=patient)
    assert due is not None
    assert due.state == "due"


def test_what_no_row_can_show_is_never_called_late() -> None:
    due = _item("day-100", _on_day(300))
    assert due is not None
    assert due.state == "not recorded"


def test_what_is_still_to_come_is_listed_when_asked_for() -> None:
    assert _item("restaging-3", _on_day(60)) is None
    due = _item("restaging-3", _on_day(60), ahead_days=40)
    assert due is not None
    assert (due.state, (due.on - INFUSED_AT.date()).days) == ("to come", 90)


def test_nothing_is_due_before_the_infusion_or_after_a_death() -> None:
    assert due_items(_patient().built(), CLINIC, _on_day(-1)) == ()
    patient = _patient().with_milestone("death", 40, "progression")
    assert max(due.on for due in due_items(patient.built(), CLINIC, _on_day(400))) <= _on_day(40).date()


def test_years_are_calendar_years_and_end_where_the_source_ends() -> None:
    patient = _patient().with_course(infused_at=datetime(2024, 2, 29, 9, tzinfo=UTC))
    found = due_items(patient.built(), LTFU, datetime(2045, 1, 1, tzinfo=UTC))
    contacts = [due.on.isoformat() for due in found if due.item.name == "yearly-contact"]
    assert contacts[0] == "2030-02-28"
    assert contacts[-1] == "2039-02-28"
    assert [due.on.isoformat() for due in found if due.item.name == "yearly-visit"][3] == "2028-02-29"


def test_an_item_of_other_products_is_left_out() -> None:
    items = tuple(replace_only(item) for item in LTFU.items)
    other = LTFU.model_copy(update={"items": items})
    assert due_items(_patient().built(), other, _on_day(700)) == ()


def replace_only(item):
    return item.model_copy(update={"only": ("another product",)})


def test_one_row_does_one_item() -> None:
    patient = _patient().with_value("car_copies", 185, 10)
    found = [d for d in due_items(patient.built(), LTFU, _on_day(400)) if d.item.name == "persistence"]
    assert [due.state for due in found] == ["done", "due"]
    assert sum(due.by is not None for due in found) == 1


@pytest.mark.parametrize(
    "kind",
    ["m_protein_serum", "free_light_chain_kappa", "marrow_blasts", "marrow_cll", "mrd_negative", "imaging_complete"],
)
def test_restaging_is_shown_by_what_each_disease_is_assessed_by(kind: str) -> None:
    row = Observation(kind, INFUSED_AT + timedelta(days=28), code="yes")
    found = due_items(replace(_patient().built(), observations=(row,)), CLINIC, _on_day(60))
    due = next(due for due in found if due.item.name == "restaging-1")
    assert (due.state, due.by) == ("done", row)


def test_a_scan_with_lesions_shows_restaging_once_it_is_reported() -> None:
    scan = ScannedLesion("neck", _on_day(28), seen="gone", recorded_at=_on_day(35))
    timeline = replace(_patient().built(), lesions=(scan,))
    states = []
    for day in (34, 35):
        found = due_items(timeline, CLINIC, _on_day(day))
        states.append(next(due.state for due in found if due.item.name == "restaging-1"))
    assert states == ["late", "done"]


@pytest.mark.parametrize(
    ("name", "day", "state"),
    [
        ("daily", 1, "due"),
        ("daily", 2, "missed"),
        ("weekly", 27, "due"),
        ("weekly", 28, "missed"),
        ("day-60", 60, "due"),
    ],
)
def test_without_a_window_an_item_is_missed_once_no_row_can_be_taken_for_it(name: str, day: int, state: str) -> None:
    """A look of day 1 cannot be made on day 2; the look of day 2 is one of its own."""
    due = _item(name, _on_day(day))
    assert due is not None
    assert (due.state, due.closes, due.by) == (state, None, None)


def test_the_last_repetition_is_missed_when_it_would_have_come_round_again() -> None:
    def states(day: int) -> list[str]:
        return [d.state for d in due_items(_patient().built(), CLINIC, _on_day(day)) if d.item.name == "daily"]

    assert states(7) == ["missed"] * 6 + ["due"]
    assert states(8) == ["missed"] * 7
